import time
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.tests import tagged

from ..controllers.client_page import ClientVisit
from .test_client_page import BROWSER, ClientPageCase

#: A browser that says nothing of where a request comes from.
PLAIN = {name: text for name, text in BROWSER.items() if "Sec-" not in name}
REASON = "The quantity is wrong: 2 <b>and</b> not 3"


@tagged("-at_install", "post_install")
class TestClientAnswer(ClientPageCase):
    def accept(self, nonce=None, name="Ana Pop", **kwargs):
        nonce = nonce or self.open_page()
        return self.post("/accept", nonce=nonce, name=name, **kwargs)

    def send_back(self, nonce=None, reason=REASON, name="Ana Pop"):
        nonce = nonce or self.open_page()
        return self.post("/return", nonce=nonce, name=name, reason=reason)

    def find_activities(self):
        returned = self.env.ref("invoice_send_client.mail_activity_returned")
        return self.invoice.activity_ids.filtered(
            lambda activity: activity.activity_type_id == returned
        )

    def get_chatter(self):
        return " ".join(self.invoice.message_ids.mapped("body"))

    # -- accept ------------------------------------------------------------------------

    def test_accept_says_who_when_and_which_version(self):
        response = self.accept(allow_redirects=False)
        self.assertEqual(response.status_code, 303, response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(self.delivery.state, "accept")
        self.assertTrue(self.delivery.accept_datetime)
        self.assertEqual(self.delivery.answer_name, "Ana Pop")
        self.assertRegex(self.delivery.answer_version, r"^[0-9a-f]{64}$")
        self.assertEqual(self.invoice.invoice_delivery_state, "accept")
        self.assertTrue(self.invoice.invoice_pdf_report_id)
        self.assertIn("Accepted by Ana Pop", self.get_chatter())

    def test_accepted_document_says_so_on_the_page_and_in_the_panel(self):
        response = self.accept()
        self.assertIn("This document is accepted", response.text)
        self.assertIn("Ana Pop", response.text)
        panel = self.invoice.get_invoice_delivery_panel()
        self.assertEqual(panel["recipients"][0]["state"], "accept")
        accepted = [event for event in panel["events"] if event["type"] == "accept"]
        self.assertEqual(len(accepted), 1)
        self.assertIn("Ana Pop", accepted[0]["text"])
        self.assertIn(self.delivery.answer_version[:12], accepted[0]["version"])

    def test_accept_counts_as_a_look(self):
        self.accept()
        self.assertTrue(self.delivery.view_datetime)
        self.assertTrue(self.invoice.invoice_view_datetime)

    def test_answer_is_written_by_nobody_who_edits_invoices(self):
        self.accept()
        self.invoice.invalidate_recordset()
        self.assertEqual(self.invoice.write_uid.id, SUPERUSER_ID)

    def test_chatter_speaks_the_sender_s_language_and_not_the_visitor_s(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        self.delivery.lang = "ro_RO"
        self.accept()
        self.assertIn("Accepted by Ana Pop", self.get_chatter())

    # -- return ------------------------------------------------------------------------

    def test_return_reaches_the_salesperson_as_an_activity(self):
        self.invoice.invoice_user_id = self.env.user
        self.send_back()
        self.assertEqual(self.delivery.state, "return")
        self.assertEqual(self.delivery.return_reason, REASON)
        self.assertEqual(self.invoice.invoice_delivery_state, "return")
        activity = self.find_activities()
        self.assertEqual(activity.user_id, self.env.user)
        self.assertIn("&lt;b&gt;and&lt;/b&gt;", str(activity.note))
        self.assertIn("&lt;b&gt;and&lt;/b&gt;", self.get_chatter())

    def test_return_of_a_document_whose_salesperson_left_reaches_the_sender(self):
        gone = self.env["res.users"].create(
            {"name": "Gone", "login": "gone", "active": False}
        )
        self.invoice.invoice_user_id = gone
        self.send_back()
        self.assertEqual(self.find_activities().user_id, self.delivery.run_id.user_id)

    def test_return_without_reason_is_asked_for_it_and_keeps_the_name(self):
        response = self.send_back(reason="  ")
        self.assertEqual(response.status_code, 422)
        self.assertIn("Please write why", response.text)
        self.assertIn('value="Ana Pop"', response.text)
        self.assertEqual(self.delivery.state, "open")
        self.assertFalse(self.find_activities())

    def test_answer_without_a_name_keeps_the_reason(self):
        response = self.send_back(name="")
        self.assertEqual(response.status_code, 422)
        self.assertIn("Please write your name", response.text)
        self.assertIn("The quantity is wrong: 2 &lt;b&gt;", response.text)
        self.assertFalse(self.delivery.return_datetime)

    # -- the last one counts -----------------------------------------------------------

    def test_later_answer_replaces_the_earlier_and_both_stay(self):
        self.send_back()
        activity = self.find_activities()
        self.accept(name="Ana <i>Pop</i>")
        self.assertIn("Ana &lt;i&gt;Pop&lt;/i&gt;", self.get_chatter())
        self.assertNotIn("<i>Pop</i>", self.get_chatter())
        self.assertEqual(self.delivery.state, "accept")
        self.assertEqual(self.invoice.invoice_delivery_state, "accept")
        self.assertFalse(activity.exists() and activity.active)
        self.send_back(reason="Still wrong")
        self.assertEqual(self.delivery.state, "return")
        self.assertEqual(self.delivery.return_reason, "Still wrong")
        self.assertEqual(self.invoice.invoice_delivery_state, "return")
        answers = self.delivery.event_ids.filtered("answer_name").mapped("event_type")
        self.assertEqual(answers, ["return", "accept", "return"])

    def test_answer_that_a_later_one_overtook_is_taken_and_not_in_force(self):
        """As when the earlier of two requests is tried again after the later one."""
        nonces = self.open_page(), self.open_page()
        came_first = datetime.now(timezone.utc) - timedelta(seconds=5)
        self.send_back(nonces[1])
        with patch.object(ClientVisit, "_get_arrival", lambda _visit: came_first):
            response = self.accept(nonces[0], allow_redirects=False)
        self.assertEqual(response.status_code, 303, response.text)
        answers = self.delivery.event_ids.filtered("answer_name")
        self.assertEqual(answers.mapped("event_type"), ["accept", "return"])
        self.assertEqual(self.delivery.state, "return")
        self.assertEqual(self.delivery.answer_event_id, answers[1])
        self.assertEqual(self.invoice.invoice_delivery_state, "return")

    def test_form_sent_twice_is_one_answer(self):
        nonce = self.open_page()
        for _time in range(3):
            self.accept(nonce)
        answers = self.delivery.event_ids.filtered("answer_name")
        self.assertEqual(len(answers), 1)
        self.assertEqual(self.get_chatter().count("Accepted by Ana Pop"), 1)

    # -- who answers -------------------------------------------------------------------

    def test_answer_of_the_first_moment_is_asked_for_again(self):
        response = self.accept(self.open_page(seconds=0))
        self.assertEqual(response.status_code, 422)
        self.assertIn("not noted yet", response.text)
        self.assertFalse(self.delivery.accept_datetime)
        later = self.read_nonce(response)
        self.assertNotEqual(later, "")
        self.accept(self.open_page())
        self.assertEqual(self.delivery.state, "accept")

    def test_time_that_the_pdf_takes_is_no_time_of_reading(self):
        make = type(self.invoice)._ensure_invoice_pdf

        def make_slowly(move):
            time.sleep(5)
            return make(move)

        with patch.object(type(self.invoice), "_ensure_invoice_pdf", make_slowly):
            response = self.accept(self.open_page(seconds=0))
            self.get(f"/pdf?nonce={self.open_page(seconds=0)}")
        self.assertEqual(response.status_code, 422)
        self.assertFalse(self.delivery.accept_datetime)
        self.assertFalse(self.delivery.download_datetime)

    def test_answer_that_a_machine_gave_is_taken_back(self):
        nonce = self.open_page()
        self.accept(nonce, allow_redirects=False)
        self.assertEqual(self.delivery.state, "accept")
        self.beacon(nonce, visible_ms=4000, webdriver=True)
        self.assertFalse(self.delivery.accept_datetime)
        self.assertFalse(self.delivery.answer_name)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(self.invoice.invoice_delivery_state, "sent")
        self.assertFalse(self.invoice.invoice_view_datetime)
        self.assertIn("does not count", self.get_chatter())

    def test_return_that_a_machine_gave_leaves_nobody_anything_to_correct(self):
        nonce = self.open_page()
        self.send_back(nonce)
        self.assertEqual(self.delivery.state, "return")
        self.assertEqual(len(self.invoice.activity_ids), 1)
        self.beacon(nonce, visible_ms=4000, webdriver=True)
        self.assertNotEqual(self.delivery.state, "return")
        self.assertFalse(self.invoice.activity_ids)
        self.assertFalse(self.delivery.return_reason)

    def test_answer_taken_back_leaves_the_one_before(self):
        self.send_back()
        nonce = self.open_page()
        self.accept(nonce)
        self.beacon(nonce, visible_ms=4000, webdriver=True)
        self.assertEqual(self.delivery.state, "return")
        self.assertEqual(self.invoice.invoice_delivery_state, "return")

    def test_colleague_answers_for_nobody(self):
        nonce = self.open_page()
        self.authenticate("admin", "admin")
        response = self.accept(nonce)
        self.assertEqual(response.status_code, 422)
        self.assertIn("colleague", response.text)
        self.assertFalse(self.delivery.accept_datetime)
        self.assertNotIn(f'action="{self.url}/accept', self.get().text)

    def test_hidden_copy_has_no_answer(self):
        self.delivery.role = "bcc"
        self.assertNotIn("/accept", self.get().text)
        self.accept()
        self.assertFalse(self.delivery.accept_datetime)

    def test_answer_with_no_nonce_a_foreign_or_an_old_one_is_not_taken(self):
        other = self.make_invoice()
        self.send(other)
        mine, self.url = self.url, self.get_url(other.invoice_delivery_ids.sudo())
        foreign = self.open_page()
        self.url = mine
        old = self.open_page(seconds=8 * 24 * 3600)
        for nonce in ("x", foreign, old, foreign[:-1]):
            response = self.accept(nonce)
            self.assertIn("open for too long", response.text)
        self.assertFalse(self.delivery.accept_datetime)

    # -- untracked ---------------------------------------------------------------------

    def test_client_that_is_not_followed_can_still_answer(self):
        self.company.invoice_track_clients = False
        self.accept()
        self.assertEqual(self.delivery.state, "accept")
        self.assertFalse(self.delivery.event_ids.filtered("hit"))
        self.assertFalse(self.delivery.view_datetime)
        self.send_back()
        self.assertEqual(self.delivery.state, "return")

    def test_answer_that_does_not_count_is_no_answer_in_the_timeline(self):
        for is_tracked in (True, False):
            with self.subTest(is_tracked=is_tracked):
                self.company.invoice_track_clients = is_tracked
                self.accept(self.open_page(seconds=0))
                answer = self.delivery.event_ids.sorted("id").filtered("answer_name")
                self.assertFalse(answer[-1].is_proof)
                self.assertNotIn("Accepted", answer[-1].text)
                self.assertEqual(answer[-1]._get_icon_type(), "machine")

    # -- asked for once more -----------------------------------------------------------

    def answer_plainly(self, page, answer="accept", name="Ana Pop", after=8):
        """Answer some seconds after a page was served, two minutes after the mail, by a
        browser that does not say where the form was.

        :param datetime page: when the page was served
        :return: the response, and when it came
        """
        said = {"name": name, "reason": "No", "nonce": self.nonce}
        with freeze_time(page + timedelta(seconds=after), tick=True):
            now = datetime.now(timezone.utc)
            response = self.url_open(
                f"{self.url}/{answer}", data=said, headers=PLAIN, method="POST"
            )
        if response.status_code == 422:
            self.nonce = self.read_nonce(response)
        return response.status_code, now

    def open_plainly(self):
        """:return: when the page was served"""
        now = datetime.now(timezone.utc)
        self.delivery.sent_datetime = now.replace(tzinfo=None) - timedelta(minutes=2)
        with freeze_time(now, tick=True):
            self.nonce = self.read_nonce(self.url_open(self.url, headers=PLAIN))
        return now

    def test_answer_given_again_as_the_page_asks_is_in_force(self):
        for is_tracked in (True, False):
            with self.subTest(is_tracked=is_tracked):
                self.send(move := self.make_invoice())
                self.delivery = move.invoice_delivery_ids.sudo()
                self.url = self.get_url(self.delivery)
                self.company.invoice_track_clients = is_tracked
                status, first = self.answer_plainly(self.open_plainly())
                self.assertEqual(status, 422)
                self.assertFalse(self.delivery.accept_datetime)
                self.answer_plainly(first)
                self.assertEqual(self.delivery.state, "accept")
                self.get()  # judges all of them anew
                self.assertEqual(self.delivery.state, "accept")

    def test_answer_given_again_at_once_by_another_name_or_both_ways_is_not(self):
        for answer, name, after in (
            ("accept", "Ana Pop", 3),
            ("accept", "Ion Pop", 8),
            ("return", "Ana Pop", 8),
        ):
            with self.subTest(answer=answer, name=name, after=after):
                self.send(move := self.make_invoice())
                self.delivery = move.invoice_delivery_ids.sudo()
                self.url = self.get_url(self.delivery)
                _status, first = self.answer_plainly(self.open_plainly())
                status, _second = self.answer_plainly(first, answer, name, after)
                self.assertEqual(status, 422)
                self.assertIn(self.delivery.state, ("sent", "open"))

    def test_answer_given_again_on_the_first_page_is_not_in_force(self):
        page = self.open_plainly()
        nonce = self.nonce
        self.answer_plainly(page)
        self.nonce = nonce
        status, _second = self.answer_plainly(page, after=20)
        self.assertEqual(status, 422)
        self.assertFalse(self.delivery.accept_datetime)

    # -- the PDF afterwards ------------------------------------------------------------

    def test_pdf_is_kept_back_until_the_client_accepts(self):
        self.company.invoice_accept_before_download = True
        page = self.get()
        self.assertNotIn("/pdf?", page.text)
        refused = self.get("/pdf")
        self.assertEqual(refused.status_code, 403)
        self.assertNotEqual(refused.headers["Content-Type"], "application/pdf")
        self.accept()
        self.assertEqual(self.get("/pdf").headers["Content-Type"], "application/pdf")

    def test_summary_of_two_recipients_follows_the_last_answer(self):
        self.send(self.invoice, email_to="ana@alfa.example; ion@alfa.example")
        ana, ion = self.invoice.invoice_delivery_ids.sudo().sorted("id")[-2:]
        for delivery in (ana, ion):
            self.make_older(delivery)
        self.url = self.get_url(ana)
        self.send_back()
        self.assertEqual(self.invoice.invoice_delivery_state, "return")
        ana.return_datetime -= timedelta(minutes=1)
        self.url = self.get_url(ion)
        self.accept()
        self.assertEqual(self.invoice.invoice_delivery_state, "accept")
