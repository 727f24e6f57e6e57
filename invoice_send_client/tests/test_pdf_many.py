from unittest.mock import patch

from odoo.tests import tagged

from ..models import ir_actions_report
from .common import InvoiceSendCase

REPORT = "account.account_invoices"
PAGES = (["<p>1</p>"], "<script>function subst() {}</script>", None)


@tagged("post_install", "-at_install")
class TestPdfMany(InvoiceSendCase):
    """Which PDFs are made together, what fails alone, what waits."""

    def setUp(self):
        super().setUp()
        self.Send = self.env["account.move.send"]
        self.report = self.env.ref(REPORT)

    def make_data(self, moves, **more):
        """:return: settings of documents, as the sending has them"""
        return {move: {"pdf_report": self.report, **more} for move in moves}

    def make_invoices(self, count):
        """:return: posted invoices"""
        moves = self.env["account.move"]
        return moves.union(*(self.make_invoice() for _number in range(count)))

    def poison(self, bad):
        """Let the HTML of one document fail in PostgreSQL, until the test ends."""
        Move = type(self.env["account.move"])
        name = Move._get_name_invoice_report

        def poisoned(move):
            if move.id == bad.id:
                move.env.cr.execute("SELECT 1 / 0")
            return name(move)

        self.patch(Move, "_get_name_invoice_report", poisoned)

    def test_document_that_cannot_be_rendered_leaves_the_others_of_its_batch(self):
        moves = self.make_invoices(3)
        data = self.make_data(moves, invoice_send_line=True)
        self.poison(moves[1])
        with self.assertLogs("odoo.sql_db", "ERROR"):
            self.Send._prepare_invoice_pdf_report(data)
        first, second, third = (data[move] for move in moves)
        self.assertEqual(second["error"]["failure_type"], "pdf")
        self.assertNotIn("pdf_attachment_values", second)
        for move, made in ((moves[0], first), (moves[2], third)):
            self.assertNotIn("error", made)
            self.assertIn(move.name.encode(), made["pdf_attachment_values"]["raw"])

    def test_document_of_no_run_raises(self):
        def refuse(_move):
            raise ValueError("no such report")

        moves = self.make_invoices(2)
        self.patch(type(moves), "_get_name_invoice_report", refuse)
        with self.assertRaisesRegex(ValueError, "no such report"):
            self.Send._prepare_invoice_pdf_report(self.make_data(moves))

    def test_batches_have_one_company_and_one_report_each(self):
        other = self.report.copy()
        moves = self.make_invoices(3)
        data = self.make_data(moves)
        data[moves[1]]["pdf_report"] = other
        with patch.object(type(self.report), "_get_pdf_batch_size", lambda _report: 5):
            batches = self.Send._get_pdf_batches(data)
        self.assertEqual(
            [list(batch) for batch in batches], [[moves[0], moves[2]], [moves[1]]]
        )

    def test_engine_without_patches_makes_one_document_at_a_time(self):
        kind = ir_actions_report._wkhtml()._replace(is_patched_qt=False)
        data = self.make_data(self.make_invoices(3))
        with patch.object(ir_actions_report, "_wkhtml", lambda: kind):
            batches = self.Send._get_pdf_batches(data)
        self.assertEqual([len(batch) for batch in batches], [1, 1, 1])

    def test_queries_do_not_grow_with_each_document(self):
        counts = {}
        for count in (1, 10, 40):
            data = self.make_data(self.make_invoices(count))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Send._prepare_invoice_pdf_report(data)
            counts[count] = self.env.cr.sql_log_count - before
        self.assertLess(counts[40] - counts[10], 30 * 8, counts)

    def test_reports_with_scripts_wait_as_natively(self):
        bodies, header, footer = PAGES
        Report = self.env["ir.actions.report"]
        self.assertFalse(Report._changes_late(bodies, header, footer))
        for late in (
            "<script>draw()</script>",
            "<SCRIPT src='/x.js'></SCRIPT>",
            '<div style="background-image: url(/x.png)"></div>',
        ):
            with self.subTest(late=late):
                self.assertTrue(Report._changes_late([late], header, footer))
                self.assertTrue(Report._changes_late(bodies, header + late, footer))

    def test_wait_is_what_the_report_says(self):
        build = self.env["ir.actions.report"]._build_wkhtmltopdf_args
        paper = self.report.get_paperformat()

        def wait(**settings):
            args = build(paper, False, specific_paperformat_args=settings)
            return args[args.index("--javascript-delay") + 1]

        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("report.print_delay", "700")
        self.assertEqual(wait(), "700")
        self.assertEqual(wait(**{ir_actions_report.DELAY: "5"}), "5")
