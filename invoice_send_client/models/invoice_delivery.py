from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..const import (
    ANSWERS,
    DELIVERY_PROBLEMS,
    DELIVERY_STATES,
    DELIVERY_TRANSITIONS,
    DOCUMENT_MODES,
    FAILURE_TYPES,
    ROLES,
)
from ..tools import addresses, links, sending_pass

#: What waits no longer than this for a mail server has lost no attempt. Chosen: longer
#: than workers need to meet one outage, shorter than the shortest pause.
SHORT_HOLD = timedelta(seconds=15)


class InvoiceDelivery(models.Model):
    """One document to one recipient by one sending method: what became of it.

    Life: written ``outgoing`` when Send is pressed; each attempt is committed
    (``_start_attempt``) before the mail server is asked and its verdict after it, so
    that a crash between the two leaves ``attempt_datetime`` set and ends in ``error``
    / ``unknown``, never in a second mail. Taken by the server: ``sent``. From then on
    what the client does moves it (``_record_hit``, ``_set_accepted`` ...), a bounce
    marks it, reset to draft cancels what was still waiting. ``const.
    DELIVERY_TRANSITIONS`` says which state may follow which; ``_update_state`` writes
    it, and ``invoice_delivery_picture.py`` for a first picture, by the same table. The
    evidence outlives the mail and the message.
    """

    _name = "invoice.delivery"
    _description = "Invoice Delivery"
    _order = "id desc"
    _rec_name = "email"

    # what, to whom, how
    move_id = fields.Many2one(
        "account.move", string="Document", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Contact", ondelete="set null", index="btree_not_null"
    )
    email = fields.Char(string="Address", index="btree_not_null")
    recipient_name = fields.Char(help="The name typed with the address.")
    role = fields.Selection(ROLES, required=True, default="to")
    sending_method = fields.Selection(
        [("email", "E-mail"), ("network", "Client network")],
        string="Method",
        required=True,
        default="email",
    )
    document_mode = fields.Selection(DOCUMENT_MODES, required=True, default="link")
    lang = fields.Char(string="Language")
    is_internal = fields.Boolean(
        compute="_compute_is_internal",
        store=True,
        readonly=False,
        help="The address of a user of this database: shown, but never counted.",
    )
    is_current = fields.Boolean(
        default=True,
        help="Made since the document was last posted; only these count (D4).",
    )

    # what became of it
    state = fields.Selection(
        DELIVERY_STATES, required=True, default="outgoing", index=True, readonly=True
    )
    sent_datetime = fields.Datetime(string="Sent on", readonly=True)
    open_datetime = fields.Datetime(string="Probably opened on", readonly=True)
    view_datetime = fields.Datetime(string="Viewed on", readonly=True)
    download_datetime = fields.Datetime(string="Downloaded on", readonly=True)
    accept_datetime = fields.Datetime(string="Accepted on", readonly=True)
    return_datetime = fields.Datetime(string="Returned on", readonly=True)
    return_reason = fields.Text(readonly=True)
    failure_type = fields.Selection(FAILURE_TYPES, readonly=True)
    failure_reason = fields.Text(
        readonly=True, help="The server's code and words, or what went wrong here."
    )

    # reports
    customer_id = fields.Many2one(
        string="Customer",
        related="move_id.commercial_partner_id",
        store=True,
        index="btree_not_null",
    )
    hours_to_view = fields.Float(
        string="Hours to view",
        compute="_compute_hours_to_view",
        store=True,
        aggregator="avg",
        help="Hours between the mail and the client's first look, to the second. "
        "Averages leave out what was not viewed.",
    )

    # attempts
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    attempt_datetime = fields.Datetime(
        readonly=True,
        help="Set while the mail server is being asked. Still set without a living "
        "worker: the worker died and nobody knows whether the mail left.",
    )
    next_attempt_datetime = fields.Datetime(
        string="Next attempt on", help="Empty while waiting: due now."
    )
    last_attempt_datetime = fields.Datetime(
        readonly=True, help="When the mail server was asked last, to the microsecond."
    )
    mail_server_id = fields.Many2one(
        "ir.mail_server",
        string="Mail Server",
        ondelete="set null",
        readonly=True,
        help="The server that was asked last. Empty: that of Odoo's configuration.",
    )
    is_unseen = fields.Boolean(
        help="A failure that the sender has not looked at yet.",
    )

    # where it belongs
    run_id = fields.Many2one("invoice.send.run", ondelete="restrict", index=True)
    line_id = fields.Many2one("invoice.send.run.line", ondelete="restrict", index=True)
    mail_message_id = fields.Many2one(
        "mail.message", ondelete="set null", index="btree_not_null"
    )
    event_ids = fields.One2many("invoice.delivery.event", "delivery_id")
    _due = models.Index("(next_attempt_datetime, id) WHERE state = 'outgoing'")
    _last_attempt = models.Index(
        "(last_attempt_datetime) WHERE last_attempt_datetime IS NOT NULL"
    )
    _unseen = models.Index("(run_id) WHERE is_unseen")

    # -- reports -------------------------------------------------------------------

    @api.depends("email", "sending_method")
    def _compute_is_internal(self):
        """The sending knows it already; this is for whoever makes one by himself."""
        mailed = self._get_mailed().filtered("email")
        lines = self.env["invoice.send.run.line"]
        internal = mailed and lines._find_internal_addresses(mailed.mapped("email"))
        for delivery in self:
            delivery.is_internal = (
                delivery in mailed and addresses.to_ascii(delivery.email) in internal
            )

    @api.depends("sent_datetime", "view_datetime")
    def _compute_hours_to_view(self):
        for delivery in self:
            sent, view = delivery.sent_datetime, delivery.view_datetime
            # the client may look before the mail server's word was written down
            seconds = sent and view and max((view - sent).total_seconds(), 0)
            delivery.hours_to_view = (seconds or 0) / 3600

    def _read_group_select(self, aggregate_spec, query):
        # EXTENDS 'base'
        aggregate = super()._read_group_select(aggregate_spec, query)
        if not aggregate_spec.startswith("hours_to_view:"):
            return aggregate
        # a column of numbers has no "not viewed": its 0 would pull averages down
        sent, view = (
            self._field_to_sql(self._table, name, query)
            for name in ("sent_datetime", "view_datetime")
        )
        return SQL(
            "%s FILTER (WHERE %s IS NOT NULL AND %s IS NOT NULL)", aggregate, sent, view
        )

    # -- state: the one place that moves it ---------------------------------------

    def _update_state(self, target, **values):
        """Move the deliveries to ``target`` where the table of transitions allows it.

        :param str target: state to reach
        :param values: what is written on those that move
        :return: the deliveries that moved
        :rtype: invoice.delivery
        """
        sources = DELIVERY_TRANSITIONS[target]
        moved = self.filtered(lambda delivery: delivery.state in sources)
        if moved:
            moved.write({"state": target, **values})
        return moved

    def _record_event(self, event_type, **values):
        """Write one event on each delivery: the only door to the history.

        :param str event_type: a word of ``const.EVENT_TYPES``
        :param values: further fields of the event
        :return: the events, in the order of ``self``
        :rtype: invoice.delivery.event
        """
        return self.env["invoice.delivery.event"].create(
            [
                {
                    "delivery_id": delivery.id,
                    "company_id": delivery.company_id.id,
                    "email": delivery.email,
                    "event_type": event_type,
                    **values,
                }
                for delivery in self
            ]
        )

    def _set_sent(self):
        """The mail server took the mail of these recipients.

        :return: the deliveries that moved
        """
        moved = self._update_state(
            "sent",
            # to the microsecond: the judge asks how soon after it somebody came
            sent_datetime=self._to_naive(datetime.now(timezone.utc)),
            attempt_datetime=False,
            next_attempt_datetime=False,
            failure_type=False,
            failure_reason=False,
        )
        moved._record_event("sent")
        moved.line_id._hand_over_link()
        # the client may have looked before the server said so
        for delivery in moved.filtered("event_ids.hit"):
            delivery._judge_hits()
        moved._apply_answer()
        return moved

    def _set_error(self, failure_type, reason):
        """Nothing more is tried by itself for these recipients.

        :param str failure_type: a key of ``const.FAILURE_TYPES``
        :param str reason: for the user: the server's words or what went wrong
        :return: the deliveries that moved
        """
        moved = self._update_state(
            "error",
            failure_type=failure_type,
            failure_reason=reason,
            attempt_datetime=False,
            next_attempt_datetime=False,
            is_unseen=True,
        )
        moved._record_event("error", reasons=failure_type, detail=reason)
        return moved

    def _set_deferred(self, failure_type, reason, not_before=None):
        """Refused for now: try again later, or give up when the tries are used up.

        :param str failure_type: ``deferred`` or ``server``
        :param str reason: the server's words
        :param datetime not_before: the end of the server's pause
        :return: the deliveries that gave up
        """
        # withdrawn while the server was being reached
        gone = self.filtered(lambda d: d.state != "outgoing")
        # reset to draft while it was leaving: not tried again
        void = (self - gone).filtered(lambda d: not d.is_current)
        if gone or void:
            void.attempt_datetime = False
            void._set_cancelled()
            left = self - gone - void
            return left and left._set_deferred(failure_type, reason, not_before)
        tired = self.filtered(
            lambda d: d.attempt_count > len(d.company_id._get_invoice_retry_minutes())
        )
        waiting = self - tired
        for delivery in waiting:
            pauses = delivery.company_id._get_invoice_retry_minutes()
            minutes = pauses[max(delivery.attempt_count, 1) - 1]
            due = fields.Datetime.now() + timedelta(minutes=minutes)
            delivery._set_waiting(max(due, not_before or due), reason)
        waiting.attempt_datetime = False
        waiting._record_event("outgoing", reasons=failure_type, detail=reason)
        return tired._set_error(failure_type, reason)

    def _set_waiting(self, until, reason=""):
        """Let deliveries wait; nothing is known to be wrong with them.

        :param datetime until: not to be tried before
        :param str reason: why, for the user; what was said before stays where empty
        """
        values = {"next_attempt_datetime": until}
        if reason:
            values["failure_reason"] = reason
        self.write(values)

    def _set_held(self, hold, server_id):
        """The mail server is to be left alone for now: wait for it.

        One that is not reached counts as an attempt, so that nothing waits forever; not
        for whoever came before his time because somebody asked for it, unless it was
        tried since, nor where it is a matter of seconds: its last attempt may have
        begun that very pause.

        :param tools.sending_pass.Hold hold: until when, and why
        :param int server_id: which one, see ``tools.verdict.Attempt``
        """
        self.mail_server_id = server_id
        if not hold.is_failure:
            return self._set_waiting(hold.until)
        if hold.until - fields.Datetime.now() < SHORT_HOLD:
            return self._set_waiting(hold.until, hold.reason)
        asked = self.filtered(lambda d: d._is_asked_for() and not hold.is_fresh)
        asked._set_waiting(hold.until, hold.reason)
        patient = self - asked
        for delivery in patient:
            delivery.attempt_count += 1
        return patient._set_deferred("server", hold.reason, hold.until)

    def _set_cancelled(self):
        """Withdraw what has not left yet.

        :return: the deliveries that moved
        """
        moved = self._update_state("cancel", next_attempt_datetime=False)
        moved._record_event("cancel")
        moved.line_id._skip_withdrawn()
        return moved

    def _void(self):
        """The document was reset to draft or cancelled: nothing of it counts (D4)."""
        # what is leaving in this moment gets the mail server's verdict
        self.filtered(lambda d: not d.attempt_datetime)._set_cancelled()
        self.write({"is_current": False, "is_link_alive": False})

    def _set_retry(self):
        """Make failed deliveries due again, with a fresh count of attempts.

        :return: the deliveries that moved
        """
        moved = self._update_state(
            "outgoing",
            failure_type=False,
            failure_reason=False,
            attempt_count=0,
            next_attempt_datetime=False,
            is_unseen=False,
        )
        # where no letter could be written, it is tried from the documents on
        moved.line_id._set_retry()
        self.env["invoice.send.server"]._forget_pauses(moved.mail_server_id)
        return moved

    # -- attempts ------------------------------------------------------------------

    def _start_attempt(self):
        """Write down that the mail server is about to be asked. To be committed."""
        now = sending_pass.now()
        for delivery in self:
            delivery.write(
                {
                    "attempt_count": delivery.attempt_count + 1,
                    "attempt_datetime": now,
                    "last_attempt_datetime": now,
                    "next_attempt_datetime": False,
                }
            )

    def _end_attempt(self, verdict, server_id=False):
        """Write the verdict of one attempt.

        :param tools.verdict.Verdict verdict: what the mail server said
        :param int server_id: which one, see ``tools.verdict.Attempt``
        """
        self.ensure_one()
        self.mail_server_id = server_id
        if not verdict.failure_type:
            self._set_sent()
        elif verdict.retry:
            self._set_deferred(verdict.failure_type, verdict.reason)
        else:
            self._set_error(verdict.failure_type, verdict.reason)

    def _close_broken_attempts(self):
        """An attempt without verdict and without a living worker: it may have left.

        To be called by whoever holds the line's lock, see ``invoice.send.run.line``.
        """
        broken = self.filtered(lambda d: d.state == "outgoing" and d.attempt_datetime)
        broken._set_error(
            "unknown",
            self.env._(
                "The server stopped while this mail was leaving. It may have "
                "arrived; it is not sent again by itself."
            ),
        )

    def _is_asked_for(self):
        """:return: whether somebody made this one due by hand, though it was put off"""
        self.ensure_one()
        return bool(self.failure_reason and not self.next_attempt_datetime)

    def _is_due(self):
        """:return: whether this delivery waits and its time has come; what an attempt
        was begun for is not sent again, whatever became of that (B5)"""
        self.ensure_one()
        is_waiting = self.state == "outgoing" and not self.attempt_datetime
        return is_waiting and not self._waits_for_time()

    def _waits_for_time(self):
        """:return: whether this delivery is not to be tried yet"""
        self.ensure_one()
        due = self.next_attempt_datetime
        return bool(due) and due > fields.Datetime.now()

    @api.model
    def _find_last_by_email(self, companies, emails):
        """:return: id of the last delivery that was tried, by address

        :param companies: whose deliveries count
        :param emails: addresses as they stand on deliveries
        :rtype: dict[str, int]
        """
        if not emails:
            return {}
        domain = [
            ("company_id", "in", companies.ids),
            ("email", "in", list(emails)),
            ("sending_method", "=", "email"),
            ("state", "not in", ("outgoing", "cancel")),
        ]
        return dict(self._read_group(domain, ["email"], ["id:max"]))

    # -- words ---------------------------------------------------------------------

    def _get_recipient(self):
        """:return: ``(name, address)`` of the recipient"""
        self.ensure_one()
        return self.recipient_name or self.partner_id.name or "", self.email

    def _get_problem_text(self):
        """:return: one sentence on what went wrong, with address and server's words"""
        self.ensure_one()
        return f"{self.email}: {self._get_failure_text()}"

    def _get_failure_text(self):
        """:return: what went wrong, in the server's words; empty where nothing did"""
        self.ensure_one()
        reason = self.failure_reason or ""
        if self.state == "outgoing":
            return self._get_waiting_text()
        if self.state == "bounce":
            return self.env._("Came back: %s", reason)
        labels = dict(self._fields["failure_type"]._description_selection(self.env))
        return ": ".join(filter(None, [labels.get(self.failure_type), reason]))

    def _get_waiting_text(self):
        """:return: until when, and why, this recipient waits; empty where it is due"""
        due = self.next_attempt_datetime
        words = {
            "time": due and format_datetime(self.env, due, dt_format="short"),
            "reason": self.failure_reason,
        }
        if due and self.failure_reason:
            return self.env._("put off, next try %(time)s: %(reason)s", **words)
        if due:
            return self.env._("leaves on %(time)s", **words)
        return self.failure_reason or ""

    def _get_shared_addresses(self):
        """:return: the addresses of one message to all, empty for a personal copy"""
        self.ensure_one()
        if not self._is_shared():
            return ""
        return ", ".join(self.line_id._get_shared().sorted("id").mapped("email"))

    def _get_evidence_text(self):
        """:return: what is known of the client's side, in words that claim no more

        Without a sign of a look it is not known that nobody looked.
        """
        self.ensure_one()
        if self.state in ANSWERS:
            return self._get_answer_text()
        if self.state not in ("sent", "open", "view", "download"):
            return ""
        if self.state == "sent":
            return self.env._("no evidence of a look")
        if self.state == "open":
            return self.env._("perhaps by a machine")
        if others := self._get_shared_addresses():
            return self.env._("viewed by one of %s", others)
        return self.env._("viewed through the link sent to %s", self.email)

    def _get_state_datetime(self):
        """:return: when the delivery came into its state, as far as it is kept"""
        self.ensure_one()
        name = f"{self.state}_datetime"
        if name in self._fields:
            return self[name]
        events = self.event_ids.filtered(lambda event: event.event_type == self.state)
        return events[-1:].event_datetime or self.write_date

    # -- panel on the invoice --------------------------------------------------------

    def _get_panel_values(self):
        """Give one line of the panel on the invoice.

        :return: plain values; ``actions`` names the buttons that make sense
        :rtype: dict
        """
        self.ensure_one()
        labels = {
            name: dict(self._fields[name]._description_selection(self.env))
            for name in ("role", "sending_method", "document_mode", "state")
        }
        return {
            "id": self.id,
            "email": self.email or "",
            "name": self._get_recipient()[0],
            "role": labels["role"][self.role],
            "method": labels["sending_method"][self.sending_method],
            "mode": labels["document_mode"][self.document_mode],
            "state": self.state,
            "label": labels["state"][self.state],
            "datetime": fields.Datetime.to_string(self._get_state_datetime()),
            "sent_datetime": fields.Datetime.to_string(self.sent_datetime),
            "user": self.run_id.user_id.name or "",
            "evidence": self._get_evidence_text(),
            "problem": self._get_failure_text(),
            "is_unknown": self.failure_type == "unknown",
            "is_counted": self._is_counted(),
            "is_current": self.is_current,
            "url": self._get_open_url(),
            "actions": self._get_panel_actions(),
        }

    def _get_open_url(self):
        """:return: the client's link, empty where it would lead nowhere now"""
        holder = self._get_link_holder()
        is_open = self._has_open_document() and holder._is_link_open()
        return holder._get_landing_url() if is_open else ""

    def _is_counted(self):
        """:return: whether the recipient is one that the document counts (D4)"""
        self.ensure_one()
        return self.role != "bcc" and not self.is_internal

    @api.model
    def _get_counted_domain(self):
        """:return: the domain of what ``_is_counted``"""
        return Domain("role", "!=", "bcc") & Domain("is_internal", "=", False)

    def _has_open_document(self):
        """:return: whether the client may still have to do with this sending"""
        self.ensure_one()
        return self.is_current and self.move_id.state == "posted"

    def _get_panel_actions(self):
        """:return: the buttons that make sense, by their methods' names"""
        self.ensure_one()
        if not self._has_open_document():
            return []
        has_failed = self.state in DELIVERY_PROBLEMS
        is_open = self._get_link_holder()._is_link_open()
        offered = {
            "action_resend": self.state != "outgoing",
            "action_correct_address": has_failed,
            "action_revoke_link": is_open,
            "action_renew_link": not is_open,
        }
        return [name for name, is_offered in offered.items() if is_offered]

    # -- buttons -------------------------------------------------------------------

    def _check_sender(self):
        """Let only those act on deliveries who may send their documents.

        :return: the deliveries with the right to write them
        :rtype: invoice.delivery
        :raise AccessError: where the user may not read one of them, or write one of the
            documents
        """
        self.check_access("read")
        self.move_id.check_access("write")
        # sudo: deliveries have no writer but the sending; the documents were checked
        return self.sudo()

    def action_retry(self):
        """Send again to these recipients, with the mail as it was written."""
        failed = self.filtered(
            lambda d: d.state in DELIVERY_PROBLEMS and d._has_open_document()
        )
        if not failed:
            raise UserError(
                self.env._("Only what failed or bounced can be sent again.")
            )
        failed = failed._check_sender()
        holders = failed._get_link_holder()
        holders.filtered(lambda d: not d._is_link_open())._renew_link()
        failed._record_retry()
        moved = failed._set_retry()
        moved.run_id._start()

    def _record_retry(self):
        """Note that these are sent again, and what went wrong with them."""
        for failure_type, alike in self.grouped("failure_type").items():
            alike._record_event("retry", reasons=failure_type)
        # what may have arrived may have been read, too
        self.filtered(lambda d: d.failure_type != "unknown")._forget_looks()

    def action_resend(self):
        """Send the document again to this recipient alone.

        What failed leaves as it was written. What was sent before may have to say
        something else by now: the window opens with this address in it.

        :return: the window, or nothing
        :rtype: dict | None
        """
        self.ensure_one()
        if self.state in DELIVERY_PROBLEMS:
            return self.action_retry()
        address = addresses.Address(self.recipient_name or "", self.email)
        action = self.move_id.action_open_send_window()
        action["context"].update(
            default_email_to=address.shown,
            default_email_cc="",
            default_email_bcc="",
        )
        return action

    def action_correct_address(self):
        """Open the dialog that sends to another address what did not reach this one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct address"),
            "res_model": "invoice.delivery.correct.address",
            "view_mode": "form",
            "target": "new",
            "context": {"default_delivery_id": self.id, "dialog_size": "medium"},
        }

    def _correct_address(self, address):
        """Make a failed delivery due again, to another address.

        Whoever has the old link is not the recipient any more: it dies, but for that
        of a message to all, which the others have, too.

        :param tools.addresses.Address address: the new address
        :raise UserError: where the delivery did not fail or the address has one already
        """
        self.ensure_one()
        self._check_new_address(address)
        delivery = self._check_sender()
        line, name = delivery.line_id, f"email_{self.role}"
        line._forget_gone_contacts()
        line[name] = addresses.replace(line[name], self.email, address)
        delivery._record_event("correct", detail=f"{self.email} → {address.email}")
        delivery._forget_looks()
        known = line._get_known_partners()
        internal = line._find_internal_addresses([address.email])
        ascii_email = addresses.to_ascii(address.email)
        delivery.write(
            {
                "email": address.email,
                "recipient_name": address.name or self.recipient_name,
                "partner_id": known.get(ascii_email),
                "is_internal": ascii_email in internal,
                "link_key": delivery._get_key_of_next_recipient(),
                "is_link_alive": True,
            }
        )
        self.action_retry()

    def _get_key_of_next_recipient(self):
        """:return: the link's key after the address was corrected"""
        self.ensure_one()
        return self.link_key if self._has_common_link() else links.new_key()

    def _check_new_address(self, address):
        if self.state not in DELIVERY_PROBLEMS or not self._has_open_document():
            raise UserError(
                self.env._("Only the address of what failed or bounced can be changed.")
            )
        # a portal user who got no mail may well get this one
        others = (self.line_id._get_mailed() - self).mapped("email")
        if addresses.to_ascii(address.email) in map(addresses.to_ascii, others):
            raise UserError(
                self.env._("This sending has a copy for %s already.", address.email)
            )
