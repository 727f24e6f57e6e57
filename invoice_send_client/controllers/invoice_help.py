from odoo import http
from odoo.http import request

from ..const import FAILURE_TYPES
from ..tools import advice


class InvoiceHelp(http.Controller):
    """The page for the company's users: what clients get, and what the icons say (R48).

    A page of its own, so that it opens beside a window without touching what was
    entered there.
    """

    @http.route("/invoice_send_client/help", type="http", auth="user", readonly=True)
    def show_help(self, **_params):
        """Show the page in the user's language.

        :return: the page; 404 for who is no user of the company, such as a client
        """
        if not request.env.user._is_internal():
            raise request.not_found()
        template = "invoice_send_client.help_page"
        return request.render(template, self._prepare_help_values())

    def _prepare_help_values(self):
        """:return: what the page's template needs: the words of the other screens"""
        env, company = request.env, request.env.company
        state = env["invoice.delivery"]._fields["state"]
        data = env["res.lang"]._get_data(code=env.lang or "en_US")
        return {
            "html_data": {
                "lang": (data.code or "en").replace("_", "-"),
                "dir": data.direction or "ltr",
            },
            "labels": dict(state._description_selection(env)),
            "failures": self._prepare_failures(),
            "mode": company._get_invoice_document_mode(),
            "company": company,
        }

    def _prepare_failures(self):
        """:return: label and advice of each kind of failure"""
        deliveries = request.env["invoice.delivery"]
        texts = deliveries._get_advice_texts()
        field = deliveries._fields["failure_type"]
        labels = dict(field._description_selection(request.env))
        return [
            {
                "type": kind,
                "label": labels[kind],
                "advice": texts.get(advice.get_cause("error", kind, ""), ""),
            }
            for kind, _label in FAILURE_TYPES
        ]
