from datetime import timedelta
from email import message_from_bytes, policy
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..tools import mail_copy
from .common import BASE_URL, GROUPS, InvoiceSendCase

PASSWORD = "invoice mail test"


@tagged("-at_install", "post_install")
class TestInvoiceMail(InvoiceSendCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: cls._make_user(name, group, cls.company)
            for name, group in GROUPS.items()
        }
        other = cls.env["res.company"].create({"name": "Other"})
        group = "account.group_account_invoice"
        cls.users["stranger"] = cls._make_user("stranger", group, other)

    @classmethod
    def _make_user(cls, name, group, company):
        return new_test_user(
            cls.env,
            login=f"isc_mail_{name}",
            password=PASSWORD,
            groups=group,
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice()
        [(_to, self.message)] = self.send(self.invoice)
        self.delivery = self.invoice.invoice_delivery_ids.sudo()
        self.mail = self.find_mails(self.invoice)

    def find_mails(self, invoice):
        # sudo: whoever runs the test, the archive is looked at from outside
        return self.env["invoice.mail"].sudo().search([("move_ids", "in", invoice.ids)])

    def open_as(self, name, path):
        self.authenticate(self.users[name].login, PASSWORD)
        return self.url_open(path)

    # -- what is kept ------------------------------------------------------------------

    def test_mail_says_who_got_what(self):
        """Customer, address, document and words are those of the mail that left."""
        self.assertEqual(len(self.mail), 1)
        self.assertEqual(self.mail.partner_id, self.partner_a)
        self.assertEqual(self.mail.email, "ana@alfa.example")
        self.assertEqual(self.mail.document_names, self.invoice.name)
        self.assertEqual(self.mail.company_id, self.company)
        self.assertEqual(self.mail.subject, self.message["Subject"])
        self.assertEqual(self.mail.document_mode, "link")
        self.assertEqual(self.mail.state, "sent")
        self.assertIn("ana@alfa.example", self.mail.header_to)
        self.assertEqual(self.delivery.invoice_mail_ids, self.mail)

    def test_stored_mail_holds_no_link_of_the_client(self):
        """The token is the client's authority: staff get the preview's address."""
        sent = self.message.get_body(("html",)).get_content()
        token = self.delivery._get_token()
        self.assertIn(token, sent)
        for text in (self.mail.body_html, self.mail.body_text, self.mail.headers):
            self.assertNotIn(self.delivery.link_key, text)
        preview = f"{BASE_URL}/invoice/preview/{self.delivery.id}"
        self.assertEqual(
            self.mail.body_html,
            sent.replace(f"{BASE_URL}/invoice/d/{token}", preview),
        )

    def test_picture_is_not_live_in_the_stored_mail(self):
        """Reading the archive must not look like the client opening the mail."""
        self.company.invoice_track_open = True
        invoice = self.make_invoice()
        [(_to, message)] = self.send(invoice)
        self.assertIn("open.gif", message.get_body(("html",)).get_content())
        mail = self.find_mails(invoice)
        self.assertNotIn("open.gif", mail.body_html + mail.body_text)
        self.assertIn(f'src="{mail_copy.NO_PICTURE}"', mail.body_html)

    def test_link_of_another_sending_in_the_text_is_turned_too(self):
        """Somebody pasted a copied link into the letter."""
        url = self.delivery._get_landing_url()
        invoice = self.make_invoice()
        self.send(invoice, body=f'<p><a href="{url}">the last one</a></p>')
        body = self.find_mails(invoice).body_html
        self.assertNotIn(self.delivery._get_token(), body)
        self.assertIn(f"/invoice/preview/{self.delivery.id}", body)

    def test_refused_mail_is_not_kept(self):
        """What the server did not take did not leave."""
        invoice = self.make_invoice()
        self.send(invoice, {"ana@alfa.example": (550, b"5.1.1 unknown")})
        self.assertEqual(invoice.invoice_delivery_ids.state, "error")
        self.assertFalse(self.find_mails(invoice))

    @mute_logger("odoo.addons.invoice_send_client.models.invoice_mail")
    def test_mail_that_can_not_be_read_is_sent_all_the_same(self):
        """Keeping a copy never costs the verdict."""
        invoice = self.make_invoice()
        with patch.object(mail_copy, "read", side_effect=ValueError):
            self.send(invoice)
        self.assertEqual(invoice.invoice_delivery_ids.state, "sent")
        self.assertFalse(self.find_mails(invoice))

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_mail_that_was_taken_is_kept_though_the_transaction_is_lost(self):
        """The database fails right after the mail server took the mail."""
        invoice, Mail = self.make_invoice(), type(self.env["mail.mail"])
        error = SerializationFailure("could not serialize access")
        with patch.object(Mail, "_postprocess_sent_message", side_effect=error):
            self.send(invoice)
        self.assertEqual(len(self.find_mails(invoice)), 1)
        self.assertEqual(self.find_mails(invoice).state, "sent")

    def test_mail_is_kept_once_when_the_verdict_is_written_twice(self):
        """The client opens the link while the verdict is written down."""
        Delivery, errors = type(self.delivery), [SerializationFailure("once")]
        end_attempt = Delivery._end_attempt

        def disturbed(delivery, *args):
            end_attempt(delivery, *args)
            if errors:
                raise errors.pop()

        invoice = self.make_invoice()
        with patch.object(Delivery, "_end_attempt", disturbed):
            self.send(invoice)
        self.assertFalse(errors)
        self.assertEqual(len(self.find_mails(invoice)), 1)
        self.assertEqual(self.find_mails(invoice).delivery_ids.state, "sent")

    def count_queries(self):
        """:return: the queries of a sending to two recipients, with a file"""
        invoice = self.make_invoice()
        window = self.make_wizard(
            invoice, document_mode="attachment", email_cc="cc@alfa.example"
        )
        with self.mail_server() as taken:
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            window.action_send_and_print()
            self.env.flush_all()
        self.assertEqual(len(taken), 2)
        return self.env.cr.sql_log_count - before

    def test_keeping_a_mail_costs_two_queries(self):
        """One row and its relation to the deliveries."""
        Mail = type(self.env["invoice.mail"])
        self.count_queries()
        with (
            patch.object(Mail, "_keep", lambda *_args: None),
            patch.object(Mail, "_describe", lambda *_args: {}),
        ):
            without = self.count_queries()
        self.assertEqual(self.count_queries() - without, 2 * 2)

    def test_mail_stays_when_its_document_is_deleted(self):
        """The archive outlives what it is about; its last known state stays."""
        self.invoice.button_draft()
        self.invoice.sudo().with_context(force_delete=True).unlink()
        self.assertTrue(self.mail.exists())
        self.assertFalse(self.mail.delivery_ids)
        self.assertEqual(self.mail.state, "sent")

    # -- files -------------------------------------------------------------------------

    def send_with_file(self):
        invoice = self.make_invoice()
        self.send(invoice, document_mode="attachment")
        return self.find_mails(invoice)

    def test_file_is_kept_by_reference(self):
        """The attachment's record, and what it was when it left."""
        mail = self.send_with_file()
        self.assertEqual(len(mail.attachment_ids), 1)
        self.assertEqual(mail.files[0]["checksum"], mail.attachment_ids.checksum)
        self.assertFalse(mail.missing_files)

    def test_deleted_file_is_named_honestly(self):
        """Form and .eml say which file is no longer there; they do not break."""
        mail = self.send_with_file()
        name = mail.files[0]["name"]
        mail.attachment_ids.unlink()
        mail.invalidate_recordset()
        self.assertFalse(mail.attachment_ids)
        self.assertIn(name, mail.missing_files)
        self.assertIn("no longer there", mail.missing_files)
        [note] = message_from_bytes(
            mail._build_eml(), policy=policy.default
        ).iter_attachments()
        self.assertEqual(note.get_filename(), f"{name}.txt")
        self.assertIn(name, note.get_content())

    def test_changed_file_does_not_pass_for_the_one_that_was_sent(self):
        """Its checksum tells it from the file that left."""
        mail = self.send_with_file()
        mail.attachment_ids.raw = b"something else"
        mail.invalidate_recordset()
        self.assertFalse(mail.attachment_ids)
        self.assertNotIn(b"something else", mail._build_eml())

    # -- who may look ------------------------------------------------------------------

    def test_accounting_users_read_and_nobody_writes(self):
        """Evidence has readers and no writers."""
        for name in ("biller", "reader"):
            mail = self.mail.with_user(self.users[name])
            self.assertIn("Subject", mail.headers)
            for operation in ("write", "create", "unlink"):
                with self.subTest(name=name, operation=operation):
                    self.assertFalse(mail.has_access(operation))

    def test_others_read_nothing(self):
        """Neither other employees nor clients nor other companies."""
        for name in ("portal", "plain", "stranger"):
            with self.subTest(name=name):
                self.assertFalse(
                    self.mail.with_user(self.users[name]).has_access("read")
                )

    @mute_logger("odoo.http")
    def test_routes_are_for_accounting_users_of_the_company(self):
        """Mail, letter and preview ask for the same rights as the records."""
        paths = [
            f"/invoice/mail/{self.mail.id}/eml",
            f"/invoice/mail/{self.mail.id}/letter",
            f"/invoice/preview/{self.delivery.id}",
        ]
        expected = dict.fromkeys(("biller", "reader"), 200)
        expected |= dict.fromkeys(("portal", "plain", "stranger"), 404)
        for name, status in expected.items():
            for path in paths:
                with self.subTest(name=name, path=path):
                    self.assertEqual(self.open_as(name, path).status_code, status)

    @mute_logger("odoo.http")
    def test_route_without_a_mail_says_not_found(self):
        """A deleted mail looks like one that never was."""
        last = self.mail.id + 1000
        for path in (f"/invoice/mail/{last}/eml", f"/invoice/preview/{10**8}"):
            self.assertEqual(self.open_as("biller", path).status_code, 404)

    def test_visitor_is_sent_to_the_login(self):
        """Nothing is given to who is not signed in."""
        self.authenticate(None, None)
        response = self.url_open(
            f"/invoice/mail/{self.mail.id}/eml", allow_redirects=False
        )
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])

    # -- routes ------------------------------------------------------------------------

    def test_eml_is_a_file_with_a_telling_name(self):
        """Number, address and date stand in its name."""
        response = self.open_as("biller", f"/invoice/mail/{self.mail.id}/eml")
        number = self.invoice.name.replace("/", "_")
        date = fields.Date.to_string(self.mail.sent_datetime)
        self.assertIn(
            f"{number}_ana_alfa.example_{date}.eml",
            response.headers["Content-Disposition"],
        )
        message = message_from_bytes(response.content, policy=policy.default)
        self.assertEqual(message["Subject"], self.message["Subject"])

    def test_letter_runs_and_loads_nothing(self):
        """Its frame is a sandbox, and its links lead to the preview."""
        response = self.open_as("biller", f"/invoice/mail/{self.mail.id}/letter")
        rules = response.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "sandbox ", "frame-ancestors 'self'"):
            self.assertIn(rule, rules)
        self.assertNotIn("allow-scripts", rules)
        self.assertIn(f"/invoice/preview/{self.delivery.id}", response.text)

    def test_preview_shows_the_page_and_records_nothing(self):
        """The client's page without its script, link and events."""
        events = self.delivery.event_ids
        response = self.open_as("biller", f"/invoice/preview/{self.delivery.id}")
        self.assertIn(self.invoice.name, response.text)
        self.assertIn("Preview for staff", response.text)
        self.assertNotIn("client_page.js", response.text)
        self.assertNotIn("/invoice/d/", response.text)
        self.delivery.invalidate_recordset()
        self.assertEqual(self.delivery.event_ids, events)
        self.assertEqual(self.delivery.state, "sent")
        self.assertFalse(self.invoice.invoice_view_datetime)

    def test_preview_says_that_the_clients_link_is_dead(self):
        """Staff see the page; the client would not."""
        self.delivery.action_revoke_link()
        response = self.open_as("biller", f"/invoice/preview/{self.delivery.id}")
        self.assertIn("no longer opens the document", response.text)

    def test_client_sees_no_bar_of_the_preview(self):
        """The same template serves both."""
        self.authenticate(None, None)
        response = self.url_open(f"/invoice/d/{self.delivery._get_token()}")
        self.assertIn(self.invoice.name, response.text)
        self.assertNotIn("Preview for staff", response.text)

    # -- retention ---------------------------------------------------------------------

    def clean_up(self):
        # as Odoo's clean-up does it
        return self.env["invoice.mail"].with_user(SUPERUSER_ID)._gc_old_mails()

    def test_mails_are_kept_for_good_by_default(self):
        """Nothing is deleted unless a company says so."""
        self.mail.sent_datetime = fields.Datetime.now() - timedelta(days=5000)
        self.clean_up()
        self.assertTrue(self.mail.exists())

    def test_older_mails_of_a_company_are_deleted_evidence_stays(self):
        """Only beyond the company's own time; who got what stays known."""
        self.company.invoice_mail_retention_days = 30
        young = self.mail.copy({"delivery_ids": [(6, 0, self.delivery.ids)]})
        young.sent_datetime = fields.Datetime.now() - timedelta(days=29)
        self.mail.sent_datetime = fields.Datetime.now() - timedelta(days=31)
        other = self.users["stranger"].company_id
        foreign = self.mail.copy({"company_id": other.id})
        self.assertEqual(self.clean_up(), (1, False))
        self.assertFalse(self.mail.exists())
        self.assertTrue((young | foreign).exists() == young | foreign)
        self.assertEqual(self.delivery.state, "sent")
        self.assertTrue(self.delivery.event_ids)

    def test_more_than_one_batch_is_told_to_the_clean_up(self):
        """It comes back as long as a batch was full."""
        self.company.invoice_mail_retention_days = 30
        self.mail.sent_datetime = fields.Datetime.now() - timedelta(days=31)
        self.mail.copy({})
        path = "odoo.addons.invoice_send_client.models.invoice_mail.GC_BATCH"
        with patch(path, 1):
            self.assertEqual(self.clean_up(), (1, True))
            self.assertEqual(self.clean_up(), (1, True))
            self.assertEqual(self.clean_up(), (0, False))

    # -- ways to it --------------------------------------------------------------------

    def test_customer_and_delivery_lead_to_the_mail(self):
        """The ways to it and back to the document."""
        biller = self.users["biller"]
        customer = self.partner_a.with_user(biller)
        self.assertEqual(customer.invoice_mail_count, 1)
        domain = customer.action_open_invoice_mails()["domain"]
        self.assertEqual(self.env["invoice.mail"].sudo().search(domain), self.mail)
        action = self.delivery.with_user(biller).action_open_mails()
        self.assertEqual(action["res_id"], self.mail.id)
        action = self.mail.with_user(biller).action_open_moves()
        self.assertEqual(action["res_id"], self.invoice.id)
