from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestInterruptions(InvoiceSendCase):
    """Somebody, or a crash, comes between two steps of a sending (B3, B5, B19)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"
        cls.Run = cls.env["invoice.send.run"].sudo()

    def put_off(self, invoice=None, **values):
        """:return: the delivery of a document whose server said "later" """
        invoice = invoice or self.make_invoice()
        self.send(invoice, {"ana@alfa.example": (451, b"Later")}, **values)
        [delivery] = invoice.sudo().invoice_delivery_ids
        self.assertEqual(delivery.state, "outgoing")
        return delivery

    def send_together(self):
        """:return: the lines of two documents that wait to go in one mail"""
        moves = self.make_invoice() | self.make_invoice()
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"one_mail_per_customer": True})
        )
        window.action_send_and_print()
        return window.run_id.sudo().line_ids.sorted("id")

    def test_what_an_attempt_was_begun_for_is_never_due_again(self):
        delivery = self.put_off()
        delivery.next_attempt_datetime = False
        self.assertTrue(delivery._is_due())
        delivery._start_attempt()
        self.assertFalse(delivery._is_due())

    def test_withdrawn_delivery_is_put_off_no_more(self):
        delivery = self.put_off()
        delivery._set_cancelled()
        events = delivery.event_ids
        delivery._set_deferred("server", "Connection refused")
        self.assertEqual(delivery.state, "cancel")
        self.assertFalse(delivery.next_attempt_datetime)
        self.assertEqual(delivery.event_ids, events)

    def test_documents_of_one_mail_are_mended_by_who_holds_the_first(self):
        lines = self.send_together()
        self.assertEqual(lines.lead_line_id, lines[0])
        lines.is_summary_due = True
        held = self.Run._hold

        @contextmanager
        def hold(_run, wanted):
            self.assertEqual(wanted, lines[0])
            with held(wanted):
                yield wanted.browse()  # another worker sends them

        with patch.object(type(self.Run), "_hold", hold):
            lines._mend_summaries()
        self.assertEqual(lines.mapped("is_summary_due"), [True, True])
        lines._mend_summaries()
        self.assertEqual(lines.mapped("is_summary_due"), [False, False])

    def test_trouble_puts_off_all_documents_of_one_mail(self):
        lines = self.send_together()
        lines[0]._note_trouble(ValueError("surprise"))
        times = lines.delivery_ids.mapped("next_attempt_datetime")
        self.assertEqual(len(times), 2)
        self.assertTrue(all(time > fields.Datetime.now() for time in times))
        self.assertEqual(lines.mapped("attempt_count"), [1, 1])

    def test_document_that_failed_before_its_letter_is_not_being_sent(self):
        delivery = self.put_off()
        line, move = delivery.line_id, delivery.move_id
        line.state = "waiting"
        self.assertTrue(move.is_being_sent)
        delivery._set_error("server", "Connection refused")
        move.invalidate_recordset(["is_being_sent"])
        self.assertFalse(move.is_being_sent)

    def test_look_for_the_answer_stays_due_though_an_earlier_one_was_interrupted(self):
        delivery = self.put_off()
        delivery.next_attempt_datetime = False
        line = delivery.line_id
        line.write({"attempt_count": 1, "edi_wait_datetime": fields.Datetime.now()})
        line._stand_back()
        self.assertTrue(line._is_edi_look_due())
        line.edi_wait_datetime = False
        line._stand_back()
        self.assertFalse(line._is_edi_look_due())

    def test_e_invoice_handed_in_by_an_interrupted_attempt_is_not_asked_for_again(self):
        line = self.put_off().line_id
        Send = type(self.env["account.move.send"])
        with patch.object(Send, "_get_default_extra_edis", lambda *_a: {"b", "c"}):
            settings = line._without_sent_edis({"extra_edis": {"a", "b"}})
            self.assertEqual(settings["extra_edis"], {"b"})
            self.assertEqual(line._without_sent_edis({}), {})

    def test_address_is_corrected_though_a_chosen_contact_is_gone(self):
        contact = self.env["res.partner"].create(
            {"name": "Ion", "email": "ion@alfa.example"}
        )
        invoice = self.make_invoice()
        self.send(
            invoice,
            {"ana@alfa.example": (550, b"No such user")},
            mail_partner_ids=(self.partner_a | contact).ids,
            email_to="ana@alfa.example",
        )
        [delivery] = invoice.invoice_delivery_ids
        delivery.sudo().line_id.mail_partner_ids = (self.partner_a | contact).ids
        contact.unlink()
        dialog = self.env["invoice.delivery.correct.address"].create(
            {"delivery_id": delivery.id, "email": "new@alfa.example"}
        )
        with self.mail_server() as taken:
            dialog.action_confirm()
            self.Run._process_due()
        self.assertEqual([to for to, _mail in taken], [["new@alfa.example"]])
        self.assertEqual(delivery.state, "sent")

    def test_document_that_becomes_ready_calls_the_sending(self):
        move = self.make_invoice()
        other = self.make_invoice()
        self.env["invoice.send.request"].sudo().create(
            {"move_id": move.id, "user_id": self.env.uid}
        )
        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search_count([])
        other._action_invoice_ready_to_be_sent()
        self.assertEqual(triggers.search_count([]), before)
        move._action_invoice_ready_to_be_sent()
        self.assertGreater(triggers.search_count([]), before)

    def test_wake_of_one_that_is_held_leaves_the_others_awake(self):
        held, other = (self.put_off().line_id for _number in range(2))
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        for line in (held, other):
            line.write({"state": "waiting", "edi_wait_datetime": tomorrow})
            line.next_attempt_datetime = tomorrow
        wake = type(self.Run)._wake

        def refuse(run, lines):
            return held not in lines and wake(run, lines)

        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search([])
        with patch.object(type(self.Run), "_wake", refuse):
            self.Run._wake_edi_answered()
        self.assertFalse(other.next_attempt_datetime)
        self.assertEqual(held.next_attempt_datetime, tomorrow)
        self.assertTrue(triggers.search([]) - before)

    def test_slow_e_invoice_service_is_asked_once_for_documents_of_one_mail(self):
        lines = self.send_together()
        lines.write({"edi_wait_datetime": fields.Datetime.now(), "state": "waiting"})
        held = self.Run._hold

        @contextmanager
        def hold(run, wanted):
            # the first is held by the worker itself, which can't hold it twice
            self.assertNotIn(lines[0], wanted)
            with held(wanted) as got:
                yield got

        with patch.object(type(self.Run), "_hold", hold):
            lines[0]._spare_slow_edi()
        self.assertGreater(lines[1].next_attempt_datetime, fields.Datetime.now())

    def test_wake_of_answered_documents_holds_up_nothing_where_they_are_held(self):
        line = self.put_off().line_id
        line.write({"state": "waiting", "edi_wait_datetime": fields.Datetime.now()})
        line.next_attempt_datetime = fields.Datetime.now() + timedelta(days=1)
        self.Run._wake_edi_answered()
        self.assertFalse(line.next_attempt_datetime)
