from unittest.mock import patch

import requests

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.sql_db import Cursor
from odoo.tests import Form, new_test_user, tagged

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


@tagged("-at_install", "post_install")
class TestAccountMoveSendWindow(InvoiceSendCase):
    """What the window shows and keeps, by the form that the browser uses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ro_RO")
        cls.letter = cls.env.ref("invoice_send_client.mail_template_en_invoice")
        cls.letter.write(
            {
                "subject": "Invoice {{ object.name }}",
                "body_html": "<p>Dear <b>client</b></p>",
            }
        )
        cls.env.ref("invoice_send_client.letter_ro_invoice").write(
            {"subject": "Factura {{ object.name }}", "body_html": "<p>Stimate</p>"}
        )
        cls.invoice = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )

    def open_window(self, **context):
        """:return: the form of the window as the browser opens it: nothing saved"""
        wizards = self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=self.invoice.ids, **context
        )
        window = Form(wizards)
        boxes = window.sending_method_checkboxes
        window.sending_method_checkboxes = {
            **boxes,
            "email": {**boxes["email"], "checked": True},
        }
        return window

    def add_file(self, size, name="more.txt"):
        """:return: a file of the user and how the browser puts it into the window"""
        file = self.env["ir.attachment"].create({"name": name, "raw": b"x" * size})
        return {
            "id": file.id,
            "name": name,
            "mimetype": "text/plain",
            "placeholder": False,
            "manual": True,
        }

    # -- opening -----------------------------------------------------------------------

    def test_opening_runs_no_statement_that_writes_and_no_request(self):
        self.letter.write(
            {
                "use_default_to": False,
                "email_to": "new1@alfa.example",
                "email_cc": "new2@alfa.example, New <new3@alfa.example>",
            }
        )
        self.env.flush_all()
        written = []
        execute = Cursor.execute

        def spy(cursor, query, *args, **kwargs):
            text = str(getattr(query, "code", query)).lstrip().upper()
            if text.startswith(("INSERT", "UPDATE", "DELETE")):
                written.append(text)
            return execute(cursor, query, *args, **kwargs)

        refused = AssertionError("asked the internet")
        with (
            patch.object(Cursor, "execute", spy),
            patch.object(requests.Session, "request", side_effect=refused),
        ):
            window = self.open_window()
            self.env.flush_all()
        self.assertEqual(written, [])
        self.assertEqual(window.email_to, "new1@alfa.example")
        self.assertEqual(window.email_cc, "new2@alfa.example; New <new3@alfa.example>")

    def test_customer_unknown_to_peppol_is_not_looked_up_by_opening(self):
        if "peppol_verification_state" not in self.env["res.partner"]._fields:
            self.skipTest("account_peppol is not installed")
        self.company.country_id = self.env.ref("base.be")
        self.partner_a.country_id = self.env.ref("base.be")
        customer = self.partner_a.with_company(self.company)
        customer.write({"peppol_eas": "0208", "peppol_endpoint": "0477472701"})
        customer.peppol_verification_state = "not_verified"
        self.company.account_peppol_proxy_state = "sender"
        self.env.flush_all()
        refused = AssertionError("asked the internet")
        with patch.object(requests.Session, "request", side_effect=refused):
            window = self.open_window()
        self.assertTrue(window.can_check_network)
        self.env.invalidate_all()
        self.assertEqual(customer.peppol_verification_state, "not_verified")

    def test_look_up_on_peppol_leaves_the_ticks_of_the_user(self):
        window = self.open_window().save()
        boxes = window.sending_method_checkboxes
        window.sending_method_checkboxes = {
            **boxes,
            "email": {**boxes["email"], "checked": False},
        }
        window.action_check_network()
        self.assertFalse(window.sending_method_checkboxes["email"]["checked"])
        self.assertNotIn("email", window.sending_methods or [])

    def test_both_addresses_of_the_customers_card_stand_in_to(self):
        self.partner_a.email = "ana@alfa.example; ion@alfa.example"
        self.assertEqual(
            self.open_window().email_to,
            "Alfa SRL <ana@alfa.example>; Alfa SRL <ion@alfa.example>",
        )

    def test_name_in_other_letters_is_readable_in_to(self):
        self.partner_a.name = "Бета ООД"
        self.assertEqual(self.open_window().email_to, "Бета ООД <ana@alfa.example>")

    def test_wrong_address_on_the_card_is_shown_and_named(self):
        self.partner_a.email = "ana@"
        window = self.open_window()
        self.assertEqual(window.email_to, "ana@")
        self.assertIn("ana@", window.email_to_problem)

    def test_recipients_chosen_by_another_app_are_to_and_nobody_else(self):
        self.letter.write({"use_default_to": False, "email_cc": "cc@alfa.example"})
        wizard = self.make_wizard(
            self.invoice, mail_partner_ids=[(6, 0, self.partner_b.ids)]
        )
        self.assertFalse(wizard.email_to)  # has no address
        self.partner_b.email = "b@alfa.example"
        wizard = self.make_wizard(
            self.invoice, mail_partner_ids=[(6, 0, self.partner_b.ids)]
        )
        self.assertEqual(wizard.email_to, f"{self.partner_b.name} <b@alfa.example>")
        self.assertFalse(wizard.email_cc)

    # -- the letter --------------------------------------------------------------------

    def test_language_changes_subject_text_and_page(self):
        window = self.open_window()
        self.assertEqual(window.subject, f"Invoice {self.invoice.name}")
        window.mail_lang = "ro_RO"
        self.assertEqual(window.subject, f"Factura {self.invoice.name}")
        self.assertIn("Stimate", window.body)
        self.assertFalse(window.letter_question)
        with self.mail_server() as taken:
            window.save().action_send_and_print()
        self.assertEqual(taken[0][1]["Subject"], f"Factura {self.invoice.name}")
        self.assertEqual(self.invoice.invoice_delivery_ids.lang, "ro_RO")

    def test_changed_text_stays_and_the_user_is_asked(self):
        window = self.open_window()
        window.body = "<p>Dear <b>friend</b></p>"
        window.mail_lang = "ro_RO"
        self.assertIn("friend", window.body)
        self.assertEqual(window.subject, f"Factura {self.invoice.name}")
        self.assertIn("Romanian", window.letter_question)
        window.replace_letter = True
        self.assertIn("Stimate", window.body)
        self.assertFalse(window.letter_question)
        self.assertFalse(window.replace_letter)

    def test_changed_subject_stays_while_the_text_follows(self):
        window = self.open_window()
        window.subject = "My subject"
        window.mail_lang = "ro_RO"
        self.assertEqual(window.subject, "My subject")
        self.assertIn("Stimate", window.body)
        self.assertTrue(window.letter_question)
        window.mail_lang = "en_US"
        self.assertFalse(window.letter_question)

    def test_text_that_only_the_editor_touched_follows_the_language(self):
        window = self.open_window()
        window.body = '<div style="margin:0"><p>Dear <strong>client</strong></p></div>'
        window.mail_lang = "ro_RO"
        self.assertIn("Stimate", window.body)
        self.assertFalse(window.letter_question)

    def test_another_letter_keeps_changed_text_too(self):
        other = self.letter.copy({"body_html": "<p>Reminder</p>", "subject": "R"})
        window = self.open_window()
        window.body = "<p>Mine</p>"
        window.template_id = other
        self.assertEqual((window.subject, window.body), ("R", "<p>Mine</p>"))
        self.assertIn(other.name, window.letter_question)

    def test_changed_text_is_kept_on_a_saved_window_as_well(self):
        wizard = self.make_wizard(self.invoice, subject="Mine")
        wizard.mail_lang = "ro_RO"
        self.assertEqual(wizard.subject, "Mine")
        self.assertIn("Stimate", wizard.body)

    def test_typed_addresses_survive_a_change_of_language(self):
        window = self.open_window()
        window.email_to = "me@alfa.example"
        window.email_cc = "you@alfa.example"
        window.mail_lang = "ro_RO"
        self.assertEqual(window.email_to, "me@alfa.example")
        self.assertEqual(window.email_cc, "you@alfa.example")

    def test_configured_letter_stays_as_it_was(self):
        self.send(self.invoice, subject="Mine", body="<p>Mine</p>")
        self.assertEqual(self.letter.subject, "Invoice {{ object.name }}")
        self.assertIn("Dear", self.letter.body_html)

    def test_frame_shows_company_and_button_without_a_link(self):
        window = self.open_window()
        self.assertIn("Seller SRL", window.letter_head)
        self.assertIn("View document", window.letter_foot)
        self.assertNotIn("href", window.letter_head + window.letter_foot)

    # -- the document and other files --------------------------------------------------

    def test_unticked_document_says_why_it_can_not_be_a_link(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "http://localhost")
        window = self.open_window()
        self.assertEqual(window.document_mode, "attachment")
        self.assertIn("localhost", window.document_hint)

    def test_document_has_the_name_that_its_file_will_have(self):
        self.assertEqual(
            self.open_window().document_filename,
            self.invoice._get_invoice_report_filename(),
        )

    def test_other_files_go_with_link_and_with_attachment(self):
        for mode, names in (
            ("link", ["more.txt"]),
            ("attachment", [self.invoice._get_invoice_report_filename(), "more.txt"]),
        ):
            with self.subTest(mode=mode), self.mail_server() as taken:
                window = self.open_window()
                window.document_mode = mode
                window.mail_attachments_widget = [
                    *window.mail_attachments_widget,
                    self.add_file(10),
                ]
                window.save().action_send_and_print()
                [(_to, mail)] = taken
                self.assertEqual(
                    sorted(part.get_filename() for part in mail.iter_attachments()),
                    names,
                )

    def test_file_that_the_user_may_not_read_is_refused(self):
        secret = self.env["ir.attachment"].create(
            {
                "name": "salary.txt",
                "raw": b"secret",
                "res_model": "ir.mail_server",
                "res_id": self.env["ir.mail_server"].search([], limit=1).id,
            }
        )
        clerk = new_test_user(
            self.env,
            "clerk",
            "account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        file = {"id": secret.id, "name": "salary.txt", "manual": True}
        wizard = self.make_wizard(self.invoice.with_user(clerk).sudo(False))
        wizard = wizard.with_user(clerk)
        with self.mail_server() as taken, self.assertRaises(AccessError):
            wizard.mail_attachments_widget = [file]
            wizard.action_send_and_print()
        self.assertFalse(taken)

    def test_size_and_limit_are_shown(self):
        window = self.open_window()
        self.assertEqual(window.message_size, "size 0.1 of 10 MB")
        window.document_mode = "attachment"
        self.assertEqual(window.message_size, "size 0.3 of 10 MB")
        self.assertFalse(window.size_problem)

    def test_limit_is_that_of_the_server_that_odoo_will_choose(self):
        first = self.env["ir.mail_server"].search([], limit=1)
        first.write({"from_filter": "other.example", "max_email_size": 20})
        first.copy({"from_filter": "seller.example", "max_email_size": 7.5})
        self.assertEqual(self.open_window().message_size, "size 0.1 of 7.5 MB")

    def test_message_too_big_is_announced_and_leaves_as_link(self):
        server = self.env["ir.mail_server"].search([], limit=1)
        server.max_email_size = 0.2
        self.company.invoice_mail_server_id = server
        window = self.open_window()
        window.document_mode = "attachment"
        self.assertIn(window.document_filename, window.size_problem)
        with self.mail_server() as taken:
            wizard = window.save()
            wizard.action_send_and_print()
        self.assertEqual(self.invoice.invoice_delivery_ids.document_mode, "link")
        self.assertFalse(list(taken[0][1].iter_attachments()))

    def test_other_files_too_big_are_refused_in_words(self):
        server = self.env["ir.mail_server"].search([], limit=1)
        server.max_email_size = 0.2
        self.company.invoice_mail_server_id = server
        window = self.open_window()
        window.mail_attachments_widget = [
            *window.mail_attachments_widget,
            self.add_file(300_000),
        ]
        self.assertIn("other files", window.size_problem)
        wizard = window.save()
        with self.mail_server() as taken, self.assertRaisesRegex(UserError, "Too big"):
            wizard.action_send_and_print()
        self.assertFalse(taken)
        self.assertFalse(self.invoice.invoice_delivery_ids)

    # -- who gets it -------------------------------------------------------------------

    def test_wrong_pieces_are_named_beside_their_field(self):
        window = self.open_window()
        window.email_cc = "good@alfa.example; bad@, worse"
        window.email_bcc = "<x>"
        self.assertEqual(
            window.email_cc_problem, "This is no e-mail address: bad@, worse"
        )
        self.assertIn("<x>", window.email_bcc_problem)
        self.assertFalse(window.email_to_problem)

    def test_sender_that_the_server_does_not_allow_is_a_warning(self):
        server = self.env["ir.mail_server"].search([], limit=1)
        server.from_filter = "other.example"
        self.company.invoice_mail_server_id = server
        self.assertIn("other.example", self.open_window().email_from_problem)
        server.from_filter = "other.example, seller.example"
        self.assertFalse(self.open_window().email_from_problem)

    def test_followers_get_it_only_when_ticked(self):
        colleague = new_test_user(
            self.env, "colleague", "base.group_user", email="colleague@seller.example"
        )
        self.invoice.message_subscribe(colleague.partner_id.ids)
        window = self.open_window()
        self.assertEqual(window.internal_followers, colleague.name)
        self.assertFalse(window.copy_followers)
        for ticked in (False, True):
            with self.subTest(ticked=ticked), self.mail_server():
                window = self.open_window()
                window.copy_followers = ticked
                window.save().action_send_and_print()
                message = self.invoice.invoice_delivery_ids[0].mail_message_id
                notified = message.notification_ids.res_partner_id
                self.assertEqual(colleague.partner_id in notified, ticked)

    def test_followers_are_not_asked_about_when_there_are_none(self):
        self.invoice.message_subscribe(self.partner_a.ids)
        self.assertFalse(self.open_window().internal_followers)

    # -- before and after Send ---------------------------------------------------------

    def test_window_says_when_and_to_whom_it_was_sent_and_that_it_was_viewed(self):
        self.assertFalse(self.open_window().sent_before)
        self.send(self.invoice)
        sentence = self.open_window().sent_before
        self.assertRegex(sentence, "^Sent on .* to ana@alfa.example")
        self.assertNotIn("Viewed", sentence)
        self.invoice.invoice_delivery_ids.sudo().view_datetime = fields.Datetime.now()
        self.assertIn("Viewed on", self.open_window().sent_before)
        self.send(self.invoice, email_to="b@alfa.example")
        self.assertRegex(
            self.open_window().sent_before,
            "^Sent 2 times, last on .* to ana@alfa.example, b@alfa.example",
        )
        self.invoice.button_draft()
        self.invoice.action_post()
        self.assertFalse(self.open_window().sent_before)

    def test_document_on_its_way_can_not_be_sent_again(self):
        self.make_delivery(self.invoice)
        window = self.open_window()
        self.assertIn("ana@alfa.example", window.being_sent)
        wizard = window.save()
        with self.mail_server() as taken:
            with self.assertRaisesRegex(UserError, "being sent now"):
                wizard.action_send_and_print()
        self.assertFalse(taken)

    def test_window_opened_before_another_sending_can_not_send(self):
        window = self.open_window()
        self.send(self.invoice)
        with self.mail_server() as taken:
            wizard = window.save()
            with self.assertRaisesRegex(UserError, "while this window was open"):
                wizard.action_send_and_print()
        self.assertFalse(taken)

    def test_saving_the_window_renders_no_letter_again(self):
        window = self.open_window()
        Template = type(self.env["mail.template"])
        with patch.object(Template, "_render_field", side_effect=AssertionError):
            wizard = window.save()
        self.assertEqual(wizard.subject, f"Invoice {self.invoice.name}")

    def test_after_one_refusal_the_others_do_not_get_it_twice(self):
        window = self.open_window()
        window.email_to = "a@alfa.example; b@alfa.example"
        window.email_cc = "c@alfa.example"
        wizard = window.save()
        with self.mail_server({"b@alfa.example": (550, b"No")}):
            action = wizard.action_send_and_print()
        self.assertEqual(wizard.email_to, "a@alfa.example; b@alfa.example")
        self.assertEqual(wizard.reached_addresses, "a@alfa.example; c@alfa.example")
        self.assertEqual(action["res_id"], wizard.id)
        wizard.email_to = "a@alfa.example; fixed@alfa.example"
        with self.mail_server() as taken:
            action = wizard.action_send_and_print()
        self.assertEqual([to for to, _mail in taken], [["fixed@alfa.example"]])
        self.assertEqual(action["type"], "ir.actions.act_window_close")

    def test_refused_copy_alone_is_corrected_in_to(self):
        wizard = self.make_wizard(self.invoice, email_cc="c@alfa.example")
        with self.mail_server({"c@alfa.example": (550, b"No")}):
            wizard.action_send_and_print()
        wizard.email_cc = "fixed@alfa.example"
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        [(recipients, mail)] = taken
        self.assertEqual(recipients, ["fixed@alfa.example"])
        self.assertEqual(mail["To"], "fixed@alfa.example")

    def test_nobody_left_is_said_and_unticking_sends_to_all_again(self):
        wizard = self.make_wizard(
            self.invoice, email_to="a@alfa.example; b@alfa.example"
        )
        with self.mail_server({"b@alfa.example": (550, b"No")}):
            wizard.action_send_and_print()
        wizard.email_to = "a@alfa.example"
        with self.assertRaisesRegex(UserError, "nobody is left"):
            wizard.action_send_and_print()
        wizard.leave_out_reached = False
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        self.assertEqual([to for to, _mail in taken], [["a@alfa.example"]])

    def test_who_may_have_got_it_is_left_out_until_unticked(self):
        wizard = self.make_wizard(self.invoice)
        with self.mail_server():
            wizard.action_send_and_print()
        delivery = self.invoice.invoice_delivery_ids.sudo()
        delivery.write({"state": "error", "failure_type": "unknown"})
        wizard._note_problems(delivery.run_id, ["May have arrived"])
        self.assertEqual(wizard.reached_addresses, "ana@alfa.example")
        with self.mail_server() as taken:
            with self.assertRaisesRegex(UserError, "nobody is left"):
                wizard.action_send_and_print()
            self.assertFalse(taken)
            wizard.leave_out_reached = False
            wizard.action_send_and_print()
        self.assertEqual(len(taken), 1)

    # -- a test to me ------------------------------------------------------------------

    def test_test_goes_to_me_alone_and_leaves_no_trace(self):
        self.env.user.email = "me@seller.example"
        messages = self.env["mail.message"].search_count([])
        files = self.env["ir.attachment"].search_count([])
        wizard = self.make_wizard(
            self.invoice, email_bcc="boss@seller.example", document_mode="attachment"
        )
        with self.mail_server() as taken:
            action = wizard.action_send_test()
        [(recipients, mail)] = taken
        self.assertEqual(recipients, ["me@seller.example"])
        self.assertEqual(mail["Subject"], f"[Test] Invoice {self.invoice.name}")
        self.assertEqual(
            [part.get_filename() for part in mail.iter_attachments()],
            [wizard.document_filename],
        )
        self.assertNotIn("/invoice/d/", mail.as_string())
        self.assertNotIn("access_token", mail.as_string())
        self.assertEqual(action["params"]["type"], "success")
        self.assertFalse(self.invoice.invoice_delivery_ids)
        self.assertFalse(self.invoice.invoice_pdf_report_id)
        self.assertEqual(self.env["mail.message"].search_count([]), messages)
        self.assertEqual(self.env["ir.attachment"].search_count([]), files)

    def test_refused_test_is_told_in_the_servers_words(self):
        self.env.user.email = "me@seller.example"
        wizard = self.make_wizard(self.invoice)
        with self.mail_server({"me@seller.example": (550, b"Not you")}):
            action = wizard.action_send_test()
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("550 Not you", action["params"]["message"])
        self.assertFalse(
            self.env["mail.mail"].search([("subject", "=like", "[Test]%")])
        )

    def test_test_without_an_own_address_is_refused_in_words(self):
        self.env.user.email = False
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.make_wizard(self.invoice).action_send_test()

    def test_email_is_ticked_as_company_and_customer_have_it(self):
        self.partner_a.invoice_sending_method = False
        invoice = self.make_invoice()
        Send = self.env["account.move.send"]
        self.assertEqual(Send._get_default_sending_methods(invoice), {"email"})
        self.company.invoice_email_by_default = False
        self.assertEqual(Send._get_default_sending_methods(invoice), set())
        self.partner_a.invoice_sending_method = "email"
        self.assertEqual(Send._get_default_sending_methods(invoice), {"email"})
