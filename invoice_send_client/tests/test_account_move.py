from odoo.tests import tagged

from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestAccountMove(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )

    def summary(self, *deliveries):
        """:return: the invoice's state and problem mark for these deliveries alone"""
        self.invoice.invoice_delivery_ids.sudo().unlink()
        for values in deliveries:
            self.make_delivery(self.invoice, **values)
        move = self.invoice
        return move.invoice_delivery_state, move.invoice_delivery_problem

    def test_best_progress_of_all_recipients_is_shown(self):
        order = ("outgoing", "sent", "open", "view", "download", "accept")
        for worse, better in zip(order, order[1:], strict=False):
            self.assertEqual(
                self.summary({"state": better}, {"state": worse}), (better, False)
            )

    def test_return_beats_all_until_a_later_accept(self):
        returned = {"state": "return", "return_datetime": "2026-11-21 10:00:00"}
        early = {"state": "accept", "accept_datetime": "2026-11-21 09:00:00"}
        late = {"state": "accept", "accept_datetime": "2026-11-21 11:00:00"}
        self.assertEqual(self.summary(returned, early)[0], "return")
        self.assertEqual(self.summary(returned, late)[0], "accept")

    def test_error_only_when_nothing_got_through(self):
        self.assertEqual(self.summary({"state": "error"}), ("error", True))
        self.assertEqual(self.summary({"state": "bounce"}), ("error", True))
        self.assertEqual(
            self.summary({"state": "error"}, {"state": "sent"}), ("sent", True)
        )

    def test_hidden_copies_staff_and_cancelled_count_for_nothing(self):
        for values in (
            {"state": "view", "role": "bcc"},
            {"state": "view", "is_internal": True},
            {"state": "cancel"},
            {"state": "view", "is_current": False},
        ):
            with self.subTest(values=values):
                self.assertEqual(self.summary(values), (False, False))

    def test_first_dates_and_addresses_are_kept(self):
        self.summary(
            {
                "state": "view",
                "sent_datetime": "2026-11-21 10:00:00",
                "view_datetime": "2026-11-21 12:00:00",
            },
            {
                "state": "sent",
                "email": "b@x.ro",
                "sent_datetime": "2026-11-22 10:00:00",
            },
        )
        self.assertEqual(str(self.invoice.invoice_sent_datetime), "2026-11-21 10:00:00")
        self.assertEqual(str(self.invoice.invoice_view_datetime), "2026-11-21 12:00:00")
        self.assertEqual(
            self.invoice.invoice_delivery_recipients, "ana@alfa.example, b@x.ro"
        )

    def test_copy_of_a_sent_invoice_was_never_sent(self):
        self.summary({"state": "view", "sent_datetime": "2026-11-21 10:00:00"})
        copy = self.invoice.copy()
        self.assertFalse(copy.invoice_delivery_ids)
        self.assertFalse(copy.invoice_delivery_state)
        self.assertFalse(copy.invoice_sent_datetime)
