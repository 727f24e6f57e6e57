from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime, formatLang

from ..const import ANSWERS
from .invoice_delivery_look import LOOK_AGAIN

#: What the bill says of its receiver's answer.
ANSWER_FIELDS = (
    "invoice_received_answer",
    "invoice_received_answer_text",
    "invoice_received_can_answer",
)


class AccountMove(models.Model):
    """What the receiver of a bill sees of its sender, and answers (R31)."""

    # one model, several concerns: how the bill comes stands in account_move_received.py
    _name = "account.move"
    _inherit = ["account.move"]

    invoice_received_text = fields.Char(compute="_compute_invoice_received_text")
    invoice_received_notice_text = fields.Char(
        compute="_compute_invoice_received_notice_text"
    )
    invoice_received_difference = fields.Char(
        compute="_compute_invoice_received_difference"
    )
    invoice_received_answer = fields.Selection(
        [("accept", "Accepted"), ("return", "Returned")],
        string="Answer to the sender",
        compute="_compute_invoice_received_answer",
    )
    invoice_received_answer_text = fields.Char(
        compute="_compute_invoice_received_answer"
    )
    invoice_received_can_answer = fields.Boolean(
        compute="_compute_invoice_received_answer"
    )

    # -- words -------------------------------------------------------------------------

    @api.depends("invoice_received_datetime", "invoice_received_total")
    @api.depends_context("lang")
    def _compute_invoice_received_text(self):
        self.invoice_received_text = False
        for bill in self.filtered("invoice_received_datetime"):
            bill.invoice_received_text = self.env._(
                "Received from %(company)s: %(document)s, %(amount)s",
                company=bill.invoice_received_company,
                document=bill.invoice_received_number,
                amount=bill._format_received(bill.invoice_received_total),
            )

    def _format_received(self, amount):
        currency = self.invoice_received_currency_id or self.currency_id
        return formatLang(self.env, amount, currency_obj=currency)

    @api.depends("invoice_received_notice")
    @api.depends_context("lang")
    def _compute_invoice_received_notice_text(self):
        for bill in self:
            bill.invoice_received_notice_text = bill._get_received_notice_text()

    def _get_received_notice_text(self):
        """:return: what the sender did since, and what to do; ``""`` for nothing"""
        self.ensure_one()
        words = {
            "company": self.invoice_received_company,
            "document": self.invoice_received_number,
        }
        texts = {
            "changed": self.env._(
                "%(company)s changed %(document)s after this bill was confirmed and "
                "sent it again. The bill was left as it is: compare it with the new "
                "PDF, which is among the attached files.",
                **words,
            ),
            "withdrawn": self.env._(
                "%(company)s took %(document)s back to change it. Wait for the new one "
                "before you pay.",
                **words,
            ),
            "cancelled": self.env._(
                "%(company)s cancelled %(document)s. Nothing is to be paid: cancel "
                "this bill as well.",
                **words,
            ),
        }
        return texts.get(self.invoice_received_notice, "")

    @api.depends("invoice_received_total", "amount_total", "currency_id", "state")
    @api.depends_context("lang")
    def _compute_invoice_received_difference(self):
        """Warn as long as it can be mended that the taxes of both are not the same."""
        self.invoice_received_difference = False
        drafts = self.filtered(lambda m: m.invoice_received_datetime)
        for bill in drafts.filtered(lambda m: m.state == "draft"):
            currency, total = bill.currency_id, bill.invoice_received_total
            is_same = currency == bill.invoice_received_currency_id
            if is_same and not currency.compare_amounts(total, bill.amount_total):
                continue
            bill.invoice_received_difference = self.env._(
                "The total of this draft is %(own)s, the sender's is %(sent)s. Check "
                "taxes and lines before you confirm it.",
                own=formatLang(self.env, bill.amount_total, currency_obj=currency),
                sent=bill._format_received(total),
            )

    # -- answer ------------------------------------------------------------------------

    def _get_received_delivery(self):
        """:return: the sender's delivery, for what its receiver may know and do"""
        self.ensure_one()
        self.check_access("read")
        # sudo: the link has no reader; who reads the bill knows what was answered to it
        delivery = self.sudo().invoice_received_delivery_id
        context = {
            "allowed_company_ids": delivery.company_id.ids,
            "lang": self.env.lang,
        }
        # superuser: nobody else's people are editors of the sender's invoice
        return delivery.with_env(self.env(user=SUPERUSER_ID, context=context))

    @api.depends("invoice_received_datetime")
    @api.depends_context("lang", "tz")
    def _compute_invoice_received_answer(self):
        for bill in self:
            # sudo: the link has no reader; who reads the bill knows what was answered
            delivery = bill.sudo().invoice_received_delivery_id
            state = delivery.state
            bill.invoice_received_answer = state in ANSWERS and state
            bill.invoice_received_answer_text = bill._get_answered_text(delivery)
            is_open = delivery and delivery._has_open_document()
            bill.invoice_received_can_answer = is_open and bill.state != "cancel"

    def _get_answered_text(self, delivery):
        """:return: who answered what and when, ``""`` for no answer

        :param delivery: the sender's, empty for none
        """
        answer = delivery and delivery._get_answer_values()
        if not answer:
            return ""
        words = {
            "name": answer["name"] or "",
            "reason": answer["reason"] or "",
            "time": format_datetime(self.env, answer["datetime"], dt_format="short"),
        }
        if answer["type"] == "accept":
            return self.env._("Accepted by %(name)s, %(time)s", **words)
        return self.env._("Returned by %(name)s, %(time)s: %(reason)s", **words)

    def action_accept_received(self):
        """Tell the sender that the document is accepted."""
        for bill in self:
            bill._answer_received("accept")

    def action_return_received(self):
        """Ask why the document is returned."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Return to %s", self.invoice_received_company),
            "res_model": "invoice.received.return",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id, "dialog_size": "medium"},
        }

    def _answer_received(self, answer, reason=""):
        """Give the sender the company's answer, in the user's name.

        Pressed by somebody who is signed in and may write the bill: no judge is asked.

        :param str answer: ``accept`` or ``return``
        :param str reason: why it is returned
        :raise AccessError: where the user may not write the bill
        :raise UserError: where there is nothing to answer any more
        """
        self.ensure_one()
        self.check_access("write")
        delivery = self._get_received_delivery()
        if not delivery or not delivery._has_open_document():
            raise UserError(
                self.env._(
                    "%s withdrew this document: there is nothing to answer any more.",
                    self.invoice_received_company or self.partner_id.name,
                )
            )
        delivery._answer_by_user(answer, self.env.user.name, reason)
        self._message_log(body=self._get_answered_text(delivery))
        self.invalidate_recordset(ANSWER_FIELDS)

    # -- look --------------------------------------------------------------------------

    def note_received_look(self):
        """Tell the sender that somebody of the receiving company opened the bill.

        Called by the bill's form. Somebody who acts in the sender's company as well,
        which is to say has it ticked among his companies at that moment, is the
        sender's own person and counts for nothing; so does a sender who tracks nobody.
        Of the vendor's portal, too, only the sender's people may read the bill.
        """
        self.ensure_one()
        if not self.env.user._is_internal():
            return
        delivery = self._get_received_delivery()
        is_staff = delivery.company_id.id in self.env.companies.ids
        if delivery and not is_staff and delivery._is_tracked():
            delivery._note_look_of_user(self.env.user.name)


class InvoiceDelivery(models.Model):
    """What users of the receiving company do with it."""

    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _note_look_of_user(self, name):
        """Somebody of the client's side, who is signed in, opened the document.

        :param str name: his name
        """
        self.ensure_one()
        if not self._has_open_document() or self._was_seen_lately(name):
            return
        # proved by the sign-in: no judge is asked
        event = self._record_event("view", is_proof=True, answer_name=name)
        at = event.event_datetime
        first = self.view_datetime or at
        self.write({"view_datetime": first, "look_datetime": at})
        self._update_state("view")
        # by OdooBot, and not by the reader when the request ends
        self.env.flush_all()

    def _was_seen_lately(self, name):
        """:return: whether this look would say nothing new

        :param str name: of whom looks
        """
        since = fields.Datetime.now() - LOOK_AGAIN
        return self.event_ids.filtered(
            lambda event: event.event_type == "view"
            and event.answer_name == name
            and event.event_datetime > since
        )

    def _answer_by_user(self, answer, name, reason=""):
        """Record the answer of somebody who is signed in.

        :param str answer: ``accept`` or ``return``
        :param str name: his name
        :param str reason: why it is returned
        """
        self.ensure_one()
        if self._is_in_force(answer, name, reason):
            return
        if self._is_tracked():
            self._note_look_of_user(name)
        self._record_event(
            answer,
            is_proof=True,
            reasons="answer",
            answer_name=name,
            detail=reason,
            document_version=self._get_document_version(),
        )
        self._apply_answer()
        self.env.flush_all()
