import secrets
from datetime import timedelta

import requests

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import consteq
from odoo.tools.misc import hash_sign, hmac, verify_hash_signed

from ..const import (
    COMPANY_DOCUMENT_MODES,
    COPY_MODES,
    PUBLIC_URL_PARAMETER,
    RETRY_MINUTES,
    SELF_CHECK_ANSWER,
    SELF_CHECK_QUESTION,
)
from ..tools import addresses, public_url

#: Seconds that the self-check waits for its own server.
SELF_CHECK_TIMEOUT = 10


class ResCompany(models.Model):
    """How a company sends its invoices to clients."""

    _inherit = "res.company"

    invoice_document_mode = fields.Selection(
        COMPANY_DOCUMENT_MODES,
        string="Send invoices as",
        required=True,
        default="link",
    )
    invoice_email_by_default = fields.Boolean(
        string="E-mail ticked by default",
        default=True,
        help="Post, Peppol and e-Factura keep Odoo's own defaults.",
    )
    invoice_network_by_default = fields.Boolean(
        string="Client network ticked by default",
        default=True,
        help="For customers without a way of sending of their own.",
    )
    invoice_send_on_confirm = fields.Boolean(string="Send when confirmed")
    invoice_wait_for_edi = fields.Boolean(string="Mail waits for the e-invoice")
    invoice_copy_mode = fields.Selection(
        COPY_MODES,
        string="Several recipients",
        required=True,
        default="personal",
    )
    invoice_sender_name = fields.Char(
        string="Sender name", help="Used where no user presses Send."
    )
    invoice_sender_email = fields.Char(
        string="Sender address", help="Empty: the company's address."
    )
    invoice_mail_server_id = fields.Many2one(
        "ir.mail_server",
        string="Mail server for invoices",
        domain=[("owner_user_id", "=", False)],
    )
    invoice_track_open = fields.Boolean(string="Picture tracking")

    invoice_retry_minutes = fields.Char(
        string="Pauses between attempts",
        required=True,
        default=lambda self: ", ".join(map(str, RETRY_MINUTES)),
    )
    invoice_undo_seconds = fields.Integer(string="Undo pause", default=10)
    _invoice_undo_seconds_range = models.Constraint(
        "CHECK (invoice_undo_seconds BETWEEN 0 AND 600)",
        "The undo pause is between 0 and 600 seconds (0 means no pause).",
    )

    # -- link or attachment ------------------------------------------------------------

    def _get_invoice_document_mode(self):
        """:return: ``link`` or ``attachment``: what the company's setting means now

        Link mode needs an address that clients reach (requirements D2): a dead link is
        worse than a file.
        """
        self.ensure_one()
        mode = self.invoice_document_mode
        if mode == "automatic":
            mode = "attachment" if self.invoice_mail_server_id else "link"
        if mode == "link" and not self._is_invoice_link_public():
            return "attachment"
        return mode

    def _is_invoice_link_public(self):
        """:return: whether the base address was confirmed from outside (D2)"""
        url, confirmed = self._get_invoice_public_urls()
        return bool(confirmed) and confirmed == url

    @api.model
    def _get_invoice_public_urls(self):
        """:return: the base address in use and the one that was confirmed

        :rtype: tuple[str, str]
        """
        # both are addresses that every client sees
        # sudo: system parameters are not readable by users
        parameters = self.env["ir.config_parameter"].sudo()
        return (
            parameters.get_param("web.base.url", ""),
            parameters.get_param(PUBLIC_URL_PARAMETER, ""),
        )

    def _get_invoice_link_problem(self):
        """Say why clients can't be given a link now; nothing is asked of the internet.

        :return: the reason in words, ``""`` where link mode holds
        :rtype: str
        """
        if self._is_invoice_link_public():
            return ""
        url, confirmed = self._get_invoice_public_urls()
        if problem := self._get_url_problem(url):
            return problem
        if confirmed:
            return self.env._(
                "The address changed to %(url)s since %(confirmed)s was confirmed.",
                url=url,
                confirmed=confirmed,
            )
        return self.env._("It was not checked yet that clients reach %s.", url)

    @api.model
    def _get_url_problem(self, url):
        """:return: what is wrong with an address as it is written, in words, or ``""``

        :param str url: the base address
        :rtype: str
        """
        problem = public_url.find_problem(url)
        if problem == "local":
            return self.env._(
                "%s is an address of the local network, where clients can't reach it.",
                url,
            )
        if problem == "insecure":
            return self.env._("%s is not encrypted: it must begin with https://.", url)
        if problem:
            return self.env._("“%s” is not a web address.", url or "")
        return ""

    # -- is the address public? asked of the internet, only on the button --------------

    def _confirm_invoice_public_url(self):
        """Check from outside that clients reach the base address, and remember it (D2).

        :return: the address that was confirmed
        :rtype: str
        :raise UserError: with the reason, where they don't
        :raise AccessError: for users who may not change settings
        """
        parameters = self.env["ir.config_parameter"]
        parameters.check_access("write")
        url, _confirmed = self._get_invoice_public_urls()
        if problem := self._check_public_url(url) or self._run_self_check(url):
            raise UserError(
                self.env._(
                    "%(problem)s\n\n%(consequence)s",
                    problem=problem,
                    consequence=self._get_unconfirmed_consequence(),
                )
            )
        parameters.set_param(PUBLIC_URL_PARAMETER, url)
        return url

    def _get_unconfirmed_consequence(self):
        """:return: what a check that failed means for the next invoices, in words"""
        if self._is_invoice_link_public():
            return self.env._(
                "The address was confirmed before, so links are still sent. If clients "
                "can't open them either, choose attachments."
            )
        return self.env._(
            "The address is not confirmed, so invoices leave with the PDF attached."
        )

    @api.model
    def _check_public_url(self, url):
        """Look the address's host up: it must be one of the internet's.

        :param str url: the base address
        :return: what is wrong, in words, or ``""``
        :rtype: str
        """
        if problem := self._get_url_problem(url):
            return problem
        ips = public_url.find_ips(url)
        private = [ip for ip in ips if not public_url.is_public_ip(ip)]
        if not ips:
            return self.env._("The internet knows no host of the name in %s.", url)
        if private:
            return self.env._(
                "%(url)s leads to %(ips)s, a private address that clients can't reach.",
                url=url,
                ips=", ".join(private),
            )
        return ""

    @api.model
    def _run_self_check(self, url):
        """Fetch one page of this database under the address, as a client would.

        :param str url: the base address; its host is not judged here
        :return: what went wrong, in words, or ``""``
        :rtype: str
        """
        nonce = self._make_self_check_nonce()
        try:
            response = requests.get(
                f"{url}/invoice/selfcheck/{nonce}",
                timeout=SELF_CHECK_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return self._get_fetch_problem(url, error)
        if response.is_redirect:
            return self.env._(
                "%(url)s sends its visitors on to %(target)s.",
                url=url,
                target=response.headers["Location"].partition("/invoice/")[0],
            )
        answer = self._get_self_check_answer(nonce)
        if not consteq(response.content, answer.encode()):
            return self.env._(
                "Something else than this database answers at %(url)s (HTTP %(code)s).",
                url=url,
                code=response.status_code,
            )
        return ""

    @api.model
    def _get_fetch_problem(self, url, error):
        """:return: why nothing could be fetched, in words

        :param str url: the base address
        :param requests.RequestException error: what was raised
        :rtype: str
        """
        if isinstance(error, requests.exceptions.SSLError):
            return self.env._(
                "The certificate of %(url)s is not valid: %(error)s",
                url=url,
                error=error,
            )
        if isinstance(error, requests.Timeout):
            return self.env._(
                "%(url)s did not answer within %(seconds)s seconds.",
                url=url,
                seconds=SELF_CHECK_TIMEOUT,
            )
        return self.env._("Nobody answers at %(url)s: %(error)s", url=url, error=error)

    @api.model
    def _make_self_check_nonce(self):
        """:return: a question that only this database asks and that dies in a minute"""
        # sudo: signing needs the database's secret; only the signature leaves
        return hash_sign(
            self.sudo().env,
            SELF_CHECK_QUESTION,
            secrets.token_urlsafe(16),
            expiration=timedelta(minutes=1),
        )

    @api.model
    def _get_self_check_answer(self, nonce):
        """Answer the question of a self-check.

        :param str nonce: what came with the request, anything
        :return: the answer, ``""`` where this database didn't ask
        :rtype: str
        """
        # sudo: signing needs the database's secret; only the signature leaves
        env = self.sudo().env
        try:
            asked = verify_hash_signed(env, SELF_CHECK_QUESTION, nonce)
        except ValueError:
            return ""
        return hmac(env, SELF_CHECK_ANSWER, nonce) if asked else ""

    # -- attempts ----------------------------------------------------------------------

    @api.constrains("invoice_retry_minutes")
    def _check_invoice_retry_minutes(self):
        for company in self:
            if not company._read_retry_minutes():
                raise ValidationError(
                    self.env._(
                        "“%s” are no pauses between attempts: write whole minutes "
                        "with commas, each between 1 and 1440, such as 1, 5, 15, 60.",
                        company.invoice_retry_minutes,
                    )
                )

    def _read_retry_minutes(self):
        """:return: the pauses as numbers, empty where something else is written there

        :rtype: tuple[int, ...]
        """
        words = (self.invoice_retry_minutes or "").replace(";", ",").split(",")
        words = [word.strip() for word in words]
        if not all(word.isascii() and word.isdigit() for word in words):
            return ()
        minutes = tuple(map(int, words))
        return minutes if all(1 <= m <= 1440 for m in minutes) else ()

    def _get_invoice_retry_minutes(self):
        """:return: minutes of the first pause between two attempts, the second ...

        :rtype: tuple[int, ...]
        """
        # sudo: how often is tried is no secret, and deliveries need not be readable
        return self.sudo()._read_retry_minutes() or RETRY_MINUTES

    # -- sender ------------------------------------------------------------------------

    @api.constrains("invoice_sender_email")
    def _check_invoice_sender_email(self):
        for company in self.filtered("invoice_sender_email"):
            email = company.invoice_sender_email
            if addresses.parse(email) != ([addresses.Address("", email.lower())], []):
                raise ValidationError(
                    self.env._(
                        "“%s” can't be the sender address of invoices: write one "
                        "e-mail address without a name, such as invoices@company.com.",
                        email,
                    )
                )

    def _get_invoice_sender(self, user):
        """Say who a letter comes from (requirements D6).

        :param user: the user who pressed Send, empty where nobody did
        :return: ``(name, address)``; the address is empty where only Odoo's own
            choice is left
        """
        self.ensure_one()
        name = user.name or self.invoice_sender_name or self.name
        return name, self.invoice_sender_email or self.email or ""

    def _get_invoice_mail_server_problem(self):
        """Try the mail server chosen for invoices, as a sending would (R49).

        :return: what is wrong and what to do, in words, or ``""``
        :rtype: str
        """
        self.ensure_one()
        server = self.invoice_mail_server_id.with_company(self)
        try:
            server.test_smtp_connection()
        except UserError as error:
            return self.env._(
                "The mail server “%(server)s” (%(host)s:%(port)s) did not pass the "
                "test.\n%(error)s\n\nCorrect the server or choose another one.",
                server=server.name,
                host=server.smtp_host,
                port=server.smtp_port,
                error=error,
            )
        return ""
