from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import format_datetime
from odoo.tools.safe_eval import safe_eval

from .common import InvoiceSendCase

STEPS = (3, 7, 14, 30)
#: Whose looks would be known: deliveries, their customers, the companies.
UNVIEWED_QUERIES = 4


@tagged("-at_install", "post_install")
class TestFollowUp(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.billing = new_test_user(
            cls.env,
            "billing",
            groups="base.group_user,account.group_account_invoice",
            company_id=cls.company.id,
        )

    def make_sent(self, days, state="sent", **values):
        """:return: an invoice sent so many days and an hour ago"""
        invoice = self.make_invoice()
        sent = fields.Datetime.now() - timedelta(days=days, hours=1)
        if state in ("view", "download", "accept"):
            values["view_datetime"] = sent + timedelta(hours=1)
        self.make_delivery(invoice, state=state, sent_datetime=sent, **values)
        return invoice

    def get_filter(self, name):
        """:return: the domain of a filter of the invoice list, as the browser has it"""
        arch = etree.fromstring(
            self.env["account.move"].get_view(
                self.env.ref("account.view_account_invoice_filter").id, "search"
            )["arch"]
        )
        [node] = arch.xpath(f"//filter[@name='{name}']")
        return safe_eval(node.get("domain"))

    def find(self, domain, among):
        return self.env["account.move"].search([*domain, ("id", "in", among.ids)])

    def test_days_count_from_the_mail_until_somebody_looks(self):
        for state, days in (
            ("sent", 5),
            ("open", 5),
            ("view", 0),
            ("return", 0),
            ("error", 0),
        ):
            with self.subTest(state=state):
                self.assertEqual(self.make_sent(5, state).invoice_unviewed_days, days)
        self.assertEqual(self.make_invoice().invoice_unviewed_days, 0)

    def test_field_is_searched_by_any_comparison(self):
        unsent, today = self.make_invoice(), self.make_sent(0)
        three, five = self.make_sent(3), self.make_sent(5)
        viewed = self.make_sent(5, "view")
        every = unsent | today | three | five | viewed
        for operator, value, found in (
            (">=", 3, three | five),
            (">", 3, five),
            ("<", 3, unsent | today | viewed),
            ("<=", 3, unsent | today | viewed | three),
            ("=", 3, three),
            ("!=", 3, every - three),
            ("in", [3, 5], three | five),
            ("=", 0, unsent | today | viewed),
            ("=", False, unsent | today | viewed),
            (">=", 0, every),
        ):
            with self.subTest(operator=operator, value=value):
                domain = [("invoice_unviewed_days", operator, value)]
                self.assertEqual(self.find(domain, every), found.sorted(reverse=True))
                self.assertEqual(every.filtered_domain(domain), found.sorted("id"))

    def test_steps_of_days_are_filters_of_the_list(self):
        sent = {days: self.make_sent(days) for days in (1, *STEPS)}
        every = self.env["account.move"].union(*sent.values())
        for step in STEPS:
            found = self.find(
                self.get_filter(f"invoice_delivery_not_viewed_{step}"), every
            )
            self.assertEqual(
                {days for days, move in sent.items() if move in found},
                {days for days in sent if days >= step},
            )

    def test_sent_again_is_followed_from_its_first_mail(self):
        invoice = self.make_sent(8)
        self.make_delivery(
            invoice, state="sent", sent_datetime=fields.Datetime.now(), email="b@x.ro"
        )
        self.assertEqual(invoice.invoice_unviewed_days, 8)

    def test_menu_opens_the_unread_of_a_week_in_the_customers_list(self):
        action = self.env.ref("invoice_send_client.action_unviewed_documents")
        context = safe_eval(action.context)
        name = "search_default_invoice_delivery_not_viewed_7"
        self.assertTrue(context[name])
        self.assertEqual(context["default_move_type"], "out_invoice")
        receipt = self.init_invoice("out_receipt", amounts=[5.0], post=True)
        self.assertIn(receipt, self.find(safe_eval(action.domain), receipt))
        menu = self.env.ref("invoice_send_client.unviewed_documents_menu")
        self.assertEqual(
            menu.parent_id, self.env.ref("account.menu_finance_receivables")
        )
        self.assertNotIn("elivery", menu.name)

    def test_list_is_grouped_by_state_and_by_the_days_of_mail_and_look(self):
        every = self.make_sent(3) | self.make_sent(4, "view")
        Move = self.env["account.move"]
        for name in (
            "invoice_delivery_state",
            "invoice_sent_datetime:day",
            "invoice_view_datetime:day",
        ):
            groups = Move._read_group([("id", "in", every.ids)], [name], ["__count"])
            self.assertEqual(len(groups), 2, name)

    def test_search_of_the_unread_costs_one_query_whatever_their_number(self):
        invoices = self.env["account.move"]
        for _number in range(10):
            invoices |= self.make_sent(8)
        domain = [("invoice_unviewed_days", ">=", 7), ("id", "in", invoices.ids)]
        self.env["account.move"].search(domain)  # warm
        for limit in (1, 10):
            with self.assertQueryCount(1):
                found = self.env["account.move"].search(domain, limit=limit)
            self.assertEqual(len(found), limit)

    def test_column_costs_no_query_for_each_document(self):
        for count in (2, 12):
            invoices = self.env["account.move"]
            for _number in range(count):
                invoices |= self.make_sent(8)
            self.env.flush_all()
            self.env.invalidate_all()
            invoices.mapped("invoice_sent_datetime")
            with self.subTest(count=count), self.assertQueryCount(UNVIEWED_QUERIES):
                invoices.mapped("invoice_unviewed_days")

    def test_send_again_opens_the_window_for_the_selection(self):
        """Its rows are ticked, say when they went, and leave a second time."""
        self.partner_a.invoice_sending_method = "email"
        other = self.partner_a.copy({"name": "Beta SRL", "email": "b@beta.example"})
        invoices = self.make_invoice() | self.init_invoice(
            "out_invoice", partner=other, amounts=[7.0], post=True
        )
        addresses = {invoices[0]: "ana@alfa.example", invoices[1]: "b@beta.example"}
        for invoice, address in addresses.items():
            [(recipients, _message)] = self.send(invoice)
            self.assertEqual(recipients, [address])
            sent = invoice.invoice_delivery_ids.sudo()
            sent.sent_datetime = fields.Datetime.now() - timedelta(days=8)
        action = (
            self.env.ref("invoice_send_client.action_send_again")
            .with_user(self.billing)
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .run()
        )
        self.assertEqual(action["res_model"], "account.move.send.batch.wizard")
        window = self.env[action["res_model"]].with_user(self.billing)
        window = window.browse(action["res_id"])
        self.assertEqual(window.line_ids.move_id, invoices)
        for line in window.line_ids:
            move = line.move_id
            self.assertTrue(line.to_send)
            when = format_datetime(
                line.env, move.invoice_sent_datetime, dt_format="short"
            )
            self.assertIn(f"Sent on {when} to {addresses[move]}.", line.warning)
        with self.mail_server() as taken:
            window.action_send_and_print()
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(
            sorted(to for to, _message in taken),
            [["ana@alfa.example"], ["b@beta.example"]],
        )
        for invoice in invoices:
            states = invoice.invoice_delivery_ids.mapped("state")
            self.assertEqual(states, ["sent", "sent"])


@tagged("-at_install", "post_install")
class TestDeliveryReport(InvoiceSendCase):
    def make_viewed(self, hours, **values):
        sent = fields.Datetime.to_datetime("2026-11-02 10:00:00")
        viewed = hours is not None and sent + timedelta(hours=hours)
        return self.make_delivery(
            state="view" if viewed else "sent",
            sent_datetime=sent,
            view_datetime=viewed,
            **values,
        )

    def average(self, deliveries, *groupby):
        """:return: what the report shows"""
        return self.env["invoice.delivery"]._read_group(
            [("id", "in", deliveries.ids)], groupby, ["__count", "hours_to_view:avg"]
        )

    def test_time_to_view_is_in_hours(self):
        self.assertEqual(self.make_viewed(1.5).hours_to_view, 1.5)
        self.assertEqual(self.make_viewed(None).hours_to_view, 0)

    def test_client_quicker_than_the_mail_server_counts_as_at_once(self):
        self.assertEqual(self.make_viewed(-0.1).hours_to_view, 0)

    def test_averages_leave_out_what_was_not_viewed(self):
        seen = self.make_viewed(2) | self.make_viewed(4)
        every = seen | self.make_viewed(None) | self.make_viewed(None)
        self.assertEqual(self.average(every), [(4, 3.0)])
        self.assertEqual(self.average(every - seen), [(2, False)])

    def test_look_at_once_counts_in_the_average(self):
        every = self.make_viewed(0) | self.make_viewed(4) | self.make_viewed(None)
        self.assertEqual(self.average(every), [(3, 2.0)])

    def test_report_is_grouped_by_everything_that_is_asked(self):
        every = self.make_viewed(2, lang="ro_RO") | self.make_viewed(
            None, lang="bg_BG", document_mode="attachment"
        )
        for name, count in (
            ("state", 2),
            ("document_mode", 2),
            ("lang", 2),
            ("sending_method", 1),
            ("customer_id", 1),
            ("company_id", 1),
            ("sent_datetime:month", 1),
        ):
            with self.subTest(name=name):
                self.assertEqual(len(self.average(every, name)), count)

    def test_customer_is_the_company_of_the_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Ion", "parent_id": self.partner_a.id, "email": "ion@alfa.example"}
        )
        invoice = self.init_invoice(
            "out_invoice", partner=contact, amounts=[1.0], post=True
        )
        self.assertEqual(self.make_delivery(invoice).customer_id, self.partner_a)

    def test_menu_under_reporting_opens_graph_and_pivot(self):
        menu = self.env.ref("invoice_send_client.invoice_delivery_report_menu")
        self.assertIn(
            self.env.ref("account.menu_finance_reports"), menu.parent_id.parent_id
        )
        self.assertEqual(menu.name, "Sent to clients")
        self.assertEqual(menu.action.view_mode, "graph,pivot,list,form")
        Delivery = self.env["invoice.delivery"]
        for kind in ("graph", "pivot"):
            arch = etree.fromstring(Delivery.get_view(view_type=kind)["arch"])
            self.assertTrue(arch.xpath("//field[@name='hours_to_view']"), kind)

    def test_another_companys_mails_are_in_nobody_elses_report(self):
        other = self.setup_other_company()["company"]
        mine = self.make_viewed(2)
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="base.group_user,account.group_account_invoice",
            company_id=other.id,
            company_ids=other.ids,
        )
        Delivery = self.env["invoice.delivery"].with_user(stranger)
        self.assertFalse(Delivery.search([("id", "in", mine.ids)]))
        employee = new_test_user(self.env, "employee", groups="base.group_user")
        # who sends nothing has no mails of his own, and sees nobody else's
        self.assertFalse(Delivery.with_user(employee).search([]))
        with self.assertRaises(AccessError):
            mine.with_user(employee).read(["email"])
