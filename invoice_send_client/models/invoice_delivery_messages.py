from odoo import api, fields, models

from ..tools import advice


class InvoiceDelivery(models.Model):
    """What the sender can do about a recipient that was not reached."""

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    advice = fields.Char(string="What to do", compute="_compute_advice")
    problem = fields.Char(string="What happened", compute="_compute_problem")

    @api.depends("state", "failure_type", "failure_reason")
    @api.depends_context("lang")
    def _compute_advice(self):
        texts = self._get_advice_texts()
        for delivery in self:
            cause = advice.get_cause(
                delivery.state, delivery.failure_type, delivery.failure_reason
            )
            delivery.advice = texts.get(cause, "")

    @api.depends("state", "failure_type", "failure_reason", "next_attempt_datetime")
    @api.depends_context("lang", "tz")
    def _compute_problem(self):
        for delivery in self:
            delivery.problem = delivery._get_failure_text()

    @api.model
    def _get_advice_texts(self):
        """:return: what to do, by a cause of ``tools.advice``

        :rtype: dict[str, str]
        """
        return {
            **self._get_address_advice(),
            **self._get_client_advice(),
            **self._get_own_advice(),
            "network": self.env._(
                "Do what is said here, then send it again; or send it by e-mail."
            ),
        }

    @api.model
    def _get_address_advice(self):
        """:return: what to do where the address is at fault"""
        return {
            "mailbox": self.env._(
                "There is no such mailbox: look for a typing error, or ask the client "
                "for the right address, and correct it."
            ),
            "domain": self.env._(
                "The domain after the @ takes no mail: look for a typing error there, "
                "and correct the address."
            ),
            "full": self.env._(
                "The client's mailbox is full: send it again in some days, or to "
                "another address of the client."
            ),
        }

    @api.model
    def _get_client_advice(self):
        """:return: what to do where the client's mail server does not take it"""
        return {
            "waiting": self.env._("Nothing to do: it is tried again by itself."),
            "policy": self.env._(
                "The client's mail server does not trust the sender: ask the client to "
                "allow your address, or your administrator to look at SPF and DKIM of "
                "your domain."
            ),
            "refused": self.env._(
                "The client's mail server refuses it: check the address; where it is "
                "right, show the server's words to your administrator."
            ),
            "deferred": self.env._(
                "The client's mail server said “later” until the tries were used up: "
                "send it again, or use another address of the client."
            ),
            "bounce": self.env._(
                "The mail came back after it had left: ask the client for another "
                "address, and correct it."
            ),
        }

    @api.model
    def _get_own_advice(self):
        """:return: what to do where this side is at fault, or nobody knows"""
        return {
            "server": self.env._(
                "Your own mail server was not reached: ask your administrator to test "
                "it in Settings > Outgoing Mail Servers, then send it again."
            ),
            "render": self.env._(
                "Correct what is said here: where it is about the letter, open the "
                "letter of this language and type of document; then send it again."
            ),
            "pdf": self.env._(
                "Print the document to see what is wrong with its PDF, mend it, then "
                "send it again."
            ),
            "edi": self.env._(
                "Complete on the document what the electronic invoice misses, then "
                "send it again."
            ),
            "size": self.env._(
                "Send it as a link instead of a file, or with fewer files: open the "
                "document and press Send."
            ),
            "unknown": self.env._(
                "Ask the client whether the mail arrived, before you send it again."
            ),
        }

    # -- tray --------------------------------------------------------------------------

    def _get_failure_values(self):
        """Give failed recipients as the tray shows them, in plain values.

        :rtype: list[dict]
        """
        # sudo: the name and the state alone; a sender may have lost the document
        moves = self.sudo().move_id.sudo(False)
        writable = moves._filtered_access("write")
        return [
            {
                "id": delivery.id,
                "model": self._name,
                # sudo: the name alone; a sender may have lost the document
                "document": delivery.sudo().move_id.name,
                "email": delivery.email or "",
                "recipient": delivery.recipient or "",
                "problem": delivery.problem,
                "advice": delivery.advice,
                "is_unknown": delivery.failure_type == "unknown",
                "is_unseen": delivery.is_unseen,
                "actions": delivery._get_failure_actions(writable),
            }
            for delivery in self
        ]

    def _get_failure_actions(self, writable):
        """:return: the buttons that make sense, by their methods' names

        :param writable: the documents that the user may send
        """
        self.ensure_one()
        # sudo: whether the document is posted; what the user may do is asked before
        if self.move_id not in writable or not self.sudo()._has_open_document():
            return []
        if self.sending_method != "email":
            return ["action_resend"]
        return ["action_correct_address", "action_resend"]


class InvoiceSendRunLine(models.Model):
    """What the sender can do about a document that goes by other ways than mail."""

    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    advice = fields.Char(string="What to do", compute="_compute_advice")
    problem = fields.Char(string="What happened", compute="_compute_problem")

    @api.depends("state", "failure_type")
    @api.depends_context("lang")
    def _compute_advice(self):
        texts = self.env["invoice.delivery"]._get_advice_texts()
        for line in self:
            line.advice = texts.get(line.state == "failed" and line.failure_type, "")

    @api.depends("state", "failure_type", "failure_reason")
    @api.depends_context("lang")
    def _compute_problem(self):
        labels = dict(self._fields["failure_type"]._description_selection(self.env))
        for line in self:
            words = labels.get(line.failure_type), line.failure_reason
            line.problem = ": ".join(filter(None, words))

    def _get_failure_values(self):
        """Give failed documents without recipients as the tray shows them.

        :rtype: list[dict]
        """
        return [
            {
                "id": line.id,
                "model": self._name,
                # sudo: the name alone; a sender may have lost the document
                "document": line.sudo().move_id.name,
                "email": "",
                "recipient": "",
                "problem": line.problem,
                "advice": line.advice,
                "is_unknown": line.failure_type == "unknown",
                "is_unseen": line.is_unseen,
                "actions": [],
            }
            for line in self
        ]
