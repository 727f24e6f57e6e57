from odoo import Command, api, fields, models
from odoo.fields import Domain

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
                    "was_waiting": move.id in facts.being_sent,
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
                key: self.env._("by %(way)s", way=values["label"])
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
        """Give every ticked row the language, the ways and the BCC chosen above; ways
        to those as well that lack nothing else, which ticks them.

        For the button above the rows.
        """
        self.ensure_one()
        names = ("mail_lang", "document_mode", "email_bcc")
        values = {name: self[f"set_{name}"] for name in names if self[f"set_{name}"]}
        if not values and not self.set_sending_methods:
            return
        lines = self._get_sendable_lines()
        if self.set_sending_methods:
            lines |= self._get_wayless_lines()
            self._set_methods_for_all(lines)
        if "email_bcc" in values:
            self._add_bcc_for_all(lines, values.pop("email_bcc"))
        edited = lines.filtered("is_edited")
        (lines - edited).write(values)
        # a text written by hand stays in the language that it was written in
        edited.write({k: v for k, v in values.items() if k != "mail_lang"})
        self.write({f"set_{name}": False for name in (*names, "sending_methods")})

    @api.model
    def _add_bcc_for_all(self, lines, emails):
        """Let rows go to these as well; who was typed into a row stays there.

        :param lines: the rows
        :param str emails: addresses, as typed
        """
        for own, alike in lines.grouped("email_bcc").items():
            alike.email_bcc = addresses.join(own, emails)

    def _get_wayless_lines(self):
        """:return: the rows that could be sent, but no way of sending is ticked"""
        Send = self.env["account.move.send"]
        domain = [("wizard_id", "in", self.ids), ("blocked", "=", True)]
        lines = self.env[LINE].search_fetch(domain, ["move_id", "sending_methods"])
        return lines.filtered(
            lambda line: not line.sending_methods
            and not Send._get_constraint(line.move_id)
        )

    def _set_methods_for_all(self, lines):
        """Tick in rows what was chosen above them: of both ways those that lead to
        somebody, where one alone was chosen that one.

        :param lines: the rows that get it
        """
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
