"""Odoo's own workers of scheduled actions: where they are found, how they are woken."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from . import polling
from .seller import Seller

SENDING = "account.ir_cron_account_move_send"
#: Folder for PYTHONPATH that makes Odoo give up silent mail servers soon.
SHORT_PATIENCE = Path(__file__).parent / "short_patience"
#: Seconds between two calls: each worker looks at its jobs at each.
CALL_SECONDS = 0.5
#: Seconds between two looks at what they do: a mail takes them not much longer.
LOOK_SECONDS = 0.01


def impatient(seconds: float) -> dict[str, str]:
    """Return the process environment of an Odoo that waits so long for mail servers."""
    return {"PYTHONPATH": str(SHORT_PATIENCE), "SMTP_PATIENCE": str(seconds)}


def wake(seller: Seller) -> None:
    """Let sleeping workers look at their jobs now; by themselves they do each minute.

    As ``ir.cron._notifydb`` does, hence on the database ``postgres``. The job runner,
    where there is one, looks for dead jobs at each call, and once a minute.
    """
    seller.sql("SELECT pg_notify('queue_job', 'nothing')")
    with contextlib.closing(seller.connect("postgres")) as connection, connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('cron_trigger', %s)", [seller.database])


def trigger(seller: Seller) -> None:
    """Let the sending be due now, and wake the workers."""
    seller.sql(
        "INSERT INTO ir_cron_trigger (cron_id, call_at)"
        " VALUES (%s, now() AT TIME ZONE 'UTC')",
        seller.admin.ref(SENDING),
    )
    wake(seller)


def wake_until(
    seller: Seller, look: Callable[[], object], what: str, seconds: float
) -> object:
    """Wake the workers again and again until there is something to see.

    One that is only just starting does not hear the first call. See ``polling.until``.
    """

    def woken() -> object:
        if found := look():
            return found
        wake(seller)
        next_call = time.monotonic() + CALL_SECONDS
        while not (found := look()) and time.monotonic() < next_call:
            time.sleep(LOOK_SECONDS)
        return found

    return polling.until(woken, what, seconds)


def read_job(seller: Seller) -> dict:
    """Read how Odoo's scheduler thinks of the sending: parked or not."""
    domain = [("id", "=", seller.admin.ref(SENDING))]
    names = ["active", "failure_count"]
    context = {"active_test": False}
    [job] = seller.admin.call("ir.cron", "search_read", domain, names, context=context)
    return job
