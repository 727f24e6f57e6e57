"""Who may do what: one table of roles and models, one of roles and buttons.

What stands here is meant; what the rights in ``security`` make of it is asked of Odoo
for each cell.
"""

import contextlib

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import InvoiceSendCase

RULES = "odoo.addons.base.models.ir_rule"
MODELS = "odoo.addons.base.models.ir_model"

#: Role -> groups. The client is a portal user of the customer, the rival one of another
#: customer, the stranger a manager of another company, both a biller of two companies.
ROLES = {
    "public": "base.group_public",
    "client": "base.group_portal",
    "rival": "base.group_portal",
    "employee": "base.group_user",
    "admin": "base.group_system",
    "reader": "account.group_account_readonly",
    "biller": "account.group_account_invoice",
    "keeper": "account.group_account_user",
    "manager": "account.group_account_manager",
    "both": "account.group_account_invoice",
    "stranger": "account.group_account_manager",
}

#: What is recorded of the company that sent; r, w, c, u: read, write, create, unlink.
RECORDS = """
model                    public client rival employee admin reader biller keeper manager both stranger
invoice.delivery         -      -      -     -        -     r      r      r      r       r    -
invoice.delivery.event   -      -      -     -        -     r      r      r      r       r    -
invoice.mail             -      -      -     -        -     r      r      r      r       r    -
invoice.send.run         -      -      -     -        -     r      r      r      r       r    -
invoice.send.run.line    -      -      -     -        -     r      r      r      r       r    -
invoice.send.request     -      -      -     -        -     r      r      r      r       r    -
invoice.send.server      -      -      -     -        -     -      -      -      -       -    -
invoice.send.template    -      -      -     -        -     r      r      r      rwcu    r    -
invoice.delivery.opt.out -      -      -     -        -     r      -      ru     ru      -    -
"""  # noqa: E501

#: Windows of one's own; nobody has another user's, see test_attacks.py.
WINDOWS = """
model                               public client rival employee admin reader biller keeper manager both stranger
account.move.send.wizard            -      -      -     -        -     -      rwcu   rwcu   rwcu    rwcu rwcu
account.move.send.batch.wizard      -      -      -     -        -     -      rwcu   rwcu   rwcu    rwcu rwcu
account.move.send.batch.wizard.line -      -      -     -        -     -      rwcu   rwcu   rwcu    rwcu rwcu
invoice.delivery.correct.address    -      -      -     -        -     -      rwcu   rwcu   rwcu    rwcu rwcu
invoice.received.return             -      -      -     -        -     -      rwcu   rwcu   rwcu    rwcu rwcu
invoice.delivery.erase              -      -      -     -        -     -      -      rwcu   rwcu    -    rwcu
"""  # noqa: E501

#: Buttons that change or tell something, on what the company sent: yes, or no.
BUTTONS = """
method                                          public client rival employee admin reader biller keeper manager both stranger
account.move:get_invoice_delivery_panel         -      -      -     -        -     yes    yes    yes    yes     yes  -
account.move:action_accept_received             -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.delivery:action_retry                   -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.delivery:action_resend                  -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.delivery:action_revoke_link             -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.delivery:action_renew_link              -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.mail:action_open_moves                  -      -      -     -        -     yes    yes    yes    yes     yes  -
invoice.send.run:action_retry_failed            -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.send.run:action_cancel_waiting          -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.send.run:action_send_now                -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.send.run:action_start                   -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.send.run:action_undo                    -      -      -     -        -     -      yes    yes    yes     yes  -
invoice.send.template:action_send_test          -      -      -     -        -     yes    yes    yes    yes     yes  -
invoice.send.template:action_restore            -      -      -     -        -     -      -      -      yes     -    -
"""  # noqa: E501


class Undone(Exception):
    """What a button did is taken back."""


def read_table(text):
    """:return: cells by row and column"""
    head, *rows = (line.split() for line in text.strip().splitlines())
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


@tagged("-at_install", "post_install")
class TestRoles(InvoiceSendCase):
    """Each cell of the tables."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maxDiff = None
        cls.other = cls.env["res.company"].create({"name": "Other"})
        partners = {"client": cls.partner_a, "rival": cls.partner_b}
        companies = {"both": cls.company + cls.other, "stranger": cls.other}
        cls.users = {}
        for role, groups in ROLES.items():
            own = companies.get(role, cls.company)
            cls.users[role] = new_test_user(
                cls.env,
                login=f"isc_{role}",
                groups=groups,
                company_id=own[0].id,
                company_ids=[(6, 0, own.ids)],
            )
            if role in partners:
                cls.users[role].partner_id.parent_id = partners[role]

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice()
        self.send(self.invoice)
        delivery = self.invoice.invoice_delivery_ids.sudo()
        line = delivery.line_id
        self.records = {
            record._name: record.sudo()
            for record in (
                self.invoice,
                delivery,
                delivery.event_ids[:1],
                delivery.invoice_mail_ids,
                delivery.run_id,
                line,
                self.make(
                    "invoice.send.request",
                    move_id=self.invoice.id,
                    user_id=self.env.uid,
                ),
                self.make("invoice.send.server"),
                self.make(
                    "invoice.send.template",
                    lang="fr",
                    company_id=self.company.id,
                    subject="A",
                    body_html="<p>A</p>",
                ),
                self.make(
                    "invoice.delivery.opt.out",
                    company_id=self.company.id,
                    email="x@x.example",
                ),
            )
        }

    def make(self, model, **values):
        return self.env[model].sudo().create(values)

    def as_role(self, role, record):
        """:return: a record as this user asks for it"""
        user = self.users[role]
        context = {"allowed_company_ids": user.company_ids.ids}
        return record.with_env(self.env(user=user, su=False, context=context))

    def get_rights(self, record):
        names = ("read", "write", "create", "unlink")
        rights = [name[0] for name in names if record.has_access(name)]
        return "".join(rights) or "-"

    def ask(self, text, get_answer):
        """:return: the table as it is in truth"""
        return {
            row: {role: get_answer(row, role) for role in cells}
            for row, cells in read_table(text).items()
        }

    @mute_logger(RULES, MODELS)
    def test_who_reads_and_writes_what_is_recorded(self):
        found = self.ask(
            RECORDS,
            lambda model, role: self.get_rights(
                self.as_role(role, self.records[model])
            ),
        )
        self.assertEqual(found, read_table(RECORDS))

    @mute_logger(RULES, MODELS)
    def test_who_has_windows(self):
        found = self.ask(
            WINDOWS,
            lambda model, role: self.get_rights(self.as_role(role, self.env[model])),
        )
        self.assertEqual(found, read_table(WINDOWS))

    def is_let(self, button, role):
        """:return: whether Odoo lets this role press a button; what a button says in
        words, as that there is nothing to do, is no refusal"""
        model, method = button.split(":")
        record = self.as_role(role, self.records[model])
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint(), self.mail_server():
                getattr(record, method)()
                raise Undone
        except AccessError:
            return "-"
        except (Undone, UserError):
            return "yes"

    @mute_logger(RULES, MODELS)
    def test_who_may_press_what(self):
        self.records["invoice.delivery"].state = "error"
        self.env.flush_all()
        found = self.ask(BUTTONS, self.is_let)
        self.assertEqual(found, read_table(BUTTONS))

    @mute_logger(RULES, MODELS)
    def test_buttons_of_a_sending_are_shown_to_who_may_press_them(self):
        cells = read_table(BUTTONS)["invoice.send.run:action_cancel_waiting"]
        run = self.records["invoice.send.run"]
        for role, answer in cells.items():
            shown = self.as_role(role, run)
            if not shown.has_access("read"):
                continue
            with self.subTest(role=role):
                self.assertEqual(shown.can_act, answer == "yes")

    @mute_logger(RULES, MODELS)
    def test_sender_of_a_sending_withdraws_it_and_sends_no_document_again(self):
        run = self.records["invoice.send.run"]
        run.user_id = self.users["employee"]
        self.records["invoice.delivery"].state = "error"
        self.env.flush_all()
        for button in ("action_cancel_waiting", "action_send_now", "action_start"):
            with self.subTest(button=button):
                self.assertEqual(
                    self.is_let(f"invoice.send.run:{button}", "employee"), "yes"
                )
        for button in (
            "invoice.send.run:action_retry_failed",
            "invoice.delivery:action_retry",
            "invoice.delivery:action_resend",
            "invoice.delivery:action_renew_link",
        ):
            with self.subTest(button=button):
                self.assertEqual(self.is_let(button, "employee"), "-")

    @mute_logger(RULES, MODELS, "odoo.addons.invoice_send_client.models")
    def test_only_who_may_post_confirms_and_sends(self):
        draft = self.init_invoice(
            "out_invoice", partner=self.partner_a, amounts=[100.0]
        )
        for role in ROLES.keys() - {"biller", "keeper", "manager", "both"}:
            with self.subTest(role=role):
                with contextlib.suppress(AccessError):
                    self.as_role(role, draft).action_confirm_and_send()
                self.env.invalidate_all()
                self.assertEqual(draft.state, "draft")

    @mute_logger(RULES, MODELS)
    def test_client_learns_in_the_portal_no_address_of_others(self):
        move = self.as_role("client", self.invoice)
        self.assertEqual(move.read(["name"])[0]["name"], self.invoice.name)
        for name in ("invoice_delivery_recipients", "invoice_network_recipients"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                move.read([name])
        with self.assertRaises(AccessError):
            move.search([("invoice_delivery_recipients", "ilike", "ana")])

    @mute_logger(RULES, MODELS)
    def test_settings_are_for_settings(self):
        for role in ROLES:
            settings = self.as_role(role, self.env["res.config.settings"])
            with self.subTest(role=role):
                self.assertEqual(settings.has_access("create"), role == "admin")
                if role != "admin":
                    with self.assertRaises(AccessError):
                        company = self.as_role(role, self.company)
                        company._confirm_invoice_public_url()

    @mute_logger(RULES, MODELS)
    def test_accountants_of_two_companies_bring_them_not_together(self):
        """Who has both companies, but works in the other one, sees nothing here."""
        user = self.users["both"]
        for name, record in self.records.items():
            if name in ("account.move", "invoice.send.server"):
                continue
            env = self.env(
                user=user, su=False, context={"allowed_company_ids": self.other.ids}
            )
            with self.subTest(model=name):
                self.assertFalse(record.with_env(env).has_access("read"))
