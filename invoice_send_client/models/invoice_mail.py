import logging
import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import human_size

from ..const import DELIVERY_STATES, DOCUMENT_MODES
from ..tools import addresses, links, mail_copy

_logger = logging.getLogger(__name__)

#: What a mail with several recipients or documents shows: the first of these that one
#: of its deliveries is in; what went wrong before what went well, the client's last act
#: before the ones on the way to it.
STATE_ORDER = ("bounce", "error", "return", "accept", "download", "view", "open")
STATE_ORDER += ("sent", "outgoing", "cancel")

#: Mails that one pass of the clean-up deletes.
GC_BATCH = 1000


class InvoiceMail(models.Model):
    """One mail that left with one or several documents: exactly what was sent.

    Written with the mail server's verdict and never changed (requirements B16, R50,
    R51). A personal copy has one recipient, a shared message several; what was refused
    did not leave and has no row. Dropped after its last byte, a mail may have arrived:
    it is kept and says so (``is_unknown``). Odoo's own ``mail.mail`` deletes itself.
    What became of the mail is said by its deliveries. Files are kept by reference; the
    client's link is not kept at all, it is turned into the preview for staff.
    """

    _name = "invoice.mail"
    _description = "Mail to Client"
    _order = "sent_datetime desc, id desc"
    _rec_name = "subject"

    delivery_ids = fields.Many2many(
        "invoice.delivery", "invoice_mail_delivery_rel", string="Recipients"
    )
    move_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        compute="_compute_move_ids",
        search="_search_move_ids",
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", ondelete="set null", index="btree_not_null"
    )
    document_names = fields.Char(
        string="Document", help="The numbers of the documents, as they were sent."
    )
    document_mode = fields.Selection(DOCUMENT_MODES)
    email = fields.Char(
        string="Address", help="Whom it was handed over for; hidden copies included."
    )
    sender = fields.Char(help="Where the mail comes back to if it can't be delivered.")
    subject = fields.Char()
    sent_datetime = fields.Datetime(string="Date", required=True, index=True)
    is_unknown = fields.Boolean(
        string="May have arrived",
        help="The mail server fell silent after it was handed the mail.",
    )
    state = fields.Selection(DELIVERY_STATES, compute="_compute_state")

    headers = fields.Text(help="As they were sent, in their order.")
    body_text = fields.Text(string="Text")
    body_html = fields.Text(
        string="Letter",
        help="As it was sent; the preview for staff in place of the client's link.",
    )
    files = fields.Json(
        string="Files as sent",
        help="Name, kind, size and checksum of each file, in order.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment", string="Files", compute="_compute_attachment_ids"
    )
    missing_files = fields.Text(compute="_compute_attachment_ids")
    header_from = fields.Char(string="From", compute="_compute_header_addresses")
    header_to = fields.Char(string="To", compute="_compute_header_addresses")
    header_cc = fields.Char(string="CC", compute="_compute_header_addresses")

    # -- what it says ------------------------------------------------------------------

    @api.depends("delivery_ids.move_id")
    def _compute_move_ids(self):
        for mail in self:
            mail.move_ids = mail.delivery_ids.move_id

    def _search_move_ids(self, operator, value):
        return Domain("delivery_ids.move_id", operator, value)

    @api.depends("delivery_ids.state", "is_unknown")
    def _compute_state(self):
        for mail in self:
            states = set(mail.delivery_ids.mapped("state"))
            # a deleted document takes its deliveries along
            last_known = "error" if mail.is_unknown else "sent"
            found = (state for state in STATE_ORDER if state in states)
            mail.state = next(found, last_known)

    @api.depends("files")
    def _compute_attachment_ids(self):
        found = self._find_files()
        for mail in self:
            kept, missing = [], []
            for file in mail.files or []:
                attachment = found.get((file["id"], file["checksum"]))
                if attachment:
                    kept.append(attachment.id)
                else:
                    missing.append(self._describe_missing_file(file))
            mail.attachment_ids = self.env["ir.attachment"].browse(kept)
            mail.missing_files = "\n".join(missing)

    def _find_files(self):
        """:return: the files that are still what was sent, by id and checksum

        :rtype: dict[tuple, ir.attachment]
        """
        ids = [file["id"] for mail in self for file in mail.files or [] if file["id"]]
        # sudo: who may read a mail may read its files, they are a part of it
        attachments = self.env["ir.attachment"].sudo().browse(ids).exists()
        return {(found.id, found.checksum): found for found in attachments}

    @api.model
    def _describe_missing_file(self, file):
        """:return: what is known of a file that was deleted or changed, in words

        :param dict file: an item of ``files``
        """
        return self.env._(
            "%(name)s (%(size)s): the file that was sent is no longer there.",
            name=file["name"],
            size=human_size(file["size"]),
        )

    @api.depends("headers")
    def _compute_header_addresses(self):
        for mail in self:
            headers = mail_copy.parse_headers(mail.headers or "")
            for name in ("from", "to", "cc"):
                mail[f"header_{name}"] = str(headers[name] or "")

    # -- keeping what left -------------------------------------------------------------

    @api.model
    def _describe(self, deliveries, last=None):
        """Say which documents a mail brings, before it is sent.

        :param deliveries: ``invoice.delivery``: of one mail
        :param dict last: the same of the mail before; most often it brought the same
            documents, to another recipient, and nothing has to be read again
        :return: plain values for :meth:`_keep`; empty for a mail without any
        :rtype: dict
        """
        if not deliveries:
            return {}
        lines = deliveries.line_id.sorted("id")
        owners = deliveries._get_link_holder()
        if not last or last["line_ids"] != lines.ids:
            last = self._describe_documents(lines)
        links = {delivery._get_token(): delivery.id for delivery in owners}
        return {**last, "links": links}

    @api.model
    def _describe_documents(self, lines):
        """:return: what :meth:`_describe` says of the documents, whoever gets them

        :param lines: ``invoice.send.run.line``: of one mail
        """
        moves = lines.move_id
        # sudo: files of letters that the sending itself has posted
        files = lines.mail_message_id.sudo().attachment_ids.sorted("id")
        return {
            "line_ids": lines.ids,
            "values": {
                "company_id": moves.company_id[:1].id,
                "partner_id": moves.commercial_partner_id[:1].id,
                "document_names": ", ".join(filter(None, moves.mapped("name"))),
                "document_mode": lines[:1].document_mode,
            },
            "files": [(f.name, f.id, f.file_size, f.checksum) for f in files],
        }

    @api.model
    def _keep(self, recipients, verdicts, left):
        """Keep a mail for those recipients whom it may have reached.

        To be called in the transaction that writes the verdict down.

        :param recipients: ``invoice.delivery``: of one mail
        :param dict verdicts: ``tools.verdict.Verdict`` by address in ASCII
        :param tools.mail_copy.Left left: what the mail server was given, or ``None``
        :return: the mail, empty where nothing left
        :rtype: invoice.mail
        """
        emails = [
            email
            for email, said in verdicts.items()
            if said.failure_type in ("", "unknown")
        ]
        if not (emails and left and left.about):
            return self.browse()
        gone = recipients.filtered(lambda d: addresses.to_ascii(d.email) in emails)
        try:
            values = self._prepare_values(left)
        except Exception:
            # the verdict stands, whatever can't be read of the mail
            _logger.exception("The mail of deliveries %s can't be kept", gone.ids)
            return self.browse()
        is_unknown = any(verdicts[email].failure_type for email in emails)
        return self.create(
            {
                **values,
                "delivery_ids": [(6, 0, gone.ids)],
                "email": ", ".join(emails),
                "is_unknown": is_unknown,
            }
        )

    @api.model
    def _prepare_values(self, left):
        """:return: what is kept of a mail, whoever it reached

        :param tools.mail_copy.Left left: what the mail server was given
        """
        copy = mail_copy.read(left)
        owners = self._find_link_owners(copy, left.about["links"])
        return {
            **left.about["values"],
            "sender": left.sender,
            "subject": left.message["Subject"],
            "sent_datetime": fields.Datetime.now(),
            "headers": copy.headers,
            "body_text": mail_copy.without_links(copy.text, owners),
            "body_html": mail_copy.without_links(copy.html, owners),
            "files": self._prepare_files(copy.files, left.about["files"]),
        }

    @api.model
    def _find_link_owners(self, copy, known):
        """:return: ids of the deliveries whose links stand in a mail, by token

        :param tools.mail_copy.Copy copy: the mail
        :param dict known: the same for the mail's own links
        :rtype: dict[str, int]
        """
        others = mail_copy.find_tokens(copy.html + copy.text) - set(known)
        if not others:
            return known
        # links of other sendings that were pasted into the text
        keys = [token[: links.KEY_LENGTH] for token in others]
        pasted = self.env["invoice.delivery"].search([("link_key", "in", keys)])
        return {**known, **{d._get_token(): d.id for d in pasted}}

    @api.model
    def _prepare_files(self, parts, known):
        """Say which files went along: by reference, and what each one was.

        :param list parts: name and message part of each file, in order
        :param list known: name, id, size and checksum of the letter's files
        :rtype: list[dict]
        """
        files, left_over = [], list(known)
        for name, part in parts:
            found = next((file for file in left_over if file[0] == name), None)
            if found:
                left_over.remove(found)
            _name, file_id, size, checksum = found or self._measure_file(name, part)
            files.append(
                {
                    "id": file_id,
                    "name": name,
                    "mimetype": part.get_content_type(),
                    "size": size,
                    "checksum": checksum,
                }
            )
        return files

    @api.model
    def _measure_file(self, name, part):
        """:return: name, no id, size and checksum of a file that no record has

        :param str name: its name in the mail
        :param email.message.EmailMessage part: its part of the mail
        """
        content = part.get_payload(decode=True) or b""
        checksum = self.env["ir.attachment"]._compute_checksum(content)
        return name, False, len(content), checksum

    # -- .eml --------------------------------------------------------------------------

    def _build_eml(self):
        """Build the mail as a mail program opens it.

        A file that is no longer there leaves a note in its place.

        :rtype: bytes
        """
        self.ensure_one()
        found = self._find_files()
        files = []
        for file in self.files or []:
            attachment = found.get((file["id"], file["checksum"]))
            if attachment:
                files.append((file["name"], attachment.raw, file["mimetype"]))
            else:
                note = self._describe_missing_file(file).encode()
                files.append((f"{file['name']}.txt", note, "text/plain"))
        return mail_copy.build(
            self.headers or "", self.body_text or "", self.body_html or "", files
        )

    def _get_eml_name(self):
        """:return: such as ``INV_2026_00041_ana_alfa.ro_2026-11-21.eml``"""
        self.ensure_one()
        document = (self.document_names or "").partition(", ")[0]
        email = (self.email or "").partition(", ")[0]
        date = fields.Date.to_string(self.sent_datetime)
        parts = [re.sub(r"[^\w.-]+", "_", part) for part in (document, email, date)]
        return "_".join(filter(None, parts)) + ".eml"

    # -- buttons -----------------------------------------------------------------------

    def action_download_eml(self):
        """Download the mail as a file.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/invoice/mail/{self.id}/eml",
            "target": "download",
        }

    def action_open_moves(self):
        """Open the documents that the mail brought.

        :rtype: dict
        """
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Documents of the mail"),
            "res_model": "account.move",
        }
        if len(self.move_ids) == 1:
            return {**action, "res_id": self.move_ids.id, "views": [(False, "form")]}
        return {
            **action,
            "domain": [("id", "in", self.move_ids.ids)],
            "views": [(False, "list"), (False, "form")],
        }

    # -- retention ---------------------------------------------------------------------

    @api.autovacuum
    def _gc_old_mails(self):
        """Delete mails that are older than their company keeps them.

        Deliveries and their events stay.

        :return: how many were deleted and whether there are more, as Odoo's clean-up
            wants to hear it
        :rtype: tuple[int, bool]
        """
        domain = self.env["res.company"]._get_invoice_kept_too_long_domain(
            "invoice_mail_retention_days", "sent_datetime"
        )
        old = self.search(domain, limit=GC_BATCH, order="id")
        old.unlink()
        return len(old), len(old) == GC_BATCH
