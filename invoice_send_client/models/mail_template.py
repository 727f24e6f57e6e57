from odoo import api, fields, models


class MailTemplate(models.Model):
    """A template that is a letter has one text, whatever the user's language."""

    _inherit = "mail.template"

    letter_ids = fields.One2many("invoice.send.template", "mail_template_id")

    @api.constrains("subject", "body_html")
    def _check_letter_is_whole(self):
        """Make what was written now the only text of a letter.

        Odoo translates templates term by term: a text that is changed in one language
        leaves half-translated ones in the others.
        """
        for template in self.filtered("letter_ids"):
            for name in ("subject", "body_html"):
                texts = template._fields[name]._get_stored_translations(template)
                if texts and len(set(texts.values())) > 1:
                    text = template[name]
                    source = template.with_context(lang=None)
                    source[name] = False
                    source[name] = text
