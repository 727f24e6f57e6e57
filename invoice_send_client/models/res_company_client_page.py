from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache

from ..tools import networks


class ClientSettings(NamedTuple):
    """What the public routes have to know of a company, in plain values.

    :ivar bool is_tracked: what clients do with their links is recorded
    :ivar bool has_picture: mails carry the invisible picture
    :ivar tuple networks: those of the own staff, see ``tools.networks``
    :ivar int expiry_days: days after the client's last look, 0 = never
    :ivar bool accept_first: the PDF is given to clients that accepted
    """

    is_tracked: bool
    has_picture: bool
    networks: tuple
    expiry_days: int
    accept_first: bool


#: Fields that :class:`ClientSettings` is made from.
CACHED_FIELDS = (
    "invoice_track_clients",
    "invoice_track_open",
    "invoice_internal_networks",
    "invoice_link_expiry_days",
    "invoice_accept_before_download",
)

#: Reads them of one company.
FETCH_SETTINGS = f"SELECT {', '.join(CACHED_FIELDS)} FROM res_company WHERE id = %s"


class ResCompany(models.Model):
    """What a company lets its clients do with their links, and records of it (B20)."""

    # one model, several concerns: the rest stands in res_company.py
    _name = "res.company"
    _inherit = ["res.company"]

    invoice_track_clients = fields.Boolean(
        string="Follow what clients do with their links", default=True
    )
    invoice_event_retention_days = fields.Integer(
        string="Keep the single visits for", default=730
    )
    invoice_internal_networks = fields.Text(string="Own networks")
    invoice_link_expiry_days = fields.Integer(string="Links expire after")
    invoice_accept_before_download = fields.Boolean(string="Accept before download")
    _invoice_event_retention_positive = models.Constraint(
        "CHECK (invoice_event_retention_days >= 0)",
        "The days for which visits are kept can't be below 0 (0 keeps them for good).",
    )
    _invoice_link_expiry_positive = models.Constraint(
        "CHECK (invoice_link_expiry_days >= 0)",
        "The days after which links expire can't be below 0 (0 means never).",
    )

    @api.constrains("invoice_internal_networks")
    def _check_invoice_internal_networks(self):
        for company in self:
            _found, wrong = networks.parse(company.invoice_internal_networks)
            if wrong:
                raise ValidationError(
                    self.env._(
                        "“%s” can't be among your own networks: write addresses such "
                        "as 203.0.113.7 or networks such as 192.168.0.0/24, with "
                        "commas between them or each on a line of its own.",
                        ", ".join(wrong),
                    )
                )

    def cache_invalidation_fields(self):
        # EXTENDS 'base'
        return super().cache_invalidation_fields() | set(CACHED_FIELDS)

    @api.model
    @ormcache("company_id")
    def _get_invoice_client_settings(self, company_id):
        """Give the public routes what they need, most often without any query.

        :param int company_id: res.company
        :rtype: ClientSettings
        """
        # sudo: visitors read no companies, and each of these acts on them alone
        company = self.sudo().browse(company_id)
        return self._prepare_client_settings(*(company[name] for name in CACHED_FIELDS))

    @api.model
    def _fetch_invoice_client_settings(self, company_id):
        """Like :meth:`_get_invoice_client_settings`, as they stand in the database now:
        for whoever has not asked what other workers changed.

        :param int company_id: res.company
        :rtype: ClientSettings
        """
        # raw SQL: records would bring all of a company
        self.env.cr.execute(FETCH_SETTINGS, [company_id])
        return self._prepare_client_settings(*self.env.cr.fetchone())

    @api.model
    def _prepare_client_settings(self, tracks, has_picture, own, days, accept_first):
        """:return: the settings, from values in the order of ``CACHED_FIELDS``

        :rtype: ClientSettings
        """
        return ClientSettings(
            is_tracked=bool(tracks),
            has_picture=bool(tracks and has_picture),
            networks=networks.parse(own)[0],
            expiry_days=days or 0,
            accept_first=bool(accept_first),
        )

    @api.model
    def _get_invoice_kept_too_long_domain(self, setting, name):
        """Tell what is older than its company keeps it, archived companies' too.

        :param str setting: field of the company, days, 0 for ever
        :param str name: field of the records, their time
        :return: domain of records that have a company
        :rtype: Domain
        """
        domain = [(setting, ">", 0), ("active", "in", (True, False))]
        now = fields.Datetime.now()
        return Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(name, "<", now - timedelta(days=company[setting]))
            for company in self.search(domain)
        )

    def _is_invoice_staff_address(self, ip):
        """:return: whether a visitor comes from the company's own networks

        :param str ip: the visitor's address, or anything
        :rtype: bool
        """
        self.ensure_one()
        settings = self._get_invoice_client_settings(self.id)
        return networks.contain(settings.networks, ip)
