"""The client's page, as a person at the client's side uses it, and what it proves."""

import re
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from tests.helpers import polling
from tests.helpers.client_page import (
    CONTRAST,
    DESKTOP,
    PHONE,
    READ_CONTRASTS,
    READ_MS,
    THUMB,
    ClientPage,
    icons,
    look,
    mail,
)

LONG = (
    {"name": "Consulting", "quantity": 2, "price_unit": 100.0},
    {"name": "Donaudampfschifffahrtsgesellschaft" * 4, "price_unit": 1234567.89},
    {"name": "Delivered on Monday,\nas agreed", "display_type": "line_note"},
)


@pytest.fixture(scope="module")
def long_link(seller, sink):
    """The client's link of an invoice with much in it; it is only read."""
    return mail(seller, sink, lines=LONG)[1]


def test_person_looks_and_the_eye_lights_in_the_list(
    seller, mailed, open_client, user_page
):
    """A look with a hand on the mouse: eye in the list and above the document (R23)."""
    move_id, link = mailed
    look(open_client(), link)
    assert seller.delivery(move_id)["state"] == "view"
    assert seller.move(move_id)["invoice_view_datetime"]
    user_page.goto(f"{seller.server.url}/odoo/customer-invoices")
    name = seller.move(move_id)["name"]
    row = user_page.locator(".o_data_row", has_text=name)
    assert icons(row.locator(".o_invoice_delivery_state")) == ["sent", "view"]
    user_page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
    ribbon = user_page.locator(".o_invoice_delivery_ribbon")
    assert icons(ribbon) == ["sent", "view"]
    expect(ribbon).to_contain_text("viewed")


def test_page_left_open_without_a_hand_lights_no_eye(seller, mailed, open_client):
    """Shown on a desktop, nobody there: the beacon comes and proves nothing (B12)."""
    move_id, link = mailed
    page = open_client()
    with page.expect_response(lambda answer: answer.url.endswith("/seen")):
        page.goto(link)
    assert seller.delivery(move_id)["state"] == "open"
    assert not seller.move(move_id)["invoice_view_datetime"]


def test_pdf_taken_from_the_page_is_the_invoice_and_counts(seller, mailed, open_client):
    """Download PDF gives the legal PDF under its name, and the panel says so (B2)."""
    move_id, link = mailed
    page = open_client()
    look(page, link)
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    number = seller.move(move_id)["name"].replace("/", "_")
    assert download.value.suggested_filename == f"{number}.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF")
    delivery = seller.delivery(move_id)
    assert delivery["state"] == "download"
    assert delivery["download_datetime"]


def test_page_without_script_shows_the_document_at_its_button(
    seller, mailed, open_client
):
    """Where no script runs the button shows the document, and is a look (R30)."""
    move_id, link = mailed
    page = open_client(java_script_enabled=False)
    page.goto(link)
    expect(page.locator("#document")).to_be_hidden()
    expect(page.get_by_role("link", name="PDF")).to_be_visible()
    page.wait_for_timeout(READ_MS)
    page.get_by_role("button", name="Show document").click()
    expect(page.locator("#document")).to_be_visible()
    expect(page.locator("#document")).to_contain_text("Consulting")
    expect(page.get_by_role("button", name="Show document")).to_have_count(0)
    assert seller.delivery(move_id)["state"] == "view"


def test_page_is_used_by_keyboard_alone(mailed, open_client):
    """Tab reaches the PDF, where it is seen, and Enter takes it (B27)."""
    page = open_client()
    page.goto(mailed[1])
    expect(page.locator("#document")).to_be_visible()
    ClientPage(page).tab_to(page.locator("a[href*='/pdf?']"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.path().read_bytes().startswith(b"%PDF")


def test_button_without_script_is_used_by_keyboard(mailed, open_client):
    """Without script Tab and Enter show the document."""
    page = open_client(java_script_enabled=False)
    page.goto(mailed[1])
    ClientPage(page).tab_to(page.get_by_role("button", name="Show document"))
    page.keyboard.press("Enter")
    expect(page.locator("#document")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_page_fits_the_screen(long_link, open_client, size, script):
    """No sideways scrolling, whatever stands in the lines (B27)."""
    page = open_client(viewport=size, java_script_enabled=script)
    page.goto(long_link)
    if not script:
        page.get_by_role("button", name="Show document").click()
    expect(page.locator("#document")).to_be_visible()
    # without script in the page Playwright can still ask
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"]
    for box in (part.bounding_box() for part in page.locator("#document td").all()):
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]


def test_text_of_several_lines_stays_so(long_link, open_client):
    """A description is shown as it was written (R30)."""
    page = open_client()
    page.goto(long_link)
    note = page.locator("#document td", has_text="Delivered")
    expect(note).to_have_text(re.compile("Monday,"))
    assert note.inner_text() == "Delivered on Monday,\nas agreed"


def test_buttons_are_big_enough_for_a_thumb(mailed, open_client):
    """On a phone whatever is pressed is 44 points high at least (B27)."""
    page = open_client(viewport=PHONE)
    page.goto(mailed[1])
    for button in page.locator("main a, main button").all():
        if button.is_visible():
            assert button.bounding_box()["height"] >= THUMB


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_either_scheme(long_link, open_client, scheme):
    """Every word has the contrast that WCAG wants (B27)."""
    page = open_client(color_scheme=scheme)
    page.goto(long_link)
    expect(page.locator("#document")).to_be_visible()
    contrasts = page.evaluate(READ_CONTRASTS)
    assert len(contrasts) > 15
    assert {text: c for text, c in contrasts.items() if c < CONTRAST} == {}
    paper = page.locator("main").evaluate("n => getComputedStyle(n).backgroundColor")
    channels = [int(found) for found in re.findall(r"\d+", paper)[:3]]
    assert (max(channels) < 80) == (scheme == "dark")


def test_printed_page_is_the_document_black_on_white(long_link, open_client):
    """Print leaves buttons and footer out, in a dark scheme too."""
    page = open_client(color_scheme="dark")
    page.goto(long_link)
    expect(page.locator("#document")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("link", name="PDF")).to_be_hidden()
    expect(page.locator("footer")).to_be_hidden()
    expect(page.locator("#document")).to_be_visible()
    contrasts = page.evaluate(READ_CONTRASTS)
    assert min(contrasts.values()) >= CONTRAST
    style = "node => [getComputedStyle(node).color, getComputedStyle(node).colorScheme]"
    assert page.locator("h1").evaluate(style) == ["rgb(0, 0, 0)", "light"]


def test_page_sets_no_cookie_and_can_be_kept_framed_or_indexed_by_nobody(mailed):
    """What a reader gets carries no cookie and says so to caches and searchers."""
    answer = requests.get(mailed[1], timeout=60)
    headers = answer.headers
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in headers["X-Robots-Tag"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_unknown_and_revoked_link_get_the_same_page(seller, mailed):
    """No route says whether a document exists (B14)."""
    move_id, link = mailed
    [delivery] = seller.user.search("invoice.delivery", [("move_id", "=", move_id)])
    seller.user.call("invoice.delivery", "action_revoke_link", [delivery["id"]])
    unknown = link[:-6] + "unknwn"

    def fetch(url, method, path):
        answer = requests.request(method, url + path, timeout=60)
        token = urlsplit(url).path.rpartition("/")[2]
        headers = {name for name in answer.headers if name != "Set-Cookie"}
        return answer.status_code, answer.text.replace(token, "TOKEN"), headers

    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", "/pdf"),
        ("GET", "/open.gif"),
        ("POST", "/seen"),
        ("POST", "/renew"),
    ):
        answers = [fetch(url, method, path) for url in (link, unknown)]
        assert answers[0] == answers[1]
    assert fetch(link, "GET", "")[0] == 404


def test_dead_link_offers_a_new_one_and_the_sender_hears_of_it(
    seller, mailed, open_client
):
    """The dead page has one button; its answer is the same for every token (B14)."""
    move_id, link = mailed
    seller.user.call("account.move", "button_draft", [move_id])
    page = open_client("en_US", viewport=PHONE)
    answers = []
    page.on("response", lambda answer: answers.append(answer.status))
    page.goto(link, wait_until="load")
    page.get_by_role("button", name="Send me a new link").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert answers.count(404) == 2
    asked = polling.until(
        lambda: seller.user.search(
            "invoice.delivery.event",
            [("delivery_id.move_id", "=", move_id), ("event_type", "=", "renew")],
            "id",
        ),
        "the event",
    )
    assert len(asked) == 1
