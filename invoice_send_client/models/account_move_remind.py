import logging
from collections import defaultdict
from datetime import datetime, time, timedelta

from psycopg2 import IntegrityError, OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, split_every

from ..const import REMIND_TOGETHER, REMINDER_MOVE_TYPES, UNVIEWED_STATES

_logger = logging.getLogger(__name__)

#: States of what reached a client who has not sent it back (D4).
REACHED_STATES = (*UNVIEWED_STATES, "view", "download", "accept")

#: Nobody was reminded of the document since it was last posted.
NOT_REMINDED = {
    "invoice_unread_reminder_count": 0,
    "invoice_unread_reminder_datetime": False,
    "invoice_unpaid_reminder_count": 0,
    "invoice_unpaid_reminder_datetime": False,
}


class AccountMove(models.Model):
    """Clients are reminded by themselves of what is not viewed or not paid (B30).

    Off until a company says after how many days. A daily job finds what is due and
    writes runs: a reminder is a sending like any other, in the company's name, by link
    where that is possible, to whom the document was sent last. That somebody was
    reminded is written on the document in the same transaction as the run, so that no
    crash reminds twice; it is forgotten when the document is reset to draft.

    Days are those of the calendar (UTC): what was sent on Monday is three days old on
    Thursday. Between any two mails with a document the same number of days passes; what
    is due as unpaid is therefore not reminded of as unread as well.
    """

    # one model, several concerns: the rest stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    invoice_no_reminders = fields.Boolean(
        string="No reminders",
        copy=False,
        help="The client is not reminded of this document automatically.",
    )
    invoice_unread_reminder_count = fields.Integer(
        string="Reminders of not viewed", copy=False, readonly=True
    )
    invoice_unread_reminder_datetime = fields.Datetime(
        string="Last reminder of not viewed", copy=False, readonly=True
    )
    invoice_unpaid_reminder_count = fields.Integer(
        string="Reminders of not paid", copy=False, readonly=True
    )
    invoice_unpaid_reminder_datetime = fields.Datetime(
        string="Last reminder of not paid", copy=False, readonly=True
    )
    invoice_reminder_text = fields.Char(
        string="Reminders",
        compute="_compute_invoice_reminder_text",
        help="Not viewed: some days after a document was sent as a link, while nobody "
        "is known to have looked at it, it is not paid and no recipient failed. Not "
        "paid: some days after the due date of an invoice that was sent and not "
        "returned. Never sooner than the same number of days after the last mail, "
        "never more often than the settings say, and never to an address that sent a "
        "mail back.",
    )

    @api.depends(*NOT_REMINDED)
    @api.depends_context("lang", "tz")
    def _compute_invoice_reminder_text(self):
        for move in self:
            parts = [move._describe_reminders(kind) for kind in REMINDER_MOVE_TYPES]
            move.invoice_reminder_text = ", ".join(filter(None, parts))

    def _describe_reminders(self, kind):
        """:return: how often the client was reminded and when last, empty for never

        :param str kind: of ``const.REMINDER_TYPES``
        """
        count = self[f"invoice_{kind}_reminder_count"]
        words = {
            "count": count,
            "date": format_date(self.env, self[f"invoice_{kind}_reminder_datetime"]),
        }
        texts = {
            "unread": self.env._("not viewed: %(count)s (last %(date)s)", **words),
            "unpaid": self.env._("not paid: %(count)s (last %(date)s)", **words),
        }
        return count and texts[kind]

    def _void_invoice_sendings(self):
        # EXTENDS 'invoice_send_client'
        result = super()._void_invoice_sendings()
        reminded = self.filtered(lambda move: any(move[name] for name in NOT_REMINDED))
        reminded._write_reminders(NOT_REMINDED)
        return result

    def _write_reminders(self, values):
        """Write facts that have nothing to do with the document's content.

        :param dict values: of ``NOT_REMINDED``'s fields
        """
        moves = self._without_sync().with_context(skip_is_manually_modified=True)
        moves.write(values)

    # -- what is due -------------------------------------------------------------------

    @api.model
    def _get_reminder_domain(self, company, kind):
        """:return: the domain of the documents whose clients are to be reminded now

        :param company: whose documents, and by whose settings
        :param str kind: of ``const.REMINDER_TYPES``
        :rtype: Domain
        """
        days = company[f"invoice_remind_{kind}_days"]
        if days < 1:
            return Domain.FALSE
        midnight = datetime.combine(
            fields.Date.today() - timedelta(days=days - 1), time.min
        )
        own_domains = {
            "unread": self._get_unread_reminder_domain,
            "unpaid": self._get_unpaid_reminder_domain,
        }
        count = Domain(
            f"invoice_{kind}_reminder_count", "<", company.invoice_remind_times
        )
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", REMINDER_MOVE_TYPES[kind])
            & Domain("invoice_no_reminders", "=", False)
            & Domain("commercial_partner_id.invoice_no_reminders", "=", False)
            & count
            & own_domains[kind](company)
            & self._get_last_mail_domain(midnight)
        )

    @api.model
    def _get_last_mail_domain(self, midnight):
        """:return: the domain of what was mailed before a moment and not since, with
            nothing that waits

        :param datetime midnight: the moment
        :rtype: Domain
        """
        domain = Domain("invoice_sent_datetime", "<", midnight)
        for name in (
            "invoice_unread_reminder_datetime",
            "invoice_unpaid_reminder_datetime",
        ):
            domain &= Domain(name, "=", False) | Domain(name, "<", midnight)
        counted = self.env["invoice.delivery"]._get_counted_domain()
        recent = Domain("sent_datetime", ">=", midnight) & counted
        waiting = Domain("state", "=", "outgoing")
        current = Domain("is_current", "=", True) & (waiting | recent)
        return domain & Domain("invoice_delivery_ids", "not any", current)

    @api.model
    def _get_unread_reminder_domain(self, company):
        """Say of what it is known that no client looked at it.

        Who reads an attached PDF leaves no trace, and who is not tracked none either:
        nothing is known of what was sent so.

        :param company: ``res.company`` whose documents they are
        :rtype: Domain
        """
        attached = (
            self.env["invoice.delivery"]._get_counted_domain()
            & Domain("is_current", "=", True)
            & Domain("document_mode", "=", "attachment")
            & Domain("sent_datetime", "!=", False)
        )
        if not company.invoice_track_clients:
            return Domain.FALSE
        untracked = Domain("is_current", "=", True) & Domain("is_opted_out", "=", True)
        return (
            self._get_reminder_need_domain("unread")
            & Domain("commercial_partner_id.invoice_no_tracking", "=", False)
            & Domain("invoice_delivery_ids", "not any", untracked)
            & Domain("invoice_delivery_ids", "not any", attached)
        )

    @api.model
    def _get_reminder_need_domain(self, kind):
        """:return: the domain of the documents of which there is something to remind:
            asked when a reminder is written, and again when it leaves

        :param str kind: of ``const.REMINDER_TYPES``
        """
        if kind == "unread":
            settled = ("in_payment", "paid", "reversed")
            is_unread = Domain("invoice_delivery_state", "in", UNVIEWED_STATES)
            return is_unread & Domain("payment_state", "not in", settled)
        return (
            Domain("invoice_delivery_state", "in", REACHED_STATES)
            & Domain("payment_state", "in", ("not_paid", "partial"))
            & Domain("amount_residual", ">", 0)
        )

    @api.model
    def _get_unpaid_reminder_domain(self, company):
        """Say what reached a client and is still to be paid, past its due date.

        :param company: ``res.company`` whose documents they are
        :rtype: Domain
        """
        latest = fields.Date.today() - timedelta(
            days=company.invoice_remind_unpaid_days
        )
        return self._get_reminder_need_domain("unpaid") & Domain(
            "invoice_date_due", "<=", latest
        )

    # -- the daily job -----------------------------------------------------------------

    @api.model
    def _cron_remind_clients(self):
        """Write the reminders that are due today; the sending of mails is another job.

        Nobody presses Send: OdooBot sends, in the company's name (D6).
        """
        moves = self.with_user(SUPERUSER_ID)
        for kind in ("unpaid", "unread"):
            if not moves._remind_all(kind):
                return

    @api.model
    def _remind_all(self, kind):
        """Write all reminders of a kind that are due.

        :param str kind: of ``const.REMINDER_TYPES``
        :return: whether the job has time left
        :rtype: bool
        """
        companies = self.env["res.company"]._find_reminding(kind)
        domain = Domain.OR(
            self._get_reminder_domain(company, kind) for company in companies
        )
        groups = self._read_group(domain, ["company_id"], ["id:array_agg"])
        parts = [
            self.browse(part)
            for _company, ids in groups
            for part in split_every(REMIND_TOGETHER, sorted(ids))
        ]
        left = sum(map(len, parts))
        for moves in parts:
            moves._remind_safely(kind)
            left -= len(moves)
            run = self.env["invoice.send.run"]
            if run._note_progress(len(moves), left) <= 0:
                return False
        return True

    def _remind_safely(self, kind):
        """Write reminders of one company; what stands in the way of one document holds
        up no other: it is tried again by the next job.

        :param str kind: of ``const.REMINDER_TYPES``
        """
        Run = self.env["invoice.send.run"]
        try:
            with Run._isolate():
                self._remind(kind)
                Run._commit()
        except Exception as error:
            if len(self) > 1:
                for move in self:
                    move._remind_safely(kind)
            elif isinstance(error, OperationalError | IntegrityError):
                _logger.info("Reminder of %s put off: it is being changed", self)
            else:
                _logger.exception("Clients can't be reminded of %s", self)

    def _remind(self, kind):
        """Write the runs of one company, and on the documents that they were.

        :param str kind: of ``const.REMINDER_TYPES``
        """
        company, Run = self.company_id, self.env["invoice.send.run"]
        moves = self.with_company(company)
        moves = moves.with_context(lang=company.partner_id.lang)
        # what somebody else is changing now is left to the next job
        held = moves.try_lock_for_update(allow_referencing=True)
        # what was found due may be paid, or sent by a person, meanwhile
        domain = self._get_reminder_domain(company, kind)
        due = held.search(domain & Domain("id", "in", held.ids), order="id")
        settings = self.env["account.move.send"].with_env(due.env)
        settings = settings._prepare_reminders(due, kind)
        if not settings:
            return
        runs = Run.browse()
        for own in self._part_by_caretaker(settings):
            runs |= Run.with_env(due.env)._create_for_moves(own)
        due.browse(move.id for move in settings)._note_reminded(kind)
        if Run._can_commit():
            runs._trigger_cron()
        else:
            runs._start()

    @api.model
    def _part_by_caretaker(self, settings):
        """Part reminders by who is told what became of them.

        :param dict settings: of ``account.move.send``, by document
        :return: the same for each caretaker
        :rtype: list[dict]
        """
        parts = defaultdict(dict)
        for move, data in settings.items():
            caretaker = move._get_caretaker()
            parts[caretaker][move] = {**data, "caretaker_id": caretaker.id}
        return list(parts.values())

    def _note_reminded(self, kind):
        """Remember that clients are reminded, for us and in words for the user.

        :param str kind: of ``const.REMINDER_TYPES``
        """
        name, now = f"invoice_{kind}_reminder_count", fields.Datetime.now()
        for count, moves in self.grouped(name).items():
            moves._write_reminders(
                {name: count + 1, f"invoice_{kind}_reminder_datetime": now}
            )
        self._message_log_batch(
            {move.id: move._get_reminder_note(kind) for move in self},
            author_id=self.env.ref("base.partner_root").id,
        )

    def _get_reminder_note(self, kind):
        """:return: what the chatter says of the newest reminder

        :param str kind: of ``const.REMINDER_TYPES``
        """
        words = {
            "number": self[f"invoice_{kind}_reminder_count"],
            "times": self.company_id.invoice_remind_times,
        }
        notes = {
            "unread": self.env._(
                "The client is reminded automatically, %(number)s of at most "
                "%(times)s times: there is no evidence of a look yet.",
                **words,
            ),
            "unpaid": self.env._(
                "The client is reminded automatically, %(number)s of at most "
                "%(times)s times: not paid in full yet.",
                **words,
            ),
        }
        return notes[kind]
