"""The sender's screens at the width of a desktop and of a phone, light and dark (B27).

Each is opened as its user opens it. axe-core looks only at what this addon puts there:
its own widgets, and of views that are its own the content, without Odoo's bars around
it. What Odoo's own widgets lack inside those views stands in ``NATIVE``, with the rule
and what marks the spot: a test of its own finds the same on screens of Odoo's, less
what ``UNSHOWN`` names.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.helpers import look
from tests.helpers.gallery import Gallery
from tests.helpers.look import Screen

ACTION = "/odoo/action-invoice_send_client."
VIEW = ".o_action .o_content"
DIALOG = ".modal-content"
#: An icon of some document's state, in the list or on a card.
LISTED = ".o_invoice_delivery_state [data-icon]"

#: What Odoo's own widgets lack wherever they stand: rule, and what the spot's HTML has.
NATIVE = {
    "menu of choices": ("aria-allowed-attr", '^<div class="w-100 d-flex .*o-dropdown '),
    "its input": ("autocomplete-valid", 'autocomplete="selectMenuAutocompleteOff"'),
    "search bar": ("aria-allowed-attr", '^<div class="o_searchview '),
    "search input": ("aria-allowed-attr", 'class="o_searchview_input '),
    "search button of a phone": ("button-name", "fa fa-fw fa-search"),
    "search icon": ("role-img-alt", "o_searchview_icon"),
    "optional columns": ("button-name", "o_optional_columns_dropdown_toggle"),
    "tick of a row": ("label", 'class="form-check-input" id="checkbox-comp-'),
    "tabs": ("aria-required-parent", 'class="nav-link.* role="tab"'),
    "pivot that scrolls": ("scrollable-region-focusable", '^<div class="o_pivot '),
    "cell that is edited": ("label", '^<input (class="o_input"|type="text" autoc).*'),
}
#: Of them those for which no screen without ours is opened.
UNSHOWN = {
    "menu of choices",
    "its input",
    "search button of a phone",
    "cell that is edited",
    "pivot that scrolls",
}
#: What is paler than it should be on every form of Odoo's: the number of a stat button.
NATIVE_PALE = 'class="o_stat_info o_stat_value"'
#: A file of one invoice.
IMPORTED = (
    b"partner_id,invoice_date,invoice_line_ids/name,invoice_line_ids/price_unit\n"
    b"Beta OOD,2026-11-20,Travel,35.50\n"
)


def show(page: Page, gallery: Gallery, path: str, wanted: str) -> None:
    """Open an address and wait for what it shows."""
    page.goto(gallery.url + path)
    page.locator(wanted).first.wait_for()


def show_list(page, gallery):
    """The list of invoices, one of them ticked; on a phone Odoo shows cards."""
    show(page, gallery, "/odoo/customer-invoices", LISTED)
    ticks = page.locator(".o_data_row .o_list_record_selector input")
    if ticks.count():
        ticks.first.check()
        page.locator(".o_control_panel [name=action_open_send_window]").wait_for()
    return (
        ".o_invoice_delivery_state",
        ".o_invoice_send_row",
        "[name=action_open_send_window]",
    )


def show_form(page, gallery, shown):
    """An invoice, its panel open."""
    show(page, gallery, f"/odoo/customer-invoices/{shown.id}", ".o_form_sheet")
    page.get_by_role("tab", name="Client", exact=True).click()
    page.locator(".o_invoice_delivery_recipient").first.wait_for()
    return (".o_invoice_delivery_ribbon", "[name=invoice_delivery_panel]")


def show_problem(page, gallery):
    """An invoice of which one recipient was refused."""
    return show_form(page, gallery, gallery.problem)


def show_accepted(page, gallery):
    """An invoice that the client accepted."""
    return show_form(page, gallery, gallery.accepted)


def press_send(page):
    """Press Send on an invoice; a phone may fold the buttons."""
    button = page.locator("button[name='action_invoice_sent']:visible").first
    more = page.locator(".o_statusbar_buttons .dropdown-toggle").or_(
        page.locator(".o_statusbar_buttons + button")
    )
    button.or_(more.first).first.wait_for()
    if not button.is_visible():
        more.first.click()
    button.click()
    letter = page.locator(".o_invoice_send_window [name='body']")
    expect(letter).to_contain_text("Dear")


def show_window(page, gallery):
    """The send window of one document."""
    show(page, gallery, f"/odoo/customer-invoices/{gallery.unsent}", ".o_form_sheet")
    press_send(page)
    return (DIALOG,)


def show_warnings(page, gallery):
    """The same of a document that was sent before, with a wrong address in it."""
    page.goto(f"{gallery.url}/odoo/customer-invoices/{gallery.problem.id}")
    page.locator(".o_form_sheet").wait_for()
    press_send(page)
    box = page.locator(".o_invoice_send_window [name='email_cc'] textarea")
    box.fill("good@client.example, bad@")
    page.keyboard.press("Tab")
    expect(page.locator(DIALOG)).to_contain_text("This is no e-mail address")
    return (DIALOG,)


def open_review(page, gallery, move_ids):
    """Open the review window of some documents."""
    show(page, gallery, "/odoo/customer-invoices", LISTED)
    look.open_review(page, gallery, move_ids)


def show_review(page, gallery):
    """The review window of many documents, some of which can't be sent."""
    open_review(page, gallery, gallery.review_ids)
    return (DIALOG,)


def show_review_options(page, gallery):
    """The same with what is set for all; a phone keeps it behind a button."""
    open_review(page, gallery, gallery.review_ids)
    more = page.locator(".o_invoice_send_review_more")
    if more.is_visible():
        more.click()
    page.locator("[name=set_email_bcc] input").fill("copy@seller.example")
    row = page.locator(".o_invoice_send_review .o_data_row").first
    row.locator("td[name=email_to]").click()
    row.locator("td[name=email_to] input").wait_for()
    return (DIALOG,)


def show_review_row(page, gallery):
    """A row of it, opened."""
    open_review(page, gallery, gallery.review_ids)
    row = page.locator(".o_invoice_send_review .o_data_row", has_text="Theta")
    row.get_by_role("button", name=re.compile("^Open")).click()
    letter = page.locator(".o_invoice_send_window [name='body']")
    expect(letter).to_contain_text("Dear")
    return (".modal-content:has(.o_invoice_send_window)",)


def show_undo(page, gallery):
    """The bar that counts the undo pause down."""
    with gallery.seller.company_setting(invoice_undo_seconds=120):
        open_review(page, gallery, gallery.draw(2))
        dialog = page.locator(".modal", has=page.locator(".o_invoice_send_review"))
        dialog.get_by_role("button", name="Send", exact=True).click()
        page.locator(".o_invoice_send_undo").wait_for()
    return (".o_invoice_send_undos",)


def show_offer(page, gallery):
    """What is offered after an import."""
    show(page, gallery, "/odoo/customer-invoices", LISTED)
    action = {
        "type": "ir.actions.client",
        "tag": "import",
        "params": {
            "active_model": "account.move",
            "context": {"default_move_type": "out_invoice"},
        },
    }
    look.do_action(page, action)
    file = {"name": "invoices.csv", "mimeType": "text/csv", "buffer": IMPORTED}
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()
    offer = page.locator(".o_notification", has_text="Imported as drafts")
    expect(offer).to_have_css("opacity", "1")
    return (".o_notification",)


def show_correct_address(page, gallery):
    """The window that corrects an address."""
    show_form(page, gallery, gallery.problem)
    page.get_by_role("button", name="Correct address").click()
    page.get_by_role("dialog").get_by_label("New address").wait_for()
    return (DIALOG,)


def get_customer(gallery):
    """Return the id of the viewed document's customer."""
    return gallery.seller.user.fetch("account.move", gallery.viewed.id, "partner_id")[
        "partner_id"
    ][0]


def show_erase(page, gallery):
    """The window that erases what was recorded of a client."""
    show(page, gallery, "/odoo/customer-invoices", LISTED)
    partner = get_customer(gallery)
    action = gallery.seller.admin.call(
        "res.partner", "action_erase_invoice_tracking", [partner]
    )
    look.do_action(page, action)
    page.get_by_role("button", name="Erase").wait_for()
    return (DIALOG,)


def show_bill(page, gallery):
    """A bill that another company sent."""
    path = f"{ACTION}action_received_documents/{gallery.received_id}"
    show(page, gallery, path, ".o_invoice_received")
    return (".o_invoice_received",)


def show_bills(page, gallery):
    """The list of such bills."""
    show(page, gallery, f"{ACTION}action_received_documents", VIEW)
    page.get_by_text("Seller SRL").first.wait_for()
    return (".o_list_view",)


def show_return(page, gallery):
    """The window that returns such a bill."""
    show_bill(page, gallery)
    page.locator(".o_invoice_received").get_by_role("button", name="Return…").click()
    page.get_by_role("dialog").get_by_role("textbox").wait_for()
    return (DIALOG,)


def show_messages(page, gallery):
    """My messages."""
    show(page, gallery, "/odoo/my-invoice-messages", VIEW)
    page.get_by_text("2 sent").first.wait_for()
    return (VIEW,)


def show_run(page, gallery):
    """A run of which some failed and some wait."""
    path = f"/odoo/my-invoice-messages/{gallery.run_id}"
    show(page, gallery, path, ".o_invoice_send_run_summary")
    return (VIEW,)


def show_tray(page, gallery):
    """The tray, open."""
    show(page, gallery, "/odoo/my-invoice-messages", VIEW)
    page.locator(".o_invoice_send_tray").click()
    page.locator(".o_invoice_send_failure").first.wait_for()
    return (".o_invoice_send_tray", ".o_invoice_send_tray_menu")


def show_mails(page, gallery):
    """Customers > Mails."""
    show(page, gallery, "/odoo/invoice-mails", VIEW)
    page.get_by_text(gallery.viewed.email).first.wait_for()
    return (VIEW,)


def show_mail(page, gallery):
    """One of them."""
    mail_id = gallery.mail_id
    show(page, gallery, f"/odoo/invoice-mails/{mail_id}", ".o_invoice_mail_letter")
    letter = page.frame_locator(".o_invoice_mail_letter")
    expect(letter.get_by_text("View document")).to_be_visible()
    return (VIEW,)


def show_letters(page, gallery):
    """The letters."""
    show(page, gallery, "/odoo/invoice-letters", VIEW)
    page.get_by_text("English").first.wait_for()
    return (VIEW,)


def show_letter(page, gallery):
    """One of them, with its preview."""
    letter = gallery.seller.admin.ref("invoice_send_client.letter_en_invoice")
    show(page, gallery, f"/odoo/invoice-letters/{letter}", "[name=preview_body]")
    expect(page.locator("[name=preview_body]")).to_contain_text("View document")
    return (VIEW,)


def show_deliveries(page, gallery):
    """All recipients."""
    show(page, gallery, f"{ACTION}invoice_delivery_action", VIEW)
    page.get_by_text(gallery.viewed.email).first.wait_for()
    return (VIEW,)


def show_delivery(page, gallery):
    """One of them."""
    path = f"{ACTION}invoice_delivery_action/{gallery.delivery_id}"
    show(page, gallery, path, ".o_form_sheet")
    return (VIEW,)


def show_graph(page, gallery):
    """The report of all recipients, as a chart."""
    path = f"{ACTION}invoice_delivery_report_action"
    show(page, gallery, path, ".o_graph_renderer canvas")
    return (VIEW,)


def show_pivot(page, gallery):
    """The same as a table."""
    path = f"{ACTION}invoice_delivery_report_action?view_type=pivot"
    show(page, gallery, path, ".o_pivot table")
    return (VIEW,)


def show_settings(page, gallery):
    """Settings > Invoicing > Sending to clients."""
    path = "/odoo/action-account.action_account_config"
    show(page, gallery, path, "#invoice_document_mode")
    page.locator("#invoice_document_mode").first.scroll_into_view_if_needed()
    return tuple(
        f".o_settings_container:has(#{setting})"
        for setting in ("invoice_document_mode", "invoice_receive_from_companies")
    )


def show_customer(page, gallery):
    """What a customer's form says of sending."""
    partner = get_customer(gallery)
    show(page, gallery, f"/odoo/res.partner/{partner}", ".o_form_sheet")
    page.get_by_role("tab", name="Invoicing").click()
    page.locator("[name=invoice_no_tracking]").wait_for()
    page.locator("[name=invoice_no_tracking]").scroll_into_view_if_needed()
    return (
        "[name=invoice_send_on_confirm]",
        "[name=invoice_no_tracking]",
        "[name=invoice_no_reminders]",
        "[name=action_open_invoice_mails]",
    )


def show_not_followed(page, gallery):
    """The addresses that nobody follows."""
    show(page, gallery, f"{ACTION}invoice_delivery_opt_out_action", VIEW)
    return (VIEW,)


SCREENS = {
    "list": show_list,
    "form-problem": show_problem,
    "form-accepted": show_accepted,
    "window": show_window,
    "window-warnings": show_warnings,
    "review": show_review,
    "review-options": show_review_options,
    "review-row": show_review_row,
    "offer": show_offer,
    "correct-address": show_correct_address,
    "erase": show_erase,
    "bill": show_bill,
    "bills": show_bills,
    "return": show_return,
    "messages": show_messages,
    "run": show_run,
    "tray": show_tray,
    "mails": show_mails,
    "mail": show_mail,
    "letters": show_letters,
    "letter": show_letter,
    "deliveries": show_deliveries,
    "delivery": show_delivery,
    "graph": show_graph,
    "pivot": show_pivot,
    "settings": show_settings,
    "customer": show_customer,
    "not-followed": show_not_followed,
    # its bar stands for a while
    "undo": show_undo,
}
#: Not on a phone: Odoo shows its own cards there; importing a file was not tried.
ON_DESKTOP = ("bills", "offer")
#: Who sees them, where it is not Ana Pop.
USERS = {
    **dict.fromkeys(("erase", "letters", "letter", "settings"), "admin"),
    "not-followed": "admin",
    **dict.fromkeys(("bill", "bills", "return"), "boris"),
}


@pytest.fixture(scope="module", params=look.ALL, ids=str)
def screen(request) -> Screen:
    """A width and a scheme."""
    return request.param


@pytest.fixture(scope="module")
def staff(chromium, gallery, screen):
    """Pages of the company's people, one each, by their names."""
    contexts, pages = [], {}

    def opened(who: str) -> Page:
        if who not in pages:
            context = look.sign_in(chromium, gallery, screen, who)
            contexts.append(context)
            pages[who] = context.new_page()
        return pages[who]

    yield opened
    for context in contexts:
        context.close()


def is_native(finding: list[str]) -> bool:
    """Tell whether a finding is one of Odoo's own."""
    rule, html, _reason = finding
    return any(
        rule == known and re.search(spot, html) for known, spot in NATIVE.values()
    )


@pytest.mark.parametrize("name", SCREENS)
def test_screen_keeps_nobody_out_and_fits(staff, gallery, screen, name):
    if screen.is_phone and name in ON_DESKTOP:
        pytest.skip("on a phone there is nothing of ours")
    page = staff(USERS.get(name, "ana"))
    places = SCREENS[name](page, gallery)
    look.leave(page)
    look.take_picture(page, f"{name}-{screen}")
    found = look.find_barriers(page, *places)
    pale, cut = look.find_pale(page, *places), look.find_cut(page, *places)
    assert [finding for finding in found if not is_native(finding)] == []
    assert [words for words in pale if NATIVE_PALE not in words] == []
    assert cut == []


def test_findings_that_are_left_out_are_odoos_own(chromium, gallery):
    """Screens of Odoo's that hold nothing of ours have each of them."""
    context = look.sign_in(chromium, gallery, Screen(1280, "light"), "boris")
    page, found = context.new_page(), []
    customers = "/odoo/action-account.res_partner_action_customer"
    show(page, gallery, f"{customers}?view_type=list", ".o_data_row")
    found += look.find_barriers(page, ".o_action")
    show(page, gallery, f"{customers}/{gallery.buyer.partner_id}", ".o_notebook")
    found += look.find_barriers(page, ".o_action")
    context.close()
    shown = {
        name
        for name, (rule, spot) in NATIVE.items()
        for known, html, _reason in found
        if rule == known and re.search(spot, html)
    }
    assert set(NATIVE) - UNSHOWN <= shown
