"""The mail waits for the e-invoice's answer, and carries it (B29)."""

import time

import pytest

from tests.helpers.review import Review, post_many
from tests.helpers.romanian_seller import (
    ACCEPTED_INVOICE,
    E_FACTURA,
    E_FACTURA_STATUS,
    PEPPOL_SEND,
    REFUSED_INVOICE,
    SIGNATURE,
    SIGNATURE_FILE,
    answer_e_factura,
)

WINDOW = "account.move.send.wizard"
ANSWER_FILE = "semnatura_5001.xml"
#: Longer than an answer may take (``const.EDI_SLOW_SECONDS``).
SLOW_SECONDS = 11
WORDS = "E: validari globale, cod fiscal gresit"


@pytest.fixture(autouse=True)
def option(romanian):
    """The company wants its mails to wait."""
    with romanian.company_setting(invoice_wait_for_edi=True):
        yield


@pytest.fixture
def address(romanian):
    """An address of this test alone."""
    return romanian.address("client")


@pytest.fixture
def factura(romanian, internet, address):
    """An invoice that e-Factura applies to; nobody was asked anything yet."""
    move_id = romanian.romanian_invoice(address)
    internet.asked.clear()
    return move_id


def accept(internet):
    """Let the tax office accept what it has got."""
    answer_e_factura(internet, "ok", ACCEPTED_INVOICE)


def refuse(internet):
    """Let the tax office refuse what it has got."""
    answer_e_factura(internet, "nok", REFUSED_INVOICE % WORDS)


def look(seller, *move_ids):
    """Let the next look at the answer be due, and have it."""
    for move_id in move_ids:
        seller.make_due(move_id)
    seller.run_cron()


def begin(seller, move_id, **typed):
    """Press Send and check that the window closes and says what is waited for."""
    action = seller.send(move_id, **typed)
    assert action["tag"] == "display_notification", action
    assert "waits for the answer of" in action["params"]["message"]
    return action


def assert_waiting(seller, sink, move_id):
    """Check that no mail left, and that the recipient is neither reached nor failed."""
    for delivery in seller.deliveries(move_id):
        assert (delivery["state"], delivery["failure_type"]) == ("outgoing", False)
        assert delivery["next_attempt_datetime"]
        assert sink.mails_to(delivery["email"]) == []
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] == "outgoing"
    assert not move["invoice_delivery_problem"]


def panel(seller, move_id):
    """Read what the panel on the invoice says of each recipient, by address."""
    found = seller.user.call("account.move", "get_invoice_delivery_panel", [move_id])
    return {recipient["email"]: recipient for recipient in found["recipients"]}


# -- accepted --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["link", "attachment"])
def test_mail_leaves_once_e_factura_accepted_with_its_answer(
    romanian, sink, internet, factura, address, mode
):
    """Nothing before the answer; then one mail, which carries the signature."""
    begin(romanian, factura, document_mode=mode)
    assert len(internet.asked_for(E_FACTURA)) == 1
    assert_waiting(romanian, sink, factura)
    look(romanian, factura)
    assert len(internet.asked_for(E_FACTURA_STATUS)) == 1
    assert_waiting(romanian, sink, factura)
    accept(internet)
    look(romanian, factura)
    look(romanian, factura)
    assert romanian.delivery(factura)["state"] == "sent"
    files = sink.mail_to(address).files
    assert SIGNATURE in files[ANSWER_FILE]
    kinds = sorted(name.rpartition(".")[2] for name in files)
    assert kinds == (["pdf", "xml", "xml"] if mode == "attachment" else ["xml", "xml"])
    assert len(internet.asked_for(E_FACTURA)) == 1


def test_pass_before_the_next_look_asks_nobody(romanian, sink, internet, factura):
    """However often the scheduled action runs, the pauses are kept."""
    begin(romanian, factura)
    accept(internet)
    for _pass in range(3):
        romanian.run_cron()
    assert internet.asked_for(E_FACTURA_STATUS) == []
    assert_waiting(romanian, sink, factura)


def test_answer_that_a_user_fetched_lets_the_mail_go_at_once(
    romanian, sink, internet, factura, address
):
    """The next pass reads what is stored, and asks the tax office no more."""
    begin(romanian, factura)
    accept(internet)
    fetch = "action_l10n_ro_edi_fetch_status"
    [document] = romanian.admin.search(
        "l10n_ro_edi.document", [("invoice_id", "=", factura)], "id"
    )
    romanian.admin.call("l10n_ro_edi.document", fetch, [document["id"]])
    asked = len(internet.asked)
    romanian.run_cron()
    assert ANSWER_FILE in sink.mail_to(address).files
    assert len(internet.asked) == asked


def test_two_recipients_get_the_answer_both(romanian, sink, internet, factura, address):
    """Each gets one mail of his own with the signature."""
    second = romanian.address("second")
    begin(romanian, factura, email_to=f"{address}; {second}")
    accept(internet)
    look(romanian, factura)
    for email in (address, second):
        assert ANSWER_FILE in sink.mail_to(email).files


def test_second_sending_of_what_was_accepted_leaves_at_once(
    romanian, sink, internet, factura, address
):
    """The answer is known: the window has nothing to say, the mail carries it."""
    begin(romanian, factura)
    accept(internet)
    look(romanian, factura)
    asked = len(internet.asked)
    again = romanian.address("again")
    window_id = romanian.window(factura, email_to=again)
    assert not romanian.user.fetch(WINDOW, window_id, "edi_wait_hint")["edi_wait_hint"]
    assert romanian.press_send(window_id)["type"] == "ir.actions.act_window_close"
    assert ANSWER_FILE in sink.mail_to(again).files
    assert len(sink.mails_to(address)) == 1
    assert len(internet.asked) == asked


# -- refused, no answer ----------------------------------------------------------------


def test_refused_e_factura_sends_no_mail_and_says_why(
    romanian, sink, internet, factura, address
):
    """The tax office's words stand on every recipient, and a red mark in the list."""
    second = romanian.address("second")
    begin(romanian, factura, email_to=f"{address}; {second}")
    refuse(internet)
    look(romanian, factura)
    for delivery in romanian.deliveries(factura):
        assert (delivery["state"], delivery["failure_type"]) == ("error", "edi")
        assert WORDS in delivery["failure_reason"]
        assert "copy of the invoice" in delivery["failure_reason"]
        assert sink.mails_to(delivery["email"]) == []
        shown = panel(romanian, factura)[delivery["email"]]["problem"]
        assert WORDS in shown
    move = romanian.move(factura)
    assert move["invoice_delivery_state"] == "error"
    assert move["invoice_delivery_problem"]


def test_window_says_that_a_refused_invoice_would_not_leave(
    romanian, sink, internet, factura, address
):
    """Sent again as it is, it fails at once; unticked, it goes by the user's will."""
    begin(romanian, factura)
    refuse(internet)
    look(romanian, factura)
    window_id = romanian.window(factura)
    hint = romanian.user.fetch(WINDOW, window_id, "edi_wait_hint")["edi_wait_hint"]
    assert "refused" in hint and WORDS in hint
    row = Review(romanian, [factura, romanian.romanian_invoice(address)]).row(factura)
    assert WORDS in row["warning"] and not row["to_send"]
    [problem] = romanian.problems(romanian.press_send(window_id))
    assert WORDS in problem
    assert sink.mails_to(address) == []
    romanian.send(factura, waits_for_edi=False)
    assert len(sink.mails_to(address)) == 1


def test_no_answer_for_five_days_fails_and_resend_waits_once_more(
    romanian, sink, internet, factura, address
):
    """Nothing waits for ever; a later answer is asked for before it is given up."""
    begin(romanian, factura)
    late = (
        "UPDATE invoice_send_run_line SET edi_wait_datetime ="
        " edi_wait_datetime - interval '5 days' WHERE move_id = %s"
    )
    romanian.sql(late, factura)
    look(romanian, factura)
    [delivery] = romanian.deliveries(factura)
    assert (delivery["state"], delivery["failure_type"]) == ("error", "edi")
    assert "no answer" in delivery["failure_reason"]
    assert sink.mails_to(address) == []
    romanian.user.call("invoice.delivery", "action_retry", [delivery["id"]])
    romanian.run_cron()
    assert_waiting(romanian, sink, factura)
    accept(internet)
    look(romanian, factura)
    assert ANSWER_FILE in sink.mail_to(address).files
    assert len(internet.asked_for(E_FACTURA)) == 1


# -- in words --------------------------------------------------------------------------


def test_window_and_panel_say_what_is_waited_for(romanian, factura, address):
    """Before Send in the window, after it in the panel and its timeline."""
    window_id = romanian.window(factura)
    hint = romanian.user.fetch(WINDOW, window_id, "edi_wait_hint")["edi_wait_hint"]
    assert hint == "The mail leaves once e-Factura has accepted it."
    romanian.press_send(window_id)
    name = romanian.move(factura)["name"]
    problem = panel(romanian, factura)[address]["problem"]
    assert problem.startswith(f"waits for the answer of e-Factura to {name} since ")
    assert ", next look " in problem
    [event] = romanian.user.search(
        "invoice.delivery.event", [("delivery_id.move_id", "=", factura)], "text"
    )
    assert "the mail waits for the answer of e-Factura" in event["text"]


def test_window_says_nothing_where_no_e_invoice_is_ticked(romanian, factura):
    """Unticked e-Factura: nothing to wait for."""
    boxes = {"ro_edi": {"checked": False}}
    window_id = romanian.window(factura, extra_edi_checkboxes=boxes)
    assert not romanian.user.fetch(WINDOW, window_id, "edi_wait_hint")["edi_wait_hint"]


# -- nothing to wait for ---------------------------------------------------------------


def test_without_the_option_the_mail_goes_as_before(
    romanian, sink, internet, factura, address
):
    """The e-invoice is handed in, and the mail leaves in the same moment."""
    with romanian.company_setting(invoice_wait_for_edi=False):
        action = romanian.send(factura)
    assert action["type"] == "ir.actions.act_window_close"
    assert ANSWER_FILE not in sink.mail_to(address).files
    assert len(internet.asked) == 1


def test_unticked_e_factura_lets_the_mail_go_at_once(
    romanian, sink, internet, factura, address
):
    """Where no e-invoice is sent there is no answer to wait for."""
    romanian.send(factura, extra_edi_checkboxes={"ro_edi": {"checked": False}})
    assert len(sink.mails_to(address)) == 1
    assert internet.asked == []


# -- trouble while waiting -------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"), [(503, b""), (500, b""), (401, b""), (200, b"<broken")]
)
def test_tax_office_out_of_order_while_waiting_is_asked_again(
    romanian, sink, internet, factura, address, status, body
):
    """That nobody answers is no failure of the document."""
    begin(romanian, factura)
    internet.answer(E_FACTURA_STATUS, lambda _asked: (status, body))
    look(romanian, factura)
    assert len(internet.asked_for(E_FACTURA_STATUS)) == 1
    assert_waiting(romanian, sink, factura)
    accept(internet)
    look(romanian, factura)
    assert ANSWER_FILE in sink.mail_to(address).files


def test_server_killed_while_waiting_goes_on_after_the_restart(
    romanian, sink, internet, factura, address
):
    """The e-invoice is not handed in twice, and one mail leaves."""
    begin(romanian, factura)
    romanian.server.kill()
    romanian.server.start()
    romanian.run_cron()
    assert_waiting(romanian, sink, factura)
    accept(internet)
    look(romanian, factura)
    assert ANSWER_FILE in sink.mail_to(address).files
    assert len(internet.asked_for(E_FACTURA)) == 1


def test_reset_to_draft_while_waiting_withdraws_the_mail(
    romanian, sink, internet, factura, address
):
    """What is accepted afterwards is not mailed."""
    begin(romanian, factura)
    romanian.user.call("account.move", "button_draft", [factura])
    accept(internet)
    look(romanian, factura)
    assert romanian.delivery(factura)["state"] == "cancel"
    assert panel(romanian, factura)[address]["problem"] == ""
    assert sink.mails_to(address) == []
    assert internet.asked_for(E_FACTURA_STATUS) == []


def test_sent_again_while_waiting_leaves_one_mail(
    romanian, sink, internet, factura, address
):
    """The second letter takes the first one's place, and waits like it."""
    begin(romanian, factura)
    begin(romanian, factura, subject="The second letter")
    accept(internet)
    look(romanian, factura)
    assert sink.mail_to(address).message["Subject"] == "The second letter"
    assert len(internet.asked_for(E_FACTURA)) == 1


# -- many documents --------------------------------------------------------------------


def test_document_that_waits_holds_up_no_other(romanian, sink, internet):
    """Of two documents one has an e-invoice: the other leaves at once (B3)."""
    waits, goes = romanian.address("waits"), romanian.address("goes")
    factura = romanian.romanian_invoice(waits)
    plain = romanian.invoice(goes)
    window = Review(romanian, [factura, plain])
    window.type(plain, extra_edis=False)
    remarks = window.rows("remark")
    hint = "The mail leaves once e-Factura has accepted it."
    assert remarks[factura]["remark"] == f"Ready. {hint}"
    assert remarks[plain]["remark"] == "Ready."
    window.press_send()
    romanian.run_cron()
    run = window.run()
    assert (run["sent_count"], run["waiting_count"]) == (1, 1)
    assert run["state"] == "running"
    assert len(sink.mails_to(goes)) == 1
    assert_waiting(romanian, sink, factura)
    accept(internet)
    look(romanian, factura)
    assert ANSWER_FILE in sink.mail_to(waits).files
    assert window.run()["state"] == "done"


def test_slow_tax_office_holds_up_neither_mails_nor_the_other_looks(
    romanian, sink, internet
):
    """All mails go first; after a slow answer nobody else is asked about (B3)."""
    facturas = [
        romanian.romanian_invoice(romanian.address(name)) for name in ("one", "two")
    ]
    for move_id in facturas:
        begin(romanian, move_id)
    email = romanian.address("plain")
    mails_at_question = []

    def answer_slowly(_asked):
        mails_at_question.append(len(sink.mails_to(email)))
        time.sleep(SLOW_SECONDS)
        return 500, b""

    internet.answer(E_FACTURA_STATUS, answer_slowly)
    plain = post_many(romanian, [email, romanian.address("last")])
    window = Review(romanian, plain)
    for move_id in plain:
        window.type(move_id, extra_edis=False)
    window.press_send()
    look(romanian, *facturas)
    assert mails_at_question == [1]
    for move_id in facturas:
        assert_waiting(romanian, sink, move_id)


def two_in_one_mail(seller, email, **second):
    """Send two invoices of one Romanian customer in one mail.

    :param second: what is typed into the second row
    :return: both
    """
    first = seller.romanian_invoice(email)
    [copy] = seller.user.call("account.move", "copy", [first])
    seller.user.change("account.move", copy, {"invoice_date": "2026-11-20"})
    seller.user.call("account.move", "action_post", [copy])
    window = Review(seller, [first, copy])
    window.type_for_all(one_mail_per_customer=True)
    window.type(copy, **second)
    window.press_send()
    seller.run_cron()
    return first, copy


def test_one_mail_for_two_documents_waits_for_both(romanian, sink, internet, address):
    """Both are handed in at once; the mail leaves with both answers (B19)."""
    internet.asked.clear()
    move_ids = two_in_one_mail(romanian, address)
    assert len(internet.asked_for(E_FACTURA)) == 2
    look(romanian, *move_ids)
    for move_id in move_ids:
        assert_waiting(romanian, sink, move_id)
    accept(internet)
    look(romanian, *move_ids)
    mail = sink.mail_to(address)
    for move_id in move_ids:
        assert romanian.move(move_id)["name"] in mail.html
        assert romanian.delivery(move_id)["state"] == "sent"
    assert ANSWER_FILE in mail.files


def test_document_in_one_mail_with_one_that_waits_says_so(
    romanian, sink, internet, address
):
    """The one without e-invoice waits for the other, and names it (B19)."""
    waits, other = two_in_one_mail(romanian, address, extra_edis=False)
    assert_waiting(romanian, sink, waits)
    assert_waiting(romanian, sink, other)
    name = romanian.move(waits)["name"]
    words = f"waits for the answer of e-Factura to {name} since "
    assert panel(romanian, other)[address]["problem"].startswith(words)
    accept(internet)
    look(romanian, waits, other)
    mail = sink.mail_to(address)
    assert romanian.move(other)["name"] in mail.html and name in mail.html


def test_one_mail_leaves_without_the_document_that_was_refused(
    romanian, sink, internet, address
):
    """What was refused stays; the other document goes at once (B19)."""
    waits, other = two_in_one_mail(romanian, address, extra_edis=False)
    refuse(internet)
    look(romanian, waits)
    assert romanian.delivery(waits)["failure_type"] == "edi"
    assert romanian.delivery(other)["state"] == "sent"
    mail = sink.mail_to(address)
    assert romanian.move(other)["name"] in mail.html
    assert romanian.move(waits)["name"] not in mail.html


def test_one_mail_leaves_without_the_document_that_was_reset(
    romanian, sink, internet, address
):
    """The one that waited is withdrawn: the other document goes at once (B19)."""
    waits, other = two_in_one_mail(romanian, address, extra_edis=False)
    romanian.user.call("account.move", "button_draft", [waits])
    assert panel(romanian, other)[address]["problem"] == ""
    romanian.run_cron()
    assert romanian.delivery(waits)["state"] == "cancel"
    assert romanian.delivery(other)["state"] == "sent"
    assert romanian.move(other)["name"] in sink.mail_to(address).html


# -- other ways ------------------------------------------------------------------------


SEND_BY_ITSELF = """
move = env["account.move"].browse(MOVE)
env["account.move.send"]._generate_and_send_invoices(move, sending_methods=["email"])
env.cr.commit()
"""


def test_what_other_apps_send_waits_too(romanian, sink, internet, factura, address):
    """Without our window the company's option holds all the same (B28)."""
    romanian.server.shell(SEND_BY_ITSELF.replace("MOVE", str(factura)))
    assert len(internet.asked_for(E_FACTURA)) == 1
    assert_waiting(romanian, sink, factura)
    accept(internet)
    look(romanian, factura)
    assert ANSWER_FILE in sink.mail_to(address).files
    assert len(internet.asked_for(E_FACTURA)) == 1


def test_answer_too_big_for_the_mail_server_is_left_out_and_told(
    romanian, sink, internet, factura, address
):
    """The mail leaves without it, and the document's messages say so (B9)."""
    begin(romanian, factura)
    big = SIGNATURE_FILE.replace(SIGNATURE, SIGNATURE + b"<a>%s</a>" % (b"a" * 2**21))
    answer_e_factura(internet, "ok", ACCEPTED_INVOICE, big)
    server = ("ir.mail_server", romanian.mail_server_id)
    romanian.admin.change(*server, {"max_email_size": 1})
    try:
        look(romanian, factura)
    finally:
        romanian.admin.change(*server, {"max_email_size": 0})
    assert ANSWER_FILE not in sink.mail_to(address).files
    told = [
        ("model", "=", "account.move"),
        ("res_id", "=", factura),
        ("body", "ilike", "left out of the mail"),
    ]
    assert romanian.user.search("mail.message", told, "id")


def test_settings_name_who_answers(romanian):
    """The option stands where an installed app learns answers."""
    settings_id = romanian.admin.make("res.config.settings", {})
    name = "invoice_edi_names"
    found = romanian.admin.fetch("res.config.settings", settings_id, name)
    assert found[name] == "e-Factura, Peppol"


# -- Peppol ----------------------------------------------------------------------------


@pytest.fixture
def peppol(romanian, internet, address):
    """An invoice to a customer who was found on the Peppol network."""
    move_id = romanian.belgian_invoice(address)
    internet.asked.clear()
    return move_id


def by_peppol(seller, move_id):
    """Send a document by e-mail and Peppol, without e-Factura."""
    boxes = {"ro_edi": {"checked": False}}
    return begin(
        seller,
        move_id,
        sending_methods=["email", "peppol"],
        extra_edi_checkboxes=boxes,
    )


def answer_by_peppol(seller, move_id, state):
    """Write what Peppol says of a document, as its scheduled action does."""
    seller.admin.change("account.move", move_id, {"peppol_move_state": state})


def test_mail_leaves_once_peppol_has_delivered(
    romanian, sink, internet, peppol, address
):
    """Peppol gives no file; the mail goes as it was written."""
    by_peppol(romanian, peppol)
    assert len(internet.asked_for(PEPPOL_SEND)) == 1
    assert_waiting(romanian, sink, peppol)
    look(romanian, peppol)
    assert_waiting(romanian, sink, peppol)
    answer_by_peppol(romanian, peppol, "done")
    romanian.run_cron()
    assert romanian.delivery(peppol)["state"] == "sent"
    assert len(sink.mails_to(address)) == 1
    assert len(internet.asked_for(PEPPOL_SEND)) == 1


def test_peppol_that_could_not_deliver_sends_no_mail_and_resend_tries_both(
    romanian, sink, internet, peppol, address
):
    """Resend hands it to Peppol once more, and waits again."""
    by_peppol(romanian, peppol)
    answer_by_peppol(romanian, peppol, "error")
    romanian.run_cron()
    [delivery] = romanian.deliveries(peppol)
    assert (delivery["state"], delivery["failure_type"]) == ("error", "edi")
    assert "Peppol" in delivery["failure_reason"]
    assert sink.mails_to(address) == []
    romanian.user.call("invoice.delivery", "action_retry", [delivery["id"]])
    romanian.run_cron()
    assert len(internet.asked_for(PEPPOL_SEND)) == 2
    assert_waiting(romanian, sink, peppol)
    answer_by_peppol(romanian, peppol, "done")
    romanian.run_cron()
    assert len(sink.mails_to(address)) == 1
