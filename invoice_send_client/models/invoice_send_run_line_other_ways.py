from odoo import api, fields, models

#: Ways of sending that this addon works for; the others are Odoo's own.
OWN_METHODS = {"email", "network"}


class InvoiceSendRun(models.Model):
    """Which documents of a run go by ways that are Odoo's own (R9)."""

    # one model, several concerns: the run itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    other_way_line_ids = fields.One2many(
        "invoice.send.run.line",
        "run_id",
        string="Documents by other ways",
        domain=[("goes_other_ways", "=", True)],
        readonly=True,
    )
    nobody_line_ids = fields.One2many(
        "invoice.send.run.line",
        "run_id",
        string="Documents of which the PDF was made alone",
        domain=[("goes_to_nobody", "=", True), ("state", "=", "written")],
        readonly=True,
    )

    @api.model
    def _prepare_line_values(self, move, move_data):
        # EXTENDS 'invoice_send_client'
        values = super()._prepare_line_values(move, move_data)
        methods = set(values["sending_methods"]) - {"manual"}
        others = bool(methods - OWN_METHODS or values["extra_edis"])
        is_sent = others or bool(methods)
        return {**values, "goes_other_ways": others, "goes_to_nobody": not is_sent}


class InvoiceSendRunLine(models.Model):
    """How the documents of a run stand with Peppol, e-Factura and post (R9)."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    goes_other_ways = fields.Boolean(
        help="Goes by ways that are Odoo's own as well: Peppol, e-Factura, post."
    )
    goes_to_nobody = fields.Boolean(
        help="Chosen to be handed over by hand: its PDF is made, and nothing is sent.",
    )
    other_ways = fields.Char(
        string="How it stands",
        compute="_compute_other_ways",
        help="In the words of the app that sends it.",
    )

    @api.depends_context("lang")
    def _compute_other_ways(self):
        # sudo: who may read a run may read what it says of its documents
        lines = self.sudo()
        stands = lines.move_id._describe_invoice_other_ways()
        labels = self.env["account.move.send"]._get_method_labels()
        for line in lines:
            line.other_ways = ""
            if line.goes_other_ways:
                line.other_ways = stands[line.move_id.id] or line._name_ways(labels)

    def _name_ways(self, labels):
        """:return: the ways that are Odoo's own, by name: nothing is known of them yet

        :param dict labels: how each way is called, by key
        """
        methods = [*(self.sending_methods or []), *(self.extra_edis or [])]
        others = [method for method in methods if method not in OWN_METHODS]
        return ", ".join(labels.get(method, method) for method in others)


class InvoiceDelivery(models.Model):
    """How the document of a delivery stands with the ways that are Odoo's own."""

    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    other_ways = fields.Char(string="Other ways", related="line_id.other_ways")
