"""e-Factura and Peppol beside the mail: documents first, and errors keep it back."""

import json

import pytest
from lxml import etree

from tests.helpers.romanian_seller import (
    E_FACTURA,
    PEPPOL_LOOKUP,
    PEPPOL_SEND,
    REFUSED,
)

WINDOW = "account.move.send.wizard"


def assert_kept_back(seller, sink, move_id, action, words):
    """Check that no mail left, and that window and deliveries say why.

    :param seller: the Romanian seller
    :param sink: the mail server
    :param move_id: the document
    :param action: what the window does after Send
    :param words: what every place says
    """
    problems = "\n".join(seller.problems(action))
    deliveries = seller.deliveries(move_id)
    assert deliveries
    for delivery in deliveries:
        assert (delivery["state"], delivery["failure_type"]) == ("error", "edi")
        assert words in delivery["failure_reason"]
        assert delivery["email"] in problems and words in problems
        assert sink.mails_to(delivery["email"]) == []
    assert seller.move(move_id)["invoice_delivery_state"] == "error"


def pressed(seller, move_id, **typed):
    """Send a document with an e-invoice ticked; return what the window does next."""
    typed.setdefault("sending_methods", ["email"])
    return seller.press_send(seller.window(move_id, **typed))


@pytest.fixture
def address(romanian):
    """An address of this test alone."""
    return romanian.address("client")


@pytest.fixture
def both(romanian, address):
    """Two recipients as they are typed into the window."""
    return f"{address}; {romanian.address('second')}"


@pytest.fixture
def factura(romanian, internet, address):
    """An invoice that e-Factura applies to; nobody was asked anything yet."""
    move_id = romanian.romanian_invoice(address)
    internet.asked.clear()
    return move_id


@pytest.fixture
def peppol(romanian, internet, address):
    """An invoice to a customer who was found on the Peppol network."""
    move_id = romanian.belgian_invoice(address)
    assert len(internet.asked_for(PEPPOL_LOOKUP)) == 1
    internet.asked.clear()
    return move_id


def opened(seller, move_id, *names):
    """Open the send window as it comes, and read what it says."""
    context = {"active_model": "account.move", "active_ids": [move_id]}
    window_id = seller.user.make(WINDOW, {}, **context)
    return seller.user.fetch(WINDOW, window_id, *names)


# -- e-Factura -------------------------------------------------------------------------


def test_e_factura_is_ticked_and_opening_the_window_asks_nobody(
    romanian, internet, factura
):
    """The native box is there, ticked, and nothing went over the network."""
    romanian.user.call("account.move", "action_invoice_sent", [factura])
    window = opened(romanian, factura, "extra_edi_checkboxes")
    assert window["extra_edi_checkboxes"]["ro_edi"]["checked"]
    assert internet.asked == []


@pytest.mark.parametrize("mode", ["link", "attachment"])
def test_accepted_e_factura_lets_the_mail_go_after_it(
    romanian, sink, internet, factura, address, mode
):
    """The tax office gets the XML first; then the mail goes, with the native files."""
    mails_at_upload = []

    def upload(_asked):
        mails_at_upload.append(len(sink.mails_to(address)))
        return 200, b'<header ExecutionStatus="0" index_incarcare="5001"/>'

    internet.answer(E_FACTURA, upload)
    action = pressed(romanian, factura, document_mode=mode)
    assert action["type"] == "ir.actions.act_window_close"
    assert mails_at_upload == [0]
    [asked] = internet.asked
    assert asked.path.startswith(E_FACTURA)
    number = romanian.move(factura)["name"]
    assert etree.fromstring(asked.body).findtext("{*}ID") == number
    assert romanian.delivery(factura)["state"] == "sent"
    move = romanian.user.fetch("account.move", factura, "l10n_ro_edi_state")
    assert move["l10n_ro_edi_state"] == "invoice_sent"
    files = sorted(name.rpartition(".")[2] for name in sink.mail_to(address).files)
    assert files == (["pdf", "xml"] if mode == "attachment" else ["xml"])


def test_refused_e_factura_keeps_the_mail_back(romanian, sink, internet, factura, both):
    """The tax office's words stand on every delivery and in the window."""
    words = "E: validari globale, cod fiscal gresit"
    internet.answer(E_FACTURA, lambda _asked: (200, (REFUSED % words).encode()))
    action = pressed(romanian, factura, email_to=both)
    assert_kept_back(romanian, sink, factura, action, words)


def test_refused_e_factura_is_sent_again_from_the_window(
    romanian, sink, internet, factura, address
):
    """Once the tax office takes it, Send in the same window does all of it."""
    words = "try later"
    internet.answer(
        E_FACTURA, lambda _asked: (400, json.dumps({"message": words}).encode())
    )
    action = pressed(romanian, factura)
    assert_kept_back(romanian, sink, factura, action, words)
    internet.answer(
        E_FACTURA, lambda _asked: (200, b'<h ExecutionStatus="0" index_incarcare="1"/>')
    )
    again = romanian.press_send(action["res_id"])
    assert again["type"] == "ir.actions.act_window_close"
    assert len(sink.mails_to(address)) == 1
    assert len(internet.asked_for(E_FACTURA)) == 2
    states = [d["state"] for d in romanian.deliveries(factura)]
    assert states[-1] == "sent"


def test_e_invoice_that_cannot_be_written_keeps_the_mail_back(
    romanian, sink, internet, address, both
):
    """A customer without a street: Odoo's own words, and nobody is asked."""
    move_id = romanian.romanian_invoice(address, street=False)
    action = pressed(romanian, move_id, email_to=both)
    assert_kept_back(romanian, sink, move_id, action, "Street")
    assert internet.asked == []


def test_unticked_e_factura_asks_nobody(romanian, sink, internet, factura, address):
    """Without the tick the mail goes and the tax office hears nothing."""
    pressed(romanian, factura, extra_edi_checkboxes={"ro_edi": {"checked": False}})
    assert len(sink.mails_to(address)) == 1
    assert internet.asked == []


# -- Peppol ----------------------------------------------------------------------------


def by_peppol(seller, move_id, **typed):
    """Send a document by e-mail and Peppol, without e-Factura."""
    typed.update(sending_methods=["email", "peppol"])
    return pressed(
        seller, move_id, extra_edi_checkboxes={"ro_edi": {"checked": False}}, **typed
    )


def test_peppol_is_offered_and_opening_the_window_asks_nobody(
    romanian, internet, peppol
):
    """What is stored says that the customer is on the network."""
    window = opened(romanian, peppol, "sending_method_checkboxes")
    assert window["sending_method_checkboxes"]["peppol"]["checked"]
    assert internet.asked == []


def test_customer_never_looked_up_is_not_looked_up_on_opening(
    romanian, internet, peppol
):
    """The window opens without the network and writes nothing on the contact."""
    [move] = romanian.user.search("account.move", [("id", "=", peppol)], "partner_id")
    partner_id = move["partner_id"][0]
    romanian.sql("UPDATE res_partner SET peppol_verification_state = NULL")
    for button in ("action_invoice_sent", "action_open_send_window"):
        romanian.user.call("account.move", button, [peppol])
    opened(romanian, peppol)
    assert internet.asked == []
    state = "peppol_verification_state"
    found = romanian.user.fetch("res.partner", partner_id, state)[state]
    assert found == "not_verified"


def test_document_goes_to_peppol_first_and_the_mail_after_it(
    romanian, sink, internet, peppol, address
):
    """Peppol gets the XML with the PDF inside; the mail carries the native files."""
    action = by_peppol(romanian, peppol, document_mode="attachment")
    assert action["type"] == "ir.actions.act_window_close"
    [asked] = internet.asked_for(PEPPOL_SEND)
    [document] = json.loads(asked.body)["params"]["documents"]
    assert document["receiver"] == "0208:0477472701"
    assert romanian.delivery(peppol)["state"] == "sent"
    move = romanian.user.fetch("account.move", peppol, "peppol_move_state")
    assert move["peppol_move_state"] == "processing"
    names = sorted(name.rpartition(".")[2] for name in sink.mail_to(address).files)
    assert names == ["pdf", "xml"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, b"", "returned an error"),
        (
            200,
            b'{"result": {"error": {"code": 1, "message": "Receiver is gone",'
            b' "subject": "Receiver is gone"}}}',
            "Receiver is gone",
        ),
        (
            200,
            b'{"result": {"proxy_error": {"code": "x", "message": "Out of order"}}}',
            "Out of order",
        ),
    ],
    ids=["down", "refused", "proxy error"],
)
def test_peppol_error_keeps_the_mail_back(
    romanian, sink, internet, peppol, both, status, body, words
):
    """Whatever goes wrong on the way to Peppol: no mail, the words everywhere."""
    internet.answer(PEPPOL_SEND, lambda _asked: (status, body))
    action = by_peppol(romanian, peppol, email_to=both)
    assert_kept_back(romanian, sink, peppol, action, words)


SEND_TOO_BIG = """
import builtins
from odoo.addons.account_peppol.models import account_move_send as peppol

def pretended(thing):
    return 64_000_001 if isinstance(thing, bytes) else builtins.len(thing)

peppol.len = pretended  # 64 MB of XML, as far as Peppol's app can tell
wizards = env["account.move.send.wizard"].with_context(
    active_model="account.move", active_ids=[MOVE]
)
wizards.create(
    {"sending_methods": ["email", "peppol"], "extra_edis": [], "email_to": "TO"}
).action_send_and_print()
env.cr.commit()
"""


def test_bare_text_of_peppol_is_told_as_any_other_error(
    romanian, sink, internet, peppol, address
):
    """Peppol's app tells some errors as text alone, which Odoo cannot format."""
    script = SEND_TOO_BIG.replace("MOVE", str(peppol)).replace("TO", address)
    romanian.server.shell(script)
    delivery = romanian.delivery(peppol)
    assert (delivery["state"], delivery["failure_type"]) == ("error", "edi")
    assert "too big to send via peppol" in delivery["failure_reason"]
    assert internet.asked_for(PEPPOL_SEND) == []
    assert sink.mails_to(address) == []


def test_window_can_look_the_customer_up_when_asked(romanian, internet, peppol):
    """The button asks the network, because the user wants it; then Peppol is there."""
    romanian.sql("UPDATE res_partner SET peppol_verification_state = NULL")
    context = {"active_model": "account.move", "active_ids": [peppol]}
    window_id = romanian.user.make(WINDOW, {}, **context)
    assert internet.asked == []
    name = "sending_method_checkboxes"
    boxes = romanian.user.fetch(WINDOW, window_id, name)[name]
    assert boxes["peppol"]["readonly"]
    is_ticked = boxes["email"]["checked"]
    boxes["email"]["checked"] = not is_ticked
    romanian.user.change(WINDOW, window_id, {name: boxes})
    romanian.user.call(WINDOW, "action_check_network", [window_id])
    assert internet.asked_for(PEPPOL_LOOKUP)
    boxes = romanian.user.fetch(WINDOW, window_id, name)[name]
    assert not boxes["peppol"].get("readonly")
    assert boxes["email"]["checked"] != is_ticked
