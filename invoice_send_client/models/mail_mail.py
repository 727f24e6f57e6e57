import psycopg2

from odoo import fields, models

from ..tools import addresses, verdict


class MailMail(models.Model):
    """The mail of one recipient of an invoice, made and sent by its delivery."""

    _inherit = "mail.mail"

    invoice_delivery_id = fields.Many2one(
        "invoice.delivery", ondelete="set null", index="btree_not_null"
    )

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        # EXTENDS 'mail'
        emails = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        if self.invoice_delivery_id and emails:
            return [self._address_personal_copy(emails[0])]
        return emails

    def _address_personal_copy(self, email):
        """Show all recipients of the letter and send to this delivery's alone (B10).

        The envelope is what ``email_to_normalized`` lets through (``send_validated_to``
        of the mail server); a BCC stands in a Bcc header, which Odoo removes before
        the mail leaves.

        :param dict email: one mail of ``_prepare_outgoing_list``
        :return: the same for this recipient; the headers are a copy, since all copies
            of a mail share one dict
        """
        # sudo: the mail engine may run as any user; the sending was allowed at Send
        delivery = self.sudo().invoice_delivery_id
        line = delivery.line_id
        headers = {name: value for name, value in email["headers"].items() if value}
        if delivery.role == "bcc":
            headers["Bcc"] = addresses.to_ascii(delivery.email)
        return {
            **email,
            "email_to": addresses.for_header(line.email_to),
            "email_cc": addresses.for_header(line.email_cc),
            "email_to_normalized": [addresses.to_ascii(delivery.email)],
            "headers": headers,
        }

    def _filter_mail_mail_servers(self, mail_servers):
        # EXTENDS 'mail'
        servers = super()._filter_mail_mail_servers(mail_servers)
        if self.invoice_delivery_id:
            # users' personal servers never carry the company's invoices (D6)
            return servers.filtered(lambda server: not server.owner_user_id)
        return servers

    def _send_with_verdict(self):
        """Send this one mail now.

        :return: what the mail server said
        :rtype: tools.verdict.Verdict
        :raise psycopg2.Error: the transaction is lost, so nothing can be written here;
            the attempt stays open and is closed as unknown by the next worker
        """
        self.ensure_one()
        try:
            self.send(raise_exception=True)
        except psycopg2.Error:
            raise
        except Exception as error:
            return self._read_verdict(error)
        if not self.exists() or self.state == "sent":
            return verdict.TAKEN
        if self.state == "outgoing":
            return verdict.Verdict(
                "server", self.env._("Sending e-mail is switched off here.")
            )
        failure = "address" if "mail_email" in (self.failure_type or "") else "server"
        return verdict.Verdict(failure, self.failure_reason or "")

    def _read_verdict(self, error):
        for link in verdict.chain(error):
            if known := getattr(link, "delivery_verdict", None):
                return known
        return verdict.from_exception(error, body_sent=False)
