from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.web.controllers.export import ExportXlsxWriter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class InvoiceSendRun(http.Controller):
    """What the sender takes out of Odoo."""

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
            # texts stay texts: a server's words may begin with "="
            writer.worksheet.strings_to_formulas = False
            writer.worksheet.strings_to_urls = False
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    writer.write_cell(number, column, value)
        name = f"sending-{run.id}.xlsx"
        headers = [
            ("Content-Type", XLSX),
            ("Content-Disposition", content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(writer.value, headers=headers)
