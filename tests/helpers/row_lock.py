"""Rows of the database that Odoo has to wait for."""


class RowLock:
    """Holds the deliveries of one document, or the document, against changes.

    Foreign keys may still point at them, as those of a mail that is just being made.

    :param connection: a psycopg2 connection of its own
    :param move_id: the document
    :param rows: what is held, :data:`DELIVERIES` or :data:`DOCUMENT`
    """

    DELIVERIES = "SELECT id FROM invoice_delivery WHERE move_id = %s"
    DOCUMENT = "SELECT id FROM account_move WHERE id = %s"

    def __init__(self, connection, move_id: int, rows: str = DELIVERIES) -> None:
        self._connection = connection
        self._move_id = move_id
        self._rows = rows

    def take(self) -> None:
        """Lock the rows."""
        self._fetch(f"{self._rows} FOR NO KEY UPDATE", self._move_id)

    def is_waited_for(self) -> bool:
        """Tell whether somebody wants to change one of the rows."""
        return bool(
            self._fetch(
                "SELECT 1 FROM pg_locks WHERE NOT granted"
                " AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
        )

    def release(self) -> None:
        """Let the rows go; there is no way back."""
        self._connection.close()

    def _fetch(self, statement: str, *values: object) -> list:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()
