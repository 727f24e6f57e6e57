import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models

from ..const import RESCUE_SECONDS

_logger = logging.getLogger(__name__)


class InvoiceSendRequest(models.Model):
    """A confirmed document whose customer gets it without a press of Send (B28).

    Written in the transaction that posts the document, so that no crash loses it, and
    turned into a run by the native cron, so that nothing that goes wrong with the
    sending ever touches the posting, nor does the user wait for a mail server. One run
    for what one user posted in one transaction and company, with the company's
    defaults: what the review window would tick is sent; what it would not tick (no
    address, bounced before ...) is told in the document's chatter.

    Nothing is sent twice by itself. Dropped without a word: what somebody has sent or
    another app has (point of sale, paid online) by the time of the run, what was marked
    as sent before it was posted (brought over from another system), what the shop sends
    once it is paid, what is no longer posted. A document that was sent, reset to draft
    and posted again is a new version that the client may or may not have to see: the
    user is told and decides. One that never left (refused, withdrawn, its PDF failed)
    is no second version for anybody: it is sent.
    """

    _name = "invoice.send.request"
    _description = "Invoice to Send by Itself"
    _order = "id"
    _rec_name = "move_id"

    move_id = fields.Many2one("account.move", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    _one_request = models.UniqueIndex("(move_id)")

    @api.model
    def _create_for_moves(self, moves):
        """Ask for the sending of documents; to be committed with their posting.

        :param moves: ``account.move``
        """
        self = self.sudo()  # sudo: nobody writes requests by hand
        known = self.search([("move_id", "in", moves.ids)]).move_id
        self.create(
            [
                {"move_id": move.id, "user_id": self.env.uid}
                for move in moves
                if move not in known
            ]
        )
        self.env["invoice.send.run"]._trigger_cron()

    # -- work ------------------------------------------------------------------------

    @api.model
    def _write_runs(self):
        """Turn what was asked for into runs and start them. For the cron."""
        for requests in self._get_by_press():
            requests._write_run_safely()

    @api.model
    def _get_by_press(self):
        """:return: the requests of each user, company and transaction

        :rtype: list[invoice.send.request]
        """
        groups = self._read_group([], ["company_id", "user_id"], ["id:recordset"])
        return [
            press
            for _company, _user, requests in groups
            # what one transaction creates has the same creation date
            for press in requests.grouped("create_date").values()
        ]

    def _write_run_safely(self):
        """Write the run of one press; what stands in its way holds up no other."""
        Run = self.env["invoice.send.run"]
        try:
            with Run._isolate():
                self._as_user()._write_run()
                Run._commit()
        except OperationalError:
            _logger.info("Sending by itself put off: %s is being changed", self)
            Run._trigger_cron(timedelta(seconds=RESCUE_SECONDS))
        except Exception as error:
            if len(self) > 1:
                for request in self:
                    request._write_run_safely()
                return
            _logger.exception("%s can't be sent by itself", self.move_id)
            self._give_up({self.move_id: str(error)})
            Run._commit()

    def _as_user(self):
        """:return: the requests as the user who posted, in the documents' company"""
        user = self.user_id
        # sudo: who posted need not be able to read what is sent (paid online)
        as_user = self.with_user(user).sudo().with_company(self.company_id)
        return as_user.with_context(lang=user.lang)

    def _write_run(self):
        """Write what can be sent to lasting records, tell the rest in the chatter."""
        due = self.try_lock_for_update().filtered(
            lambda request: request.move_id._is_ready_to_be_sent()
        )
        rows, reasons = due._judge(due.move_id._filter_still_to_send())
        if rows:
            run = self.env["invoice.send.run"]._create_for_moves(
                due._get_settings(rows)
            )
            run._note_skipped(
                (move.display_name, reason) for move, reason in reasons.items()
            )
            if not run._can_commit():
                run._start()  # else the cron does it, right after all runs are written
        due._give_up(reasons)

    def _judge(self, moves):
        """Tell what the review window would tick from what it would not.

        :param moves: the documents that are to be sent
        :return: rows of those that go, and why the others don't, by document
        :rtype: tuple[list[ReviewRow], dict]
        """
        Send = self.env["account.move.send"]
        rows, reasons, good = Send._prepare_review_rows(moves), {}, []
        facts = Send._get_review_facts(rows)
        for row in rows:
            reason = Send._get_review_block(row, facts)
            warnings, is_doubtful = Send._get_review_warnings(row, facts)
            if not reason and is_doubtful:
                reason = " ".join(warnings)
            if not reason and set(row.sending_methods) == {"manual"}:
                reason = self.env._("The customer's invoices are handed over by hand.")
            if reason:
                reasons[row.move_id] = reason
                continue
            if Send._is_row_too_big(row, facts):
                row.document_mode = "link"
            good.append(row)
        return good, reasons

    def _get_settings(self, rows):
        """Give rows as settings of ``account.move.send``, letters still unwritten.

        :param list[ReviewRow] rows: the documents that go
        :rtype: dict
        """
        Send = self.env["account.move.send"]
        user = Send._get_pressing_user(self.env.uid)
        return {
            row.move_id: {
                "sending_methods": row.sending_methods,
                "extra_edis": row.extra_edis,
                "invoice_edi_format": row.invoice_edi_format,
                "author_partner_id": self.env.user.partner_id.id,
                "document_mode": row.document_mode,
                "mail_template": row.mail_template_id,
                "mail_lang": row.mail_lang,
                "mail_partner_ids": row.mail_partner_ids,
                "email_from": Send._get_default_email_from(row.move_id, user),
                "email_to": row.email_to,
                "email_cc": row.email_cc,
                "email_bcc": row.email_bcc,
            }
            for row in rows
        }

    def _give_up(self, reasons):
        """End these requests, and tell on the documents what was not sent.

        :param dict reasons: why, by document
        """
        moves = self.env["account.move"].union(*reasons)
        moves._message_log_batch(
            {
                move.id: self.env._("Not sent to the client automatically: %s", reason)
                for move, reason in reasons.items()
            },
            author_id=self.env.ref("base.partner_root").id,
        )
        self.unlink()
