from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..const import (
    DELIVERY_STATES,
    DELIVERY_TRANSITIONS,
    DOCUMENT_MODES,
    FAILURE_TYPES,
    LINK_SCOPE,
    RETRY_MINUTES,
    ROLES,
    TARGET_EVENTS,
)
from ..tools import links, visitor


class InvoiceDelivery(models.Model):
    """One document to one recipient by one sending method: what became of it.

    Life: written ``outgoing`` when Send is pressed; each attempt is committed
    (``_start_attempt``) before the mail server is asked and its verdict after it, so
    that a crash between the two leaves ``attempt_datetime`` set and ends in ``error``
    / ``unknown``, never in a second mail. Taken by the server: ``sent``. From then on
    what the client does moves it (``_record_hit``, ``_set_accepted`` ...), a bounce
    marks it, reset to draft cancels what was still waiting. ``const.
    DELIVERY_TRANSITIONS`` says which state may follow which and ``_update_state`` is
    the only place that writes it. The evidence outlives the mail and the message.
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
        [("email", "E-mail")], required=True, default="email"
    )
    document_mode = fields.Selection(DOCUMENT_MODES, required=True, default="link")
    lang = fields.Char(string="Language")
    is_internal = fields.Boolean(
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

    # where it belongs
    run_id = fields.Many2one("invoice.send.run", ondelete="restrict", index=True)
    line_id = fields.Many2one("invoice.send.run.line", ondelete="restrict", index=True)
    mail_message_id = fields.Many2one(
        "mail.message", ondelete="set null", index="btree_not_null"
    )
    event_ids = fields.One2many("invoice.delivery.event", "delivery_id")
    link_key = fields.Char(
        default=lambda self: links.new_key(),
        copy=False,
        groups=fields.NO_ACCESS,
        help="Random half of the client's link; the other half is its signature.",
    )
    is_link_alive = fields.Boolean(
        default=True, help="The client's link opens the document."
    )
    _link_key_unique = models.UniqueIndex("(link_key) WHERE link_key IS NOT NULL")
    _due = models.Index("(next_attempt_datetime, id) WHERE state = 'outgoing'")

    @api.depends("email", "move_id.name")
    def _compute_display_name(self):
        # OVERRIDE 'base'
        for delivery in self:
            delivery.display_name = f"{delivery.move_id.name} → {delivery.email or ''}"

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
                {"delivery_id": delivery.id, "event_type": event_type, **values}
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
        for delivery in moved.filtered("event_ids.hit"):
            delivery._judge_hits()
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
        )
        moved._record_event("error", reasons=failure_type)
        return moved

    def _set_deferred(self, failure_type, reason):
        """Refused for now: try again later, or give up when the tries are used up.

        :param str failure_type: ``deferred`` or ``server``
        :param str reason: the server's words
        :return: the deliveries that gave up
        """
        tired = self.filtered(lambda d: d.attempt_count > len(RETRY_MINUTES))
        for delivery in self - tired:
            pause = RETRY_MINUTES[max(delivery.attempt_count, 1) - 1]
            delivery.write(
                {
                    "attempt_datetime": False,
                    "failure_reason": reason,
                    "next_attempt_datetime": fields.Datetime.now()
                    + timedelta(minutes=pause),
                }
            )
        return tired._set_error(failure_type, reason)

    def _set_cancelled(self):
        """Withdraw what has not left yet.

        :return: the deliveries that moved
        """
        moved = self._update_state("cancel", next_attempt_datetime=False)
        moved._record_event("cancel")
        return moved

    def _void(self):
        """The document was reset to draft or cancelled: nothing of it counts (D4)."""
        self._set_cancelled()
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
        )
        # where no letter could be written, it is tried from the documents on
        failed = moved.line_id.filtered(lambda line: line.state == "failed")
        failed.write({"state": "waiting"})
        return moved

    # -- attempts ------------------------------------------------------------------

    def _start_attempt(self):
        """Write down that the mail server is about to be asked. To be committed."""
        self.ensure_one()
        self.write(
            {
                "attempt_count": self.attempt_count + 1,
                "attempt_datetime": fields.Datetime.now(),
                "next_attempt_datetime": False,
            }
        )

    def _end_attempt(self, verdict):
        """Write the verdict of one attempt.

        :param tools.verdict.Verdict verdict: what the mail server said
        """
        self.ensure_one()
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

    def _is_due(self):
        """:return: whether this delivery waits and its time has come"""
        self.ensure_one()
        due = self.next_attempt_datetime
        return self.state == "outgoing" and (not due or due <= fields.Datetime.now())

    # -- the client's link ---------------------------------------------------------

    @api.model
    def _link_secret(self):
        # sudo: the signing key is a system parameter; only the signature leaves
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    def _get_token(self):
        """:return: the token of the client's link, empty once it was revoked"""
        self.ensure_one()
        if not self.is_link_alive:
            return ""
        # sudo: the key has no reader; the link itself is for who may read the delivery
        return links.sign(self._link_secret(), LINK_SCOPE, self.sudo().link_key)

    def _get_landing_url(self):
        """Give the client's link.

        :return: absolute address of this recipient's page, empty once revoked
        :rtype: str
        """
        token = self._get_token()
        return token and f"{self.get_base_url()}/invoice/d/{token}"

    @api.model
    def _find_by_token(self, token, alive=True):
        """Find the delivery that a link leads to.

        :param str token: what came with the request
        :param bool alive: only a link that still opens its document
        :return: the delivery, empty for a forged, dead or unknown token
        :rtype: invoice.delivery
        """
        key = links.verify(self._link_secret(), LINK_SCOPE, token)
        if not key:
            return self.browse()
        delivery = self.search([("link_key", "=", key)])
        if alive and not (
            delivery.is_link_alive and delivery.move_id.state == "posted"
        ):
            return self.browse()
        return delivery

    def _ask_for_new_link(self):
        """The client has a dead link and wants a new one: tell it on the document.

        Once a day at most, since anybody with the old link can ask.
        """
        self.ensure_one()
        yesterday = fields.Datetime.now() - timedelta(days=1)
        if any(
            event.event_type == "renew" and event.event_datetime > yesterday
            for event in self.event_ids
        ):
            return
        self._record_event("renew")
        self.move_id.message_post(
            body=self.env._(
                "%s has a link that no longer works and asks for a new one.", self.email
            )
        )

    # -- who looked ----------------------------------------------------------------

    def _record_hit(self, hit, **values):
        """Note a request for the client's page, and judge all of them again.

        :param tools.visitor.Hit hit: what the judge keeps of the request
        :param values: further fields of the event
        """
        self.ensure_one()
        event_type = TARGET_EVENTS[hit.target]
        self._record_event(event_type, hit=hit.to_dict(), **values)
        self._judge_hits()

    def _judge_hits(self):
        """Ask the judge what all requests together say, and move the state."""
        self.ensure_one()
        events = self.event_ids.filtered("hit")
        verdict = visitor.judge([visitor.Hit.from_dict(event.hit) for event in events])
        events._renew_judgement(verdict.findings)
        values = {
            "open_datetime": self._to_naive(verdict.opened_at),
            "view_datetime": self._to_naive(verdict.viewed_at),
        }
        self.write({name: at for name, at in values.items() if at and not self[name]})
        if verdict.viewed:
            self._update_state("view")
        elif verdict.opened != "no":
            self._update_state("open")
        taken = events.filtered(lambda e: e.event_type == "download" and e.is_proof)
        if taken:
            first = self.download_datetime or taken[0].event_datetime
            self._update_state("download", download_datetime=first)

    @api.model
    def _to_naive(self, moment):
        return moment and moment.astimezone(timezone.utc).replace(tzinfo=None)

    # -- words ---------------------------------------------------------------------

    def _get_recipient(self):
        """:return: ``(name, address)`` of the recipient"""
        self.ensure_one()
        return self.recipient_name or self.partner_id.name or "", self.email

    def _get_problem_text(self):
        """:return: one sentence on what went wrong, with address and server's words"""
        self.ensure_one()
        label = dict(self._fields["failure_type"]._description_selection(self.env))
        if self.state == "outgoing" and self.failure_reason:
            return self.env._(
                "%(address)s: put off by the server, next try %(time)s: %(reason)s",
                address=self.email,
                time=format_datetime(self.env, self.next_attempt_datetime),
                reason=self.failure_reason,
            )
        failure = label.get(self.failure_type, "")
        return f"{self.email}: {failure}: {self.failure_reason or ''}"

    # -- buttons -------------------------------------------------------------------

    def action_retry(self):
        """Send again to these recipients, with the mail as it was written."""
        if not self.filtered(lambda d: d.state in ("error", "bounce")):
            raise UserError(
                self.env._("Only what failed or bounced can be sent again.")
            )
        self.move_id.check_access("write")
        # sudo: deliveries have no writer but the sending; the document was checked
        moved = self.sudo()._set_retry()
        moved.run_id._start()
