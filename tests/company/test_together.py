"""Sending, pictures and links beside OCA's mail_tracking and queue_job, and website."""

import re
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import (  # noqa: F401
    chromium,
    open_client,
    unlimited_address_space,
)
from tests.helpers import cron_worker, polling, review
from tests.helpers.client_page import LINK, look
from tests.helpers.odoo_server import OdooServer
from tests.helpers.review import Review

THEIR_PICTURE = re.compile(r'src="(http[^"]+/mail/tracking/open/[^"]+\.gif)"')
OUR_PICTURE = re.compile(LINK.pattern + r"/open\.gif")
MAIL_PROGRAM = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"
    " Thunderbird/140.4.0",
    "Accept": "image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5",
    "Accept-Language": "ro",
}
MODES = ("link", "attachment")
HALF = 3


def their_tracking(seller, address: str) -> dict:
    """Read what mail_tracking knows of the only mail to an address."""
    domain = [("recipient_address", "=", address)]
    names = ("state", "partner_id", "mail_message_id")
    [tracking] = seller.admin.search("mail.tracking.email", domain, *names)
    return tracking


def load(url: str) -> None:
    """Load a picture as a mail program does."""
    answer = requests.get(url, headers=MAIL_PROGRAM, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/gif"


@pytest.fixture
def address(seller) -> str:
    """An address of this test alone."""
    return seller.address("client")


@pytest.fixture
def move_id(seller, address) -> int:
    """An invoice that was not sent yet."""
    return seller.invoice(address)


@pytest.fixture(params=MODES)
def mode(request) -> str:
    """Link or attachment."""
    return request.param


def test_one_document_leaves_with_their_picture_and_without_ours(
    seller, sink, address, move_id, mode
):
    """Our picture is off by default; the PDF is there where it belongs (D3)."""
    seller.send(move_id, document_mode=mode)
    mail = sink.mail_to(address)
    assert len(THEIR_PICTURE.findall(mail.html)) == 1
    assert OUR_PICTURE.findall(mail.html) == []
    assert len(LINK.findall(mail.html)) == 1
    assert len(mail.files) == (mode == "attachment")
    assert seller.delivery(move_id)["state"] == "sent"
    tracking = their_tracking(seller, address)
    assert tracking["state"] == "sent" and tracking["mail_message_id"]


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_each_picture_is_recorded_by_its_own_addon_alone(
    seller, sink, address, move_id, first
):
    """Loading one changes nothing of the other, in either order (B12)."""
    with seller.company_setting(invoice_track_open=True):
        seller.send(move_id, document_mode="link")
        seller.make_older(move_id, 60)
        html = sink.mail_to(address).html
        [theirs], [ours] = THEIR_PICTURE.findall(html), [OUR_PICTURE.search(html)[0]]
        load(ours if first == "ours" else theirs)
        states = seller.delivery(move_id)["state"], their_tracking(seller, address)
        assert (states[0], states[1]["state"]) == (
            ("open", "sent") if first == "ours" else ("sent", "opened")
        )
        load(theirs if first == "ours" else ours)
    assert seller.delivery(move_id)["state"] == "open"
    assert their_tracking(seller, address)["state"] == "opened"
    assert not seller.move(move_id)["invoice_view_datetime"]


def test_refused_recipient_is_refused_for_both(seller, sink, address, move_id):
    """The server's words stand with us, and mail_tracking has its error."""
    sink.treat(address, rcpt="550 5.1.1 no such user")
    seller.send(move_id)
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["failure_type"]) == ("error", "refused")
    assert "no such user" in delivery["failure_reason"]
    assert their_tracking(seller, address)["state"] == "error"


def test_kept_mail_holds_no_picture_that_would_tell_of_its_reader(
    seller, sink, address, move_id
):
    """Staff who read the mail under Customers > Mails are not taken for the client."""
    seller.send(move_id)
    [kept] = seller.admin.search("invoice.mail", [("email", "=", address)], "body_html")
    assert THEIR_PICTURE.search(sink.mail_to(address).html)
    assert "/mail/tracking/" not in kept["body_html"]


def test_client_that_is_not_followed_is_followed_by_neither(seller, sink, address):
    """No picture of any addon, and mail_tracking still knows that it was sent (B20)."""
    move_id = seller.invoice(address, invoice_no_tracking=True)
    with seller.company_setting(invoice_track_open=True):
        seller.send(move_id)
    assert "<img" not in sink.mail_to(address).html
    assert seller.delivery(move_id)["state"] == "sent"
    assert their_tracking(seller, address)["state"] == "sent"


def half_and_half(seller) -> tuple[Review, dict[str, list[str]]]:
    """Open the window of many: half as links, half as attachments."""
    emails = {mode: [seller.address(mode) for _n in range(HALF)] for mode in MODES}
    every = [*emails["link"], *emails["attachment"]]
    move_ids = review.post_many(seller, every)
    window = Review(seller, move_ids)
    for place, move_id in enumerate(move_ids):
        window.type(move_id, document_mode=MODES[place // HALF])
    return window, emails


def check_half_and_half(seller, sink, emails) -> None:
    """Check that each got its one mail, and that both addons know of it."""
    for mode, addresses in emails.items():
        for address in addresses:
            mail = sink.mail_to(address)
            assert len(mail.files) == (mode == "attachment")
            assert len(THEIR_PICTURE.findall(mail.html)) == 1
            assert requests.get(LINK.search(mail.html)[0], timeout=60).ok
            assert their_tracking(seller, address)["state"] == "sent"


def test_many_leave_by_the_scheduled_action(seller, sink):
    """One document alone needs no job; where no runner is, many need none either."""
    window, emails = half_and_half(seller)
    window.press_send()

    def is_done():
        seller.run_cron()
        # the runner is not started with this Odoo: what waits for it is late
        seller.sql(
            "UPDATE queue_job SET date_created = date_created - interval '2 minutes'"
        )
        return window.run()["state"] == "done"

    polling.until(is_done, "the end of the sending", 180)
    assert window.run()["sent_count"] == 2 * HALF
    check_half_and_half(seller, sink, emails)


def test_many_leave_by_jobs(seller, sink, dev_environment, internet, tmp_path):
    """The job queue sends them, and makes the PDFs that no mail waited for (B22)."""
    seller.sql("DELETE FROM queue_job")
    window, emails = half_and_half(seller)
    window.press_send()
    options = {"cron_threads": 1, "jobs": 2, **internet.variables()}
    server = OdooServer(
        dev_environment, seller.database, tmp_path / "jobs.log", **options
    )
    server.start()
    try:
        cron_worker.wake_until(
            seller, lambda: window.run()["state"] == "done", "the run's end", 180
        )
        jobs = "SELECT DISTINCT state FROM queue_job"
        polling.until(
            lambda: seller.select(jobs) == [("done",)], "the end of the jobs", 120
        )
    finally:
        server.stop()
    assert window.run()["sent_count"] == 2 * HALF
    check_half_and_half(seller, sink, emails)


# -- the client's page on a database with a website ------------------------------------


@pytest.fixture(scope="module")
def bilingual(seller) -> None:
    """The website speaks Romanian besides English."""
    admin = seller.admin
    [website] = admin.search("website", [], "id")
    [romanian] = admin.search("res.lang", [("code", "=", "ro_RO")], "id")
    admin.change("website", website["id"], {"language_ids": [(4, romanian["id"])]})


@pytest.fixture
def link(seller, sink, address, move_id, bilingual) -> str:
    """The client's link of an invoice that was mailed."""
    seller.send(move_id, document_mode="link")
    seller.make_older(move_id, 60)
    return LINK.search(sink.mail_to(address).html)[0]


def get(url: str, **cookies: str) -> requests.Response:
    """Ask as a Romanian's browser does."""
    headers = {"Accept-Language": "ro-RO,ro;q=0.9", "User-Agent": "Mozilla/5.0"}
    with requests.Session() as session:
        answer = session.get(url, headers=headers, cookies=cookies, timeout=60)
        assert dict(session.cookies) == {}
    return answer


def check_is_our_page(answer: requests.Response) -> None:
    """Check that the page is ours alone: no website around it, no other's header."""
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'id="invoice_delivery"' in answer.text
    for theirs in ("o_main_nav", "website", "/web/assets", "frontend_lang", "/ro/"):
        assert theirs not in answer.text


def test_page_is_not_taken_over_by_the_website(link):
    """No redirect to a language, no layout, no cookie, whoever comes."""
    for cookies in ({}, {"frontend_lang": "ro_RO"}):
        answer = get(link, **cookies)
        assert (answer.status_code, answer.url, answer.history) == (200, link, [])
        check_is_our_page(answer)


def test_language_is_chosen_on_the_page_and_not_by_the_website(link):
    """The page's own switch changes the language; the address stays."""
    answer = get(f"{link}?lang=ro_RO")
    assert answer.history == [] and 'lang="ro-RO"' in answer.text
    check_is_our_page(answer)


def test_address_with_the_websites_language_before_it_shows_the_same_page(link):
    """A reader or a proxy that puts /ro in front of the path loses nothing."""
    parts = urlsplit(link)
    answer = get(f"{parts.scheme}://{parts.netloc}/ro{parts.path}")
    assert answer.status_code == 200
    check_is_our_page(answer)


def test_dead_link_is_answered_by_us_and_not_by_the_website(link):
    """The form that asks for a new link, not the website's 404 page."""
    answer = get(link[:-4] + "AAAA")
    assert answer.status_code == 404
    assert "/renew" in answer.text and "o_main_nav" not in answer.text


@pytest.mark.flaky(reruns=1)
def test_person_looks_and_the_eye_lights(
    seller,
    link,
    open_client,  # noqa: F811
):
    """Page, script, styles and beacon work in a browser, without a cookie (R30)."""
    page = open_client()
    look(page, link)
    expect(page.get_by_role("link", name="PDF")).to_be_visible()
    [moves] = seller.select(
        "SELECT count(*) FROM invoice_delivery WHERE state = 'view'"
    )
    assert moves == (1,)
