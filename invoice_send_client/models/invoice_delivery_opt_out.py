from odoo import api, fields, models

from ..tools import addresses


class InvoiceDeliveryOptOut(models.Model):
    """An address whose owner asked one company not to be followed (B20).

    It outlives the mails: what is sent to the address later is born opted out. Taken
    off the list, an address is followed again in what is sent from then on.
    """

    _name = "invoice.delivery.opt.out"
    _description = "Address Not Followed"
    _order = "id desc"
    _rec_name = "email"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    email = fields.Char(
        string="Address", required=True, help="In lower case, its domain in ASCII."
    )
    create_date = fields.Datetime(string="Since", readonly=True)
    _email = models.Index("(email, company_id)")

    @api.model
    def _to_key(self, email):
        """:return: the form in which addresses are compared, ``""`` for what is none

        :param str email: an address as it stands on a delivery, may be empty
        """
        return addresses.to_ascii((email or "").lower())

    @api.model
    def _find(self, companies, emails):
        """Say which addresses are not followed, in one query.

        :param companies: res.company
        :param emails: addresses as they stand on deliveries
        :return: pairs of company id and :meth:`_to_key`
        :rtype: set[tuple[int, str]]
        """
        keys = set(map(self._to_key, emails)) - {""}
        if not keys:
            return set()
        # sudo: whoever sends has to heed it, and reads no list
        found = self.sudo().search_fetch(
            [("company_id", "in", companies.ids), ("email", "in", list(keys))],
            ["company_id", "email"],
        )
        return {(row.company_id.id, row.email) for row in found}

    @api.model
    def _add(self, companies, email):
        """Put an address on the list of these companies.

        :param companies: res.company
        :param str email: the address; nothing happens where it is none
        """
        key = self._to_key(email)
        known = {company_id for company_id, _key in self._find(companies, [key])}
        # sudo: the client's own wish; staff that may not write this has a wizard for it
        self.sudo().create(
            [
                {"company_id": company.id, "email": key}
                for company in companies
                if key and company.id not in known
            ]
        )
