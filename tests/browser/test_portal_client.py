"""The client's portal: the notice, the look, accept and return there (R9, R31, B12)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from devenv import demo_browser, node
from tests.helpers import polling
from tests.helpers.client_page import (
    PAGE_MS,
    PHONE,
    move_mouse_until,
    take_picture,
)

PASSWORD = "portal-of-alfa"
REASON = "The quantity is wrong:\n2 <b>and</b> not 3"
#: Nobody reads a page and presses its button sooner.
READ_MS = 2_500
#: Longer than any beacon of an untracked page would wait.
NO_BEACON_MS = 5_000


@dataclass
class Client:
    """A customer with a portal user.

    :ivar login: the user's login and address
    :ivar move_id: an invoice of the customer
    :ivar name: the invoice's number
    """

    login: str
    move_id: int
    name: str

    @property
    def path(self) -> str:
        """The invoice's page in the portal."""
        return f"/my/invoices/{self.move_id}"


@pytest.fixture
def client(seller) -> Client:
    """A customer with a portal user and an invoice that was not sent."""
    login = seller.address("portal")
    move_id = seller.invoice(login)
    invoice = seller.user.fetch("account.move", move_id, "name", "partner_id")
    contact = {
        "name": "Ana Alfa",
        "email": login,
        "parent_id": invoice["partner_id"][0],
    }
    seller.admin.make(
        "res.users",
        {
            "login": login,
            "password": PASSWORD,
            "partner_id": seller.admin.make("res.partner", contact),
            "group_ids": [(6, 0, [seller.admin.ref("base.group_portal")])],
        },
    )
    return Client(login, move_id, invoice["name"])


@pytest.fixture
def bring(seller) -> Callable[[Client], None]:
    """Send the invoice by network alone."""

    def brought(client):
        seller.send(client.move_id, sending_methods=["network"])
        assert delivery(seller, client)["state"] == "sent"

    return brought


@pytest.fixture
def open_portal(chromium):
    """Open an empty page of a client, and check that none had any trouble."""
    contexts, troubles = [], []

    def opened(**options) -> Page:
        context = demo_browser.client(chromium, "en_US", **options)
        context.set_default_timeout(PAGE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def sign_in(open_portal, seller):
    """Open the portal as the client does: with login and password."""

    def signed_in(client, **options) -> Page:
        page = open_portal(**options)
        page.goto(f"{seller.server.url}/my")
        page.locator("input[name=login]").fill(client.login)
        page.locator("input[name=password]").fill(PASSWORD)
        with page.expect_navigation():
            page.locator("form.oe_login_form button[type=submit]").click()
        return page

    return signed_in


def delivery(seller, client):
    """Read what became of the invoice in the portal."""
    [found] = seller.user.search(
        "invoice.delivery",
        [("move_id", "=", client.move_id), ("sending_method", "=", "network")],
        "state",
        "view_datetime",
        "return_reason",
        "answer_name",
    )
    return found


def has_state(seller, client, state):
    """Wait until the delivery has a state."""
    polling.until(lambda: delivery(seller, client)["state"] == state, f"state {state}")


def look(page, client, address=""):
    """Open the invoice's page and look until its script told the server."""
    with page.expect_response(lambda answer: answer.url.endswith("/seen")) as seen:
        if address:
            page.goto(address)
        else:
            page.get_by_role("link", name=client.name).first.click()
        expect(page.locator("#invoice_delivery")).to_be_visible()
        move_mouse_until(page, seen.is_done)
    assert seen.value.status == 204


def card(page):
    """Return the part of the page where the client answers."""
    return page.locator("#invoice_delivery")


def test_client_sees_the_notice_and_looks(seller, client, bring, sign_in):
    bring(client)
    page = sign_in(client)
    news = page.locator("#invoice_delivery_news")
    expect(news).to_contain_text(client.name)
    expect(news).to_contain_text("Seller SRL")
    expect(page.locator(".o_portal_doc_spinner")).to_have_count(0)
    take_picture(page, "portal_home")
    page.goto(f"{seller.server.url}/my/invoices")
    expect(page.locator("tr", has_text=client.name)).to_contain_text("New")
    take_picture(page, "portal_list")
    assert not delivery(seller, client)["view_datetime"]
    look(page, client)
    has_state(seller, client, "view")
    page.wait_for_timeout(1_000)
    take_picture(page, "portal_page")
    page.goto(f"{seller.server.url}/my")
    expect(page.locator(".o_portal_my_home")).to_be_visible()
    expect(news).to_have_count(0)


def test_hand_over_the_document_itself_counts(seller, client, bring, sign_in):
    """The document stands in a frame that keeps what is done over it."""
    bring(client)
    page = sign_in(client)
    address = seller.server.url + client.path
    with page.expect_response(lambda answer: answer.url.endswith("/seen")) as seen:
        page.goto(address)
        frame = page.locator("#invoice_html")
        page.frame_locator("#invoice_html").locator("#wrapwrap").wait_for()
        frame.scroll_into_view_if_needed()
        box = frame.bounding_box()
        for step in range(60):
            if seen.is_done():
                break
            page.mouse.move(box["x"] + 100 + 10 * (step % 9), box["y"] + 60 + step)
            page.wait_for_timeout(120)
    assert seen.value.request.post_data_json["inputs"] >= 2
    has_state(seller, client, "view")


def test_page_that_nobody_touches_lights_no_eye(seller, client, bring, sign_in):
    bring(client)
    page = sign_in(client)
    with page.expect_response(lambda answer: answer.url.endswith("/seen")) as seen:
        page.goto(seller.server.url + client.path)
    assert seen.value.request.post_data_json["inputs"] == 0
    assert not delivery(seller, client)["view_datetime"]


def test_document_is_returned_and_accepted_after_all(seller, client, bring, sign_in):
    bring(client)
    page = sign_in(client)
    look(page, client, seller.server.url + client.path)
    card(page).locator("summary").click()
    expect(card(page).locator("textarea")).to_be_focused()
    card(page).locator("textarea").fill(REASON)
    take_picture(page, "portal_return")
    with page.expect_navigation():
        card(page).get_by_role("button", name="Return document").click()
    expect(card(page)).to_contain_text("This document was returned")
    expect(card(page).locator("blockquote")).to_have_text(REASON)
    expect(card(page)).to_be_in_viewport()
    take_picture(page, "portal_returned")
    found = delivery(seller, client)
    assert (found["state"], found["return_reason"]) == ("return", REASON)
    assert found["answer_name"] == "Ana Alfa"
    page.wait_for_timeout(READ_MS)
    page.mouse.move(300, 300)
    with page.expect_navigation():
        card(page).get_by_role("button", name="Accept document").click()
    expect(card(page)).to_contain_text("This document is accepted")
    take_picture(page, "portal_accepted")
    assert delivery(seller, client)["state"] == "accept"
    page.goto(f"{seller.server.url}/my/invoices")
    expect(page.locator("tr", has_text=client.name)).to_contain_text("Accepted")


def test_pdf_of_the_portal_counts_as_downloaded(seller, client, bring, sign_in):
    bring(client)
    page = sign_in(client)
    look(page, client, seller.server.url + client.path)
    with page.expect_download() as file:
        page.locator(".o_download_btn:visible").first.click()
    assert file.value.path().read_bytes().startswith(b"%PDF")
    has_state(seller, client, "download")


def test_document_is_returned_by_keyboard_alone(seller, client, bring, sign_in):
    bring(client)
    page = sign_in(client)
    page.goto(seller.server.url + client.path)
    page.wait_for_timeout(READ_MS)
    page.locator("#invoice_delivery").get_by_role("button").first.focus()
    page.keyboard.press("Tab")
    expect(card(page).locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page).locator("textarea")).to_be_focused()
    page.keyboard.type("Wrong")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(card(page).locator("blockquote")).to_have_text("Wrong")


def test_answers_need_no_script(seller, client, bring, sign_in, open_portal):
    bring(client)
    # Odoo's form for signing in needs one
    state = sign_in(client).context.storage_state()
    page = open_portal(java_script_enabled=False, storage_state=state)
    page.goto(seller.server.url + client.path)
    page.wait_for_timeout(READ_MS)
    card(page).locator("summary").click()
    card(page).locator("textarea").fill(REASON)
    card(page).get_by_role("button", name="Return document").click()
    expect(card(page).locator("blockquote")).to_have_text(REASON)
    page.wait_for_timeout(READ_MS)
    card(page).get_by_role("button", name="Accept document").click()
    expect(card(page)).to_contain_text("This document is accepted")
    assert delivery(seller, client)["state"] == "accept"


def test_portal_that_is_open_tells_at_once(seller, client, bring, sign_in):
    page = sign_in(client)
    page.wait_for_timeout(READ_MS)
    bring(client)
    notice = page.locator(".o_notification")
    expect(notice).to_contain_text(client.name, timeout=PAGE_MS)
    expect(notice).to_contain_text("New document from Seller SRL")
    take_picture(page, "portal_live")
    with page.expect_navigation(url=re.compile(re.escape(client.path))):
        notice.get_by_role("button", name="View").click()
    look(page, client, page.url)
    has_state(seller, client, "view")


def test_who_is_not_followed_answers_all_the_same(seller, client, bring, sign_in):
    bring(client)
    with seller.company_setting(invoice_track_clients=False):
        page = sign_in(client)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(seller.server.url + client.path)
        page.mouse.move(300, 300)
        page.wait_for_timeout(NO_BEACON_MS)
        with page.expect_navigation():
            card(page).get_by_role("button", name="Accept document").click()
        expect(card(page)).to_contain_text("This document is accepted")
        take_picture(page, "portal_not_followed")
        assert not [url for url in asked if url.endswith("/seen")]
    found = delivery(seller, client)
    assert (found["state"], found["view_datetime"]) == ("accept", False)


def test_portal_fits_a_phone(seller, client, bring, sign_in):
    bring(client)
    page = sign_in(client, viewport=PHONE, has_touch=True, is_mobile=True)
    expect(page.locator("#invoice_delivery_news")).to_contain_text(client.name)
    take_picture(page, "portal_phone_home")
    page.goto(seller.server.url + client.path)
    page.wait_for_timeout(READ_MS)
    card(page).locator("summary").tap()
    take_picture(page, "portal_phone_page")
    for part in card(page).locator("button, summary, textarea").all():
        box = part.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    card(page).locator("textarea").fill("reason" * 50)
    with page.expect_navigation():
        card(page).get_by_role("button", name="Return document").tap()
    expect(card(page).locator("blockquote")).to_be_visible()
    expect(card(page)).to_be_in_viewport()
    box = card(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    take_picture(page, "portal_phone_returned")


def test_mail_of_the_notice_leads_by_the_sign_in(
    seller, sink, client, bring, open_portal
):
    bring(client)
    seller.run_cron("mail.ir_cron_mail_scheduler_action")
    # Odoo welcomes a new user of the portal with a mail of its own
    mails = sink.mails_to(client.login)
    [notice] = [mail for mail in mails if client.name in mail.message["Subject"]]
    page = open_portal()
    page.set_content(notice.html)
    take_picture(page, "portal_mail")
    links = [link.get_attribute("href") for link in page.locator("a").all()]
    [link] = [link for link in links if client.path in link]
    page.goto(link)
    expect(page.locator("body")).not_to_contain_text(client.name)
    page.locator("input[name=login]").fill(client.login)
    page.locator("input[name=password]").fill(PASSWORD)
    with page.expect_navigation(url=re.compile(re.escape(client.path))):
        page.locator("form.oe_login_form button[type=submit]").click()
    expect(card(page)).to_be_visible()


def test_card_and_notice_keep_nobody_out(seller, client, bring, sign_in):
    """axe-core finds nothing on what stands in the portal's pages for us (B27)."""
    bring(client)
    page = sign_in(client)
    page.locator("#invoice_delivery_news").wait_for()
    check_access(page, "#invoice_delivery_news")
    page.goto(seller.server.url + client.path)
    card(page).locator("summary").click()
    check_access(page, "#invoice_delivery")
    page.wait_for_timeout(READ_MS)
    card(page).locator("textarea").fill(REASON)
    for answer in ("Return document", "Accept document"):
        page.mouse.move(300, 300)
        with page.expect_navigation():
            card(page).get_by_role("button", name=answer).click()
        card(page).locator("[role=status]").wait_for()
        check_access(page, "#invoice_delivery")
        page.wait_for_timeout(READ_MS)


def check_access(page, place):
    """Ask axe-core for whatever keeps people out of a part of the page."""
    page.add_script_tag(path=node.ensure().modules / "axe-core/axe.min.js")
    found = page.evaluate(f"axe.run('{place}')")
    assert found["passes"]
    problems = [
        (rule["id"], [spot["html"] for spot in rule["nodes"]])
        for rule in found["violations"]
    ]
    assert problems == []
