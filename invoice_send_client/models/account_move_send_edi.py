from odoo import api, models

from ..tools import size


class AccountMoveSend(models.AbstractModel):
    """The e-invoice's answer as a file of the mail that waited for it (B29)."""

    # one pipeline, several concerns: the sending itself stands in account_move_send.py
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _get_letter_values(self, move, move_data, line):
        # EXTENDS 'invoice_send_client'
        values = super()._get_letter_values(move, move_data, line)
        answer = line._get_edi_answer_files()
        if not answer:
            return values
        if self._fits_into_mail(line, values["attachments"] + answer):
            values["attachments"] += answer
        else:
            move._message_log(
                body=self.env._(
                    "The answer to the e-invoice was left out of the mail, which would "
                    "be too big for the mail server."
                )
            )
        return values

    @api.model
    def _fits_into_mail(self, line, files):
        """:return: whether the mail server takes the letter with these files (B9)

        :param line: ``invoice.send.run.line``
        :param files: name and content of each
        """
        server = self._get_invoice_mail_server(line.company_id, line.mail_template_id)
        limit = server._get_max_email_size() * size.MEGABYTE
        sizes = [len(content or b"") for _name, content in files]
        return size.estimate_message_size(sizes, line.body) <= limit

    # -- before Send -------------------------------------------------------------------

    @api.model
    def _describe_edi_wait(self, move, sending_methods, extra_edis):
        """Say what a document's mail would wait for, from what is stored.

        :param move: the document
        :param sending_methods: the ways that are ticked
        :param extra_edis: the further e-invoices that are ticked
        :return: a sentence, ``""`` where the mail leaves at once
        :rtype: str
        """
        if not move.company_id.invoice_wait_for_edi or "email" not in sending_methods:
            return ""
        names = move._get_invoice_edi_names(sending_methods, extra_edis)
        answer = move._get_invoice_edi_answer(sending_methods)
        if answer.state == "refused" and answer.name not in names:
            return self.env._(
                "%(name)s refused it, so it would not be mailed. %(words)s",
                name=answer.name,
                words=answer.words,
            )
        if answer.state == "waiting" and answer.name not in names:
            names.append(answer.name)
        who = ", ".join(names)
        return who and self.env._("The mail leaves once %s has accepted it.", who)

    @api.model
    def _is_refused_by_edi(self, row):
        """:return: whether a row's mail would not leave: its e-invoice was refused, and
            is not sent again with it

        :param row: ``ReviewRow`` or a record with the same names
        """
        move, methods = row.move_id, row.sending_methods or []
        if not move.company_id.invoice_wait_for_edi or "email" not in methods:
            return False
        answer = move._get_invoice_edi_answer(methods)
        names = move._get_invoice_edi_names(methods, row.extra_edis or [])
        return answer.state == "refused" and answer.name not in names

    @api.model
    def _get_review_warnings(self, row, facts):
        # EXTENDS 'invoice_send_client'
        warnings, is_doubtful = super()._get_review_warnings(row, facts)
        if facts.constraints[row.move_id.id] or not self._is_refused_by_edi(row):
            return warnings, is_doubtful
        hint = self._describe_edi_wait(
            row.move_id, row.sending_methods or [], row.extra_edis or []
        )
        return [*warnings, hint], True
