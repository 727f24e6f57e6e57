from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..models.account_move_send_review import ReviewRow
from ..tools import addresses

LINE = "account.move.send.batch.wizard.line"
#: Values of a new row that are given though they are empty: left out, they would be
#: computed row by row. Whatever else is empty stays out of the INSERT.
GIVEN_EMPTY = {"blocked", "is_edited", "mail_template_id"}


class AccountMoveSendBatchWizard(models.TransientModel):
    """The review window: which document goes to whom, and what can't go.

    ``line_ids`` are the rows; ``move_ids`` follow them: the documents that are ticked
    and can be sent. Whatever other apps do with ``move_ids`` at Send never reaches a
    document that stays here.
    """

    _inherit = "account.move.send.batch.wizard"

    line_ids = fields.One2many(
        "account.move.send.batch.wizard.line", "wizard_id", string="Documents"
    )
    move_ids = fields.Many2many(
        compute="_compute_move_ids", store=True, readonly=False, required=False
    )
    email_from_name = fields.Char(
        string="From",
        compute="_compute_email_from_name",
        store=True,
        readonly=False,
        help="Shown to the clients as the sender; changed for this sending only.",
    )
    scheduled_datetime = fields.Datetime(
        string="Send later",
        help="Nothing leaves before this moment. Empty: now.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "invoice_send_batch_attachment_rel",
        inverse="_inverse_attachment_ids",
        string="Files for all",
        help="Go with every ticked document.",
    )
    note = fields.Text(help="Added below the text of every letter.")
    one_mail_per_customer = fields.Boolean(
        string="One mail per customer",
        help="Documents with the same recipients go in one mail, with a link each.",
    )
    # what the buttons above the rows say for all ticked ones
    set_mail_lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language for all",
    )
    set_document_mode = fields.Selection(
        [("link", "Link"), ("attachment", "Attachment")], string="Sent as, for all"
    )
    set_email_bcc = fields.Char(string="BCC for all")
    set_sending_methods = fields.Selection(
        [
            ("both", "E-mail and client network"),
            ("email", "E-mail"),
            ("network", "Client network"),
        ],
        string="Methods for all",
        help="Post, Peppol and the like stay as each row says.",
    )
    line_count = fields.Integer(compute="_compute_counts")
    ready_count = fields.Integer(compute="_compute_counts")
    blocked_count = fields.Integer(compute="_compute_counts")
    email_from_problem = fields.Char(compute="_compute_email_from_problem")
    link_problem = fields.Char(compute="_compute_link_problem")
    run_id = fields.Many2one("invoice.send.run", help="What Send has written.")
    start_datetime = fields.Datetime(
        readonly=True,
        help="Nothing of the last press of Send leaves before: the time chosen, or the "
        "end of the undo pause.",
    )

    # -- rows --------------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        # EXTENDS 'account'
        values = super().default_get(fields_list)
        is_ours = self.env.context.get("active_model") in (None, "account.move")
        # documents that another app names stand in its move_ids
        if is_ours and {"line_ids", "move_ids"} <= {*fields_list}:
            move_ids = self.env.context.get("active_ids", [])
            moves = self.env["account.move"].browse(move_ids)
            values["line_ids"] = self._prepare_line_commands(moves)
            values.pop("move_ids", None)  # follow the rows
        return values

    @api.model
    def _prepare_line_commands(self, moves):
        """:return: commands that make a row for each document, all values given, so
        that nothing is computed row by row afterwards"""
        Send = self.env["account.move.send"]
        moves.check_access("read")
        rows = Send._prepare_review_rows(moves)
        return [
            Command.create({k: v for k, v in values.items() if v or k in GIVEN_EMPTY})
            for values in self._get_row_values(rows)
        ]

    @api.model
    def _get_row_values(self, rows):
        """:return: values of the lines of these rows

        :param list[ReviewRow] rows: from ``_prepare_review_rows``
        :rtype: list[dict]
        """
        Line = self.env[LINE]
        result, facts = [], self.env["account.move.send"]._get_review_facts(rows)
        verdicts = self._get_row_verdicts(rows, facts)
        for row, verdict in zip(rows, verdicts, strict=True):
            judgement = Line._get_judgement(verdict["blocked"], verdict["is_doubtful"])
            move = row.move_id
            result.append(
                {
                    **{name: getattr(row, name) for name in ReviewRow.PLAIN_FIELDS},
                    **verdict,
                    "move_id": move.id,
                    "move_name": move.name,
                    "partner_id": move.partner_id.id,
                    "company_id": move.company_id.id,
                    "last_line_id": facts.last_lines.get(move.id),
                    "mail_template_id": row.mail_template_id.id,
                    "own_file_size": row.other_file_size,
                    "judged_as": judgement,
                    "to_send": judgement == "good",
                    "is_edited": False,
                }
            )
        return result

    def _get_row_verdicts(self, rows, facts=None):
        """Judge rows as they stand (requirements B8).

        :param rows: ``ReviewRow`` or lines
        :param ReviewFacts facts: about all rows, where they were read already
        :return: ``blocked``, ``block_reason``, ``warning``, ``is_doubtful`` of each
        :rtype: list[dict]
        """
        Send, result = self.env["account.move.send"], []
        facts = facts or Send._get_review_facts(rows)
        for row in rows:
            reason = Send._get_review_block(row, facts)
            warnings, is_doubtful = Send._get_review_warnings(row, facts)
            result.append(
                {
                    "blocked": bool(reason),
                    "block_reason": reason or False,
                    "warning": " ".join(warnings) or False,
                    "is_doubtful": is_doubtful,
                }
            )
        return result

    def _get_sendable_lines(self, *names):
        """Find the rows that Send takes.

        :param str names: the fields that the caller reads of them
        """
        domain = [
            ("wizard_id", "in", self.ids),
            ("to_send", "=", True),
            ("blocked", "=", False),
        ]
        return self.env[LINE].search_fetch(domain, names)

    def _group_lines(self, *names):
        """:return: values and number of the rows that have them in common

        :param str names: the fields to group by
        :rtype: list[tuple]
        """
        domain = [("wizard_id", "in", self.ids)]
        return self.env[LINE]._read_group(domain, names, ["__count"])

    @api.depends("line_ids.to_send", "line_ids.blocked")
    def _compute_move_ids(self):
        for wizard in self:
            wizard.move_ids = wizard._get_sendable_lines("move_id").move_id

    @api.depends("line_ids.to_send", "line_ids.blocked")
    def _compute_counts(self):
        for wizard in self:
            groups = wizard._group_lines("blocked", "to_send")
            counts = {(blocked, ticked): count for blocked, ticked, count in groups}
            wizard.line_count = sum(counts.values())
            wizard.ready_count = counts.get((False, True), 0)
            wizard.blocked_count = sum(
                count for (blocked, _ticked), count in counts.items() if blocked
            )

    @api.constrains("move_ids", "line_ids")
    def _check_move_ids_constraints(self):
        # OVERRIDE 'account'
        # natively one draft stops all; here only a selection without any document
        # that can be sent
        for wizard in self:
            moves = wizard.line_ids.move_id or wizard.move_ids
            self.env["account.move.send"]._get_first_sendable(moves)

    # -- the letter's frame ------------------------------------------------------------

    @api.depends("line_ids.company_id")
    def _compute_email_from_name(self):
        for wizard in self:
            company = wizard.line_ids.company_id[:1] or self.env.company
            wizard.email_from_name = company._get_invoice_sender(self.env.user)[0]

    @api.depends("line_ids.company_id")
    def _compute_link_problem(self):
        for wizard in self:
            problems = [
                company._get_invoice_link_problem()
                for company, _count in wizard._group_lines("company_id")
            ]
            wizard.link_problem = next(filter(None, problems), False)

    @api.depends("line_ids.company_id")
    def _compute_email_from_problem(self):
        for wizard in self:
            problems = [
                self._get_email_from_problem(company, self.env["mail.template"])
                for company, _count in wizard._group_lines("company_id")
            ]
            wizard.email_from_problem = next(filter(None, problems), False)

    # -- what other apps show and ask --------------------------------------------------

    @api.depends("line_ids.sending_methods", "line_ids.extra_edis")
    def _compute_summary_data(self):
        # OVERRIDE 'account'
        # natively every letter is rendered to count the methods
        for wizard in self:
            counts = {}
            for line in wizard._get_sendable_lines("sending_methods", "extra_edis"):
                for method in [*(line.sending_methods or []), *(line.extra_edis or [])]:
                    counts[method] = counts.get(method, 0) + 1
            labels = self._get_summary_labels()
            wizard.summary_data = {
                method: {"count": count, "label": labels.get(method, method)}
                for method, count in counts.items()
            }

    @api.model
    def _get_summary_labels(self):
        """:return: how Odoo's own summary calls each way of sending, by key"""
        edis = self._get_all_extra_edis()
        return {
            **self.env["account.move.send"]._get_method_labels(),
            "manual": self.env._("Manually"),
            **{
                key: self.env._("by %s", values["label"])
                for key, values in edis.items()
            },
        }

    @api.depends("move_ids")
    def _compute_alerts(self):
        # OVERRIDE 'account'
        # natively every letter is rendered; addresses are told row by row
        names = ("sending_methods", "extra_edis", "invoice_edi_format")
        for wizard in self:
            lines = wizard._get_sendable_lines("move_id", *names)
            data = {
                line.move_id: {
                    "sending_methods": line.sending_methods or [],
                    "extra_edis": line.extra_edis or [],
                    "invoice_edi_format": line.invoice_edi_format,
                }
                for line in lines
            }
            if len(lines) == 1:  # Odoo looks at the contacts of a single one alone
                partners = self.env["res.partner"].browse(lines.mail_partner_ids or [])
                data[lines.move_id]["mail_partner_ids"] = partners
            moves = self.env["account.move"].union(*data)
            with self._ask_no_network(moves):
                alerts = self._get_alerts(moves, data) if moves else {}
            alerts.pop("account_missing_email", None)
            wizard.alerts = alerts

    @api.model
    def _get_default_sending_methods(self, move):
        # EXTENDS 'account'
        # other apps ask at Send how a document goes: as its row says
        if line := self._find_line(move):
            is_sent = line.to_send and not line.blocked
            if not is_sent or self._get_move_constraints(move):
                return set()  # it stays, and nobody marks it
            return set(line.sending_methods or [])
        return super()._get_default_sending_methods(move)

    @api.model
    def _find_line(self, move):
        """:return: the row of a document, empty where this is no window or has none

        Apps ask about one document after the other: the rows of all are found at once.
        """
        Line, windows = self.env[LINE], self.env.cr.cache.setdefault(self._name, {})
        if move.id not in windows.get(self._ids, ()) and self.ids:
            names = ["move_id", "sending_methods", "to_send", "blocked"]
            lines = Line.search_fetch([("wizard_id", "in", self.ids)], names)
            windows[self._ids] = {line.move_id.id: line.id for line in lines}
        known = windows.get(self._ids, {})
        return Line.browse(known.get(move.id)).with_prefetch(known.values())

    # -- one value for all -------------------------------------------------------------

    def set_for_all(self):
        """Give every ticked row the language, the ways and the BCC chosen above.

        For the button above the rows.
        """
        self.ensure_one()
        names = ("mail_lang", "document_mode", "email_bcc")
        values = {name: self[f"set_{name}"] for name in names if self[f"set_{name}"]}
        if not values and not self.set_sending_methods:
            return
        lines = self._get_sendable_lines()
        self._set_methods_for_all(lines)
        edited = lines.filtered("is_edited")
        (lines - edited).write(values)
        # a text written by hand stays in the language that it was written in
        edited.write({k: v for k, v in values.items() if k != "mail_lang"})
        self.write({f"set_{name}": False for name in (*names, "sending_methods")})

    def _set_methods_for_all(self, lines):
        """Tick in rows what was chosen above them: of both ways those that lead to
        somebody, where one alone was chosen that one.

        :param lines: the rows that are ticked
        """
        if not self.set_sending_methods:
            return
        both = self.set_sending_methods == "both"
        chosen = {"email", "network"} if both else {self.set_sending_methods}
        problems = self._get_network_problems(lines.move_id)

        def get_methods(line):
            fits = not both or not problems[line.move_id.id]
            return line._get_methods_with(chosen if fits else {"email"})

        for methods, alike in lines.grouped(get_methods).items():
            alike.sending_methods = list(methods)

    def tick_all(self, is_ticked, domain=()):
        """Tick rows that can be sent, or untick them. For the buttons above the rows.

        :param bool is_ticked: whether they are to be sent
        :param list domain: which rows; without it all of them
        """
        self.ensure_one()
        own = Domain("wizard_id", "=", self.id) & Domain("blocked", "=", False)
        self.env[LINE].search(own & Domain(list(domain))).to_send = is_ticked

    def get_counts(self):
        """Say how many rows go and how many can't, for the line above them.

        :return: ``ready_text`` and ``blocked_text``, in words
        :rtype: dict[str, str]
        """
        self.ensure_one()
        blocked = self.blocked_count
        return {
            "ready_text": self.env._(
                "%(count)s of %(total)s will be sent",
                count=self.ready_count,
                total=self.line_count,
            ),
            "blocked_text": self.env._("%s can't be sent", blocked) if blocked else "",
        }

    def _inverse_attachment_ids(self):
        """Let the rows know how big the files for all are."""
        for wizard in self:
            shared = wizard._get_file_size()
            for own, lines in wizard.line_ids.grouped("own_file_size").items():
                lines.other_file_size = own + shared

    def _get_file_size(self):
        """:return: bytes of the files that go with every document"""
        return sum(self.attachment_ids.mapped("file_size"))

    def _get_window_action(self):
        """:return: the action that shows this window again"""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send to clients"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    # -- Send --------------------------------------------------------------------------

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS 'account'
        self.ensure_one()
        if not self.line_ids:  # made by another app, with documents and no rows
            self.line_ids = self._prepare_line_commands(self.move_ids)
        self.set_for_all()  # chosen above the rows, and not given to them yet
        self.line_ids._judge_again()
        lines = self._get_sendable_lines()
        if not lines:
            self._raise_nothing_to_send()
        if self.alerts:
            self._raise_danger_alerts(self.alerts)
        if force_synchronous:
            return super().action_send_and_print(
                force_synchronous=True, allow_fallback_pdf=allow_fallback_pdf
            )
        self._check_cron()
        self.start_datetime = self._get_start_datetime(lines)
        runs = self._create_runs(lines)
        runs._start_by_cron()
        return self._tell_sending(runs)

    def _raise_nothing_to_send(self):
        raise UserError(
            self.env._(
                "Nothing is ticked that can be sent.\n%s",
                self.line_ids._describe_left(),
            )
        )

    def _check_cron(self):
        """:raise RedirectWarning: where the scheduled action that sends is off"""
        # sudo: users may start their own sending, not read scheduled actions
        cron = self.env.ref("account.ir_cron_account_move_send").sudo()
        if cron.active:
            return
        words = self.env._(
            "Several documents are sent by the scheduled action “%s”, which is "
            "switched off: ask your administrator to switch it on.",
            cron.name,
        )
        if not self.env.user.has_group("base.group_system"):
            raise UserError(words)
        action = cron._get_records_action(views=[(False, "form")])
        raise RedirectWarning(words, action, self.env._("Show it"))

    def _get_start_datetime(self, lines):
        """Say when what is sent may leave (B18).

        :param lines: the rows that go
        :return: the time chosen; for two or more the end of the undo pause; else empty
        :rtype: datetime | bool
        """
        if self.scheduled_datetime:
            return self.scheduled_datetime
        seconds = self._get_undo_seconds(lines)
        return seconds and fields.Datetime.now() + timedelta(seconds=seconds)

    @api.model
    def _get_undo_seconds(self, lines):
        """:return: how long Send can be undone; a single document leaves at once

        :param lines: the rows that go
        """
        if len(lines) < 2:
            return 0
        return max(lines.company_id.mapped("invoice_undo_seconds"))

    def _create_runs(self, lines):
        """Copy the rows to lasting records, one run a company (D7).

        :param lines: the rows that go
        :rtype: invoice.send.run
        """
        Run = self.env["invoice.send.run"]
        # sudo: evidence that nobody may write by hand; Run itself asks for the rights
        runs = Run.sudo()
        self._take_files_over()
        left, modes = self.line_ids - lines, lines._get_fitting_modes()
        for company, own_lines in lines.grouped("company_id").items():
            data = {
                line.move_id: self._get_row_settings(line, modes[line.id])
                for line in own_lines
            }
            self._settle_languages(data)
            if self.one_mail_per_customer:
                self._join_mails(own_lines, data)
            if self.scheduled_datetime:
                self._keep_letters(data)
            run = Run._create_for_moves(data)
            run._note_skipped(left._get_reasons_left(company))
            runs |= run
        # sudo: the files live as long as the sending's records, not as the window
        self.attachment_ids.sudo().write(
            {"res_model": runs._name, "res_id": runs[:1].id}
        )
        self.run_id = runs[:1]
        return runs

    def _take_files_over(self):
        """Leave the files that belong to another record there: copies go along."""
        foreign = self.attachment_ids.filtered(
            lambda file: file.res_model and file.res_model != self._name
        )
        if foreign:
            copies = foreign.copy({"res_model": self._name, "res_id": self.id})
            self.attachment_ids = self.attachment_ids - foreign + copies

    @api.model
    def _settle_languages(self, data):
        """Let the whole mail speak the language of its letter, never two.

        :param dict data: settings by document, to be completed
        """
        Letter, found = self.env["invoice.send.template"], {}
        for settings in data.values():
            key = settings["mail_template"], settings["mail_lang"]
            if key not in found:
                found[key] = Letter._get_lang_of_template(*key)
            settings["mail_lang"] = found[key]

    @api.model
    def _keep_letters(self, data):
        """Let what leaves later be the letters of this moment (D7).

        :param dict data: settings by document, to be completed
        """
        kept = {}
        for settings in data.values():
            template = settings["mail_template"]
            if template not in kept:
                kept[template] = template._keep_for_later()
            settings["mail_template"] = kept[template]

    @api.model
    def _join_mails(self, lines, data):
        """Say which documents go in one mail: same recipients, language and way (B19).

        A text that the user wrote for one document stays in a mail of its own.

        :param lines: rows of one company
        :param dict data: their settings by document, to be completed
        """
        joinable = lines.filtered(lambda line: not line.is_edited)
        for key, joined in joinable.grouped(
            lambda line: self._get_mail_group(line.partner_id, data[line.move_id])
        ).items():
            if not key:
                continue
            for number, fitting in enumerate(joined._divide_by_size()):
                if len(fitting) > 1:
                    self._join_mail(fitting, data, (*key, number))

    @api.model
    def _join_mail(self, lines, data, key):
        """Let documents go in one mail, with the letter for several.

        :param lines: their rows
        :param dict data: their settings by document, to be completed
        :param tuple key: what tells this mail from others
        """
        letter, lang = self.env["invoice.send.template"]._get_letter(
            lines.company_id, "several", lines[0].mail_lang
        )
        for line in lines:
            data[line.move_id].update(
                mail_group=key,
                mail_template=letter.mail_template_id or line.mail_template_id,
                mail_lang=lang,
            )

    @api.model
    def _get_mail_group(self, customer, settings):
        """:return: what documents of one mail have alike; ``None`` without e-mail

        :param customer: ``res.partner``
        :param dict settings: from :meth:`_get_row_settings`
        """
        if "email" not in settings["sending_methods"]:
            return None
        lines = addresses.without_repeats(
            *(settings[f"email_{role}"] for role in ("to", "cc", "bcc"))
        )
        alike = ("document_mode", "mail_lang", "email_from", "copy_followers")
        return (customer.commercial_partner_id.id, *lines, *map(settings.get, alike))

    def _get_row_settings(self, line, document_mode):
        """Give a row as settings of ``account.move.send``.

        Subject, text and files that nobody changed are filled in from the letter when
        the mail leaves.

        :param line: the row
        :param str document_mode: as chosen, or a link where the file is too big
        :rtype: dict
        """
        methods = set(line.sending_methods or [])
        if not addresses.parse(line.email_to)[0]:
            methods.discard("email")
        return {
            **self._get_row_letter(line),
            "sending_methods": methods,
            "extra_edis": set(line.extra_edis or []),
            "invoice_edi_format": line.invoice_edi_format,
            "pdf_report": line.pdf_report_id,
            "author_partner_id": self.env.user.partner_id.id,
            "document_mode": document_mode,
            "previous_line_id": line.last_line_id.id,
            "scheduled_datetime": self.start_datetime,
            "mail_attachments_widget": line.mail_attachments_widget,
            "shared_files": self._get_shared_files(),
        }

    def _get_row_letter(self, line):
        """:return: what a row's mail says, and to whom"""
        sender = self._get_default_email_from(
            line.move_id, self.env.user, line.email_from_name or self.email_from_name
        )
        return {
            "mail_template": line.mail_template_id,
            "mail_lang": line.mail_lang,
            "mail_subject": line.custom_subject,
            "mail_body": line.custom_body,
            "mail_partner_ids": line.mail_partner_ids,
            "note": self.note,
            "email_from": sender,
            "email_to": line.email_to,
            "email_cc": line.email_cc,
            "email_bcc": line.email_bcc,
            "copy_followers": line.copy_followers,
        }

    def _get_shared_files(self):
        """:return: the files for all, in the form of ``mail_attachments_widget``"""
        return [
            {
                "id": file.id,
                "name": file.name,
                "mimetype": file.mimetype,
                "placeholder": False,
                "manual": True,
            }
            for file in self.attachment_ids
        ]

    def _tell_sending(self, runs):
        """:return: the notification that ends the window"""
        left = self.line_ids - self._get_sendable_lines()
        reasons = left and self.env._("Left out:") + "\n" + left._describe_left()
        if self.start_datetime and not self.scheduled_datetime:
            return self._offer_undo(runs, reasons or "")
        words = self._describe_sending(len(runs.line_ids))
        if left:
            words += "\n" + reasons
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if left else "info",
                "className": "o_invoice_send_lines",
                "title": self.env._("Send to clients"),
                "message": words,
                "sticky": bool(left),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _offer_undo(self, runs, left):
        """:return: the action that counts the undo pause down, and starts the sending

        :param runs: what Send has written
        :param str left: what was left out, and why
        """
        return {
            "type": "ir.actions.client",
            "tag": "invoice_send_client.undo",
            "params": {
                "run_ids": runs.ids,
                "seconds": self._get_undo_seconds(self._get_sendable_lines()),
                "count": len(runs.line_ids),
                "message": left,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _take_back(self, runs):
        """Make the window as it was before Send.

        :param runs: what was withdrawn
        """
        lines = {line.move_id.id: line.id for line in runs.line_ids}
        for row in self.line_ids.filtered(lambda row: row.move_id.id in lines):
            row.last_line_id = lines[row.move_id.id]
        self.write({"run_id": False, "start_datetime": False})

    def _describe_sending(self, count):
        """:return: how many documents leave, and when

        :param int count: documents
        """
        if not self.scheduled_datetime:
            return self.env._("%s documents are being sent.", count)
        return self.env._(
            "%(count)s documents leave on %(time)s. Until then they can be cancelled "
            "under “My messages”.",
            count=count,
            time=format_datetime(self.env, self.scheduled_datetime, dt_format="short"),
        )
