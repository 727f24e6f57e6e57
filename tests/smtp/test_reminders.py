"""Reminders that leave by themselves, in real transactions and over SMTP (B30)."""

from datetime import date, timedelta

from tests.helpers import polling, reminders


def remind(seller, sink, email, count):
    """Let the jobs work until the client has so many mails."""
    seller.run_cron(reminders.REMIND)

    def has_come():
        seller.run_cron()
        return len(sink.mails_to(email)) == count

    polling.until(has_come, "the reminder")


def counts(seller, move_id):
    """Return how often the client was reminded: not viewed, not paid."""
    names = ("invoice_unread_reminder_count", "invoice_unpaid_reminder_count")
    values = seller.user.fetch("account.move", move_id, *names)
    return tuple(values[name] for name in names)


def test_client_is_reminded_of_what_nobody_viewed_and_only_once(seller, sink):
    email = seller.address("unread")
    move_id = seller.invoice(email)
    seller.send(move_id)
    with seller.company_setting(invoice_remind_unread_days=5):
        reminders.pass_days(seller, move_id, 4)
        seller.run_cron(reminders.REMIND)
        seller.run_cron()
        assert len(sink.mails_to(email)) == 1
        reminders.pass_days(seller, move_id, 1)
        remind(seller, sink, email, 2)
        seller.run_cron(reminders.REMIND)
        seller.run_cron()
    first, reminder = (mail.message for mail in sink.mails_to(email))
    name = seller.move(move_id)["name"]
    assert reminder["Subject"] == f"Reminder: document {name} from Seller SRL"
    assert first["From"].startswith("Ana Pop")
    assert reminder["From"].startswith("Seller SRL")
    content = reminder.get_body(("html",)).get_content()
    assert "We sent you invoice" in content
    assert "/invoice/d/" in content
    assert counts(seller, move_id) == (1, 0)
    assert seller.move(move_id)["invoice_delivery_state"] == "sent"
    links = {delivery["document_mode"] for delivery in seller.deliveries(move_id)}
    assert links == {"link"}


def test_client_is_reminded_of_what_is_not_paid_and_not_as_unread(seller, sink):
    email = seller.address("unpaid")
    move_id = seller.invoice(email)
    seller.send(move_id)
    due = date.today() - timedelta(days=10)
    seller.sql(
        "UPDATE account_move SET invoice_date_due = %s WHERE id = %s", due, move_id
    )
    reminders.pass_days(seller, move_id, 20)
    with seller.company_setting(
        invoice_remind_unread_days=5, invoice_remind_unpaid_days=10
    ):
        remind(seller, sink, email, 2)
        seller.run_cron(reminders.REMIND)
        seller.run_cron()
    assert len(sink.mails_to(email)) == 2
    reminder = sink.mails_to(email)[1].message
    assert reminder["Subject"].startswith("Payment reminder: ")
    content = reminder.get_body(("html",)).get_content()
    assert "If you have paid in the meantime" in content
    assert counts(seller, move_id) == (0, 1)
