"""Who looked at the document: a person on the client's side, or a machine.

``observe`` turns one request into a ``Hit`` that keeps no address and no browser name.
``judge`` reads all hits of one delivery together and says what they prove. This file
is plain Python, loads by itself and knows nothing of Odoo.

How it is judged, in this order:

1. Hits are put together by browser session: the page's nonce and the browser's name.
   A machine that fetches a link out of a reader's page is a session of its own.
2. A session is condemned by one strong machine sign or by two weak ones, and then
   none of its hits counts, the earlier ones neither. Networks and documents are never
   condemned, and what one session does changes nothing for another one.
3. What is left has to prove a person: a look (seen in the foreground, with a first
   input that does not come with the loading), a long look on a touch device, or a
   deed (button of the page without script, PDF, answer), not in the first moment.
4. Pixel and page prove nothing: at most "maybe".

Sources of the figures: the rules of the project ("when the eye may light"), the facts
named beside each figure. Where no source is named, the figure is our own choice.
"""

import hashlib
import ipaddress
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache

try:
    import crawleruseragents
except ImportError:  # our own tables stand alone, see AGENT_PATTERNS
    crawleruseragents = None

# --- Figures --------------------------------------------------------------------------

#: Milliseconds in the foreground that make a look: "about 3 s", less the jitter of the
#: page's timer.
LOOK_MS = 2_800
#: A first input earlier than this after the loading is not the answer to what was seen:
#: about 200 ms to see it and 200 ms to move.
FIRST_INPUT_MS = 400
#: No person reacts faster (100 ms is the limit for a false start in athletics). The
#: page's script must not count what is no deed, as a mouse that moves while it loads.
REFLEX_MS = 100
#: A silent look on a touch device: nobody holds a phone that long unread, while
#: sandboxes give a page a few seconds.
SILENT_LOOK_MS = 10_000
#: More inputs than these cannot be a person's: browsers send at most one event of each
#: kind (move, wheel, scroll) a frame, up to 144 a second, and some at once.
INPUTS_AT_ONCE = 50
INPUTS_PER_SECOND = 500
#: A beacon may claim this much more than the server saw pass: clocks in whole seconds.
CLOCK_SLACK_MS = 1_500
#: Seconds after the page before which its button or PDF is pressed by no person.
DEED_AFTER = 1.5
#: The same for an answer, for which a name is given or a reason written.
ANSWER_AFTER = 2.0
#: The same for an answer that the page asked for once more: its words say to wait.
AGAIN_AFTER = 5.0
#: Seconds after delivery before which no person has seen the mail, opened it and
#: followed the link.
CLICK_SECONDS = 1.5
#: Seconds after delivery within which a picture is rather prefetched than seen (Gmail
#: loads pictures while the mail comes in: bird.com, 2022).
PREFETCH_SECONDS = 10
#: Seconds after delivery in which most gateways look: a weak sign, since quick readers
#: come then too.
DELIVERY_SECONDS = 30
#: The same for whoever shows one of ``SUSPECT_SIGNS``: gateways come back within
#: minutes, and a reader behind such a network is seldom that quick.
SUSPECT_SECONDS = 300
#: Seconds after delivery in which a silent look, or any deed without a trace of the
#: page's script, proves nothing: sandboxes keep pages open, press and post.
QUIET_SECONDS = 60
#: The same for an answer where the browser does not even say that it was pressed:
#: sandboxes submit what forms they find, up to minutes later.
ANSWER_SECONDS = 300
#: The same for PDF and button: gateways walk through all links, spaced out over a
#: quarter of an hour.
WALK_SECONDS = 900
#: So many fetches within so many seconds are no way to read.
BURST_HITS = 3
BURST_SECONDS = 2.0
#: So many weak signs condemn a session.
WEAK_SIGNS = 2
#: Browsers before these are rare with people, not with sandboxes: a weak sign (Safe
#: Links came as Chrome 64 and 72 in 2020: opencollective/opencollective#3656).
OLD_BROWSERS = {"Chrome": 80, "Firefox": 60, "MSIE ": 11}
#: First versions that send Sec-Fetch-* (MDN, browser compatibility).
FETCH_METADATA_SINCE = {"Chrome": 80, "Firefox": 90}
#: Numbers and names from outside are cut to these.
NUMBER_LIMIT = 10**9
AGENT_LIMIT = 1_000

# --- Words ----------------------------------------------------------------------------

#: target -> the only method with which it proves anything. HEAD and OPTIONS show
#: nothing to anybody; Werkzeug answers HEAD on GET routes.
METHODS = {
    "pixel": "GET",
    "page": "GET",
    "pdf": "GET",
    "form": "POST",
    "beacon": "POST",
    "act": "POST",
}

#: What can only be done on our own page.
DEEDS = ("pdf", "form", "act")

#: Every reason a verdict or a finding can give, and its meaning. The order is that in
#: which a verdict names them. Words are stable: they are stored.
REASONS = {
    # proofs of a person
    "answer": "the client accepted or returned the document",
    "pdf_from_page": "a person took the PDF from the page",
    "show_button": "a person pressed the button of the page without script",
    "look_with_input": "seen in the foreground, with an input",
    "long_look_on_touch": "seen for long on a touch device, without input",
    # nobody on the client's side
    "staff": "own staff",
    # uncertain
    "pixel_only": "the picture was loaded, perhaps by a machine",
    "mail_client": "a mail program loaded the picture, perhaps in its preview",
    "mail_proxy": "a mail service loaded the picture through its proxy",
    "page_only": "the page was fetched, perhaps by a machine",
    "pdf_only": "the PDF was fetched without the page",
    "no_input": "the page was visible, without any input",
    "early_input": "the only input came with the loading of the page",
    "too_short": "the page was visible for a moment only",
    "never_visible": "the page was loaded in the background",
    "too_soon": "asked for in the first moment of the page",
    "script_silent": "asked for without any trace of the page's script",
    "form_beside_script": "the button for pages without script, with script running",
    # machines and fetches that show nothing to anybody
    "mail_prefetch": "a mail service loaded the picture before the mail was opened",
    "at_delivery": "fetched in the moment of delivery",
    "burst": "several fetches in the same moment",
    "prefetch": "a browser fetched it in advance",
    "wrong_method": "asked without showing it (HEAD, OPTIONS)",
    "scanner": "a mail filter or virus scanner, by its own name",
    "link_preview": "a chat, social network or Odoo made a preview",
    "ai_agent": "an AI agent",
    "monitor": "a monitoring service",
    "pdf_printer": "a program that prints pages",
    "automation": "a browser under remote control",
    "script": "a program or script",
    "crawler": "a crawler",
    "office_probe": "an office program probed the link",
    "no_agent": "no browser name at all",
    "not_a_browser": "no browser's name",
    "no_language": "a browser's name, but no language",
    "instant_click": "followed the link before anyone could have seen the mail",
    "webdriver": "the page's script met a browser under remote control",
    "instant_input": "the first input faster than any person's",
    "impossible_input": "more inputs than a person can make",
    "instant_form": "the button pressed with the loading of the page",
    "instant_answer": "answered with the loading of the page",
    # weak signs, two of which condemn
    "scanner_network": "from a network that a mail filter published",
    "agent_mismatch": "two different browsers' names in one request",
    "old_agent": "a browser of another age",
    "touch_mismatch": "a phone's name, but no touch screen",
    "instant_pdf": "the PDF asked for with the loading of the page",
    # claims that cannot be
    "no_page": "no page was served to this session",
    "forged_beacon": "claims more than the time that passed",
    "no_evidence": "nothing was asked for",
}

#: Signs of which one condemns a session.
STRONG_SIGNS = frozenset(
    {
        "scanner",
        "link_preview",
        "ai_agent",
        "monitor",
        "pdf_printer",
        "automation",
        "script",
        "crawler",
        "office_probe",
        "mail_prefetch",
        "mail_proxy",
        "no_agent",
        "not_a_browser",
        "no_language",
        "instant_click",
        "webdriver",
        "instant_input",
        "impossible_input",
        "instant_form",
        "instant_answer",
    }
)
#: Signs that people show too, each alone.
SOFT_SIGNS = frozenset(
    {
        "at_delivery",
        "scanner_network",
        "agent_mismatch",
        "old_agent",
        "touch_mismatch",
        "instant_pdf",
    }
)
#: Soft signs with which more than the first moment counts as "at delivery": a filter's
#: own network, and a name that does not fit.
SUSPECT_SIGNS = frozenset({"scanner_network", "agent_mismatch"})
#: Signs of one hit that shows nothing to anybody and condemns nobody: people's
#: browsers prefetch too, and a prefetched page may be looked at later.
IDLE_SIGNS = frozenset({"prefetch", "wrong_method"})

#: Header that marks a fetch in advance -> words in its value (Chromium, Firefox, WPT).
PREFETCH_HEADERS = {
    "sec-purpose": ("prefetch", "prerender"),
    "purpose": ("prefetch", "prerender", "preview"),
    "x-purpose": ("prefetch", "prerender", "preview"),
    "x-moz": ("prefetch",),
}
#: Header that only machines send -> sign. Odoo's link previewer names itself so (it
#: fetches as a browser); agents sign by Web Bot Auth; ``From`` is a robot's operator
#: (RFC 9110, 10.1.2).
MACHINE_HEADERS = {
    "odoo-link-preview": "link_preview",
    "signature-agent": "ai_agent",
    "from": "crawler",
}

#: Platform of Sec-CH-UA-Platform -> what the browser's name has to contain.
PLATFORMS = {
    "windows": r"Windows",
    "macos": r"Mac OS X|Macintosh",
    "linux": r"^(?!.*Android).*(Linux|X11)",
    "android": r"Android|X11; Linux",
    "chrome os": r"CrOS",
    "chromium os": r"CrOS",
    "ios": r"iPhone|iPad",
}

#: Agent class -> pattern of the browser's name, in the order of asking. Without regard
#: to capitals. Kept small: ``crawler-user-agents`` knows more and is asked as well.
AGENT_PATTERNS = {
    "no_agent": r"^\W*$",
    # Apple's Mail Privacy Protection; Gmail's prefetch (bird.com, 2022)
    "mail_prefetch": r"^Mozilla/5\.0$|Edge/12\.246 Mozilla/5\.0$",
    "mail_proxy": r"GoogleImageProxy|ggpht\.com|YahooMailProxy|YahooCacheSystem"
    r"|image.?proxy|mail.?proxy|^FastmailUA|Shortwave Image|^Proton",
    "pdf_printer": r"wkhtmlto|paper-?muncher|WeasyPrint|\bPrince/",
    "link_preview": r"facebookexternalhit|Facebot|Twitterbot|LinkedInBot|Slack(bot|-)"
    r"|Discordbot|TelegramBot|^WhatsApp|^Viber|SkypeUriPreview|MicrosoftPreview"
    r"|Iframely|Embedly|redditbot|Pinterestbot|vkShare|Mattermost|Rocket\.?Chat"
    r"|Synapse|Mastodon|(link|url|web|uri).?preview|unfurl|BingPreview|Cardyb",
    "ai_agent": r"GPTBot|ChatGPT|OAI-|Claude-?(Bot|User|Search|Web)|anthropic"
    r"|Perplexity|CCBot|Bytespider|Amazonbot|Bedrock|cohere-|Google-?Agent"
    r"|Google-(Extended|Gemini|NotebookLM)|Gemini-Deep|MistralAI|meta-external"
    r"|NovaAct|Manus-|DuckAssist|Diffbot|Firecrawl|\bDevin\b|Operator/|\bAI.?agent"
    r"|Browserbase|Stagehand|Skyvern|Hyperbrowser|Browser-?Use\b",
    "scanner": r"Barracuda|Mimecast|Proofpoint|IronPort|Cisco.?(Secure|ESA|Email)"
    r"|MessageLabs|Symantec|Sophos|FireEye|Trellix|Trend ?Micro|\bTMES|Forcepoint"
    r"|Websense|Forti(Mail|Guard|Sandbox|net)|Safe ?Links|Microsoft ?Defender"
    r"|SmartScreen|Hornetsecurity|SpamTitan|\bVade|Retarus|Cloudmark|MailScanner"
    r"|SpamAssassin|rspamd|Avanan|Check ?Point|urlscan|VirusTotal|Netcraft|PhishTank"
    r"|Cyren|BitDefender|Kaspersky|\bESET\b|F-?Secure|WithSecure|Dr\.?Web\b|ClamAV"
    r"|;\s?1813\)|McAfee|Webroot|Zscaler|TwinWave|Cuckoo|Hybrid-?Analysis|Joe ?Sandbox"
    r"|(link|url).?(scan|check|protect|defen[cs]e)|anti-?virus|phish|sandbox"
    r"|mail.?(filter|gateway|security|shield)|\bscan(ner|ning)?\b",
    "monitor": r"uptime|Pingdom|StatusCake|Site24x7|Datadog|New ?Relic|Zabbix|Nagios"
    r"|check_http|Checkly|Catchpoint|ThousandEyes|Dynatrace|Ruxit|Icinga|PRTG|NodePing"
    r"|Hetrix|Freshping|updown\.io|health-?check|kube-probe|GTmetrix|PTST/|Lighthouse"
    r"|Blackbox.?Exporter|monitor(ing)?\b",
    "automation": r"Headless|PhantomJS|SlimerJS|Puppeteer|Playwright|Selenium"
    r"|WebDriver|Cypress|jsdom|HtmlUnit",
    "script": r"^curl|libcurl|^Wget|python|aiohttp|httpx|urllib|libwww-perl|\bLWP\b"
    r"|Go-http|okhttp|^Java\b|Apache-Http|HttpClient|^AHC/|axios|\bnode\b|node-fetch"
    r"|undici|^got\b|^PHP|Guzzle|^Ruby|Faraday|^Dalvik/|WinHttp|WinINet|PowerShell"
    r"|^Perl|HTTPie|Postman|Insomnia|Scrapy|Mechanize|^Dart|reqwest|\bcolly\b|^Deno"
    r"|^Bun/|Microsoft-(WNS|CryptoAPI)|Microsoft URL Control|^libwww",
    "office": r"ms-office|MSOffice|Microsoft Office|Microsoft Outlook",
    "mail_client": r"^(?!Mozilla).*(Outlook|Thunderbird|Mail|CFNetwork)|Thunderbird"
    r"|\bThe Bat|eM ?Client|^Evolution|^KMail|K-9|Lotus-Notes|^Spark",
    "text": r"^(Lynx|w3m|Links \(|Links/|ELinks|retawq|edbrowse|Emacs|URL/Emacs)"
    r"|Dillo|NetSurf",
    "feature_phone": r"Opera Mini|UCWEB|MIDP|CLDC|NetFront|Obigo|Dolfin|^Nokia"
    r"|^BlackBerry|^SonyEricsson|^SAMSUNG-|^LG[-/]|SymbianOS|\bMAUI\b",
    "crawler": r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|\bfetch|archiver|scrap(er|y)"
    r"|validator|\+https?://|ia_archiver",
}
#: Agent classes of browsers, asked after those above.
BROWSER_PATTERNS = {
    "old_browser": r"MSIE |Trident/|Presto/|^Opera/|Android [1-4]\.|Windows Phone"
    r"|Konqueror",
    "phone": r"^Mozilla/.*(Android|iPhone|iPad|iPod|Mobile|KAIOS|Silk/)",
    "desktop": r"^Mozilla/.*(Chrome|Firefox|Safari|AppleWebKit|Gecko)/",
}
#: Classes that run the page's script, and send Accept-Language always.
MODERN = frozenset({"phone", "desktop"})
#: Classes in which the page's script does not run, or not reliably.
SCRIPTLESS = frozenset({"text", "feature_phone"})
#: Words in a person's browser that the lists would take for a robot: builds of Android
#: and the apps inside which people read.
PERSON_WORDS = re.compile(
    r"Build/[^;)\s]+|\b(Viber|WhatsApp|PayPal|Notion|Tumblr|Bluesky|Asana|Instapaper"
    r"|Evernote|Snapchat|Pinterest|Reddit|Feedly|Grammarly|Nextcloud|Mattermost|Slack"
    r"|(Sonic )?Slack_SSB"
    r"|Sogou\w*|Kaspersky\w*|ESET|McAfee|Sophos\w*)/[\w.]+"
)

#: Networks from which mail filters fetch, as their owners publish or register them:
#: only a weak sign, readers share them.
SCANNER_NETWORKS = {
    "Barracuda": ["64.235.144.0/20", "209.222.80.0/21"],
    "Cisco": ["68.232.128.0/19", "216.71.128.0/19"],
    "Microsoft Exchange Online Protection": [
        "40.92.0.0/15",
        "40.107.0.0/16",
        "52.100.0.0/14",
        "104.47.0.0/17",
        "2a01:111:f400::/48",
    ],
    "Microsoft Safe Links": ["40.94.0.0/16"],
    "Mimecast": [
        "91.220.42.0/24",
        "146.101.78.0/24",
        "185.58.84.0/22",
        "195.130.217.0/24",
        "205.139.110.0/23",
        "207.82.80.0/24",
        "207.211.30.0/23",
    ],
    "Proofpoint": [
        "67.231.144.0/20",
        "148.163.128.0/19",
        "205.220.160.0/19",
        "208.84.64.0/22",
    ],
    "Trend Micro": ["66.180.80.0/20", "150.70.0.0/16"],
}
_SCANNER_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for networks in SCANNER_NETWORKS.values()
    for network in networks
)


# --- Observing ------------------------------------------------------------------------


@dataclass(frozen=True)
class Beacon:
    """What the page's script told, after cleaning.

    :param int visible_ms: milliseconds in the foreground, 0 where unknown
    :param int inputs: number of inputs, 0 where unknown
    :param first_input_ms: milliseconds from loading to the first input, or ``None``
    :type first_input_ms: int | None
    :param bool webdriver: the browser says that it is under remote control
    :param touch: whether the device has a touch screen, ``None`` where it says nothing
    :type touch: bool | None

    ``prerendered`` is not kept: a page made in advance counts by what follows, as any.
    """

    visible_ms: int = 0
    inputs: int = 0
    first_input_ms: int | None = None
    webdriver: bool = False
    touch: bool | None = None


@dataclass(frozen=True)
class Hit:
    """One request, without its address and without the browser's name.

    :param datetime at: when it came, in UTC
    :param age: seconds since delivery, negative before it, ``None`` where there is none
    :type age: float | None
    :param str method: HTTP method
    :param str target: a key of ``METHODS``
    :param str client: digest of the browser session's name, empty where it has none
    :param str agent: a key of ``AGENT_PATTERNS`` or ``BROWSER_PATTERNS``, or
        ``"unknown"``
    :param str agent_tag: 16 bits of a digest of the browser's name: enough to tell two
        browsers of one session apart, shared by many names
    :param tuple signs: words of ``REASONS`` that this request alone gives
    :param tuple traits: ``whole`` (complete headers of a browser), ``pressed`` (asked
        for from our own page), ``elsewhere`` (a deed that the browser says to come from
        anywhere else), ``touch_screen`` (a device that always has one); from whoever
        keeps the answers, ``repeated`` (given before, and asked for once more)
    :param beacon: the cleaned beacon, ``None`` for other targets
    :type beacon: Beacon | None
    :param bool internal: own staff
    """

    at: datetime
    age: float | None
    method: str
    target: str
    client: str
    agent: str
    agent_tag: str
    signs: tuple = ()
    traits: tuple = ()
    beacon: Beacon | None = None
    internal: bool = False

    def to_dict(self):
        """Give the hit as plain values, for storing.

        :return: values that ``json`` can write
        :rtype: dict
        """
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["at"] = self.at.isoformat()
        values["signs"] = list(self.signs)
        values["traits"] = list(self.traits)
        if self.beacon is not None:
            values["beacon"] = vars(self.beacon).copy()
        return values

    @classmethod
    def from_dict(cls, values):
        """Make the hit again that ``to_dict`` gave.

        :param dict values: from ``to_dict``, also after a way through JSON
        :rtype: Hit
        :raise KeyError: where a value is missing
        :raise TypeError: where there is a value of another version
        :raise ValueError: where the time cannot be read
        """
        values = dict(values)
        values["at"] = datetime.fromisoformat(values["at"])
        values["signs"] = tuple(values["signs"])
        values["traits"] = tuple(values["traits"])
        if values["beacon"] is not None:
            values["beacon"] = Beacon(**values["beacon"])
        return cls(**values)


def observe(
    *,
    at,
    delivered_at,
    method,
    target,
    client,
    headers,
    ip,
    beacon=None,
    internal=False,
):
    """Take from one request what is needed to judge it, and nothing more.

    :param datetime at: when the request came (aware; a naive one is read as UTC)
    :param delivered_at: when the mail server took the mail, or was asked where it has
        not said so (yet); ``None`` where no mail brought the client here
    :type delivered_at: datetime | None
    :param str method: HTTP method
    :param str target: ``pixel``, ``page``, ``form``, ``pdf``, ``beacon`` or ``act``
    :param client: name of the browser session (the page's nonce), empty for none
    :type client: str | None
    :param headers: the request's headers: a mapping or pairs, any capitals
    :param str ip: address of the client, after trusted proxies only
    :param beacon: what the page's script sent, anything
    :param bool internal: whether it is own staff
    :return: what may be stored
    :rtype: Hit
    :raise ValueError: for a target that is not known; never for what a visitor sends
    """
    if target not in METHODS:
        raise ValueError(f"unknown target {target!r}")
    lines = _read_headers(headers)
    name = lines.get("user-agent", "")[:AGENT_LIMIT].strip()
    agent = classify_agent(name)
    method = str(method or "").upper()[:16]
    return Hit(
        at=_in_utc(at),
        age=_seconds(_in_utc(delivered_at), _in_utc(at)) if delivered_at else None,
        method=method,
        target=target,
        client=_digest(client, 8) if client else "",
        agent=agent,
        agent_tag=_digest(name, 2),
        signs=_request_signs(method, target, agent, name, lines, ip),
        traits=_request_traits(target, agent, name, lines),
        beacon=_clean_beacon(beacon) if target == "beacon" else None,
        internal=bool(internal),
    )


def _in_utc(moment):
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def _seconds(start, end):
    return (end - start).total_seconds()


def _digest(value, size):
    text = str(value).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=size).hexdigest()


def _read_headers(headers):
    """:return: name in small letters -> value as text, whatever came"""
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    lines = {}
    try:
        for name, value in pairs:
            lines[_text(name).lower().strip()] = _text(value)
    except (TypeError, ValueError):  # no mapping and no pairs
        return lines
    return lines


def _text(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


@lru_cache(maxsize=2048)
def classify_agent(name):
    """Put a browser's name into a class.

    :param str name: User-Agent header
    :return: key of ``AGENT_PATTERNS`` or ``BROWSER_PATTERNS``, or ``"unknown"``
    :rtype: str
    """
    bare = PERSON_WORDS.sub("", name) if name.startswith("Mozilla/5.0 (") else name
    for agent, pattern in AGENT_PATTERNS.items():
        if re.search(pattern, bare, re.IGNORECASE):
            return agent
    if crawleruseragents and crawleruseragents.is_crawler(bare):
        return "crawler"
    for agent, pattern in BROWSER_PATTERNS.items():
        if re.search(pattern, bare, re.IGNORECASE):
            return agent
    return "unknown"


def _request_signs(method, target, agent, name, lines, ip):
    """:return: the words that one request alone gives, in the order of ``REASONS``"""
    signs = {sign for header, sign in MACHINE_HEADERS.items() if lines.get(header)}
    if "text/markdown" in lines.get("accept", ""):
        signs.add("ai_agent")  # no browser asks for it, readers of language models do
    if method != METHODS[target]:
        signs.add("wrong_method")
    if METHODS[target] == "GET" and _is_prefetch(lines):
        signs.add("prefetch")
    signs.add(_agent_sign(target, agent, name))
    has_language = lines.get("accept-language", "").strip()
    if agent in MODERN and target in ("page", "form", "act") and not has_language:
        signs.add("no_language")
    signs.add(_hints_sign(name, lines))
    if _is_old(name):
        signs.add("old_agent")
    if _in_scanner_network(ip):
        signs.add("scanner_network")
    return _in_order(signs)


def _in_order(words):
    return tuple(word for word in REASONS if word in words)


def _is_prefetch(lines):
    return any(
        word in lines.get(header, "").lower()
        for header, words in PREFETCH_HEADERS.items()
        for word in words
    )


def _agent_sign(target, agent, name):
    """:return: the sign of an agent class for this target, or ``None``"""
    if target == "pixel" and agent == "mail_proxy":
        return None  # it loads pictures for people
    if agent in STRONG_SIGNS:
        return agent
    if target == "pixel":
        return None  # mail programs bear any name
    if agent == "office":
        return "office_probe"
    if agent == "mail_client" and name.startswith("Mozilla/5.0 ("):
        return None  # Thunderbird shows pages too
    return "not_a_browser" if agent in ("mail_client", "unknown") else None


def _hints_sign(name, lines):
    """Compare the browser's name with its client hints (Chromium only sends them).

    :return: ``automation``, ``agent_mismatch`` or ``None``
    """
    brands = lines.get("sec-ch-ua", "")
    if "headless" in brands.lower():
        return "automation"
    if brands and not _hints_agree(name, brands, lines):
        return "agent_mismatch"
    return None


def _hints_agree(name, brands, lines):
    claimed = _major(name, "Chrome")
    known = re.search(r'"Chromium";\s*v="(\d+)', brands)
    if claimed is None or (known and int(known[1]) != claimed):
        return False
    platform = lines.get("sec-ch-ua-platform", "").strip('" ').lower()
    if platform in PLATFORMS and not re.search(PLATFORMS[platform], name):
        return False
    if lines.get("sec-ch-ua-mobile", "").strip() == "?1":
        return "Mobile" in name or "Android" in name
    return True


def _major(name, browser):
    """:return: the main version of a browser in a name, ``None`` where it is not in"""
    found = re.search(rf"{browser}/?(\d{{1,4}})", name)
    return int(found[1]) if found else None


def _is_old(name):
    versions = ((_major(name, key), limit) for key, limit in OLD_BROWSERS.items())
    return any(version is not None and version < limit for version, limit in versions)


def _in_scanner_network(ip):
    try:
        address = ipaddress.ip_address(str(ip).strip())
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in _SCANNER_NETWORKS)


def _request_traits(target, agent, name, lines):
    traits = []
    if _is_whole(name, lines):
        traits.append("whole")
    if _is_pressed(target, name, lines):
        traits.append("pressed")
    elif (
        target in DEEDS and lines.get("sec-fetch-site", "same-origin") != "same-origin"
    ):
        traits.append("elsewhere")
    if agent == "phone" and re.search(r"iPhone|iPad|Android (?!.*TV)", name):
        traits.append("touch_screen")
    return tuple(traits)


def _is_whole(name, lines):
    """Tell whether a page was asked for as the named browser asks for it."""
    if not lines.get("accept-language", "").strip():
        return False
    tells_more = any(
        (_major(name, browser) or 0) >= first
        for browser, first in FETCH_METADATA_SINCE.items()
    )
    if tells_more and lines.get("sec-fetch-mode", "").lower() != "navigate":
        return False
    return "text/html" in lines.get("accept", "") or "MSIE" in name


def _is_pressed(target, name, lines):
    """Tell whether the browser says that a person asked for it from our page.

    Safari sends no Sec-Fetch-User; a page's script cannot set any of these (Fetch
    Metadata Request Headers, W3C).
    """
    if lines.get("sec-fetch-site", "").lower() != "same-origin":
        return False
    if target != "pdf":
        return True
    by_user = lines.get("sec-fetch-user", "").strip() == "?1"
    is_safari = "Version/" in name and "Safari/" in name and "Chrome/" not in name
    return lines.get("sec-fetch-mode") == "navigate" and (by_user or is_safari)


def _clean_beacon(values):
    if not isinstance(values, Mapping):
        return Beacon()
    touch = values.get("touch")
    return Beacon(
        visible_ms=_number(values.get("visible_ms")) or 0,
        inputs=_number(values.get("inputs")) or 0,
        first_input_ms=_number(values.get("first_input_ms")),
        webdriver=_is_true(values.get("webdriver")),
        touch=touch if isinstance(touch, bool) else None,
    )


def _number(value):
    """:return: a whole number from 0 to ``NUMBER_LIMIT``, ``None`` for all else"""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(min(value, NUMBER_LIMIT)) if value >= 0 else None


def _is_true(value):
    return value is True or (isinstance(value, str) and value.lower() == "true")


# --- Judging --------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """What became of one hit.

    :param str weight: ``none``, ``maybe`` or ``proof``
    :param bool automated: whether a machine made it, as far as one can tell
    :param tuple reasons: words of ``REASONS``
    """

    weight: str
    automated: bool
    reasons: tuple


@dataclass(frozen=True)
class Verdict:
    """What all hits of one delivery say together.

    :param str opened: ``no`` (no evidence), ``maybe`` (probably opened) or ``yes``
    :param bool viewed: a person on the client's side looked: the eye
    :param tuple reasons: words of ``REASONS``: the proofs where viewed, else why it is
        uncertain, else why nothing counts
    :param opened_at: first hit that counts at least a little
    :type opened_at: datetime | None
    :param viewed_at: first proof
    :type viewed_at: datetime | None
    :param int visible_ms: longest time that a person's page was visible, else 0
    :param tuple findings: one ``Finding`` for each hit, in the order given
    """

    opened: str
    viewed: bool
    reasons: tuple
    opened_at: datetime | None = None
    viewed_at: datetime | None = None
    visible_ms: int = 0
    findings: tuple = ()


class _Session:
    """The hits of one browser session, and what they say of it."""

    def __init__(self, hits):
        self.live = [hit for hit in hits if not IDLE_SIGNS.intersection(hit.signs)]
        self.page = self._first_page(hits)
        self.beacons = [hit for hit in self.live if hit.target == "beacon"]
        self.soft = self._soft_signs()
        self.signs = self._condemning_signs()
        self.has_input = self._has_input()
        silent = (hit.at for hit in self.beacons if not hit.beacon.inputs)
        self.last_silence = max(silent, default=None)

    def _first_page(self, hits):
        """The page as it was served; one fetched in advance may be shown later."""
        pages = (
            hit
            for hit in hits
            if hit.target == "page" and "wrong_method" not in hit.signs
        )
        return min(pages, key=lambda hit: (hit.at, hit.signs, hit.traits), default=None)

    def since_page(self, hit):
        """:return: seconds from the page to a hit of this session, ``None`` if none"""
        return _seconds(self.page.at, hit.at) if self.page else None

    def _soft_signs(self):
        soft = {sign for hit in self.live for sign in hit.signs if sign in SOFT_SIGNS}
        is_suspect = SUSPECT_SIGNS.intersection(soft)
        limit = SUSPECT_SECONDS if is_suspect else DELIVERY_SECONDS
        if self.page and _is_within(self.page, limit):
            soft.add("at_delivery")
        for hit in self.live:
            if hit.target == "pdf" and self._is_instant(hit, DEED_AFTER):
                soft.add("instant_pdf")
            if hit.target == "beacon" and _is_touch_missing(hit):
                soft.add("touch_mismatch")
        return soft

    def _is_instant(self, hit, limit):
        seconds = self.since_page(hit)
        return seconds is not None and seconds < limit

    def _condemning_signs(self):
        """:return: the signs that condemn the session, empty where it is free"""
        strong = {s for hit in self.live for s in hit.signs if s in STRONG_SIGNS}
        for hit in self.live:
            strong.update(_beacon_signs(hit.beacon) if hit.beacon else ())
            if hit.target == "page" and _is_within(hit, CLICK_SECONDS):
                strong.add("instant_click")
            if hit.target == "form" and self._is_instant(hit, DEED_AFTER):
                strong.add("instant_form")
            if hit.target == "act" and self._is_instant(hit, ANSWER_AFTER):
                strong.add("instant_answer")
        if strong or len(self.soft) >= WEAK_SIGNS:
            return strong | self.soft
        return set()

    def is_plausible(self, hit):
        """Tell whether a beacon claims no more than the time that passed."""
        limit = self.since_page(hit) * 1000 + CLOCK_SLACK_MS
        claims = (hit.beacon.visible_ms, hit.beacon.first_input_ms or 0)
        return limit >= CLOCK_SLACK_MS and max(claims) <= limit

    def _has_input(self):
        """Tell whether a plausible beacon tells of an input after the loading."""
        return any(
            self.page and _is_late_input(hit.beacon) and self.is_plausible(hit)
            for hit in self.beacons
        )


def _is_within(hit, seconds):
    """Tell whether a hit came at most so many seconds after the delivery.

    Gateways look before they take the mail, so a little before counts too. Much
    before is another sending of the same link.
    """
    return hit.age is not None and -DELIVERY_SECONDS <= hit.age < seconds


def _is_late_input(beacon):
    """Tell whether the first input came after the loading of the page."""
    first = beacon.first_input_ms
    return beacon.inputs > 0 and first is not None and first >= FIRST_INPUT_MS


def _is_touch_missing(hit):
    """Tell whether a device that always has a touch screen says that it has none."""
    return hit.beacon.touch is False and "touch_screen" in hit.traits


def _beacon_signs(beacon):
    """:return: the strong signs in a beacon"""
    signs = set()
    if beacon.webdriver:
        signs.add("webdriver")
    first = beacon.first_input_ms
    if beacon.inputs and first is not None and first < REFLEX_MS:
        signs.add("instant_input")
    possible = INPUTS_AT_ONCE + INPUTS_PER_SECOND * beacon.visible_ms / 1000
    if beacon.inputs > possible:
        signs.add("impossible_input")
    return signs


def judge(hits):
    """Judge all hits of one delivery together.

    Their order does not matter. Earlier hits are judged again each time, so that a
    session that turns out to be a machine loses what it had counted.

    :param hits: all ``Hit`` of one delivery, of any number of sessions
    :rtype: Verdict
    """
    hits = tuple(hits)
    staff = {hit.client for hit in hits if hit.internal and hit.client}
    crowded = _crowded_moments(hits)
    sessions = _sessions(hits)
    findings = tuple(
        _find(hit, sessions[_session_key(index, hit)], staff, crowded)
        for index, hit in enumerate(hits)
    )
    return _verdict(hits, findings)


def _session_key(index, hit):
    """Hits without a session's name stand alone."""
    return (hit.client, hit.agent_tag) if hit.client else index


def _sessions(hits):
    grouped = {}
    for index, hit in enumerate(hits):
        grouped.setdefault(_session_key(index, hit), []).append(hit)
    return {key: _Session(group) for key, group in grouped.items()}


def _crowded_moments(hits):
    """:return: a function that tells whether a hit came in a burst of fetches"""
    times = sorted(
        hit.at.timestamp()
        for hit in hits
        if hit.target in ("pixel", "page", "pdf", "form") and not hit.internal
    )

    def is_crowded(hit):
        moment = hit.at.timestamp()
        first = bisect_left(times, moment - BURST_SECONDS)
        last = bisect_right(times, moment + BURST_SECONDS)
        return last - first >= BURST_HITS

    return is_crowded


def _find(hit, session, staff, is_crowded):
    """:return: the ``Finding`` of one hit within its session"""
    if hit.internal or hit.client in staff:
        return Finding("none", False, ("staff",))
    idle = IDLE_SIGNS.intersection(hit.signs)
    if session.signs or idle:
        return Finding("none", True, _in_order(session.signs | idle))
    weight, word = _weigh(hit, session)
    if weight == "maybe" and hit.target in ("pixel", "page", "pdf"):
        reason = _machine_moment(hit, is_crowded)
        if reason:
            return Finding("none", True, _in_order({word, reason}))
    return Finding(weight, False, (word,))


def _machine_moment(hit, is_crowded):
    """Say why a mere fetch in this moment is nobody's, ``None`` where it may be."""
    if hit.target == "pixel":
        if hit.agent in ("office", "mail_client"):
            return None  # a program on the reader's desk loads what is shown
        early = _is_within(hit, PREFETCH_SECONDS)
    else:
        early = _is_within(hit, DELIVERY_SECONDS)
    if early:
        return "at_delivery"
    return "burst" if is_crowded(hit) else None


def _weigh(hit, session):
    """:return: weight and word of a hit in a session that is not condemned"""
    weigh = {
        "pixel": _weigh_pixel,
        "page": _weigh_page,
        "beacon": _weigh_beacon,
        "form": _weigh_form,
        "pdf": _weigh_pdf,
        "act": _weigh_answer,
    }
    return weigh[hit.target](hit, session)


def _weigh_pixel(hit, session):
    if hit.agent in ("office", "mail_client"):
        return "maybe", "mail_client"
    if hit.agent == "mail_proxy":
        return "maybe", "mail_proxy"
    return "maybe", "pixel_only"


def _weigh_page(hit, session):
    return "maybe", "page_only"


def _weigh_beacon(hit, session):
    """A look is a proof with an input, or on a touch device when it is long."""
    beacon = hit.beacon
    if session.page is None:
        return "none", "no_page"
    if not session.is_plausible(hit):
        return "none", "forged_beacon"
    if not beacon.visible_ms:
        return "none", "never_visible"
    is_look = beacon.visible_ms >= LOOK_MS
    if _is_late_input(beacon):
        return ("proof", "look_with_input") if is_look else ("maybe", "too_short")
    if _is_within(session.page, QUIET_SECONDS):
        return "none", _why_no_look(beacon)
    if beacon.touch and beacon.visible_ms >= SILENT_LOOK_MS and not session.soft:
        return "proof", "long_look_on_touch"
    return "maybe", _why_no_look(beacon)


def _why_no_look(beacon):
    """:return: the word for a beacon without an input after the loading"""
    if beacon.visible_ms < LOOK_MS:
        return "too_short"
    return "early_input" if beacon.inputs else "no_input"


def _weigh_form(hit, session):
    if session.page is None:
        return "none", "no_page"
    if session.beacons:
        return "maybe", "form_beside_script"
    # no program without script presses it that late, so the headers may be poorer
    is_trusted = not session.soft and not _is_within(session.page, WALK_SECONDS)
    doubt = _doubt(hit, session, DEED_AFTER, is_trusted)
    return ("maybe", doubt) if doubt else ("proof", "show_button")


def _weigh_pdf(hit, session):
    if session.page is None:
        return "maybe", "pdf_only"
    doubt = _doubt(hit, session, DEED_AFTER, _is_readers_fetch(session))
    return ("maybe", doubt) if doubt else ("proof", "pdf_from_page")


def _weigh_answer(hit, session):
    if session.page is None:
        return "none", "no_page"
    is_trusted = not session.soft and not _is_within(session.page, ANSWER_SECONDS)
    doubt = _doubt(hit, session, ANSWER_AFTER, is_trusted)
    return ("maybe", doubt) if doubt else ("proof", "answer")


def _is_readers_fetch(session):
    """Tell whether a page was fetched completely, without a weak sign, and late."""
    is_clean = "whole" in session.page.traits and not session.soft
    return is_clean and not _is_within(session.page, WALK_SECONDS)


def _doubt(hit, session, after, is_trusted):
    """Say why a deed is not known to be a person's, ``None`` where it is.

    :param float after: seconds since the page before which it is nobody's
    :param bool is_trusted: whether it counts without a trace of the page's script
    """
    if session.since_page(hit) < after:
        return "too_soon"
    if hit.agent in SCRIPTLESS or session.has_input:
        return None
    is_pressed = "pressed" in hit.traits
    if session.last_silence and _is_untouched(hit, session.last_silence):
        return "no_input"  # the page's script saw nobody press anything
    if is_trusted or (is_pressed and not _is_within(session.page, QUIET_SECONDS)):
        return None
    return None if _is_repeated(hit, session) else "script_silent"


def _is_repeated(hit, session):
    """Tell whether an answer was given again as the page had asked, and not at once."""
    if "repeated" not in hit.traits or "elsewhere" in hit.traits:
        return False
    return session.since_page(hit) >= AGAIN_AFTER and not session.soft


def _is_untouched(hit, last_silence):
    """Tell whether the page's script would have told of the hand that did a deed.

    :param datetime last_silence: when the script said last that nobody was there
    """
    if "elsewhere" in hit.traits:
        return True
    is_pressed = "pressed" in hit.traits
    if last_silence >= hit.at:
        # screen readers and voices press a link without a hand; an answer is written,
        # and forms are sent by scripts, too
        return hit.target != "pdf" or not is_pressed
    # our page tells what was touched before it sends the answer
    return hit.target == "act" and not is_pressed


def _verdict(hits, findings):
    """Sum the findings up: proofs first, then what is uncertain."""
    best = next(
        (w for w in ("proof", "maybe") if any(f.weight == w for f in findings)), "none"
    )
    words = {word for f in findings if f.weight == best for word in f.reasons}
    counted = list(zip(hits, findings, strict=True))
    proofs = [hit for hit, finding in counted if finding.weight == "proof"]
    seen = [hit for hit, finding in counted if finding.weight != "none"]
    return Verdict(
        opened={"proof": "yes", "maybe": "maybe", "none": "no"}[best],
        viewed=best == "proof",
        reasons=_in_order(words or {"no_evidence"}),
        opened_at=min((hit.at for hit in seen), default=None),
        viewed_at=min((hit.at for hit in proofs), default=None),
        visible_ms=max((h.beacon.visible_ms for h in proofs if h.beacon), default=0),
        findings=findings,
    )
