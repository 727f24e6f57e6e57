import html

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain

from ..const import ANSWERS

#: Visits that one pass of the clean-up deletes.
GC_BATCH = 1000


class InvoiceDeliveryEvent(models.Model):
    """How long visits are kept, and how they are erased (B20)."""

    # one model, several concerns: the rest stands in invoice_delivery_event.py
    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    _visit = models.Index(
        "(company_id, event_datetime) WHERE hit IS NOT NULL"
        " OR event_type IN ('open', 'view', 'download')"
    )

    @api.model
    def _get_visit_domain(self):
        """:return: the domain of what tells of visitors: by a browser's request, or by
        an act inside the system"""
        look = Domain("event_type", "in", ("open", "view", "download"))
        return Domain("hit", "!=", False) | look

    def _erase(self):
        """Delete these visits. What a client answers is no visit: of it goes only what
        is known of the browser."""
        answers = self.filtered(lambda event: event.event_type in ANSWERS)
        answers.hit = False
        (self - answers).unlink()

    def _forget_name(self):
        """Forget the name given with an answer, also where the chatter and the activity
        of a returned document say it."""
        self.ensure_one()
        # they were written in the language of whoever sent the document
        said = self.with_context(lang=self.delivery_id._get_sender_lang())
        before = html.escape(said._get_client_text(), quote=False)
        self.answer_name = False
        after = html.escape(said._get_client_text(), quote=False)
        move = self.delivery_id.move_id
        texts = [(message, "body") for message in move.message_ids]
        texts += [(activity, "note") for activity in move.activity_ids]
        for record, name in texts:
            text = str(record[name] or "")  # markup would escape what is looked for
            if before in text:
                record[name] = Markup(text.replace(before, after))

    @api.autovacuum
    def _gc_old_visits(self):
        """Delete visits that are older than their company keeps them.

        What one browser session did goes at once: its end without its beginning would
        be judged anew, as done by nobody. Deliveries stay, with their states and times.

        :return: how many were deleted and whether there are more, as Odoo's clean-up
            wants to hear it
        :rtype: tuple[int, bool]
        """
        too_old = self.env["res.company"]._get_invoice_kept_too_long_domain(
            "invoice_event_retention_days", "event_datetime"
        )
        old = self.search(
            self._get_visit_domain() & too_old,
            limit=GC_BATCH,
            order="event_datetime, id",
        )
        visits = old._with_sessions()
        visits._erase()
        return len(visits), len(old) == GC_BATCH

    def _with_sessions(self):
        """:return: these visits, and what was done in the same browser sessions"""
        keys = {each._get_session() for each in self} - {None}
        domain = Domain("delivery_id", "in", self.delivery_id.ids)
        hits = self.search(domain & Domain("hit", "!=", False))
        return self | hits.filtered(lambda e: e._get_session() in keys)

    def _get_session(self):
        """:return: what the hits of one browser session have alike, ``None`` for what
            stands alone

        :rtype: tuple[int, str] | None
        """
        client = (self.hit or {}).get("client")
        return (self.delivery_id.id, client) if client else None

    def _get_people_texts(self, words):
        # EXTENDS 'invoice_send_client'
        return {
            **super()._get_people_texts(words),
            "opt_out": self.env._("%(address)s asked not to be followed", **words),
            "erase": self.env._(
                "What was recorded of %(address)s was erased by %(user)s", **words
            ),
        }
