"""A mail that left for real comes back, through Odoo's gateway as its mail server
feeds it."""

from pathlib import Path

import pytest

from tests.helpers import polling

DSN = Path(__file__).parents[2] / "invoice_send_client" / "tests" / "dsn"


def bounce(seller, mail, address, name="postfix"):
    """Feed a bounce of a mail to Odoo.

    :param seller: Seller SRL
    :param mail: the mail as the mail server took it
    :param address: the recipient that it did not reach
    :param name: whose format
    """
    content = mail.content.decode().replace("\r\n", "\n")
    values = {
        "sender": mail.sender,
        "recipient": address,
        "message_id": mail.message["Message-Id"],
        "dsn_id": f"{name}.{address}",
        "mail": content,
        "headers": content.partition("\n\n")[0],
    }
    told = (DSN / f"{name}.eml").read_text("utf-8")
    for key, text in values.items():
        told = told.replace("{{" + key + "}}", text)
    seller.admin.call("mail.thread", "message_process", False, told)


@pytest.mark.parametrize("name", ["postfix", "exchange_online", "gmail"])
def test_mail_that_comes_back_lights_the_red_mark(seller, sink, name):
    """Postfix, Exchange and Gmail: the recipient is marked with the server's words."""
    address = seller.address("gone")
    move_id = seller.invoice(address)
    seller.send(move_id)
    assert seller.delivery(move_id)["state"] == "sent"
    bounce(seller, sink.mail_to(address), address, name)
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["failure_type"]) == ("bounce", "refused")
    assert "550" in delivery["failure_reason"]
    assert delivery["sent_datetime"]
    move = seller.move(move_id)
    assert move["invoice_delivery_problem"]
    assert move["invoice_delivery_state"] == "error"


def test_one_of_two_comes_back_and_gets_its_mail_at_the_corrected_address(seller, sink):
    """The typed recipient alone is marked, corrected, and sent to again."""
    good, typed, new = (seller.address(name) for name in ("good", "typed", "new"))
    move_id = seller.invoice(good)
    seller.send(move_id, email_to=f"{good}, {typed}")
    returned = sink.mail_to(typed)
    bounce(seller, returned, typed)
    states = {d["email"]: d["state"] for d in seller.deliveries(move_id)}
    assert states == {good: "sent", typed: "bounce"}
    [delivery_id] = [d["id"] for d in seller.deliveries(move_id) if d["email"] == typed]
    window_id = seller.user.make(
        "invoice.delivery.correct.address", {"delivery_id": delivery_id, "email": new}
    )
    seller.user.call("invoice.delivery.correct.address", "action_confirm", [window_id])
    seller.run_cron()
    polling.until(lambda: sink.mails_to(new), "the mail to the corrected address")
    assert len(sink.mails_to(good)) == len(sink.mails_to(typed)) == 1
    # the same bounce, late and in another format, concerns the old address
    bounce(seller, returned, typed, "gmail")
    states = {d["email"]: d["state"] for d in seller.deliveries(move_id)}
    assert states == {good: "sent", new: "sent"}
    assert not seller.move(move_id)["invoice_delivery_problem"]
