import contextlib

from psycopg2.errors import LockNotAvailable

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.invoice_send_client.models.invoice_send_server import MINUTE
from odoo.addons.invoice_send_client.tools import sending_pass

from ..const import SERVER_LOCK_CLASS, TURN_TIMEOUT


class InvoiceSendServer(models.Model):
    """Pause and throttle of a mail server that several workers send through."""

    _inherit = "invoice.send.server"

    @api.model
    def _note_unreached(self, work, server_id, reason, pauses):
        # EXTENDS 'invoice_send_client'
        trouble = self._find(server_id)
        if work.is_alone or not self._is_paused(trouble):
            return super()._note_unreached(work, server_id, reason, pauses)
        # another worker met the same outage: it is no second one, and what that worker
        # put off may not come back into a longer pause
        server = self._look_up(work, server_id)
        server.paused_until, server.reason = trouble.paused_until, reason
        server.failed_in_pass = True
        return None

    @api.model
    def _is_paused(self, trouble):
        until = trouble.paused_until
        return bool(until) and until > sending_pass.now()

    @api.model
    def _get_throttle(self, server, server_id, now):
        # EXTENDS 'invoice_send_client'
        is_first = not server.put_off
        hold = super()._get_throttle(server, server_id, now)
        if not hold or not is_first:
            return hold
        # what other jobs put off comes first: else all of a run would be due, and be
        # put off again, each minute
        held = self._count_held(server_id, now)
        server.put_off += held
        minutes = held // server.mails_per_minute
        return hold._replace(until=hold.until + MINUTE * minutes)

    @api.model
    def _count_held(self, server_id, now):
        """:return: how many wait for a time at which this server takes their mail"""
        return self.env["invoice.delivery"].search_count(
            [
                ("mail_server_id", "=", server_id),
                ("state", "=", "outgoing"),
                ("next_attempt_datetime", ">", now),
            ]
        )

    @api.model
    @contextlib.contextmanager
    def _take_turn(self, work, server_id):
        """Let mails leave one after the other by a server that takes so many a minute.

        Two workers that count its mails at the same moment would both see room for the
        last one. A server without a limit is used by all workers at once.

        :param tools.sending_pass.SendingPass work: what the job keeps
        :param int server_id: see :meth:`_get_hold`
        :return: whether it is this worker's turn
        """
        if work.is_alone or not self._look_up(work, server_id).mails_per_minute:
            yield True
            return
        key = SQL("%s, %s", SERVER_LOCK_CLASS, server_id or 0)
        # on a connection of its own: the lock lives across commits
        with self.env.registry.cursor() as cr:
            try:
                cr.execute(SQL("SET LOCAL lock_timeout = %s", TURN_TIMEOUT))
                cr.execute(
                    SQL("SELECT pg_advisory_lock(%s)", key), log_exceptions=False
                )
            except LockNotAvailable:
                # begin a transaction that sees what was withdrawn meanwhile
                self.env["invoice.send.run"]._commit()
                yield False
                return
            cr.commit()  # pylint: disable=invalid-commit
            # what the one before learnt of the server
            work.servers.pop(server_id, None)
            self.env["invoice.send.run"]._commit()
            try:
                yield True
            finally:
                cr.execute(SQL("SELECT pg_advisory_unlock(%s)", key))
