"""The help page inside Odoo, as Ana Pop comes upon it (requirements R48)."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page

HELP = re.compile(r"/invoice_send_client/help$")
HEADING = "How sending to clients works"


@pytest.fixture
def send_window(seller, user_page):
    """The send window of an invoice."""
    move_id = seller.invoice(seller.address("client"))
    user_page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
    user_page.locator("button[name='action_invoice_sent']:visible").first.click()
    window = user_page.locator(
        ".modal", has=user_page.locator(".o_invoice_send_window")
    )
    window.locator("[name='body'] .odoo-editor-editable").wait_for()
    return window


def open_help(page, link):
    """Follow a link to the page.

    :return: the page, in its tab
    """
    with page.expect_popup() as popup:
        link.click()
    popup.value.wait_for_url(HELP)
    expect(popup.value.get_by_role("heading", name=HEADING)).to_be_visible()
    return popup.value


def test_help_opens_beside_the_send_window_and_what_was_entered_stays(
    user_page, send_window
):
    client_page.take_picture(user_page, "help_send_window")
    subject = send_window.get_by_label("Subject")
    subject.fill("Mine")
    link = send_window.get_by_role("link", name="How it works")
    page = open_help(user_page, link)
    client_page.take_picture(page, "help_desktop")
    page.get_by_role("link", name="What the icons and words mean").click()
    expect(page.locator("#icons")).to_be_in_viewport()
    expect(subject).to_have_value("Mine")
    expect(send_window).to_be_visible()


def test_help_fits_a_phone_and_leads_back(seller, user_page):
    user_page.set_viewport_size(client_page.PHONE)
    user_page.goto(f"{seller.server.url}/invoice_send_client/help")
    client_page.take_picture(user_page, "help_phone")
    width = user_page.evaluate("document.documentElement.scrollWidth")
    assert width <= client_page.PHONE["width"]
    contrasts = user_page.evaluate(client_page.READ_CONTRASTS)
    assert len(contrasts) > 50
    assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}
    user_page.keyboard.press("Tab")
    back = user_page.get_by_role("link", name="Back to Odoo")
    expect(back).to_be_focused()
    user_page.keyboard.press("Enter")
    expect(user_page.locator(".o_web_client")).to_be_visible()


def test_help_is_in_the_menu_of_customers(seller, user_page):
    user_page.goto(f"{seller.server.url}/odoo/my-invoice-messages")
    user_page.get_by_role("button", name="Customers").click()
    entry = user_page.get_by_role("menuitem", name="How sending works")
    open_help(user_page, entry)
