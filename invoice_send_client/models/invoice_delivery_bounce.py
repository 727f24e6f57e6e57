from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, models

from ..const import BOUNCE_SCOPE
from ..tools import addresses, links, mail_copy

EPOCH = datetime(1970, 1, 1)

#: Bounces of one delivery that its history tells of: anybody can write more.
MOST_BOUNCES = 20


class Bounced(NamedTuple):
    """One failed recipient of a returned mail, and whom it concerns here.

    :ivar failure: ``tools.dsn.Failure``
    :ivar deliveries: those that did not arrive
    :ivar witness: the delivery whose history tells of it where none can be marked
    """

    failure: object
    deliveries: models.Model
    witness: models.Model


class InvoiceDelivery(models.Model):
    """Finds the deliveries of a mail that came back, and marks them (B17).

    Each mail carries a token in a header of its own: the id of its first delivery and
    the moment of the attempt, signed. The deliveries of one mail are those of one run
    that were attempted in the same moment. A report on an earlier attempt, which
    comes after the address was corrected or the mail was sent again, is told in the
    history and changes nothing.
    """

    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    # -- the token ---------------------------------------------------------------------

    def _get_bounce_token(self):
        """:return: what the mail of this attempt carries in its header; not secret, but
        nobody can make one"""
        self.ensure_one()
        attempted = self.last_attempt_datetime or EPOCH
        microseconds = (attempted - EPOCH) // timedelta(microseconds=1)
        # exactly the ``KEY_LENGTH`` of signed keys
        key = f"{self.id:08x}.{microseconds:013x}"
        return links.sign(self._link_secret(), BOUNCE_SCOPE, key)

    @api.model
    def _find_by_bounce_token(self, token):
        """Find what a mail carried.

        :param str token: from a bounce, anything
        :return: the deliveries that were last attempted with this mail, and the one
            that the token names, which may have been attempted again since
        :rtype: tuple[invoice.delivery, invoice.delivery]
        """
        key = links.verify(self._link_secret(), BOUNCE_SCOPE, token)
        if not key:
            return self.browse(), self.browse()
        delivery_id, _dot, microseconds = key.partition(".")
        named = self.browse(int(delivery_id, 16)).exists()
        attempted = EPOCH + timedelta(microseconds=int(microseconds, 16))
        return named._get_companions(attempted), named

    def _get_companions(self, attempted):
        """:return: the deliveries that left with this one in the attempt of that moment

        :param datetime attempted: to the microsecond
        """
        if not self:
            return self
        # the ORM looks for the second, the microsecond is compared here
        found = self.search(
            [("run_id", "=", self.run_id.id), ("last_attempt_datetime", "=", attempted)]
        )
        return found.filtered(lambda d: d.last_attempt_datetime == attempted)

    # -- matching ----------------------------------------------------------------------

    @api.model
    def _find_bounced(self, report):
        """Find whom a report concerns.

        The order: our header and the recipient, our header alone for a personal copy
        (the client may forward to another address), Message-Id and address.

        :param tools.dsn.Report report: what came
        :return: whether the returned mail is one of ours, and one item a failed
            recipient that is known here
        :rtype: tuple[bool, list[Bounced]]
        """
        mailed, named = self._find_by_bounce_token(report.token)
        if named:
            return True, named._match_all(mailed, report.failures)
        domain = [("mail_message_id.message_id", "in", report.message_ids)]
        sent = self.search(domain) if report.message_ids else self.browse()
        bounced = [sent._match_by_address(failure) for failure in report.failures]
        return bool(sent), [found for found in bounced if found.witness]

    def _match_all(self, mailed, failures):
        """Find whom a report on the mail of this delivery concerns.

        Strangers write reports: what they say of others than the mail's recipients is
        told once at most.

        :param mailed: the deliveries of that mail
        :param tuple failures: ``tools.dsn.Failure`` of each failed recipient
        :rtype: list[Bounced]
        """
        if self.line_id.copy_mode != "shared":
            failures = failures[:1]
        bounced = [self._match_own(mailed, failure) for failure in failures]
        return [found for found in bounced if found.deliveries] or bounced[:1]

    def _match_own(self, mailed, failure):
        """:return: whom a failure concerns, for the delivery that the token names

        :param mailed: the deliveries of that mail
        :param tools.dsn.Failure failure: one failed recipient
        """
        if self.line_id.copy_mode != "shared":
            return Bounced(failure, mailed, self)
        return Bounced(failure, mailed._filter_recipients(failure), self)

    def _match_by_address(self, failure):
        """:return: like :meth:`_match_own`, among all deliveries of one message"""
        found = self._filter_recipients(failure).sorted("id")
        # a mail with several documents has the Message-Id of the first one alone
        others = self.search(
            [
                ("run_id", "in", found.run_id.ids),
                ("email", "in", found.mapped("email")),
            ]
        )
        mails = {(d.run_id, d.email, d.last_attempt_datetime) for d in found}
        found |= others.filtered(
            lambda d: (d.run_id, d.email, d.last_attempt_datetime) in mails
        )
        # nothing says which mail came back, where one was sent twice
        once = found.filtered(lambda d: not d._was_sent_again())
        return Bounced(failure, once, found[:1])

    def _was_sent_again(self):
        """:return: whether a user had this one sent a second time"""
        return bool({"retry", "correct"} & set(self.event_ids.mapped("event_type")))

    def _filter_recipients(self, failure):
        return self.filtered(
            lambda d: addresses.to_ascii(d.email or "") in failure.addresses
        )

    # -- marking -----------------------------------------------------------------------

    @api.model
    def _process_bounces(self, bounced):
        """Mark what came back, or at least tell of it in the history.

        :param list bounced: from :meth:`_find_bounced`
        :return: the deliveries that were marked, by the place in the list
        :rtype: list[invoice.delivery]
        """
        marked = []
        for failure, deliveries, witness in bounced:
            address = failure.shown or witness.email
            concerned = deliveries or witness
            # a server that quotes the letter quotes the client's link
            words = mail_copy.without_links(failure.words, {})
            moved = deliveries._set_bounced(words, address=address)
            (concerned - moved)._record_bounce(words, address)
            marked.append(moved)
        for run in self.union(*marked).run_id:
            run._tell_progress()
        return marked

    def _set_bounced(self, reason, failure_type="refused", address=None):
        """The client's side sent the mail back.

        Nothing of the evidence is cleared. A mail that was never taken by our own
        server can't come back, so an error is overruled only where it was not known
        whether the mail arrived.

        :param str reason: the words of the client's server
        :param str failure_type: a key of ``const.FAILURE_TYPES``
        :param str address: where it was refused, which may be one that the client
            forwards to; the recipient's own address if not given
        :return: the deliveries that moved
        :rtype: invoice.delivery
        """
        able = self.filtered(
            lambda d: d.state != "error" or d.failure_type == "unknown"
        )
        moved = able._update_state(
            "bounce",
            failure_type=failure_type,
            failure_reason=reason,
            next_attempt_datetime=False,
            is_unseen=True,
        )
        for delivery in moved:
            delivery._record_event(
                "bounce",
                reasons=failure_type,
                detail=reason,
                email=address or delivery.email,
            )
        moved.line_id._hand_over_link()
        return moved

    def _record_bounce(self, reason, address):
        """Tell of a bounce that changes nothing: late, or after a look; once each.

        :param str reason: the words of the client's server
        :param str address: where it was refused
        """
        for delivery in self:
            bounces = delivery.event_ids.filtered(lambda e: e.event_type == "bounce")
            known = {(e.email, e.detail) for e in bounces}
            if (address, reason) not in known and len(bounces) < MOST_BOUNCES:
                delivery._record_event(
                    "bounce", reasons="refused", detail=reason, email=address
                )

    def _mark_notifications(self, reason):
        """Let the chatter's own envelope say so too, for a typed address as well.

        :param str reason: the words of the client's server
        """
        # sudo: notifications belong to other people
        notifications = (
            self.env["mail.notification"]
            .sudo()
            .search([("mail_message_id", "in", self.mail_message_id.ids)])
        )
        pairs = {(d.mail_message_id, d.partner_id or d.email) for d in self}
        notifications.filtered(
            lambda n: (n.mail_message_id, n.res_partner_id or n.mail_email_address)
            in pairs
        ).write(
            {
                "notification_status": "bounce",
                "failure_type": "mail_bounce",
                "failure_reason": reason,
            }
        )
