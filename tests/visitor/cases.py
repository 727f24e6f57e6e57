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


def person(name, hits):
    """Give a case in which a person looks."""
    return Case("", name, hits, True, "yes")


def maybe(name, hits):
    """Give a case in which one cannot know."""
    return Case("", name, hits, False, "maybe")


def nobody(name, hits):
    """Give a case in which nobody on the client's side is there."""
    return Case("", name, hits, False, "no")


GATEWAY_BURST = [
    ask(4, "pixel", b.CHROME, ip=UNLISTED),
    ask(4.2, "page", b.CHROME, "gw", UNLISTED),
    ask(4.5, "pdf", b.CHROME, "gw", UNLISTED),
]
SCAN = [
    ask(5, "page", b.NAMED_MACHINES["Barracuda"], "gw", BARRACUDA),
    *look(7, b.CHROME, "box", BARRACUDA, beacon=tell(webdriver=True)),
]
#: What a browser sends for a link that a script follows, and no person.
BY_SCRIPT = {"Sec-Fetch-User": ""}
PRERENDER = {"Sec-Purpose": "prefetch;prerender"}
PRERENDERED_PAGE = ask(HOUR, "page", b.CHROME, lines=PRERENDER)
ACTIVATED = tell(5_000, 2, 1_500, prerendered=True)
PAGE = ask(HOUR, "page", b.CHROME)

#: Family -> its cases.
BY_FAMILY = {
    "very fast clickers": [
        person(
            "a person opens the link from the preview of a notification after 3 s",
            look(3, b.ANDROID_CHROME, beacon=phone(visible=4_100, first=900)),
        ),
        person(
            "a person is quick, reads, and takes the PDF 12 s after delivery",
            [*look(5, b.EDGE, beacon=tell(3_500, 3, 700)), ask(12, "pdf", b.EDGE)],
        ),
        person(
            "a person who waits for the mail touches the page as soon as it is there",
            [
                ask(6, "page", b.FIREFOX),
                ask(10, "beacon", b.FIREFOX, beacon=tell(3_600, 2, 480)),
            ],
        ),
        maybe(
            "a quick person is gone again after two seconds",
            look(HOUR, b.CHROME, beacon=tell(2_000, 2, 600)),
        ),
        person(
            "a person opens two tabs by a double click and reads one of them",
            [ask(12, "page", b.EDGE, "first"), *look(12.2, b.EDGE, "second")],
        ),
        person(
            "a person reads for a moment only, then longer",
            [
                ask(8, "page", b.CHROME),
                ask(10, "beacon", b.CHROME, beacon=tell(1_800, 1, 900)),
                ask(20, "beacon", b.CHROME, beacon=tell(11_000, 6, 900)),
            ],
        ),
        person(
            "a person follows the link 4 s after delivery and scrolls at once",
            look(4, b.CHROME, beacon=tell(3_200, 2, 650)),
        ),
        person(
            "a person on a phone follows the notification after 9 s",
            look(9, b.IPHONE, ip=READER_MOBILE, beacon=phone(visible=3_600, first=800)),
        ),
        person(
            "a person opens the page, takes the PDF within 3 s and goes",
            [ask(90, "page", b.EDGE), ask(93, "pdf", b.EDGE)],
        ),
    ],
    "silent readers on phones": [
        person(
            "a person reads silently on Android two minutes after delivery",
            look(2 * MINUTE, b.ANDROID_CHROME, beacon=silent(12_000, True)),
        ),
        person(
            "a person reads silently in the Gmail app on an iPhone",
            look(
                40 * MINUTE,
                b.IN_APP["the Gmail app on an iPhone"],
                ip=APPLE_RELAY,
                beacon=silent(18_000, True),
            ),
        ),
        person(
            "a person reads silently, puts the phone away, and goes on",
            [
                ask(HOUR, "page", b.IPHONE),
                ask(HOUR + 5, "beacon", b.IPHONE, beacon=silent(4_000, True)),
                ask(HOUR + 900, "beacon", b.IPHONE, beacon=silent(15_000, True)),
            ],
        ),
        maybe(
            "a phone's page lies in the background while the phone is used",
            look(HOUR, b.ANDROID_CHROME, after=300, beacon=silent(0, True)),
        ),
        person(
            "a person reads an invoice that fits the screen for 14 s without touching",
            look(20 * MINUTE, b.IPHONE, beacon=silent(14_000, True)),
        ),
        person(
            "a person reads on an iPad that calls itself a Mac",
            look(
                HOUR,
                b.PHONES["Safari on an iPad that says Mac"],
                beacon=silent(30_000, True),
            ),
        ),
        person(
            "a person reads silently in an app on Android",
            look(
                HOUR,
                b.IN_APP["the Facebook app on Android"],
                beacon=silent(11_000, True),
            ),
        ),
        maybe(
            "a phone shows the page for 4 s without a touch",
            look(HOUR, b.IPHONE, beacon=silent(4_000, True)),
        ),
    ],
    "silent readers": [
        person(
            "a desktop shows the page for a minute, and the PDF is taken",
            [
                *look(HOUR, b.EDGE, beacon=silent(60_000)),
                ask(HOUR + 70, "pdf", b.EDGE),
            ],
        ),
        person(
            "a desktop shows the page for long until somebody scrolls",
            [
                *look(HOUR, b.CHROME, beacon=silent(30_000)),
                ask(HOUR + 95, "beacon", b.CHROME, beacon=tell(90_000, 1, 88_000)),
            ],
        ),
        maybe(
            "a desktop shows the page for a minute without any input",
            look(HOUR, b.CHROME, beacon=silent(60_000)),
        ),
        maybe(
            "a person glances for a second, with a scroll",
            look(HOUR, b.CHROME, beacon=tell(1_200, 1, 700)),
        ),
    ],
    "background tabs": [
        person(
            "a session of tabs is restored next morning and one of them read",
            [
                ask(DAY, "page", b.FIREFOX, "old"),
                ask(DAY, "page", b.FIREFOX, "restored"),
                ask(
                    DAY + 240,
                    "beacon",
                    b.FIREFOX,
                    "restored",
                    beacon=tell(9_000, 5, 231_000),
                ),
            ],
        ),
        maybe(
            "a tab in the background says after an hour that nobody came",
            look(HOUR, b.CHROME, after=HOUR, beacon=silent(0)),
        ),
        maybe(
            "a tab is opened in the background and never shown",
            look(HOUR, b.FIREFOX, after=60, beacon=silent(0)),
        ),
        person(
            "a tab is opened in the background and read ten minutes later",
            look(HOUR, b.FIREFOX, after=640, beacon=tell(30_000, 9, 603_000)),
        ),
    ],
    "VPN and cloud desktops": [
        person(
            "a person reads on a cloud desktop", look(HOUR, b.EDGE, ip=CLOUD_DESKTOP)
        ),
        person(
            "a person reads on a phone through a relay of its maker",
            look(HOUR, b.IPHONE, ip=APPLE_RELAY, beacon=phone()),
        ),
        person(
            "a person on a cloud desktop is quick",
            look(14, b.EDGE, ip=CLOUD_DESKTOP, beacon=tell(4_000, 1, 900)),
        ),
        person(
            "a person reads through the network of the mail filter",
            look(HOUR, b.CHROME, ip=BARRACUDA),
        ),
        person(
            "a person in a remote desktop of a data center takes the PDF",
            [
                *look(HOUR, b.EDGE, ip=CLOUD_DESKTOP, beacon=tell(3_100, 2, 900)),
                ask(HOUR + 5, "pdf", b.EDGE, ip=CLOUD_DESKTOP),
            ],
        ),
        person(
            "a person reads through a company's proxy that adds headers",
            look(
                HOUR,
                b.CHROME,
                ip=OFFICE,
                lines={"Via": "1.1 proxy.example", "X-Forwarded-For": "10.0.0.9"},
            ),
        ),
        person(
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
        ),
    ],
    "screen readers": [
        person(
            "a person moves through the page by keyboard after 8 s",
            look(HOUR, b.FIREFOX, beacon=tell(45_000, 6, 8_200)),
        ),
        person(
            "a person hears the page on an iPhone without touching it",
            look(HOUR, b.IPHONE, beacon=silent(40_000, True)),
        ),
        person(
            "a person hears the page silently and then takes the PDF",
            [
                *look(HOUR, b.CHROME, beacon=silent(35_000)),
                ask(HOUR + 50, "pdf", b.CHROME),
            ],
        ),
        person(
            "a person takes the PDF by voice, and the page goes on saying nothing",
            [
                *look(HOUR, b.CHROME, beacon=silent(30_000)),
                ask(HOUR + 50, "pdf", b.CHROME),
                ask(HOUR + 61, "beacon", b.CHROME, beacon=silent(60_000)),
                ask(HOUR + 121, "beacon", b.CHROME, beacon=silent(120_000)),
            ],
        ),
        person(
            "a person takes the PDF by a screen reader's click, which the page tells",
            [
                *look(HOUR, b.DESKTOP["Safari on a Mac"], beacon=silent(30_000)),
                ask(HOUR + 50, "pdf", b.DESKTOP["Safari on a Mac"]),
                ask(
                    HOUR + 61,
                    "beacon",
                    b.DESKTOP["Safari on a Mac"],
                    beacon=tell(60_000, 1, 50_000),
                ),
            ],
        ),
    ],
    "forwards": [
        person(
            "the accountant reads the forwarded link, the recipient only the mail",
            [
                ask(30 * MINUTE, "pixel", b.MAIL_CLIENTS["Outlook on Windows"]),
                *look(3 * HOUR, b.FIREFOX, "accountant", OFFICE),
            ],
        ),
        person(
            "a filter of the second company scans the forwarded link, a person reads",
            [
                ask(DAY, "page", b.NAMED_MACHINES["Mimecast"], "gw", UNLISTED),
                *look(DAY + 2, b.CHROME, "box", UNLISTED, beacon=silent(8_000)),
                *look(DAY + 400, b.EDGE, "colleague", OFFICE),
            ],
        ),
        nobody(
            "the filter of the second company scans the forwarded link, nobody reads",
            [
                ask(DAY, "page", b.NAMED_MACHINES["Mimecast"], "gw", UNLISTED),
                *look(DAY + 1, b.CHROME, "box", UNLISTED, beacon=tell(webdriver=True)),
            ],
        ),
        person(
            "three colleagues open the forwarded link in the same second, one reads",
            [
                ask(HOUR, "page", b.CHROME, "first", OFFICE),
                ask(HOUR + 0.3, "page", b.CHROME, "second", OFFICE),
                *look(HOUR + 0.5, b.CHROME, "third", OFFICE),
            ],
        ),
        person(
            "one glances for a moment, and a colleague reads",
            [
                *look(HOUR, b.CHROME, "first", beacon=tell(900, 0, None)),
                *look(DAY, b.FIREFOX, "second", OFFICE),
            ],
        ),
        person(
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
        ),
    ],
    "privacy browsers": [
        person(
            "a person without script and without Sec-Fetch-* presses the button",
            [
                ask(HOUR, "page", b.FIREFOX.but(metadata=False)),
                ask(HOUR + 9, "form", b.FIREFOX.but(metadata=False)),
            ],
        ),
        person(
            "a person whose browser gives no Sec-Fetch-* moves the mouse and reads",
            look(HOUR, b.FIREFOX.but(metadata=False)),
        ),
        person(
            "a person with Tor and script reads through an exit that scanners use",
            look(HOUR, b.TOR, ip=SAFE_LINKS, beacon=tell(20_000, 11, 2_000)),
        ),
        person(
            "a person with Tor and without script takes the PDF three minutes later",
            [ask(180, "page", b.TOR), ask(200, "pdf", b.TOR)],
        ),
        person(
            "a person with NoScript answers",
            [ask(HOUR, "page", b.FIREFOX), ask(HOUR + 35, "act", b.FIREFOX)],
        ),
        person(
            "a person with Tor and without script presses the button",
            [ask(HOUR, "page", b.TOR), ask(HOUR + 7, "form", b.TOR)],
        ),
        person(
            "a person whose browser blocks the beacon takes the PDF",
            [
                ask(HOUR, "page", b.PRIVACY["Brave"]),
                ask(HOUR + 9, "pdf", b.PRIVACY["Brave"]),
            ],
        ),
        maybe(
            "a person whose browser blocks the beacon only reads",
            [ask(HOUR, "page", b.PRIVACY["Brave"])],
        ),
    ],
    "PDF and answers": [
        person(
            "a person answers 9 s after delivery, and the script tells of it first",
            [
                ask(4, "page", b.CHROME),
                ask(8.9, "beacon", b.CHROME, beacon=tell(4_800, 9, 900)),
                ask(9, "act", b.CHROME),
            ],
        ),
        person(
            "a person on a phone returns the invoice half a minute after delivery",
            [
                ask(11, "page", b.IPHONE),
                ask(31.8, "beacon", b.IPHONE, beacon=phone(visible=20_000, inputs=40)),
                ask(32, "act", b.IPHONE),
            ],
        ),
        person(
            "a person answers before the first beacon is due, which comes with it",
            [
                ask(HOUR, "page", b.EDGE),
                ask(HOUR + 2.6, "beacon", b.EDGE, beacon=tell(2_500, 3, 1_100)),
                ask(HOUR + 2.7, "act", b.EDGE),
            ],
        ),
        person(
            "a person without script presses, reads and answers in Lynx at delivery",
            [
                ask(15, "page", b.LYNX),
                ask(22, "form", b.LYNX),
                ask(40, "act", b.LYNX),
            ],
        ),
        person(
            "a person answers twice: returned by mistake, then accepted",
            [
                *look(HOUR, b.CHROME),
                ask(HOUR + 20, "act", b.CHROME),
                ask(HOUR + 50, "act", b.CHROME),
            ],
        ),
        person(
            "a person answers with an old Safari that tells nothing of itself",
            [
                ask(2 * HOUR, "page", b.OLD["Safari 9"]),
                ask(2 * HOUR + 30, "act", b.OLD["Safari 9"]),
            ],
        ),
        maybe(
            "a person without script answers half a minute after delivery",
            [ask(10, "page", b.TOR), ask(30, "act", b.TOR)],
        ),
        person(
            "a person reads, and answers a minute after delivery",
            [*look(30, b.CHROME), ask(60, "act", b.CHROME)],
        ),
        person(
            "a person without script answers two minutes after delivery",
            [ask(120, "page", b.TOR), ask(150, "act", b.TOR)],
        ),
        person(
            "a person on a page without encryption answers",
            [
                ask(HOUR, "page", b.CHROME.but(metadata=False)),
                ask(HOUR + 40, "act", b.CHROME.but(metadata=False)),
            ],
        ),
        person(
            "a person reads, and the virus scanner fetches the PDF out of the page",
            [
                *look(HOUR, b.CHROME),
                ask(HOUR + 0.3, "pdf", b.NAMED_MACHINES["AVG's link scanner"]),
            ],
        ),
        person(
            "a person reads, and its double fetches the PDF at once",
            [*look(HOUR, b.CHROME), ask(HOUR + 0.2, "pdf", b.CHROME)],
        ),
        maybe("the PDF is fetched without the page", [ask(HOUR, "pdf", b.CHROME, "")]),
        maybe(
            "the PDF is fetched in the first moment of the page",
            [ask(HOUR, "page", b.CHROME), ask(HOUR + 0.4, "pdf", b.CHROME)],
        ),
        nobody(
            "an answer comes without any page", [ask(HOUR, "act", b.CHROME, "forged")]
        ),
    ],
    "mail clients' own pictures": [
        maybe(
            "the new Outlook loads it in its reading pane",
            [ask(MINUTE, "pixel", b.NEW_OUTLOOK)],
        ),
        person(
            "Outlook loads it in its preview, and the person follows the link in Edge",
            [
                ask(5, "pixel", b.MAIL_CLIENTS["Outlook on Windows"]),
                ask(8, "page", b.NAMED_MACHINES["Office before it opens a link"], "o"),
                *look(9, b.EDGE),
            ],
        ),
        person(
            "Thunderbird loads it and shows the page in a tab of its own",
            [
                ask(HOUR, "pixel", b.MAIL_CLIENTS["Thunderbird"]),
                *look(HOUR + 4, b.DESKTOP["Thunderbird's own tab"]),
            ],
        ),
        maybe(
            "a webmail without proxy loads it in Chrome", [ask(HOUR, "pixel", b.CHROME)]
        ),
        maybe(
            "Apple Mail without mail privacy loads it",
            [ask(HOUR, "pixel", b.safari(b.MAC, ""))],
        ),
        person(
            "Gmail's proxy loads it and the person follows the link",
            [
                ask(HOUR, "pixel", b.MAIL_PROXIES["Gmail"], ip=GOOGLE),
                *look(HOUR + 20, b.CHROME),
            ],
        ),
    ],
    "gateways at delivery": [
        maybe(
            "a gateway walks through page and PDF for ten minutes in a current browser",
            [
                ask(90, "pixel", b.CHROME, ip=UNLISTED),
                ask(6 * MINUTE, "page", b.CHROME, "gw", UNLISTED),
                ask(
                    10 * MINUTE, "pdf", b.CHROME, "gw", UNLISTED, lines=b.TYPED_ADDRESS
                ),
            ],
        ),
        maybe(
            "a gateway in a current browser's headers presses all, spaced by minutes",
            [
                ask(2 * MINUTE, "page", b.EDGE, "gw", UNLISTED),
                ask(4 * MINUTE, "form", b.EDGE, "gw", UNLISTED, lines=b.TYPED_ADDRESS),
                ask(6 * MINUTE, "pdf", b.EDGE, "gw", UNLISTED, lines=b.TYPED_ADDRESS),
                ask(8 * MINUTE, "act", b.EDGE, "gw", UNLISTED, lines=b.TYPED_ADDRESS),
            ],
        ),
        maybe(
            "each visit of a gateway comes from another network, minutes apart",
            [
                ask(3 * MINUTE, "page", b.CHROME, "gw1", UNLISTED),
                ask(5 * MINUTE, "page", b.EDGE, "gw2", CLOUD_DESKTOP),
                ask(8 * MINUTE, "pdf", b.FIREFOX, "", GOOGLE),
            ],
        ),
        nobody(
            "a gateway of a published network and an old browser comes after a minute",
            look(
                70,
                b.old(b.CHROME.name.replace("124.0", "64.0")),
                "gw",
                SAFE_LINKS,
                beacon=tell(4_000, 2, 800),
            ),
        ),
        nobody(
            "a gateway asks in an empty name, then in Chrome's without a language",
            [
                ask(3, "page", b.Plain(""), "gw1", UNLISTED),
                ask(4, "page", b.Plain(b.CHROME.name), "gw2", UNLISTED),
            ],
        ),
        nobody(
            "a gateway that fetches for text browsers at delivery presses at once",
            [
                ask(2, "page", b.LYNX, "gw", UNLISTED),
                ask(2.4, "form", b.LYNX, "gw", UNLISTED),
            ],
        ),
        nobody("a gateway fetches all targets in a burst", GATEWAY_BURST),
        nobody(
            "a gateway fetches all targets in a burst four minutes later",
            [
                ask(240, "pixel", b.CHROME, ip=UNLISTED),
                ask(240.2, "page", b.EDGE, "gw1", UNLISTED),
                ask(240.5, "page", b.FIREFOX, "gw2", UNLISTED),
                ask(240.8, "pdf", b.CHROME, "", UNLISTED),
            ],
        ),
        maybe(
            "a gateway walks through all targets, spaced out",
            [
                ask(20, "pixel", b.CHROME, ip=UNLISTED),
                ask(75, "page", b.CHROME, "gw", UNLISTED),
                ask(
                    130,
                    "pdf",
                    b.CHROME,
                    "gw",
                    UNLISTED,
                    lines={"Sec-Fetch-Site": "none"},
                ),
            ],
        ),
        nobody(
            "a gateway fetches the page before it takes the mail",
            [ask(-2, "page", b.CHROME, "gw", UNLISTED)],
        ),
        nobody(
            "a gateway's browser is there within a second, with a person's beacon",
            look(0.6, b.CHROME, "gw", UNLISTED),
        ),
        nobody(
            "a gateway of a published network plays a person at delivery",
            look(6, b.CHROME, "gw", SAFE_LINKS),
        ),
        nobody(
            "a gateway with a browser of 2019 plays a person at delivery",
            look(8, b.old(b.CHROME.name.replace("124.0", "72.0")), "gw", UNLISTED),
        ),
        nobody(
            "a gateway in a name that its hints belie plays a person at delivery",
            look(8, b.CHROME.but(Sec_CH_UA_Platform='"Linux"'), "gw", UNLISTED),
        ),
        nobody(
            "a gateway asks by HEAD and OPTIONS only",
            [
                ask(3, "page", b.CHROME, "gw", UNLISTED, method="HEAD"),
                ask(4, "page", b.CHROME, "gw", UNLISTED, method="OPTIONS"),
                ask(5, "pdf", b.CHROME, "gw", UNLISTED, method="HEAD"),
            ],
        ),
        nobody(
            "a gateway asks by HEAD hours later, then sends a beacon",
            [
                ask(HOUR, "page", b.CHROME, "gw", UNLISTED, method="HEAD"),
                ask(HOUR + 9, "beacon", b.CHROME, "gw", UNLISTED, beacon=tell()),
            ],
        ),
    ],
    "sandboxes": [
        nobody(
            "a sandbox of a published network plays a person after two minutes",
            look(2 * MINUTE, b.CHROME, "box", SAFE_LINKS, beacon=tell(5_000, 4, 900)),
        ),
        nobody(
            "a sandbox whose hints belie its name plays a person after two minutes",
            look(
                2 * MINUTE, b.CHROME.but(Sec_CH_UA_Platform='"Linux"'), "box", UNLISTED
            ),
        ),
        maybe(
            "a sandbox keeps pressing the button of pages without script for minutes",
            [
                ask(3 * MINUTE, "page", b.BARE_CHROME, "box", UNLISTED),
                ask(4 * MINUTE, "form", b.BARE_CHROME, "box", UNLISTED),
                ask(9 * MINUTE, "form", b.BARE_CHROME, "box", UNLISTED),
            ],
        ),
        maybe(
            "a sandbox submits Accept four minutes after delivery, without script",
            [
                ask(230, "page", b.BARE_CHROME, "box", UNLISTED),
                ask(240, "act", b.BARE_CHROME, "box", UNLISTED),
            ],
        ),
        maybe(
            "a sandbox submits Accept and Return two minutes after delivery",
            [
                ask(120, "page", b.CHROME, "box", UNLISTED, lines=b.TYPED_ADDRESS),
                ask(130, "act", b.CHROME, "box", UNLISTED, lines=b.TYPED_ADDRESS),
                ask(140, "act", b.CHROME, "box", UNLISTED, lines=b.TYPED_ADDRESS),
            ],
        ),
        maybe(
            "a sandbox runs the script untouched and submits Accept hours later",
            [
                *look(5 * HOUR, b.CHROME, "box", UNLISTED, beacon=silent(5_000)),
                ask(5 * HOUR + 9, "act", b.CHROME, "box", UNLISTED, lines=b.ELSEWHERE),
            ],
        ),
        maybe(
            "a sandbox runs the script untouched and fetches the PDF hours later",
            [
                *look(5 * HOUR, b.EDGE, "box", UNLISTED, beacon=silent(5_000)),
                ask(5 * HOUR + 9, "pdf", b.EDGE, "box", UNLISTED, lines=b.ELSEWHERE),
            ],
        ),
        maybe(
            "a sandbox's script leads to the PDF hours later, its page stays silent",
            [
                *look(5 * HOUR, b.EDGE, "box", UNLISTED, beacon=silent(5_000)),
                ask(5 * HOUR + 9, "pdf", b.EDGE, "box", UNLISTED, lines=BY_SCRIPT),
                ask(
                    5 * HOUR + 11,
                    "beacon",
                    b.EDGE,
                    "box",
                    UNLISTED,
                    beacon=silent(10_000),
                ),
            ],
        ),
        nobody(
            "a sandbox answers within a second, hours later",
            [
                ask(3 * HOUR, "page", b.CHROME, "box", UNLISTED),
                ask(3 * HOUR + 1, "act", b.CHROME, "box", UNLISTED),
            ],
        ),
        nobody(
            'a sandbox presses "Show document" and the answer, both at once',
            [
                ask(20, "page", b.FIREFOX, "box", UNLISTED),
                ask(20.3, "form", b.FIREFOX, "box", UNLISTED),
                ask(20.6, "act", b.FIREFOX, "box", UNLISTED),
            ],
        ),
        nobody(
            "a sandbox scrolls a thousand times in a second",
            look(HOUR, b.CHROME, "box", UNLISTED, beacon=tell(3_000, 4_000, 500)),
        ),
        nobody(
            "a sandbox in Safari's name on an iPhone has no touch screen, at delivery",
            look(20, b.IPHONE, "box", UNLISTED, beacon=tell(5_000, 3, 900)),
        ),
        maybe(
            "a sandbox in a phone's name without touch screen stays silent, later",
            look(HOUR, b.ANDROID_CHROME, "box", UNLISTED, beacon=silent(30_000)),
        ),
        nobody(
            "a sandbox keeps the page visible for a minute at delivery",
            look(12, b.CHROME, "box", UNLISTED, beacon=silent(60_000)),
        ),
        nobody(
            "a sandbox in a phone's name keeps the page visible at delivery",
            look(12, b.ANDROID_CHROME, "box", UNLISTED, beacon=silent(20_000, True)),
        ),
        nobody(
            "a sandbox in a phone's name looks silently after 20 s",
            look(20, b.ANDROID_CHROME, "box", UNLISTED, beacon=silent(20_000, True)),
        ),
        maybe(
            "a sandbox presses the button of pages without script at delivery",
            [
                ask(35, "page", b.CHROME, "box", UNLISTED),
                ask(38, "form", b.CHROME, "box", UNLISTED),
            ],
        ),
        maybe(
            "a sandbox answers at delivery",
            [
                ask(35, "page", b.CHROME, "box", UNLISTED),
                ask(44, "act", b.CHROME, "box", UNLISTED),
            ],
        ),
        nobody(
            "a sandbox in a phone's name has no touch screen",
            look(12, b.ANDROID_CHROME, "box", UNLISTED, beacon=tell()),
        ),
        nobody(
            "a sandbox tells that it is driven",
            look(HOUR, b.CHROME, "box", UNLISTED, beacon=tell(webdriver=True)),
        ),
        maybe(
            "a sandbox makes its input 250 ms after loading, hours later",
            look(5 * HOUR, b.CHROME, "box", UNLISTED, beacon=tell(first=250)),
        ),
        nobody(
            "a sandbox makes ten thousand inputs",
            look(HOUR, b.CHROME, "box", UNLISTED, beacon=tell(inputs=10_000)),
        ),
        nobody(
            "a sandbox submits the form with the loading",
            [
                ask(HOUR, "page", b.CHROME, "box", UNLISTED),
                ask(HOUR + 0.5, "form", b.CHROME, "box", UNLISTED),
            ],
        ),
        nobody(
            "a sandbox that plays a person answers with the loading",
            [
                *look(HOUR, b.CHROME, "box", UNLISTED),
                ask(HOUR + 0.9, "act", b.CHROME, "box", UNLISTED),
            ],
        ),
        maybe(
            "a sandbox runs the script and submits the form of pages without script",
            [
                *look(HOUR, b.CHROME, "box", UNLISTED, beacon=silent(5_000)),
                ask(HOUR + 6, "form", b.CHROME, "box", UNLISTED),
            ],
        ),
        maybe(
            "a program posts the form two minutes after delivery",
            [
                ask(
                    120,
                    "page",
                    b.Plain(b.CHROME.name, b.DOCUMENT, "en"),
                    "box",
                    UNLISTED,
                ),
                ask(
                    125,
                    "form",
                    b.Plain(b.CHROME.name, b.DOCUMENT, "en"),
                    "box",
                    UNLISTED,
                ),
            ],
        ),
        maybe(
            "a sandbox answers without any input in its page",
            [
                ask(HOUR, "page", b.CHROME, "box", UNLISTED),
                ask(HOUR + 4, "act", b.CHROME, "box", UNLISTED),
                ask(
                    HOUR + 5, "beacon", b.CHROME, "box", UNLISTED, beacon=silent(4_800)
                ),
            ],
        ),
    ],
    "time-of-click checks": [
        person(
            "a check follows with a browser of its own, the person reads meanwhile",
            [
                *look(HOUR, b.EDGE),
                *look(HOUR + 1, b.CHROME, "box", SAFE_LINKS, beacon=silent(9_000)),
            ],
        ),
        nobody(
            "a check of a published network in an old browser plays the reader",
            look(
                HOUR,
                b.old(b.CHROME.name.replace("124.0", "72.0")),
                "check",
                SAFE_LINKS,
            ),
        ),
        nobody(
            "a check asks by HEAD only, and the person is warned off",
            [ask(HOUR, "page", b.CHROME, "check", SAFE_LINKS, method="HEAD")],
        ),
        person(
            "a check fetches the page a second before the person",
            [
                ask(HOUR, "page", b.Plain(b.CHROME.name), "check", SAFE_LINKS),
                *look(HOUR + 1, b.EDGE),
            ],
        ),
        maybe(
            "a check fetches the page and the person turns back",
            [ask(HOUR, "page", b.CHROME, "check", SAFE_LINKS)],
        ),
    ],
    "late re-scans": [
        nobody(
            "a sandbox looks again after three days, driven",
            [
                *look(3 * DAY, b.CHROME, "box", UNLISTED, beacon=tell(webdriver=True)),
                ask(3 * DAY + 20, "pdf", b.CHROME, "box", UNLISTED),
            ],
        ),
        nobody(
            "a re-scan in a program's name fetches all after a month",
            [
                ask(30 * DAY, "page", b.NAMED_MACHINES["Proofpoint"], "gw", UNLISTED),
                ask(30 * DAY + 9, "pdf", b.NAMED_MACHINES["Proofpoint"], "gw"),
            ],
        ),
        person(
            "a person reads after a month, after a re-scan",
            [
                *look(29 * DAY, b.CHROME, "box", UNLISTED, beacon=silent(15_000)),
                *look(30 * DAY, b.FIREFOX),
            ],
        ),
        maybe(
            "a sandbox looks again after a week, silently",
            look(7 * DAY, b.CHROME, "box", UNLISTED, beacon=silent(15_000)),
        ),
        maybe(
            "a sandbox of a published network looks again as a silent phone",
            look(
                7 * DAY,
                b.ANDROID_CHROME,
                "box",
                SAFE_LINKS,
                beacon=silent(20_000, True),
            ),
        ),
    ],
    "antivirus on the reader's own address": [
        nobody(
            "the virus scanner checks the link of the mail",
            [ask(HOUR, "page", b.NAMED_MACHINES["AVG's link scanner"], "av", READER)],
        ),
        person(
            "the virus scanner checks the link and the person reads",
            [
                ask(HOUR, "page", b.NAMED_MACHINES["AVG's link scanner"], "av", READER),
                *look(HOUR + 1, b.CHROME),
            ],
        ),
        person(
            "the virus scanner asks by HEAD in the reader's browser's name",
            [
                ask(HOUR, "page", b.CHROME, "av", READER, method="HEAD"),
                *look(HOUR + 0.4, b.CHROME),
            ],
        ),
        person(
            "the virus scanner takes all in an empty name while a person reads",
            [
                ask(HOUR, "page", b.CHROME),
                ask(HOUR + 0.2, "page", b.Plain(""), "av", READER),
                ask(HOUR + 0.3, "pdf", b.Plain(""), "av", READER),
                ask(HOUR + 5, "beacon", b.CHROME, beacon=tell(4_500, 3, 900)),
            ],
        ),
        person(
            "the virus scanner fetches the page after the person",
            [
                *look(HOUR, b.CHROME),
                ask(HOUR + 3, "page", b.Plain(b.CHROME.name), "av", READER),
            ],
        ),
    ],
    "scanner then person": [
        person(
            "a burst at delivery, a quick person right after it",
            [*GATEWAY_BURST, *look(9, b.CHROME, beacon=tell(3_400, 2, 800))],
        ),
        person(
            "a sandbox stays silently, and the person reads silently on a phone",
            [
                *look(12, b.CHROME, "box", UNLISTED, beacon=silent(60_000)),
                *look(20 * MINUTE, b.IPHONE, beacon=silent(16_000, True)),
            ],
        ),
        person(
            "a scanner in the same browser's name, a person without script later",
            [
                ask(4, "page", b.FIREFOX, "gw", UNLISTED),
                ask(4.3, "form", b.FIREFOX, "gw", UNLISTED),
                ask(HOUR, "page", b.FIREFOX),
                ask(HOUR + 8, "form", b.FIREFOX),
            ],
        ),
        person(
            "a driven sandbox answers, and then the person does",
            [
                *look(10, b.CHROME, "box", UNLISTED, beacon=tell(webdriver=True)),
                ask(20, "act", b.CHROME, "box", UNLISTED),
                *look(HOUR, b.CHROME),
                ask(HOUR + 30, "act", b.CHROME),
            ],
        ),
        person(
            "a scanner at delivery, a person of the same address later",
            [*SCAN, *look(HOUR, b.CHROME, ip=BARRACUDA)],
        ),
    ],
    "person then scanner": [
        person(
            "a person answers at once, and the gateway comes late",
            [
                *look(8, b.EDGE, beacon=tell(9_000, 12, 900)),
                ask(18, "act", b.EDGE),
                ask(40, "pixel", b.CHROME, ip=UNLISTED),
                ask(40.3, "page", b.CHROME, "gw", UNLISTED),
                ask(40.6, "pdf", b.CHROME, "gw", UNLISTED),
            ],
        ),
        person(
            "a person takes the PDF, a crawler finds the link weeks later",
            [
                ask(HOUR, "page", b.EDGE),
                ask(HOUR + 7, "pdf", b.EDGE),
                ask(20 * DAY, "page", b.NAMED_MACHINES["Googlebot"], "bot", GOOGLE),
            ],
        ),
        person(
            "a person reads, a scanner looks again",
            [
                *look(20, b.CHROME),
                *look(HOUR, b.CHROME, "box", BARRACUDA, beacon=tell(webdriver=True)),
            ],
        ),
        person(
            "a person reads in the very second of a burst",
            [
                *look(30, b.CHROME),
                ask(30.2, "page", b.EDGE, "gw1", UNLISTED),
                ask(30.4, "page", b.EDGE, "gw2", UNLISTED),
                ask(30.6, "pdf", b.EDGE, "", UNLISTED),
            ],
        ),
    ],
    "condemned sessions": [
        nobody(
            "a session that took the PDF and answered turns out to be driven",
            [
                ask(HOUR, "page", b.EDGE, "box", UNLISTED),
                ask(HOUR + 10, "pdf", b.EDGE, "box", UNLISTED),
                ask(HOUR + 20, "act", b.EDGE, "box", UNLISTED),
                ask(
                    HOUR + 30,
                    "beacon",
                    b.EDGE,
                    "box",
                    UNLISTED,
                    beacon=tell(webdriver=True),
                ),
            ],
        ),
        nobody(
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
        ),
    ],
    "browser prefetch and prerender": [
        person(
            "a prerendered page is activated and read silently on a phone",
            [
                ask(HOUR, "page", b.ANDROID_CHROME, lines=PRERENDER),
                ask(
                    HOUR + 40,
                    "beacon",
                    b.ANDROID_CHROME,
                    beacon={**silent(14_000, True), "prerendered": True},
                ),
            ],
        ),
        person(
            "a prerendered page is activated and its PDF taken",
            [
                PRERENDERED_PAGE,
                ask(HOUR + 30, "beacon", b.CHROME, beacon=ACTIVATED),
                ask(HOUR + 34, "pdf", b.CHROME),
            ],
        ),
        maybe(
            "a prerendered page is activated for a moment",
            [
                PRERENDERED_PAGE,
                ask(
                    HOUR + 30,
                    "beacon",
                    b.CHROME,
                    beacon=tell(1_000, 1, 600, prerendered=True),
                ),
            ],
        ),
        nobody(
            "a browser prefetches page and PDF",
            [
                ask(HOUR, "page", b.CHROME, lines={"Sec-Purpose": "prefetch"}),
                ask(HOUR + 3, "pdf", b.CHROME, lines={"Sec-Purpose": "prefetch"}),
            ],
        ),
        nobody(
            "a prerendered page that nobody activates sends a beacon",
            [
                PRERENDERED_PAGE,
                ask(HOUR + 5, "beacon", b.CHROME, beacon=silent(0), lines=PRERENDER),
            ],
        ),
        person(
            "a prerendered page is ACTIVATED and read",
            [PRERENDERED_PAGE, ask(HOUR + 60, "beacon", b.CHROME, beacon=ACTIVATED)],
        ),
    ],
    "forged and replayed beacons": [
        nobody(
            "a beacon comes without its page",
            [ask(HOUR, "beacon", b.CHROME, beacon=tell())],
        ),
        nobody(
            "a beacon comes without a session",
            [ask(HOUR, "beacon", b.CHROME, "", beacon=tell())],
        ),
        maybe(
            "a beacon claims more than the time that passed",
            [PAGE, ask(HOUR + 1, "beacon", b.CHROME, beacon=tell(60_000))],
        ),
        maybe(
            "a beacon claims an input of the future",
            [PAGE, ask(HOUR + 5, "beacon", b.CHROME, beacon=tell(4_000, 2, 90_000))],
        ),
        maybe(
            "a beacon comes before its page",
            [PAGE, ask(HOUR - 60, "beacon", b.CHROME, beacon=tell())],
        ),
        maybe(
            "a beacon comes from another browser than its page",
            [PAGE, ask(HOUR + 9, "beacon", b.FIREFOX, beacon=tell())],
        ),
        maybe(
            "a script sends the beacon of a page that was served to a browser",
            [PAGE, ask(HOUR + 9, "beacon", b.Plain("curl/8.5.0"), beacon=tell())],
        ),
        maybe(
            "a short look is sent again and again",
            [
                PAGE,
                *(
                    ask(HOUR + 2 + n, "beacon", b.CHROME, beacon=tell(1_000, 1, 700))
                    for n in range(12)
                ),
            ],
        ),
        maybe(
            "a person's beacon is sent again in a session of a page without one",
            [
                ask(HOUR, "page", b.CHROME, "other"),
                ask(HOUR + 9, "beacon", b.CHROME, "unknown", beacon=tell()),
            ],
        ),
        maybe(
            "a beacon is asked for by GET",
            [PAGE, ask(HOUR + 9, "beacon", b.CHROME, beacon=tell(), method="GET")],
        ),
        person(
            "a person's beacon arrives twice",
            [*look(HOUR, b.CHROME), *look(HOUR, b.CHROME)[1:]],
        ),
    ],
    "AI agents in a browser's name": [
        nobody(
            "an agent drives a browser in a cloud, which says so",
            look(HOUR, b.CHROME, "agent", CLOUD_DESKTOP, beacon=tell(webdriver=True)),
        ),
        nobody(
            "an agent presses a button in the moment it sees it, and answers",
            [
                *look(HOUR, b.CHROME, "agent", UNLISTED, beacon=tell(first=40)),
                ask(HOUR + 9, "act", b.CHROME, "agent", UNLISTED),
            ],
        ),
        nobody(
            "an agent reads the page as text and then the PDF",
            [
                ask(HOUR, "page", b.Plain(b.CHROME.name), "agent", UNLISTED),
                ask(HOUR + 5, "pdf", b.Plain(b.CHROME.name), "agent", UNLISTED),
            ],
        ),
        maybe(
            "an agent waits for the page, and reads it without touching anything",
            look(HOUR, b.CHROME, "agent", CLOUD_DESKTOP, beacon=silent(7_000)),
        ),
        person(
            "a person reads, and then has an agent explain the invoice",
            [
                *look(HOUR, b.CHROME),
                ask(HOUR + 40, "page", b.NAMED_MACHINES["Claude for its user"], "a"),
                ask(
                    HOUR + 42,
                    "pdf",
                    b.NAMED_MACHINES["an agent that signs"],
                    "b",
                    UNLISTED,
                ),
            ],
        ),
    ],
    "chat and social previews": [
        nobody(
            "the link is shared in three chats, and nobody follows it",
            [
                ask(HOUR, "page", b.NAMED_MACHINES["Slack's preview"], "1", UNLISTED),
                ask(HOUR + 5, "page", b.NAMED_MACHINES["Viber's preview"], "2"),
                ask(HOUR + 9, "page", b.NAMED_MACHINES["the preview of Teams"], "3"),
            ],
        ),
        nobody(
            "the writer's own phone makes the preview, in a browser's old name",
            [ask(HOUR, "page", b.NAMED_MACHINES["the preview of iMessage"], "1")],
        ),
        person(
            "a preview comes in the second in which a person opens the chat's view",
            [
                ask(
                    HOUR, "page", b.NAMED_MACHINES["Facebook's preview"], "1", UNLISTED
                ),
                *look(
                    HOUR + 0.5,
                    b.IN_APP["the Facebook app on an iPhone"],
                    beacon=phone(),
                ),
            ],
        ),
    ],
    "own staff": [
        nobody(
            "a colleague in BCC opens the link from the own network, signed out",
            look(HOUR, b.EDGE, "desk", OFFICE, internal=True),
        ),
        nobody(
            "a colleague looks at the client's page by the preview button",
            [ask(5, "page", b.CHROME, "desk", OFFICE, internal=True)],
        ),
        nobody(
            "a signed-in colleague reads, takes the PDF and answers",
            [
                *look(HOUR, b.CHROME, "desk", OFFICE, internal=True),
                ask(HOUR + 20, "pdf", b.CHROME, "desk", OFFICE, internal=True),
                ask(HOUR + 40, "act", b.CHROME, "desk", OFFICE, internal=True),
            ],
        ),
        nobody(
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
        ),
        nobody(
            "the Sent folder loads the picture",
            [ask(60, "pixel", b.MAIL_CLIENTS["Thunderbird"], ip=OFFICE, internal=True)],
        ),
        person(
            "a colleague looks, and the client too",
            [
                *look(HOUR, b.CHROME, "desk", OFFICE, internal=True),
                *look(DAY, b.CHROME),
            ],
        ),
    ],
    "nobody": [
        nobody(
            "only the browser's question before a request comes",
            [ask(HOUR, "page", b.CHROME, "gw", UNLISTED, method="OPTIONS")],
        ),
        nobody("nothing is asked for", []),
    ],
}


def browsers_of_people():
    """People with every browser, of a time when nothing else tells them apart."""
    for name, browser in {**b.DESKTOP, **b.PRIVACY}.items():
        hits = look(2 * HOUR, browser)
        yield "desktop browsers", person(f"a person reads with {name}", hits)
    for name, browser in {**b.PHONES, **b.IN_APP, **b.PRIVACY_ON_PHONES}.items():
        hits = look(25 * MINUTE, browser, ip=READER_MOBILE, beacon=phone())
        yield "mobile browsers and apps", person(f"a person reads with {name}", hits)
    for name, browser in b.OLD.items():
        hits = look(DAY, browser)
        yield "old browsers", person(f"a person reads with {name}", hits)
    for name, browser in b.TEXT.items():
        hits = [ask(3 * HOUR, "page", browser), ask(3 * HOUR + 6, "form", browser)]
        yield "text browsers", person(f"a person presses the button in {name}", hits)


def deeds_of_people():
    """PDF and answer with browsers that tell more or less of themselves."""
    for name, browser in {
        "Chrome": b.CHROME,
        "Safari": b.DESKTOP["Safari on a Mac"],
        "Internet Explorer": b.OLD["Internet Explorer 11"],
        "Lynx": b.LYNX,
    }.items():
        page = ask(HOUR, "page", browser)
        pdf = [page, ask(HOUR + 8, "pdf", browser)]
        answer = [page, ask(HOUR + 25, "act", browser)]
        yield "PDF and answers", person(f"a person takes the PDF with {name}", pdf)
        yield "PDF and answers", person(f"a person answers with {name}", answer)


def pictures():
    """Programs and services that load the picture of a mail."""
    for name, program in b.MAIL_PREFETCH.items():
        for when, at in {"at delivery": 3, "hours later": 5 * HOUR}.items():
            hits = [ask(at, "pixel", program, ip=APPLE_RELAY)]
            yield "mail-privacy prefetch", nobody(f"{name} loads it {when}", hits)
    for name, program in b.MAIL_CLIENTS.items():
        for when, at in {"at once": 5, "later": HOUR}.items():
            hits = [ask(at, "pixel", program)]
            yield "mail clients' own pictures", maybe(f"{name} loads it {when}", hits)


def picture_proxies():
    """Services that load the picture for somebody, or before."""
    family = "webmail image proxies"
    for name, program in b.MAIL_PROXIES.items():
        early = ask(2, "pixel", program, ip=GOOGLE)
        late = [ask(at, "pixel", program, ip=GOOGLE) for at in (HOUR, 2 * HOUR, DAY)]
        page = ask(HOUR, "page", program, ip=GOOGLE)
        yield family, nobody(f"the proxy of {name} loads it at delivery", [early])
        yield family, maybe(f"the proxy of {name} loads it later", late[:1])
        yield family, maybe(f"the proxy of {name} loads it again and again", late)
        yield family, nobody(f"the proxy of {name} asks for the page", [page])


def named_machines():
    """Whatever a program does that tells who it is, it is no person."""
    family = "machines that say so"
    for name, program in b.NAMED_MACHINES.items():
        who = (program, "machine", UNLISTED)
        page = ask(HOUR, "page", *who)
        play = [
            *look(HOUR, *who),
            ask(HOUR + 20, "pdf", *who),
            ask(HOUR + 30, "form", *who),
            ask(HOUR + 40, "act", *who),
        ]
        yield family, nobody(f"{name} fetches the page", [page])
        yield family, nobody(f"{name} behaves like a person to the end", play)


def instant_inputs():
    """Inputs that come with the loading."""
    for first in (0, 12, 50):
        hits = [
            *look(5 * HOUR, b.CHROME, "box", UNLISTED, beacon=tell(first=first)),
            ask(5 * HOUR + 8, "pdf", b.CHROME, "box", UNLISTED),
        ]
        name = f"a sandbox makes its input after {first} ms and takes the PDF"
        yield "sandboxes", nobody(name, hits)


def prefetches():
    """What browsers fetch in advance, and what may follow."""
    family = "browser prefetch and prerender"
    for header, value in (
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ):
        page = ask(HOUR, "page", b.CHROME, lines={header: value})
        read = ask(HOUR + 20, "beacon", b.CHROME, beacon=tell(7_000, 3, 13_000))
        yield family, nobody(f"fetched with {header}: {value}", [page])
        yield family, person(f"fetched with {header}: {value}, then read", [page, read])


def odd_beacons():
    """Beacons that no page of ours sends."""
    for name, beacon in {
        "nothing": None,
        "a list": [1, 2],
        "words": {key: "6000" for key in tell()},
        "not a number": tell(float("nan"), float("nan"), float("nan")),
        "without end": tell(float("inf"), 3, float("inf")),
        "below nothing": tell(-6_000, -3, -1_000),
        "far too much time": tell(10**30, 3, 10**30),
    }.items():
        hits = [PAGE, ask(HOUR + 9, "beacon", b.CHROME, beacon=beacon)]
        yield "forged and replayed beacons", maybe(f"a beacon says {name}", hits)


SERIES = (
    browsers_of_people,
    deeds_of_people,
    pictures,
    picture_proxies,
    named_machines,
    instant_inputs,
    prefetches,
    odd_beacons,
)
CASES = [
    *(
        case._replace(family=name)
        for name, cases in BY_FAMILY.items()
        for case in cases
    ),
    *(case._replace(family=name) for series in SERIES for name, case in series()),
]
