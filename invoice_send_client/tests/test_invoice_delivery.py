from datetime import datetime, timedelta

from odoo.tests import freeze_time, tagged

from ..const import DELIVERY_STATES, DELIVERY_TRANSITIONS, RETRY_MINUTES
from ..tools.verdict import TAKEN, Verdict
from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestInvoiceDelivery(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )

    def make(self, **values):
        return self.make_delivery(self.invoice, **values)

    def find(self, token):
        # sudo: the controllers ask as OdooBot
        return self.env["invoice.delivery"].sudo()._find_by_token(token)

    def test_every_state_follows_only_its_sources(self):
        states = [state for state, _label in DELIVERY_STATES]
        for target in states:
            for source in states:
                with self.subTest(source=source, target=target):
                    delivery = self.make(state=source)
                    moved = delivery._update_state(target)
                    allowed = source in DELIVERY_TRANSITIONS[target]
                    self.assertEqual(bool(moved), allowed)
                    self.assertEqual(delivery.state, target if allowed else source)

    def test_sent_only_when_the_server_took_it(self):
        delivery = self.make()
        delivery._start_attempt()
        self.assertFalse(delivery.sent_datetime)
        delivery._end_attempt(TAKEN)
        self.assertEqual(delivery.state, "sent")
        self.assertTrue(delivery.sent_datetime)
        self.assertEqual(delivery.event_ids.mapped("event_type"), ["sent"])

    def test_final_refusal_keeps_the_servers_words(self):
        delivery = self.make()
        delivery._start_attempt()
        delivery._end_attempt(Verdict("refused", "550 No such user"))
        self.assertRecordValues(
            delivery,
            [
                {
                    "state": "error",
                    "failure_type": "refused",
                    "failure_reason": "550 No such user",
                    "sent_datetime": False,
                    "attempt_datetime": False,
                }
            ],
        )

    @freeze_time("2026-11-21 10:00:00")
    def test_put_off_waits_longer_each_time_and_gives_up(self):
        delivery = self.make()
        for minutes in RETRY_MINUTES:
            delivery._start_attempt()
            delivery._end_attempt(Verdict("deferred", "451 Later", retry=True))
            self.assertEqual(delivery.state, "outgoing")
            self.assertFalse(delivery._is_due())
            self.assertEqual(
                delivery.next_attempt_datetime,
                datetime(2026, 11, 21, 10) + timedelta(minutes=minutes),
            )
        delivery._start_attempt()
        delivery._end_attempt(Verdict("deferred", "451 Later", retry=True))
        self.assertRecordValues(
            delivery, [{"state": "error", "failure_type": "deferred"}]
        )
        events = delivery.event_ids.mapped("event_type")
        self.assertEqual(events, ["outgoing"] * len(RETRY_MINUTES) + ["error"])

    def test_attempt_without_verdict_may_have_arrived_and_is_not_repeated(self):
        delivery = self.make()
        delivery._start_attempt()
        delivery._close_broken_attempts()
        self.assertRecordValues(
            delivery, [{"state": "error", "failure_type": "unknown"}]
        )
        self.assertFalse(delivery._is_due())

    def test_view_of_an_unknown_one_proves_that_it_arrived(self):
        delivery = self.make(state="error", failure_type="unknown")
        delivery._update_state("view")
        self.assertEqual(delivery.state, "view")

    def test_link_leads_back_to_its_delivery_and_to_no_other(self):
        first, second = self.make(), self.make()
        token = first._get_token()
        self.assertEqual(self.find(token), first)
        self.assertNotEqual(token, second._get_token())
        self.assertNotIn(str(first.id), token.split("/"))
        self.assertTrue(first._get_landing_url().endswith(f"/invoice/d/{token}"))

    def test_reset_to_draft_cancels_what_waits_and_kills_the_links(self):
        waiting, sent = self.make(), self.make(state="sent")
        token = sent._get_token()
        self.invoice.button_draft()
        self.assertEqual((waiting.state, sent.state), ("cancel", "sent"))
        self.assertFalse(self.invoice.invoice_delivery_state)
        self.assertFalse(sent._get_token())
        self.invoice.action_post()
        self.assertFalse(self.find(token))
        self.assertFalse(self.invoice.invoice_delivery_state)
