from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestSendServer(InvoiceSendCase):
    """A mail server that is not reached is left alone, one that is slow is spared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.env["ir.mail_server"].search([])
        cls.company.invoice_mail_server_id = cls.server
        cls.partner_a.invoice_sending_method = "email"
        cls.Run = cls.env["invoice.send.run"].sudo()

    def down(self):
        """:return: patch: nobody answers; the mock counts who asked"""
        return patch("smtplib.SMTP", side_effect=ConnectionRefusedError("refused"))

    def press_send_for(self, count):
        """:return: the deliveries of as many documents, waiting for the cron"""
        invoices = self.env["account.move"].union(
            *(self.make_invoice() for _number in range(count))
        )
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({})
        )
        window.action_send_and_print()
        return window.run_id.delivery_ids.sorted("id")

    def pass_by(self):
        with self.mail_server() as taken:
            self.Run._process_due()
        return taken

    def pass_by_while_down(self):
        MailServer = type(self.env["ir.mail_server"])
        with (
            self.down() as asked,
            patch.object(MailServer, "_disable_send", lambda _self: False),
        ):
            self.Run._process_due()
        return asked.call_count

    def test_server_that_is_down_is_asked_once_a_pass(self):
        deliveries = self.press_send_for(5)
        self.assertEqual(self.pass_by_while_down(), 1)
        self.assertEqual(set(deliveries.mapped("state")), {"outgoing"})
        self.assertEqual(set(deliveries.mapped("attempt_count")), {1})
        for delivery in deliveries:
            self.assertIn("refused", delivery.failure_reason)
            self.assertGreater(delivery.next_attempt_datetime, fields.Datetime.now())

    def test_mail_of_an_unreached_server_is_none_for_odoos_queue(self):
        deliveries = self.press_send_for(2)
        self.pass_by_while_down()
        mails = self.env["mail.mail"].sudo()
        own = [("invoice_delivery_ids", "in", deliveries.ids)]
        self.assertFalse(mails.search([*own, ("state", "=", "outgoing")]))

    def test_nothing_waits_forever_for_a_server_that_stays_down(self):
        deliveries = self.press_send_for(3)
        moment, asked = fields.Datetime.now(), 0
        for _attempt in range(5):
            self.assertEqual(set(deliveries.mapped("state")), {"outgoing"})
            with freeze_time(moment):
                asked += self.pass_by_while_down()
            moment = max(
                [moment, *filter(None, deliveries.mapped("next_attempt_datetime"))]
            ) + timedelta(seconds=1)
        self.assertEqual(asked, 5)
        self.assertEqual(set(deliveries.mapped("state")), {"error"})
        self.assertEqual(set(deliveries.mapped("failure_type")), {"server"})

    def test_all_leave_once_the_server_is_back_and_the_pause_is_over(self):
        deliveries = self.press_send_for(3)
        self.pass_by_while_down()
        self.assertFalse(self.pass_by())
        later = max(deliveries.mapped("next_attempt_datetime")) + timedelta(seconds=1)
        with freeze_time(later):
            self.assertEqual(len(self.pass_by()), 3)
        self.assertFalse(self.env["invoice.send.server"].sudo().search([]))

    def test_what_is_made_due_by_hand_asks_a_paused_server(self):
        deliveries = self.press_send_for(3)
        self.pass_by_while_down()
        deliveries.sudo().next_attempt_datetime = False
        self.assertEqual(len(self.pass_by()), 3)

    def test_made_due_by_hand_one_asks_for_all_and_each_counts_it(self):
        deliveries = self.press_send_for(3).sudo()
        self.pass_by_while_down()
        for attempt in range(2, 6):
            self.assertEqual(set(deliveries.mapped("state")), {"outgoing"})
            deliveries.next_attempt_datetime = False
            self.assertEqual(self.pass_by_while_down(), 1)
            self.assertEqual(set(deliveries.mapped("attempt_count")), {attempt})
        self.assertEqual(set(deliveries.mapped("state")), {"error"})
        self.assertEqual(set(deliveries.mapped("failure_type")), {"server"})

    def test_fresh_documents_wait_for_a_paused_server(self):
        self.press_send_for(1)
        self.pass_by_while_down()
        fresh = self.press_send_for(2)
        self.assertEqual(len(self.pass_by()), 0)
        self.assertEqual(set(fresh.mapped("state")), {"outgoing"})
        for delivery in fresh:
            self.assertIn("refused", delivery.failure_reason)

    def test_user_who_presses_send_asks_a_paused_server(self):
        self.press_send_for(1)
        self.pass_by_while_down()
        self.assertEqual(len(self.send(self.make_invoice())), 1)

    def test_retry_by_a_user_ends_the_pause(self):
        self.company.invoice_retry_minutes = "1"
        deliveries = self.press_send_for(2)
        self.pass_by_while_down()
        later = max(deliveries.mapped("next_attempt_datetime")) + timedelta(seconds=1)
        with freeze_time(later):
            self.pass_by_while_down()
        self.assertEqual(set(deliveries.mapped("state")), {"error"})
        with self.mail_server() as taken:
            deliveries.run_id.action_retry_failed()
        self.assertEqual(len(taken), 2)

    def test_throttled_server_takes_so_many_a_minute(self):
        self.server.invoice_mails_per_minute = 2
        deliveries = self.press_send_for(5)
        moment = fields.Datetime.now()
        for expected in (2, 2, 1):
            with freeze_time(moment, tick=True):
                self.assertEqual(len(self.pass_by()), expected)
            moment += timedelta(seconds=75)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(set(deliveries.mapped("attempt_count")), {1})

    def test_sessions_stay_open_from_one_document_to_the_next(self):
        self.press_send_for(3)
        opened = []
        MailServer = type(self.env["ir.mail_server"])
        connect = MailServer._connect__

        def count(server, *args, **kwargs):
            opened.append(args or kwargs)
            return connect(server, *args, **kwargs)

        with patch.object(MailServer, "_connect__", count):
            self.assertEqual(len(self.pass_by()), 3)
        self.assertEqual(len(opened), 1)

    def test_pauses_between_attempts_are_whole_minutes(self):
        for wrong in ("", "soon", "0", "1, -5", "5000", "1.5"):
            with (
                self.subTest(wrong=wrong),
                self.assertRaises(ValidationError),
                mute_logger("odoo.sql_db"),
            ):
                self.company.invoice_retry_minutes = wrong
        self.company.invoice_retry_minutes = "3; 10"
        self.assertEqual(self.company._get_invoice_retry_minutes(), (3, 10))
