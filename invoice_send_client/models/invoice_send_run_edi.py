import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain

from ..const import LOCK_TIMEOUT, RESCUE_SECONDS

_logger = logging.getLogger(__name__)


class InvoiceSendRun(models.Model):
    """Which documents of a run wait for their e-invoice (B29)."""

    # one model, several concerns: the run itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    @api.model
    def _prepare_line_values(self, move, move_data):
        # EXTENDS 'invoice_send_client'
        values = super()._prepare_line_values(move, move_data)
        waits = move_data.get("waits_for_edi", move.company_id.invoice_wait_for_edi)
        is_mailed = "email" in values["sending_methods"]
        return {**values, "waits_for_edi": bool(waits and is_mailed)}

    @api.model
    def _find_due(self, others=None, limit=None):
        # EXTENDS 'invoice_send_client'
        # asking a service that is out of order takes its time: all mails go before
        due = super()._find_due(others, limit=limit)
        waiting = due.filtered("edi_wait_datetime")
        return (due - waiting) | waiting

    @api.model
    def _wake_edi_answered(self):
        """Make those due whose answer is stored already: a user, or the e-invoice's own
        app, asked for it."""
        Move = self.env["account.move"]
        waiting = Domain("move_id", "any", Move._get_invoice_edi_waiting_domain())
        held = Domain("state", "=", "waiting") & Domain(
            "edi_wait_datetime", "!=", False
        )
        lines = self.env["invoice.send.run.line"].search(held & ~waiting)
        if not lines or self._wake(lines):
            return
        if not all([self._wake(line) for line in lines]):
            soon = fields.Datetime.now() + timedelta(seconds=RESCUE_SECONDS)
            self._trigger_cron_once(soon)

    @api.model
    def _wake(self, lines):
        """:return: whether these lines are due now; nobody waits for who has them

        :param lines: ``invoice.send.run.line``
        """
        try:
            with self._isolate():
                # a setting of PostgreSQL, which the ORM has no word for
                self.env.cr.execute(
                    "SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT]
                )
                lines.next_attempt_datetime = False
                leaving = lines.delivery_ids.filtered(lambda d: d.state == "outgoing")
                leaving.next_attempt_datetime = False
                self._commit()
        except OperationalError:
            _logger.info("%s are woken later: somebody has them", lines)
            return False
        return True
