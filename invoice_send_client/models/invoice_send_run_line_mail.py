import contextlib
import logging

from markupsafe import Markup
from psycopg2 import Error as DatabaseError
from psycopg2 import OperationalError

from odoo import api, models

from ..tools import addresses, verdict

_logger = logging.getLogger(__name__)

#: Times that a verdict is tried to be written, where others write on the same rows.
SETTLE_TRIES = 4

#: Stands for the client's link while the letter is rendered once for all recipients.
LINK_PLACEHOLDER = "https://invoice-send-client.invalid/link"


class Learnt(Exception):
    """What a mail was made for is known; it is thrown away."""


class InvoiceSendRunLine(models.Model):
    """From the letter to the mails of its recipients, each attempt a committed step."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    def _deliver(self, work):
        """Send to each recipient that is due; one attempt is one committed step.

        These lines are one document, or all that go in one mail.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        """
        due = self.delivery_ids.filtered(lambda d: d._is_due()).sorted("id")
        bodies = {}
        for recipients in self._divide_into_mails(due) if due else ():
            if work.is_over():
                return
            # withdrawn, while the mail before was leaving?
            recipients = recipients.filtered(lambda d: d._is_due())
            if not recipients:
                continue
            if not recipients.line_id._hold_back(work, recipients):
                recipients.line_id.sorted("id")._attempt(recipients, work, bodies)

    @api.model
    def _divide_into_mails(self, deliveries):
        """:return: deliveries that one mail carries each: a personal copy has one
            recipient, with all documents; a shared message all of them

        :rtype: list
        """
        if deliveries.line_id[:1].copy_mode == "shared":
            return [deliveries]
        return list(deliveries.grouped(lambda d: addresses.to_ascii(d.email)).values())

    # -- one attempt -------------------------------------------------------------------

    def _attempt(self, recipients, work, bodies):
        """Ask the mail server once to take one mail, and write down what it said.

        :param recipients: ``invoice.delivery``: of one mail
        :param tools.sending_pass.SendingPass work: what the worker keeps
        :param dict bodies: rendered letters by their lines, kept between the mails
        """
        Run = self.env["invoice.send.run"]
        is_urgent = any(delivery._is_asked_for() for delivery in recipients)
        if not self._reach_server(recipients, work, is_urgent):
            return
        Run._limit_lock_wait()
        recipients._start_attempt()
        Run._commit()
        attempt = self._try_to_send(recipients, work, bodies)
        self._settle(recipients, attempt)
        self._note_unreached(work, attempt)

    def _note_unreached(self, work, attempt):
        """Let a server be left alone for a while that could not be reached.

        :param tools.verdict.Attempt attempt: what asking it came to
        """
        if attempt.unreached:
            pauses = self.company_id._get_invoice_retry_minutes()
            self.env["invoice.send.server"]._note(
                work, attempt.server_id, attempt.unreached, pauses
            )

    def _try_to_send(self, recipients, work, bodies):
        """Make the mail and send it; a mail that can't be made fails alone.

        :rtype: tools.verdict.Attempt
        """
        Run, attempt = self.env["invoice.send.run"], None
        emails = list({addresses.to_ascii(d.email): True for d in recipients})
        try:
            with Run._isolate():
                Run._limit_lock_wait()
                if self not in bodies:
                    bodies[self] = self._render_mail_body()
                mail = self._create_mail(recipients, bodies[self])
                attempt = mail._send_with_verdicts(emails, work)
        except verdict.Interrupted as interrupted:
            return interrupted.attempt
        except Exception as error:
            # the server's word stands, whatever can't be written down beside it
            return attempt or verdict.Attempt(verdict.from_making(error, emails))
        return attempt

    def _settle(self, recipients, attempt):
        """Write verdicts down for good: what the server said can't be asked again.

        :param recipients: ``invoice.delivery``
        :param tools.verdict.Attempt attempt: what the server said
        """
        is_kept = waits = True
        for tries_left in reversed(range(SETTLE_TRIES)):
            try:
                with self.env["invoice.send.run"]._isolate():
                    self._write_verdicts(recipients, attempt, is_kept, waits)
                return
            except OperationalError:
                # the client may open the link in this very moment
                recipients.invalidate_recordset()
                waits = False
                if not tries_left:
                    raise
            except Exception:
                # a mail that can't be kept is no reason to forget what became of it
                if not is_kept or not tries_left:
                    raise
                _logger.exception("Mail of %s can't be kept", recipients)
                is_kept = False

    def _write_verdicts(self, recipients, attempt, is_kept, waits):
        """Write verdicts, and the mail that left, in one transaction.

        :param bool is_kept: with the mail
        :param bool waits: with the summary on the documents, for which somebody who
            holds them is waited for, but not long
        """
        Run = self.env["invoice.send.run"]
        if waits:
            Run._limit_lock_wait()
        with contextlib.nullcontext() if waits else self._leave_summary():
            for delivery in recipients:
                said = attempt.verdicts[addresses.to_ascii(delivery.email)]
                delivery._end_attempt(said, attempt.server_id)
            if is_kept:
                Mail = self.env["invoice.mail"]
                Mail._keep(recipients, attempt.verdicts, attempt.left)
            self.env.flush_all()
        Run._commit()

    # -- the way to the mail server ----------------------------------------------------

    def _reach_server(self, recipients, work, is_urgent):
        """Open a session before the attempt begins.

        To connect may take longer than a worker lives: whoever is ended meanwhile
        leaves no mail in doubt, and a server that the next worker leaves alone.

        :param recipients: ``invoice.delivery``: of one mail
        :param tools.sending_pass.SendingPass work: keeps the session
        :param bool is_urgent: a user asked for this attempt
        :return: whether the mail can be handed over; the recipients wait otherwise
        """
        session_key = self._get_session_key(recipients, work)
        if not session_key:
            return True  # the attempt says why the mail can't be made
        Server = self.env["invoice.send.server"]
        if hold := Server._get_hold(work, session_key[0], is_urgent):
            recipients._set_held(hold, session_key[0])
            self.env["invoice.send.run"]._commit()
            return False
        return session_key in work.sessions or self._connect(
            recipients, work, session_key
        )

    def _get_session_key(self, recipients, work):
        """:return: the server and the sender that Odoo chooses for these mails, learnt
            from the first of their kind, which is made for it and thrown away; ``None``
            where it can't be made

        :rtype: tuple | None
        """
        key = self._get_letter_key()
        if key not in work.session_keys:
            try:
                with self.env.cr.savepoint():
                    mail = self._create_mail(recipients, Markup())
                    server_id, _domain, sender, _ids = mail._get_mail_configuration()
                    raise Learnt
            except Learnt:
                work.session_keys[key] = server_id, sender
                work.letter_servers[key] = server_id
            except OperationalError:
                raise
            except Exception:
                return None
        return work.session_keys[key]

    def _connect(self, recipients, work, session_key):
        """:return: whether there is a session now; the recipients are put off otherwise

        :param tuple session_key: from :meth:`_get_session_key`
        """
        Server, server_id = self.env["invoice.send.server"], session_key[0]
        Server._note_connecting(work, server_id)
        try:
            session = self.env["mail.mail"]._get_session(None, *session_key)
        except DatabaseError:
            raise
        except Exception as error:
            emails = [addresses.to_ascii(d.email) for d in recipients]
            attempt = verdict.from_unreached(error, emails, server_id)
            for delivery in recipients:
                delivery.attempt_count += 1
            self._settle(recipients, attempt)
            self._note_unreached(work, attempt)
            return False
        work.sessions[session_key] = session
        Server._note(work, server_id, "", ())
        return True

    # -- the mail server is to be left alone -------------------------------------------

    def _get_letter_key(self):
        """:return: what letters that leave by one mail server have alike"""
        first = self[:1]
        return first.company_id.id, first.mail_template_id.id, first.email_from

    def _hold_back(self, work, recipients):
        """Let recipients wait whose mail server is to be left alone for now.

        Known of a server that an earlier mail of this pass left by, or did not.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        :param recipients: ``invoice.delivery``: of one mail
        :return: whether they wait
        """
        key = self._get_letter_key()
        if key not in work.letter_servers:
            return False
        hold = self.env["invoice.send.server"]._get_hold(
            work,
            work.letter_servers[key],
            any(delivery._is_asked_for() for delivery in recipients),
        )
        if hold:
            recipients._set_held(hold, work.letter_servers[key])
            self.env["invoice.send.run"]._commit()
        return bool(hold)

    def _wait_for_server(self, work):
        """Let documents wait whose mail server is to be left alone, before they are
        made.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        :return: whether they wait
        """
        due = self.delivery_ids.filtered(lambda delivery: delivery._is_due())
        return bool(due) and self._hold_back(work, due)

    # -- one mail ----------------------------------------------------------------------

    def _render_mail_body(self):
        """Render the letter in its frame, once for all recipients.

        :return: HTML with each line's :meth:`_get_placeholder` where the recipient's
            own link belongs
        :rtype: Markup
        """
        first = self[:1]
        lines = self.with_context(lang=first.mail_lang)
        return self.env["ir.qweb"]._render(
            "invoice_send_client.mail_layout",
            {
                # sudo: name and colours, for any user
                "company": lines[:1].move_id.company_id.sudo(),
                "line": lines[:1],
                "lines": lines,
                "move": lines[:1].move_id,
                "lang": first.mail_lang,
                "body": first._get_text(),
                "link": first._get_placeholder(),
            },
            lang=first.mail_lang,
            minimal_qcontext=True,
        )

    def _get_placeholder(self):
        """:return: what stands for the client's link to this document while the letter
        is rendered once for all recipients"""
        return f"{LINK_PLACEHOLDER}{self.id or ''}"

    def _fill_in_links(self, body, recipients):
        """Put the links of one mail's recipients into the letter.

        :param Markup body: from :meth:`_render_mail_body`
        :param recipients: ``invoice.delivery``; a shared message carries the links of
            the letter's first recipient
        :rtype: Markup
        """
        # the longest first: one placeholder may begin like another
        for line in recipients.line_id.sorted("id", reverse=True):
            own = recipients.filtered(lambda d, line=line: d.line_id == line)
            if line.copy_mode == "shared":
                own = line.delivery_ids
            url = own.sorted("id")[:1]._get_landing_url()
            body = body.replace(line._get_placeholder(), url)
        return body

    def _create_mail(self, recipients, body):
        """Make one mail; it is never committed while Odoo's queue could take it.

        :param recipients: ``invoice.delivery``: of one recipient, or of all of a
            shared message
        :param Markup body: from :meth:`_render_mail_body`
        :rtype: mail.mail
        """
        known = recipients.filtered("partner_id")
        emails = dict.fromkeys((recipients - known).mapped("email"))
        first = recipients.line_id.sorted("id")[:1]
        template = first.mail_template_id
        # sudo: mails have no access of their own; the sending was allowed at Send
        Mail, message = self.env["mail.mail"].sudo(), first.mail_message_id.sudo()
        mail = Mail.create(
            {
                "mail_message_id": message.id,
                "invoice_delivery_ids": [(6, 0, recipients.ids)],
                "is_notification": True,
                "body_html": self._fill_in_links(body, recipients),
                "email_to": ", ".join(emails),
                "recipient_ids": [(6, 0, known.partner_id.ids)],
                "auto_delete": template.auto_delete or not template,
                "references": message.message_id,
            }
        )
        for delivery in recipients:
            delivery.line_id._create_notification(delivery, mail)
        return mail

    def _get_mail_files(self):
        """:return: name, content and kind of the files of these lines' letters, as
            ``mail.mail`` attaches them

        :rtype: list[tuple]
        """
        # sudo: files of letters that the sending itself has posted
        files = self.mail_message_id.sudo().attachment_ids
        return [(file.name, file.raw, file.mimetype) for file in files.sorted("id")]

    def _create_notification(self, delivery, mail):
        """Let the chatter's own envelope show this recipient's state."""
        # sudo: notifications are written for other people
        Notification = self.env["mail.notification"].sudo()
        recipient = (
            [("res_partner_id", "=", delivery.partner_id.id)]
            if delivery.partner_id
            else [("mail_email_address", "=", delivery.email)]
        )
        known = Notification.search(
            [("mail_message_id", "=", self.mail_message_id.id), *recipient], limit=1
        )
        values = {"mail_mail_id": mail.id, "notification_status": "ready"}
        if known:
            known.write(values)
            return
        Notification.create(
            {
                **values,
                "author_id": self.author_partner_id.id,
                "mail_message_id": self.mail_message_id.id,
                "notification_type": "email",
                "is_read": True,
                "res_partner_id": delivery.partner_id.id,
                "mail_email_address": False if delivery.partner_id else delivery.email,
            }
        )
