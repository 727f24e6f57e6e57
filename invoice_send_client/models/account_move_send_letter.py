from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import get_lang

from ..const import MOVE_DOCUMENT_TYPES
from ..tools import addresses, languages
from .invoice_send_run_line_mail import LINK_PLACEHOLDER


class AccountMoveSend(models.AbstractModel):
    """Which letter a document gets, in which language it leaves, and trying it out."""

    # one model, several concerns: the sending itself stands in account_move_send.py
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _get_wanted_mail_lang(self, move):
        """:return: the customer's language, else the company's, else the user's"""
        return move.partner_id.lang or move.company_id.partner_id.lang or self.env.lang

    @api.model
    def _get_installed_mail_lang(self, move):
        """:return: as :meth:`_get_wanted_mail_lang`, of the languages installed, or one
        that differs by its country alone"""
        Letter = self.env["invoice.send.template"]
        installed = dict(self.env["res.lang"].get_installed())
        for wanted in (move.partner_id.lang, move.company_id.partner_id.lang):
            code = wanted and Letter._get_full_code(languages.get_iso(wanted), wanted)
            if code in installed:
                return code
        return get_lang(self.env).code

    @api.model
    def _get_default_letter(self, move, lang=None):
        """Give a document's letter; for many documents use
        ``invoice.send.template._get_letters_by_key``.

        :param move: the document
        :param str lang: the language wished for, the customer's where empty
        :return: the letter, empty where there is none, and the language of the mail
        :rtype: tuple
        """
        lang = lang or self._get_wanted_mail_lang(move)
        letters = self.env["invoice.send.template"]
        document_type = MOVE_DOCUMENT_TYPES.get(move.move_type)
        if not document_type:
            return letters, lang
        return letters._get_letter(move, document_type, lang)

    @api.model
    def _get_default_mail_template_id(self, move):
        # EXTENDS 'account'
        letter, _lang = self._get_default_letter(move)
        template = letter.mail_template_id.with_env(self.env)
        return template or super()._get_default_mail_template_id(move)

    @api.model
    def _get_default_mail_lang(self, move, mail_template):
        # OVERRIDE 'account'
        # the whole mail is in the language of the letter that was found for the wish
        lang = self._get_wanted_mail_lang(move)
        return self.env["invoice.send.template"]._get_lang_of_template(
            mail_template, lang
        )

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS 'account'
        if self._names_stock_template(custom_settings):
            del custom_settings["mail_template"]
        lang = custom_settings.get("mail_lang")
        if lang and not custom_settings.get("mail_template"):
            letter, found = self._get_default_letter(move, lang)
            if letter:
                template = letter.mail_template_id.with_env(self.env)
                custom_settings.update(mail_template=template, mail_lang=found)
        return super()._get_default_sending_settings(
            move, from_cron=from_cron, **custom_settings
        )

    @api.model
    def _names_stock_template(self, settings):
        """:return: whether an app that sends by itself, with nobody at the screen,
            names Odoo's own template for want of a letter (``sale`` does, for what is
            paid online)

        :param dict settings: what it gives
        """
        if {"invoice_send_line", "invoice_send_lines"} & set(settings):
            return False
        if self._get_pressing_user(self.env.uid):
            return False
        stock = self.env.ref(
            "account.email_template_edi_invoice", raise_if_not_found=False
        )
        return bool(stock) and settings.get("mail_template") == stock

    # -- a look and a test -------------------------------------------------------------

    @api.model
    def _make_preview_line(self, move, **values):
        """:return: a line as Send would write it, in memory alone

        :param move: the document
        :param values: ``document_mode``, ``mail_lang``, ``body``, ...
        """
        return self.env["invoice.send.run.line"].new(
            {"move_id": move.id, "company_id": move.company_id.id, **values}
        )

    @api.model
    def _render_without_link(self, line):
        """:return: HTML of the whole mail; its button leads nowhere

        :param line: from :meth:`_make_preview_line`
        :rtype: str
        """
        # str: Markup would escape the quotes
        return str(line._render_mail_body()).replace(f'href="{LINK_PLACEHOLDER}"', "")

    @api.model
    def _send_test_letter(self, line, subject, files=(), **values):
        """Send a letter to the user alone: no delivery, no message, no real link.

        :param line: from :meth:`_make_preview_line`
        :param str subject: the letter's subject
        :param files: ``(name, content)`` of each file
        :param values: ``email_from``, ``mail_server_id``
        :return: a notification with the mail server's verdict
        :rtype: dict
        """
        user = self.env.user
        if not addresses.to_ascii(user.email_normalized or ""):
            raise UserError(
                self.env._("Your user has no e-mail address to send a test to.")
            )
        # of the document in Odoo, for staff that is signed in
        url = f"/mail/view?model=account.move&res_id={line.move_id.id}"
        link = line.move_id.get_base_url() + url
        values["email_from"] = values.get("email_from") or user.email_formatted
        verdict = self._send_and_remove(
            {
                **values,
                "subject": self.env._("[Test] %s", subject or ""),
                "body_html": line._render_mail_body().replace(LINK_PLACEHOLDER, link),
                "email_to": user.email_formatted,
                "auto_delete": True,
                "attachment_ids": [
                    (0, 0, {"name": name, "raw": content}) for name, content in files
                ],
            }
        )
        return self._notify_of_test(verdict)

    @api.model
    def _send_and_remove(self, values):
        """Send a mail to the user now, and remove it.

        :param dict values: of the ``mail.mail``
        :return: what the mail server said
        :rtype: tools.verdict.Verdict
        """
        # sudo: mails have no access of their own; this one goes to the user alone
        mail = self.env["mail.mail"].sudo().create(values)
        files = mail.attachment_ids
        with mail._keep_sessions() as work:
            email = self.env.user.email_normalized
            attempt = mail._send_with_verdicts([email], work)
            [verdict] = attempt.verdicts.values()
        mail.exists().unlink()
        files.unlink()
        return verdict

    @api.model
    def _notify_of_test(self, verdict):
        """:return: a notification that says what the mail server said"""
        if verdict.failure_type:
            words = self.env._(
                "The mail server did not take the test: %s", verdict.reason
            )
        else:
            words = self.env._(
                "The mail server took the test to %s.", self.env.user.email
            )
        kind = "danger" if verdict.failure_type else "success"
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": words, "type": kind, "sticky": kind == "danger"},
        }
