"""Reminders that leave by themselves: their job, and days that pass."""

from .seller import Seller

REMIND = "invoice_send_client.ir_cron_remind_clients"
DAY = 24 * 60


def pass_days(seller: Seller, move_id: int, days: int) -> None:
    """Let a document have been sent, and its client reminded, so many days earlier.

    :param seller: Seller SRL
    :param move_id: the document
    :param days: how many
    """
    seller.make_older(move_id, days * DAY)
    seller.sql(
        "UPDATE account_move SET"
        " invoice_sent_datetime = invoice_sent_datetime - %s * interval '1 day',"
        " invoice_unread_reminder_datetime ="
        " invoice_unread_reminder_datetime - %s * interval '1 day'"
        " WHERE id = %s",
        days,
        days,
        move_id,
    )
