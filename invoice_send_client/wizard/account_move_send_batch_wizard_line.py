from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..const import DOCUMENT_MODES
from ..tools import size

#: What a row lacks whose document could not be sent when it was made.
TAKEN_LATE = (
    "sending_methods",
    "extra_edis",
    "invoice_edi_format",
    "mail_partner_ids",
    "email_to",
    "email_cc",
    "email_bcc",
)


class AccountMoveSendBatchWizardLine(models.TransientModel):
    """One document of the review window: who gets it, how, and what stands against it.

    Written when the window opens, in one statement for all documents and without
    rendering a letter. What the user edits stays here until Send; subject and text are
    rendered when somebody reads them, else when the mail leaves.
    """

    _name = "account.move.send.batch.wizard.line"
    _description = "Document to Send"
    _order = "id"
    _rec_name = "move_id"
    # rows live as long as their window, however long one looks at some of them
    _transient_max_hours = 0
    _transient_max_count = 0

    wizard_id = fields.Many2one(
        "account.move.send.batch.wizard", required=True, ondelete="cascade", index=True
    )
    move_id = fields.Many2one(
        "account.move", string="Document", required=True, ondelete="cascade"
    )
    # copied when the window opens, to sort and group by
    move_name = fields.Char(string="Number", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    # as the user: a row tells nothing of a document that he may not read
    currency_id = fields.Many2one(related="move_id.currency_id", related_sudo=False)
    amount_total = fields.Monetary(
        related="move_id.amount_total", string="Total", related_sudo=False
    )
    last_line_id = fields.Many2one(
        "invoice.send.run.line",
        help="The document's last sending that this window knows of.",
    )
    was_waiting = fields.Boolean(
        help="When the window was opened, the document was under way to its clients."
    )

    # whether it goes
    to_send = fields.Boolean(
        string="Send", compute="_compute_to_send", store=True, readonly=False
    )
    judged_as = fields.Char(compute="_compute_to_send", store=True, readonly=False)
    # readonly=False: given when the window opens, so not computed a second time
    blocked = fields.Boolean(
        string="Can't be sent",
        compute="_compute_block_reason",
        store=True,
        readonly=False,
        compute_sudo=False,
    )
    block_reason = fields.Char(
        compute="_compute_block_reason", store=True, readonly=False, compute_sudo=False
    )
    warning = fields.Char(
        compute="_compute_block_reason", store=True, readonly=False, compute_sudo=False
    )
    remark = fields.Char(string="What to know", compute="_compute_remark")
    is_doubtful = fields.Boolean(
        string="Better left unticked",
        compute="_compute_block_reason",
        store=True,
        readonly=False,
        compute_sudo=False,
    )

    # how it goes
    sending_methods = fields.Json()
    methods_text = fields.Char(string="Methods", compute="_compute_methods_text")
    extra_edis = fields.Json()
    invoice_edi_format = fields.Char()
    pdf_report_id = fields.Many2one("ir.actions.report")
    document_mode = fields.Selection(
        DOCUMENT_MODES, string="Attached or link", required=True, default="link"
    )
    mail_attachments_widget = fields.Json(
        help="The files, where the row was opened; else those of the letter."
    )
    own_file_size = fields.Integer(help="Bytes of the row's own files.")
    other_file_size = fields.Integer(
        help="Bytes of all files beside the PDF: the row's own and those for all."
    )
    message_size = fields.Char(string="Size", compute="_compute_message_size")

    # to whom
    email_from_name = fields.Char(help="Where the row has a sender of its own.")
    mail_partner_ids = fields.Json(help="Contacts chosen as recipients.")
    email_to = fields.Char(string="To")
    email_cc = fields.Char(string="CC")
    email_bcc = fields.Char(string="BCC")
    copy_followers = fields.Boolean()

    # what it says
    mail_lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(), string="Language"
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        compute="_compute_mail_template_id",
        store=True,
        readonly=False,
        compute_sudo=False,
    )
    custom_subject = fields.Char()
    custom_body = fields.Html(sanitize=False)
    subject = fields.Char(
        compute="_compute_subject", inverse="_inverse_subject", compute_sudo=False
    )
    body = fields.Html(
        compute="_compute_body",
        inverse="_inverse_body",
        sanitize=False,
        compute_sudo=False,
    )
    is_edited = fields.Boolean(
        string="Text changed",
        compute="_compute_is_edited",
        store=True,
        readonly=False,
    )

    @api.constrains("move_id")
    def _check_move_id(self):
        """:raise AccessError: for a document that the user may not read"""
        # Odoo runs constraints with all rights
        self.sudo(False).move_id.check_access("read")

    # -- whether it goes ---------------------------------------------------------------

    @api.depends(
        "email_to",
        "email_cc",
        "email_bcc",
        "sending_methods",
        "document_mode",
        "mail_lang",
        "other_file_size",
    )
    def _compute_block_reason(self):
        # what stands against a document says whom it was sent to
        self.move_id.check_access("read")
        verdicts = self.wizard_id._get_row_verdicts(self)
        for line, values in zip(self, verdicts, strict=True):
            for name in ("blocked", "block_reason", "warning", "is_doubtful"):
                line[name] = values[name]

    def _judge_again(self):
        """Look at the rows once more, as they may have changed since the window opened;
        rows that stand as before are not written.

        Send follows: what nobody ticked is not sent, whatever became of it.
        """
        ticked = self.filtered("to_send")
        verdicts = self.wizard_id._get_row_verdicts(self)
        for line, values in zip(self, verdicts, strict=True):
            changed = {name: new for name, new in values.items() if line[name] != new}
            if changed:
                line.write(changed)
        (self.filtered("to_send") - ticked).to_send = False

    @api.depends("blocked", "is_doubtful")
    def _compute_to_send(self):
        """Tick what can be sent; what the user ticked or unticked stays so, unless the
        document became another case: an address typed into a row without one ticks
        it."""
        for line in self:
            judgement = line._get_judgement(line.blocked, line.is_doubtful)
            if line.judged_as == judgement:
                line.to_send = line.to_send
            else:
                line.to_send = judgement == "good"
            line.judged_as = judgement

    @api.model
    def _get_judgement(self, blocked, is_doubtful):
        return "blocked" if blocked else "doubtful" if is_doubtful else "good"

    @api.depends("block_reason", "warning", "is_edited", "sending_methods")
    def _compute_remark(self):
        unfollowed = self.move_id._filter_unfollowed()
        for line in self:
            words = [line.block_reason or line.warning]
            is_mailed = not line.blocked and "email" in (line.sending_methods or [])
            if is_mailed and line.move_id in unfollowed:
                words += [self.env._("Not tracked.")]
            if line.is_edited:
                words += [self.env._("Text changed.")]
            line.remark = " ".join(filter(None, words)) or self.env._("Ready.")

    # -- how it goes -------------------------------------------------------------------

    def _get_methods_with(self, chosen):
        """:return: the row's ways of sending, in order, with these in the place of
            e-mail and network

        :param set chosen: ``email``, ``network``
        :rtype: tuple[str]
        """
        self.ensure_one()
        others = set(self.sending_methods or []) - {"email", "network", "manual"}
        return tuple(sorted(others | chosen))

    @api.depends("sending_methods", "extra_edis")
    def _compute_methods_text(self):
        labels = self.env["account.move.send"]._get_short_method_labels()
        for line in self:
            methods = [*(line.sending_methods or []), *(line.extra_edis or [])]
            line.methods_text = ", ".join(labels.get(m, m) for m in methods)

    @api.depends("document_mode", "sending_methods", "other_file_size", "custom_body")
    def _compute_message_size(self):
        Send = self.env["account.move.send"]
        facts = Send._get_review_facts(self)
        for line in self:
            estimate = Send._estimate_row_size(line, facts) / size.MEGABYTE
            line.message_size = estimate and self.env._(
                "%s MB", formatLang(self.env, max(estimate, 0.1), digits=1)
            )

    def _get_fitting_modes(self):
        """:return: how each document goes, by line id: a link where the file is too big
            for the mail server (B9)

        :rtype: dict[int, str]
        """
        Send = self.env["account.move.send"]
        facts = Send._get_review_facts(self)
        return {
            line.id: "link" if Send._is_row_too_big(line, facts) else line.document_mode
            for line in self
        }

    def _get_reasons_left(self, company):
        """:return: name and reason of each of these rows that stay

        :param company: whose documents are asked about
        :rtype: list[tuple[str, str]]
        """
        own = self.filtered(lambda line: line.company_id == company)
        return [(line._get_short_name(), line._get_reason_left()) for line in own]

    def _get_reason_left(self):
        """:return: why the row is not sent, in words"""
        if self.to_send and not self.blocked:
            return self.env["account.move.send"]._describe_no_way()
        return self.block_reason or self.env._("Not ticked.")

    def _goes_to_nobody(self):
        """:return: whether the row is handed over by hand: only its PDF is made"""
        return self.env["account.move.send"]._is_row_for_nobody(self)

    def _get_short_name(self):
        """:return: number of the document; a draft has none: its customer"""
        self.ensure_one()
        has_number = self.move_name and self.move_name != "/"
        return self.move_name if has_number else self.partner_id.display_name or "/"

    def _describe_left(self):
        """:return: these rows by the reason why they stay, a line each"""
        return "\n".join(
            f"{lines._name_some()}: {reason}"
            for reason, lines in self.grouped(lambda x: x._get_reason_left()).items()
        )

    def _name_some(self):
        """:return: the documents, the first by name, the others counted"""
        names = [line._get_short_name() for line in self]
        return self.env["account.move.send"]._name_some(names)

    def _divide_by_size(self, template):
        """:return: these rows in parts that each fit into one mail (B9)

        :param template: ``mail.template``, the letter that they share
        :rtype: list
        """
        Send = self.env["account.move.send"]
        limit = Send._get_size_limit_of_letter(self.company_id, template)
        facts, parts, room = Send._get_review_facts(self), [], 0
        for line in self:
            line_size = Send._estimate_row_size(line, facts)
            if not parts or line_size > room:
                parts.append(self.browse())
                room = limit
            parts[-1] += line
            room -= line_size
        return parts

    # -- what it says ------------------------------------------------------------------

    @api.depends("mail_lang")
    def _compute_mail_template_id(self):
        Send, found = self.env["account.move.send"], {}
        for line in self:
            move = line.move_id
            key = (move.company_id, move.move_type, line.mail_lang)
            if key not in found:
                found[key] = Send._get_review_letter(move, line.mail_lang)
            line.mail_template_id = found[key]

    @api.depends("mail_template_id", "mail_lang", "custom_subject")
    def _compute_subject(self):
        self._fill_letter("subject")

    @api.depends("mail_template_id", "mail_lang", "custom_body")
    def _compute_body(self):
        self._fill_letter("body")

    def _fill_letter(self, name):
        """Give subject or text: the user's own, else the letter's, rendered now."""
        render = {
            "subject": self.env["account.move.send"]._get_default_mail_subject,
            "body": self.env["account.move.send"]._get_default_mail_body,
        }[name]
        for line in self:
            line[name] = line[f"custom_{name}"] or (
                line.mail_template_id
                and render(line.move_id, line.mail_template_id, line.mail_lang)
            )

    def _inverse_subject(self):
        for line in self:
            line.custom_subject = line.subject

    def _inverse_body(self):
        for line in self:
            line.custom_body = line.body

    @api.depends("custom_subject", "custom_body")
    def _compute_is_edited(self):
        for line in self:
            line.is_edited = bool(line.custom_subject or line.custom_body)

    # -- opened ------------------------------------------------------------------------

    def action_open(self):
        """Open the two panes of the one-document window for this row.

        :return: id of the window, for the dialog that shows it
        :rtype: int
        """
        self.ensure_one()
        if self.env["account.move.send"]._get_move_constraints(self.move_id):
            raise UserError(self.block_reason)
        if not any(self[name] for name in TAKEN_LATE):
            self._take_defaults()
        wizard = (
            self.env["account.move.send.wizard"]
            .with_context(active_model="account.move", active_ids=self.move_id.ids)
            .create(self._get_window_values())
        )
        for name in ("sending_method_checkboxes", "extra_edi_checkboxes"):
            chosen = [*(self.sending_methods or []), *(self.extra_edis or [])]
            wizard[name] = {
                key: {
                    **values,
                    "checked": key in chosen and not values.get("readonly"),
                }
                for key, values in (wizard[name] or {}).items()
            }
        return wizard.id

    def _take_defaults(self):
        """Fill in ways and addresses of a document that could not be sent when the row
        was made, a draft that was confirmed since; it becomes a row like any other."""
        [row] = self.env["account.move.send"]._prepare_review_rows(self.move_id)
        self.move_name = self.move_id.name
        self.write({name: getattr(row, name) for name in TAKEN_LATE})

    def _get_window_values(self):
        """:return: what the one-document window shows of this row"""
        values = {
            "batch_line_id": self.id,
            # else computed from a context that is gone when it is written: without it
            # no file can be added
            "model": self.move_id._name,
            "document_mode": self.document_mode,
            "mail_lang": self.mail_lang,
            "email_from_name": self.email_from_name or self.wizard_id.email_from_name,
            "email_to": self.email_to or "",
            "email_cc": self.email_cc or "",
            "email_bcc": self.email_bcc or "",
            "copy_followers": self.copy_followers,
        }
        for name in ("subject", "body"):
            if self[f"custom_{name}"]:
                values[name] = self[f"custom_{name}"]
        if self.mail_attachments_widget:
            values["mail_attachments_widget"] = self.mail_attachments_widget
        return values
