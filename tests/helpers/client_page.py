"""The client's page in a browser, as a person at the client's side uses it."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from devenv import translations

from .seller import Seller
from .smtp_sink import SmtpSink

LINK = re.compile(r"http://127\.0\.0\.1:\d+/invoice/d/[\w-]+")
#: What a browser says of itself where a person typed the link or came from a mail.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
    " (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "ro-RO,ro;q=0.9,en;q=0.8",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-User": "?1",
}
LANGUAGES = ("en_US", "ro_RO", "bg_BG")
#: The web client's styles and scripts are put together at the first call.
PAGE_MS = 90_000
#: A page that has to read something again, a document that has to arrive.
CHANGE_MS = 30_000
#: The page's script tells after some seconds, later ones included.
LOOK_SECONDS = 40
#: A hand on the mouse moves at most so often.
MOVE_MS = 120
#: Nobody reads a page and presses its button sooner.
READ_MS = 2_500
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SIZES = {"desktop": DESKTOP, "phone": PHONE}
#: WCAG 2.2, 2.5.5: the least height of what is pressed, in CSS pixels.
THUMB = 44
#: WCAG 2.2, 1.4.3: the least contrast of ordinary text.
CONTRAST = 4.5
#: More presses of Tab than any page has stops.
STOPS = 30

FOLDER = Path(__file__).resolve().parents[2] / "invoice_send_client/i18n"

READ_CONTRASTS = """(options) => {
    const { root = "main", canvas = [255, 255, 255] } = options || {};
    const channel = (v) => {
        const c = v / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };
    const read = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) =>
        0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const color = read(getComputedStyle(at).backgroundColor);
            if (color.length === 3 || color[3] > 0) return color;
        }
        return canvas;
    };
    const contrasts = {};
    for (const node of document.querySelectorAll(`${root} *`)) {
        const words = [...node.childNodes].some(
            (child) => child.nodeType === 3 && child.data.trim()
        );
        if (!words || !node.checkVisibility()) continue;
        const [a, b] = [read(getComputedStyle(node).color), behind(node)].map(light);
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        contrasts[node.textContent.trim()] = ratio;
    }
    return contrasts;
}"""


def mail(seller: Seller, sink: SmtpSink, **invoice: object) -> tuple[int, str]:
    """Send an invoice that is read an hour later.

    :param seller: Seller SRL
    :param sink: its mail server
    :param invoice: what ``Seller.invoice`` takes
    :return: the document's id and the client's link
    """
    address = seller.address("client")
    move_id = seller.invoice(address, **invoice)
    seller.send(move_id, document_mode="link")
    seller.make_older(move_id, 60)
    return move_id, LINK.search(sink.mail_to(address).html)[0]


def translator(lang: str) -> Callable[[str], str]:
    """Return what gives a term in a language, as the addon has it.

    :param lang: "ro_RO"; English is the terms' own language
    """
    if lang == "en_US":
        return lambda term: term
    catalog = translations.read(FOLDER / f"{lang.partition('_')[0]}.po")
    words = {entry.msgid: entry.msgstr for entry in catalog}
    return words.__getitem__


def hold_calls(page: Page, method: str, times: int | None = None) -> list[Route]:
    """Keep calls of a method waiting, as a slow server does.

    :param page: the browser's page
    :param method: the method's name
    :param times: how many calls; all of them if None
    :return: the calls, filled in as they come
    """
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(f"**/{method}", keep, times=times)
    return held


def switch_company(page: Page, company_id: int) -> None:
    """Switch to another company of the user, which loads the page again.

    :param page: a user's page
    :param company_id: the only one that is switched on then
    """
    page.evaluate("id => (document.cookie = `cids=${id}; path=/`)", company_id)
    page.reload()


def move_mouse_until(page: Page, is_done: Callable[[], bool]) -> None:
    """Move the mouse over the page, as a reader does, until something has come.

    :param page: the browser's page
    :param is_done: tells whether it has come
    :raise TimeoutError: when it did not come
    """
    for step in range(LOOK_SECONDS * 1000 // MOVE_MS):
        if is_done():
            return
        page.mouse.move(200 + 40 * (step % 10), 150 + 25 * (step % 7))
        page.wait_for_timeout(MOVE_MS)
    raise TimeoutError(f"looked for {LOOK_SECONDS} s")


def look(page: Page, link: str) -> None:
    """Open the client's link and look until the page's script told the server."""
    with page.expect_response(lambda answer: answer.url.endswith("/seen")) as seen:
        page.goto(link)
        expect(page.locator("#document")).to_be_visible()
        move_mouse_until(page, seen.is_done)
    assert seen.value.status == 204


def icons(place: Locator) -> list[str]:
    """Return the icons of a document's state, in their order."""
    place.locator("[data-icon]").first.wait_for()
    found = place.locator("[data-icon]").all()
    return [icon.get_attribute("data-icon") for icon in found]


def take_picture(page: Page, name: str) -> None:
    """Keep what the screen shows, where somebody asks to see it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


class ClientPage:
    """The page of one document, in the client's language.

    :param page: the browser's page
    :param lang: "ro_RO"

    :ivar say: gives a term in that language
    """

    def __init__(self, page: Page, lang: str = "en_US") -> None:
        self.page = page
        self.lang = lang
        self.say = translator(lang)

    # -- what is on it -----------------------------------------------------------------

    def button(self, term: str) -> Locator:
        """Return what opens the form of an answer."""
        return self.page.locator(".answers summary").get_by_text(
            self.say(term), exact=True
        )

    def form(self, answer: str) -> Locator:
        """Return the form of an answer, "accept" or "return"."""
        return self.page.locator(f"form[action*='/{answer}']")

    @property
    def notice(self) -> Locator:
        """What became of what was just asked for."""
        return self.page.locator("#notice")

    @property
    def answer(self) -> Locator:
        """What was answered."""
        return self.page.locator("#answer")

    def expect_lang(self, lang: str) -> None:
        """Check in which language the page says that it is."""
        expect(self.page.locator("html")).to_have_attribute(
            "lang", lang.replace("_", "-")
        )

    # -- what a person does ------------------------------------------------------------

    def peruse(self) -> None:
        """Look at the page for some seconds, the hand on the mouse."""
        for step in range(READ_MS // MOVE_MS + 1):
            self.page.mouse.move(60 + 20 * (step % 10), 500 + 10 * (step % 7))
            self.page.wait_for_timeout(MOVE_MS)

    def open(self, link: str) -> None:
        """Open a link and read what it shows."""
        self.page.goto(link)
        self.peruse()

    def fill(self, answer: str, **fields: str) -> None:
        """Fill the form of an answer.

        :param answer: "accept" or "return"
        :param fields: texts by the fields' names
        """
        for name, text in fields.items():
            self.form(answer).locator(f"[name={name}]").fill(text)

    def send(self, answer: str) -> None:
        """Press the button of a form."""
        terms = {"accept": "Accept document", "return": "Return document"}
        button = self.form(answer).get_by_role("button", name=self.say(terms[answer]))
        with self.page.expect_navigation():
            button.click()

    def accept(self, name: str) -> None:
        """Accept the document."""
        self.button("Accept").click()
        self.fill("accept", name=name)
        self.send("accept")

    def send_back(self, name: str, reason: str) -> None:
        """Return the document."""
        self.button("Return…").click()
        self.fill("return", name=name, reason=reason)
        self.send("return")

    def tab_to(self, target: Locator) -> list[str]:
        """Press Tab until something has the focus, and check that it is always seen.

        :param target: what is wanted
        :return: the texts of what had the focus, the last one is the target's
        """
        texts = []
        for _stop in range(STOPS):
            self.page.keyboard.press("Tab")
            focused = self.page.locator(":focus")
            style = focused.evaluate("node => getComputedStyle(node).outlineStyle")
            texts.append(focused.inner_text().strip())
            assert style in ("solid", "auto"), f"the focus on {texts[-1]!r} is unseen"
            if target.evaluate("node => node === document.activeElement"):
                return texts
        raise AssertionError(f"Tab does not reach it, only {texts}")
