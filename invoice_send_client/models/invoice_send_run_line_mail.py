import logging

from markupsafe import Markup
from psycopg2 import Error as DatabaseError
from psycopg2 import OperationalError

from odoo import api, models
from odoo.tools import is_html_empty

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
        self.delivery_ids._deliver_by_network()
        self._give_up_deleted_letters()
        due = self._get_mailed().filtered(lambda d: d._is_due()).sorted("id")
        bodies = {}
        for recipients in self._divide_into_mails(due) if due else ():
            if work.is_over():
                return
            # withdrawn or corrected, while the mails before were leaving?
            if recipients := recipients._read_due():
                recipients.line_id.sorted("id")._attempt(recipients, work, bodies)

    def _give_up_deleted_letters(self):
        """Mail no attachment whose letter was deleted in the chatter: its PDF is gone.

        A plain link needs no file, and what the letter said is kept beside it.
        """
        for line in self.filtered(lambda line: line.document_mode == "attachment"):
            is_due = any(d._is_due() for d in line._get_mailed())
            # sudo: the letter that the sending itself has posted
            letter = line.mail_message_id.sudo()
            if is_due and not letter.attachment_ids and is_html_empty(letter.body):
                # whatever went beside the mail is not to go twice
                line.has_gone_other_ways |= line.goes_other_ways
                line._set_failed(
                    "pdf",
                    self.env._(
                        "The letter was deleted in the chatter, and its files with it. "
                        "Resend writes it anew."
                    ),
                )

    def _divide_into_mails(self, deliveries):
        """:return: deliveries of these lines that one mail carries each: a personal
            copy has one recipient, with all documents; a shared message all of them

        :rtype: list
        """
        return list(
            deliveries.grouped(
                lambda d: "" if d._is_shared() else addresses.to_ascii(d.email)
            ).values()
        )

    # -- one attempt -------------------------------------------------------------------

    def _attempt(self, recipients, work, bodies):
        """Ask the mail server once to take one mail, and write down what it said.

        :param recipients: ``invoice.delivery``: of one mail
        :param tools.sending_pass.SendingPass work: what the worker keeps
        :param dict bodies: rendered letters by their lines, kept between the mails
        """
        is_urgent = any(delivery._is_asked_for() for delivery in recipients)
        if ready := self._reach_server(recipients, work, is_urgent):
            ready.line_id.sorted("id")._ask_server(ready, work, bodies)

    def _ask_server(self, recipients, work, bodies):
        """Make the attempt that was begun, see :meth:`_attempt`.

        :param recipients: ``invoice.delivery``: those of one mail that still are to
            leave, read in this transaction: a withdrawal that comes later fails
        """
        Run = self.env["invoice.send.run"]
        self._note_summary_due()
        recipients._start_attempt()
        Run._commit_step()
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
        way = work.configurations.get(self._get_letter_key())
        try:
            with Run._isolate():
                mail = self._find_prepared(recipients, work)
                mail = mail or self._make_mail(recipients, bodies)
                attempt = mail._send_with_verdicts(emails, work, way)
        except verdict.Interrupted as interrupted:
            return interrupted.attempt
        except Exception as error:
            # the server's word stands, whatever can't be written down beside it
            return attempt or verdict.Attempt(verdict.from_making(error, emails))
        return attempt

    def _make_mail(self, recipients, bodies):
        """:return: the mail of these recipients, made now

        :param recipients: ``invoice.delivery``: of one mail
        :param dict bodies: rendered letters by their lines, kept between the mails
        :rtype: mail.mail
        """
        is_tracked = self._is_tracked(recipients)
        if (self, is_tracked) not in bodies:
            # what a user corrected since it was read
            self.invalidate_recordset()
            bodies[self, is_tracked] = self._render_mail_body(is_tracked)
        return self._create_mail(recipients, bodies[self, is_tracked])

    def _settle(self, recipients, attempt):
        """Write verdicts down for good: what the server said can't be asked again.

        :param recipients: ``invoice.delivery``
        :param tools.verdict.Attempt attempt: what the server said
        """
        is_kept = True
        for tries_left in reversed(range(SETTLE_TRIES)):
            try:
                with self.env["invoice.send.run"]._isolate():
                    self._write_verdicts(recipients, attempt, is_kept)
                return
            except OperationalError:
                # the client may open the link in this very moment
                recipients.invalidate_recordset()
                if not tries_left:
                    raise
            except Exception:
                # a mail that can't be kept is no reason to forget what became of it
                if not is_kept or not tries_left:
                    raise
                _logger.exception("Mail of %s can't be kept", recipients)
                is_kept = False

    def _write_verdicts(self, recipients, attempt, is_kept):
        """Write verdicts, and the mail that left, in one transaction.

        :param bool is_kept: with the mail
        """
        # reset to draft, while the mail was leaving?
        recipients._read_anew()
        with self._leave_summary():
            for delivery in recipients:
                said = attempt.verdicts[addresses.to_ascii(delivery.email)]
                delivery._end_attempt(said, attempt.server_id)
            if is_kept:
                Mail = self.env["invoice.mail"]
                Mail._keep(recipients, attempt.verdicts, attempt.left)
            self.env.flush_all()
        self.env["invoice.send.run"]._commit_step()

    # -- the way to the mail server ----------------------------------------------------

    def _reach_server(self, recipients, work, is_urgent):
        """Open a session before the attempt begins.

        To connect may take longer than a worker lives: whoever is ended meanwhile
        leaves no mail in doubt, and a server that the next worker leaves alone.

        :param recipients: ``invoice.delivery``: of one mail
        :param tools.sending_pass.SendingPass work: keeps the session
        :param bool is_urgent: a user asked for this attempt
        :return: the recipients whose mail can be handed over now; others wait, or were
            withdrawn meanwhile
        :rtype: invoice.delivery
        """
        way = self._get_configuration(recipients, work)
        if not way:
            return recipients  # the attempt says why the mail can't be made
        Server = self.env["invoice.send.server"]
        if hold := Server._get_hold(work, way.server_id, is_urgent):
            recipients._set_held(hold, way.server_id)
            self.env["invoice.send.run"]._commit_step()
            return recipients.browse()
        if way.session_key in work.sessions:
            return recipients
        is_open = self._connect(recipients, work, way)
        # withdrawn or corrected while the server made us wait?
        return recipients._read_due() if is_open else recipients.browse()

    def _get_configuration(self, recipients, work):
        """:return: the way that Odoo chooses for these mails, learnt from the first of
            their kind; ``None`` where it can't be made

        :rtype: tools.sending_pass.Configuration | None
        """
        key = self._get_letter_key()
        if key in work.configurations:
            return work.configurations[key]
        mail = self._find_prepared(recipients, work)
        way = mail._get_mail_configuration() if mail else self._try_out_mail(recipients)
        if way:
            work.configurations[key] = way
        return way

    def _try_out_mail(self, recipients):
        """Make a mail, ask Odoo for its way, and throw it away.

        :return: see :meth:`_get_configuration`
        """
        way = None
        try:
            with self.env.cr.savepoint():
                mail = self._create_mail(recipients, Markup())
                way = mail._get_mail_configuration()
                raise Learnt
        except Learnt:
            return way
        except OperationalError:
            raise
        except Exception:
            return None

    def _connect(self, recipients, work, way):
        """:return: whether there is a session now; the recipients are put off otherwise

        :param tools.sending_pass.Configuration way: from :meth:`_get_configuration`
        """
        Server, server_id = self.env["invoice.send.server"], way.server_id
        Server._note_connecting(work, server_id)
        try:
            session = self.env["mail.mail"]._get_session(None, *way.session_key)
        except DatabaseError:
            raise
        except Exception as error:
            emails = [addresses.to_ascii(d.email) for d in recipients]
            attempt = verdict.from_unreached(error, emails, server_id)
            self._note_summary_due()
            for delivery in recipients:
                delivery.attempt_count += 1
            self._settle(recipients, attempt)
            self._note_unreached(work, attempt)
            return False
        work.sessions[way.session_key] = session
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
        if not (way := work.configurations.get(self._get_letter_key())):
            return False
        hold = self.env["invoice.send.server"]._get_hold(
            work,
            way.server_id,
            any(delivery._is_asked_for() for delivery in recipients),
        )
        if hold:
            recipients._set_held(hold, way.server_id)
            self.env["invoice.send.run"]._commit_step()
        return bool(hold)

    def _wait_for_server(self, work):
        """Let documents wait whose mail server is to be left alone, before they are
        made.

        :param tools.sending_pass.SendingPass work: what the worker keeps
        :return: whether they wait
        """
        due = self.delivery_ids.filtered(lambda delivery: delivery._is_due())
        if due != due._get_mailed():
            return False  # the network does not wait; the mails do in their turn
        return bool(due) and self._hold_back(work, due)

    # -- one mail ----------------------------------------------------------------------

    def _render_mail_body(self, is_tracked=None):
        """Render the letter in its frame, once for all recipients that it suits.

        :param bool is_tracked: the recipients are followed; as the company and the
            customer have it where empty
        :return: HTML with each line's :meth:`_get_placeholder` where the recipient's
            own link belongs
        :rtype: Markup
        """
        first = self[:1]
        lines = self.with_context(lang=first.mail_lang)
        lang = self.env["res.lang"]._get_data(code=first.mail_lang)
        if is_tracked is None:
            is_tracked = self._is_tracked()
        return self.env["ir.qweb"]._render(
            "invoice_send_client.mail_layout",
            {
                # sudo: name and colours, for any user
                "company": lines[:1].move_id.company_id.sudo(),
                "line": lines[:1],
                "lines": lines,
                "move": lines[:1].move_id,
                "lang": first.mail_lang,
                "is_rtl": lang.direction == "rtl",
                "body": first._get_text(),
                "link": first._get_placeholder(),
                **first._prepare_privacy_values(is_tracked),
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
        :param recipients: ``invoice.delivery``; a shared message carries the link of
            one of them, see ``invoice.send.run.line._get_link_delivery``
        :rtype: Markup
        """
        # the longest first: one placeholder may begin like another
        for line in recipients.line_id.sorted("id", reverse=True):
            own = recipients.filtered(lambda d, line=line: d.line_id == line)
            url = own.sorted("id")[:1]._get_landing_url()
            body = body.replace(line._get_placeholder(), url)
        return body

    def _create_mail(self, recipients, body):
        """:return: one mail, see :meth:`_create_mails`

        :rtype: mail.mail
        """
        return self._create_mails([(recipients, body)])

    @api.model
    def _create_mails(self, parts):
        """Make mails, in a state in which Odoo's queue leaves them alone.

        They are closed, or dropped, by :meth:`_close_mails`.

        :param list parts: for each mail its recipients (``invoice.delivery``: one, or
            all of a shared message) and its letter from :meth:`_render_mail_body`
        :rtype: mail.mail
        """
        # sudo: mails have no access of their own; the sending was allowed at Send
        mails = (
            self.env["mail.mail"]
            .sudo()
            .create([self._prepare_mail_values(*part) for part in parts])
        )
        recipients = [deliveries for deliveries, _body in parts]
        self._create_notifications(zip(mails, recipients, strict=True))
        return mails

    @api.model
    def _prepare_mail_values(self, recipients, body):
        known = recipients.filtered("partner_id")
        emails = dict.fromkeys((recipients - known).mapped("email"))
        first = recipients.line_id.sorted("id")[:1]
        template = first.mail_template_id
        # sudo: the message was posted by the sending
        message = first.mail_message_id.sudo()
        return {
            "state": "cancel",
            "mail_message_id": message.id,
            "invoice_delivery_ids": [(6, 0, recipients.ids)],
            "is_notification": True,
            "body_html": first._fill_in_links(body, recipients),
            "email_to": ", ".join(emails),
            "recipient_ids": [(6, 0, known.partner_id.ids)],
            "auto_delete": template.auto_delete or not template,
            "references": message.message_id,
        }

    def _get_mail_files(self):
        """:return: name, content and kind of the files of these lines' letters, as
            ``mail.mail`` attaches them

        :rtype: list[tuple]
        """
        # sudo: files of letters that the sending itself has posted
        files = self.mail_message_id.sudo().attachment_ids
        return [(file.name, file.raw, file.mimetype) for file in files.sorted("id")]

    @api.model
    def _create_notifications(self, mails):
        """Let the chatter's own envelopes show each recipient's state.

        :param mails: each ``mail.mail`` with its deliveries
        """
        pairs = [(mail, d) for mail, deliveries in mails for d in deliveries]
        messages = {delivery.line_id.mail_message_id.id for _mail, delivery in pairs}
        # sudo: notifications are written for other people
        Notification = self.env["mail.notification"].sudo()
        known = {}
        for found in Notification.search([("mail_message_id", "in", list(messages))]):
            email = not found.res_partner_id and found.mail_email_address
            known[found.mail_message_id.id, found.res_partner_id.id, email] = found
        values = {}
        for mail, delivery in pairs:
            email = not delivery.partner_id and delivery.email
            key = delivery.line_id.mail_message_id.id, delivery.partner_id.id, email
            state = {"mail_mail_id": mail.id, "notification_status": "ready"}
            if key in known:
                known[key].write(state)
            else:
                # a customer with two addresses has one envelope, of the last mail
                values[key] = {**delivery._prepare_notification_values(), **state}
        Notification.create(list(values.values()))
