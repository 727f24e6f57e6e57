"""The client answers: Accept, Return, a new link for a dead one (R31, B14, B15, B27).

In the three languages of the demo, with mouse, thumb, keyboard, and without script.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from devenv import node
from tests.helpers import polling
from tests.helpers.client_page import (
    CONTRAST,
    LANGUAGES,
    LINK,
    PHONE,
    READ_CONTRASTS,
    THUMB,
    ClientPage,
    icons,
    take_picture,
)

CRON = "mail.ir_cron_mail_scheduler_action"
ZONE = "Europe/Bucharest"
NAMES = {"en_US": "John Smith", "ro_RO": "Ștefan Țîru", "bg_BG": "Иван Петров"}
REASONS = {
    "en_US": "The quantity is wrong:\n2 <b>and</b> not 3",
    "ro_RO": "Cantitatea este greșită:\n2 <b>și</b> nu 3",
    "bg_BG": "Количеството е грешно:\n2 <b>а</b> не 3",
}
#: Longer than any beacon of an untracked page would wait.
NO_BEACON_MS = 5_000
#: One black pixel.
LOGO = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@dataclass
class Sent:
    """An invoice that a client got.

    :ivar move_id: the document
    :ivar link: the client's link
    :ivar address: the client's address
    :ivar lang: the client's language
    """

    move_id: int
    link: str
    address: str
    lang: str

    @property
    def name(self):
        """Who answers."""
        return NAMES[self.lang]

    @property
    def reason(self):
        """Why it is returned."""
        return REASONS[self.lang]


@pytest.fixture(scope="module", autouse=True)
def languages(seller):
    """Romanian and Bulgarian, added as an administrator does."""
    admin = seller.admin
    domain = [("code", "in", LANGUAGES)]
    found = admin.call("res.lang", "search", domain, context={"active_test": False})
    values = {"lang_ids": [(6, 0, found)], "overwrite": False}
    wizard = admin.make("base.language.install", values)
    admin.call("base.language.install", "lang_install", [wizard])


@pytest.fixture(params=LANGUAGES)
def lang(request):
    """The client's language."""
    return request.param


@pytest.fixture
def send(seller, sink):
    """Mail an invoice that is read an hour later."""

    def sent(lang="en_US"):
        address = seller.address("answers")
        move_id = seller.invoice(address, lang=lang)
        seller.send(move_id, document_mode="link")
        seller.make_older(move_id, 60)
        link = LINK.search(sink.mail_to(address).html)[0]
        return Sent(move_id, link, address, lang)

    return sent


@pytest.fixture
def sent(send, lang):
    """An invoice of a client in each language."""
    return send(lang)


@pytest.fixture
def client(open_client):
    """Open the page of a client."""

    def opened(sent, **options):
        page = open_client(sent.lang, timezone_id=ZONE, **options)
        return ClientPage(page, sent.lang)

    return opened


def read_delivery(seller, sent):
    """Read what the client answered."""
    names = ("state", "answer_name", "return_reason", "accept_datetime")
    domain = [("move_id", "=", sent.move_id)]
    [delivery] = seller.user.search("invoice.delivery", domain, *names)
    return delivery


def read_chatter(seller, sent):
    """Read the messages of an invoice, HTML."""
    domain = [("model", "=", "account.move"), ("res_id", "=", sent.move_id)]
    found = seller.user.search("mail.message", domain, "body")
    return " ".join(message["body"] for message in found)


def read_activities(seller, sent):
    """Read what is to be done about an invoice."""
    domain = [("res_model", "=", "account.move"), ("res_id", "=", sent.move_id)]
    return seller.user.search("mail.activity", domain, "summary", "note", "user_id")


def revoke(seller, sent):
    """Close a client's link, as the sender does."""
    [delivery] = seller.user.search(
        "invoice.delivery", [("move_id", "=", sent.move_id)], "id"
    )
    seller.user.call("invoice.delivery", "action_revoke_link", [delivery["id"]])


def expire(seller, sent, days):
    """Let a link have been made, mailed and opened so many days earlier."""
    seller.make_older(sent.move_id, days * 24 * 60)
    seller.sql(
        "UPDATE invoice_delivery SET look_datetime = NULL,"
        " create_date = create_date - %s * interval '1 day' WHERE move_id = %s",
        days,
        sent.move_id,
    )


# -- accept and return -----------------------------------------------------------------


def test_client_accepts_with_the_mouse(seller, sent, client):
    page = client(sent)
    page.open(sent.link)
    page.expect_lang(sent.lang)
    page.accept(sent.name)
    expect(page.answer).to_contain_text(page.say("This document is accepted"))
    expect(page.answer).to_contain_text(sent.name)
    expect(page.button("Accept")).to_have_count(0)
    expect(page.button("Return…")).to_be_visible()
    take_picture(page.page, f"client_accepted_{sent.lang}")
    delivery = read_delivery(seller, sent)
    assert (delivery["state"], delivery["answer_name"]) == ("accept", sent.name)
    assert seller.move(sent.move_id)["invoice_delivery_state"] == "accept"
    assert sent.name in read_chatter(seller, sent)


def test_time_of_the_answer_is_that_of_the_clients_clock(seller, sent, client):
    page = client(sent)
    page.open(sent.link)
    page.accept(sent.name)
    utc = datetime.fromisoformat(read_delivery(seller, sent)["accept_datetime"])
    local = utc.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(ZONE))
    hour = local.strftime("%I:%M" if sent.lang == "en_US" else "%H:%M")
    expect(page.answer.locator("time")).to_contain_text(hour)
    without = client(sent, java_script_enabled=False)
    without.page.goto(sent.link)
    expect(without.answer.locator("time")).to_contain_text("UTC")
    expect(without.answer.locator("time")).to_contain_text(str(local.year)[2:])


def test_return_needs_name_and_reason_and_keeps_what_was_written(seller, sent, client):
    page = client(sent)
    page.open(sent.link)
    page.button("Return…").click()
    form = page.form("return")
    name, reason = form.locator("[name=name]"), form.locator("[name=reason]")
    # blanks are something to the browser, and nothing to the server
    page.fill("return", name="  ", reason=sent.reason)
    page.send("return")
    expect(page.notice).to_have_text(page.say("Please write your name."))
    expect(form.locator("#notice")).to_be_visible()
    expect(name).to_be_focused()
    assert reason.input_value() == sent.reason
    take_picture(page.page, f"client_no_name_{sent.lang}")
    page.fill("return", name=sent.name, reason=" \n ")
    page.send("return")
    words = "Please write why you return the document: its sender reads it."
    expect(page.notice).to_have_text(page.say(words))
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-describedby", "notice")
    assert name.input_value() == sent.name
    assert read_delivery(seller, sent)["state"] not in ("accept", "return")
    assert read_activities(seller, sent) == []


def test_reason_of_a_return_reaches_the_salesperson(seller, sent, client):
    page = client(sent)
    page.open(sent.link)
    page.send_back(sent.name, sent.reason)
    expect(page.answer).to_contain_text(page.say("This document was returned"))
    assert page.answer.locator("blockquote").inner_text() == sent.reason
    take_picture(page.page, f"client_returned_{sent.lang}")
    delivery = read_delivery(seller, sent)
    assert (delivery["state"], delivery["return_reason"]) == ("return", sent.reason)
    first, last = sent.reason.replace("<", "&lt;").replace(">", "&gt;").split("\n")
    chatter = read_chatter(seller, sent)
    assert first in chatter and last in chatter
    [activity] = read_activities(seller, sent)
    assert activity["summary"] == "Returned by the client"
    assert activity["user_id"][0] == seller.user.uid
    assert first in activity["note"] and last in activity["note"]


def test_later_answer_replaces_the_earlier(seller, send, client):
    sent = send()
    page = client(sent)
    page.open(sent.link)
    page.send_back(sent.name, sent.reason)
    expect(page.button("Return…")).to_have_count(0)
    page.peruse()
    page.accept("Jane Smith")
    expect(page.answer).to_contain_text("This document is accepted")
    expect(page.answer).not_to_contain_text("quantity")
    assert read_delivery(seller, sent)["answer_name"] == "Jane Smith"
    assert read_activities(seller, sent) == []
    page.peruse()
    page.send_back(sent.name, "Still wrong")
    expect(page.answer).to_contain_text("Still wrong")
    assert read_delivery(seller, sent)["state"] == "return"
    assert len(read_activities(seller, sent)) == 1


def test_form_sent_in_the_first_moment_is_asked_for_again(seller, send, client):
    """Nobody reads so fast; a person presses once more and is heard (B12)."""
    sent = send()
    page = client(sent)
    page.page.goto(sent.link)
    with page.page.expect_navigation():
        page.form("return").evaluate(
            """form => {
                form.elements.name.value = "John Smith";
                form.elements.reason.value = "Wrong";
                form.requestSubmit();
            }"""
        )
    expect(page.notice).to_contain_text("not noted yet")
    button = page.form("return").get_by_role("button")
    expect(button).to_be_focused()
    assert read_delivery(seller, sent)["state"] != "return"
    page.peruse()
    page.send("return")
    expect(page.answer.locator("blockquote")).to_have_text("Wrong")
    assert read_delivery(seller, sent)["state"] == "return"


def test_sender_sees_the_answer_in_list_and_panel(seller, send, client, user_page):
    sent = send()
    page = client(sent)
    page.open(sent.link)
    page.accept(sent.name)
    user_page.goto(f"{seller.server.url}/odoo/customer-invoices")
    name = seller.move(sent.move_id)["name"]
    row = user_page.locator(".o_data_row", has_text=name)
    assert "accept" in icons(row.locator(".o_invoice_delivery_state"))
    user_page.goto(f"{seller.server.url}/odoo/customer-invoices/{sent.move_id}")
    assert "accept" in icons(user_page.locator(".o_invoice_delivery_ribbon"))
    user_page.get_by_role("tab", name="Client", exact=True).click()
    panel = user_page.locator(".o_invoice_delivery_panel")
    expect(panel).to_contain_text(f"Accepted by {sent.name}")
    expect(panel).to_contain_text(sent.address)
    expect(panel).to_contain_text(re.compile(r"PDF version [0-9a-f]{12}"))
    take_picture(user_page, "client_answer_panel")


def test_pdf_is_there_once_the_client_accepted(seller, send, client):
    """The company keeps the PDF back until then, and the page says so (R31)."""
    sent = send()
    words = "The PDF can be downloaded once the document is accepted."
    with seller.company_setting(invoice_accept_before_download=True):
        page = client(sent)
        page.open(sent.link)
        download = page.page.get_by_role("link", name="Download PDF")
        expect(download).to_have_count(0)
        expect(page.page.locator(".hint", has_text=words)).to_be_visible()
        page.accept(sent.name)
        expect(page.page.locator(".hint", has_text=words)).to_have_count(0)
        with page.page.expect_download() as taken:
            download.click()
    assert taken.value.path().read_bytes().startswith(b"%PDF")


def test_chosen_language_stays_through_the_answer(seller, send, client):
    sent = send("ro_RO")
    page = client(sent)
    page.page.goto(sent.link)
    page.page.get_by_role("link", name="English").click()
    page.expect_lang("en_US")
    english = ClientPage(page.page, "en_US")
    english.peruse()
    english.accept(sent.name)
    english.expect_lang("en_US")
    expect(english.answer).to_contain_text("This document is accepted")
    page.page.get_by_role("link", name="Български").click()
    bulgarian = ClientPage(page.page, "bg_BG")
    bulgarian.expect_lang("bg_BG")
    bulgarian.peruse()
    bulgarian.button("Return…").click()
    bulgarian.fill("return", name=" ", reason="x")
    bulgarian.send("return")
    bulgarian.expect_lang("bg_BG")
    expect(bulgarian.notice).to_have_text(bulgarian.say("Please write your name."))


def test_client_who_opts_out_is_not_followed_any_more(seller, send, client):
    sent = send()
    page = client(sent)
    page.open(sent.link)
    page.page.get_by_role("button", name="Do not record my visits").click()
    expect(page.notice).to_contain_text("your visits are not recorded")
    expect(page.page.locator("footer")).to_contain_text("visits are not recorded")
    take_picture(page.page, "client_opted_out")
    beacons = []
    page.page.on("request", lambda asked: beacons.append(asked.url))
    page.page.goto(sent.link)
    page.peruse()
    page.page.wait_for_timeout(NO_BEACON_MS)
    assert [url for url in beacons if url.endswith("/seen")] == []
    expect(page.page.get_by_role("button", name="Do not record")).to_have_count(0)
    page.accept(sent.name)
    expect(page.answer).to_contain_text("This document is accepted")


def test_company_without_a_logo_shows_none(seller, send, client):
    """Odoo's stand-in for a logo is nothing for a client's eyes."""
    sent = send()
    page = client(sent)
    page.page.goto(sent.link)
    expect(page.page.locator(".seller")).to_have_text("Seller SRL")
    expect(page.page.locator(".logo")).to_have_count(0)
    with seller.company_setting(logo=LOGO):
        page.page.goto(sent.link)
        source = page.page.locator(".logo").get_attribute("src")
    assert base64.b64decode(source.partition(",")[2]).startswith(b"\x89PNG")


# -- dead links ------------------------------------------------------------------------


def test_expired_link_is_renewed_by_a_mail_to_the_address_on_file(
    seller, sink, sent, client
):
    with seller.company_setting(invoice_link_expiry_days=10):
        expire(seller, sent, days=11)
        page = client(sent)
        page.page.goto(sent.link)
        page.expect_lang(sent.lang)
        title = page.say("This link does not open a document")
        expect(page.page.locator("h1")).to_have_text(title)
        take_picture(page.page, f"client_dead_{sent.lang}")
        ask = page.page.get_by_role("button", name=page.say("Send me a new link"))
        ask.click()
        words = page.say(
            "If there is a document behind this link, a new link is on its way to "
            "the address that the document was sent to, or its sender was told that "
            "you need one."
        )
        expect(page.page.get_by_role("status")).to_have_text(words)
        take_picture(page.page, f"client_dead_asked_{sent.lang}")
        new = read_new_link(seller, sink, sent, page)
        page.open(new)
        expect(page.page.locator("#document")).to_be_visible()
        page.accept(sent.name)
        expect(page.answer).to_contain_text(sent.name)
        page.page.goto(sent.link)
        expect(page.page.locator("h1")).to_have_text(title)


def read_new_link(seller, sink, sent, page):
    """Return the new link from the mail that brought it, once that was read."""
    seller.run_cron(CRON)
    polling.until(lambda: len(sink.mails_to(sent.address)) == 2, "the mail")
    mail = sink.mails_to(sent.address)[1]
    # found in the mailbox a while later: mail filters look at once
    seller.sql(
        "UPDATE invoice_delivery SET link_datetime = link_datetime - interval '1 hour'"
        " WHERE move_id = %s",
        sent.move_id,
    )
    number = seller.move(sent.move_id)["name"]
    assert mail.recipients == [sent.address]
    assert mail.message["Subject"] == page.say("Your new link to %s") % number
    assert mail.message["Auto-Submitted"] == "auto-replied"
    assert page.say("View document") in mail.html
    assert (
        page.say(
            "If it was not you, you need not do anything: the link was sent "
            "to this address alone."
        )
        in mail.html
    )
    [link] = set(LINK.findall(mail.html))
    assert link != sent.link
    return link


def test_revoked_link_mails_nothing_and_the_sender_is_told(seller, sink, sent, client):
    revoke(seller, sent)
    page = client(sent)
    page.page.goto(sent.link)
    page.expect_lang(sent.lang)
    expect(page.page.locator("body")).not_to_contain_text("INV/")
    page.page.get_by_role("button", name=page.say("Send me a new link")).click()
    expect(page.page.get_by_role("status")).to_be_visible()
    seller.run_cron(CRON)
    assert len(sink.mails_to(sent.address)) == 1
    assert f"{sent.address} has a link that no longer works" in read_chatter(
        seller, sent
    )


def test_answer_through_a_link_that_died_meanwhile_is_not_taken(seller, send, client):
    sent = send()
    page = client(sent)
    page.open(sent.link)
    revoke(seller, sent)
    page.accept(sent.name)
    expect(page.page.locator("h1")).to_have_text("This link does not open a document")
    assert not read_delivery(seller, sent)["accept_datetime"]


# -- every reader ----------------------------------------------------------------------


def test_everything_works_without_script(seller, sent, client):
    page = client(sent, java_script_enabled=False)
    page.page.goto(sent.link)
    expect(page.page.locator("#document")).to_be_hidden()
    page.page.wait_for_timeout(2_500)
    page.page.get_by_role("button", name=page.say("Show document")).click()
    expect(page.page.locator("#document")).to_be_visible()
    page.page.wait_for_timeout(2_500)
    page.send_back(sent.name, sent.reason)
    assert page.answer.locator("blockquote").inner_text() == sent.reason
    assert read_delivery(seller, sent)["return_reason"] == sent.reason
    page.page.wait_for_timeout(2_500)
    page.accept(sent.name)
    expect(page.answer).to_contain_text(page.say("This document is accepted"))
    take_picture(page.page, f"client_no_script_{sent.lang}")
    assert read_delivery(seller, sent)["state"] == "accept"


def check_phone(page, name):
    """Check that nothing is wider than the phone, nor smaller than a thumb."""
    take_picture(page, f"client_phone_{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    pressed = page.locator("main :is(a, button, summary, textarea, input)")
    boxes = [part.bounding_box() for part in pressed.all() if part.is_visible()]
    assert len(boxes) > 1
    for box in boxes:
        assert box["height"] >= THUMB
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_every_state_fits_a_phone(seller, sent, client):
    page = client(sent, viewport=PHONE, has_touch=True, is_mobile=True)
    page.open(sent.link)
    check_phone(page.page, f"fresh_{sent.lang}")
    page.button("Accept").tap()
    check_phone(page.page, f"accept_{sent.lang}")
    page.button("Return…").tap()
    expect(page.form("accept")).to_be_hidden()
    check_phone(page.page, f"return_{sent.lang}")
    page.fill("return", name=" ", reason="reason" * 50)
    page.send("return")
    check_phone(page.page, f"notice_{sent.lang}")
    page.peruse()
    page.fill("return", name="N" * 100)
    page.send("return")
    expect(page.answer.locator("blockquote")).to_be_visible()
    check_phone(page.page, f"returned_{sent.lang}")
    page.peruse()
    page.accept("N" * 100)
    expect(page.answer.locator("blockquote")).to_have_count(0)
    check_phone(page.page, f"accepted_{sent.lang}")
    revoke(seller, sent)
    page.page.goto(sent.link)
    check_phone(page.page, f"dead_{sent.lang}")
    page.page.get_by_role("button").tap()
    expect(page.page.get_by_role("status")).to_be_visible()
    check_phone(page.page, f"dead_asked_{sent.lang}")


def test_document_is_returned_by_keyboard_alone(seller, sent, client):
    page = client(sent)
    page.page.goto(sent.link)
    page.page.wait_for_timeout(2_500)
    keyboard = page.page.keyboard
    accept, back = page.button("Accept"), page.button("Return…")
    pdf = page.page.locator("a[href*='/pdf?']")
    texts = page.tab_to(pdf)
    assert texts[-3:] == [page.say(t) for t in ("Accept", "Return…", "Download PDF")]
    keyboard.press("Shift+Tab")
    expect(back).to_be_focused()
    keyboard.press("Shift+Tab")
    expect(accept).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    form = page.form("return")
    expect(form.locator("[name=name]")).to_be_focused()
    keyboard.type(sent.name)
    page.tab_to(form.locator("textarea"))
    keyboard.type("Wrong")
    page.tab_to(form.get_by_role("button"))
    with page.page.expect_navigation():
        keyboard.press("Enter")
    expect(page.answer.locator("blockquote")).to_have_text("Wrong")
    delivery = read_delivery(seller, sent)
    assert (delivery["state"], delivery["answer_name"]) == ("return", sent.name)


def test_new_link_is_asked_for_by_keyboard_alone(seller, sent, client):
    revoke(seller, sent)
    page = client(sent)
    page.page.goto(sent.link)
    page.tab_to(page.page.get_by_role("button"))
    page.page.keyboard.press("Enter")
    expect(page.page.get_by_role("status")).to_be_visible()


def check_access(page, state):
    """Ask axe-core for whatever keeps people out, and check the contrast of words."""
    script = node.ensure().modules / "axe-core/axe.min.js"
    page.add_script_tag(path=script)
    found = page.evaluate("axe.run()")
    assert found["passes"], state
    problems = [
        (state, rule["id"], [spot["html"] for spot in rule["nodes"]])
        for rule in found["violations"]
    ]
    assert problems == []
    contrasts = page.evaluate(READ_CONTRASTS)
    assert {t: c for t, c in contrasts.items() if c < CONTRAST} == {}, state


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_keeps_anybody_out(seller, send, client, scheme):
    """axe-core finds nothing on page, forms, answers and dead page (B27)."""
    sent = send()
    # the page itself allows no script but its own
    page = client(sent, color_scheme=scheme, bypass_csp=True)
    page.open(sent.link)
    check_access(page.page, "fresh")
    page.button("Accept").click()
    check_access(page.page, "accept")
    page.button("Return…").click()
    page.fill("return", name=" ", reason="Wrong")
    page.send("return")
    check_access(page.page, "notice")
    page.peruse()
    page.fill("return", name=sent.name)
    page.send("return")
    check_access(page.page, "returned")
    page.peruse()
    page.accept(sent.name)
    check_access(page.page, "accepted")
    revoke(seller, sent)
    page.page.goto(sent.link)
    check_access(page.page, "dead")
    page.page.get_by_role("button").click()
    expect(page.page.get_by_role("status")).to_be_visible()
    check_access(page.page, "dead, asked")
