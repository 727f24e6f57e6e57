"""A company whose clients pay online, by Odoo's pretended provider."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devenv import database
from devenv.environment import Environment

from .odoo_server import OdooServer

#: Invoices of two customers with one amount, and with another one, that can be paid
#: online.
INVOICES = """
import json
company = env.company
company.name = "Seller SRL"
env["account.chart.template"].try_loading("generic_coa", company)
env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "True")
provider = env.ref("payment.payment_provider_demo")
provider.write({"state": "test", "is_published": True})
env.cr.commit()
partners = env["res.partner"].create(
    [{"name": name, "email": f"{name}@x.example"} for name in ("ana", "ion")]
)
moves = env["account.move"].create(
    [
        {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_line_ids": [
                (0, 0, {"name": "Lamp", "price_unit": price, "tax_ids": [(5,)]})
            ],
        }
        for partner, price in (
            (partners[0], 100),
            (partners[1], 100),
            (partners[0], 70),
            (partners[1], 70),
        )
    ]
)
moves.action_post()
deliveries = env["invoice.delivery"].create(
    [{"move_id": move.id, "email": move.partner_id.email} for move in moves]
)
deliveries.state = "sent"
env.cr.commit()
with open(RESULT, "w") as result:
    json.dump(
        [
            {
                "id": move.id,
                "path": f"/invoice/d/{delivery._get_token()}",
                "partner_id": move.partner_id.id,
                "currency_id": move.currency_id.id,
            }
            for move, delivery in zip(moves, deliveries)
        ],
        result,
    )
"""


@dataclass
class Till:
    """A running Odoo with online payment.

    :ivar server: it
    :ivar invoices: ``id``, ``path`` of the client's page, ``partner_id`` and
        ``currency_id`` of each invoice
    """

    server: OdooServer
    invoices: list[dict]

    def ask(self, expression: str) -> object:
        """Return what Odoo says to a Python expression.

        :param expression: with ``env``, its value as JSON
        """
        file = self.server.log.with_suffix(".json")
        self.server.shell(
            f"import json\nwith open({str(file)!r}, 'w') as result:\n"
            f"    json.dump({expression}, result)\n"
        )
        return json.loads(file.read_text("utf-8"))


@contextlib.contextmanager
def opened(
    env: Environment, folder: Path, langs: list[str] = (), modules: list[str] = ()
) -> Iterator[Till]:
    """Provide a till on a database of its own.

    :param env: the environment of ``./dev``
    :param folder: an empty one, for files
    :param langs: languages of its clients besides English
    :param modules: further addons
    """
    name = f"isc_test_{os.getpid()}-till"
    modules = ["account_payment", "payment_demo", *modules]
    database.create(env, name, modules=modules, langs=langs)
    server = OdooServer(env, name, folder / "till.log")
    try:
        result = folder / "invoices.json"
        server.shell(f"RESULT = {str(result)!r}\n{INVOICES}")
        server.start()
        yield Till(server, json.loads(result.read_text()))
    finally:
        server.stop()
        database.drop(env, name)
