import contextlib
import smtplib

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import email_split_and_format_normalize

from ..const import MAILS_PER_SESSION
from ..tools import addresses, dsn, verdict
from ..tools.sending_pass import Configuration, SendingPass


class SwitchedOff(Exception):
    """This database sends no mail."""


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

    def _send_with_verdicts(self, emails, work, configuration=None):
        """Send this one mail now.

        :param list emails: the addresses that its envelope goes to, in ASCII
        :param tools.sending_pass.SendingPass work: from :meth:`_keep_sessions`
        :param tools.sending_pass.Configuration configuration: the way that it goes;
            Odoo is asked where none is given
        :return: what the mail server said
        :rtype: tools.verdict.Attempt
        :raise Interrupted: the transaction is lost; the verdict stands
        """
        self.ensure_one()
        way = configuration or self._get_mail_configuration()
        key = way.session_key
        try:
            work.sessions[key] = self._get_session(work.sessions.pop(key, None), *key)
        except psycopg2.Error:
            raise
        except Exception as error:
            return verdict.from_unreached(error, emails, way.server_id)
        session = work.sessions[key]
        verdicts = self._send_in_session(emails, work.sessions, way)
        left = getattr(session, "left", None)
        return verdict.Attempt(verdicts, way.server_id, left=left)

    def _send_in_session(self, emails, sessions, way):
        """Send by a session that is open.

        :param dict sessions: of the pass
        :param tools.sending_pass.Configuration way: how
        :rtype: dict[str, tools.verdict.Verdict]
        """
        session = sessions[way.session_key]
        try:
            self._hand_over(session, way)
        except psycopg2.Error as error:
            verdicts = self._get_interrupted_verdicts(error, session, emails)
            left = getattr(session, "left", None)
            attempt = verdict.Attempt(verdicts, way.server_id, left=left)
            raise verdict.Interrupted(attempt) from error
        except Exception as error:
            # whatever state the session is in, the next mail begins afresh
            self._close_session(sessions.pop(way.session_key, None))
            if getattr(session, "is_taken", False):
                # what went wrong came after the server's word
                return verdict.from_refused(session.refused, emails)
            body_sent = getattr(session, "body_sent", False)
            return self._judge_unsent(error, body_sent, emails)
        return verdict.from_refused(getattr(session, "refused", {}), emails)

    @api.model
    def _judge_unsent(self, error, body_sent, emails):
        """:return: verdicts on a mail that was not taken, by address

        :param Exception error: what handing it over raised
        :param bool body_sent: whether its last byte had been handed over
        """
        if isinstance(error, SwitchedOff):
            # a database that sends nothing, as in tests: natively the mail waits
            words = self.env._("Sending e-mail is switched off here.")
            return dict.fromkeys(emails, verdict.Verdict("server", words, retry=True))
        if isinstance(error, AssertionError):
            # Odoo's way to say that a mail has no sender or no recipient
            words = ". ".join(str(word) for word in error.args)
            is_address = self.env["ir.mail_server"].NO_VALID_RECIPIENT in error.args
            failure_type = "address" if is_address else "render"
            return dict.fromkeys(emails, verdict.Verdict(failure_type, words))
        return verdict.from_exception(error, body_sent, emails)

    # -- what Odoo's own ``_send`` does, its rows written for many mails at once -------

    def _hand_over(self, session, way):
        """Give this mail to the mail server, by the hooks of Odoo's own ``_send``.

        Nothing is written here: :meth:`_close_sent` and :meth:`_close_unsent` do that
        once the verdict stands.

        :param session: the SMTP session
        :param tools.sending_pass.Configuration way: how
        :raise Exception: whatever Odoo or the mail server say
        """
        MailServer = self.env["ir.mail_server"]
        if MailServer._disable_send():
            raise SwitchedOff
        server = MailServer.browse(way.server_id or [])
        if server and not self._filter_mail_mail_servers(server):
            raise UserError(self.env._("This mail server may not send this mail."))
        emails = self._prepare_outgoing_list(
            mail_server=server or self.mail_server_id, doc_to_followers={}
        )
        if not emails:
            raise AssertionError(MailServer.NO_VALID_RECIPIENT)
        for email in emails:
            sender = MailServer.with_context(**self._get_sender_context(email, way))
            sender.send_email(
                self._build_message(sender, email),
                mail_server_id=self.mail_server_id.id,
                smtp_session=session,
            )

    def _get_sender_context(self, email, way):
        """:return: what ``ir.mail_server`` wants to know beside a mail

        :param dict email: of ``_prepare_outgoing_list``
        :param tools.sending_pass.Configuration way: how it goes
        """
        context = {"send_validated_to": email.get("email_to_normalized", [])}
        if way.alias_domain_id:
            # sudo: aliases belong to the system; their addresses stand in the mail
            domain = self.env["mail.alias.domain"].sudo().browse(way.alias_domain_id)
            bounce_address = email["headers"].get("Return-Path") or domain.bounce_email
            context["domain_notifications_email"] = domain.default_from_email
            context["domain_bounce_address"] = bounce_address
        return context

    def _build_message(self, sender, email):
        """:return: the mail as it leaves

        :param sender: ``ir.mail_server``, with :meth:`_get_sender_context`
        :param dict email: of ``_prepare_outgoing_list``
        :rtype: email.message.EmailMessage
        """
        names = ("email_to", "subject", "body", "body_alternative", "email_cc")
        names += ("reply_to", "attachments", "message_id", "references")
        names += ("object_id", "headers")
        # one that was formatted twice would be no address
        formatted = email_split_and_format_normalize(self.email_from)
        return sender._build_email__(
            email_from=formatted[0] if formatted else self.email_from,
            subtype="html",
            subtype_alternative="plain",
            **{name: email[name] for name in names},
        )

    def _close_sent(self):
        """These mails left: the chatter's envelopes say so, and mails that delete
        themselves are deleted."""
        if not self:
            return
        self.write({"state": "sent", "failure_type": False, "failure_reason": False})
        self._postprocess_sent_message(
            success_pids=list(self.recipient_ids),
            success_emails=[mail.email_to for mail in self if mail.email_to],
        )

    def _close_unsent(self, failure_type, reason):
        """These mails did not leave: the chatter's envelopes say why.

        :param str failure_type: a key of ``const.FAILURE_TYPES``
        :param str reason: the mail server's words
        """
        words = {"server": "mail_smtp", "address": "mail_email_invalid"}
        values = {
            "failure_type": words.get(failure_type, "unknown"),
            "failure_reason": reason,
        }
        self.write({"state": "exception", **values})
        self._postprocess_sent_message(success_pids=[], success_emails=[], **values)

    def _drop(self):
        """Forget mails whose turn never came, and their envelopes."""
        if self:
            ours = [("mail_mail_id", "in", self.ids)]
            # sudo: envelopes that the sending itself has made
            self.env["mail.notification"].sudo().search(ours).unlink()
            self.unlink()

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
        """:return: the way that Odoo chooses for this mail

        :rtype: tools.sending_pass.Configuration
        """
        [(server_id, alias_domain_id, smtp_from, _ids)] = (
            self._split_by_mail_configuration()
        )
        return Configuration(server_id, alias_domain_id, smtp_from)

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
