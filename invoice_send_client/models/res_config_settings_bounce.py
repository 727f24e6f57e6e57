from odoo import api, fields, models
from odoo.tools import email_normalize


class ResConfigSettings(models.TransientModel):
    """Settings > Invoicing > Sending to clients: whether bounces can arrive (B17)."""

    _inherit = "res.config.settings"

    invoice_bounce_address = fields.Char(
        string="Bounces go to", compute="_compute_invoice_bounce"
    )
    invoice_bounce_state = fields.Selection(
        [("yes", "Arrive"), ("maybe", "Perhaps"), ("no", "Can't arrive")],
        compute="_compute_invoice_bounce",
    )
    invoice_bounce_text = fields.Char(compute="_compute_invoice_bounce")
    invoice_last_bounce_datetime = fields.Datetime(
        string="Last bounce", compute="_compute_invoice_last_bounce_datetime"
    )

    @api.depends("company_id", "invoice_sender_email", "invoice_mail_server_id")
    def _compute_invoice_bounce(self):
        for settings in self:
            address, is_alias = settings._get_invoice_bounce_address()
            state, text = settings._describe_invoice_bounces(address, is_alias)
            settings.invoice_bounce_address = address
            settings.invoice_bounce_state = state
            settings.invoice_bounce_text = text

    @api.depends("company_id")
    def _compute_invoice_last_bounce_datetime(self):
        # sudo: only the moment leaves, whoever may open the settings
        Event = self.env["invoice.delivery.event"].sudo()
        found = Event._read_group(
            [
                ("event_type", "=", "bounce"),
                ("company_id", "in", self.company_id.ids),
            ],
            ["company_id"],
            ["event_datetime:max"],
        )
        last = {company.id: moment for company, moment in found}
        for settings in self:
            settings.invoice_last_bounce_datetime = last.get(settings.company_id.id)

    def _get_invoice_bounce_address(self):
        """Find the envelope's sender of invoices, to which servers send bounces.

        As in ``ir.mail_server``: the bounce address of the alias domain or of Odoo's
        configuration, where the mail server may use it, else the sender itself.

        :return: the address, ``""`` where there is none, and whether it is that of the
            alias domain
        :rtype: tuple[str, bool]
        """
        self.ensure_one()
        company, server = self.company_id, self.invoice_mail_server_id
        alias = company.bounce_email
        bounce = alias or server._get_default_bounce_address()
        if bounce and server._match_from_filter(bounce, server.from_filter):
            return email_normalize(bounce) or "", bounce == alias
        sender = self.invoice_sender_email or company.email
        return email_normalize(sender) or "", False

    def _describe_invoice_bounces(self, address, is_alias):
        """:return: ``yes``, ``maybe`` or ``no``, and what it means in words

        :param str address: where bounces go to
        :param bool is_alias: the address is that of the alias domain
        :rtype: tuple[str, str]
        """
        mailboxes = self._find_incoming_mailboxes()
        words = {"address": address, "mailboxes": ", ".join(mailboxes)}
        if not address:
            state = "no"
            text = self.env._(
                "Invoices have no sender yet: give the company an e-mail address."
            )
        elif address in mailboxes:
            state = "yes"
            text = self.env._(
                "Bounces go to %s, and Odoo fetches this mailbox.", address
            )
        elif is_alias:
            state, text = "yes", self._get_alias_bounce_text(words)
        else:
            state = "maybe" if mailboxes else "no"
            text = self._get_lost_bounce_text(words)
        return state, text

    def _get_alias_bounce_text(self, words):
        return self.env._(
            "Bounces go to %(address)s, an address of Odoo's alias domain: Odoo "
            "gets them as long as the mail of this domain is passed on to it.",
            **words,
        )

    def _get_lost_bounce_text(self, words):
        if words["mailboxes"]:
            return self.env._(
                "Bounces go to %(address)s. They arrive only if the mail of this "
                "address lands in a mailbox that Odoo fetches: %(mailboxes)s.",
                **words,
            )
        return self.env._(
            "Bounces go to %(address)s, and Odoo fetches no mail of this address: an "
            "invoice that comes back stays “Sent”.",
            **words,
        )

    @api.model
    def _find_incoming_mailboxes(self):
        """:return: logins of the mailboxes that Odoo fetches, or their servers' names

        :rtype: list[str]
        """
        # sudo: which mailboxes are fetched is shown; nothing else of them is
        servers = self.env["fetchmail.server"].sudo()
        found = servers.search([("state", "=", "done")])
        return [email_normalize(s.user or "") or s.name for s in found]
