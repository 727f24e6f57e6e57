import re
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from odoo.addons.mail.models.mail_render_mixin import MailRenderMixin

from .common import InvoiceSendCase

#: The window's own tables: all that opening may write.
OWN_TABLES = {
    "account_move_send_batch_wizard",
    "account_move_send_batch_wizard_line",
    "account_move_account_move_send_batch_wizard_rel",
}
#: More queries than the window takes with every app that these tests run beside.
MOST_QUERIES = 200
WRITTEN = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')


@tagged("post_install", "-at_install")
class TestReviewWindowSpeed(InvoiceSendCase):
    """The number of queries does not grow with the number of documents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Client {number}",
                    "email": f"office@client{number}.example",
                    "invoice_sending_method": "email",
                }
                for number in range(25)
            ]
        )
        line = {"name": "Work", "price_unit": 10.0, "tax_ids": False}
        cls.moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": "2026-11-21",
                    "invoice_line_ids": [(0, 0, line)],
                }
                for customer in [*customers] * 5
            ]
        )
        cls.moves.action_post()

    def open_window(self, count, first=0):
        """:return: the window of so many documents, opened by a request of its own"""
        self.start_request()
        action = self.moves[first : first + count].action_open_send_window()
        self.env.flush_all()
        return self.env["account.move.send.batch.wizard"].browse(action["res_id"])

    def start_request(self):
        """Forget what was read, as a request does that comes after another one."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.cache.clear()

    def count_queries(self, work):
        """:return: queries of a call in a request of its own"""
        self.start_request()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def count_opening(self, count):
        return self.count_queries(lambda: self.open_window(count))

    def press_send(self, wizard):
        """Press Send, as far as to what is written for good."""
        Run = type(self.env["invoice.send.run"])
        with patch.object(Run, "_process"), patch.object(Run, "_trigger_cron"):
            wizard.action_send_and_print()

    def written_tables(self, work):
        """:return: the tables that a call writes to"""
        tables, execute = set(), Cursor.execute

        def watch(cursor, query, *args, **kwargs):
            text = getattr(query, "code", query)
            tables.update(WRITTEN.findall(str(text)))
            return execute(cursor, query, *args, **kwargs)

        self.start_request()
        with patch.object(Cursor, "execute", watch):
            work()
            self.env.flush_all()
        return tables

    def test_opening_takes_as_many_queries_for_a_hundred_as_for_ten(self):
        self.open_window(10)  # fills the caches that outlive a request
        ten, hundred = self.count_opening(10), self.count_opening(100)
        self.assertEqual(ten, hundred)
        self.assertLess(hundred, MOST_QUERIES)

    def test_opening_one_document_takes_no_more_than_ten(self):
        Wizard = self.env["account.move.send.batch.wizard"]
        context = {"active_model": "account.move", "active_ids": self.moves[:1].ids}
        self.open_window(10)
        one = self.count_queries(lambda: Wizard.with_context(**context).create({}))
        self.assertLessEqual(one, self.count_opening(10))

    def test_what_the_browser_reads_takes_as_many_for_a_hundred_as_for_ten(self):
        def read(wizard):
            wizard.web_read({"alerts": {}, "link_problem": {}, "email_from_name": {}})
            wizard.get_counts()
            wizard.line_ids.web_search_read(
                [("wizard_id", "=", wizard.id)],
                {"move_name": {}, "remark": {}, "message_size": {}, "amount_total": {}},
                limit=5,
            )

        few, many = self.open_window(10), self.open_window(100)
        read(few)
        counts = [self.count_queries(lambda w=w: read(w)) for w in (few, many)]
        self.assertEqual(*counts)

    def test_editing_a_row_takes_as_many_among_a_hundred_as_among_ten(self):
        windows = [self.open_window(count) for count in (10, 10, 100)]
        values = {"email_to": "ana@alfa.example", "to_send": False}
        counts = []
        for line in [wizard.line_ids[2] for wizard in windows]:
            counts.append(self.count_queries(lambda row=line: row.write(values)))
        self.assertEqual(*counts[1:])  # the first one fills the caches

    def test_pressing_send_takes_no_more_for_a_hundred_than_for_ten(self):
        windows = [self.open_window(10), self.open_window(10, 10)]
        windows.append(self.open_window(100, 20))
        counts = [
            self.count_queries(lambda window=wizard: self.press_send(window))
            for wizard in windows
        ]
        _fills_the_caches, ten, hundred = counts
        self.assertLessEqual(hundred, ten)
        self.assertEqual(len(windows[-1].run_id.delivery_ids), 100)

    def test_opening_renders_no_letter_and_writes_nothing_but_the_window(self):
        with patch.object(MailRenderMixin, "_render_template") as render:
            tables = self.written_tables(lambda: self.open_window(100))
        render.assert_not_called()
        self.assertIn("account_move_send_batch_wizard_line", tables)
        self.assertEqual(tables - OWN_TABLES, set())
        self.assertFalse(any(self.moves.mapped("sending_data")))

    def test_rows_of_one_customer_are_alike_but_for_the_document(self):
        wizard = self.open_window(100)
        for line in wizard.line_ids:
            customer = line.move_id.partner_id
            self.assertEqual(line.partner_id, customer)
            self.assertIn(customer.email, line.email_to)
            self.assertEqual(line.mail_partner_ids, customer.ids)
        self.assertEqual(wizard.line_ids.move_id, self.moves[:100])
        self.assertEqual((wizard.line_count, wizard.ready_count), (100, 100))
