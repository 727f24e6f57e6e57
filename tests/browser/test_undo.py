"""The undo pause in the browser: Undo, Send now, its end, a page that goes (B18)."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page, polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.rpc import REFUSAL
from tests.helpers.smtp_sink import Hold

#: Long enough for a slow machine to press Undo, and to be cut short by "Send now".
LONG_PAUSE, SHORT_PAUSE = 120, 4

#: A worker that starts and then tells nothing, as where no websocket gets through.
NO_WEBSOCKET = """
delete window.SharedWorker;
window.Worker = class extends EventTarget {
    postMessage({action}) {
        const type = {
            "BASE:INIT": "BASE:INITIALIZED",
            "BUS:INITIALIZE_CONNECTION": "BUS:INITIALIZED",
        }[action];
        const data = {data: {type}};
        setTimeout(() => type && this.dispatchEvent(new MessageEvent("message", data)));
    }
};
"""


@pytest.fixture(scope="module")
def seller(seller, dev_environment, tmp_path_factory):
    """Seller SRL, served by an Odoo with a worker for scheduled actions."""
    log = tmp_path_factory.mktemp("undo") / "odoo.log"
    server = OdooServer(dev_environment, seller.server.database, log, cron_threads=1)
    server.start()
    yield seller.through(server)
    server.stop()


@pytest.fixture
def emails(seller):
    """Addresses of two customers."""
    return [seller.address("undo") for _number in range(2)]


@pytest.fixture
def open_window(open_page, seller, emails):
    """Open the review window for an invoice to each address."""

    def opened(size="desktop", script=""):
        page = open_page(size)
        page.add_init_script(script)
        name = f"Undo {emails[0].partition('@')[0]}"
        review.post_many(seller, emails, name=name)
        page.goto(f"{seller.server.url}/odoo/customer-invoices")
        search = page.get_by_role("searchbox")
        search.fill(name)
        search.press("Enter")
        expect(page.locator(".o_data_row")).to_have_count(2)
        page.locator("thead .o_list_record_selector input").check()
        page.locator(".o_control_panel button[name]").first.click()
        expect(window(page)).to_be_visible()
        return page

    return opened


def window(page):
    """Return the review window."""
    return page.locator(".modal", has=page.locator(".o_invoice_send_review"))


def pause(page):
    """Return the countdown."""
    return page.locator(".o_invoice_send_undo")


def press_send(page):
    """Press Send and wait for the countdown."""
    window(page).get_by_role("button", name="Send", exact=True).click()
    expect(window(page)).to_have_count(0)
    expect(pause(page)).to_be_visible()


def until_sent(sink, emails, seconds):
    """Wait until each address has its mail, and no second one."""
    polling.until(lambda: all(map(sink.mails_to, emails)), "the mails", seconds)
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1]


def test_undo_brings_the_window_back_with_what_was_typed(
    open_window, seller, sink, emails
):
    with seller.company_setting(invoice_undo_seconds=LONG_PAUSE):
        page = open_window()
        cell = window(page).locator("td[name='email_to']", has_text=emails[1])
        cell.click()
        box = window(page).locator(".o_selected_row td[name='email_to'] input")
        other = seller.address("other")
        box.fill(other)
        press_send(page)
        expect(pause(page)).to_contain_text(re.compile(r"2 documents leave in \d+ s"))
        expect(pause(page).get_by_role("status")).to_contain_text("Undo and Send now")
        client_page.take_picture(page, "undo")
        pause(page).get_by_role("button", name="Undo").click()
        expect(window(page)).to_be_visible()
        expect(pause(page)).to_have_count(0)
        expect(window(page)).to_contain_text(other)
        assert not any(map(sink.mails_to, [*emails, other]))
        press_send(page)
        pause(page).get_by_role("button", name="Send now").click()
        until_sent(sink, [emails[0], other], 60)
        expect(pause(page)).to_have_count(0)
    assert sink.mails_to(emails[1]) == []


def test_end_of_the_countdown_sends_at_once(open_window, seller, sink, emails):
    with seller.company_setting(invoice_undo_seconds=SHORT_PAUSE):
        page = open_window()
        press_send(page)
        # Odoo's own workers look at their jobs once a minute
        until_sent(sink, emails, 30)
        expect(pause(page)).to_have_count(0)


def test_page_that_is_loaded_again_counts_on(open_window, seller, sink, emails):
    with seller.company_setting(invoice_undo_seconds=LONG_PAUSE):
        page = open_window()
        press_send(page)
        page.reload()
        expect(pause(page)).to_contain_text("2 documents leave in")
        pause(page).get_by_role("button", name="Undo").click()
        expect(window(page)).to_be_visible()
    assert not any(map(sink.mails_to, emails))


def test_undo_brings_the_window_back_after_the_company_was_switched(
    open_window, seller, sink, emails, other_company
):
    with seller.company_setting(invoice_undo_seconds=LONG_PAUSE):
        page = open_window()
        press_send(page)
        client_page.switch_company(page, other_company)
        expect(pause(page)).to_contain_text("2 documents leave in")
        pause(page).get_by_role("button", name="Undo").click()
        rows = window(page).locator(".o_data_row")
        expect(rows).to_have_count(2)
        expect(rows.filter(has_text=emails[1])).to_have_count(1)
        expect(page.locator(".o_error_dialog")).to_have_count(0)
        window(page).get_by_role("button", name="Discard").click()
        expect(window(page)).to_have_count(0)
    assert not any(map(sink.mails_to, emails))


def test_start_that_is_refused_is_no_error_and_the_scheduled_action_sends(
    open_window, seller, sink, emails
):
    with seller.company_setting(invoice_undo_seconds=SHORT_PAUSE):
        page = open_window()
        page.route("**/action_start", lambda route: route.fulfill(json=REFUSAL))
        with page.expect_response("**/action_start"):
            press_send(page)
        expect(pause(page)).to_have_count(0)
        until_sent(sink, emails, 90)
        expect(page.locator(".o_error_dialog")).to_have_count(0)


@pytest.fixture
def held(sink, emails):
    """The mail server takes the first mail and keeps the second one waiting."""
    hold = Hold()
    # the list has the newest first
    sink.treat(emails[0], hold_answer=hold)
    yield hold
    hold.release.set()


def test_page_loaded_again_after_send_now_offers_no_undo(
    open_window, seller, sink, emails, held
):
    with seller.company_setting(invoice_undo_seconds=LONG_PAUSE):
        page = open_window()
        press_send(page)
        pause(page).get_by_role("button", name="Send now").click()
        assert held.reached.wait(60)
        page.reload()
        expect(pause(page)).to_contain_text("1 of 2 documents done")
        expect(pause(page).get_by_role("button", name="Undo")).to_have_count(0)
        held.release.set()
        until_sent(sink, emails, 60)
        expect(pause(page)).to_have_count(0)


def test_progress_is_followed_where_the_server_can_not_tell_it(
    open_window, seller, sink, emails, held
):
    with seller.company_setting(invoice_undo_seconds=LONG_PAUSE):
        page = open_window(script=NO_WEBSOCKET)
        press_send(page)
        pause(page).get_by_role("button", name="Send now").click()
        assert held.reached.wait(60)
        expect(pause(page)).to_contain_text("1 of 2 documents done")
        held.release.set()
        until_sent(sink, emails, 60)
        expect(pause(page)).to_have_count(0)


def test_sending_does_not_need_the_page(open_window, seller, sink, emails):
    with seller.company_setting(invoice_undo_seconds=SHORT_PAUSE):
        page = open_window()
        press_send(page)
        page.close()
        until_sent(sink, emails, 90)


def test_countdown_fits_a_phone(open_window, seller):
    with seller.company_setting(invoice_undo_seconds=LONG_PAUSE):
        page = open_window()
        page.set_viewport_size(client_page.PHONE)
        window(page).get_by_role("button", name="Send", exact=True).click()
        box = pause(page).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= client_page.PHONE["width"]
        client_page.take_picture(page, "undo_phone")
        pause(page).get_by_role("button", name="Undo").click()
        expect(window(page)).to_be_visible()
