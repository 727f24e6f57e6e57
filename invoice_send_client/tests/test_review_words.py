from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestReviewWords(InvoiceSendCase):
    """Every word that the two windows say before Send (B7, B8, B9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"
        cls.good = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )
        cls.move = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )

    def open_review(self, move=None):
        """:return: the review window of a document and a good one, and its row"""
        moves = (move or self.move) | self.good
        wizard = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({})
        )
        return wizard, wizard.line_ids.filtered(lambda line: line.move_id != self.good)

    def press_send(self, wizard):
        """:return: the mails that the server took"""
        with self.mail_server() as taken:
            wizard.action_send_and_print()
            self.env["invoice.send.run"].sudo()._process_due()
        return taken

    def make_bounced(self):
        """Let the last mail to the customer have come back."""
        self.make_delivery(self.move, state="bounce")

    def set_limit(self, megabytes):
        """Let the mail server take no bigger mails."""
        server = self.env["ir.mail_server"].search([], limit=1)
        server.max_email_size = megabytes
        self.company.invoice_mail_server_id = server

    # -- what can't be sent ------------------------------------------------------------

    def test_each_block_says_why_and_the_good_one_leaves(self):
        def make(move_type="out_invoice", post=False):
            return self.init_invoice(
                move_type, partner=self.partner_a, amounts=[1.0], post=post
            )

        cancelled = make()
        cancelled.button_cancel()
        for move, words in (
            (make(), "A draft: confirm it first."),
            (cancelled, "Cancelled."),
            (make("in_invoice", post=True), "This is no document for a customer"),
        ):
            with self.subTest(words=words):
                wizard, line = self.open_review(move)
                self.assertTrue(line.blocked)
                self.assertFalse(line.to_send)
                self.assertIn(words, line.block_reason)
                self.assertIn(words, line.remark)
                self.assertEqual(len(self.press_send(wizard)), 1)
                self.assertFalse(move.invoice_delivery_ids)

    def test_what_is_typed_into_a_row_may_block_it(self):
        for values, words in (
            ({"email_to": ""}, "No e-mail address"),
            ({"email_to": "ana@"}, "This is no e-mail address: ana@"),
            ({"email_bcc": "x@y.example, z"}, "This is no e-mail address: z"),
            ({"sending_methods": []}, "No way of sending applies to this customer."),
        ):
            with self.subTest(values=values):
                _wizard, line = self.open_review()
                self.assertFalse(line.blocked)
                line.write(values)
                self.assertTrue(line.blocked)
                self.assertFalse(line.to_send)
                self.assertIn(words, line.block_reason)

    # -- what should be thought of -----------------------------------------------------

    def test_sent_before_is_said_in_the_row_which_stays_ticked(self):
        _wizard, line = self.open_review()
        self.assertFalse(line.warning)
        self.send(self.move)
        _wizard, line = self.open_review()
        self.assertTrue(line.to_send)
        self.assertRegex(line.warning, "^Sent on .* to ana@alfa.example")
        self.assertNotIn("Viewed", line.warning)
        delivery = self.move.invoice_delivery_ids.sudo()
        delivery.view_datetime = delivery.sent_datetime
        _wizard, line = self.open_review()
        self.assertIn("Viewed on", line.warning)

    def test_what_may_have_arrived_is_said_in_both_windows_before_it_is_sent_again(
        self,
    ):
        delivery = self.make_delivery(
            self.move,
            state="error",
            failure_type="unknown",
            last_attempt_datetime="2026-11-20 10:00:00",
        )
        words = r"^The mail of .*20.* to ana@alfa.example may have arrived\.$"
        _wizard, line = self.open_review()
        self.assertRegex(line.warning, words)
        self.assertEqual(line.remark, line.warning)
        self.assertTrue(line.to_send)  # as what was sent before
        self.assertRegex(self.make_wizard(self.move).sent_before, words)
        self.assertFalse(self.make_wizard(self.good).sent_before)
        # a later reason does not undo that the client looked at it
        delivery.write(
            {
                "state": "view",
                "failure_type": "refused",
                "view_datetime": "2026-11-20 11:00:00",
            }
        )
        words = r"ana@alfa.example may have arrived\. Viewed on "
        _wizard, line = self.open_review()
        self.assertRegex(line.warning, words)
        self.assertRegex(self.make_wizard(self.move).sent_before, words)

    def test_what_may_have_arrived_is_said_beside_what_was_sent(self):
        self.send(self.move)
        self.make_delivery(
            self.move, email="b@alfa.example", state="error", failure_type="unknown"
        )
        words = "^Sent on .* The mail of .* to b@alfa.example may have arrived"
        _wizard, line = self.open_review()
        self.assertRegex(line.warning, words)
        self.assertRegex(self.make_wizard(self.move).sent_before, words)

    def test_what_surely_failed_or_is_void_is_no_warning(self):
        self.make_delivery(self.move, state="error", failure_type="refused")
        self.make_delivery(
            self.move, state="error", failure_type="unknown", is_current=False
        )
        _wizard, line = self.open_review()
        self.assertFalse(line.warning)
        self.assertFalse(self.make_wizard(self.move).sent_before)

    def test_bounced_before_is_unticked_and_leaves_once_ticked(self):
        self.make_bounced()
        wizard, line = self.open_review()
        self.assertFalse(line.blocked or line.to_send)
        self.assertIn("Mail to ana@alfa.example came back before.", line.warning)
        line.to_send = True
        [(_to, mail)] = self.press_send(wizard)
        self.assertIn(self.move.name, mail["Subject"])

    def test_other_address_is_not_held_against_what_came_back(self):
        self.make_bounced()
        _wizard, line = self.open_review()
        line.email_to = "new@alfa.example"
        self.assertTrue(line.to_send)
        self.assertFalse(line.warning)

    def test_being_sent_now_is_said_and_unticked(self):
        self.make_delivery(self.move)
        _wizard, line = self.open_review()
        self.assertFalse(line.to_send)
        self.assertEqual(line.warning, "Being sent now.")

    def test_what_waits_for_its_time_is_not_called_being_sent(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        self.make_delivery(self.move, next_attempt_datetime=tomorrow)
        _wizard, line = self.open_review()
        self.assertFalse(line.to_send)
        self.assertRegex(line.warning, r"^Waits to be sent on .*\d.*\.$")
        window = self.make_wizard(self.move)
        self.assertFalse(window.being_sent)
        self.assertEqual(window.sent_before, line.warning)

    def test_sending_now_takes_the_place_of_what_waits_for_its_time(self):
        later = fields.Datetime.now() + timedelta(days=1)
        self.assertFalse(self.send(self.move, scheduled_datetime=later))
        [waiting] = self.move.invoice_delivery_ids
        self.assertEqual(len(self.send(self.move)), 1)
        self.assertEqual(waiting.state, "cancel")
        self.assertEqual(self.move.invoice_delivery_state, "sent")

    def test_what_is_leaving_is_not_sent_a_second_time(self):
        self.make_delivery(self.move)
        with self.assertRaisesRegex(UserError, "is being sent now to ana@alfa"):
            self.send(self.move)

    def send_later(self):
        """:return: what waits for its time, of one document"""
        later = fields.Datetime.now() + timedelta(days=1)
        self.send(self.move, scheduled_datetime=later)
        return self.move.invoice_delivery_ids.sudo()

    def let_leave(self, waiting):
        """The time has come while a window is open."""
        waiting.next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual((len(taken), waiting.state), (1, "sent"))

    def test_row_that_nobody_ticked_stays_so_though_its_mail_left_meanwhile(self):
        waiting = self.send_later()
        wizard, line = self.open_review()
        self.assertFalse(line.to_send)
        self.let_leave(waiting)
        self.assertEqual(len(self.press_send(wizard)), 1)
        self.assertEqual(self.move.invoice_delivery_ids, waiting)

    def test_row_whose_mail_left_meanwhile_does_not_leave_a_second_time(self):
        waiting = self.send_later()
        wizard, line = self.open_review()
        line.to_send = True
        self.let_leave(waiting)
        self.assertEqual(len(self.press_send(wizard)), 1)
        self.assertEqual(self.move.invoice_delivery_ids, waiting)
        self.assertIn("while this window was open", line.block_reason)

    def test_window_refuses_what_left_while_it_was_open(self):
        waiting = self.send_later()
        wizard = self.make_wizard(self.move)
        self.let_leave(waiting)
        with self.assertRaisesRegex(UserError, "ana@alfa.example, while this window"):
            wizard.action_send_and_print()
        self.assertEqual(len(self.send(self.move)), 1)

    def test_what_leaves_now_is_said_before_what_waits(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        for until in (False, tomorrow):
            with self.subTest(until=until):
                move = self.make_invoice()
                self.make_delivery(move, next_attempt_datetime=tomorrow)
                self.make_delivery(move, next_attempt_datetime=until)
                _wizard, line = self.open_review(move)
                self.assertEqual(line.warning == "Being sent now.", not until)

    def test_second_sending_is_told_with_its_own_time(self):
        self.send(self.move)
        first = self.move.invoice_delivery_ids.sudo()
        first.sent_datetime = "2026-01-02 10:00:00"
        self.send(self.move, email_to="b@alfa.example")
        words = "^Sent 2 times, last on .*, to .*b@alfa.example"
        _wizard, line = self.open_review()
        self.assertRegex(line.warning, words)
        self.assertNotIn("1/2/26", line.warning)
        self.assertEqual(self.make_wizard(self.move).sent_before, line.warning)

    def test_selection_that_can_not_be_sent_is_refused_by_name(self):
        drafts = self.env["account.move"].union(
            *(
                self.init_invoice("out_invoice", partner=partner, amounts=[1.0])
                for partner in (self.partner_a, self.partner_b)
            )
        )
        bill = self.init_invoice(
            "in_invoice", partner=self.partner_a, amounts=[1.0], post=True
        )
        with self.assertRaises(UserError) as refused:
            (drafts | bill).action_send_and_print()
        words = str(refused.exception)
        names = ", ".join(drafts.mapped("display_name"))
        self.assertIn(f"{names}: A draft: confirm it first.", words)
        self.assertIn(f"{bill.display_name}: This is no document", words)

    def test_file_too_big_is_said_and_leaves_as_a_link(self):
        self.set_limit(0.2)
        wizard, line = self.open_review()
        line.document_mode = "attachment"
        self.assertTrue(line.to_send)
        self.assertIn("Too big for the mail server: a link goes", line.warning)
        self.assertEqual(len(self.press_send(wizard)), 2)
        self.assertEqual(self.move.invoice_delivery_ids.document_mode, "link")

    def test_file_too_big_is_blocked_where_no_link_can_be_opened(self):
        self.set_limit(0.2)
        self.env["ir.config_parameter"].set_param("web.base.url", "http://localhost")
        moves = self.move | self.good
        Wizard = self.env["account.move.send.batch.wizard"].with_context(
            active_model="account.move", active_ids=moves.ids
        )
        line = Wizard.create({}).line_ids[0]
        self.assertTrue(line.blocked)
        self.assertIn("Too big for the mail server: take out files", line.block_reason)

    def test_limit_of_a_row_is_that_of_the_server_that_odoo_will_choose(self):
        first = self.env["ir.mail_server"].search([], limit=1)
        first.write({"from_filter": "other.example", "max_email_size": 20})
        first.copy({"from_filter": "seller.example", "max_email_size": 0.2})
        wizard, line = self.open_review()
        line.document_mode = "attachment"
        self.assertIn("Too big for the mail server: a link goes", line.warning)
        self.press_send(wizard)
        self.assertEqual(self.move.invoice_delivery_ids.document_mode, "link")

    def test_limit_of_a_row_is_that_of_its_letters_own_server(self):
        server = self.env["ir.mail_server"].search([], limit=1)
        _wizard, line = self.open_review()
        line.mail_template_id.mail_server_id = server.copy({"max_email_size": 0.2})
        line.document_mode = "attachment"
        self.assertIn("Too big for the mail server: a link goes", line.warning)

    def test_sender_outside_what_the_server_sends_for_is_said(self):
        wizard, _line = self.open_review()
        self.assertFalse(wizard.email_from_problem)
        server = self.env["ir.mail_server"].search([], limit=1)
        server.from_filter = "other.example"
        self.company.invoice_mail_server_id = server
        wizard, line = self.open_review()
        self.assertIn("sends only for other.example", wizard.email_from_problem)
        self.assertIn("sends only for other.example", line.warning)
        self.assertTrue(line.to_send)

    def test_link_that_is_not_public_is_said(self):
        wizard, line = self.open_review()
        self.assertFalse(wizard.link_problem)
        self.assertEqual(line.document_mode, "link")
        self.env["ir.config_parameter"].set_param("web.base.url", "http://localhost")
        wizard, line = self.open_review()
        self.assertIn("localhost", wizard.link_problem)
        self.assertEqual(line.document_mode, "attachment")
        self.assertFalse(line.warning)
        line.document_mode = "link"
        self.assertIn("Clients can't open the link: ", line.warning)

    def forget_language(self):
        """Let the customer's language be one that is not installed any more."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'de_DE' WHERE id = %s", self.partner_a.ids
        )
        self.env.invalidate_all()

    def test_language_that_is_not_installed_is_said(self):
        words = r"language \(de_DE\) is not installed: the letter is in English"
        _wizard, line = self.open_review()
        self.assertFalse(line.warning)
        self.assertFalse(self.make_wizard(self.move).lang_note)
        self.forget_language()
        _wizard, line = self.open_review()
        self.assertTrue(line.to_send)
        self.assertRegex(line.warning, words)
        self.assertRegex(self.make_wizard(self.move).lang_note, words)

    def test_language_that_is_not_installed_gives_way_to_the_companys(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        self.company.partner_id.lang = "ro_RO"
        self.forget_language()
        _wizard, line = self.open_review()
        window = self.make_wizard(self.move.with_context(lang="en_US"))
        self.assertEqual((line.mail_lang, window.mail_lang), ("ro_RO", "ro_RO"))
        self.assertEqual(window.template_id, line.mail_template_id)
        self.assertIn("Romanian", window.lang_note)

    def test_language_of_another_country_is_nearer_than_the_companys(self):
        self.env["res.lang"]._activate_lang("de_CH")
        self.forget_language()
        _wizard, line = self.open_review()
        window = self.make_wizard(self.move)
        self.assertEqual((line.mail_lang, window.mail_lang), ("de_CH", "de_CH"))

    # -- the window of one document ----------------------------------------------------

    def test_window_says_what_came_back_before_and_sends_all_the_same(self):
        self.assertFalse(self.make_wizard(self.move).email_to_warning)
        self.make_bounced()
        wizard = self.make_wizard(self.move, email_cc="new@alfa.example")
        self.assertEqual(
            wizard.email_to_warning, "Mail to ana@alfa.example came back before."
        )
        wizard.write({"email_to": "x@alfa.example", "email_cc": "ana@alfa.example"})
        self.assertIn("ana@alfa.example", wizard.email_to_warning)
        wizard.email_cc = ""
        self.assertFalse(wizard.email_to_warning)
        wizard.email_to = "ana@alfa.example"
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        self.assertEqual([to for to, _mail in taken], [["ana@alfa.example"]])

    def test_window_of_a_draft_or_a_bill_does_not_open(self):
        draft = self.init_invoice("out_invoice", partner=self.partner_a, amounts=[1.0])
        bill = self.init_invoice("in_invoice", amounts=[1.0], post=True)
        for move, words in ((draft, "A draft"), (bill, "no document for a customer")):
            with self.subTest(words=words), self.assertRaisesRegex(UserError, words):
                move.action_open_send_window()

    # -- colleagues (B11) --------------------------------------------------------------

    def test_followers_of_many_documents_get_no_copy_either(self):
        colleague = new_test_user(
            self.env, "isc_follower", "base.group_user", email="c@seller.example"
        )
        (self.move | self.good).message_subscribe(colleague.partner_id.ids)
        wizard, _line = self.open_review()
        taken = self.press_send(wizard)
        self.assertEqual([to for to, _mail in taken], [["ana@alfa.example"]] * 2)
        message = self.move.invoice_delivery_ids.mail_message_id
        self.assertNotIn(colleague.partner_id, message.notification_ids.res_partner_id)
        with self.mail_server() as taken:
            self.env["account.move.send"]._generate_and_send_invoices(
                self.move, sending_methods=["email"]
            )
        self.assertEqual([to for to, _mail in taken], [["ana@alfa.example"]])
