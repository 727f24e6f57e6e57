from odoo import SUPERUSER_ID, http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request

from .client_page import ClientPage

#: The letter as the client got it, in a frame of the form: no script, nothing loaded
#: from elsewhere, links open in a window of their own.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

ROUTE = {"type": "http", "auth": "user", "methods": ["GET"]}


class InvoiceMail(ClientPage):
    """What staff see of the mails that left; nothing of it is recorded."""

    def _find_readable(self, model, record_id, *names):
        """Find a record that the user may read, and what belongs to it.

        :param str model: the model's name
        :param int record_id: from the address
        :param names: fields with records that have to be readable as well
        :return: the record, ``None`` where there is none for this user
        """
        record = request.env[model].browse(record_id).exists()
        if not record:
            return None
        try:
            record.check_access("read")
            for name in names:
                record[name].check_access("read")
        except AccessError:
            return None
        return record

    # -- the client's page, for staff --------------------------------------------------

    @http.route("/invoice/preview/<int:delivery_id>", **ROUTE)
    def preview(self, delivery_id, **_params):
        """Show the page that this recipient of a document has, without being one."""
        delivery = self._find_readable("invoice.delivery", delivery_id, "move_id")
        if not delivery:
            return request.not_found()
        # superuser: the page shows fields that its reader may not read, as the client's
        shown = delivery.with_user(SUPERUSER_ID)
        shown = shown.with_context(lang=self._get_lang(delivery))
        values = {
            **self._prepare_document_values(shown.move_id),
            "preview": self._get_preview_text(delivery),
            "pdf_url": self._get_own_pdf_url(delivery.move_id),
            "shown": True,
            "tracked": shown._is_tracked(),
            "answer": shown._get_answer_values(),
        }
        lang = shown.env.context["lang"]
        return self._render("invoice_send_client.client_page", values, lang)

    def _get_preview_text(self, delivery):
        """:return: what the bar above the page says, in the user's language"""
        text = request.env._(
            "Preview for staff of the page that %s has: nothing is recorded.",
            delivery.email,
        )
        if delivery.is_link_alive and delivery.move_id.state == "posted":
            return text
        dead = request.env._("The client's own link no longer opens the document.")
        return f"{text} {dead}"

    def _get_own_pdf_url(self, move):
        """:return: Odoo's own address of the PDF, empty where none was made yet"""
        document = move.invoice_pdf_report_id
        return document and f"/web/content/{document.id}?download=true"

    # -- the mail ----------------------------------------------------------------------

    @http.route("/invoice/mail/<int:mail_id>/letter", **ROUTE)
    def letter(self, mail_id, **_params):
        """Give the letter as it was sent, for the frame in the form."""
        mail = self._find_readable("invoice.mail", mail_id)
        if not mail:
            return request.not_found()
        html = mail.body_html or ""
        # links leave the frame, in which no page can open
        html = html.replace("<head>", '<head><base target="_blank" />', 1)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": LETTER_POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
        }
        return request.make_response(html, headers=list(headers.items()))

    @http.route("/invoice/mail/<int:mail_id>/eml", **ROUTE)
    def eml(self, mail_id, **_params):
        """Give the mail as a file for a mail program."""
        mail = self._find_readable("invoice.mail", mail_id)
        if not mail:
            return request.not_found()
        headers = {
            "Content-Type": "message/rfc822",
            "Content-Disposition": content_disposition(mail._get_eml_name()),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return request.make_response(mail._build_eml(), headers=list(headers.items()))
