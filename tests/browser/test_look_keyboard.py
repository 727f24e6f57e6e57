"""The sender's main actions by keyboard alone, from the page and back to it (B27).

Where a button is Odoo's own the focus does not come back: Odoo disables it while its
action is asked for. What is done inside the send window and the review window stands
with the tests of these windows.
"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.helpers import look
from tests.helpers.look import Screen

#: More presses of Tab than any page has stops before what is wanted.
STOPS = 80


@pytest.fixture(scope="module")
def open_page(chromium, gallery):
    """Open an address as a user; a page each."""
    contexts = []

    def opened(path, who="ana"):
        context = look.sign_in(chromium, gallery, Screen(1280, "light"), who)
        contexts.append(context)
        page = context.new_page()
        page.goto(gallery.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press a key until something has the focus, and check that this is seen."""
    target.first.wait_for()
    for _stop in range(STOPS):
        page.keyboard.press(key)
        if target.first.evaluate("node => node === document.activeElement"):
            break
    expect(target.first).to_be_focused()
    assert look.is_focus_seen(page), "the focus is unseen"


def test_window_opens_and_closes_by_keyboard(open_page, gallery):
    page = open_page(f"/odoo/customer-invoices/{gallery.unsent}")
    send = page.locator("button[name=action_invoice_sent]:visible")
    tab_to(page, send)
    page.keyboard.press("Enter")
    window = page.locator(".modal", has=page.locator(".o_invoice_send_window"))
    expect(window.locator("[name=body]")).to_contain_text("Dear")
    expect(window.locator(":focus")).to_have_count(1)
    tab_to(page, window.get_by_label(re.compile(r"^To\b")))
    tab_to(page, window.get_by_role("button", name="Send", exact=True))
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)


def test_row_of_the_list_is_sent_by_keyboard(open_page, gallery):
    page = open_page("/odoo/customer-invoices")
    row = page.locator(".o_data_row", has_text="Theta SRL")
    tick = row.locator(".o_list_record_selector input")
    page.get_by_role("searchbox").focus()
    tab_to(page, tick, "ArrowDown")
    plane = row.get_by_role("button", name="Send to client")
    tab_to(page, plane, "ArrowRight")
    page.keyboard.press("Space")
    window = page.locator(".modal", has=page.locator(".o_invoice_send_window"))
    expect(window.locator("[name=body]")).to_contain_text("Dear")
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)


def test_address_is_corrected_by_keyboard(open_page, gallery):
    page = open_page(f"/odoo/customer-invoices/{gallery.problem.id}")
    # Odoo takes the tabs of this form out of the way of Tab
    page.get_by_role("tab", name="Client", exact=True).press("Enter")
    correct = page.get_by_role("button", name="Correct address")
    tab_to(page, correct)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("New address")).to_be_focused()
    tab_to(page, dialog.get_by_role("button", name="Send to this address"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(correct).to_be_focused()


def test_tray_is_used_by_keyboard(open_page, gallery):
    page = open_page("/odoo/customer-invoices")
    tray = page.locator(".o_invoice_send_tray")
    # which takes the focus once it is there
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.locator(".o_navbar_apps_menu button").focus()
    tab_to(page, tray)
    page.keyboard.press("Enter")
    menu = page.get_by_role("dialog", name="My messages")
    expect(menu.get_by_role("button", name="Show all")).to_be_focused()
    expect(tray).to_have_attribute("aria-expanded", "true")
    tab_to(page, menu.get_by_role("button", name="Retry the failed"))
    tab_to(page, menu.get_by_role("button", name="Show all"))
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(tray).to_be_focused()
    expect(tray).to_have_attribute("aria-expanded", "false")


def test_received_bill_is_returned_by_keyboard(open_page, gallery):
    path = "/odoo/action-invoice_send_client.action_received_documents"
    page = open_page(f"{path}/{gallery.received_id}", "boris")
    banner = page.locator(".o_invoice_received")
    tab_to(page, banner.get_by_role("button", name="Accept"))
    back = banner.get_by_role("button", name="Return…")
    tab_to(page, back)
    page.keyboard.press("Space")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    tab_to(page, dialog.get_by_role("button", name="Return", exact=True))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
