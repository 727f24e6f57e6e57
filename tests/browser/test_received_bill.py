"""A received bill, as the people of the company use it that got it."""

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page
from tests.helpers.polling import until

ACTION = "/odoo/action-invoice_send_client.action_received_documents"


@pytest.fixture(params=client_page.SIZES)
def page(request, sign_in, buyer):
    """Return a page of Boris Kolev, signed in."""
    return sign_in(buyer.user, request.param)


@pytest.fixture
def move_id(seller, buyer):
    """Return an invoice that the buyer received."""
    move_id = buyer.invoice()
    seller.send(move_id, sending_methods=["network"])
    return move_id


def open_bill(page, seller, buyer, move_id):
    """Open the received bill of an invoice.

    :return: its banner
    """
    [bill] = buyer.bills(move_id)
    page.goto(f"{seller.server.url}{ACTION}/{bill['id']}")
    banner = page.locator(".o_invoice_received")
    expect(banner).to_be_visible(timeout=client_page.PAGE_MS)
    return banner


def test_received_bill_tells_its_sender_and_opening_it_is_a_look(
    page, seller, buyer, move_id
):
    name = seller.move(move_id)["name"]
    banner = open_bill(page, seller, buyer, move_id)
    expect(banner).to_contain_text(f"Received from Seller SRL: {name}")
    until(lambda: seller.delivery(move_id)["state"] == "view", "the look")
    client_page.take_picture(page, "received_bill")


def test_accept_is_seen_by_the_sender(page, seller, buyer, move_id):
    banner = open_bill(page, seller, buyer, move_id)
    banner.get_by_role("button", name="Accept").click()
    expect(banner).to_contain_text("Accepted by Boris Kolev")
    client_page.take_picture(page, "received_bill_accepted")
    assert seller.move(move_id)["invoice_delivery_state"] == "accept"


def test_return_asks_for_the_reason(page, seller, buyer, move_id):
    banner = open_bill(page, seller, buyer, move_id)
    banner.get_by_role("button", name="Return…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Three pieces came, not four")
    client_page.take_picture(page, "received_bill_return")
    dialog.get_by_role("button", name="Return").click()
    expect(banner).to_contain_text("Three pieces came, not four")
    assert seller.move(move_id)["invoice_delivery_state"] == "return"


def test_withdrawn_document_is_told_on_the_bill_and_in_the_list(
    page, seller, buyer, move_id
):
    seller.user.call("account.move", "button_draft", [move_id])
    banner = open_bill(page, seller, buyer, move_id)
    notice = page.get_by_role("alert").filter(has_text="Wait for the new one")
    expect(notice.first).to_be_visible()
    expect(banner.get_by_role("button", name="Accept")).to_be_hidden()
    client_page.take_picture(page, "received_bill_withdrawn")
    page.goto(seller.server.url + ACTION)
    expect(page.get_by_text("Seller SRL").first).to_be_visible(
        timeout=client_page.PAGE_MS
    )
    client_page.take_picture(page, "received_documents")


def test_settings_have_a_block_of_their_own(sign_in, seller, buyer):
    page = sign_in(seller.admin)
    page.goto(f"{seller.server.url}/odoo/action-account.action_account_config")
    block = page.locator("#invoice_receive_from_companies")
    expect(block).to_be_visible(timeout=client_page.PAGE_MS)
    block.scroll_into_view_if_needed()
    block.get_by_role("checkbox").first.check()
    user = block.get_by_label("Bills are made by")
    expect(user).not_to_have_value("")
    client_page.take_picture(page, "received_settings")
