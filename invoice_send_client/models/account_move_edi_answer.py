import base64
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain


class EdiAnswer(NamedTuple):
    """What became of a document's e-invoice.

    :ivar str state: ``none`` (no e-invoice, or one that is never answered),
        ``waiting``, ``accepted``, ``refused``
    :ivar str name: who answers, as people call it
    :ivar str words: for the user: why it was refused, and what to do
    """

    state: str
    name: str = ""
    words: str = ""


#: What says more about the mail comes first: one refusal stops it, one that did not
#: answer yet holds it up.
ANSWER_ORDER = ("refused", "waiting", "accepted")

#: ``l10n_ro_edi_state`` -> state of the answer; the others wait.
E_FACTURA_ANSWERS = {"invoice_validated": "accepted", "invoice_refused": "refused"}

#: ``peppol_move_state`` -> state of the answer; the others were not sent.
PEPPOL_ANSWERS = {
    "to_send": "waiting",
    "processing": "waiting",
    "done": "accepted",
    "error": "refused",
}


class AccountMove(models.Model):
    """What tax office or network answered to a document's e-invoice (B29).

    The apps that send e-invoices are told by their fields, so that none of them has to
    be installed. Another app adds itself by extending ``_get_invoice_edi_answers``,
    ``_get_invoice_edi_answer_files``, ``_get_invoice_edi_names``,
    ``_get_invoice_edi_waiting_domain`` and ``_ask_invoice_edi_answer``.
    """

    # one model, several concerns: what was sent to whom stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    def _get_invoice_edi_answer(self, sending_methods=()):
        """Say what became of the document's e-invoice, from what is stored.

        :param sending_methods: the ways by which the document is being sent
        :return: the answer that decides over the mail: state, name, words
        :rtype: EdiAnswer
        """
        self.ensure_one()
        answers = self._get_invoice_edi_answers(sending_methods)
        for state in ANSWER_ORDER:
            found = [answer for answer in answers if answer.state == state]
            if found:
                names = ", ".join(answer.name for answer in found)
                words = "\n".join(answer.words for answer in found if answer.words)
                return EdiAnswer(state, names, words)
        return EdiAnswer("none")

    def _get_invoice_edi_answers(self, sending_methods):
        """:return: one answer for each app that sent an e-invoice of this document

        :param sending_methods: the ways by which the document is being sent
        :rtype: list[EdiAnswer]
        """
        answers = []
        if "l10n_ro_edi_state" in self._fields and self.l10n_ro_edi_state:
            answers.append(self._get_e_factura_answer())
        if "peppol_move_state" in self._fields:
            state = self.peppol_move_state
            # who sends by mail what Peppol could not deliver wants it to go
            if state in ("processing", "done") or "peppol" in sending_methods:
                answers.append(self._get_peppol_answer(state))
        return answers

    def _get_e_factura_answer(self):
        state, words = E_FACTURA_ANSWERS.get(self.l10n_ro_edi_state, "waiting"), ""
        if state == "refused":
            # sudo: the answer of a document that the user may send
            documents = self.sudo().l10n_ro_edi_document_ids
            words = self.env._(
                "“%(reasons)s” Correct it in a copy of the invoice and send that one.",
                reasons=" ".join(filter(None, documents.mapped("message"))),
            )
        return EdiAnswer(state, "e-Factura", words)

    def _get_peppol_answer(self, peppol_state):
        state, words = PEPPOL_ANSWERS.get(peppol_state, "none"), ""
        if state == "refused":
            words = self.env._(
                "Its own words stand in the messages of the invoice. Send it again, or "
                "by e-mail alone."
            )
        return EdiAnswer(state, "Peppol", words)

    def _get_invoice_edi_answer_files(self):
        """Give the files of the answer that accepted the document's e-invoice.

        :return: name and content of each; ANAF's signatures are named as it does it
        :rtype: list[tuple[str, bytes]]
        """
        self.ensure_one()
        if "l10n_ro_edi_state" not in self._fields:
            return []
        # sudo: the answer of a document that the user may send
        documents = self.sudo().l10n_ro_edi_document_ids
        files = []
        for document in documents.filtered(lambda d: d.state == "invoice_validated"):
            content = base64.b64decode(document.attachment or b"")
            # what l10n_ro_edi's nightly synchronization stores can't be read: it
            # writes the XML as if it were base64
            if content.lstrip().startswith(b"<"):
                index = self.l10n_ro_edi_index or document.key_download
                files.append((f"semnatura_{index}.xml", content))
        return files

    @api.model
    def _get_invoice_edi_names(self, sending_methods=None, extra_edis=None):
        """Say who would answer to e-invoices that are sent like this.

        :param sending_methods: ways of sending; without, all that are installed
        :param extra_edis: further e-invoices; without, all that are installed
        :rtype: list[str]
        """
        known = {
            "e-Factura": ("l10n_ro_edi_state", "ro_edi", extra_edis),
            "Peppol": ("peppol_move_state", "peppol", sending_methods),
        }
        return [
            name
            for name, (field_name, word, ticked) in known.items()
            if field_name in self._fields and (ticked is None or word in ticked)
        ]

    @api.model
    def _get_invoice_edi_waiting_domain(self):
        """:return: the domain of the documents whose e-invoice has no answer yet

        :rtype: Domain
        """
        domain = Domain.FALSE
        if "l10n_ro_edi_state" in self._fields:
            states = ("invoice_sent", "invoice_not_indexed")
            domain |= Domain("l10n_ro_edi_state", "in", states)
        if "peppol_move_state" in self._fields:
            domain |= Domain("peppol_move_state", "in", ("to_send", "processing"))
        return domain

    def _ask_invoice_edi_answer(self):
        """Ask for the answer that is still missing; it is stored by the app itself.

        What has no index yet can only be found by l10n_ro_edi's own synchronization.

        :raise Exception: whatever the app raises when it can't ask
        """
        self.ensure_one()
        move = self.with_company(self.company_id)
        if "l10n_ro_edi_state" in self._fields:
            if move.l10n_ro_edi_state == "invoice_sent":
                move._l10n_ro_edi_fetch_invoice_sent_documents()
        if "peppol_move_state" in self._fields:
            if move.peppol_move_state == "processing":
                # of its own it asks once a day; many documents are one question
                cron = self.env.ref("account_peppol.ir_cron_peppol_get_message_status")
                # sudo: scheduled actions are started by administrators alone
                cron.sudo()._trigger()

    def _cron_account_move_send(self, job_count=10):
        # EXTENDS 'account'
        self.env["invoice.send.run"]._wake_edi_answered()
        return super()._cron_account_move_send(job_count=job_count)
