import logging

from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import SQL, str2bool

from ..const import CONFIRM_AT_ONCE

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """From draft to client: confirmed and reviewed (R46), or sent by itself (B28)."""

    # a file of its own: what is told of a document stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    def _action_invoice_ready_to_be_sent(self):
        # EXTENDS 'account'
        result = super()._action_invoice_ready_to_be_sent()
        # sudo: what waits to be sent by itself has no reader
        requests = self.env["invoice.send.request"].sudo()
        if requests.search_count([("move_id", "in", self.ids)], limit=1):
            self.env["invoice.send.run"]._trigger_cron()
        return result

    def get_confirm_offer(self):
        """Say what of an import the user could confirm and send.

        :return: ``draft_count``, 0 where "Confirm and send" is not to be offered
        :rtype: dict[str, int]
        """
        if not self.env.user.has_group("account.group_account_invoice"):
            return {"draft_count": 0}
        documents = self._get_customer_documents()
        drafts = documents.filtered(lambda move: move.state == "draft")
        return {"draft_count": len(drafts)}

    def _get_customer_documents(self):
        """:return: the invoices, credit notes and receipts of customers among these
        that still exist, in the order in which they get their numbers
        """
        documents = self.exists().filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        )
        return documents.sorted(
            lambda move: (
                move.date,
                move.invoice_date or move.date,
                move.sequence_number,
                move.id,
            )
        )

    def action_confirm_and_send(self):
        """Confirm the drafts among these one by one; the send window opens after it.

        The browser calls again for those that still wait, so that no request lasts
        long, however many there are. Then it tells the reasons of those that could not
        be confirmed and opens the window on all: what is no draft any more can be sent,
        what still is one stands there with the reason.

        :return: the action that goes on, with the documents tried now (``move_ids``),
            those left for the next calls (``waiting_ids``), how many can be sent
            (``ready_count``) and what could not be confirmed (``problems``)
        :rtype: dict
        :raise UserError: where none of these is a document for a customer
        """
        documents = self._get_customer_documents()
        if not documents:
            raise UserError(
                self.env._(
                    "Only invoices, credit notes and receipts for customers can be "
                    "confirmed and sent here."
                )
            )
        tried = documents[:CONFIRM_AT_ONCE]
        problems = tried._confirm_each()
        return {
            "type": "ir.actions.client",
            "tag": "invoice_send_client.confirm_and_send",
            "params": {
                "move_ids": tried.ids,
                "waiting_ids": documents[CONFIRM_AT_ONCE:].ids,
                "ready_count": len(tried.filtered(lambda m: m.state == "posted")),
                "problems": problems,
            },
        }

    def _confirm_each(self):
        """Confirm each draft in a transaction of its own.

        :return: those that could not be confirmed: ``document`` and ``reason``
        :rtype: list[dict[str, str]]
        """
        drafts = self.filtered(lambda move: move.state == "draft")
        return [
            {"document": move._get_name_for_user(), "reason": reason}
            for move in drafts
            if (reason := move._try_to_confirm())
        ]

    def _try_to_confirm(self):
        """:return: why the draft could not be confirmed, ``""`` where it was

        :rtype: str
        """
        Run = self.env["invoice.send.run"]
        try:
            with Run._isolate():
                self.action_post()
                self._withdraw_send_requests()  # the user reviews before anything goes
                Run._commit()
        except (UserError, RedirectWarning) as error:
            return str(error.args[0])
        except OperationalError:
            return self.env._("Somebody else is changing it at this very moment.")
        except Exception:
            _logger.exception("%s could not be confirmed", self)
            return self.env._("An error happened. The server's log tells more.")
        return ""

    def _get_name_for_user(self):
        """:return: the document's name and its customer, if any"""
        names = [self.display_name, self.commercial_partner_id.name]
        return " - ".join(filter(None, names))

    # -- sent by itself ----------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS 'account'
        posted = super()._post(soft=soft)
        posted._request_sending()
        return posted

    def _request_sending(self):
        """Ask for the sending of what was posted, where the customer gets it so (B28).

        What is read from a file or comes with an app was not confirmed by anybody now.
        """
        if self.env.context.get("install_mode") or self.env.context.get("import_file"):
            return
        documents = self.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
            and move._is_sent_on_confirm()
        )
        if not documents:
            return
        past = documents._get_sending_past()
        sent_before = documents.filtered(lambda move: past.get(move.id) == "left")
        sent_before._tell_not_sent_again()
        new = documents.filtered(lambda move: move._is_unsent(past))
        if new:
            self.env["invoice.send.request"]._create_for_moves(new)

    def _is_sent_on_confirm(self):
        """:return: whether this customer's documents leave once they are confirmed"""
        self.ensure_one()
        # sudo: settings that decide for whoever confirms, a shop's visitor too
        document = self.sudo()
        company = document.company_id
        customer = document.commercial_partner_id.with_company(company)
        choice = customer.invoice_send_on_confirm
        return choice == "yes" or (not choice and company.invoice_send_on_confirm)

    def _tell_not_sent_again(self):
        """Tell on documents that were sent before that they are not sent by itself."""
        words = self.env._(
            "Not sent to the client automatically: it was sent before. Send it if the "
            "client should get this version."
        )
        self._message_log_batch(
            dict.fromkeys(self.ids, words),
            author_id=self.env.ref("base.partner_root").id,
        )

    def _withdraw_send_requests(self):
        # sudo: nobody writes requests by hand
        requests = self.env["invoice.send.request"].sudo()
        requests.search([("move_id", "in", self.ids)]).unlink()

    def _filter_still_to_send(self):
        """:return: the documents that nobody has sent nor will send but we"""
        past = self._get_sending_past()
        return self.filtered(
            lambda move: move.state == "posted"
            and move._is_unsent(past)
            and not move._is_sent_by_shop()
        )

    def _is_unsent(self, past):
        """:return: whether no client has this document and nobody has tried to send
            this version of it

        Odoo's ``is_move_sent`` is asked where we know nothing: it is set as soon as the
        PDF is made, whatever becomes of the mail, and never taken back.

        :param dict past: from :meth:`_get_sending_past`
        """
        self.ensure_one()
        known = past.get(self.id)
        return known == "stayed" or (not known and not self.is_move_sent)

    def _get_sending_past(self):
        """Say of documents that were to be sent before what became of it.

        :return: by document id: ``left``, a client has it, may have it or will have
            it; ``tried``, it did not leave and nobody has changed it since;
            ``stayed``, no earlier version has left. Documents that nobody has sent by a
            run are not among them
        :rtype: dict[int, str]
        """
        if not self.ids:
            return {}
        lines = ["state", "move_id", "goes_to_nobody"]
        lines += ["goes_other_ways", "has_gone_other_ways"]
        self.env["invoice.send.run.line"].flush_model(lines)
        self.env["invoice.delivery"].flush_model(
            ["line_id", "state", "sent_datetime", "failure_type", "is_current"]
        )
        self.env.cr.execute(self._get_sending_past_query())
        past = dict(self.env.cr.fetchall())
        # what Odoo's own window sends by its other ways has no run
        doubtful = self.filtered(
            lambda move: past.get(move.id) == "stayed" and move.is_move_sent
        )
        for move_id, ways in doubtful._get_invoice_other_ways().items():
            if any(way.kind in ("waiting", "sent") for way in ways):
                past[move_id] = "left"
        return past

    def _get_sending_past_query(self):
        """:return: SQL of :meth:`_get_sending_past`: one query for all documents

        :rtype: SQL
        """
        # an attempt without an answer ("unknown") may have arrived; what goes by other
        # ways than ours has no recipients
        return SQL(
            """SELECT line.move_id, CASE
                   WHEN bool_or(d.state NOT IN ('error', 'cancel')
                                OR d.sent_datetime IS NOT NULL
                                OR d.failure_type = 'unknown'
                                OR (line.state IN ('waiting', 'written')
                                    AND line.goes_to_nobody IS NOT TRUE
                                    AND (d.id IS NULL OR line.goes_other_ways))
                                OR (line.state != 'failed'
                                    AND line.has_gone_other_ways)) THEN 'left'
                   WHEN bool_or(d.is_current) THEN 'tried'
                   ELSE 'stayed' END
                 FROM invoice_send_run_line AS line
            LEFT JOIN invoice_delivery AS d ON d.line_id = line.id
                WHERE line.move_id IN %s
             GROUP BY line.move_id""",
            tuple(self.ids),
        )

    def _is_sent_by_shop(self):
        """:return: whether the sales app sends this document: ordered, paid online,
        and invoiced by itself
        """
        self.ensure_one()
        transactions = "transaction_ids" in self._fields and self.transaction_ids
        if not transactions or "sale_order_ids" not in transactions._fields:
            return False
        # sudo: system parameters are not readable by users
        parameters = self.env["ir.config_parameter"].sudo()
        is_automatic = parameters.get_param("sale.automatic_invoice", "False")
        return str2bool(is_automatic) and bool(transactions.sale_order_ids)
