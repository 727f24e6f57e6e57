from odoo import api, models


class InvoiceSendRunLine(models.Model):
    """Letters of many documents, put into their chatters at once.

    Each is what ``message_post`` of its document would write. What other apps hang onto
    it stays: ``_message_create``, ``_message_subscribe``, ``_message_post_after_hook``.
    What does not run is ``message_post`` itself and ``_notify_thread``, which would
    notify nobody: documents whose colleagues are notified are posted one by one.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    @api.model
    def _post_letters(self, values):
        """Put letters into their documents' chatters.

        :param dict values: of :meth:`_post_letter`, by line
        """
        alone = [line for line in values if len(values) == 1 or line._is_posted_alone()]
        for line in alone:
            line._post_letter(values.pop(line))
        lines = self.browse([line.id for line in values]).with_env(self.env)
        for author_id, some in lines.grouped(
            lambda line: values[line]["author_id"]
        ).items():
            some._post_together({line: values[line] for line in some}, author_id)

    def _is_posted_alone(self):
        """:return: whether ``message_post`` has more to do than to write the letter"""
        return bool(self.copy_followers and self._get_followers_to_notify())

    def _post_together(self, values, author_id):
        """Put letters of one author into their documents' chatters.

        :param dict values: of :meth:`_post_letter`, by line
        :param int author_id: contact
        """
        context = {"disable_attachment_import": True, "no_document": True}
        moves = self.move_id.with_context(**context)
        files = self._create_letter_files(values)
        prepared = self._prepare_message_values(moves, values, files)
        messages = moves._message_create(prepared)
        self._own_letter_files(messages)
        self._subscribe_author(moves, author_id)
        for line, message, vals in zip(self, messages, prepared, strict=True):
            line.move_id.with_context(**context)._message_post_after_hook(message, vals)
            line.mail_message_id = message
            line._get_mailed().mail_message_id = message
        self.state = "written"

    def _create_letter_files(self, values):
        """:return: the files of each letter, by line

        :rtype: dict
        """
        owners = [
            (line, {"name": name, "raw": content, "res_model": "mail.message"})
            for line in self
            for name, content in values[line]["attachments"]
        ]
        # sudo: files of letters that the sending itself posts
        Attachment = self.env["ir.attachment"].sudo()
        created = Attachment.create([vals for _line, vals in owners])
        files = dict.fromkeys(self, Attachment)
        for (line, _vals), file in zip(owners, created, strict=True):
            files[line] += file
        return files

    def _own_letter_files(self, messages):
        """Let files belong to their messages: the documents do not list them twice."""
        for message in messages.sudo():  # sudo: of letters the sending itself posts
            message.attachment_ids.res_id = message.id

    def _prepare_message_values(self, moves, values, files):
        """:return: values of each letter's message, in the order of these lines

        :rtype: list[dict]
        """
        company = self.env.company
        # sudo: addresses for answers are the system's
        aliases = moves.sudo()._mail_get_alias_domains(default_company=company)
        companies = moves._mail_get_companies(default=company)
        parents = self._find_parent_messages()
        prepared = []
        for line in self:
            vals, move_id = values[line], line.move_id.id
            prepared.append(
                {
                    **line._prepare_letter_values(),
                    "author_id": vals["author_id"],
                    "email_from": vals["email_from"],
                    "attachment_ids": [(4, file.id) for file in files[line]],
                    "parent_id": parents.get(move_id),
                    "record_alias_domain_id": aliases[move_id].id,
                    "record_company_id": companies[move_id].id,
                }
            )
        self._add_reply_addresses(prepared)
        return prepared

    def _prepare_letter_values(self):
        """:return: values of this letter's ``mail.message``, but for who writes it"""
        self.ensure_one()
        server = self.company_id.invoice_mail_server_id
        server = server or self.mail_template_id.mail_server_id
        subtype_id = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
        return {
            "model": self.move_id._name,
            "res_id": self.move_id.id,
            "body": self._get_text(),
            "subject": self.subject,
            "message_type": "comment",
            "subtype_id": subtype_id,
            "email_add_signature": False,
            "mail_server_id": server.id,
            # the customer is shown as recipient without being notified
            "partner_ids": self._get_mailed().partner_id.ids,
        }

    def _find_parent_messages(self):
        """Find what each letter follows on, by the rule of Odoo's own
        ``_message_compute_parent_id``: the last comment or mail, else the last message.

        :return: the message's id, by document id
        :rtype: dict[int, int]
        """
        domain = [
            ("model", "=", self.move_id._name),
            ("res_id", "in", self.move_id.ids),
            ("message_type", "!=", "user_notification"),
        ]
        # sudo: as natively, only the id is used
        found = self.env["mail.message"].sudo().search(domain, order="date, id")
        found = found.sorted(lambda m: m.message_type in ("comment", "email"))
        return {message.res_id: message.id for message in found}

    @api.model
    def _add_reply_addresses(self, prepared):
        """Complete messages by the address that answers go to.

        :param list prepared: values of messages; those without sender get one
        """
        Move = self.env["account.move"]
        for vals in prepared:
            vals["author_id"], vals["email_from"] = Move._message_compute_author(
                vals["author_id"], vals["email_from"] or None
            )
        replies = Move.browse(
            vals["res_id"] for vals in prepared
        )._notify_get_reply_to_batch(
            defaults={vals["res_id"]: vals["email_from"] for vals in prepared},
            author_ids={vals["res_id"]: vals["author_id"] for vals in prepared},
        )
        for vals in prepared:
            vals["reply_to"] = replies[vals["res_id"]]

    @api.model
    def _subscribe_author(self, moves, author_id):
        """Whoever sends follows the documents and gets the answers, as natively."""
        author = moves[:1]._message_compute_real_author(author_id)
        skips = self.env.context.get("mail_post_autofollow_author_skip")
        if author and not author.partner_share and not skips:
            moves._message_subscribe(partner_ids=author.ids)
