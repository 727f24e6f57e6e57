"""What a client sees, at the width of a desktop and of a phone, light and dark (B27).

The client's page in every state, its payment, the portal and the mails. Page and mails
are ours alone and axe-core looks at all of them; of payment and portal it looks at the
parts that are not Odoo's. Mails are shown as a mail program does that follows the
reader's scheme.
"""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.helpers import look
from tests.helpers.look import Screen

ARABIC = "?lang=ar_001"
#: More requests than a network may make for PDFs in a minute.
MANY = 400


@pytest.fixture(scope="module", params=look.ALL, ids=str)
def screen(request) -> Screen:
    """A width and a scheme."""
    return request.param


@pytest.fixture(scope="module")
def client(chromium, screen) -> Page:
    """A client's page."""
    context = screen.open(chromium)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def portal(chromium, gallery, screen) -> Page:
    """A page of a client who is signed in to the portal."""
    context = look.sign_in(chromium, gallery, screen, "portal")
    yield context.new_page()
    context.close()


def check(page: Page, name: str, *places: str) -> None:
    """Check a page that is shown."""
    look.take_picture(page, name)
    assert look.find_barriers(page, *places) == []
    assert look.find_pale(page, *places) == []
    assert look.find_cut(page, *places) == []


def open_answer(page, gallery, term):
    """Open the form of an answer."""
    page.goto(gallery.fresh.link)
    page.locator(".answers summary").get_by_text(term, exact=True).click()


def show_languages(page, gallery):
    """The menu of languages, where there are many."""
    page.goto(gallery.fresh.link)
    page.locator(".languages summary").click()


def show_dead(page, gallery):
    """A link that opens nothing."""
    page.goto(f"{gallery.url}/invoice/d/nobody")


def show_asked(page, gallery):
    """The same after a new one was asked for."""
    show_dead(page, gallery)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_be_visible()


STATES = {
    "fresh": lambda page, gallery: page.goto(gallery.fresh.link),
    "accept": lambda page, gallery: open_answer(page, gallery, "Accept"),
    "return": lambda page, gallery: open_answer(page, gallery, "Return…"),
    "accepted": lambda page, gallery: page.goto(gallery.accepted.link),
    "returned": lambda page, gallery: page.goto(gallery.returned.link),
    "arabic": lambda page, gallery: page.goto(gallery.fresh.link + ARABIC),
    "languages": show_languages,
    "dead": show_dead,
    "asked": show_asked,
}


@pytest.mark.parametrize("state", STATES)
def test_page_keeps_nobody_out_and_fits(client, gallery, screen, state):
    STATES[state](client, gallery)
    check(client, f"client-{state}-{screen}", "body")


def test_arabic_is_written_from_the_right(client, gallery):
    client.goto(gallery.fresh.link + ARABIC)
    expect(client.locator("html")).to_have_attribute("dir", "rtl")
    width = client.viewport_size["width"]
    assert find_words(client.locator(".seller"))["left"] > width / 2
    amount = find_words(client.locator(".lines td:last-child").first)
    assert amount["right"] < width / 2


def find_words(place: Locator) -> dict[str, float]:
    """Return where the words of an element stand on the page, in CSS pixels."""
    return place.evaluate(
        """node => {
            const words = document.createRange();
            words.selectNodeContents(node);
            return words.getBoundingClientRect().toJSON();
        }"""
    )


def test_page_without_script_fits(chromium, gallery, screen):
    context = screen.open(chromium, java_script_enabled=False)
    page = context.new_page()
    page.goto(gallery.fresh.link)
    look.take_picture(page, f"client-noscript-{screen}")
    expect(page.get_by_role("button", name="Show document")).to_be_visible()
    assert look.find_cut(page, "body") == []
    with page.expect_navigation():
        page.get_by_role("button", name="Show document").click()
    expect(page.locator("#document")).to_be_visible()
    assert look.find_pale(page, "body") == []
    assert look.find_cut(page, "body") == []
    context.close()


def test_payment_keeps_nobody_out_and_fits(client, gallery, screen):
    client.goto(gallery.fresh.link)
    client.get_by_role("link", name="Pay", exact=True).click()
    client.locator("[name=o_payment_submit_button]:enabled").wait_for()
    check(
        client,
        f"client-pay-{screen}",
        "#invoice_pay > header",
        "#invoice_pay > h1",
        "#invoice_pay > .label",
        "#invoice_pay > .amount",
        "#invoice_pay > h2",
        "#invoice_pay > .back",
        "#invoice_pay [name=o_payment_submit_button]",
    )


PORTAL = {
    "home": ("", "#invoice_delivery_news"),
    "list": ("/invoices", "tbody a[title] + .badge"),
    "page": ("/invoices/{0}", "#invoice_delivery"),
}


@pytest.mark.parametrize("name", PORTAL)
def test_portal_keeps_nobody_out_and_fits(portal, gallery, screen, name):
    path, place = PORTAL[name]
    portal.goto(f"{gallery.url}/my{path.format(gallery.portal.id)}")
    portal.locator(place).first.wait_for()
    summary = portal.locator(f"{place} summary")
    if summary.count():
        summary.click()
    check(portal, f"portal-{name}-{screen}", place)


@pytest.mark.parametrize("kind", ["link", "attached", "together"])
def test_mail_keeps_nobody_out_and_fits(chromium, gallery, screen, kind):
    context = screen.open(chromium)
    page = context.new_page()
    page.set_content(gallery.letters[kind])
    # what is behind everything, which nobody can ask a browser for
    page.add_style_tag(content="html { background: Canvas; }")
    check(page, f"mail-{kind}-{screen}", "body")
    context.close()


def test_page_of_too_many_requests_fits_too(chromium, gallery):
    for screen in look.ALL:
        context = screen.open(chromium)
        page = context.new_page()
        url = f"{gallery.url}/invoice/d/nobody/pdf"
        for _press in range(MANY):
            if page.request.get(url).status == 429:
                break
        page.goto(url)
        expect(page.locator("h1")).to_have_text("Too many requests")
        check(page, f"client-busy-{screen}", "body")
        context.close()


def test_escape_closes_an_answer_and_the_focus_comes_back(client, gallery):
    client.goto(gallery.fresh.link)
    opener = client.locator(".answers summary").get_by_text("Return…", exact=True)
    opener.focus()
    client.keyboard.press("Space")
    reason = client.locator("textarea[name=reason]")
    reason.fill("Wrong")
    client.keyboard.press("Escape")
    expect(reason).to_be_hidden()
    expect(opener).to_be_focused()
    client.keyboard.press("Enter")
    expect(reason).to_have_value("Wrong")
