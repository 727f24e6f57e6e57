"""The send window of one document, by mouse and by keyboard, as Ana Pop uses it."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page

LETTER = "invoice_send_client.letter_%s_invoice"


@pytest.fixture(scope="module")
def letter(seller):
    """The letters of invoices, in English and in Romanian, until these tests end."""
    admin = seller.admin
    wizard = admin.make(
        "base.language.install",
        {"lang_ids": [(6, 0, [_language(admin, "ro_RO")])], "overwrite": False},
    )
    admin.call("base.language.install", "lang_install", [wizard])
    texts = {
        "en": ("Invoice {{ object.name }}", "<p>Dear <b>client</b>,</p>"),
        "ro": ("Factura {{ object.name }}", "<p>Stimate <b>client</b>,</p>"),
    }
    shipped = []
    for code, (subject, body) in texts.items():
        letter_id = admin.ref(LETTER % code)
        names = ["subject", "body_html"]
        shipped += admin.call("invoice.send.template", "read", [letter_id], names)
        values = {"subject": subject, "body_html": body}
        admin.change("invoice.send.template", letter_id, values)
    yield
    for values in shipped:
        admin.change("invoice.send.template", values.pop("id"), values)


def _language(admin, code):
    [found] = admin.call(
        "res.lang",
        "search",
        [("code", "=", code)],
        context={"active_test": False},
    )
    return found


@pytest.fixture
def address(seller):
    """An address of this test alone."""
    return seller.address("client")


@pytest.fixture
def move_id(seller, address, letter):
    """An invoice for that address."""
    return seller.invoice(address)


@pytest.fixture
def open_window(open_page, seller, move_id):
    """Open the invoice and press Send."""

    def opened(size="desktop"):
        page = open_page(size)
        page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
        _press_send_button(page)
        return Window(page)

    return opened


def _press_send_button(page):
    page.locator(".o_form_view .o_form_sheet").wait_for()
    button = page.locator("button[name='action_invoice_sent']:visible").first
    more = page.locator(
        ".o_statusbar_buttons .dropdown-toggle, .o_statusbar_buttons + button"
    )
    button.or_(more.first).first.wait_for()
    if not button.is_visible():
        more.first.click()
    button.click()


class Window:
    """The dialog, by what a user reads on it."""

    def __init__(self, page):
        self.page = page
        self.dialog = page.locator(".modal", has=page.locator(".o_invoice_send_window"))
        self.text = self.dialog.locator("[name='body'] .odoo-editor-editable")
        expect(self.text).to_contain_text("client")
        self.subject = self.dialog.get_by_label("Subject")
        self.question = self.dialog.get_by_role("alert").filter(has_text="Replace")
        self.problems = self.dialog.locator(".o_field_invoice_send_problems")

    def line(self, name):
        """Return the input of an address line: To, CC or BCC."""
        return self.dialog.get_by_label(re.compile(rf"^{name}\b")).first

    def choose_language(self, name):
        """Choose the language of the letter."""
        self.dialog.get_by_label("Language").click()
        self.page.get_by_role("menuitem", name=name).or_(
            self.page.locator(".o_select_menu_item", has_text=name)
        ).first.click()

    def add_file(self, name, content):
        """Add a file from the user's computer."""
        with self.page.expect_file_chooser() as chooser:
            self.dialog.get_by_role("button", name="Add").click()
        chooser.value.set_files(
            {"name": name, "mimeType": "text/plain", "buffer": content}
        )
        expect(self.dialog.get_by_text(name, exact=True)).to_be_visible()

    def press(self, name):
        """Press a button of the window."""
        self.dialog.get_by_role("button", name=name, exact=True).click()

    def expect_closed(self):
        """Wait until the window is gone."""
        expect(self.dialog).to_have_count(0)


def test_window_shows_who_writes_to_whom_and_what(
    open_window, seller, move_id, address
):
    window = open_window()
    name = seller.move(move_id)["name"]
    expect(window.dialog.locator(".modal-title")).to_have_text(
        f"Send to client: {name} - Alfa SRL"
    )
    expect(window.dialog.get_by_label(re.compile("^From"))).to_have_value("Ana Pop")
    expect(window.dialog).to_contain_text("invoices@seller.example")
    expect(window.line("To")).to_have_value(f"Alfa SRL <{address}>")
    expect(window.line("CC")).to_have_value("")
    expect(window.subject).to_have_value(f"Invoice {name}")
    expect(window.dialog).to_contain_text("View document")
    file = f"Attach {name.replace('/', '_')}.pdf"
    expect(window.dialog.get_by_label(file)).not_to_be_checked()
    expect(window.dialog).to_contain_text(re.compile(r"size 0\.\d of 10 MB"))


@pytest.mark.parametrize("size", client_page.SIZES)
def test_panes_stand_beside_each_other_or_below_on_a_phone(open_window, size):
    window = open_window(size)
    left = window.dialog.locator("[name='recipients']").bounding_box()
    right = window.dialog.locator("[name='letter']").bounding_box()
    if size == "phone":
        assert right["y"] >= left["y"] + left["height"]
        assert right["width"] <= 390
    else:
        assert right["x"] >= left["x"] + left["width"]
        assert abs(right["y"] - left["y"]) < 2
    wide = "e => e.scrollWidth > e.clientWidth + 1"
    assert not window.dialog.locator(".modal-body").evaluate(wide)


def test_discarded_window_leaves_nothing(open_window, seller, move_id):
    before = seller.admin.count("res.partner"), seller.admin.count("mail.message")
    window = open_window()
    window.line("To").fill("somebody.new@client.example")
    window.press("Discard")
    window.expect_closed()
    after = seller.admin.count("res.partner"), seller.admin.count("mail.message")
    assert before == after
    assert seller.deliveries(move_id) == []


def test_language_changes_the_letter_that_nobody_touched(open_window):
    window = open_window()
    window.text.click()
    window.page.keyboard.press("End")
    window.choose_language("Romanian")
    expect(window.text).to_contain_text("Stimate")
    expect(window.subject).to_have_value(re.compile("^Factura"))
    expect(window.question).to_have_count(0)


def test_no_video_gets_into_a_letter(open_window):
    window = open_window()
    window.text.click()
    window.page.keyboard.press("Control+End")
    window.page.keyboard.type("/media")
    offers = window.page.locator(".o-we-powerbox .o-we-command")
    expect(offers.filter(has_text="Insert image or icon")).to_have_count(1)
    expect(offers.filter(has_text="ideo")).to_have_count(0)


def test_typed_text_is_kept_until_the_user_gives_it_up(open_window):
    window = open_window()
    window.text.click()
    window.page.keyboard.press("Control+Home")
    window.page.keyboard.type("Good morning! ")
    window.choose_language("Romanian")
    expect(window.question).to_contain_text("Romanian")
    expect(window.text).to_contain_text("Good morning!")
    expect(window.subject).to_have_value(re.compile("^Factura"))
    window.question.get_by_role("button").click()
    expect(window.text).to_contain_text("Stimate")
    expect(window.text).not_to_contain_text("Good morning!")
    expect(window.question).to_have_count(0)


def test_wrong_address_is_named_on_leaving_the_field_and_nothing_leaves(
    open_window, seller, move_id, sink, address
):
    window = open_window()
    window.line("CC").fill("good@client.example, bad@")
    window.page.keyboard.press("Tab")
    words = "This is no e-mail address: bad@"
    expect(window.dialog.get_by_role("alert").filter(has_text=words)).to_be_visible()
    window.press("Send")
    expect(window.page.get_by_role("dialog").last).to_contain_text("was not sent")
    assert sink.mails_to(address) == []
    assert seller.deliveries(move_id) == []


def test_refused_one_is_corrected_and_nobody_gets_it_twice(
    open_window, seller, sink, address
):
    wrong, right = seller.address("wrong"), seller.address("right")
    sink.treat(wrong, rcpt="550 5.1.1 No such user here")
    window = open_window()
    window.line("To").fill(f"{address}; {wrong}")
    window.text.click()
    window.page.keyboard.press("Control+Home")
    window.page.keyboard.type("Good morning! ")
    window.press("Send")
    expect(window.problems).to_contain_text(wrong)
    expect(window.problems).to_contain_text("No such user here")
    expect(window.line("To")).to_have_value(f"{address}; {wrong}")
    expect(window.text).to_contain_text("Good morning!")
    left_out = window.dialog.get_by_label(re.compile("^Leave out who got it"))
    expect(left_out).to_be_checked()
    window.line("To").fill(f"{address}; {right}")
    window.press("Send")
    window.expect_closed()
    assert len(sink.mails_to(address)) == 1
    assert "Good morning!" in sink.mail_to(right).html


def test_file_and_document_leave_with_the_mail(
    open_window, seller, move_id, sink, address
):
    window = open_window()
    name = seller.move(move_id)["name"].replace("/", "_") + ".pdf"
    window.dialog.get_by_label(f"Attach {name}").check()
    window.add_file("terms.txt", b"our terms")
    window.press("Send")
    window.expect_closed()
    files = sink.mail_to(address).files
    assert set(files) == {name, "terms.txt"}
    assert files["terms.txt"] == b"our terms"


def test_file_taken_out_again_stays_here(open_window, sink, address):
    window = open_window()
    window.add_file("terms.txt", b"our terms")
    window.press("Remove terms.txt")
    window.press("Send")
    window.expect_closed()
    assert sink.mail_to(address).files == {}


def test_test_goes_to_the_user_and_the_window_stays(
    open_window, seller, sink, address, move_id
):
    window = open_window()
    window.subject.fill("Look at this")
    window.press("Send a test to me")
    told = window.page.locator(".o_notification", has_text="took the test")
    expect(told).to_be_visible()
    [mail] = sink.mails_to("ana.pop@seller.example")[-1:]
    assert mail.message["Subject"] == "[Test] Look at this"
    assert "/invoice/d/" not in mail.html
    expect(window.subject).to_have_value("Look at this")
    assert sink.mails_to(address) == []
    assert seller.deliveries(move_id) == []


def test_second_window_knows_of_the_first_sending(
    open_window, seller, move_id, address
):
    seller.send(move_id)
    window = open_window()
    warning = window.dialog.get_by_role("alert").filter(has_text="Sent on")
    expect(warning).to_contain_text(address)


def test_address_that_came_back_before_is_named_beside_it(
    open_window, seller, move_id, address
):
    seller.send(move_id)
    seller.sql(
        "UPDATE invoice_delivery SET state = 'bounce' WHERE move_id = %s", move_id
    )
    window = open_window()
    words = f"Mail to {address} came back before."
    warning = window.dialog.get_by_role("alert").filter(has_text=words)
    expect(warning).to_be_visible()
    client_page.take_picture(window.page, "send_window_bounced")
    window.line("To").fill("other@client.example")
    window.page.keyboard.press("Tab")
    expect(warning).to_have_count(0)


def test_window_opened_before_another_sending_is_refused(
    open_window, seller, move_id, sink, address
):
    window = open_window()
    seller.send(move_id)
    window.press("Send")
    expect(window.page.get_by_role("dialog").last).to_contain_text("while this window")
    assert len(sink.mails_to(address)) == 1


def test_letter_is_configured_in_a_tab_of_its_own(open_window, letter):
    window = open_window()
    window.subject.fill("Mine")
    with window.page.expect_popup() as popup:
        window.dialog.get_by_role("link", name="Configure e-mail").click()
    expect(popup.value.get_by_text("Invoice, English").first).to_be_visible()
    expect(window.subject).to_have_value("Mine")


def test_whole_window_by_keyboard(open_window, seller, move_id, sink, address):
    window = open_window()
    keyboard = window.page.keyboard
    focused = "() => document.activeElement.closest('[name]')?.getAttribute('name')"
    window.dialog.get_by_label("by Email").focus()
    order = []
    for _step in range(30):
        name = window.page.evaluate(focused)
        if name not in order:
            order.append(name)
        if name == "email_cc":
            keyboard.type("copy@client.example")
        if name == "action_send_and_print":
            break
        keyboard.press("Tab")
    wanted = ["email_from_name", "email_to", "email_cc", "email_bcc", "document_mode"]
    wanted += ["mail_attachments_widget", "subject", "body", "template_id"]
    wanted += ["action_send_and_print"]
    assert [name for name in order if name in wanted] == wanted
    keyboard.press("Alt+q")
    window.expect_closed()
    assert [delivery["email"] for delivery in seller.deliveries(move_id)] == [
        address,
        "copy@client.example",
    ]
    assert len(sink.mails_to(address)) == 1
