from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize


class ResConfigSettings(models.TransientModel):
    """Settings > Invoicing > Sending to clients."""

    _inherit = "res.config.settings"

    invoice_document_mode = fields.Selection(
        related="company_id.invoice_document_mode", readonly=False
    )
    invoice_is_trial = fields.Boolean(compute="_compute_invoice_is_trial")
    invoice_public_url = fields.Char(
        string="Public address", compute="_compute_invoice_public_url"
    )
    invoice_link_problem = fields.Char(compute="_compute_invoice_public_url")
    invoice_email_by_default = fields.Boolean(
        related="company_id.invoice_email_by_default", readonly=False
    )
    invoice_network_by_default = fields.Boolean(
        related="company_id.invoice_network_by_default", readonly=False
    )
    invoice_receive_from_companies = fields.Boolean(
        related="company_id.invoice_receive_from_companies", readonly=False
    )
    invoice_receive_user_id = fields.Many2one(
        related="company_id.invoice_receive_user_id", readonly=False
    )
    invoice_receive_told_ids = fields.Many2many(
        related="company_id.invoice_receive_told_ids", readonly=False
    )
    invoice_receive_other_app = fields.Char(
        compute="_compute_invoice_receive_other_app"
    )
    invoice_send_on_confirm = fields.Boolean(
        related="company_id.invoice_send_on_confirm", readonly=False
    )
    invoice_wait_for_edi = fields.Boolean(
        related="company_id.invoice_wait_for_edi", readonly=False
    )
    invoice_edi_names = fields.Char(compute="_compute_invoice_edi_names")
    invoice_copy_mode = fields.Selection(
        related="company_id.invoice_copy_mode", readonly=False
    )
    invoice_sender_name = fields.Char(
        related="company_id.invoice_sender_name", readonly=False
    )
    invoice_sender_email = fields.Char(
        related="company_id.invoice_sender_email", readonly=False
    )
    invoice_company_email = fields.Char(
        string="Address of the company", related="company_id.email"
    )
    invoice_mail_server_id = fields.Many2one(
        related="company_id.invoice_mail_server_id", readonly=False
    )
    invoice_undo_seconds = fields.Integer(
        related="company_id.invoice_undo_seconds", readonly=False
    )
    invoice_retry_minutes = fields.Char(
        related="company_id.invoice_retry_minutes", readonly=False
    )
    invoice_sender_warning = fields.Char(compute="_compute_invoice_sender_warning")
    invoice_track_open = fields.Boolean(
        related="company_id.invoice_track_open", readonly=False
    )
    invoice_mail_retention_days = fields.Integer(
        related="company_id.invoice_mail_retention_days", readonly=False
    )
    invoice_track_clients = fields.Boolean(
        related="company_id.invoice_track_clients", readonly=False
    )
    invoice_event_retention_days = fields.Integer(
        related="company_id.invoice_event_retention_days", readonly=False
    )
    invoice_internal_networks = fields.Text(
        related="company_id.invoice_internal_networks", readonly=False
    )
    invoice_link_expiry_days = fields.Integer(
        related="company_id.invoice_link_expiry_days", readonly=False
    )
    invoice_accept_before_download = fields.Boolean(
        related="company_id.invoice_accept_before_download", readonly=False
    )
    invoice_remind_unread_days = fields.Integer(
        related="company_id.invoice_remind_unread_days", readonly=False
    )
    invoice_remind_unpaid_days = fields.Integer(
        related="company_id.invoice_remind_unpaid_days", readonly=False
    )
    invoice_remind_times = fields.Integer(
        related="company_id.invoice_remind_times", readonly=False
    )

    @api.depends("company_id")
    def _compute_invoice_is_trial(self):
        # the parameter exists only with an Odoo contract (requirements R33)
        # sudo: system parameters are read by nobody else; only yes or no leaves
        parameters = self.env["ir.config_parameter"].sudo()
        reason = parameters.get_param("database.expiration_reason")
        self.invoice_is_trial = reason == "trial"

    def _compute_invoice_edi_names(self):
        # not offered where no installed app ever learns an answer
        names = self.env["account.move"]._get_invoice_edi_names()
        self.invoice_edi_names = ", ".join(names)

    @api.depends("company_id")
    def _compute_invoice_public_url(self):
        for settings in self:
            url, _confirmed = settings.company_id._get_invoice_public_urls()
            settings.invoice_public_url = url
            problem = settings.company_id._get_invoice_link_problem()
            settings.invoice_link_problem = problem

    def _compute_invoice_receive_other_app(self):
        name = self.env["res.company"]._get_inter_company_app()
        self.invoice_receive_other_app = name

    @api.onchange("invoice_receive_from_companies")
    def _onchange_invoice_receive_from_companies(self):
        if self.invoice_receive_from_companies and not self.invoice_receive_user_id:
            self.invoice_receive_user_id = self.env.user

    @api.depends("invoice_sender_email", "invoice_mail_server_id")
    def _compute_invoice_sender_warning(self):
        self.invoice_sender_warning = ""
        for settings in self:
            server = settings.invoice_mail_server_id
            sender = settings.invoice_sender_email or settings.company_id.email
            if sender and not server._match_from_filter(sender, server.from_filter):
                settings.invoice_sender_warning = self.env._(
                    "“%(server)s” is meant for mails from %(allowed)s. Invoices from "
                    "%(sender)s may be refused or taken for spam.",
                    server=server.name,
                    allowed=server.from_filter,
                    sender=sender,
                )

    @api.constrains("invoice_document_mode")
    def _check_invoice_document_mode(self):
        for settings in self:
            if settings.invoice_is_trial and settings.invoice_document_mode != "link":
                raise ValidationError(
                    self.env._(
                        "Invoices can't be sent as attachments while this database is "
                        "on trial: they are sent as links."
                    )
                )

    @api.constrains("invoice_receive_from_companies", "invoice_receive_user_id")
    def _check_invoice_receive(self):
        for settings in self.filtered("invoice_receive_from_companies"):
            if not settings.invoice_receive_user_id:
                raise ValidationError(
                    self.env._(
                        "To receive invoices from companies of this database, choose "
                        "the user in whose name the vendor bills are made."
                    )
                )

    @api.constrains("invoice_mail_server_id", "invoice_sender_email")
    def _check_invoice_mail_server(self):
        """Try the server when it is chosen, and when the sender changes (R49)."""
        for company in self.company_id.filtered("invoice_mail_server_id"):
            if problem := company._get_invoice_mail_server_problem():
                raise ValidationError(self.env._("%s Nothing was saved yet.", problem))

    def action_test_invoice_mail_server(self):
        """Try the mail server chosen for invoices and say how it went."""
        self.ensure_one()
        if problem := self.company_id._get_invoice_mail_server_problem():
            raise UserError(problem)
        server = self.invoice_mail_server_id.with_company(self.company_id)
        return self._notify_of_success(
            self.env._(
                "“%(server)s” took the test from %(sender)s. No mail was sent.",
                server=server.name,
                sender=server._get_test_email_from(),
            )
        )

    def action_check_invoice_public_url(self):
        """Check from outside that clients reach the address, and remember it (D2)."""
        self.ensure_one()
        url = self.company_id._confirm_invoice_public_url()
        return self._notify_of_success(
            self.env._("%s is confirmed: clients can open their links.", url)
        )

    def _notify_of_success(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                # closes nothing here: the web client reads the form again
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # -- bounces (B17) ---------------------------------------------------------------

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
