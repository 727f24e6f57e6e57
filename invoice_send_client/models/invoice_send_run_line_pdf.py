import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import PDF_TRIES, TOGETHER

_logger = logging.getLogger(__name__)


class InvoiceSendRunLine(models.Model):
    """The legal PDF that a mail with a link did not wait for (D5)."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    is_pdf_due = fields.Boolean(
        help="The mail left without the legal PDF, which is made after all due mails "
        "(D5).",
    )
    pdf_attempt_count = fields.Integer(help="Times that somebody began to make it.")
    _pdf_due = models.Index("(id) WHERE is_pdf_due")

    @api.model
    def _find_due_pdfs(self, others):
        """:return: the next lines whose PDF no mail waited for

        Those that somebody began to make come alone, after all others.

        :param others: lines that were tried already
        """
        domain = [("is_pdf_due", "=", True), ("id", "not in", others.ids)]
        found = self.search(domain, order="pdf_attempt_count, id", limit=TOGETHER)
        fresh = found.filtered(lambda line: not line.pdf_attempt_count)
        return fresh or found[:1]

    def _make_due_pdfs_safely(self):
        """Make PDFs that no mail waited for, on their own; for the cron.

        One that can't be made is told in the document's chatter and not tried again
        by itself; the client's request for it tries once more.
        """
        Run = self.env["invoice.send.run"]
        with Run._hold(self) as held:
            Run._commit()
            self.env.invalidate_all()
            # another worker may have made it meanwhile
            held = held.filtered("is_pdf_due")
            for lines in held.grouped(
                lambda line: line.run_id._get_told_user()
            ).values():
                told = lines.run_id[:1]._get_told_context()
                lines.with_context(**told)._make_held_pdfs()

    def _make_held_pdfs(self):
        """See :meth:`_make_due_pdfs_safely`; problems are told in one language."""
        Run = self.env["invoice.send.run"]
        if len(self) > 1 and self._make_due_pdfs_together():
            return
        for line in self:
            try:
                with Run._isolate():
                    line._make_due_pdf()
                    Run._commit()
            except Exception:
                _logger.warning("PDF of %s is tried again", line, exc_info=True)

    def _make_due_pdfs_together(self):
        """Make PDFs at once; who dies of it finds them counted, and makes each alone.

        :return: whether that was done; nothing is written otherwise
        """
        Run, Send = self.env["invoice.send.run"], self.env["account.move.send"]
        self.pdf_attempt_count = 1
        Run._commit()
        try:
            with Run._isolate():
                missing = self.move_id.filtered(
                    lambda move: move.state == "posted"
                    and not move.invoice_pdf_report_id
                )
                if missing:
                    Send._generate_and_send_invoices(
                        missing._without_sync(),
                        allow_raising=False,
                        invoice_send_lines=self,
                        sending_methods=[],
                        extra_edis=[],
                    )
                self.is_pdf_due = False
                Run._commit()
        except Exception:
            _logger.info("PDFs of %s are made one by one", self, exc_info=True)
            self.pdf_attempt_count = 0
            Run._commit()
            return False
        return True

    def _make_due_pdf(self):
        """Make one PDF; who dies of it three times is not asked again."""
        self.ensure_one()
        Run = self.env["invoice.send.run"]
        self.pdf_attempt_count += 1
        Run._commit()
        self.is_pdf_due = False
        if self.pdf_attempt_count > PDF_TRIES:
            Run._commit()  # whatever becomes of telling it
            self._tell_pdf_problem(
                self.env._("The server stopped while it was being made.")
            )
        elif self.move_id.state == "posted":
            self._make_pdf()

    def _make_pdf(self):
        """Make the legal PDF; why it can't be made is told in the chatter."""
        try:
            with self.env["invoice.send.run"]._isolate():
                self.move_id._ensure_invoice_pdf()
        except OperationalError:
            raise
        except UserError as error:
            self._tell_pdf_problem(error)
        except Exception as error:
            _logger.exception("The PDF of sending line %s can't be made", self.id)
            self._tell_pdf_problem(error)

    def _tell_pdf_problem(self, error):
        """Say in the document's chatter why there is no PDF.

        :param error: in words, or what was raised
        """
        # what was raised has undone it
        self.is_pdf_due = False
        self.move_id.message_post(
            body=self.env._("The PDF could not be made: %s", error)
        )
