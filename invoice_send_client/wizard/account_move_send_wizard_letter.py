from markupsafe import Markup

from odoo import api, fields, models

from ..tools import languages
from ..tools import letters as letter_tools

#: Where the letter stands in its frame while the two halves of the frame are shown.
BODY_MARKER = "invoice_send_client_body"


class AccountMoveSendWizard(models.TransientModel):
    """The letter: language, subject, text, how the client will see it, and a test.

    Subject and text follow language and template until somebody changes them; the
    ``rendered_*`` fields remember what was filled in, so that a change by hand is
    recognised, kept, and the user asked.
    """

    # one window, several concerns in files of their own
    _name = "account.move.send.wizard"
    _inherit = ["account.move.send.wizard"]

    mail_lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language of the letter",
        compute="_compute_mail_lang",
        store=True,
        readonly=False,
    )
    lang = fields.Char(string="Language code")
    lang_note = fields.Char(compute="_compute_lang_note")
    letter_id = fields.Many2one("invoice.send.template", compute="_compute_letter_id")
    rendered_subject = fields.Json(
        compute="_compute_subject", store=True, readonly=False, compute_sudo=False
    )
    rendered_body = fields.Json(
        compute="_compute_body", store=True, readonly=False, compute_sudo=False
    )
    letter_question = fields.Char(compute="_compute_letter_question")
    replace_letter = fields.Boolean(
        help="Technical: ticked by the button that gives up what was changed by hand.",
    )
    letter_head = fields.Html(compute="_compute_letter_frame", sanitize=False)
    letter_foot = fields.Html(compute="_compute_letter_frame", sanitize=False)

    # -- the letter --------------------------------------------------------------------

    @api.depends("move_id")
    def _compute_mail_lang(self):
        for wizard in self:
            wizard.mail_lang = self._get_installed_mail_lang(wizard.move_id)

    @api.depends("move_id", "mail_lang")
    def _compute_template_id(self):
        # OVERRIDE 'account'
        # the letter follows the language; a template picked by hand stays
        for wizard in self:
            picked = wizard.template_id
            if picked and not picked.letter_ids:
                wizard.template_id = picked
                continue
            letter, _lang = self._get_default_letter(wizard.move_id, wizard.mail_lang)
            template = letter.mail_template_id.with_env(self.env)
            wizard.template_id = template or self._get_default_mail_template_id(
                wizard.move_id
            )

    @api.depends("mail_lang", "template_id")
    def _compute_lang(self):
        # OVERRIDE 'account'
        # one mail, one language: that of the letter found for the language chosen
        letters = self.env["invoice.send.template"]
        for wizard in self:
            wizard.lang = letters._get_lang_of_template(
                wizard.template_id, wizard.mail_lang
            )

    @api.depends("template_id")
    def _compute_letter_id(self):
        letters = self.env["invoice.send.template"]
        for wizard in self:
            domain = [("mail_template_id", "=", wizard.template_id.id)]
            # salesmen send without seeing letters
            can_read = letters.has_access("read")
            wizard.letter_id = can_read and letters.search(domain, limit=1)

    @api.depends("mail_lang", "template_id", "lang")
    def _compute_lang_note(self):
        letters = self.env["invoice.send.template"]
        installed = dict(self.env["res.lang"].get_installed())
        for wizard in self:
            letter, lang = self._get_default_letter(wizard.move_id, wizard.mail_lang)
            is_found = lang == wizard.mail_lang
            if is_found or letter.mail_template_id != wizard.template_id:
                notes = self._get_language_warnings(wizard, installed)
                wizard.lang_note = " ".join(notes) or False
                continue
            wizard.lang_note = self.env._(
                "There is no letter in %(wanted)s: it goes out in %(found)s. Write one "
                "under Settings > Invoicing > Letters.",
                wanted=letters._get_language_name(wizard.mail_lang),
                found=letters._get_language_name(languages.get_iso(lang)),
            )

    @api.depends("template_id", "lang")
    def _compute_subject(self):
        # EXTENDS 'account'
        edited = self.filtered(lambda wizard: wizard._is_edited("subject"))
        edited._keep("subject")
        fresh = self - edited
        result = super(AccountMoveSendWizard, fresh)._compute_subject()
        fresh._remember("subject")
        return result

    @api.depends("template_id", "lang")
    def _compute_body(self):
        # EXTENDS 'account'
        edited = self.filtered(lambda wizard: wizard._is_edited("body"))
        edited._keep("body")
        fresh = self - edited
        result = super(AccountMoveSendWizard, fresh)._compute_body()
        fresh._remember("body")
        return result

    def _is_edited(self, name):
        """:return: whether subject or body is another than what was filled in"""
        self.ensure_one()
        memory = self[f"rendered_{name}"]
        if not memory:
            return bool(self[name])  # said at creation
        if self.batch_line_id:
            # a row keeps what differs in any way, or it would leave without it
            return letter_tools.digest(self[name]) != memory["digest"]
        return letter_tools.fingerprint(self[name]) != memory["text"]

    def _keep(self, name):
        for wizard in self:
            wizard[name] = wizard[name]
            wizard[f"rendered_{name}"] = wizard[f"rendered_{name}"]

    def _remember(self, name):
        for wizard in self:
            wizard[f"rendered_{name}"] = {
                "text": letter_tools.fingerprint(wizard[name]),
                "digest": letter_tools.digest(wizard[name]),
                "letter": wizard._get_letter_key(),
            }

    def _get_letter_key(self):
        return [self.template_id.id, self.lang]

    @api.depends("template_id", "lang", "rendered_subject", "rendered_body")
    def _compute_letter_question(self):
        letters = self.env["invoice.send.template"]
        types = dict(letters._fields["document_type"]._description_selection(self.env))
        for wizard in self:
            memories = (wizard.rendered_subject, wizard.rendered_body)
            is_other = any(
                memory and memory["letter"] != wizard._get_letter_key()
                for memory in memories
            )
            wizard.letter_question = is_other and self.env._(
                "You changed the text, so it stayed as it is. Replace it by the letter "
                "“%(letter)s” in %(language)s?",
                letter=types.get(wizard.letter_id.document_type)
                or wizard.template_id.name,
                language=letters._get_language_name(wizard.lang),
            )

    @api.onchange("replace_letter")
    def _onchange_replace_letter(self):
        """Give up what was changed by hand, for the letter now chosen."""
        if not self.replace_letter:
            return
        self.replace_letter = False
        for name in ("subject", "body"):
            self[name] = self[f"rendered_{name}"] = False
        self._compute_subject()
        self._compute_body()

    @api.depends("lang", "document_mode")
    def _compute_letter_frame(self):
        """Show around the text what the client's mail has there."""
        for wizard in self:
            marker = Markup('<span id="%s"></span>') % BODY_MARKER
            frame = self._render_without_link(wizard._get_preview_line(marker))
            halves = letter_tools.split_at(frame, BODY_MARKER)
            wizard.letter_head, wizard.letter_foot = map(Markup, halves)

    def _get_preview_line(self, body):
        """:return: the line that Send would write, in memory alone

        :param str body: the letter's text
        """
        self.ensure_one()
        return self._make_preview_line(
            self.move_id,
            document_mode=self.document_mode,
            mail_lang=self.lang,
            body=body,
        )

    # -- a test -----------------------------------------------------------------------

    def action_send_test(self):
        """Send this letter to the user alone: no delivery, no message, no real link.

        :return: a notification with the mail server's verdict
        :rtype: dict
        """
        self.ensure_one()
        sender = self._get_default_email_from(
            self.move_id, self.env.user, self.email_from_name
        )
        return self._send_test_letter(
            self._get_preview_line(self.body),
            subject=self.subject,
            email_from=sender,
            mail_server_id=self._get_mail_server().id,
            files=self._get_test_files(),
        )

    def _get_test_files(self):
        """:return: name and content of the files; the invoice as a draft print where
        its PDF was not made yet

        :rtype: list[tuple[str, bytes]]
        """
        files = []
        if self.document_mode == "attachment":
            # sudo: a file of the document that the user is about to send
            pdf = self.move_id.sudo().invoice_pdf_report_id
            files.append((self.document_filename, pdf.raw or self._print_draft()))
        ids = [
            int(file["id"])
            for file in self._get_other_files()
            if not file.get("placeholder")
        ]
        attachments = self.env["ir.attachment"].browse(ids).exists()
        return files + [(file.name, file.raw) for file in attachments]

    def _print_draft(self):
        data = {"pdf_report": self.pdf_report_id}
        self._prepare_invoice_proforma_pdf_report(self.move_id, data)
        return data["proforma_pdf_attachment_values"]["raw"]
