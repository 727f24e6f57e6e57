"""What somebody with few rights could try by calls that no screen makes."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import InvoiceSendCase

RULES = "odoo.addons.base.models.ir_rule"
MODELS = "odoo.addons.base.models.ir_model"

SECRET = b"salaries of everybody"

#: Ways to write a file into the list that the browser brings, by what is said of it.
DISGUISES = {
    "a file": {"manual": True},
    "a file to come": {"placeholder": True},
    "a file to come, by hand": {"placeholder": True, "manual": True},
    "a file left out": {"skip": True, "manual": True},
}


class AttackCase(InvoiceSendCase):
    """A user who may invoice in one company, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"
        cls.biller = new_test_user(
            cls.env,
            login="isc_eve",
            groups="account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
            email="eve@seller.example",
        )
        cls.secret = cls.env["ir.attachment"].create(
            {"name": "salaries.txt", "raw": SECRET}
        )

    def as_biller(self, record):
        self.env.invalidate_all()
        return record.with_env(
            self.env(
                user=self.biller,
                su=False,
                context={"allowed_company_ids": self.company.ids},
            )
        )

    def open_window(self, move, **values):
        Wizard = self.as_biller(self.env["account.move.send.wizard"])
        return Wizard.with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"sending_methods": ["email"], **values})

    def open_review(self, moves, **values):
        Wizard = self.as_biller(self.env["account.move.send.batch.wizard"])
        return Wizard.with_context(
            active_model="account.move", active_ids=moves.ids
        ).create(values)

    def send_as_biller(self, window):
        """:return: all that left, as text"""
        with self.mail_server() as taken:
            self.env.invalidate_all()
            window.action_send_and_print()
            self.env["invoice.send.run"].sudo()._process_due()
        return [message for _recipients, message in taken]


@tagged("-at_install", "post_install")
class TestForeignFiles(AttackCase):
    def assert_secret_stays(self, send):
        with mute_logger(RULES, MODELS):
            try:
                with self.env.cr.savepoint():
                    messages = send()
            except UserError:
                return
        for message in messages:
            for part in message.walk():
                self.assertNotIn(SECRET, part.get_payload(decode=True) or b"")

    def test_no_file_that_one_may_not_read_leaves_with_a_document(self):
        for name, said in DISGUISES.items():
            file = {"id": self.secret.id, "name": "salaries.txt", **said}
            with self.subTest(name=name):
                invoice = self.make_invoice()
                window = self.open_window(invoice, mail_attachments_widget=[file])
                self.assert_secret_stays(lambda w=window: self.send_as_biller(w))

    def test_no_file_leaves_under_the_name_of_the_document(self):
        invoice = self.make_invoice()
        window = self.open_window(invoice)
        for file_id in (self.secret.id, str(self.secret.id)):
            window.mail_attachments_widget = [
                {"id": file_id, "name": window.document_filename, "manual": False}
            ]
            self.assert_secret_stays(lambda: self.send_as_biller(window))

    def test_no_file_that_one_may_not_read_leaves_with_many(self):
        for name, said in DISGUISES.items():
            file = {"id": self.secret.id, "name": "salaries.txt", **said}
            with self.subTest(name=name):
                review = self.open_review(self.make_invoice() | self.make_invoice())
                review.line_ids.mail_attachments_widget = [file]
                self.assert_secret_stays(lambda r=review: self.send_as_biller(r))

    def test_own_file_leaves_with_one_and_with_many(self):
        own = self.as_biller(self.env["ir.attachment"]).create(
            {"name": "terms.txt", "raw": b"our terms"}
        )
        file = {"id": own.id, "name": "terms.txt", "manual": True}
        window = self.open_window(self.make_invoice(), mail_attachments_widget=[file])
        review = self.open_review(self.make_invoice() | self.make_invoice())
        review.line_ids.mail_attachments_widget = [file]
        for sent, count in ((window, 1), (review, 2)):
            messages = self.send_as_biller(sent)
            self.assertEqual(len(messages), count)
            for message in messages:
                parts = [part.get_payload(decode=True) for part in message.walk()]
                self.assertIn(b"our terms", parts)

    def test_no_file_that_one_may_not_read_goes_with_all(self):
        review = self.open_review(self.make_invoice())
        with mute_logger(RULES, MODELS):
            try:
                review.attachment_ids = [(4, self.secret.id)]
            except AccessError:
                return
        self.assert_secret_stays(lambda: self.send_as_biller(review))


@tagged("-at_install", "post_install")
class TestForeignDocuments(AttackCase):
    @mute_logger(RULES, MODELS)
    def test_document_of_another_company_is_not_sent(self):
        company = self.setup_other_company()["company"]
        move = self.init_invoice(
            "out_invoice",
            partner=self.partner_a,
            amounts=[1.0],
            post=True,
            company=company,
        )
        for values in (
            {},
            {"email_to": "eve@evil.example", "subject": "x", "body": "x"},
        ):
            with self.assertRaises(AccessError):
                window = self.open_window(move, move_id=move.id, **values)
                self.send_as_biller(window)
            with self.assertRaises(AccessError):
                self.open_window(self.make_invoice()).write({"move_id": move.id})
            self.assertFalse(move.sudo().invoice_delivery_ids)

    @mute_logger(RULES, MODELS)
    def test_report_on_other_records_is_not_printed(self):
        report = self.env["ir.actions.report"].create(
            {
                "name": "Users",
                "model": "res.users",
                "report_type": "qweb-pdf",
                "report_name": "base.report_irmodeloverview",
            }
        )
        with self.assertRaises(UserError):
            window = self.open_window(self.make_invoice(), pdf_report_id=report.id)
            self.send_as_biller(window)
        file = {
            "id": "x",
            "name": "x.pdf",
            "placeholder": True,
            "dynamic_report": report.report_name,
        }
        with self.assertRaises(UserError):
            window = self.open_window(
                self.make_invoice(), mail_attachments_widget=[file]
            )
            self.send_as_biller(window)
        for values in (
            {"pdf_report_id": report.id},
            {"mail_attachments_widget": [file]},
        ):
            with self.assertRaises(UserError):
                review = self.open_review(self.make_invoice())
                review.line_ids.write(values)
                self.send_as_biller(review)

    @mute_logger(RULES, MODELS)
    def test_letter_on_other_records_is_not_rendered(self):
        template = self.as_biller(self.env["mail.template"]).create(
            {
                "name": "Mine",
                "model_id": self.env["ir.model"]._get_id("res.users"),
                "subject": "{{ object.name }}",
                "body_html": "<p>x</p>",
            }
        )
        with self.assertRaises(UserError):
            review = self.open_review(self.make_invoice())
            review.line_ids.mail_template_id = template.id
            self.send_as_biller(review)
        with self.assertRaises(UserError):
            window = self.open_window(self.make_invoice(), template_id=template.id)
            self.send_as_biller(window)


@tagged("-at_install", "post_install")
class TestForeignContacts(AttackCase):
    @mute_logger(RULES, MODELS)
    def test_window_tells_no_address_of_a_contact_that_one_may_not_read(self):
        other = self.env["res.company"].create({"name": "Other"})
        hidden = self.env["res.partner"].create(
            {"name": "Hidden", "email": "it@hidden.example", "company_id": other.id}
        )
        self.assertFalse(self.as_biller(hidden).has_access("read"))
        values = {"mail_partner_ids": [(6, 0, hidden.ids)]}
        for make in (
            lambda: self.open_window(self.make_invoice(), **values),
            lambda: self.open_window(self.make_invoice()),
        ):
            try:
                window = make()
                window.write(values)
                window.flush_recordset()  # computed as this user
            except AccessError:
                continue
            self.env.invalidate_all()
            self.assertNotIn("hidden", str(window.read(["email_to", "email_cc"])))

    def test_lines_of_a_header_that_one_adds_are_no_headers(self):
        evil = "Hello\r\nBcc: eve@evil.example\r\n\r\n<b>body</b>"
        window = self.open_window(
            self.make_invoice(), subject=evil, email_from_name=evil
        )
        [message] = self.send_as_biller(window)
        head = message.as_bytes().partition(b"\r\n\r\n")[0]
        self.assertFalse(message["Bcc"])
        self.assertNotIn(b"\nBcc:", head)
        delivery = window.move_id.sudo().invoice_delivery_ids
        self.assertEqual(delivery.mapped("email"), ["ana@alfa.example"])


@tagged("-at_install", "post_install")
class TestForeignWindows(AttackCase):
    @mute_logger(RULES, MODELS)
    def test_nobody_reads_the_window_of_another_user(self):
        invoice = self.make_invoice()
        self.send(invoice, answers={"ana@alfa.example": (550, b"No")})
        delivery = invoice.invoice_delivery_ids
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        windows = {
            "account.move.send.wizard": {"move_id": invoice.id},
            "account.move.send.batch.wizard": {},
            "invoice.delivery.correct.address": {
                "delivery_id": delivery.id,
                "email": "ana@alfa.example",
            },
            "invoice.received.return": {"move_id": invoice.id, "reason": "x"},
        }
        for model, values in windows.items():
            window = self.env[model].with_context(**context).create(values)
            self.assertTrue(window.read())
            with self.subTest(model=model):
                for operation in ("read", "write", "unlink"):
                    self.assertFalse(self.as_biller(window).has_access(operation))


@tagged("-at_install", "post_install")
class TestForeignTemplates(AttackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            login="isc_mallory",
            groups="account.group_account_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Reset",
                "model_id": cls.env["ir.model"]._get_id("res.users"),
                "subject": "Reset",
                "body_html": "<p>Reset</p>",
            }
        )
        cls.letters = cls.env["invoice.send.template"].with_user(cls.manager)

    def make_letter(self, **values):
        return self.letters.create(
            {
                "lang": "fr",
                "document_type": "invoice",
                "company_id": self.company.id,
                **values,
            }
        )

    @mute_logger(RULES, MODELS)
    def test_accountant_changes_no_template_that_is_no_letter(self):
        mine = self.template.with_user(self.manager)
        with self.assertRaises(AccessError):
            mine.subject = "Pwned"

    @mute_logger(RULES, MODELS)
    def test_no_letter_takes_a_template_of_something_else(self):
        with self.assertRaises(UserError):
            self.make_letter(mail_template_id=self.template.id)
        letter = self.make_letter(subject="A", body_html="<p>A</p>")
        with self.assertRaises(UserError):
            letter.mail_template_id = self.template.id
        self.template.model_id = self.env["ir.model"]._get_id("account.move")
        with self.assertRaises(UserError):
            self.make_letter(mail_template_id=self.template.id, lang="de")
        self.assertEqual(self.template.subject, "Reset")

    def test_accountant_makes_a_letter_of_a_template_of_his_own(self):
        own = (
            self.env["mail.template"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Mine",
                    "model_id": self.env["ir.model"]._get_id("account.move"),
                    "subject": "Mine",
                    "body_html": "<p>Mine</p>",
                }
            )
        )
        letter = self.make_letter(mail_template_id=own.id)
        self.assertEqual(letter.subject, "Mine")
