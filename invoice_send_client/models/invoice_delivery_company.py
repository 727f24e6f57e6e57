import hashlib
import json
import logging

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import RECEIVED_MOVE_TYPES

_logger = logging.getLogger(__name__)


class InvoiceDelivery(models.Model):
    """The client is a company of this database: it gets a draft vendor bill (R9).

    The sender's document is read into plain values; the bill is made of them by the
    other company's chosen user, with his rights and by his company's rules. Neither
    side ever reads a record of the other.
    """

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _bring_to_company(self):
        """Put the document among those that the client's company received, once.

        A second sending changes the draft of the first one, or marks the posted bill.

        :return: the bill, which the sender may not read
        :rtype: account.move
        :raise UserError: in words for the sender: which company does not take it, and
            what to do
        :raise OperationalError: where another sending of the document is being brought
            in this moment: to be tried again
        """
        self.ensure_one()
        # sudo: who sends a document need not read all that belongs to it, as its bank
        # account; what is read goes into the bill and nowhere else
        delivery = self.sudo()
        delivery._check_receiving_company()
        delivery._lock_document_to_bring()
        values = delivery._read_document_to_bring()
        files = delivery._read_files_to_bring()
        receiver = delivery._get_receiver()
        delivery._check_receiver(receiver)
        try:
            with self.env.cr.savepoint():
                bill = receiver._receive_document(values, files)
        except UserError as error:
            # in the receiver's words, which are none of the sender's business
            _logger.warning("%s is not taken: %s", delivery, error, exc_info=True)
            raise UserError(delivery._get_not_taken_text()) from error
        # sudo: whom it comes from is written by nobody but the sending
        bill.sudo()._without_sync().invoice_received_delivery_id = delivery.id
        return bill

    def _check_receiving_company(self):
        """:raise UserError: where the company receives nothing, and why"""
        company = self.receiving_company_id
        if problem := company._get_invoice_network_problem(self.company_id):
            raise UserError(problem)
        user = company.invoice_receive_user_id
        if company._get_invoice_receive_user_problem(user):
            raise UserError(
                self.env._(
                    "%(company)s can't take %(document)s: the user as whom its bills "
                    "are made lacks access to the company or the invoicing rights. Ask "
                    "it to look at “Received documents” in its settings of Invoicing.",
                    **self._get_bring_words(),
                )
            )

    def _check_receiver(self, receiver):
        """Find what is missing most often, so that it can be said in words.

        :param receiver: from ``_get_receiver``
        :raise UserError: where there is no purchase journal, or the sender's contact is
            hidden from the company
        """
        words = self._get_bring_words()
        company = self.receiving_company_id
        Journal = receiver.env["account.journal"]
        own = Domain(Journal._check_company_domain(company))
        if not Journal.search_count(own & Domain("type", "=", "purchase"), limit=1):
            raise UserError(
                self.env._(
                    "%(company)s can't take %(document)s: it has no purchase journal. "
                    "Ask its accountant to make one, then send it again.",
                    **words,
                )
            )
        partner = self.company_id.partner_id
        if not partner.with_env(receiver.env).has_access("read"):
            raise UserError(
                self.env._(
                    "%(company)s can't take %(document)s: it does not see the contact "
                    "%(sender)s. Let the contact belong to no company, then send it "
                    "again.",
                    sender=partner.name,
                    **words,
                )
            )

    def _get_bring_words(self):
        company, document = self.receiving_company_id.name, self.move_id.name
        return {"company": company, "document": document}

    def _get_not_taken_text(self):
        """:return: what the sender reads, whatever the receiver's rules said"""
        return self.env._(
            "%(company)s can't take %(document)s: its accounting refuses the bill. Ask "
            "its accountant to look at the purchase journal, and whether the user "
            "chosen under “Received documents” may use it; then send it again.",
            **self._get_bring_words(),
        )

    def _lock_document_to_bring(self):
        """Let two sendings of one document make one bill.

        An UPDATE, not a lock alone: who waited for it began before the first one's bill
        could be seen, and PostgreSQL then makes him begin anew.
        """
        self.env.flush_all()
        # raw SQL: the ORM has no UPDATE that changes nothing
        self.env.cr.execute(
            SQL(
                "UPDATE account_move SET write_date = write_date WHERE id = %s",
                self.move_id.id,
            )
        )

    def _get_receiver(self):
        """:return: documents as the receiving company's chosen user sees them

        Nothing of the sender's context goes along: no defaults, no other companies.
        """
        company = self.receiving_company_id
        user = company.invoice_receive_user_id
        context = {
            "allowed_company_ids": company.ids,
            "lang": user.lang,
            "tz": user.tz,
            # files come with values that were read already: nothing is read from them
            "disable_attachment_import": True,
        }
        return self.env["account.move"].with_env(
            self.env(user=user.id, su=False, context=context)
        )

    # -- the sender's document in plain values -----------------------------------------

    def _read_document_to_bring(self):
        """:return: what the bill is made of; ``version`` tells whether it changed

        :rtype: dict
        """
        move = self.move_id
        values = {
            "move_type": RECEIVED_MOVE_TYPES[move.move_type],
            "number": move.name,
            "partner_id": move.company_id.partner_id.id,
            "currency_id": move.currency_id.id,
            "invoice_date": fields.Date.to_string(move.invoice_date),
            "invoice_date_due": fields.Date.to_string(move.invoice_date_due),
            "payment_reference": move.payment_reference or "",
            "narration": move.narration or "",
            "partner_bank_id": move.partner_bank_id.id,
            "reversed_id": move.reversed_entry_id.id,
            "cash_rounding_id": move.invoice_cash_rounding_id.id,
            "rounding": self._read_rounding(),
            "amount_total": move.amount_total,
            "amount_tax": move.amount_tax,
            "lines": self._read_lines_to_bring(),
        }
        text = json.dumps(values, sort_keys=True)
        values["version"] = hashlib.sha256(text.encode()).hexdigest()
        values["move_id"] = move.id
        values["company_name"] = move.company_id.name
        return values

    def _read_rounding(self):
        """:return: what cash rounding adds to the total, in the document's currency"""
        move = self.move_id
        lines = move.line_ids.filtered(lambda line: line.display_type == "rounding")
        return move.direction_sign * sum(lines.mapped("amount_currency"))

    def _read_lines_to_bring(self):
        lines = self.move_id.invoice_line_ids
        lines = lines.sorted(lambda line: (line.sequence, line.id))
        return [self._read_line_to_bring(line) for line in lines]

    def _read_line_to_bring(self, line):
        """:return: one line; its price as it is without the taxes that it includes

        :rtype: dict
        """
        taxes = line.tax_ids._get_tax_details(
            line.price_unit,
            1.0,
            rounding_method="round_globally",
            product=line.product_id,
            product_uom=line.product_uom_id,
        )
        return {
            "display_type": line.display_type,
            "name": line.name or "",
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "quantity": line.quantity,
            "discount": line.discount,
            "net_price": taxes["total_excluded"],
            "net_amount": line.price_subtotal,
        }

    def _read_files_to_bring(self):
        """:return: the legal PDF, made now where it is missing, then its companions

        :rtype: list[dict]: values of attachments
        :raise UserError: where there is no PDF
        """
        pdf = self.move_id._ensure_invoice_pdf()
        if not pdf:
            raise UserError(
                self.env._(
                    "The PDF of %(document)s could not be made, so %(company)s did not "
                    "get it: print the document to see what is wrong, then send it "
                    "again.",
                    **self._get_bring_words(),
                )
            )
        files = self.env["account.move.send"]._get_invoice_extra_attachments(
            self.move_id
        )
        return [
            {"name": file.name, "mimetype": file.mimetype, "raw": file.raw}
            for file in pdf | files
        ]


class InvoiceDeliveryEvent(models.Model):
    """What is said of a document that went to a company of this database."""

    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    def _get_people_texts(self, words):
        # EXTENDS 'invoice_send_client'
        texts = super()._get_people_texts(words)
        # sudo: the sender reads the name alone of the other company
        if company := self.delivery_id.sudo().receiving_company_id:
            words = {"name": self.answer_name or company.name, "company": company.name}
            texts["view"] = self.env._("Viewed by %(name)s, %(company)s", **words)
        return texts

    def _get_client_text(self):
        # EXTENDS 'invoice_send_client'
        # sudo: the sender reads the name alone of the other company
        company = self.delivery_id.sudo().receiving_company_id
        if company and self.answer_name:
            words = {"name": self.answer_name, "company": company.name}
            return self.env._("%(name)s, %(company)s", **words)
        return super()._get_client_text()
