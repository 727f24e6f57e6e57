from odoo import api, models
from odoo.tools import format_datetime

from ..tools import addresses, size


class AccountMoveSend(models.AbstractModel):
    """What the review window says of each document, in words (B8)."""

    # one model, several concerns: the rest stands in account_move_send_review.py
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _get_review_block(self, row, facts):
        """Say why a document can't be sent as the row stands (B8).

        :param row: ``ReviewRow`` or a record with the same names
        :param ReviewFacts facts: about all rows
        :return: the reason for the user, ``""`` where it can be sent
        :rtype: str
        """
        if reason := facts.constraints[row.move_id.id]:
            return reason
        if self._is_sent_meanwhile(row, facts):
            return self.env._("Sent by somebody while this window was open.")
        methods = set(row.sending_methods or [])
        if not methods:
            return self.env._("No way of sending applies to this customer.")
        if reason := self._get_row_method_problem(row, methods, facts):
            return reason
        if self._is_row_hopelessly_big(row, facts):
            return self.env._("Too big for the mail server: take out files.")
        return ""

    @api.model
    def _is_sent_meanwhile(self, row, facts):
        """:return: whether the document left since the window was opened, by another
            press of Send or by one that still waited then

        :param row: ``ReviewRow`` or a record with the same names
        :param ReviewFacts facts: about all rows
        """
        known, move_id = getattr(row, "last_line_id", None), row.move_id.id
        if known is None:
            return False
        if known.id != facts.last_lines.get(move_id, False):
            return True
        has_left = row.was_waiting and move_id not in facts.being_sent
        return has_left and known._has_left()

    @api.model
    def _get_row_method_problem(self, row, methods, facts):
        """:return: why none of the ways that are ticked leads to anybody, ``""`` where
        one does; a wrong address beside a good one stops all of them"""
        missed = []
        if "email" in methods and (problem := self._get_row_address_problem(row)):
            wrong, nobody = problem
            if wrong and addresses.parse(row.email_to)[0]:
                return wrong
            missed.append(wrong or nobody)
            methods = methods - {"email"}
        if "network" in methods:
            if reason := facts.network_problems[row.move_id.id]:
                missed.append(reason)
                methods = methods - {"network"}
        return "" if methods else " ".join(missed)

    @api.model
    def _get_row_address_problem(self, row):
        """:return: what is no address, and that there is none, in words; ``None``
        where the row has addresses and nothing else"""
        wrong = [
            piece
            for name in ("email_to", "email_cc", "email_bcc")
            for piece in addresses.parse(getattr(row, name))[1]
        ]
        if wrong:
            words = ", ".join(wrong)
            return self.env._("This is no e-mail address: %s", words), ""
        if not addresses.parse(row.email_to)[0]:
            return "", self.env._("No e-mail address: type one.")
        return None

    @api.model
    def _get_row_limit(self, row, facts):
        return facts.limits[row.move_id.company_id.id, row.mail_template_id.id]

    @api.model
    def _estimate_row_size(self, row, facts, document_mode=None):
        """:return: bytes of a row's message on the wire, rather too many

        :param str document_mode: with the PDF or without; as chosen if empty
        :rtype: int
        """
        if "email" not in (row.sending_methods or []):
            return 0
        sizes = [row.other_file_size] if row.other_file_size else []
        if (document_mode or row.document_mode) == "attachment":
            sizes.append(facts.pdf_sizes.get(row.move_id.id, size.PDF_ESTIMATE))
        return size.estimate_message_size(sizes)

    @api.model
    def _is_row_too_big(self, row, facts):
        return self._estimate_row_size(row, facts) > self._get_row_limit(row, facts)

    @api.model
    def _is_row_hopelessly_big(self, row, facts):
        """:return: whether not even a link in place of the PDF makes the mail fit"""
        can_shrink = not facts.link_problems[row.move_id.company_id.id]
        mode = "link" if can_shrink else row.document_mode
        return self._estimate_row_size(row, facts, mode) > self._get_row_limit(
            row, facts
        )

    @api.model
    def _get_review_warnings(self, row, facts):
        """Say what to think of before a document is sent (B7, B8).

        :param row: ``ReviewRow`` or a record with the same names
        :param ReviewFacts facts: about all rows
        :return: sentences for the user, and whether the row is better left unticked
        :rtype: tuple[list[str], bool]
        """
        move, warnings = row.move_id, []
        if facts.constraints[move.id]:
            return warnings, False
        bounced = self._describe_bounced(row, facts.bounced, facts.bounced_emails)
        if bounced:
            warnings.append(bounced)
        is_leaving = move.id in facts.being_sent
        if is_leaving:
            warnings.append(self._describe_leaving(facts.being_sent[move.id]))
        elif move.invoice_sent_datetime:
            warnings.append(self._describe_sent_before(move, facts))
        if deliveries := facts.perhaps_sent.get(move.id):
            warnings.append(self._describe_perhaps_sent(deliveries))
        warnings += self._get_network_warnings(row, facts)
        if self._is_row_for_nobody(row):
            warnings.append(self._describe_no_way())
        if "email" in (row.sending_methods or []):
            if self._is_row_too_big(row, facts):
                warnings.append(
                    self.env._("Too big for the mail server: a link goes in its place.")
                )
            warnings += self._get_language_warnings(row, facts.languages)
            warnings += self._get_company_warnings(row, facts)
        return warnings, bool(bounced or is_leaving)

    @api.model
    def _get_company_warnings(self, row, facts):
        """:return: what is wrong with the company's link and sender, as sentences

        :param row: ``ReviewRow`` or a record with the same names
        """
        company_id = row.move_id.company_id.id
        warnings = [facts.sender_problems[company_id]]
        if row.document_mode == "link" and facts.link_problems[company_id]:
            problem = facts.link_problems[company_id]
            warnings.append(self.env._("Clients can't open the link: %s", problem))
        return list(filter(None, warnings))

    @api.model
    def _is_row_for_nobody(self, row):
        """:return: whether a document is handed over by hand, and by no other way

        :param row: ``ReviewRow`` or a record with the same names
        """
        return set(row.sending_methods or []) == {"manual"} and not row.extra_edis

    @api.model
    def _describe_no_way(self):
        """:return: what becomes of a document that is handed over by hand"""
        return self.env._("Goes to nobody: only the PDF is made.")

    @api.model
    def _get_network_warnings(self, row, facts):
        """:return: sentences on which of the ways that are ticked lead to nobody, and
        on a company of this database that takes nothing"""
        methods = row.sending_methods or []
        problem = facts.network_problems[row.move_id.id]
        if not problem and "network" in methods and "email" in methods:
            if not addresses.parse(row.email_to)[0]:
                words = self.env._(
                    "Goes by the client network only: no e-mail address."
                )
                wrong, _nobody = self._get_row_address_problem(row)
                return [words, *filter(None, [wrong])]
        is_told = "network" in methods or row.move_id.id in facts.database_customers
        return [problem] if problem and is_told else []

    @api.model
    def _describe_bounced(self, row, bounced, bounced_emails):
        """Say what came back before; ``""`` where nothing did.

        :param row: ``ReviewRow`` or a record with the same names
        :param set bounced: ids of documents that came back, see ``ReviewFacts``
        :param set bounced_emails: addresses whose last mail bounced
        """
        if "email" not in (row.sending_methods or []):
            return ""
        emails = [
            email
            for name in ("email_to", "email_cc")
            for _name, email in addresses.parse(getattr(row, name))[0]
        ]
        back = [email for email in emails if email in bounced_emails]
        if back:
            return self.env._("Mail to %s came back before.", ", ".join(back))
        if row.move_id.id in bounced:
            sent_to = addresses.parse(row.move_id.invoice_delivery_recipients)[0]
            if {found.email for found in sent_to} & set(emails):
                return self.env._("This document came back before.")
        return ""

    @api.model
    def _describe_leaving(self, until):
        """:return: when a document leaves that somebody has pressed Send on

        :param datetime until: not before; empty: it is leaving
        """
        if not until:
            return self.env._("Being sent now.")
        time = format_datetime(self.env, until, dt_format="short")
        return self.env._("Waits to be sent on %s.", time)

    @api.model
    def _describe_sendings(self, count, last, recipients):
        """:return: how often a document went, when and to whom

        :param int count: sendings
        :param datetime last: of the last one
        :param str recipients: of all of them
        """
        time = format_datetime(self.env, last, dt_format="short")
        values = {"count": count, "time": time, "addresses": recipients}
        if count > 1:
            return self.env._(
                "Sent %(count)s times, last on %(time)s, to %(addresses)s.", **values
            )
        return self.env._("Sent on %(time)s to %(addresses)s.", **values)

    @api.model
    def _describe_sent_before(self, move, facts):
        """:return: when and to whom a document went

        :param ReviewFacts facts: about all rows
        """
        count, last = facts.sendings.get(move.id, (1, move.invoice_sent_datetime))
        recipients = move._get_invoice_recipients_text()
        sentence = self._describe_sendings(count, last, recipients)
        if not move.invoice_view_datetime:
            return sentence
        look = format_datetime(self.env, move.invoice_view_datetime, dt_format="short")
        viewed = self.env._("Viewed on %s.", look)
        return f"{sentence} {viewed}"

    @api.model
    def _describe_perhaps_sent(self, deliveries):
        """:return: when and to whom a mail left that may have arrived

        :param deliveries: of one document, see :meth:`_find_perhaps_sent`
        """
        last = max(d.last_attempt_datetime or d.create_date for d in deliveries)
        sentence = self.env._(
            "The mail of %(time)s to %(addresses)s may have arrived.",
            time=format_datetime(self.env, last, dt_format="short"),
            addresses=deliveries._list_recipients(),
        )
        names = ("view_datetime", "accept_datetime", "return_datetime")
        looks = [d[name] for d in deliveries for name in names if d[name]]
        if not looks:
            return sentence
        look = format_datetime(self.env, min(looks), dt_format="short")
        viewed = self.env._("Viewed on %s.", look)
        return f"{sentence} {viewed}"

    @api.model
    def _get_language_warnings(self, row, installed):
        """:return: a sentence where the letter is not in the customer's language

        :param row: ``ReviewRow`` or a record with the same names
        :param dict installed: names of the installed languages, by code
        """
        lang = row.move_id.partner_id.lang
        if not lang or lang in installed:
            return []
        return [
            self.env._(
                "The customer's language (%(wanted)s) is not installed: the letter is "
                "in %(language)s.",
                wanted=lang,
                language=installed.get(row.mail_lang, row.mail_lang),
            )
        ]
