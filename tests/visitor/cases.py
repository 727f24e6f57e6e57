"""Who may look at a document, case by case: what comes in, and what it proves.

Times are seconds after delivery. A case names its family as the rules of the project
do ("when the eye may light").
"""

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from tests.visitor import browsers as b

DELIVERED = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
READER = "86.120.10.20"
READER_MOBILE = "2a02:2f0a:c102:7700:d9a:1f:8c3e:11"
OFFICE = "193.231.40.7"
SAFE_LINKS = "40.94.28.151"
BARRACUDA = "64.235.150.12"
UNLISTED = "3.123.200.14"
CLOUD_DESKTOP = "20.82.14.9"
GOOGLE = "66.249.93.44"
APPLE_RELAY = "104.28.31.62"
METHOD = {"form": "POST", "beacon": "POST", "act": "POST"}
MINUTE = 60
HOUR = 3600
DAY = 86400


class Case(NamedTuple):
    """What comes in for one delivery, and what it has to prove.

    :param str family: as the project's rules name it
    :param str name: what happens, as a sentence
    :param list hits: keyword arguments of ``observe``, one dict a request
    :param bool viewed: whether the eye lights
    :param str opened: ``no``, ``maybe`` or ``yes``
    """

    family: str
    name: str
    hits: list
    viewed: bool
    opened: str


def ask(at, target, browser, client="reader", ip=READER, **more):
    """Give one request.

    :param float at: seconds after delivery
    :param browsers.Browser browser: what asks
    :param more: ``method``, ``beacon``, ``internal``, ``lines`` (further headers)
    """
    lines = more.pop("lines", {})
    return {
        "at": DELIVERED + timedelta(seconds=at),
        "delivered_at": DELIVERED,
        "method": METHOD.get(target, "GET"),
        "target": target,
        "client": "" if target == "pixel" else client,
        "headers": {**browser.headers(target), **lines},
        "ip": ip,
        **more,
    }


def tell(visible=6_000, inputs=4, first=1_300, touch=False, webdriver=False, **more):
    """Give what the page's script tells."""
    return {
        "visible_ms": visible,
        "inputs": inputs,
        "first_input_ms": first,
        "webdriver": webdriver,
        "touch": touch,
        "prerendered": False,
        **more,
    }


def look(at, browser, client="reader", ip=READER, after=None, beacon=None, **more):
    """Give a page and, some seconds after it, its script's beacon."""
    beacon = beacon or tell()
    after = after or (beacon["visible_ms"] + 400) / 1000
    return [
        ask(at, "page", browser, client, ip, **more),
        ask(at + after, "beacon", browser, client, ip, beacon=beacon, **more),
    ]


def silent(visible, touch=False):
    """Give a beacon of a page that was visible without any input."""
    return tell(visible, 0, None, touch)


def phone(**more):
    """Give a beacon of a page on a touch screen that was scrolled."""
    return tell(**{"touch": True, **more})


def _person(family, name, hits):
    return Case(family, name, hits, True, "yes")


def _maybe(family, name, hits):
    return Case(family, name, hits, False, "maybe")


def _nobody(family, name, hits):
    return Case(family, name, hits, False, "no")


# --- people ---------------------------------------------------------------------------


def people():
    """People with every browser."""
    for name, browser in {**b.DESKTOP, **b.PRIVACY}.items():
        hits = look(2 * HOUR, browser)
        yield _person("desktop browsers", f"a person reads with {name}", hits)
    for name, browser in {**b.PHONES, **b.IN_APP}.items():
        hits = look(25 * MINUTE, browser, ip=READER_MOBILE, beacon=phone())
        yield _person("mobile browsers and apps", f"a person reads with {name}", hits)
    for name, browser in b.OLD.items():
        hits = look(DAY, browser)
        yield _person("old browsers", f"a person reads with {name}", hits)
    for name, browser in b.TEXT.items():
        hits = [
            ask(3 * HOUR, "page", browser),
            ask(3 * HOUR + 6, "form", browser),
        ]
        yield _person("text browsers", f"a person presses the button in {name}", hits)


def quick_and_silent_people():
    """People who are quick, silent, elsewhere, or all of it."""
    yield _person(
        "very fast clickers",
        "a person follows the link 4 s after delivery and scrolls at once",
        look(4, b.CHROME, beacon=tell(3_200, 2, 650)),
    )
    yield _person(
        "very fast clickers",
        "a person on a phone follows the notification after 9 s",
        look(9, b.IPHONE, ip=READER_MOBILE, beacon=phone(visible=3_600, first=800)),
    )
    yield _person(
        "very fast clickers",
        "a person opens the page, takes the PDF within 3 s and goes",
        [ask(40, "page", b.EDGE), ask(43, "pdf", b.EDGE)],
    )
    yield _person(
        "silent readers on phones",
        "a person reads an invoice that fits the screen for 14 s without touching",
        look(20 * MINUTE, b.IPHONE, beacon=silent(14_000, True)),
    )
    yield _person(
        "silent readers on phones",
        "a person reads on an iPad that calls itself a Mac",
        look(
            HOUR,
            b.PHONES["Safari on an iPad that says Mac"],
            beacon=silent(30_000, True),
        ),
    )
    yield _person(
        "silent readers on phones",
        "a person reads silently in an app on Android",
        look(
            HOUR, b.IN_APP["the Facebook app on Android"], beacon=silent(11_000, True)
        ),
    )
    yield _maybe(
        "silent readers on phones",
        "a phone shows the page for 4 s without a touch",
        look(HOUR, b.IPHONE, beacon=silent(4_000, True)),
    )
    yield _maybe(
        "silent readers",
        "a desktop shows the page for a minute without any input",
        look(HOUR, b.CHROME, beacon=silent(60_000)),
    )
    yield _maybe(
        "silent readers",
        "a person glances for a second, with a scroll",
        look(HOUR, b.CHROME, beacon=tell(1_200, 1, 700)),
    )
    yield _maybe(
        "background tabs",
        "a tab is opened in the background and never shown",
        look(HOUR, b.FIREFOX, after=60, beacon=silent(0)),
    )
    yield _person(
        "background tabs",
        "a tab is opened in the background and read ten minutes later",
        look(HOUR, b.FIREFOX, after=640, beacon=tell(30_000, 9, 603_000)),
    )


def people_elsewhere():
    """People behind shared addresses, forwards, screen readers."""
    yield _person(
        "VPN and cloud desktops",
        "a person reads on a cloud desktop",
        look(HOUR, b.EDGE, ip=CLOUD_DESKTOP),
    )
    yield _person(
        "VPN and cloud desktops",
        "a person reads through the network of the mail filter",
        look(HOUR, b.CHROME, ip=BARRACUDA),
    )
    yield _person(
        "VPN and cloud desktops",
        "a person's address changes between page and beacon",
        [
            ask(HOUR, "page", b.IPHONE, ip=READER),
            ask(
                HOUR + 6,
                "beacon",
                b.IPHONE,
                ip=APPLE_RELAY,
                beacon=phone(visible=5_000),
            ),
        ],
    )
    yield _person(
        "screen readers",
        "a person moves through the page by keyboard after 8 s",
        look(HOUR, b.FIREFOX, beacon=tell(45_000, 6, 8_200)),
    )
    yield _person(
        "screen readers",
        "a person hears the page on an iPhone without touching it",
        look(HOUR, b.IPHONE, beacon=silent(40_000, True)),
    )
    yield _person(
        "screen readers",
        "a person hears the page silently and then takes the PDF",
        [
            *look(HOUR, b.CHROME, beacon=silent(35_000)),
            ask(HOUR + 50, "pdf", b.CHROME),
        ],
    )
    yield _person(
        "forwards",
        "one glances for a moment, and a colleague reads",
        [
            *look(HOUR, b.CHROME, "first", beacon=tell(900, 0, None)),
            *look(DAY, b.FIREFOX, "second", OFFICE),
        ],
    )
    yield _person(
        "forwards",
        "a chat's preview fetches the forwarded link and a person reads",
        [
            ask(
                HOUR,
                "page",
                b.NAMED_MACHINES["WhatsApp's preview"],
                "preview",
                UNLISTED,
            ),
            *look(HOUR + 60, b.ANDROID_CHROME, beacon=phone()),
        ],
    )
    yield _person(
        "privacy browsers",
        "a person with Tor and without script presses the button",
        [ask(HOUR, "page", b.TOR), ask(HOUR + 7, "form", b.TOR)],
    )
    yield _person(
        "privacy browsers",
        "a person whose browser blocks the beacon takes the PDF",
        [
            ask(HOUR, "page", b.PRIVACY["Brave"]),
            ask(HOUR + 9, "pdf", b.PRIVACY["Brave"]),
        ],
    )
    yield _maybe(
        "privacy browsers",
        "a person whose browser blocks the beacon only reads",
        [ask(HOUR, "page", b.PRIVACY["Brave"])],
    )


def people_who_act():
    """People who take the PDF or answer."""
    for name, browser in (
        ("Chrome", b.CHROME),
        ("Safari", b.DESKTOP["Safari on a Mac"]),
        ("Internet Explorer", b.OLD["Internet Explorer 11"]),
        ("Lynx", b.LYNX),
    ):
        page = ask(HOUR, "page", browser)
        yield _person(
            "PDF and answers",
            f"a person takes the PDF with {name}",
            [page, ask(HOUR + 8, "pdf", browser)],
        )
        yield _person(
            "PDF and answers",
            f"a person answers with {name}",
            [page, ask(HOUR + 25, "act", browser)],
        )
    yield _person(
        "PDF and answers",
        "a person reads, and answers a minute after delivery",
        [*look(30, b.CHROME), ask(60, "act", b.CHROME)],
    )
    yield _person(
        "PDF and answers",
        "a person reads, and the virus scanner fetches the PDF out of the page",
        [
            *look(HOUR, b.CHROME),
            ask(HOUR + 0.3, "pdf", b.NAMED_MACHINES["AVG's link scanner"]),
        ],
    )
    yield _person(
        "PDF and answers",
        "a person reads, and a program in the browser's name fetches the PDF at once",
        [*look(HOUR, b.CHROME), ask(HOUR + 0.2, "pdf", b.CHROME)],
    )
    yield _maybe(
        "PDF and answers",
        "the PDF is fetched without the page",
        [ask(HOUR, "pdf", b.CHROME, "")],
    )
    yield _maybe(
        "PDF and answers",
        "the PDF is fetched in the first moment of the page",
        [ask(HOUR, "page", b.CHROME), ask(HOUR + 0.4, "pdf", b.CHROME)],
    )
    yield _nobody(
        "PDF and answers",
        "an answer comes without any page",
        [ask(HOUR, "act", b.CHROME, "forged")],
    )


# --- pictures -------------------------------------------------------------------------


def pictures():
    """Who loads the picture of a mail."""
    for name, program in b.MAIL_PREFETCH.items():
        for when, at in (("at delivery", 3), ("hours later", 5 * HOUR)):
            hits = [ask(at, "pixel", program, ip=APPLE_RELAY)]
            yield _nobody("mail-privacy prefetch", f"{name} loads it {when}", hits)
    for name, program in b.MAIL_PROXIES.items():
        early = ask(2, "pixel", program, ip=GOOGLE)
        late = [ask(at, "pixel", program, ip=GOOGLE) for at in (HOUR, 2 * HOUR, DAY)]
        family = "webmail image proxies"
        yield _nobody(family, f"the proxy of {name} loads it at delivery", [early])
        yield _maybe(family, f"the proxy of {name} loads it later", late[:1])
        yield _maybe(family, f"the proxy of {name} loads it again and again", late)
        yield _nobody(
            family,
            f"the proxy of {name} asks for the page",
            [ask(HOUR, "page", program, ip=GOOGLE)],
        )
    for name, program in b.MAIL_CLIENTS.items():
        for when, at in (("at once", 5), ("later", HOUR)):
            hits = [ask(at, "pixel", program)]
            yield _maybe("mail clients' own pictures", f"{name} loads it {when}", hits)
    yield _maybe(
        "mail clients' own pictures",
        "a webmail without proxy loads it in Chrome",
        [ask(HOUR, "pixel", b.CHROME)],
    )
    yield _maybe(
        "mail clients' own pictures",
        "Apple Mail without mail privacy loads it",
        [ask(HOUR, "pixel", b.safari(b.MAC, ""))],
    )
    yield _person(
        "mail clients' own pictures",
        "Gmail's proxy loads it and the person follows the link",
        [
            ask(HOUR, "pixel", b.MAIL_PROXIES["Gmail"], ip=GOOGLE),
            *look(HOUR + 20, b.CHROME),
        ],
    )


# --- machines -------------------------------------------------------------------------


def named_machines():
    """Whatever a program does that tells who it is, it is no person."""
    for name, program in b.NAMED_MACHINES.items():
        yield _nobody(
            "machines that say so",
            f"{name} fetches the page",
            [ask(HOUR, "page", program, "machine", UNLISTED)],
        )
        yield _nobody(
            "machines that say so",
            f"{name} behaves like a person to the end",
            [
                *look(HOUR, program, "machine", UNLISTED),
                ask(HOUR + 20, "pdf", program, "machine", UNLISTED),
                ask(HOUR + 30, "form", program, "machine", UNLISTED),
                ask(HOUR + 40, "act", program, "machine", UNLISTED),
            ],
        )


def gateways():
    """Mail filters in a browser's name, at delivery."""
    family = "gateways at delivery"
    walk = [
        ask(4, "pixel", b.CHROME, ip=UNLISTED),
        ask(4.2, "page", b.CHROME, "gw", UNLISTED),
        ask(4.5, "pdf", b.CHROME, "gw", UNLISTED),
    ]
    yield _nobody(family, "a gateway fetches all targets in a burst", walk)
    yield _nobody(
        family,
        "a gateway fetches all targets in a burst four minutes later",
        [
            ask(240, "pixel", b.CHROME, ip=UNLISTED),
            ask(240.2, "page", b.EDGE, "gw1", UNLISTED),
            ask(240.5, "page", b.FIREFOX, "gw2", UNLISTED),
            ask(240.8, "pdf", b.CHROME, "", UNLISTED),
        ],
    )
    yield _maybe(
        family,
        "a gateway walks through all targets, spaced out",
        [
            ask(20, "pixel", b.CHROME, ip=UNLISTED),
            ask(75, "page", b.CHROME, "gw", UNLISTED),
            ask(130, "pdf", b.CHROME, "gw", UNLISTED).copy()
            | {"headers": b.CHROME.headers("page")},
        ],
    )
    yield _nobody(
        family,
        "a gateway fetches the page before it takes the mail",
        [ask(-2, "page", b.CHROME, "gw", UNLISTED)],
    )
    yield _nobody(
        family,
        "a gateway's browser is there within a second, with a person's beacon",
        look(0.6, b.CHROME, "gw", UNLISTED),
    )
    yield _nobody(
        family,
        "a gateway of a published network plays a person at delivery",
        look(6, b.CHROME, "gw", SAFE_LINKS),
    )
    yield _nobody(
        family,
        "a gateway with a browser of 2019 plays a person at delivery",
        look(8, b.old(b.CHROME.name.replace("124.0", "72.0")), "gw", UNLISTED),
    )
    yield _nobody(
        family,
        "a gateway in a name that its hints belie plays a person at delivery",
        look(8, b.CHROME.but(Sec_CH_UA_Platform='"Linux"'), "gw", UNLISTED),
    )
    yield _nobody(
        family,
        "a gateway asks by HEAD and OPTIONS only",
        [
            ask(3, "page", b.CHROME, "gw", UNLISTED, method="HEAD"),
            ask(4, "page", b.CHROME, "gw", UNLISTED, method="OPTIONS"),
            ask(5, "pdf", b.CHROME, "gw", UNLISTED, method="HEAD"),
        ],
    )
    yield _nobody(
        family,
        "a gateway asks by HEAD hours later, then sends a beacon",
        [
            ask(HOUR, "page", b.CHROME, "gw", UNLISTED, method="HEAD"),
            ask(HOUR + 9, "beacon", b.CHROME, "gw", UNLISTED, beacon=tell()),
        ],
    )


def sandboxes():
    """Machines that run the page's script."""
    family = "sandboxes"
    box = b.CHROME
    yield _nobody(
        family,
        "a sandbox keeps the page visible for a minute at delivery",
        look(12, box, "box", UNLISTED, beacon=silent(60_000)),
    )
    yield _nobody(
        family,
        "a sandbox in a phone's name keeps the page visible at delivery",
        look(12, b.ANDROID_CHROME, "box", UNLISTED, beacon=silent(20_000, True)),
    )
    yield _nobody(
        family,
        "a sandbox in a phone's name has no touch screen",
        look(12, b.ANDROID_CHROME, "box", UNLISTED, beacon=tell()),
    )
    yield _nobody(
        family,
        "a sandbox tells that it is driven",
        look(HOUR, box, "box", UNLISTED, beacon=tell(webdriver=True)),
    )
    for first in (0, 12, 50):
        yield _nobody(
            family,
            f"a sandbox makes its input {first} ms after loading",
            look(30, box, "box", UNLISTED, beacon=tell(first=first)),
        )
    yield _maybe(
        family,
        "a sandbox makes its input 20 ms after loading, hours later",
        look(5 * HOUR, box, "box", UNLISTED, beacon=tell(first=20)),
    )
    yield _maybe(
        family,
        "a sandbox makes its input 250 ms after loading, hours later",
        look(5 * HOUR, box, "box", UNLISTED, beacon=tell(first=250)),
    )
    yield _nobody(
        family,
        "a sandbox makes ten thousand inputs",
        look(HOUR, box, "box", UNLISTED, beacon=tell(inputs=10_000)),
    )
    yield _nobody(
        family,
        "a sandbox submits the form with the loading",
        [
            ask(HOUR, "page", box, "box", UNLISTED),
            ask(HOUR + 0.5, "form", box, "box", UNLISTED),
        ],
    )
    yield _nobody(
        family,
        "a sandbox that plays a person answers with the loading",
        [
            *look(HOUR, box, "box", UNLISTED),
            ask(HOUR + 0.9, "act", box, "box", UNLISTED),
        ],
    )
    yield _maybe(
        family,
        "a sandbox runs the script and submits the form of pages without script",
        [
            *look(HOUR, box, "box", UNLISTED, beacon=silent(5_000)),
            ask(HOUR + 6, "form", box, "box", UNLISTED),
        ],
    )
    yield _maybe(
        family,
        "a program posts the form two minutes after delivery",
        [
            ask(120, "page", b.Plain(box.name, b.DOCUMENT, "en"), "box", UNLISTED),
            ask(125, "form", b.Plain(box.name, b.DOCUMENT, "en"), "box", UNLISTED),
        ],
    )
    yield _maybe(
        family,
        "a sandbox answers without any input in its page",
        [
            ask(HOUR, "page", box, "box", UNLISTED),
            ask(HOUR + 4, "act", box, "box", UNLISTED),
            ask(HOUR + 5, "beacon", box, "box", UNLISTED, beacon=silent(4_800)),
        ],
    )


def later_machines():
    """Checks at the click, re-scans, virus scanners, own printing."""
    yield _person(
        "time-of-click checks",
        "a check fetches the page a second before the person",
        [
            ask(HOUR, "page", b.Plain(b.CHROME.name), "check", SAFE_LINKS),
            *look(HOUR + 1, b.EDGE),
        ],
    )
    yield _maybe(
        "time-of-click checks",
        "a check fetches the page and the person turns back",
        [ask(HOUR, "page", b.CHROME, "check", SAFE_LINKS)],
    )
    yield _maybe(
        "late re-scans",
        "a sandbox looks again after a week, silently",
        look(7 * DAY, b.CHROME, "box", UNLISTED, beacon=silent(15_000)),
    )
    yield _maybe(
        "late re-scans",
        "a sandbox of a published network looks again as a silent phone",
        look(7 * DAY, b.ANDROID_CHROME, "box", SAFE_LINKS, beacon=silent(20_000, True)),
    )
    yield _nobody(
        "antivirus on the reader's own address",
        "the virus scanner checks the link of the mail",
        [ask(HOUR, "page", b.NAMED_MACHINES["AVG's link scanner"], "av", READER)],
    )
    yield _person(
        "antivirus on the reader's own address",
        "the virus scanner checks the link and the person reads",
        [
            ask(HOUR, "page", b.NAMED_MACHINES["AVG's link scanner"], "av", READER),
            *look(HOUR + 1, b.CHROME),
        ],
    )
    yield _person(
        "antivirus on the reader's own address",
        "the virus scanner fetches the page after the person",
        [
            *look(HOUR, b.CHROME),
            ask(HOUR + 3, "page", b.Plain(b.CHROME.name), "av", READER),
        ],
    )


def scanner_and_person():
    """Scanner then person, person then scanner, condemned sessions."""
    scan = [
        ask(5, "page", b.NAMED_MACHINES["Barracuda"], "gw", BARRACUDA),
        *look(7, b.CHROME, "box", BARRACUDA, beacon=tell(webdriver=True)),
    ]
    yield _person(
        "scanner then person",
        "a scanner at delivery, a person of the same address later",
        [*scan, *look(HOUR, b.CHROME, ip=BARRACUDA)],
    )
    yield _person(
        "person then scanner",
        "a person reads, a scanner looks again",
        [
            *look(20, b.CHROME),
            *look(HOUR, b.CHROME, "box", BARRACUDA, beacon=tell(webdriver=True)),
        ],
    )
    yield _person(
        "person then scanner",
        "a person reads in the very second of a burst",
        [
            *look(30, b.CHROME),
            ask(30.2, "page", b.EDGE, "gw1", UNLISTED),
            ask(30.4, "page", b.EDGE, "gw2", UNLISTED),
            ask(30.6, "pdf", b.EDGE, "", UNLISTED),
        ],
    )
    yield _nobody(
        "condemned sessions",
        "a session that looked like a person turns out to be driven",
        [
            *look(HOUR, b.CHROME, "box", UNLISTED),
            ask(HOUR + 30, "pdf", b.CHROME, "box", UNLISTED),
            ask(
                HOUR + 60,
                "beacon",
                b.CHROME,
                "box",
                UNLISTED,
                beacon=tell(20_000, webdriver=True),
            ),
        ],
    )


def prefetches():
    """What browsers fetch in advance."""
    for header, value in (
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ):
        page = ask(HOUR, "page", b.CHROME, lines={header: value})
        yield _nobody(
            "browser prefetch and prerender", f"fetched with {header}: {value}", [page]
        )
        read = ask(HOUR + 20, "beacon", b.CHROME, beacon=tell(7_000, 3, 13_000))
        yield _person(
            "browser prefetch and prerender",
            f"fetched with {header}: {value}, then read",
            [page, read],
        )
    prerender = {"Sec-Purpose": "prefetch;prerender"}
    page = ask(HOUR, "page", b.CHROME, lines=prerender)
    yield _nobody(
        "browser prefetch and prerender",
        "a prerendered page that nobody activates sends a beacon",
        [
            page,
            ask(HOUR + 5, "beacon", b.CHROME, beacon=silent(0), lines=prerender),
        ],
    )
    activated = tell(5_000, 2, 1_500, prerendered=True)
    yield _person(
        "browser prefetch and prerender",
        "a prerendered page is activated and read",
        [page, ask(HOUR + 60, "beacon", b.CHROME, beacon=activated)],
    )


def forgeries():
    """Beacons that cannot be."""
    family = "forged and replayed beacons"
    page = ask(HOUR, "page", b.CHROME)
    yield _nobody(
        family,
        "a beacon comes without its page",
        [ask(HOUR, "beacon", b.CHROME, beacon=tell())],
    )
    yield _nobody(
        family,
        "a beacon comes without a session",
        [ask(HOUR, "page", b.CHROME, "")]
        and [ask(HOUR, "beacon", b.CHROME, "", beacon=tell())],
    )
    yield _maybe(
        family,
        "a beacon claims more than the time that passed",
        [page, ask(HOUR + 1, "beacon", b.CHROME, beacon=tell(60_000))],
    )
    yield _maybe(
        family,
        "a beacon claims an input of the future",
        [page, ask(HOUR + 5, "beacon", b.CHROME, beacon=tell(4_000, 2, 90_000))],
    )
    yield _maybe(
        family,
        "a beacon comes before its page",
        [page, ask(HOUR - 60, "beacon", b.CHROME, beacon=tell())],
    )
    yield _maybe(
        family,
        "a beacon comes from another browser than its page",
        [page, ask(HOUR + 9, "beacon", b.FIREFOX, beacon=tell())],
    )
    yield _maybe(
        family,
        "a script sends the beacon of a page that was served to a browser",
        [page, ask(HOUR + 9, "beacon", b.Plain("curl/8.5.0"), beacon=tell())],
    )
    yield _maybe(
        family,
        "a short look is sent again and again",
        [
            page,
            *(
                ask(HOUR + 2 + n, "beacon", b.CHROME, beacon=tell(1_000, 1, 700))
                for n in range(12)
            ),
        ],
    )
    yield _maybe(
        family,
        "a person's beacon is sent again in a session of a page without one",
        [
            ask(HOUR, "page", b.CHROME, "other"),
            ask(HOUR + 9, "beacon", b.CHROME, "unknown", beacon=tell()),
        ],
    )
    yield _maybe(
        family,
        "a beacon is asked for by GET",
        [page, ask(HOUR + 9, "beacon", b.CHROME, beacon=tell(), method="GET")],
    )
    for name, beacon in {
        "nothing": None,
        "a list": [1, 2],
        "words": {key: "6000" for key in tell()},
        "not a number": tell(float("nan"), float("nan"), float("nan")),
        "without end": tell(float("inf"), 3, float("inf")),
        "below nothing": tell(-6_000, -3, -1_000),
        "far too much": tell(10**30, 10**30, 10**30),
    }.items():
        hits = [page, ask(HOUR + 9, "beacon", b.CHROME, beacon=beacon)]
        opened = "no" if name == "far too much" else "maybe"
        yield Case(family, f"a beacon says {name}", hits, False, opened)
    yield _person(
        family,
        "a person's beacon arrives twice",
        [*look(HOUR, b.CHROME), *look(HOUR, b.CHROME)[1:]],
    )


def staff():
    """Own people."""
    yield _nobody(
        "own staff",
        "a signed-in colleague reads, takes the PDF and answers",
        [
            *look(HOUR, b.CHROME, "desk", OFFICE, internal=True),
            ask(HOUR + 20, "pdf", b.CHROME, "desk", OFFICE, internal=True),
            ask(HOUR + 40, "act", b.CHROME, "desk", OFFICE, internal=True),
        ],
    )
    yield _nobody(
        "own staff",
        "a colleague signs in while the page is open",
        [
            ask(HOUR, "page", b.CHROME, "desk", OFFICE),
            ask(
                HOUR + 9,
                "beacon",
                b.CHROME,
                "desk",
                OFFICE,
                beacon=tell(),
                internal=True,
            ),
        ],
    )
    yield _nobody(
        "own staff",
        "the Sent folder loads the picture",
        [ask(60, "pixel", b.MAIL_CLIENTS["Thunderbird"], ip=OFFICE, internal=True)],
    )
    yield _person(
        "own staff",
        "a colleague looks, and the client too",
        [
            *look(HOUR, b.CHROME, "desk", OFFICE, internal=True),
            *look(DAY, b.CHROME),
        ],
    )
    yield _nobody("nobody", "nothing is asked for", [])


GROUPS = (
    people,
    quick_and_silent_people,
    people_elsewhere,
    people_who_act,
    pictures,
    named_machines,
    gateways,
    sandboxes,
    later_machines,
    scanner_and_person,
    prefetches,
    forgeries,
    staff,
)
CASES = [case for group in GROUPS for case in group()]
