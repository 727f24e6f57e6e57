from odoo import fields, models


class AccountMoveSendWizard(models.TransientModel):
    """The window opened for one row of the review window.

    Nothing leaves from here: Back gives what was edited to the row.
    """

    # one window, several concerns in files of their own
    _name = "account.move.send.wizard"
    _inherit = ["account.move.send.wizard"]

    batch_line_id = fields.Many2one(
        "account.move.send.batch.wizard.line", ondelete="cascade"
    )

    def action_keep_in_batch(self):
        """Give the row what was edited here."""
        self.ensure_one()
        line = self.batch_line_id
        line.check_access("write")
        line.write({**self._get_row_letter(), **self._get_row_way()})

    def _get_row_letter(self):
        """:return: who gets the letter and what it says; text that nobody changed is
        rendered when it leaves"""
        shared = self.batch_line_id.wizard_id.email_from_name
        own_name = self.email_from_name != shared and self.email_from_name
        return {
            "email_from_name": own_name,
            "email_to": self.email_to or False,
            "email_cc": self.email_cc or False,
            "email_bcc": self.email_bcc or False,
            "copy_followers": self.copy_followers,
            "mail_partner_ids": self.mail_partner_ids.ids,
            "mail_lang": self.mail_lang,
            "mail_template_id": self.template_id.id,
            "custom_subject": self._is_edited("subject") and self.subject,
            "custom_body": self._is_edited("body") and self.body,
        }

    def _get_row_way(self):
        """:return: by which methods the document goes, and with which files"""
        line = self.batch_line_id
        own_size = sum(self._get_other_file_sizes())
        report = self.pdf_report_id
        if report == self._get_default_pdf_report_id(self.move_id):
            report = report.browse()
        return {
            "sending_methods": sorted(self.sending_methods or []),
            "extra_edis": sorted(self.extra_edis or []) or False,
            "invoice_edi_format": self.invoice_edi_format,
            "pdf_report_id": report.id,
            "document_mode": self.document_mode,
            "mail_attachments_widget": self.mail_attachments_widget,
            "own_file_size": own_size,
            "other_file_size": own_size + line.wizard_id._get_file_size(),
        }
