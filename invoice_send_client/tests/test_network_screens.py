"""What windows, panel, run and list say of the network and of Odoo's own ways."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import InvoiceSendCase

WINDOW = "account.move.send.wizard"
REVIEW = "account.move.send.batch.wizard"
BOTH = ["email", "network"]


class NetworkCase(InvoiceSendCase):
    """A customer with a portal user, and one that is a company of the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = False
        cls.maria = new_test_user(
            cls.env,
            "maria.portal",
            groups="base.group_portal",
            name="Maria",
            email="maria@alfa.example",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.maria.partner_id.parent_id = cls.partner_a
        cls.delta = cls.env["res.company"].create({"name": "Delta Ltd"})
        cls.delta.partner_id.email = "office@delta.example"

    def make_delta_invoice(self):
        """:return: an invoice to the company that takes nothing"""
        return self.init_invoice(
            "out_invoice", partner=self.delta.partner_id, amounts=[100.0], post=True
        )

    def open_window(self, move):
        """:return: the send window as a user opens it"""
        context = {"active_model": "account.move", "active_ids": move.ids}
        return self.env[WINDOW].with_context(**context).create({})

    def get_network(self, move):
        """:return: the document's deliveries inside the system"""
        return move.invoice_delivery_ids.filtered(
            lambda d: d.sending_method == "network"
        )


@tagged("post_install", "-at_install")
class TestNetworkWindow(NetworkCase):
    """The window of one document."""

    def test_both_are_ticked_beside_each_other(self):
        boxes = self.open_window(self.make_invoice()).sending_method_checkboxes
        self.assertEqual([*boxes][:2], BOTH)
        self.assertTrue(boxes["email"]["checked"] and boxes["network"]["checked"])
        self.assertFalse(boxes["network"].get("readonly"))

    def test_it_says_who_gets_it(self):
        window = self.open_window(self.make_invoice())
        self.assertIn("Maria", window.network_text)
        self.assertIn("will appear in the portal", window.network_text)
        self.assertFalse(window.network_problem)
        self.assertFalse(window.is_network_refused)

    def test_box_is_closed_where_nobody_can_get_it(self):
        self.maria.active = False
        window = self.open_window(self.make_invoice())
        box = window.sending_method_checkboxes["network"]
        self.assertEqual((box["checked"], box["readonly"]), (False, True))
        self.assertIn("no access to the portal", window.network_text)
        self.assertFalse(window.is_network_refused)

    def test_box_is_closed_though_the_customer_wants_nothing_else(self):
        self.maria.active = False
        self.partner_a.invoice_sending_method = "network"
        window = self.open_window(self.make_invoice())
        self.assertFalse(window.sending_methods)
        self.assertTrue(window.network_problem)

    def test_company_that_takes_nothing_is_named(self):
        window = self.open_window(self.make_delta_invoice())
        self.assertTrue(window.sending_method_checkboxes["network"]["readonly"])
        self.assertTrue(window.is_network_refused)
        self.assertIn("Delta Ltd", window.network_problem)

    def test_company_that_takes_nothing_gets_the_mail_alone(self):
        move = self.make_delta_invoice()
        with self.mail_server() as taken:
            self.open_window(move).action_send_and_print()
        self.assertEqual([to for to, _message in taken], [["office@delta.example"]])
        self.assertFalse(self.get_network(move))

    def test_document_without_an_address_goes_by_the_network_alone_and_says_so(self):
        self.partner_a.email = False
        move = self.make_invoice()
        window = self.open_window(move)
        self.assertEqual(window.sending_methods, BOTH)
        self.assertFalse(window.email_to_problem)
        self.assertIn("client network only", window.email_to_warning)
        with self.mail_server() as taken:
            window.action_send_and_print()
        self.assertFalse(taken)
        self.assertEqual(move.invoice_delivery_ids, self.get_network(move))
        self.assertEqual(move.invoice_delivery_state, "sent")

    def test_document_without_an_address_is_refused_where_somebody_is_to_be_mailed(
        self,
    ):
        self.partner_a.email = False
        move = self.make_invoice()
        for values in (
            {"email_cc": "ana@alfa.example"},
            {"email_bcc": "ana@"},
            {"sending_methods": ["email"]},
        ):
            with self.subTest(values=values):
                window = self.open_window(move)
                window.write(values)
                self.assertIn("type one", window.email_to_problem)
                self.assertFalse(window.email_to_warning)
                with self.mail_server() as taken, self.assertRaises(UserError):
                    window.action_send_and_print()
                self.assertFalse(taken)
                self.assertFalse(move.invoice_delivery_ids)

    def test_second_window_names_the_ways_of_the_first_sending(self):
        move = self.make_invoice()
        self.send(move, sending_methods=BOTH)
        words = self.open_window(move).sent_before
        self.assertIn("ana@alfa.example", words)
        self.assertIn("Maria (client network)", words)
        self.assertNotIn("maria@", words)

    def test_refusal_is_shown_with_everything_filled_in(self):
        move = self.make_invoice()
        wizard = self.make_wizard(move, sending_methods=["network"])
        Delivery = type(self.env["invoice.delivery"])
        with patch.object(Delivery, "_bring_to_portal", side_effect=UserError("No.")):
            wizard.action_send_and_print()
        [problem] = wizard.send_problems
        self.assertIn("Maria", problem)
        self.assertIn("No.", problem)
        self.assertEqual(wizard.sending_methods, ["network"])


@tagged("post_install", "-at_install")
class TestNetworkReview(NetworkCase):
    """The window of many documents."""

    def open_review(self, *moves):
        """:return: the window of several documents"""
        moves = self.env["account.move"].union(*moves)
        context = {"active_model": "account.move", "active_ids": moves.ids}
        return self.env[REVIEW].with_context(**context).create({})

    def get_row(self, review, move):
        """:return: a document's row"""
        return review.line_ids.filtered(lambda line: line.move_id == move)

    def test_row_shows_both_ways_in_short(self):
        move = self.make_invoice()
        row = self.get_row(self.open_review(move), move)
        self.assertEqual(row.methods_text, "E-mail, network")
        self.assertEqual(row.remark, "Ready.")

    def test_row_without_an_address_goes_by_the_network_and_says_so(self):
        self.partner_a.email = False
        move = self.make_invoice()
        row = self.get_row(self.open_review(move), move)
        self.assertTrue(row.to_send)
        self.assertFalse(row.blocked)
        self.assertIn("client network only", row.remark)

    def test_row_with_a_wrong_address_goes_by_the_network_and_says_so(self):
        move = self.make_invoice()
        wizard = self.open_review(move)
        row = self.get_row(wizard, move)
        row.email_to = "ana@"
        self.assertFalse(row.blocked)
        self.assertIn("client network only", row.remark)
        self.assertIn("This is no e-mail address: ana@", row.remark)
        with self.mail_server() as taken:
            wizard.action_send_and_print()
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertFalse(taken)
        self.assertEqual(move.invoice_delivery_ids, self.get_network(move))
        self.assertEqual(move.invoice_delivery_state, "sent")

    def test_row_with_a_wrong_address_beside_a_good_one_is_refused(self):
        move = self.make_invoice()
        row = self.get_row(self.open_review(move), move)
        row.email_to = "ana@alfa.example; ion@"
        self.assertTrue(row.blocked)
        self.assertEqual(row.block_reason, "This is no e-mail address: ion@")

    def test_row_without_an_address_and_without_anybody_is_refused(self):
        self.partner_a.email = self.maria.active = False
        move = self.make_invoice()
        row = self.get_row(self.open_review(move, self.make_delta_invoice()), move)
        self.assertTrue(row.blocked)
        self.assertIn("No e-mail address", row.remark)

    def test_company_that_takes_nothing_is_remarked_and_goes_by_mail(self):
        move = self.make_delta_invoice()
        row = self.get_row(self.open_review(move), move)
        self.assertTrue(row.to_send)
        self.assertEqual(row.methods_text, "E-mail")
        self.assertIn("Delta Ltd", row.warning)

    def test_customer_without_portal_is_no_remark(self):
        self.maria.active = False
        move = self.make_invoice()
        self.assertEqual(self.get_row(self.open_review(move), move).remark, "Ready.")

    def test_one_row_is_sent_by_what_its_window_ticks(self):
        first, second = self.make_invoice(), self.make_invoice()
        review = self.open_review(first, second)
        row = self.get_row(review, first)
        window = self.env[WINDOW].browse(row.action_open())
        window.sending_method_checkboxes = {
            key: {**box, "checked": key == "network"}
            for key, box in window.sending_method_checkboxes.items()
        }
        window.action_keep_in_batch()
        self.assertEqual(row.methods_text, "network")
        with self.mail_server() as taken:
            review.action_send_and_print()
            self.env["invoice.send.run"]._process_due()
        self.assertEqual(len(taken), 1)
        self.assertEqual(len(first.invoice_delivery_ids), 1)
        self.assertEqual(len(second.invoice_delivery_ids), 2)

    def test_closed_box_of_a_row_is_not_ticked_by_opening_it(self):
        move = self.make_delta_invoice()
        row = self.get_row(self.open_review(move), move)
        row.sending_methods = BOTH
        window = self.env[WINDOW].browse(row.action_open())
        self.assertEqual(window.sending_methods, ["email"])

    def test_methods_for_all_are_those_that_lead_to_somebody(self):
        move, delta = self.make_invoice(), self.make_delta_invoice()
        review = self.open_review(move, delta)
        review.set_sending_methods = "email"
        review.set_for_all()
        self.assertEqual({*review.line_ids.mapped("methods_text")}, {"E-mail"})
        review.set_sending_methods = "both"
        review.set_for_all()
        self.assertFalse(review.set_sending_methods)
        self.assertEqual(self.get_row(review, move).sending_methods, BOTH)
        self.assertEqual(self.get_row(review, delta).sending_methods, ["email"])

    def test_network_alone_for_all_leaves_out_whom_it_does_not_reach(self):
        move, delta = self.make_invoice(), self.make_delta_invoice()
        review = self.open_review(move, delta)
        review.set_sending_methods = "network"
        review.set_for_all()
        row = self.get_row(review, delta)
        self.assertTrue(row.blocked)
        self.assertFalse(row.to_send)
        self.assertIn("Delta Ltd", row.block_reason)
        self.assertTrue(self.get_row(review, move).to_send)

    def test_methods_for_all_keep_other_ways(self):
        move = self.make_invoice()
        review = self.open_review(move)
        row = self.get_row(review, move)
        row.sending_methods = ["email", "snailmail"]
        review.set_sending_methods = "network"
        review.set_for_all()
        self.assertEqual(row.sending_methods, ["network", "snailmail"])

    def test_bounced_address_is_no_doubt_where_nothing_is_mailed(self):
        move = self.make_invoice()
        self.make_delivery(move, state="bounce")
        row = self.get_row(self.open_review(move), move)
        self.assertTrue(row.is_doubtful)
        row.sending_methods = ["network"]
        self.assertFalse(row.is_doubtful)


@tagged("post_install", "-at_install")
class TestNetworkTold(NetworkCase):
    """Panel, list, run, tray and export."""

    def send_both(self):
        """:return: a document that went both ways"""
        move = self.make_invoice()
        self.send(move, sending_methods=BOTH)
        return move

    def fail(self):
        """:return: a delivery that the client's side did not take"""
        move = self.make_invoice()
        Delivery = type(self.env["invoice.delivery"])
        with patch.object(Delivery, "_bring_to_portal", side_effect=UserError("No.")):
            self.send(move, sending_methods=BOTH)
        return self.get_network(move)

    def test_document_tells_mailed_from_brought(self):
        move = self.send_both()
        self.assertEqual(move.invoice_delivery_recipients, "ana@alfa.example")
        self.assertEqual(move.invoice_network_recipients, "Maria")

    def test_panel_names_the_recipient_and_not_the_address(self):
        move = self.send_both()
        recipients = move.get_invoice_delivery_panel()["recipients"]
        shown = {each["recipient"]: each for each in recipients}
        self.assertEqual({*shown}, {"ana@alfa.example", "Maria"})
        network = shown["Maria"]
        self.assertEqual(network["name"], "maria@alfa.example")
        self.assertEqual((network["is_network"], network["mode"]), (True, ""))
        self.assertFalse(shown["ana@alfa.example"]["is_network"])

    def test_timeline_has_no_word_of_a_mail(self):
        move = self.make_invoice()
        self.send(move, sending_methods=["network"])
        [event] = move.get_invoice_delivery_panel()["events"]
        self.assertEqual(event["type"], "brought")
        self.assertIn("Maria", event["text"])
        self.assertNotIn("Mailed", event["text"])
        self.assertFalse(event["address"])

    def test_failure_can_be_sent_again_and_has_no_address_to_correct(self):
        network = self.fail()
        [values] = network._get_failure_values()
        self.assertEqual(values["recipient"], "Maria")
        self.assertEqual(values["actions"], ["action_resend"])
        self.assertIn("send it again", values["advice"])

    def test_export_names_recipient_and_method(self):
        run = self.send_both().invoice_delivery_ids.run_id
        columns = run._get_export_columns()
        rows = [dict(zip(columns, row, strict=True)) for row in run._get_export_rows()]
        told = {row["Recipient"]: row["Method"] for row in rows}
        self.assertEqual(
            told, {"ana@alfa.example": "E-mail", "Maria": "Client network"}
        )

    def test_deliveries_are_found_by_the_name(self):
        move = self.send_both()
        network = self.get_network(move)
        self.assertEqual(network.display_name, f"{move.name} → Maria")
        arch = self.env["invoice.delivery"].get_view(
            self.env.ref("invoice_send_client.invoice_delivery_view_search").id,
            "search",
        )["arch"]
        self.assertIn("by_network", arch)

    def test_name_of_a_contact_changes_no_document(self):
        move = self.send_both()
        self.env.flush_all()
        before = move.write_date, move.invoice_network_recipients
        self.maria.partner_id.name = "Maria Pop"
        self.env.flush_all()
        move.invalidate_recordset()
        self.assertEqual((move.write_date, move.invoice_network_recipients), before)


@tagged("post_install", "-at_install")
class TestOtherWays(NetworkCase):
    """Post, whose app Odoo installs beside invoicing; e-invoices: see tests/edi."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.has_post = "snailmail.letter" in cls.env
        cls.partner_a.write(
            {
                "street": "Strada 1",
                "city": "Cluj",
                "zip": "400001",
                "country_id": cls.env.ref("base.ro").id,
            }
        )

    def setUp(self):
        super().setUp()
        if not self.has_post:
            self.skipTest("snailmail_account is not installed")

    def post(self, methods=("email", "snailmail")):
        """:return: a document that went by post as well"""
        move = self.make_invoice()
        self.send(move, sending_methods=list(methods))
        return move

    def get_letter(self, move):
        """:return: the letter by post"""
        domain = [("model", "=", "account.move"), ("res_id", "=", move.id)]
        return self.env["snailmail.letter"].search(domain)

    def test_post_is_ticked_only_where_the_customer_wants_it(self):
        Send, move = self.env["account.move.send"], self.make_invoice()
        self.partner_a.invoice_sending_method = False
        self.assertTrue(Send._is_applicable_to_move("snailmail", move))
        self.assertNotIn("snailmail", Send._get_default_sending_methods(move))
        self.partner_a.invoice_sending_method = "snailmail"
        self.assertEqual(Send._get_default_sending_methods(move), {"snailmail"})

    def test_letter_by_post_stands_in_the_panel_with_its_own_state(self):
        move = self.post()
        [way] = move.get_invoice_delivery_panel()["ways"]
        self.assertEqual((way["name"], way["label"]), ("Post", "In Queue"))
        self.assertEqual((way["kind"], way["problem"]), ("waiting", ""))
        self.assertEqual(way["recipient"], self.partner_a.display_name)
        self.assertTrue(way["datetime"])

    def test_letter_that_failed_says_why(self):
        move = self.post()
        self.get_letter(move)._snailmail_print_invalid_address()
        [way] = move.get_invoice_delivery_panel()["ways"]
        self.assertEqual((way["kind"], way["label"]), ("failed", "Error"))
        self.assertIn("not complete", way["problem"])

    def test_run_says_how_post_stands(self):
        move = self.post()
        line = move.invoice_send_line_ids
        run = line.run_id
        self.assertEqual(run.other_way_line_ids, line)
        self.assertEqual(line.other_ways, "Post: In Queue")
        self.assertEqual(move.invoice_delivery_ids.other_ways, "Post: In Queue")
        columns, rows = run._get_export_columns(), run._get_export_rows()
        values = dict(zip(columns, rows[0], strict=True))
        self.assertEqual(values["Other ways"], "Post: In Queue")

    def test_run_without_other_ways_says_nothing(self):
        move = self.make_invoice()
        self.send(move, sending_methods=BOTH)
        self.assertFalse(move.invoice_send_line_ids.goes_other_ways)
        self.assertFalse(move.invoice_send_line_ids.run_id.other_way_line_ids)
        self.assertFalse(move.invoice_send_line_ids.other_ways)
        self.assertEqual(move.get_invoice_delivery_panel()["ways"], [])

    def test_way_that_nothing_is_known_of_yet_is_named(self):
        move = self.make_invoice()
        self.send(
            move,
            sending_methods=["email", "snailmail"],
            scheduled_datetime="2999-01-01 00:00:00",
        )
        self.assertEqual(move.invoice_send_line_ids.other_ways, "by Post")

    def test_many_documents_ask_as_few_queries_as_one(self):
        moves = self.env["account.move"].union(*[self.post() for _number in range(5)])
        counts = []
        for some in (moves, moves[:1], moves):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            ways = some._get_invoice_other_ways()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual({len(own) for own in ways.values()}, {1})
        self.assertEqual(*counts[1:])
