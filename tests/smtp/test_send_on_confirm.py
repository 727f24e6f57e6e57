"""Documents that leave by themselves once confirmed, in real transactions (B28)."""

from tests.helpers import polling


def states(seller, move_id):
    """Return the states of the document's deliveries."""
    return [delivery["state"] for delivery in seller.deliveries(move_id)]


def draft(seller, email, **customer):
    """Create an invoice and leave it a draft."""
    return seller.user.make(
        "account.move",
        {
            "move_type": "out_invoice",
            "partner_id": seller.customer(email, **customer),
            "invoice_date": "2026-11-20",
            "invoice_line_ids": [(0, 0, {"name": "Work", "price_unit": 10.0})],
        },
    )


def run_cron_until_sent(seller, move_id):
    """Let the scheduled action work until a document was sent."""

    def is_sent():
        seller.run_cron()
        return states(seller, move_id) == ["sent"]

    polling.until(is_sent, "the mail")


def test_one_document_leaves_once_confirmed(seller, sink):
    email = seller.address("confirmed")
    with seller.company_setting(invoice_send_on_confirm=True):
        move_id = seller.invoice(email)
        assert not sink.mails_to(email)
        assert not seller.deliveries(move_id)
        run_cron_until_sent(seller, move_id)
        seller.run_cron()
    assert sink.mail_to(email).message["From"].startswith("Ana Pop")
    assert seller.user.count("invoice.send.request") == 0


def test_press_of_several_keeps_back_only_who_has_no_address(seller, sink):
    emails = [seller.address("confirmed") for _number in range(3)]
    choice = {"invoice_send_on_confirm": "yes"}
    move_ids = [draft(seller, email, **choice) for email in emails]
    without = draft(seller, "", **choice)
    seller.user.call("account.move", "action_post", [*move_ids, without])
    for move_id in move_ids:
        run_cron_until_sent(seller, move_id)
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1, 1]
    assert not seller.deliveries(without)
    [run_id] = {
        delivery["run_id"][0]
        for move_id in move_ids
        for delivery in seller.deliveries(move_id)
    }
    run = seller.user.fetch("invoice.send.run", run_id, "sent_count", "skipped_count")
    assert (run["sent_count"], run["skipped_count"]) == (3, 1)
    notes = seller.user.search(
        "mail.message",
        [("model", "=", "account.move"), ("res_id", "=", without)],
        "body",
    )
    assert any("No e-mail address" in note["body"] for note in notes)


def test_confirm_and_send_waits_for_the_window(seller, sink):
    email = seller.address("reviewed")
    move_id = draft(seller, email, invoice_send_on_confirm="yes")
    action = seller.user.call("account.move", "action_confirm_and_send", [move_id])
    assert action["params"]["ready_count"] == 1
    seller.run_cron()
    assert not sink.mails_to(email)
    seller.send(move_id)
    assert len(sink.mails_to(email)) == 1
