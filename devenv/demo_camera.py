"""Takes the pictures of the README: run by Odoo's Python, see `demo_browser`."""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from . import demo_browser

# A palette of 256 colours keeps a screen under 150 kB.
COLOURS = 256
SETTLE_MS = 800


def take(task: dict) -> dict:
    """Take all pictures.

    :param task: ``folder``, ``unsent`` and ``viewed`` invoice, ``link`` of a client
    :return: ``pictures``: their file names
    """
    folder = Path(task["folder"])
    with demo_browser.launch(task) as browser:
        page = demo_browser.log_in(browser, task)
        shots = {
            "invoice_list.png": show_list(page, task),
            "invoice.png": show_invoice(page, task),
            "send_window.png": show_window(page, task),
            "client_page.png": show_client_page(browser, task),
        }
    for name, picture in shots.items():
        small = Image.open(io.BytesIO(picture)).convert("RGB")
        small = small.quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(folder / name, optimize=True)
    return {"pictures": list(shots)}


def show_list(page: Page, task: dict) -> bytes:
    """Picture the list of invoices, below the drafts."""
    demo_browser.open_list(page, task["url"])
    drafts = page.locator(".o_data_row.text-info")
    below = drafts.last.bounding_box()
    page.locator(".o_list_renderer").evaluate(
        "(list, y) => { list.scrollTop = y - list.querySelector('tbody')"
        ".getBoundingClientRect().top }",
        below["y"] + below["height"],
    )
    page.wait_for_timeout(SETTLE_MS)
    return page.screenshot()


def show_invoice(page: Page, task: dict) -> bytes:
    """Picture an invoice that its client has viewed."""
    _open_invoice(page, task["url"], task["viewed"])
    page.locator('.o_invoice_delivery_state [data-icon="view"]').first.wait_for()
    page.wait_for_timeout(SETTLE_MS)
    return page.screenshot()


def show_window(page: Page, task: dict) -> bytes:
    """Picture the send window of an invoice that was never sent."""
    _open_invoice(page, task["url"], task["unsent"])
    page.locator("button[name='action_invoice_sent']:visible").first.click()
    page.locator(".modal .o_form_view").wait_for()
    page.wait_for_timeout(SETTLE_MS)
    return page.screenshot()


def _open_invoice(page: Page, url: str, number: int) -> None:
    page.goto(f"{url}/odoo/customer-invoices/{number}")
    page.locator(".o_form_view .o_form_sheet").wait_for()


def show_client_page(browser: Browser, task: dict) -> bytes:
    """Picture the client's page."""
    page = demo_browser.client(browser, "en_US").new_page()
    page.goto(f"{task['link']}?lang=en_US")
    page.locator("#invoice_delivery").wait_for()
    page.wait_for_timeout(SETTLE_MS)
    return page.screenshot()


if __name__ == "__main__":
    sys.exit(demo_browser.main(sys.argv[1], {"take": take}))
