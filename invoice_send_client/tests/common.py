"""What the in-Odoo tests share: an invoice to send and a mail server that answers."""

import smtplib
from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..const import PUBLIC_URL_PARAMETER

BASE_URL = "https://invoices.example.com"
#: Kinds of users whose rights differ, and the group that makes them so.
GROUPS = {
    "biller": "account.group_account_invoice",
    "reader": "account.group_account_readonly",
    "portal": "base.group_portal",
    "plain": "base.group_user",
}


class Session:
    """An SMTP session that takes mails or answers as told.

    :param list taken: takes ``(recipients, message)`` of each mail that went through
    :param dict answers: address -> ``(code, words)`` at RCPT, or an exception
    """

    def __init__(self, taken, answers):
        self.taken, self.answers = taken, answers

    def send_message(self, message, _sender, recipients):
        """Stand in for ``smtplib.SMTP.send_message``."""
        answers = {to: self.answers[to] for to in recipients if to in self.answers}
        for answer in answers.values():
            if isinstance(answer, Exception):
                raise answer
        if len(answers) == len(recipients):
            raise smtplib.SMTPRecipientsRefused(answers)
        taken = [recipient for recipient in recipients if recipient not in answers]
        self.taken.append((taken, message))
        return answers

    def send(self, _data):
        """Stand in for ``smtplib.SMTP.send``."""

    def set_debuglevel(self, _level):
        """Stand in for ``smtplib.SMTP.set_debuglevel``."""

    def ehlo_or_helo_if_needed(self):
        """Stand in for ``smtplib.SMTP.ehlo_or_helo_if_needed``."""

    def noop(self):
        """Stand in for ``smtplib.SMTP.noop``: the session is alive."""
        return 250, b"OK"

    def quit(self):
        """Stand in for ``smtplib.SMTP.quit``."""


class InvoiceSendCase(AccountTestInvoicingCommon):
    """A company that sends by link, a customer, a mail server of one's own."""

    #: Whether a pass of the cron makes the PDFs that no mail waited for: most tests
    #: have no use for them, and they take longer than everything else.
    makes_pdfs = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.makes_pdfs:
            Line = type(cls.env["invoice.send.run.line"])
            cls.classPatch(Line, "_find_due_pdfs", lambda line, _others: line.browse())
        parameters = cls.env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", BASE_URL)
        parameters.set_param(PUBLIC_URL_PARAMETER, BASE_URL)
        cls.company = cls.company_data["company"]
        cls.company.write(
            {
                "name": "Seller SRL",
                "email": "office@seller.example",
                "invoice_undo_seconds": 0,  # tests of the pause say so themselves
            }
        )
        cls.env["ir.mail_server"].create(
            {"name": "Test", "smtp_host": "127.0.0.1", "smtp_encryption": "none"}
        )
        cls.partner_a.write({"name": "Alfa SRL", "email": "ana@alfa.example"})

    @contextmanager
    def mail_server(self, answers=None):
        """Let mails leave, to a server that answers as told.

        :param dict answers: see :class:`Session`
        :return: the list of mails that it took
        """
        taken = []
        MailServer = self.env["ir.mail_server"]
        with (
            patch("smtplib.SMTP", lambda *_a, **_k: Session(taken, answers or {})),
            patch.object(type(MailServer), "_disable_send", lambda _self: False),
        ):
            yield taken

    def make_invoice(self, **values):
        """:return: a posted customer invoice"""
        return self.init_invoice(
            "out_invoice", partner=self.partner_a, amounts=[100.0], post=True, **values
        )

    def make_wizard(self, move, **values):
        """:return: the send window of one document, e-mail ticked"""
        return (
            move.env["account.move.send.wizard"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"sending_methods": ["email"], **values})
        )

    def send(self, move, answers=None, **values):
        """Press Send.

        :return: the mails that the server took
        """
        with self.mail_server(answers) as taken:
            self.make_wizard(move, **values).action_send_and_print()
        return taken

    def make_delivery(self, move=None, **values):
        """:return: a delivery that belongs to no run"""
        move = move or self.make_invoice()
        # sudo: deliveries have no writer but the sending
        return (
            self.env["invoice.delivery"]
            .sudo()
            .create({"move_id": move.id, "email": "ana@alfa.example", **values})
        )
