from collections import defaultdict

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import split_every

#: Documents whose HTML and PDFs are held in memory at once.
DOCUMENTS_AT_ONCE = 40


class AccountMoveSend(models.AbstractModel):
    """The legal PDFs: several at once, and each fails alone."""

    # one model, several concerns: what is sent stands in account_move_send.py
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _prepare_invoice_pdf_report(self, invoices_data):
        # EXTENDS 'account'
        # Each part goes on to ``super`` once its PDFs are begun.
        for part in split_every(DOCUMENTS_AT_ONCE, invoices_data.items(), dict):
            moves = self.env["account.move"].union(*part)
            with self.env["ir.actions.report"]._hold_pdf_work(moves) as work:
                sending = self.with_context(invoice_pdf_work=work)
                batches = sending._get_pdf_batches(part)
                for batch in batches if work else ():
                    sending._begin_pdfs(batch)
                for batch in batches:
                    sending._make_pdfs(batch)

    @api.model
    def _get_pdf_batches(self, invoices_data):
        """Divide documents into what the PDF engine makes in one process.

        :param dict invoices_data: settings by document
        :return: the same, of one company and one report each
        :rtype: list[dict]
        """
        groups = defaultdict(dict)
        for move, data in invoices_data.items():
            groups[move.company_id, data["pdf_report"]][move] = data
        size = self.env["ir.actions.report"]._get_pdf_batch_size()
        return [
            batch
            for group in groups.values()
            for batch in split_every(size, group.items(), dict)
        ]

    @api.model
    def _begin_pdfs(self, invoices_data):
        """Render the HTML of a batch and let the PDF engine begin with it.

        What can't be rendered is left for :meth:`_make_pdfs`, which finds out whose
        fault it is.

        :param dict invoices_data: settings by document
        """
        try:
            with self.env.cr.savepoint(), self.env.context["invoice_pdf_work"].ahead():
                super()._prepare_invoice_pdf_report(invoices_data)
        except OperationalError:
            raise
        except Exception:
            return

    @api.model
    def _make_pdfs(self, invoices_data):
        """Make the PDFs of a batch; where that fails, one by one.

        :param dict invoices_data: settings by document; gain
            ``pdf_attachment_values``, or ``error`` where they belong to a run
        :raise Exception: why there is no PDF of a document that belongs to no run
        """
        try:
            with self.env.cr.savepoint():
                super()._prepare_invoice_pdf_report(invoices_data)
                self._check_pdfs(invoices_data)
        except OperationalError:
            raise
        except Exception as error:
            if len(invoices_data) == 1 and not self.env.context.get("invoice_pdf_work"):
                self._note_pdf_error(invoices_data, error)
                return
            alone = self.with_context(invoice_pdf_work=None)
            for move, data in invoices_data.items():
                alone._make_pdfs({move: data})

    @api.model
    def _check_pdfs(self, invoices_data):
        """:raise UserError: where a document has no PDF or an empty one

        :param dict invoices_data: settings by document
        """
        for data in invoices_data.values():
            if not data["pdf_attachment_values"]["raw"]:
                # Odoo only warns when its PDF engine gives up, and goes on without
                raise UserError(self.env._("the file is empty"))

    @api.model
    def _note_pdf_error(self, invoices_data, error):
        """Write on a run's documents that they have no PDF.

        :param dict invoices_data: settings by document
        :param Exception error: why; raised where they belong to no run
        """
        if not all(data.get("invoice_send_line") for data in invoices_data.values()):
            raise error
        for data in invoices_data.values():
            data.pop("pdf_attachment_values", None)
            data["error"] = {
                "error_title": self.env._("The PDF could not be made: %s", error),
                "failure_type": "pdf",
            }
