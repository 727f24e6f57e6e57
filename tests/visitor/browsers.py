"""Headers that real programs send, put together from their documentation and logs."""

DOCUMENT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME_DOCUMENT = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"

#: target -> (Accept, Sec-Fetch-Dest, -Mode, -Site, -User)
FETCH = {
    "page": (None, "document", "navigate", "cross-site", "?1"),
    "pixel": (PICTURE, "image", "no-cors", "cross-site", None),
    "beacon": ("*/*", "empty", "cors", "same-origin", None),
    "form": (None, "document", "navigate", "same-origin", "?1"),
    "act": (None, "document", "navigate", "same-origin", "?1"),
    "pdf": (None, "document", "navigate", "same-origin", "?1"),
}
WIN = "Windows NT 10.0; Win64; x64"
MAC = "Macintosh; Intel Mac OS X 10_15_7"
IOS = "iPhone; CPU iPhone OS 17_4_1 like Mac OS X"
ANDROID = "Linux; Android 10; K"


class Browser:
    """A program with the headers it sends for each target.

    :param str name: User-Agent header, empty for none
    :param bool metadata: whether it sends Sec-Fetch-*
    :param bool user: whether it sends Sec-Fetch-User as well (Safari does not)
    :param lines: further headers, ``None`` takes one away
    """

    def __init__(
        self,
        name,
        metadata=True,
        user=True,
        accept=DOCUMENT,
        lang="ro-RO,ro;q=0.9",
        **lines,
    ):
        self.name = name
        self.metadata = metadata
        self.user = user
        self.accept = accept
        self.lang = lang
        self.lines = lines

    def headers(self, target):
        """Give the headers for one target."""
        accept, dest, mode, site, user = FETCH[target]
        lines = {
            "Host": "erp.example.com",
            "User-Agent": self.name,
            "Accept": accept or self.accept,
            "Accept-Language": self.lang,
            "Accept-Encoding": "gzip, deflate, br",
        }
        if self.metadata:
            lines |= {
                "Sec-Fetch-Dest": dest,
                "Sec-Fetch-Mode": mode,
                "Sec-Fetch-Site": site,
                "Sec-Fetch-User": user if self.user else None,
            }
        lines |= {key.replace("_", "-"): value for key, value in self.lines.items()}
        return {key: value for key, value in lines.items() if value}

    def but(self, **changes):
        """Give the same program with other headers."""
        own = ("name", "metadata", "user", "accept", "lang")
        values = {key: changes.pop(key, getattr(self, key)) for key in own}
        return Browser(**values, **{**self.lines, **changes})


class Plain(Browser):
    """A program that sends the same few headers whatever it fetches."""

    def __init__(self, name, accept="*/*", lang=None, **lines):
        super().__init__(name, metadata=False, accept=accept, lang=lang, **lines)

    def headers(self, target):
        """Give the headers, the same for each target."""
        lines = {
            "Host": "erp.example.com",
            "User-Agent": self.name,
            "Accept": self.accept,
            "Accept-Language": self.lang,
            **{key.replace("_", "-"): value for key, value in self.lines.items()},
        }
        return {key: value for key, value in lines.items() if value}


def chromium(
    platform, version=124, brand="Google Chrome", extra="", system=None, **more
):
    """Give a browser built on Chromium, with client hints that agree."""
    mobile = platform == "Android"
    system = system or {"Windows": WIN, "macOS": MAC, "Android": ANDROID}.get(
        platform, "X11; Linux x86_64"
    )
    name = (
        f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.0.0 {'Mobile ' if mobile else ''}Safari/537.36{extra}"
    )
    brands = f'"Chromium";v="{version}", "{brand}";v="{version}", "Not-A.Brand";v="99"'
    hints = {
        "Sec_CH_UA": brands,
        "Sec_CH_UA_Mobile": "?1" if mobile else "?0",
        "Sec_CH_UA_Platform": f'"{platform}"',
    }
    return Browser(name, accept=CHROME_DOCUMENT, **{**hints, **more})


def webview(system, extra, version=124):
    """Give a view of Android inside an app."""
    name = (
        f"Mozilla/5.0 ({system}; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Version/4.0 Chrome/{version}.0.6367.82 Mobile Safari/537.36{extra}"
    )
    brands = f'"Chromium";v="{version}", "Android WebView";v="{version}"'
    return Browser(
        name,
        accept=CHROME_DOCUMENT,
        Sec_CH_UA=brands,
        Sec_CH_UA_Mobile="?1",
        Sec_CH_UA_Platform='"Android"',
        X_Requested_With="com.example.app",
    )


def firefox(system, version=125):
    """Give Firefox on a system."""
    return Browser(
        f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
    )


def safari(system, rest):
    """Give Safari, which sends no Sec-Fetch-User, or an Apple web view."""
    name = f"Mozilla/5.0 ({system}) AppleWebKit/605.1.15 (KHTML, like Gecko) {rest}"
    return Browser(name.strip(), user=False)


def old(name, accept=DOCUMENT, lang="ro-RO"):
    """Give a browser from before Sec-Fetch-*."""
    return Browser(name, metadata=False, accept=accept, lang=lang)


IPHONE = safari(IOS, "Version/17.4.1 Mobile/15E148 Safari/604.1")
ANDROID_CHROME = chromium("Android")
CHROME = chromium("Windows")
EDGE = chromium("Windows", brand="Microsoft Edge", extra=" Edg/124.0.0.0")
FIREFOX = firefox(WIN)
LYNX = old(
    "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8",
    "text/html, text/plain, text/sgml, text/css, */*;q=0.01",
    "ro",
)
OPERA_MINI = old(
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/191.308; U; ro) Presto/2.12.423 "
    "Version/12.16"
)
TOR = Browser(
    "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
    lang="en-US,en;q=0.5",
)
#: What programs without a page send for whatever they ask: an address typed by hand.
TYPED_ADDRESS = {"Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"}
#: The same as if each link stood on another site.
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": None}
#: A current name, and a language, and nothing more.
BARE_CHROME = Plain(CHROME.name, DOCUMENT, "en-US,en;q=0.9")
NEW_OUTLOOK = chromium(
    "Windows", brand="Microsoft Edge", extra=" Edg/124.0.0.0 OneOutlook/1.2024.411.100"
)

DESKTOP = {
    "Chrome on Windows": CHROME,
    "Chrome on a Mac": chromium("macOS"),
    "Chrome on Linux": chromium("Linux"),
    "Chrome on a Chromebook": chromium(
        "Chrome OS", system="X11; CrOS x86_64 14541.0.0"
    ),
    "Edge on Windows": EDGE,
    "Opera on Windows": chromium("Windows", brand="Opera", extra=" OPR/110.0.0.0"),
    "Vivaldi on Windows": chromium("Windows", brand="Vivaldi", extra=" Vivaldi/6.7"),
    "Yandex Browser": chromium(
        "Windows", brand="YaBrowser", extra=" YaBrowser/24.4.0.0"
    ),
    "Avast Secure Browser": chromium(
        "Windows", brand="Avast Secure Browser", extra=" Avast/124.0.0.0"
    ),
    "Firefox on Windows": FIREFOX,
    "Firefox on Linux": firefox("X11; Linux x86_64"),
    "Firefox of long support": firefox(WIN, 115),
    "Safari on a Mac": safari(MAC, "Version/17.4.1 Safari/605.1.15"),
    "the view of the new Outlook": NEW_OUTLOOK,
    "the view of Slack": chromium(
        "Windows", brand="Slack", extra=" Sonic Slack_SSB/4.38.125"
    ),
    "the view of Mailbird": old(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/108.0.5359.215 Safari/537.36 Mailbird/3.0"
    ),
    "the view of eM Client": chromium("Windows", 102, "eM Client", " eM Client/9.2"),
    "Falkon": firefox("X11; Linux x86_64").but(
        name="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "QtWebEngine/6.6.3 Chrome/112.0.5615.213 Safari/537.36 Falkon/24.02"
    ),
    "Pale Moon": old(
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Goanna/6.6 "
        "Firefox/115.0 PaleMoon/33.0.1"
    ),
    "Norton's browser": chromium("Windows", brand="Norton", extra=" Norton/124.0"),
    "a browser on a television": chromium(
        "Linux", 94, "Chromium", " WebAppManager", "Web0S; Linux/SmartTV"
    ),
    "a browser in a Tesla": chromium("Linux", 109, "Chromium", " Tesla/2023.44.30"),
    "Thunderbird's own tab": Browser(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 "
        "Thunderbird/115.10.1"
    ),
}
PHONES = {
    "Safari on an iPhone": IPHONE,
    "Safari on an iPad that says Mac": safari(MAC, "Version/17.4 Safari/605.1.15"),
    "Chrome on an iPhone": safari(
        IOS, "CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1"
    ),
    "Chrome on Android": ANDROID_CHROME,
    "Chrome on a Cubot": chromium("Android", system="Linux; Android 10; CUBOT_X30"),
    "Samsung Internet": chromium(
        "Android", 115, "Samsung Internet", "", "Linux; Android 13; SAMSUNG SM-S911B"
    ),
    "Firefox on Android": firefox("Android 14; Mobile"),
    "Edge on Android": chromium("Android", extra=" EdgA/124.0.0.0"),
    "Opera on Android": chromium("Android", brand="Opera", extra=" OPR/82.0.0.0"),
    "Firefox on an iPhone": safari(IOS, "FxiOS/125.0 Mobile/15E148 Safari/605.1.15"),
    "Edge on an iPhone": safari(
        IOS, "Version/17.0 EdgiOS/124.0.2478.71 Mobile/15E148 Safari/605.1.15"
    ),
    "an iPad that says so": safari(
        "iPad; CPU OS 17_4 like Mac OS X", "Version/17.4 Mobile/15E148 Safari/604.1"
    ),
    "Silk on a tablet": chromium(
        "Android", 122, "Amazon Silk", "", "Linux; Android 9; KFMAWI"
    ),
    "Huawei's browser": chromium(
        "Android", 99, "HuaweiBrowser", " HuaweiBrowser/14.0", "Linux; Android 12; ANA"
    ),
    "Xiaomi's browser": webview(
        "Linux; U; Android 13; ro-ro; 2201117TY Build/TKQ1.221114.001",
        " XiaoMi/MiuiBrowser/14.15.0-gn",
        112,
    ),
    "Chrome on Android, asked for the desktop's page": chromium(
        "Android", system="X11; Linux x86_64"
    ).but(Sec_CH_UA_Mobile="?0", Sec_CH_UA_Platform='"Linux"'),
}
IN_APP = {
    "the Gmail app on an iPhone": safari(IOS, "GSA/313.1 Mobile/15E148 Safari/604.1"),
    "any app on an iPhone": safari(IOS, "Mobile/15E148"),
    "the Facebook app on an iPhone": safari(
        IOS, "Mobile/15E148 [FBAN/FBIOS;FBAV/460.0.0.36.103;FBDV/iPhone15,3;FBLC/ro_RO]"
    ),
    "the Facebook app on Android": webview(
        "Linux; Android 14; SM-S918B Build/UP1A.231005.007",
        " [FB_IAB/FB4A;FBAV/460.0.0.48.109;]",
    ),
    "the Outlook app on Android": webview(
        "Linux; Android 13; Pixel 7 Build/TQ3A.230901.001", " Outlook-Android/4.2414"
    ),
    "an app on Android of a common build": webview(
        "Linux; Android 15; CPH2581 Build/AP3A.240617.008", ""
    ),
    "the Viber app on Android": webview("Linux; Android 12; M2101K6G", " Viber/22.1.1"),
    "the WhatsApp app on an iPhone": safari(IOS, "Mobile/15E148 WhatsApp/24.8.85"),
    "the Instagram app": webview(
        "Linux; Android 14; SM-A546B", " Instagram 325.0.0.35.91 Android (34/14)"
    ),
    "the LinkedIn app": safari(IOS, "Mobile/15E148 [LinkedInApp]/9.29.5820"),
    "the Yahoo Mail app": webview(
        "Linux; Android 13; SM-G991B", " YahooMobileMail/7.40"
    ),
    "the Outlook app on an iPhone": safari(IOS, "Mobile/15E148 Outlook-iOS/2.0"),
    "the Google app on Android": webview("Linux; Android 14; Pixel 8", " GSA/15.17.34"),
    "TikTok": webview(
        "Linux; Android 13; SM-A536B", " musical_ly_2023406030 BytedanceWebview/d8a21c6"
    ),
    "WeChat": webview("Linux; Android 12; M2007J20CG", " MicroMessenger/8.0.37"),
    "the Telegram app": webview(
        "Linux; Android 13; SM-S901B", " Telegram-Android/10.11"
    ),
    "Teams on Windows": chromium(
        "Windows", brand="Microsoft Edge", extra=" Teams/24091"
    ),
}
PRIVACY = {
    "Brave": chromium("Windows", brand="Brave", Sec_GPC="1"),
    "the DuckDuckGo browser": chromium("Windows", extra=" Ddg/124.0"),
    "Tor Browser": TOR,
    "LibreWolf": firefox("Windows NT 10.0; Win64; x64", 125).but(lang="en-US,en;q=0.5"),
}
PRIVACY_ON_PHONES = {
    "DuckDuckGo on an iPhone": safari(IOS, "Version/17.4 Mobile/15E148 DuckDuckGo/7"),
    "Firefox Focus": firefox("Android 14; Mobile"),
    "DuckDuckGo on Android": webview("Linux; Android 14; Pixel 7", " DuckDuckGo/5"),
    "Brave on Android": chromium("Android", brand="Brave", Sec_GPC="1"),
}
OLD = {
    "Internet Explorer 11": old(
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "text/html, application/xhtml+xml, image/jxr, */*",
    ),
    "Internet Explorer 8": old(
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
        "image/gif, image/jpeg, application/x-ms-application, */*",
    ),
    "the browser of Android 4": old(
        "Mozilla/5.0 (Linux; U; Android 4.1.2; ro-ro; GT-I9100 Build/JZO54K) "
        "AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"
    ),
    "Chrome 49 on Windows XP": old(
        "Mozilla/5.0 (Windows NT 5.1) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/49.0.2623.112 Safari/537.36"
    ),
    "Safari 9": old(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6) AppleWebKit/601.7.8 (KHTML, "
        "like Gecko) Version/9.1.3 Safari/601.7.8"
    ),
    "the old Edge": old(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763"
    ),
    "a Windows phone": old(
        "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) "
        "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile "
        "Safari/537.36 Edge/15.15254"
    ),
    "Konqueror": old("Mozilla/5.0 (X11; Linux) KHTML/5.96.0 (like Gecko) Konqueror/5"),
    "Firefox 52 on Vista": old(
        "Mozilla/5.0 (Windows NT 6.0; rv:52.0) Gecko/20100101 Firefox/52.0"
    ),
    "KaiOS on a Nokia": old(
        "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"
    ),
}
TEXT = {
    "Lynx": LYNX,
    "w3m": old("w3m/0.5.3+git20230121", "text/html, text/*;q=0.5, image/*", "ro;q=1.0"),
    "Links": old(
        "Links (2.29; Linux 6.1.0 x86_64; GNU C 12.2; text)", "*/*", "ro, *;q=0.1"
    ),
    "ELinks": old("ELinks/0.13.2 (textmode; Linux; 80x24-2)", "*/*", None),
    "Emacs": old("URL/Emacs Emacs/29.1 (X11; x86_64-pc-linux-gnu)", "*/*", None),
    "Opera Mini": OPERA_MINI,
    "a Nokia of old": old(
        "Nokia6300/2.0 (07.21) Profile/MIDP-2.0 Configuration/CLDC-1.1"
    ),
}
#: Programs that tell who they are: whatever they do, they are no person.
NAMED_MACHINES = {
    "Barracuda": Plain("Barracuda Sentinel (EE)"),
    "Mimecast": Plain("Mimecast URL Protect/1.0"),
    "Proofpoint": Plain("Mozilla/5.0 (compatible; Proofpoint URL Defense)", DOCUMENT),
    "Safe Links": Plain("Mozilla/5.0 (Windows NT 10.0) SafeLinks/1.0"),
    "Cisco": Plain("CiscoSecureEmail/15.0"),
    "Trend Micro": Plain("Mozilla/5.0 (compatible; TrendMicro WRS)"),
    "FortiMail": Plain("FortiMail URL Scan"),
    "AVG's link scanner": Plain(
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1;1813)"
    ),
    "WhatsApp's preview": Plain("WhatsApp/2.23.20.0 A"),
    "Slack's preview": Plain(
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
    ),
    "Facebook's preview": Plain("facebookexternalhit/1.1"),
    "the preview of iMessage": Plain(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, "
        "like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot "
        "Twitterbot/1.0",
        lang="en-us",
    ),
    "Viber's preview": Plain("Viber/20.0.0"),
    "the preview of Teams": Plain(
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"
    ),
    "Telegram's preview": Plain("TelegramBot (like TwitterBot)"),
    "Bing's preview": chromium("Windows", extra=" BingPreview/1.0b"),
    "Googlebot": Plain(
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        DOCUMENT,
    ),
    "bingbot with From": Plain(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
        "Safari/537.36",
        DOCUMENT,
        "en",
        From="bingbot(at)microsoft.com",
    ),
    "UptimeRobot": Plain("Mozilla/5.0+(compatible; UptimeRobot/2.0)"),
    "Pingdom": Plain("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)"),
    "Datadog": chromium("Linux", extra=" DatadogSynthetics"),
    "curl": Plain("curl/8.5.0"),
    "wget": Plain("Wget/1.21.3"),
    "requests of Python": Plain("python-requests/2.31.0"),
    "Go": Plain("Go-http-client/2.0"),
    "okhttp": Plain("okhttp/4.12.0"),
    "PowerShell": Plain(
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1"
    ),
    "GPTBot": Plain(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
        "+https://openai.com/gptbot)"
    ),
    "ChatGPT for its user": Plain(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; "
        "ChatGPT-User/1.0; +https://openai.com/bot)",
        DOCUMENT,
        "en",
    ),
    "Claude for its user": Plain(
        "Mozilla/5.0 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)"
    ),
    "an agent that signs in Chrome's name": chromium(
        "Windows", Signature_Agent='"https://agent.example"'
    ),
    "an agent that reads Markdown in Chrome's name": CHROME.but(
        accept="text/markdown, text/html;q=0.9, */*;q=0.8"
    ),
    "an agent that reads pages in Chrome's name": Plain(CHROME.name, DOCUMENT),
    "Browserbase": chromium("Linux", extra=" Browserbase"),
    "Skyvern": chromium("Linux", extra=" Skyvern/1.0"),
    "Perplexity for its user": Plain(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; "
        "Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)",
        DOCUMENT,
        "en",
    ),
    "Gemini for its user": Plain("Mozilla/5.0 (compatible; Google-NotebookLM)"),
    "Discord's preview": Plain("Mozilla/5.0 (compatible; Discordbot/2.0)"),
    "LinkedIn's preview": Plain("LinkedInBot/1.0 (compatible; Mozilla/5.0)"),
    "a zgrab scan": Plain("Mozilla/5.0 zgrab/0.x"),
    "Hetrix's monitor": Plain("HetrixTools Uptime Monitoring Bot", DOCUMENT),
    "Lighthouse": chromium("Android", 119, extra=" Chrome-Lighthouse"),
    "Java": Plain(
        "Java/17.0.9", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
    ),
    "WeasyPrint": Plain("WeasyPrint 62.1"),
    "an agent that signs": chromium(
        "macOS", Signature_Agent='"https://chatgpt.com"', Signature_Input="sig1=()"
    ),
    "headless Chrome": chromium("Linux", extra="").but(
        name="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "HeadlessChrome/124.0.0.0 Safari/537.36"
    ),
    "headless Chrome in a borrowed name": CHROME.but(
        Sec_CH_UA='"HeadlessChrome";v="124", "Chromium";v="124"'
    ),
    "PhantomJS": Browser(
        "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) "
        "PhantomJS/2.1.1 Safari/538.1",
        metadata=False,
    ),
    "wkhtmltopdf": Browser(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/534.34 (KHTML, like Gecko) "
        "wkhtmltopdf Safari/534.34",
        metadata=False,
        lang="en,*",
    ),
    "Odoo's previewer": Plain(
        "Mozilla/5.0 (Windows NT 10.0; rv:91.0) Gecko/20100101 Firefox/91.0",
        Odoo_Link_Preview="True",
    ),
    "Odoo's previewer without its header": Plain(
        "Mozilla/5.0 (Windows NT 10.0; rv:91.0) Gecko/20100101 Firefox/91.0"
    ),
    "a gateway without a name": Plain(""),
    "a gateway with half a name": Plain("Mozilla/5.0"),
    "a gateway without a language": Browser(CHROME.name, metadata=False, lang=None),
    "a gateway in Chrome's hints, without a language": CHROME.but(lang=None),
    "Office before it opens a link": Plain("Microsoft Office Existence Discovery"),
    "a checker nobody knows": Plain("Acme-LinkVerifier/2.1"),
}
MAIL_PROXIES = {
    "Gmail": Plain(
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 "
        "(via ggpht.com GoogleImageProxy)"
    ),
    "Yahoo": Plain(
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
    ),
    "an unknown service": Plain("ExampleMailImageProxy/1.0"),
}
MAIL_CLIENTS = {
    "Thunderbird": Browser(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 "
        "Thunderbird/115.10.1",
        metadata=False,
    ),
    "Outlook on Windows": Plain(
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "*/*", "ro-RO"
    ),
    "Outlook with Trident": Plain(
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; "
        ".NET4.0C; .NET4.0E; Microsoft Outlook 16.0.5134; ms-office; MSOffice 16)"
    ),
    "the Outlook app": Plain("Outlook-iOS/711.2620504.prod.iphone (4.2414.0)"),
    "The Bat": Plain("The Bat! 10.5"),
}
MAIL_PREFETCH = {
    "Apple's mail privacy": Plain("Mozilla/5.0", "image/webp,image/*,*/*;q=0.8"),
    "Gmail's prefetch": Plain(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
    ),
}
