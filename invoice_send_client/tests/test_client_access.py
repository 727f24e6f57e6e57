import json

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import InvoiceSendCase
from .test_client_page import ClientPageCase

#: Who is who; the stranger is an accountant of another company.
GROUPS = {
    "manager": "account.group_account_manager,base.group_allow_export",
    "biller": "account.group_account_invoice",
    "reader": "account.group_account_readonly",
    "salesman": "base.group_user",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
#: Who sees what was sent for the company.
READERS = ("manager", "biller", "reader")
#: Who may send, hence act on what was sent.
SENDERS = ("manager", "biller")
#: Who has nothing to do with it.
OTHERS = ("salesman", "portal", "public", "stranger")

#: What says who came, or opens the client's page: nobody's to read.
SECRETS = {
    "invoice.delivery": ("link_key", "link_root"),
    "invoice.delivery.event": ("hit",),
}
ACTIONS = (
    "action_revoke_link",
    "action_renew_link",
    "action_retry",
    "action_resend",
)
#: Methods through which evidence is written, as the product calls them.
PRIVATE = {
    "invoice.delivery": (
        "_record_answer",
        "_record_event",
        "_record_hit",
        "_judge_hits",
        "_apply_answer",
        "_withdraw_answer",
        "_set_answered",
        "_set_sent",
        "_set_error",
        "_set_bounced",
        "_update_state",
        "_opt_out",
        "_renew_link",
        "_ask_for_new_link",
        "_mail_new_link",
        "_find_by_token",
        "_get_token",
        "_get_landing_url",
        "_link_secret",
        "_correct_address",
        "_check_sender",
        "_void",
    ),
    "invoice.delivery.event": ("_get_hits", "_get_hit", "_renew_judgement"),
    "account.move": (
        "_ensure_invoice_pdf",
        "_ensure_invoice_pdf_for_client",
        "_tell_answer",
        "_ask_for_correction",
        "_void_invoice_sendings",
    ),
}
RULES = "odoo.addons.base.models.ir_rule"
MODELS = "odoo.addons.base.models.ir_model"


class ClientAccessCase(InvoiceSendCase):
    """A document that was mailed, looked at and accepted, and users of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(
                cls.env,
                login=f"isc_{name}",
                password=f"isc_{name}_password",
                groups=group,
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for name, group in GROUPS.items()
        }
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        cls.users["stranger"] = new_test_user(
            cls.env,
            login="isc_stranger",
            password="isc_stranger_password",
            groups=GROUPS["manager"],
            company_id=cls.other_company.id,
            company_ids=[(6, 0, cls.other_company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice()
        self.send(self.invoice)
        self.delivery = self.invoice.invoice_delivery_ids.sudo()
        hit = {"at": "2026-11-20T10:00:00+00:00", "client": "x", "target": "page"}
        self.delivery._record_event("open", hit=hit, reasons="page_only")
        self.answer = self.delivery._record_event(
            "accept", answer_name="Ana", document_version="0" * 64, is_proof=True
        )
        self.delivery._apply_answer()
        self.assertEqual(self.delivery.state, "accept")

    def as_user(self, name, record):
        """:return: a record as this user asks for it by RPC"""
        user = self.users[name]
        companies = user.company_ids.ids
        self.env.invalidate_all()
        return record.with_env(
            self.env(user=user, su=False, context={"allowed_company_ids": companies})
        )

    def call(self, name, record, method, *args, **kwargs):
        """Call a method as a web client does."""
        record = self.as_user(name, record)
        return call_kw(
            record.browse(),
            method,
            [record.ids, *args],
            {**kwargs, "context": dict(record.env.context)},
        )

    def get_records(self):
        return (self.delivery, self.delivery.event_ids, self.delivery.invoice_mail_ids)


@tagged("-at_install", "post_install")
class TestClientAccess(ClientAccessCase):
    """What users may see of the client's side, and that nobody writes it."""

    def test_accounting_of_the_company_reads_and_nobody_else(self):
        for record in self.get_records():
            self.assertTrue(record)
            for name in READERS:
                with self.subTest(name=name, model=record._name):
                    self.assertEqual(
                        len(self.call(name, record, "read", ["id"])), len(record)
                    )
            for name in OTHERS:
                with (
                    self.subTest(name=name, model=record._name),
                    mute_logger(RULES, MODELS),
                    self.assertRaises(AccessError),
                ):
                    self.call(name, record, "read", ["id"])

    @mute_logger(RULES, MODELS)
    def test_others_find_and_count_nothing(self):
        for record in self.get_records():
            model = self.env[record._name]
            for name in OTHERS:
                with self.subTest(name=name, model=record._name):
                    try:
                        found = self.as_user(name, model).search([])
                    except AccessError:
                        continue
                    self.assertFalse(found & record)
                    groups = self.as_user(name, model)._read_group([], [], ["__count"])
                    self.assertEqual(groups, [(len(found),)])

    @mute_logger(RULES, MODELS)
    def test_nobody_writes_makes_or_deletes_evidence(self):
        values = {
            "invoice.delivery": {"state": "view"},
            "invoice.delivery.event": {"is_proof": True},
            "invoice.mail": {"subject": "x"},
        }
        for record in self.get_records():
            for name in self.users:
                user_values = values[record._name]
                with self.subTest(name=name, model=record._name):
                    with self.assertRaises(AccessError):
                        self.call(name, record, "write", user_values)
                    with self.assertRaises(AccessError):
                        self.call(name, record, "unlink")
                    made = {**user_values, "delivery_id": self.delivery.id}
                    if record._name == "invoice.delivery":
                        made = {"move_id": self.invoice.id, "email": "eve@x.example"}
                    with self.assertRaises(AccessError):
                        self.as_user(name, record).create(made)
                    with self.assertRaises(AccessError):
                        self.as_user(name, record[:1]).copy()

    @mute_logger(RULES, MODELS)
    def test_nobody_writes_evidence_through_the_invoice(self):
        for name in (*SENDERS, "reader"):
            for values in (
                {"invoice_delivery_ids": [(1, self.delivery.id, {"state": "view"})]},
                {"invoice_delivery_ids": [(0, 0, {"email": "eve@x.example"})]},
                {"invoice_delivery_ids": [(2, self.delivery.id)]},
                {"invoice_delivery_ids": [(5,)]},
            ):
                with self.subTest(name=name, values=values):
                    with self.assertRaises(UserError):
                        self.call(name, self.invoice, "write", values)
                    self.env.invalidate_all()
                    self.assertEqual(self.delivery.exists().state, "accept")

    @mute_logger(MODELS, "odoo.models", "odoo.orm.models")
    def test_nobody_reads_finds_sorts_groups_or_exports_by_a_secret(self):
        for model, names in SECRETS.items():
            records = self.delivery
            if model == "invoice.delivery.event":
                records = self.delivery.event_ids
            for user in ("manager", "stranger"):
                for name in names:
                    asked = self.as_user(user, self.env[model])
                    ways = (
                        lambda u=user, n=name, r=records: self.call(u, r, "read", [n]),
                        lambda a=asked, n=name: a.search([(n, "!=", False)]),
                        lambda a=asked, n=name: a.search([(n, "=like", "a%")]),
                        lambda a=asked, n=name: a.search([], order=n),
                        lambda a=asked, n=name: a.search_read([], [n]),
                        lambda a=asked, n=name: a.read_group([], [n], [n]),
                        lambda a=asked, n=name: a.formatted_read_group([], [n]),
                        lambda u=user, n=name, r=records: self.call(
                            u, r, "export_data", [n]
                        ),
                        lambda u=user, n=name, r=records: self.call(
                            u, r, "web_read", {n: {}}
                        ),
                    )
                    for number, way in enumerate(ways):
                        with self.subTest(user=user, name=name, way=number):
                            with self.assertRaises(AccessError):
                                way()
                    self.assertNotIn(name, asked.fields_get())

    @mute_logger(MODELS)
    def test_secret_is_not_reached_through_other_models(self):
        moves = self.as_user("manager", self.env["account.move"])
        for path in (
            "invoice_delivery_ids.link_key",
            "invoice_delivery_ids.event_ids.hit",
        ):
            with self.subTest(path=path), self.assertRaises(AccessError):
                moves.search([(path, "!=", False)])
        values = self.call("manager", self.delivery, "read")[0]
        values |= self.call("manager", self.delivery.event_ids[:1], "read")[0]
        self.assertNotIn(self.delivery.link_key, json.dumps(values, default=str))
        for name in (*SECRETS["invoice.delivery"], "hit"):
            self.assertNotIn(name, values)

    # -- the panel ---------------------------------------------------------------------

    def test_panel_is_for_who_may_read_the_document(self):
        for name in READERS:
            with self.subTest(name=name):
                panel = self.call(name, self.invoice, "get_invoice_delivery_panel")
                [recipient] = panel["recipients"]
                self.assertEqual(recipient["state"], "accept")
                self.assertEqual(panel["can_send"], name in SENDERS)
                self.assertEqual(len(panel["events"]), len(self.delivery.event_ids))
        for name in OTHERS:
            with (
                self.subTest(name=name),
                mute_logger(RULES, MODELS),
                self.assertRaises(AccessError),
            ):
                self.call(name, self.invoice, "get_invoice_delivery_panel")

    def test_panel_tells_nothing_of_what_the_judge_keeps(self):
        panel = self.call("biller", self.invoice, "get_invoice_delivery_panel")
        for event in panel["events"]:
            self.assertFalse({"hit", "client", "ip", "agent"} & set(event))

    # -- buttons -----------------------------------------------------------------------

    @mute_logger(RULES, MODELS)
    def test_only_senders_revoke_renew_and_send_again(self):
        self.delivery.state = "error"
        key = self.delivery.link_key
        for name in ("reader", *OTHERS):
            for method in ACTIONS:
                with self.subTest(name=name, method=method):
                    with self.assertRaises(AccessError):
                        self.call(name, self.delivery, method)
                    self.env.invalidate_all()
                    self.assertEqual(self.delivery.link_key, key)
                    self.assertTrue(self.delivery.is_link_alive)
                    self.assertEqual(self.delivery.state, "error")

    def test_sender_revokes_and_renews_and_the_history_says_who(self):
        for name in SENDERS:
            self.call(name, self.delivery, "action_revoke_link")
            self.assertFalse(self.delivery.is_link_alive)
            self.call(name, self.delivery, "action_renew_link")
            self.assertTrue(self.delivery.is_link_alive)
            panel = self.invoice.get_invoice_delivery_panel()
            texts = " ".join(event["text"] for event in panel["events"])
            self.assertIn(f"revoked by {self.users[name].name}", texts)

    @mute_logger(RULES, MODELS)
    def test_one_foreign_recipient_among_several_refuses_all(self):
        other = self.make_invoice()
        self.send(other)
        foreign = other.invoice_delivery_ids.sudo()
        self.env.cr.execute(
            "UPDATE invoice_delivery SET company_id = %s WHERE id = %s",
            [self.other_company.id, foreign.id],
        )
        both = self.delivery | foreign
        for method in ("action_revoke_link", "action_renew_link"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                self.call("biller", both, method)
        self.env.invalidate_all()
        self.assertEqual(both.mapped("is_link_alive"), [True, True])

    @mute_logger(RULES, MODELS)
    def test_corrected_address_is_for_senders_and_tells_others_no_address(self):
        self.delivery.state = "error"
        model = self.env["invoice.delivery.correct.address"]
        for name in ("reader", *OTHERS):
            with self.subTest(name=name), self.assertRaises(AccessError):
                wizard = self.as_user(name, model).create(
                    {"delivery_id": self.delivery.id, "email": "eve@evil.example"}
                )
                wizard.action_confirm()
            for told in ("old_email", "problem", "partner_email", "partner_id"):
                with self.subTest(name=name, told=told):
                    self.assertNotIn("alfa", str(self.ask_window(name, model, told)))
        self.env.invalidate_all()
        self.assertEqual(self.delivery.email, "ana@alfa.example")

    def ask_window(self, name, model, told):
        """:return: what a window tells of a recipient, opened or only filled in"""
        values = {"delivery_id": self.delivery.id, "email": "eve@evil.example"}
        answers = []
        for ask in (
            lambda window: window.create(values).read([told]),
            lambda window: window.onchange(values, ["delivery_id"], {told: {}}),
        ):
            try:
                answers.append(ask(self.as_user(name, model)))
            except AccessError as error:
                self.assertNotIn("alfa", str(error))
        return answers

    @mute_logger(RULES, MODELS)
    def test_review_window_tells_nothing_of_documents_that_one_may_not_read(self):
        window = self.env["account.move.send.batch.wizard"]
        context = {"active_model": "account.move", "active_ids": self.invoice.ids}
        window = self.as_user("biller", window).with_context(**context).create({})
        model = self.env["account.move.send.batch.wizard.line"]
        values = {"wizard_id": window.id, "move_id": self.invoice.id}
        for name in OTHERS:
            for told in ("amount_total", "warning", "remark", "display_name", "body"):
                with self.subTest(name=name, told=told):
                    with self.assertRaises(AccessError):
                        self.as_user(name, model).create(values).read([told])
                    spec = {each: {} for each in (*values, told)}
                    with self.assertRaises(AccessError):
                        self.as_user(name, model).onchange(values, [], spec)

    # -- what is no button -------------------------------------------------------------

    @mute_logger(RULES, MODELS)
    def test_what_writes_evidence_is_not_to_be_called(self):
        records = {
            "invoice.delivery": self.delivery,
            "invoice.delivery.event": self.delivery.event_ids,
            "account.move": self.invoice,
        }
        for model, methods in PRIVATE.items():
            for method in methods:
                self.assertTrue(hasattr(self.env[model], method), method)
                for name in ("manager", "portal"):
                    with self.subTest(method=method, name=name):
                        with self.assertRaisesRegex(AccessError, "Private"):
                            self.call(name, records[model], method)

    def test_public_methods_of_the_client_s_side_are_those_of_the_screens(self):
        known = {
            *ACTIONS,
            "action_correct_address",
            "action_open_mails",
        }
        own = set()
        for base in type(self.env["invoice.delivery"]).__mro__:
            if base.__module__.startswith("odoo.addons.invoice_send_client."):
                own |= {
                    name
                    for name, value in vars(base).items()
                    if callable(value) and not name.startswith("_")
                }
        self.assertEqual(own, known)


@tagged("-at_install", "post_install")
class TestPreviewAccess(ClientAccessCase, HttpCase):
    """The client's page as staff see it."""

    def open(self, name):
        if name == "public":
            self.authenticate(None, None)
        else:
            self.authenticate(f"isc_{name}", f"isc_{name}_password")
        return self.url_open(
            f"/invoice/preview/{self.delivery.id}", allow_redirects=False
        )

    @mute_logger(RULES, MODELS)
    def test_preview_is_for_accounting_of_the_company(self):
        before = len(self.delivery.event_ids)
        for name in READERS:
            with self.subTest(name=name):
                response = self.open(name)
                self.assertEqual(response.status_code, 200)
                self.assertIn(self.invoice.name, response.text)
                self.assertNotIn(self.delivery._get_token(), response.text)
                self.assertNotIn("<form", response.text)
        for name in OTHERS:
            with self.subTest(name=name):
                response = self.open(name)
                self.assertIn(response.status_code, (303, 404))
                self.assertNotIn(self.invoice.name, response.text)
        self.env.invalidate_all()
        self.assertEqual(len(self.delivery.event_ids), before)

    @mute_logger(RULES, MODELS)
    def test_preview_of_nothing_reads_like_one_that_is_not_mine(self):
        self.authenticate("isc_stranger", "isc_stranger_password")
        mine = self.url_open(f"/invoice/preview/{self.delivery.id}")
        none = self.url_open("/invoice/preview/999999999")
        self.assertEqual(mine.status_code, none.status_code)
        self.assertEqual(mine.text, none.text)


@tagged("-at_install", "post_install")
class TestVisitorRights(ClientPageCase):
    """What a visitor does is written by OdooBot, whoever is signed in."""

    def test_portal_user_who_answers_writes_nothing_as_himself(self):
        user = new_test_user(
            self.env,
            login="isc_client",
            password="isc_client_password",
            groups="base.group_portal",
        )
        nonce = self.open_page()
        self.authenticate("isc_client", "isc_client_password")
        self.post("/return", nonce=nonce, name="Ana", reason="No")
        self.env.invalidate_all()
        self.assertEqual(self.delivery.state, "return")
        written = self.delivery.event_ids | self.delivery.answer_event_id
        self.assertNotIn(user, written.create_uid)
        self.assertEqual(self.delivery.write_uid.id, SUPERUSER_ID)
        self.assertEqual(self.invoice.write_uid.id, SUPERUSER_ID)
        self.assertEqual(self.invoice.activity_ids.create_uid.id, SUPERUSER_ID)
