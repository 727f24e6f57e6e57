from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

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
        return moves.env[action["res_model"]].browse(action["res_id"])

    def press_send(self, wizard, answers=None):
        """:return: the mails that the server took"""
        with self.mail_server(answers) as taken:
            wizard.action_send_and_print()
            self.env["invoice.send.run"].sudo()._process_due()
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

    def test_each_row_leaves_as_it_stands_in_the_call_that_asks_for_it_at_once(self):
        self.company.invoice_undo_seconds = 10
        first = self.make_invoice()
        second = self.make_invoice_for("Beta", "beta@beta.example")
        wizard = self.open_window(first | second)
        one, two = wizard.line_ids
        one.write({"email_to": "x@alfa.example", "subject": "My own words"})
        two.write({"document_mode": "attachment", "email_bcc": "me@seller.example"})
        wizard.write({"note": "Closed on Monday", "email_from_name": "Somebody"})
        with self.mail_server() as taken:
            action = wizard.action_send_and_print(force_synchronous=True)
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertEqual(
            [recipients for recipients, _message in taken],
            [["x@alfa.example"], ["beta@beta.example"], ["me@seller.example"]],
        )
        self.assertEqual(taken[0][1]["Subject"], "My own words")
        for _recipients, message in taken:
            html = message.get_body(("html",)).get_content()
            self.assertIn("Closed on Monday", html)
            self.assertIn("Somebody", message["From"])
        self.assertEqual(second.invoice_delivery_ids[0].document_mode, "attachment")
        self.assertEqual(wizard.run_id.state, "done")
        self.assertTrue(all((first | second).mapped("invoice_pdf_report_id")))

    def test_what_is_asked_for_at_once_waits_for_the_time_chosen(self):
        wizard = self.open_window(self.make_invoices(2))
        wizard.scheduled_datetime = fields.Datetime.now() + timedelta(hours=2)
        with self.mail_server() as taken:
            wizard.action_send_and_print(force_synchronous=True)
        self.assertFalse(taken)
        self.assertEqual(wizard.run_id.waiting_count, 2)

    def test_app_that_wants_documents_at_any_price_gets_them_in_the_call(self):
        moves = self.make_invoices(2)
        wizard = self.open_window(moves)
        wizard.line_ids.document_mode = "attachment"
        with self.mail_server() as taken:
            wizard.action_send_and_print(
                force_synchronous=True, allow_fallback_pdf=True
            )
        self.assertTrue(all(moves.mapped("invoice_pdf_report_id")))
        self.assertEqual(len(taken), 2)

    def test_only_unsendable_documents_are_refused_in_words(self):
        draft = self.init_invoice(
            "out_invoice", partner=self.partner_a, amounts=[1.0], post=False
        )
        other = draft.copy()
        with self.assertRaisesRegex(UserError, "A draft"):
            (draft | other).action_send_and_print()

    # -- one mail per customer ---------------------------------------------------------

    def open_window_for_one_customer(self, count=3):
        wizard = self.open_window(self.make_invoices(count))
        wizard.one_mail_per_customer = True
        return wizard

    def test_one_mail_carries_all_documents_of_a_customer_with_a_link_each(self):
        other = self.make_invoice_for("Beta", "beta@beta.example")
        moves = self.make_invoices(3)
        wizard = self.open_window(moves | other)
        wizard.one_mail_per_customer = True
        taken = self.press_send(wizard)
        self.assertEqual(
            [recipients for recipients, _message in taken],
            [["ana@alfa.example"], ["beta@beta.example"]],
        )
        html = taken[0][1].get_body(("html",)).get_content()
        links = {d._get_landing_url() for d in moves.invoice_delivery_ids}
        self.assertEqual(len(links), 3)
        for link in links:
            self.assertIn(f'"{link}"', html)
        self.assertNotIn("invoice-send-client.invalid", html)
        self.assertEqual(set(moves.mapped("invoice_delivery_state")), {"sent"})
        for move in moves:
            self.assertEqual(len(move.invoice_delivery_ids.mail_message_id), 1)

    def test_one_mail_attaches_all_documents_once(self):
        wizard = self.open_window_for_one_customer()
        wizard.line_ids.document_mode = "attachment"
        wizard.attachment_ids = self.env["ir.attachment"].create(
            {"name": "terms.txt", "raw": b"terms"}
        )
        [(_recipients, message)] = self.press_send(wizard)
        names = [part.get_filename() for part in message.iter_attachments()]
        self.assertEqual(names.count("terms.txt"), 1)
        self.assertEqual(len(names), 4, names)

    def test_one_mail_is_no_bigger_than_the_server_of_its_letter_takes(self):
        wizard = self.open_window_for_one_customer()
        wizard.line_ids.document_mode = "attachment"
        letter, _lang = self.env["invoice.send.template"]._get_letter(
            self.company, "several", "en_US"
        )
        server = self.env["ir.mail_server"].search([], limit=1)
        # takes two documents, not three
        small = server.copy({"max_email_size": 0.7})
        letter.mail_template_id.mail_server_id = small
        self.assertEqual(len(self.press_send(wizard)), 2)

    def test_one_mail_leaves_without_the_document_that_fails(self):
        wizard = self.open_window_for_one_customer()
        failing = wizard.line_ids[1].move_id
        Send = type(self.env["account.move.send"])
        render = Send._get_default_mail_body

        def fail(model, move, *args):
            if move == failing:
                raise ValueError("no such field")
            return render(model, move, *args)

        with patch.object(Send, "_get_default_mail_body", fail):
            [(_recipients, message)] = self.press_send(wizard)
        html = message.get_body(("html",)).get_content()
        self.assertNotIn(failing.name, html)
        self.assertEqual(failing.invoice_delivery_ids.failure_type, "render")
        self.assertIn("no such field", failing.invoice_delivery_ids.failure_reason)
        good = wizard.line_ids.move_id - failing
        self.assertEqual(set(good.mapped("invoice_delivery_state")), {"sent"})

    def test_refused_mail_marks_all_its_documents(self):
        wizard = self.open_window_for_one_customer()
        self.press_send(wizard, answers={"ana@alfa.example": (550, b"no such user")})
        deliveries = wizard.run_id.delivery_ids
        self.assertEqual(deliveries.mapped("state"), ["error"] * 3)
        self.assertEqual(wizard.run_id.failed_count, 3)

    def test_text_changed_by_hand_leaves_in_a_mail_of_its_own(self):
        wizard = self.open_window_for_one_customer()
        wizard.line_ids[0].subject = "Only this one"
        taken = self.press_send(wizard)
        self.assertEqual(len(taken), 2)
        self.assertEqual(taken[0][1]["Subject"], "Only this one")

    # -- opened rows -------------------------------------------------------------------

    def test_opened_row_shows_the_row_and_gives_it_back(self):
        wizard = self.open_window(self.make_invoices(2))
        line = wizard.line_ids[0]
        line.email_cc = "cc@alfa.example"
        window = self.env["account.move.send.wizard"].browse(line.action_open())
        self.assertEqual(window.email_cc, "cc@alfa.example")
        self.assertTrue(window.sending_method_checkboxes["email"]["checked"])
        self.assertTrue(window.sending_method_checkboxes["email"]["label"])
        window.write({"body": "<p>By hand</p>", "document_mode": "attachment"})
        window.action_keep_in_batch()
        self.assertEqual(line.custom_body, "<p>By hand</p>")
        self.assertFalse(line.custom_subject)
        self.assertEqual(line.document_mode, "attachment")
        taken = self.press_send(wizard)
        self.assertIn("By hand", taken[0][1].get_body(("html",)).get_content())
        self.assertEqual(wizard.run_id.line_ids[0].email_cc, "cc@alfa.example")

    def test_row_opened_and_left_alone_changes_nothing(self):
        wizard = self.open_window(self.make_invoices(2))
        line = wizard.line_ids[0]
        names = [
            name
            for name, field in line._fields.items()
            if field.store and name not in ("write_date", "mail_attachments_widget")
        ]
        before = line.read(names)
        window = self.env["account.move.send.wizard"].browse(line.action_open())
        self.env.invalidate_all()  # as the browser's next call finds it
        window.action_keep_in_batch()
        self.assertEqual(line.read(names), before)

    def test_opened_row_keeps_what_differs_by_its_looks_alone(self):
        wizard = self.open_window(self.make_invoices(2))
        line = wizard.line_ids[0]
        window = self.env["account.move.send.wizard"].browse(line.action_open())
        self.env.invalidate_all()
        changes = {
            "line break": ("<p", "<p>\u00a0</p><p"),
            "alignment": ("<p", '<p style="text-align: center;"'),
            "colour": ("Dear", '<font style="color: rgb(255, 0, 0);">Dear</font>'),
            "size": ("Dear", '<span style="font-size: 24px;">Dear</span>'),
        }
        body = str(window.body)
        for name, (old, new) in changes.items():
            with self.subTest(change=name):
                window.body = body.replace(old, new, 1)
                self.assertNotEqual(window.body, body)
                window.action_keep_in_batch()
                self.assertEqual(line.custom_body, window.body)
                window.body = body
                window.action_keep_in_batch()
                self.assertFalse(line.custom_body)

    def test_language_of_an_opened_row_leaves_colours_given_by_hand(self):
        wizard = self.open_window(self.make_invoices(2))
        self.env["res.lang"]._activate_lang("ro_RO")
        window = self.env["account.move.send.wizard"].browse(
            wizard.line_ids[0].action_open()
        )
        red = '<font style="color: rgb(255, 0, 0);">Dear</font>'
        window.body = str(window.body).replace("Dear", red)
        window.mail_lang = "ro_RO"
        self.assertIn("Dear", window.body)
        self.assertTrue(window.letter_question)

    def test_opened_row_offers_no_window_that_takes_the_place_of_the_rows(self):
        """Peppol's answer comes in a window: another one than a row's shows it."""
        arch = self.env["account.move.send.wizard"].get_view(view_type="form")["arch"]
        [button] = etree.fromstring(arch).iterfind(
            ".//button[@name='action_check_network']"
        )
        for line_id, is_hidden in ((False, False), (1, True)):
            values = {"can_check_network": True, "batch_line_id": line_id}
            hidden = safe_eval(button.get("invisible"), values)
            self.assertEqual(bool(hidden), is_hidden)

    def test_draft_row_can_not_be_opened(self):
        draft = self.make_invoice_for("Delta", "delta@delta.example", post=False)
        wizard = self.open_window(draft | self.make_invoice())
        with self.assertRaisesRegex(UserError, "draft"):
            self.line_of(wizard, draft).action_open()

    # -- ticks -------------------------------------------------------------------------

    def test_address_typed_into_a_blocked_row_ticks_it(self):
        unknown = self.make_invoice_for("Epsilon", False)
        wizard = self.open_window(unknown | self.make_invoice())
        line = self.line_of(wizard, unknown)
        line.email_to = "new@epsilon.example"
        self.assertTrue(line.to_send)
        self.assertFalse(line.blocked)
        self.assertIn(unknown, wizard.move_ids)

    def test_row_unticked_by_the_user_stays_unticked_when_edited(self):
        wizard = self.open_window(self.make_invoices(2))
        line = wizard.line_ids[0]
        line.to_send = False
        line.email_to = "other@alfa.example"
        self.assertFalse(line.to_send)
        self.assertNotIn(line.move_id, wizard.move_ids)

    def test_unticked_row_leaves_no_trace(self):
        wizard = self.open_window(self.make_invoices(3))
        line = wizard.line_ids[0]
        line.to_send = False
        self.press_send(wizard)
        self.assertFalse(line.move_id.sending_data)
        self.assertFalse(line.move_id.invoice_delivery_ids)
        self.assertFalse(line.move_id._get_last_send_line())
        self.assertEqual(wizard.run_id.skipped_count, 1)

    def test_skipped_draft_that_is_posted_later_is_not_sent_by_the_cron(self):
        draft = self.make_invoice_for("Delta", "delta@delta.example", post=False)
        self.press_send(self.open_window(draft | self.make_invoice()))
        draft.action_post()
        with self.mail_server() as taken:
            self.env["account.move"].sudo()._cron_account_move_send()
        self.assertFalse(taken)

    def test_document_sent_meanwhile_stays_and_the_others_leave(self):
        wizard = self.open_window(self.make_invoices(3))
        first = wizard.line_ids[0]
        self.send(first.move_id)
        taken = self.press_send(wizard)
        self.assertEqual(len(taken), 2)
        self.assertIn("while this window was open", first.block_reason)

    def test_second_press_of_send_sends_nothing(self):
        wizard = self.open_window(self.make_invoices(2))
        self.press_send(wizard)
        with self.mail_server() as taken, self.assertRaises(UserError):
            wizard.action_send_and_print()
        self.assertFalse(taken)

    def test_values_for_all_reach_ticked_rows_alone(self):
        wizard = self.open_window(self.make_invoices(3))
        wizard.line_ids[0].to_send = False
        wizard.write(
            {"set_document_mode": "attachment", "set_email_bcc": "b@x.example"}
        )
        wizard.set_for_all()
        modes = wizard.line_ids.mapped("document_mode")
        self.assertEqual(modes, ["link", "attachment", "attachment"])
        self.assertEqual(
            wizard.line_ids.mapped("email_bcc"), [False, "b@x.example", "b@x.example"]
        )

    def open_window_without_ways(self, moves):
        """:return: the window of documents for which nothing is ticked by default"""
        self.company.invoice_email_by_default = False
        moves.partner_id.invoice_sending_method = False
        wizard = self.open_window(moves)
        self.assertTrue(all(wizard.line_ids.mapped("blocked")))
        return wizard

    def test_methods_for_all_reach_rows_that_lack_nothing_else(self):
        moves = self.make_invoices(2)
        unknown = self.make_invoice_for("Epsilon", False)
        draft = self.make_invoice_for("Delta", "delta@delta.example", post=False)
        wizard = self.open_window_without_ways(moves | unknown | draft)
        wizard.write({"set_sending_methods": "email", "set_email_bcc": "b@x.example"})
        wizard.set_for_all()
        ready = wizard.line_ids.filtered("to_send")
        self.assertEqual(ready.move_id, moves)
        self.assertEqual(set(ready.mapped("email_bcc")), {"b@x.example"})
        self.assertIn("No e-mail", self.line_of(wizard, unknown).block_reason)
        self.assertFalse(self.line_of(wizard, draft).sending_methods)
        self.assertEqual(
            [recipients for recipients, _message in self.press_send(wizard)],
            [["ana@alfa.example"], ["b@x.example"]] * 2,
        )

    def test_other_values_for_all_leave_rows_without_a_way_alone(self):
        wizard = self.open_window_without_ways(self.make_invoices(2))
        wizard.set_email_bcc = "b@x.example"
        wizard.set_for_all()
        self.assertFalse(any(wizard.line_ids.mapped("email_bcc")))

    def test_row_without_a_way_opens_with_the_address_of_the_card(self):
        wizard = self.open_window_without_ways(self.make_invoices(2))
        line = wizard.line_ids[0]
        window = self.env["account.move.send.wizard"].browse(line.action_open())
        self.assertFalse(window.sending_methods)
        self.assertIn("ana@alfa.example", window.email_to)
        window.sending_methods = ["email"]
        window.action_keep_in_batch()
        self.assertTrue(line.to_send)

    def test_note_and_files_for_all_are_in_every_mail(self):
        wizard = self.open_window(self.make_invoices(2))
        wizard.note = "Closed <b>on</b> Monday"
        wizard.attachment_ids = self.env["ir.attachment"].create(
            {"name": "terms.txt", "raw": b"terms"}
        )
        for _recipients, message in self.press_send(wizard):
            html = message.get_body(("html",)).get_content()
            self.assertIn("Closed &lt;b&gt;on&lt;/b&gt; Monday", html)
            names = [part.get_filename() for part in message.iter_attachments()]
            self.assertEqual(names, ["terms.txt"])

    def test_files_too_big_for_the_server_block_the_rows(self):
        wizard = self.open_window(self.make_invoices(2))
        self.env["ir.config_parameter"].sudo().set_param(
            "base.default_max_email_size", "1"
        )
        wizard.attachment_ids = self.env["ir.attachment"].create(
            {"name": "big.bin", "raw": b"x" * 1024 * 1024}
        )
        self.assertTrue(all(wizard.line_ids.mapped("blocked")))
        wizard.attachment_ids = False
        self.assertFalse(any(wizard.line_ids.mapped("blocked")))

    def test_send_later_leaves_when_its_time_has_come(self):
        wizard = self.open_window(self.make_invoices(2))
        later = fields.Datetime.now() + timedelta(hours=2)
        wizard.scheduled_datetime = later
        self.assertFalse(self.press_send(wizard))
        self.assertEqual(
            wizard.run_id.delivery_ids.mapped("next_attempt_datetime"), [later] * 2
        )
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)
        with self.mail_server() as taken, freeze_time(later + timedelta(seconds=1)):
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(len(taken), 2)

    def test_document_without_mail_is_made_by_the_run(self):
        invoice, other = self.make_invoices(2)
        wizard = self.open_window(invoice | other)
        line = self.line_of(wizard, invoice)
        line.sending_methods = ["manual"]
        self.assertEqual(len(self.press_send(wizard)), 1)
        self.assertTrue(invoice.invoice_pdf_report_id)
        self.assertEqual(
            (wizard.run_id.sent_count, wizard.run_id.skipped_count), (1, 1)
        )

    def test_document_that_goes_to_nobody_is_never_told_as_sent(self):
        wizard = self.open_window(self.make_invoices(2))
        wizard.line_ids.sending_methods = ["manual"]
        words = "Goes to nobody: only the PDF is made."
        self.assertEqual(wizard.line_ids.mapped("warning"), [words] * 2)
        self.assertEqual(wizard.line_ids.mapped("remark"), [words] * 2)
        names = ", ".join(wizard.line_ids.mapped("move_name"))
        told = wizard.action_send_and_print()["params"]["message"]
        self.assertEqual(told, f"Left out:\n{names}: {words}")
        with (
            self.mail_server() as taken,
            patch.object(type(self.env["res.partner"]), "_bus_send") as told,
        ):
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)
        run = wizard.run_id
        self.assertEqual((run.sent_count, run.skipped_count, run.state), (0, 2, "done"))
        self.assertEqual({x._get_outcome() for x in run.line_ids}, {"skipped"})
        self.assertEqual(run.nobody_line_ids, run.line_ids)
        [result] = [
            call.args[1]
            for call in told.call_args_list
            if call.args[0] == "invoice_send_client.result"
        ]
        self.assertEqual(
            (result["title"], result["message"]), ("Nothing was sent", "2 left out.")
        )
        rows = [
            dict(zip(run._get_export_columns(), row, strict=True))
            for row in run._get_export_rows()
        ]
        self.assertIn("only the PDF", rows[0]["The server's words"])

    def test_draft_that_was_confirmed_since_opens_with_the_customers_address(self):
        posted, draft = self.make_invoices(2)
        draft.button_draft()
        wizard = self.open_window(posted | draft)
        line = self.line_of(wizard, draft)
        with self.assertRaises(UserError):
            line.action_open()
        draft.action_post()
        window = self.env["account.move.send.wizard"].browse(line.action_open())
        other = self.line_of(wizard, posted)
        self.assertTrue(window.email_to)
        self.assertEqual(
            (window.email_to, line.sending_methods, line.blocked, line.to_send),
            (other.email_to, other.sending_methods, False, True),
        )
        self.assertEqual(line.move_name, draft.name)

    def test_document_that_goes_to_nobody_does_not_leave_in_the_words_after_send(self):
        wizard = self.open_window(self.make_invoices(3))
        self.company.invoice_undo_seconds = 10
        nobody = wizard.line_ids[-1]
        nobody.sending_methods = ["manual"]
        action = wizard.action_send_and_print()
        self.assertEqual(action["tag"], "invoice_send_client.undo")
        self.assertEqual(action["params"]["count"], 2)
        self.assertIn(f"{nobody.move_name}: Goes to", action["params"]["message"])

    def test_mail_beside_a_document_that_goes_to_nobody_leaves_at_once(self):
        wizard = self.open_window(self.make_invoices(2))
        self.company.invoice_undo_seconds = 10
        wizard.line_ids[-1].sending_methods = ["manual"]
        action = wizard.action_send_and_print()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("Documents being sent: 1.", action["params"]["message"])
        self.assertFalse(wizard.start_datetime)

    def test_bcc_for_all_leaves_who_was_typed_into_a_row(self):
        wizard = self.open_window(self.make_invoices(2))
        wizard.line_ids[0].email_bcc = "own@x.example"
        wizard.set_email_bcc = "all@x.example; own@x.example"
        wizard.set_for_all()
        self.assertEqual(
            wizard.line_ids.mapped("email_bcc"),
            ["own@x.example; all@x.example", "all@x.example; own@x.example"],
        )

    def test_opening_writes_nothing_outside_the_window(self):
        moves = self.make_invoices(2)
        partners = self.env["res.partner"].search_count([])
        before = moves.read(["write_date", "sending_data", "is_move_sent"])
        self.open_window(moves)
        self.env.flush_all()
        self.assertEqual(
            moves.read(["write_date", "sending_data", "is_move_sent"]), before
        )
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_rows_of_another_user_can_not_be_read(self):
        wizard = self.open_window(self.make_invoices(2))
        user = self.env["res.users"].create(
            {
                "name": "Ion",
                "login": "ion",
                "group_ids": [
                    (6, 0, [self.env.ref("account.group_account_invoice").id])
                ],
                "company_ids": [(6, 0, self.company.ids)],
                "company_id": self.company.id,
            }
        )
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(user).read(["email_to"])

    def test_two_companies_get_a_run_each(self):
        mine = self.make_invoice()
        other_data = self.setup_other_company(name="Second")
        other_company = other_data["company"]
        other_company.invoice_undo_seconds = 0
        theirs = self.init_invoice(
            "out_invoice",
            partner=self.partner_a,
            amounts=[5.0],
            post=True,
            company=other_company,
        )
        self.partner_a.with_company(other_company).invoice_sending_method = "email"
        both = (mine | theirs).with_context(
            allowed_company_ids=[self.company.id, other_company.id]
        )
        wizard = self.open_window(both)
        self.assertEqual(len(self.press_send(wizard)), 2)
        runs = both.invoice_delivery_ids.run_id
        self.assertEqual(runs.company_id, self.company | other_company)

    # -- at the end --------------------------------------------------------------------

    def test_user_is_told_at_the_end_what_did_not_go(self):
        good = self.make_invoice()
        bad = self.make_invoice_for("Beta", "beta@beta.example")
        draft = self.make_invoice_for("Delta", "delta@delta.example", post=False)
        wizard = self.open_window(good | bad | draft)
        with patch.object(type(self.env["res.partner"]), "_bus_send") as told:
            self.press_send(wizard, {"beta@beta.example": (550, b"no such user")})
        [payload] = [
            call.args[1]
            for call in told.call_args_list
            if call.args[0] == "invoice_send_client.result"
        ]
        self.assertEqual(payload["message"], "1 not sent, 1 left out, 1 sent.")
        self.assertEqual(payload["run_id"], bad.invoice_delivery_ids.run_id.id)
        self.assertTrue(payload["has_failed"])

    def test_document_of_a_run_is_being_sent_until_it_left(self):
        moves = self.make_invoices(2)
        wizard = self.open_window(moves)
        wizard.action_send_and_print()
        self.assertEqual(moves.mapped("is_being_sent"), [True, True])
        with self.mail_server():
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(moves.mapped("is_being_sent"), [False, False])

    # -- what must never happen --------------------------------------------------------

    def test_document_withdrawn_from_one_mail_leaves_the_others_go(self):
        wizard = self.open_window_for_one_customer()
        wizard.scheduled_datetime = fields.Datetime.now() + timedelta(hours=1)
        self.press_send(wizard)
        withdrawn = wizard.line_ids[1].move_id
        withdrawn.button_draft()
        self.assertFalse(withdrawn.is_being_sent)
        # sudo: deliveries have no writer but the sending
        wizard.run_id.delivery_ids.sudo().next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(len(taken), 1)
        good = wizard.line_ids.move_id - withdrawn
        self.assertEqual(set(good.mapped("invoice_delivery_state")), {"sent"})
        self.assertEqual(wizard.run_id.state, "done")

    def test_file_that_the_user_may_not_read_is_not_sent(self):
        user = self.env["res.users"].create(
            {
                "name": "Ion",
                "login": "ion",
                "email": "ion@seller.example",
                "group_ids": [
                    (6, 0, [self.env.ref("account.group_account_invoice").id])
                ],
                "company_ids": [(6, 0, self.company.ids)],
                "company_id": self.company.id,
            }
        )
        server = self.env["ir.mail_server"].sudo().search([], limit=1)
        secret = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": "secret.txt",
                    "raw": b"secret",
                    "res_model": server._name,
                    "res_id": server.id,
                }
            )
        )
        wizard = self.open_window(self.make_invoices(2).with_user(user))
        wizard.line_ids[0].mail_attachments_widget = [
            {"id": secret.id, "name": "secret.txt", "manual": True}
        ]
        with self.mail_server() as taken, self.assertRaises(AccessError):
            wizard.action_send_and_print()
        self.assertFalse(taken)

    def test_document_that_waits_for_another_way_is_being_sent(self):
        moves = self.make_invoices(2)
        wizard = self.open_window(moves)
        wizard.line_ids.sending_methods = ["manual"]
        wizard.action_send_and_print()
        again = self.open_window(moves)
        self.assertFalse(any(again.line_ids.mapped("to_send")))
        self.assertEqual(set(again.line_ids.mapped("warning")), {"Being sent now."})

    def test_reset_to_draft_ends_what_waits_for_another_way(self):
        move = self.make_invoice()
        wizard = self.open_window(move | self.make_invoice())
        wizard.line_ids.sending_methods = ["manual"]
        wizard.scheduled_datetime = fields.Datetime.now() + timedelta(hours=1)
        wizard.action_send_and_print()
        move.button_draft()
        self.assertEqual(move.sudo().invoice_send_line_ids.state, "skipped")

    def test_rows_live_as_long_as_their_window(self):
        wizard = self.open_window(self.make_invoices(2))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_send_batch_wizard_line"
            " SET write_date = write_date - interval '3 hours'"
        )
        self.env.invalidate_all()
        wizard.line_ids.sudo()._transient_vacuum()
        self.assertEqual(len(wizard.line_ids.exists()), 2)

    def test_row_that_stays_is_no_matter_for_other_apps(self):
        draft, good = self.make_invoices(2)
        wizard = self.open_window(draft | good)
        draft.button_draft()
        self.assertEqual(wizard._get_default_sending_methods(draft), set())
        self.assertEqual(wizard._get_default_sending_methods(good), {"email"})

    def test_put_off_mail_is_withdrawn_for_its_own_document_alone(self):
        first, second = self.make_invoice(), self.make_invoice()
        self.send(first, {"ana@alfa.example": (451, b"Later")})
        wizard = self.open_window(first | second)
        self.line_of(wizard, first).email_to = "new@alfa.example"
        self.press_send(wizard)
        waiting = first.invoice_delivery_ids.filtered(
            lambda d: d.email == "ana@alfa.example"
        )
        self.assertEqual(waiting.state, "outgoing")

    def test_one_mail_never_gets_bigger_than_the_server_takes(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "base.default_max_email_size", "1"
        )
        wizard = self.open_window_for_one_customer(4)
        wizard.line_ids.other_file_size = 300 * 1024
        self.assertEqual(len(self.press_send(wizard)), 2)

    def test_file_for_all_of_another_record_stays_there(self):
        moves = self.make_invoices(2)
        file = self.env["ir.attachment"].create(
            {
                "name": "contract.txt",
                "raw": b"x",
                "res_model": "account.move",
                "res_id": moves[0].id,
            }
        )
        wizard = self.open_window(moves)
        wizard.attachment_ids = file
        taken = self.press_send(wizard)
        self.assertEqual((file.res_model, file.res_id), ("account.move", moves[0].id))
        for _recipients, message in taken:
            names = [part.get_filename() for part in message.iter_attachments()]
            self.assertEqual(names, ["contract.txt"])

    def test_language_for_all_leaves_text_written_by_hand(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        wizard = self.open_window(self.make_invoices(2))
        wizard.line_ids[0].subject = "My own words"
        wizard.set_mail_lang = "ro_RO"
        wizard.set_for_all()
        self.assertEqual(wizard.line_ids.mapped("mail_lang"), ["en_US", "ro_RO"])

    def test_customer_whose_language_is_not_installed_gets_a_letter(self):
        move = self.make_invoice_for("Delta", "delta@delta.example")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'de_DE' WHERE id = %s", move.partner_id.ids
        )
        self.env.invalidate_all()
        wizard = self.open_window(move | self.make_invoice())
        self.assertEqual(self.line_of(wizard, move).mail_lang, "en_US")
        self.assertEqual(len(self.press_send(wizard)), 2)
