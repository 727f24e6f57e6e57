"""Invoices by the thousand for the benchmarks: copies of a posted one, made by SQL."""

from odoo.tools import SQL

#: Columns in which the copies differ from each other, and how: ``number`` counts them,
#: ``customers`` says how many customers take turns.
OWN = {
    "name": "'BENCH/' || number",
    "sequence_prefix": "'BENCH/'",
    "sequence_number": "number",
    "partner_id": "partner_id + number %% %(customers)s",
    "commercial_partner_id": "partner_id + number %% %(customers)s",
    "partner_shipping_id": "partner_id + number %% %(customers)s",
    "amount_total": "amount_total + number",
    "amount_total_in_currency_signed": "amount_total + number",
    "invoice_date": "invoice_date - number / 20",
    "date": "date - number / 20",
}


def load_chart(env, code: str) -> None:
    """Give the company its chart of accounts."""
    env["account.chart.template"].try_loading(code, env.company)


def post(env, partner, *, lines: int, taxes=None):
    """Return a posted invoice, for copies of it.

    :param env: the environment
    :param partner: the first of the customers, whose ids follow each other
    :param lines: how many
    :param taxes: of each line; by default what Odoo takes
    """
    values = [{"name": f"Work {i}", "price_unit": 10 * i} for i in range(1, lines + 1)]
    for line in values if taxes else ():
        line["tax_ids"] = [(6, 0, taxes.ids)]
    move = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": "2026-11-21",
            "invoice_line_ids": [(0, 0, line) for line in values],
        }
    )
    move.action_post()
    return move


def copy(
    env,
    move,
    *,
    count: int,
    customers: int,
    own: dict[str, SQL] | None = None,
    beside: SQL | None = None,
) -> None:
    """Copy an invoice with its lines, and commit.

    :param env: the environment
    :param move: the invoice
    :param count: how many copies
    :param customers: how many customers take turns
    :param own: further columns in which the copies differ, with their expressions
    :param beside: tables to join that these expressions name
    """
    env.flush_all()
    given = {name: SQL(code, customers=customers) for name, code in OWN.items()}
    given.update(own or {})
    copied = _columns(env, "account_move") - {"id", "access_token"} - set(given)
    env.cr.execute(
        SQL(
            """INSERT INTO account_move (%s, %s)
            SELECT %s, %s
              FROM account_move AS move, generate_series(1, %s) AS number %s
             WHERE move.id = %s""",
            _list(copied),
            _list(given),
            _list(copied, "move"),
            SQL(", ").join(given.values()),
            count,
            beside or SQL(),
            move.id,
        )
    )
    _copy_lines(env, move)
    _copy_taxes(env, move)
    env.cr.commit()
    env.cr.execute("ANALYZE account_move, account_move_line")
    env.cr.commit()
    env.invalidate_all()


def _copy_lines(env, move) -> None:
    copied = _columns(env, "account_move_line") - {"id", "move_id", "move_name"}
    env.cr.execute(
        SQL(
            """INSERT INTO account_move_line (%s, move_id, move_name)
            SELECT %s, copy.id, copy.name
              FROM account_move_line AS line, account_move AS copy
             WHERE line.move_id = %s AND copy.sequence_prefix = 'BENCH/'""",
            _list(copied),
            _list(copied, "line"),
            move.id,
        )
    )


def _copy_taxes(env, move) -> None:
    """Give the copied lines the taxes of those that they are copies of."""
    env.cr.execute(
        """INSERT INTO account_move_line_account_tax_rel
                       (account_move_line_id, account_tax_id)
           SELECT copied.id, taxes.account_tax_id
             FROM account_move_line_account_tax_rel AS taxes
             JOIN account_move_line AS line ON line.id = taxes.account_move_line_id
             JOIN account_move_line AS copied
               ON copied.display_type = line.display_type
              AND copied.sequence = line.sequence AND copied.name = line.name
             JOIN account_move AS copy ON copy.id = copied.move_id
            WHERE line.move_id = %s AND copy.sequence_prefix = 'BENCH/'""",
        [move.id],
    )


def _columns(env, table: str) -> set[str]:
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
        [table],
    )
    return {name for (name,) in env.cr.fetchall()}


def _list(names, alias: str = "") -> SQL:
    """Return columns, divided by commas; sets are put in order."""
    names = sorted(names) if isinstance(names, set) else names
    return SQL(", ").join(
        SQL.identifier(alias, name) if alias else SQL.identifier(name) for name in names
    )
