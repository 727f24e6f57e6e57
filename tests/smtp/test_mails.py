"""Customers > Mails, against what the mail server really took."""

import re
from email import message_from_bytes, policy

import pytest
import requests

from tests.helpers.review import Review

MODEL = "invoice.mail"
FIELDS = (
    "email",
    "sender",
    "subject",
    "headers",
    "body_text",
    "body_html",
    "document_names",
    "document_mode",
    "move_ids",
    "delivery_ids",
    "is_unknown",
    "state",
    "files",
)
LINK = re.compile(r"/invoice/d/[\w-]+")
PREVIEW = re.compile(r"/invoice/preview/\d+")
SIGN = "<the client's link, or its preview>"


def mails(seller, *move_ids):
    """Return the mails that are kept of documents, oldest first."""
    return seller.user.search(MODEL, [("move_ids", "in", list(move_ids))], *FIELDS)


def mail(seller, *move_ids):
    """Return the only mail that is kept of documents."""
    [found] = mails(seller, *move_ids)
    return found


def download(seller, kept):
    """Return the .eml of a kept mail, as Ana Pop downloads it."""
    url = f"{seller.server.url}/invoice/mail/{kept['id']}/eml"
    cookies = {"session_id": seller.user.session_id}
    response = requests.get(url, cookies=cookies, timeout=60)
    response.raise_for_status()
    return message_from_bytes(response.content, policy=policy.default)


def alike(text):
    """Return a text in which it can't be told whose link stands there."""
    return PREVIEW.sub(SIGN, LINK.sub(SIGN, text)).replace("\r\n", "\n")


def content(part):
    """Return the bytes of an attached file; a mail in the mail has parts instead."""
    if part.is_multipart():
        return part.get_payload(0).as_bytes()
    return part.get_payload(decode=True)


def read(message):
    """Return all that a mail program makes of a mail: headers, texts, files."""
    bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    files = [
        (part.get_filename(), part.get_content_type(), content(part))
        for part in message.iter_attachments()
    ]
    return message.items(), list(map(alike, bodies)), files


def raw_headers(content):
    """Return the headers of a mail's bytes, letter by letter."""
    return content.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n")


@pytest.fixture
def address(seller):
    """An address of this test alone."""
    return seller.address("client")


@pytest.fixture
def move_id(seller, address):
    """An invoice for that address."""
    return seller.invoice(address)


@pytest.mark.parametrize("mode", ["link", "attachment"])
def test_eml_is_what_the_server_took(seller, sink, address, move_id, mode):
    """Headers, both texts and files byte for byte, links aside."""
    seller.send(move_id, document_mode=mode, subject="Țară & Бета: фактура " * 6)
    taken, kept = sink.mail_to(address), mail(seller, move_id)
    assert kept["headers"] == raw_headers(taken.content)
    assert read(download(seller, kept)) == read(taken.message)
    assert len(kept["files"] or []) == (mode == "attachment")
    assert alike(kept["body_html"]) == alike(taken.html)
    assert not LINK.search(kept["body_html"] + kept["body_text"])
    assert PREVIEW.search(kept["body_html"]) and LINK.search(taken.html)


def test_other_files_are_in_the_eml_in_their_order(seller, sink, address, move_id):
    """A mail and bytes that are no text among them."""
    inner = "Subject: inner\r\n\r\nword"
    contents = {"a.txt": "first", "b.eml": inner, "c.bin": "\0"}
    window = seller.window(move_id, document_mode="attachment")
    shown = seller.user.fetch(
        "account.move.send.wizard", window, "mail_attachments_widget"
    )["mail_attachments_widget"]
    for name, raw in contents.items():
        values = {"name": name, "raw": raw}
        file_id = seller.user.make("ir.attachment", values)
        shown.append(
            {"id": file_id, "name": name, "mimetype": "text/plain", "manual": True}
        )
    seller.user.change(
        "account.move.send.wizard", window, {"mail_attachments_widget": shown}
    )
    seller.press_send(window)
    taken = sink.mail_to(address)
    assert set(contents) <= set(taken.files)
    assert read(download(seller, mail(seller, move_id))) == read(taken.message)


def test_personal_copies_have_a_row_each_and_bcc_is_in_no_header(seller, sink, address):
    """A hidden copy shows in the envelope, and in no header of no copy."""
    cc, bcc = seller.address("cc"), seller.address("bcc")
    move_id = seller.invoice(address)
    seller.send(move_id, email_cc=cc, email_bcc=bcc)
    kept = {found["email"]: found for found in mails(seller, move_id)}
    assert set(kept) == {address, cc, bcc}
    for email, found in kept.items():
        assert bcc not in found["headers"] and "Bcc" not in found["headers"]
        assert f"Cc: {cc}" in found["headers"]
        taken = sink.mail_to(email)
        assert found["sender"] == taken.sender
        assert found["headers"] == raw_headers(taken.content)
        own = seller.user.fetch("invoice.delivery", found["delivery_ids"][0], "email")
        assert own["email"] == email
        assert set(PREVIEW.findall(found["body_html"])) == {
            f"/invoice/preview/{own['id']}"
        }


def test_shared_message_has_one_row_with_those_who_took_it(seller, sink, address):
    """One of three is refused: it stands in no envelope."""
    second, refused = seller.address("second"), seller.address("refused")
    sink.treat(refused, rcpt="550 no")
    move_id = seller.invoice(address)
    with seller.company_setting(invoice_copy_mode="shared"):
        seller.send(move_id, email_to=f"{address}; {second}; {refused}")
    kept = mail(seller, move_id)
    [taken] = sink.mails_to(address)
    assert kept["email"].split(", ") == taken.recipients == [address, second]
    assert len(kept["delivery_ids"]) == 2
    assert read(download(seller, kept)) == read(taken.message)


def test_one_mail_with_several_documents_has_one_row(seller, sink, address):
    """It is found by each of them, and each link leads to its own preview (B19)."""
    first = seller.invoice(address)
    [second] = seller.user.call("account.move", "copy", [first])
    seller.user.change("account.move", second, {"invoice_date": "2026-11-20"})
    seller.user.call("account.move", "action_post", [second])
    window = Review(seller, [first, second])
    window.type_for_all(one_mail_per_customer=True)
    window.send()
    kept = mail(seller, first)
    assert kept == mail(seller, second)
    names = [seller.move(move_id)["name"] for move_id in (first, second)]
    assert kept["document_names"] == ", ".join(names)
    assert set(PREVIEW.findall(kept["body_html"])) == {
        f"/invoice/preview/{seller.delivery(move_id)['id']}"
        for move_id in (first, second)
    }
    assert read(download(seller, kept)) == read(sink.mail_to(address).message)


@pytest.mark.parametrize(
    "manner",
    [
        {"rcpt": "550 5.1.1 no"},
        {"data": "552 5.3.4 too big"},
        {"rcpt": "451 later"},
        {"drop": "data"},
    ],
)
def test_mail_that_did_not_leave_is_not_kept(seller, sink, address, move_id, manner):
    """Refused, put off or broken off before its end: nothing left."""
    sink.treat(address, **manner)
    seller.send(move_id)
    assert mails(seller, move_id) == []


def test_mail_dropped_after_its_end_is_kept_as_uncertain(
    seller, sink, address, move_id
):
    """It may have arrived: here it did."""
    sink.treat(address, drop="end")
    seller.send(move_id)
    kept = mail(seller, move_id)
    assert kept["is_unknown"]
    assert kept["state"] == seller.delivery(move_id)["state"] == "error"
    assert read(download(seller, kept)) == read(sink.mail_to(address).message)


def test_put_off_mail_is_kept_once_when_it_leaves(seller, sink, address, move_id):
    """The attempts before are no mails."""
    sink.treat(address, rcpt="451 later")
    seller.send(move_id)
    sink.treat(address)
    seller.make_due(move_id)
    seller.run_cron()
    kept = mail(seller, move_id)
    assert (kept["state"], kept["is_unknown"]) == ("sent", False)
    assert kept["headers"] == raw_headers(sink.mail_to(address).content)


def test_second_sending_is_a_second_row(seller, sink, address, move_id):
    """Each sending is kept with its own words; so is a bounced one sent again."""
    seller.send(move_id, subject="First")
    seller.send(move_id, subject="Second")
    assert [kept["subject"] for kept in mails(seller, move_id)] == ["First", "Second"]
    taken = sink.mails_to(address)
    for kept, one in zip(mails(seller, move_id), taken, strict=True):
        assert read(download(seller, kept)) == read(one.message)


@pytest.mark.parametrize("auto_delete", [True, False])
def test_mail_outlives_odoos_own(seller, sink, address, auto_delete):
    """Whether the template deletes Odoo's mail or not, the kept one is the same."""
    move_id = seller.invoice(address)
    template = seller.admin.make(
        "mail.template",
        {
            "name": "Letter",
            "model_id": seller.admin.ref("account.model_account_move"),
            "subject": "Invoice",
            "body_html": "<p>Hello</p>",
            "auto_delete": auto_delete,
        },
    )
    seller.send(move_id, template_id=template)
    domain = [("invoice_delivery_ids.move_id", "=", move_id)]
    assert seller.admin.count("mail.mail", domain) == (0 if auto_delete else 1)
    kept = mail(seller, move_id)
    assert read(download(seller, kept)) == read(sink.mail_to(address).message)
