"""The client reads from right to left: page and mail on a phone (B23, B27).

No such language is shipped: a company adds it and writes its letter. The words around
it are English then, in an Arabic frame, so that both directions meet in every line.
"""

import pytest
from playwright.sync_api import expect

from tests.helpers.client_page import LINK, PHONE, ClientPage, mail, take_picture

ARABIC = "ar_001"
NAME = "Beta (Sofia) S.R.L."
REASON = "The quantity is wrong (2, not 3)!"
ARABIC_REASON = "الكمية خاطئة"
SUBJECT = "فاتورة {{ object.name }}"
GREETING = "مرحبا، هذه فاتورتكم."

#: What stands on each line of each text, as the eye meets it from left to right.
READ_TEXTS = """(root) => {
    const texts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement;
        if (parent.closest("nav, style, script") || !parent.checkVisibility()) continue;
        const letters = [];
        for (let at = 0; at < node.length; at++) {
            if (!node.data[at].trim()) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            const box = range.getBoundingClientRect();
            if (!box.width) continue;
            letters.push({letter: node.data[at], x: box.x, y: Math.round(box.y)});
        }
        const read = letters.map((at) => at.letter).join("");
        letters.sort((a, b) => a.y - b.y || a.x - b.x);
        texts.push([read, letters.map((at) => at.letter).join("")]);
    }
    return texts;
}"""


@pytest.fixture(scope="module", autouse=True)
def arabic(seller):
    """Arabic, added as an administrator does."""
    admin = seller.admin
    domain = [("code", "=", ARABIC)]
    found = admin.call("res.lang", "search", domain, context={"active_test": False})
    values = {"lang_ids": [(6, 0, found)], "overwrite": False}
    wizard = admin.make("base.language.install", values)
    admin.call("base.language.install", "lang_install", [wizard])
    template = {
        "name": "Arabic letter",
        "model_id": admin.ref("account.model_account_move"),
        "subject": SUBJECT,
        "body_html": f"<p>{GREETING}</p>",
        "use_default_to": True,
    }
    letter = {
        "lang": ARABIC,
        "document_type": "invoice",
        "mail_template_id": admin.make("mail.template", template),
    }
    admin.make("invoice.send.template", letter)


@pytest.fixture
def mailed(seller, sink):
    """An invoice with a discount, mailed to a client who reads Arabic."""
    lines = (
        {"name": "Consulting (on site)", "quantity": 2, "price_unit": 1000.0},
        {"name": "Discount, 5 %", "quantity": 1, "price_unit": -100.0},
    )
    return mail(seller, sink, lines=lines, lang=ARABIC, name=NAME)


@pytest.fixture
def page(open_client):
    """An empty page of a client with a phone."""
    return open_client(ARABIC, viewport=PHONE, has_touch=True)


def check_order(place):
    """Check that no Latin text or number is turned round by its surroundings.

    :return: the texts
    """
    texts = place.evaluate(READ_TEXTS)
    latin = [(said, seen) for said, seen in texts if said.isascii() and said]
    assert [said for said, _seen in latin] == [seen for _said, seen in latin]
    return [said for said, _seen in latin]


def check_width(page):
    """Check that nothing is wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_page_runs_from_right_to_left_and_turns_nothing_round(mailed, page):
    page.goto(mailed[1])
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#document")).to_be_visible()
    take_picture(page, "client_rtl")
    check_width(page)
    read = check_order(page.locator("main"))
    assert len(read) > 20
    assert NAME.replace(" ", "") in read
    assert any(text.endswith("andnocookie.") for text in read)
    assert any("-100.00" in text for text in read)


def test_amounts_stand_where_a_line_ends(mailed, page):
    page.goto(mailed[1])
    main = page.locator("main").bounding_box()
    middle = main["x"] + main["width"] / 2
    rows = page.locator(".totals tr")
    expect(rows).to_have_count(2)
    for row in rows.all():
        amount = row.locator("td span").first.bounding_box()
        assert amount["x"] + amount["width"] < middle
        assert row.locator("th").bounding_box()["x"] > middle
    for start in ("h1", ".seller", ".deeds summary >> nth=0"):
        box = page.locator(start).bounding_box()
        assert box["x"] + box["width"] > main["x"] + main["width"] - 25


def test_what_the_client_writes_keeps_its_own_direction(mailed, page):
    client = ClientPage(page)
    client.open(mailed[1])
    client.button("Return…").click()
    field = client.form("return").locator("textarea")
    for text, direction in ((ARABIC_REASON, "rtl"), (REASON, "ltr")):
        field.fill(text)
        assert field.evaluate(f"node => node.matches(':dir({direction})')")
    client.fill("return", name=NAME)
    check_width(page)
    take_picture(page, "client_rtl_return")
    client.send("return")
    expect(client.answer).to_contain_text(REASON)
    check_width(page)
    take_picture(page, "client_rtl_returned")
    quote = client.answer.locator("blockquote")
    style = quote.evaluate("node => getComputedStyle(node).borderRightStyle")
    assert style == "solid"
    read = check_order(client.answer)
    assert REASON.replace(" ", "") in read
    assert NAME.replace(" ", "") in read


def test_dead_link_turns_nothing_round(seller, page):
    page.goto(f"{seller.server.url}/invoice/d/nothing?lang={ARABIC}")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    check_width(page)
    take_picture(page, "client_rtl_dead")
    read = check_order(page.locator("main"))
    assert any(text.endswith("incompletely.") for text in read)


def test_mail_turns_nothing_round(seller, sink, page):
    address = seller.address("rtl")
    move_id = seller.invoice(address, lang=ARABIC, name=NAME)
    seller.send(move_id, document_mode="link")
    html = sink.mail_to(address).html
    page.set_content(html)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    check_width(page)
    take_picture(page, "mail_rtl")
    read = check_order(page.locator("body"))
    assert any(text.endswith("opened.") for text in read)
    greeting = page.get_by_text(GREETING)
    assert greeting.evaluate("node => node.matches(':dir(rtl)')")
    button = page.get_by_role("link", name="View document").bounding_box()
    assert button["x"] + button["width"] > PHONE["width"] * 0.8
    assert LINK.search(html)
