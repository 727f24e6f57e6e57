from odoo.tests import TransactionCase, tagged
from odoo.tools import sql

from ..hooks import MOVE_COLUMNS, pre_init_hook


@tagged("-at_install", "post_install")
class TestHooks(TransactionCase):
    """Installing on a database that has been used for years."""

    def test_columns_made_beforehand_are_those_that_odoo_would_compute(self):
        """Each that is missing would be computed for all entries of the database."""
        Move = self.env["account.move"]
        ours = {
            name: field.column_type[0]
            for name, field in Move._fields.items()
            if field.store
            and field.compute
            and field.column_type
            and field._modules == ("invoice_send_client",)
        }
        self.assertEqual(MOVE_COLUMNS, ours)

    def test_columns_that_are_there_are_left_alone(self):
        pre_init_hook(self.env)
        columns = sql.table_columns(self.env.cr, "account_move")
        self.assertLessEqual(set(MOVE_COLUMNS), set(columns))
