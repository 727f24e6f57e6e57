"""A company of the same database gets each document once, whoever sends it when."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers.polling import until
from tests.helpers.row_lock import RowLock
from tests.helpers.rpc import RpcError


@pytest.mark.parametrize("attempt", range(3))
def test_two_sendings_at_once_make_one_bill(seller, buyer, attempt):
    move_id = buyer.invoice(price=100.0 + attempt)
    windows = [seller.window(move_id, sending_methods=["network"]) for _ in range(2)]

    def press(window):
        with contextlib.suppress(RpcError):  # the second one is asked to try again
            seller.press_send(window)

    with ThreadPoolExecutor() as pool:
        list(pool.map(press, windows))
    for _pass in range(3):  # what met the other one is put off, and tried again
        seller.make_due(move_id)
        seller.run_cron()
    states = {row["state"] for row in seller.deliveries(move_id)}
    assert states <= {"sent", "cancel"}, seller.deliveries(move_id)
    assert "sent" in states
    assert len(buyer.bills(move_id)) == 1


def test_sending_that_meets_another_one_begins_anew_and_brings_it(seller, buyer):
    move_id = buyer.invoice(price=321.0)
    window = seller.window(move_id, sending_methods=["network"])
    # another sending of the document, which has not come to its end
    with contextlib.closing(seller.connect()) as other, ThreadPoolExecutor() as pool:
        with other.cursor() as cursor:
            cursor.execute(
                "UPDATE account_move SET write_date = write_date WHERE id = %s",
                (move_id,),
            )
        lock = RowLock(other, move_id, RowLock.DOCUMENT)
        press = pool.submit(seller.press_send, window)
        until(lock.is_waited_for, "the second sending")
        other.commit()
        press.result()
    seller.sql(
        "UPDATE invoice_send_run_line SET next_attempt_datetime = NULL"
        " WHERE move_id = %s",
        move_id,
    )
    seller.make_due(move_id)
    seller.run_cron()
    assert seller.delivery(move_id)["state"] == "sent"
    assert len(buyer.bills(move_id)) == 1


def test_company_that_switched_it_off_gets_nothing(seller, buyer):
    move_id = buyer.invoice()
    buyer.switch(on=False)
    try:
        window = seller.window(move_id, sending_methods=["network"])
        with pytest.raises(RpcError, match="has not switched on"):
            seller.press_send(window)
    finally:
        buyer.switch(on=True)
    assert buyer.bills(move_id) == []
