import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import LockError, UserError

from ..const import TELL_SECONDS
from .invoice_send_run_line import DocumentsError

_logger = logging.getLogger(__name__)


class InvoiceSendRunLine(models.Model):
    """How a document is worked on: alone, in steps that stay, and never for ever (B3).

    Each start of preparing a document is counted and committed before it begins, so
    that a document that kills its worker, or is locked by somebody else, is put off
    with growing pauses and in the end parked with its reason, while all others go.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    attempt_count = fields.Integer(
        readonly=True, help="Times that somebody began to prepare the document."
    )
    next_attempt_datetime = fields.Datetime(
        readonly=True, help="Not to be prepared before; empty: due."
    )

    # -- one after the other -----------------------------------------------------------

    def _process_all(self, work):
        """Work on these lines, as the users who pressed Send: those that are fresh some
        at a time, all others one by one.

        Documents that go in one mail are worked on together, by their first line.

        :param tools.sending_pass.SendingPass work: begins nothing once it is over
        :return: the lines that were not come to
        """
        leads = self.browse(
            dict.fromkeys((line.lead_line_id or line).id for line in self)
        )
        parts = leads._divide()
        for number, some in enumerate(parts):
            if work.is_over() or work.would_break(len(some)):
                return self.browse().concat(*parts[number:])
            some._process_part(work)
            for run in some.run_id:
                run._tell_progress_of(work, TELL_SECONDS)
        return self.browse()

    def _process_part(self, work):
        """See :meth:`_process_all`."""
        if len(self) == 1:
            # alone: nothing is read for the others
            self._process_safely(work)
            return
        with work.timing(len(self)):
            is_done = self._process_together_safely(work)
        if not is_done:
            self._process_one_by_one(work)

    def _process_one_by_one(self, work):
        """See :meth:`_process_all`."""
        for line_id in self.ids:
            if not work.is_over():
                self.browse(line_id)._process_safely(work)

    def _process_safely(self, work):
        """Work on one line; what goes wrong with it never holds up another (B3)."""
        try:
            with self.env["invoice.send.run"]._isolate():
                self._as_sender()._process(work)
        except Exception as error:
            _logger.exception("Sending line %s failed", self.id)
            self._note_trouble(error)

    def _as_sender(self):
        """:return: one user's lines as he sends them, in the language of who is told"""
        run = self.run_id[:1]
        # sudo: the records of a sending have no writer but the sending
        as_sender = self.with_user(run.user_id).sudo()
        return as_sender.with_context(**run._get_told_context())

    def _note_trouble(self, error):
        """Put a line off that nobody foresaw to fail; the last time it is parked.

        :param Exception error: what was raised
        """
        line, Run = self._as_sender(), self.env["invoice.send.run"]
        try:
            with Run._hold(self) as held, Run._isolate():
                if held:
                    line.invalidate_recordset()
                    # those of one mail wait together, or it would leave without one
                    for each in line._get_group():
                        each.attempt_count += 1
                        each._put_off(str(error) or type(error).__name__)
                    Run._commit()
        except Exception:
            _logger.warning("%s is tried again later", self, exc_info=True)

    def _process(self, work):
        """Make the documents, write the letter and send it, as far as it is due.

        Alone on this line: a second worker leaves at once. Each step is committed, a
        failure stays with this document.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        """
        self.ensure_one()
        Run = self.env["invoice.send.run"]
        with Run._hold(self) as held:
            if not held:
                return
            Run._commit()  # begin a transaction that sees what the last holder wrote
            self.env.invalidate_all()
            group = self._get_group()
            group._close_broken_attempts()
            if not group._stop_in_copy() and not group._wait_for_server(work):
                group._prepare()
                group._deliver_prepared(work)
            Run._commit()
            group._mend_held()

    def _prepare(self):
        """Write the letters of these lines that are due."""
        for line in self.filtered(lambda line: line._is_preparation_due()):
            line._start_preparing()
            if line.state == "waiting":
                line._write_letter()
            self.env["invoice.send.run"]._commit()

    def _deliver_prepared(self, work):
        """Send what these lines' letters say, once all of them are written.

        One that was put off would leave in a mail of its own: all wait for it.
        """
        written = self.filtered(lambda line: line.state == "written")
        if late := self.filtered(lambda line: line._is_letter_due()):
            written._wait_for_letters(late)
            return
        if len(written._get_mailed()) > len(written):
            written._prepare_mails(work, is_one=True)
        try:
            written._deliver(work)
        finally:
            work.prepared.clear()

    def _wait_for_letters(self, late):
        """Let written documents wait for those of the same mail that are not.

        :param late: lines whose letters were put off
        """
        times = late.delivery_ids.mapped("next_attempt_datetime")
        until = max(filter(None, times), default=False)
        if until:
            due = self.delivery_ids.filtered(lambda delivery: delivery._is_due())
            due._set_waiting(until)

    def _stop_in_copy(self):
        """Send nothing from a neutralized copy of a database.

        :return: whether it is one
        """
        # sudo: system parameters are not readable by users; only yes or no is used
        parameters = self.env["ir.config_parameter"].sudo()
        if not parameters.get_param("database.is_neutralized"):
            return False
        words = self.env._(
            "This database is a neutralized copy: no mail leaves it. Send from the "
            "original."
        )
        for line in self.filtered(lambda line: line._get_outcome() == "waiting"):
            line._set_failed("server", words)
        return True

    # -- what is due -------------------------------------------------------------------

    def _is_preparation_due(self):
        """:return: whether the letter, or what goes without one, is to be made now"""
        self.ensure_one()
        if self.state != "waiting" or self._get_outcome() != "waiting":
            return False
        if self.delivery_ids:
            return any(delivery._is_due() for delivery in self.delivery_ids)
        due = self.next_attempt_datetime
        return not due or due <= fields.Datetime.now()

    def _is_letter_due(self):
        """:return: whether recipients of this line wait for its letter"""
        self.ensure_one()
        is_waiting = self.state == "waiting" and bool(self._get_mailed())
        return is_waiting and self._get_outcome() == "waiting"

    def _get_group(self):
        """:return: the lines of all documents that go in one mail with this one"""
        self.ensure_one()
        if not self.lead_line_id:
            return self
        return self.search([("lead_line_id", "=", self.lead_line_id.id)], order="id")

    # -- attempts at preparing ---------------------------------------------------------

    def _get_tries(self):
        """:return: times that a document may be begun"""
        return len(self.company_id._get_invoice_retry_minutes()) + 1

    def _start_preparing(self):
        """Count and commit that the document is begun, or park it.

        Whoever dies before the letter is written leaves the count behind.
        """
        self.ensure_one()
        if self.attempt_count < self._get_tries():
            self._stand_back()
            self.attempt_count += 1
            self.env["invoice.send.run"]._commit()
            return
        self._set_failed(
            "render",
            self.env._(
                "The server stopped %(count)s times while %(document)s was being "
                "prepared. Ask your administrator to look into the server's log, then "
                "send it again.",
                count=self.attempt_count,
                document=self.move_id.display_name,
            ),
        )

    def _stand_back(self):
        """Begun before without an end: let it wait, should it kill its worker again.

        To be undone by :meth:`_step_up`. Who is begun for the second time comes after
        all that are fresh, see ``invoice.send.run._find_due``.
        """
        if not self.attempt_count:
            return
        minutes = self.company_id._get_invoice_retry_minutes()[self.attempt_count - 1]
        until = fields.Datetime.now() + timedelta(minutes=minutes)
        self.next_attempt_datetime = until
        due = self.delivery_ids.filtered(lambda delivery: delivery._is_due())
        due._set_waiting(until)

    def _step_up(self):
        """The document is prepared: its mails are due."""
        if not (until := self.next_attempt_datetime):
            return
        back = self.delivery_ids.filtered(lambda d: d.next_attempt_datetime == until)
        # a reason would say that a user made them due: a paused server would be asked
        back.write({"next_attempt_datetime": False, "failure_reason": False})
        self.next_attempt_datetime = False

    def _put_off(self, reason):
        """Try to prepare a document later; when the tries are used up it is parked.

        :param str reason: for the user
        """
        self.ensure_one()
        if self._get_outcome() != "waiting":
            return  # withdrawn meanwhile
        pauses = self.company_id._get_invoice_retry_minutes()
        if self.attempt_count > len(pauses):
            with self._leave_summary():  # the document may still be locked
                self._set_failed("render", reason)
            return
        minutes = pauses[max(self.attempt_count, 1) - 1]
        self._wait_until(fields.Datetime.now() + timedelta(minutes=minutes), reason)

    def _wait_until(self, until, reason):
        """Let a document wait, and say so on each of its recipients.

        :param datetime until: not before
        :param str reason: for the user
        """
        self.next_attempt_datetime = until
        waiting = self.delivery_ids.filtered(
            # what was being mailed may have left, and never waits for a second time
            lambda d: d.state == "outgoing" and not d.attempt_datetime
        )
        waiting._set_waiting(until, reason)
        waiting._record_event("outgoing", detail=reason)

    def _set_retry(self):
        """A user wants these again: with a fresh count, from the documents on."""
        self.write(
            {
                "attempt_count": 0,
                "next_attempt_datetime": False,
                "is_unseen": False,
            }
        )
        failed = self.filtered(lambda line: line.state == "failed")
        failed.write(
            {"state": "waiting", "failure_type": False, "failure_reason": False}
        )

    def _write_letter(self):
        """Documents and letter, by the native pipeline; its errors end here."""
        try:
            with self.env["invoice.send.run"]._isolate():
                self._make_documents_and_letter()
                if self.state != "waiting":  # for the e-invoice's answer
                    self._step_up()
        except (OperationalError, LockError):
            _logger.info("Sending of line %s put off: locked", self.id)
            self.invalidate_recordset()
            self._put_off(
                self.env._(
                    "%s was being changed by somebody else at that moment.",
                    self.move_id.display_name,
                )
            )
        except DocumentsError as error:
            self._set_failed("edi", str(error))
        except UserError as error:
            self._set_failed("render", str(error))
        except Exception as error:
            _logger.exception("Letter of sending line %s can't be written", self.id)
            self._set_failed("render", str(error))
