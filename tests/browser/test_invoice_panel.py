"""The list of invoices and the panel on the invoice, as Ana Pop uses them."""

import functools
import re

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page


@pytest.fixture
def open_page(sign_in, seller):
    """Open pages as Ana Pop, who copies links."""
    allowed = ["clipboard-read", "clipboard-write"]
    return functools.partial(sign_in, seller.user, permissions=allowed)


@pytest.fixture
def page(open_page):
    """A page of the width of a desktop."""
    return open_page()


@pytest.fixture
def address(seller):
    """An address of this test alone."""
    return seller.address("client")


@pytest.fixture
def move_id(seller, address):
    """An invoice for that address."""
    return seller.invoice(address)


def row(page, seller, move_id):
    """Open the list and return the row of an invoice.

    :param page: the browser's page
    :param seller: Seller SRL
    :param move_id: the invoice
    """
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    name = seller.move(move_id)["name"]
    found = page.locator(".o_data_row", has_text=name)
    expect(found).to_be_visible()
    return found


def panel(page, seller, move_id):
    """Open an invoice and its panel.

    :param page: the browser's page
    :param seller: Seller SRL
    :param move_id: the invoice
    """
    page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
    page.get_by_role("tab", name="Client", exact=True).click()
    found = page.locator(".o_invoice_delivery_panel")
    expect(found).to_be_visible()
    return found


def recipient(panel, email):
    """Return the line of one recipient."""
    return panel.locator(f".o_invoice_delivery_recipient[data-email='{email}']")


def test_paper_plane_of_a_row_opens_the_window_for_that_document(page, seller, move_id):
    plane = row(page, seller, move_id).get_by_role("button", name="Send to client")
    expect(plane).to_have_count(1)
    plane.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Send")


def test_row_says_in_words_what_became_of_it(page, seller, move_id, address):
    seller.send(move_id)
    found = row(page, seller, move_id)
    envelope = found.get_by_role("img", name=re.compile(f"Mailed .* to {address}"))
    expect(envelope).to_be_visible()
    expect(found.get_by_role("img", name=re.compile("viewed"))).to_have_count(0)
    again = found.get_by_role("button", name="Send to client again")
    expect(again).to_be_visible()
    envelope.hover()
    expect(page.locator(".o-tooltip")).to_contain_text(f"to {address}")


def test_selection_has_send_with_a_letter_first(page, seller, move_id):
    row(page, seller, move_id).locator(".o_list_record_selector input").check()
    first = page.locator(".o_control_panel button[name]").first
    expect(first).to_have_text("Send")
    expect(first.locator(".fa-envelope")).to_be_visible()


def test_form_says_it_above_the_document(page, seller, move_id):
    seller.send(move_id)
    page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
    ribbon = page.locator(".o_invoice_delivery_ribbon")
    expect(ribbon).to_contain_text(re.compile(r"sent \w+ \d+"))
    expect(ribbon).not_to_contain_text("viewed")


def test_refused_one_is_corrected_and_leaves(page, seller, sink, move_id, address):
    sink.treat(address, rcpt="550 5.1.1 No such user here")
    seller.send(move_id)
    found = panel(page, seller, move_id)
    refused = recipient(found, address)
    expect(refused).to_contain_text("550")
    expect(refused).to_contain_text("No such user here")
    expect(page.locator(".o_invoice_delivery_ribbon")).to_contain_text("not sent")
    refused.get_by_role("button", name="Correct address").click()
    dialog = page.get_by_role("dialog")
    new = seller.address("corrected")
    dialog.get_by_label("New address").fill(new)
    dialog.get_by_role("button", name="Send to this address").click()
    expect(recipient(found, new)).to_have_attribute("data-state", "sent")
    expect(recipient(found, address)).to_have_count(0)
    expect(page.locator(".o_invoice_delivery_ribbon")).not_to_contain_text("not sent")
    timeline = found.locator(".o_invoice_delivery_event")
    expect(timeline.nth(0)).to_contain_text(f"Mailed to {new}")
    expect(timeline.nth(2)).to_contain_text(f"{address} → {new}")
    expect(timeline.nth(3)).to_contain_text(f"Not sent to {address}: 550")
    assert len(sink.mails_to(new)) == 1
    assert sink.mails_to(address) == []


def test_button_of_the_panel_asks_in_the_users_language(
    page, seller, sink, move_id, address
):
    sink.treat(address, rcpt="550 No such user here")
    seller.send(move_id)
    refused = recipient(panel(page, seller, move_id), address)
    with page.expect_request("**/action_correct_address") as asked:
        refused.get_by_role("button", name="Correct address").click()
    context = asked.value.post_data_json["params"]["kwargs"]["context"]
    assert (context["lang"], context["uid"]) == ("en_US", seller.user.uid)
    assert context["allowed_company_ids"] == [seller.company_id]


def test_refused_one_is_sent_again_as_it_was(page, seller, sink, move_id, address):
    sink.treat(address, rcpt="550 No such user here")
    seller.send(move_id)
    sink.treat(address)
    found = panel(page, seller, move_id)
    recipient(found, address).get_by_role("button", name="Resend").click()
    expect(recipient(found, address)).to_have_attribute("data-state", "sent")
    assert len(sink.mails_to(address)) == 1


def test_answer_for_an_invoice_paged_over_is_not_shown(page, seller):
    emails = [seller.address("paged") for _number in range(2)]
    moves = [seller.invoice(email) for email in emails]
    for move_id in moves:
        seller.send(move_id)
    row(page, seller, moves[1]).get_by_text(seller.move(moves[1])["name"]).click()
    page.get_by_role("tab", name="Client", exact=True).click()
    found = page.locator(".o_invoice_delivery_panel")
    expect(recipient(found, emails[1])).to_be_visible()
    previous = page.locator(".o_control_panel .o_pager_previous")
    held = client_page.hold_calls(page, "get_invoice_delivery_panel", times=1)
    with page.expect_request("**/get_invoice_delivery_panel"):
        # the event alone: notifications of other tests may lie above it
        page.locator(".o_control_panel .o_pager_next").dispatch_event("click")
    expect(previous).to_be_enabled()
    with page.expect_response("**/get_invoice_delivery_panel"):
        previous.dispatch_event("click")
    expect(recipient(found, emails[1])).to_be_visible()
    [route] = held
    with page.expect_response("**/get_invoice_delivery_panel"):
        route.continue_()
    page.wait_for_timeout(500)
    expect(recipient(found, emails[1])).to_be_visible()
    expect(recipient(found, emails[0])).to_have_count(0)


def test_sent_one_is_sent_again_through_the_window(page, seller, move_id, address):
    other = seller.address("other")
    seller.send(move_id, email_to=f"{address}; {other}")
    found = panel(page, seller, move_id)
    recipient(found, other).get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(
        dialog.locator("[name='email_to'] input, [name='email_to'] textarea")
    ).to_have_value(other)


def test_link_is_copied_revoked_and_made_anew(page, seller, move_id, address):
    seller.send(move_id)
    found = panel(page, seller, move_id)
    line = recipient(found, address)

    def copied():
        line.get_by_role("button", name="Copy link").click()
        expect(page.locator(".o_notification", has_text=address).first).to_be_visible()
        return page.evaluate("navigator.clipboard.readText()")

    def status(url):
        return page.request.get(url).status

    old = copied()
    assert old.startswith(f"{seller.server.url}/invoice/d/")
    assert status(old) == 200
    line.get_by_role("button", name="Revoke link").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke link").click()
    expect(line.get_by_role("button", name="Copy link")).to_have_count(0)
    assert status(old) == 404
    line.get_by_role("button", name="New link").click()
    expect(line.get_by_role("button", name="Copy link")).to_be_visible()
    new = copied()
    assert new != old
    assert (status(new), status(old)) == (200, 404)
    expect(found.locator(".o_invoice_delivery_timeline")).to_contain_text(
        "revoked by Ana"
    )
    # the copied links were opened by a colleague: that lights no eye
    assert seller.delivery(move_id)["state"] == "sent"


def test_new_sending_counts_anew_and_keeps_the_old(page, seller, move_id, address):
    seller.send(move_id)
    seller.user.call("account.move", "button_draft", [move_id])
    seller.user.call("account.move", "action_post", [move_id])
    found = panel(page, seller, move_id)
    expect(page.locator(".o_invoice_delivery_ribbon")).to_have_count(0)
    earlier = found.locator(".o_invoice_delivery_earlier")
    earlier.locator("summary").click()
    expect(recipient(earlier, address)).to_be_visible()
    expect(earlier.get_by_role("button")).to_have_count(0)
    expect(found.locator(".o_invoice_delivery_event").last).to_contain_text(
        "before the last reset"
    )


def test_panel_fits_a_phone(open_page, seller, sink, move_id, address):
    sink.treat(address, rcpt=f"550 5.1.1 <{address}>: " + "unknown " * 20)
    seller.send(move_id)
    page = open_page("phone")
    found = panel(page, seller, move_id)
    button = recipient(found, address).get_by_role("button", name="Correct address")
    button.scroll_into_view_if_needed()
    width = client_page.PHONE["width"]
    for box in (found.bounding_box(), button.bounding_box()):
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
