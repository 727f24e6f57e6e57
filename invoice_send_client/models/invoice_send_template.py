from lxml import etree

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import file_open

from ..const import DOCUMENT_TYPES, MOVE_DOCUMENT_TYPES, REMINDER_MOVE_TYPES
from ..tools import languages, letters

#: The last language that is looked in: its letters are shipped.
LAST_LANGUAGE = "en_US"

#: What any letter may hold, as it is listed beside the text.
VARIABLES = (
    "object.partner_id.name",
    "object.name",
    "format_amount(object.amount_total, object.currency_id)",
    "format_amount(object.amount_residual, object.currency_id)",
    "format_date(object.invoice_date)",
    "format_date(object.invoice_date_due)",
    "format_date(object.invoice_sent_datetime)",
    "object.payment_reference",
    "object.partner_bank_id.acc_number",
    "object.ref",
    "object.company_id.name",
    "user.name",
)


class InvoiceSendTemplate(models.Model):
    """A letter: what clients read in the mail, for a kind of document in a language.

    The text stands in a mail template of its own (``mail_template_id``), once and
    whole: a letter is not translated, there is one for each language. Which letter a
    document gets is decided by :meth:`_get_letters_by_key`.
    """

    _name = "invoice.send.template"
    _description = "Invoice Letter"
    _inherits = {"mail.template": "mail_template_id"}
    _order = "document_type, lang, company_id, id"
    _rec_name = "document_type"

    lang = fields.Selection(
        selection="_selection_lang",
        string="Language",
        required=True,
        help="A language with its country beats the language alone.",
    )
    document_type = fields.Selection(
        DOCUMENT_TYPES, string="Document", required=True, default="invoice", index=True
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="A company's own letter beats the one for all companies.",
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        string="E-mail template",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("model", "=", "account.move")],
    )
    active = fields.Boolean(default=True)
    subject = fields.Char(
        compute="_compute_subject", inverse="_inverse_subject", compute_sudo=True
    )
    body_html = fields.Html(
        string="Text",
        compute="_compute_body_html",
        inverse="_inverse_body_html",
        compute_sudo=True,
        sanitize="email_outgoing",
    )
    _one_letter = models.UniqueIndex(
        "(COALESCE(company_id, 0), document_type, lang)",
        "There is such a letter already: one for each company, kind of document and "
        "language.",
    )

    @api.constrains("mail_template_id")
    def _check_mail_template_id(self):
        """Let only those make a template a letter who could change it anyway: from then
        on accountants may.

        :raise ValidationError: for a template of somebody else, or on other records
        """
        # Odoo runs constraints with all rights
        asked = self.sudo(False).env
        if asked.su or asked.user.has_group("mail.group_mail_template_editor"):
            return
        for template in self.mail_template_id:
            if template.create_uid != asked.user or template.model != "account.move":
                raise ValidationError(
                    self.env._(
                        "Only template editors may make “%s” a letter: write a new "
                        "letter, or copy one.",
                        template.name,
                    )
                )

    @api.model
    def default_get(self, fields):
        # EXTENDS 'mail'
        values = super().default_get(fields)
        if "model_id" in fields:
            values["model_id"] = self.env["ir.model"]._get_id("account.move")
        return values

    # -- languages ---------------------------------------------------------------------

    @api.model
    def _selection_lang(self):
        """:return: every language, alone and with its countries, by their names"""
        # sudo: the names of languages, of those not installed too
        known = self.env["res.lang"].sudo().search([("active", "in", [True, False])])
        names = {lang.code: lang.name for lang in known}
        names = {languages.get_iso(code): name for code, name in names.items()} | names
        found = [(code, self._get_language_name(code, names)) for code in names]
        # as at the beginning of a sentence: most languages write their names small
        shown = [(code, name[:1].upper() + name[1:]) for code, name in found]
        return sorted(shown, key=lambda pair: pair[1])

    @api.model
    def _get_language_name(self, code, names=None):
        """:return: a language's name in the user's words: ``Romanian``

        :param str code: ``ro``, ``ro_RO``
        :param dict names: what to fall back to, by code
        """
        name = languages.get_name(code, self.env.lang or LAST_LANGUAGE)
        return name or (names or {}).get(code) or code

    # -- text --------------------------------------------------------------------------

    @api.depends("document_type", "lang", "company_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        types = dict(self._fields["document_type"]._description_selection(self.env))
        for letter in self:
            words = [types.get(letter.document_type)]
            if letter.lang:
                words.append(self._get_language_name(letter.lang))
            words.append(letter.company_id.name)
            letter.display_name = ", ".join(filter(None, words))

    @api.depends("mail_template_id.subject")
    def _compute_subject(self):
        for letter in self:
            letter.subject = letter.mail_template_id.with_context(lang=None).subject

    @api.depends("mail_template_id.body_html")
    def _compute_body_html(self):
        for letter in self:
            letter.body_html = letter.mail_template_id.with_context(lang=None).body_html

    def _inverse_subject(self):
        for letter in self:
            letter._write_text("subject", letter.subject)

    def _inverse_body_html(self):
        for letter in self:
            letter._write_text("body_html", letter.body_html)

    def _write_text(self, name, text):
        """Put a subject or a body into the mail template.

        :param str name: ``subject`` or ``body_html``
        :param str text: the whole of it
        :raise ValidationError: where it can't be filled in
        """
        self.ensure_one()
        # sudo: natively only its maker or a template editor may write; the placeholders
        # are checked below
        template = self.mail_template_id.sudo().with_context(lang=None)
        if name == "body_html":
            text = letters.let_placeholders_stand(text)
        self._check_placeholders(template[name], text)
        self._check_fills_in(name, text)
        template[name] = text
        if not template.name:
            template.name = self.display_name

    def _check_placeholders(self, old, new):
        """Let users without the right to write templates use placeholders, not code.

        What is behind a placeholder is run with the rights of the sending: only what
        stands in the old text, in a shipped one or in the list beside the letter may
        stand in the new one.
        """
        if self.env.su or self.env.user.has_group("mail.group_mail_template_editor"):
            return
        allowed = letters.get_code(old) | set(VARIABLES)
        for code in (self.lang, "en"):
            for shipped in self._get_shipped_text(code).values():
                allowed |= letters.get_code(shipped)
        if unknown := letters.get_code(new) - allowed:
            raise ValidationError(
                self.env._(
                    "Only template editors may add these placeholders: %s",
                    ", ".join(sorted(unknown)),
                )
            )

    def _check_fills_in(self, name, text):
        """:raise ValidationError: in words, where a text can't be filled in"""
        move = self._get_sample_move()
        if not move or not text:
            return
        try:
            self._fill_in(name, text, move)
        except UserError as error:
            raise ValidationError(
                self.env._("The letter can't be filled in. %s", letters.describe(error))
            ) from error

    def _fill_in(self, name, text, move):
        """:return: a text of this letter as a document's client would read it

        :param str name: ``subject`` or ``body_html``
        :param str text: with placeholders
        :param move: the document
        """
        # sudo: as at sending, which is done in the name of users without these rights
        template = self.env["mail.template"].sudo()
        lang = self._get_full_code(self.lang)
        if name == "body_html":
            text = letters.let_placeholders_stand(text)
        draft = template.with_context(lang=lang).new(
            {"model_id": self.env["ir.model"]._get_id("account.move"), name: text}
        )
        return draft._render_field(name, move.ids)[move.id]

    def _get_move_types(self):
        """:return: types of the documents that this letter is for"""
        if self.document_type in REMINDER_MOVE_TYPES:
            return list(REMINDER_MOVE_TYPES[self.document_type])
        return [
            move_type
            for move_type, document_type in MOVE_DOCUMENT_TYPES.items()
            if self.document_type in (document_type, "several")
        ]

    def _get_sample_move(self):
        """:return: the newest posted document of this kind in the user's companies"""
        domain = [
            ("state", "=", "posted"),
            ("move_type", "in", self._get_move_types()),
        ]
        if self.company_id:
            domain.append(("company_id", "=", self.company_id.id))
        return self.env["account.move"].search(domain, order="id desc", limit=1)

    def _get_shipped_text(self, lang):
        """:return: ``subject`` and ``body_html`` as this addon ships them for this kind
            of document and a language; empty where it ships none

        :rtype: dict[str, str]
        """
        self.ensure_one()
        for code in dict.fromkeys((lang, languages.get_iso(lang))):
            name = f"invoice_send_client/data/letters/{code}.xml"
            try:
                with file_open(name) as file:
                    tree = etree.parse(file)
            except FileNotFoundError:
                continue
            xmlid = f"mail_template_{code}_{self.document_type}"
            return letters.read_record(tree, xmlid)
        return {}

    # -- which letter ------------------------------------------------------------------

    @api.model
    def _get_letter(self, company, document_type, lang):
        """Give the letter for one document; see :meth:`_get_letters_by_key`.

        :param company: ``res.company`` that sends, or the document itself
        :param str document_type: of ``const.DOCUMENT_TYPES``
        :param str lang: the language wished for
        :return: the letter and the language that the whole mail and the client's page
            are in
        :rtype: tuple
        """
        company = company if company._name == "res.company" else company.company_id
        key = (company.id, document_type, lang)
        return self._get_letters_by_key([key])[key]

    @api.model
    def _get_letters_by_key(self, keys):
        """Find letters for any number of documents by one query.

        The order, first found first taken:

        1. in the language wished for: the company's own letter for language and country
           (``pt_BR``), the company's own for the language alone (``pt``), then those
           for all companies in the same order;
        2. the same for the company's language;
        3. the same for English.

        Subject, text, button, footer and client page follow the letter that is found.

        :param keys: ``(company id, document type, language)``
        :return: by key: the letter, with all rights and empty where all are deleted,
            and the language of mail and page
        :rtype: dict[tuple, tuple]
        """
        # sudo: letters are sent in the name of users who can't read them (point of
        # sale, payments in the portal)
        Letter, keys = self.sudo(), set(keys)
        company_ids = {company_id for company_id, _type, _lang in keys}
        found = Letter.search([("company_id", "in", [False, *company_ids])])
        shelf = {(a.company_id.id, a.document_type, a.lang): a for a in found}
        companies = Letter.env["res.company"].browse(company_ids)
        own_langs = {company.id: company.partner_id.lang for company in companies}
        return {
            key: Letter._take_letter(shelf, *key, own_langs[key[0]]) for key in keys
        }

    def _take_letter(self, shelf, company_id, document_type, lang, company_lang):
        """:return: letter and language, see :meth:`_get_letters_by_key`"""
        for wanted in filter(None, (lang, company_lang, LAST_LANGUAGE)):
            for owner in (company_id, False):
                for code in (wanted, languages.get_iso(wanted)):
                    letter = shelf.get((owner, document_type, code))
                    full_code = letter and self._get_full_code(code, wanted)
                    if full_code:
                        return letter, full_code
        installed = dict(self.env["res.lang"].get_installed())
        known = [code for code in (lang, company_lang) if code in installed]
        return self.browse(), [*known, LAST_LANGUAGE][0]

    @api.model
    def _get_full_code(self, code, wanted=None):
        """:return: an installed language for the code of a letter; empty where the
            language wished for is not installed

        :param str code: ``ro``, ``pt_BR``
        :param str wanted: taken where it is of that language and installed
        """
        installed = [lang for lang, _name in self.env["res.lang"].get_installed()]
        for lang in (wanted, code):
            if lang in installed and code in (lang, languages.get_iso(lang)):
                return lang
        iso = languages.get_iso(code)
        same = [lang for lang in installed if languages.get_iso(lang) == iso]
        if same or iso == "en":
            return [*same, LAST_LANGUAGE][0]
        return "" if wanted else self.env.lang or LAST_LANGUAGE

    @api.model
    def _get_lang_of_template(self, template, wanted):
        """:return: the language that a mail with this template is in

        :param template: ``mail.template``; one that is no letter speaks them all
        :param str wanted: the language wished for
        """
        # sudo: as in _get_letters_by_key
        found = self.sudo().search([("mail_template_id", "=", template.id)])
        codes, installed = (
            found.mapped("lang"),
            dict(self.env["res.lang"].get_installed()),
        )
        speaks = not codes or {wanted, languages.get_iso(wanted)} & set(codes)
        if speaks and wanted in installed:
            return wanted
        return self._get_full_code(codes[0] if codes else LAST_LANGUAGE)
