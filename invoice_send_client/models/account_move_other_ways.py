from typing import NamedTuple

from odoo import fields, models
from odoo.tools import html2plaintext

#: ``peppol_move_state`` -> kind; the others: nothing was sent.
PEPPOL_KINDS = {
    "to_send": "waiting",
    "skipped": "failed",
    "processing": "waiting",
    "done": "sent",
    "error": "failed",
}
#: ``l10n_ro_edi_state`` -> kind.
E_FACTURA_KINDS = {
    "invoice_not_indexed": "waiting",
    "invoice_sent": "waiting",
    "invoice_validated": "sent",
    "invoice_refused": "failed",
}
#: State of ``snailmail.letter`` -> kind.
POST_KINDS = {
    "pending": "waiting",
    "sent": "sent",
    "error": "failed",
    "canceled": "cancelled",
}


class OtherWay(NamedTuple):
    """How a document stands with a way of sending that is Odoo's own.

    :ivar str key: tells it from the document's other ways
    :ivar str name: the way, as people call it
    :ivar str kind: ``waiting``, ``sent``, ``failed``, ``cancelled``
    :ivar str label: the state, in the words of the app that sends
    :ivar str recipient: who gets it, empty where that is the customer
    :ivar datetime time: since when it stands so, or when it was handed over, as far as
        that is kept
    :ivar str problem: what went wrong, in words
    """

    key: str
    name: str
    kind: str
    label: str
    recipient: str = ""
    time: object = False
    problem: str = ""

    def to_panel(self):
        """:return: plain values for the panel on the invoice"""
        values = self._asdict()
        values["datetime"] = fields.Datetime.to_string(values.pop("time"))
        return values


class AccountMove(models.Model):
    """How a document stands with Peppol, e-Factura and post (R9).

    They stay Odoo's own: what their apps keep is read here and never written. An app
    is told by its fields, so that none has to be installed. Another app adds itself by
    extending ``_get_invoice_other_ways``.
    """

    # one model, several concerns: what is sent to whom stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    def _get_invoice_other_ways(self):
        """:return: by document id how it stands with each way that it went

        The number of queries does not depend on the number of documents.

        :rtype: dict[int, list[OtherWay]]
        """
        ways = {move.id: [] for move in self}
        for move in self:
            ways[move.id] += move._get_peppol_ways() + move._get_e_factura_ways()
        for letter in self._find_invoice_letters():
            ways[letter.res_id].append(self._get_letter_way(letter))
        return ways

    def _describe_invoice_other_ways(self):
        """:return: by document id how it stands with each way, in one line

        :rtype: dict[int, str]
        """
        return {
            move_id: "; ".join(
                ": ".join(filter(None, [f"{way.name}: {way.label}", way.problem]))
                for way in ways
            )
            for move_id, ways in self._get_invoice_other_ways().items()
        }

    def _get_state_label(self, name):
        """:return: the label of a selection field's value, in the reader's language"""
        labels = dict(self._fields[name]._description_selection(self.env))
        return labels.get(self[name], "")

    def _get_peppol_ways(self):
        if "peppol_move_state" not in self._fields:
            return []
        state = self.peppol_move_state
        if state not in PEPPOL_KINDS:
            return []
        label = self._get_state_label("peppol_move_state")
        # sudo: when a document was sent that the user may read; Peppol keeps no time
        lines = self.sudo().invoice_send_line_ids
        lines = lines.filtered(lambda line: "peppol" in (line.sending_methods or []))
        answer = self._get_peppol_answer(state)
        way = OtherWay(
            "peppol",
            answer.name,
            PEPPOL_KINDS[state],
            label,
            time=max(lines.mapped("create_date"), default=False),
            problem=answer.words,
        )
        return [way]

    def _get_e_factura_ways(self):
        if "l10n_ro_edi_state" not in self._fields or not self.l10n_ro_edi_state:
            return []
        # sudo: the answer of a document that the user may read
        last = self.sudo().l10n_ro_edi_document_ids.sorted()[:1]
        way = OtherWay(
            "e_factura",
            self._get_e_factura_answer().name,
            E_FACTURA_KINDS.get(self.l10n_ro_edi_state, "waiting"),
            self._get_state_label("l10n_ro_edi_state"),
            time=last.datetime,
            problem=self._get_e_factura_answer().words,
        )
        return [way]

    def _find_invoice_letters(self):
        """:return: the letters that went by post, oldest first; nothing where the app
            of post is not installed

        :rtype: snailmail.letter
        """
        if "snailmail.letter" not in self.env:
            return []
        # sudo: what became of documents that the user may read
        return (
            self.env["snailmail.letter"]
            .sudo()
            .search(
                [("model", "=", self._name), ("res_id", "in", self.ids)], order="id"
            )
        )

    def _get_letter_way(self, letter):
        """:return: how a letter by post stands

        :param letter: ``snailmail.letter``
        :rtype: OtherWay
        """
        labels = dict(letter._fields["state"]._description_selection(self.env))
        has_failed = letter.state == "error"
        return OtherWay(
            f"post_{letter.id}",
            self.env._("Post"),
            POST_KINDS.get(letter.state, "waiting"),
            labels.get(letter.state, ""),
            recipient=letter.partner_id.display_name,
            time=letter.write_date,
            problem=html2plaintext(letter.info_msg or "") if has_failed else "",
        )
