import hashlib
from dataclasses import replace
from datetime import timedelta

from odoo import fields, models
from odoo.tools import plaintext2html

from ..const import ANEW, ANSWERS
from ..tools import visitor


class InvoiceDelivery(models.Model):
    """The client's answer: Accept, or Return with a reason (R31, B15).

    Every answer is an event and stays in the history; the last one that a person gave
    is in force. Whether it was a person's is judged as for every other request, so
    that an answer may count only later, or not any more.
    """

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    answer_event_id = fields.Many2one(
        "invoice.delivery.event",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
        help="The answer in force.",
    )
    answer_name = fields.Char(
        string="Answered by", readonly=True, help="The name that the client gave."
    )
    answer_version = fields.Char(
        string="Answered version",
        readonly=True,
        help="SHA-256 of the PDF that the client answered to.",
    )

    def _can_be_answered(self):
        """:return: whether the recipient is one whose answer counts (D4)"""
        self.ensure_one()
        return self._is_counted()

    def _is_accepted_first(self):
        """:return: whether the PDF is kept back until the client accepts

        Where the PDF was in the mail there is nothing to keep back.
        """
        self.ensure_one()
        settings = self.env["res.company"]._get_invoice_client_settings(
            self.company_id.id
        )
        is_link = self.document_mode == "link" and self._can_be_answered()
        is_accepted = self.answer_event_id.event_type == "accept"
        is_accepted = is_accepted or self.state == "accept"
        return settings.accept_first and is_link and not is_accepted

    def _get_answer_values(self):
        """:return: the answer in force as the page shows it, ``None`` for none

        :rtype: dict | None
        """
        self.ensure_one()
        if self.state not in ANSWERS:
            return None
        return {
            "type": self.state,
            "datetime": self[f"{self.state}_datetime"],
            "name": self.answer_name,
            "reason": self.return_reason,
        }

    def _get_answer_text(self):
        """:return: who answered, and what was written, for the panel"""
        said = self.return_reason if self.state == "return" else ""
        name = self.answer_name and self.env._("by %(name)s", name=self.answer_name)
        return ": ".join(filter(None, [name, said]))

    def _is_wish(self, page, hit):
        """Ask the judge whether a form was sent by a person, as far as one can tell.

        :param tools.visitor.Hit page: the page that the form was on
        :param tools.visitor.Hit hit: the request
        :rtype: bool
        """
        verdict = visitor.judge([*self._fetch_hits()._get_hits(), page, hit])
        return verdict.findings[-1].weight != "none"

    def _record_answer(self, answer, hit, page, name, reason=""):
        """Note what the client answered, and act on it if it was a person.

        :param str answer: ``accept`` or ``return``
        :param tools.visitor.Hit hit: the request
        :param tools.visitor.Hit page: the page that was answered
        :param str name: as the client gave it
        :param str reason: why it is returned
        :return: whether the answer counts: it is in force now, or a later one that
            overtook it is
        :rtype: bool
        """
        self.ensure_one()
        if self._is_in_force(answer, name, reason):
            return True
        if self._is_repeated(answer, page, name):
            hit = replace(hit, traits=(*hit.traits, "repeated"))
        values = {
            "answer_name": name,
            "detail": reason,
            "document_version": self._get_document_version(),
        }
        if self._is_tracked():
            event = self._record_hit(hit, answer, page, **values)
        else:
            finding = visitor.judge([page, hit]).findings[-1]
            judgement = self.env["invoice.delivery.event"]._prepare_judgement(finding)
            event = self._record_event(answer, **judgement, **values)
            self._apply_answer()
        return bool(event) and event.is_proof and self._is_answered_by(event)

    def _is_repeated(self, answer, page, name):
        """Tell whether a client does what the page asked him for: gives the same answer
        once more, after one that could not be told from a program's.

        Programs that submit what forms they find give both answers, or the same one
        again on the page that they have: to them it does not apply.

        :param str answer: ``accept`` or ``return``
        :param tools.visitor.Hit page: the page that was answered
        :param str name: as the client gave it
        :rtype: bool
        """
        domain = [
            ("delivery_id", "=", self.id),
            ("event_type", "in", (*ANSWERS, *ANEW)),
        ]
        events = self.env["invoice.delivery.event"].search(domain)
        unsure = self._drop_former(events).filtered(
            lambda e: e.reasons == "script_silent"
        )
        # a page's number tells the second in which it was served
        served = self._to_naive(page.at) + timedelta(seconds=1)
        return set(unsure.mapped("event_type")) == {answer} and any(
            e.answer_name == name and e.event_datetime <= served for e in unsure
        )

    def _is_answered_by(self, event):
        """:return: whether this answer is in force, or one that came after it"""
        last = self.answer_event_id
        return bool(last) and last._get_order() >= event._get_order()

    def _is_in_force(self, answer, name, reason):
        """:return: whether the client said exactly this last: a form sent twice"""
        last = self.answer_event_id
        said = (last.event_type, last.answer_name, last.detail or "")
        return said == (answer, name, reason)

    def _get_document_version(self):
        """:return: hash of the legal PDF, by which it is known what was answered to"""
        document = self.move_id.invoice_pdf_report_id
        return document and hashlib.sha256(document.raw).hexdigest()

    def _apply_answer(self, events=None):
        """Put the last answer of a person in force.

        :param events: those of the delivery, where they are at hand
        """
        for delivery in self:
            known = events
            if known is None:
                known = delivery._drop_former(delivery.event_ids)
            answers = known.filtered(lambda e: e.event_type in ANSWERS)
            given = answers.filtered("is_proof")
            last = given.sorted(lambda e: e._get_order())[-1:]
            if not answers or last == delivery.answer_event_id:
                continue
            if delivery.answer_event_id and not delivery.answer_event_id.is_proof:
                delivery._withdraw_answer()
            if last:
                delivery._set_answered(last)

    def _set_answered(self, event):
        """The client answered: the state follows, the sender is told.

        :param event: the answer
        """
        answer = event.event_type
        values = {
            f"{answer}_datetime": event.event_datetime,
            "answer_event_id": event.id,
            "answer_name": event.answer_name,
            "answer_version": event.document_version,
        }
        if answer == "return":
            values["return_reason"] = event.detail
        if self.state == answer:
            self.write(values)
        elif not self._update_state(answer, **values):
            return
        self.move_id._tell_answer(self, event)

    def _withdraw_answer(self):
        """The answer in force turned out to be a machine's: as if it was not given."""
        event = self.answer_event_id
        self.write(
            {
                f"{event.event_type}_datetime": False,
                "answer_event_id": False,
                "answer_name": False,
                "answer_version": False,
                "return_reason": False,
            }
        )
        if self.state == event.event_type:
            self._lower_state()
        if "return" not in self.move_id.invoice_delivery_ids.mapped("state"):
            self.move_id._drop_corrections()
        delivery = self.with_context(lang=self._get_sender_lang())
        delivery.move_id._message_log(
            body=delivery.env._(
                "The answer through the link sent to %s was given by a program: it "
                "does not count.",
                self.email,
            )
        )

    def _get_caretaker(self):
        """:return: who takes care of the client: the salesperson, else who sent, else
        who made the document; only somebody who is still here"""
        self.ensure_one()
        return self.move_id._get_caretaker(self.run_id.user_id) or self.env.user

    def _get_sender_lang(self):
        """:return: code of the language in which the sender's side is told"""
        self.ensure_one()
        return self._get_caretaker().lang or self.company_id.partner_id.lang or "en_US"


class InvoiceDeliveryEvent(models.Model):
    """What an answer says besides its kind and its time."""

    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    answer_name = fields.Char(
        string="Answered by", help="The name that the client gave."
    )
    document_version = fields.Char(
        help="SHA-256 of the PDF that the client answered to."
    )

    def _get_order(self):
        """:return: the key by which the events of a delivery stand in order"""
        self.ensure_one()
        return self.event_datetime, self.id


class AccountMove(models.Model):
    """What the sender is told of an answer."""

    _name = "account.move"
    _inherit = ["account.move"]

    def _tell_answer(self, delivery, event):
        """Write an answer into the chatter; a returned document is somebody's work.

        :param delivery: through whose link it came
        :param event: the answer
        """
        self.ensure_one()
        # the visitor's language is not that of whoever reads the chatter
        lang = delivery._get_sender_lang()
        move, event = (record.with_context(lang=lang) for record in (self, event))
        move._message_log(
            body=event._get_words()[0],
            author_id=delivery.partner_id.id or None,
        )
        if event.event_type == "return":
            move._ask_for_correction(event)
        else:
            move._close_corrections(event)

    def _ask_for_correction(self, event):
        """Give the salesperson of a returned document the client's reason."""
        self.activity_schedule(
            "invoice_send_client.mail_activity_returned",
            summary=self.env._("Returned by the client"),
            # the client's words are text, whatever they look like
            note=plaintext2html(event._get_words()[0]),
            user_id=event.delivery_id._get_caretaker().id,
        )

    def _drop_corrections(self):
        """It was no client who returned it: nobody has to correct anything."""
        self.activity_unlink(["invoice_send_client.mail_activity_returned"])

    def _close_corrections(self, event):
        """Accepted after all: what was returned before needs nobody now (D4)."""
        self.activity_feedback(
            ["invoice_send_client.mail_activity_returned"],
            feedback=event._get_words()[0],
        )
