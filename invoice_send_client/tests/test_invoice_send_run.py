from email import message_from_bytes, policy
from itertools import chain, repeat
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import addresses, links
from ..tools.sending_pass import SendingPass
from .common import InvoiceSendCase

LINE_LOGGER = "odoo.addons.invoice_send_client.models.invoice_send_run_line_work"
WORK = "odoo.addons.invoice_send_client.models.invoice_send_run_work"
PDF_LOGGER = "odoo.addons.invoice_send_client.models.invoice_send_run_line_pdf"


@tagged("-at_install", "post_install")
class TestInvoiceSendRun(InvoiceSendCase):
    makes_pdfs = True

    def fail_pdf(self, error):
        return patch.object(
            type(self.env["ir.actions.report"]),
            "_pre_render_qweb_pdf",
            side_effect=error,
        )

    def test_link_mode_sends_without_a_pdf_which_is_made_after(self):
        invoice = self.make_invoice()
        self.send(invoice)
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertFalse(invoice.invoice_pdf_report_id)
        self.assertFalse(invoice.is_move_sent)
        invoice.sudo()._cron_account_move_send()
        self.assertTrue(invoice.invoice_pdf_report_id)
        self.assertFalse(invoice.invoice_delivery_ids.line_id.is_pdf_due)

    def test_pdf_that_no_mail_waited_for_is_asked_of_the_cron_at_once(self):
        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search([])
        self.send(self.make_invoice())
        times = (triggers.search([]) - before).mapped("call_at")
        self.assertTrue(any(at <= fields.Datetime.now() for at in times), times)

    def test_link_mode_with_an_e_invoice_makes_the_documents_first(self):
        line = (
            self.env["invoice.send.run.line"]
            .sudo()
            .new({"document_mode": "link", "sending_methods": ["email"]})
        )
        line.mail_attachments_widget = []
        self.assertFalse(line._needs_documents_first())
        for values in (
            {"document_mode": "attachment"},
            {"sending_methods": ["email", "snailmail"]},
            {"extra_edis": ["ro_edi"]},
            {"invoice_edi_format": "ubl_bis3"},
            {"mail_attachments_widget": [{"dynamic_report": "a.b"}]},
        ):
            with self.subTest(values=values):
                before = {name: line[name] for name in values}
                line.update(values)
                self.assertTrue(line._needs_documents_first())
                line.update(before)

    def test_missing_pdf_engine_keeps_an_attachment_back_and_says_why(self):
        invoice = self.make_invoice()
        with self.fail_pdf(UserError("Unable to find Wkhtmltopdf")):
            mails = self.send(invoice, document_mode="attachment")
        self.assertFalse(mails)
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "pdf"))
        self.assertIn("Wkhtmltopdf", delivery.failure_reason)
        with self.mail_server() as taken:
            delivery.action_retry()
        self.assertEqual((len(taken), delivery.state), (1, "sent"))

    @mute_logger(PDF_LOGGER)
    def test_pdf_that_fails_after_the_link_was_mailed_is_told_in_the_chatter(self):
        invoice = self.make_invoice()
        self.send(invoice)
        with self.fail_pdf(UserError("Unable to find Wkhtmltopdf")):
            invoice.sudo()._cron_account_move_send()
        self.assertIn("Wkhtmltopdf", str(invoice.message_ids[0].body))
        self.assertEqual(invoice.invoice_delivery_state, "sent")

    def test_failed_e_invoice_keeps_the_mail_back(self):
        invoice = self.make_invoice()

        def fail(_self, _invoice, invoice_data):
            invoice_data["error"] = {"error_title": "ANAF says no", "errors": ["BR-1"]}

        hook = "_hook_invoice_document_before_pdf_report_render"
        with patch.object(type(self.env["account.move.send"]), hook, fail):
            mails = self.send(invoice, document_mode="attachment")
        self.assertFalse(mails)
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "edi"))
        self.assertIn("BR-1", delivery.failure_reason)

    @mute_logger(LINE_LOGGER)
    def test_letter_that_fails_to_render_parks_alone(self):
        invoice = self.make_invoice()
        with patch.object(
            type(self.env["invoice.send.run.line"]),
            "_post_letter",
            side_effect=ValueError("broken letter"),
        ):
            self.send(invoice)
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "render"))
        self.assertIn("broken letter", delivery.failure_reason)

    def test_second_press_of_the_same_window_sends_once(self):
        invoice = self.make_invoice()
        wizard = self.make_wizard(invoice)
        with self.mail_server() as taken:
            wizard.action_send_and_print()
            with self.assertRaisesRegex(UserError, "Open it again"):
                wizard.action_send_and_print()
        self.assertEqual(len(taken), 1)

    def test_two_windows_send_once_and_the_second_names_the_first(self):
        invoice = self.make_invoice()
        first, second = self.make_wizard(invoice), self.make_wizard(invoice)
        with self.mail_server() as taken:
            first.action_send_and_print()
            with self.assertRaisesRegex(UserError, "ana@alfa.example"):
                second.action_send_and_print()
            self.make_wizard(invoice).action_send_and_print()
        self.assertEqual(len(taken), 2)

    @mute_logger("odoo.sql_db")
    def test_database_itself_refuses_a_second_sending_after_the_same_one(self):
        invoice = self.make_invoice()
        self.send(invoice)
        line = invoice.invoice_delivery_ids.line_id.sudo()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            line.copy()

    def test_shared_message_goes_once_to_all_with_one_link(self):
        self.company.invoice_copy_mode = "shared"
        invoice = self.make_invoice()
        [(recipients, message), (hidden, _copy)] = self.send(
            invoice,
            {"b@alfa.example": (550, b"No such user")},
            email_to="a@alfa.example; b@alfa.example",
            email_cc="c@alfa.example",
            email_bcc="boss@seller.example",
        )
        self.assertEqual(recipients, ["a@alfa.example", "c@alfa.example"])
        self.assertEqual(hidden, ["boss@seller.example"])
        self.assertNotIn("boss@seller.example", message.as_string())
        deliveries = invoice.invoice_delivery_ids.sorted("id")
        self.assertEqual(deliveries.mapped("state"), ["sent", "error", "sent", "sent"])
        html = message.get_body(("html",)).get_content()
        self.assertIn(deliveries[0]._get_landing_url(), html)

    def test_retry_of_a_shared_message_goes_to_the_rest_alone(self):
        self.company.invoice_copy_mode = "shared"
        invoice = self.make_invoice()
        self.send(
            invoice,
            {"b@alfa.example": (451, b"Later")},
            email_to="a@alfa.example; b@alfa.example",
        )
        waiting = invoice.invoice_delivery_ids.sudo().filtered(
            lambda delivery: delivery.state == "outgoing"
        )
        waiting.next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual([to for to, _message in taken], [["b@alfa.example"]])
        self.assertEqual(waiting.state, "sent")

    def test_corrected_address_of_a_shared_message_leaves_the_others_their_link(self):
        self.company.invoice_copy_mode = "shared"
        invoice = self.make_invoice()
        [(_to, message)] = self.send(
            invoice,
            {"a@alfa.example": (550, b"No such user")},
            email_to="a@alfa.example; b@alfa.example",
        )
        wrong, _good = invoice.sudo().invoice_delivery_ids.sorted("id")
        with self.mail_server() as taken:
            wrong._correct_address(addresses.Address("", "new@alfa.example"))
        self.assertEqual([to for to, _message in taken], [["new@alfa.example"]])
        html = message.get_body(("html",)).get_content()
        self.assertIn(wrong._get_landing_url(), html)

    def test_address_can_be_corrected_to_that_of_a_portal_user_who_got_no_mail(self):
        invoice = self.make_invoice()
        self.send(invoice, {"ana@alfa.example": (550, b"No such user")})
        wrong = invoice.sudo().invoice_delivery_ids
        wrong.copy(
            {
                "email": "portal@alfa.example",
                "sending_method": "network",
                "state": "sent",
                "link_key": links.new_key(),
            }
        )
        with self.mail_server() as taken:
            wrong._correct_address(addresses.Address("", "portal@alfa.example"))
        self.assertEqual([to for to, _message in taken], [["portal@alfa.example"]])

    def test_attachment_whose_letter_was_deleted_never_leaves_without_its_file(self):
        invoice = self.make_invoice()
        answers = {"ana@alfa.example": (451, b"Later")}
        self.send(invoice, answers, document_mode="attachment")
        delivery = invoice.sudo().invoice_delivery_ids
        letter = delivery.mail_message_id
        invoice._message_update_content(letter, body="", attachment_ids=[])
        delivery.next_attempt_datetime = False
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "pdf"))
        with self.mail_server() as taken:
            delivery.action_retry()
        [(_to, message)] = taken
        [file] = message.iter_attachments()
        self.assertEqual(file.get_content_type(), "application/pdf")

    def test_letter_written_anew_sends_nothing_else_again(self):
        invoice = self.make_invoice()
        answers = {"ana@alfa.example": (451, b"Later")}
        self.send(invoice, answers, document_mode="attachment")
        delivery = invoice.sudo().invoice_delivery_ids
        delivery.line_id.goes_other_ways = True
        letter = delivery.mail_message_id
        invoice._message_update_content(letter, body="", attachment_ids=[])
        delivery.next_attempt_datetime = False
        self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(delivery.state, "error")
        Send = type(self.env["account.move.send"])
        error = AssertionError("sent by the other ways again")
        with (
            patch.object(Send, "_generate_and_send_invoices", side_effect=error),
            self.mail_server() as taken,
        ):
            delivery.action_retry()
        self.assertEqual((len(taken), delivery.state), (1, "sent"))

    def test_files_have_names_in_the_letters_language(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        report = self.env.ref("account.account_invoices").copy({"name": "Terms"})
        report.with_context(lang="ro_RO").name = "Condiții"
        invoice = self.make_invoice()
        line = self.env["invoice.send.run.line"].sudo()
        template = self.env["mail.template"].create(
            {"model_id": self.env["ir.model"]._get_id("account.move"), "name": "Own"}
        )
        template.report_template_ids = report
        run = self.env["invoice.send.run"].sudo()
        for lang, name in (("en_US", "terms"), ("ro_RO", "condiții")):
            data = {
                "sending_methods": ["email"],
                "mail_template": template,
                "mail_lang": lang,
            }
            line = run._create_for_moves({invoice: data}).line_ids
            names = [file["name"] for file in line._get_default_files()]
            self.assertTrue([n for n in names if n.startswith(name)], names)

    def test_other_files_leave_in_link_mode_too(self):
        invoice = self.make_invoice()
        file = self.env["ir.attachment"].create({"name": "plan.txt", "raw": b"plan"})
        wizard = self.make_wizard(invoice)
        widget = wizard.mail_attachments_widget + [
            {
                "id": file.id,
                "name": file.name,
                "mimetype": file.mimetype,
                "placeholder": False,
                "manual": True,
            }
        ]
        wizard.mail_attachments_widget = widget
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        [(_to, message)] = taken
        names = [part.get_filename() for part in message.iter_attachments()]
        self.assertEqual(names, ["plan.txt"])

    def test_what_other_apps_send_gets_the_same_records_under_the_companys_name(self):
        self.company.invoice_sender_name = "Seller invoices"
        invoice = self.make_invoice()
        root = self.env.ref("base.user_root")
        with self.mail_server() as taken:
            self.env["account.move.send"].with_user(root)._generate_and_send_invoices(
                invoice.with_user(root), sending_methods=["email"]
            )
        [(_to, message)] = taken
        self.assertEqual(message["From"], "Seller invoices <office@seller.example>")
        self.assertEqual(invoice.invoice_delivery_ids.state, "sent")
        self.assertEqual(invoice.invoice_delivery_ids.run_id.user_id, root)
        self.assertTrue(invoice.invoice_pdf_report_id)

    def test_drafts_and_vendor_documents_are_refused_in_words(self):
        draft = self.init_invoice("out_invoice", amounts=[10.0])
        with self.assertRaisesRegex(UserError, "confirm it first"):
            draft.action_send_and_print()
        bill = self.init_invoice("in_invoice", amounts=[10.0], post=True)
        with self.assertRaisesRegex(UserError, "no document for a customer"):
            bill.action_send_and_print()

    def test_line_ends_in_subject_and_name_make_no_headers(self):
        [(_to, message)] = self.send(
            self.make_invoice(),
            subject="Invoice\r\nBcc: evil@x.ro",
            email_from_name="Ana\r\nBcc: evil@x.ro",
        )
        self.assertEqual(message["Subject"], "Invoice Bcc: evil@x.ro")
        self.assertFalse(message["Bcc"])
        self.assertEqual(
            message["From"].addresses[0].display_name, "Ana Bcc: evil@x.ro"
        )

    def test_names_in_html_and_from_right_to_left_arrive_as_typed(self):
        for name in ("<b>Ana</b> & Co", "שלום בע״מ", "Ștefan Țăran", "Иван; Петров"):
            with self.subTest(name=name):
                [(_to, message)] = self.send(
                    self.make_invoice(), email_to=f'"{name}" <ana@alfa.example>'
                )
                arrived = message_from_bytes(message.as_bytes(), policy=policy.default)
                [address] = arrived["To"].addresses
                self.assertEqual(address.addr_spec, "ana@alfa.example")
                self.assertEqual(address.display_name, name)

    def test_300_recipients_get_a_mail_each(self):
        emails = [f"client{number}@alfa.example" for number in range(300)]
        invoice = self.make_invoice()
        # a busy machine may need more than one pass, which is not what is tested
        with patch(f"{WORK}.PASS_SECONDS", 600):
            mails = self.send(invoice, email_to="; ".join(emails))
        self.assertEqual([to for to, _message in mails], [[email] for email in emails])
        self.assertEqual(len(mails[0][1]["To"].addresses), 300)
        self.assertEqual(set(invoice.invoice_delivery_ids.mapped("state")), {"sent"})

    def test_no_mail_server_set_up_is_said_at_once(self):
        invoice = self.make_invoice()
        error = UserError("Missing SMTP Server")
        with patch.object(
            type(self.env["ir.mail_server"]), "_connect__", side_effect=error
        ):
            self.make_wizard(invoice).action_send_and_print()
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "server"))
        self.assertIn("Missing SMTP Server", delivery.failure_reason)

    def test_odoos_own_queue_gets_no_mail_of_an_invoice(self):
        invoice = self.make_invoice()
        self.send(invoice, {"ana@alfa.example": (550, b"No such user")})
        mails = self.env["mail.mail"].sudo()
        mail = mails.search(
            [("invoice_delivery_ids", "in", invoice.invoice_delivery_ids.ids)]
        )
        self.assertEqual(mail.state, "exception")
        with self.assertRaisesRegex(UserError, invoice.name):
            mail.action_retry()
        with self.mail_server() as taken:
            mails.process_email_queue()
        self.assertFalse(taken)

    def make_run(self, *documents):
        """:return: a run of documents: state of the line, states of its deliveries"""
        run = (
            self.env["invoice.send.run"]
            .sudo()
            .create({"user_id": self.env.uid, "company_id": self.company.id})
        )
        for state, *states in documents:
            move = self.make_invoice()
            line = run.line_ids.create(
                {
                    "run_id": run.id,
                    "move_id": move.id,
                    "state": state,
                    "document_mode": "link",
                }
            )
            for number, delivery_state in enumerate(states):
                self.make_delivery(
                    move,
                    email=f"to{number}@alfa.example",
                    state=delivery_state,
                    run_id=run.id,
                    line_id=line.id,
                )
        return run

    def test_counts_of_a_run_are_the_outcomes_of_its_lines(self):
        run = self.make_run(
            ("waiting",),
            ("waiting", "outgoing"),
            ("written",),
            ("written", "sent", "view"),
            ("written", "sent", "error"),
            ("written", "bounce", "cancel"),
            ("written", "cancel", "cancel"),
            ("written", "outgoing", "error"),
            ("failed", "error"),
            ("failed",),
            ("skipped",),
            ("written",),
            ("failed",),
            ("waiting",),
        )
        run.line_ids.sorted("id")[-3:].goes_to_nobody = True
        outcomes = [line._get_outcome() for line in run.line_ids]
        for name in ("sent", "failed", "skipped", "waiting"):
            with self.subTest(name):
                self.assertEqual(run[f"{name}_count"], outcomes.count(name))
        self.assertEqual(sum(map(outcomes.count, set(outcomes))), len(run.line_ids))
        self.assertEqual(run.state, "running")

    def test_runs_are_found_by_their_state(self):
        running = self.make_run(("written", "outgoing"))
        unmailed = self.make_run(("waiting",))
        done = self.make_run(("written", "sent"), ("failed",))
        runs = running | unmailed | done
        self.assertEqual(done.state, "done")
        for state, expected in (("running", running | unmailed), ("done", done)):
            with self.subTest(state):
                domain = [("state", "=", state), ("id", "in", runs.ids)]
                self.assertEqual(runs.search(domain, order="id"), expected)

    def test_pass_of_the_cron_ends_in_time_and_the_next_one_goes_on(self):
        invoices = self.make_invoice() | self.make_invoice()
        with self.mail_server({"ana@alfa.example": (451, b"Later")}):
            for invoice in invoices:
                self.make_wizard(
                    invoice, document_mode="attachment"
                ).action_send_and_print()
        # sudo: deliveries have no writer but the sending
        invoices.invoice_delivery_ids.sudo().next_attempt_datetime = False
        Run = self.env["invoice.send.run"].sudo()
        # asked for the pass, the document and its mail, then for the next document
        answers = chain([False, False, False], repeat(True))
        with (
            self.mail_server() as taken,
            patch.object(SendingPass, "is_over", lambda _work: next(answers)),
            patch.object(type(Run), "_trigger_cron") as called,
        ):
            Run._process_due()
        self.assertEqual(len(taken), 1)
        called.assert_called_once_with()
        with self.mail_server() as taken:
            Run._process_due()
        self.assertEqual(len(taken), 1)
        self.assertEqual(set(invoices.mapped("invoice_delivery_state")), {"sent"})
