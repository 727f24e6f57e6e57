from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import InvoiceSendCase


@tagged("post_install", "-at_install")
class TestAccountMoveSendBatchWizard(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"

    def make_invoices(self, count):
        """:return: posted invoices of the first customer"""
        return self.env["account.move"].union(
            *(self.make_invoice() for _i in range(count))
        )

    def make_invoice_for(self, name, email, post=True):
        """:return: an invoice of a new customer"""
        partner = self.env["res.partner"].create({"name": name, "email": email})
        return self.init_invoice(
            "out_invoice", partner=partner, amounts=[1.0], post=post
        )

    def open_window(self, moves):
        """:return: the review window, as the buttons open it"""
        action = moves.action_open_send_window()
        self.assertEqual(action["res_model"], "account.move.send.batch.wizard")
        return self.env[action["res_model"]].browse(action["res_id"])

    def press_send(self, wizard, answers=None):
        """:return: the mails that the server took"""
        with self.mail_server(answers) as taken:
            wizard.action_send_and_print()
        return taken

    def line_of(self, wizard, move):
        return wizard.line_ids.filtered(lambda line: line.move_id == move)

    def test_selection_with_trouble_opens_and_the_good_ones_leave(self):
        good = self.make_invoices(3)
        draft = self.make_invoice_for("Delta", "delta@delta.example", post=False)
        cancelled = self.make_invoice_for("Eta", "eta@eta.example", post=False)
        cancelled.button_cancel()
        unknown = self.make_invoice_for("Epsilon", False)
        bounced = self.make_invoice_for("Zeta", "zeta@zeta.example")
        self.make_delivery(bounced, email="zeta@zeta.example", state="bounce")
        wizard = self.open_window(good | draft | cancelled | unknown | bounced)
        blocked = wizard.line_ids.filtered("blocked")
        self.assertEqual(blocked.move_id, draft | cancelled | unknown)
        self.assertTrue(all(blocked.mapped("block_reason")))
        self.assertFalse(any(blocked.mapped("to_send")))
        doubtful = self.line_of(wizard, bounced)
        self.assertFalse(doubtful.to_send or doubtful.blocked)
        self.assertIn("zeta@zeta.example", doubtful.warning)
        self.assertEqual(wizard.move_ids, good)
        self.assertEqual(len(self.press_send(wizard)), 3)
        self.assertEqual(set(good.mapped("invoice_delivery_state")), {"sent"})
        self.assertFalse(any((draft | cancelled | unknown).mapped("sending_data")))
        self.assertEqual(wizard.run_id.skipped_count, 4)

    def test_each_row_leaves_as_it_stands(self):
        first = self.make_invoice()
        second = self.make_invoice_for("Beta", "beta@beta.example")
        wizard = self.open_window(first | second)
        one, two = wizard.line_ids
        one.write({"email_to": "x@alfa.example", "email_cc": "y@alfa.example"})
        one.subject = "My own words"
        two.write({"document_mode": "attachment"})
        taken = self.press_send(wizard)
        self.assertEqual(
            [recipients for recipients, _message in taken],
            [["x@alfa.example"], ["y@alfa.example"], ["beta@beta.example"]],
        )
        self.assertEqual(taken[0][1]["Subject"], "My own words")

    def test_only_unsendable_documents_are_refused_in_words(self):
        draft = self.init_invoice(
            "out_invoice", partner=self.partner_a, amounts=[1.0], post=False
        )
        other = draft.copy()
        with self.assertRaisesRegex(UserError, "A draft"):
            (draft | other).action_send_and_print()
