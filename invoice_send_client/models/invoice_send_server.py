import logging
from datetime import timedelta

from psycopg2 import Error as DatabaseError

from odoo import api, fields, models
from odoo.tools import format_datetime

from ..tools import sending_pass

_logger = logging.getLogger(__name__)

#: Length of the throttle's window: mails are counted by the minute.
MINUTE = timedelta(minutes=1)

#: Pause of a server whose worker was ended while it waited for it: longer than Odoo's
#: workers live.
CONNECTING = timedelta(minutes=3)


class InvoiceSendServer(models.Model):
    """A mail server that is not reached, and is left alone for a while (B6).

    A row exists as long as the server is in trouble. Without it each of a run's
    recipients would wait for a time-out of a minute. Each failure in a row makes the
    pause longer, as the company's pauses between attempts say; a pass that reaches the
    server again forgets all of it. Here stands the throttle as well: how many mails a
    server takes a minute is a field of ``ir.mail_server``.
    """

    _name = "invoice.send.server"
    _description = "Mail Server that is not reached"
    _rec_name = "mail_server_id"

    mail_server_id = fields.Many2one(
        "ir.mail_server",
        ondelete="cascade",
        help="Empty: the one of Odoo's configuration file.",
    )
    failure_count = fields.Integer(help="Times in a row that it was not reached.")
    failure_reason = fields.Text()
    paused_until = fields.Datetime()
    _one_row = models.UniqueIndex("(COALESCE(mail_server_id, 0))")

    # -- may it be asked now? ----------------------------------------------------------

    @api.model
    def _get_hold(self, work, server_id, is_urgent=False):
        """Say whether a server is to be left alone for now.

        :param tools.sending_pass.SendingPass work: what the worker knows of servers
        :param int server_id: ``ir.mail_server``, ``False``: of the configuration file
        :param bool is_urgent: a user asked for this very attempt
        :rtype: tools.sending_pass.Hold | None
        """
        server = self._look_up(work, server_id)
        now = sending_pass.now()
        if server.paused_until and server.paused_until > now:
            if server.failed_in_pass or (work.heeds_pauses and not is_urgent):
                return self._make_pause(server)
        return self._get_throttle(server, server_id, now)

    @api.model
    def _look_up(self, work, server_id):
        """:return: what the pass knows of a server, asked of the database once

        :rtype: tools.sending_pass.Server
        """
        if server_id not in work.servers:
            trouble = self._find(server_id)
            # sudo: users can't read mail servers; only the limit is used
            server = self.env["ir.mail_server"].sudo().browse(server_id or [])
            work.servers[server_id] = sending_pass.Server(
                paused_until=trouble.paused_until or None,
                reason=trouble.failure_reason or "",
                mails_per_minute=server.invoice_mails_per_minute,
            )
        return work.servers[server_id]

    @api.model
    def _find(self, server_id):
        return self.search([("mail_server_id", "=", server_id)])

    @api.model
    def _make_pause(self, server):
        return sending_pass.Hold(
            server.paused_until,
            server.reason,
            is_failure=True,
            is_fresh=server.failed_in_pass,
        )

    @api.model
    def _get_throttle(self, server, server_id, now):
        """:return: when there is room for the next mail, nothing where there is now

        What waits is given places in turn, so that each is put off once.

        :rtype: tools.sending_pass.Hold | None
        """
        limit = server.mails_per_minute
        if not limit:
            return None
        recent = self._get_recent_attempts(server_id, now)
        if len(recent) < limit and not server.put_off:
            return None
        first = recent[-limit] if len(recent) >= limit else now
        minutes = server.put_off // limit
        server.put_off += 1
        return sending_pass.Hold(first + MINUTE * (minutes + 1))

    @api.model
    def _get_recent_attempts(self, server_id, now):
        """:return: when the mails of the last minute left, oldest first

        All deliveries of one mail have the same moment, to the microsecond.

        :rtype: list[datetime]
        """
        [(moments,)] = self.env["invoice.delivery"]._read_group(
            [
                ("mail_server_id", "=", server_id),
                ("last_attempt_datetime", ">", now - MINUTE),
            ],
            [],
            ["last_attempt_datetime:array_agg"],
        )
        return sorted(set(moments or []))

    # -- what became of asking it ------------------------------------------------------

    @api.model
    def _note_unreached(self, work, server_id, reason, pauses):
        """A server was not reached: let all that it is to take wait.

        :param tools.sending_pass.SendingPass work: the pass that did not reach it
        :param int server_id: see :meth:`_get_hold`
        :param str reason: the server's words
        :param tuple pauses: minutes of the first pause, the second ..., see
            ``res.company._get_invoice_retry_minutes``
        """
        trouble, server = self._find(server_id), self._look_up(work, server_id)
        minutes = pauses[min(trouble.failure_count, len(pauses) - 1)]
        server.paused_until = fields.Datetime.now() + timedelta(minutes=minutes)
        server.reason, server.failed_in_pass = reason, True
        values = {
            "failure_count": trouble.failure_count + 1,
            "failure_reason": reason,
            "paused_until": server.paused_until,
        }
        if trouble:
            trouble.write(values)
        else:
            self.create({"mail_server_id": server_id, **values})

    @api.model
    def _note_reached(self, work, server_id):
        """A server takes mails again: nothing waits for it any more.

        :param tools.sending_pass.SendingPass work: the pass that reached it
        :param int server_id: see :meth:`_get_hold`
        """
        server = self._look_up(work, server_id)
        if server.paused_until or work.heeds_pauses:
            self._find(server_id).unlink()
            server.paused_until = None

    @api.model
    def _note_connecting(self, work, server_id):
        """Write down that a server is being reached, as if it were not: for the next
        worker, should this one be ended before it is.

        :param tools.sending_pass.SendingPass work: of the cron; a user's request does
            not live to see it
        :param int server_id: see :meth:`_get_hold`
        """
        if not work.heeds_pauses or not work.is_alone:
            return
        Run, trouble = self.env["invoice.send.run"], self._find(server_id)
        values = {
            "failure_reason": self.env._("The mail server did not answer."),
            "paused_until": fields.Datetime.now() + CONNECTING,
        }
        try:
            with Run._isolate():
                if trouble:
                    trouble.write(values)
                else:
                    self.create({"mail_server_id": server_id, **values})
                Run._commit_step()
        except DatabaseError:
            _logger.info("Pause of mail server %s was not written", server_id)

    @api.model
    def _note(self, work, server_id, unreached_reason, pauses):
        """Write down whether a server was reached; what fails here stops no mail.

        :param str unreached_reason: the server's words, empty where it was reached
        """
        Run = self.env["invoice.send.run"]
        try:
            with Run._isolate():
                if unreached_reason:
                    self._note_unreached(work, server_id, unreached_reason, pauses)
                else:
                    self._note_reached(work, server_id)
                Run._commit_step()
        except DatabaseError:
            # another worker writes the same of the same server
            _logger.info("Pause of mail server %s was not written", server_id)

    @api.model
    def _forget_pauses(self, servers):
        """Ask servers again: a user wants it now.

        :param servers: ``ir.mail_server``; that of the configuration file is among them
        """
        # sudo: nobody writes pauses by hand
        troubles = self.sudo().search([("mail_server_id", "in", [False, *servers.ids])])
        troubles.unlink()

    @api.depends("mail_server_id", "paused_until")
    def _compute_display_name(self):
        # OVERRIDE 'base'
        for trouble in self:
            trouble.display_name = self.env._(
                "%(server)s, left alone until %(time)s",
                server=trouble.mail_server_id.name or self.env._("Mail server"),
                time=format_datetime(self.env, trouble.paused_until, dt_format="short"),
            )
