"""``./dev demo --check``: the main job once for real, step by step."""

import html
import json
import re
import time

from . import browser, process
from .console import DevError
from .demo_server import Demo
from .environment import REPOSITORY
from .rpc import Session

LOGIN, PASSWORD = "ana", "ana"
SEND_SECONDS = 60
JUDGE_SECONDS = 10
# Nobody follows a link in the moment in which the mail is taken.
READER_SECONDS = 3
LINK = re.compile(r'href="(http[^"]+/invoice/d/[^"]+)"')


def run(demo: Demo) -> None:
    """Send an invoice, look at it as the client, read the eye from the list.

    :param demo: the running demo
    :raise DevError: at the first step that fails
    """
    chromium = browser.ensure()
    user = demo.log_in(LOGIN, PASSWORD)
    _tell(f"logged in as {LOGIN}")
    invoice = find_invoices(user, 1)[0]
    _tell(f"found {invoice['name']}, {invoice['partner_id'][1]}, never sent")
    delivery = send(user, invoice["id"])
    _tell(f"sent to {delivery['email']}: the mail server took it")
    mail = demo.mails.wait_for(delivery["email"])
    link = read_link(demo, mail)
    _tell(f"the mail came: {mail['subject']!r}, with the client's link")
    look = look_as_client(demo, chromium, link, delivery["lang"])
    _tell(
        f"the client opened the link: {look['title']!r}, "
        f"{look['beacon']['visible_ms']} ms in the foreground, "
        f"{look['beacon']['inputs']} inputs"
    )
    check_viewed(user, delivery["id"])
    _tell("the delivery is viewed")
    task = {"invoice": invoice["name"], "login": LOGIN, "password": PASSWORD}
    eye = browse(demo, chromium, "read_eye", task)
    _tell(f"the list shows the eye of {invoice['name']}: {eye['label']!r}")


def _tell(text: str) -> None:
    print(f"ok  {text}", flush=True)


def find_invoices(user: Session, count: int, lang: str = "") -> list[dict]:
    """Return the newest posted invoices that were never sent.

    :param user: an accountant
    :param count: how many are needed
    :param lang: only to customers of this language, as Odoo writes it
    :raise DevError: when there are fewer
    """
    found = user.call(
        "account.move",
        "search_read",
        [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("invoice_delivery_state", "=", False),
            ("partner_id.email", "!=", False),
            *([("partner_id.lang", "=", lang)] if lang else []),
        ],
        fields=["name", "partner_id"],
        order="invoice_date desc, id desc",
        limit=count,
    )
    if len(found) < count:
        raise DevError("the demo has no posted invoice that was never sent")
    return found


def send(user: Session, move_id: int) -> dict:
    """Send an invoice by the send window; return its delivery, once it is sent.

    :param user: an accountant
    :param move_id: the invoice
    :raise DevError: when it is not sent
    """
    model = "account.move.send.wizard"
    context = {"active_model": "account.move", "active_ids": [move_id]}
    [wizard] = user.call(model, "create", [{}], context=context)
    user.call(model, "action_send_and_print", [wizard], context=context)
    deadline = time.monotonic() + SEND_SECONDS
    while time.monotonic() < deadline:
        deliveries = _read_deliveries(user, [("move_id", "=", move_id)])
        if deliveries and deliveries[0]["state"] != "outgoing":
            break
        time.sleep(0.3)
    else:
        raise DevError(f"the invoice did not leave in {SEND_SECONDS} s")
    delivery = deliveries[0]
    if delivery["state"] != "sent":
        raise DevError(
            f"the mail to {delivery['email']} was not sent: {delivery['state']}, "
            f"{delivery['failure_reason'] or 'no reason told'}"
        )
    return delivery


def _read_deliveries(user: Session, domain: list) -> list[dict]:
    fields = ["email", "lang", "state", "failure_reason"]
    return user.call(
        "invoice.delivery", "search_read", domain, fields=fields, order="id"
    )


def read_link(demo: Demo, mail: dict) -> str:
    """Return the client's link in a mail.

    :param demo: the running demo
    :param mail: of the mail catcher
    :raise DevError: when there is none, or more than one
    """
    links = {html.unescape(link) for link in LINK.findall(demo.mails.html(mail))}
    if len(links) != 1:
        raise DevError(f"the mail has {len(links)} links of the client instead of 1")
    return links.pop()


def look_as_client(
    demo: Demo, chromium: str, link: str, lang: str, **answer: object
) -> dict:
    """Open a client's link in a browser and look at the page for some seconds.

    :param demo: the running demo
    :param chromium: path of the browser
    :param link: the client's link
    :param lang: the client's language, as Odoo writes it
    :param answer: what the client presses then, see `demo_browser.look`
    :return: ``title`` of the page and ``beacon``, what its script told the server
    :raise DevError: when the page or its script fails
    """
    time.sleep(READER_SECONDS)
    return browse(demo, chromium, "look", {"link": link, "lang": lang, **answer})


def browse(
    demo: Demo, chromium: str, job: str, task: dict, *, module: str = "demo_browser"
) -> dict:
    """Do something in a real browser, by Odoo's Python, which has Playwright.

    :param demo: the running demo
    :param chromium: path of the browser
    :param job: a function of the module
    :param task: what it is told
    :param module: the module of this package
    :return: what it returns
    :raise DevError: when it fails
    """
    told = {
        "chromium": chromium,
        "url": demo.url,
        "database": demo.database,
        **task,
    }
    answer = process.run(
        [demo.env.python, "-m", f"devenv.{module}", job],
        f"{job.replace('_', ' ')} in the browser",
        cwd=REPOSITORY,
        env=process.clean_env(),
        text=json.dumps(told),
    )
    return json.loads(answer)


def check_viewed(user: Session, delivery_id: int) -> None:
    """Wait until the delivery is viewed.

    :param user: an accountant
    :param delivery_id: the delivery
    :raise DevError: with what the judge said, when it is not
    """
    deadline = time.monotonic() + JUDGE_SECONDS
    while time.monotonic() < deadline:
        [delivery] = _read_deliveries(user, [("id", "=", delivery_id)])
        if delivery["state"] == "view":
            return
        time.sleep(0.3)
    events = user.call(
        "invoice.delivery.event",
        "search_read",
        [("delivery_id", "=", delivery_id)],
        fields=["event_type", "reasons"],
    )
    words = ", ".join(f"{event['event_type']} ({event['reasons']})" for event in events)
    raise DevError(
        f"the client looked, but the delivery is {delivery['state']!r}: {words}"
    )
