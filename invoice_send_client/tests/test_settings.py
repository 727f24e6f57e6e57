import smtplib
import socket
from unittest.mock import Mock, patch

import requests
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..const import PUBLIC_URL_PARAMETER
from ..tools import public_url
from .common import BASE_URL, InvoiceSendCase

SMTP_LOGGER = "odoo.addons.base.models.ir_mail_server"


class TriedServer:
    """An SMTP session for connection tests.

    :param dict answers: command (``mail``, ``rcpt``, ``data``) -> answer
    """

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.senders = []

    def mail(self, sender):
        """Stand in for ``smtplib.SMTP.mail``."""
        self.senders.append(sender)
        return self.answers.get("mail", (250, b"OK"))

    def rcpt(self, _recipient):
        """Stand in for ``smtplib.SMTP.rcpt``."""
        return self.answers.get("rcpt", (250, b"OK"))

    def getreply(self):
        """Stand in for ``smtplib.SMTP.getreply``, asked after DATA alone."""
        return self.answers.get("data", (354, b"Go on"))

    def putcmd(self, command):
        """Stand in for ``smtplib.SMTP.putcmd``."""

    def send(self, data):
        """Stand in for ``smtplib.SMTP.send``."""

    def send_message(self, *args):
        """Fail: a test sends nothing."""
        raise AssertionError("A connection test sent a mail.")

    def set_debuglevel(self, level):
        """Stand in for ``smtplib.SMTP.set_debuglevel``."""

    def ehlo_or_helo_if_needed(self):
        """Stand in for ``smtplib.SMTP.ehlo_or_helo_if_needed``."""

    def close(self):
        """Stand in for ``smtplib.SMTP.close``."""


class SettingsCase(InvoiceSendCase):
    """An administrator who opens Settings > Invoicing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("base.group_system")
        cls.server = cls.env["ir.mail_server"].create(
            {
                "name": "Own server",
                "smtp_host": "smtp.seller.example",
                "smtp_port": 587,
                "smtp_encryption": "none",
            }
        )

    def open_settings(self):
        """:return: the settings page, as a form"""
        return Form(self.env["res.config.settings"])

    def set_parameter(self, key, value):
        """Set a system parameter."""
        self.env["ir.config_parameter"].set_param(key, value)

    def try_server(self, answer):
        """Let the connection test find a server.

        :param answer: a :class:`TriedServer`, or the exception raised on connecting
        """
        MailServer = type(self.env["ir.mail_server"])
        self.startPatcher(patch.object(MailServer, "_disable_send", lambda _self: 0))
        connect = Mock(side_effect=lambda *_args, **_kwargs: answer)
        if isinstance(answer, Exception):
            connect.side_effect = answer
        self.startPatcher(patch("smtplib.SMTP", connect))
        return connect


@tagged("-at_install", "post_install")
class TestModeSettings(SettingsCase):
    def test_settings_show_what_is_stored_and_store_what_is_chosen(self):
        with self.open_settings() as settings:
            self.assertEqual(settings.invoice_document_mode, "link")
            self.assertEqual(settings.invoice_copy_mode, "personal")
            self.assertFalse(settings.invoice_track_open)
            settings.invoice_document_mode = "automatic"
            settings.invoice_copy_mode = "shared"
            settings.invoice_sender_name = "Seller, invoices"
            settings.invoice_track_open = True
        self.assertRecordValues(
            self.company,
            [
                {
                    "invoice_document_mode": "automatic",
                    "invoice_copy_mode": "shared",
                    "invoice_sender_name": "Seller, invoices",
                    "invoice_track_open": True,
                }
            ],
        )

    def test_what_clients_may_do_is_shown_and_stored(self):
        with self.open_settings() as settings:
            self.assertTrue(settings.invoice_track_clients)
            self.assertEqual(settings.invoice_event_retention_days, 730)
            self.assertEqual(settings.invoice_link_expiry_days, 0)
            self.assertFalse(settings.invoice_accept_before_download)
            settings.invoice_event_retention_days = 90
            settings.invoice_internal_networks = "203.0.113.7, 192.168.0.0/24"
            settings.invoice_link_expiry_days = 60
            settings.invoice_accept_before_download = True
            settings.invoice_track_clients = False
            with self.assertRaisesRegex(AssertionError, "readonly"):
                settings.invoice_track_open = True
        self.assertRecordValues(
            self.company,
            [
                {
                    "invoice_track_clients": False,
                    "invoice_event_retention_days": 90,
                    "invoice_internal_networks": "203.0.113.7, 192.168.0.0/24",
                    "invoice_link_expiry_days": 60,
                    "invoice_accept_before_download": True,
                }
            ],
        )
        self.assertTrue(self.company._is_invoice_staff_address("192.168.0.9"))

    def test_network_that_is_none_is_named_and_nothing_is_saved(self):
        for text, wrong in (
            ("10.0.0.0/8, office", "“office”"),
            ("10.0.0.300\n10.0.0.1-9", "“10.0.0.300, 10.0.0.1-9”"),
            ("0.0.0.0/0", "“0.0.0.0/0”"),
        ):
            with (
                self.subTest(text),
                self.assertRaisesRegex(ValidationError, wrong),
                self.env.cr.savepoint(),
            ):
                self.company.invoice_internal_networks = text

    @mute_logger("odoo.sql_db")
    def test_days_below_zero_are_refused(self):
        for name in ("invoice_event_retention_days", "invoice_link_expiry_days"):
            with (
                self.subTest(name),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.company[name] = -1
                self.env.flush_all()

    def test_each_company_has_settings_of_its_own(self):
        other = self.env["res.company"].create({"name": "Other SRL"})
        with self.open_settings() as settings:
            settings.invoice_document_mode = "attachment"
            settings.invoice_sender_email = "invoices@seller.example"
        self.assertEqual(other.invoice_document_mode, "link")
        self.assertFalse(other.invoice_sender_email)
        self.env.user.company_ids += other
        theirs = Form(self.env["res.config.settings"].with_company(other))
        self.assertEqual(theirs.invoice_document_mode, "link")

    def test_trial_shows_the_mode_read_only(self):
        self.set_parameter("database.expiration_reason", "trial")
        settings = self.open_settings()
        self.assertTrue(settings.invoice_is_trial)
        with self.assertRaisesRegex(AssertionError, "readonly"):
            settings.invoice_document_mode = "attachment"

    def test_trial_refuses_attachments_on_the_server_too(self):
        self.set_parameter("database.expiration_reason", "trial")
        for mode in ("attachment", "automatic"):
            with self.assertRaisesRegex(ValidationError, "on trial"):
                self.env["res.config.settings"].create({"invoice_document_mode": mode})

    def test_trial_keeps_every_other_setting_open(self):
        self.set_parameter("database.expiration_reason", "trial")
        with self.open_settings() as settings:
            settings.invoice_track_open = True
        self.assertTrue(self.company.invoice_track_open)

    def test_no_trial_without_or_after_the_contract_says_so(self):
        self.assertFalse(self.open_settings().invoice_is_trial)
        self.set_parameter("database.expiration_reason", "renewal")
        with self.open_settings() as settings:
            self.assertFalse(settings.invoice_is_trial)
            settings.invoice_document_mode = "attachment"
        self.assertEqual(self.company.invoice_document_mode, "attachment")

    def test_only_administrators_change_settings(self):
        accountant = new_test_user(
            self.env, login="accountant", groups="account.group_account_manager"
        )
        Settings = self.env["res.config.settings"].with_user(accountant)
        with self.assertRaises(AccessError):
            Settings.create({"invoice_document_mode": "attachment"})


@tagged("-at_install", "post_install")
class TestSenderSettings(SettingsCase):
    def test_sender_address_is_one_plain_address(self):
        for wrong in (
            "invoices",
            "Seller <invoices@seller.example>",
            "a@seller.example; b@seller.example",
            "invoices@seller.example\nBcc: x@evil.example",
            " invoices@seller.example",
        ):
            with (
                self.subTest(wrong),
                self.assertRaisesRegex(ValidationError, "write one e-mail address"),
                self.env.cr.savepoint(),
            ):
                self.company.invoice_sender_email = wrong

    def test_sender_address_may_be_international_or_empty(self):
        for right in ("Invoices@Seller.example", "facturi@călătorii.example", False):
            self.company.invoice_sender_email = right
            self.assertEqual(self.company.invoice_sender_email, right)

    def test_chosen_server_is_tried_with_the_sender_when_saved(self):
        session = TriedServer()
        connect = self.try_server(session)
        with self.open_settings() as settings:
            settings.invoice_sender_email = "invoices@seller.example"
            settings.invoice_mail_server_id = self.server
        self.assertEqual(connect.call_args.args[:2], ("smtp.seller.example", 587))
        self.assertEqual(set(session.senders), {"invoices@seller.example"})
        self.assertEqual(self.company.invoice_mail_server_id, self.server)

    @mute_logger(SMTP_LOGGER)
    def test_server_out_of_reach_is_refused_in_words_and_the_form_stays(self):
        self.try_server(ConnectionRefusedError(111, "Connection refused"))
        settings = self.open_settings()
        settings.invoice_sender_name = "Seller, invoices"
        settings.invoice_mail_server_id = self.server
        with self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
            settings.save()
        message = str(caught.exception)
        self.assertIn("“Own server” (smtp.seller.example:587)", message)
        self.assertIn("Connection refused", message)
        self.assertIn("Correct the server or choose another one", message)
        self.assertFalse(self.company.invoice_mail_server_id)
        settings.invoice_mail_server_id = self.env["ir.mail_server"]
        settings.save()
        self.assertEqual(self.company.invoice_sender_name, "Seller, invoices")

    def test_sender_refused_by_the_server_is_named(self):
        self.company.invoice_mail_server_id = self.server
        self.try_server(TriedServer({"mail": (553, b"Not yours")}))
        settings = self.open_settings()
        settings.invoice_sender_email = "invoices@other.example"
        with self.assertRaisesRegex(ValidationError, "invoices@other.*Not yours"):
            settings.save()

    def test_server_is_left_alone_when_other_settings_are_saved(self):
        self.company.invoice_mail_server_id = self.server
        connect = self.try_server(smtplib.SMTPServerDisconnected("asked in vain"))
        with self.open_settings() as settings:
            settings.invoice_track_open = True
        connect.assert_not_called()

    def test_test_button_says_how_it_went_and_sends_nothing(self):
        self.company.invoice_sender_email = "invoices@seller.example"
        self.company.invoice_mail_server_id = self.server
        session = TriedServer()
        self.try_server(session)
        action = self.open_settings().save().action_test_invoice_mail_server()
        self.assertEqual(action["params"]["type"], "success")
        for word in ("Own server", "invoices@seller.example"):
            self.assertIn(word, action["params"]["message"])
        session.answers = {"rcpt": (550, b"No relay")}
        with self.assertRaisesRegex(UserError, "No relay"):
            self.open_settings().save().action_test_invoice_mail_server()

    def test_sender_outside_the_servers_filter_is_warned_of(self):
        self.server.from_filter = "other.example, boss@seller.example"
        settings = self.open_settings()
        self.assertFalse(settings.invoice_sender_warning)
        settings.invoice_mail_server_id = self.server
        for word in ("Own server", "other.example", "office@seller.example"):
            self.assertIn(word, settings.invoice_sender_warning)
        settings.invoice_sender_email = "invoices@other.example"
        self.assertFalse(settings.invoice_sender_warning)

    def test_server_that_sends_invoices_can_not_be_archived(self):
        self.company.invoice_mail_server_id = self.server
        with self.assertRaisesRegex(UserError, "Seller SRL"):
            self.server.active = False


@tagged("-at_install", "post_install")
class TestPublicUrlSettings(SettingsCase):
    def set_url(self, url, confirmed=False):
        """Set the base address, and the one confirmed earlier."""
        self.set_parameter("web.base.url", url)
        self.set_parameter(PUBLIC_URL_PARAMETER, confirmed)

    def check_address(self):
        """Press the button."""
        return self.open_settings().save().action_check_invoice_public_url()

    def resolve(self, *ips):
        """Let every name lead to these addresses."""
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in ips]
        self.startPatcher(patch("socket.getaddrinfo", lambda *_args: found))

    def answer(self, **values):
        """Let the internet answer the self-check.

        :return: the mock, to see what was asked
        """
        values = {"is_redirect": False, "content": b"", "status_code": 200, **values}
        get = Mock(side_effect=lambda *_args, **_kwargs: Mock(**values))
        self.startPatcher(patch("requests.get", get))
        return get

    def assert_refused(self, *words):
        """Press the button and read why it confirms nothing."""
        with self.assertRaises(UserError) as caught:
            self.check_address()
        for word in (*words, "not confirmed"):
            self.assertIn(word, str(caught.exception))
        self.assertFalse(self.company._is_invoice_link_public())

    def test_confirmed_address_holds_whatever_it_looks_like(self):
        for url in (BASE_URL, "http://127.0.0.1:8069"):
            self.set_url(url, confirmed=url)
            self.assertEqual(self.company._get_invoice_link_problem(), "")
            self.assertEqual(self.company._get_invoice_document_mode(), "link")
            self.assertFalse(self.open_settings().invoice_link_problem)

    def test_every_problem_has_its_words_and_means_attachment(self):
        for url, confirmed, words in (
            ("http://localhost:8069", False, "local network"),
            ("https://odoo", False, "local network"),
            ("https://10.0.0.5", False, "local network"),
            ("http://erp.seller.com", False, "not encrypted"),
            ("ftp://erp.seller.com", False, "not a web address"),
            ("https://erp.seller.com", False, "not checked yet"),
            ("https://erp.seller.com", BASE_URL, f"since {BASE_URL} was confirmed"),
        ):
            with self.subTest(url):
                self.set_url(url, confirmed)
                problem = self.company._get_invoice_link_problem()
                self.assertIn(words, problem)
                self.assertIn(url, problem)
                self.assertEqual(self.open_settings().invoice_link_problem, problem)
                self.assertEqual(
                    self.company._get_invoice_document_mode(), "attachment"
                )

    def test_opening_and_saving_settings_asks_nothing_of_the_internet(self):
        self.set_url("https://erp.seller.com")
        with (
            patch("socket.getaddrinfo", side_effect=AssertionError("name looked up")),
            patch("requests.get", side_effect=AssertionError("page fetched")),
            self.open_settings() as settings,
        ):
            self.assertEqual(settings.invoice_public_url, "https://erp.seller.com")
            settings.invoice_track_open = True

    def test_answered_check_confirms_the_address(self):
        self.set_url("https://erp.seller.com")
        self.resolve("93.184.216.34", "2606:2800:220:1::1")

        def answer(url, **_options):
            nonce = url.removeprefix("https://erp.seller.com/invoice/selfcheck/")
            text = self.env["res.company"]._get_self_check_answer(nonce)
            return Mock(is_redirect=False, content=text.encode(), status_code=200)

        with patch("requests.get", side_effect=answer) as get:
            action = self.check_address()
        self.assertEqual(
            get.call_args.kwargs, {"timeout": 10, "allow_redirects": False}
        )
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(self.company._get_invoice_link_problem(), "")
        self.assertEqual(self.company._get_invoice_document_mode(), "link")

    def test_address_without_a_public_host_is_refused_before_anything_is_fetched(self):
        get = self.answer()
        self.set_url("http://erp.seller.com")
        self.assert_refused("not encrypted")
        self.set_url("https://localhost")
        self.assert_refused("local network")
        self.set_url("https://erp.seller.com")
        self.resolve()
        self.assert_refused("knows no host")
        self.resolve("93.184.216.34", "192.168.1.5")
        self.assert_refused("192.168.1.5", "private address")
        get.assert_not_called()

    def test_wrong_answer_confirms_nothing(self):
        self.set_url("https://erp.seller.com")
        self.resolve("93.184.216.34")
        self.answer(content="<html>Bună ziua</html>".encode())
        self.assert_refused("Something else than this database", "HTTP 200")
        self.answer(
            is_redirect=True,
            headers={"Location": "https://www.seller.com/invoice/selfcheck/x"},
        )
        self.assert_refused("sends its visitors on to https://www.seller.com.")

    def test_silence_confirms_nothing(self):
        self.set_url("https://erp.seller.com")
        self.resolve("93.184.216.34")
        for error, words in (
            (requests.ConnectTimeout(), "within 10 seconds"),
            (requests.exceptions.SSLError("self-signed"), "certificate"),
            (requests.ConnectionError("refused"), "Nobody answers"),
        ):
            with patch("requests.get", side_effect=error):
                self.assert_refused(words)

    def test_failed_check_takes_no_earlier_confirmation_back(self):
        self.set_url("https://erp.seller.com", confirmed="https://erp.seller.com")
        self.resolve()
        with self.assertRaisesRegex(UserError, "knows no host.*\n.*\n.*still sent"):
            self.check_address()
        self.assertEqual(self.company._get_invoice_document_mode(), "link")

    def test_only_administrators_may_have_the_address_checked(self):
        get = self.answer()
        accountant = new_test_user(
            self.env, login="accountant", groups="account.group_account_manager"
        )
        company = self.company.with_user(accountant)
        with self.assertRaises(AccessError):
            company._confirm_invoice_public_url()
        get.assert_not_called()

    def test_self_check_answers_only_what_this_database_asked(self):
        Company = self.env["res.company"]
        nonce = Company._make_self_check_nonce()
        self.assertTrue(Company._get_self_check_answer(nonce))
        forged = nonce[:-1] + ("A" if nonce[-1] != "A" else "B")
        for text in ("", "x", "ü", "AAAA" * 30, forged, nonce[:-2]):
            self.assertEqual(Company._get_self_check_answer(text), "", text)

    def test_self_check_dies_in_a_minute(self):
        Company = self.env["res.company"]
        nonce = Company._make_self_check_nonce()
        with patch("odoo.tools.misc.datetime.datetime") as clock:
            clock.now.return_value.timestamp.return_value = 4e9
            self.assertEqual(Company._get_self_check_answer(nonce), "")

    def test_hosts_are_told_apart_by_their_names(self):
        for host in (
            "localhost",
            "odoo",
            "erp.local",
            "ERP.Lan.",
            "a.home.arpa",
            "127.1",
            "127.0.0.1",
            "10.1.2.3",
            "100.64.0.1",
            "::1",
            "fe80::1%eth0",
            "::ffff:10.0.0.1",
            "224.0.0.1",
        ):
            self.assertTrue(public_url.is_local_host(host), host)
        for host in ("erp.seller.com", "xn--e1afmkfd.bg", "8.8.8.8", "2606:4700::1"):
            self.assertFalse(public_url.is_local_host(host), host)


@tagged("-at_install", "post_install")
class TestSelfCheckRoute(HttpCase):
    def test_running_server_recognises_itself(self):
        Company = self.env["res.company"]
        with self.allow_requests(all_requests=True):
            self.assertEqual(Company._run_self_check(self.base_url()), "")

    def test_route_sets_no_cookie_and_says_nothing_to_strangers(self):
        nonce = self.env["res.company"]._make_self_check_nonce()
        response = self.url_open(f"/invoice/selfcheck/{nonce}")
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertEqual(
            response.text, self.env["res.company"]._get_self_check_answer(nonce)
        )
        for stranger in ("x", "AAAA" * 30, nonce[:-2]):
            response = self.url_open(f"/invoice/selfcheck/{stranger}")
            self.assertEqual(response.status_code, 404)

    def test_another_site_under_the_address_is_noticed(self):
        Company = self.env["res.company"]
        with (
            self.allow_requests(all_requests=True),
            patch.object(
                type(Company), "_make_self_check_nonce", lambda _self: "elsewhere"
            ),
        ):
            problem = Company._run_self_check(self.base_url())
        self.assertIn("Something else than this database", problem)
        self.assertIn("HTTP 404", problem)
