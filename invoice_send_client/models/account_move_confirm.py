import logging

from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import RedirectWarning, UserError

from ..const import CONFIRM_AT_ONCE

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """From draft to client: confirm many documents, then review and send (R46)."""

    # a file of its own: what is told of a document stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

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
                Run._commit()
        except (UserError, RedirectWarning) as error:
            return str(error.args[0])
        except OperationalError:
            return self.env._("Somebody else is changing it in this very moment.")
        except Exception:
            _logger.exception("%s could not be confirmed", self)
            return self.env._("An error happened. The server's log tells more.")
        return ""

    def _get_name_for_user(self):
        """:return: the document's name and its customer, if any"""
        names = [self.display_name, self.commercial_partner_id.name]
        return " - ".join(filter(None, names))
