from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime, formatLang
from odoo.tools.misc import get_lang

from ..const import DOCUMENT_MODES
from ..models.invoice_send_run_line import LINK_PLACEHOLDER
from ..tools import addresses, letters, size

#: Where the letter stands in its frame while the two halves of the frame are shown.
BODY_MARKER = "invoice_send_client_body"


class AccountMoveSendWizard(models.TransientModel):
    """The send window of one document.

    Opening it reads, and writes nothing: contacts, deliveries and files come with
    Send. What the window fills in by itself (subject, text, To, CC) follows template
    and language as long as nobody changed it; the ``rendered_*`` fields remember what
    was filled in, so that a change by hand is recognised and kept.
    """

    _inherit = "account.move.send.wizard"

    # how the document goes
    document_mode = fields.Selection(
        DOCUMENT_MODES,
        compute="_compute_document_mode",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
    )
    document_filename = fields.Char(compute="_compute_document_filename")
    document_hint = fields.Char(compute="_compute_document_hint")
    message_size = fields.Char(compute="_compute_message_size")
    size_problem = fields.Char(compute="_compute_message_size")

    # from whom, to whom
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
        string="To",
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
    email_cc_problem = fields.Char(compute="_compute_email_cc_problem")
    email_bcc_problem = fields.Char(compute="_compute_email_bcc_problem")
    rendered_email_to = fields.Char(compute="_compute_email_to", store=True)
    rendered_email_cc = fields.Char(compute="_compute_email_cc", store=True)
    copy_followers = fields.Boolean(string="Also send to followers")
    internal_followers = fields.Char(compute="_compute_internal_followers")

    # the letter
    mail_lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        compute="_compute_mail_lang",
        store=True,
        readonly=False,
    )
    rendered_subject = fields.Json(
        compute="_compute_subject", store=True, compute_sudo=False
    )
    rendered_body = fields.Json(
        compute="_compute_body", store=True, compute_sudo=False
    )
    letter_question = fields.Char(compute="_compute_letter_question")
    replace_letter = fields.Boolean(
        help="Technical: ticked by the button that gives up what was changed by hand.",
    )
    letter_head = fields.Html(compute="_compute_letter_frame", sanitize=False)
    letter_foot = fields.Html(compute="_compute_letter_frame", sanitize=False)

    # what happened before
    last_line_id = fields.Many2one(
        "invoice.send.run.line",
        compute="_compute_last_line_id",
        precompute=True,
        store=True,
        help="The document's last sending that this window knows of. Send is refused "
        "when there is a later one: two tabs, two users, or Send pressed twice.",
    )
    sent_before = fields.Char(compute="_compute_sent_before")
    being_sent = fields.Char(compute="_compute_being_sent")
    send_problems = fields.Json(
        readonly=True, help="What the last press of Send could not deliver, in words."
    )
    reached_addresses = fields.Char(
        readonly=True,
        help="Who got the last press of Send, or may have got it, or is still being "
        "tried, where it failed for others.",
    )
    leave_out_reached = fields.Boolean(string="Leave out who got it already")
    can_check_network = fields.Boolean(compute="_compute_can_check_network")

    # -- how the document goes ---------------------------------------------------------

    @api.depends("move_id")
    def _compute_document_mode(self):
        for wizard in self:
            wizard.document_mode = wizard.company_id._get_invoice_document_mode()

    @api.depends("move_id", "pdf_report_id")
    def _compute_document_filename(self):
        for wizard in self:
            move = wizard.move_id
            wizard.document_filename = (
                move.invoice_pdf_report_id.name
                or move._get_invoice_report_filename(report=wizard.pdf_report_id)
            )

    @api.depends("document_mode", "company_id")
    def _compute_document_hint(self):
        for wizard in self:
            problem = wizard.company_id._get_invoice_link_problem()
            if wizard.document_mode == "link" and problem:
                hint = self.env._("The client could not open the link. %s", problem)
            elif wizard.document_mode == "link":
                hint = self.env._(
                    "The mail carries a link, and you see when the client looks."
                )
            elif problem:
                hint = self.env._("No link can be sent instead. %s", problem)
            else:
                hint = self.env._("The mail carries the file and, below it, the link.")
            wizard.document_hint = hint

    @api.depends("sending_method_checkboxes")
    def _compute_can_check_network(self):
        for wizard in self:
            # an endpoint is what Peppol's app looks up, without it there is no answer
            wizard.can_check_network = any(
                partner.peppol_endpoint
                for partner in self._get_unknown_on_network(wizard.move_id)
                if "peppol" in (wizard.sending_method_checkboxes or {})
            )

    def _compute_sending_method_checkboxes(self):
        # EXTENDS 'account'
        with self._ask_no_network(self.move_id):
            return super()._compute_sending_method_checkboxes()

    # -- size --------------------------------------------------------------------------

    @api.depends(
        "document_mode", "mail_attachments_widget", "body", "sending_methods"
    )
    def _compute_message_size(self):
        for wizard in self:
            estimate, limit = wizard._estimate_size(), wizard._get_size_limit()
            megabytes = limit / size.MEGABYTE
            wizard.message_size = self.env._(
                "size %(size)s of %(limit)s MB",
                size=formatLang(self.env, max(estimate / size.MEGABYTE, 0.1), digits=1),
                limit=formatLang(self.env, megabytes, digits=int(megabytes % 1 > 0)),
            )
            wizard.size_problem = estimate > limit and wizard._describe_too_big()

    def _get_size_limit(self):
        """:return: bytes that the mail server takes"""
        server = self.company_id.invoice_mail_server_id
        server = server or self.template_id.sudo().mail_server_id
        # sudo: users can't read mail servers; one figure leaves
        return server.sudo()._get_max_email_size() * size.MEGABYTE

    def _estimate_size(self, document_mode=None):
        """Say how big the message gets.

        :param str document_mode: with the invoice's PDF or without; as chosen if empty
        :return: bytes on the wire
        :rtype: int
        """
        self.ensure_one()
        sizes = self._get_other_file_sizes()
        if (document_mode or self.document_mode) == "attachment":
            # sudo: the size of a file of a document that the user may send
            pdf = self.move_id.sudo().invoice_pdf_report_id
            sizes.append(pdf.file_size or size.PDF_ESTIMATE)
        return size.estimate_message_size(sizes, self.body)

    def _get_other_files(self):
        """:return: the files that stand in the window beside the invoice's PDF"""
        pdf = self.move_id.invoice_pdf_report_id
        return [
            file
            for file in self.mail_attachments_widget or []
            if not file.get("skip")
            and file["id"] != pdf.id
            and (file.get("manual") or file["name"] != self.document_filename)
        ]

    def _get_other_file_sizes(self):
        ids, sizes = [], []
        for file in self._get_other_files():
            if not file.get("placeholder"):
                ids.append(int(file["id"]))
            elif file.get("mimetype") == "application/pdf":
                sizes.append(size.PDF_ESTIMATE)
            else:
                sizes.append(size.XML_ESTIMATE)
        files = self.env["ir.attachment"].browse(ids).exists()
        return sizes + files.mapped("file_size")

    def _can_shrink_to_link(self):
        """:return: whether a link in place of the PDF makes the message small enough"""
        return (
            self.document_mode == "attachment"
            and self.company_id._is_invoice_link_public()
            and self._estimate_size("link") <= self._get_size_limit()
        )

    def _describe_too_big(self):
        """:return: what becomes of a message that is too big, in words"""
        if self._can_shrink_to_link():
            return self.env._(
                "Too big for the mail server: the mail will carry a link in place of "
                "%s.",
                self.document_filename,
            )
        return self.env._(
            "Too big for the mail server, so it can't be sent: take out other files."
        )

    def _make_it_fit(self):
        """Turn the PDF into a link where the message is too big (requirements B9).

        :raise UserError: where that is not enough
        """
        if self._estimate_size() <= self._get_size_limit():
            return
        if not self._can_shrink_to_link():
            raise UserError(
                self.env._(
                    "%(document)s was not sent. %(reason)s (%(size)s)",
                    document=self.move_id.name,
                    reason=self._describe_too_big(),
                    size=self.message_size,
                )
            )
        self.document_mode = "link"

    def _check_files(self):
        """Refuse files that the user may not read: the list comes from the browser.

        The sending reads them with rights of its own.

        :raise AccessError: naming them
        """
        ids = [
            int(file["id"])
            for file in self._get_other_files()
            if not file.get("placeholder")
        ]
        self.env["ir.attachment"].browse(ids).exists().check_access("read")

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
            server, allowed = wizard._get_from_filter()
            email = wizard.email_from_address
            matches = not email or server._match_from_filter(email, allowed)
            wizard.email_from_problem = not matches and self.env._(
                "The mail server sends only for %(allowed)s. Clients may see another "
                "sender, or their mail program takes it for forged.",
                allowed=allowed,
            )

    def _get_from_filter(self):
        """:return: the mail server of this letter and the senders that it allows

        :rtype: tuple[ir.mail_server, str]
        """
        server = self.company_id.invoice_mail_server_id
        # sudo: users can't read mail servers; what they allow is told
        server = (server or self.template_id.sudo().mail_server_id).sudo()
        if server:
            return server, server.from_filter
        servers = server.search([("owner_user_id", "=", False)], order="sequence")
        if not servers:
            return server, server._get_default_from_filter()
        found, _email = server._find_mail_server(self.email_from_address, servers)
        return found or server, (found or server).from_filter

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
        return {"email_to": self._get_address_line(partners), "email_cc": ""}

    @api.depends("email_to", "sending_methods")
    def _compute_email_to_problem(self):
        for wizard in self:
            problem = wizard._get_address_problem("email_to")
            if not problem and not addresses.parse(wizard.email_to)[0]:
                problem = self.env._(
                    "There is no e-mail address of %s: type one.",
                    wizard.move_id.partner_id.display_name,
                )
            wizard.email_to_problem = problem

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
            followers = wizard.move_id._get_internal_followers(
                self.env.user.partner_id
            )
            wizard.internal_followers = ", ".join(followers.mapped("name"))

    # -- the letter --------------------------------------------------------------------

    @api.depends("move_id")
    def _compute_mail_lang(self):
        installed = dict(self.env["res.lang"].get_installed())
        for wizard in self:
            lang = self._get_default_mail_lang(wizard.move_id, wizard.template_id)
            wizard.mail_lang = lang if lang in installed else get_lang(self.env).code

    @api.depends("mail_lang")
    def _compute_lang(self):
        # OVERRIDE 'account'
        # the language is the client's, chosen in the window, never the template's
        for wizard in self:
            wizard.lang = wizard.mail_lang

    @api.depends("template_id", "lang")
    def _compute_subject(self):
        # EXTENDS 'account'
        edited = self.filtered(lambda wizard: wizard._is_edited("subject"))
        edited._keep("subject")
        fresh = self - edited
        super(AccountMoveSendWizard, fresh)._compute_subject()
        fresh._remember("subject")

    @api.depends("template_id", "lang")
    def _compute_body(self):
        # EXTENDS 'account'
        edited = self.filtered(lambda wizard: wizard._is_edited("body"))
        edited._keep("body")
        fresh = self - edited
        super(AccountMoveSendWizard, fresh)._compute_body()
        fresh._remember("body")

    def _is_edited(self, name):
        """:return: whether subject or body is another than what was filled in"""
        self.ensure_one()
        memory = self[f"rendered_{name}"]
        if not memory:
            return bool(self[name])  # said at creation
        return letters.fingerprint(self[name]) != memory["text"]

    def _keep(self, name):
        for wizard in self:
            wizard[name] = wizard[name]
            wizard[f"rendered_{name}"] = wizard[f"rendered_{name}"]

    def _remember(self, name):
        for wizard in self:
            wizard[f"rendered_{name}"] = {
                "text": letters.fingerprint(wizard[name]),
                "letter": wizard._get_letter_key(),
            }

    def _get_letter_key(self):
        return [self.template_id.id, self.lang]

    @api.depends("template_id", "lang", "rendered_subject", "rendered_body")
    def _compute_letter_question(self):
        languages = dict(self.env["res.lang"].get_installed())
        for wizard in self:
            memories = (wizard.rendered_subject, wizard.rendered_body)
            is_other = any(
                memory and memory["letter"] != wizard._get_letter_key()
                for memory in memories
            )
            wizard.letter_question = is_other and self.env._(
                "You changed the text, so it stayed as it is. Replace it by the letter "
                "“%(letter)s” in %(language)s?",
                letter=wizard.template_id.name,
                language=languages.get(wizard.lang, wizard.lang),
            )

    @api.onchange("replace_letter")
    def _onchange_replace_letter(self):
        """Give up what was changed by hand, for the letter now chosen."""
        if not self.replace_letter:
            return
        self.replace_letter = False
        for name in ("subject", "body"):
            self[name] = self[f"rendered_{name}"] = False
        self._compute_subject()
        self._compute_body()

    @api.depends("mail_lang", "document_mode")
    def _compute_letter_frame(self):
        """Show around the text what the client's mail has there."""
        for wizard in self:
            marker = Markup('<span id="%s"></span>') % BODY_MARKER
            frame = wizard._get_unsaved_line(body=marker)._render_mail_body()
            frame = frame.replace(LINK_PLACEHOLDER, "")
            halves = letters.split_at(frame, BODY_MARKER)
            wizard.letter_head, wizard.letter_foot = map(Markup, halves)

    def _get_unsaved_line(self, **values):
        """:return: the line that Send would write, in memory alone"""
        self.ensure_one()
        return self.env["invoice.send.run.line"].new(
            {
                "move_id": self.move_id.id,
                "company_id": self.company_id.id,
                "document_mode": self.document_mode,
                "mail_lang": self.mail_lang,
                **values,
            }
        )

    # -- what happened before ----------------------------------------------------------

    @api.depends("move_id")
    def _compute_last_line_id(self):
        for wizard in self:
            wizard.last_line_id = wizard.move_id._get_last_send_line()

    def _get_current_deliveries(self):
        """:return: the document's deliveries since it was last posted"""
        # sudo: whoever may send the document may know who got it
        return self.move_id.sudo().invoice_delivery_ids.filtered("is_current")

    @api.depends("move_id")
    def _compute_sent_before(self):
        for wizard in self:
            sent = wizard._get_current_deliveries().filtered("sent_datetime")
            wizard.sent_before = bool(sent) and wizard._describe_sent(sent)

    def _describe_sent(self, deliveries):
        """:return: when and to whom a document went, and when it was looked at

        :param deliveries: those that were sent
        """
        newest = deliveries.sorted("id")[-1]
        sending = deliveries.filtered(lambda d: d.run_id == newest.run_id)
        values = {
            "time": format_datetime(
                self.env, max(sending.mapped("sent_datetime")), dt_format="short"
            ),
            "addresses": ", ".join(sending.sorted("id").mapped("email")),
        }
        looks = list(filter(None, deliveries.mapped("view_datetime")))
        if not looks:
            return self.env._("Sent on %(time)s to %(addresses)s.", **values)
        return self.env._(
            "Sent on %(time)s to %(addresses)s, viewed on %(look)s.",
            look=format_datetime(self.env, min(looks), dt_format="short"),
            **values,
        )

    @api.depends("move_id")
    def _compute_being_sent(self):
        for wizard in self:
            leaving = wizard._get_current_deliveries().filtered(
                lambda d: d.state == "outgoing" and not d.failure_reason
            )
            wizard.being_sent = bool(leaving) and self.env._(
                "%(document)s is being sent now to %(addresses)s, by %(user)s. It can "
                "be sent again once that is done.",
                document=wizard.move_id.name,
                addresses=", ".join(leaving.mapped("email")),
                user=leaving.run_id[:1].user_id.name or "",
            )

    # -- Send --------------------------------------------------------------------------

    @api.depends("email_to")
    def _compute_alerts(self):
        # EXTENDS 'account'
        super()._compute_alerts()
        for wizard in self:
            # said beside To, which need not be a contact
            alerts = dict(wizard.alerts or {})
            alerts.pop("account_missing_email", None)
            wizard.alerts = alerts

    def _get_sending_settings(self):
        # EXTENDS 'account'
        settings = super()._get_sending_settings()
        if "email" in settings["sending_methods"]:
            settings.update(
                previous_line_id=self.last_line_id.id,
                document_mode=self.document_mode,
                email_from=self._get_default_email_from(
                    self.move_id, self.env.user, self.email_from_name
                ),
                copy_followers=self.copy_followers,
                **self._get_address_lines(),
            )
        return settings

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
            for name in ("email_to", "email_cc", "email_bcc")
        ]
        if left_out and not lines[0]:
            # a mail to nobody in To is taken for spam: the next line moves up
            filled = next((i for i, line in enumerate(lines) if line), 0)
            lines[0], lines[filled] = lines[filled], ""
        return dict(zip(("email_to", "email_cc", "email_bcc"), lines, strict=True))

    @api.model
    def _parse(self, text):
        return addresses.parse(text)[0]

    def _check_addresses(self):
        """Name what is no address, before anything is written.

        :raise UserError: with the wrong pieces, or when nobody is left to send to
        """
        self.ensure_one()
        problems = [
            problem
            for name in ("email_to", "email_cc", "email_bcc")
            if (problem := self[f"{name}_problem"])
        ]
        if not problems and not self._get_address_lines()["email_to"]:
            problems = [self.env._("Everybody got it already: nobody is left.")]
        if problems:
            raise UserError(
                self.env._(
                    "%(document)s was not sent to %(customer)s. %(problems)s",
                    document=self.move_id.name,
                    customer=self.move_id.partner_id.display_name,
                    problems=" ".join(problems),
                )
            )

    def action_send_and_print(self, allow_fallback_pdf=False):
        # EXTENDS 'account'
        self.ensure_one()
        if "email" not in (self.sending_methods or []):
            return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)
        self._check_addresses()
        self._check_files()
        self._make_it_fit()
        if self.being_sent:
            raise UserError(self.being_sent)
        if allow_fallback_pdf:
            # another app sends: it wants its documents in its own transaction
            return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)
        self._raise_danger_alerts(self.alerts or {})
        self._update_preferred_settings()
        run = self.env["invoice.send.run"]._create_for_moves(
            {self.move_id: self._get_sending_settings()}
        )
        run._start()
        return self.action_read_result(run.id)

    def action_read_result(self, run_id):
        """Say what became of the press of Send: called by the window until it knows.

        :param int run_id: the run that Send has written
        :return: the window's next action: wait, close, download or show what failed
        :rtype: dict
        """
        self.ensure_one()
        # sudo: the user's own run; its records have no other reader than accountants
        run = self.env["invoice.send.run"].sudo().browse(run_id)
        if run.user_id != self.env.user:
            raise UserError(self.env._("This sending belongs to another user."))
        result = run._get_result()
        if not result["done"]:
            return {
                "type": "ir.actions.client",
                "tag": "invoice_send_client.sending",
                "params": {"wizard_id": self.id, "run_id": run_id},
            }
        if result["problems"]:
            self._note_problems(run, result["problems"])
            return self._get_window_action()
        if "manual" in self.sending_methods:
            return self._action_download(
                self._get_invoice_extra_attachments(self.move_id)
            )
        return {"type": "ir.actions.act_window_close"}

    def _note_problems(self, run, problems):
        """Remember what failed and who got it, for the next press of Send.

        :param run: what was sent
        :param list problems: sentences for the user
        """
        failed = run.delivery_ids.filtered(
            lambda d: d.state in ("error", "bounce") and d.failure_type != "unknown"
        )
        reached = (run.delivery_ids - failed) if failed else run.delivery_ids.browse()
        earlier = self.leave_out_reached and self.reached_addresses or ""
        self.write(
            {
                "send_problems": problems,
                "last_line_id": self.move_id._get_last_send_line().id,
                "reached_addresses": addresses.join(earlier, *reached.mapped("email")),
                "leave_out_reached": bool(reached or earlier),
            }
        )

    def _get_window_action(self):
        """:return: the action that opens this window again, everything filled in"""
        action = self.move_id.action_send_and_print()
        return {**action, "res_id": self.id}

    # -- other buttons -----------------------------------------------------------------

    def action_check_network(self):
        """Ask Peppol's network now whether it knows the customer: the user's wish."""
        self.ensure_one()
        for partner in self._get_unknown_on_network(self.move_id):
            partner.button_account_peppol_check_partner_endpoint(
                company=self.company_id
            )
        self._compute_sending_method_checkboxes()
        return self._get_window_action()

    def action_send_test(self):
        """Send this letter to the user alone: no delivery, no message, no real link.

        :return: a notification with the mail server's verdict
        :rtype: dict
        """
        self.ensure_one()
        user = self.env.user
        if not addresses.to_ascii(user.email_normalized or ""):
            raise UserError(
                self.env._("Your user has no e-mail address to send a test to.")
            )
        # sudo: mails have no access of their own; this one goes to the user alone
        mail = self.env["mail.mail"].sudo().create(self._prepare_test_mail())
        files = mail.attachment_ids
        [verdict] = mail._send_with_verdicts([user.email_normalized]).values()
        mail.exists().unlink()
        files.unlink()
        if verdict.failure_type:
            words = self.env._(
                "The mail server did not take the test: %s", verdict.reason
            )
        else:
            words = self.env._("The mail server took the test to %s.", user.email)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": words,
                "type": "danger" if verdict.failure_type else "success",
                "sticky": bool(verdict.failure_type),
            },
        }

    def _prepare_test_mail(self):
        """:return: values of the test mail"""
        line = self._get_unsaved_line(body=self.body)
        url = f"{self.get_base_url()}/mail/view?model=account.move&res_id={self.move_id.id}"
        server = self.company_id.invoice_mail_server_id
        return {
            "subject": self.env._("[Test] %s", self.subject or ""),
            "body_html": line._render_mail_body().replace(LINK_PLACEHOLDER, url),
            "email_from": self._get_default_email_from(
                self.move_id, self.env.user, self.email_from_name
            )
            or self.env.user.email_formatted,
            "email_to": self.env.user.email_formatted,
            "mail_server_id": (server or self.template_id.sudo().mail_server_id).id,
            "auto_delete": True,
            "attachment_ids": [
                (0, 0, {"name": name, "raw": content})
                for name, content in self._get_test_files()
            ],
        }

    def _get_test_files(self):
        """:return: name and content of the files; the invoice as a draft print where
        its PDF was not made yet

        :rtype: list[tuple[str, bytes]]
        """
        files = []
        if self.document_mode == "attachment":
            # sudo: a file of the document that the user is about to send
            pdf = self.move_id.sudo().invoice_pdf_report_id
            files.append((self.document_filename, pdf.raw or self._print_draft()))
        ids = [
            int(file["id"])
            for file in self._get_other_files()
            if not file.get("placeholder")
        ]
        attachments = self.env["ir.attachment"].browse(ids).exists()
        return files + [(file.name, file.raw) for file in attachments]

    def _print_draft(self):
        data = {"pdf_report": self.pdf_report_id}
        self._prepare_invoice_proforma_pdf_report(self.move_id, data)
        return data["proforma_pdf_attachment_values"]["raw"]
