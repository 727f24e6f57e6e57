from odoo import fields, models


class InvoiceDelivery(models.Model):
    """What still waits and makes room for a later sending of the same document.

    It is cancelled in the transaction of that press of Send, not when the later letter
    is come to: of the two only one is ever due, however many workers there are and
    whatever crashes. Undo turns it around, in one transaction too: what is undone is
    cancelled and what it replaced is due again, at its own time. A worker writes on a
    delivery before the mail server is asked, so that of Undo and a worker the one that
    comes second fails and finds it changed.
    """

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    replaced_by_run_id = fields.Many2one(
        "invoice.send.run",
        string="Replaced by",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="The later sending that took this one's place before it left.",
    )
    replaced_next_datetime = fields.Datetime(
        string="Would have left on",
        readonly=True,
        help="When it was to be tried, had it not been replaced. Empty: at once.",
    )

    def _set_replaced(self, run):
        """Withdraw what has not left yet: a later sending takes its place.

        :param run: ``invoice.send.run``
        :return: the deliveries that moved
        """
        times = {delivery: delivery.next_attempt_datetime for delivery in self}
        moved = self._set_cancelled()
        moved.replaced_by_run_id = run
        for delivery in moved:
            delivery.replaced_next_datetime = times[delivery]
        return moved

    def _set_back(self):
        """What took the place of these is undone: they wait as they did before.

        :return: the deliveries that moved
        """
        # a document that was reset meanwhile is another one
        replaced = self.filtered(lambda d: d.is_current and d.replaced_by_run_id)
        moved = replaced._update_state("outgoing", replaced_by_run_id=False)
        for delivery in moved:
            delivery.next_attempt_datetime = delivery.replaced_next_datetime
        moved._record_event("outgoing")
        # skipped where it was withdrawn before its letter was written
        moved.line_id.filtered(lambda line: line.state == "skipped").state = "waiting"
        return moved
