from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestAccountMoveSendWizard(InvoiceSendCase):
    def test_window_knows_sender_recipient_language_and_mode(self):
        wizard = self.make_wizard(self.make_invoice())
        self.assertRecordValues(
            wizard,
            [
                {
                    "email_from_name": self.env.user.name,
                    "email_from_address": "office@seller.example",
                    "email_to": "Alfa SRL <ana@alfa.example>",
                    "mail_lang": "en_US",
                    "document_mode": "link",
                }
            ],
        )

    def test_opening_the_window_writes_nothing_outside_it(self):
        invoice = self.make_invoice()
        partners = self.env["res.partner"].search_count([])
        self.make_wizard(invoice)
        self.assertFalse(invoice.invoice_delivery_ids)
        self.assertFalse(self.env["invoice.send.run"].search([]))
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_everyone_gets_a_copy_with_the_same_headers_and_an_own_link(self):
        invoice = self.make_invoice()
        mails = self.send(
            invoice,
            email_to="Ana <ana@alfa.example>; ion@alfa.example",
            email_cc="cc@alfa.example",
            email_bcc="boss@seller.example",
        )
        self.assertEqual(
            [recipients for recipients, _message in mails],
            [
                ["ana@alfa.example"],
                ["ion@alfa.example"],
                ["cc@alfa.example"],
                ["boss@seller.example"],
            ],
        )
        links = set()
        for delivery, (_recipients, message) in zip(
            invoice.invoice_delivery_ids.sorted("id"), mails, strict=True
        ):
            text = message.as_string()
            self.assertEqual(message["To"], "Ana <ana@alfa.example>, ion@alfa.example")
            self.assertEqual(message["Cc"], "cc@alfa.example")
            self.assertNotIn("boss@seller.example", text)
            self.assertNotIn("access_token", text)
            html = message.get_body(("html",)).get_content()
            self.assertIn(delivery._get_landing_url(), html)
            self.assertEqual(html.count("/invoice/d/"), 1)
            links.add(delivery._get_landing_url())
        self.assertEqual(len(links), 4)

    def test_sender_is_the_user_at_the_companys_address(self):
        self.company.invoice_sender_email = "invoices@seller.example"
        [(_to, message)] = self.send(self.make_invoice(), email_from_name="Ana Pop")
        self.assertEqual(message["From"], "Ana Pop <invoices@seller.example>")

    def test_link_mode_carries_no_file_and_attachment_mode_the_pdf_and_the_link(self):
        [(_to, link_mail)] = self.send(self.make_invoice())
        self.assertFalse(list(link_mail.iter_attachments()))
        invoice = self.make_invoice()
        [(_to, mail)] = self.send(invoice, document_mode="attachment")
        self.assertEqual(
            [part.get_filename() for part in mail.iter_attachments()],
            [invoice.invoice_pdf_report_id.name],
        )
        self.assertIn("/invoice/d/", mail.get_body(("html",)).get_content())

    def test_refused_recipient_shows_error_and_no_envelope(self):
        invoice = self.make_invoice()
        self.send(invoice, {"ana@alfa.example": (550, b"No such user")})
        self.assertRecordValues(
            invoice.invoice_delivery_ids,
            [
                {
                    "state": "error",
                    "failure_type": "refused",
                    "failure_reason": "550 No such user",
                }
            ],
        )
        self.assertEqual(invoice.invoice_delivery_state, "error")
        self.assertFalse(invoice.invoice_sent_datetime)

    def test_one_refused_of_three_holds_nobody_else_up(self):
        invoice = self.make_invoice()
        mails = self.send(
            invoice,
            {"b@alfa.example": (550, b"No such user")},
            email_to="a@alfa.example; b@alfa.example; c@alfa.example",
        )
        self.assertEqual(len(mails), 2)
        self.assertEqual(
            invoice.invoice_delivery_ids.sorted("id").mapped("state"),
            ["sent", "error", "sent"],
        )
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertTrue(invoice.invoice_delivery_problem)

    def test_window_shows_the_refusal_with_everything_still_filled_in(self):
        wizard = self.make_wizard(self.make_invoice(), email_cc="cc@alfa.example")
        with self.mail_server({"ana@alfa.example": (550, b"No such user")}):
            action = wizard.action_send_and_print()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (wizard._name, wizard.id)
        )
        [problem] = wizard.send_problems
        self.assertIn("ana@alfa.example", problem)
        self.assertIn("550 No such user", problem)
        self.assertEqual(wizard.email_cc, "cc@alfa.example")

    def test_wrong_address_is_named_and_nothing_is_sent(self):
        invoice = self.make_invoice()
        wizard = self.make_wizard(invoice, email_to="ana@alfa.example; ion@")
        with self.mail_server() as taken, self.assertRaisesRegex(UserError, "ion@"):
            wizard.action_send_and_print()
        self.assertFalse(taken)
        self.assertFalse(invoice.invoice_delivery_ids)

    def test_nobody_to_send_to_is_said_with_document_and_customer(self):
        invoice = self.make_invoice()
        wizard = self.make_wizard(invoice, email_to="")
        with self.assertRaisesRegex(UserError, f"{invoice.name}.*Alfa SRL"):
            wizard.action_send_and_print()

    def test_typing_an_address_creates_no_contact(self):
        partners = self.env["res.partner"].search_count([])
        self.send(self.make_invoice(), email_to="new@alfa.example")
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_unconfirmed_public_address_falls_back_to_attachment(self):
        self.env["ir.config_parameter"].set_param(
            "web.base.url", "https://other.example"
        )
        self.assertEqual(
            self.make_wizard(self.make_invoice()).document_mode, "attachment"
        )

    def test_automatic_means_attachment_with_an_own_mail_server(self):
        self.company.invoice_document_mode = "automatic"
        self.assertEqual(self.company._get_invoice_document_mode(), "link")
        server = self.env["ir.mail_server"].search([], limit=1)
        self.company.invoice_mail_server_id = server
        self.assertEqual(self.company._get_invoice_document_mode(), "attachment")

    def test_what_was_sent_stays_when_the_window_is_gone(self):
        invoice = self.make_invoice()
        with self.mail_server({"ana@alfa.example": (451, b"Later")}):
            wizard = self.make_wizard(invoice, subject="My subject")
            wizard.action_send_and_print()
        wizard.unlink()
        delivery = invoice.invoice_delivery_ids.sudo()
        self.assertEqual(delivery.state, "outgoing")
        delivery.next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual([m["Subject"] for _to, m in taken], ["My subject"])
        self.assertEqual(delivery.state, "sent")

    def test_run_counts_documents_and_retries_the_failed(self):
        invoice = self.make_invoice()
        self.send(invoice, {"ana@alfa.example": (550, b"No such user")})
        run = invoice.invoice_delivery_ids.run_id
        self.assertEqual(run.user_id, self.env.user)
        self.assertEqual((run.sent_count, run.failed_count, run.state), (0, 1, "done"))
        with self.mail_server() as taken:
            run.action_retry_failed()
        self.assertEqual(len(taken), 1)
        self.assertEqual((run.sent_count, run.failed_count), (1, 0))
