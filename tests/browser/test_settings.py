"""Settings > Invoicing > Sending to clients, as an administrator uses them."""

import contextlib

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page
from tests.helpers.rpc import RpcError
from tests.helpers.smtp_sink import free_port

ACTION = "/odoo/action-account.action_account_config"
FIELDS = ("invoice_mail_server_id", "invoice_sender_email", "invoice_track_open")


@pytest.fixture(params=client_page.SIZES)
def page(request, sign_in, seller):
    """The administrator's page, at the width of a desktop or of a phone."""
    return sign_in(seller.admin, request.param)


@pytest.fixture(autouse=True)
def company(seller):
    """The company, put back as it was."""
    before = seller.admin.fetch("res.company", seller.company_id, *FIELDS)
    yield
    server = before["invoice_mail_server_id"]
    values = {**before, "invoice_mail_server_id": server and server[0]}
    values.pop("id")
    seller.admin.change("res.company", seller.company_id, values)


@contextlib.contextmanager
def parameter(seller, key, value):
    """Set a system parameter inside the block.

    :param seller: Seller SRL
    :param key: its key
    :param value: its value, ``False`` for none
    """
    parameters = "ir.config_parameter"
    before = seller.admin.call(parameters, "get_param", key)
    seller.admin.call(parameters, "set_param", key, value)
    try:
        yield
    finally:
        seller.admin.call(parameters, "set_param", key, before)


def open_settings(page, seller):
    """Open the page and find the block.

    :return: the block's settings
    """
    page.goto(seller.server.url + ACTION)
    block = page.locator(
        ".o_settings_container", has=page.locator("#invoice_document_mode")
    )
    expect(block).to_be_visible(timeout=client_page.PAGE_MS)
    return block


def choose_server(page, block, name):
    """Choose a mail server: by typing on a desktop, in a dialog on a phone."""
    field = block.locator("[name=invoice_mail_server_id] input")
    field.click()
    if page.viewport_size["width"] > client_page.PHONE["width"]:
        field.fill(name)
        page.locator(".o-autocomplete--dropdown-item", has_text=name).first.click()
    else:
        page.locator(".modal :is(.o_kanban_record, .o_data_row)", has_text=name).click()


def press_save(page):
    """Press Save."""
    page.locator(".o_form_button_save").click()


def test_block_fits_the_screen_and_says_what_each_choice_means(page, seller):
    block = open_settings(page, seller)
    for words in (
        "the client opens the invoice on a page, and you see that it was viewed",
        "the PDF is in the mail, with the link below it",
        "each recipient's reading can be followed",
        "an invisible picture in the mail",
    ):
        expect(block).to_contain_text(words)
    boxes = [box.bounding_box() for box in block.locator(".o_setting_box").all()]
    width = page.viewport_size["width"]
    assert all(0 <= box["x"] and box["x"] + box["width"] <= width for box in boxes)


def test_server_that_answers_is_saved_and_the_button_says_so(page, seller, sink):
    mails = len(sink.mails)
    block = open_settings(page, seller)
    block.locator("[name=invoice_sender_email] input").fill("facturi@seller.example")
    choose_server(page, block, "Sink")
    with page.expect_navigation():
        press_save(page)
    block = open_settings(page, seller)
    block.locator("[name=action_test_invoice_mail_server]").click()
    notification = page.locator(".o_notification", has_text="facturi@seller.example")
    expect(notification).to_contain_text("“Sink” took the test")
    company = seller.admin.fetch("res.company", seller.company_id, *FIELDS)
    assert company["invoice_mail_server_id"][0] == seller.mail_server_id
    assert company["invoice_sender_email"] == "facturi@seller.example"
    assert len(sink.mails) == mails


def test_server_out_of_reach_is_named_and_what_was_typed_stays(page, seller):
    values = {"name": "Nobody", "smtp_host": "127.0.0.1", "smtp_port": free_port()}
    server_id = seller.admin.make("ir.mail_server", values)
    block = open_settings(page, seller)
    block.locator("[name=invoice_track_open] input").check()
    choose_server(page, block, "Nobody")
    press_save(page)
    dialog = page.locator(".modal")
    expect(dialog).to_contain_text(f"“Nobody” (127.0.0.1:{values['smtp_port']})")
    expect(dialog).to_contain_text("Nothing was saved yet")
    dialog.locator(".btn-primary").click()
    expect(block.locator("[name=invoice_track_open] input")).to_be_checked()
    company = seller.admin.fetch("res.company", seller.company_id, *FIELDS)
    assert not company["invoice_mail_server_id"]
    assert not company["invoice_track_open"]
    seller.admin.call("ir.mail_server", "unlink", [server_id])


def test_sender_outside_what_the_server_allows_is_warned_of_at_once(page, seller):
    seller.admin.change(
        "ir.mail_server", seller.mail_server_id, {"from_filter": "other.example"}
    )
    try:
        block = open_settings(page, seller)
        choose_server(page, block, "Sink")
        warning = block.locator("[name=invoice_sender_warning]")
        expect(warning).to_contain_text("meant for mails from other.example")
    finally:
        seller.admin.change(
            "ir.mail_server", seller.mail_server_id, {"from_filter": False}
        )


def test_trial_shows_the_mode_locked_with_the_reason(page, seller):
    with parameter(seller, "database.expiration_reason", "trial"):
        block = open_settings(page, seller)
        for choice in block.locator("[name=invoice_document_mode] input").all():
            expect(choice).to_be_disabled()
        expect(block).to_contain_text("This database is on trial")
        with pytest.raises(RpcError, match="on trial"):
            seller.admin.make(
                "res.config.settings", {"invoice_document_mode": "attachment"}
            )


def test_address_shows_confirmed_or_why_it_is_not(page, seller):
    block = open_settings(page, seller)
    expect(block).to_contain_text("Confirmed: clients can open their links")
    with parameter(seller, "invoice_send_client.public_url", False):
        block = open_settings(page, seller)
        expect(block).to_contain_text("For now invoices leave with the PDF attached")
        expect(block).to_contain_text(seller.server.url)
        block.locator("[name=action_check_invoice_public_url]").click()
        expect(page.locator(".modal")).to_contain_text(
            "an address of the local network"
        )
