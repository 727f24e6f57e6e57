from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..const import AT_ONCE_RECIPIENTS, DELIVERY_PROBLEMS
from ..tools import addresses


class InvoiceSendRun(models.Model):
    """One press of Send: who sent what, when, and what became of it.

    Written with all its lines and deliveries in one transaction (requirements D7).
    For one document the work starts right after that transaction, in the same
    request; whatever is left is found by the native cron. A line is worked on by
    whoever holds its advisory lock, on a connection of its own, so that a dead worker
    is told from a living one at once and no time limit has to be guessed.
    """

    _name = "invoice.send.run"
    _description = "Invoice Sending"
    _order = "id desc"
    _rec_name = "create_date"

    user_id = fields.Many2one(
        "res.users", string="Sent by", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    line_ids = fields.One2many("invoice.send.run.line", "run_id", readonly=True)
    delivery_ids = fields.One2many("invoice.delivery", "run_id", readonly=True)
    sent_count = fields.Integer(string="Sent", compute="_compute_counts")
    failed_count = fields.Integer(string="Not sent", compute="_compute_counts")
    skipped_count = fields.Integer(string="Skipped", compute="_compute_counts")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    start_datetime = fields.Datetime(
        string="Leaves on",
        readonly=True,
        help="Nothing leaves before: the end of the undo pause, or the time chosen by "
        "“Send later”. Empty: at once.",
    )
    skipped = fields.Json(
        string="Left out at Send",
        help="Documents left out at Send: name and reason of each.",
    )
    is_result_due = fields.Boolean(help="The user waits to hear how it ended.")
    can_act = fields.Boolean(
        compute="_compute_can_act",
        help="The user may cancel what waits, and let it leave now.",
    )
    skipped_text = fields.Text(string="Left out", compute="_compute_skipped_text")
    # not stored: it would be written for each mail, by all workers on one row
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")],
        compute="_compute_counts",
        search="_search_state",
    )

    @api.depends("delivery_ids.state", "line_ids.state", "skipped")
    def _compute_counts(self):
        """Count documents: one that failed for any recipient counts as failed."""
        counts = self._count_outcomes()
        for run in self:
            own = counts[run.id]
            run.sent_count = own["sent"]
            run.failed_count = own["failed"]
            run.skipped_count = own["skipped"] + len(run.skipped or [])
            run.waiting_count = own["waiting"]
            run.state = "running" if own["waiting"] else "done"

    def _count_outcomes(self):
        """Count the documents of these runs by ``invoice.send.run.line._get_outcome``.

        By SQL: a list of runs would read every delivery of thousands of documents.

        :rtype: dict[int, Counter]
        """
        counts = defaultdict(Counter)
        if not self.ids:
            return counts
        self.env["invoice.send.run.line"].flush_model(
            ["run_id", "state", "goes_to_nobody"]
        )
        self.env["invoice.delivery"].flush_model(["line_id", "state"])
        self.env.cr.execute(
            SQL(
                "SELECT run_id, outcome, count(*) FROM (%s) AS lines GROUP BY 1, 2",
                self._get_outcome_query(self.ids),
            )
        )
        for run_id, outcome, count in self.env.cr.fetchall():
            counts[run_id][outcome] = count
        return counts

    @api.model
    def _get_outcome_query(self, run_ids):
        """:return: SQL of ``run_id`` and ``outcome`` for each document, as
            ``invoice.send.run.line._get_outcome`` says it

        :param list run_ids: whose documents
        :rtype: SQL
        """
        return SQL(
            """SELECT line.run_id, CASE
                   WHEN bool_or(d.state = 'outgoing') THEN 'waiting'
                   WHEN line.state = 'failed' OR bool_or(d.state IN %s) THEN 'failed'
                   WHEN line.state = 'skipped' OR bool_and(d.state = 'cancel')
                       THEN 'skipped'
                   WHEN line.state = 'waiting' AND count(d.id) = 0 THEN 'waiting'
                   WHEN line.goes_to_nobody AND count(d.id) = 0 THEN 'skipped'
                   ELSE 'sent' END AS outcome
                 FROM invoice_send_run_line AS line
            LEFT JOIN invoice_delivery AS d ON d.line_id = line.id
                WHERE line.run_id IN %s
             GROUP BY line.id""",
            DELIVERY_PROBLEMS,
            tuple(run_ids),
        )

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        unmailed = [("state", "=", "waiting"), ("delivery_ids", "=", False)]
        running = [
            "|",
            ("delivery_ids.state", "=", "outgoing"),
            ("line_ids", "any", unmailed),
        ]
        if set(value) >= {"running", "done"}:
            return Domain.TRUE
        domain = Domain(running)
        return domain if "running" in value else ~domain

    @api.depends("skipped")
    def _compute_skipped_text(self):
        for run in self:
            run.skipped_text = "\n".join(map(": ".join, run.skipped or []))

    @api.depends("user_id", "line_ids.move_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_act(self):
        writable = self._find_writable_ids()
        for run in self:
            run.can_act = run.user_id == self.env.user or run.id in writable

    def _find_writable_ids(self):
        """Tell of which of these runs the user may write all documents, in one query.

        :return: their ids
        :rtype: set[int]
        """
        if not self.env["account.move"].has_access("write"):
            return set()
        rights = self.env["ir.rule"]._compute_domain("account.move", "write")
        # sudo: which documents they are; whether the user may write them is asked
        lines = self.env["invoice.send.run.line"].sudo()
        foreign = lines._read_group(
            Domain("run_id", "in", self.ids) & ~Domain("move_id", "any", rights),
            ["run_id"],
        )
        return set(self.ids) - {run.id for (run,) in foreign}

    # -- writing a run ---------------------------------------------------------------

    @api.model
    def _create_for_moves(self, moves_data):
        """Copy what is to be sent to lasting records (D7).

        :param dict moves_data: settings of ``account.move.send`` by move
        :return: the run, with a line and its deliveries for each move
        :rtype: invoice.send.run
        :raise UserError: for what the user may not send
        """
        # sudo: the records of a sending are evidence, nobody may write them by hand
        self = self._check_given(moves_data).sudo()
        moves = self.env["account.move"].concat(*moves_data)
        last_lines = self._check_not_sent_meanwhile(moves, moves_data)
        run = self.create(self._prepare_run_values(moves_data))
        lines = self.env["invoice.send.run.line"].create(
            [
                {
                    "run_id": run.id,
                    "previous_line_id": last_lines.get(move.id, False),
                    **self._prepare_line_values(move, move_data),
                }
                for move, move_data in moves_data.items()
            ]
        )
        lines._create_deliveries()
        self._join_mails(lines, moves_data)
        run._keep_given_files()
        return run

    @api.model
    def _prepare_run_values(self, moves_data):
        """:return: values of a run

        :param dict moves_data: settings of its documents
        """
        moves = self.env["account.move"].concat(*moves_data)
        times = [data.get("scheduled_datetime") for data in moves_data.values()]
        return {
            "user_id": self.env.uid,
            "company_id": moves.company_id[:1].id,
            "start_datetime": min(filter(None, times), default=False),
        }

    @api.model
    def _join_mails(self, lines, moves_data):
        """Mark which documents go in one mail (B19).

        :param lines: all lines of a run
        :param dict moves_data: settings by document; those with the same ``mail_group``
            go together
        """
        for group, joined in lines.grouped(
            lambda line: moves_data[line.move_id].get("mail_group")
        ).items():
            if group and len(joined) > 1:
                joined.lead_line_id = joined[0]

    @api.model
    def _prepare_line_values(self, move, move_data):
        """:return: values of the lasting copy of one document's settings"""
        reports = self.env["ir.actions.report"]
        return {
            **self._prepare_letter_values(move_data),
            "move_id": move.id,
            "sending_methods": list(move_data.get("sending_methods") or []),
            "extra_edis": list(move_data.get("extra_edis") or []),
            "invoice_edi_format": move_data.get("invoice_edi_format"),
            "pdf_report_id": (move_data.get("pdf_report") or reports).id,
            "mail_attachments_widget": move_data.get("mail_attachments_widget"),
            "shared_files": move_data.get("shared_files"),
            "scheduled_datetime": move_data.get("scheduled_datetime"),
            "next_attempt_datetime": move_data.get("scheduled_datetime"),
            "author_partner_id": move_data.get("author_partner_id"),
            "document_mode": move_data.get("document_mode")
            or move.company_id._get_invoice_document_mode(),
            "copy_mode": move.company_id.invoice_copy_mode,
            "mail_partner_ids": list(move_data.get("mail_partner_ids") or []),
            "copy_followers": move_data.get("copy_followers"),
        }

    @api.model
    def _prepare_letter_values(self, move_data):
        """:return: values of the lasting copy of what the mail says, and to whom"""
        email_to, email_cc, email_bcc = addresses.without_repeats(
            *(move_data.get(f"email_{role}") for role in ("to", "cc", "bcc"))
        )
        template = move_data.get("mail_template")
        return {
            "mail_template_id": template and template.id,
            "mail_lang": move_data.get("mail_lang"),
            # a header has one line: what comes after a line end would be another one
            "subject": " ".join((move_data.get("mail_subject") or "").split()),
            "body": move_data.get("mail_body"),
            "note": move_data.get("note"),
            "email_from": move_data.get("email_from"),
            "email_to": email_to,
            "email_cc": email_cc,
            "email_bcc": email_bcc,
        }

    @api.model
    def _check_not_sent_meanwhile(self, moves, moves_data):
        """Refuse a second press of Send that does not know of the first.

        The look-up gives the words; what keeps two transactions apart that can't see
        each other is the unique index of the lines.

        :param moves: the documents
        :param dict moves_data: their settings; ``previous_line_id`` as the window
            knows it
        :return: ids of the documents' last lines, by document id
        :rtype: dict[int, int]
        :raise UserError: with who sent it when, and to whom
        """
        last_lines = moves._get_last_send_line_ids()
        for move, move_data in moves_data.items():
            last = last_lines.get(move.id, False)
            if move_data.get("previous_line_id", last) != last:
                line = self.env["invoice.send.run.line"].browse(last)
                raise UserError(self._describe_sent_meanwhile(line))
        return last_lines

    @api.model
    def _describe_sent_meanwhile(self, line):
        """:return: who sent a document when, and to whom"""
        return self.env._(
            "%(document)s was sent by %(user)s at %(time)s to %(addresses)s, while "
            "this window was open. Open it again to send once more.",
            document=line.move_id.name,
            user=line.run_id.user_id.name,
            time=format_datetime(self.env, line.create_date),
            addresses=line.delivery_ids._list_recipients(),
        )

    def _note_skipped(self, skipped):
        """Remember which documents of the selection were left out, and why.

        In words alone: a document that was not sent keeps no trace of it.

        :param list skipped: name and reason of each
        """
        self.skipped = [list(pair) for pair in skipped]

    # -- buttons ---------------------------------------------------------------------

    def _check_sender(self):
        """Let only those act on runs who sent them, or may send their documents.

        :return: the runs with the right to write them
        :rtype: invoice.send.run
        :raise AccessError: where the user may not write a document of somebody else's
        """
        self.check_access("read")
        others = self.filtered(lambda run: run.user_id != self.env.user)
        # sudo: which documents they are is asked, then whether the user may write them
        moves = others.sudo().line_ids.move_id.sudo(False)
        if others:  # of none, Odoo asks whether the user may write any
            moves.check_access("write")
        # sudo: runs have no writer but the sending; its user or documents were checked
        return self.sudo()

    def _get_waiting_deliveries(self):
        """:return: the recipients whom no mail server was asked for yet, or will be
        asked for again"""
        return self.delivery_ids.filtered(
            lambda d: d.state == "outgoing" and not d.attempt_datetime
        )

    def action_cancel_waiting(self):
        """Withdraw what has not left yet.

        :raise UserError: where nothing waits
        """
        runs = self._check_sender()
        waiting = runs._get_waiting_deliveries()
        unmailed = runs.line_ids.filtered(
            lambda line: line.state == "waiting" and not line.delivery_ids
        )
        if not waiting and not unmailed:
            raise UserError(
                self.env._("Nothing waits any more in this sending: all has left.")
            )
        waiting._set_cancelled()
        unmailed._skip_withdrawn()
        for run in runs:
            run._tell_progress()

    def action_send_now(self):
        """Let what waits for its time leave now: send later, undo pause, next try.

        :raise UserError: where nothing waits
        """
        runs = self._check_sender()
        waiting = runs._get_waiting_deliveries()
        lines = runs.line_ids.filtered(lambda line: line.state == "waiting")
        if not waiting and not lines:
            raise UserError(
                self.env._("Nothing waits any more in this sending: all has left.")
            )
        waiting.next_attempt_datetime = False
        lines.next_attempt_datetime = False
        runs.start_datetime = False
        self.env["invoice.send.server"]._forget_pauses(waiting.mail_server_id)
        runs._trigger_cron()

    def action_start(self):
        """Wake the scheduled action: called by the browser at the undo pause's end."""
        self._check_sender()._trigger_cron()

    def _get_result(self):
        """:return: what the window shows after Send

        :rtype: dict: ``done``; in words ``problems``, what did not go, and
            ``put_off``, what is tried again by itself
        """
        self.ensure_one()
        self.invalidate_recordset()
        outgoing = self.delivery_ids.filtered(lambda d: d.state == "outgoing")
        put_off = outgoing.filtered(lambda d: d._get_waiting_text()).sorted("id")
        failed = self.delivery_ids - outgoing
        failed = failed.filtered("failure_reason").sorted("id")
        waiting = outgoing - put_off
        return {
            "done": not waiting or len(self.delivery_ids) > AT_ONCE_RECIPIENTS,
            "problems": [d._get_problem_text() for d in failed],
            "put_off": [d._get_problem_text() for d in put_off],
        }
