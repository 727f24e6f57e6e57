from datetime import datetime, timedelta, timezone

from odoo import api, fields, models

from ..const import ANEW, ANSWERS, HITS_KEPT, TARGET_EVENTS
from ..tools import visitor

#: What the judge and the answers need of an event, read together in one query.
HIT_FIELDS = (
    "delivery_id",
    "event_type",
    "event_datetime",
    "hit",
    "is_automated",
    "is_proof",
    "reasons",
)

#: A look is noted again only after this: the life of a link is counted in days.
LOOK_AGAIN = timedelta(hours=1)

#: Within these several pictures are one burst, see ``tools.visitor.BURST_SECONDS``.
FIRST_MOMENTS = timedelta(seconds=10)


class InvoiceDelivery(models.Model):
    """Who looked: every request is kept and all of them are judged together (B12)."""

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _is_just_opened(self):
        """:return: whether one more picture could say nothing that is not known

        A picture proves no look. The first moments are kept: several at once are a
        machine's.
        """
        self.ensure_one()
        return self._is_known(self.open_datetime, self.look_datetime)

    @api.model
    def _is_known(self, opened, looked):
        """Like :meth:`_is_just_opened`, for whoever has no record yet.

        :param datetime opened: when the delivery was opened first, naive, or nothing
        :param datetime looked: when somebody looked last, to the hour
        """
        if not opened or not looked:
            return False
        since = datetime.now(timezone.utc).replace(tzinfo=None) - looked
        return FIRST_MOMENTS < since < LOOK_AGAIN

    def _record_hit(self, hit, event_type=None, page=None, **values):
        """Note a request for the client's page, and judge all of them again.

        :param tools.visitor.Hit hit: what the judge keeps of the request
        :param str event_type: a word of ``const.EVENT_TYPES``, as the target has it
            where not given
        :param tools.visitor.Hit page: the page on which it was done, where known
        :param values: further fields of the event
        :return: the event, empty where there are so many that it is not kept
        :rtype: invoice.delivery.event
        """
        self.ensure_one()
        event_type = event_type or TARGET_EVENTS[hit.target]
        events = self._fetch_hits()
        if events._count_recent(event_type, hit.signs) >= HITS_KEPT:
            return events.browse()
        kept = self._keep_page(events, page)
        events |= kept
        verdict = visitor.judge([*events._get_hits(), hit])
        event = self._record_event(
            event_type,
            event_datetime=self._to_naive(hit.at),
            hit=hit.to_dict(),
            **events._prepare_judgement(verdict.findings[-1]),
            **values,
        )
        withdrawn = events.filtered("hit")._renew_judgement(verdict.findings[:-1])
        # the page has not counted yet
        self._follow_verdict(verdict, events | event, withdrawn - kept)
        return event

    def _keep_page(self, events, page):
        """Keep the page of a look or a deed after all: one that came when there were
        too many to keep them, without which nothing that was done on it counts.

        :param events: from ``_fetch_hits``
        :param tools.visitor.Hit page: the page, ``None`` where it is not known
        :return: its event, empty where it is kept already
        :rtype: invoice.delivery.event
        """
        pages = [hit for hit in events.mapped("hit") if hit and hit["target"] == "page"]
        if page is None or page.client in {hit["client"] for hit in pages}:
            return events.browse()
        at = self._to_naive(page.at)
        return self._record_event("open", event_datetime=at, hit=page.to_dict())

    def _fetch_hits(self):
        """:return: what was asked for by the client's link, and what was answered, in
            one query; only what :meth:`_drop_former` leaves

        :rtype: invoice.delivery.event
        """
        domain = [
            ("delivery_id", "=", self.id),
            "|",
            ("hit", "!=", False),
            ("event_type", "in", (*ANSWERS, *ANEW)),
        ]
        Event = self.env["invoice.delivery.event"]
        return self._drop_former(Event.search_fetch(domain, HIT_FIELDS))

    def _drop_former(self, events):
        """Leave out what was done with a mail that did not arrive.

        It was a mail filter on the way, or whoever has the wrong address: it says
        nothing of the mail that was sent since. A link that others have too goes on as
        it was, and so does that of a mail that may have arrived.

        :param events: of this delivery
        :return: those of the last mail, without the events that made it due again
        """
        self.ensure_one()
        anew = events.filtered(lambda e: e.event_type in ANEW)
        if not anew:
            return events
        ends = anew.filtered(
            # the kind of failure stands with what is sent again
            lambda e: e.event_type == "correct" or e.reasons != "unknown"
        )
        if not ends or self._has_common_link():
            return events - anew
        last = max(ends.ids)
        return (events - anew).filtered(lambda e: e.id > last)

    def _forget_looks(self):
        """Let the next mail begin without the looks at the one before, as
        :meth:`_drop_former` does; they stay in the history."""
        names = ("open_datetime", "view_datetime", "download_datetime", "look_datetime")
        seen = self.filtered(lambda d: any(d[name] for name in names))
        own = seen.filtered(lambda d: not d._has_common_link())
        own.write(dict.fromkeys(names, False))

    def _judge_hits(self):
        """Ask the judge again what all requests together say, and move the state."""
        self.ensure_one()
        events = self._fetch_hits()
        verdict = visitor.judge(events._get_hits())
        withdrawn = events.filtered("hit")._renew_judgement(verdict.findings)
        self._follow_verdict(verdict, events, withdrawn)

    def _follow_verdict(self, verdict, events, withdrawn):
        """Write what is known now.

        :param tools.visitor.Verdict verdict: on all requests
        :param events: from ``_fetch_hits``, and the new one
        :param withdrawn: those that counted before and don't any more
        """
        taken = events.filtered(lambda e: e.event_type == "download" and e.is_proof)
        evidence = {
            "open_datetime": self._to_naive(verdict.opened_at),
            "view_datetime": self._to_naive(verdict.viewed_at),
            "download_datetime": taken[:1].event_datetime,
        }
        if withdrawn:
            self._withdraw_evidence(withdrawn)
        values = {name: at for name, at in evidence.items() if at and not self[name]}
        values.update(self._prepare_look(verdict, events))
        if values:
            self.write(values)
        # a mail that was refused for sure is opened by nobody but a mail filter
        is_refused = self.state == "error" and self.failure_type != "unknown"
        for state in ("download", "view", *(() if is_refused else ("open",))):
            if self[f"{state}_datetime"]:
                self._update_state(state)
                break
        if events.filtered(lambda e: e.event_type in ANSWERS):
            self._apply_answer(events)

    def _prepare_look(self, verdict, events):
        """:return: values of the last visit that may have been a person's"""
        last = events[-1:].event_datetime
        if verdict.opened == "no" or events[-1:].is_automated or not last:
            return {}
        if self.look_datetime and last - self.look_datetime < LOOK_AGAIN:
            return {}
        return {"look_datetime": last}

    def _withdraw_evidence(self, withdrawn):
        """Take back what rests on requests that turned out to be a machine's.

        Times whose evidence is gone for good (retention, erased) stay as they are.

        :param withdrawn: events that counted before and don't any more
        """
        first = min(withdrawn.mapped("event_datetime"))
        names = ("open_datetime", "view_datetime", "download_datetime")
        lost = [name for name in names if self[name] and self[name] >= first]
        if lost:
            self.write(dict.fromkeys(lost, False))
        if self.state in ("open", "view", "download"):
            self._lower_state()

    def _lower_state(self):
        """The one way back: to the best state that is still evident."""
        for state in ("download", "view", "open"):
            if self[f"{state}_datetime"]:
                self.state = state
                return
        said = self.event_ids.filtered(
            lambda e: e.event_type in ("sent", "error", "bounce")
        )
        self.state = said.sorted("id")[-1:].event_type or "sent"

    @api.model
    def _to_naive(self, moment):
        return moment and moment.astimezone(timezone.utc).replace(tzinfo=None)


class InvoiceDeliveryEvent(models.Model):
    """Requests of the client's link, as the judge sees them."""

    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    def _get_hits(self):
        """:return: what the judge kept of these requests, in their order

        :rtype: list[tools.visitor.Hit]
        """
        return [visitor.Hit.from_dict(hit) for hit in self.mapped("hit") if hit]

    def _count_recent(self, event_type, signs):
        """Count apart what shows nothing to anybody: it leaves its room to what does.

        :param str event_type: a word of ``const.EVENT_TYPES``
        :param tuple signs: of the hit that is to be kept
        :return: how many of these events of its kind are of the last 24 hours
        """
        yesterday = fields.Datetime.now() - timedelta(days=1)
        is_idle = self._is_idle(signs)
        return sum(
            event.event_type == event_type
            and event.event_datetime > yesterday
            and self._is_idle((event.hit or {}).get("signs", ())) == is_idle
            for event in self
        )

    @api.model
    def _is_idle(self, signs):
        """:return: whether a hit of these signs shows nothing to anybody"""
        return not visitor.IDLE_SIGNS.isdisjoint(signs)

    @api.model
    def _prepare_judgement(self, finding):
        """:return: what a finding says, as values of an event

        :param tools.visitor.Finding finding: of the judge
        """
        return {
            "is_automated": finding.automated,
            "is_proof": finding.weight == "proof",
            "reasons": ",".join(finding.reasons),
        }

    def _renew_judgement(self, findings):
        """Write what the judge holds of each event now.

        :param findings: one ``tools.visitor.Finding`` an event, in the same order
        :return: the events that counted before and don't any more
        :rtype: invoice.delivery.event
        """
        withdrawn = self.browse()
        for event, finding in zip(self, findings, strict=True):
            values = self._prepare_judgement(finding)
            if all(event[name] == value for name, value in values.items()):
                continue
            if event.is_proof > values["is_proof"] or (
                values["is_automated"] > event.is_automated
            ):
                withdrawn |= event
            event.write(values)
        return withdrawn
