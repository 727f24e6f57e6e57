from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.web.controllers.export import ExportXlsxWriter

#: Characters that a cell of Excel takes.
LONGEST_CELL = 32_767
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class InvoiceSendRun(http.Controller):
    """What the sender takes out of Odoo."""

    def _write_cell(self, writer, row, column, value):
        """Write a cell; texts stay texts: a server's words may begin with "=" or "{=".

        :param ExportXlsxWriter writer: Odoo's own
        """
        if isinstance(value, str):
            text = value[:LONGEST_CELL]
            writer.worksheet.write_string(row, column, text, writer.base_style)
        else:
            writer.write_cell(row, column, value)

    @http.route(
        "/invoice/run/<int:run_id>/export", type="http", auth="user", readonly=True
    )
    def export(self, run_id):
        """Answer with everything that became of a run, as a table.

        :param int run_id: ``invoice.send.run``
        :return: an XLSX file; 404 where there is no such run
        :raise AccessError: where the user may not read it
        """
        run = request.env["invoice.send.run"].browse(run_id).exists()
        if not run:
            raise request.not_found()
        run.check_access("read")
        columns, rows = run._get_export_columns(), run._get_export_rows()
        types = [{"type": "float"}] * len(columns)
        with ExportXlsxWriter(types, columns, len(rows)) as writer:
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    self._write_cell(writer, number, column, value)
        name = f"sending-{run.id}.xlsx"
        headers = [
            ("Content-Type", XLSX),
            ("Content-Disposition", content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(writer.value, headers=headers)
