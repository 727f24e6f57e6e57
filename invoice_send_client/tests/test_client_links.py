import re
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import new_test_user, tagged

from ..const import RENEWALS_A_DAY
from ..controllers import client_page
from ..tools import links
from ..tools.rate_limit import Rate
from .test_client_page import ClientPageCase


@tagged("-at_install", "post_install")
class TestClientLinks(ClientPageCase):
    """The life of a link: it ends, is renewed, and says nothing once it is dead."""

    def find_new_links(self):
        """:return: the mails that bring a new link"""
        mails = (
            self.env["mail.mail"].sudo().search([("body_html", "like", "an old link")])
        )
        return mails.filtered(lambda mail: mail.email_to)

    def ask(self):
        response = self.post("/renew")
        self.assertEqual(response.status_code, 404)
        return response

    def test_link_ends_some_days_after_the_last_look(self):
        self.company.invoice_link_expiry_days = 10
        now = fields.Datetime.now()
        with freeze_time(now + timedelta(days=9)):
            self.assertEqual(self.get().status_code, 200)
        self.assertTrue(self.delivery.look_datetime)
        with freeze_time(now + timedelta(days=18)):
            self.assertEqual(self.get().status_code, 200)
        with freeze_time(now + timedelta(days=29)):
            dead = self.get()
        self.assertEqual(dead.status_code, 404)
        self.assertNotIn(self.invoice.name, dead.text)

    def test_link_has_no_end_by_default(self):
        with freeze_time(fields.Datetime.now() + timedelta(days=3000)):
            self.assertEqual(self.get().status_code, 200)

    def test_ended_link_is_offered_to_be_renewed_in_the_panel(self):
        self.company.invoice_link_expiry_days = 10
        self.delivery.sent_datetime -= timedelta(days=11)
        self.delivery.view_datetime = fields.Datetime.now() - timedelta(days=9)
        [recipient] = self.invoice.get_invoice_delivery_panel()["recipients"]
        self.assertEqual(recipient["url"], self.delivery._get_landing_url())
        self.delivery.view_datetime -= timedelta(days=2)
        [recipient] = self.invoice.get_invoice_delivery_panel()["recipients"]
        self.assertFalse(recipient["url"])
        self.assertIn("action_renew_link", recipient["actions"])

    def test_new_link_of_an_ended_one_goes_to_the_address_on_file(self):
        old = self.url
        self.company.invoice_link_expiry_days = 10
        with freeze_time(fields.Datetime.now() + timedelta(days=11)):
            self.assertEqual(self.get().status_code, 404)
            self.ask()
            mail = self.find_new_links()
            self.assertEqual(mail.email_to, "Alfa SRL <ana@alfa.example>")
            self.url = re.search(r"/invoice/d/[\w-]+", mail.body_html)[0]
            self.assertNotEqual(self.url, old)
            self.assertEqual(self.get().status_code, 200)
            self.url = old
            self.assertEqual(self.get().status_code, 404)

    def test_holder_of_a_replaced_link_gets_the_living_one(self):
        self.delivery.action_renew_link()
        living = self.get_url(self.delivery)
        self.ask()
        self.assertIn(living, self.find_new_links().body_html)
        self.assertEqual(self.get_url(self.delivery), living)

    def test_revoked_link_mails_nothing_and_the_sender_is_told(self):
        self.delivery.action_revoke_link()
        self.ask()
        self.assertFalse(self.find_new_links())
        self.assertIn("asks for a new one", self.invoice.message_ids[0].body)

    def test_sending_that_was_withdrawn_lends_nobody_its_link(self):
        withdrawn = self.delivery.copy(
            {"state": "outgoing", "link_key": links.new_key(), "is_current": True}
        )
        withdrawn._set_cancelled()
        self.assertTrue(withdrawn.is_link_alive)
        self.delivery.action_revoke_link()
        self.ask()
        self.assertFalse(self.find_new_links())

    def test_reset_document_mails_nothing_until_it_is_sent_again(self):
        self.invoice.button_draft()
        self.ask()
        self.assertFalse(self.find_new_links())
        self.invoice.action_post()
        self.ask()
        self.assertFalse(self.find_new_links())
        self.send(self.invoice)
        later = self.invoice.invoice_delivery_ids.sudo().sorted("id")[-1]
        self.ask()
        self.assertIn(self.get_url(later), self.find_new_links().body_html)

    def send_both_ways(self):
        """Send to a customer whose portal user has the address of the mail.

        :return: the delivery by e-mail and the one inside the system
        """
        user = new_test_user(
            self.env,
            "ana.portal",
            groups="base.group_portal",
            email=self.partner_a.email,
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        user.partner_id.parent_id = self.partner_a
        self.invoice = self.make_invoice()
        self.send(self.invoice, sending_methods=["email", "network"])
        network, mailed = self.invoice.invoice_delivery_ids.sudo().sorted("id")[::-1]
        self.assertEqual((mailed.sending_method, network.email), ("email", user.email))
        self.assertEqual((network.sending_method, network.state), ("network", "sent"))
        self.assertGreater(network.id, mailed.id)
        self.url = self.get_url(mailed)
        return mailed, network

    def test_revoked_link_mails_nothing_though_the_portal_has_the_same_address(self):
        mailed, network = self.send_both_ways()
        mailed.action_revoke_link()
        self.ask()
        self.assertFalse(self.find_new_links())
        self.assertIn("asks for a new one", self.invoice.message_ids[0].body)
        self.assertNotIn("linkmail", network.event_ids.mapped("event_type"))

    def test_ended_link_is_renewed_by_itself_though_the_portal_has_one_too(self):
        mailed, network = self.send_both_ways()
        key = network.link_key
        self.company.invoice_link_expiry_days = 10
        with freeze_time(fields.Datetime.now() + timedelta(days=11)):
            self.ask()
            [mail] = self.find_new_links()
            self.assertIn(self.get_url(mailed), mail.body_html)
            self.assertIn("linkmail", mailed.event_ids.mapped("event_type"))
            self.assertEqual(network.link_key, key)

    def test_what_stands_in_the_portal_is_opened_by_no_link(self):
        _mailed, network = self.send_both_ways()
        self.url = self.get_url(network)
        self.assertEqual(self.get().status_code, 404)
        self.ask()
        self.get("/open.gif")
        self.assertFalse(self.find_new_links())
        self.assertEqual(network.event_ids.mapped("event_type"), ["sent"])

    def test_link_of_a_corrected_address_leads_to_nobody(self):
        self.delivery.link_key = "x" * 22
        self.ask()
        self.assertFalse(self.find_new_links())

    def test_new_link_is_mailed_a_few_times_a_day_at_most(self):
        self.delivery.action_renew_link()
        for _time in range(RENEWALS_A_DAY + 2):
            self.ask()
        self.assertEqual(len(self.find_new_links()), RENEWALS_A_DAY)
        with freeze_time(fields.Datetime.now() + timedelta(days=1, minutes=1)):
            self.ask()
        self.assertEqual(len(self.find_new_links()), RENEWALS_A_DAY + 1)

    def test_answer_to_whoever_asks_is_the_same_for_every_token(self):
        self.delivery.action_renew_link()
        known = self.ask()
        unknown = self.url_open("/invoice/d/" + "x" * 49 + "/renew", data={"a": "b"})
        texts = [
            re.sub(r"/invoice/d/[^/?\"]+", "", answer.text)
            for answer in (known, unknown)
        ]
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(unknown.status_code, 404)

    def test_network_that_asks_too_often_gets_the_same_answer_and_no_mail(self):
        self.delivery.action_renew_link()
        with patch.dict(client_page.RATES, renew=Rate(1, 3600)):
            first, again = self.ask(), self.ask()
        self.assertEqual(
            first.text.replace(self.url, ""), again.text.replace(self.url, "")
        )
        self.assertEqual(len(self.find_new_links()), 1)

    def test_mail_with_the_new_link_is_in_the_client_s_language(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        self.delivery.lang = "ro_RO"
        self.delivery.action_renew_link()
        self.ask()
        mail = self.env["mail.mail"].sudo().search([], order="id desc", limit=1)
        self.assertIn(self.get_url(self.delivery), mail.body_html)
