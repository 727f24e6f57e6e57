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
    def _get_row_edi_hint(self, row):
        """Say what a row's mail will wait for, in the review window.

        :param row: ``account.move.send.batch.wizard.line``
        :return: a sentence, ``""`` where the mail leaves at once
        :rtype: str
        """
        methods = row.sending_methods or []
        if not row.move_id.company_id.invoice_wait_for_edi or "email" not in methods:
            return ""
        names = row.move_id._get_invoice_edi_names(methods, row.extra_edis or [])
        who = ", ".join(names)
        return who and self.env._("Leaves once %s has accepted it.", who)

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
