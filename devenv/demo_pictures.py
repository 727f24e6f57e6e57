"""``./dev demo --screenshots DIR``: the pictures of the README, of the running demo."""

from pathlib import Path

from . import browser, demo_check
from .console import say
from .demo_server import ADMIN, Demo
from .rpc import Session

SENT = 9
VIEWED = 5


def run(demo: Demo, folder: Path) -> None:
    """Send some invoices, look at a part of them as their clients, take the pictures.

    :param demo: the running demo
    :param folder: where the pictures go; made when it is missing
    :raise DevError: when a step fails
    """
    folder.mkdir(parents=True, exist_ok=True)
    chromium = browser.ensure()
    user = demo.log_in(demo_check.LOGIN, demo_check.PASSWORD)
    invoices = demo_check.find_invoices(user, SENT)
    links = [_send(demo, user, invoice) for invoice in invoices]
    for link, lang in links[:VIEWED]:
        demo_check.look_as_client(demo, chromium, link, lang)
    [unsent] = demo_check.find_invoices(user, 1, "en_US")
    say("taking the pictures")
    login, password = ADMIN
    task = {
        "login": login,
        "password": password,
        "unsent": unsent["id"],
        "viewed": invoices[0]["id"],
        "link": links[0][0],
        "folder": str(folder),
    }
    done = demo_check.browse(demo, chromium, "take", task, module="demo_camera")
    for name in done["pictures"]:
        print(folder / name)


def _send(demo: Demo, user: Session, invoice: dict) -> tuple[str, str]:
    """Send an invoice; return the client's link and language."""
    say(f"sending {invoice['name']}")
    delivery = demo_check.send(user, invoice["id"])
    mail = demo.mails.wait_for(delivery["email"])
    return demo_check.read_link(demo, mail), delivery["lang"]
