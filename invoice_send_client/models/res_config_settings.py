from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


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
    invoice_send_on_confirm = fields.Boolean(
        related="company_id.invoice_send_on_confirm", readonly=False
    )
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

    @api.depends("company_id")
    def _compute_invoice_is_trial(self):
        # the parameter exists only with an Odoo contract (requirements R33)
        # sudo: system parameters are read by nobody else; only yes or no leaves
        parameters = self.env["ir.config_parameter"].sudo()
        reason = parameters.get_param("database.expiration_reason")
        self.invoice_is_trial = reason == "trial"

    @api.depends("company_id")
    def _compute_invoice_public_url(self):
        for settings in self:
            url, _confirmed = settings.company_id._get_invoice_public_urls()
            settings.invoice_public_url = url
            problem = settings.company_id._get_invoice_link_problem()
            settings.invoice_link_problem = problem

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
