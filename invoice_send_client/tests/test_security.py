from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import GROUPS, InvoiceSendCase

MODELS = (
    "invoice.delivery",
    "invoice.delivery.event",
    "invoice.send.run",
    "invoice.send.run.line",
)


@tagged("-at_install", "post_install")
class TestSecurity(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(
                cls.env, login=f"isc_{name}", groups=group, company_id=cls.company.id
            )
            for name, group in GROUPS.items()
        }
        other = cls.env["res.company"].create({"name": "Other"})
        cls.users["stranger"] = new_test_user(
            cls.env,
            login="isc_stranger",
            groups="account.group_account_invoice",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice()
        self.send(self.invoice)
        delivery = self.invoice.invoice_delivery_ids
        self.records = [
            delivery,
            delivery.event_ids,
            delivery.run_id,
            delivery.line_id,
        ]

    def test_evidence_has_readers_and_no_writers(self):
        for name in ("biller", "reader"):
            for record in self.records:
                record = record.with_user(self.users[name])
                record.check_access("read")
                for operation in ("write", "create", "unlink"):
                    with self.subTest(name=name, model=record._name, op=operation):
                        self.assertFalse(record.has_access(operation))

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_others_see_nothing(self):
        for name in ("portal", "plain", "stranger"):
            for record in self.records:
                user = self.users[name]
                record = record.with_user(user).with_context(
                    allowed_company_ids=user.company_ids.ids
                )
                with self.subTest(name=name, model=record._name):
                    self.assertFalse(record.has_access("read"))

    def test_nobody_reads_the_key_of_a_link(self):
        delivery = self.records[0].with_user(self.users["biller"])
        with self.assertRaises(AccessError):
            delivery.read(["link_key"])
        self.assertTrue(delivery._get_landing_url())

    def test_accountant_without_further_rights_can_send(self):
        invoice = self.make_invoice().with_user(self.users["biller"])
        with self.mail_server() as taken:
            wizard = (
                self.env["account.move.send.wizard"]
                .with_user(self.users["biller"])
                .with_context(active_model="account.move", active_ids=invoice.ids)
                .create({"sending_methods": ["email"]})
            )
            wizard.action_send_and_print()
        self.assertEqual(len(taken), 1)
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertEqual(
            invoice.invoice_delivery_ids.run_id.user_id, self.users["biller"]
        )

    def test_result_of_another_users_sending_is_refused(self):
        run = self.records[2]
        wizard = (
            self.env["account.move.send.wizard"]
            .with_user(self.users["biller"])
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create({"sending_methods": ["email"]})
        )
        with self.assertRaisesRegex(Exception, "another user"):
            wizard.action_read_result(run.id)
