from odoo import api, models

from ..const import DELIVERY_PROBLEMS
from ..tools import addresses
from .account_move_send_review import ReviewRow

#: Failures after which an address is not written to again by itself; whatever else
#: went wrong had nothing to do with the address.
WRONG_ADDRESS = ("address", "refused")


class AccountMoveSend(models.AbstractModel):
    """Prepares reminders: to whom, with which letter, and whether they can go (B30).

    A number of queries that does not depend on that of the documents.
    """

    # one model, several concerns: the sending itself stands in account_move_send.py
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _prepare_reminders(self, moves, kind):
        """Give settings for ``invoice.send.run._create_for_moves``.

        That a document was sent before, which a person is warned of, is what a
        reminder is about; nobody, and no address that sent a mail back, is written to
        twice in the same moment.

        :param moves: documents of one company, by its rules due for a reminder
        :param str kind: of ``const.REMINDER_TYPES``
        :return: settings by document, of those whose client can be reminded
        :rtype: dict
        """
        rows = self._prepare_reminder_rows(moves, kind)
        if not rows:
            return {}
        facts = self._get_review_facts(rows)
        good = [row for row in rows if self._is_reminder_possible(row, facts)]
        settings = self.env["invoice.send.request"]._get_settings(good)
        # the e-invoice went with the document itself
        own = {"reminder_type": kind, "waits_for_edi": False}
        return {move: {**data, **own} for move, data in settings.items()}

    @api.model
    def _prepare_reminder_rows(self, moves, kind):
        """:return: a row for each document that has a letter and somebody to get it

        :param moves: documents of one company
        :param str kind: of ``const.REMINDER_TYPES``
        :rtype: list[ReviewRow]
        """
        recipients = self._find_last_recipients(moves)
        letters = self._find_reminder_letters(recipients, kind)
        with self._ask_no_network(moves):
            return [
                self._prepare_reminder_row(move, deliveries, *letters[move])
                for move, deliveries in recipients.items()
                if letters[move][0]
                # a person has to look first, who may find the client by other ways
                and not (kind == "unread" and self._has_failed(deliveries))
            ]

    @api.model
    def _has_failed(self, deliveries):
        counted = deliveries.filtered(lambda delivery: not delivery.is_internal)
        return bool(set(counted.mapped("state")) & set(DELIVERY_PROBLEMS))

    @api.model
    def _find_last_recipients(self, moves):
        """Find whom each document was sent to last, as their addresses were corrected.

        :param moves: the documents
        :return: ``invoice.delivery`` of To and CC by document, in their order
        :rtype: dict
        """
        # sudo: deliveries have no reader but accountants
        deliveries = self.env["invoice.delivery"].sudo()
        current = deliveries.search(
            [
                ("move_id", "in", moves.ids),
                ("is_current", "=", True),
                ("role", "in", ("to", "cc")),
                ("state", "!=", "cancel"),
            ],
            order="id",
        )
        found = {}
        for own in current.grouped("move_id").values():
            counted = own.filtered(lambda delivery: not delivery.is_internal)
            last = counted[-1:].line_id
            move = own.move_id.with_env(moves.env)
            found[move] = own.filtered(lambda d, last=last: d.line_id == last)
        return {move: found[move] for move in moves if move in found}

    @api.model
    def _find_reminder_letters(self, recipients, kind):
        """:return: letter and language by document: the language in which the client
            was written to

        :param dict recipients: ``invoice.delivery`` by document
        :param str kind: of ``const.REMINDER_TYPES``
        :rtype: dict[account.move, tuple]
        """
        keys = {
            move: (
                move.company_id.id,
                kind,
                deliveries[:1].lang or self._get_wanted_mail_lang(move),
            )
            for move, deliveries in recipients.items()
        }
        letters = self.env["invoice.send.template"]._get_letters_by_key(keys.values())
        return {move: letters[key] for move, key in keys.items()}

    @api.model
    def _prepare_reminder_row(self, move, deliveries, letter, lang):
        """:return: what would be sent: the mail alone, as a link where that is possible

        :param move: the document
        :param deliveries: ``invoice.delivery`` of its last sending
        :param letter: ``invoice.send.template``
        :param str lang: of the mail
        :rtype: ReviewRow
        """
        company, template = move.company_id, letter.mail_template_id.with_env(self.env)
        mode = "link" if company._is_invoice_link_public() else "attachment"
        row = ReviewRow(
            move_id=move,
            constraint=self._get_constraint(move),
            sending_methods=["email"],
            mail_template_id=template,
            mail_lang=lang,
            document_mode=mode,
            other_file_size=sum(template.attachment_ids.mapped("file_size")),
        )
        if not move.invoice_pdf_report_id:
            # whoever makes the PDF makes it as it was to be made at Send
            row.invoice_edi_format = self._get_default_invoice_edi_format(
                move, sending_methods={"email"}
            )
        self._fill_reminder_addresses(row, deliveries)
        return row

    @api.model
    def _fill_reminder_addresses(self, row, deliveries):
        """Fill in To and CC: not those who were not reached, nor whose link a user
        revoked.

        :param ReviewRow row: what would be sent
        :param deliveries: ``invoice.delivery`` of the last sending
        """
        asked = deliveries.filtered(
            lambda d: (
                d.is_link_alive
                and d.state != "bounce"
                and d.failure_type not in WRONG_ADDRESS
            )
        )
        row.mail_partner_ids = asked.partner_id.ids
        for role in ("to", "cc"):
            shown = [
                addresses.Address(*delivery._get_recipient()).shown
                for delivery in asked
                if delivery.role == role
            ]
            setattr(row, f"email_{role}", "; ".join(shown))

    @api.model
    def _is_reminder_possible(self, row, facts):
        """Leave out addresses whose last mail came back, then ask what Send would ask.

        :param ReviewRow row: what would be sent
        :param ReviewFacts facts: about all rows
        :return: whether it can go
        :rtype: bool
        """
        for name in ("email_to", "email_cc"):
            kept = [
                found.shown
                for found in addresses.parse(getattr(row, name))[0]
                if found.email not in facts.bounced_emails
            ]
            setattr(row, name, "; ".join(kept))
        return (
            row.move_id.id not in facts.being_sent
            and row.move_id._is_ready_to_be_sent()
            and not self._get_review_block(row, facts)
        )
