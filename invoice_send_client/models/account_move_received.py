from markupsafe import escape

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.fields import Domain
from odoo.tools import float_round

from ..const import RECEIVED_NOTICES

#: Type of the activity on a posted bill whose document the sender changed.
RECEIVED_ACTIVITY = "invoice_send_client.mail_activity_received"


class AccountMove(models.Model):
    """A vendor bill that a company of this database sent as its invoice (R9).

    It is a bill like all others, made by the company's chosen user. What it came from
    is known by two links that have no reader, and to people in the words and figures
    of the day it came: the sender's document itself stays the sender's.
    """

    # one model, several concerns: what is sent stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    invoice_received_from_id = fields.Many2one(
        "account.move",
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="set null",
        groups=fields.NO_ACCESS,
        help="The sender's document, which the receiver may not read.",
    )
    invoice_received_delivery_id = fields.Many2one(
        "invoice.delivery",
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="set null",
        groups=fields.NO_ACCESS,
        help="The sender's last sending, which view and answer belong to.",
    )
    invoice_received_version = fields.Char(
        copy=False,
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Hash of what the sender's document said when it was sent last.",
    )
    invoice_received_datetime = fields.Datetime(
        string="Received on", copy=False, readonly=True, index="btree_not_null"
    )
    invoice_received_company = fields.Char(
        string="Received from", copy=False, readonly=True
    )
    invoice_received_number = fields.Char(
        string="Sender's number", copy=False, readonly=True
    )
    invoice_received_currency_id = fields.Many2one(
        "res.currency", copy=False, readonly=True
    )
    invoice_received_total = fields.Monetary(
        string="Sender's total",
        currency_field="invoice_received_currency_id",
        copy=False,
        readonly=True,
    )
    invoice_received_notice = fields.Selection(
        RECEIVED_NOTICES, string="Sender's notice", copy=False, readonly=True
    )
    _invoice_received_once = models.UniqueIndex(
        "(invoice_received_from_id, company_id) "
        "WHERE invoice_received_from_id IS NOT NULL AND state != 'cancel'",
        "There is a bill of this received document already: cancel that one first.",
    )

    # -- brought by the sending --------------------------------------------------------

    @api.model
    def _receive_document(self, values, files):
        """Make the draft of a received document, or bring it up to date.

        To be called in the environment of the receiving company's user.

        :param dict values: from ``invoice.delivery._read_document_to_bring``
        :param list files: from ``invoice.delivery._read_files_to_bring``
        :return: the bill
        :rtype: account.move
        :raise UserError: where the company's rules refuse it
        """
        bill = self._find_received(values["move_id"])
        if not bill:
            bill = self.create(self._prepare_received(values))
            bill._settle_received(values)
            bill._note_received(values)
            bill._tell_received(bill.invoice_received_text)
        # sudo: the version has no reader
        elif bill.sudo().invoice_received_version == values["version"]:
            bill._receive_unchanged(values)
        elif bill.state == "draft":
            bill._receive_again(values)
        else:
            bill._flag_received("changed")
        bill._keep_received_files(files)
        return bill

    @api.model
    def _find_received(self, move_id):
        """:return: the company's bill of a sender's document, empty for none

        :param int move_id: the sender's document, ``False`` for none
        """
        if not move_id:
            return self.browse()
        # sudo: the link has no reader; the bill is searched in this company alone
        return (
            self.sudo()
            .search(
                [
                    ("invoice_received_from_id", "=", move_id),
                    ("company_id", "=", self.env.company.id),
                    ("state", "!=", "cancel"),
                ],
                limit=1,
            )
            .sudo(False)
        )

    def _receive_unchanged(self, values):
        """It came again as it was: the receiver's own work on it stays."""
        self._note_received(values)
        self._tell_received(
            self.env._("%s sent it again, unchanged.", values["company_name"])
        )

    def _receive_again(self, values):
        """The draft follows what the sender changed."""
        gone = [Command.delete(line.id) for line in self.invoice_line_ids]
        new = self._prepare_received(values)
        del new["move_type"]
        new["invoice_line_ids"] = gone + new["invoice_line_ids"]
        self.write(new)
        self._settle_received(values)
        self._note_received(values)
        self._tell_received(
            self.env._(
                "%s changed the document and sent it again: dates, lines and prices "
                "were replaced.",
                values["company_name"],
            )
        )

    def _note_received(self, values):
        """Write down what the bill came from."""
        # sudo: these have no writer but the sending
        bill = self.sudo()._without_sync()
        if bill.invoice_received_notice:
            bill.activity_unlink([RECEIVED_ACTIVITY])
        bill.write(
            {
                "invoice_received_from_id": values["move_id"],
                "invoice_received_version": values["version"],
                "invoice_received_datetime": fields.Datetime.now(),
                "invoice_received_company": values["company_name"],
                "invoice_received_number": values["number"],
                "invoice_received_currency_id": values["currency_id"],
                "invoice_received_total": values["amount_total"],
                "invoice_received_notice": False,
            }
        )

    def _tell_received(self, text):
        """Say what the sender did in the chatter, in the sender's name, to the people
        whom the company chose, as Odoo's notices reach each of them.

        :param str text: one sentence
        """
        users = self.company_id._get_invoice_told_users()
        senders = (users[:1], self.company_id, self.partner_id)
        email_from = next(filter(None, (s.email_formatted for s in senders)), "")
        if not email_from:  # Odoo posts nothing without an address
            self._message_log(body=text, author_id=self.partner_id.id)
        else:
            # sudo: Odoo asks whether the one who sends may read these contacts
            self.sudo().message_post(
                body=text,
                author_id=self.partner_id.id,
                email_from=email_from,
                partner_ids=users.partner_id.ids,
                subtype_xmlid="mail.mt_note",
                # he made the bill, but without knowing it
                notify_author_mention=True,
                # mails to colleagues go by the queue: the sending waits for none
                force_send=False,
            )
        self._show_received(users, text)

    def _show_received(self, users, text):
        """Show it to those who are at work in this moment."""
        title = self.env._("Received documents")
        number = self.invoice_received_number
        message = text if number in text else f"{number}: {text}"
        for user in users:
            user._bus_send(
                "simple_notification",
                {"type": "info", "title": title, "message": message},
            )

    def _keep_received_files(self, files):
        """Attach copies of the sender's files; those that are there already stay, and
        a posted bill is shown with the PDF that it was posted with.

        :param list files: values of attachments, the PDF first
        """
        Attachment = self.env["ir.attachment"].with_context(no_document=True)
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("res_field", "=", False),
        ]
        known = {file.checksum: file for file in Attachment.search(domain)}
        copies = [
            known.get(Attachment._compute_checksum(file["raw"]))
            or Attachment.create({**file, "res_model": self._name, "res_id": self.id})
            for file in files
        ]
        if self.state == "draft":
            # written, not set by the method: that one has apps read the file
            self._without_sync().message_main_attachment_id = copies[0]

    # -- values ------------------------------------------------------------------------

    @api.model
    def _prepare_received(self, values):
        """:return: values of the bill; accounts and taxes are left to the company's own
        rules

        :rtype: dict
        """
        prepared = {
            "move_type": values["move_type"],
            "partner_id": values["partner_id"],
            "currency_id": values["currency_id"],
            "invoice_date": values["invoice_date"],
            # the sender's date as it is: no terms of the receiver's own move it
            "invoice_payment_term_id": False,
            "invoice_date_due": values["invoice_date_due"],
            "ref": values["number"],
            "payment_reference": values["payment_reference"],
            "narration": values["narration"],
            "reversed_entry_id": self._find_received(values["reversed_id"]).id,
            "invoice_cash_rounding_id": self._find_cash_rounding(values).id,
            "invoice_line_ids": self._prepare_received_lines(values),
        }
        if bank := self._find_received_bank(values):
            prepared["partner_bank_id"] = bank.id
        return prepared

    @api.model
    def _prepare_received_lines(self, values):
        """:return: commands for the lines, with one for the cash rounding at the end
        where the company has no such rounding of its own
        """
        products = self._find_received_products(values)
        lines = [
            self._prepare_received_line(line, sequence, products)
            for sequence, line in enumerate(values["lines"], 1)
        ]
        if values["rounding"] and not self._find_cash_rounding(values):
            lines.append(
                {
                    "name": self.env._("Rounding"),
                    "sequence": len(lines) + 1,
                    "price_unit": values["rounding"],
                    "tax_ids": [Command.clear()],
                }
            )
        return [Command.create(line) for line in lines]

    @api.model
    def _prepare_received_line(self, line, sequence, products):
        prepared = {"name": line["name"], "sequence": sequence}
        if line["display_type"] != "product":
            return {**prepared, "display_type": line["display_type"]}
        product_id = line["product_id"]
        return {
            **prepared,
            "product_id": product_id if product_id in products.ids else False,
            "product_uom_id": line["product_uom_id"],
            "quantity": line["quantity"],
            "discount": line["discount"],
            "price_unit": line["net_price"],
        }

    @api.model
    def _find_received_products(self, values):
        """:return: the products that the company shares with the sender

        :rtype: product.product
        """
        Product = self.env["product.product"]
        if not Product.has_access("read"):
            return Product
        ids = [line["product_id"] for line in values["lines"] if line["product_id"]]
        shared = Product._check_company_domain(self.env.company)
        return Product.search(Domain("id", "in", ids) & Domain(shared))

    @api.model
    def _find_cash_rounding(self, values):
        """:return: the sender's cash rounding where it works in this company as well

        :rtype: account.cash.rounding
        """
        rounding = self.env["account.cash.rounding"].browse(values["cash_rounding_id"])
        if not values["rounding"] or not rounding or not rounding.has_access("read"):
            return rounding.browse()
        # in this company: its accounts are a company's own
        has_accounts = rounding.profit_account_id and rounding.loss_account_id
        needs_none = rounding.strategy == "biggest_tax"
        return rounding if has_accounts or needs_none else rounding.browse()

    @api.model
    def _find_received_bank(self, values):
        """:return: the sender's bank account where the company may pay to it

        :rtype: res.partner.bank
        """
        Bank = self.env["res.partner.bank"]
        domain = [
            ("id", "=", values["partner_bank_id"]),
            ("company_id", "in", [False, self.env.company.id]),
        ]
        return Bank.search(domain) if Bank.has_access("read") else Bank

    # -- the same amounts under the company's own taxes --------------------------------

    def _settle_received(self, values):
        """Let each line have the sender's amount, and the bill the sender's total where
        the taxes are the same.

        :param dict values: of the sender's document
        """
        lines = self.invoice_line_ids.sorted(lambda line: (line.sequence, line.id))
        for line, sent in zip(lines, values["lines"], strict=False):
            if line.display_type == "product":
                line._settle_received_price(sent)
        self._settle_received_total(values)

    def _settle_received_total(self, values):
        """Take the cent that the two companies' ways of rounding taxes make.

        As when a user corrects the tax of a bill by hand; a difference that is more
        than rounding comes from other taxes and is left to the receiver.
        """
        currency = self.currency_id
        difference = currency.round(values["amount_total"] - self.amount_total)
        taxes = self.line_ids.filtered(lambda line: line.display_type == "tax")
        taxes = taxes.sorted(lambda line: abs(line.balance), reverse=True)
        limit = currency.rounding * max(len(values["lines"]), 1)
        is_rounding = currency.compare_amounts(abs(difference), limit) <= 0
        is_rounding = is_rounding and values["amount_tax"]
        if taxes and is_rounding and not currency.is_zero(difference):
            taxes[0].amount_currency += self.direction_sign * difference

    # -- the sender's document is no longer what it was --------------------------------

    def _void_invoice_sendings(self):
        # EXTENDS 'invoice_send_client'
        result = super()._void_invoice_sendings()
        # sudo: who may withdraw the document tells all who have it, and reads nothing
        bills = self.sudo().search(
            [("invoice_received_from_id", "in", self.ids), ("state", "!=", "cancel")]
        )
        states = {move.id: move.state for move in self}
        for bill in bills:
            is_draft = states[bill.invoice_received_from_id.id] == "draft"
            bill._flag_received("withdrawn" if is_draft else "cancelled")
        return result

    def _flag_received(self, notice):
        """Say on a bill what became of the sender's document; a posted one is work.

        :param str notice: a word of ``const.RECEIVED_NOTICES``
        """
        self.ensure_one()
        bill = self._as_odoobot()
        bill.invoice_received_notice = notice
        text = bill._get_received_notice_text()
        bill._message_log(body=text, author_id=bill.partner_id.id)
        users = bill.company_id._get_invoice_told_users()
        bill._show_received(users, text)
        if bill.state == "posted" and users:
            bill.activity_unlink([RECEIVED_ACTIVITY])  # what it was before is history
            # another company's words are text, whatever they look like
            note = escape(text)
            bill.activity_schedule(RECEIVED_ACTIVITY, note=note, user_id=users[0].id)

    def _as_odoobot(self):
        """:return: the bill as OdooBot sees it: a sender is no editor of it"""
        company = self.company_id
        context = {
            "allowed_company_ids": company.ids,
            "lang": company.invoice_receive_user_id.lang,
        }
        # superuser: the sender's deed is told on a bill that he may not read
        env = self.env(user=SUPERUSER_ID, context=context)
        return self.with_env(env)._without_sync()


class AccountMoveLine(models.Model):
    """A line of a bill that a company of this database sent."""

    _inherit = "account.move.line"

    def _settle_received_price(self, sent):
        """Give the line the sender's amount under taxes that may be in the price.

        :param dict sent: the sender's line
        """
        if True not in self.tax_ids.mapped("price_include"):
            return
        taxes = self.tax_ids._get_tax_details(
            sent["net_price"],
            1.0,
            rounding_method="round_globally",
            product=self.product_id,
            product_uom=self.product_uom_id,
            special_mode="total_excluded",
        )
        included = [tax for tax in taxes["taxes_data"] if tax["tax"].price_include]
        price = sent["net_price"] + sum(tax["tax_amount"] for tax in included)
        # without the noise of binary numbers, which people would see
        self.price_unit = float_round(price, precision_digits=8)
