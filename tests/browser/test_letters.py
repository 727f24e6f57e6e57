"""Settings > Invoicing > Letters, as an administrator writes them."""

import pytest
from lxml import html
from playwright.sync_api import expect

from tests.helpers import client_page

LETTERS = "/odoo/invoice-letters"
LETTER = "invoice_send_client.letter_en_receipt"


@pytest.fixture(params=client_page.SIZES)
def page(request, sign_in, seller):
    """The administrator's page, at the width of a desktop or of a phone."""
    return sign_in(seller.admin, request.param)


@pytest.fixture
def receipt(seller):
    """A receipt to show the letter with."""
    values = {
        "move_type": "out_receipt",
        "partner_id": seller.customer(seller.address("receipt"), name="Delta SA"),
        "invoice_date": "2026-11-20",
        "invoice_line_ids": [(0, 0, {"name": "Bread", "price_unit": 3.0})],
    }
    move_id = seller.user.make("account.move", values)
    seller.user.call("account.move", "action_post", [move_id])
    return seller.move(move_id)["name"]


@pytest.fixture
def my_address(seller):
    """The administrator's address, for this test alone."""
    address = seller.address("admin")
    seller.admin.change("res.users", seller.admin.uid, {"email": address})
    yield address
    seller.admin.change("res.users", seller.admin.uid, {"email": False})


def open_letter(page, seller):
    """Open the letter of receipts.

    :return: the letter's text, to write into
    """
    page.goto(f"{seller.server.url}{LETTERS}/{seller.admin.ref(LETTER)}")
    text = page.locator("[name=body_html] .odoo-editor-editable")
    expect(text).to_be_visible(timeout=client_page.PAGE_MS)
    return text


def test_list_names_the_languages_in_use_by_kind_of_document(page, seller):
    page.goto(seller.server.url + LETTERS)
    expect(page.get_by_text("Several documents").first).to_be_visible(
        timeout=client_page.PAGE_MS
    )
    shown = page.locator(".o_action_manager")
    expect(shown.get_by_text("English", exact=True).first).to_be_visible()
    expect(shown.get_by_text("Turkish", exact=True)).to_have_count(0)


def test_letter_is_written_previewed_tried_and_brought_back(
    page, seller, sink, receipt, my_address
):
    text = open_letter(page, seller)
    preview = page.locator("[name=preview_body]")
    expect(preview).to_contain_text(f"Here is your receipt {receipt}.")
    expect(preview).to_contain_text("View document")
    text.locator("p").nth(1).click()
    page.keyboard.press("End")
    page.keyboard.type(" Good day, {{ object.company_id.name }}!")
    page.locator("[name=subject] input").fill("Your receipt {{ object.name }}")
    page.locator("[name=subject] input").blur()
    expect(preview).to_contain_text("Good day, Seller SRL!")
    expect(page.locator("[name=preview_subject]")).to_have_text(
        f"Your receipt {receipt}"
    )
    page.get_by_role("button", name="Send a test to me").click()
    told = page.locator(".o_notification", has_text="took the test")
    expect(told).to_be_visible()
    mail = sink.mail_to(my_address)
    assert mail.message["Subject"] == f"[Test] Your receipt {receipt}"
    assert "Good day, Seller SRL!" in mail.html
    bring_back(page)
    expect(text).not_to_contain_text("Good day")
    expect(page.locator("[name=subject] input")).to_have_value(
        "Receipt {{ object.name }} from {{ object.company_id.name }}"
    )


def bring_back(page):
    """Press the button that brings the shipped text back, and confirm."""
    button = page.get_by_role("button", name="Back to the shipped text")
    if not button.is_visible():  # a phone folds the buttons
        page.locator(".o_statusbar_buttons").get_by_title("More").click()
        button = page.locator(".o-dropdown--menu [name=action_restore]")
    button.click()
    page.locator(".modal-footer .btn-primary").click()


@pytest.fixture
def with_button(seller):
    """The letter of receipts holds a button, until this test ends."""
    admin, letter_id = seller.admin, seller.admin.ref(LETTER)
    before = admin.fetch("invoice.send.template", letter_id, "body_html")["body_html"]
    button = '<p><a href="https://shop.example" class="btn btn-primary">Shop</a></p>'
    body = {"body_html": before + button}
    admin.change("invoice.send.template", letter_id, body)
    yield letter_id
    admin.call("invoice.send.template", "action_restore", [letter_id])


def read_body(seller):
    """Return the letter of receipts as it is stored, and whether as shipped."""
    letter_id, names = seller.admin.ref(LETTER), ("body_html", "is_as_shipped")
    letter = seller.admin.fetch("invoice.send.template", letter_id, *names)
    return letter["body_html"], letter["is_as_shipped"]


def save(page):
    """Save the letter."""
    page.locator(".o_form_button_save").click()
    expect(page.locator(".o_form_button_save")).to_be_hidden()


def test_button_in_a_letter_looks_like_one_in_the_mail(page, seller, with_button):
    text = open_letter(page, seller)
    text.locator("p").nth(1).click()
    page.keyboard.press("End")
    page.keyboard.type(" Good day!")
    save(page)
    stored = html.fragment_fromstring(read_body(seller)[0], create_parent=True)
    assert "Good day!" in stored.text_content()
    [button] = stored.iterfind(".//a")
    assert "background-color" in button.get("style")
    # what the screen marks is no part of the letter
    fillings = stored.findall(".//*[@t-out]")
    assert fillings
    for filling in fillings:
        assert "background" not in filling.get("style", "")


def test_letter_of_which_another_field_is_changed_stays_as_shipped(page, seller):
    before = read_body(seller)
    assert before[1]
    text = open_letter(page, seller)
    text.click()
    subject = page.locator("[name=subject] input")
    shipped = subject.input_value()
    for words in (f"{shipped}!", shipped):
        subject.fill(words)
        subject.blur()
        save(page)
    assert read_body(seller) == before


def test_letter_that_can_not_be_filled_in_says_so_and_is_not_saved(
    page, seller, receipt
):
    open_letter(page, seller)
    subject = page.locator("[name=subject] input")
    subject.fill(f"{receipt} {{{{ object.nope }}}}")
    subject.blur()
    expect(page.get_by_role("alert")).to_contain_text("nope")
    page.locator(".o_form_button_save").click()
    expect(page.locator(".modal-body")).to_contain_text("can't be filled in")
    letter_id = seller.admin.ref(LETTER)
    letter = seller.admin.fetch("invoice.send.template", letter_id, "subject")
    assert "nope" not in letter["subject"]
