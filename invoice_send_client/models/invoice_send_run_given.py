from odoo import api, models
from odoo.exceptions import UserError


class InvoiceSendRun(models.Model):
    """What a window gives is asked about before it is written down.

    Files, reports and letters come from the browser as numbers and names. The sending
    uses them later with rights of its own, so that the rights of whoever presses Send
    count here or never.
    """

    # one model, several concerns: the record itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    @api.model
    def _check_given(self, moves_data):
        """Refuse what the user may not send.

        What is sent by itself runs with all rights, and nobody names anything.

        :param dict moves_data: settings of ``account.move.send`` by move
        :return: this model
        :raise AccessError: for a document or a file that he may not read
        :raise UserError: for a report or a letter on other records than documents
        """
        if self.env.su:
            return self
        moves = self.env["account.move"].concat(*moves_data)
        moves.check_access("read")
        given = list(moves_data.values())
        files = [
            file
            for data in given
            for name in ("mail_attachments_widget", "shared_files")
            for file in data.get(name) or []
        ]
        self._check_given_files(files, moves)
        self._check_given_reports(files, given)
        templates = self.env["mail.template"].union(
            *(data["mail_template"] for data in given if data.get("mail_template"))
        )
        # sudo: what a letter is about is no secret, and salesmen read no templates
        self._check_made_for_documents(templates.sudo())
        return self

    def _keep_given_files(self):
        """Keep copies of the files that were uploaded in a window with the run.

        Odoo deletes what belongs to no record yet a day after it was uploaded. The
        window, which Undo opens again, may remove its own.
        """
        ids = self.line_ids._get_added_file_ids()
        # sudo: whoever pressed Send was asked for the right to read them
        files = self.env["ir.attachment"].sudo().browse(ids).exists()
        pending = files.filtered(
            lambda file: file.res_model == "mail.compose.message" and not file.res_id
        )
        if pending:
            kept = pending.copy({"res_model": self._name, "res_id": self.id})
            self.line_ids._exchange_files(dict(zip(pending.ids, kept.ids, strict=True)))

    @api.model
    def _check_given_files(self, files, moves):
        """Whatever has a number is sent by Odoo, even if it is said to be no file yet.

        :param list files: items of ``mail_attachments_widget``
        :param moves: the documents; their PDFs go along anyway
        """
        ids = {
            self._get_file_id(file)
            for file in files
            if file.get("manual") or not file.get("skip")
        }
        # sudo: the documents were checked, and only ids are compared
        ids -= {0, *moves.sudo().invoice_pdf_report_id.ids}
        self.env["ir.attachment"].browse(ids).exists().check_access("read")

    @api.model
    def _get_file_id(self, file):
        """:return: the number that Odoo reads in an item, 0 for none"""
        try:
            return int(file["id"])
        except (KeyError, OverflowError, TypeError, ValueError):
            return 0

    @api.model
    def _check_given_reports(self, files, given):
        """A report is printed for the document's id, whatever records it is about.

        :param list files: items of ``mail_attachments_widget``
        :param list given: settings of ``account.move.send``
        """
        Report = self.env["ir.actions.report"]
        chosen = Report.union(
            *(data["pdf_report"] for data in given if data.get("pdf_report"))
        )
        names = {str(f["dynamic_report"]) for f in files if f.get("dynamic_report")}
        # sudo: which records a report is about is no secret
        found = Report.sudo().search([("report_name", "in", list(names))])
        if unknown := names - set(found.mapped("report_name")):
            self._refuse_given(unknown)
        # sudo: the same
        self._check_made_for_documents(chosen.sudo() | found)

    @api.model
    def _check_made_for_documents(self, records):
        """:param records: reports or mail templates, which say their ``model``"""
        if strange := records.filtered(lambda r: r.model != "account.move"):
            self._refuse_given(strange.mapped("display_name"))

    @api.model
    def _refuse_given(self, names):
        raise UserError(
            self.env._(
                "This is not made for invoices and can't be sent with one: %s",
                ", ".join(sorted(names)),
            )
        )
