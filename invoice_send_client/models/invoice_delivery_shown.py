from odoo import api, fields, models


class InvoiceDelivery(models.Model):
    """How a recipient is called on the screens.

    Who gets the document by mail is known by the address; who gets it inside the
    system by the name: no mail went there.
    """

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    recipient = fields.Char(compute="_compute_recipient")

    @api.depends("email", "recipient_name", "sending_method", "partner_id.name")
    def _compute_recipient(self):
        for delivery in self:
            # the contact is not read for what goes by mail: summaries ask for many
            is_network = delivery.sending_method == "network"
            name = is_network and delivery._get_recipient()[0]
            delivery.recipient = name or delivery.email

    @api.depends("recipient", "move_id.name")
    def _compute_display_name(self):
        # OVERRIDE 'base'
        for delivery in self:
            shown = delivery.recipient or ""
            delivery.display_name = f"{delivery.move_id.name} → {shown}"

    def _name_recipients(self):
        """:return: the recipients of these deliveries, each once, in one line"""
        names = self.sorted("id").mapped("recipient")
        return ", ".join(filter(None, dict.fromkeys(names)))

    def _list_recipients(self):
        """:return: as :meth:`_name_recipients`; of those that get it inside the system
        it is said"""
        words = [delivery._get_recipient_words() for delivery in self.sorted("id")]
        return ", ".join(filter(None, dict.fromkeys(words)))

    def _get_recipient_words(self):
        """:return: the recipient in a sentence that stands for all ways of sending"""
        self.ensure_one()
        if self.sending_method != "network":
            return self.recipient or ""
        return self.env._("%s (client network)", self.recipient)

    # -- panel on the invoice ----------------------------------------------------------

    def _get_panel_values(self):
        # EXTENDS 'invoice_send_client'
        values = super()._get_panel_values()
        is_network = self.sending_method == "network"
        address = values["email"] if is_network else ""
        return {
            **values,
            "is_network": is_network,
            "recipient": self.recipient or "",
            # the line below the recipient: who has the address, or the user's address
            "name": address if is_network else values["name"],
        }


class InvoiceDeliveryEvent(models.Model):
    """What happened to a document inside the system, in words without a mail."""

    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    def _get_address(self):
        # EXTENDS 'invoice_send_client'
        delivery = self.delivery_id
        if delivery.sending_method != "network":
            return super()._get_address()
        return delivery.recipient or super()._get_address()

    def _get_icon_type(self):
        # EXTENDS 'invoice_send_client'
        shown = super()._get_icon_type()
        is_network = self.delivery_id.sending_method == "network"
        return "brought" if is_network and shown == "sent" else shown

    def _get_server_texts(self, words):
        # EXTENDS 'invoice_send_client'
        texts = super()._get_server_texts(words)
        if self.delivery_id.sending_method == "network":
            texts["sent"] = self.env._("Brought to %(address)s", **words)
            texts["error"] = self.env._(
                "Not brought to %(address)s: %(detail)s", **words
            )
        return texts
