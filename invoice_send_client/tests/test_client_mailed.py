"""Who looks while a mail leaves, leaves again, or leaves for another address."""

from datetime import datetime, timedelta, timezone

from odoo.tests import tagged

from ..tools import addresses
from .test_client_page import BROWSER, ClientPageCase

#: What a browser says of a link that a person follows on our own page.
PRESSED = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
LOOKS = ("open_datetime", "view_datetime", "download_datetime", "look_datetime")


class MailedCase(ClientPageCase):
    def start(self, seconds=8, **values):
        """Let a mail be leaving since so many seconds: no server has said yes yet."""
        self.delivery = self.make_delivery(**values)
        self.delivery._start_attempt()
        self.shift_attempt(seconds)
        self.url = self.get_url(self.delivery)

    def shift_attempt(self, seconds):
        self.delivery.last_attempt_datetime -= timedelta(seconds=seconds)

    def press(self, nonce):
        """Press "Show document" and take the PDF, as a page without script lets one."""
        self.post("", nonce=nonce)
        self.url_open(f"{self.url}/pdf?nonce={nonce}", headers=PRESSED)

    def assert_unseen(self):
        self.assertFalse(self.delivery.view_datetime)
        self.assertFalse(self.delivery.download_datetime)
        self.assertFalse(self.delivery.event_ids.filtered("is_proof"))

    def get_age(self):
        """:return: seconds since the mail with the link left, to the minute"""
        now = datetime.now(timezone.utc)
        moment = self.delivery._get_mailed_datetime(now).replace(tzinfo=timezone.utc)
        return round((now - moment).total_seconds() / 60) * 60


@tagged("-at_install", "post_install")
class TestLookBeforeTheVerdict(MailedCase):
    def test_mail_filter_that_presses_before_the_server_says_yes_lights_no_eye(self):
        self.start()
        self.press(self.open_page(4))
        self.assert_unseen()
        self.delivery._set_sent()
        self.assert_unseen()
        self.assertIn(self.delivery.state, ("sent", "open"))

    def test_mail_filter_that_answers_before_the_server_says_yes_accepts_nothing(self):
        for is_tracked in (True, False):
            with self.subTest(is_tracked=is_tracked):
                self.company.invoice_track_clients = is_tracked
                self.start()
                nonce = self.open_page(4)
                response = self.post("/accept", nonce=nonce, name="Scanner")
                self.assertEqual(response.status_code, 422)
                self.delivery._set_sent()
                self.assertFalse(self.delivery.accept_datetime)
                self.assertIn(self.delivery.state, ("sent", "open"))

    def test_page_of_before_the_verdict_proves_nothing_by_what_is_done_after_it(self):
        self.start()
        nonce = self.open_page(4)
        self.delivery._set_sent()
        self.press(nonce)
        self.assert_unseen()

    def test_person_who_reads_before_the_server_says_yes_is_seen(self):
        self.start(seconds=40)
        nonce = self.open_page(30)
        self.beacon(nonce, visible_ms=9000, first_input_ms=2500)
        self.delivery._set_sent()
        self.assertEqual(self.delivery.state, "view")

    def test_mail_that_may_have_arrived_is_judged_from_its_attempt(self):
        self.start()
        self.delivery._set_error("unknown", "The connection was lost.")
        self.press(self.open_page(4))
        self.assert_unseen()

    def test_filter_that_opens_what_its_server_refused_hides_no_failure(self):
        self.start()
        self.delivery._set_error("refused", "554 Rejected")
        self.shift_attempt(300)
        self.get()
        self.assertEqual(self.delivery.state, "error")
        self.assertTrue(self.delivery.move_id.invoice_delivery_problem)
        self.delivery.failure_type = "unknown"
        self.get("/open.gif")
        self.assertEqual(self.delivery.state, "open")

    def test_moment_that_counts_is_that_of_the_last_mail(self):
        self.start()
        self.shift_attempt(3600)
        self.assertEqual(self.get_age(), 3600)
        self.delivery._set_sent()
        self.assertEqual(self.get_age(), 0)
        self.delivery.sent_datetime -= timedelta(days=2)
        self.assertEqual(self.get_age(), 2 * 24 * 3600)
        self.delivery._set_bounced("550 no")
        self.delivery._set_retry()
        self.delivery._start_attempt()
        self.assertEqual(self.get_age(), 0)
        self.delivery._set_error("unknown", "The connection was lost.")
        self.assertEqual(self.get_age(), 0)
        self.delivery.state = "open"
        self.assertEqual(self.get_age(), 0)

    def test_letter_with_a_new_link_is_a_mail_too(self):
        self.assertEqual(self.get_age(), 3 * 3600)
        self.delivery._mail_new_link()
        self.assertEqual(self.get_age(), 0)
        self.delivery.link_datetime -= timedelta(seconds=8)
        self.press(self.open_page(4))
        self.assert_unseen()
        self.make_older(self.delivery)
        self.delivery.link_datetime = False
        self.press(self.open_page(4))
        self.assertTrue(self.delivery.view_datetime)

    def test_delivery_that_no_mail_left_for_has_no_moment(self):
        delivery, now = self.make_delivery(), datetime.now(timezone.utc)
        self.assertFalse(delivery._get_mailed_datetime(now))
        delivery._start_attempt()
        delivery.sending_method = "network"
        self.assertFalse(delivery._get_mailed_datetime(now))

    def test_page_of_before_a_mail_is_of_the_one_before_it(self):
        moments = {
            "attempt": self.delivery.last_attempt_datetime,
            "page": self.delivery.last_attempt_datetime + timedelta(seconds=90),
            "sent": self.delivery.last_attempt_datetime + timedelta(seconds=180),
        }
        self.delivery.sent_datetime = moments["sent"]
        at = moments["page"].replace(tzinfo=timezone.utc)
        self.assertEqual(self.delivery._get_mailed_datetime(at), moments["attempt"])
        at += timedelta(seconds=120)
        self.assertEqual(self.delivery._get_mailed_datetime(at), moments["sent"])
        self.delivery.link_datetime = moments["sent"] + timedelta(days=1)
        self.assertEqual(self.delivery._get_mailed_datetime(at), moments["sent"])


@tagged("-at_install", "post_install")
class TestLookAtAFormerMail(MailedCase):
    def fail(self, failure_type="refused", copy_mode="personal"):
        """Let a mail be looked at while it leaves, minutes after the attempt began, and
        then fail."""
        emails = "ana@alfa.example; ion@alfa.example"
        self.company.invoice_copy_mode = copy_mode
        self.invoice = self.make_invoice()
        self.send(self.invoice, email_to=emails)
        self.delivery = self.invoice.invoice_delivery_ids.sudo().sorted("id")[0]
        self.delivery.write({"state": "outgoing", "sent_datetime": False})
        self.shift_attempt(3600)
        self.url = self.get_url(self.delivery)
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertTrue(self.delivery.view_datetime)
        self.delivery._set_error(failure_type, "550 No such user")

    def send_again(self, address=None):
        with self.mail_server():
            if address:
                self.delivery._correct_address(addresses.Address("", address))
            else:
                self.delivery.action_retry()
            self.env["invoice.send.run"].sudo()._process_due()

    def test_corrected_address_is_told_nothing_of_looks_at_the_wrong_one(self):
        self.fail()
        self.send_again("new@alfa.example")
        self.assertEqual(self.delivery.state, "sent")
        self.assertFalse(any(self.delivery[name] for name in LOOKS))
        self.assertFalse(self.invoice.invoice_view_datetime)
        # the history keeps them
        self.assertEqual(len(self.delivery.event_ids.filtered("hit")), 2)
        self.make_older(self.delivery)
        self.url = self.get_url(self.delivery)
        self.get("/open.gif")
        self.assertEqual(self.delivery.state, "open")
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertEqual(self.delivery.state, "view")

    def test_answer_from_the_wrong_address_is_none_of_the_corrected_one(self):
        self.fail()
        self.delivery._record_event("accept", is_proof=True, reasons="answer")
        self.send_again("new@alfa.example")
        self.assertEqual(self.delivery.state, "sent")
        self.assertFalse(self.delivery.accept_datetime)

    def test_refused_mail_that_is_sent_again_begins_without_looks(self):
        self.fail()
        self.send_again()
        self.assertEqual(self.delivery.state, "sent")
        self.assertFalse(any(self.delivery[name] for name in LOOKS))

    def test_mail_that_may_have_arrived_keeps_its_looks(self):
        self.fail("unknown")
        self.send_again()
        self.assertEqual(self.delivery.state, "view")
        self.assertTrue(self.delivery.view_datetime)

    def test_link_that_others_have_too_keeps_its_looks(self):
        self.fail(copy_mode="shared")
        self.send_again("new@alfa.example")
        self.assertEqual(self.delivery.state, "view")
        self.assertTrue(self.delivery.view_datetime)

    def test_link_of_before_the_correction_leads_to_nobody(self):
        self.fail()
        old = self.url
        self.send_again("new@alfa.example")
        self.assertEqual(self.url_open(old, headers=BROWSER).status_code, 404)
        self.assertEqual(self.get_age(), 0)
