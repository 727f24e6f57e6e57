"""The review window of several documents, by RPC as the browser uses it."""

from collections.abc import Iterable

from . import polling
from .seller import LINE, Seller

WINDOW = "account.move.send.batch.wizard"
ROW = f"{WINDOW}.line"
OPENED_ROW = "account.move.send.wizard"

#: What a row says of itself.
VERDICT = ("to_send", "blocked", "block_reason", "warning")
COUNTS = ("sent_count", "failed_count", "skipped_count", "waiting_count", "state")


def draft_many(
    seller: Seller, emails: Iterable[str | bool], **customer: object
) -> list[int]:
    """Create an invoice for each address, of a customer of its own.

    :param seller: Seller SRL
    :param emails: the customers' addresses
    :param customer: further values of each customer
    """
    values = [
        {
            "move_type": "out_invoice",
            "partner_id": partner_id,
            "invoice_date": "2026-11-20",
            "invoice_line_ids": [(0, 0, LINE)],
        }
        for partner_id in seller.customers(emails, **customer)
    ]
    return seller.user.call("account.move", "create", values)


def post_many(
    seller: Seller, emails: Iterable[str | bool], **customer: object
) -> list[int]:
    """Create and post an invoice for each address: see :func:`draft_many`."""
    move_ids = draft_many(seller, emails, **customer)
    seller.user.call("account.move", "action_post", move_ids)
    return move_ids


class Review:
    """The review window, opened by a button of the list.

    :param seller: Seller SRL
    :param move_ids: the documents that were ticked in the list
    :param button: the method that the button calls

    :ivar id: the window's record
    """

    def __init__(
        self,
        seller: Seller,
        move_ids: list[int],
        button: str = "action_open_send_window",
    ) -> None:
        self.seller = seller
        action = seller.user.call("account.move", button, move_ids)
        assert action["res_model"] == WINDOW, action
        self.id: int = action["res_id"]

    def rows(self, *names: str) -> dict[int, dict]:
        """Read the rows.

        :param names: fields; without any, what the row says of itself
        :return: values by document
        """
        names = ("move_id", *(names or VERDICT))
        rows = self.seller.user.search(ROW, [("wizard_id", "=", self.id)], *names)
        return {row["move_id"][0]: row for row in rows}

    def row(self, move_id: int, *names: str) -> dict:
        """Read the row of a document: see :meth:`rows`."""
        return self.rows(*names)[move_id]

    def type(self, move_id: int, **values: object) -> None:
        """Edit a row in its place."""
        self.seller.user.change(ROW, self.row(move_id, "id")["id"], values)

    def type_for_all(self, **values: object) -> None:
        """Edit what stands above the rows."""
        self.seller.user.change(WINDOW, self.id, values)

    def open_row(self, move_id: int, **values: object) -> None:
        """Open a row, type into its window and go back."""
        user = self.seller.user
        window_id = user.call(ROW, "action_open", [self.row(move_id, "id")["id"]])
        user.change(OPENED_ROW, window_id, values)
        user.call(OPENED_ROW, "action_keep_in_batch", [window_id])

    def file(self, name: str, content: str) -> int:
        """Upload a file of the user's computer, as the window does."""
        values = {"name": name, "raw": content, "res_model": WINDOW, "res_id": self.id}
        return self.seller.user.make("ir.attachment", values)

    def press_send(self) -> dict:
        """Press Send; nothing leaves before the scheduled action works.

        :return: the window's next action
        """
        return self.seller.user.call(WINDOW, "action_send_and_print", [self.id])

    def send(self) -> dict:
        """Press Send and let the scheduled action work until nothing is under way.

        :return: what became of it: see :meth:`run`
        """
        self.press_send()

        def is_done() -> bool:
            self.seller.run_cron()
            return self.run()["state"] == "done"

        polling.until(is_done, "the end of the sending", 120)
        return self.run()

    def run(self) -> dict:
        """Read what became of the press of Send."""
        user = self.seller.user
        [run_id, _name] = user.fetch(WINDOW, self.id, "run_id")["run_id"]
        return user.fetch("invoice.send.run", run_id, *COUNTS)
