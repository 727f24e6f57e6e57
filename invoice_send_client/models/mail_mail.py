import contextlib
import smtplib

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import addresses, verdict


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
    def _keep_sessions(self):
        """Keep SMTP sessions open from one mail to the next, until the block ends.

        :return: the sessions by server and sender, for :meth:`_send_with_verdicts`
        """
        sessions = {}
        try:
            yield sessions
        finally:
            for session in sessions.values():
                self._close_session(session)

    def _send_with_verdicts(self, emails, sessions):
        """Send this one mail now.

        :param list emails: the addresses that its envelope goes to, in ASCII
        :param dict sessions: from :meth:`_keep_sessions`
        :return: what the mail server said, and of which mail
        :rtype: tools.verdict.Attempt
        :raise psycopg2.Error: the transaction is lost, so nothing can be written here;
            the attempt stays open and is closed as unknown by the next worker
        """
        self.ensure_one()
        server_id, alias_domain_id, smtp_from, _ids = self._get_mail_configuration()
        key = (server_id, smtp_from)
        session = None
        try:
            session = self._get_session(sessions.get(key), server_id, smtp_from)
            sessions[key] = session
            self._send(
                raise_exception=True,
                smtp_session=sessions[key],
                alias_domain_id=alias_domain_id,
                mail_server=self.env["ir.mail_server"].browse(server_id),
            )
        except psycopg2.Error:
            raise
        except Exception as error:
            # whatever state the session is in, the next mail begins afresh
            self._close_session(sessions.pop(key, None))
            body_sent = getattr(session, "body_sent", False)
            verdicts = verdict.from_exception(error, body_sent, emails)
            return verdict.Attempt(verdicts, getattr(session, "left", None))
        if self.exists() and self.state != "sent":
            return verdict.Attempt(dict.fromkeys(emails, self._get_unsent_verdict()))
        verdicts = verdict.from_refused(getattr(session, "refused", {}), emails)
        return verdict.Attempt(verdicts, getattr(session, "left", None))

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
                if session.noop()[0] == 250:
                    session.body_sent = False
                    return session
            session.close()
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
