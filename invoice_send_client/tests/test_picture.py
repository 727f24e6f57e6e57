"""The short way of a mail's picture leaves what the long way leaves, or nothing."""

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID, http
from odoo.sql_db import Cursor
from odoo.tests import tagged

from ..const import LINK_SCOPE
from ..controllers.invoice_delivery import GIF, InvoiceDelivery
from ..models.invoice_delivery_picture import FIND, RECORD
from ..tools import links
from .test_client_page import BROWSER, ClientPageCase

PROXY = {"User-Agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}
SCANNER = {"User-Agent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"}
OUTLOOK = {"User-Agent": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"}

#: What no two rows of a table have alike, whichever way they were written.
OWN_COLUMNS = {"id", "delivery_id", "create_date", "write_date"}


class PictureCase(ClientPageCase):
    """An invoice that was mailed, and the picture in the mail."""

    @contextmanager
    def short_way(self, is_open):
        """Let pictures come by the short way as they do, or by the long one alone."""
        name = "picture_early"
        early = getattr(InvoiceDelivery, name) if is_open else lambda *_args: None
        with patch.object(InvoiceDelivery, name, early):
            yield

    def load(self, delivery, headers=None, **kwargs):
        """Load the picture of a delivery's mail, also where its link is dead."""
        token = links.sign(delivery._link_secret(), LINK_SCOPE, delivery.link_key)
        url = f"/invoice/d/{token}/open.gif"
        return self.url_open(url, headers=headers or BROWSER, **kwargs)

    def find_way(self, delivery, **kwargs):
        """Load the picture.

        :return: ``known``, ``short`` or ``long``
        """
        asked, execute = [], Cursor.execute

        def note(cursor, query, *args, **options):
            asked.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **options)

        self.env.flush_all()
        with patch.object(Cursor, "execute", note):
            response = self.load(delivery, **kwargs)
        self.assertEqual((response.status_code, response.content), (200, GIF))
        self.env.invalidate_all()
        # what Odoo asks of a document's links, only the long way asks
        if any("__inverse" in query for query in asked):
            return "long"
        return "short" if RECORD in asked else "known" if FIND in asked else "none"

    def read_rows(self, delivery):
        """:return: what is stored of a delivery and its document, by table and id"""
        self.env.flush_all()
        rows = {}
        for table, column, value in (
            ("invoice_delivery", "move_id", delivery.move_id.id),
            ("invoice_delivery_event", "delivery_id", delivery.id),
            ("account_move", "id", delivery.move_id.id),
        ):
            self.env.cr.execute(f"SELECT * FROM {table} WHERE {column} = %s", [value])
            for row in self.env.cr.dictfetchall():
                rows[table, row["id"]] = row
        return rows

    def get_changes(self, delivery, load):
        """:return: what changes in the database when the picture is loaded: values that
        are new, by table, in the order of the rows"""
        self.env.flush_all()
        # in a test the time of PostgreSQL stands still
        for table in ("invoice_delivery", "account_move"):
            self.env.cr.execute(f"UPDATE {table} SET write_date = '2026-01-01'")
        before, told = self.read_rows(delivery), self.count_told()
        load()
        self.env.invalidate_all()
        changes = []
        for key, row in sorted(self.read_rows(delivery).items()):
            old = before.get(key, {})
            new = {name for name in row if name not in old or row[name] != old[name]}
            if new:
                names = {name for name in new if name in ("write_date", "create_date")}
                values = {name: row[name] for name in new - OWN_COLUMNS}
                changes.append((key[0], bool(old), names, values))
        return changes, self.count_told() - told

    def count_told(self):
        """:return: how many messages and notifications there are"""
        self.env.cr.execute(
            "SELECT (SELECT count(*) FROM mail_message), (SELECT count(*) FROM bus_bus)"
        )
        return sum(self.env.cr.fetchone())

    def make_sent(self, **values):
        """:return: a delivery of a document of its own that left three hours ago

        :param values: of its delivery
        """
        self.send(move := self.make_invoice())
        delivery = move.invoice_delivery_ids.sudo()
        self.make_older(delivery)
        delivery.write(values)
        return delivery


@tagged("-at_install", "post_install")
class TestPictureRows(PictureCase):
    def compare(self, make, headers=None, way="short"):
        """Load pictures of two equal deliveries, one by each way.

        :param make: gives a delivery
        :param str way: the one that the first has to come by
        :return: what the picture changed
        """
        both = []
        moment = datetime.now(timezone.utc)
        for is_open in (True, False):
            with self.short_way(is_open), freeze_time(moment):
                delivery = make()
                ways = []
                changes = self.get_changes(
                    delivery,
                    lambda d=delivery, w=ways: w.append(
                        self.find_way(d, headers=headers)
                    ),
                )
                self.assertEqual(ways, [way if is_open else "long"])
                both.append(changes)
        self.assertEqual(*both)
        return both[0][0]

    def test_first_picture_leaves_the_very_same_rows_by_both_ways(self):
        for headers in (BROWSER, PROXY, OUTLOOK):
            with self.subTest(headers=headers):
                changes = self.compare(self.make_sent, headers=headers)
                rows = {table: values for table, _old, _names, values in changes}
                self.assertEqual(rows["invoice_delivery"]["state"], "open")
                self.assertEqual(rows["account_move"]["invoice_delivery_state"], "open")
                self.assertEqual(rows["account_move"]["write_uid"], SUPERUSER_ID)
                event = rows["invoice_delivery_event"]
                self.assertEqual(event["create_uid"], SUPERUSER_ID)
                self.assertFalse(event["is_automated"])

    def test_summary_of_a_document_with_others_is_the_same_by_both_ways(self):
        def make(state, **values):
            delivery = self.make_sent(**values)
            date = {"view": {"view_datetime": datetime(2026, 1, 5)}}.get(state, {})
            delivery.copy({"state": state, "email": "ion@alfa.example", **date})
            self.env.flush_all()
            return delivery

        for state in ("sent", "open", "view", "error", "outgoing", "cancel"):
            with self.subTest(state=state):
                self.compare(lambda s=state: make(s))
        for values in ({"role": "bcc"}, {"is_internal": True}, {"role": "cc"}):
            for state in ("sent", "view", "error"):
                with self.subTest(values=values, state=state):
                    self.compare(lambda s=state, v=values: make(s, **v))

    def test_what_is_no_first_picture_of_a_person_goes_the_long_way(self):
        cases = {
            "scanner": ({}, SCANNER),
            "prefetch": ({}, {**BROWSER, "Sec-Purpose": "prefetch"}),
            "at delivery": ({"sent_datetime": datetime.now()}, BROWSER),
            "waiting": ({"state": "outgoing"}, BROWSER),
            "bounced": ({"state": "bounce"}, BROWSER),
            "viewed": (
                {"state": "view", "view_datetime": datetime(2026, 1, 5)},
                BROWSER,
            ),
            "accepted": ({"state": "accept"}, BROWSER),
        }
        for name, (values, headers) in cases.items():
            with self.subTest(name=name):
                self.compare(
                    lambda v=values: self.make_sent(**v), headers=headers, way="long"
                )

    def test_machines_light_nothing(self):
        self.find_way(self.delivery, headers=SCANNER)
        self.assertEqual(self.delivery.state, "sent")
        self.assertTrue(self.delivery.event_ids.filtered("hit").is_automated)
        self.assertFalse(self.invoice.invoice_view_datetime)

    def test_later_pictures_are_judged_with_the_first(self):
        moment = datetime.now(timezone.utc)
        with freeze_time(moment):
            ways = [self.find_way(self.delivery) for _time in range(3)]
        self.assertEqual(ways, ["short", "long", "long"])
        pictures = self.delivery.event_ids.filtered("hit")
        self.assertEqual(pictures.mapped("is_automated"), [True] * 3)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(self.invoice.invoice_delivery_state, "sent")

    def test_picture_of_a_known_delivery_writes_nothing_for_an_hour(self):
        now = datetime.now(timezone.utc)
        ways = []
        for minutes in (0, 1, 59, 61):
            with freeze_time(now + timedelta(minutes=minutes)):
                ways.append(self.find_way(self.delivery))
        self.assertEqual(ways, ["short", "known", "known", "long"])
        self.assertEqual(len(self.delivery.event_ids.filtered("hit")), 2)


@tagged("-at_install", "post_install")
class TestPictureSwitches(PictureCase):
    def refuse(self, **kwargs):
        """See that the picture leaves nothing, by whichever way."""
        changes, told = self.get_changes(
            self.delivery, lambda: self.find_way(self.delivery, **kwargs)
        )
        self.assertEqual((changes, told), ([], 0))
        self.env.invalidate_all()

    def test_nobody_is_followed_who_is_not_to_be(self):
        customer, company = self.delivery.customer_id, self.company
        for record, name, value in (
            (company, "invoice_track_clients", False),
            (customer, "invoice_no_tracking", True),
            (self.delivery, "is_opted_out", True),
        ):
            with self.subTest(name=name):
                before, record[name] = record[name], value
                self.refuse()
                record[name] = before
        self.assertEqual(self.find_way(self.delivery), "short")

    def test_dead_links_leave_nothing(self):
        self.company.invoice_link_expiry_days = 30
        with freeze_time(datetime.now(timezone.utc) + timedelta(days=31)):
            self.refuse()
        self.delivery.is_link_alive = False
        self.refuse()
        self.delivery.is_link_alive = True
        self.invoice.sudo().state = "draft"
        self.refuse()
        self.invoice.sudo().state = "posted"
        self.assertEqual(self.find_way(self.delivery), "short")

    def test_old_link_of_a_renewed_one_leaves_nothing(self):
        url = self.get_url(self.delivery)
        self.delivery._renew_link()
        changes, _told = self.get_changes(
            self.delivery, lambda: self.url_open(f"{url}/open.gif", headers=BROWSER)
        )
        self.assertEqual(changes, [])
        # as a mail, a new link is looked at by filters first
        self.delivery.link_datetime -= timedelta(hours=3)
        self.assertEqual(self.find_way(self.delivery), "short")

    def test_switch_holds_although_this_worker_was_not_told_of_it(self):
        self.env["res.company"]._get_invoice_client_settings(self.company.id)
        self.env.flush_all()
        # as another worker writes it
        self.env.cr.execute(
            "UPDATE res_company SET invoice_track_clients = FALSE WHERE id = %s",
            [self.company.id],
        )
        self.assertEqual(self.find_way(self.delivery), "long")

    def test_own_staff_is_known_by_both_ways(self):
        self.company.invoice_internal_networks = "127.0.0.0/8"
        self.assertEqual(self.find_way(self.delivery), "long")
        self.company.invoice_internal_networks = "10.0.0.0/8"
        self.authenticate("admin", "admin")
        self.assertEqual(self.find_way(self.delivery), "long")
        staff = self.delivery.event_ids.filtered("hit")
        self.assertEqual(staff.mapped("reasons"), ["staff", "staff"])
        self.assertEqual(self.delivery.state, "sent")

    def test_whoever_changes_the_long_way_is_asked(self):
        for record, name in (
            (self.delivery, "write"),
            (self.delivery, "_record_hit"),
            (self.delivery.event_ids, "create"),
            (self.invoice, "_compute_field_value"),
        ):
            model = type(record)
            with (
                self.subTest(name=name),
                patch.object(model, name, getattr(model, name)),
            ):
                self.assertFalse(self.delivery._has_short_way())
        self.assertTrue(self.delivery._has_short_way())
        with patch.object(type(self.delivery), "_record_hit", autospec=True) as record:
            self.assertEqual(self.find_way(self.delivery), "long")
        record.assert_called_once()

    def test_answer_is_the_same_by_both_ways_and_sets_no_cookie(self):
        answers = []
        for is_open in (True, False):
            with self.short_way(is_open):
                for delivery in (self.make_sent(), self.delivery):
                    response = self.load(delivery)
                    headers = dict(response.headers)
                    headers.pop("Date")
                    answers.append((response.status_code, response.content, headers))
        self.assertEqual(answers, answers[:1] * 4)
        self.assertNotIn("Set-Cookie", answers[0][2])
        self.assertNotIn("session_id", self.opener.cookies)

    def test_only_pictures_come_before_odoo(self):
        serve = http.Request._serve_db
        self.assertTrue(serve.before_pictures)
        with patch.object(InvoiceDelivery, "picture_early", autospec=True) as early:
            early.return_value = None
            for path in ("", "/pdf", "/open.gif/", "/open.gifx"):
                self.url_open(self.url + path, headers=BROWSER)
            early.assert_not_called()
            self.load(self.delivery)
            early.assert_called_once()
        # a registry that is set up again wraps nothing twice
        self.env["ir.http"]._register_hook()
        self.assertIs(http.Request._serve_db, serve)
