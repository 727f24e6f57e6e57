from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import addresses

ADDRESS_LINES = ("email_to", "email_cc", "email_bcc")


class AccountMoveSendWizard(models.TransientModel):
    """Who the letter comes from and who gets it: free text, no contact is made.

    To and CC follow template and customer until somebody changes them; the
    ``rendered_*`` fields remember what was filled in.
    """

    # one window, several concerns in files of their own
    _name = "account.move.send.wizard"
    _inherit = ["account.move.send.wizard"]

    email_from_name = fields.Char(
        string="From",
        compute="_compute_email_from_name",
        store=True,
        readonly=False,
        help="Shown to the client as the sender; changed for this sending only.",
    )
    email_from_address = fields.Char(compute="_compute_email_from_address")
    email_from_problem = fields.Char(compute="_compute_email_from_problem")
    email_to = fields.Char(
        string="To (addresses)",
        compute="_compute_email_to",
        store=True,
        readonly=False,
        help="One or more addresses, divided by a comma or a semicolon.",
    )
    email_cc = fields.Char(
        string="CC",
        compute="_compute_email_cc",
        store=True,
        readonly=False,
        help="Visible to the other recipients.",
    )
    email_bcc = fields.Char(string="BCC", help="Visible to nobody else.", default="")
    email_to_problem = fields.Char(compute="_compute_email_to_problem")
    email_to_warning = fields.Char(compute="_compute_email_to_warning")
    email_cc_problem = fields.Char(compute="_compute_email_cc_problem")
    email_bcc_problem = fields.Char(compute="_compute_email_bcc_problem")
    rendered_email_to = fields.Char(
        compute="_compute_email_to", store=True, readonly=False
    )
    rendered_email_cc = fields.Char(
        compute="_compute_email_cc", store=True, readonly=False
    )
    mail_partner_ids = fields.Many2many(string="Contacts")  # what To follows
    copy_followers = fields.Boolean(string="Also send to followers")
    internal_followers = fields.Char(compute="_compute_internal_followers")

    # -- from whom ---------------------------------------------------------------------

    @api.depends("move_id")
    def _compute_email_from_name(self):
        for wizard in self:
            sender = wizard.company_id._get_invoice_sender(self.env.user)
            wizard.email_from_name = sender[0]

    @api.depends("move_id")
    def _compute_email_from_address(self):
        for wizard in self:
            sender = wizard.company_id._get_invoice_sender(self.env.user)
            wizard.email_from_address = sender[1]

    @api.depends("email_from_address", "template_id")
    def _compute_email_from_problem(self):
        for wizard in self:
            wizard.email_from_problem = self._get_email_from_problem(
                wizard.company_id, wizard.template_id
            )

    # -- to whom -----------------------------------------------------------------------

    @api.depends("template_id", "lang", "mail_partner_ids")
    def _compute_email_to(self):
        self._follow_address_line("email_to")

    @api.depends("template_id", "lang", "mail_partner_ids")
    def _compute_email_cc(self):
        self._follow_address_line("email_cc")

    def _follow_address_line(self, name):
        """Fill an address line in, unless it was changed by hand."""
        memory = f"rendered_{name}"
        for wizard in self:
            default = wizard._get_address_lines_of_template()[name]
            if wizard[memory] is False:
                is_changed = wizard[name] is not False  # said at creation
            else:
                is_changed = (wizard[name] or "") != wizard[memory]
            wizard[name] = wizard[name] if is_changed else default
            wizard[memory] = (wizard[memory] or default) if is_changed else default

    def _get_address_lines_of_template(self):
        """:return: ``email_to`` and ``email_cc`` as template and customer want them

        Other apps choose the recipients by ``mail_partner_ids``, and get nobody else.
        """
        self.ensure_one()
        move, template = self.move_id, self.template_id
        partners = self.mail_partner_ids._origin
        settings = {
            "mail_template": template,
            "mail_lang": self.lang,
            "mail_partner_ids": partners.ids,
        }
        default = self._get_default_mail_partner_ids(move, template, self.lang)
        if template and partners == default:
            return self._get_default_address_lines(move, settings)
        # computed with all rights: of whom the user chose, those that he may read
        readable = (partners - default).sudo(False)._filtered_access("read")
        partners = partners.filtered(lambda p: p in default or p in readable)
        return {"email_to": self._get_address_line(partners), "email_cc": ""}

    @api.depends(*ADDRESS_LINES, "sending_methods", "network_problem")
    def _compute_email_to_problem(self):
        for wizard in self:
            problem = wizard._get_address_problem("email_to")
            is_empty = not problem and not addresses.parse(wizard.email_to)[0]
            if is_empty and not wizard._is_mail_left_out():
                problem = self.env._(
                    "There is no e-mail address of %s: type one.",
                    wizard.move_id.partner_id.display_name,
                )
            wizard.email_to_problem = problem

    @api.depends(*ADDRESS_LINES, "sending_methods", "network_problem")
    def _compute_email_to_warning(self):
        """Say which of the addresses in To and CC sent a mail back before, and that
        nobody is mailed (B8)."""
        for wizard in self:
            back = self._find_bounced(wizard.move_id, self._get_emails([wizard]))
            words = self._describe_bounced(wizard, *back)
            if wizard._is_mail_left_out():
                words = self.env._(
                    "Goes by the client network only: no e-mail address."
                )
            wizard.email_to_warning = words

    def _is_mail_left_out(self):
        """:return: whether nobody is to be mailed, and the client gets the document
        inside the system all the same, as from a row of the review window (B8)"""
        self.ensure_one()
        methods = set(self.sending_methods or [])
        is_brought = {"email", "network"} <= methods and not self.network_problem
        return is_brought and not any(
            (self[name] or "").strip() for name in ADDRESS_LINES
        )

    @api.depends("email_cc")
    def _compute_email_cc_problem(self):
        for wizard in self:
            wizard.email_cc_problem = wizard._get_address_problem("email_cc")

    @api.depends("email_bcc")
    def _compute_email_bcc_problem(self):
        for wizard in self:
            wizard.email_bcc_problem = wizard._get_address_problem("email_bcc")

    def _get_address_problem(self, name):
        """:return: which pieces of an address line are no address, in words"""
        wrong = addresses.parse(self[name])[1]
        return bool(wrong) and self.env._(
            "This is no e-mail address: %s", ", ".join(wrong)
        )

    @api.depends("move_id")
    def _compute_internal_followers(self):
        for wizard in self:
            followers = wizard.move_id._get_internal_followers(self.env.user.partner_id)
            wizard.internal_followers = ", ".join(followers.mapped("name"))

    # -- at Send ----------------------------------------------------------------------

    def _get_address_lines(self):
        """:return: the three address lines, less who was reached already if so chosen

        :rtype: dict[str, str]
        """
        reached = self.leave_out_reached and self.reached_addresses or ""
        left_out = {addresses.to_ascii(found.email) for found in self._parse(reached)}
        lines = [
            "; ".join(
                address.shown
                for address in self._parse(self[name])
                if addresses.to_ascii(address.email) not in left_out
            )
            for name in ADDRESS_LINES
        ]
        if left_out and not lines[0]:
            # a mail to nobody in To is taken for spam: the next line moves up
            filled = next((i for i, line in enumerate(lines) if line), 0)
            lines[0], lines[filled] = lines[filled], ""
        return dict(zip(ADDRESS_LINES, lines, strict=True))

    @api.model
    def _parse(self, text):
        return addresses.parse(text)[0]

    def _check_addresses(self):
        """Name what is no address, before anything is written.

        :raise UserError: with the wrong pieces, or when nobody is left to send to
        """
        self.ensure_one()
        problems = [
            problem for name in ADDRESS_LINES if (problem := self[f"{name}_problem"])
        ]
        if not problems and not self._get_address_lines()["email_to"]:
            problems = [
                self.env._(
                    "Everybody got it, or may have got it: nobody is left. Untick that "
                    "they are left out to send it to them again."
                )
            ]
        if problems:
            raise UserError(
                self.env._(
                    "%(document)s was not sent to %(customer)s. %(problems)s",
                    document=self.move_id.name,
                    customer=self.move_id.partner_id.display_name,
                    problems=" ".join(problems),
                )
            )
