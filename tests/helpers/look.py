"""What keeps people out of a page: axe-core, parts cut off, a focus that is lost."""

import os
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from devenv import demo_browser, node

from .client_page import PAGE_MS
from .gallery import Gallery

WIDTHS = {1280: 800, 390: 844}
PHONE = 390
SCHEMES = ("light", "dark")
#: What axe-core calls bad enough to keep people out.
IMPACTS = ("serious", "critical")

RUN_AXE = """async ([places, left, impacts]) => {
    const here = places.filter((place) => document.querySelector(place));
    if (!here.length) return {places: 0, findings: []};
    const context = {include: here.map((place) => [place])};
    const exclude = left.filter((place) => document.querySelector(place));
    if (exclude.length) context.exclude = exclude.map((place) => [place]);
    const found = await axe.run(context, {resultTypes: ["violations"]});
    const findings = found.violations
        .filter((rule) => impacts.includes(rule.impact))
        .flatMap((rule) =>
            rule.nodes.map((node) => [rule.id, node.html, node.failureSummary])
        );
    return {places: here.length, passes: found.passes.length, findings};
}"""

#: Parts that stand out of the window and that nothing brings in, by their HTML. What
#: lies in a part that scrolls can be reached; what is heard alone is not seen.
FIND_CUT = """(places) => {
    const width = document.documentElement.clientWidth;
    const scrolls = (node) => {
        for (let at = node.parentElement; at; at = at.parentElement) {
            const way = getComputedStyle(at).overflowX;
            const seen = at.getBoundingClientRect();
            if (
                ["auto", "scroll"].includes(way) &&
                at.scrollWidth > at.clientWidth &&
                seen.left >= -1 &&
                seen.right <= width + 1
            ) {
                return true;
            }
        }
        return false;
    };
    const cut = [];
    const root = document.scrollingElement;
    if (root.scrollWidth > width + 1) cut.push(`page: ${root.scrollWidth} px wide`);
    for (const place of document.querySelectorAll(places.join(","))) {
        for (const node of [place, ...place.querySelectorAll("*")]) {
            if (!node.checkVisibility({visibilityProperty: true})) continue;
            // unseen marks of Odoo's editor, between which things are dragged
            if (node.closest(".oe-dropzone-hook")) continue;
            const box = node.getBoundingClientRect();
            if (box.width <= 1 || box.height <= 1) continue;
            if (box.left >= -1 && box.right <= width + 1) continue;
            if (!scrolls(node)) cut.push(node.outerHTML.slice(0, 160));
        }
    }
    return cut;
}"""


#: Words with less contrast to what is behind them than WCAG 2.2 wants (1.4.3), where
#: axe-core is not sure, as with colours that let others through. Disabled ones may.
FIND_PALE = """(places) => {
    const channel = (value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    };
    const light = ([r, g, b]) =>
        0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const read = (text) => {
        const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
        const scale = text.startsWith("color(") ? 255 : 1;
        return [r * scale, g * scale, b * scale, a];
    };
    const over = ([r, g, b, a], back) =>
        [r, g, b].map((value, index) => value * a + back[index] * (1 - a));
    const scheme = getComputedStyle(document.documentElement).colorScheme;
    const isDark =
        scheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
    const paper = isDark ? [18, 18, 18] : [255, 255, 255];
    const behind = (node) => {
        if (!node) return paper;
        const color = read(getComputedStyle(node).backgroundColor);
        return color[3] === 1 ? color : over(color, behind(node.parentElement));
    };
    const unread = "[disabled], .disabled, .visually-hidden, .unseen";
    const pale = new Set();
    for (const place of document.querySelectorAll(places.join(","))) {
        for (const node of [place, ...place.querySelectorAll("*")]) {
            const words = [...node.childNodes].some(
                (child) => child.nodeType === 3 && child.data.trim()
            );
            if (!words || !node.checkVisibility({visibilityProperty: true})) continue;
            const box = node.getBoundingClientRect();
            if (node.closest(unread) || box.width <= 1 || box.height <= 1) continue;
            const style = getComputedStyle(node);
            const back = behind(node);
            const [a, b] = [over(read(style.color), back), back].map(light);
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            const size = parseFloat(style.fontSize);
            const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
            if (ratio < (isLarge ? 3 : 4.5)) {
                pale.add(`${ratio.toFixed(2)} ${node.outerHTML.slice(0, 140)}`);
            }
        }
    }
    return [...pale];
}"""


@dataclass(frozen=True)
class Screen:
    """How a page is looked at.

    :ivar width: of the window, CSS pixels
    :ivar scheme: "light" or "dark"
    """

    width: int
    scheme: str

    @property
    def is_phone(self) -> bool:
        """Whether it is as wide as a phone."""
        return self.width == PHONE

    def options(self) -> dict:
        """Return what Playwright's browser contexts take."""
        return {
            "viewport": {"width": self.width, "height": WIDTHS[self.width]},
            "color_scheme": self.scheme,
            "has_touch": self.is_phone,
            "is_mobile": self.is_phone,
            # the client's page allows no script but its own, axe-core neither
            "bypass_csp": True,
        }

    def open(
        self, browser: Browser, lang: str = "en_US", **options: object
    ) -> BrowserContext:
        """Return a fresh context of the browser.

        :param browser: the running browser
        :param lang: of the browser
        :param options: further ones
        """
        context = demo_browser.client(browser, lang, **self.options(), **options)
        context.set_default_timeout(PAGE_MS)
        return context

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


ALL = [Screen(width, scheme) for width in WIDTHS for scheme in SCHEMES]


def sign_in(
    browser: Browser, gallery: Gallery, screen: Screen, who: str
) -> BrowserContext:
    """Return a fresh context of the browser, with a user's session.

    :param browser: the running browser
    :param gallery: what it looks at
    :param screen: how
    :param who: the user, see ``Gallery.session``
    """
    # as the browser tells who asks for it, which the dark theme does
    hint = {"Sec-CH-Prefers-Color-Scheme": screen.scheme}
    context = screen.open(browser, extra_http_headers=hint)
    session = {"name": "session_id", "value": gallery.session(who)}
    context.add_cookies([{**session, "url": gallery.url}])
    return context


def find_barriers(page: Page, *places: str, left: tuple[str, ...] = ()) -> list:
    """Ask axe-core for what keeps people out of parts of a page.

    :param page: the browser's page
    :param places: selectors of the parts, of which one has to be there
    :param left: selectors of parts inside them that are left out
    :return: rule, HTML and reason of each serious or critical finding
    """
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=node.ensure().modules / "axe-core/axe.min.js")
    found = page.evaluate(RUN_AXE, [list(places), list(left), list(IMPACTS)])
    assert found["places"], f"nothing of {places} is on the page"
    assert found["passes"], "axe-core looked at nothing"
    return found["findings"]


def leave(page: Page) -> None:
    """Take hand and focus off the main button, which themes colour while it has them.

    Nothing else has to do with that; Odoo gives it the focus where it may be pressed.
    """
    page.mouse.move(0, 0)
    page.evaluate(
        """() => {
            const focused = document.activeElement;
            if (focused && focused.matches(".btn-primary")) focused.blur();
        }"""
    )


def find_cut(page: Page, *places: str) -> list[str]:
    """Return what stands out of the window, where nothing scrolls it in."""
    return page.evaluate(FIND_CUT, list(places))


def find_pale(page: Page, *places: str) -> list[str]:
    """Return the words that lack contrast: the contrast and their HTML."""
    return page.evaluate(FIND_PALE, list(places))


def is_focus_seen(page: Page) -> bool:
    """Tell whether what has the focus looks otherwise than without it."""
    focused = page.locator(":focus")
    focused.scroll_into_view_if_needed()
    box = focused.bounding_box()
    around = {
        "x": max(box["x"] - 6, 0),
        "y": max(box["y"] - 6, 0),
        "width": box["width"] + 12,
        "height": box["height"] + 12,
    }
    node = focused.element_handle()
    seen = page.screenshot(clip=around, animations="disabled", caret="hide")
    node.evaluate("node => node.blur()")
    unseen = page.screenshot(clip=around, animations="disabled", caret="hide")
    node.focus()
    return seen != unseen


def do_action(page: Page, action: dict) -> None:
    """Open what a button or a menu opens.

    :param page: a user's page
    :param action: what the server returns to the button
    """
    page.evaluate(
        "action => odoo.__WOWL_DEBUG__.root.env.services.action.doAction(action)",
        {"views": [[False, "form"]], **action},
    )


def open_review(page: Page, gallery: Gallery, move_ids: list[int]) -> None:
    """Open the review window of some documents, as the list's button does.

    :param page: Ana's page
    :param gallery: where the documents are
    :param move_ids: they
    """
    user = gallery.seller.user
    do_action(page, user.call("account.move", "action_open_send_window", move_ids))
    page.locator(".o_invoice_send_review .o_data_row").first.wait_for()


def take_picture(page: Page, name: str) -> None:
    """Keep what the screen shows, where somebody asks to see it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")
