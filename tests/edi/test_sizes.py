"""Files that are too big for the mail server: said before Send, never after it."""

import base64

import pytest

from tests.helpers.rpc import RpcError

WINDOW = "account.move.send.wizard"
FIFTEEN_MB = base64.b64encode(b"%PDF-1.4\n" + b"%" * (15 * 1024 * 1024)).decode()


@pytest.fixture
def address(seller):
    """An address of this test alone."""
    return seller.address("big")


def attach(seller, name):
    """Upload 15 MB as the window does.

    :return: the window's value for it
    """
    values = {"name": name, "datas": FIFTEEN_MB, "mimetype": "application/pdf"}
    file_id = seller.user.make("ir.attachment", values)
    return {"id": file_id, "name": name, "mimetype": "application/pdf", "manual": True}


@pytest.mark.parametrize("mode", ["attachment", "link"])
def test_other_file_of_15_mb_is_refused_in_words_before_anything_leaves(
    seller, sink, address, mode
):
    """A link in place of the PDF doesn't help: the window says so, Send refuses."""
    move_id = seller.invoice(address)
    file = attach(seller, "Plan.pdf")
    window_id = seller.window(
        move_id, document_mode=mode, mail_attachments_widget=[file]
    )
    window = seller.user.fetch(WINDOW, window_id, "size_problem", "message_size")
    assert "take out other files" in window["size_problem"]
    assert "of 10 MB" in window["message_size"]
    with pytest.raises(RpcError, match="Too big for the mail server"):
        seller.press_send(window_id)
    assert seller.deliveries(move_id) == []
    assert sink.mails_to(address) == []


def test_pdf_of_15_mb_turns_into_a_link_which_is_said_before_send(
    seller, sink, address
):
    """The mail carries the link in place of the PDF (B9)."""
    move_id = seller.invoice(address)
    seller.admin.change(
        "account.move", move_id, {"invoice_pdf_report_file": FIFTEEN_MB}
    )
    window_id = seller.window(move_id, document_mode="attachment")
    problem = seller.user.fetch(WINDOW, window_id, "size_problem")["size_problem"]
    assert "will carry a link in place of" in problem
    action = seller.press_send(window_id)
    assert action["type"] == "ir.actions.act_window_close"
    mail = sink.mail_to(address)
    assert mail.files == {}
    assert "/invoice/d/" in mail.html
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["document_mode"]) == ("sent", "link")


def test_pdf_of_15_mb_is_refused_where_no_link_can_be_opened(seller, sink, address):
    """Without a public address a dead link is no way out: refused in words."""
    move_id = seller.invoice(address)
    seller.admin.change(
        "account.move", move_id, {"invoice_pdf_report_file": FIFTEEN_MB}
    )
    parameter = ("ir.config_parameter", "set_param", "invoice_send_client.public_url")
    seller.admin.call(*parameter, "https://elsewhere.example")
    try:
        window_id = seller.window(move_id, document_mode="attachment")
        with pytest.raises(RpcError, match="Too big for the mail server"):
            seller.press_send(window_id)
    finally:
        seller.admin.call(*parameter, seller.server.url)
    assert seller.deliveries(move_id) == []
    assert sink.mails_to(address) == []
