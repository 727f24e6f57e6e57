from psycopg2.extras import Json

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import ormcache

from ..const import ANSWERS, DELIVERY_PROGRESS, LINK_SCOPE, TARGET_EVENTS
from ..tools import links, visitor

#: What is read of a delivery to tell what its picture says.
PICTURE_FIELDS = (
    "id",
    "link_key",
    "sending_method",
    "is_link_alive",
    "is_current",
    "is_opted_out",
    "is_internal",
    "role",
    "company_id",
    "customer_id",
    "email",
    "state",
    "create_date",
    "link_datetime",
    "failure_type",
    "last_attempt_datetime",
    "sent_datetime",
    "look_datetime",
    "open_datetime",
    "view_datetime",
    "download_datetime",
)

#: Columns of an event: a first picture writes each, or leaves it empty as Odoo does.
EVENT_COLUMNS = frozenset(
    (
        "id",
        "create_date",
        "create_uid",
        "write_date",
        "write_uid",
        "delivery_id",
        "company_id",
        "event_type",
        "event_datetime",
        "email",
        "is_automated",
        "is_proof",
        "reasons",
        "hit",
        "detail",
        "answer_name",
        "document_version",
    )
)

#: Stored fields that Odoo computes anew when a first picture is recorded.
SUMMARY = frozenset(
    f"account.move.invoice_{name}"
    for name in (
        "delivery_state",
        "delivery_problem",
        "delivery_recipients",
        "network_recipients",
        "sent_datetime",
        "view_datetime",
    )
)

#: Model -> its methods on the long way to the same rows.
LONG_WAY = {
    "invoice.delivery": (
        *("create", "write", "_write_multi"),
        *("_record_hit", "_fetch_hits", "_follow_verdict", "_prepare_look"),
        *("_record_event", "_update_state", "_find_by_token", "_get_tracked_domain"),
    ),
    "invoice.delivery.event": (
        *("create", "write", "_create", "_get_hits", "_prepare_judgement"),
    ),
    "account.move": ("_compute_invoice_delivery_summary", "_sum_up_delivery_state"),
}

#: Modules of Python in which these methods stand where nobody has changed them.
OWN_MODULES = ("odoo.addons.invoice_send_client.", "odoo.models", "odoo.orm.models")

#: What a document's summary says where one of its deliveries was sent.
SENT_OR_FURTHER = (
    *(name for name, rank in DELIVERY_PROGRESS.items() if rank > 0),
    "return",
)

#: Finds the delivery of a link.
FIND = f"SELECT {', '.join(PICTURE_FIELDS)} FROM invoice_delivery "
FIND += "WHERE link_root = %s"

#: Writes the three rows of a first picture. Where it changes no document, something
#: speaks against it, and nothing of it may stay.
RECORD = """
    WITH moved AS (
        UPDATE invoice_delivery
           SET state = 'open', open_datetime = %(at)s, look_datetime = %(at)s,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
         WHERE id = %(id)s AND state = 'sent' AND NOT EXISTS (
               SELECT FROM invoice_delivery_event
                WHERE delivery_id = %(id)s
                  AND (hit IS NOT NULL OR event_type IN %(answers)s))
     RETURNING id, move_id, company_id, email, write_uid, write_date
    ), noted AS (
        INSERT INTO invoice_delivery_event (
               delivery_id, company_id, email, event_type, event_datetime, hit,
               is_automated, is_proof, reasons,
               create_uid, create_date, write_uid, write_date)
        SELECT id, company_id, email, %(event_type)s, %(at)s, %(hit)s,
               %(is_automated)s, %(is_proof)s, %(reasons)s,
               write_uid, write_date, write_uid, write_date
          FROM moved
    )
        UPDATE account_move move
           SET invoice_delivery_state = CASE
                   WHEN %(is_counted)s AND move.invoice_delivery_state = 'sent'
                   THEN 'open' ELSE move.invoice_delivery_state END,
               write_uid = moved.write_uid, write_date = moved.write_date
          FROM moved
         WHERE move.id = moved.move_id AND move.state = 'posted'
           AND (NOT %(is_counted)s OR move.invoice_delivery_state IN %(states)s)
           AND NOT EXISTS (
               SELECT FROM res_partner
                WHERE id = %(customer_id)s AND invoice_no_tracking)
"""


class InvoiceDelivery(models.Model):
    """The short way of a mail's picture (B12).

    Hundreds of mails are opened at once, and each mail program asks again and again.
    Nearly all of these requests say nothing new, or are the first of a delivery of
    which nothing else is known. These are told apart by one statement and recorded by
    one more. All others, and whatever is in doubt, go the long way, ``_record_hit``,
    which leaves the very same rows.
    """

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    @api.model
    def _find_picture(self, token):
        """Find what a picture asks of the delivery that a link leads to, alive or dead.
        For the start of a request, when nothing waits to be written.

        :param str token: what came with the request
        :return: the values of ``PICTURE_FIELDS``, ``None`` for a link of nobody
        :rtype: dict | None
        """
        key = links.verify(self._link_secret(), LINK_SCOPE, token)
        if not key:
            return None
        # raw SQL: a search that gives the same takes four times as long
        self.env.cr.execute(FIND, [links.get_root(key)])
        row = self.env.cr.fetchone()
        return row and dict(zip(PICTURE_FIELDS, row, strict=True))

    @api.model
    def _make_picture_delivery(self, found):
        """:return: the delivery of what was found, which asks for none of it again

        :param dict found: from :meth:`_find_picture`
        :rtype: invoice.delivery
        """
        delivery = self.browse(found["id"])
        for name, value in found.items():
            if name != "id":
                self._fields[name]._insert_cache(delivery, (value,))
        return delivery

    def _find_first_picture_settings(self, token):
        """Tell whether a picture would be the first that is known of the delivery, as
        far as the delivery and its company say.

        :param str token: with which it was found
        :return: the company's settings, ``None`` where it is not, or in doubt
        :rtype: ClientSettings | None
        """
        self.ensure_one()
        known = ("open", "look", "view", "download")
        if (
            self.state != "sent"
            or self.sending_method != "email"
            or any(self[f"{name}_datetime"] for name in known)
            or not self.is_current
            or not self.is_link_alive
            or not token.startswith(self.link_key)
            or self.is_opted_out
            or not self._has_short_way()
        ):
            return None
        Company = self.env["res.company"]
        settings = Company._fetch_invoice_client_settings(self.company_id.id)
        end = self._count_link_end(settings.expiry_days)
        is_open = not end or end > fields.Datetime.now()
        return settings if settings.is_tracked and is_open else None

    def _record_first_picture(self, hit):
        """Record a delivery's first picture, where nothing else is known of it and the
        judge says no more and no less than "probably opened".

        :param tools.visitor.Hit hit: what the judge keeps of the request
        :return: whether it is recorded, to be committed; else nothing may stay of it,
            and it goes the long way
        :rtype: bool
        :raise psycopg2.Error: where somebody else is just writing the same
        """
        self.ensure_one()
        verdict = visitor.judge([hit])
        [finding] = verdict.findings
        if verdict.opened != "maybe" or finding.automated:
            return False
        values = {
            **self.env["invoice.delivery.event"]._prepare_judgement(finding),
            "hit": Json(hit.to_dict()),
            "at": self._to_naive(hit.at),
            "event_type": TARGET_EVENTS[hit.target],
            "id": self.id,
            "customer_id": self.customer_id.id or None,
            "is_counted": self._is_counted(),
            "uid": SUPERUSER_ID,
            "answers": ANSWERS,
            "states": SENT_OR_FURTHER,
        }
        # raw SQL: as records, the three rows are read and written by six statements.
        # Whose turn it is not, waits on the long way: nothing to be logged.
        self.env.cr.execute(RECORD, values, log_exceptions=False)
        # else the document or the customer says no
        return self.env.cr.rowcount == 1

    # -- where there is only the long way ----------------------------------------------

    @api.model
    def _has_short_way(self):
        """:return: whether the long way is this addon's own, from end to end

        Another addon or an automation rule may have a word in it, and on the short way
        it would not be asked.
        """
        # rules change while the server runs, and are put on the models' own classes
        return self._is_long_way_own() and not any(
            name in vars(self.env.registry[model])
            for model, names in LONG_WAY.items()
            for name in ("_compute_field_value", *names)
        )

    @api.model
    @ormcache()
    def _is_long_way_own(self):
        """:return: whether no other addon has changed the long way"""
        event = self.env["invoice.delivery.event"]
        columns = {f.name for f in event._fields.values() if f.store and f.column_type}
        owners = [
            cls.__module__
            for model, names in LONG_WAY.items()
            for cls in self.env.registry[model].mro()[1:]
            if not vars(cls).keys().isdisjoint(names)
        ]
        return (
            columns == EVENT_COLUMNS
            and self._get_stored_dependents() == SUMMARY
            and all(owner.startswith(OWN_MODULES) for owner in owners)
        )

    @api.model
    def _get_stored_dependents(self):
        """:return: the columns of other models, and more of this one, that Odoo
            computes from what a picture writes

        :rtype: set[str]
        """
        registry, event = self.env.registry, self.env["invoice.delivery.event"]
        names = ("state", "open_datetime", "look_datetime")
        written = [*(self._fields[name] for name in names), *event._fields.values()]
        return {
            str(dependent)
            for field in written
            for dependent in registry.get_dependent_fields(field)
            if dependent.store
            and dependent.column_type
            and dependent.model_name != event._name
        }
