from werkzeug.exceptions import NotFound, TooManyRequests

from odoo import http
from odoo.http import request

from .client_page import ROUTE, ClientPage


class PublicUrl(ClientPage):
    """Lets a database recognise itself under its public address (requirements D2)."""

    @http.route("/invoice/selfcheck/<string:nonce>", methods=["GET"], **ROUTE)
    def self_check(self, nonce):
        """Answer what ``res.company`` has just asked, and nobody else."""
        if wait := self._count("check"):
            raise TooManyRequests(retry_after=int(wait) + 1)
        answer = request.env["res.company"]._get_self_check_answer(nonce)
        if not answer:
            raise NotFound()
        headers = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
        return request.make_response(answer, headers=headers)
