from odoo import api, fields, models


class ResCompany(models.Model):
    """When a company reminds its clients by itself (B30)."""

    # one model, several concerns: the rest stands in res_company.py
    _name = "res.company"
    _inherit = ["res.company"]

    invoice_remind_unread_days = fields.Integer(
        string="Remind of not viewed after",
        help="Days after a document was sent as a link, as long as nobody is known to "
        "have looked at it. 0: no such reminders.",
    )
    invoice_remind_unpaid_days = fields.Integer(
        string="Remind of not paid after",
        help="Days after the due date, as long as an invoice that was sent is not paid "
        "in full. 0: no such reminders.",
    )
    invoice_remind_times = fields.Integer(
        string="Reminders at most",
        default=3,
        help="So many reminders of each kind for one document; the same number of days "
        "passes between two of them.",
    )
    _invoice_remind_unread_days_positive = models.Constraint(
        "CHECK (invoice_remind_unread_days >= 0)",
        "The days until clients are reminded of what they have not viewed can't be "
        "below 0 (0 means no such reminders).",
    )
    _invoice_remind_unpaid_days_positive = models.Constraint(
        "CHECK (invoice_remind_unpaid_days >= 0)",
        "The days until clients are reminded of what they have not paid can't be below "
        "0 (0 means no such reminders).",
    )
    _invoice_remind_times_positive = models.Constraint(
        "CHECK (invoice_remind_times >= 0)",
        "The number of reminders for one document can't be below 0.",
    )

    @api.model
    def _find_reminding(self, kind):
        """Find the companies that remind their clients by themselves.

        :param str kind: of ``const.REMINDER_TYPES``
        :rtype: res.company
        """
        return self.search(
            [(f"invoice_remind_{kind}_days", ">", 0), ("invoice_remind_times", ">", 0)]
        )
