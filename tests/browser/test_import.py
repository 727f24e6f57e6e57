"""Customer invoices from a file: imported, confirmed, reviewed and sent by Ana."""

import csv
import io
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from tests.helpers import client_page, polling

#: Thirty documents are imported or confirmed.
WORK_MS = 90_000
COUNT = 30
TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
COLUMNS = (
    "partner_id",
    "invoice_date",
    "invoice_line_ids/name",
    "invoice_line_ids/quantity",
    "invoice_line_ids/price_unit",
)


@pytest.fixture
def page(user_page):
    """Ana's page."""
    return user_page


@pytest.fixture
def customers(seller):
    """Thirty customers, each with a name and an address of its own."""
    emails = [seller.address("import") for _number in range(COUNT)]
    names = {email: f"Imported {email.partition('@')[0]} SRL" for email in emails}
    for email, name in names.items():
        seller.customer(email, name)
    return names


def write_file(names):
    """Return a CSV file: an invoice of two lines for each customer."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for name in names:
        writer.writerow([name, "2026-11-20", "Consulting", 2, "100.00"])
        writer.writerow(["", "", "Travel", 1, "35.50"])
    return text.getvalue().encode()


def write_sheet(names):
    """Return the same as an XLSX file."""
    book = Workbook()
    for row in csv.reader(io.StringIO(write_file(names).decode())):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def import_file(page, seller, content, name="invoices.csv"):
    """Import a file of invoices as a user does: from the list's menu."""
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    page.locator(".o_control_panel .o_cp_action_menus .dropdown-toggle").click()
    page.locator(".o_import_menu").click()
    page.locator(".o_import_file").wait_for()
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": TYPES[Path(name).suffix], "buffer": content}
    )
    page.get_by_role("button", name="Import", exact=True).click()


def offer(page):
    """Return the notification that offers to confirm what was imported."""
    found = page.locator(".o_notification", has_text="Imported as drafts")
    expect(found).to_have_css("opacity", "1", timeout=WORK_MS)
    expect(page.locator(".o_list_view")).to_be_visible()
    return found


def imported(seller, names):
    """Return the invoices of these customers."""
    domain = [("partner_id.name", "in", list(names)), ("move_type", "=", "out_invoice")]
    return seller.user.search("account.move", domain, "state", "amount_untaxed", "name")


def all_sent(seller, sink, emails):
    """Let the scheduled action work; tell whether every client has a mail."""
    seller.run_cron()
    return all(sink.mails_to(email) for email in emails)


def test_thirty_invoices_are_imported_confirmed_and_sent(page, seller, sink, customers):
    import_file(page, seller, write_file(customers.values()))
    question = offer(page)
    client_page.take_picture(page, "import_offer")
    expect(question).to_contain_text(f"Imported as drafts: {COUNT}")
    drafts = imported(seller, customers.values())
    assert {move["state"] for move in drafts} == {"draft"}
    assert {move["amount_untaxed"] for move in drafts} == {235.5}
    question.get_by_role("button", name="Confirm and send").click()
    window = page.locator(".modal")
    expect(window.locator(".o_data_row")).to_have_count(COUNT, timeout=WORK_MS)
    client_page.take_picture(page, "import_review")
    posted = imported(seller, customers.values())
    assert {move["state"] for move in posted} == {"posted"}
    assert not any(sink.mails_to(email) for email in customers)
    window.locator("footer button[name=action_send_and_print]").click()
    expect(window).to_have_count(0, timeout=WORK_MS)
    client_page.take_picture(page, "import_after")
    polling.until(lambda: all_sent(seller, sink, customers), "30 mails", WORK_MS / 1000)
    assert [len(sink.mails_to(email)) for email in customers] == [1] * COUNT
    numbers = {move["name"] for move in posted}
    subjects = " ".join(sink.mail_to(email).message["Subject"] for email in customers)
    assert len(numbers) == COUNT
    assert all(number in subjects for number in numbers)


def test_invoice_that_cannot_be_confirmed_is_named_and_the_rest_is_reviewed(
    page, seller, sink, customers
):
    names = list(customers.values())[:3]
    content = write_file(names).replace(b"2,100.00", b"2,-100.00", 1)
    import_file(page, seller, content)
    offer(page).get_by_role("button", name="Confirm and send").click()
    problems = page.locator(".o_notification", has_text="could not be confirmed")
    expect(problems).to_contain_text("1 of 3 documents", timeout=WORK_MS)
    expect(problems).to_contain_text(names[0])
    expect(problems).to_contain_text("negative total amount")
    rows = page.locator(".modal .o_data_row")
    expect(rows).to_have_count(3)
    client_page.take_picture(page, "import_problems")
    expect(rows.filter(has_text=names[0])).to_contain_text("draft: confirm it first")
    states = [move["state"] for move in imported(seller, names)]
    assert states == ["draft", "posted", "posted"]
    assert not any(sink.mails_to(email) for email in customers)


@pytest.mark.parametrize(
    ("name", "write"), [("one.csv", write_file), ("one.xlsx", write_sheet)]
)
def test_one_invoice_opens_the_window_of_one_document(
    page, seller, sink, customers, name, write
):
    [email, *_others] = customers
    import_file(page, seller, write([customers[email]]), name)
    offer(page).get_by_role("button", name="Confirm and send").click()
    window = page.locator(".modal", has=page.locator(".o_invoice_send_window"))
    expect(window).to_contain_text(customers[email], timeout=WORK_MS)
    window.get_by_role("button", name="Send", exact=True).click()
    expect(window).to_have_count(0, timeout=WORK_MS)
    assert len(sink.mails_to(email)) == 1
