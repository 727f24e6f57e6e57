"""Customers > Mails, as Ana Pop reads what was sent."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page


@pytest.fixture
def address(seller):
    """An address of this test alone."""
    return seller.address("client")


@pytest.fixture
def move_id(seller, address):
    """An invoice that was sent to that address, with a picture that tells of a look."""
    with seller.company_setting(invoice_track_open=True):
        move_id = seller.invoice(address)
        seller.send(move_id, subject="Your invoice", document_mode="attachment")
    return move_id


def open_mail(page, seller, move_id):
    """Open the mail of an invoice from the list of all mails.

    :param page: the browser's page
    :param seller: Seller SRL
    :param move_id: the invoice
    """
    page.goto(f"{seller.server.url}/odoo/invoice-mails")
    name = seller.move(move_id)["name"]
    page.locator(".o_data_row, .o_kanban_record", has_text=name).first.click()
    frame = page.locator("iframe.o_invoice_mail_letter")
    expect(frame).to_be_visible()
    return frame.content_frame


def test_menu_lists_the_mail_with_what_became_of_it(
    open_page, seller, move_id, address
):
    """Invoicing > Customers > Mails: date, customer, address, document, state."""
    page = open_page()
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    page.get_by_role("button", name="Customers", exact=True).click()
    page.get_by_role("menuitem", name="Mails", exact=True).click()
    row = page.locator(".o_data_row", has_text=address)
    expect(row).to_have_count(1)
    for words in ("Alfa SRL", seller.move(move_id)["name"], "Your invoice", "Sent"):
        expect(row).to_contain_text(words)


def test_mail_is_found_by_number_and_by_address(open_page, seller, move_id, address):
    """What is typed into the search box is looked for in both."""
    page = open_page()
    for words in (seller.move(move_id)["name"], address):
        page.goto(f"{seller.server.url}/odoo/invoice-mails")
        box = page.get_by_role("searchbox")
        box.fill(words)
        box.press("Enter")
        expect(page.locator(".o_facet_values")).to_contain_text(words)
        expect(page.locator(".o_data_row")).to_have_count(1)
        expect(page.locator(".o_data_row")).to_contain_text(address)


@pytest.mark.parametrize("size", client_page.SIZES)
def test_opened_mail_shows_text_headers_and_file(open_page, seller, move_id, size):
    """The exact letter, headers and file; nothing is loaded from the client's link."""
    page = open_page(size)
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    letter = open_mail(page, seller, move_id)
    expect(letter.get_by_text("View document")).to_be_visible()
    page.get_by_role("tab", name="Files").click()
    name = seller.move(move_id)["name"].replace("/", "_")
    expect(page.locator(".o_field_many2many_binary")).to_contain_text(f"{name}.pdf")
    page.get_by_role("tab", name="Headers").click()
    headers = page.locator(".o_field_widget[name=headers]")
    expect(headers).to_contain_text("Subject: Your invoice")
    assert not [url for url in asked if "/invoice/d/" in url]
    assert seller.delivery(move_id)["open_datetime"] is False


def test_link_in_the_letter_opens_the_preview_and_lights_no_eye(
    open_page, seller, move_id
):
    """Staff see the client's page, and nothing of it is recorded."""
    page = open_page()
    letter = open_mail(page, seller, move_id)
    with page.context.expect_page() as opened:
        letter.get_by_text("View document").click()
    preview = opened.value
    expect(preview.get_by_role("status")).to_contain_text("nothing is recorded")
    name = seller.move(move_id)["name"]
    expect(preview.get_by_role("heading", name=name)).to_be_visible()
    expect(preview.get_by_role("link", name="Download PDF")).to_be_visible()
    preview.mouse.move(200, 300)
    preview.mouse.wheel(0, 300)
    delivery = seller.delivery(move_id)
    assert delivery["state"] == "sent"
    assert not (delivery["open_datetime"] or delivery["view_datetime"])
    assert not seller.move(move_id)["invoice_view_datetime"]


def test_eml_is_downloaded_from_the_form(open_page, seller, sink, move_id, address):
    """The file opens as the mail that was sent."""
    page = open_page()
    open_mail(page, seller, move_id)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download .eml").click()
    number = seller.move(move_id)["name"].replace("/", "_")
    name = started.value.suggested_filename
    assert name.startswith(f"{number}_{address.replace('@', '_')}_")
    content = Path(started.value.path()).read_bytes()
    message = message_from_bytes(content, policy=policy.default)
    assert message.items() == sink.mail_to(address).message.items()


def test_customer_leads_to_its_mails(open_page, seller, move_id, address):
    """The button on the customer's form counts them."""
    [partner_id, _name] = seller.user.fetch("account.move", move_id, "partner_id")[
        "partner_id"
    ]
    page = open_page()
    page.goto(f"{seller.server.url}/odoo/res.partner/{partner_id}")
    page.locator("button[name=action_open_invoice_mails]").click()
    expect(page.locator(".o_data_row")).to_have_count(1)
    expect(page.locator(".o_data_row")).to_contain_text(address)


def test_recipient_leads_to_its_mail(open_page, seller, move_id):
    """The button on the form of what became of one recipient."""
    page = open_page()
    delivery_id = seller.delivery(move_id)["id"]
    page.goto(f"{seller.server.url}/odoo/invoice.delivery/{delivery_id}")
    page.get_by_role("button", name="Mail", exact=True).click()
    expect(page.locator("iframe.o_invoice_mail_letter")).to_be_visible()
