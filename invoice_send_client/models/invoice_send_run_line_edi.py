import logging
import time
from datetime import timedelta

from odoo import SUPERUSER_ID, fields, models
from odoo.tools import format_datetime

from ..const import EDI_ANSWER_DAYS, EDI_LOOK_MINUTES, EDI_SLOW_SECONDS

_logger = logging.getLogger(__name__)


class InvoiceSendRunLine(models.Model):
    """A document whose mail leaves only once its e-invoice was accepted (B29).

    First the documents are made and the e-invoice is sent, without the mail. Then the
    line keeps waiting: it looks for the answer at growing pauses, and asks for it,
    since the apps' own scheduled actions ask once a day. Accepted: the letter is
    written, with the answer among its files. Refused, or no answer for
    ``EDI_ANSWER_DAYS``: failed. Nothing waits forever.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    waits_for_edi = fields.Boolean(
        help="The mail leaves only once the e-invoice was accepted, as Send said.",
    )
    edi_wait_datetime = fields.Datetime(
        help="Since when the mail waits for the e-invoice's answer, if it does.",
    )
    edi_wait_name = fields.Char(help="Who is to answer.")
    edi_look_count = fields.Integer(help="How often the answer was looked for.")
    has_gone_other_ways = fields.Boolean(
        help="Sent already by the other ways that were ticked, such as post.",
    )
    _edi_waiting = models.Index(
        "(move_id) WHERE state = 'waiting' AND edi_wait_datetime IS NOT NULL"
    )

    # -- the way of the document -------------------------------------------------------

    def _send_by_pipeline(self, settings):
        # EXTENDS 'invoice_send_client'
        if not self._is_about_edi():
            if self.has_gone_other_ways:
                return self._send_letter_alone(settings)
            return super()._send_by_pipeline(self._without_sent_edis(settings))
        if not self.edi_wait_datetime:
            self._send_e_invoice(settings)
        elif self._is_edi_look_due():
            self._ask_for_edi_answer()
        if self.state == "waiting" and self._pass_edi():
            self._send_letter_alone(settings)
        return None

    def _without_sent_edis(self, settings):
        """:return: the settings without the e-invoices that an attempt handed in which
        was interrupted afterwards: their apps refuse to do it twice

        :param dict settings: of ``_generate_and_send_invoices``
        """
        if not settings.get("extra_edis"):
            return settings
        due = self.env["account.move.send"]._get_default_extra_edis(self.move_id)
        return {**settings, "extra_edis": set(settings["extra_edis"]) & due}

    def _post_letter(self, values):
        # EXTENDS 'invoice_send_client'
        # what other apps send comes here with its e-invoice just sent
        if not self._is_about_edi() or self._pass_edi():
            return super()._post_letter(values)
        self.has_gone_other_ways = True
        return None

    def _fail_for_nobody(self, missed, failure_type, reason):
        # EXTENDS 'invoice_send_client'
        if not self._is_about_edi() or self.delivery_ids != missed:
            return super()._fail_for_nobody(missed, failure_type, reason)
        # no letter yet: a mail to a corrected address waits for the answer as well
        self.has_gone_other_ways = True
        return self._set_failed(failure_type, reason)

    def _is_posted_alone(self):
        # EXTENDS 'invoice_send_client'
        return self.waits_for_edi or super()._is_posted_alone()

    def _is_about_edi(self):
        """:return: whether an e-invoice belongs to this sending, and the mail waits"""
        self.ensure_one()
        if not self.waits_for_edi:
            return False
        methods = self.sending_methods or []
        if self.extra_edis or "peppol" in methods:
            return True
        return self.move_id._get_invoice_edi_answer(methods).state != "none"

    def _send_e_invoice(self, settings):
        """Make the documents and send them by all ways but mail, as far as they were
        not sent yet: a retry, or a crash, comes here again.

        :param dict settings: of ``_generate_and_send_invoices``
        """
        Send, methods = self.env["account.move.send"], set(self.sending_methods or [])
        methods -= {"email"}
        if self.has_gone_other_ways:
            methods &= {"peppol"}
        extra_edis = Send._get_default_extra_edis(self.move_id)
        extra_edis &= set(self.extra_edis or [])
        if not methods and not extra_edis:
            return
        ways = {"sending_methods": sorted(methods), "extra_edis": sorted(extra_edis)}
        Send._generate_and_send_invoices(
            self.move_id, allow_raising=False, **{**settings, **ways}
        )
        if self.state == "waiting":
            self.has_gone_other_ways = True

    def _send_letter_alone(self, settings):
        """Write the letter; everything else was sent before.

        :param dict settings: of ``_generate_and_send_invoices``
        """
        settings = {**settings, "sending_methods": ["email"], "extra_edis": []}
        if not self.move_id.invoice_pdf_report_id:
            super()._send_by_pipeline(settings)
            return
        Send = self.env["account.move.send"]
        Send._check_move_constraints(self.move_id)
        move = self.move_id.sudo()  # sudo: as in the native pipeline
        Send._send_mails({move: settings})

    def _get_edi_answer_files(self):
        """:return: name and content of the answer's files, for the letter

        :rtype: list[tuple[str, bytes]]
        """
        self.ensure_one()
        if not self.waits_for_edi:
            return []
        return self.move_id._get_invoice_edi_answer_files()

    # -- waiting -----------------------------------------------------------------------

    def _pass_edi(self):
        """Decide by the answer that is stored: mail, wait or give up.

        :return: whether the mail may leave
        :rtype: bool
        """
        self.ensure_one()
        answer = self.move_id._get_invoice_edi_answer(self.sending_methods or [])
        if answer.state == "refused":
            self._refuse_by_edi(answer)
        elif answer.state != "waiting":
            self._end_edi_wait()
            return True
        elif self._is_edi_overdue():
            self._give_up_on_edi(answer)
        elif not self.edi_wait_datetime or self._is_edi_look_due():
            self._wait_for_edi(answer)
        return False

    def _is_edi_look_due(self):
        return any(delivery._is_due() for delivery in self.delivery_ids)

    def _is_edi_overdue(self):
        since, now = self.edi_wait_datetime, fields.Datetime.now()
        return bool(since) and since + timedelta(days=EDI_ANSWER_DAYS) <= now

    def _stand_back(self):
        # EXTENDS 'invoice_send_client'
        # it would be late for the look that is due, and nobody would look again
        return None if self.edi_wait_datetime else super()._stand_back()

    def _wait_for_server(self, work):
        # EXTENDS 'invoice_send_client'
        # a look for an answer is no mail: no mail server stands in its way
        if any(line._is_edi_held() for line in self):
            return False
        return super()._wait_for_server(work)

    def _ask_for_edi_answer(self):
        """Ask for the answer; that it can't be had now is no failure."""
        # in the name of OdooBot: its notes are no deeds of the user
        move, start = self.move_id.with_user(SUPERUSER_ID), time.monotonic()
        try:
            with self.env["invoice.send.run"]._isolate():
                move._ask_invoice_edi_answer()
        except Exception:
            _logger.warning("No answer for line %s to be had", self.id, exc_info=True)
        if time.monotonic() - start > EDI_SLOW_SECONDS:
            self._spare_slow_edi()

    def _spare_slow_edi(self):
        """Ask about no other document of the company in this pass: it is out of order
        and every question would hold up what waits behind it (B3)."""
        others = self.search(
            [
                ("id", "!=", self.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "waiting"),
                ("edi_wait_datetime", "!=", False),
            ]
        )
        due = others.delivery_ids.filtered(lambda delivery: delivery._is_due())
        # those of the same mail are held by this very worker
        Run, own = self.env["invoice.send.run"], self._get_group()
        # what another worker looks after, he plans himself
        with Run._hold((due.line_id - own)._get_held_lines()) as held:
            for line in due.line_id:
                if line in own or line._get_held_lines() <= held:
                    line._plan_edi_look()
            Run._commit_step()

    def _wait_for_edi(self, answer):
        """Let the mail wait, and say on each recipient what for.

        :param EdiAnswer answer: who is to answer
        """
        begins = not self.edi_wait_datetime
        if begins:
            now = fields.Datetime.now()
            self.write({"edi_wait_datetime": now, "edi_wait_name": answer.name})
        self._plan_edi_look()
        if begins:
            words = self.env._("the mail waits for the answer of %s", answer.name)
            waiting = self.delivery_ids.filtered(lambda d: d.state == "outgoing")
            waiting._record_event("outgoing", reasons="edi", detail=words)

    def _plan_edi_look(self):
        """Look for the answer again after a pause that grows."""
        count = min(self.edi_look_count, len(EDI_LOOK_MINUTES) - 1)
        pause = timedelta(minutes=EDI_LOOK_MINUTES[count])
        until = fields.Datetime.now() + pause
        self.write(
            {
                "edi_look_count": self.edi_look_count + 1,
                # a look is no attempt that failed
                "attempt_count": 0,
                "next_attempt_datetime": until,
            }
        )
        waiting = self._get_edi_held_deliveries()
        waiting.write(
            {
                "failure_reason": self._get_edi_wait_text(),
                "next_attempt_datetime": until,
            }
        )
        self.env["invoice.send.run"]._trigger_cron(pause)

    def _get_edi_held_deliveries(self):
        """:return: what this line holds up: its own deliveries, and those of documents
        that go in one mail with it and don't wait for an answer themselves"""
        others = (self._get_group() - self).filtered(
            lambda line: not line._is_edi_held()
        )
        deliveries = (self | others).delivery_ids
        return deliveries.filtered(lambda d: d.state == "outgoing")

    def _is_edi_held(self):
        return self.state == "waiting" and bool(self.edi_wait_datetime)

    def _get_edi_waiting_line(self):
        """:return: the line whose answer this one waits for: itself, or one of those
        that go in the same mail; empty where there is none"""
        if not self or self.edi_wait_datetime or not self.lead_line_id:
            return self.filtered("edi_wait_datetime")
        return self._get_group().filtered(lambda line: line._is_edi_held())[:1]

    # -- the end of the wait -----------------------------------------------------------

    def _end_edi_wait(self):
        """Let go of what was held up."""
        if not self.edi_wait_datetime:
            return
        held = self._get_edi_held_deliveries()
        self._forget_edi_wait()
        if any(line._is_edi_held() for line in self._get_group()):
            return
        held.write({"failure_reason": False, "next_attempt_datetime": False})
        if held - self.delivery_ids:
            self.env["invoice.send.run"]._trigger_cron()

    def _forget_edi_wait(self):
        self.write(
            {
                "edi_wait_datetime": False,
                "edi_look_count": 0,
                "next_attempt_datetime": False,
            }
        )

    def _set_failed(self, failure_type, reason):
        # EXTENDS 'invoice_send_client'
        # the documents that go in one mail with it no longer wait for its answer
        self._end_edi_wait()
        return super()._set_failed(failure_type, reason)

    def _refuse_by_edi(self, answer):
        self._set_failed(
            "edi",
            self.env._(
                "%(name)s refused %(document)s, so it was not mailed. %(words)s",
                name=answer.name,
                document=self.move_id.name,
                words=answer.words,
            ),
        )

    def _give_up_on_edi(self, answer):
        self._set_failed(
            "edi",
            self.env._(
                "%(name)s gave no answer to %(document)s for %(days)s days, so it was "
                "not mailed. Look there what became of it; Resend waits once more.",
                name=answer.name,
                document=self.move_id.name,
                days=EDI_ANSWER_DAYS,
            ),
        )

    def _get_edi_wait_text(self, next_look=""):
        """:return: what is waited for, since when, and when it is looked for again

        :param str next_look: the time of the next look, for the reader
        :rtype: str
        """
        self.ensure_one()
        values = {
            "name": self.edi_wait_name,
            "document": self.move_id.name,
            "time": format_datetime(
                self.env, self.edi_wait_datetime, dt_format="short"
            ),
        }
        text = self.env._(
            "waits for the answer of %(name)s to %(document)s since %(time)s", **values
        )
        if not next_look:
            return text
        look = self.env._("next look %s", next_look)
        return f"{text}, {look}"
