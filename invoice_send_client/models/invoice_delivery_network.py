import logging

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class InvoiceDelivery(models.Model):
    """A document that the client gets inside the system (R9).

    One delivery for each portal user of the customer, or one for the company of this
    database that the customer is. To bring it and to write ``sent`` is one transaction:
    a crash leaves neither, so that an attempt need not be written down before.
    """

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    portal_user_id = fields.Many2one(
        "res.users",
        ondelete="set null",
        index="btree_not_null",
        help="Whose portal the document stands in.",
    )
    receiving_company_id = fields.Many2one(
        "res.company",
        ondelete="set null",
        index="btree_not_null",
        help="The company of this database that gets the document.",
    )

    # -- work --------------------------------------------------------------------------

    def _get_mailed(self):
        """:return: those of these deliveries that go by e-mail"""
        return self.filtered(lambda d: d.sending_method == "email")

    def _deliver_by_network(self):
        """Bring the document to each that is due; each is a committed step."""
        due = self.filtered(lambda d: d.sending_method == "network" and d._is_due())
        for delivery in due.sorted("id"):
            delivery._bring_safely()
            self.env["invoice.send.run"]._commit_step()

    def _bring_safely(self):
        """Bring the document to one; what goes wrong is told at this recipient alone.

        :raise OperationalError: where others write on the same rows: tried again later
        """
        try:
            with self.env["invoice.send.run"]._isolate():
                self._bring()
        except OperationalError:
            raise
        except UserError as error:
            self._fail_to_bring(str(error))
        except Exception:
            _logger.exception("Delivery %s can't be brought", self.id)
            self._fail_to_bring(
                self.env._(
                    "Something went wrong in the system of %s. Ask your administrator "
                    "to look into the server's log, then send it again.",
                    self._get_recipient()[0],
                )
            )

    def _bring(self):
        """:raise UserError: why the client does not get it, in words"""
        self._read_anew()
        if not self._is_due():
            return
        with self.line_id._leave_summary():
            self.attempt_count += 1
            if not self.receiving_company_id and not self.portal_user_id:
                self._find_receiver()
            if self.receiving_company_id:
                self._bring_to_company()
            else:
                self._bring_to_portal()
            self._set_sent()
            self._note_brought()

    def _find_receiver(self):
        """Look for who gets it now: nobody could when it was sent, or who was to get it
        is not here any more.

        :raise UserError: where there is nobody, or each has it from this sending
        """
        Send = self.env["account.move.send"]
        others = self.line_id.delivery_ids - self
        known = {(d.portal_user_id.id, d.receiving_company_id.id) for d in others}
        for values in Send._get_network_recipients(self.move_id)[self.move_id.id]:
            key = values.get("portal_user_id"), values.get("receiving_company_id")
            if tuple(id_ or False for id_ in key) not in known:
                return self.write(values)
        problem = Send._get_network_problem(self.move_id)
        words = self.env._("Whoever was to get it is not here any more.")
        raise UserError(problem or words)

    def _fail_to_bring(self, reason):
        with self.line_id._leave_summary():
            self.invalidate_recordset()
            self._set_error("network", reason)

    def _note_brought(self):
        """Say in the chatter that the client has it, where no letter says so."""
        if self.line_id.mail_message_id:
            return
        name = self._get_recipient()[0]
        if self.receiving_company_id:
            words = self.env._("Brought to %s, a company of this database.", name)
        else:
            words = self.env._("Brought to the portal of %s.", name)
        self.move_id._message_log(
            body=words, author_id=self.line_id.author_partner_id.id
        )

    # -- words -------------------------------------------------------------------------

    def _get_evidence_text(self):
        # EXTENDS 'invoice_send_client'
        if self.sending_method != "network" or self.state not in ("view", "download"):
            return super()._get_evidence_text()
        name = self._get_recipient()[0]
        if self.receiving_company_id:
            return self.env._("viewed at %s", name)
        return self.env._("viewed in the portal by %s", name)

    def _get_problem_text(self):
        # EXTENDS 'invoice_send_client'
        if self.sending_method != "network":
            return super()._get_problem_text()
        return f"{self._get_recipient()[0]}: {self._get_failure_text()}"

    # -- panel on the invoice ----------------------------------------------------------

    def _get_panel_values(self):
        # EXTENDS 'invoice_send_client'
        values = super()._get_panel_values()
        is_network = self.sending_method == "network"
        return {**values, **({"mode": ""} if is_network else {})}

    def _get_open_url(self):
        # EXTENDS 'invoice_send_client'
        # nobody was given a link
        return "" if self.sending_method == "network" else super()._get_open_url()

    def _get_panel_actions(self):
        # EXTENDS 'invoice_send_client'
        offered = super()._get_panel_actions()
        if self.sending_method != "network":
            return offered
        return [name for name in offered if name == "action_resend"]

    def action_resend(self):
        # EXTENDS 'invoice_send_client'
        action = super().action_resend()
        if action and self.sending_method == "network":
            names = [f"default_email_{role}" for role in ("to", "cc", "bcc")]
            action["context"] = {
                name: value
                for name, value in action["context"].items()
                if name not in names
            }
        return action
