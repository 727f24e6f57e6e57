import contextlib
import smtplib

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import MAILS_PER_SESSION
from ..tools import addresses, dsn, verdict
from ..tools.sending_pass import SendingPass


class MailMail(models.Model):
    """The mail of one recipient of an invoice, made and sent by its delivery."""

    _inherit = "mail.mail"

    invoice_delivery_ids = fields.Many2many(
        "invoice.delivery",
        "invoice_delivery_mail_rel",
        help="What this mail delivers: one document to one recipient, one to several "
        "(a shared message), or several to one.",
    )

    def mark_outgoing(self):
        # EXTENDS 'mail'
        if ours := self.invoice_delivery_ids:
            # the queue would send it without a verdict, perhaps a second time (B5)
            raise UserError(
                self.env._(
                    "Mails of invoices are sent again from the invoice, page “Client”: "
                    "%s",
                    ", ".join(ours.mapped("display_name")),
                )
            )
        return super().mark_outgoing()

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        # EXTENDS 'mail'
        emails = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        if self.invoice_delivery_ids and emails:
            return [self._address_copy(emails[0])]
        return emails

    def _address_copy(self, email):
        """Show all recipients of the letter, send to this mail's alone (B10).

        A personal copy goes to its delivery's recipient, a shared message to all that
        are still due. The envelope is what ``email_to_normalized`` lets through
        (``send_validated_to`` of the mail server); a BCC stands in a Bcc header, which
        Odoo removes before the mail leaves.

        :param dict email: one mail of ``_prepare_outgoing_list``
        :return: the same for these recipients; the headers are a copy, since all
            copies of a mail share one dict
        """
        # sudo: the mail engine may run as any user; the sending was allowed at Send
        deliveries = self.sudo().invoice_delivery_ids.sorted("id")
        lines = deliveries.line_id.sorted("id")
        headers = {name: value for name, value in email["headers"].items() if value}
        envelope, hidden = (
            list(dict.fromkeys(addresses.to_ascii(d.email) for d in found))
            for found in (deliveries, deliveries.filtered(lambda d: d.role == "bcc"))
        )
        headers[dsn.TOKEN_HEADER] = deliveries[:1]._get_bounce_token()
        if hidden:
            headers["Bcc"] = ", ".join(hidden)
        # what the letters of several documents have alike goes once
        files = dict.fromkeys(email["attachments"] + lines[1:]._get_mail_files())
        return {
            **email,
            "email_to": addresses.for_header(lines[0].email_to),
            "email_cc": addresses.for_header(lines[0].email_cc),
            "email_to_normalized": envelope,
            "attachments": list(files),
            "headers": headers,
        }

    def _filter_mail_mail_servers(self, mail_servers):
        # EXTENDS 'mail'
        servers = super()._filter_mail_mail_servers(mail_servers)
        if self.invoice_delivery_ids:
            # users' personal servers never carry the company's invoices (D6)
            return servers.filtered(lambda server: not server.owner_user_id)
        return servers

    @api.model
    @contextlib.contextmanager
    def _keep_sessions(self, **options):
        """Begin a pass: SMTP sessions stay open from one mail to the next, until the
        block ends.

        :param options: of the pass
        :rtype: tools.sending_pass.SendingPass
        """
        work = SendingPass(**options)
        try:
            yield work
        finally:
            for session in work.sessions.values():
                self._close_session(session)

    def _send_with_verdicts(self, emails, work):
        """Send this one mail now.

        :param list emails: the addresses that its envelope goes to, in ASCII
        :param tools.sending_pass.SendingPass work: from :meth:`_keep_sessions`
        :return: what the mail server said
        :rtype: tools.verdict.Attempt
        :raise Interrupted: the transaction is lost; the verdict stands
        """
        self.ensure_one()
        server_id, alias_domain_id, smtp_from, _ids = self._get_mail_configuration()
        key = (server_id, smtp_from)
        try:
            work.sessions[key] = self._get_session(work.sessions.pop(key, None), *key)
        except psycopg2.Error:
            raise
        except Exception as error:
            self._leave_queue(str(error))
            return verdict.from_unreached(error, emails, server_id)
        session = work.sessions[key]
        verdicts = self._send_in_session(emails, work.sessions, key, alias_domain_id)
        return verdict.Attempt(verdicts, server_id, left=getattr(session, "left", None))

    def _send_in_session(self, emails, sessions, key, alias_domain_id):
        """Send by a session that is open.

        :param dict sessions: of the pass
        :param tuple key: server and sender: which session
        :param int alias_domain_id: whose bounce address is the envelope's sender
        :rtype: dict[str, tools.verdict.Verdict]
        """
        try:
            self._send(
                raise_exception=True,
                smtp_session=sessions[key],
                alias_domain_id=alias_domain_id,
                mail_server=self.env["ir.mail_server"].browse(key[0]),
            )
        except psycopg2.Error as error:
            session = sessions.get(key)
            verdicts = self._get_interrupted_verdicts(error, session, emails)
            left = getattr(session, "left", None)
            attempt = verdict.Attempt(verdicts, key[0], left=left)
            raise verdict.Interrupted(attempt) from error
        except Exception as error:
            # whatever state the session is in, the next mail begins afresh
            self._close_session(session := sessions.pop(key, None))
            self._leave_queue(str(error))
            if getattr(session, "is_taken", False):
                # what went wrong came after the server's word
                return verdict.from_refused(session.refused, emails)
            body_sent = getattr(session, "body_sent", False)
            return verdict.from_exception(error, body_sent, emails)
        if self.exists() and self.state != "sent":
            return dict.fromkeys(emails, self._get_unsent_verdict())
        return verdict.from_refused(getattr(sessions[key], "refused", {}), emails)

    def _leave_queue(self, reason):
        """Keep a mail that did not leave from Odoo's queue: its delivery tries again.

        :param str reason: why it did not leave
        """
        waiting = self.exists().filtered(lambda mail: mail.state == "outgoing")
        waiting.write({"state": "exception", "failure_reason": reason})

    @api.model
    def _get_interrupted_verdicts(self, error, session, emails):
        """:return: what is known of a mail whose transaction failed around SMTP

        :param psycopg2.Error error: what the database said
        :param session: the SMTP session, which knows how far the mail came
        """
        if getattr(session, "is_taken", False):
            return verdict.from_refused(session.refused, emails)
        reason = " ".join(str(error).split())
        if getattr(session, "body_sent", False):
            return dict.fromkeys(emails, verdict.Verdict("unknown", reason))
        return dict.fromkeys(emails, verdict.Verdict("deferred", reason, retry=True))

    def _get_mail_configuration(self):
        """:return: server, alias domain and sender that Odoo chooses for this mail"""
        [configuration] = self._split_by_mail_configuration()
        return configuration

    def _get_session(self, session, server_id, smtp_from):
        """:return: the session given if it is still alive, or a new one

        :param session: kept from an earlier mail, ``None`` for the first one
        """
        if hasattr(session, "noop"):
            with contextlib.suppress(smtplib.SMTPException, OSError):
                is_fresh = session.mail_count < MAILS_PER_SESSION
                if is_fresh and session.noop()[0] == 250:
                    session.body_sent = session.is_taken = False
                    return session
            self._close_session(session)
        return self.env["ir.mail_server"]._connect__(
            mail_server_id=server_id, smtp_from=smtp_from
        )

    def _close_session(self, session):
        # the verdict stands: a server that is gone by now changes nothing of it
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if session:
                session.quit()

    def _get_unsent_verdict(self):
        """:return: why Odoo itself did not send a mail that raised nothing"""
        if self.state == "outgoing":
            # a database that sends nothing, as in tests: natively the mail waits
            words = self.env._("Sending e-mail is switched off here.")
            return verdict.Verdict("server", words, retry=True)
        failure = "address" if "mail_email" in (self.failure_type or "") else "server"
        return verdict.Verdict(failure, self.failure_reason or "")
