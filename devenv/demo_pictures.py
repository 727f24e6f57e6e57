"""``./dev demo --screenshots [DIR]``: the pictures of the documentation.

What they show is done for real first: invoices are sent, clients look, accept and
return, a mail server refuses an address, a customer has a portal user.
"""

from pathlib import Path

from . import browser, demo_check, demo_refusals
from .console import say
from .demo_server import ADMIN, Demo
from .environment import REPOSITORY
from .rpc import Session

# What the pictures need beside ours: the client pays from its page.
MODULES = ["account_payment", "payment_demo"]
# Where each picture belongs: those of the addons' pages in Odoo's Apps travel with the
# addons, the others are for the README alone.
APPS = "static/description"
MAIN = f"invoice_send_client/{APPS}"
README = "docs/screenshots"
PLACES = {
    "send_window.png": MAIN,
    "review_window.png": MAIN,
    "my_messages.png": f"invoice_send_client_queue_job/{APPS}",
    "invoice_list.png": MAIN,
    "invoice_panel.png": MAIN,
    "mail.png": README,
    "settings.png": README,
    "client_page.png": README,
    "client_page_phone.png": MAIN,
    "portal.png": README,
    "client_page_pay.png": f"invoice_send_client_payment/{APPS}",
}
# Invoices that are sent one by one, and those of them that their clients look at.
SENT = 9
VIEWED = 6
# What clients answer, by the place of their invoice among those: it is the first one
# that goes to an English customer, and one to a Bulgarian.
ANSWERS = {
    2: {"answer": "accept", "words": {"name": "Sinead Walsh"}},
    3: {
        "answer": "return",
        "words": {"name": "Мария Иванова", "reason": "Получихме само два монитора."},
    },
}
ACCEPTED, PORTAL, UNREAD = 2, 5, 8
# Invoices that are sent together; the mail server refuses the recipient of one.
TOGETHER = 8
REFUSED = 2
PORTAL_PASSWORD = "portal-of-the-demo"


def run(demo: Demo, folder: Path) -> None:
    """Send, look and answer; take the pictures.

    :param demo: the running demo, with `MODULES`
    :param folder: where all of them go, made when it is missing; in the checkout each
        goes to its place
    :raise DevError: when a step fails
    """
    admin, user = demo.log_in(*ADMIN), _english(demo)
    _publish_provider(admin)
    task = {
        **_write_story(demo, admin, user),
        "login": demo_check.LOGIN,
        "password": demo_check.PASSWORD,
        "admin": ADMIN,
        "files": {
            name: str(folder / (place if folder == REPOSITORY else "") / name)
            for name, place in PLACES.items()
        },
    }
    for file in task["files"].values():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    refused = _email(user, task["together"][REFUSED])
    with demo_refusals.running(demo.mails.smtp_port, refused) as port:
        _use_mail_server(admin, port)
        say("taking the pictures")
        demo_check.browse(demo, browser.ensure(), "take", task, module="demo_camera")
        _use_mail_server(admin, demo.mails.smtp_port)
    print("\n".join(task["files"].values()))


def _english(demo: Demo) -> Session:
    """Return the session of Ana Pop, whose screens are in English from now on."""
    user = demo.log_in(demo_check.LOGIN, demo_check.PASSWORD)
    user.call("res.users", "write", [user.user_id], {"lang": "en_US"})
    return demo.log_in(demo_check.LOGIN, demo_check.PASSWORD)


def _write_story(demo: Demo, admin: Session, user: Session) -> dict:
    """Do what the pictures show, as far as it needs no picture on the way.

    :return: what the camera has to know of it
    """
    chromium = browser.ensure()
    invoices = demo_check.find_invoices(user, SENT)
    portal = _add_portal_user(admin, invoices[PORTAL])
    links = [_send(demo, user, invoice) for invoice in invoices]
    for place, (link, lang) in enumerate(links[:VIEWED]):
        say(f"looking at {invoices[place]['name']} as its client")
        answer = ANSWERS.get(place, {})
        demo_check.look_as_client(demo, chromium, link, lang, **answer)
    return {
        "accepted": invoices[ACCEPTED],
        "link": links[ACCEPTED][0],
        "unread_link": links[UNREAD][0],
        "portal": {**portal, "invoice": invoices[PORTAL]["id"]},
        "unsent": demo_check.find_invoices(user, 1, "en_US")[0],
        "together": demo_check.find_invoices(user, TOGETHER),
    }


def _send(demo: Demo, user: Session, invoice: dict) -> tuple[str, str]:
    """Send an invoice; return the client's link and language."""
    say(f"sending {invoice['name']}")
    delivery = demo_check.send(user, invoice["id"])
    mail = demo.mails.wait_for(delivery["email"])
    return demo_check.read_link(demo, mail), delivery["lang"]


def _email(user: Session, invoice: dict) -> str:
    """Return the address of an invoice's customer."""
    [customer] = user.call("res.partner", "read", invoice["partner_id"][:1], ["email"])
    return customer["email"]


def _add_portal_user(admin: Session, invoice: dict) -> dict:
    """Give an invoice's customer a portal user; return login and password."""
    login = "niamh@carraig.example"
    [group] = admin.call(
        "ir.model.data",
        "search_read",
        [("module", "=", "base"), ("name", "=", "group_portal")],
        fields=["res_id"],
    )
    contact = {
        "name": "Niamh Byrne",
        "email": login,
        "parent_id": invoice["partner_id"][0],
    }
    partner = admin.call("res.partner", "create", contact)
    values = {
        "login": login,
        "password": PORTAL_PASSWORD,
        "partner_id": partner,
        "lang": "en_US",
        "group_ids": [(6, 0, [group["res_id"]])],
    }
    context = {"no_reset_password": True}
    admin.call("res.users", "create", values, context=context)
    return {"login": login, "password": PORTAL_PASSWORD}


def _publish_provider(admin: Session) -> None:
    """Let the demo company's clients pay by Odoo's pretended provider."""
    model = "payment.provider"
    [user] = admin.call("res.users", "read", [admin.user_id], ["company_id"])
    domain = [("code", "=", "demo"), ("company_id", "=", user["company_id"][0])]
    [provider] = admin.call(model, "search", domain)
    values = {"state": "test", "is_published": True}
    admin.call(model, "write", [provider], values)
    parameter = ["account_payment.enable_portal_payment", "True"]
    admin.call("ir.config_parameter", "set_param", *parameter)


def _use_mail_server(admin: Session, port: int) -> None:
    """Let the demo's mails leave by another port."""
    servers = admin.call("ir.mail_server", "search", [])
    admin.call("ir.mail_server", "write", servers, {"smtp_port": port})
