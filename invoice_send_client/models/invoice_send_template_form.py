from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

from ..const import CLIENT_LANGUAGES
from ..tools import languages, letters
from .invoice_send_template import VARIABLES


class InvoiceSendTemplate(models.Model):
    """Writing a letter: what may stand in it, how the client will see it, a test."""

    _inherit = "invoice.send.template"

    preview_move_id = fields.Many2one(
        "account.move",
        string="Shown with",
        compute="_compute_preview_move_id",
        readonly=False,
        domain="[('state', '=', 'posted'), ('move_type', 'in', preview_move_types)]",
    )
    preview_move_types = fields.Json(compute="_compute_preview_move_types")
    preview_subject = fields.Char(compute="_compute_preview")
    preview_body = fields.Html(compute="_compute_preview", sanitize=False)
    preview_problem = fields.Char(compute="_compute_preview")
    lang_problem = fields.Char(compute="_compute_lang_problem")
    variables = fields.Json(compute="_compute_variables")
    is_as_shipped = fields.Boolean(compute="_compute_is_as_shipped")
    is_installed = fields.Boolean(
        compute="_compute_is_installed", search="_search_is_installed"
    )

    # -- trying it out -----------------------------------------------------------------

    @api.depends("document_type")
    def _compute_preview_move_types(self):
        for letter in self:
            letter.preview_move_types = letter._get_move_types()

    @api.depends("document_type", "company_id")
    def _compute_preview_move_id(self):
        for letter in self:
            letter.preview_move_id = letter._get_sample_move()

    @api.depends("subject", "body_html", "lang", "document_type", "preview_move_id")
    def _compute_preview(self):
        for letter in self:
            letter.preview_subject = letter.preview_body = False
            letter.preview_problem = False
            if not letter.preview_move_id:
                letter.preview_problem = letter._get_words_for_no_move()
                continue
            try:
                letter.preview_subject, body = letter._render_texts()
                frame = self.env["account.move.send"]._render_without_link(
                    letter._get_preview_line(body)
                )
                letter.preview_body = letters.get_body(frame)
            except UserError as error:
                letter.preview_problem = letters.describe(error)

    def _get_words_for_no_move(self):
        return self.env._("There is no posted document yet to show this letter with.")

    def _render_texts(self):
        """:return: subject and body as the preview's client would read them

        :raise UserError: where they can't be filled in
        """
        # sudo: the text as it is stored, of a letter that the user sees
        template = self._origin.mail_template_id.sudo().with_context(lang=None)
        texts = []
        for name in ("subject", "body_html"):
            self._check_placeholders(template[name], self[name])
            texts.append(self._fill_in(name, self[name], self.preview_move_id))
        return texts

    def _get_preview_line(self, body):
        """:return: the line that Send would write for the preview, in memory alone"""
        move = self.preview_move_id
        return self.env["account.move.send"]._make_preview_line(
            move,
            document_mode=move.company_id._get_invoice_document_mode(),
            mail_lang=self._get_full_code(self.lang),
            body=body,
        )

    def action_send_test(self):
        """Send this letter to the user alone.

        :return: a notification with the mail server's verdict
        :rtype: dict
        """
        self.ensure_one()
        move = self.preview_move_id
        if not move:
            raise UserError(self._get_words_for_no_move())
        subject, body = self._render_texts()
        send = self.env["account.move.send"]
        # sudo: users can't read mail servers; the mail only leaves through it
        server = move.company_id.sudo().invoice_mail_server_id
        return send._send_test_letter(
            self._get_preview_line(body),
            subject=subject,
            email_from=send._get_default_email_from(move, self.env.user),
            mail_server_id=server.id,
        )

    @api.depends("lang")
    def _compute_lang_problem(self):
        for letter in self:
            letter.lang_problem = letter._get_lang_problem()

    def _get_lang_problem(self):
        """:return: why a letter in this language is of no or of little use, in words"""
        if not self.lang:
            return False
        name = self._get_language_name(self.lang)
        if not self.is_installed:
            return self.env._(
                "%s is not added to this database, so no customer can have it. Add it "
                "under Settings > Languages.",
                name,
            )
        if languages.get_iso(self.lang) not in CLIENT_LANGUAGES:
            return self.env._(
                "The words around the letter and the client's page are not shipped in "
                "%s: they stay English until somebody translates them.",
                name,
            )
        return False

    @api.depends("lang")
    def _compute_is_installed(self):
        codes = self._get_installed_codes()
        for letter in self:
            letter.is_installed = letter.lang in codes

    @api.model
    def _search_is_installed(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("lang", "in", list(self._get_installed_codes()))]

    @api.model
    def _get_installed_codes(self):
        """:return: the languages that customers can have, with country and without"""
        codes = {code for code, _name in self.env["res.lang"].get_installed()}
        return codes | {languages.get_iso(code) for code in codes}

    @api.depends("preview_move_id", "lang")
    def _compute_variables(self):
        for letter in self:
            letter.variables = letter._describe_variables()

    def _describe_variables(self):
        """:return: what may be filled in: code, in plain words, for example

        :rtype: list[dict[str, str]]
        """
        words = self._get_variable_words()
        text = "\0".join(f"{{{{ {code} }}}}" for code in words)
        move = self.preview_move_id
        filled = self._fill_in("subject", text, move) if move and self.lang else ""
        examples = filled.split("\0") if filled else [""] * len(words)
        return [
            {"code": f"{{{{ {code} }}}}", "words": words[code], "example": example}
            for code, example in zip(words, examples, strict=True)
        ]

    def _get_variable_words(self):
        """:return: the names of ``VARIABLES`` in the user's language"""
        names = (
            self.env._("Customer's name"),
            self.env._("Number"),
            self.env._("Amount"),
            self.env._("Amount still to pay"),
            self.env._("Date"),
            self.env._("Due date"),
            self.env._("Sent to client on"),
            self.env._("Payment reference"),
            self.env._("Bank account"),
            self.env._("Customer's own reference"),
            self.env._("Your company"),
            self.env._("Who sends"),
        )
        return dict(zip(VARIABLES, names, strict=True))

    # -- the shipped text, and letters of one's own ------------------------------------

    @api.depends("subject", "body_html", "lang", "document_type")
    def _compute_is_as_shipped(self):
        for letter in self:
            shipped = letter._get_shipped_text(letter.lang)
            letter.is_as_shipped = not shipped or (
                letter.subject == shipped["subject"]
                and letters.fingerprint(letter.body_html)
                == letters.fingerprint(shipped["body_html"])
            )

    def action_restore(self):
        """Give up the text for the one that came with the addon."""
        for letter in self:
            if shipped := letter._get_shipped_text(letter.lang):
                letter.write(shipped)

    @api.onchange("lang", "document_type")
    def _onchange_lang(self):
        """Begin a new letter with the shipped text, in English where there is none."""
        if self.subject or not is_html_empty(self.body_html):
            return
        shipped = self._get_shipped_text(self.lang) or self._get_shipped_text("en")
        self.update(shipped)

    def action_copy_for_company(self):
        """Open the user's company's own copy of this letter, made where it has none.

        :return: the action that shows it
        :rtype: dict
        """
        self.ensure_one()
        values = {"lang": self.lang, "document_type": self.document_type}
        domain = [(name, "=", value) for name, value in values.items()]
        company = self.env.company
        own = self.search([*domain, ("company_id", "=", company.id)])
        own = own or self.create(
            {
                **values,
                "company_id": company.id,
                "subject": self.subject,
                "body_html": self.body_html,
            }
        )
        return own._get_records_action(name=self.env._("Letters"))
