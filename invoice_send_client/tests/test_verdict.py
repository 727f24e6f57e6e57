import smtplib

from psycopg2.errors import LockNotAvailable

from odoo.tests import BaseCase, tagged

from ..tools import verdict


@tagged("-at_install", "post_install")
class TestVerdict(BaseCase):
    def judge(self, error, body_sent=False):
        return verdict.from_exception(error, body_sent, ["a@x.ro"])["a@x.ro"]

    def wrap(self, error):
        try:
            try:
                raise error
            except Exception:
                raise RuntimeError("Mail Delivery Failed") from None
        except RuntimeError as wrapped:
            return wrapped

    def test_refused_at_rcpt_is_final_with_code_and_words(self):
        error = smtplib.SMTPRecipientsRefused({"a@x.ro": (550, b"No such user")})
        self.assertEqual(
            self.judge(self.wrap(error)), ("refused", "550 No such user", False)
        )

    def test_put_off_is_tried_again(self):
        error = smtplib.SMTPRecipientsRefused({"a@x.ro": (451, b"Greylisted")})
        self.assertEqual(self.judge(error), ("deferred", "451 Greylisted", True))

    def test_refused_after_data_is_an_answer_not_a_riddle(self):
        self.assertEqual(
            self.judge(smtplib.SMTPDataError(552, b"Too big"), body_sent=True),
            ("refused", "552 Too big", False),
        )

    def test_lost_before_the_last_byte_is_tried_again(self):
        error = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        self.assertEqual(self.judge(error)[0], "server")
        self.assertTrue(self.judge(error).retry)

    def test_lost_after_the_last_byte_may_have_arrived(self):
        for error in (
            smtplib.SMTPServerDisconnected("closed"),
            TimeoutError("timed out"),
        ):
            self.assertEqual(
                self.judge(error, body_sent=True), ("unknown", str(error), False)
            )

    def test_way_to_the_server_is_tried_again_whatever_its_code(self):
        for error in (
            ConnectionRefusedError(111, "Connection refused"),
            smtplib.SMTPConnectError(554, b"No service"),
            smtplib.SMTPAuthenticationError(535, b"Wrong password"),
        ):
            self.assertEqual(self.judge(self.wrap(error))[0], "server")
            self.assertTrue(self.judge(error).retry)

    def test_refused_encryption_is_the_way_to_the_server_whatever_its_code(self):
        for code in (454, 554):
            error = smtplib.SMTPResponseException(code, b"TLS not available")
            [said] = verdict.from_connecting(error, ["a@x.ro"]).values()
            self.assertEqual(said, ("server", f"{code} TLS not available", True))

    def test_each_recipient_of_a_shared_message_gets_its_own_answer(self):
        refused = {"b@x.ro": (550, b"No such user"), "c@x.ro": (451, b"Later")}
        verdicts = verdict.from_refused(refused, ["a@x.ro", "b@x.ro", "c@x.ro"])
        self.assertEqual(
            [verdicts[f"{name}@x.ro"].failure_type for name in "abc"],
            ["", "refused", "deferred"],
        )
        error = smtplib.SMTPRecipientsRefused(refused)
        verdicts = verdict.from_exception(error, False, ["b@x.ro", "c@x.ro"])
        self.assertEqual(verdicts["c@x.ro"], ("deferred", "451 Later", True))

    def test_strange_answer_after_the_mails_end_leaves_its_fate_open(self):
        for code in (-1, 251, 354):
            error = smtplib.SMTPDataError(code, b"whatever")
            self.assertEqual(self.judge(error, body_sent=True)[0], "unknown")

    def test_recipient_who_was_cut_off_is_tried_again(self):
        error = smtplib.SMTPRecipientsRefused(
            {"a@x.ro": (550, b"No such user"), "c@x.ro": (421, b"Closing")}
        )
        said = verdict.from_exception(error, False, ["a@x.ro", "b@x.ro", "c@x.ro"])
        self.assertEqual(said["a@x.ro"].failure_type, "refused")
        self.assertTrue(said["b@x.ro"].retry and said["c@x.ro"].retry)

    def test_lock_before_the_mail_server_was_asked_is_tried_again(self):
        said = verdict.from_making(LockNotAvailable("locked"), ["a@x.ro"])["a@x.ro"]
        self.assertEqual((said.failure_type, said.retry), ("deferred", True))
