"""Many documents with e-Factura and Peppol: what stays here leaves no trace (B8)."""

from tests.helpers.review import Review
from tests.helpers.romanian_seller import E_FACTURA, PEPPOL_LOOKUP, PEPPOL_SEND

TRACES = ("sending_data", "peppol_move_state", "l10n_ro_edi_state", "is_move_sent")


def traces(seller, *move_ids):
    """Return what a sending leaves on documents; ready is no trace, but Peppol's own.

    :return: values that are not empty, by document
    """
    found = seller.admin.call("account.move", "read", list(move_ids), list(TRACES))
    empty = (False, "ready")
    return {
        values.pop("id"): {k: v for k, v in values.items() if v not in empty}
        for values in found
    }


def unposted(seller, move_id):
    """Copy a document and leave it a draft."""
    return seller.user.call("account.move", "copy", [move_id])[0]


def test_opening_the_window_asks_nobody(romanian, internet):
    """Whatever the customers: the rows are told from what is stored (R36, B5)."""
    move_ids = [
        romanian.romanian_invoice(romanian.address("factura")),
        romanian.belgian_invoice(romanian.address("peppol")),
    ]
    romanian.sql("UPDATE res_partner SET peppol_verification_state = NULL")
    internet.asked.clear()
    rows = Review(romanian, move_ids).rows("extra_edis")
    assert rows[move_ids[0]]["extra_edis"] == ["ro_edi"]
    assert internet.asked == []


def test_e_factura_goes_for_ticked_rows_alone(romanian, sink, internet):
    """Two leave with their XML; the unticked one and the draft stay as they were."""
    emails = [romanian.address("factura") for _number in range(3)]
    first, second, unticked = (romanian.romanian_invoice(email) for email in emails)
    draft = unposted(romanian, unticked)
    window = Review(romanian, [first, second, unticked, draft])
    window.type(unticked, to_send=False)
    internet.asked.clear()
    run = window.send()
    assert (run["sent_count"], run["skipped_count"]) == (2, 2)
    assert len(internet.asked_for(E_FACTURA)) == 2
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1, 0]
    for values in traces(romanian, first, second).values():
        assert values["l10n_ro_edi_state"] == "invoice_sent"
    assert traces(romanian, unticked, draft) == {unticked: {}, draft: {}}


def test_peppol_goes_for_ticked_rows_alone(romanian, sink, internet):
    """What stays is not even marked to be sent; posted later it does not leave."""
    emails = [romanian.address("peppol") for _number in range(2)]
    ticked, unticked = (romanian.belgian_invoice(email) for email in emails)
    draft = unposted(romanian, unticked)
    assert internet.asked_for(PEPPOL_LOOKUP)
    window = Review(romanian, [ticked, unticked, draft])
    for move_id in (ticked, unticked):
        window.type(move_id, sending_methods=["email", "peppol"], extra_edis=False)
    window.type(unticked, to_send=False)
    internet.asked.clear()
    assert window.send()["sent_count"] == 1
    assert len(internet.asked_for(PEPPOL_SEND)) == 1
    assert traces(romanian, ticked)[ticked]["peppol_move_state"] == "processing"
    assert [len(sink.mails_to(email)) for email in emails] == [1, 0]
    assert traces(romanian, unticked, draft) == {unticked: {}, draft: {}}
    romanian.user.call("account.move", "action_post", [draft])
    romanian.run_cron()
    assert traces(romanian, draft) == {draft: {}}
    assert romanian.deliveries(draft) == []
    assert len(internet.asked_for(PEPPOL_SEND)) == 1
