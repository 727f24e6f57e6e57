from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..tools import visitor
from .test_client_page import BROWSER
from .test_privacy import PrivacyCase

BATCH = "odoo.addons.invoice_send_client.models.invoice_delivery_event_privacy.GC_BATCH"
TIMES = ("sent_datetime", "open_datetime", "view_datetime", "download_datetime")


class EraseCase(PrivacyCase):
    """Somebody who may erase, and others who may not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = {
            "manager": "account.group_account_manager",
            "accountant": "account.group_account_user",
            "biller": "account.group_account_invoice",
            "plain": "base.group_user",
            "portal": "base.group_portal",
            "public": "base.group_public",
        }
        cls.users = {
            name: new_test_user(
                cls.env,
                login=f"isc_{name}",
                groups=group,
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for name, group in groups.items()
        }

    def make_visited(self, **values):
        """:return: a delivery that the client looked at"""
        delivery = self.make_sent(**values)
        self.visit(delivery)
        return delivery

    def erase(self, user, **values):
        """:return: what the user is told"""
        env = self.env(user=self.users[user])
        env = env(context=dict(env.context, allowed_company_ids=self.company.ids))
        wizard = env["invoice.delivery.erase"].create(values)
        return wizard.action_erase()["params"]["message"]


@tagged("-at_install", "post_install")
class TestErase(EraseCase):
    def test_visits_go_and_the_delivery_stays_as_it_was(self):
        delivery = self.make_visited()
        delivery._record_event("renew")
        before = {name: delivery[name] for name in ("state", *TIMES)}
        self.assertTrue(before["view_datetime"])
        self.assertEqual(delivery._erase_tracking(), delivery)
        self.assertFalse(self.get_visits(delivery))
        self.assertEqual(delivery.event_ids.mapped("event_type"), ["renew"])
        self.assertEqual({name: delivery[name] for name in before}, before)
        self.assertFalse(delivery._erase_tracking())

    def test_later_visits_do_not_undo_what_was_known(self):
        delivery = self.make_visited()
        delivery.view_datetime -= timedelta(days=5)
        before = {name: delivery[name] for name in ("state", *TIMES)}
        delivery._erase_tracking()
        self.visit(delivery)
        self.assertTrue(self.get_visits(delivery))
        self.assertEqual({name: delivery[name] for name in before}, before)

    def test_answer_stays_without_what_is_known_of_the_browser(self):
        delivery = self.make_visited()
        hit = self.get_visits(delivery)[0].hit
        answer = delivery._record_event("accept", hit=hit, is_proof=True)
        delivery._erase_tracking()
        self.assertEqual(delivery.event_ids, answer)
        self.assertFalse(answer.hit)
        self.assertEqual(answer._get_words()[0], "Accepted by ana@alfa.example")

    def test_answer_of_a_machine_is_none_after_the_browser_is_forgotten(self):
        delivery = self.make_visited()
        hit = self.get_visits(delivery)[0].hit
        for reasons, is_automated, icon in (
            ("instant_answer", True, "machine"),
            ("script_silent", False, "open"),
        ):
            values = {"reasons": reasons, "is_automated": is_automated}
            answer = delivery._record_event("accept", hit=hit, **values)
            before = answer._get_words()
            delivery._erase_tracking()
            self.assertFalse(answer.hit)
            self.assertEqual(answer._get_words(), before)
            self.assertNotIn("Accepted", answer.text)
            self.assertEqual(answer._get_icon_type(), icon)

    def test_names_of_answers_go_and_the_answers_stay(self):
        delivery = self.make_visited()
        values = {"answer_name": "Ana Pop", "detail": "Wrong quantity"}
        answer = delivery._record_event("return", **values)
        delivery.write(
            {"state": "return", "return_datetime": fields.Datetime.now()}
            | {"answer_name": "Ana Pop", "return_reason": "Wrong quantity"}
        )
        delivery.answer_event_id = answer
        self.erase("accountant", email="ana@alfa.example")
        self.assertFalse(delivery.answer_name or answer.answer_name)
        self.assertEqual((delivery.state, delivery.answer_event_id), ("return", answer))
        self.assertTrue(delivery.return_datetime)
        self.assertEqual(delivery.return_reason, "Wrong quantity")

    def test_names_of_answers_go_from_chatter_and_activity_too(self):
        delivery = self.make_visited()
        name, reason = "Ana <O'Pop>", "Ana is wrong"
        event = delivery._record_event(
            "return", is_proof=True, answer_name=name, detail=reason
        )
        delivery.answer_name = name
        move = delivery.move_id
        move._tell_answer(delivery, event)
        [activity] = move.activity_ids
        self.assertIn("Ana &lt;O'Pop&gt;", activity.note)
        self.assertIn("Ana &lt;O'Pop&gt;", " ".join(move.message_ids.mapped("body")))
        self.erase("accountant", email="ana@alfa.example")
        texts = [activity.note, *move.message_ids.mapped("body")]
        self.assertNotIn("Pop", " ".join(texts))
        self.assertIn("Returned by ana@alfa.example: Ana is wrong", activity.note)

    def test_customer_is_erased_with_all_its_contacts_and_nobody_else(self):
        contact = self.env["res.partner"].create(
            {"name": "Ion", "parent_id": self.partner_a.id}
        )
        mine = self.make_visited() | self.make_visited(
            email="ion@alfa.example", partner_id=contact.id
        )
        invoice = self.init_invoice(
            "out_invoice", partner=self.partner_b, amounts=[1.0], post=True
        )
        other = self.make_visited(move=invoice)
        theirs = self.make_visited_by_other()
        action = contact.action_erase_invoice_tracking()
        self.assertEqual(action["context"]["default_partner_id"], self.partner_a.id)
        said = self.erase("manager", partner_id=contact.id)
        self.assertIn("concerned: 2.", said)
        self.assertFalse(self.get_visits(mine))
        self.assertEqual(len(self.get_visits(other | theirs)), 4)
        self.assertIn("nothing to erase", self.erase("manager", partner_id=contact.id))

    def make_visited_by_other(self):
        """:return: a delivery of the second company that its client looked at"""
        delivery = self.make_sent_by_other()
        self.visit(delivery)
        return delivery

    def test_address_is_erased_for_whatever_customer(self):
        invoice = self.init_invoice(
            "out_invoice", partner=self.partner_b, amounts=[1.0], post=True
        )
        mine = self.make_visited() | self.make_visited(move=invoice)
        neighbour = self.make_visited(email="ion@alfa.example")
        theirs = self.make_visited_by_other()
        self.assertIn(
            "concerned: 2.", self.erase("accountant", email="ANA@alfa.example")
        )
        self.assertFalse(self.get_visits(mine))
        self.assertEqual(len(self.get_visits(neighbour | theirs)), 4)
        with self.assertRaisesRegex(UserError, "no e-mail address: ana@"):
            self.erase("accountant", email="ana@")

    def test_dialog_says_what_there_is_before_it_is_erased(self):
        self.make_visited()
        action = self.partner_a.action_erase_invoice_tracking()
        Wizard = self.env["invoice.delivery.erase"].with_context(**action["context"])
        with Form(Wizard) as dialog:
            self.assertEqual((dialog.delivery_count, dialog.visit_count), (1, 2))
        with Form(self.env["invoice.delivery.erase"]) as dialog:
            dialog.email = "ana@alfa.example"
            self.assertEqual((dialog.delivery_count, dialog.visit_count), (1, 2))
            dialog.email = "nobody@alfa.example"
            self.assertEqual(dialog.delivery_count, 0)

    def test_whoever_erased_stands_in_the_history(self):
        delivery = self.make_visited()
        self.erase("manager", partner_id=self.partner_a.id)
        words = delivery.event_ids[-1]._get_words()[0]
        user = self.users["manager"].name
        self.assertEqual(
            words, f"What was recorded of ana@alfa.example was erased by {user}"
        )

    def test_staff_can_heed_a_wish_at_once(self):
        delivery = self.make_visited()
        self.erase("manager", email="ana@alfa.example", stop_following=True)
        self.assertTrue(delivery.is_opted_out)
        self.assertTrue(self.make_sent().is_opted_out)
        self.erase("manager", partner_id=self.partner_a.id, stop_following=True)
        self.assertTrue(self.partner_a.invoice_no_tracking)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_only_accountants_and_managers_erase(self):
        delivery = self.make_visited()
        for name in ("biller", "plain", "portal", "public"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                self.erase(name, partner_id=self.partner_a.id)
        self.assertEqual(len(self.get_visits(delivery)), 2)
        action = self.env.ref("invoice_send_client.action_erase_tracking")
        for name in ("biller", "plain"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                action.with_user(self.users[name]).with_context(
                    active_model="res.partner", active_id=self.partner_a.id
                ).run()
        opened = (
            action.with_user(self.users["accountant"])
            .with_context(active_model="res.partner", active_id=self.partner_a.id)
            .run()
        )
        self.assertEqual(opened["res_model"], "invoice.delivery.erase")

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_addresses_that_are_not_tracked_are_for_accounting_of_their_company(self):
        self.make_sent()._opt_out()
        theirs = self.make_sent_by_other()
        theirs._opt_out()
        for name, count in (("manager", 1), ("accountant", 1)):
            OptOut = self.env["invoice.delivery.opt.out"].with_user(self.users[name])
            found = OptOut.with_context(allowed_company_ids=self.company.ids).search([])
            self.assertEqual(len(found), count)
            self.assertEqual(found.company_id, self.company)
            self.assertFalse(found.has_access("write"))
            self.assertFalse(found.has_access("create"))
        for name in ("biller", "plain", "portal", "public"):
            with self.assertRaises(AccessError):
                self.env["invoice.delivery.opt.out"].with_user(self.users[name]).search(
                    []
                )

    def test_what_was_recorded_goes_with_the_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Ion", "email": "ion@alfa.example"}
        )
        gone = self.make_visited(email="ion@alfa.example", partner_id=contact.id)
        kept = self.make_visited()
        contact.unlink()
        self.assertFalse(self.get_visits(gone))
        self.assertEqual((gone.state, gone.partner_id.id), ("view", False))
        self.assertEqual(len(self.get_visits(kept)), 2)


@tagged("-at_install", "post_install")
class TestVisitRetention(EraseCase):
    def clean_up(self):
        # as Odoo's clean-up does it
        events = self.env["invoice.delivery.event"].with_user(SUPERUSER_ID)
        return events._gc_old_visits()

    def make_old(self, delivery, days):
        """Let visits and deeds be that old."""
        delivery.event_ids.event_datetime = fields.Datetime.now() - timedelta(days=days)

    def test_each_company_keeps_visits_for_its_own_time(self):
        self.assertEqual(self.company.invoice_event_retention_days, 730)
        self.company.invoice_event_retention_days = 30
        self.other_company.invoice_event_retention_days = 0
        old, young = self.make_visited(), self.make_visited()
        theirs = self.make_sent_by_other()
        self.visit(theirs)
        old._record_event("revoke")
        for delivery, days in ((old, 31), (young, 29), (theirs, 5000)):
            self.make_old(delivery, days)
        before = {name: old[name] for name in ("state", *TIMES)}
        self.assertEqual(self.clean_up(), (2, False))
        self.assertEqual(old.event_ids.mapped("event_type"), ["revoke"])
        self.assertEqual({name: old[name] for name in before}, before)
        self.assertEqual(len(self.get_visits(young | theirs)), 4)

    def test_more_than_one_batch_is_told_to_the_clean_up(self):
        self.make_old(self.make_visited(), 1000)
        self.make_old(self.make_visited(), 1000)
        with patch(BATCH, 1):
            # of each the page and the look at it
            self.assertEqual(self.clean_up(), (2, True))
            self.assertEqual(self.clean_up(), (2, True))
            self.assertEqual(self.clean_up(), (0, False))

    def test_session_whose_page_grows_too_old_goes_as_a_whole(self):
        """A look or an answer without its page would be judged as nobody's."""
        self.company.invoice_event_retention_days = 30
        delivery = self.make_visited()
        page, look = self.get_visits(delivery)
        answer = delivery._record_event(
            "accept",
            hit={**look.hit, "target": "act", "beacon": None},
            is_proof=True,
            reasons="answer",
        )
        delivery._apply_answer()
        before = {name: delivery[name] for name in ("state", *TIMES)}
        page.event_datetime = fields.Datetime.now() - timedelta(days=31)
        self.assertEqual(self.clean_up(), (3, False))
        self.assertEqual(delivery.event_ids, answer)
        self.visit_shortly(delivery)
        self.assertEqual(len(self.get_visits(delivery)), 1)
        self.assertEqual({name: delivery[name] for name in before}, before)
        self.assertEqual(delivery.state, "accept")
        self.assertEqual(delivery.answer_event_id, answer)

    def test_other_sessions_of_the_delivery_stay(self):
        self.company.invoice_event_retention_days = 30
        delivery = self.make_visited()
        self.visit_shortly(delivery)
        self.get_visits(delivery)[0].event_datetime -= timedelta(days=31)
        self.assertEqual(self.clean_up(), (2, False))
        self.assertEqual(len(self.get_visits(delivery)), 1)

    def visit_shortly(self, delivery):
        """Let another browser fetch the page."""
        now = datetime.now(timezone.utc)
        sent = delivery.sent_datetime.replace(tzinfo=timezone.utc)
        page = visitor.observe(
            at=now,
            delivered_at=sent,
            method="GET",
            target="page",
            client="another",
            headers=BROWSER,
            ip="203.0.113.8",
        )
        delivery._note_hit(page)

    def test_old_look_goes_though_nothing_is_known_of_the_browser(self):
        self.company.invoice_event_retention_days = 30
        delivery = self.make_delivery()
        old = fields.Datetime.now() - timedelta(days=31)
        looks = [
            delivery._record_event(kind, event_datetime=old)
            for kind in ("open", "view", "download")
        ]
        sent = delivery._record_event("sent", event_datetime=old)
        self.clean_up()
        self.assertFalse([event for event in looks if event.exists()])
        self.assertTrue(sent.exists())

    def test_old_answer_stays_and_is_not_come_to_again(self):
        delivery = self.make_visited()
        answer = delivery._record_event("return", hit=self.get_visits(delivery)[0].hit)
        self.make_old(delivery, 1000)
        self.assertEqual(self.clean_up(), (3, False))
        self.assertEqual(delivery.event_ids, answer)
        self.assertEqual(self.clean_up(), (0, False))


@tagged("-at_install", "post_install")
class TestPrivacyLookup(EraseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # persons are looked up by administrators
        cls.env.user.group_ids += cls.env.ref("base.group_system")

    def look_up(self, email="ana@alfa.example"):
        """:return: what Odoo's Privacy Lookup finds, of ours"""
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": "Ana", "email": email}
        )
        wizard.action_lookup()
        return wizard.line_ids.filtered(
            lambda line: line.res_model.startswith("invoice.delivery")
        )

    def test_deliveries_to_the_address_are_found_and_their_visits_erased(self):
        delivery = self.make_visited()
        invoice = self.init_invoice(
            "out_invoice", partner=self.partner_b, amounts=[1.0], post=True
        )
        neighbour = self.make_visited(move=invoice, email="ion@beta.example")
        self.env["invoice.delivery.opt.out"]._add(self.company, "ana@alfa.example")
        lines = self.look_up()
        line = lines.filtered(lambda line: line.res_id == delivery.id)
        self.assertEqual(set(lines.mapped("res_model")), {"invoice.delivery"})
        self.assertNotIn(neighbour.id, lines.mapped("res_id"))
        line.action_unlink()
        self.assertTrue(delivery.exists())
        self.assertEqual(delivery.state, "view")
        self.assertFalse(self.get_visits(delivery))
        self.assertEqual(len(self.get_visits(neighbour)), 2)
        self.assertIn("Erased tracking data", line.execution_details)
        self.assertIn("Erased tracking data", line.wizard_id.execution_details)
        with self.assertRaises(UserError):
            line.action_unlink()

    def test_whole_selection_can_be_erased(self):
        deliveries = self.make_visited() | self.make_visited()
        self.look_up().action_unlink_all()
        self.assertEqual(len(deliveries.exists()), 2)
        self.assertFalse(self.get_visits(deliveries))
