from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..const import COPY_MODES, DELIVERY_PROBLEMS, DOCUMENT_MODES, FAILURE_TYPES
from ..tools import addresses


class DocumentsError(UserError):
    """An e-invoice app raised where the documents are made."""


class InvoiceSendRunLine(models.Model):
    """One document of one run: what was to be sent, exactly as it stood at Send.

    The window's rows vanish after an hour; retries, send-later and the proof of what
    was sent live from this copy (requirements D7). Life: ``waiting`` until the
    documents are made and the letter stands in the chatter, then ``written``; what
    became of it from there on is said by its deliveries. ``failed`` means that no
    letter could be written.
    """

    _name = "invoice.send.run.line"
    _description = "Invoice Sending Line"
    _order = "run_id desc, id"
    _rec_name = "move_id"

    run_id = fields.Many2one(
        "invoice.send.run", required=True, ondelete="cascade", index=True
    )
    move_id = fields.Many2one(
        "account.move", string="Document", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    previous_line_id = fields.Many2one(
        "invoice.send.run.line",
        ondelete="set null",
        help="The document's sending before this one, as Send knew it.",
    )
    _one_follower = models.UniqueIndex(
        "(move_id, COALESCE(previous_line_id, 0))",
        "The document was sent at this very moment by somebody else, or by a second "
        "press of Send. Open the window again to send once more.",
    )
    lead_line_id = fields.Many2one(
        "invoice.send.run.line",
        ondelete="set null",
        index="btree_not_null",
        help="The first of the documents that go in one mail (B19), itself included.",
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("written", "Written"),
            ("failed", "Failed"),
            ("skipped", "Skipped"),
        ],
        required=True,
        default="waiting",
    )
    delivery_ids = fields.One2many("invoice.delivery", "line_id")

    # the letter
    document_mode = fields.Selection(DOCUMENT_MODES, required=True)
    copy_mode = fields.Selection(COPY_MODES, required=True, default="personal")
    mail_lang = fields.Char()
    mail_template_id = fields.Many2one("mail.template", ondelete="set null")
    subject = fields.Char()
    body = fields.Html(sanitize=False)
    note = fields.Text(help="Stands below the text of the mail.")
    email_from = fields.Char()
    email_to = fields.Char()
    email_cc = fields.Char()
    email_bcc = fields.Char()
    copy_followers = fields.Boolean(help="Colleagues that follow get a notification.")
    mail_partner_ids = fields.Json(help="The contacts chosen as recipients.")
    author_partner_id = fields.Many2one("res.partner", ondelete="set null")
    mail_message_id = fields.Many2one(
        "mail.message", ondelete="set null", index="btree_not_null"
    )

    # the documents, in the words of account.move.send
    sending_methods = fields.Json()
    extra_edis = fields.Json()
    invoice_edi_format = fields.Char()
    pdf_report_id = fields.Many2one("ir.actions.report", ondelete="set null")
    mail_attachments_widget = fields.Json(
        help="The files; empty: those that the letter has when the mail leaves."
    )
    shared_files = fields.Json(help="Files that all documents of the run carry.")
    scheduled_datetime = fields.Datetime(help="Nothing leaves before it.")
    failure_type = fields.Selection(FAILURE_TYPES)
    failure_reason = fields.Text()
    is_unseen = fields.Boolean(
        help="It failed, has no recipient to say it of, and the sender has not looked "
        "at it yet.",
    )
    _unseen = models.Index("(run_id) WHERE is_unseen")

    def _get_mailed(self):
        """:return: those of these lines' deliveries that go by e-mail"""
        return self.delivery_ids._get_mailed()

    def _get_outcome(self):
        """:return: ``waiting``, ``failed``, ``skipped`` or ``sent``"""
        self.ensure_one()
        states = set(self.delivery_ids.mapped("state"))
        if "outgoing" in states:
            return "waiting"
        if self.state == "failed" or states & set(DELIVERY_PROBLEMS):
            return "failed"
        if self.state == "skipped" or states == {"cancel"}:
            return "skipped"
        if self.state == "waiting" and not states:
            return "waiting"
        # its PDF was made and nobody got it
        return "skipped" if self.goes_to_nobody and not states else "sent"

    def _has_left(self):
        """:return: whether a mail server, or the network, took it for somebody"""
        # sudo: who may send the document may know that it was sent
        return any(self.sudo().delivery_ids.mapped("sent_datetime"))

    # -- writing ---------------------------------------------------------------------

    def _create_deliveries(self):
        """Write one delivery a recipient, for all lines in one statement."""
        self._get_contacts().mapped("email")  # read those of all lines at once
        values = [values for line in self for values in line._prepare_delivery_values()]
        self._withdraw_put_off(
            {(v["move_id"], addresses.to_ascii(v["email"])) for v in values}
        )
        users = self._find_internal_addresses([v["email"] for v in values])
        for vals in values:
            vals["is_internal"] = addresses.to_ascii(vals["email"]) in users
        values += self._prepare_network_deliveries()
        return self.env["invoice.delivery"].create(values)

    def _withdraw_put_off(self, pairs):
        """Cancel what still waits from an earlier sending to the same addresses.

        The new letter takes its place; both would reach the client. Undo brings it
        back, see ``invoice.delivery._set_replaced``.

        :param set pairs: document id and address (ASCII form) of the new deliveries
        """
        waiting = self.env["invoice.delivery"].search(
            [
                ("sending_method", "=", "email"),
                ("move_id", "in", self.move_id.ids),
                ("state", "=", "outgoing"),
                ("attempt_datetime", "=", False),
            ]
        )
        waiting.filtered(
            lambda d: (d.move_id.id, addresses.to_ascii(d.email or "")) in pairs
        )._set_replaced(self.run_id)

    def _prepare_delivery_values(self):
        """:return: values of this line's deliveries, each address once: to, cc, bcc"""
        self.ensure_one()
        seen, values = set(), []
        if "email" not in (self.sending_methods or []):
            return values
        partners = self._get_known_partners()
        common = self._prepare_common_delivery_values()
        for role in ("to", "cc", "bcc"):
            for name, email in addresses.parse(self[f"email_{role}"])[0]:
                key = addresses.to_ascii(email)
                if key not in seen:
                    seen.add(key)
                    who = {"partner_id": partners.get(key), "recipient_name": name}
                    values.append({**common, **who, "email": email, "role": role})
        return values

    def _prepare_common_delivery_values(self):
        """:return: what the deliveries of this line have alike"""
        return {
            "run_id": self.run_id.id,
            "line_id": self.id,
            "move_id": self.move_id.id,
            "document_mode": self.document_mode,
            "lang": self.mail_lang,
            "next_attempt_datetime": self.scheduled_datetime,
        }

    def _get_known_partners(self):
        """:return: contacts by address: those chosen, the customer and its own

        Nobody else is guessed from an address.
        """
        found = {}
        for partner in self._get_contacts():
            for _name, email in addresses.parse(partner.email)[0]:
                found.setdefault(addresses.to_ascii(email), partner.id)
        return found

    def _get_contacts(self):
        """:return: whom the lines' addresses may belong to, in order of precedence"""
        ids = [found for line in self for found in line.mail_partner_ids or []]
        chosen = self.env["res.partner"].browse(dict.fromkeys(ids))
        customers = self.move_id.partner_id | self.move_id.commercial_partner_id
        return chosen | customers | customers.child_ids | self.author_partner_id

    def _forget_gone_contacts(self):
        """Contacts may have been deleted, or merged, since Send."""
        chosen = self.env["res.partner"].browse(self.mail_partner_ids or [])
        self.mail_partner_ids = chosen.exists().ids

    @api.model
    def _find_internal_addresses(self, emails):
        """:return: those addresses (ASCII form) that belong to internal users"""
        normalized = [addresses.to_ascii(email) for email in emails]
        # sudo: whether an address is a colleague's is asked for any user
        users = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("share", "=", False),
                    ("partner_id.email_normalized", "in", normalized),
                ]
            )
        )
        return set(users.partner_id.mapped("email_normalized"))

    # -- work ------------------------------------------------------------------------

    def _skip_withdrawn(self):
        """A document that waited, and has nobody left to go to, is done with."""
        for line in self.filtered(lambda line: line.state == "waiting"):
            if set(line.delivery_ids.mapped("state")) <= {"cancel"}:
                line.state = "skipped"

    def _make_documents_and_letter(self):
        Send = self.env["account.move.send"]
        asks_network = "peppol" in (self.sending_methods or [])
        nobody = self.env["account.move"]
        self._check_added_files()
        with Send._ask_no_network(nobody if asks_network else self.move_id):
            self._complete_letter()
            self._send_by_pipeline(self._get_sending_settings())
        if self.state == "waiting" and "email" not in (self.sending_methods or []):
            self.state = "written"

    def _complete_letter(self):
        """Render what nobody saw before Send, and keep it: it is what leaves.

        :raise UserError: where the letter does not render
        """
        if "email" not in (self.sending_methods or []):
            return
        Send, move = self.env["account.move.send"], self.move_id
        letter = self.mail_template_id, self.mail_lang
        if not (self.mail_template_id or self.subject or self.body):
            raise UserError(
                self.env._(
                    "The letter was deleted before the mail left, and nothing is "
                    "written in its place: send the document again."
                )
            )
        if not self.subject:
            subject = Send._get_default_mail_subject(move, *letter)
            self.subject = " ".join((subject or "").split())
        if not self.body:
            self.body = Send._get_default_mail_body(move, *letter)
        files = self.mail_attachments_widget
        if files is None or files is False:
            files = self._get_default_files()
        known = {file["id"] for file in files}  # of an attempt that failed later
        shared = [f for f in self.shared_files or [] if f["id"] not in known]
        self.mail_attachments_widget = [*files, *shared]

    def _get_default_files(self):
        """:return: the files that the letter carries by itself, in the form of
        ``mail_attachments_widget``, with names in its language"""
        line = self.with_context(lang=self.mail_lang)
        Send, move = line.env["account.move.send"], line.move_id
        return Send._get_default_mail_attachments_widget(
            move,
            line.mail_template_id,
            invoice_edi_format=self.invoice_edi_format,
            extra_edis=self.extra_edis or [],
            pdf_report=line.pdf_report_id or Send._get_default_pdf_report_id(move),
        )

    def _get_added_file_ids(self):
        """:return: ids of the files that users added to these lines' letters"""
        Run = self.env["invoice.send.run"]
        return {
            Run._get_file_id(file)
            for line in self
            for file in [
                *(line.mail_attachments_widget or []),
                *(line.shared_files or []),
            ]
            if file.get("manual")
        } - {0}

    def _exchange_files(self, file_ids):
        """Let these lines' letters carry other files.

        :param dict file_ids: ids of the new ones by those of the old ones
        """
        get_id = self.env["invoice.send.run"]._get_file_id
        for line in self:
            for name in ("mail_attachments_widget", "shared_files"):
                if line[name]:
                    line[name] = [
                        {**file, "id": file_ids[get_id(file)]}
                        if get_id(file) in file_ids
                        else file
                        for file in line[name]
                    ]

    def _check_added_files(self):
        """Odoo leaves a file out that is gone: the client would miss it unsaid.

        :raise UserError: where a file that was added is gone
        """
        ids = self._get_added_file_ids()
        # sudo: only whether they are there is asked
        if ids - set(self.env["ir.attachment"].sudo().browse(ids).exists().ids):
            raise UserError(
                self.env._(
                    "A file that was added to the mail has been deleted since. Open "
                    "the send window and send again, with the files that are to go."
                )
            )

    def _send_by_pipeline(self, settings):
        Send = self.env["account.move.send"]
        if self._needs_documents_first():
            Send._generate_and_send_invoices(
                self.move_id, allow_raising=False, **settings
            )
            return
        Send._check_move_constraints(self.move_id)
        move = self.move_id.sudo()  # sudo: as in the native pipeline
        if "email" in settings["sending_methods"]:
            Send._send_mails({move: settings})
        self.is_pdf_due = not move.invoice_pdf_report_id

    def _needs_documents_first(self):
        """:return: whether PDF and e-invoice have to stand before the mail leaves (D5)

        Only a plain link can do without: it leads to a page that needs no file. Post,
        Peppol, e-invoices and reports added by the letter keep the native order.
        """
        self.ensure_one()
        return bool(
            self.document_mode == "attachment"
            or set(self.sending_methods or []) - {"email", "network"}
            or self.extra_edis
            or self.invoice_edi_format
            or any(
                file.get("dynamic_report") and not file.get("skip")
                for file in self.mail_attachments_widget or []
            )
        )

    def _get_sending_settings(self):
        """:return: this line as keyword settings of ``_generate_and_send_invoices``"""
        return {
            "invoice_send_line": self,
            "sending_methods": self.sending_methods or [],
            "extra_edis": self.extra_edis or [],
            "invoice_edi_format": self.invoice_edi_format,
            "pdf_report": self.pdf_report_id,
            "author_user_id": self.run_id.user_id.id,
            "author_partner_id": self.author_partner_id.id,
            "mail_template": self.mail_template_id,
            "mail_lang": self.mail_lang,
            "mail_body": self.body,
            "mail_subject": self.subject,
            "mail_partner_ids": self._get_mailed().partner_id.ids,
            "mail_attachments_widget": self.mail_attachments_widget or [],
            "document_mode": self.document_mode,
            "email_from": self.email_from,
            "email_to": self.email_to,
            "email_cc": self.email_cc,
            "email_bcc": self.email_bcc,
            "copy_followers": self.copy_followers,
        }

    def _set_failed(self, failure_type, reason):
        """No letter can leave for this document.

        :param str failure_type: a key of ``const.FAILURE_TYPES``
        :param str reason: for the user
        """
        self.write(
            {
                "state": "failed",
                "failure_type": failure_type,
                "failure_reason": reason,
                "is_unseen": not self.delivery_ids,
            }
        )
        self.delivery_ids._close_broken_attempts()
        self.delivery_ids._set_error(failure_type, reason)

    def _post_letter(self, values):
        """Put the letter into the document's chatter, without notifying clients.

        The clients' mails are made from it one by one (:meth:`_deliver`); the native
        notification would send one mail with an access token to everybody.

        :param dict values: ``author_id``, ``attachments`` and the like, for
            ``message_post``
        """
        self.ensure_one()
        letter = self._prepare_letter_values()
        shown = {"model", "res_id", "partner_ids"}
        message = self.move_id.with_context(
            disable_attachment_import=True, no_document=True
        ).message_post(
            notify_skip_followers=True,
            partner_ids=self._get_followers_to_notify().ids,
            **{name: value for name, value in letter.items() if name not in shown},
            **values,
        )
        # the message's own copies, as natively: the document does not list them twice
        # sudo: files of a message that this very user posted
        message.sudo().attachment_ids.write(
            {"res_model": message._name, "res_id": message.id}
        )
        # sudo: the customer is shown as recipient without being notified
        message.sudo().partner_ids |= self._get_mailed().partner_id
        self.write({"mail_message_id": message.id, "state": "written"})
        self._get_mailed().write({"mail_message_id": message.id})

    def _get_text(self):
        """:return: the letter's text, with the note for all below it

        :rtype: Markup
        """
        text = Markup(self.body or "")
        return text + plaintext2html(self.note) if self.note else text

    def _get_followers_to_notify(self):
        """:return: the colleagues that get a native notification of the letter (B11)"""
        if not self.copy_followers:
            return self.env["res.partner"]
        return self.move_id._get_internal_followers(self.author_partner_id)
