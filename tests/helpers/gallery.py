"""A company that has something to show on every screen of the product."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devenv import database
from devenv.environment import Environment

from . import review
from .buyer import Buyer
from .client_page import LINK
from .odoo_server import OdooServer
from .rpc import Client
from .seller import Seller
from .smtp_sink import SmtpSink

#: The OCA's dark theme, since Odoo Community has none to choose, and Odoo's pretended
#: provider of payments.
ADDONS = ["account_payment", "payment_demo", "web_dark_mode"]
#: Five and more stand in a menu on the client's page; Arabic is written from the right.
LANGUAGES = ["ar_001", "bg_BG", "de_DE", "el_GR", "ro_RO"]
REFUSED = (
    "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table"
)
BUSY = "451 4.7.1 Greylisting in action, please come back later"
REASON = "The quantity is wrong:\n2 <b>and</b> not 3"
PORTAL_PASSWORD = "portal-of-alfa"
TEXT = "Consulting on the move of the warehouse to Timișoara, as ordered in October"

#: What clients do takes them minutes; here it is written as if they had done it.
CLIENTS = """
from datetime import timedelta
from odoo import fields
now = fields.Datetime.now()
def look(email, hours):
    delivery = env["invoice.delivery"].search([("email", "=", email)])
    seen = now - timedelta(hours=hours)
    delivery.sent_datetime = seen - timedelta(hours=3 * hours)
    delivery.write({"state": "view", "open_datetime": seen, "view_datetime": seen})
    delivery._record_event("view", event_datetime=seen)
    return delivery
def answer(delivery, word, **values):
    values.update(answer_name="Ana Alfa", is_proof=True)
    event = delivery._record_event(word, **values)
    delivery._set_answered(event)
look(VIEWED, 2)
answer(look(ACCEPTED, 5), "accept", document_version="0123456789abcdef")
answer(look(RETURNED, 30), "return", detail=REASON)
env.cr.commit()
"""


@dataclass
class Shown:
    """A document that was sent.

    :ivar id: the document
    :ivar email: its client's address
    :ivar link: its client's link, "" where no mail arrived
    """

    id: int
    email: str
    link: str = ""


class Gallery:
    """Seller SRL, Buyer EOOD and what became of some of their documents.

    :param seller: Seller SRL
    :param sink: its mail server

    :ivar viewed: a document that its client looked at; so on for the other states
    :ivar run_id: a run of which some failed and some wait
    """

    def __init__(self, seller: Seller, sink: SmtpSink) -> None:
        self.seller, self.sink = seller, sink
        self.buyer = Buyer(seller)
        self._set_up()
        self.fresh = self._sent("Alfa SRL")
        self.viewed = self._sent("Beta OOD")
        self.accepted = self._sent("Gamma Handels- und Beteiligungsgesellschaft mbH")
        self.returned = self._sent("Delta SA")
        self.problem = self._sent_to_two()
        self.portal = self._portal()
        self.unsent = seller.invoice("office@unsent.example", name="Theta SRL")
        self.run_id = self._run()
        self.review_ids = self._to_review()
        self._drawer = iter(
            review.post_many(seller, [seller.address("undo") for _ in range(16)])
        )
        self.received_id = self._received()
        self.letters = {
            "link": sink.mail_to(self.fresh.email).html,
            "attached": self._attached(),
            "together": self._together(),
        }
        self._play_clients()

    def _set_up(self) -> None:
        admin, users = self.seller.admin, ("admin", "ana", "boris")
        for user in admin.search("res.users", [("login", "in", users)], "id"):
            # the browser says which
            values = {"dark_mode_device_dependent": True}
            admin.change("res.users", user["id"], values)
        group = admin.ref("base.group_partner_manager")
        admin.change("res.users", self.seller.user.uid, {"group_ids": [(4, group)]})
        parameters = "ir.config_parameter"
        admin.call(
            parameters, "set_param", "account_payment.enable_portal_payment", "True"
        )
        values = {"state": "test", "is_published": True}
        admin.change(
            "payment.provider", admin.ref("payment.payment_provider_demo"), values
        )
        address = {
            "street": "Str. Lungă 12",
            "city": "Brașov",
            "zip": "500001",
            "vat": "RO18547290",
            "country_id": admin.ref("base.ro"),
        }
        [company] = admin.search(
            "res.company", [("id", "=", self.seller.company_id)], "partner_id"
        )
        admin.change("res.partner", company["partner_id"][0], address)

    def _invoice(self, email: str, name: str, **customer: object) -> int:
        lines = (
            {"name": TEXT, "quantity": 2, "price_unit": 12345.67},
            {"name": "Travel", "quantity": 14, "price_unit": 35.5},
        )
        return self.seller.invoice(email, lines, name=name, **customer)

    def _sent(self, name: str, **customer: object) -> Shown:
        email = self.seller.address(name.split()[0].lower())
        shown = Shown(self._invoice(email, name, **customer), email)
        self.seller.send(shown.id, document_mode="link")
        self.seller.make_older(shown.id, 60)
        shown.link = LINK.search(self.sink.mail_to(email).html)[0]
        return shown

    def _sent_to_two(self) -> Shown:
        taken, refused = (self.seller.address(name) for name in ("office", "wrong"))
        self.sink.treat(refused, rcpt=REFUSED % refused)
        shown = Shown(self._invoice(taken, "Epsilon SRL"), taken)
        self.seller.send(shown.id, email_to=f"{taken}; {refused}")
        return shown

    def _portal(self) -> Shown:
        """A document that a client with a portal user got by network."""
        admin, login = self.seller.admin, self.seller.address("portal")
        shown = Shown(self._invoice(login, "Portal SRL"), login)
        partner = self.seller.user.fetch("account.move", shown.id, "partner_id")
        contact = {
            "name": "Ana Alfa",
            "email": login,
            "parent_id": partner["partner_id"][0],
        }
        admin.make(
            "res.users",
            {
                "login": login,
                "password": PORTAL_PASSWORD,
                "partner_id": admin.make("res.partner", contact),
                "group_ids": [(6, 0, [admin.ref("base.group_portal")])],
            },
        )
        self.seller.send(shown.id, sending_methods=["network"])
        self._unopened(partner["partner_id"][0])
        return shown

    def _unopened(self, customer_id: int) -> None:
        """Bring the client another document: on a slow machine the first one counts as
        viewed once its page was looked at, and is no news any more."""
        email = self.seller.address("unopened")
        contact = {"parent_id": customer_id, "is_company": False}
        move_id = self._invoice(email, "Unopened", **contact)
        self.seller.send(move_id, sending_methods=["network"])

    def _run(self) -> int:
        emails = [self.seller.address(name) for name in ("one", "two", "late", "bad")]
        self.sink.treat(emails[2], rcpt=BUSY)
        self.sink.treat(emails[3], rcpt=REFUSED % emails[3])
        window = review.Review(self.seller, review.post_many(self.seller, emails))
        window.press_send()
        self.seller.run_cron()
        user = self.seller.user
        [run_id, _name] = user.fetch(review.WINDOW, window.id, "run_id")["run_id"]
        return run_id

    def _received(self) -> int:
        move_id = self.buyer.invoice()
        self.seller.send(move_id, sending_methods=["network"])
        [bill] = self.buyer.bills(move_id)
        return bill["id"]

    def _attached(self) -> str:
        """Return a mail that has the document in it."""
        email = self.seller.address("attached")
        self.seller.send(self._invoice(email, "Eta SRL"), document_mode="attachment")
        return self.sink.mail_to(email).html

    def _together(self) -> str:
        """Return a mail with several documents of one customer."""
        email = self.seller.address("together")
        [move_id] = review.post_many(self.seller, [email], name="Lambda SRL")
        user = self.seller.user
        [copy] = user.call("account.move", "copy", [move_id])
        user.change("account.move", copy, {"invoice_date": "2026-11-20"})
        user.call("account.move", "action_post", [copy])
        window = review.Review(self.seller, [move_id, copy])
        window.type_for_all(one_mail_per_customer=True)
        window.send()
        [mail] = self.sink.mails_to(email)
        return mail.html

    def _to_review(self) -> list[int]:
        """Documents of which some are sent already and some can't be."""
        nobody = review.post_many(self.seller, [False], name="Kappa SRL")
        drafts = review.draft_many(
            self.seller, [self.seller.address("draft")], name="Iota Logistics SRL"
        )
        sent = [shown.id for shown in (self.fresh, self.viewed, self.problem)]
        return [self.unsent, *sent, *nobody, *drafts]

    def draw(self, count: int) -> list[int]:
        """Return documents that nobody sent yet."""
        return [next(self._drawer) for _number in range(count)]

    @property
    def mail_id(self) -> int:
        """The mail of the document that was looked at."""
        domain = [("email", "=", self.viewed.email)]
        [mail] = self.seller.user.search("invoice.mail", domain, "id")
        return mail["id"]

    @property
    def delivery_id(self) -> int:
        """The recipient who was refused."""
        domain = [("move_id", "=", self.problem.id), ("state", "=", "error")]
        [delivery] = self.seller.user.search("invoice.delivery", domain, "id")
        return delivery["id"]

    def _play_clients(self) -> None:
        names = {
            "VIEWED": self.viewed.email,
            "ACCEPTED": self.accepted.email,
            "RETURNED": self.returned.email,
            "REASON": REASON,
        }
        words = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        self.seller.server.shell(words + CLIENTS)

    # -- who looks ---------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The server's address."""
        return self.seller.server.url

    def session(self, who: str) -> str:
        """Return the session of a user.

        :param who: "ana", "admin", "boris", or "portal"
        """
        seller = self.seller
        if who == "portal":
            login = self.portal.email
            portal = Client(self.url, seller.database, login, PORTAL_PASSWORD)
            return portal.session_id
        users = {"ana": seller.user, "admin": seller.admin, "boris": self.buyer.user}
        return users[who].session_id


@contextlib.contextmanager
def opened(env: Environment, folder: Path, sink: SmtpSink) -> Iterator[Gallery]:
    """Provide a gallery on a database of its own.

    :param env: the environment of ``./dev``
    :param folder: an empty one, for files
    :param sink: the mail server
    """
    name = f"isc_test_{os.getpid()}-gallery"
    database.create(env, name, modules=ADDONS, langs=LANGUAGES)
    server = OdooServer(env, name, folder / "gallery.log")
    try:
        server.start()
        yield Gallery(Seller(env, server, sink), sink)
    finally:
        server.stop()
        database.drop(env, name)
