from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import escape_psql


class InvoiceDelivery(models.Model):
    """Whether a client is followed, and taking back what was recorded (B20).

    Nobody is followed where the company or the customer has it switched off, or whose
    address opted out. The switches hold for links that were mailed before, too. What
    was recorded until then stays until it is erased or grows old.
    """

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    is_opted_out = fields.Boolean(
        string="Opted out",
        compute="_compute_is_opted_out",
        store=True,
        help="The owner of the address asked not to be followed.",
    )
    is_tracked = fields.Boolean(
        string="Tracked",
        compute="_compute_is_tracked",
        search="_search_is_tracked",
        help="What the client does with the link is recorded.",
    )

    # not written at birth by who sends: a corrected address has a wish of its own
    @api.depends("email", "company_id")
    def _compute_is_opted_out(self):
        OptOut = self.env["invoice.delivery.opt.out"]
        refused = OptOut._find(self.company_id, self.mapped("email"))
        for delivery in self:
            key = delivery.company_id.id, OptOut._to_key(delivery.email)
            delivery.is_opted_out = key in refused

    @api.depends(
        "is_opted_out",
        "company_id.invoice_track_clients",
        "customer_id.invoice_no_tracking",
    )
    def _compute_is_tracked(self):
        for delivery in self:
            delivery.is_tracked = delivery._is_tracked()

    def _search_is_tracked(self, operator, value):
        if operator != "in":
            return NotImplemented
        tracked = self._get_tracked_domain()
        return Domain.OR(tracked if each else ~tracked for each in value)

    # -- who is followed ---------------------------------------------------------------

    def _is_tracked(self):
        """:return: whether what the client does with the link is recorded now

        :rtype: bool
        """
        self.ensure_one()
        settings = self.env["res.company"]._get_invoice_client_settings(
            self.company_id.id
        )
        # sudo: the customer's wish counts for whoever asks, and may not be read by all
        customer = self.sudo().customer_id
        return (
            settings.is_tracked
            and not self.is_opted_out
            and not customer.invoice_no_tracking
        )

    @api.model
    def _get_tracked_domain(self):
        """:return: the domain that says the same as :meth:`_is_tracked`, for one query
        with two joins; for the public routes, it heeds no access rules

        :rtype: Domain
        """
        is_customer_followed = Domain("customer_id", "=", False) | Domain(
            "customer_id", "any!", Domain("invoice_no_tracking", "!=", True)
        )
        return (
            Domain("is_opted_out", "=", False)
            & Domain("company_id", "any!", Domain("invoice_track_clients", "=", True))
            & is_customer_followed
        )

    def _note_hit(self, hit, **values):
        """Note a request for the client's page, where visits are recorded.

        :param tools.visitor.Hit hit: what the judge keeps of the request
        :param values: see ``_record_hit``
        :return: the event, empty where none is kept
        :rtype: invoice.delivery.event
        """
        if not self._is_tracked():
            return self.event_ids.browse()
        return self._record_hit(hit, **values)

    # -- the client does not want to be followed --------------------------------------

    def _opt_out(self):
        """The client asked not to be followed: heed it for all mails to this address.

        What was recorded of the address until now is erased. Other companies of the
        database are asked on links of their own.

        :return: the company's deliveries to the address
        :rtype: invoice.delivery
        """
        self.ensure_one()
        same = self | self._find_by_address(self.company_id, self.email)
        self.env["invoice.delivery.opt.out"]._add(self.company_id, self.email)
        same.is_opted_out = True
        same._erase_tracking()
        self._record_event("opt_out")
        return same

    @api.model
    def _find_by_address(self, companies, email):
        """:return: the deliveries to an address, however it is written

        :param companies: whose deliveries count
        :param str email: the address
        :rtype: invoice.delivery
        """
        to_key = self.env["invoice.delivery.opt.out"]._to_key
        key = to_key(email)
        if not key:
            return self.browse()
        # a domain can be written in ASCII and in its own letters
        local = key.rpartition("@")[0]
        found = self.search(
            [
                ("company_id", "in", companies.ids),
                ("email", "=ilike", f"{escape_psql(local)}@%"),
            ]
        )
        return found.filtered(lambda delivery: to_key(delivery.email) == key)

    # -- erasing -----------------------------------------------------------------------

    def _erase_tracking(self):
        """Take back what was recorded of the clients' visits.

        The history is append-only; this is its one exception, besides the company's
        time of keeping (requirements B20): visits go, with everything that is known of
        who made them. The delivery stays as it is, its state and times too, and no
        later visit undoes them: a state only moves on, and a time is written once.

        :return: the deliveries of which something was recorded
        :rtype: invoice.delivery
        """
        visits = self._find_visits()
        erased = self.browse(visits.delivery_id.ids)
        visits._erase()
        return erased

    def _find_visits(self):
        """:return: the events of these deliveries that tell of visitors

        :rtype: invoice.delivery.event
        """
        # sudo: events have no writer but the sending; who erases was asked before
        Event = self.env["invoice.delivery.event"].sudo()
        return Event.search(
            Domain("delivery_id", "in", self.ids) & Event._get_visit_domain()
        )

    def _erase_tracking_by_user(self):
        """Erase as somebody of the staff, and leave a note of it in the history.

        :return: the deliveries of which something was recorded
        :rtype: invoice.delivery
        """
        erased = self._erase_tracking()
        erased |= self._forget_names()
        # sudo: events have no writer but the sending; who erases was asked before
        erased.sudo()._record_event("erase")
        return erased

    def _forget_names(self):
        """Forget the names with which clients answered; the answers stay.

        :return: the deliveries that had one
        :rtype: invoice.delivery
        """
        # sudo: deliveries have no writer but the sending; who erases was asked before
        named = self.sudo().filtered("answer_name")
        named.answer_name = False
        for event in named.event_ids.filtered("answer_name"):
            event._forget_name()
        return self.browse(named.ids)

    # -- words -------------------------------------------------------------------------

    def _get_evidence_text(self):
        # EXTENDS 'invoice_send_client'
        if self.state == "sent" and not self._is_tracked():
            return self.env._("not tracked")
        return super()._get_evidence_text()
