from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from psycopg2 import IntegrityError, OperationalError

from odoo import Command, fields
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from ..const import REMINDER_TYPES
from .common import InvoiceSendCase

LOGGER = "odoo.addons.invoice_send_client.models.account_move_remind"


class ReminderCase(InvoiceSendCase):
    """Reminders after 7 days, at most three of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ro_RO")
        cls.env["res.lang"]._activate_lang("bg_BG")
        cls.today = fields.Date.today()
        cls.company.invoice_sender_name = "Seller invoices"
        cls.root = cls.env.ref("base.user_root")

    def remind_after(self, unread=0, unpaid=0, company=None, **values):
        """Set the company's reminders."""
        (company or self.company).write(
            {
                "invoice_remind_unread_days": unread,
                "invoice_remind_unpaid_days": unpaid,
                **values,
            }
        )

    def make_sent(self, days, state="sent", due=None, move=None, **values):
        """:return: an invoice sent so many days ago, by a link

        :param int due: days since the due date, below 0 for days to come
        """
        move = move or self.make_invoice()
        self.set_due(move, -30 if due is None else due)
        if state not in ("error", "cancel"):
            values.setdefault("sent_datetime", self.days_ago(days))
        if state == "return":
            values.setdefault("return_datetime", self.days_ago(days))
        self.make_delivery(move, state=state, **values)
        return move

    def set_due(self, move, days):
        """Let the due date be so many days ago."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET invoice_date_due = %s WHERE id = %s",
            [self.today - timedelta(days=days), move.id],
        )
        move.invalidate_recordset(["invoice_date_due"])

    def days_ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)

    def remind(self, answers=None):
        """Let the daily job work, and the mails leave.

        :return: the mails that the server took
        """
        with self.mail_server(answers) as taken:
            self.env["account.move"]._cron_remind_clients()
        return taken

    def let_days_pass(self, move, days):
        """Let everything that happened to a document be so many days older."""
        self.env.flush_all()
        for delivery in move.sudo().invoice_delivery_ids:
            delivery.sent_datetime = delivery.sent_datetime and (
                delivery.sent_datetime - timedelta(days=days)
            )
        for name in ("unread", "unpaid"):
            field = f"invoice_{name}_reminder_datetime"
            if move[field]:
                move[field] -= timedelta(days=days)

    def get_kinds(self, move):
        """:return: what the document's sendings remind of, oldest first"""
        lines = move.sudo().invoice_send_line_ids.sorted("id")
        return lines.mapped("reminder_type")

    def pay(self, move, amount=None):
        values = {"amount": amount} if amount else {}
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create(values)._create_payments()


@tagged("-at_install", "post_install")
class TestReminders(ReminderCase):
    # -- off by default ----------------------------------------------------------------

    def test_nobody_is_reminded_unless_the_company_wants_it(self):
        company = self.env["res.company"].create({"name": "New SRL"})
        self.assertEqual(company.invoice_remind_unread_days, 0)
        self.assertEqual(company.invoice_remind_unpaid_days, 0)
        self.assertEqual(company.invoice_remind_times, 3)
        self.make_sent(400, due=300)
        self.assertFalse(self.remind())

    def test_job_is_asked_for_once_a_day_and_ends_at_once_while_off(self):
        cron = self.env.ref("invoice_send_client.ir_cron_remind_clients")
        self.assertEqual((cron.interval_number, cron.interval_type), (1, "days"))
        self.assertEqual((cron.user_id, cron.active), (self.root, True))
        self.make_sent(400, due=300)
        self.env.flush_all()
        with self.assertQueryCount(2):
            self.env["account.move"]._cron_remind_clients()

    def test_days_below_zero_are_refused_in_words(self):
        for name in (
            "invoice_remind_unread_days",
            "invoice_remind_unpaid_days",
            "invoice_remind_times",
        ):
            with (
                self.subTest(name=name),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self.company[name] = -1
                self.env.flush_all()
            constraint = getattr(type(self.company), f"_{name}_positive")
            message = constraint.get_error_message(self.company)
            self.assertIn("can't be below 0", str(message))

    def test_settings_show_them(self):
        with Form(self.env["res.config.settings"]) as form:
            form.invoice_remind_unread_days = 5
            form.invoice_remind_unpaid_days = 10
            form.invoice_remind_times = 2
        form.record.execute()
        self.assertEqual(self.company.invoice_remind_unread_days, 5)
        self.assertEqual(self.company.invoice_remind_unpaid_days, 10)
        self.assertEqual(self.company.invoice_remind_times, 2)

    # -- not viewed --------------------------------------------------------------------

    def test_what_nobody_viewed_is_reminded_of_once_after_the_days(self):
        self.remind_after(unread=7)
        invoice, fresh = self.make_sent(7), self.make_sent(6)
        [(to, message)] = self.remind()
        self.assertEqual(to, ["ana@alfa.example"])
        self.assertEqual(
            message["Subject"], f"Reminder: document {invoice.name} from Seller SRL"
        )
        self.assertEqual(invoice.invoice_unread_reminder_count, 1)
        self.assertEqual(self.get_kinds(invoice), ["unread"])
        self.assertFalse(fresh.invoice_send_line_ids)
        self.assertFalse(self.remind())

    def test_reminder_comes_from_the_company_and_leads_to_the_page(self):
        self.remind_after(unread=7)
        invoice = self.make_sent(8)
        [(_to, message)] = self.remind()
        self.assertEqual(message["From"], "Seller invoices <office@seller.example>")
        delivery = invoice.invoice_delivery_ids.filtered("run_id")
        self.assertEqual(delivery.run_id.user_id, self.root)
        self.assertEqual(delivery.document_mode, "link")
        content = message.get_body(("html",)).get_content()
        self.assertIn(delivery._get_landing_url(), content)
        self.assertIn("We sent you invoice", content)

    def test_what_was_viewed_or_answered_is_not_reminded_of(self):
        self.remind_after(unread=7)
        for state in ("view", "download", "accept", "return", "error", "outgoing"):
            with self.subTest(state=state):
                self.make_sent(30, state)
                self.assertFalse(self.remind())

    def test_look_at_any_sending_counts(self):
        self.remind_after(unread=7)
        invoice = self.make_sent(30, "view", view_datetime=self.days_ago(29))
        self.make_sent(20, move=invoice, email="b@alfa.example")
        self.assertFalse(self.remind())

    def test_second_sending_starts_the_days_anew(self):
        self.remind_after(unread=7)
        invoice = self.make_sent(30)
        self.make_sent(2, move=invoice, email="b@alfa.example")
        self.assertFalse(self.remind())

    def test_machine_at_the_link_is_no_look(self):
        self.remind_after(unread=7)
        self.make_sent(8, "open")
        self.assertEqual(len(self.remind()), 1)

    def test_paid_or_reversed_is_not_reminded_of_as_not_viewed(self):
        self.remind_after(unread=7)
        paid, reversed_invoice = self.make_sent(8), self.make_sent(8)
        self.pay(paid)
        reversed_invoice._reverse_moves(cancel=True)
        self.assertIn(paid.payment_state, ("paid", "in_payment"))
        self.assertEqual(reversed_invoice.payment_state, "reversed")
        self.assertFalse(self.remind())

    def test_attached_pdf_may_have_been_read(self):
        self.remind_after(unread=7)
        self.make_sent(8, document_mode="attachment")
        self.assertFalse(self.remind())

    def test_unread_with_a_recipient_not_reached_waits_for_a_person(self):
        self.remind_after(unread=7)
        for state in ("bounce", "error"):
            invoice = self.make_sent(8)
            self.make_sent(8, state, move=invoice, email="b@alfa.example")
        self.assertFalse(self.remind())

    def test_waiting_mail_is_not_joined_by_a_reminder(self):
        self.remind_after(unread=7, unpaid=7)
        invoice = self.make_sent(8, due=20)
        put_off = {"failure_reason": "451 Later", "email": "b@alfa.example"}
        put_off["next_attempt_datetime"] = self.days_ago(-1)
        self.make_delivery(invoice, state="outgoing", **put_off)
        self.assertFalse(self.remind())

    def test_credit_notes_and_receipts_are_reminded_of_too(self):
        self.remind_after(unread=7)
        for move_type, word in (("out_refund", "credit note"), ("out_receipt", "rece")):
            with self.subTest(move_type=move_type):
                move = self.init_invoice(
                    move_type, partner=self.partner_a, amounts=[10.0], post=True
                )
                self.make_sent(8, move=move)
                [(_to, message)] = self.remind()
                content = message.get_body(("html",)).get_content()
                self.assertIn(f"We sent you {word}", content)

    # -- not paid ----------------------------------------------------------------------

    def test_what_is_not_paid_is_reminded_of_after_the_due_date(self):
        self.remind_after(unpaid=7)
        late, early = self.make_sent(40, "view", due=7), self.make_sent(40, due=6)
        [(_to, message)] = self.remind()
        self.assertEqual(
            message["Subject"], f"Payment reminder: {late.name} from Seller SRL"
        )
        content = message.get_body(("html",)).get_content()
        self.assertIn("If you have paid in the meantime", content)
        self.assertEqual(late.invoice_unpaid_reminder_count, 1)
        self.assertFalse(early.invoice_unpaid_reminder_count)
        self.assertFalse(self.remind())

    def test_paid_is_not_reminded_of_and_partly_paid_is(self):
        self.remind_after(unpaid=7)
        paid, partial = (self.make_sent(40, due=8) for _number in range(2))
        self.pay(paid)
        self.pay(partial, 30.0)
        self.assertEqual(partial.payment_state, "partial")
        [(_to, message)] = self.remind()
        self.assertIn(partial.name, message["Subject"])

    def test_what_never_reached_a_client_is_not_reminded_of(self):
        self.remind_after(unpaid=7)
        self.set_due(self.make_invoice(), 30)
        for state in ("error", "bounce", "cancel", "return"):
            self.make_sent(40, state, due=30)
        self.assertFalse(self.remind())

    def test_credit_note_is_owed_by_us(self):
        self.remind_after(unpaid=7)
        refund = self.init_invoice(
            "out_refund", partner=self.partner_a, amounts=[10.0], post=True
        )
        self.make_sent(40, due=30, move=refund)
        self.assertFalse(self.remind())

    def test_late_sending_of_an_overdue_invoice_gives_time_to_pay(self):
        self.remind_after(unpaid=7)
        self.make_sent(6, due=30)
        self.assertFalse(self.remind())

    def test_unpaid_is_not_reminded_of_as_unread_in_the_same_pass(self):
        self.remind_after(unread=7, unpaid=7)
        invoice = self.make_sent(40, due=8)
        self.assertEqual(len(self.remind()), 1)
        self.assertEqual(self.get_kinds(invoice), ["unpaid"])

    # -- how often ---------------------------------------------------------------------

    def test_same_days_pass_between_reminders_and_they_come_to_an_end(self):
        self.remind_after(unread=7, invoice_remind_times=2)
        invoice = self.make_sent(7)
        mails = []
        for _week in range(4):
            mails.append(len(self.remind()))
            self.let_days_pass(invoice, 6)
            self.assertFalse(self.remind())
            self.let_days_pass(invoice, 1)
        self.assertEqual(mails, [1, 1, 0, 0])
        self.assertEqual(invoice.invoice_unread_reminder_count, 2)

    def test_reminder_that_was_refused_is_not_repeated_the_next_day(self):
        self.remind_after(unread=7)
        invoice = self.make_sent(7)
        refused = {"ana@alfa.example": (550, b"No such user")}
        self.assertFalse(self.remind(refused))
        self.assertEqual(invoice.invoice_unread_reminder_count, 1)
        self.let_days_pass(invoice, 1)
        self.assertFalse(self.remind())

    def test_reminder_that_a_user_withdrew_is_not_written_again_the_next_day(self):
        self.remind_after(unread=7)
        invoice = self.make_sent(7)
        with patch.object(type(self.env["invoice.send.run"]), "_start"):
            self.assertFalse(self.remind())
        invoice.invoice_send_line_ids.run_id.action_cancel_waiting()
        self.assertFalse(self.remind())
        self.assertEqual(invoice.invoice_unread_reminder_count, 1)
        self.let_days_pass(invoice, 7)
        self.assertEqual(len(self.remind()), 1)

    def test_reset_to_draft_forgets(self):
        self.remind_after(unpaid=7)
        for undo in ("button_draft", "button_cancel"):
            invoice = self.make_sent(40, due=8)
            self.assertEqual(len(self.remind()), 1)
            invoice.button_draft()
            if undo == "button_cancel":
                invoice.button_cancel()
            self.assertFalse(invoice.invoice_unpaid_reminder_count)
            self.assertFalse(invoice.invoice_unpaid_reminder_datetime)
            self.assertFalse(self.remind())
        invoice.button_draft()
        invoice.action_post()
        self.assertFalse(self.remind())
        self.make_sent(40, due=8, move=invoice)
        self.assertEqual(len(self.remind()), 1)
        self.assertEqual(invoice.invoice_unpaid_reminder_count, 1)

    def test_copy_of_a_document_was_never_reminded_of(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        invoice.invoice_no_reminders = False
        self.remind()
        copy = invoice.copy({"invoice_date": invoice.invoice_date})
        self.assertFalse(copy.invoice_unpaid_reminder_count)
        self.assertFalse(copy.invoice_unpaid_reminder_datetime)

    def test_reminder_is_no_manual_change_of_the_document(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        before = invoice.is_manually_modified, invoice.amount_total
        self.remind()
        self.assertEqual((invoice.is_manually_modified, invoice.amount_total), before)
        self.assertEqual(invoice.write_uid, self.root)

    # -- to whom -----------------------------------------------------------------------

    def test_reminder_goes_to_whom_the_last_sending_went(self):
        self.remind_after(unpaid=7)
        invoice = self.make_invoice()
        self.send(
            invoice,
            email_to='"Ana Pop" <ana@alfa.example>; ion@alfa.example',
            email_cc="cc@alfa.example",
            email_bcc="bcc@alfa.example",
        )
        self.set_due(invoice, 8)
        self.let_days_pass(invoice, 20)
        mails = self.remind()
        self.assertEqual(
            sorted(address for to, _message in mails for address in to),
            ["ana@alfa.example", "cc@alfa.example", "ion@alfa.example"],
        )
        [to] = {message["To"] for _to, message in mails}
        self.assertIn("Ana Pop", to)

    def test_earlier_sending_to_somebody_else_is_not_repeated(self):
        self.remind_after(unpaid=7)
        invoice = self.make_invoice()
        self.send(invoice, email_to="old@alfa.example")
        self.send(invoice, email_to="new@alfa.example")
        self.set_due(invoice, 8)
        self.let_days_pass(invoice, 20)
        [(to, _message)] = self.remind()
        self.assertEqual(to, ["new@alfa.example"])

    def test_bounced_and_refused_addresses_are_left_out(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        for email, values in (
            ("back@alfa.example", {"state": "bounce"}),
            ("no@alfa.example", {"state": "error", "failure_type": "refused"}),
        ):
            self.make_sent(40, move=invoice, due=8, email=email, **values)
        # of another document a mail came through to it since
        self.make_delivery(state="sent", email="back@alfa.example")
        [(to, _message)] = self.remind()
        self.assertEqual(to, ["ana@alfa.example"])

    def test_address_that_bounced_elsewhere_since_is_not_written_to(self):
        self.remind_after(unread=7, unpaid=7)
        invoice = self.make_sent(40, due=8)
        self.make_delivery(state="bounce")
        self.assertFalse(self.remind())
        self.assertFalse(invoice.invoice_unpaid_reminder_count)

    def test_whose_link_was_revoked_is_not_written_to(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        invoice.invoice_delivery_ids.action_revoke_link()
        self.assertFalse(self.remind())

    def test_corrected_address_is_the_one_that_is_written_to(self):
        self.remind_after(unpaid=7)
        invoice = self.make_invoice()
        self.send(invoice, answers={"ana@alfa.example": (550, b"No such user")})
        address = self.env["invoice.delivery.correct.address"].create(
            {
                "delivery_id": invoice.invoice_delivery_ids.id,
                "email": "right@alfa.example",
            }
        )
        with self.mail_server():
            address.action_confirm()
        self.set_due(invoice, 8)
        self.let_days_pass(invoice, 20)
        [(to, _message)] = self.remind()
        self.assertEqual(to, ["right@alfa.example"])

    def test_switches_on_document_and_customer_stop_it(self):
        self.remind_after(unread=7, unpaid=7)
        invoice = self.make_sent(40, due=8)
        invoice.invoice_no_reminders = True
        self.assertFalse(self.remind())
        invoice.invoice_no_reminders = False
        self.partner_a.invoice_no_reminders = True
        self.assertFalse(self.remind())
        self.partner_a.invoice_no_reminders = False
        self.assertEqual(len(self.remind()), 1)

    def test_customers_company_decides_for_its_contacts(self):
        self.remind_after(unpaid=7)
        contact = self.env["res.partner"].create(
            {"name": "Ion", "parent_id": self.partner_a.id, "email": "ion@alfa.example"}
        )
        invoice = self.init_invoice(
            "out_invoice", partner=contact, amounts=[10.0], post=True
        )
        self.make_sent(40, due=8, move=invoice)
        self.partner_a.invoice_no_reminders = True
        self.assertFalse(self.remind())

    # -- letters -----------------------------------------------------------------------

    def test_each_kind_has_its_letter_in_the_language_of_the_client(self):
        self.remind_after(unread=7, unpaid=7)
        for lang, due, words in (
            ("ro_RO", -30, "V-am trimis factura"),
            ("ro_RO", 8, "a depășit scadența"),
            ("bg_BG", -30, "Изпратихме Ви фактура"),
            ("bg_BG", 8, "срокът за плащане на фактура"),
        ):
            with self.subTest(lang=lang, due=due):
                self.make_sent(40, due=due, lang=lang)
                [(_to, message)] = self.remind()
                content = message.get_body(("html",)).get_content()
                self.assertIn(words, content)
                self.assertIn(f'lang="{lang[:2]}', content)

    def test_customers_language_counts_where_the_sending_had_none(self):
        self.remind_after(unpaid=7)
        self.partner_a.lang = "ro_RO"
        self.make_sent(40, due=8)
        [(_to, message)] = self.remind()
        self.assertIn("Reamintire de plată", message["Subject"])

    def test_companys_own_letter_is_taken(self):
        self.remind_after(unpaid=7)
        self.env["invoice.send.template"].create(
            {
                "lang": "en",
                "document_type": "unpaid",
                "company_id": self.company.id,
                "subject": "Please pay {{ object.name }}",
                "body_html": "<p>Please</p>",
            }
        )
        invoice = self.make_sent(40, due=8, lang="en_US")
        [(_to, message)] = self.remind()
        self.assertEqual(message["Subject"], f"Please pay {invoice.name}")

    def test_without_a_letter_nobody_is_reminded(self):
        self.remind_after(unpaid=7)
        letters = self.env["invoice.send.template"]
        letters.search([("document_type", "=", "unpaid")]).unlink()
        self.make_sent(40, due=8)
        self.assertFalse(self.remind())

    def test_letters_of_reminders_are_previewed_with_their_documents(self):
        invoice = self.make_invoice()
        refund = self.init_invoice(
            "out_refund", partner=self.partner_a, amounts=[10.0], post=True
        )
        for kind, move, words in (
            ("unread", refund, "credit note"),
            ("unpaid", invoice, "due date"),
        ):
            letter = self.env.ref(f"invoice_send_client.letter_en_{kind}")
            self.assertEqual(letter.preview_move_id, move)
            self.assertIn(words, letter.preview_body)
            self.assertFalse(letter.preview_problem)

    # -- companies ---------------------------------------------------------------------

    def test_each_company_reminds_by_its_own_settings(self):
        data = self.setup_other_company(name="Other SRL")
        other = data["company"]
        other.write({"email": "office@other.example", "invoice_sender_name": "Other"})
        self.remind_after(unpaid=7)
        self.remind_after(unpaid=20, company=other, invoice_remind_times=1)
        mine, theirs = (
            self.make_sent(
                40,
                due=8,
                move=self.init_invoice(
                    "out_invoice",
                    partner=self.partner_a,
                    amounts=[10.0],
                    post=True,
                    company=company,
                ),
            )
            for company in (self.company, other)
        )
        [(_to, message)] = self.remind()
        self.assertIn("office@seller.example", message["From"])
        self.let_days_pass(mine, 1)
        self.set_due(theirs, 20)
        [(_to, message)] = self.remind()
        self.assertEqual(message["From"], "Other <office@other.example>")
        self.assertEqual(theirs.invoice_send_line_ids.run_id.company_id, other)
        notes = " ".join(theirs.message_ids.mapped("body"))
        self.assertIn("1 of at most 1", notes)

    # -- crash and trouble -------------------------------------------------------------

    @mute_logger(LOGGER)
    def test_crash_between_run_and_count_reminds_once(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        Move, Run = type(invoice), type(self.env["invoice.send.run"])
        with (
            patch.object(Move, "_note_reminded", side_effect=ValueError("crash")),
            patch.object(Run, "_start"),
        ):
            self.assertFalse(self.remind())
        self.assertFalse(invoice.invoice_send_line_ids)
        self.assertFalse(invoice.invoice_unpaid_reminder_count)
        self.assertEqual(len(self.remind()), 1)
        self.assertFalse(self.remind())
        self.assertEqual(self.get_kinds(invoice), ["unpaid"])

    @mute_logger(LOGGER)
    def test_document_in_the_way_holds_up_no_other(self):
        self.remind_after(unpaid=7)
        bad, good = (self.make_sent(40, due=8) for _number in range(2))
        Send = type(self.env["account.move.send"])
        prepare = Send._prepare_reminder_row
        for error in (ValueError("broken"), OperationalError("serialize")):

            def _prepare_reminder_row(send, move, *args, error=error):
                if move.id == bad.id:
                    raise error
                return prepare(send, move, *args)

            with patch.object(Send, "_prepare_reminder_row", _prepare_reminder_row):
                mails = self.remind()
            self.assertEqual(bad.invoice_unpaid_reminder_count, 0)
            self.assertEqual(len(mails), 1 if isinstance(error, ValueError) else 0)
        self.assertEqual(good.invoice_unpaid_reminder_count, 1)
        self.assertEqual(len(self.remind()), 1)

    def test_what_became_of_it_meanwhile_is_looked_at_again(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        self.pay(invoice)
        with self.mail_server() as taken:
            invoice.with_user(self.root)._remind_safely("unpaid")
        self.assertFalse(taken)

    def test_reminder_of_what_is_paid_while_it_waits_does_not_leave(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        later = {"ana@alfa.example": (451, b"Later")}
        self.remind(later)
        reminder = invoice.sudo().invoice_delivery_ids.sorted("id")[-1]
        self.assertEqual(
            (reminder.state, reminder.reminder_type), ("outgoing", "unpaid")
        )
        self.pay(invoice)
        reminder.next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)
        self.assertEqual(reminder.state, "cancel")

    def test_reminder_of_what_is_paid_before_its_letter_is_written_is_never_written(
        self,
    ):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        Line = type(self.env["invoice.send.run.line"])
        with patch.object(Line, "_wait_for_server", lambda _line, _work: True):
            self.remind()
        reminder = invoice.sudo().invoice_delivery_ids.sorted("id")[-1]
        self.assertEqual(reminder.line_id.state, "waiting")
        self.pay(invoice)
        messages = invoice.message_ids
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)
        self.assertEqual(
            (reminder.state, reminder.line_id.state), ("cancel", "skipped")
        )
        self.assertFalse((invoice.message_ids - messages).filtered("partner_ids"))

    def test_document_that_is_locked_is_left_to_the_next_job(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        Move = type(invoice)
        with patch.object(Move, "try_lock_for_update", lambda move, **_k: move[:0]):
            self.assertFalse(self.remind())
        self.assertEqual(len(self.remind()), 1)
        self.assertEqual(invoice.invoice_unpaid_reminder_count, 1)

    # -- what is shown -----------------------------------------------------------------

    def test_summary_goes_on_over_all_sendings(self):
        self.remind_after(unread=7)
        invoice = self.make_sent(8)
        first = invoice.invoice_sent_datetime
        self.remind()
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertEqual(invoice.invoice_sent_datetime, first)
        self.assertEqual(invoice.invoice_delivery_recipients, "ana@alfa.example")
        reminder = invoice.invoice_delivery_ids.sudo().filtered("run_id")
        reminder._update_state("view", view_datetime=fields.Datetime.now())
        self.assertEqual(invoice.invoice_delivery_state, "view")
        self.let_days_pass(invoice, 30)
        self.assertFalse(self.remind())

    def test_chatter_and_panel_say_that_it_was_a_reminder(self):
        self.remind_after(unpaid=7)
        invoice = self.make_sent(40, due=8)
        self.remind()
        notes = " ".join(invoice.message_ids.mapped("body"))
        self.assertIn("reminded automatically, 1 of at most 3", notes)
        self.assertIn("not paid in full", notes)
        panel = invoice.get_invoice_delivery_panel()
        labels = dict(REMINDER_TYPES)
        self.assertEqual(
            [recipient["reminder"] for recipient in panel["recipients"]],
            [labels["unpaid"], ""],
        )
        texts = [event["text"] for event in panel["events"]]
        self.assertIn("Reminder mailed to ana@alfa.example", texts)

    def test_document_says_how_often_and_when_last(self):
        invoice = self.make_sent(40, due=8)
        self.assertFalse(invoice.invoice_reminder_text)
        self.remind_after(unpaid=7)
        self.remind()
        self.assertIn("not paid: 1 (last ", invoice.invoice_reminder_text)
        self.assertNotIn("not viewed", invoice.invoice_reminder_text)

    def test_filter_finds_what_was_reminded_of(self):
        self.remind_after(unread=7, unpaid=7)
        every = self.make_sent(40, due=8) | self.make_sent(40)
        self.make_sent(1)
        self.remind()
        arch = etree.fromstring(
            self.env["account.move"].get_view(
                self.env.ref("account.view_account_invoice_filter").id, "search"
            )["arch"]
        )
        [node] = arch.xpath("//filter[@name='invoice_reminded']")
        found = self.env["account.move"].search(safe_eval(node.get("domain")))
        self.assertEqual(found, every.sorted(reverse=True))

    def test_billing_user_stops_the_reminders_of_a_document(self):
        user = new_test_user(
            self.env, "billing", groups="base.group_user,account.group_account_invoice"
        )
        invoice = self.make_sent(40, due=8)
        with Form(invoice.with_user(user)) as form:
            form.invoice_no_reminders = True
        self.assertTrue(invoice.invoice_no_reminders)
        self.assertEqual(invoice.state, "posted")

    def test_customers_form_has_the_switch(self):
        with Form(self.partner_a) as form:
            form.invoice_no_reminders = True
        self.assertTrue(self.partner_a.invoice_no_reminders)

    # -- cost --------------------------------------------------------------------------

    def count_queries(self, kind, number):
        """:return: queries of the job that writes reminders of so many documents"""
        line = Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": []})
        values = {
            "move_type": "out_invoice",
            "partner_id": self.partner_a.id,
            "invoice_date": "2019-01-01",
            "invoice_line_ids": [line],
        }
        moves = self.env["account.move"].create([values] * number)
        moves.action_post()
        for move in moves:
            self.make_sent(40, due={"unread": -30, "unpaid": 8}[kind], move=move)
        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(type(self.env["invoice.send.run"]), "_start"):
            before = self.cr.sql_log_count
            self.env["account.move"]._cron_remind_clients()
            self.env.flush_all()
            count = self.cr.sql_log_count - before
        self.assertEqual(
            moves.mapped(f"invoice_{kind}_reminder_count"), [1] * len(moves)
        )
        return count

    def test_job_costs_the_same_queries_whatever_the_number(self):
        for kind in ("unread", "unpaid"):
            self.remind_after(unread=7, unpaid=7)
            counts = {
                number: self.count_queries(kind, number) for number in (1, 10, 100)
            }
            with self.subTest(kind=kind, counts=counts):
                self.assertLessEqual(counts[1], 67)
                self.assertLessEqual(counts[100], counts[10] + 2)


@tagged("-at_install", "post_install")
class TestReminderMessages(ReminderCase):
    """What fails of reminders is told to who takes care of the document (R26, B30)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"invoice_remind_unpaid_days": 7})
        cls.seller, cls.other = (
            new_test_user(
                cls.env, login, groups="base.group_user", company_id=cls.company.id
            )
            for login in ("isc_seller", "isc_other_seller")
        )

    def make_overdue(self, user, email="ana@alfa.example"):
        """:return: an invoice of a salesperson, to be reminded of"""
        invoice = self.make_sent(40, due=8, email=email)
        invoice.invoice_user_id = user
        return invoice

    def messages(self, user):
        return self.env["invoice.send.run"].with_user(user).get_my_messages()

    def find_listed(self, user):
        """:return: the runs that the user's own list shows"""
        action = self.env.ref("invoice_send_client.invoice_send_run_my_action")
        domain = safe_eval(action.domain, {"uid": user.id})
        return self.env["invoice.send.run"].with_user(user).search(domain)

    def test_failed_reminder_is_among_the_messages_of_the_salesperson(self):
        failing = self.make_overdue(self.seller)
        self.make_overdue(self.other, email="ion@alfa.example")
        self.remind({"ana@alfa.example": (550, b"5.1.1 no such user")})
        told = self.messages(self.seller)
        self.assertEqual(told["unseen_count"], 1)
        [run] = told["runs"]
        self.assertIn(f"– reminder of {failing.name}: 1 not sent", run["summary"])
        [failure] = run["failures"]
        self.assertIn("no such user", failure["problem"])
        self.assertEqual(self.find_listed(self.seller).ids, [run["id"]])
        tray = self.env["invoice.send.run"].with_user(self.seller)._get_tray_values()
        self.assertEqual((tray["is_shown"], tray["unseen_count"]), (True, 1))
        # of hers all went
        self.assertEqual(self.messages(self.other)["unseen_count"], 0)
        self.assertFalse(self.find_listed(self.other))

    def test_failure_that_was_looked_at_counts_no_more_and_stays_in_the_list(self):
        self.make_overdue(self.seller)
        self.remind({"ana@alfa.example": (550, b"5.1.1 no such user")})
        runs = self.env["invoice.send.run"].with_user(self.seller)
        run = self.find_listed(self.seller)
        self.assertEqual(runs.mark_my_messages_seen(run_id=run.id), 0)
        self.assertEqual(self.messages(self.seller)["unseen_count"], 0)
        self.assertEqual(self.find_listed(self.seller), run)

    def test_mail_that_comes_back_later_is_told_too(self):
        invoice = self.make_overdue(self.seller)
        self.remind()
        self.assertFalse(self.find_listed(self.seller))
        sent = invoice.invoice_delivery_ids.sudo().filtered("run_id")
        sent._set_bounced("550 mailbox unavailable")
        self.assertEqual(self.messages(self.seller)["unseen_count"], 1)

    def test_open_pages_of_the_salesperson_are_told(self):
        self.make_overdue(self.seller)
        self.remind({"ana@alfa.example": (550, b"5.1.1 no such user")})
        self.env.cr.precommit.run()
        channel = f'"res.partner",{self.seller.partner_id.id}]'
        sent = self.env["bus.bus"].sudo().search([("channel", "like", channel)])
        self.assertIn('"unseen_count":1', sent[-1:].message.replace(": ", ":"))

    def test_each_salesperson_has_a_run(self):
        mine = self.make_overdue(self.seller) | self.make_overdue(self.seller)
        hers = self.make_overdue(self.other)
        self.remind()
        runs = (mine | hers).sudo().invoice_send_line_ids.run_id
        self.assertEqual(
            {run.caretaker_id: run.line_ids.move_id for run in runs},
            {self.seller: mine, self.other: hers},
        )
        self.assertEqual(runs.user_id, self.root)

    def test_who_made_the_document_is_told_where_the_salesperson_left(self):
        invoice = self.make_overdue(self.seller)
        self.seller.active = False
        self.remind()
        run = invoice.sudo().invoice_send_line_ids.run_id
        self.assertEqual(run.caretaker_id, invoice.create_uid)

    def test_what_a_user_sends_has_no_other_caretaker(self):
        invoice = self.make_invoice()
        invoice.invoice_user_id = self.seller
        self.send(invoice, {"ana@alfa.example": (550, b"5.1.1 no such user")})
        self.assertFalse(invoice.sudo().invoice_send_line_ids.run_id.caretaker_id)
        self.assertFalse(self.messages(self.seller)["runs"])
