"""Buyer EOOD: another company of the same database, which receives invoices."""

from .rpc import Client
from .seller import Seller

PASSWORD = "buyer"
LOGIN = "boris"


class Buyer:
    """Buyer EOOD, in Bulgaria and with euro, and Boris Kolev, who makes its bills.

    :param seller: the company that sends to it
    :ivar partner_id: its contact, to which invoices are made
    :ivar user: Boris Kolev, who has this company alone
    """

    def __init__(self, seller: Seller) -> None:
        self.seller, admin = seller, seller.admin
        self.company_id = admin.make(
            "res.company",
            {
                "name": "Buyer EOOD",
                "email": "office@buyer.example",
                "currency_id": admin.ref("base.EUR"),
            },
        )
        [me] = admin.search("res.users", [("login", "=", "admin")], "id")
        admin.change("res.users", me["id"], {"company_ids": [(4, self.company_id)]})
        chart = "account.chart.template"
        admin.call(chart, "try_loading", [], seller.CHART, self.company_id)
        company = admin.fetch("res.company", self.company_id, "partner_id")
        self.partner_id = company["partner_id"][0]
        bulgaria = admin.ref("base.bg")
        admin.change("res.partner", self.partner_id, {"country_id": bulgaria})
        self._create_user()
        self.switch(on=True)

    def _create_user(self) -> None:
        admin = self.seller.admin
        groups = ("base.group_user", "account.group_account_invoice")
        self.user_id = admin.make(
            "res.users",
            {
                "name": "Boris Kolev",
                "login": LOGIN,
                "password": PASSWORD,
                "email": "boris@buyer.example",
                "company_id": self.company_id,
                "company_ids": [(6, 0, [self.company_id])],
                "group_ids": [admin.ref(xmlid) for xmlid in groups],
            },
        )
        server = self.seller.server
        self.user = Client(server.url, server.database, LOGIN, PASSWORD)

    def switch(self, on: bool) -> None:
        """Let the company receive invoices of the others, or not."""
        values = {
            "invoice_receive_from_companies": on,
            "invoice_receive_user_id": self.user_id,
        }
        self.seller.admin.change("res.company", self.company_id, values)

    def invoice(self, price: float = 100.0) -> int:
        """Let the seller make and post an invoice for this company.

        :param price: of its only line
        """
        user = self.seller.user
        move_id = user.make(
            "account.move",
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_id,
                "invoice_date": "2026-11-20",
                "invoice_line_ids": [(0, 0, {"name": "Work", "price_unit": price})],
            },
        )
        user.call("account.move", "action_post", [move_id])
        return move_id

    def bills(self, move_id: int) -> list[dict]:
        """Read what the company received of one of the seller's invoices."""
        number = self.seller.move(move_id)["name"]
        names = ("state", "amount_total", "invoice_received_notice")
        return self.user.search("account.move", [("ref", "=", number)], *names)
