"""Takes the pictures of the documentation: run by Odoo's Python, see `demo_browser`."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from . import demo_browser

# A palette of 256 colours keeps a screen under 150 kB.
COLOURS = 256
SETTLE_MS = 800
# The browser's clock, as that of the demo's people.
ZONE = "Europe/Bucharest"
# The undo pause, the scheduled action, and the mails themselves.
SENDING_MS = 240_000
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


class Studio:
    """What the pictures are taken of.

    :param browser: the running browser
    :param task: see `demo_pictures`

    :ivar page: Ana Pop's page
    """

    def __init__(self, browser: Browser, task: dict) -> None:
        self.browser = browser
        self.task = task
        self.url: str = task["url"]
        self.page = demo_browser.log_in(browser, task, timezone_id=ZONE)
        self.page.set_default_timeout(demo_browser.PAGE_MS)

    def open_invoice(self, invoice: dict) -> None:
        """Open an invoice as Ana Pop."""
        self.page.goto(f"{self.url}/odoo/customer-invoices/{invoice['id']}")
        self.page.locator(".o_form_view .o_form_sheet").wait_for()

    def admin_page(self) -> Page:
        """Return an empty page of the administrator."""
        login, password = self.task["admin"]
        task = {**self.task, "login": login, "password": password}
        page = demo_browser.log_in(self.browser, task, timezone_id=ZONE)
        page.set_default_timeout(demo_browser.PAGE_MS)
        return page

    def client_page(self, **options: object) -> Page:
        """Return an empty page of a client."""
        page = demo_browser.client(self.browser, "en_US", **options).new_page()
        page.set_default_timeout(demo_browser.PAGE_MS)
        return page


def shot(page: Page) -> bytes:
    """Picture what a page shows, once it stands still."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_MS)
    return page.screenshot()


def take(task: dict) -> dict:
    """Take all pictures.

    :param task: ``files``: where each picture goes; what is told by `demo_pictures`
    """
    with demo_browser.launch(task) as browser:
        studio = Studio(browser, task)
        # In this order: what is sent in one picture is looked at in the next.
        for name, picture in SHOTS.items():
            _save(picture(studio), task["files"][name])
    return {}


def _save(picture: bytes, file: str) -> None:
    small = Image.open(io.BytesIO(picture)).convert("RGB")
    small = small.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(Path(file), optimize=True)


def show_send_window(studio: Studio) -> bytes:
    """Picture the send window of an invoice that was never sent."""
    page = studio.page
    studio.open_invoice(studio.task["unsent"])
    page.locator("button[name='action_invoice_sent']:visible").first.click()
    page.locator(".modal .o_form_view").wait_for()
    return shot(page)


def show_review_window(studio: Studio) -> bytes:
    """Picture the review window, and press Send in it."""
    page = studio.page
    demo_browser.open_list(page, studio.url)
    # A draft among them, and a customer without an address.
    rows = [page.locator(".o_data_row.text-info").last]
    for words in [*(invoice["name"] for invoice in studio.task["together"]), NOBODY]:
        rows.append(page.locator(".o_data_row:not(.text-info)", has_text=words).first)
    for row in rows:
        row.locator(".o_list_record_selector input").check()
    page.locator(".o_control_panel button[name]").first.click()
    page.locator(".modal .o_data_row").first.wait_for()
    picture = shot(page)
    page.locator(".modal footer .btn-primary").first.click()
    page.locator(".modal").wait_for(state="detached")
    page.locator(".o_invoice_send_tray_count").wait_for(timeout=SENDING_MS)
    return picture


def show_messages(studio: Studio) -> bytes:
    """Picture what became of the sending, under "My messages"."""
    page = studio.page
    page.goto(
        f"{studio.url}/odoo/action-invoice_send_client.invoice_send_run_my_action"
    )
    page.locator(".o_data_row, .o_kanban_record").first.wait_for()
    page.locator(".o_data_row, .o_kanban_record").first.click()
    page.locator(".o_form_view").wait_for()
    # What the user was told at the end hides a part of the page.
    for told in page.locator(".o_notification_close").all():
        told.click()
    return shot(page)


def show_list(studio: Studio) -> bytes:
    """Picture the list of invoices, below the drafts."""
    page = studio.page
    demo_browser.open_list(page, studio.url)
    drafts = page.locator(".o_data_row.text-info")
    below = drafts.last.bounding_box()
    page.locator(".o_list_renderer").evaluate(
        "(list, y) => { list.scrollTop = y - list.querySelector('tbody')"
        ".getBoundingClientRect().top }",
        below["y"] + below["height"],
    )
    return shot(page)


def show_panel(studio: Studio) -> bytes:
    """Picture what is known of an invoice that its client accepted."""
    page = studio.page
    studio.open_invoice(studio.task["accepted"])
    page.get_by_role("tab", name="Client", exact=True).click()
    page.locator(".o_invoice_delivery_timeline").wait_for()
    return shot(page)


def show_mail(studio: Studio) -> bytes:
    """Picture a mail as it was sent."""
    page = studio.page
    page.goto(f"{studio.url}/odoo/invoice-mails")
    name = studio.task["accepted"]["name"]
    page.locator(".o_data_row", has_text=name).first.click()
    letter = page.frame_locator("iframe.o_invoice_mail_letter")
    letter.get_by_text("View document").wait_for()
    return shot(page)


def show_settings(studio: Studio) -> bytes:
    """Picture the settings."""
    page = studio.admin_page()
    page.goto(f"{studio.url}/odoo/action-account.action_account_config")
    block = page.locator("#invoice_document_mode")
    block.wait_for()
    block.evaluate(
        "node => node.closest('.o_settings_container')"
        ".previousElementSibling.scrollIntoView()"
    )
    return shot(page)


def show_client_page(studio: Studio) -> bytes:
    """Picture the client's page at a desktop."""
    return _show_link(studio.client_page(), studio.task["unread_link"])


def show_client_phone(studio: Studio) -> bytes:
    """Picture the client's page on a phone."""
    return _show_link(studio.client_page(**PHONE), studio.task["unread_link"])


def show_pay(studio: Studio) -> bytes:
    """Picture the page on which a client pays, on a phone."""
    page = studio.client_page(**PHONE)
    page.goto(f"{studio.task['unread_link']}?lang=en_US")
    page.get_by_role("link", name="Pay", exact=True).click()
    page.locator("[name=o_payment_submit_button]:enabled").wait_for()
    # Below the button is nothing.
    page.set_viewport_size({"width": 390, "height": 640})
    return shot(page)


def _show_link(page: Page, link: str) -> bytes:
    page.goto(f"{link}?lang=en_US")
    page.locator("#invoice_delivery").wait_for()
    return shot(page)


def show_portal(studio: Studio) -> bytes:
    """Picture the document in the client's portal."""
    portal = studio.task["portal"]
    page = studio.client_page()
    page.goto(f"{studio.url}/web/login?redirect=/my/invoices/{portal['invoice']}")
    page.locator("input[name=login]").fill(portal["login"])
    page.locator("input[name=password]").fill(portal["password"])
    with page.expect_navigation():
        page.locator("form.oe_login_form button[type=submit]").click()
    page.locator("#invoice_delivery").wait_for()
    return shot(page)


# The demo's customer without an address.
NOBODY = "Harper & Sons"
SHOTS: dict[str, Callable[[Studio], bytes]] = {
    "send_window.png": show_send_window,
    "review_window.png": show_review_window,
    "my_messages.png": show_messages,
    "invoice_list.png": show_list,
    "invoice_panel.png": show_panel,
    "mail.png": show_mail,
    "settings.png": show_settings,
    "client_page.png": show_client_page,
    "client_page_phone.png": show_client_phone,
    "portal.png": show_portal,
    "client_page_pay.png": show_pay,
}

if __name__ == "__main__":
    sys.exit(demo_browser.main(sys.argv[1], {"take": take}))
