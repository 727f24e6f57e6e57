from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tests.common import new_test_user

from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestUndo(InvoiceSendCase):
    """Undo pause, send later, cancelling, sending now (B18)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.invoice_undo_seconds = 10
        cls.partner_a.invoice_sending_method = "email"
        cls.Run = cls.env["invoice.send.run"].sudo()

    def open_window(self, count=2, **values):
        invoices = self.env["account.move"].union(
            *(self.make_invoice() for _number in range(count))
        )
        return (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create(values)
        )

    def pass_by(self):
        with self.mail_server() as taken:
            self.Run._process_due()
        return taken

    def test_two_documents_wait_for_the_end_of_the_undo_pause(self):
        window = self.open_window()
        action = window.action_send_and_print()
        self.assertEqual(action["tag"], "invoice_send_client.undo")
        self.assertEqual(action["params"]["seconds"], 10)
        self.assertEqual(action["params"]["run_ids"], window.run_id.ids)
        self.assertFalse(self.pass_by())
        with freeze_time(window.run_id.start_datetime + timedelta(seconds=1)):
            self.assertEqual(len(self.pass_by()), 2)

    def test_single_document_has_no_undo_pause(self):
        window = self.open_window(1)
        self.assertEqual(window.action_send_and_print()["tag"], "display_notification")
        self.assertFalse(window.run_id.start_datetime)

    def test_undo_brings_the_window_back_as_it_was_and_send_works_again(self):
        window = self.open_window(note="Please pay")
        window.line_ids[0].email_to = "other@alfa.example"
        window.action_send_and_print()
        run = window.run_id
        action = run.action_undo()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (window._name, window.id)
        )
        self.assertEqual(set(run.delivery_ids.mapped("state")), {"cancel"})
        self.assertEqual(window.note, "Please pay")
        self.assertEqual(window.line_ids[0].email_to, "other@alfa.example")
        self.assertFalse(self.pass_by())
        window.action_send_and_print()
        window.run_id.action_send_now()
        taken = self.pass_by()
        self.assertIn(["other@alfa.example"], [recipients for recipients, _m in taken])
        self.assertEqual(len(taken), 2)

    def put_off(self, **values):
        """:return: the delivery of a document whose mail server is out of order"""
        invoice = self.make_invoice()
        answer = ConnectionRefusedError("out of order")
        self.send(invoice, {"ana@alfa.example": answer}, **values)
        [delivery] = invoice.invoice_delivery_ids.sudo()
        self.assertEqual(delivery.state, "outgoing")
        return delivery

    def press_send_with(self, delivery):
        """Press Send for a document that waits already, and another one.

        :return: the window
        """
        moves = delivery.move_id | self.make_invoice()
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({})
        )
        window.line_ids.to_send = True
        window.action_send_and_print()
        self.assertEqual(delivery.state, "cancel")
        return window

    def pass_after(self, moment):
        """:return: the mails that leave in a pass after the undo pause and a moment"""
        pause = fields.Datetime.now() + timedelta(seconds=60)
        with freeze_time(max(moment, pause) + timedelta(seconds=1)):
            return self.pass_by()

    def test_undo_lets_an_earlier_sending_go_on_and_one_mail_leaves(self):
        delivery = self.put_off()
        due, reason = delivery.next_attempt_datetime, delivery.failure_reason
        window = self.press_send_with(delivery)
        window.run_id.action_undo()
        self.assertEqual(delivery.state, "outgoing")
        self.assertEqual(delivery.next_attempt_datetime, due)
        self.assertEqual(delivery.failure_reason, reason)
        self.assertEqual(delivery.move_id.invoice_delivery_state, "outgoing")
        self.assertEqual(
            [to for to, _mail in self.pass_after(due)], [["ana@alfa.example"]]
        )
        self.assertEqual(delivery.state, "sent")
        self.assertFalse(self.pass_after(due))

    def test_sending_that_is_not_undone_replaces_the_earlier_one(self):
        delivery = self.put_off()
        due = delivery.next_attempt_datetime
        self.press_send_with(delivery)
        self.assertEqual(len(self.pass_after(due)), 2)
        self.assertEqual(delivery.state, "cancel")
        self.assertFalse(self.pass_after(due))

    def test_window_that_came_back_by_undo_replaces_the_earlier_one_again(self):
        delivery = self.put_off()
        due = delivery.next_attempt_datetime
        window = self.press_send_with(delivery)
        window.run_id.action_undo()
        window.action_send_and_print()
        self.assertEqual(delivery.state, "cancel")
        self.assertEqual(len(self.pass_after(due)), 2)
        self.assertFalse(self.pass_after(due))

    def test_undo_lets_what_was_to_be_sent_later_leave_at_its_time(self):
        later = fields.Datetime.now().replace(microsecond=0) + timedelta(days=1)
        invoice = self.make_invoice()
        self.send(invoice, scheduled_datetime=later)
        [delivery] = invoice.invoice_delivery_ids.sudo()
        window = self.press_send_with(delivery)
        self.assertEqual(delivery.line_id.state, "skipped")
        window.run_id.action_undo()
        self.assertEqual(delivery.line_id.state, "waiting")
        self.assertFalse(self.pass_after(fields.Datetime.now()))
        self.assertEqual(len(self.pass_after(later)), 1)
        self.assertEqual(delivery.state, "sent")

    def test_undo_lets_the_way_inside_the_system_go_on(self):
        user = new_test_user(
            self.env,
            "ana.portal",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        user.partner_id.parent_id = self.partner_a
        self.partner_a.invoice_sending_method = "network"
        later = fields.Datetime.now().replace(microsecond=0) + timedelta(days=1)
        invoice = self.make_invoice()
        self.send(invoice, sending_methods=["network"], scheduled_datetime=later)
        [delivery] = invoice.invoice_delivery_ids.sudo()
        window = self.press_send_with(delivery)
        window.run_id.action_undo()
        self.assertEqual(delivery.state, "outgoing")
        self.assertEqual(delivery.next_attempt_datetime, later)

    def test_undo_brings_nothing_back_of_a_document_that_was_reset(self):
        delivery = self.put_off()
        window = self.press_send_with(delivery)
        delivery.move_id.button_draft()
        with self.assertRaisesRegex(UserError, "too late"):
            window.run_id.action_undo()
        window.run_id.sudo()._bring_back_replaced()
        self.assertEqual(delivery.state, "cancel")

    def test_undo_leaves_no_trace_on_the_documents(self):
        window = self.open_window()
        moves = window.line_ids.move_id
        window.action_send_and_print()
        self.assertEqual(set(moves.mapped("invoice_delivery_state")), {"outgoing"})
        window.run_id.action_undo()
        self.assertEqual(set(moves.mapped("invoice_delivery_state")), {False})
        self.assertFalse(any(moves.mapped("is_being_sent")))

    def test_undo_is_refused_once_something_left(self):
        window = self.open_window()
        window.action_send_and_print()
        run = window.run_id
        run.delivery_ids[0].sudo().next_attempt_datetime = False
        self.assertEqual(len(self.pass_by()), 1)
        with self.assertRaisesRegex(UserError, "too late"):
            run.action_undo()
        run.action_cancel_waiting()
        self.assertEqual(sorted(run.delivery_ids.mapped("state")), ["cancel", "sent"])

    def test_cancel_withdraws_what_waits_and_nothing_else(self):
        window = self.open_window()
        window.scheduled_datetime = fields.Datetime.now() + timedelta(days=1)
        window.action_send_and_print()
        run = window.run_id
        self.assertEqual(run.start_datetime, window.scheduled_datetime)
        run.action_cancel_waiting()
        self.assertEqual((run.skipped_count, run.state), (2, "done"))
        with self.assertRaisesRegex(UserError, "Nothing waits"):
            run.action_cancel_waiting()

    def test_mail_that_is_leaving_can_not_be_cancelled(self):
        window = self.open_window()
        window.action_send_and_print()
        leaving = window.run_id.delivery_ids[0].sudo()
        leaving._start_attempt()
        window.run_id.action_cancel_waiting()
        self.assertEqual(leaving.state, "outgoing")

    def test_what_waits_for_its_time_can_be_sent_now(self):
        window = self.open_window()
        window.scheduled_datetime = fields.Datetime.now() + timedelta(days=1)
        window.action_send_and_print()
        window.run_id.action_send_now()
        self.assertEqual(len(self.pass_by()), 2)
        with self.assertRaisesRegex(UserError, "Nothing waits"):
            window.run_id.action_send_now()

    def test_single_document_can_be_sent_later(self):
        later = fields.Datetime.now() + timedelta(hours=1)
        invoice = self.make_invoice()
        with self.mail_server() as taken:
            action = self.make_wizard(
                invoice, scheduled_datetime=later
            ).action_send_and_print()
        self.assertFalse(taken)
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(invoice.name, action["params"]["message"])
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual(delivery.next_attempt_datetime, later)
        self.assertEqual(delivery.run_id.start_datetime, later)

    def send_file_later(self, invoice):
        """:return: the delivery of tomorrow, and the file that goes with its letter, as
        Odoo's window uploads it"""
        pending = {"res_model": "mail.compose.message", "res_id": 0}
        file = self.env["ir.attachment"].create(
            {"name": "plan.txt", "raw": b"plan", **pending}
        )
        wizard = self.make_wizard(invoice)
        added = {"id": file.id, "name": file.name, "mimetype": file.mimetype}
        wizard.write(
            {
                "scheduled_datetime": fields.Datetime.now() + timedelta(days=2),
                "mail_attachments_widget": [
                    *wizard.mail_attachments_widget,
                    {**added, "placeholder": False, "manual": True},
                ],
            }
        )
        wizard.action_send_and_print()
        return invoice.sudo().invoice_delivery_ids, file

    def test_file_of_what_leaves_in_two_days_outlives_odoos_cleaning(self):
        delivery, file = self.send_file_later(self.make_invoice())
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_attachment SET create_date = now() - interval '2 days',"
            " write_date = now() - interval '2 days' WHERE id = %s",
            [file.id],
        )
        self.env.invalidate_all()
        self.env["mail.compose.message"].sudo()._gc_lost_attachments()
        delivery.next_attempt_datetime = False
        [(_to, message)] = self.pass_by()
        names = [part.get_filename() for part in message.iter_attachments()]
        self.assertEqual(names, ["plan.txt"])

    def test_file_that_was_deleted_meanwhile_keeps_the_mail_back(self):
        delivery, _file = self.send_file_later(self.make_invoice())
        kept = [("res_model", "=", "invoice.send.run"), ("name", "=", "plan.txt")]
        self.env["ir.attachment"].sudo().search(kept).unlink()
        delivery.next_attempt_datetime = False
        self.assertFalse(self.pass_by())
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "render"))
        self.assertIn("has been deleted", delivery.failure_reason)

    def test_user_without_the_documents_can_neither_undo_nor_cancel(self):
        window = self.open_window()
        window.action_send_and_print()
        stranger = new_test_user(self.env, "stranger", groups="base.group_user")
        run = window.run_id.with_user(stranger)
        for button in ("action_cancel_waiting", "action_send_now", "action_undo"):
            with self.subTest(button=button), self.assertRaises(AccessError):
                getattr(run, button)()
