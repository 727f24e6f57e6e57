import base64

from odoo.tests import BaseCase, tagged

from ..tools import dsn
from .dsn_files import fill

TOKEN = "0000002a.0065c2d1a042fffffsignature"
MAIL = b"""\
Received: from mail.seller.example
X-Invoice-Delivery: %s
Message-Id: <1795248312.042-openerp-7-account.move@seller>
From: Seller SRL <invoices@seller.example>
To: ana@alfa.example
Subject: =?utf-8?q?Factur=C4=83?=
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: text/plain; charset="utf-8"

Bun\xc4\x83 ziua
--m--
""" % TOKEN.encode()


@tagged("-at_install", "post_install")
class TestDsn(BaseCase):
    """Bounces in the formats that mail servers write."""

    def read_file(self, name, **values):
        return dsn.read(fill(name, MAIL, **values))

    def assertReturned(self, report):
        self.assertEqual(report.token, TOKEN)
        self.assertEqual(
            report.message_ids, ("<1795248312.042-openerp-7-account.move@seller>",)
        )

    def test_status_names_recipient_and_words_of_each_server(self):
        words = {
            "postfix": "550 5.1.1 <ana@alfa.example>: Recipient address rejected: User "
            "unknown in virtual mailbox table",
            "exchange_online": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient "
            "not found by SMTP address lookup",
            "gmail": "550-5.1.1 The email account that you tried to reach does not "
            "exist. Please try double-checking the recipient's email address for typos "
            "or unnecessary spaces. For more information, go to "
            "https://support.googlemail.example/mail/?p=NoSuchUser",
        }
        for name, said in words.items():
            with self.subTest(name=name):
                report = self.read_file(name)
                self.assertReturned(report)
                [failure] = report.failures
                self.assertEqual(failure.addresses, ("ana@alfa.example",))
                self.assertEqual(failure.words, said)

    def test_only_failed_recipients_of_several_count(self):
        report = self.read_file(
            "several", delivered="ok@alfa.example", second="ion@alfa.example"
        )
        self.assertReturned(report)
        self.assertEqual(
            [(failure.shown, failure.words) for failure in report.failures],
            [
                ("ana@alfa.example", "552 5.2.2 Mailbox full"),
                ("ion@alfa.example", "5.0.0 550 No such user"),
            ],
        )

    def test_delay_and_receipt_are_about_the_mail_but_no_failure(self):
        for name in ("delayed", "read_receipt"):
            with self.subTest(name=name):
                report = self.read_file(name)
                self.assertReturned(report)
                self.assertFalse(report.failures)

    def test_plain_bounces_give_their_own_words(self):
        [failure] = self.read_file("qmail").failures
        self.assertEqual(failure.addresses, ("ana@alfa.example",))
        self.assertEqual(
            failure.words,
            "<ana@alfa.example>: Sorry, no mailbox here by that name. (#5.1.1)",
        )
        report = self.read_file("exchange_old")
        self.assertReturned(report)
        self.assertIn("The e-mail account does not exist", report.failures[0].words)

    def test_plain_bounce_that_tells_of_a_delay_is_no_failure(self):
        late = fill("qmail", MAIL).replace(b"failure notice", b"Delayed mail")
        self.assertFalse(dsn.read(late).failures)

    def test_people_and_their_programs_bounce_nothing(self):
        self.assertEqual(self.read_file("out_of_office"), dsn.Report())
        attached = fill("out_of_office", fill("postfix", MAIL))
        self.assertEqual(dsn.read(attached), dsn.Report())
        self.assertEqual(dsn.read(MAIL), dsn.Report())

    def test_international_addresses_are_found_in_each_spelling(self):
        for spelling in (
            "rfc822; ana@xn--fctur-rwae.example",
            "utf-8; ana@făctură.example",
            r"utf-8; ana@f\x{103}ctur\x{103}.example",
        ):
            with self.subTest(spelling=spelling):
                told = fill("postfix", MAIL).decode()
                told = told.replace(
                    "rfc822; ana@alfa.example\nOrig", f"{spelling}\nOld"
                )
                told = told.replace("/delivery-status", "/global-delivery-status")
                [failure] = dsn.read(told.encode()).failures
                self.assertEqual(
                    failure.addresses, (dsn.to_ascii("ana@făctură.example"),)
                )

    def test_encoded_status_and_headers_are_decoded(self):
        told = fill("delayed", MAIL).replace(b"delayed\nStatus", b"failed\nStatus")
        start = told.index(b"Reporting-MTA")
        end = told.index(b"\n--7C1B21C0043", start)
        encoded = (
            told[: start - 1]
            + b"Content-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(told[start:end])
            + told[end:]
        ).replace(b"message/delivery-status", b"message/global-delivery-status")
        report = dsn.read(encoded)
        self.assertReturned(report)
        self.assertEqual(report.failures[0].status, "4.4.1")

    def test_truncated_bounces_never_raise_and_name_nobody_else(self):
        whole = fill("postfix", MAIL)
        for length in range(0, len(whole), 37):
            report = dsn.read(whole[:length])
            for failure in report.failures:
                self.assertLessEqual(set(failure.addresses), {"ana@alfa.example"})
        self.assertEqual(dsn.read(whole[: whole.index(b"X-Invoice")]), dsn.Report())

    def test_hostile_bounces_never_raise(self):
        whole = fill("postfix", MAIL)
        nested = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i)
            for i in range(3000)
        )
        for hostile in (
            b"",
            b"\x00\xff" * 5000,
            nested,
            whole.replace(b"us-ascii", b"no-such-charset"),
            whole.replace(b"Status: 5.1.1", b"Status: \xff\xfe\x00\n" * 3),
            whole.replace(b"rfc822; ana", b"rfc822; " + b"<" * 100_000),
            whole.replace(b"ana@alfa.example", b"@" * 5000),
            whole.replace(b"From: ", b"From: =?no-such?q?=FF?= "),
            whole.replace(b"Status: 5.1.1", rb"Status: \x{ffffffff}"),
        ):
            with self.subTest(hostile=hostile[:60]):
                self.assertIsInstance(dsn.read(hostile), dsn.Report)

    def test_words_are_short_and_on_one_line(self):
        long = b"Diagnostic-Code: smtp; 550 \x1b[31m\xe2\x80\xae" + b"x " * 5000
        whole = fill("postfix", MAIL).replace(b"Diagnostic-Code: smtp; 550", long)
        [failure] = dsn.read(whole).failures
        self.assertLessEqual(len(failure.words), 510)
        self.assertTrue(failure.words.isprintable())
