from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import InvoiceSendCase
from .test_client_page import ClientPageCase


@tagged("-at_install", "post_install")
class TestSummaryCounts(ClientPageCase):
    """Which recipients the summary on the invoice counts, and until when (D4)."""

    def look(self, delivery):
        """Let somebody read the page of a recipient."""
        self.make_older(delivery)
        self.url = self.get_url(delivery)
        self.beacon(self.open_page(), visible_ms=4000)

    def send_to(self, answers=None, **values):
        """:return: an invoice that was sent, and its recipients by address"""
        invoice = self.make_invoice()
        self.send(invoice, answers, **values)
        found = invoice.invoice_delivery_ids.sudo()
        return invoice, {delivery.email: delivery for delivery in found}

    def test_returned_delivery_says_so_whatever_is_known_of_its_time(self):
        delivery = self.make_delivery(state="return")
        self.assertEqual(delivery.move_id.invoice_delivery_state, "return")

    def test_colleague_s_address_is_known_whoever_makes_the_delivery(self):
        new_test_user(
            self.env, "isc_other", "base.group_user", email="Boss@Seller.example"
        )
        delivery = self.make_delivery(email="boss@seller.example", state="view")
        self.assertTrue(delivery.is_internal)
        self.assertFalse(delivery.move_id.invoice_delivery_state)
        delivery.email = "ana@alfa.example"
        self.assertFalse(delivery.is_internal)
        self.assertEqual(delivery.move_id.invoice_delivery_state, "view")
        network = self.make_delivery(
            email="boss@seller.example", sending_method="network"
        )
        self.assertFalse(network.is_internal)

    def test_colleague_in_copy_counts_for_nothing(self):
        new_test_user(
            self.env, "isc_colleague", "base.group_user", email="Boss@Seller.example"
        )
        invoice, found = self.send_to(
            {"ana@alfa.example": (550, b"No such user")},
            email_cc="boss@seller.example",
        )
        colleague = found["boss@seller.example"]
        self.assertEqual((colleague.state, colleague.is_internal), ("sent", True))
        self.look(colleague)
        self.assertEqual(invoice.invoice_delivery_state, "error")
        self.assertFalse(invoice.invoice_sent_datetime)
        self.assertFalse(invoice.invoice_view_datetime)
        shown = invoice.get_invoice_delivery_panel()["recipients"]
        self.assertIn("boss@seller.example", [line["email"] for line in shown])

    def test_hidden_copy_counts_for_nothing_and_a_copy_counts(self):
        invoice, found = self.send_to(
            email_cc="cc@alfa.example", email_bcc="bcc@alfa.example"
        )
        self.look(found["bcc@alfa.example"])
        self.assertTrue(found["bcc@alfa.example"].view_datetime)
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertFalse(invoice.invoice_view_datetime)
        self.look(found["cc@alfa.example"])
        self.assertEqual(invoice.invoice_delivery_state, "view")
        self.assertTrue(invoice.invoice_view_datetime)

    def test_view_of_the_first_sending_stays_after_the_second(self):
        invoice, found = self.send_to()
        self.look(found["ana@alfa.example"])
        self.send(invoice, email_to="ion@alfa.example")
        self.assertEqual(len(invoice.invoice_delivery_ids), 2)
        self.assertEqual(invoice.invoice_delivery_state, "view")

    def test_cancelled_document_has_no_summary_no_link_and_nothing_that_waits(self):
        invoice, found = self.send_to(
            {"ion@alfa.example": (451, b"Later")},
            email_to="ana@alfa.example; ion@alfa.example",
        )
        ana, ion = found["ana@alfa.example"], found["ion@alfa.example"]
        self.look(ana)
        self.assertEqual(invoice.invoice_delivery_state, "view")
        self.assertEqual(ion.state, "outgoing")
        invoice.button_cancel()
        self.assertEqual(invoice.state, "cancel")
        self.assertEqual((ana.state, ion.state), ("view", "cancel"))
        self.assertFalse(invoice.invoice_delivery_state)
        self.assertFalse(invoice.invoice_delivery_problem)
        self.assertFalse(invoice.invoice_sent_datetime)
        self.assertFalse(invoice.invoice_view_datetime)
        self.assertEqual(self.get().status_code, 404)
        with self.mail_server() as taken:
            ion.next_attempt_datetime = False
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)


@tagged("-at_install", "post_install")
class TestDocumentOfTheAnswer(ClientPageCase):
    """Which PDF there is when the client asks for it, and when it answers (D5)."""

    def fail_pdf(self):
        """Let the PDF engine be missing."""
        return patch.object(
            type(self.env["ir.actions.report"]),
            "_pre_render_qweb_pdf",
            side_effect=UserError("Unable to find Wkhtmltopdf"),
        )

    def test_pdf_is_made_at_the_first_request_and_once(self):
        self.assertFalse(self.invoice.invoice_pdf_report_id)
        first = self.get("/pdf")
        legal = self.invoice.invoice_pdf_report_id
        self.assertTrue(legal)
        self.assertEqual(first.content, legal.raw)
        self.assertEqual(self.get("/pdf").content, first.content)
        self.invoice.sudo()._cron_account_move_send()
        self.invoice.invalidate_recordset()
        self.assertEqual(self.invoice.invoice_pdf_report_id, legal)

    @mute_logger("odoo.addons.invoice_send_client.models.account_move")
    def test_answer_without_a_pdf_is_not_recorded_and_asked_for_again(self):
        nonce = self.open_page()
        with self.fail_pdf():
            response = self.post("/accept", nonce=nonce, name="Ana Pop")
            refused = self.get("/pdf")
        for page, status in ((response, 422), (refused, 503)):
            self.assertEqual(page.status_code, status)
            self.assertIn("The PDF is being prepared", page.text)
            self.assertNotIn("Wkhtmltopdf", page.text)
        self.assertIn('value="Ana Pop"', response.text)
        self.assertFalse(self.delivery.download_datetime)
        self.assertFalse(self.delivery.accept_datetime)
        self.assertFalse(self.delivery.event_ids.filtered("answer_name"))
        self.post("/accept", nonce=self.open_page(), name="Ana Pop")
        self.assertEqual(self.delivery.state, "accept")
        self.assertTrue(self.delivery.answer_version)


@tagged("-at_install", "post_install")
class TestSenders(InvoiceSendCase):
    """Who the client sees as the sender (R10, R12, R47, D6)."""

    def get_sender(self, mails):
        """:return: name and address that a mail shows"""
        [(_to, mail)] = mails
        [sender] = mail["From"].addresses
        return sender.display_name, sender.addr_spec

    def test_each_user_has_the_own_name_there(self):
        for name in ("Ana Pop", "Ion Dan"):
            user = new_test_user(
                self.env,
                f"isc_{name[:3].lower()}",
                "base.group_user,account.group_account_invoice",
                name=name,
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            with self.subTest(name=name):
                move = self.make_invoice().with_user(user)
                wizard = self.make_wizard(move)
                self.assertEqual(wizard.email_from_name, name)
                with self.mail_server() as taken:
                    wizard.action_send_and_print()
                self.assertEqual(
                    self.get_sender(taken), (name, "office@seller.example")
                )

    def test_address_is_the_invoices_own_then_the_companys_then_odoos(self):
        for invoices, company, expected in (
            ("invoices@seller.example", "office@seller.example", "invoices@seller"),
            (False, "office@seller.example", "office@seller"),
            (False, False, self.env.user.email_normalized),
        ):
            with self.subTest(expected=expected):
                self.company.write({"invoice_sender_email": invoices, "email": company})
                _name, email = self.get_sender(self.send(self.make_invoice()))
                self.assertTrue(email.startswith(expected), email)


@tagged("-at_install", "post_install")
class TestSendFixesEverything(InvoiceSendCase):
    """What is changed after the press of Send changes nothing of what leaves (D7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"
        cls.company.invoice_sender_email = "invoices@seller.example"
        cls.letter = cls.env.ref("invoice_send_client.mail_template_en_invoice")
        cls.letter.write(
            {
                "subject": "Invoice {{ object.name }}",
                "body_html": "<p>Dear client, as it stands now</p>",
            }
        )
        cls.later = fields.Datetime.now() + timedelta(hours=1)

    def change_everything(self, wizard):
        """Change what a sending could still be read from, and lose the window."""
        self.partner_a.write({"email": "new@alfa.example", "lang": False})
        self.letter.write(
            {
                "subject": "Other {{ object.name }}",
                "body_html": "<p>Other words</p>",
                "attachment_ids": [(0, 0, {"name": "late.txt", "raw": b"late"})],
            }
        )
        self.company.write(
            {
                "invoice_document_mode": "attachment",
                "invoice_sender_email": "other@seller.example",
                "invoice_copy_mode": "shared",
            }
        )
        wizard.unlink()

    def let_time_come(self):
        """:return: the mails that leave once their time has come"""
        # sudo: deliveries have no writer but the sending
        deliveries = self.env["invoice.delivery"].sudo()
        waiting = deliveries.search([("state", "=", "outgoing")])
        waiting.next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        return taken

    def check_as_it_stood(self, taken, moves):
        """Compare the mails with what was pressed Send on."""
        self.assertEqual(
            [to for to, _mail in taken],
            [["ana@alfa.example"], ["cc@alfa.example"]] * len(moves),
        )
        for (_to, mail), move in zip(taken[::2], moves, strict=True):
            self.assertEqual(mail["Subject"], f"Invoice {move.name}")
            html = mail.get_body(("html",)).get_content()
            self.assertIn("as it stands now", html)
            self.assertNotIn("Other words", html)
            self.assertIn("<invoices@seller.example>", mail["From"])
            self.assertFalse(list(mail.iter_attachments()))
            self.assertIn("/invoice/d/", html)

    def test_document_for_later_leaves_as_it_stood_at_send(self):
        move = self.make_invoice()
        wizard = self.make_wizard(
            move, scheduled_datetime=self.later, email_cc="cc@alfa.example"
        )
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        self.assertFalse(taken)
        self.change_everything(wizard)
        self.check_as_it_stood(self.let_time_come(), move)

    def open_review(self, moves, **values):
        wizard = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create(values)
        )
        wizard.line_ids.email_cc = "cc@alfa.example"
        return wizard

    def test_many_for_later_leave_as_they_stood_at_send(self):
        moves = self.make_invoice() | self.make_invoice()
        wizard = self.open_review(moves, scheduled_datetime=self.later)
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        self.assertFalse(taken)
        self.change_everything(wizard)
        self.check_as_it_stood(self.let_time_come(), moves)

    def test_letter_kept_for_later_is_found_by_nobody_and_deleted_after(self):
        templates = self.env["mail.template"]
        before = templates.search_count([])
        archived = templates.with_context(active_test=False)
        wizard = self.open_review(
            self.make_invoice() | self.make_invoice(), scheduled_datetime=self.later
        )
        wizard.action_send_and_print()
        self.assertEqual(templates.search_count([]), before)
        kept = archived.search([("is_kept_letter", "=", True)])
        self.assertEqual(len(kept), 1)
        self.assertFalse(kept.letter_ids)
        templates._gc_kept_letters()
        self.assertTrue(kept.exists())
        self.assertEqual(len(self.let_time_come()), 4)
        templates._gc_kept_letters()
        self.assertFalse(kept.exists())

    def test_many_at_once_leave_as_they_stood_at_send(self):
        moves = self.make_invoice() | self.make_invoice()
        wizard = self.open_review(moves)
        wizard.action_send_and_print()
        self.change_everything(wizard)
        self.check_as_it_stood(self.let_time_come(), moves)

    def test_letter_deleted_after_send_leaves_all_the_same(self):
        moves = self.make_invoice() | self.make_invoice()
        self.open_review(moves).action_send_and_print()
        self.letter.unlink()
        self.check_as_it_stood(self.let_time_come(), moves)

    def test_letter_that_can_not_be_copied_holds_up_no_other(self):
        moves = self.make_invoice() | self.make_invoice()
        wizard = self.open_review(moves)
        copy = type(self.letter).copy

        def refuse(template, default=None):
            if template == self.letter:
                raise UserError(template.name)
            return copy(template, default)

        with patch.object(type(self.letter), "copy", refuse):
            wizard.action_send_and_print()
        self.assertEqual(wizard.run_id.line_ids.mail_template_id, self.letter)
        self.assertEqual(len(self.let_time_come()), 4)

    def test_document_without_letter_and_text_fails_in_words(self):
        move = self.make_invoice()
        wizard = self.open_review(move)
        wizard.action_send_and_print()
        wizard.run_id.line_ids.mail_template_id.sudo().unlink()
        self.assertFalse(self.let_time_come())
        line = wizard.run_id.line_ids
        self.assertEqual((line.state, line.failure_type), ("failed", "render"))
        self.assertIn("letter was deleted", line.failure_reason)


@tagged("-at_install", "post_install")
class TestOneWindow(InvoiceSendCase):
    """One window whatever the entry, and what it begins with (R4, R21, B10)."""

    def open_entries(self, move):
        """:return: the window's action by the way to it"""
        return {
            "button of the document": move.action_invoice_sent(),
            "row of the list": move.action_open_send_window(),
            "Odoo's own": move.action_send_and_print(),
        }

    def test_document_and_row_open_the_same_window_for_every_kind_of_document(self):
        for move_type in ("out_invoice", "out_refund", "out_receipt"):
            move = self.init_invoice(
                move_type, partner=self.partner_a, amounts=[10.0], post=True
            )
            for entry, action in self.open_entries(move).items():
                with self.subTest(move_type=move_type, entry=entry):
                    context = action.get("context", {})
                    if action.get("res_model") == "base.document.layout":
                        action = context["report_action"]
                    self.assertEqual(action["res_model"], "account.move.send.wizard")
                    self.assertIn(move.name, action["name"])
                    self.assertIn("Alfa SRL", action["name"])

    def test_opened_row_of_many_is_the_window_of_one(self):
        moves = self.make_invoice() | self.make_invoice()
        action = moves.action_open_send_window()
        self.assertEqual(action["res_model"], "account.move.send.batch.wizard")
        line = self.env[action["res_model"]].browse(action["res_id"]).line_ids[0]
        window = self.env["account.move.send.wizard"].browse(line.action_open())
        self.assertEqual(window.move_id, line.move_id)
        self.assertIn("Alfa SRL", window.email_to)

    def test_document_is_ticked_by_default_only_with_an_own_mail_server(self):
        moves = self.make_invoice() | self.make_invoice()
        server = self.env["ir.mail_server"].search([], limit=1)
        for mode, own, expected in (
            ("automatic", self.env["ir.mail_server"], "link"),
            ("automatic", server, "attachment"),
            ("link", server, "link"),
            ("attachment", self.env["ir.mail_server"], "attachment"),
        ):
            with self.subTest(mode=mode, own=own):
                self.company.invoice_document_mode = mode
                self.company.invoice_mail_server_id = own
                self.assertEqual(self.make_wizard(moves[0]).document_mode, expected)
                action = moves.action_open_send_window()
                rows = self.env[action["res_model"]].browse(action["res_id"]).line_ids
                self.assertEqual(set(rows.mapped("document_mode")), {expected})

    def test_look_at_a_shared_message_is_said_of_one_of_all(self):
        self.company.invoice_copy_mode = "shared"
        invoice = self.make_invoice()
        self.send(invoice, email_to="ana@alfa.example; ion@alfa.example")
        first = invoice.invoice_delivery_ids.sudo().sorted("id")[0]
        first._update_state("view")
        first._record_event("view", reasons="look_with_input", hit={"client": "a"})
        panel = invoice.get_invoice_delivery_panel()
        words = "iewed by one of ana@alfa.example, ion@alfa.example"
        self.assertIn(f"V{words}", [event["text"] for event in panel["events"]])
        self.assertIn(f"v{words}", [line["evidence"] for line in panel["recipients"]])
