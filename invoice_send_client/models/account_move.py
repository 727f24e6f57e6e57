import logging
from collections import defaultdict
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import (
    DELIVERY_PROBLEMS,
    DELIVERY_PROGRESS,
    MOVE_STATES,
    UNVIEWED_STATES,
)

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """A document that can be sent, and what became of all its deliveries (D4)."""

    _inherit = "account.move"

    invoice_delivery_ids = fields.One2many(
        "invoice.delivery",
        "move_id",
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    invoice_send_line_ids = fields.One2many(
        "invoice.send.run.line",
        "move_id",
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    invoice_delivery_count = fields.Integer(compute="_compute_invoice_delivery_count")
    invoice_delivery_state = fields.Selection(
        MOVE_STATES,
        string="Client status",
        compute="_compute_invoice_delivery_summary",
        store=True,
        copy=False,
        index="btree_not_null",
        help="How near the client came to the document since it was last posted.",
    )
    invoice_delivery_problem = fields.Boolean(
        string="Problem with a recipient",
        compute="_compute_invoice_delivery_summary",
        store=True,
        copy=False,
    )
    invoice_delivery_recipients = fields.Char(
        string="Sent to client at",
        compute="_compute_invoice_delivery_summary",
        store=True,
        copy=False,
        groups="base.group_user",  # else the client's portal users read it as well
        help="The addresses that the document was sent to.",
    )
    invoice_network_recipients = fields.Char(
        string="Brought inside the system to",
        compute="_compute_invoice_delivery_summary",
        store=True,
        copy=False,
        groups="base.group_user",
        help="Who got the document inside the system.",
    )
    invoice_sent_datetime = fields.Datetime(
        string="Sent to client on",
        compute="_compute_invoice_delivery_summary",
        store=True,
        copy=False,
    )
    invoice_view_datetime = fields.Datetime(
        string="Viewed by client on",
        compute="_compute_invoice_delivery_summary",
        store=True,
        copy=False,
    )

    invoice_unviewed_days = fields.Integer(
        string="Days not viewed",
        compute="_compute_invoice_unviewed_days",
        search="_search_invoice_unviewed_days",
        help="Whole days since the document was sent, as long as no client looked at "
        "it. 0: not sent, viewed, not tracked, or sent today.",
    )

    @api.depends("invoice_delivery_ids")
    def _compute_invoice_delivery_count(self):
        counts = dict(
            self.env["invoice.delivery"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.invoice_delivery_count = counts.get(move._origin, 0)

    @api.depends(
        "invoice_delivery_ids.state",
        "invoice_delivery_ids.email",
        "invoice_delivery_ids.recipient_name",
        "invoice_delivery_ids.sending_method",
        "invoice_delivery_ids.is_current",
        "invoice_delivery_ids.role",
        "invoice_delivery_ids.is_internal",
        "invoice_delivery_ids.sent_datetime",
        "invoice_delivery_ids.view_datetime",
        "invoice_delivery_ids.accept_datetime",
        "invoice_delivery_ids.return_datetime",
    )
    def _compute_invoice_delivery_summary(self):
        """Sum up the deliveries that count (requirements D4)."""
        counted = defaultdict(lambda: self.env["invoice.delivery"])
        for delivery in self.invoice_delivery_ids:
            is_counted = delivery.is_current and delivery._is_counted()
            if is_counted and delivery.state != "cancel":
                counted[delivery.move_id._origin.id] |= delivery
        for move in self:
            deliveries = counted[move._origin.id].sorted("id")
            move.invoice_delivery_state = self._sum_up_delivery_state(deliveries)
            states = set(deliveries.mapped("state"))
            move.invoice_delivery_problem = bool(states & set(DELIVERY_PROBLEMS))
            mailed = deliveries._get_mailed()
            move.invoice_delivery_recipients = mailed._name_recipients()
            move.invoice_network_recipients = (deliveries - mailed)._name_recipients()
            move.invoice_sent_datetime = min(
                filter(None, deliveries.mapped("sent_datetime")), default=False
            )
            move.invoice_view_datetime = min(
                filter(None, deliveries.mapped("view_datetime")), default=False
            )

    def _get_invoice_recipients_text(self):
        """:return: who got the document, from what is stored on it, in one line"""
        self.ensure_one()
        network = self.invoice_network_recipients
        words = network and self.env._("%s (client network)", network)
        return ", ".join(filter(None, [self.invoice_delivery_recipients, words]))

    @api.model
    def _sum_up_delivery_state(self, deliveries):
        """:return: one word for all deliveries of a document (requirements D4)

        :param deliveries: those that count, empty for a document never sent
        :rtype: str | bool
        """
        accepted = max(filter(None, deliveries.mapped("accept_datetime")), default=None)
        returned = max(filter(None, deliveries.mapped("return_datetime")), default=None)
        is_returned = "return" in deliveries.mapped("state") and not accepted
        if is_returned or (returned and (not accepted or returned > accepted)):
            return "return"
        progress = [
            state for state in deliveries.mapped("state") if state in DELIVERY_PROGRESS
        ]
        if progress:
            return max(progress, key=DELIVERY_PROGRESS.get)
        return "error" if deliveries else False

    @api.depends(
        "invoice_delivery_state", "invoice_sent_datetime", "invoice_is_untracked"
    )
    def _compute_invoice_unviewed_days(self):
        now = fields.Datetime.now()
        for move in self:
            sent = move.invoice_sent_datetime
            is_unviewed = sent and move.invoice_delivery_state in UNVIEWED_STATES
            is_known = is_unviewed and not move.invoice_is_untracked
            move.invoice_unviewed_days = is_known and (now - sent).days

    def _search_invoice_unviewed_days(self, operator, value):
        if operator == "in":
            return Domain.OR(
                self._get_unviewed_domain(days) & ~self._get_unviewed_domain(days + 1)
                for days in value
            )
        if operator not in ("<", "<=", ">", ">="):
            return NotImplemented
        days = value + 1 if operator in (">", "<=") else value
        at_least = self._get_unviewed_domain(days)
        return ~at_least if operator.startswith("<") else at_least

    @api.model
    def _get_unviewed_domain(self, days):
        """:return: the domain of what was sent so many days ago and not viewed since,
            by clients of whom a look would be known

        :param int days: whole days at least; all documents have 0
        :rtype: Domain
        """
        if days <= 0:
            return Domain.TRUE
        latest = fields.Datetime.now() - timedelta(days=days)
        return (
            Domain("invoice_delivery_state", "in", UNVIEWED_STATES)
            & Domain("invoice_sent_datetime", "<=", latest)
            & self._get_followed_domain()
        )

    def _get_invoice_deliveries_to_void(self):
        """:return: the deliveries that end when the document is no longer posted"""
        # sudo: who may reset a document ends its sending, whoever sent it
        return self.sudo().invoice_delivery_ids.filtered("is_current")

    def _void_invoice_sendings(self):
        """End what was sent or waits: the document is no longer the one it was (D4)."""
        self._get_invoice_deliveries_to_void()._void()
        # sudo: as for the deliveries; these go by other ways and have none
        lines = self.sudo().invoice_send_line_ids
        lines._skip_withdrawn()
        lines.filtered("is_unseen").is_unseen = False

    def button_draft(self):
        # EXTENDS 'account'
        result = super().button_draft()
        self._void_invoice_sendings()
        self._withdraw_send_requests()
        return result

    def button_cancel(self):
        # EXTENDS 'account'
        result = super().button_cancel()
        self._void_invoice_sendings()
        self._withdraw_send_requests()
        return result

    def _get_last_send_line(self):
        """:return: the document's last sending, by whomever"""
        self.ensure_one()
        # sudo: who may open the window may know that the document was sent
        lines = self.env["invoice.send.run.line"].sudo()
        return lines.search([("move_id", "=", self.id)], order="id desc", limit=1)

    def _get_last_send_line_ids(self):
        """:return: ids of the documents' last sendings, by document id, in one query

        :rtype: dict[int, int]
        """
        # sudo: who may open the window may know that the document was sent
        lines = self.env["invoice.send.run.line"].sudo()
        groups = lines._read_group(
            [("move_id", "in", self.ids)], ["move_id"], ["id:max"]
        )
        return {move.id: line_id for move, line_id in groups}

    def _get_internal_followers(self, sender):
        """:return: the colleagues that follow the document

        :param sender: partner of the user who sends, and needs no notice of it
        """
        self.ensure_one()
        # sudo: followers need not be readable; only colleagues are given
        followers = self.sudo().message_partner_ids - sender
        return followers.filtered(lambda p: p.active and not p.partner_share)

    def _get_caretaker(self, sender=None):
        """:return: who takes care of the client: the salesperson, else who sent, else
            who made the document; only somebody who is still here

        :param sender: ``res.users``, where somebody pressed Send
        :rtype: res.users
        """
        self.ensure_one()
        users = self.env["res.users"]
        found = (self.invoice_user_id, sender or users, self.create_uid)
        # sudo: colleagues need not be readable; who is here is all that is asked
        here = [user for user in found if user.sudo().active and user._is_internal()]
        return next(iter(here), users)

    def _ensure_invoice_pdf(self):
        """Give the legal PDF, made now where it was not needed before (D5).

        :return: the attachment, empty where it can't be made
        :rtype: ir.attachment
        """
        self.ensure_one()
        if not self.invoice_pdf_report_id and self.state == "posted":
            # the file alone: whoever asks for it sends no e-invoice
            self.env["account.move.send"]._generate_and_send_invoices(
                self, allow_raising=False, sending_methods=[], extra_edis=[]
            )
        return self.invoice_pdf_report_id

    def _ensure_invoice_pdf_for_client(self):
        """Give the legal PDF to the client's side: see :meth:`_ensure_invoice_pdf`.

        What stands in its way (no PDF engine, a broken report) is in Odoo's words, and
        no business of the client: it goes into the log.

        :return: the attachment, empty where it can't be made
        :rtype: ir.attachment
        """
        # a savepoint writes what waits as the visitor: OdooBot does it before
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                document = self._ensure_invoice_pdf()
                self.env.flush_all()
                return document
        except OperationalError:
            raise  # the request is tried again
        except Exception:
            _logger.warning("A client gets no PDF of %s", self, exc_info=True)
            return self.env["ir.attachment"]

    def _without_sync(self):
        """:return: the documents, whose files can be written without Odoo computing
        taxes and adding up entries anew: three times a document, for nothing"""
        return self.with_context(skip_invoice_sync=True, check_move_validity=False)

    def _cron_account_move_send(self, job_count=10):
        # EXTENDS 'account'
        Run = self.env["invoice.send.run"]
        Run._note_progress(1, 1)
        self.env["invoice.send.request"]._write_runs()
        Run._process_due()
        Run._note_progress(0, 0)
        return super()._cron_account_move_send(job_count=job_count)

    @api.depends("invoice_send_line_ids.state")
    def _compute_is_being_sent(self):
        # EXTENDS 'account'
        result = super()._compute_is_being_sent()
        # sudo: whoever sees the document may know that it is being sent
        lines = self.env["invoice.send.run.line"].sudo()
        under_way = Domain("delivery_ids", "=", False) | Domain(
            "delivery_ids.state", "=", "outgoing"
        )
        waiting = lines._read_group(
            Domain("move_id", "in", self.ids)
            & Domain("state", "=", "waiting")
            & under_way,
            ["move_id"],
        )
        for (move,) in waiting:
            move.with_env(self.env).is_being_sent = True
        return result

    # -- screens -----------------------------------------------------------------------

    def _compute_display_send_button(self):
        # EXTENDS 'account'
        result = super()._compute_display_send_button()
        for move in self:
            if move.move_type == "out_receipt":
                move.display_send_button = move.state == "posted"
        return result

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        # EXTENDS 'base'
        if field_name != "invoice_delivery_state":
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        # by how near the client came, not by the alphabet
        state = self._field_to_sql(alias, field_name, query)
        states = [state for state, _label in MOVE_STATES]
        return SQL(
            "array_position(%s, %s::text) %s %s", states, state, direction, nulls
        )

    def get_invoice_delivery_panel(self):
        """Give the panel "Client" its content in one go.

        The number of queries does not depend on the number of recipients.

        :return: ``can_send``, ``recipients`` and ``events`` (newest first) in plain
            values, see ``_get_panel_values`` of both models; ``ways``: how it stands
            with the ways of sending that are Odoo's own
        :rtype: dict
        """
        self.ensure_one()
        # newest sending first; in it the recipients as they were typed
        deliveries = self.invoice_delivery_ids.sorted(lambda d: (-d.run_id.id, d.id))
        return {
            "can_send": self.has_access("write"),
            "recipients": [delivery._get_panel_values() for delivery in deliveries],
            "events": deliveries.event_ids._get_panel_values(),
            "ways": [way.to_panel() for way in self._get_invoice_other_ways()[self.id]],
        }

    def action_send_and_print(self):
        # OVERRIDE 'account'
        return self.action_open_send_window()

    def action_open_send_window(self):
        """Open the send window, asking nothing of the internet.

        Apps loaded after this one stand around ``action_send_and_print``; Peppol's
        looks the customer up there at every opening and writes on the contact. Called
        from here, ``super()`` leaves them out; the window asks them at Send.
        """
        if len(self) < 2:
            return self._describe_send_window(super().action_send_and_print())
        sendable = self.env["account.move.send"]._get_first_sendable(self)
        action = super(AccountMove, sendable).action_send_and_print()
        return self._describe_review_window(action)

    def _describe_review_window(self, action):
        """:return: the action that shows what would become of each document, the
            window written already: its rows are read page by page

        :param dict action: from ``action_send_and_print``
        """
        context = {
            **action["context"],
            "active_model": self._name,
            "active_ids": self.ids,
        }
        Wizard = self.env["account.move.send.batch.wizard"]
        wizard = Wizard.with_context(**context).create({})
        return {
            **action,
            **wizard._get_window_action(),
            "context": {**context, "dialog_size": "extra-large"},
        }

    def action_invoice_sent(self):
        # OVERRIDE 'account'
        # the same as natively, by the window that asks nothing of the internet
        self.ensure_one()
        action = self.action_open_send_window()
        action["context"]["allow_partners_without_mail"] = True
        return self._get_action_with_base_document_layout_configurator(action)

    def _describe_send_window(self, action):
        """:return: the action with the window's title and size, for one document

        :param dict action: from ``action_send_and_print``
        """
        title = self.env._(
            "Send to client: %(document)s - %(customer)s",
            document=self.name,
            customer=self.partner_id.display_name,
        )
        context = {**action["context"], "dialog_size": "extra-large"}
        return {**action, "name": title, "context": context}

    def action_view_invoice_deliveries(self):
        """Open what became of this document, recipient by recipient."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sent to client"),
            "res_model": "invoice.delivery",
            "view_mode": "list,form",
            "domain": [("move_id", "in", self.ids)],
        }
