from odoo import fields, models

from ..const import EVENT_TYPES


class InvoiceDeliveryEvent(models.Model):
    """One thing that happened to a delivery; the evidence behind its state.

    Append-only: an event is never changed in what it says happened and never taken
    back. Only the judgement on it (``is_automated``, ``reasons``) is renewed when
    later evidence condemns the browser session it came from (see tracking rules in
    ``tools/visitor.py``).
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
    is_automated = fields.Boolean(
        string="By a machine",
        help="A mail filter, proxy, preview or the sender's own staff, not the client.",
    )
    is_proof = fields.Boolean(help="Shows by itself that a person looked.")
    reasons = fields.Char(
        help="Why the event was judged as it was, words of the judge, with commas."
    )
    hit = fields.Json(
        help="What the judge keeps of the request: no full address, no full browser "
        "name. Needed to judge again when later requests change the picture.",
    )

    def _renew_judgement(self, findings):
        """Write what the judge holds of each event now.

        :param findings: one ``tools.visitor.Finding`` an event, in the same order
        """
        for event, finding in zip(self, findings, strict=True):
            values = {
                "is_automated": finding.automated,
                "is_proof": finding.weight == "proof",
                "reasons": ",".join(finding.reasons),
            }
            if any(event[name] != value for name, value in values.items()):
                event.write(values)
