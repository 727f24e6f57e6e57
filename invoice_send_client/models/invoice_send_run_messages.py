from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime, format_time

from ..const import DELIVERY_PROBLEMS, FAILURES_SHOWN, RUNS_SHOWN


class InvoiceSendRun(models.Model):
    """What the sender is told of a run: while it works, at its end, and afterwards.

    Whatever is told leads with what did not go. Nothing here reads the documents of a
    run one by one: there may be thousands of them.
    """

    # one model, several concerns: the record itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    summary = fields.Char(compute="_compute_summary")
    document_count = fields.Integer(string="Documents", compute="_compute_progress")
    progress = fields.Float(
        compute="_compute_progress",
        help="Percent of the documents that nothing more is tried for by itself.",
    )
    next_attempt_datetime = fields.Datetime(
        string="Next try", compute="_compute_next_attempt_datetime"
    )
    failed_delivery_ids = fields.One2many(
        "invoice.delivery",
        "run_id",
        string="Recipients not reached",
        domain=[("state", "in", DELIVERY_PROBLEMS)],
        readonly=True,
    )
    failed_line_ids = fields.One2many(
        "invoice.send.run.line",
        "run_id",
        string="Documents that failed",
        domain=[("state", "=", "failed"), ("delivery_ids", "=", False)],
        readonly=True,
    )
    waiting_delivery_ids = fields.One2many(
        "invoice.delivery",
        "run_id",
        string="Recipients that wait",
        domain=[("state", "=", "outgoing")],
        readonly=True,
    )
    sent_delivery_ids = fields.One2many(
        "invoice.delivery",
        "run_id",
        string="Recipients reached",
        domain=[("state", "not in", ("outgoing", "cancel", *DELIVERY_PROBLEMS))],
        readonly=True,
    )
    cancelled_delivery_ids = fields.One2many(
        "invoice.delivery",
        "run_id",
        string="Recipients withdrawn",
        domain=[("state", "=", "cancel")],
        readonly=True,
    )

    # -- counts ------------------------------------------------------------------------

    @api.depends("delivery_ids.state", "line_ids.state", "skipped")
    def _compute_progress(self):
        counts = self._get_told_counts()
        for run in self:
            own = counts[run.id]
            run.document_count = total = sum(own.values())
            run.progress = 100 * (total - own["waiting"]) / total if total else 100

    def _get_told_counts(self):
        """:return: documents by what became of them, those left out at Send too

        :rtype: dict[int, Counter]
        """
        counts = self._count_outcomes()
        for run in self:
            counts[run.id]["skipped"] += len(run.skipped or [])
        return counts

    @api.depends("delivery_ids.state", "delivery_ids.next_attempt_datetime")
    def _compute_next_attempt_datetime(self):
        times = self._get_next_datetimes()
        for run in self:
            run.next_attempt_datetime = times.get(run.id, False)

    def _get_next_datetimes(self):
        """Say when the first of what waits is tried, empty where something is due now.

        :return: by run; a run in which no recipient waits is not among them
        :rtype: dict[int, datetime | bool]
        """
        groups = self.env["invoice.delivery"]._read_group(
            [("run_id", "in", self.ids), ("state", "=", "outgoing")],
            ["run_id"],
            ["__count", "next_attempt_datetime:count", "next_attempt_datetime:min"],
        )
        now = fields.Datetime.now()
        return {
            run.id: first if timed == count and first > now else False
            for run, count, timed, first in groups
        }

    @api.depends("create_date")
    @api.depends_context("lang", "tz", "uid")
    def _compute_display_name(self):
        # OVERRIDE 'base'
        for run in self:
            run.display_name = run._format_time(run.create_date, "short")

    # -- words -------------------------------------------------------------------------

    @api.depends("delivery_ids.state", "line_ids.state", "skipped")
    @api.depends_context("lang", "tz", "uid")
    def _compute_summary(self):
        summaries = self._get_summaries(
            self._get_told_counts(), self._get_next_datetimes()
        )
        for run in self:
            run.summary = summaries.get(run.id, "")

    def _get_summaries(self, counts, times):
        """:return: one sentence by run that leads with what did not go, in the language
            and the zone of the user

        :param dict counts: from :meth:`_get_told_counts`
        :param dict times: from :meth:`_get_next_datetimes`
        :rtype: dict[int, str]
        """
        single = [run.id for run in self if sum(counts[run.id].values()) == 1]
        names = self._get_document_names(single)
        return {
            run.id: self.env._(
                "%(time)s – %(documents)s: %(outcome)s",
                time=run.display_name,
                documents=run._describe_documents(
                    names.get(run.id), sum(counts[run.id].values())
                ),
                outcome=run._describe_counts(counts[run.id], times.get(run.id)),
            )
            for run in self
        }

    def _describe_documents(self, name, count):
        """:return: what this run sent

        :param str name: of its document, where it has but one
        :param int count: of its documents
        """
        return name or self.env._("%s documents", count)

    @api.model
    def _get_document_names(self, run_ids):
        """:return: name of the document of each run that has but one"""
        lines = self.env["invoice.send.run.line"].search([("run_id", "in", run_ids)])
        # sudo: the name alone; a sender may have lost the right to read the document
        return {line.run_id.id: line.sudo().move_id.name for line in lines}

    @api.model
    def _describe_counts(self, counts, next_datetime=False):
        """Say how many documents came to which end, what did not go first.

        :param Counter counts: documents by outcome
        :param datetime next_datetime: when the first of those that wait is tried
        :rtype: str
        """
        waiting = self.env._("%s waiting", counts["waiting"])
        if next_datetime:
            waiting = self.env._(
                "%(count)s waiting (next try %(time)s)",
                count=counts["waiting"],
                time=self._format_time(next_datetime),
            )
        words = [
            (counts["failed"], self.env._("%s not sent", counts["failed"])),
            (counts["waiting"], waiting),
            (counts["skipped"], self.env._("%s left out", counts["skipped"])),
            (counts["sent"], self.env._("%s sent", counts["sent"])),
        ]
        return ", ".join(text for count, text in words if count)

    @api.model
    def _format_time(self, moment, dt_format=None):
        """Write a moment as the user reads it.

        :param datetime moment: in UTC
        :param str dt_format: see ``format_datetime``; empty: of today the time alone
        :rtype: str
        """
        tz = self.env.context.get("tz") or self.env.user.tz or "UTC"
        days = {
            format_datetime(self.env, at, tz=tz, dt_format="yyyyMMdd")
            for at in (moment, fields.Datetime.now())
        }
        if not dt_format and len(days) == 1:
            return format_time(self.env, moment, tz=tz, time_format="short")
        return format_datetime(self.env, moment, tz=tz, dt_format=dt_format or "short")

    # -- while it works, and at the end ------------------------------------------------

    def _get_told_user(self):
        """:return: who is told what became of this run: who pressed Send"""
        self.ensure_one()
        return self.user_id

    def _as_sender(self):
        """:return: the run in its sender's language and time zone, to be told to him"""
        # sudo: a worker tells the sender, who may read his runs and nothing more
        as_sender = self.with_user(self._get_told_user()).sudo()
        return as_sender.with_context(**self._get_told_context())

    def _get_told_context(self):
        """:return: language and time zone of who is told: what workers write is for him

        :rtype: dict
        """
        user = self._get_told_user()
        # kept by Odoo: no query for each document
        known = self.env["res.users"].with_user(user).context_get()
        return {name: known[name] for name in ("lang", "tz")}

    def _tell_progress(self):
        """Tell the sender's open pages how far the run came."""
        run = self._as_sender()
        run.env.flush_all()
        [values] = run._get_progress_values()
        user = run._get_told_user()
        values["unseen_count"] = run._count_unseen(user)
        user.partner_id._bus_send("invoice_send_client.run", values)

    def _get_progress_values(self):
        """Give the runs as the tray shows them, in plain values.

        :return: counts, state and words of each, in the order of ``self``
        :rtype: list[dict]
        """
        counts, times = self._get_told_counts(), self._get_next_datetimes()
        summaries = self._get_summaries(counts, times)
        return [
            {
                "id": run.id,
                "summary": summaries[run.id],
                "document_count": sum(counts[run.id].values()),
                **{
                    f"{outcome}_count": counts[run.id][outcome]
                    for outcome in ("failed", "waiting", "skipped", "sent")
                },
                "state": "running" if counts[run.id]["waiting"] else "done",
                # what waits for its time does not work
                "is_working": bool(counts[run.id]["waiting"] and not times.get(run.id)),
                "next_attempt_datetime": fields.Datetime.to_string(times.get(run.id)),
            }
            for run in self
        ]

    @api.model
    def _tell_results(self):
        """Tell users whose runs came to an end what did not go, then what went (B4)."""
        due = self.search([("is_result_due", "=", True)])
        for run in due.filtered(lambda run: run.state == "done"):
            run.is_result_due = False
            told = run.failed_count or run.sent_count or run.nobody_line_ids
            if not told:
                continue  # withdrawn by the user, who need not be told
            result = run._as_sender()._describe_result()
            partner = run._get_told_user().partner_id
            partner._bus_send("invoice_send_client.result", result)
        self._commit()

    def _describe_result(self):
        """:return: the notification at the end, in plain values

        :rtype: dict: ``title``, ``message``, ``run_id``, ``has_failed``
        """
        self.ensure_one()
        counts = self._get_told_counts()[self.id]
        title = self.env._("Sent") if counts["sent"] else self.env._("Nothing was sent")
        if counts["failed"]:
            title = self.env._("Documents not sent")
        return {
            "run_id": self.id,
            "has_failed": bool(counts["failed"]),
            "title": title,
            "message": self._describe_counts(counts) + ".",
        }

    # -- my messages -------------------------------------------------------------------

    @api.model
    def _get_own_domain(self, user):
        """:return: the domain of the runs that a user has to do with

        :param user: ``res.users``
        :rtype: Domain
        """
        return Domain("user_id", "=", user.id)

    @api.model
    def _get_told_domain(self, user):
        """:return: the domain of the runs that a user is told of: of all his companies,
            whichever he has switched on

        :param user: ``res.users``
        :rtype: Domain
        """
        company_ids = user._get_company_ids()
        return self._get_own_domain(user) & Domain("company_id", "in", company_ids)

    @api.model
    def _of_all_companies(self):
        """:return: the model with all companies of the user switched on: what workers
        tell his pages, and what these ask for, count alike"""
        company_ids = self.env.user._get_company_ids()
        return self.with_context(allowed_company_ids=list(company_ids))

    @api.model
    def _get_unseen_domain(self, user):
        """:return: the failures of a user's runs that he has not looked at

        :param user: ``res.users``
        """
        unseen = [
            ("is_unseen", "=", True),
            ("is_current", "=", True),
            ("state", "in", DELIVERY_PROBLEMS),
        ]
        return Domain(unseen) & Domain("run_id", "any", self._get_told_domain(user))

    @api.model
    def _get_unseen_line_domain(self, user):
        """:return: as :meth:`_get_unseen_domain`, documents that failed and have no
        recipient to say it of"""
        unseen = [("is_unseen", "=", True), *self._get_failed_line_domain()]
        return Domain(unseen) & Domain("run_id", "any", self._get_told_domain(user))

    @api.model
    def _count_unseen(self, user):
        env = self._of_all_companies().env
        Line, Delivery = env["invoice.send.run.line"], env["invoice.delivery"]
        return Delivery.search_count(self._get_unseen_domain(user)) + Line.search_count(
            self._get_unseen_line_domain(user)
        )

    @api.model
    def _find_unseen(self, user):
        """:return: what a user has not looked at, by run: ids of deliveries, and ids of
        documents that have none

        :rtype: tuple[dict, dict]
        """
        domains = {
            "invoice.delivery": self._get_unseen_domain(user),
            "invoice.send.run.line": self._get_unseen_line_domain(user),
        }
        return tuple(
            dict(self.env[model]._read_group(domain, ["run_id"], ["id:array_agg"]))
            for model, domain in domains.items()
        )

    @api.model
    def _get_tray_values(self):
        """Say what the tray shows as a page is loaded: as little as can be asked.

        :return: ``is_shown``, ``unseen_count`` and the ``runs`` that work right now
        :rtype: dict
        """
        self, user = self._of_all_companies(), self.env.user
        own = self._get_told_domain(user)
        is_shown = user.has_group("account.group_account_invoice")
        if not is_shown and not self.search_count(own, limit=1):
            return {"is_shown": False, "unseen_count": 0, "runs": []}
        groups = self.env["invoice.delivery"]._read_group(
            [
                ("state", "=", "outgoing"),
                ("run_id.user_id", "=", user.id),
                "|",
                ("next_attempt_datetime", "=", False),
                ("next_attempt_datetime", "<=", fields.Datetime.now()),
            ],
            ["run_id"],
        )
        runs = self.concat(*(run for (run,) in groups))
        return {
            "is_shown": True,
            "unseen_count": self._count_unseen(user),
            "runs": runs._get_progress_values() if runs else [],
        }

    @api.model
    def get_my_messages(self, limit=RUNS_SHOWN, run_ids=()):
        """Give the tray its content: the user's newest runs and what failed in them.

        The number of queries depends neither on the number of documents nor on that of
        the runs.

        :param int limit: runs
        :param list run_ids: runs of the user that are told as well, however old
        :return: ``unseen_count``; of the failures told here ``unseen_ids`` (recipients)
            and ``unseen_line_ids`` (documents); ``runs``, newest first, each with its
            ``failures`` and ``actions``
        :rtype: dict
        """
        self, user = self._of_all_companies(), self.env.user
        unseen, unseen_lines = self._find_unseen(user)
        unread = {run.id for run in [*unseen, *unseen_lines]}
        newest = self.search([("user_id", "=", user.id)], limit=limit)
        # what was not looked at is shown, however old it is
        runs = newest | self.browse(sorted(unread, reverse=True)[:limit])
        asked = Domain("id", "in", list(run_ids))
        runs |= self.search(self._get_told_domain(user) & asked)
        runs = runs.sorted("id", reverse=True)
        return {
            "unseen_count": sum(
                len(ids) for ids in (*unseen.values(), *unseen_lines.values())
            ),
            "unseen_ids": [id_ for run in runs for id_ in unseen.get(run, [])],
            "unseen_line_ids": [
                id_ for run in runs for id_ in unseen_lines.get(run, [])
            ],
            "runs": runs._get_message_values(),
        }

    def _get_message_values(self):
        failures = self._get_failure_values()
        return [
            {
                **values,
                **failures.get(run.id, {"failures": [], "more_count": 0}),
                "company_id": run.company_id.id,
                "actions": run._get_message_actions(values),
            }
            for run, values in zip(self, self._get_progress_values(), strict=True)
        ]

    def _get_message_actions(self, values):
        """:return: the buttons that make sense, by their methods' names"""
        self.ensure_one()
        offered = {
            "action_retry_failed": self.can_retry,
            "action_send_now": self.can_act and values["next_attempt_datetime"],
            "action_cancel_waiting": self.can_act and values["waiting_count"],
        }
        return [name for name, is_offered in offered.items() if is_offered]

    def _get_failure_values(self):
        """:return: by run the first ``failures``, and ``more_count``: how many follow

        :rtype: dict[int, dict]
        """
        found = {run.id: [] for run in self}
        for model, domain in (
            ("invoice.send.run.line", self._get_failed_line_domain()),
            ("invoice.delivery", [("state", "in", DELIVERY_PROBLEMS)]),
        ):
            own = Domain("run_id", "in", self.ids) & Domain(domain)
            groups = self.env[model]._read_group(own, ["run_id"], ["id:array_agg"])
            for run, ids in groups:
                found[run.id] += [(model, id_) for id_ in sorted(ids)]
        shown = {run_id: pairs[:FAILURES_SHOWN] for run_id, pairs in found.items()}
        values = self._read_failures([pair for own in shown.values() for pair in own])
        return {
            run_id: {
                "failures": [values[pair] for pair in shown[run_id]],
                "more_count": len(pairs) - len(shown[run_id]),
            }
            for run_id, pairs in found.items()
        }

    @api.model
    def _get_failed_line_domain(self):
        """:return: documents that failed and have no recipient to say it of"""
        return [("state", "=", "failed"), ("delivery_ids", "=", False)]

    @api.model
    def _read_failures(self, pairs):
        """:return: plain values by model and id, read at once for each model"""
        values = {}
        for model in ("invoice.send.run.line", "invoice.delivery"):
            records = self.env[model].browse([id_ for m, id_ in pairs if m == model])
            for record_values in records._get_failure_values():
                values[model, record_values["id"]] = record_values
        return values

    @api.model
    def mark_my_messages_seen(self, delivery_ids=None, run_id=None, line_ids=None):
        """The user has looked at failures of his own runs.

        :param list delivery_ids: the recipients that he was shown
        :param int run_id: or the run whose page he opened
        :param list line_ids: the documents without recipients that he was shown
        :return: how many he has not looked at yet
        :rtype: int
        """
        user = self.env.user
        of_run = Domain("run_id", "=", run_id) if run_id else Domain.FALSE
        # sudo: they have no writer; the domains keep to the user's own runs
        Delivery, Line = (
            self.env[name].sudo()
            for name in ("invoice.delivery", "invoice.send.run.line")
        )
        shown = Domain("id", "in", delivery_ids or []) | of_run
        seen = Delivery.search(self._get_unseen_domain(user) & shown)
        shown = Domain("id", "in", line_ids or []) | of_run
        seen_lines = Line.search(self._get_unseen_line_domain(user) & shown)
        seen.is_unseen = seen_lines.is_unseen = False
        unseen = self._count_unseen(user)
        if seen or seen_lines:  # other pages of the same user have a tray as well
            told = {"unseen_count": unseen}
            user.partner_id._bus_send("invoice_send_client.unseen", told)
        return unseen

    # -- buttons -----------------------------------------------------------------------

    def action_export(self):
        """:return: the download of everything that became of this run"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/invoice/run/{self.id}/export",
            "target": "download",
        }
