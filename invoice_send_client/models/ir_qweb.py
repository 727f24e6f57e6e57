from lxml import etree

from odoo import models


class IrQweb(models.AbstractModel):
    """Compiles a letter once for all documents that it is rendered for."""

    _inherit = "ir.qweb"

    def _generate_code_uncached(self, template):
        # EXTENDS 'base'
        kept = self.env.context.get("invoice_send_compiled")
        if kept is None or not isinstance(template, etree._Element):
            return super()._generate_code_uncached(template)
        context = self.env.context
        options = [context.get(name) for name in self._get_template_cache_keys()]
        # before it is compiled, which changes it
        key = (etree.tostring(template), *options)
        if key not in kept:
            kept[key] = super()._generate_code_uncached(template)
        return kept[key]
