"""A letter as a mail program shows it: light, dark, narrow (R48, B27)."""

import pytest
from playwright.sync_api import expect

from tests.helpers.client_page import CONTRAST, READ_CONTRASTS
from tests.helpers.review import Review

#: What stands behind a page that says nothing of its own background.
CANVASES = {"light": [255, 255, 255], "dark": [18, 18, 18]}
#: The narrowest of the phones in use.
NARROW = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def letters(seller, sink):
    """Send a link, a file, and one mail with two documents.

    :return: HTML of each mail by what it is
    """
    address, other = seller.address("look"), seller.address("look")
    seller.send(seller.invoice(address), document_mode="link")
    seller.send(seller.invoice(other), document_mode="attachment")
    several = seller.address("look")
    first = seller.invoice(several)
    [second] = seller.user.call("account.move", "copy", [first])
    seller.user.change("account.move", second, {"invoice_date": "2026-11-20"})
    seller.user.call("account.move", "action_post", [second])
    window = Review(seller, [first, second])
    window.type_for_all(one_mail_per_customer=True)
    window.send()
    return {
        "link": sink.mail_to(address).html,
        "file": sink.mail_to(other).html,
        "several": sink.mail_to(several).html,
    }


@pytest.fixture
def show(chromium):
    """Show a letter as a mail program does, with nothing around it."""
    contexts = []

    def shown(html, **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_content(html)
        return page

    yield shown
    for context in contexts:
        context.close()


#: What the client is told below each letter: what it got, and what to do with it.
SENTENCES = {
    "link": ["opens the document on a page made for you alone", "need no account"],
    "file": ["The document is attached", "The button opens it"],
    "several": ["Each number opens its document", "need no account"],
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_letter_says_what_the_client_gets_and_does(letters, show, kind):
    """A line in the mail, and that the sender sees the look (R48)."""
    page = show(letters[kind])
    for sentence in [*SENTENCES[kind], "the sender can see that the page was opened"]:
        expect(page.locator("body")).to_contain_text(sentence)


@pytest.mark.parametrize("scheme", CANVASES)
@pytest.mark.parametrize("kind", ["link", "file", "several"])
def test_letter_can_be_read_in_either_scheme(letters, show, kind, scheme):
    """Text follows the mail program's own colours, the button keeps its own."""
    page = show(letters[kind], color_scheme=scheme)
    options = {"root": "body", "canvas": CANVASES[scheme]}
    contrasts = page.evaluate(READ_CONTRASTS, options)
    assert any("Seller SRL" in text for text in contrasts)
    assert {text: c for text, c in contrasts.items() if c < CONTRAST} == {}
    color = page.locator("td").last.evaluate("n => getComputedStyle(n).color")
    assert (color == "rgb(255, 255, 255)") == (scheme == "dark")


@pytest.mark.parametrize("kind", ["link", "file", "several"])
def test_letter_fits_a_narrow_phone_and_loads_nothing(letters, show, kind):
    """Nothing to scroll sideways, and no picture, style or script from anywhere."""
    page = show(letters[kind], viewport=NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    loads = page.locator("img[src], link[href], script, iframe, style")
    assert loads.count() == 0
