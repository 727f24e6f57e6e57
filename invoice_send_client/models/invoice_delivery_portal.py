from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..const import ANSWERS, UNVIEWED_STATES
from .invoice_delivery_link import LINK_FIELDS

#: Documents that the portal's home page names; the list has them all.
NEWS_SHOWN = 5

#: Days for which a document is new to whom nobody follows: that he looked at it is not
#: known, and it is not to be called new for ever. Chosen: a week with its weekend.
NEWS_DAYS = 7


class InvoiceDelivery(models.Model):
    """A document in the client's portal (R9): brought, announced, found again.

    It stands there by Odoo's own rules as soon as it is posted (a receipt by ours, see
    ``security/portal_security.xml``); to bring it means to make sure of that and to
    tell the portal user. His visits and answers are those of
    the last delivery to him: a second sending is new to him again (B13).

    The notice is a client's to read: ``devenv.translations`` knows it by this file.
    """

    # one model, several concerns: what portal and companies share stands in
    # invoice_delivery_network.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    # -- bring -------------------------------------------------------------------------

    def _bring_to_portal(self):
        """See that the portal user finds the document there, and tell him of it.

        :raise UserError: why he does not find it, and what to do
        """
        self.ensure_one()
        if problem := self._get_portal_problem():
            raise UserError(problem)
        notice = self._prepare_portal_notice()
        self.portal_user_id._bus_send("invoice_send_client.received", notice)
        # with the letter comes all that this notice says
        if "email" not in (self.line_id.sending_methods or []):
            self._notify_portal_user(notice)

    def _get_portal_problem(self):
        """:return: why the portal user can't have the document, ``""`` where he can"""
        user = self.portal_user_id
        words = {"user": user.name, "document": self.move_id.name}
        if not user.active or not user._is_portal():
            return self.env._(
                "%(user)s has no access to the portal any more, so that %(document)s "
                "can't stand there. Grant it on the contact again, or send the "
                "document by e-mail.",
                **words,
            )
        if not self._is_in_portal_of(user):
            return self.env._(
                "The portal does not show %(document)s to %(user)s, who belongs to "
                "another customer or company. Send it by e-mail.",
                **words,
            )
        return ""

    def _is_in_portal_of(self, user):
        """:return: whether Odoo's rules let a user of the portal read the document

        :param user: res.users
        """
        self.ensure_one()
        # whoever sends may work in companies that the portal user does not have
        companies = list(user._get_company_ids())
        move = self.move_id.with_user(user)
        return move.with_context(allowed_company_ids=companies).has_access("read")

    # -- tell --------------------------------------------------------------------------

    def _prepare_portal_notice(self):
        """Say in the portal user's language what came.

        :return: texts: ``title``, ``message``, ``label`` of the button and ``url``
            that it leads to, relative; ``move_id`` and ``name`` of the document,
            ``sender``, ``amount`` and ``due``, which may be empty
        :rtype: dict
        """
        self.ensure_one()
        lang = self._get_portal_lang()
        move = self.move_id.with_context(lang=lang)
        env, words = move.env, self._prepare_portal_words(lang)
        parts = [words["name"], words["amount"]]
        if words["due"]:
            parts.append(env._("due on %s", words["due"]))
        return {
            **words,
            "title": env._("New document from %s", words["sender"]),
            "message": ", ".join(parts),
            "label": env._("View"),
            "url": f"/my/invoices/{move.id}",
            "move_id": move.id,
        }

    def _prepare_portal_words(self, lang):
        """:return: what the document is, in words of a language"""
        move = self.move_id
        due = move.move_type == "out_invoice" and move.invoice_date_due
        amount, currency = move.amount_total, move.currency_id
        return {
            "name": move.name,
            "sender": move.company_id.name,
            "amount": format_amount(self.env, amount, currency, lang_code=lang),
            "due": due and format_date(self.env, due, lang_code=lang) or "",
        }

    def _get_portal_lang(self):
        """:return: code of the installed language that the portal user reads"""
        installed = dict(self.env["res.lang"].get_installed())
        known = (self.portal_user_id.lang, self.lang, self.env.lang)
        return next((lang for lang in known if lang in installed), "en_US")

    def _notify_portal_user(self, notice):
        """Tell the portal user by Odoo's own notification, which is a mail to him.

        It says what came and leads to the portal, where he signs in: no link in it
        opens the document to anybody else.

        :param dict notice: from ``_prepare_portal_notice``
        """
        partner = self.portal_user_id.partner_id
        if not partner.email:
            return
        line, move, lang = self.line_id, self.move_id, self._get_portal_lang()
        send = self.env["account.move.send"]
        # not on the document: its notifications carry a link that opens it to anybody
        self.env["mail.thread"].with_context(lang=lang).message_notify(
            partner_ids=partner.ids,
            subject=f"{notice['title']}: {notice['name']}",
            body=self._render_portal_letter(notice, lang),
            email_from=line.email_from
            or send._get_default_email_from(move, send._get_pressing_user(self.env.uid))
            or None,
            mail_server_id=move.company_id.invoice_mail_server_id.id,
            email_add_signature=False,
            force_email_company=move.company_id,
            force_email_lang=lang,
            # the worker has documents to send, and waits for no mail server
            force_send=False,
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _render_portal_letter(self, notice, lang):
        # not ``get_base_url``, which a website changes: this one was confirmed (D2)
        # sudo: system parameters are not readable by users; clients see the address
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        values = {
            **notice,
            "url": f"{base}/web/login?redirect={notice['url']}",
            "company": self.company_id,
            "direction": self.env["res.lang"]._get_data(code=lang).direction,
        }
        template = "invoice_send_client.mail_portal_notice"
        return self.env["ir.qweb"]._render(template, values, lang=lang)

    # -- find again --------------------------------------------------------------------

    @api.model
    def _get_portal_domain(self, user):
        """:return: the domain of what was brought to the portal of a user

        :param user: res.users
        :rtype: Domain
        """
        return (
            Domain("portal_user_id", "=", user.id)
            & Domain("sending_method", "=", "network")
            & Domain("is_current", "=", True)
            & Domain("state", "not in", ("outgoing", "error", "cancel"))
            & Domain("move_id.state", "=", "posted")
        )

    @api.model
    def _find_in_portal(self, user, move_id):
        """Find what a document's page in the portal belongs to.

        :param user: who is signed in
        :param int move_id: the document, from a request
        :return: the last delivery to that user; empty for any other visitor, and where
            the document is not his to read any more
        :rtype: invoice.delivery
        """
        if not user._is_portal():
            return self.browse()
        domain = self._get_portal_domain(user) & Domain("move_id", "=", move_id)
        delivery = self.search_fetch(domain, LINK_FIELDS, limit=1)
        if not delivery or not delivery._is_in_portal_of(user):
            return self.browse()
        return delivery.with_company(delivery.company_id)

    @api.model
    def _find_portal_news(self, user):
        """Find what came to a user's portal and was not viewed yet.

        :param user: who is signed in
        :return: the notices of the last ones, and how many there are besides
        :rtype: tuple[list[dict], int]
        """
        if not user._is_portal():
            return [], 0
        domain = self._get_portal_domain(user) & self._get_news_domain()
        found = self.search_fetch(domain, LINK_FIELDS)
        companies = list(user._get_company_ids())
        moves = found.move_id.with_user(user)
        moves = moves.with_context(allowed_company_ids=companies)
        last = self._find_portal_marks(user, moves._filtered_access("read"))
        news = [each for each in last.values() if each in found]
        notices = [each._prepare_portal_notice() for each in news[:NEWS_SHOWN]]
        return notices, len(news) - len(notices)

    @api.model
    def _get_news_domain(self):
        """:return: the domain of what its recipient is not known to have viewed

        :rtype: Domain
        """
        recently = fields.Datetime.now() - timedelta(days=NEWS_DAYS)
        return Domain("state", "in", UNVIEWED_STATES) & (
            Domain("sent_datetime", ">", recently) | self._get_tracked_domain()
        )

    @api.model
    def _find_portal_marks(self, user, moves):
        """Find the last delivery of each document to a user's portal, in one query.

        :param user: who is signed in
        :param moves: documents
        :return: deliveries by document id, the last one first
        :rtype: dict[int, invoice.delivery]
        """
        if not moves or not user._is_portal():
            return {}
        domain = self._get_portal_domain(user) & Domain("move_id", "in", moves.ids)
        last = {}
        for delivery in self.search_fetch(domain, LINK_FIELDS):
            last.setdefault(delivery.move_id.id, delivery)
        return last

    def _get_portal_mark(self):
        """:return: ``new``, the answer, or ``""``: what the list of documents shows"""
        self.ensure_one()
        if self.state in ANSWERS:
            return self.state
        return "new" if self.filtered_domain(self._get_news_domain()) else ""

    # -- judge -------------------------------------------------------------------------

    def _get_mailed_datetime(self, at):
        """Say when the mail left that brought somebody here: how soon after it he comes
        tells a mail filter from a person.

        Filters look while the mail server is being asked, and at mails that it refused
        or of which it is not known whether they arrived: then the attempt counts. A new
        link leaves with a letter, or whoever copies it sends it. Nothing stands before
        the portal but its sign-in: whoever has it open may look at once.

        :param datetime at: when somebody came, in UTC
        :return: the last such moment before it, else the first one after it; ``False``
            where there was no mail
        :rtype: datetime | bool
        """
        self.ensure_one()
        if self.sending_method != "email":
            return False
        at, sent = self._to_naive(at), self.sent_datetime
        moments = [sent, self.link_datetime]
        is_taken = sent and sent <= at and self.state != "outgoing"
        # what the mail server took, it took after the attempt
        if not is_taken or self.failure_type:
            moments.append(self.last_attempt_datetime)
        known = list(filter(None, moments))
        before = [moment for moment in known if moment <= at]
        return max(before) if before else min(known, default=False)


class InvoiceDeliveryEvent(models.Model):
    """What happened in the portal, in words of its own: no link was sent there."""

    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    def _get_view_text(self):
        # EXTENDS 'invoice_send_client'
        if not self._is_of_portal():
            return super()._get_view_text()
        if self.event_type == "download":
            return self.env._("PDF downloaded in the portal by %s", self._get_address())
        return self.env._("Viewed in the portal by %s", self._get_address())

    def _get_client_text(self):
        # EXTENDS 'invoice_send_client'
        if not self._is_of_portal():
            return super()._get_client_text()
        # the name is that of who was signed in
        who = self.answer_name or self._get_address()
        return self.env._("%(address)s, in the portal", address=who)

    def _get_people_texts(self, words):
        # EXTENDS 'invoice_send_client'
        texts = super()._get_people_texts(words)
        if self._is_of_portal():
            view = self.env._("Viewed in the portal by %(address)s", **words)
            taken = self.env._("PDF downloaded in the portal by %(address)s", **words)
            texts.update(view=view, download=taken)
        return texts

    def _is_of_portal(self):
        """:return: whether it happened to a document in the portal"""
        delivery = self.delivery_id
        return delivery.sending_method == "network" and bool(delivery.portal_user_id)
