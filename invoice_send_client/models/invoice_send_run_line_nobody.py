from odoo import models

from ..tools import addresses


class InvoiceSendRunLine(models.Model):
    """What other apps send to nobody: it fails in words, and is never called sent (B1).

    That is where something is said of how the customer gets it: an address that is
    none, a portal without users. Whose card has no address at all is not mailed, as
    natively, and nothing calls that sent.

    The windows refuse such a document. A point of sale or a shop has no window and must
    not be stopped: the recipient that there should have been gets a delivery that
    failed. So the document has its red mark, whoever sent it is told, and "Correct
    address" sends what is missing, from the letter that was written. To make that one
    anew would do again what goes with it: an e-invoice, a letter by post.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    def _tell_missing_recipients(self, moves_data):
        """Write a failed delivery for each of these lines that has none, or whose mail
        has a wrong address instead of one.

        :param dict moves_data: settings by document, with what stands on the
            customer's card
        """
        missed = self.filtered(
            lambda line: line._misses_recipient(moves_data[line.move_id])
        )
        if not missed:
            return
        problems = self.env["account.move.send"]._get_network_problems(missed.move_id)
        values, failures = [], []
        for line in missed:
            data = moves_data[line.move_id]
            if line._is_mail_missed(data):
                values.append(line._prepare_missed_mail(data))
                failures.append(("address", line._describe_missed_mail(data)))
            else:
                values.append(line._prepare_missed_network())
                failures.append(("network", problems[line.move_id.id]))
        created = self.env["invoice.delivery"].create(values)
        for delivery, failure in zip(created, failures, strict=True):
            delivery.line_id._fail_for_nobody(delivery, *failure)

    def _misses_recipient(self, move_data):
        """:return: whether nobody gets it, or nobody by the mail that was ticked

        :param dict move_data: the document's settings
        """
        if not self.delivery_ids:
            return True
        return not self._get_mailed() and self._is_mail_missed(move_data)

    def _fail_for_nobody(self, missed, failure_type, reason):
        """There is nobody whom this document could reach by one of its ways.

        :param missed: ``invoice.delivery`` of who there should have been
        :param str failure_type: a key of ``const.FAILURE_TYPES``
        :param str reason: for the user, with what to do
        """
        self.ensure_one()
        missed._set_error(failure_type, reason)

    def _is_mail_missed(self, move_data):
        """:return: whether it is a mail that nobody gets, or the way inside the system

        :param dict move_data: the document's settings
        """
        methods = self.sending_methods or []
        has_address = bool(self._get_wrong_address(move_data))
        return "email" in methods and (has_address or "network" not in methods)

    def _get_wrong_address(self, move_data):
        """:return: what stands on the card in place of an address, ``""`` for nothing

        :param dict move_data: the document's settings
        """
        lines = [move_data.get(f"email_{role}") for role in ("to", "cc", "bcc")]
        # a window that other apps open has left it out
        lines += self._get_missed_contacts().mapped("email")
        wrong = addresses.parse(addresses.join(*lines))[1]
        return ", ".join(dict.fromkeys(wrong))

    def _get_missed_contacts(self):
        """:return: whom the mail was for"""
        chosen = self.env["res.partner"].browse(self.mail_partner_ids or []).exists()
        return chosen or self.move_id.partner_id

    def _prepare_missed_mail(self, move_data):
        partner = self._get_missed_contacts()[:1]
        return {
            **self._prepare_common_delivery_values(),
            "partner_id": partner.id,
            "email": self._get_wrong_address(move_data) or partner.display_name,
        }

    def _prepare_missed_network(self):
        customer = self.move_id.commercial_partner_id
        return {
            **self._prepare_common_delivery_values(),
            "sending_method": "network",
            "partner_id": customer.id,
            "recipient_name": customer.name,
            "email": customer.email or customer.name,
        }

    def _describe_missed_mail(self, move_data):
        if wrong := self._get_wrong_address(move_data):
            return self.env._(
                "This is no e-mail address: %s. Mend it by “Correct address”, and the "
                "mail leaves.",
                wrong,
            )
        return self.env._(
            "There is no e-mail address of %s: type one.",
            self._get_missed_contacts()[:1].display_name,
        )
