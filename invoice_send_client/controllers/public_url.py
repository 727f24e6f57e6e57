from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from .client_page import ROUTE


class PublicUrl(http.Controller):
    """Lets a database recognise itself under its public address (requirements D2)."""

    @http.route("/invoice/selfcheck/<string:nonce>", methods=["GET"], **ROUTE)
    def self_check(self, nonce):
        """Answer what ``res.company`` has just asked, and nobody else."""
        answer = request.env["res.company"]._get_self_check_answer(nonce)
        if not answer:
            raise NotFound()
        headers = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
        return request.make_response(answer, headers=headers)
