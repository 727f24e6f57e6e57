"""What the sender sees of his runs: the tray and the page of a run (R26, B4, B17)."""

import contextlib
import io
import re
import threading
import zipfile

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page, review
from tests.helpers.review import Review
from tests.helpers.rpc import REFUSAL
from tests.helpers.smtp_sink import Hold

REFUSED = "550 5.1.1 No such user here"


@pytest.fixture
def page(open_page, seller):
    """A page of the width of a desktop that shows the list of invoices."""
    seller.user.call("invoice.send.run", "mark_my_messages_seen", all_failures(seller))
    shown = open_page()
    shown.goto(f"{seller.server.url}/odoo/customer-invoices")
    expect(tray(shown)).to_be_visible()
    return shown


def all_failures(seller):
    """Return what other tests of this session left in the tray."""
    domain = [("is_unseen", "=", True)]
    return seller.user.call("invoice.delivery", "search", domain)


def tray(page):
    """Return the tray's button."""
    return page.locator(".o_invoice_send_tray")


def count(page):
    """Return the number of failures not looked at, beside the tray's icon."""
    return tray(page).locator(".o_invoice_send_tray_count")


def open_tray(page):
    """Open the tray and return its menu."""
    tray(page).click()
    menu = page.locator(".o_invoice_send_messages")
    expect(menu).to_be_visible()
    return menu


def write_run(seller, emails):
    """Press Send for an invoice to each address; the scheduled action does not run.

    :return: the run's id
    """
    window = Review(seller, review.post_many(seller, emails))
    window.press_send()
    [run_id, _name] = seller.user.fetch(review.WINDOW, window.id, "run_id")["run_id"]
    return run_id


def send_many(seller, sink, good, bad):
    """Send invoices of which some are refused.

    :param good: how many are taken
    :param bad: how many are refused
    :return: the run's id and the refused addresses
    """
    refused = [seller.address("refused") for _number in range(bad)]
    for email in refused:
        sink.treat(email, rcpt=REFUSED)
    taken = [seller.address("taken") for _number in range(good)]
    run_id = write_run(seller, refused + taken)
    seller.run_cron()
    return run_id, refused


@contextlib.contextmanager
def cron_at_work(seller):
    """Let the scheduled action work beside the block, until it has ended."""
    thread = threading.Thread(target=seller.run_cron)
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive()


def show_run(page, seller, run_id):
    """Open the page of a run."""
    page.goto(f"{seller.server.url}/odoo/my-invoice-messages/{run_id}")
    summary = page.locator(".o_invoice_send_run_summary")
    expect(summary).to_be_visible()
    return summary


def test_refusal_is_counted_in_the_tray_until_it_was_looked_at(
    page, open_page, seller, sink
):
    expect(count(page)).to_have_count(0)
    run_id, [email] = send_many(seller, sink, 2, 1)
    expect(count(page)).to_have_text("1")
    menu = open_tray(page)
    told = menu.locator(f"[data-run='{run_id}']")
    expect(told).to_contain_text("3 documents: 1 not sent, 2 sent")
    failure = told.locator(f"[data-email='{email}']")
    expect(failure).to_contain_text(REFUSED)
    expect(failure).to_contain_text("no such mailbox")
    client_page.take_picture(page, "tray")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(count(page)).to_have_count(0)
    again = open_page()
    again.goto(page.url)
    expect(tray(again)).to_be_visible()
    expect(count(again)).to_have_count(0)


@pytest.fixture
def contact_keeper(seller):
    """Ana Pop may write customers' cards as well."""
    group = seller.admin.ref("base.group_partner_manager")
    user_id = seller.user.uid
    seller.admin.change("res.users", user_id, {"group_ids": [(4, group)]})
    yield
    seller.admin.change("res.users", user_id, {"group_ids": [(3, group)]})


@pytest.mark.usefixtures("contact_keeper")
def test_corrected_address_leaves_and_is_saved_on_the_customer(page, seller, sink):
    run_id, [email] = send_many(seller, sink, 1, 1)
    menu = open_tray(page)
    failure = menu.locator(f"[data-email='{email}']")
    failure.get_by_role("button", name="Correct address").click()
    dialog = page.get_by_role("dialog")
    new = seller.address("corrected")
    dialog.get_by_label("New address").fill(new)
    expect(dialog.get_by_label("Save on customer")).to_be_checked()
    dialog.get_by_role("button", name="Send to this address").click()
    expect(dialog).to_have_count(0)
    seller.run_cron()
    assert len(sink.mails_to(new)) == 1
    assert sink.mails_to(email) == []
    assert seller.user.count("res.partner", [("email", "=", new)]) == 1
    told = open_tray(page).locator(f"[data-run='{run_id}']")
    expect(told).to_contain_text("2 documents: 2 sent")


def test_failed_one_is_sent_again_from_the_tray(page, seller, sink):
    run_id, [email] = send_many(seller, sink, 1, 1)
    sink.treat(email)
    menu = open_tray(page)
    failure = menu.locator(f"[data-email='{email}']")
    failure.get_by_role("button", name="Resend").click()
    told = menu.locator(f"[data-run='{run_id}']")
    expect(told).to_contain_text("1 waiting, 1 sent")
    seller.run_cron()
    expect(told).to_contain_text("2 documents: 2 sent")
    assert len(sink.mails_to(email)) == 1


def test_button_of_the_tray_asks_in_the_users_language(page, seller, sink):
    _run_id, [email] = send_many(seller, sink, 1, 1)
    failure = open_tray(page).locator(f"[data-email='{email}']")
    with page.expect_request("**/action_correct_address") as asked:
        failure.get_by_role("button", name="Correct address").click()
    context = asked.value.post_data_json["params"]["kwargs"]["context"]
    assert (context["lang"], context["uid"]) == ("en_US", seller.user.uid)
    assert context["allowed_company_ids"] == [seller.company_id]


def test_failure_of_a_company_that_is_switched_off_is_told_and_corrected(
    page, seller, sink, other_company
):
    _run_id, [email] = send_many(seller, sink, 1, 1)
    sink.treat(email)
    client_page.switch_company(page, other_company)
    expect(count(page)).to_have_text("1")
    failure = open_tray(page).locator(f"[data-email='{email}']")
    failure.get_by_role("button", name="Correct address").click()
    dialog = page.get_by_role("dialog")
    new = seller.address("corrected")
    dialog.get_by_label("New address").fill(new)
    dialog.get_by_role("button", name="Send to this address").click()
    expect(dialog).to_have_count(0)
    seller.run_cron()
    assert len(sink.mails_to(new)) == 1


def test_all_failed_are_sent_again_by_one_button(page, seller, sink):
    run_id, refused = send_many(seller, sink, 1, 2)
    for email in refused:
        sink.treat(email)
    told = open_tray(page).locator(f"[data-run='{run_id}']")
    told.get_by_role("button", name="Retry the failed").click()
    question = page.locator(".modal")
    question.get_by_role("button", name="Send again").click()
    expect(question).to_have_count(0)
    seller.run_cron()
    assert [len(sink.mails_to(email)) for email in refused] == [1, 1]


def test_progress_moves_in_tray_and_page_without_reloading(open_page, seller, sink):
    holds = [Hold(), Hold()]
    emails = [seller.address("slow") for _number in range(3)]
    for email, hold in zip(emails[1:], holds, strict=False):
        sink.treat(email, hold_answer=hold)
    run_id = write_run(seller, emails)
    page = open_page()
    summary = show_run(page, seller, run_id)
    expect(summary).to_contain_text("3 documents: 3 waiting")
    page.evaluate("window.isTheSamePage = true")
    export = page.get_by_role("button", name="Export")
    export.focus()
    with cron_at_work(seller):
        try:
            assert holds[0].reached.wait(30)
            expect(summary).to_contain_text("3 documents: 2 waiting, 1 sent")
            expect(tray(page)).to_contain_text("1/3")
            client_page.take_picture(page, "run_at_work")
            holds[0].release.set()
            assert holds[1].reached.wait(30)
            expect(summary).to_contain_text("3 documents: 1 waiting, 2 sent")
            expect(tray(page)).to_contain_text("2/3")
        finally:
            for hold in holds:
                hold.release.set()
    expect(summary).to_contain_text("3 documents: 3 sent")
    expect(tray(page)).not_to_contain_text("/3")
    expect(export).to_be_focused()
    assert page.evaluate("window.isTheSamePage")
    told = page.locator(".o_notification", has_text="3 sent")
    expect(told).to_have_count(1)


def test_reader_of_a_run_at_work_finds_his_list_as_he_sorted_it(
    open_page, seller, sink
):
    holds = [Hold(), Hold()]
    emails = [seller.address("sorted") for _number in range(4)]
    for email, hold in zip(emails[1:], holds, strict=False):
        sink.treat(email, hold_answer=hold)
    page = open_page()
    summary = show_run(page, seller, write_run(seller, emails))
    waiting = page.locator(".o_field_widget[name='waiting_delivery_ids']")
    rows = waiting.locator(".o_data_row")
    expect(rows.first).to_contain_text(emails[0])
    for first in (emails[0], emails[3]):  # from A to Z, from Z to A
        waiting.locator("th[data-name='move_id']").click()
        expect(rows.first).to_contain_text(first)
    with cron_at_work(seller):
        try:
            for sent, hold in enumerate(holds, start=1):
                assert hold.reached.wait(30)
                expect(summary).to_contain_text(f"{4 - sent} waiting, {sent} sent")
                expect(rows).to_have_count(4 - sent)
                page.wait_for_timeout(500)
                expect(rows.first).to_contain_text(emails[3])
                hold.release.set()
        finally:
            for hold in holds:
                hold.release.set()
    expect(summary).to_contain_text("4 documents: 4 sent")


def test_ticked_runs_stay_ticked_while_another_one_works(page, seller, sink):
    send_many(seller, sink, 2, 0)
    page.goto(f"{seller.server.url}/odoo/my-invoice-messages")
    tick = page.locator(".o_data_row").first.get_by_role("checkbox")
    tick.check()
    send_many(seller, sink, 2, 0)
    page.wait_for_timeout(3_000)
    expect(tick).to_be_checked()


def test_failing_look_at_the_runs_is_no_error_and_not_repeated(open_page, seller, sink):
    run_id = write_run(seller, [seller.address("unasked") for _number in range(2)])
    page = open_page()
    asked = client_page.hold_calls(page, "get_my_messages")
    with page.expect_request("**/get_my_messages"):
        show_run(page, seller, run_id)
        page.wait_for_timeout(11_000)  # the service asks every ten seconds
    asked[0].fulfill(json=REFUSAL)
    page.wait_for_timeout(11_000)
    expect(page.locator(".o_error_dialog")).to_have_count(0)
    assert len(asked) == 1
    seller.run_cron()


def test_paging_from_run_to_run_looks_at_each(page, seller, sink):
    for _number in range(2):
        send_many(seller, sink, 1, 1)
    expect(count(page)).to_have_text("2")
    page.goto(f"{seller.server.url}/odoo/my-invoice-messages")
    page.locator(".o_data_row").first.get_by_text("1 not sent").click()
    expect(count(page)).to_have_text("1")
    page.locator(".o_control_panel .o_pager_next").click()
    expect(count(page)).to_have_count(0)


def test_end_is_told_with_what_did_not_go_first_and_opens_the_run(page, seller, sink):
    # figures of no other run: the bus tells a page just opened of those before too
    _run_id, refused = send_many(seller, sink, 3, 2)
    told = page.locator(".o_notification", has_text="2 not sent, 3 sent")
    told.get_by_role("button", name="Open").click()
    summary = page.locator(".o_invoice_send_run_summary")
    expect(summary).to_contain_text("5 documents: 2 not sent, 3 sent")
    failed = page.locator(".o_field_widget[name='failed_delivery_ids'] .o_data_row")
    expect(failed).to_have_count(2)
    for email in refused:
        row = failed.filter(has_text=email)
        for words in (REFUSED, "no such mailbox"):
            expect(row).to_contain_text(words)
    expect(count(page)).to_have_count(0)
    client_page.take_picture(page, "run")


def test_address_is_corrected_on_the_page_of_a_run(page, seller, sink):
    run_id, [email] = send_many(seller, sink, 1, 1)
    summary = show_run(page, seller, run_id)
    row = page.locator(".o_data_row", has_text=email)
    row.get_by_role("button", name="Correct address").click()
    dialog = page.get_by_role("dialog")
    new = seller.address("corrected")
    dialog.get_by_label("New address").fill(new)
    dialog.get_by_role("button", name="Send to this address").click()
    expect(summary).to_contain_text("1 waiting, 1 sent")
    seller.run_cron()
    expect(summary).to_contain_text("2 documents: 2 sent")
    assert len(sink.mails_to(new)) == 1


def test_waiting_are_cancelled_on_the_page_of_a_run(page, seller, sink):
    emails = [seller.address("withdrawn") for _number in range(2)]
    run_id = write_run(seller, emails)
    summary = show_run(page, seller, run_id)
    page.get_by_role("button", name="Cancel what waits").click()
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(summary).to_contain_text("2 documents: 2 left out")
    seller.run_cron()
    assert not any(sink.mails_to(email) for email in emails)


def test_export_is_a_table_whose_texts_are_no_formulas(page, seller, sink):
    email = seller.address("formula")
    sink.treat(email, rcpt="550 {=HYPERLINK(1)}")
    run_id = write_run(seller, [email, seller.address("taken")])
    seller.run_cron()
    show_run(page, seller, run_id)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as table:
        cells = table.read("xl/worksheets/sheet1.xml").decode()
        texts = table.read("xl/sharedStrings.xml").decode()
    assert email in texts
    assert "{=HYPERLINK(1)}" in texts
    assert "<f>" not in cells


def test_my_messages_are_listed_newest_first(page, seller, sink):
    run_id, _refused = send_many(seller, sink, 1, 1)
    page.goto(f"{seller.server.url}/odoo/my-invoice-messages")
    first = page.locator(".o_data_row").first
    expect(first).to_contain_text("2 documents: 1 not sent, 1 sent")
    client_page.take_picture(page, "list")
    first.get_by_text("1 not sent").click()
    expect(page).to_have_url(re.compile(f"/{run_id}$"))


def test_tray_and_page_fit_a_phone(open_page, seller, sink):
    run_id, [email] = send_many(seller, sink, 1, 1)
    page = open_page("phone")
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    menu = open_tray(page)
    button = menu.locator(f"[data-email='{email}']").get_by_role(
        "button", name="Correct address"
    )
    width = client_page.PHONE["width"]
    for box in (menu.bounding_box(), button.bounding_box()):
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    client_page.take_picture(page, "tray_phone")
    summary = show_run(page, seller, run_id)
    box = summary.bounding_box()
    assert box["x"] + box["width"] <= width
    card = page.locator(".o_kanban_record", has_text=email)
    card.get_by_role("button", name="Correct address").scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    client_page.take_picture(page, "run_phone")
