from odoo import api, models

from ..const import MOVE_DOCUMENT_TYPES


class AccountMoveSend(models.AbstractModel):
    """Which letter a document gets, and in which language it leaves."""

    # one model, several concerns: the sending itself stands in account_move_send.py
    _name = "account.move.send"
    _inherit = ["account.move.send"]

    @api.model
    def _get_wanted_mail_lang(self, move):
        """:return: the customer's language, else the company's, else the user's"""
        return move.partner_id.lang or move.company_id.partner_id.lang or self.env.lang

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
        lang = custom_settings.get("mail_lang")
        if lang and not custom_settings.get("mail_template"):
            letter, found = self._get_default_letter(move, lang)
            if letter:
                template = letter.mail_template_id.with_env(self.env)
                custom_settings.update(mail_template=template, mail_lang=found)
        return super()._get_default_sending_settings(
            move, from_cron=from_cron, **custom_settings
        )
