from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime, formatLang

from ..const import DOCUMENT_MODES
from ..tools import addresses, size


class AccountMoveSendWizard(models.TransientModel):
    """The send window of one document.

    Opening it reads, and writes nothing: deliveries, files and messages come with
    Send. Here stand the document, its size, what happened to it before, and Send; who
    gets it and the letter stand in files of their own.
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

    scheduled_datetime = fields.Datetime(
        string="Send later",
        help="Nothing leaves before this moment. Empty: now.",
    )

    # what happened before
    last_line_id = fields.Many2one(
        "invoice.send.run.line",
        compute="_compute_last_line_id",
        store=True,
        readonly=False,  # the browser brings back what it was opened with
        help="The document's last sending that this window knows of. Send is refused "
        "when there is a later one: two tabs, two users, or Send pressed twice.",
    )
    was_waiting = fields.Boolean(
        compute="_compute_last_line_id",
        store=True,
        readonly=False,  # as above
        help="When the window was opened, that sending was still under way.",
    )
    run_id = fields.Many2one("invoice.send.run", help="What Send has written.")
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
    leave_out_reached = fields.Boolean(
        string="Leave out who got it, or may have got it:"
    )
    can_check_network = fields.Boolean(compute="_compute_can_check_network")
    network_text = fields.Char(
        compute="_compute_network_text", help="Who gets it inside the system, and how."
    )
    network_problem = fields.Char(compute="_compute_network_text")
    is_network_refused = fields.Boolean(
        compute="_compute_network_text",
        help="The customer is a company of this database, and does not take it.",
    )

    @api.constrains("move_id")
    def _check_move_id(self):
        """:raise AccessError: for a document that the user may not read"""
        # Odoo runs constraints with all rights
        self.sudo(False).move_id.check_access("read")

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
            elif not wizard._is_client_tracked():
                hint = wizard._get_untracked_hint()
            elif wizard.document_mode == "link":
                hint = self.env._(
                    "The mail carries a link, and you see when the client looks."
                )
            else:
                hint = self.env._("The mail carries the file and, below it, the link.")
                hint = f"{hint} {problem}".strip()
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

    @api.depends("move_id")
    def _compute_network_text(self):
        for wizard in self:
            problem = self._get_network_problem(wizard.move_id)
            wizard.network_problem = problem
            wizard.network_text = problem or self._get_network_text(wizard.move_id)
            wizard.is_network_refused = bool(
                problem and self._find_customer_companies(wizard.move_id)
            )

    def _compute_sending_method_checkboxes(self):
        # EXTENDS 'account'
        with self._ask_no_network(self.move_id):
            result = super()._compute_sending_method_checkboxes()
        for wizard in self:
            boxes = dict(wizard.sending_method_checkboxes)
            network = {**boxes.pop("network"), "readonly": bool(wizard.network_problem)}
            network["checked"] &= not network["readonly"]
            # right beside e-mail, whatever else is installed
            email = {"email": boxes.pop("email")}
            wizard.sending_method_checkboxes = {**email, "network": network, **boxes}
        return result

    # -- size --------------------------------------------------------------------------

    @api.depends("document_mode", "mail_attachments_widget", "body", "sending_methods")
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
        return self._get_size_limit_of_letter(self.company_id, self.template_id)

    def _get_mail_server(self):
        """:return: the server that the letter will leave by"""
        return self._get_invoice_mail_server(self.company_id, self.template_id)

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

    # -- what happened before ----------------------------------------------------------

    @api.depends("move_id")
    def _compute_last_line_id(self):
        for wizard in self:
            wizard.last_line_id = wizard.move_id._get_last_send_line()
            wizard.was_waiting = bool(wizard._get_leaving())

    def _get_current_deliveries(self):
        """:return: the document's deliveries since it was last posted"""
        # sudo: whoever may send the document may know who got it
        return self.move_id.sudo().invoice_delivery_ids.filtered("is_current")

    @api.depends("move_id")
    def _compute_sent_before(self):
        perhaps = self._find_perhaps_sent(self.move_id)
        for wizard in self:
            words = []
            if sent := wizard._get_current_deliveries().filtered("sent_datetime"):
                words.append(wizard._describe_sent(sent))
            if deliveries := perhaps.get(wizard.move_id._origin.id):
                words.append(self._describe_perhaps_sent(deliveries))
            if waiting := wizard._get_leaving().filtered(lambda d: d._waits_for_time()):
                until = min(waiting.mapped("next_attempt_datetime"))
                words.append(self._describe_leaving(until))
            wizard.sent_before = " ".join(words) or False

    def _describe_sent(self, deliveries):
        """:return: when and to whom a document went, and when it was looked at

        :param deliveries: those that were sent
        """
        sentence = self._describe_sendings(
            len(deliveries.line_id),
            max(deliveries.mapped("sent_datetime")),
            deliveries._list_recipients(),
        )
        looks = list(filter(None, deliveries.mapped("view_datetime")))
        if not looks:
            return sentence
        look = format_datetime(self.env, min(looks), dt_format="short")
        viewed = self.env._("Viewed on %s.", look)
        return f"{sentence} {viewed}"

    def _get_leaving(self):
        """:return: the deliveries that somebody has pressed Send on, and that met with
        no trouble yet"""
        return self._get_current_deliveries().filtered(
            lambda d: d.state == "outgoing" and not d.failure_reason
        )

    @api.depends("move_id")
    def _compute_being_sent(self):
        for wizard in self:
            # what waits for its time is replaced by what is sent now
            leaving = wizard._get_leaving().filtered(lambda d: not d._waits_for_time())
            wizard.being_sent = bool(leaving) and self.env._(
                "%(document)s is being sent now to %(addresses)s, by %(user)s. It can "
                "be sent again once that is done.",
                document=wizard.move_id.name,
                addresses=leaving._list_recipients(),
                user=leaving.run_id[:1].user_id.name or "",
            )

    # -- Send --------------------------------------------------------------------------

    @api.depends("email_to")
    def _compute_alerts(self):
        # EXTENDS 'account'
        result = super()._compute_alerts()
        for wizard in self:
            # said beside To, which need not be a contact
            alerts = dict(wizard.alerts or {})
            alerts.pop("account_missing_email", None)
            wizard.alerts = alerts
        return result

    def _get_sending_settings(self):
        # EXTENDS 'account'
        settings = super()._get_sending_settings()
        if self._is_mail_left_out():
            methods = settings["sending_methods"]
            settings["sending_methods"] = [m for m in methods if m != "email"]
        if {"email", "network"} & set(settings["sending_methods"]):
            settings.update(
                previous_line_id=self.last_line_id.id,
                document_mode=self.document_mode,
                scheduled_datetime=self.scheduled_datetime,
            )
        if "email" in settings["sending_methods"]:
            settings.update(
                email_from=self._get_default_email_from(
                    self.move_id, self.env.user, self.email_from_name
                ),
                copy_followers=self.copy_followers,
                **self._get_address_lines(),
            )
        return settings

    def _check_before_send(self):
        """Refuse in words what must not leave like this.

        :raise UserError: with the document and what to do
        """
        if "email" in self.sending_methods and not self._is_mail_left_out():
            self._check_addresses()
            self._make_it_fit()
        if "network" in self.sending_methods and self.network_problem:
            raise UserError(self.network_problem)
        if self.being_sent:
            raise UserError(self.being_sent)
        has_ended = self.was_waiting and not self._get_leaving()
        if has_ended and self.last_line_id._has_left():
            Run = self.env["invoice.send.run"]
            raise UserError(Run._describe_sent_meanwhile(self.last_line_id))

    def action_send_and_print(self, allow_fallback_pdf=False):
        # EXTENDS 'account'
        self.ensure_one()
        if not self._is_run_pressed(self.sending_methods, allow_fallback_pdf):
            return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)
        self._check_before_send()
        self.run_id = False
        action = super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)
        if self.run_id and self.scheduled_datetime:
            return self._tell_scheduled()
        return self.action_read_result(self.run_id.id) if self.run_id else action

    def _tell_scheduled(self):
        """:return: the notification of when the mail leaves, which ends the window"""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "title": self.env._("Send to client"),
                "message": self.env._(
                    "%(document)s leaves on %(time)s. Until then it can be cancelled "
                    "under “My messages”.",
                    document=self.move_id.name,
                    time=format_datetime(
                        self.env, self.scheduled_datetime, dt_format="short"
                    ),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _is_run_pressed(self, sending_methods, allow_fallback_pdf):
        """:return: whether a person sends by e-mail or inside the system, so that the
            run does the work

        Another app asks for documents at any price (``allow_fallback_pdf``) and in its
        own transaction; what goes by other ways is Odoo's own business.
        """
        ours = {"email", "network"} & set(sending_methods or [])
        return bool(ours) and not allow_fallback_pdf

    def _generate_and_send_invoices(self, moves, allow_fallback_pdf=False, **settings):
        # EXTENDS 'account'
        # other apps' checks stand around action_send_and_print: only its last step,
        # the work itself, is left to the run
        methods = settings.get("sending_methods")
        if not self._is_run_pressed(methods, allow_fallback_pdf):
            return super()._generate_and_send_invoices(
                moves, allow_fallback_pdf=allow_fallback_pdf, **settings
            )
        run = self.env["invoice.send.run"]._create_for_moves({moves: settings})
        self.run_id = run
        if self.scheduled_datetime:
            run._start_by_cron()
        else:
            run._start()
        return self.env["ir.attachment"]

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
        close = {"type": "ir.actions.act_window_close"}
        if "manual" in self.sending_methods:
            close = self._action_download(
                self._get_invoice_extra_attachments(self.move_id)
            )
        return self._tell_put_off(result["put_off"], close)

    def _tell_put_off(self, put_off, close):
        """Put off is no refusal: the window closes, and says what is tried again.

        :param list put_off: sentences for the user
        :param dict close: the action that ends the window
        """
        if not put_off:
            return close
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("%s is not sent yet", self.move_id.name),
                "message": "\n".join(put_off),
                "next": close,
            },
        }

    def _note_problems(self, run, problems):
        """Remember what failed and who got it, for the next press of Send.

        :param run: what was sent
        :param list problems: sentences for the user
        """
        failed = run.delivery_ids.filtered(
            lambda d: d.state in ("error", "bounce") and d.failure_type != "unknown"
        )
        self._untick_done(failed)
        reached = run.delivery_ids._get_mailed() - failed
        earlier = self.leave_out_reached and self.reached_addresses or ""
        self.write(
            {
                "send_problems": problems,
                "last_line_id": self.move_id._get_last_send_line().id,
                "was_waiting": bool(self._get_leaving()),
                "reached_addresses": addresses.join(
                    earlier, *reached.sorted("id").mapped("email")
                ),
                "leave_out_reached": bool(reached or earlier),
            }
        )

    def _untick_done(self, failed):
        """Untick ways by which everybody got it: the next press is for the others.

        :param failed: deliveries that did not get through
        """
        due = set(failed.mapped("sending_method"))
        boxes = self.sending_method_checkboxes or {}
        if due:
            self.sending_method_checkboxes = {
                key: {**box, "checked": box.get("checked") and key in due}
                for key, box in boxes.items()
            }

    def _get_window_action(self):
        """:return: the action that opens this window again, everything filled in"""
        action = self.move_id.action_open_send_window()
        # the window reads its result by a plain call, which adds no views
        return {**action, "res_id": self.id, "views": [(False, "form")]}

    # -- other buttons -----------------------------------------------------------------

    def action_check_network(self):
        """Ask Peppol's network now whether it knows the customer: the user's wish."""
        self.ensure_one()
        self.move_id.check_access("write")
        for partner in self._get_unknown_on_network(self.move_id):
            # sudo: the answer stands on the contact, which billing users can't write
            partner.sudo().button_account_peppol_check_partner_endpoint(
                company=self.company_id
            )
        before = self.sending_method_checkboxes or {}
        self._compute_sending_method_checkboxes()
        self._keep_ticks(before)
        return self._get_window_action()

    def _keep_ticks(self, before):
        """Tick the ways of sending as the user did; what the network said ticks Peppol.

        :param dict before: the boxes as they stood in the window
        """
        self.sending_method_checkboxes = {
            key: box
            if key == "peppol" or key not in before or box.get("readonly")
            else {**box, "checked": bool(before[key].get("checked"))}
            for key, box in self.sending_method_checkboxes.items()
        }
