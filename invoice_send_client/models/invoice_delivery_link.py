from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import LINK_SCOPE, NOT_REACHED, RENEWALS_A_DAY, UNVIEWED_STATES
from ..tools import addresses, links, sending_pass

#: What a request for a client's link asks of its delivery, and its document's summary
#: of the others, read together in one query.
LINK_FIELDS = (
    "link_key",
    "link_root",
    "is_link_alive",
    "link_datetime",
    "look_datetime",
    "is_current",
    "is_opted_out",
    "move_id",
    "company_id",
    "customer_id",
    "email",
    "sending_method",
    "lang",
    "role",
    "is_internal",
    "document_mode",
    "recipient_name",
    "partner_id",
    "state",
    "failure_type",
    "last_attempt_datetime",
    "sent_datetime",
    "open_datetime",
    "view_datetime",
    "download_datetime",
    "accept_datetime",
    "return_datetime",
    "return_reason",
    "answer_event_id",
    "answer_name",
    "create_date",
)


class InvoiceDelivery(models.Model):
    """The client's link: where it leads, how long it lives, how it is renewed (B14).

    A link is a random key and its signature (``tools.links``). It dies when it is
    revoked, replaced, when its document is no longer posted, and, where the company
    says so, some days after the client's last look. Whoever holds a dead one can ask
    for a new one, which goes to the address on file alone.
    """

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    link_key = fields.Char(
        default=lambda self: links.new_key(),
        copy=False,
        groups=fields.NO_ACCESS,
        help="Random half of the client's link; the other half is its signature.",
    )
    link_root = fields.Char(
        compute="_compute_link_root",
        store=True,
        groups=fields.NO_ACCESS,
        index="btree_not_null",
        help="What all links of this recipient have alike: dead ones are known by it.",
    )
    is_link_alive = fields.Boolean(
        default=True, help="The client's link opens the document."
    )
    is_link_open = fields.Boolean(
        compute="_compute_is_link_open", help="Neither revoked nor expired."
    )
    link_datetime = fields.Datetime(
        string="Link renewed on", readonly=True, help="Its life begins anew."
    )
    look_datetime = fields.Datetime(
        string="Last look on",
        readonly=True,
        help="The last visit that may have been a person's, to the hour; the life of "
        "the link is counted from it.",
    )
    renew_datetime = fields.Datetime(
        readonly=True,
        help="When a new link was asked for last, to the microsecond: of two who ask "
        "at once the second has to see that the first has.",
    )
    _link_key_unique = models.UniqueIndex("(link_key) WHERE link_key IS NOT NULL")

    @api.depends("link_key")
    def _compute_link_root(self):
        for delivery in self:
            delivery.link_root = delivery.link_key and links.get_root(delivery.link_key)

    # -- the link ----------------------------------------------------------------------

    @api.model
    def _link_secret(self):
        # sudo: the signing key is a system parameter; only the signature leaves
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    def _get_token(self):
        """:return: the token of the client's link, empty once it was revoked"""
        self.ensure_one()
        if not self.is_link_alive:
            return ""
        # sudo: the key has no reader; the link itself is for who may read the delivery
        return links.sign(self._link_secret(), LINK_SCOPE, self.sudo().link_key)

    def _get_landing_url(self):
        """Give the client's link.

        :return: absolute address of this recipient's page, empty once revoked
        :rtype: str
        """
        token = self._get_link_holder()._get_token()
        # not ``get_base_url``, which a website changes: this one was confirmed (D2)
        # sudo: system parameters are not readable by users; clients see the address
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        return token and f"{base}/invoice/d/{token}"

    @api.model
    def _find_by_token(self, token, alive=True, tracked=False):
        """Find the delivery that a link leads to, in one query.

        What came inside the system is opened by its sign-in alone: it has no link.

        :param str token: what came with the request
        :param bool alive: only by a link that still opens its document
        :param bool tracked: only where the client's visits are recorded
        :return: the delivery, empty for a forged, dead or unknown token
        :rtype: invoice.delivery
        """
        key = links.verify(self._link_secret(), LINK_SCOPE, token)
        if not key:
            return self.browse()
        root = links.get_root(key)
        # all recipients of the document: its summary needs them as well
        domain = Domain("move_id.invoice_delivery_ids.link_root", "=", root)
        if alive:
            domain &= Domain("move_id.state", "=", "posted")
        if tracked:
            domain &= self._get_tracked_domain()
        found = self.search_fetch(domain, LINK_FIELDS)
        delivery = found.filtered(lambda d: d.link_root == root)[:1]._get_mailed()
        if alive:
            delivery = delivery.filtered(
                lambda d: d.link_key == key and d._is_link_open()
            )
        return delivery.with_company(delivery.company_id)

    # -- its life ----------------------------------------------------------------------

    def _get_link_end(self):
        """:return: when the link ends by itself, ``False`` for never

        Counted from the client's last look, else from the mail (requirements B14).
        """
        self.ensure_one()
        settings = self.env["res.company"]._get_invoice_client_settings(
            self.company_id.id
        )
        return self._count_link_end(settings.expiry_days)

    def _count_link_end(self, days):
        """:return: when the link ends, ``False`` for never

        :param int days: for which the company lets it live, 0 for ever
        """
        if not days:
            return False
        begins = (
            self.link_datetime,
            self.look_datetime,
            self.open_datetime,
            self.view_datetime,
            self.download_datetime,
            self.sent_datetime or self.create_date,
        )
        last = max(filter(None, begins), default=fields.Datetime.now())
        return last + timedelta(days=days)

    def _is_link_open(self):
        """:return: whether the link still leads somewhere, as far as itself goes"""
        self.ensure_one()
        end = self._get_link_end()
        return self.is_link_alive and (not end or end > fields.Datetime.now())

    def _compute_is_link_open(self):
        for delivery in self:
            delivery.is_link_open = delivery._get_link_holder()._is_link_open()

    def action_revoke_link(self):
        """Close the client's link: whoever opens it reads that it is dead; of one
        message to all it is the one that all of them have."""
        holders = self._get_link_holder()
        alive = holders.filtered("is_link_alive")._check_sender()
        alive.is_link_alive = False
        alive._record_event("revoke")

    def action_renew_link(self):
        """Make a new link for these recipients; the old one stays dead.

        Nothing is mailed: the link is copied, or goes with the next mail.
        """
        if not all(delivery._has_open_document() for delivery in self):
            raise UserError(
                self.env._("A document that is not posted has no link for the client.")
            )
        renewed = self._get_link_holder()._check_sender()
        renewed._renew_link()
        renewed._record_event("relink")

    # -- one link for all --------------------------------------------------------------

    def _is_shared(self):
        """:return: whether this recipient has a part in one message to all

        Whoever gets a blind copy has one of his own: his looks count for nobody.
        """
        self.ensure_one()
        # sudo: a salesperson reads the lines of the own runs alone
        is_shared = self.sudo().line_id.copy_mode == "shared"
        return is_shared and self.role != "bcc" and self.sending_method == "email"

    def _has_common_link(self):
        """:return: whether others have the same link, by one message to all"""
        self.ensure_one()
        # sudo: as above
        return self._is_shared() and bool(self.sudo().line_id._get_shared() - self)

    def _get_link_holder(self):
        """:return: the deliveries whose links the mails of these carry

        :rtype: invoice.delivery
        """
        shared = self.filtered(lambda d: d._is_shared())
        if not shared:
            return self  # which are read together with their like
        # sudo: as above; the holders are given with the rights of whoever asks
        lines = shared.sudo().line_id
        return (self - shared).union(*(line._get_link_delivery() for line in lines))

    def _give_link_to(self, heir):
        """Let another recipient of the same message have its link from now on.

        :param heir: ``invoice.delivery``
        :return: the heir
        """
        self.ensure_one()
        given = {
            name: self[name] for name in ("link_key", "is_link_alive", "link_datetime")
        }
        # two may not have one key, not even between two statements
        self.link_key = links.new_key()
        self.flush_recordset(["link_key"])
        heir.write(given)
        return heir

    def _renew_link(self):
        """Replace the links by new ones of the same root: the old ones are dead."""
        now = fields.Datetime.now()
        for delivery in self:
            key = links.new_key(links.get_root(delivery.link_key))
            delivery.write(
                {"link_key": key, "is_link_alive": True, "link_datetime": now}
            )

    # -- a new one for whoever has a dead one ------------------------------------------

    def _ask_for_new_link(self):
        """The client has a dead link and wants a new one.

        It is mailed to the address on file, a few times a day at most, since anybody
        with the old link can ask. Where the sender closed it, or the document is not
        the one any more, the sender is told instead.
        """
        self.ensure_one()
        if self._count_renewals() >= RENEWALS_A_DAY or not (
            self.try_lock_for_update(allow_referencing=True)
        ):
            return  # who asked in the same moment is being served
        # a lock alone would let pass what was counted before another one's answer
        self.renew_datetime = sending_pass.now()
        self.flush_recordset(["renew_datetime"])
        self._record_event("renew")
        if heir := self._find_heir()._get_link_holder():
            heir._mail_new_link()
        else:
            self._tell_of_dead_link()

    def _tell_of_dead_link(self):
        delivery = self.with_context(lang=self._get_sender_lang())
        delivery.move_id._message_log(
            body=delivery.env._(
                "%s has a link that no longer works and asks for a new one.",
                self.email,
            )
        )

    def _count_renewals(self):
        """:return: how often a new link was asked for in the last 24 hours"""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        return self.env["invoice.delivery.event"].search_count(
            [
                ("delivery_id", "=", self.id),
                ("event_type", "=", "renew"),
                ("event_datetime", ">", yesterday),
            ]
        )

    def _find_heir(self):
        """:return: the delivery whose link the holder of this dead one may get: this
        one, or a later sending to the same address; empty for none"""
        self.ensure_one()
        later = self.search(
            [("move_id", "=", self.move_id.id), ("id", ">=", self.id)], order="id desc"
        )
        address = addresses.to_ascii(self.email)
        # who got it inside the system, at the same address, was given no link
        heirs = later._get_mailed().filtered(
            lambda d: d._get_link_holder().is_link_alive
            and d.state != "cancel"
            and d._has_open_document()
            and addresses.to_ascii(d.email) == address
        )
        return heirs[:1]


class InvoiceSendRunLine(models.Model):
    """One message to all has one link, which is followed at one of its recipients."""

    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    link_delivery_id = fields.Many2one(
        "invoice.delivery",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="Whose link one message to all carries; empty: of its first recipient.",
    )

    def _get_shared(self):
        """:return: the recipients of one message to all

        :rtype: invoice.delivery
        """
        return self._get_mailed().filtered(lambda d: d.role != "bcc")

    def _get_link_delivery(self):
        """:return: the recipient at whom the link of one message to all is followed:
            the first one whose looks count, who got it as far as that is known

        :rtype: invoice.delivery
        """
        self.ensure_one()
        shared = self._get_shared().sorted(lambda d: (not d._is_counted(), d.id))
        return self.link_delivery_id or shared[:1]

    def _hand_over_link(self):
        """Follow the link of one message to all at somebody who got it.

        Looks and answers would show nothing at one whose mail waits, was refused or
        withdrawn, and would hide that it was.
        """
        for line in self.filtered(lambda line: line.copy_mode == "shared"):
            holder = line._get_link_delivery()
            got = line._get_shared().filtered(
                lambda d: d.state in UNVIEWED_STATES and d._is_counted()
            )
            if got and holder.state in NOT_REACHED and holder.failure_type != "unknown":
                line.link_delivery_id = holder._give_link_to(got.sorted("id")[:1])
