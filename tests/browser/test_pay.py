"""The client pays from its page, by Odoo's pretended provider, and comes back (B14)."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from devenv import demo_browser
from tests.helpers import till as tills
from tests.helpers.client_page import (
    DESKTOP,
    PAGE_MS,
    PHONE,
    take_picture,
    translator,
)

#: A client whose browser, by chance, speaks another language than its mail.
BROWSER_LANGUAGE = "en_US"


@pytest.fixture(scope="module")
def till(dev_environment, tmp_path_factory):
    """A running Odoo with online payment, for clients in four languages."""
    folder = tmp_path_factory.mktemp("odoo")
    langs = ["ar_001", "bg_BG", "ro_RO"]
    with tills.opened(dev_environment, folder, langs) as running:
        yield running


@pytest.fixture
def open_page(chromium, till):
    """Open the client's page of an invoice, on a screen of some size."""
    contexts = []

    def opened(number: int, size: dict, lang: str) -> Page:
        context = demo_browser.client(chromium, BROWSER_LANGUAGE, viewport=size)
        context.set_default_timeout(PAGE_MS)
        contexts.append(context)
        page = context.new_page()
        path = till.invoices[number]["path"]
        page.goto(f"{till.server.url}{path}?lang={lang}")
        return page

    yield opened
    for context in contexts:
        context.close()


def go_to_pay(page: Page, till, say) -> None:
    """Press Pay; what is loaded is Odoo's own, and so are the cookies."""
    foreign = []
    assert page.context.cookies() == []
    page.on("request", lambda asked: foreign.append(asked.url))
    page.get_by_role("link", name=say("Pay"), exact=True).click()
    page.wait_for_url(re.compile("/pay"))
    expect(page.locator("[name=o_payment_submit_button]")).to_be_enabled()
    ours = (till.server.url, "data:")
    assert not [url for url in foreign if not url.startswith(ours)]
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names <= {"session_id", "frontend_lang"}
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def pay(page: Page, outcome: str) -> None:
    """Let the pretended provider say what became of the payment."""
    page.locator("#simulated_payment_state").select_option(outcome)
    page.locator("[name=o_payment_submit_button]").click()


@pytest.mark.parametrize(
    ("number", "size", "lang"),
    [(0, PHONE, "ro_RO"), (1, DESKTOP, "bg_BG"), (2, DESKTOP, "en_US")],
    ids=["phone, Romanian", "desktop, Bulgarian", "desktop, English"],
)
def test_client_pays_and_comes_back_to_its_page(till, open_page, number, size, lang):
    say = translator(lang)
    path = till.invoices[number]["path"]
    page = open_page(number, size, lang)
    go_to_pay(page, till, say)
    expect(page.locator("html")).to_have_attribute("lang", lang.replace("_", "-"))
    take_picture(page, f"pay-{lang}")
    pay(page, "error")
    page.wait_for_url(f"**{path}*")
    expect(page.locator("#payment")).to_have_attribute("data-state", "failed")
    take_picture(page, f"pay-failed-{lang}")
    go_back_and_pay(page, say)
    page.wait_for_url(f"**{path}*")
    address = urlsplit(page.url)
    assert (address.path, address.query) == (path, f"lang={lang}")
    expect(page.locator("#payment")).to_have_attribute("data-state", "paid")
    expect(page.get_by_role("link", name=say("Pay"), exact=True)).to_have_count(0)
    take_picture(page, f"pay-paid-{lang}")
    move = till.invoices[number]["id"]
    state = till.ask(f"env['account.move'].browse({move}).payment_state")
    assert state in ("paid", "in_payment")


def go_back_and_pay(page: Page, say) -> None:
    """Try once more, with success this time."""
    page.get_by_role("link", name=say("Pay"), exact=True).click()
    expect(page.locator("[name=o_payment_submit_button]")).to_be_enabled()
    pay(page, "done")


def test_pay_page_runs_from_right_to_left(till, open_page):
    page = open_page(3, PHONE, "ar_001")
    go_to_pay(page, till, translator("en_US"))
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    take_picture(page, "pay-ar_001")
    pay(page, "done")
    expect(page.locator("#payment")).to_have_attribute("data-state", "paid")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
