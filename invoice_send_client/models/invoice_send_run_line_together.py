import logging

from odoo import api, models
from odoo.tools import groupby, split_every

from ..const import TOGETHER
from ..tools.sending_pass import Prepared

_logger = logging.getLogger(__name__)


class InvoiceSendRunLine(models.Model):
    """Fresh documents are prepared some at a time: letters, PDFs, mails (B2).

    Their rows are read and written together, which costs a tenth. Each mail leaves in
    a step of its own all the same. Where anything goes wrong nothing of it stays, and
    each document is prepared alone (see invoice_send_run_line_work.py): one that can't
    be prepared, or kills its worker, takes no other along.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    def _divide(self):
        """Divide lines into those that are worked on together.

        :return: lines that are fresh, of one user and one who is told, at most
            ``TOGETHER``; others alone; in the order in which the first of each stands
        :rtype: list
        """
        found = []
        for key, lines in groupby(self, lambda line: line._get_companions()):
            size = TOGETHER if key else 1
            found += split_every(size, [line.id for line in lines], self.browse)
        return found

    def _get_companions(self):
        """:return: what lines have alike that are prepared together, ``None`` for one
        that comes alone: begun before, in one mail with others, by other ways than
        mail, with an e-invoice that is sent, or waiting for its answer"""
        self.ensure_one()
        is_fresh = self.state == "waiting" and not self.attempt_count
        methods = set(self.sending_methods or [])
        is_mail = bool(methods & {"email"} and self.delivery_ids)
        is_mail = is_mail and methods <= {"email", "network"}
        is_alone = self.lead_line_id or self.extra_edis or self._is_posted_alone()
        if not is_fresh or not is_mail or is_alone:
            return None
        return self.run_id.user_id.id, self.run_id._get_told_user().id

    def _process_together_safely(self, work):
        """Work on fresh lines of one user.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        :return: whether that was done; each has to be worked on alone otherwise
        """
        lines = self._as_sender()
        is_done, troubled, Run = False, {}, self.env["invoice.send.run"]
        with Run._hold(lines) as held:
            try:
                with Run._isolate():
                    is_done = held._process_together(work, troubled)
            except Exception:
                _logger.warning("%s are worked on one by one", held, exc_info=True)
            work.prepared.clear()
            held._mend_held()
        for line, error in troubled.items():
            line._note_trouble(error)
        return is_done

    def _process_together(self, work, troubled):
        """Prepare what is fresh and due of these lines, and send it.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        :param dict troubled: takes what was raised, by line
        :return: see :meth:`_process_together_safely`
        """
        # begin a transaction that sees what the last holders wrote
        self.env["invoice.send.run"]._commit()
        self.env.invalidate_all()
        fresh = self.filtered(
            lambda line: line._get_companions() and line._is_preparation_due()
        )
        due = fresh.filtered(
            lambda line: not line._stop_in_copy() and not line._wait_for_server(work)
        )
        if not due:
            return True
        if not due._prepare_together():
            return False
        due.filtered(lambda line: line.state == "written")._prepare_mails(work)
        for line in due:
            if work.is_over():
                break
            line._deliver_safely(work, troubled)
        return True

    def _prepare_together(self):
        """Make documents and letters.

        Whoever dies of it leaves the count behind: next time each comes alone.

        :return: whether that was done; nothing is written otherwise
        """
        Run = self.env["invoice.send.run"]
        self.attempt_count = 1
        Run._commit()
        try:
            with Run._isolate():
                self._make_letters_together()
                self.is_summary_due = True
                Run._commit_step()
        except Exception:
            _logger.info("%s are prepared one by one", self, exc_info=True)
            self.attempt_count = 0
            Run._commit()
            return False
        return True

    def _make_letters_together(self):
        """See :meth:`_make_documents_and_letter`."""
        self._check_added_files()
        # letters are compiled once, see ``ir.qweb``; reports are looked up once
        kept = {"invoice_send_compiled": {}, "invoice_send_reports": {}}
        Send = self.env["account.move.send"].with_context(**kept)
        with Send._ask_no_network(self.move_id):
            self._read_for_letters()
            for line in self.with_context(**kept):
                line._complete_letter()
            filed = self.filtered(lambda line: line._needs_documents_first())
            if filed:
                Send._generate_and_send_invoices(
                    filed.move_id._without_sync(),
                    allow_raising=False,
                    invoice_send_lines=filed,
                )
            if linked := self - filed:
                linked._send_links()

    def _read_for_letters(self):
        """Read for all documents at once what letters say of them."""
        moves = self.move_id
        moves.mapped("name")
        (moves.partner_id | moves.commercial_partner_id).mapped("name")

    def _send_links(self):
        """Letters of plain links need no documents, see :meth:`_send_by_pipeline`."""
        Send = self.env["account.move.send"]
        Send._check_move_constraints(self.move_id)
        # sudo: as in the native pipeline
        lines = {line.move_id.sudo(): line for line in self}
        Send._send_mails(
            {move: line._get_sending_settings() for move, line in lines.items()}
        )
        for move, line in lines.items():
            line.is_pdf_due = not move.invoice_pdf_report_id

    def _prepare_mails(self, work, is_one=False):
        """Make the mails of these lines; one that can't be made is tried in its turn.

        :param tools.sending_pass.SendingPass work: gets the mails
        :param bool is_one: these lines go in one mail a recipient
        """
        Run = self.env["invoice.send.run"]
        try:
            with Run._isolate():
                parts = self._render_mails([self] if is_one else list(self))
                mails = self._create_mails(parts)
                bases = [recipients._get_mail_basis() for recipients, _body in parts]
                # whatever becomes of them, they and their envelopes are closed
                self._note_summary_due()
                Run._commit_step()
        except Exception:
            _logger.info("Mails of %s are made one by one", self, exc_info=True)
            return
        for mail, (recipients, _body), basis in zip(mails, parts, bases, strict=True):
            work.prepared[tuple(recipients.ids)] = Prepared(mail.id, basis)

    def _render_mails(self, groups):
        """Render the letters of these lines in their frames.

        :param list groups: lines that go in one mail
        :return: recipients and letter of each mail that is due, see
            :meth:`_create_mails`
        :rtype: list[tuple]
        """
        # read for all of them at once
        self.delivery_ids._read_anew()
        # sudo: letters that the sending itself has posted
        self.mail_message_id.sudo().mapped("message_id")
        parts = []
        for lines in groups:
            due = lines._get_mailed().filtered(lambda d: d._is_due()).sorted("id")
            bodies = {}
            for recipients in lines._divide_into_mails(due) if due else ():
                is_tracked = lines._is_tracked(recipients)
                if is_tracked not in bodies:
                    bodies[is_tracked] = lines._render_mail_body(is_tracked)
                parts.append((recipients, bodies[is_tracked]))
        return parts

    @api.model
    def _find_prepared(self, recipients, work):
        """:return: the mail that was made for these, unless anything changed since

        :param recipients: ``invoice.delivery``: of one mail
        :param tools.sending_pass.SendingPass work: what the worker keeps
        :rtype: mail.mail
        """
        # sudo: mails have no access of their own; the sending was allowed at Send
        mails = self.env["mail.mail"].sudo()
        found = work.prepared.get(tuple(recipients.ids))
        if not found or found.recipients != recipients._get_mail_basis():
            return mails
        beside = [prepared.mail_id for prepared in work.prepared.values()]
        return mails.browse(found.mail_id).with_prefetch(beside)

    def _deliver_safely(self, work, troubled):
        """Send a prepared line; what goes wrong with it never holds up another (B3).

        :param tools.sending_pass.SendingPass work: what the worker keeps
        :param dict troubled: takes what was raised
        """
        try:
            with self.env["invoice.send.run"]._isolate():
                self._deliver(work)
        except Exception as error:
            _logger.exception("Sending line %s failed", self.id)
            troubled[self.browse(self.id)] = error
