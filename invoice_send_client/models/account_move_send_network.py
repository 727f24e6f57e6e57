from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    """Who gets a document inside the system: sending method ``network`` (R7-R9)."""

    # one pipeline, several concerns in files of their own
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _get_default_sending_methods(self, move) -> set:
        # EXTENDS 'invoice_send_client'
        methods = super()._get_default_sending_methods(move)
        if self._is_setting_given("sending_methods"):
            return methods
        customer = move.commercial_partner_id.with_company(move.company_id)
        if customer.invoice_sending_method:
            return methods
        is_ticked = move.company_id.invoice_network_by_default
        if is_ticked and self._get_network_recipients(move)[move.id]:
            return methods | {"network"}
        return methods

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        # EXTENDS 'account'
        if method == "network":
            return bool(self._get_network_recipients(move)[move.id])
        return super()._is_applicable_to_move(method, move, **move_data)

    @api.model
    def _prepare_review_rows(self, moves):
        # EXTENDS 'invoice_send_client'
        found = self._get_network_recipients(moves)
        Send = self.with_context(invoice_send_network=found)
        return super(AccountMoveSend, Send)._prepare_review_rows(moves)

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        # EXTENDS 'account'
        result = super()._hook_if_success(moves_data, from_cron=from_cron)
        # what is mailed as well has its records from there
        alone = {
            move: data
            for move, data in moves_data.items()
            if "network" in data["sending_methods"]
            and not data.get("invoice_send_line")
            and not self._is_mailed(move, data)
        }
        if alone:
            runs = self._create_runs_for_unforeseen(alone)
            waiting = runs.line_ids.filtered(lambda line: line.state == "waiting")
            waiting.state = "written"
            runs._start()
        return result

    @api.model
    def _is_mailed(self, move, move_data):
        """:return: whether Odoo mails the document, by its own condition"""
        return "email" in move_data["sending_methods"] and self._is_applicable_to_move(
            "email", move, **move_data
        )

    # -- who gets it -------------------------------------------------------------------

    @api.model
    def _get_network_recipients(self, moves, companies=None):
        """Say who gets documents inside the system.

        A customer that is a company of this database and takes documents gets it as
        one; else each of its portal users.

        :param moves: ``account.move``, of any companies
        :param dict companies: from ``_find_customer_companies``, if known already
        :return: by document id, for each recipient the values of its delivery
        :rtype: dict[int, list[dict]]
        """
        known = self.env.context.get("invoice_send_network")
        if known is not None and not set(moves.ids) - known.keys():
            return known
        if companies is None:
            companies = self._find_customer_companies(moves)
        users = self._find_portal_users(moves)
        return {
            move.id: self._get_recipients_inside(move, companies, users)
            for move in moves
        }

    @api.model
    def _get_recipients_inside(self, move, companies, users):
        """:return: see :meth:`_get_network_recipients`, of one document

        :param dict companies: from :meth:`_find_customer_companies`
        :param dict users: from :meth:`_find_portal_users`
        """
        if not move.is_sale_document(include_receipts=True):
            return []  # such as a self-billed vendor bill
        customer = move.commercial_partner_id
        company = companies.get(customer.id)
        if company and not self._get_company_problem(company, move.company_id):
            return [self._prepare_company_recipient(company)]
        return [
            self._prepare_portal_recipient(user)
            for user in users.get(customer.id, ())
            if move.company_id in user.company_ids
        ]

    @api.model
    def _find_customer_companies(self, moves):
        """:return: companies that are customers of these documents, by contact id"""
        # sudo: whether a customer is a company of this database is asked for any user
        Company = self.env["res.company"].sudo()
        found = Company.search([("partner_id", "in", moves.commercial_partner_id.ids)])
        return {company.partner_id.id: company for company in found}

    @api.model
    def _find_portal_users(self, moves):
        """:return: portal users by the id of their customer"""
        customers = moves.commercial_partner_id
        domain = [
            ("share", "=", True),
            ("group_ids", "in", self.env.ref("base.group_portal").ids),
            ("partner_id.commercial_partner_id", "in", customers.ids),
        ]
        # sudo: users are not readable by everybody; name and address are used
        users = self.env["res.users"].sudo().search(domain, order="id")
        return users.grouped(lambda user: user.partner_id.commercial_partner_id.id)

    @api.model
    def _prepare_company_recipient(self, company):
        partner = company.partner_id
        return {
            "receiving_company_id": company.id,
            "partner_id": partner.id,
            "recipient_name": company.name,
            "email": partner.email or company.name,
        }

    @api.model
    def _prepare_portal_recipient(self, user):
        return {
            "portal_user_id": user.id,
            "partner_id": user.partner_id.id,
            "recipient_name": user.name,
            "email": user.email or user.login,
        }

    # -- in words ----------------------------------------------------------------------

    @api.model
    def _get_company_problem(self, company, issuer):
        """:return: why a company of this database does not get it, ``""`` if it does

        :param company: the customer
        :param issuer: whose document it is
        """
        if company == issuer:
            return self.env._("%s is the sender itself.", company.name)
        return company._get_invoice_network_problem(issuer) or ""

    @api.model
    def _get_network_problem(self, move):
        """:return: why nobody gets a document inside the system, ``""`` if somebody
            does

        :param move: the document
        :rtype: str
        """
        return self._get_network_problems(move)[move.id]

    @api.model
    def _get_network_problems(self, moves, companies=None):
        """Say of many documents why nobody gets them inside the system.

        :param moves: ``account.move``, of any companies
        :param dict companies: from ``_find_customer_companies``, if known already
        :return: words by document id, ``""`` where somebody gets it
        :rtype: dict[int, str]
        """
        if companies is None:
            companies = self._find_customer_companies(moves)
        found = self._get_network_recipients(moves, companies)
        missed = moves.filtered(lambda move: not found[move.id])
        problems = dict.fromkeys(moves.ids, "")
        for move in missed:
            customer = move.commercial_partner_id
            company = companies.get(customer.id)
            problems[move.id] = (
                self._get_company_problem(company, move.company_id)
                if company
                else self._get_portal_problem(customer)
            )
        return problems

    @api.model
    def _get_network_facts(self, moves):
        """:return: what the review window knows of the network, see ``ReviewFacts``"""
        companies = self._find_customer_companies(moves)
        customers = moves.filtered(lambda m: m.commercial_partner_id.id in companies)
        return {
            "network_problems": self._get_network_problems(moves, companies),
            "database_customers": set(customers.ids),
        }

    @api.model
    def _get_portal_problem(self, customer):
        """:return: that a customer has no portal user, and what to do"""
        return self.env._(
            "%s has no access to the portal: grant it on the contact, under “Grant "
            "portal access”.",
            customer.display_name,
        )

    @api.model
    def _get_network_text(self, move):
        """:return: who gets a document inside the system and how, in words"""
        found = self._get_network_recipients(move)[move.id]
        names = ", ".join(values["recipient_name"] for values in found)
        if not found:
            return self._get_network_problem(move)
        if found[0].get("receiving_company_id"):
            return self.env._(
                "%s, a company of this database, gets a draft vendor bill.", names
            )
        return self.env._("It will appear in the portal of %s.", names)
