"""PDFs of many documents with the real engine: as Odoo's, and each fails alone."""

import pytest

from tests.helpers.odoo_server import OdooServer
from tests.helpers.pdf_engine import PdfEngine
from tests.helpers.review import post_many

BROKEN = "Brokenpdf"

#: Makes the PDFs of ``move_ids`` as the sending does.
MAKE = """
move_ids = %(move_ids)s
moves = env["account.move"].browse(move_ids)
Send = env["account.move.send"]
report = env.ref("account.account_invoices")
def settings():
    return {move: {"pdf_report": report, "invoice_send_line": True} for move in moves}
data = settings()
Send._prepare_invoice_pdf_report(data)
made = [data[move].get("pdf_attachment_values", {}).get("raw") for move in moves]
"""

#: Compares them with those of Odoo's own code: text, place and font of each line.
COMPARE = """
import io
from unittest.mock import patch
from pdfminer.high_level import extract_pages
from odoo.addons.account.models.account_move_send import AccountMoveSend
from odoo.addons.invoice_send_client.models.ir_actions_report import IrActionsReport

def look(element):
    font = getattr(element, "fontname", "").split("+")[-1]
    box = [round(side) for side in getattr(element, "bbox", ())]
    inner = list(element) if hasattr(element, "__iter__") else []
    text = element.get_text() if hasattr(element, "get_text") and not inner else ""
    return type(element).__name__, text, font, box, [look(one) for one in inner]

def pages(content):
    return [look(page) for page in extract_pages(io.BytesIO(content))]

env["ir.config_parameter"].set_param("report.print_delay", "1000")
native = settings()
with patch.object(IrActionsReport, "_changes_late", lambda *_pages: True):
    AccountMoveSend._prepare_invoice_pdf_report(Send, native)
for move, content in zip(moves, made, strict=True):
    ours, odoos = pages(content), pages(native[move]["pdf_attachment_values"]["raw"])
    assert len(ours) == len(odoos) and ours == odoos, move.name
    assert all(len(page[4]) > 10 for page in ours), move.name
assert len(pages(made[0])) > 1
"""

#: Checks that the PDF of one document alone is missing.
CHECK = """
bad = %(bad)s
for move, content in zip(moves, made, strict=True):
    if move.id == bad:
        assert data[move]["error"]["failure_type"] == "pdf", data[move]
        assert not content
    else:
        assert "error" not in data[move], data[move]
        assert content.startswith(b"%%PDF"), move.name
"""


@pytest.fixture
def broken(seller, dev_environment, tmp_path):
    """Seller SRL's Odoo with an engine that one document can harm, not started.

    :return: the engine and the server
    """
    engine = PdfEngine(dev_environment, tmp_path)
    log = tmp_path / "odoo.log"
    server = OdooServer(dev_environment, seller.database, log, **engine.variables())
    return engine, server


def make_documents(seller, count):
    """Post documents of customers of their own."""
    return post_many(seller, [seller.address("pdf") for _number in range(count)])


def test_pdfs_are_the_same_page_for_page_as_odoos(seller):
    lines = tuple({"name": f"Row ăîșț {i}", "price_unit": i} for i in range(1, 60))
    long = seller.invoice(seller.address("long"), lines=lines)
    move_ids = [long, *make_documents(seller, 6)]
    seller.server.shell(MAKE % {"move_ids": move_ids} + COMPARE)


@pytest.mark.parametrize("harm", ["kill -SEGV $$", "exit 1"])
def test_a_pdf_that_fails_leaves_the_others_of_its_batch(seller, broken, harm):
    """The engine crashes on one document, or gives an empty file."""
    engine, server = broken
    engine.harm(BROKEN, harm)
    others = make_documents(seller, 4)
    bad = seller.invoice(seller.address("bad"), lines=({"name": BROKEN},))
    made = MAKE % {"move_ids": [*others[:2], bad, *others[2:]]}
    server.shell(made + CHECK % {"bad": bad})
    assert engine.begun(BROKEN) == 2  # with its batch, and alone
