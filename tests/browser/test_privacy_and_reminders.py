"""Erasing what was recorded, and reminders, on their users' screens (B20, B30)."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page, polling, reminders

NO_SUCH_USER = "550 5.1.1 No such user here"


@pytest.fixture
def admin_page(chromium, seller):
    """An empty page of the administrator, who may erase."""
    context = chromium.new_context(viewport=client_page.DESKTOP)
    session = {"name": "session_id", "value": seller.admin.session_id}
    context.add_cookies([{**session, "url": seller.server.url}])
    context.set_default_timeout(client_page.PAGE_MS)
    yield context.new_page()
    context.close()


def test_what_was_recorded_of_a_customer_is_erased(
    seller, mailed, open_client, admin_page
):
    move_id, link = mailed
    open_client().goto(link)
    polling.until(
        lambda: seller.delivery(move_id)["state"] == "open", "the visit is recorded"
    )
    [partner, _name] = seller.user.fetch("account.move", move_id, "partner_id")[
        "partner_id"
    ]
    page = admin_page
    page.goto(f"{seller.server.url}/odoo/res.partner/{partner}")
    page.locator(".o_form_view .o_cp_action_menus button").first.click()
    page.get_by_role("menuitem", name="Erase tracking data").click()
    window = page.locator(".modal", has_text="Erases what was recorded")
    expect(window).to_contain_text(re.compile(r"Recorded visits:\s*[1-9]"))
    expect(window).to_contain_text(re.compile(r"belong to:\s*1(?!\d)"))
    client_page.take_picture(page, "erase_window")
    window.get_by_role("button", name="Erase").click()
    expect(window).to_have_count(0)
    client_page.take_picture(page, "erase_done")
    delivery = seller.delivery(move_id)
    events = seller.user.call(
        "invoice.delivery.event",
        "search_read",
        [("delivery_id", "=", delivery["id"])],
        fields=["event_type", "reasons"],
    )
    assert "erase" in {event["event_type"] for event in events}
    assert not [event for event in events if event["event_type"] == "open"]


def test_failed_reminder_stands_in_the_panel_and_in_the_salespersons_messages(
    seller, sink, user_page
):
    address = seller.address("gone")
    move_id = seller.invoice(address)
    seller.send(move_id)
    sink.treat(address, rcpt=NO_SUCH_USER)
    with seller.company_setting(invoice_remind_unread_days=5):
        reminders.pass_days(seller, move_id, 6)
        seller.run_cron(reminders.REMIND)

        def has_failed():
            seller.run_cron()
            states = [each["state"] for each in seller.deliveries(move_id)]
            return "error" in states

        polling.until(has_failed, "the refusal of the reminder")
    user_page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
    user_page.get_by_role("tab", name="Client").click()
    line = user_page.locator("[name=invoice_reminder_text]")
    expect(line).to_contain_text("not viewed: 1 (last")
    expect(user_page.get_by_text("Reminder: not viewed").first).to_be_visible()
    expect(user_page.get_by_label("No reminders")).not_to_be_checked()
    line.scroll_into_view_if_needed()
    client_page.take_picture(user_page, "reminder_panel")
    user_page.goto(f"{seller.server.url}/odoo/my-invoice-messages")
    number = seller.move(move_id)["name"]
    row = user_page.locator(".o_data_row", has_text=f"reminder of {number}")
    expect(row).to_contain_text("1 not sent")
    client_page.take_picture(user_page, "reminder_messages")
    row.locator("[name=summary]").click()
    page = user_page.locator(".o_form_view")
    expect(page).to_contain_text("No such user here")
    expect(page.locator("[name=caretaker_id]")).to_contain_text("Ana Pop")
    client_page.take_picture(user_page, "reminder_run")
