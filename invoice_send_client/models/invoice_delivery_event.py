from odoo import api, fields, models

from ..const import ANSWERS, EVENT_TYPES

#: Word of the judge (``tools.visitor.REASONS``) -> what the user reads of a request
#: for the client's page, picture or PDF.
REASON_TEXTS = [
    ("answer", "The client answered"),
    ("pdf_from_page", "The PDF was asked for on the page"),
    ("show_button", "The button of the page was pressed"),
    ("look_with_input", "The page was looked at and used"),
    ("long_look_on_touch", "The page was looked at for a while on a phone"),
    ("staff", "Opened by a colleague, not counted"),
    ("pixel_only", "Picture loaded, perhaps by a machine"),
    ("mail_client", "Picture loaded by a mail program, perhaps in its preview"),
    ("mail_proxy", "Picture loaded through a mail proxy"),
    ("page_only", "Page fetched, perhaps by a machine"),
    ("pdf_only", "PDF fetched without the page"),
    ("no_input", "Page shown, but nobody touched it"),
    ("early_input", "Page shown, touched only while it was loading"),
    ("too_short", "Page shown for a moment only"),
    ("never_visible", "Page loaded in the background"),
    ("too_soon", "Asked for while the page was loading"),
    ("script_silent", "Asked for without a sign of the page being shown"),
    ("form_beside_script", "The page's button was pressed in an unusual way"),
    ("mail_prefetch", "Picture loaded by a mail service before the mail was opened"),
    ("at_delivery", "Fetched at the moment the mail arrived"),
    ("burst", "Fetched several times at the same moment, as machines do"),
    ("prefetch", "Fetched in advance by a browser, not shown"),
    ("wrong_method", "Link probed without showing the page"),
    ("scanner", "Link checked by a mail filter"),
    ("link_preview", "Link previewed by a chat or social network"),
    ("ai_agent", "Page read by an AI agent"),
    ("monitor", "Link checked by a monitoring service"),
    ("pdf_printer", "Page printed by a program"),
    ("automation", "Page opened by a browser under remote control"),
    ("script", "Page fetched by a program"),
    ("crawler", "Page fetched by a crawler"),
    ("office_probe", "Link probed by an office program"),
    ("no_agent", "Page fetched by a program without a name"),
    ("not_a_browser", "Page fetched by a program, not by a browser"),
    ("no_language", "Page fetched by a program that poses as a browser"),
    ("instant_click", "Link followed before anyone could have seen the mail"),
    ("webdriver", "Page opened by a browser under remote control"),
    ("instant_input", "Page used faster than any person could"),
    ("impossible_input", "Page used more than any person could"),
    ("instant_form", "Button pressed while the page was loading, as machines do"),
    ("instant_answer", "Answered while the page was loading, as machines do"),
    ("scanner_network", "Link opened from the network of a mail filter"),
    ("agent_mismatch", "Page fetched under two different names"),
    ("old_agent", "Page fetched by a very old browser, or a program"),
    ("touch_mismatch", "Page fetched by a program that poses as a phone"),
    ("instant_pdf", "PDF asked for while the page was loading, as machines do"),
    ("no_page", "Asked for without the page"),
    ("forged_beacon", "Claims more than can be, not counted"),
    ("no_evidence", "Not counted"),
]

#: Words of the judge that prove a person on the client's side.
PROOFS = frozenset(
    ("answer", "pdf_from_page", "show_button", "look_with_input", "long_look_on_touch")
)

#: Kinds of lines in the timeline that say for how long the client looked.
SEEN_TYPES = ("view", "download")

#: Words that count for nothing although no machine is blamed.
NO_EVIDENCE = frozenset(
    ("staff", "no_page", "forged_beacon", "no_evidence", "prefetch", "wrong_method")
)


class InvoiceDeliveryEvent(models.Model):
    """One thing that happened to a delivery; the evidence behind its state.

    Append-only: an event is never changed in what it says happened and never taken
    back, but for privacy (retention, "erase tracking data"). Only the judgement on it
    (``is_automated``, ``reasons``) is renewed when later evidence condemns the browser
    session it came from (see tracking rules in ``tools/visitor.py``).
    """

    _name = "invoice.delivery.event"
    _description = "Invoice Delivery Event"
    _order = "event_datetime, id"
    _rec_name = "event_type"

    delivery_id = fields.Many2one(
        "invoice.delivery", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="delivery_id.company_id", store=True, index=True
    )
    event_type = fields.Selection(EVENT_TYPES, required=True)
    event_datetime = fields.Datetime(
        required=True, default=lambda self: self.env.cr.now()
    )
    email = fields.Char(
        string="Address",
        help="The recipient's address at that time: it may be corrected later.",
    )
    detail = fields.Text(help="The server's words, or what was changed.")
    is_automated = fields.Boolean(
        string="By a machine",
        help="A mail filter, proxy, preview or the sender's own staff, not the client.",
    )
    is_proof = fields.Boolean(help="Shows by itself that a person looked.")
    reasons = fields.Char(
        help="Why the event was judged as it was, words of the judge, with commas."
    )
    reason = fields.Selection(
        REASON_TEXTS, string="Judged as", compute="_compute_reason"
    )
    hit = fields.Json(
        groups=fields.NO_ACCESS,
        help="What the judge keeps of the request, without IP address and without the "
        "browser's full name. Needed to judge again when later requests change the "
        "picture.",
    )
    text = fields.Char(string="What happened", compute="_compute_text")

    @api.depends("reasons")
    def _compute_reason(self):
        for event in self:
            event.reason = next(iter(event._get_reasons()), False)

    def _compute_text(self):
        for event in self:
            text, note = event._get_words()
            event.text = f"{text} ({note})" if note else text

    # -- words -----------------------------------------------------------------------

    def _get_words(self):
        """:return: what happened in one sentence, and why it is uncertain if it is

        :rtype: tuple[str, str]
        """
        self.ensure_one()
        if self._is_deed():
            return self._get_deed_text(), ""
        return self._get_look_words()

    def _is_deed(self):
        """:return: whether it is what server, client or user did, and no request of the
        client's link, or answer that does not count, of which it is said why"""
        # of an answer the request is not kept, or erased: whether it counts is
        if self.event_type in ANSWERS:
            return self.is_proof
        return not self._get_hit()

    def _get_hit(self):
        """:return: what the judge kept of the request, empty where there was none

        :rtype: dict
        """
        self.ensure_one()
        # sudo: it has no reader; screens tell how long a look was and what was one
        return self.sudo().hit or {}

    def _get_reasons(self):
        """:return: the judge's words on this event, those that are known here"""
        known = {word for word, _text in REASON_TEXTS}
        return [word for word in (self.reasons or "").split(",") if word in known]

    def _get_label(self, name):
        """:return: the label of a selection field's value, in the reader's language"""
        labels = dict(self._fields[name]._description_selection(self.env))
        return labels.get(self[name], "")

    def _get_look_words(self):
        """:return: like :meth:`_get_words`, for a request of the client's link"""
        reasons = self._get_reasons()
        if PROOFS.intersection(reasons):
            return self._get_view_text(), self._get_duration_text()
        note = self._get_label("reason")
        if self.is_automated or NO_EVIDENCE.intersection(reasons):
            return note or self.env._("Opened by a machine"), ""
        if self.event_type in ANSWERS:
            text = self.env._(
                "Answer not counted, from the link of %(address)s",
                address=self._get_address(),
            )
            return text, note
        return self.env._("Probably opened by %s", self._get_address()), note

    def _get_seconds(self):
        """:return: whole seconds for which the page was seen, as its script told"""
        beacon = self._get_hit().get("beacon") or {}
        return beacon.get("visible_ms", 0) // 1000

    def _get_duration_text(self):
        """:return: how long the page was looked at, as far as it is known"""
        seconds = self._get_seconds()
        if not seconds:
            return ""
        if seconds < 60:
            return self.env._("for %s s", seconds)
        return self.env._("for %s min", seconds // 60)

    def _get_view_text(self):
        others = self.delivery_id._get_shared_addresses()
        if self.event_type == "download":
            if others:
                return self.env._("PDF downloaded by one of %s", others)
            return self.env._(
                "PDF downloaded through the link sent to %s", self._get_address()
            )
        if others:
            return self.env._("Viewed by one of %s", others)
        return self.env._("Viewed through the link sent to %s", self._get_address())

    def _get_address(self):
        return self.email or self.delivery_id.email or self.env._("(no address)")

    def _get_client_text(self):
        """:return: who answered: the name that was given, and through which link"""
        if self.answer_name:
            words = {"name": self.answer_name, "address": self._get_address()}
            return self.env._("%(name)s, through the link sent to %(address)s", **words)
        return self._get_address()

    def _get_deed_text(self):
        """:return: one sentence on what the mail server, the client or a user did"""
        words = {
            "address": self._get_address(),
            "detail": self._get_detail(),
            "user": self.create_uid.name,
            "client": self._get_client_text(),
        }
        texts = {**self._get_server_texts(words), **self._get_people_texts(words)}
        text = texts.get(self.event_type) or self._get_label("event_type")
        return text.rstrip(": ")

    def _get_server_texts(self, words):
        return {
            "outgoing": self.env._("Put off for %(address)s: %(detail)s", **words),
            "sent": self.env._("Mailed to %(address)s", **words),
            "error": self.env._("Not sent to %(address)s: %(detail)s", **words),
            "bounce": self.env._("Came back from %(address)s: %(detail)s", **words),
            "cancel": self.env._("Sending to %(address)s cancelled", **words),
        }

    def _get_people_texts(self, words):
        return {
            "open": self.env._("Probably opened by %(address)s", **words),
            "view": self.env._("Viewed through the link sent to %(address)s", **words),
            "download": self.env._(
                "PDF downloaded through the link of %(address)s", **words
            ),
            "accept": self.env._("Accepted by %(client)s", **words),
            "return": self.env._("Returned by %(client)s: %(detail)s", **words),
            "linkmail": self.env._("New link on its way to %(address)s", **words),
            "renew": self.env._("%(address)s asks for a new link", **words),
            "retry": self.env._("Sent again to %(address)s by %(user)s", **words),
            "correct": self.env._("Address corrected by %(user)s: %(detail)s", **words),
            "revoke": self.env._("Link of %(address)s revoked by %(user)s", **words),
            "relink": self.env._("New link for %(address)s made by %(user)s", **words),
        }

    def _get_detail(self):
        """:return: the server's words, or at least the kind of failure"""
        failures = self.delivery_id._fields["failure_type"]
        labels = dict(failures._description_selection(self.env))
        return self.detail or labels.get(self.reasons) or ""

    # -- panel -----------------------------------------------------------------------

    def _get_panel_values(self):
        """Give the timeline of the panel on the invoice, newest first.

        What one browser session did in the same way again is one line with its count:
        a page says every few seconds that it is still looked at.

        :return: a dict of plain values a line
        :rtype: list[dict]
        """
        lines = {}
        for event in self.sorted("id", reverse=True):
            values = event._prepare_panel_values()
            hit = event._get_hit()
            session = hit.get("client") or str(event.event_datetime.date())
            note = values["type"] not in SEEN_TYPES and values["note"]
            key = (event.delivery_id.id, session, values["text"], note)
            line = lines.setdefault(key if hit else event.id, values)
            if values["seconds"] > line["seconds"]:
                line.update(seconds=values["seconds"], note=values["note"])
            line["count"] += 1
            line["datetime"] = min(line["datetime"], values["datetime"])
        return sorted(
            lines.values(),
            key=lambda line: (line["datetime"], line["id"]),
            reverse=True,
        )

    def _prepare_panel_values(self):
        text, note = self._get_words()
        address = self._get_address()
        return {
            "id": self.id,
            "datetime": fields.Datetime.to_string(self.event_datetime),
            "type": self._get_icon_type(),
            "text": text,
            "note": note,
            "address": "" if address in text else address,
            "version": self._get_version_text(),
            "seconds": self._get_seconds(),
            "is_current": self.delivery_id.is_current,
            "count": 0,
        }

    def _get_version_text(self):
        """:return: which version of the document was answered to, in short"""
        if not self.document_version:
            return ""
        return self.env._("PDF version %s", self.document_version[:12])

    def _get_icon_type(self):
        """:return: the kind of event that the timeline's icon shows

        :rtype: str: an event type, or ``machine`` for what counts for nothing
        """
        if self._is_deed():
            return self.event_type
        reasons = self._get_reasons()
        if PROOFS.intersection(reasons):
            return "download" if self.event_type == "download" else "view"
        if self.is_automated or NO_EVIDENCE.intersection(reasons):
            return "machine"
        return "open"
