from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import dsn
from .common import InvoiceSendCase
from .dsn_files import fill


@tagged("-at_install", "post_install")
class TestBounces(InvoiceSendCase):
    """What comes back through Odoo's mail gateway marks the right recipient."""

    def send_mails(self, invoice=None, **values):
        """:return: the invoice's deliveries, and the mails that left, as bytes"""
        invoice = invoice or self.make_invoice()
        taken = self.send(invoice, **values)
        deliveries = invoice.sudo().invoice_delivery_ids.sorted("id")
        return deliveries, [message.as_bytes() for _to, message in taken]

    def send_one(self):
        """:return: the only delivery, and the mail that left"""
        [delivery], [mail] = self.send_mails()
        return delivery, mail

    def feed(self, content, model=None):
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            return self.env["mail.thread"].message_process(model, content)

    def bounce(self, name, mail, **values):
        return self.feed(fill(name, mail, **values))

    def bounces_told(self, delivery):
        events = delivery.event_ids.filtered(lambda e: e.event_type == "bounce")
        return [(event.email, event.detail) for event in events]

    def test_every_format_marks_recipient_invoice_and_sender(self):
        for name in ("postfix", "exchange_online", "gmail", "qmail", "exchange_old"):
            with self.subTest(name=name):
                delivery, mail = self.send_one()
                sent = delivery.sent_datetime
                self.bounce(name, mail)
                self.assertEqual(delivery.state, "bounce")
                self.assertEqual(delivery.failure_type, "refused")
                self.assertTrue(delivery.failure_reason)
                self.assertTrue(delivery.is_unseen)
                self.assertEqual(delivery.sent_datetime, sent)
                self.assertTrue(delivery.move_id.invoice_delivery_problem)
                self.assertEqual(delivery.move_id.invoice_delivery_state, "error")
                notification = delivery.mail_message_id.notification_ids
                self.assertEqual(notification.notification_status, "bounce")

    def test_contact_is_counted_natively(self):
        _delivery, mail = self.send_one()
        self.bounce("postfix", mail)
        self.assertEqual(self.partner_a.message_bounce, 1)

    def test_panel_says_from_where_it_came_back_and_what_can_be_done(self):
        delivery, mail = self.send_one()
        self.bounce("exchange_online", mail)
        line = delivery._get_panel_values()
        self.assertIn("Came back: 550 5.1.10 RESOLVER", line["problem"])
        self.assertIn("action_correct_address", line["actions"])
        self.assertIn("action_resend", line["actions"])
        [told] = delivery.event_ids.filtered(lambda e: e.event_type == "bounce")
        self.assertIn("Came back from ana@alfa.example: 550 5.1.10", told.text)

    def test_typed_address_is_marked_alone_also_in_the_chatter(self):
        deliveries, mails = self.send_mails(
            email_to="ana@alfa.example; Typed@Elsewhere.example"
        )
        self.bounce("postfix", mails[1], recipient="typed@elsewhere.example")
        self.assertEqual(deliveries.mapped("state"), ["sent", "bounce"])
        notification = deliveries.mail_message_id.notification_ids.filtered(
            "mail_email_address"
        )
        self.assertEqual(notification.notification_status, "bounce")
        self.assertEqual(self.partner_a.message_bounce, 0)

    def test_forwarded_mail_marks_the_recipient_and_names_the_other_address(self):
        delivery, mail = self.send_one()
        self.bounce("forwarded", mail)
        self.assertEqual(delivery.state, "bounce")
        self.assertEqual(
            self.bounces_told(delivery),
            [("ana.private@elsewhere.example", "554 5.7.1 Message refused")],
        )

    def test_shared_message_marks_those_that_the_report_names(self):
        self.company.invoice_copy_mode = "shared"
        deliveries, [mail] = self.send_mails(
            email_to="ana@alfa.example, ion@alfa.example, ok@alfa.example"
        )
        self.bounce(
            "several", mail, second="ion@alfa.example", delivered="ok@alfa.example"
        )
        self.assertEqual(deliveries.mapped("state"), ["bounce", "bounce", "sent"])

    def test_shared_message_of_an_unknown_recipient_marks_none_but_is_told(self):
        self.company.invoice_copy_mode = "shared"
        deliveries, [mail] = self.send_mails(
            email_to="ana@alfa.example, ion@alfa.example"
        )
        self.bounce("forwarded", mail)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(
            self.bounces_told(deliveries[0]),
            [("ana.private@elsewhere.example", "554 5.7.1 Message refused")],
        )

    def test_mail_without_our_header_is_found_by_message_id_and_address(self):
        deliveries, mails = self.send_mails(
            email_to="ana@alfa.example, ion@alfa.example"
        )
        bare = mails[1].replace(dsn.TOKEN_HEADER.encode(), b"X-Removed")
        self.bounce("postfix", bare, recipient="ion@alfa.example")
        self.assertEqual(deliveries.mapped("state"), ["sent", "bounce"])

    def test_stranger_who_names_many_recipients_is_told_of_once(self):
        delivery, _mail = self.send_one()
        failures = tuple(
            dsn.Failure((f"x{number}@x.example",), f"x{number}@x.example", "", "no")
            for number in range(50)
        )
        report = dsn.Report(failures, delivery._get_bounce_token())
        is_ours, bounced = self.env["invoice.delivery"]._find_bounced(report)
        self.assertTrue(is_ours)
        self.assertEqual([found.deliveries for found in bounced], [delivery])

    def test_mail_that_was_sent_twice_is_not_marked_by_its_message_id_alone(self):
        delivery, mail = self.send_one()
        delivery._record_event("retry")
        bare = mail.replace(dsn.TOKEN_HEADER.encode(), b"X-Removed")
        self.bounce("postfix", bare, recipient=delivery.email)
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(len(self.bounces_told(delivery)), 1)

    def test_clients_link_in_a_servers_words_is_not_kept(self):
        delivery, _mail = self.send_one()
        words = f"550 spam: {delivery._get_landing_url()}"
        failure = dsn.Failure((delivery.email,), delivery.email, "", words)
        report = dsn.Report((failure,), delivery._get_bounce_token())
        Delivery = self.env["invoice.delivery"].sudo()
        Delivery._process_bounces(Delivery._find_bounced(report)[1])
        self.assertIn("550 spam", delivery.failure_reason)
        self.assertNotIn(delivery._get_token(), delivery.failure_reason)

    def test_forged_header_marks_nothing(self):
        delivery, mail = self.send_one()
        token = delivery._get_bounce_token()
        forged = f"{delivery.id:08x}{token[8:22]}{'A' * 27}"
        self.assertIn(token.encode(), mail)
        mail = mail.replace(token.encode(), forged.encode())
        mail = mail.replace(delivery.mail_message_id.message_id.encode(), b"<x@y>")
        self.bounce("postfix", mail)
        self.assertEqual(delivery.state, "sent")
        self.assertFalse(self.bounces_told(delivery))

    def test_header_does_not_tell_the_clients_link(self):
        delivery, _mail = self.send_one()
        token = delivery._get_bounce_token()
        self.assertNotIn(delivery.sudo().link_key, token)
        self.assertFalse(self.env["invoice.delivery"]._find_by_token(token))
        self.assertNotIn(delivery._get_token(), token)

    def test_delay_receipt_and_out_of_office_change_nothing(self):
        delivery, mail = self.send_one()
        for name in ("delayed", "read_receipt"):
            self.bounce(name, mail)
        # an answer of a person goes into the chatter, as natively
        self.bounce("out_of_office", mail)
        self.assertEqual(delivery.state, "sent")
        self.assertFalse(self.bounces_told(delivery))
        notification = delivery.mail_message_id.notification_ids
        self.assertNotEqual(notification.notification_status, "bounce")
        self.assertEqual(self.partner_a.message_bounce, 0)

    def test_repeated_report_changes_nothing(self):
        delivery, mail = self.send_one()
        for number in range(3):
            self.bounce("postfix", mail, dsn_id=f"copy-{number}")
        self.assertEqual(delivery.state, "bounce")
        self.assertEqual(len(self.bounces_told(delivery)), 1)

    def test_bounce_after_a_look_is_told_but_changes_no_state(self):
        delivery, mail = self.send_one()
        delivery._update_state("view", view_datetime=delivery.sent_datetime)
        self.bounce("postfix", mail)
        self.assertEqual(delivery.state, "view")
        self.assertFalse(delivery.failure_reason)
        self.assertEqual(len(self.bounces_told(delivery)), 1)

    def test_late_report_on_an_earlier_attempt_is_told_but_changes_nothing(self):
        delivery, mail = self.send_one()
        self.bounce("postfix", mail)
        with self.mail_server():
            delivery.action_retry()
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(delivery.state, "sent")
        self.bounce("exchange_online", mail)
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(len(self.bounces_told(delivery)), 2)

    def test_error_is_overruled_only_where_the_mail_may_have_arrived(self):
        for failure_type, state in (("unknown", "bounce"), ("address", "error")):
            with self.subTest(failure_type=failure_type):
                delivery, mail = self.send_one()
                delivery.write({"state": "error", "failure_type": failure_type})
                self.bounce("postfix", mail)
                self.assertEqual(delivery.state, state)

    def test_all_documents_of_one_mail_are_marked(self):
        first, mail = self.send_one()
        second = first.copy(
            {
                "move_id": self.make_invoice().id,
                "state": "sent",
                "last_attempt_datetime": first.last_attempt_datetime,
            }
        )
        other = second.copy(
            {
                "move_id": self.make_invoice().id,
                "state": "sent",
                "last_attempt_datetime": first.last_attempt_datetime
                + timedelta(microseconds=1),
            }
        )
        self.bounce("postfix", mail)
        self.assertEqual((first + second).mapped("state"), ["bounce", "bounce"])
        self.assertEqual(other.state, "sent")

    def test_fetched_bounce_creates_no_record_and_no_error(self):
        """A mailbox that makes a record of each mail, and one that routes nothing."""
        for model in (None, "res.partner"):
            for name in ("postfix", "exchange_old"):
                with self.subTest(model=model, name=name):
                    delivery, mail = self.send_one()
                    before = self.env["res.partner"].search_count([])
                    self.assertFalse(self.feed(fill(name, mail), model))
                    self.assertEqual(self.env["res.partner"].search_count([]), before)
                    self.assertEqual(delivery.state, "bounce")

    def test_bounces_of_other_mails_are_left_to_odoo(self):
        partner = self.env["res.partner"].create(
            {"name": "Other", "email": "other@elsewhere.example"}
        )
        message = partner.message_post(body="Hello", partner_ids=partner.ids)
        mail = f"Message-Id: {message.message_id}\nSubject: Hello\n\nHello\n".encode()
        self.bounce("postfix", mail, recipient=partner.email)
        self.assertEqual(partner.message_bounce, 1)
        self.assertEqual(message.notification_ids.notification_status, "bounce")


@tagged("-at_install", "post_install")
class TestBounceSettings(InvoiceSendCase):
    """The settings say whether bounces can arrive at all."""

    def read_settings(self):
        settings = self.env["res.config.settings"].create({})
        return settings.invoice_bounce_state, settings.invoice_bounce_text

    def add_mailbox(self, login):
        """:return: an incoming mail server that Odoo fetches"""
        return self.env["fetchmail.server"].create(
            {
                "name": "Office",
                "server_type": "imap",
                "server": "imap.seller.example",
                "user": login,
                "state": "done",
            }
        )

    def setUp(self):
        super().setUp()
        self.env["fetchmail.server"].search([]).active = False
        self.company.alias_domain_id = False

    def test_nothing_that_fetches_means_that_no_bounce_arrives(self):
        state, text = self.read_settings()
        self.assertEqual(state, "no")
        self.assertIn("office@seller.example", text)

    def test_fetched_mailbox_of_the_sender_gets_bounces(self):
        self.add_mailbox("office@seller.example")
        self.assertEqual(self.read_settings()[0], "yes")

    def test_another_mailbox_gets_them_perhaps(self):
        self.add_mailbox("info@seller.example")
        state, text = self.read_settings()
        self.assertEqual(state, "maybe")
        self.assertIn("info@seller.example", text)

    def test_alias_domain_gets_them_unless_the_mail_server_may_not_use_it(self):
        self.company.alias_domain_id = self.env["mail.alias.domain"].create(
            {"name": "seller-alias.example", "bounce_alias": "bounce"}
        )
        state, text = self.read_settings()
        self.assertEqual(state, "yes")
        self.assertIn("bounce@seller-alias.example", text)
        self.company.invoice_mail_server_id = self.env["ir.mail_server"].create(
            {
                "name": "Own",
                "smtp_host": "127.0.0.1",
                "smtp_encryption": "none",
                "from_filter": "office@seller.example",
            }
        )
        state, text = self.read_settings()
        self.assertEqual(state, "no")
        self.assertIn("office@seller.example", text)

    def test_last_bounce_is_shown(self):
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.invoice_last_bounce_datetime)
        delivery = self.make_delivery(state="sent")
        delivery._set_bounced("550 no")
        settings = self.env["res.config.settings"].create({})
        [event] = delivery.event_ids
        self.assertEqual(settings.invoice_last_bounce_datetime, event.event_datetime)
