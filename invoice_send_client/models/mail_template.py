from odoo import api, fields, models
from odoo.exceptions import UserError


class MailTemplate(models.Model):
    """A template that is a letter has one text, whatever the user's language."""

    _inherit = "mail.template"

    letter_ids = fields.One2many("invoice.send.template", "mail_template_id")
    is_kept_letter = fields.Boolean(copy=False, readonly=True)

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

    # -- letters of sendings under way -------------------------------------------------

    def _keep_for_later(self):
        """Copy a letter as it stands at the press of Send: it is what leaves (D7).

        The copy is archived: nobody finds it to change it.

        :return: the copy, empty where there is no letter
        :rtype: mail.template
        """
        if not self:
            return self
        values = {"name": self.name, "active": False, "is_kept_letter": True}
        try:
            with self.env.cr.savepoint():
                # sudo: who may send need not be allowed to write letters
                return self.sudo().copy(values).sudo(False)
        except UserError:
            # Odoo keeps no letter that does not render: the document says so when its
            # turn comes, and holds up no other (B3)
            return self

    @api.autovacuum
    def _gc_kept_letters(self):
        """Delete the copies of letters whose sending is over."""
        archived = self.with_context(active_test=False)
        kept = archived.search([("is_kept_letter", "=", True)])
        lines = self.env["invoice.send.run.line"].search(
            [
                ("mail_template_id", "in", kept.ids),
                ("state", "in", ("waiting", "failed")),
            ]
        )
        (kept - lines.mail_template_id).unlink()
