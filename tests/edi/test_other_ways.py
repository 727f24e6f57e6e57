"""Peppol and e-Factura in the panel and the run, with their apps' own states (R9)."""

import pytest

from tests.helpers.romanian_seller import (
    ACCEPTED_INVOICE,
    REFUSED_INVOICE,
    answer_e_factura,
)

WORDS = "E: validari globale, cod fiscal gresit"


@pytest.fixture
def address(romanian):
    """An address of this test alone."""
    return romanian.address("client")


def ways(seller, move_id):
    """Read what the panel says of Odoo's own ways, by their names."""
    found = seller.user.call("account.move", "get_invoice_delivery_panel", [move_id])
    return {way["name"]: way for way in found["ways"]}


def in_run(seller, move_id):
    """Read what the run says of them."""
    domain = [("move_id", "=", move_id)]
    lines = seller.user.search("invoice.send.run.line", domain, "other_ways")
    return [line["other_ways"] for line in lines]


def fetch_e_factura(seller, move_id):
    """Ask the tax office, as the user does on the invoice."""
    domain = [("invoice_id", "=", move_id)]
    [document] = seller.admin.search("l10n_ro_edi.document", domain, "id")
    seller.admin.call(
        "l10n_ro_edi.document", "action_l10n_ro_edi_fetch_status", [document["id"]]
    )


def send_by_peppol(seller, move_id):
    """Send a document by e-mail and Peppol, without e-Factura."""
    boxes = {"ro_edi": {"checked": False}}
    seller.send(
        move_id, sending_methods=["email", "peppol"], extra_edi_checkboxes=boxes
    )


def test_e_factura_is_shown_from_its_sending_to_its_acceptance(
    romanian, internet, address
):
    move_id = romanian.romanian_invoice(address)
    assert ways(romanian, move_id) == {}
    romanian.send(move_id)
    way = ways(romanian, move_id)["e-Factura"]
    assert (way["label"], way["kind"], way["problem"]) == ("Sent", "waiting", "")
    assert way["datetime"]
    assert in_run(romanian, move_id) == ["e-Factura: Sent"]
    answer_e_factura(internet, "ok", ACCEPTED_INVOICE)
    fetch_e_factura(romanian, move_id)
    way = ways(romanian, move_id)["e-Factura"]
    assert (way["label"], way["kind"]) == ("Validated", "sent")
    assert in_run(romanian, move_id) == ["e-Factura: Validated"]


def test_refused_e_factura_says_why(romanian, internet, address):
    move_id = romanian.romanian_invoice(address)
    romanian.send(move_id)
    answer_e_factura(internet, "nok", REFUSED_INVOICE % WORDS)
    fetch_e_factura(romanian, move_id)
    way = ways(romanian, move_id)["e-Factura"]
    assert (way["label"], way["kind"]) == ("Refused", "failed")
    assert WORDS in way["problem"]
    [told] = in_run(romanian, move_id)
    assert told.startswith("e-Factura: Refused") and WORDS in told


def test_peppol_is_shown_with_its_own_word(romanian, internet, address):
    move_id = romanian.belgian_invoice(address)
    assert ways(romanian, move_id) == {}
    send_by_peppol(romanian, move_id)
    way = ways(romanian, move_id)["Peppol"]
    assert (way["label"], way["kind"]) == ("Pending Reception", "waiting")
    assert way["datetime"]
    assert in_run(romanian, move_id) == ["Peppol: Pending Reception"]
    romanian.sql(
        "UPDATE account_move SET peppol_move_state = 'done' WHERE id = %s", move_id
    )
    assert ways(romanian, move_id)["Peppol"]["kind"] == "sent"


def test_peppol_that_failed_is_told_as_a_problem(romanian, internet, address):
    move_id = romanian.belgian_invoice(address)
    send_by_peppol(romanian, move_id)
    romanian.sql(
        "UPDATE account_move SET peppol_move_state = 'error' WHERE id = %s", move_id
    )
    way = ways(romanian, move_id)["Peppol"]
    assert (way["label"], way["kind"]) == ("Error", "failed")
    assert "messages of the invoice" in way["problem"]
