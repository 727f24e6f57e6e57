import contextlib
from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import formataddr

from ..tools import addresses
from .invoice_send_run_line import DocumentsError


class AccountMoveSend(models.AbstractModel):
    """Odoo's own sending, with one mail a recipient in place of a notification."""

    _inherit = "account.move.send"

    # -- defaults --------------------------------------------------------------------

    @api.model
    def _get_default_sending_methods(self, move) -> set:
        # EXTENDS 'account'
        if self._is_setting_given("sending_methods"):
            return set()
        methods = super()._get_default_sending_methods(move)
        company = move.company_id
        customer = move.commercial_partner_id.with_company(company)
        if customer.invoice_sending_method or company.invoice_email_by_default:
            return methods
        return methods - {"email"}

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS 'account'
        lines = custom_settings.pop("invoice_send_lines", ())
        for line in lines and lines.filtered(lambda line: line.move_id == move):
            custom_settings = {**line._get_sending_settings(), **custom_settings}
        # natively the letter is rendered whether it is needed or not
        Send = self.with_context(invoice_send_given=frozenset(custom_settings))
        settings = super(AccountMoveSend, Send)._get_default_sending_settings(
            move, from_cron=from_cron, **custom_settings
        )
        for key in ("invoice_send_line", "previous_line_id"):
            if key in custom_settings:
                settings[key] = custom_settings[key]
        if "email" in settings["sending_methods"]:
            if "invoice_send_line" in custom_settings:
                return {**custom_settings, **settings}
            defaults = self._get_default_delivery_settings(move, settings)
            if "mail_partner_ids" not in custom_settings:
                defaults.update(self._get_default_address_lines(move, settings))
            for key, value in defaults.items():
                settings[key] = custom_settings.get(key, value)
        return settings

    @api.model
    def _is_setting_given(self, name):
        """:return: whether a setting was chosen, so that its default is of no use"""
        return name in self.env.context.get("invoice_send_given", ())

    @api.model
    def _get_default_pdf_report_id(self, move):
        # EXTENDS 'account'
        kept = self.env.context.get("invoice_send_reports")
        if kept is None:
            return super()._get_default_pdf_report_id(move)
        # natively looked up three times a document
        if move.id not in kept:
            kept[move.id] = super()._get_default_pdf_report_id(move)
        return kept[move.id]

    @api.model
    def _get_default_extra_edis(self, move) -> set:
        # EXTENDS 'account'
        if self._is_setting_given("extra_edis"):
            return set()
        return super()._get_default_extra_edis(move)

    @api.model
    def _get_default_mail_body(self, move, mail_template, mail_lang):
        # EXTENDS 'account'
        if self._is_setting_given("mail_body"):
            return ""
        return super()._get_default_mail_body(move, mail_template, mail_lang)

    @api.model
    def _get_default_mail_subject(self, move, mail_template, mail_lang):
        # EXTENDS 'account'
        if self._is_setting_given("mail_subject"):
            return ""
        return super()._get_default_mail_subject(move, mail_template, mail_lang)

    @api.model
    def _get_default_mail_attachments_widget(
        self,
        move,
        mail_template,
        invoice_edi_format=None,
        extra_edis=None,
        pdf_report=None,
    ):
        # EXTENDS 'account'
        if self._is_setting_given("mail_attachments_widget"):
            return []
        return super()._get_default_mail_attachments_widget(
            move,
            mail_template,
            invoice_edi_format=invoice_edi_format,
            extra_edis=extra_edis,
            pdf_report=pdf_report,
        )

    @api.model
    def _get_placeholder_mail_template_dynamic_attachments_data(
        self, move, mail_template, pdf_report=None
    ):
        # EXTENDS 'account'
        if not mail_template.report_template_ids:
            return []  # natively three things are looked up to find that out
        return super()._get_placeholder_mail_template_dynamic_attachments_data(
            move, mail_template, pdf_report=pdf_report
        )

    @api.model
    def _get_default_delivery_settings(self, move, settings):
        """Give what this addon adds to the settings of one document.

        :param move: the document
        :param dict settings: native settings, with ``mail_partner_ids``
        :return: values of ``document_mode``, ``email_from`` and the address lines
        :rtype: dict
        """
        partners = self.env["res.partner"].browse(settings.get("mail_partner_ids"))
        user = self._get_pressing_user(settings["author_user_id"])
        return {
            "document_mode": move.company_id._get_invoice_document_mode(),
            "email_from": self._get_default_email_from(move, user),
            "email_to": self._get_address_line(partners),
            "email_cc": "",
            "email_bcc": "",
        }

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        # OVERRIDE 'account'
        if self._is_setting_given("mail_partner_ids"):
            return self.env["res.partner"]
        # contacts that exist; natively every address that a letter names becomes one
        partners = self.env["res.partner"].with_company(move.company_id)
        if mail_template.use_default_to:
            partners |= partners.browse(
                move._message_get_default_recipients()[move.id]["partner_ids"]
            )
        elif mail_template.partner_to:
            partner_to = self._get_mail_default_field_value_from_template(
                mail_template, mail_lang, move, "partner_to"
            )
            # sudo: as natively, the letter may name contacts that the user can't read
            partners |= (
                partners.sudo()
                .browse(mail_template._parse_partner_to(partner_to))
                .exists()
            )
        if self.env.context.get("allow_partners_without_mail"):
            return partners
        return partners.filtered("email")

    @api.model
    def _get_default_address_lines(self, move, settings):
        """Give the address lines that the customer's card and the letter ask for.

        :param move: the document
        :param dict settings: ``mail_template``, ``mail_lang`` and ``mail_partner_ids``
        :return: ``email_to`` and ``email_cc``; what is no address stays as it is
            written there, so that the user sees it
        :rtype: dict[str, str]
        """
        template, lang = settings["mail_template"], settings["mail_lang"]
        partners = self.env["res.partner"].browse(settings["mail_partner_ids"])
        to, cc = self._get_address_line(partners), ""
        if template.use_default_to:
            defaults = move._message_get_default_recipients()[move.id]
            to = to or addresses.join(defaults["email_to"], *partners.mapped("email"))
        elif template:
            render = self._get_mail_default_field_value_from_template
            to = addresses.join(to, render(template, lang, move, "email_to"))
            cc = addresses.join(render(template, lang, move, "email_cc"))
        return {"email_to": to, "email_cc": cc}

    @api.model
    def _get_pressing_user(self, user_id):
        """:return: the user whose name a letter bears; empty where nobody pressed Send

        :param int user_id: who is said to send: OdooBot for what runs by itself, a
            portal user for what is paid online
        """
        # sudo: only whether the user is a colleague, and then the name, is used
        user = self.env["res.users"].sudo().browse(user_id)
        return user if user.active and not user.share else user.browse()

    @api.model
    def _get_address_line(self, partners):
        """:return: the partners' addresses with their names, divided by ``;``; what is
            no address on a card comes last, as it stands there, so that it is seen

        :rtype: str
        """
        found, wrong = {}, []
        for partner in partners:
            read, strange = addresses.parse(partner.email)
            wrong += strange
            for name, email in read:
                address = addresses.Address(name or partner.name or "", email)
                found.setdefault(email, address)
        return "; ".join([address.shown for address in found.values()] + wrong)

    @api.model
    def _get_default_email_from(self, move, user, name=None):
        """Write the From of a letter (requirements D6).

        :param move: the document
        :param user: who sends, empty where nobody pressed Send
        :param str name: the name chosen in the window for this sending
        :return: formatted address, or ``""``: Odoo's own choice
        :rtype: str
        """
        default_name, email = move.company_id._get_invoice_sender(user)
        one_line = " ".join((name or default_name).split())
        return formataddr((one_line, email)) if email else ""

    @api.model
    def _get_invoice_mail_server(self, company, template):
        """Say which server a letter leaves by.

        :param company: whose document it is
        :param template: ``mail.template``, may be empty
        :return: the server; empty for the one of Odoo's configuration file
        :rtype: ir.mail_server
        """
        # sudo: users can't read mail servers; callers give away single figures of them
        company, template = company.sudo(), template.sudo()
        if server := company.invoice_mail_server_id or template.mail_server_id:
            return server
        servers = template.mail_server_id.search(
            [("owner_user_id", "=", False)], order="sequence"
        )
        if not servers:
            return servers
        sender = company._get_invoice_sender(self.env.user)[1]
        server, _email = servers._find_mail_server(sender, servers)
        return server or servers.browse()

    @api.model
    def _get_email_from_problem(self, company, template):
        """:return: whether the mail server refuses or rewrites the sender, in words

        :param company: whose documents they are
        :param template: ``mail.template``, may be empty
        :rtype: str | bool
        """
        server = self._get_invoice_mail_server(company, template)
        allowed = server.from_filter if server else server._get_default_from_filter()
        email = company._get_invoice_sender(self.env.user)[1]
        matches = not email or server._match_from_filter(email, allowed)
        return not matches and self.env._(
            "The mail server sends only for %(allowed)s. Clients may see another "
            "sender, or their mail program takes it for forged.",
            allowed=allowed,
        )

    # -- what may be sent --------------------------------------------------------------

    @api.model
    def _get_move_constraints(self, move):
        # EXTENDS 'account'
        constraints = super()._get_move_constraints(move)
        if "not_posted" in constraints:
            words = {
                "draft": self.env._("A draft: confirm it first."),
                "cancel": self.env._("Cancelled."),
            }
            constraints["not_posted"] = words[move.state]
        if "not_sale_document" in constraints:
            constraints["not_sale_document"] = self.env._(
                "This is no document for a customer: it can't be sent to a client."
            )
        return constraints

    # -- which method applies ----------------------------------------------------------

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        # EXTENDS 'account'
        if method == "email" and move_data.get("email_to"):
            return True  # typed addresses need no contact
        return super()._is_applicable_to_move(method, move, **move_data)

    @api.model
    @contextlib.contextmanager
    def _ask_no_network(self, moves):
        """Let only what is stored say which methods apply, until the block ends.

        As soon as Peppol's app is asked whether it applies, it looks customers up on
        the internet that it does not know yet, and writes the answer on them. To open
        a window must do neither: in here they count as not on the network.

        :param moves: the documents that are asked about
        """
        unknown = self._get_unknown_on_network(moves)
        for partner in unknown:
            # in the cache alone, to be forgotten below
            partner._fields["peppol_verification_state"]._update_cache(
                partner, "not_valid"
            )
        try:
            yield
        finally:
            for partner in unknown:
                partner.invalidate_recordset(["peppol_verification_state"], flush=False)

    @api.model
    def _get_unknown_on_network(self, moves):
        """:return: the customers that were never looked up on Peppol's network, each
            in its document's company

        :rtype: list
        """
        if "peppol_verification_state" not in self.env["res.partner"]._fields:
            return []  # account_peppol is not installed
        moves.commercial_partner_id.flush_recordset(["peppol_verification_state"])
        return [
            partner
            for company, own in moves.grouped("company_id").items()
            for partner in own.commercial_partner_id.with_company(company)
            if partner.peppol_verification_state in (False, "not_verified")
        ]

    # -- documents ---------------------------------------------------------------------

    @api.model
    def _generate_invoice_documents(self, invoices_data, allow_fallback_pdf=False):
        # EXTENDS 'account'
        try:
            return super()._generate_invoice_documents(
                invoices_data, allow_fallback_pdf=allow_fallback_pdf
            )
        except UserError as error:
            # Peppol's app raises what its service answers; the PDF's own errors are
            # in the data already
            if not all(
                data.get("invoice_send_line") for data in invoices_data.values()
            ):
                raise
            raise DocumentsError(str(error)) from error

    @api.model
    def _hook_if_errors(self, moves_data, allow_raising=True):
        # EXTENDS 'account'
        for move_data in moves_data.values():
            if isinstance(move_data["error"], str):
                # some e-invoices give bare text, which Odoo can't format
                move_data["error"] = {"error_title": move_data["error"]}
            line = move_data.get("invoice_send_line")
            # a mail that left without the PDF has not failed: the chatter tells it
            if line and line.state == "waiting":
                error = move_data["error"]
                failure_type = error.get("failure_type", "edi")
                line._set_failed(failure_type, self._format_error_text(error))
        return super()._hook_if_errors(moves_data, allow_raising=allow_raising)

    # -- mail --------------------------------------------------------------------------

    @api.model
    def _send_mails(self, moves_data):
        # OVERRIDE 'account'
        # One mail a recipient, each with a link of its own and a verdict of its own,
        # in place of one notification that carries an access token to everybody.
        self._generate_reports_of_letters(moves_data)
        runs = self._create_runs_for_unforeseen(moves_data)
        lines = {line.move_id.id: line for line in runs.line_ids}
        values = {}
        for move, move_data in moves_data.items():
            line = move_data.get("invoice_send_line") or lines[move.id]
            if line.state != "failed":
                values[line] = self._get_letter_values(move, move_data, line)
        # sudo: the records of a sending have no writer but the sending
        self.env["invoice.send.run.line"].sudo()._post_letters(values)
        if runs:
            runs._start()

    @api.model
    def _generate_reports_of_letters(self, moves_data):
        """Print what letters add, in their languages, where it has none of its own.

        :param dict moves_data: settings by document
        """
        by_lang = defaultdict(dict)
        for move, move_data in moves_data.items():
            by_lang[move_data.get("mail_lang")][move] = move_data
        for lang, some in by_lang.items():
            letters = self.with_context(lang=lang) if lang else self
            letters._generate_dynamic_reports(some)

    @api.model
    def _create_runs_for_unforeseen(self, moves_data):
        """Write what other apps send without our window, one run a company (B28).

        :param dict moves_data: settings by document
        :return: the runs, empty when all documents come from a run
        :rtype: invoice.send.run
        """
        by_company = defaultdict(dict)
        for move, move_data in moves_data.items():
            if not move_data.get("invoice_send_line"):
                by_company[move.company_id][move] = move_data
        # sudo: the records of a sending have no reader but accountants
        runs = self.env["invoice.send.run"].sudo()
        for company_data in by_company.values():
            run = runs._create_for_moves(company_data)
            run.line_ids._tell_missing_recipients(company_data)
            runs |= run
        return runs

    @api.model
    def _get_letter_values(self, move, move_data, line):
        """:return: what ``message_post`` needs besides what the line says

        :param move: the document
        :param dict move_data: its settings
        :param line: ``invoice.send.run.line``
        :rtype: dict
        """
        if line.document_mode == "link":
            move_data = self._leave_out_pdf(move, move_data)
        params = self._get_mail_params(move, move_data)
        files = params["attachments"]
        proforma = move_data.get("proforma_pdf_attachment")
        if proforma and line.document_mode == "attachment":
            files.append((proforma.name, proforma.raw))
        return {
            "author_id": params["author_id"],
            "attachments": files,
            "email_from": line.email_from or self._get_native_email_from(move, line),
        }

    @api.model
    def _get_native_email_from(self, move, line):
        """:return: the From that Odoo would use: the letter's own, or the author's"""
        template, lang = line.mail_template_id, line.mail_lang
        return (
            self._get_mail_default_field_value_from_template(
                template, lang, move, "email_from"
            )
            or None
        )

    @api.model
    def _leave_out_pdf(self, move, move_data):
        """:return: the settings with the invoice's PDF unticked: the link leads to it

        :param move: the document
        :param dict move_data: its settings
        :rtype: dict
        """
        pdf = {"id": "link", "name": move.invoice_pdf_report_id.name, "skip": True}
        widget = move_data.get("mail_attachments_widget") or []
        return {**move_data, "mail_attachments_widget": [*widget, pdf]}
