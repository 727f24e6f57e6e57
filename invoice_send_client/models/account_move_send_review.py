from collections import defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import ClassVar

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.func import lazy

from ..const import ANSWERS, DELIVERY_PROGRESS
from ..tools import addresses, size

#: Documents that are named one by one where something stands against all of them.
NAMED_DOCUMENTS = 10
#: States that a delivery reaches only by what the client's side did.
REACHED_STATES = {*DELIVERY_PROGRESS, *ANSWERS} - {"outgoing", "sent"}


@dataclass
class ReviewRow:
    """What the review window shows and may change of one document.

    Also read off a record of ``account.move.send.batch.wizard.line``: the names are the
    same.
    """

    #: what a line of the window takes over as it is
    PLAIN_FIELDS: ClassVar = (
        "sending_methods",
        "extra_edis",
        "invoice_edi_format",
        "mail_lang",
        "document_mode",
        "mail_partner_ids",
        "email_to",
        "email_cc",
        "email_bcc",
        "other_file_size",
    )

    move_id: object
    constraint: str = ""
    sending_methods: list = field(default_factory=list)
    extra_edis: list = field(default_factory=list)
    invoice_edi_format: str = ""
    mail_template_id: object = None
    mail_lang: str = ""
    document_mode: str = "link"
    mail_partner_ids: list = field(default_factory=list)
    email_to: str = ""
    email_cc: str = ""
    email_bcc: str = ""
    other_file_size: int = 0


@dataclass
class ReviewFacts:
    """What is stored about all rows, read in a handful of queries.

    :param constraints: why a document can't be sent at all, by id
    :param being_sent: until when a document waits that is under way, by id; ``False``
        where it leaves now
    :param sendings: how often a document was sent, and when last, by id
    :param perhaps_sent: deliveries that may have arrived, by document id
    :param bounced: ids of the documents that a mail server sent back
    :param bounced_emails: addresses (ASCII) whose last mail bounced
    :param pdf_sizes: bytes of the legal PDFs that are bigger than usual, by id
    :param limits: bytes that the mail server takes, by ids of company and letter
    :param link_problems: why clients can't open a link now, in words, by company id
    :param sender_problems: why the mail server refuses or rewrites the sender, in
        words, by company id
    :param last_lines: ids of the documents' last sendings, by id
    :param languages: names of the installed languages, by code
    :param network_problems: why nobody gets a document inside the system, by id, ``""``
        where somebody does
    :param database_customers: ids of the documents whose customer is a company of this
        database
    """

    constraints: dict
    being_sent: dict
    sendings: dict
    perhaps_sent: dict
    bounced: set
    bounced_emails: set
    pdf_sizes: dict
    limits: dict
    link_problems: dict
    sender_problems: dict
    last_lines: dict
    languages: dict
    network_problems: dict
    database_customers: set


class AccountMoveSend(models.AbstractModel):
    """Looks at many documents before they are sent, without a query for each (B8).

    Nothing here renders a letter, asks the internet or writes: what is stored says
    what would become of each document.
    """

    # one pipeline, several concerns in files of their own
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    # -- what each document would do by default ----------------------------------------

    @api.model
    def _prepare_review_rows(self, moves):
        """Say what Send would do with each document.

        :param moves: ``account.move``, any
        :return: a row for each document, in their order
        :rtype: list[ReviewRow]
        """
        rows = {}
        with self._ask_no_network(moves):
            for company, own in moves.grouped("company_id").items():
                rows.update(self._prepare_company_rows(company, own))
        rows = [rows[move_id] for move_id in moves.ids]
        self._fill_review_letters(rows)
        # those without a way of sending too: the user may give them one
        self._fill_review_addresses([row for row in rows if not row.constraint])
        return rows

    @api.model
    def _prepare_company_rows(self, company, moves):
        """:return: rows of one company's documents by document id, without letters"""
        # Apps look at a document in its company. In it already, none of them makes a
        # new environment for each document.
        Send, mode = self.with_company(company), company._get_invoice_document_mode()
        return {
            move.id: Send._prepare_review_row(move, mode)
            for move in moves.with_company(company)
        }

    @api.model
    def _prepare_review_row(self, move, document_mode):
        # Every app is asked about every document: any of them may look at what two
        # documents of a customer differ in, such as amount, lines or its own state.
        row = ReviewRow(move_id=move, document_mode=document_mode)
        row.constraint = self._get_constraint(move)
        if row.constraint:
            return row
        row.extra_edis = sorted(self._get_default_extra_edis(move))
        methods = self._get_default_sending_methods(move)
        row.invoice_edi_format = self._get_default_invoice_edi_format(
            move, sending_methods=methods
        )
        row.sending_methods = [
            method
            for method in sorted(methods)
            if self._is_review_method_applicable(method, move, row)
        ]
        return row

    @api.model
    def _is_review_method_applicable(self, method, move, row):
        """:return: whether a method stays ticked; e-mail is told by its addresses"""
        if not self._is_applicable_to_company(method, move.company_id):
            return False
        return method in ("email", "manual") or self._is_applicable_to_move(
            method,
            move,
            invoice_edi_format=row.invoice_edi_format,
            extra_edis=row.extra_edis,
        )

    @api.model
    def _fill_review_letters(self, rows):
        """Choose language and letter: the same for documents that are alike."""
        found = {}
        for row in rows:
            move = row.move_id
            key = (move.company_id.id, move.move_type, move.partner_id.lang)
            if key not in found:
                template = self._get_default_mail_template_id(move)
                lang = self._get_default_mail_lang(move, template)
                # sudo: the size of files that go with the letter
                files = template.sudo().attachment_ids
                found[key] = template, lang, sum(files.mapped("file_size"))
            row.mail_template_id, row.mail_lang, row.other_file_size = found[key]

    @api.model
    def _fill_review_addresses(self, rows):
        """Fill in To and CC as the one-document window would, in bulk."""
        by_letter = defaultdict(list)
        for row in rows:
            by_letter[row.mail_template_id.id, row.mail_lang].append(row)
        for (_template_id, lang), alike in by_letter.items():
            moves = self.env["account.move"].union(*(row.move_id for row in alike))
            template = alike[0].mail_template_id
            lines = self._get_default_address_lines_by_move(moves, template, lang)
            for row in alike:
                for name, value in lines[row.move_id.id].items():
                    setattr(row, name, value)

    @api.model
    def _get_default_address_lines_by_move(self, moves, template, lang):
        """Give what ``_get_default_address_lines`` gives, for many documents.

        :param moves: documents with the same letter and language
        :return: ``mail_partner_ids``, ``email_to`` and ``email_cc`` by document id
        :rtype: dict[int, dict]
        """
        if template.use_default_to or not template:
            return self._get_customer_address_lines(moves)
        texts = {
            name: self._render_review_field(template, lang, moves, name)
            for name in ("partner_to", "email_to", "email_cc")
        }
        result = {}
        for move in moves:
            # sudo: as natively, the letter may name contacts that the user can't read
            partners = self.env["res.partner"].sudo()
            if template.partner_to:
                partner_to = texts["partner_to"][move.id]
                ids = template._parse_partner_to(partner_to)
                partners = partners.browse(ids).exists().filtered("email")
            to = self._get_address_line(partners)
            result[move.id] = {
                "mail_partner_ids": partners.ids,
                "email_to": addresses.join(to, texts["email_to"][move.id]),
                "email_cc": addresses.join(texts["email_cc"][move.id]),
            }
        return result

    @api.model
    def _render_review_field(self, template, lang, moves, name):
        """:return: a field of the letter by document, empty where it is empty or where
        the letter does not render: that is told when the letter is written"""
        if not template[name]:
            return dict.fromkeys(moves.ids)
        # sudo: as natively, users need no right on letters to send them
        template = template.sudo().with_context(lang=lang)
        try:
            return template._render_field(name, moves.ids)
        except Exception:
            return dict.fromkeys(moves.ids)

    @api.model
    def _get_customer_address_lines(self, moves):
        """:return: as :meth:`_get_default_address_lines_by_move`: the customers' own

        One document of each customer is asked about: Odoo looks at the contacts of a
        document and at its own addresses, and documents are alike that have the same.
        """
        emails = [
            name
            for name, field in moves._fields.items()
            if "email" in name and field.type == "char"
        ]
        names = ["company_id", *moves._mail_get_partner_fields(), *emails]
        alike = moves.grouped(itemgetter(*names))
        asked = moves.browse(same.ids[0] for same in alike.values())
        found, result = asked._message_get_default_recipients(), {}
        for move, same in zip(asked, alike.values(), strict=True):
            values = self._get_customer_address_line(moves, found[move.id])
            result.update(dict.fromkeys(same.ids, values))
        return result

    @api.model
    def _get_customer_address_line(self, moves, found):
        """:return: To and its contacts, from what Odoo found for one document

        :param moves: all documents, whose contacts are read at once
        :param dict found: from ``_message_get_default_recipients``
        """
        partners = self.env["res.partner"].browse(found["partner_ids"])
        partners = partners.with_prefetch(moves.partner_id.ids)
        known = partners.filtered("email")
        to = self._get_address_line(known)
        return {
            "mail_partner_ids": known.ids,
            "email_to": to
            or addresses.join(found["email_to"], *partners.mapped("email")),
        }

    @api.model
    def _get_review_letter(self, move, lang):
        """:return: the letter for a language that the user chose in a row

        :param move: the document
        :param str lang: code of an installed language
        :rtype: mail.template
        """
        letter, _lang = self._get_default_letter(move, lang)
        template = letter.mail_template_id.with_env(self.env)
        return template or self._get_default_mail_template_id(move)

    @api.model
    def _get_method_labels(self):
        """:return: how each way of sending is called on the screen, by key

        :rtype: dict[str, str]
        """
        fields_info = self.env["ir.model.fields"]
        methods = fields_info.get_field_selection(
            "res.partner", "invoice_sending_method"
        )
        edis = self._get_all_extra_edis()
        return {
            **dict(methods),
            **{key: values["label"] for key, values in edis.items()},
        }

    @api.model
    def _get_short_method_labels(self):
        """:return: as :meth:`_get_method_labels`, the usual ways in a word or two

        :rtype: dict[str, str]
        """
        return {
            **self._get_method_labels(),
            "email": self.env._("E-mail"),
            "network": self.env._("network"),
        }

    # -- what stands against it --------------------------------------------------------

    @api.model
    def _get_review_facts(self, rows):
        """Read what is known about the rows' documents and addresses.

        :param rows: ``ReviewRow`` or records with the same names
        :rtype: ReviewFacts
        """
        moves = self.env["account.move"].union(*(row.move_id for row in rows))
        bounced, bounced_emails = self._find_bounced(moves, self._get_emails(rows))
        return ReviewFacts(
            constraints={
                row.move_id.id: row.constraint
                if isinstance(row, ReviewRow)
                else self._get_constraint(row.move_id)
                for row in rows
            },
            being_sent=self._find_being_sent(moves),
            # not asked for where nobody is warned
            sendings=lazy(self._find_sendings, moves),
            perhaps_sent=lazy(self._find_perhaps_sent, moves),
            bounced=bounced,
            bounced_emails=bounced_emails,
            pdf_sizes=self._find_big_pdfs(moves),
            limits=self._get_review_size_limits(rows),
            **self._get_company_facts(moves.company_id),
            last_lines=moves._get_last_send_line_ids(),
            languages=dict(self.env["res.lang"].get_installed()),
            **self._get_network_facts(moves),
        )

    @api.model
    def _get_company_facts(self, companies):
        """:return: what ``ReviewFacts`` says of companies, by its names"""
        template = self.env["mail.template"]
        return {
            "link_problems": {c.id: c._get_invoice_link_problem() for c in companies},
            "sender_problems": {
                c.id: self._get_email_from_problem(c, template) for c in companies
            },
        }

    @api.model
    def _get_emails(self, rows):
        """:return: the addresses in To and CC of all rows"""
        lines = {row.email_to for row in rows} | {row.email_cc for row in rows}
        return {email for line in lines for _name, email in addresses.parse(line)[0]}

    @api.model
    def _find_being_sent(self, moves):
        """:return: see ``ReviewFacts.being_sent``"""
        own = ("move_id", "in", moves.ids)
        # sudo: who may open the window may know that the document is being sent
        deliveries, lines = (
            self.env[name].sudo()
            for name in ("invoice.delivery", "invoice.send.run.line")
        )
        leaving = [
            own,
            ("is_current", "=", True),
            ("state", "=", "outgoing"),
            ("failure_reason", "=", False),
        ]
        # what goes by other ways than mail has no recipients
        unmailed = [own, ("state", "=", "waiting"), ("delivery_ids", "=", False)]
        due = "next_attempt_datetime"
        asked = ["move_id"], ["__count", f"{due}:count", f"{due}:min"]
        groups = deliveries._read_group(leaving, *asked)
        groups += lines._read_group(unmailed, *asked)
        now, being_sent = fields.Datetime.now(), {}
        for move, count, timed, first in groups:
            until = first if timed == count and first > now else False
            known = being_sent.get(move.id, until)
            # what leaves now comes before what waits
            being_sent[move.id] = known and until and min(known, until)
        return being_sent

    @api.model
    def _find_sendings(self, moves):
        """:return: see ``ReviewFacts.sendings``"""
        # sudo: who may open the window may know when the document was sent
        groups = (
            self.env["invoice.delivery"]
            .sudo()
            ._read_group(
                [
                    ("move_id", "in", moves.ids),
                    ("is_current", "=", True),
                    ("sent_datetime", "!=", False),
                ],
                ["move_id"],
                ["line_id:count_distinct", "sent_datetime:max"],
            )
        )
        return {move.id: (max(count, 1), last) for move, count, last in groups}

    @api.model
    def _find_perhaps_sent(self, moves):
        """Find what may have arrived, though no mail server said that it took it (B5).

        :return: ``invoice.delivery`` by document id
        :rtype: dict[int, object]
        """
        # who has the link has the mail
        came = Domain("state", "in", REACHED_STATES)
        domain = (
            Domain("move_id", "in", moves.ids)
            & Domain("is_current", "=", True)
            & Domain("sent_datetime", "=", False)
            & (came | Domain("failure_type", "=", "unknown"))
        )
        # sudo: who may open the window may know that it may have arrived
        deliveries = self.env["invoice.delivery"].sudo()
        found = deliveries.search_fetch(
            domain, ["move_id", "email", "sending_method", "last_attempt_datetime"]
        )
        return {move.id: own for move, own in found.grouped("move_id").items()}

    @api.model
    def _find_bounced(self, moves, emails):
        """:return: ids of documents that came back, and addresses whose last mail did

        :param moves: the documents
        :param set emails: the addresses that they would go to
        :rtype: tuple[set[int], set[str]]
        """
        # sudo: who may open the window may know that a mail came back
        deliveries = self.env["invoice.delivery"].sudo()
        bounced = [("company_id", "in", moves.company_id.ids), ("state", "=", "bounce")]
        documents = deliveries._read_group(
            [*bounced, ("move_id", "in", moves.ids), ("is_current", "=", True)],
            ["move_id"],
        )
        back = dict(deliveries._read_group(bounced, ["email"], ["id:max"]))
        back = {email: last for email, last in back.items() if email in emails}
        later = deliveries._find_last_by_email(moves.company_id, back)
        # Odoo's own count, which every mail of the customer clears
        counted = moves.partner_id.filtered("message_bounce").mapped("email_normalized")
        return (
            {move.id for (move,) in documents},
            {email for email in back if back[email] == later[email]} | set(counted),
        )

    @api.model
    def _find_big_pdfs(self, moves):
        """:return: bytes of the legal PDFs that are bigger than the usual estimate"""
        # sudo: the size of files of documents that the user may send
        files = (
            self.env["ir.attachment"]
            .sudo()
            .search_fetch(
                [
                    ("res_model", "=", "account.move"),
                    ("res_field", "=", "invoice_pdf_report_file"),
                    ("res_id", "in", moves.ids),
                    ("file_size", ">", size.PDF_ESTIMATE),
                ],
                ["res_id", "file_size"],
            )
        )
        return {file.res_id: file.file_size for file in files}

    @api.model
    def _get_review_size_limits(self, rows):
        """:return: bytes that the server takes by which a letter leaves, by ids of
            company and letter

        :rtype: dict[tuple[int, int], float]
        """
        limits = {}
        for row in rows:
            company, template = row.move_id.company_id, row.mail_template_id
            key = company.id, template.id
            if key not in limits:
                limits[key] = self._get_size_limit_of_letter(company, template)
        return limits

    @api.model
    def _get_size_limit_of_letter(self, company, template):
        """:return: bytes that the server takes by which a letter leaves

        :param company: whose document it is
        :param template: ``mail.template``, may be empty
        """
        server = self._get_invoice_mail_server(company, template)
        return server._get_max_email_size() * size.MEGABYTE

    @api.model
    def _get_constraint(self, move):
        """:return: why a document can't be sent at all, ``""`` where it can"""
        return next(iter(self._get_move_constraints(move).values()), "")

    @api.model
    def _get_first_sendable(self, moves):
        """Refuse a selection in which no document can be sent at all.

        :param moves: ``account.move``
        :return: the first document that can be sent
        :raise UserError: with each document's reason
        """
        reasons = defaultdict(list)
        for move in moves:
            reason = self._get_constraint(move)
            if not reason:
                return move
            reasons[reason].append(move.display_name)
        if len(moves) == 1:
            raise UserError(next(iter(reasons)))
        if reasons:
            raise UserError(
                "\n".join(
                    f"{self._name_some(names)}: {reason}"
                    for reason, names in reasons.items()
                )
            )
        return moves

    @api.model
    def _name_some(self, names):
        """:return: documents in one line, the first by name, the others counted

        :param list[str] names: of the documents
        """
        named = names[:NAMED_DOCUMENTS]
        if len(names) > NAMED_DOCUMENTS:
            named.append(self.env._("and %s more", len(names) - NAMED_DOCUMENTS))
        return ", ".join(named)
