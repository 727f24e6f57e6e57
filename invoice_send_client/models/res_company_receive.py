from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import INTER_COMPANY_APPS


class ResCompany(models.Model):
    """Whether, and as whom, a company receives documents of the others (R9)."""

    # one model, several concerns: the sending's settings stand in res_company.py
    _name = "res.company"
    _inherit = ["res.company"]

    invoice_receive_from_companies = fields.Boolean(
        string="Receive invoices from companies of this database"
    )
    invoice_receive_user_id = fields.Many2one(
        "res.users",
        string="Bills are made by",
        compute="_compute_invoice_receive_user_id",
        store=True,
        readonly=False,
        ondelete="set null",
        help="The draft bills are made with the rights and in the name of this user.",
    )
    invoice_receive_told_ids = fields.Many2many(
        "res.users",
        "res_company_invoice_receive_told_rel",
        "company_id",
        "user_id",
        string="Also notified",
        help="Users who are told of received documents as well.",
    )

    @api.depends("invoice_receive_from_companies")
    def _compute_invoice_receive_user_id(self):
        """Whoever switches it on makes the bills, else the first who may."""
        for company in self:
            user = company.invoice_receive_user_id
            if company.invoice_receive_from_companies and not user:
                user = company._find_invoice_receive_user()
            company.invoice_receive_user_id = user

    def _find_invoice_receive_user(self):
        """:return: a user in whose name bills can be made, empty for none

        :rtype: res.users
        """
        self.ensure_one()
        # sudo: whoever changes a company's settings may not read all its users
        users = self.env["res.users"].sudo()
        domain = [
            ("company_ids", "in", self._origin.ids),
            ("all_group_ids", "in", self.env.ref("account.group_account_invoice").ids),
            ("share", "=", False),
        ]
        users = self.env.user | users.search(domain, order="id")
        return users.filtered(
            lambda user: not self._get_invoice_receive_user_problem(user)
        )[:1]

    @api.constrains("invoice_receive_user_id")
    def _check_invoice_receive_user_id(self):
        """:raise ValidationError: where bills can't be made as the chosen user"""
        for company in self.filtered("invoice_receive_user_id"):
            user = company.invoice_receive_user_id
            if problem := company._get_invoice_receive_user_problem(user):
                raise ValidationError(problem)

    @api.constrains("invoice_receive_told_ids")
    def _check_invoice_receive_told_ids(self):
        """:raise ValidationError: where somebody is told who has not the company"""
        for company in self:
            users = company.invoice_receive_told_ids
            strangers = users.filtered(
                lambda user, company=company: not company._has_invoice_user(user)
            )
            if strangers:
                raise ValidationError(
                    self.env._(
                        "%(users)s can't be told of documents that %(company)s "
                        "receives: give them access to the company first.",
                        users=", ".join(strangers.mapped("name")),
                        company=company.name,
                    )
                )

    def _has_invoice_user(self, user):
        """:return: whether this is one of the company's own people"""
        self.ensure_one()
        return user.active and user._is_internal() and self in user.company_ids

    def _get_invoice_told_users(self):
        """:return: who is told of received documents, the chosen user first; only those
        who still have the company

        :rtype: res.users
        """
        self.ensure_one()
        # sudo: other users' companies are not for everyone to read
        company = self.sudo()
        users = company.invoice_receive_user_id | company.invoice_receive_told_ids
        return users.filtered(company._has_invoice_user)

    def _get_invoice_receive_user_problem(self, user):
        """:return: why bills can't be made as this user, in words, or ``""``

        :param user: ``res.users``
        :rtype: str
        """
        self.ensure_one()
        words = {"user": user.name, "company": self.name}
        if not self._has_invoice_user(user):
            return self.env._(
                "Bills of %(company)s can't be made by %(user)s, who has no access "
                "to this company: choose another user, or give them access.",
                **words,
            )
        Move = self.env["account.move"].with_user(user).with_company(self)
        if not Move.has_access("create"):
            return self.env._(
                "%(user)s may not create vendor bills: choose another user, or give "
                "them the invoicing rights.",
                **words,
            )
        return ""

    @api.model
    def _get_inter_company_app(self):
        """:return: name of an installed app that exchanges documents itself, or ``""``

        :rtype: str
        """
        installed = self.env["ir.module.module"]._installed()
        names = (name for mod, name in INTER_COMPANY_APPS.items() if mod in installed)
        return next(names, "")

    def _get_invoice_network_problem(self, issuer_company):
        """Say why this company gets nothing from another one by the network.

        :param issuer_company: the company that sends
        :return: the reason in words, ``False`` where it receives
        :rtype: str | bool
        """
        self.ensure_one()
        # sudo: the sender may not read the other company, and learns the switch alone
        company = self.sudo()
        if company == issuer_company:
            return self.env._("A company sends nothing to itself.")
        if app := self._get_inter_company_app():
            return self.env._(
                "The app “%s” exchanges documents between the companies of this "
                "database.",
                app,
            )
        if not company.invoice_receive_from_companies:
            return self.env._(
                "%s has not switched on “Receive invoices from companies of this "
                "database” in its settings.",
                company.name,
            )
        if not company.invoice_receive_user_id:
            return self.env._(
                "%s has not chosen as whom its bills are made: it is asked in its "
                "settings, under “Received documents”.",
                company.name,
            )
        return False
