"""Many documents by one press of Send: who gets what, and what stays (R34-R42, B8)."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from tests.helpers import polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.review import Review
from tests.helpers.rpc import RpcError

LINK = re.compile(r"http://127\.0\.0\.1:\d+/invoice/d/[\w-]+")
BUTTONS = ("action_open_send_window", "action_send_and_print")
GOOD = 20
#: The letter that is broken while a test runs.
BROKEN_LANGUAGE, BROKEN_LETTER = "bg_BG", "mail_template_bg_invoice"


@pytest.fixture(scope="module", autouse=True)
def languages(seller):
    """Romanian and Bulgarian, added as an administrator does."""
    admin = seller.admin
    domain = [("code", "in", ["ro_RO", "bg_BG"])]
    found = admin.call("res.lang", "search", domain, context={"active_test": False})
    values = {"lang_ids": [(6, 0, found)], "overwrite": False}
    wizard = admin.make("base.language.install", values)
    admin.call("base.language.install", "lang_install", [wizard])


@pytest.fixture
def broken_letter(seller):
    """A letter with a placeholder that is none, as no user could write it."""
    template_id = seller.admin.ref(f"invoice_send_client.{BROKEN_LETTER}")
    names = ("body_html", "subject")
    kept = [_read_stored(seller, name, template_id) for name in names]
    seller.sql(
        "UPDATE mail_template SET body_html = (SELECT jsonb_object_agg(key, %s::text)"
        " FROM jsonb_each(body_html)) WHERE id = %s",
        '<p>Hello <t t-out="object.no_such_field"/></p>',
        template_id,
    )
    yield
    seller.sql(
        "UPDATE mail_template SET body_html = %s, subject = %s WHERE id = %s",
        *kept,
        template_id,
    )


def _read_stored(seller, name, template_id):
    with seller.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {name}::text FROM mail_template WHERE id = %s", [template_id]
        )
        return cursor.fetchone()[0]


class Trouble:
    """A selection with trouble: one of each kind, and twenty good ones.

    :ivar emails: addresses of the good ones, in the order of ``good``
    """

    def __init__(self, seller) -> None:
        self.emails = [seller.address("good") for _number in range(GOOD)]
        self.good = review.post_many(seller, self.emails)
        self.draft, self.cancelled = review.draft_many(
            seller, [seller.address("draft"), seller.address("cancelled")]
        )
        seller.user.call("account.move", "button_cancel", [self.cancelled])
        [self.unknown] = review.post_many(seller, [False])
        self.bounced_email = seller.address("bounced")
        [earlier, self.bounced] = self._post_two(seller, self.bounced_email)
        seller.send(earlier)
        seller.sql(
            "UPDATE invoice_delivery SET state = 'bounce' WHERE move_id = %s", earlier
        )
        self.broken_email = seller.address("broken")
        [self.broken] = review.post_many(
            seller, [self.broken_email], lang=BROKEN_LANGUAGE
        )

    def _post_two(self, seller, email):
        first = seller.invoice(email)
        second = seller.user.call("account.move", "copy", [first])[0]
        seller.user.change("account.move", second, {"invoice_date": "2026-11-20"})
        seller.user.call("account.move", "action_post", [second])
        return first, second

    @property
    def blocked(self):
        """Those that can't be sent at all."""
        return [self.draft, self.cancelled, self.unknown]

    @property
    def all(self):
        """The whole selection, trouble first."""
        return [*self.blocked, self.bounced, self.broken, *self.good]


@pytest.fixture(scope="module")
def trouble(seller):
    """One selection for the tests of this section."""
    return Trouble(seller)


# -- a selection with trouble ----------------------------------------------------------


@pytest.mark.parametrize("button", BUTTONS)
def test_window_opens_and_says_what_can_not_go(seller, broken_letter, trouble, button):
    """Draft, cancelled, without address: blocked. Came back before: unticked (B8)."""
    rows = Review(seller, trouble.all, button).rows()
    assert {move_id for move_id, row in rows.items() if row["blocked"]} == set(
        trouble.blocked
    )
    reasons = [rows[move_id]["block_reason"] for move_id in trouble.blocked]
    for word, reason in zip(("draft", "cancel", "address"), reasons, strict=True):
        assert word in reason.lower()
    bounced = rows[trouble.bounced]
    assert not bounced["to_send"] and trouble.bounced_email in bounced["warning"]
    ticked = {move_id for move_id, row in rows.items() if row["to_send"]}
    assert ticked == {trouble.broken, *trouble.good}


def test_opening_writes_nothing_and_sends_nothing(seller, sink, trouble):
    """What is only looked at leaves no trace (R41)."""
    names = ["write_date", "sending_data", "is_move_sent"]
    before = seller.admin.call("account.move", "read", trouble.all, names)
    counts = {m: seller.admin.count(m) for m in ("invoice.send.run", "mail.message")}
    mails = len(sink.mails)
    Review(seller, trouble.all)
    seller.run_cron()
    assert seller.admin.call("account.move", "read", trouble.all, names) == before
    assert {m: seller.admin.count(m) for m in counts} == counts
    assert len(sink.mails) == mails


def test_twenty_leave_once_and_the_broken_one_says_why(
    seller, sink, broken_letter, trouble
):
    """The good ones leave, each once; the rest stays and says why (B3, B8)."""
    window = Review(seller, trouble.all)
    mails = len(sink.mails)
    run = window.send()
    assert (run["sent_count"], run["failed_count"]) == (GOOD, 1)
    assert (run["skipped_count"], run["waiting_count"]) == (4, 0)
    seller.run_cron()
    assert sorted(mail.recipients for mail in sink.mails[mails:]) == sorted(
        [email] for email in trouble.emails
    )
    assert {seller.delivery(move_id)["state"] for move_id in trouble.good} == {"sent"}
    broken = seller.delivery(trouble.broken)
    assert (broken["state"], broken["failure_type"]) == ("error", "render")
    assert "no_such_field" in broken["failure_reason"]
    assert seller.move(trouble.broken)["invoice_delivery_problem"]
    for move_id in (*trouble.blocked, trouble.bounced):
        assert seller.deliveries(move_id) == []
        move = seller.admin.fetch(
            "account.move", move_id, "sending_data", "is_move_sent"
        )
        assert not move["sending_data"] and not move["is_move_sent"]


def test_skipped_draft_is_not_sent_when_it_is_posted_later(seller, sink, trouble):
    """A draft that was left out waits for a press of Send of its own."""
    mails = len(sink.mails)
    seller.user.call("account.move", "action_post", [trouble.draft])
    seller.run_cron()
    assert seller.deliveries(trouble.draft) == []
    assert len(sink.mails) == mails


# -- each row as it stands -------------------------------------------------------------


@pytest.fixture
def make_rows(seller):
    """Post invoices and open the window; returns it, the documents, their addresses."""

    def opened(count=2, **customer):
        emails = [seller.address("row") for _number in range(count)]
        move_ids = review.post_many(seller, emails, **customer)
        return Review(seller, move_ids), move_ids, emails

    return opened


def shown(mail, name):
    """Return the addresses of a header."""
    header = mail.message[name]
    return [address.addr_spec for address in header.addresses] if header else []


def test_each_row_reaches_its_own_recipients(seller, sink, make_rows):
    """To and CC in all copies' headers, BCC in its own envelope alone (R37, R42)."""
    window, move_ids, emails = make_rows(3)
    lines = {}
    for number, move_id in enumerate(move_ids):
        to, cc, bcc = (seller.address(role) for role in ("to", "cc", "bcc"))
        lines[move_id] = ([emails[number], to], [cc], bcc)
        window.type(
            move_id,
            email_to=f"{emails[number]}; {to}",
            email_cc=cc,
            email_bcc=bcc,
        )
    assert window.send()["sent_count"] == 3
    for move_id, (to, cc, bcc) in lines.items():
        number = seller.move(move_id)["name"]
        mails = [sink.mail_to(address) for address in (*to, *cc, bcc)]
        for mail in mails:
            assert (shown(mail, "To"), shown(mail, "Cc")) == (to, cc)
            assert bcc.encode() not in mail.content and "Bcc" not in mail.message
            assert number in mail.message["Subject"]
        assert len({LINK.search(mail.html)[0] for mail in mails}) == 4


def test_each_row_has_its_language_and_way(seller, sink, make_rows):
    """Language and link or attachment are those of the row (R39, R42)."""
    window, [english, romanian, bulgarian], emails = make_rows(3)
    window.type(romanian, mail_lang="ro_RO", document_mode="attachment")
    window.type(bulgarian, mail_lang="bg_BG", document_mode="link")
    window.type(english, mail_lang="en_US", document_mode="attachment")
    assert window.send()["sent_count"] == 3
    mails = dict(
        zip((english, romanian, bulgarian), map(sink.mail_to, emails), strict=True)
    )
    texts = {english: "Dear", romanian: "Bună ziua", bulgarian: "Здравейте"}
    starts = {english: "Invoice", romanian: "Factura", bulgarian: "Фактура"}
    for move_id, mail in mails.items():
        assert mail.message["Subject"].startswith(starts[move_id])
        assert texts[move_id] in mail.html
        number = seller.move(move_id)["name"].replace("/", "_")
        files = {} if move_id == bulgarian else {f"{number}.pdf"}
        assert set(mail.files) == set(files)
    assert mails[romanian].files.popitem()[1].startswith(b"%PDF")


def test_subject_text_and_files_of_an_opened_row_leave(seller, sink, make_rows):
    """What was written for one document is in its mail, and in no other (R38, R40)."""
    window, [opened, other], [email, other_email] = make_rows()
    copy = seller.address("copy")
    window.open_row(
        opened,
        subject="Your invoice, as agreed – ș",
        body="<p>Dear <b>Ana</b>, as we agreed.</p>",
        email_cc=copy,
        document_mode="attachment",
        mail_attachments_widget=[manual(window, "terms.txt", "our terms")],
    )
    assert window.send()["sent_count"] == 2
    for address in (email, copy):
        mail = sink.mail_to(address)
        assert mail.message["Subject"] == "Your invoice, as agreed – ș"
        assert "as we agreed" in mail.html and "Here is your invoice" not in mail.html
        number = seller.move(opened)["name"].replace("/", "_")
        assert set(mail.files) == {f"{number}.pdf", "terms.txt"}
        assert mail.files["terms.txt"] == b"our terms"
    mail = sink.mail_to(other_email)
    assert seller.move(other)["name"] in mail.message["Subject"]
    assert mail.files == {} and "as we agreed" not in mail.html


def manual(window, name, content):
    """Upload a file and return it as the opened row's window lists it."""
    return {
        "id": window.file(name, content),
        "name": name,
        "mimetype": "text/plain",
        "placeholder": False,
        "manual": True,
    }


def test_note_files_and_sender_for_all_are_in_every_mail(seller, sink, make_rows):
    """What stands above the rows goes with each of them; a row's own files stay."""
    window, move_ids, emails = make_rows(3)
    window.open_row(
        move_ids[0], mail_attachments_widget=[manual(window, "own.txt", "own")]
    )
    shared = window.file("terms.txt", "our terms")
    window.type_for_all(
        note="Closed <b>on</b> Monday\nOpen on Tuesday",
        attachment_ids=[(6, 0, [shared])],
        email_from_name="Accounts, Seller",
    )
    assert window.send()["sent_count"] == 3
    for number, mail in enumerate(map(sink.mail_to, emails)):
        assert "Closed &lt;b&gt;on&lt;/b&gt; Monday" in mail.html
        own = {"own.txt": b"own"} if number == 0 else {}
        assert mail.files == {"terms.txt": b"our terms", **own}
        [sender] = mail.message["From"].addresses
        assert sender.display_name == "Accounts, Seller"
        assert sender.addr_spec == "invoices@seller.example"


def test_one_value_for_all_ticked_reaches_them_alone(seller, sink, make_rows):
    """Language, way and BCC of all ticked rows; who is not ticked stays here."""
    window, [first, second, unticked], emails = make_rows(3)
    bcc = seller.address("archive")
    window.type(unticked, to_send=False)
    window.type_for_all(
        set_mail_lang="ro_RO", set_document_mode="attachment", set_email_bcc=bcc
    )
    seller.user.call(review.WINDOW, "set_for_all", [window.id])
    assert window.row(unticked, "email_bcc")["email_bcc"] is False
    assert window.send()["sent_count"] == 2
    for move_id, email in zip((first, second), emails, strict=False):
        mail = sink.mail_to(email)
        assert mail.message["Subject"].startswith("Factura")
        assert len(mail.files) == 1
        roles = {d["email"]: d["role"] for d in seller.deliveries(move_id)}
        assert roles == {email: "to", bcc: "bcc"}
    assert len(sink.mails_to(bcc)) == 2
    assert sink.mails_to(emails[2]) == []


def test_wrong_address_keeps_its_row_here_and_no_other(seller, sink, make_rows):
    """The wrong piece is named in the row; the others leave (R14, B8)."""
    window, [wrong, right], emails = make_rows()
    window.type(wrong, email_cc="ion@@x")
    assert "ion@@x" in window.row(wrong)["block_reason"]
    action = window.press_send()
    assert "ion@@x" in action["params"]["message"]
    seller.run_cron()
    assert sink.mails_to(emails[0]) == []
    assert len(sink.mails_to(emails[1])) == 1
    assert seller.deliveries(wrong) == [] and seller.deliveries(right)


def test_second_press_of_send_sends_nothing(seller, sink, make_rows):
    """A window that was sent has nothing left to send (B5)."""
    window, _move_ids, emails = make_rows()
    window.send()
    with pytest.raises(RpcError, match="while this window was open"):
        window.press_send()
    seller.run_cron()
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1]


def test_one_refused_of_many_is_tried_again_alone(seller, sink, make_rows):
    """The run counts it; "Retry the failed" sends to nobody else (B3)."""
    window, move_ids, emails = make_rows(3)
    sink.treat(emails[1], rcpt="550 5.1.1 No such user")
    run = window.send()
    assert (run["sent_count"], run["failed_count"]) == (2, 1)
    assert "No such user" in seller.delivery(move_ids[1])["failure_reason"]
    sink.treat(emails[1])
    seller.user.call("invoice.send.run", "action_retry_failed", [run["id"]])
    seller.run_cron()
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1, 1]
    assert window.run()["sent_count"] == 3


# -- later -----------------------------------------------------------------------------


def test_send_later_leaves_when_its_time_has_come(seller, sink, make_rows):
    """Nothing before its time, and the scheduled action takes it after (D7)."""
    window, move_ids, emails = make_rows()
    later = datetime.now(timezone.utc) + timedelta(hours=3)
    window.type_for_all(scheduled_datetime=f"{later:%Y-%m-%d %H:%M:%S}")
    action = window.press_send()
    assert "leave on" in action["params"]["message"]
    seller.run_cron()
    assert [sink.mails_to(email) for email in emails] == [[], []]
    for move_id in move_ids:
        delivery = seller.delivery(move_id)
        assert delivery["state"] == "outgoing"
        assert delivery["next_attempt_datetime"] == f"{later:%Y-%m-%d %H:%M:%S}"
        seller.sql(
            "UPDATE invoice_delivery SET next_attempt_datetime ="
            " now() AT TIME ZONE 'UTC' - interval '1 second' WHERE move_id = %s",
            move_id,
        )
    seller.run_cron()
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1]
    assert window.run()["sent_count"] == 2


def test_cron_worker_sends_without_being_told(
    seller, sink, make_rows, dev_environment, tmp_path
):
    """Odoo's own cron worker takes a sending right after the press of Send."""
    database = seller.server.database
    log = tmp_path / "odoo.log"
    server = OdooServer(dev_environment, database, log, cron_threads=1)
    server.start()
    try:
        window, _move_ids, emails = make_rows(3)
        window.press_send()
        polling.until(
            lambda: all(sink.mails_to(email) for email in emails), "3 mails", 60
        )
        polling.until(lambda: window.run()["state"] == "done", "the run's end")
    finally:
        server.stop()
    assert [len(sink.mails_to(email)) for email in emails] == [1, 1, 1]


# -- one mail per customer (B19) -------------------------------------------------------


@pytest.fixture
def customer(seller):
    """Three invoices of one customer and one of another, one mail for each customer.

    :return: the window, the three documents, the two addresses
    """
    email, other = seller.address("one"), seller.address("other")
    first = seller.invoice(email)
    move_ids = [first]
    for _number in range(2):
        [copy] = seller.user.call("account.move", "copy", [first])
        seller.user.change("account.move", copy, {"invoice_date": "2026-11-20"})
        move_ids.append(copy)
    seller.user.call("account.move", "action_post", move_ids[1:])
    window = Review(seller, [*move_ids, seller.invoice(other)])
    window.type_for_all(one_mail_per_customer=True)
    return window, move_ids, [email, other]


def test_customer_gets_one_mail_with_a_link_for_each(seller, sink, customer):
    window, move_ids, [email, other] = customer
    assert window.send()["sent_count"] == 4
    mail = sink.mail_to(email)
    links = set(LINK.findall(mail.html))
    assert len(links) == 3 and mail.files == {}
    for move_id in move_ids:
        assert seller.move(move_id)["name"] in mail.html
        assert seller.delivery(move_id)["state"] == "sent"
    assert len(set(LINK.findall(sink.mail_to(other).html))) == 1


def test_customer_gets_all_files_in_one_mail(seller, sink, customer):
    window, move_ids, [email, _other] = customer
    for move_id in move_ids:
        window.type(move_id, document_mode="attachment")
    assert window.send()["sent_count"] == 4
    mail = sink.mail_to(email)
    numbers = {seller.move(move_id)["name"].replace("/", "_") for move_id in move_ids}
    assert set(mail.files) == {f"{number}.pdf" for number in numbers}
    assert all(content.startswith(b"%PDF") for content in mail.files.values())
    assert len(set(LINK.findall(mail.html))) == 3


def test_refused_mail_marks_all_its_documents_and_one_is_sent_again(
    seller, sink, customer
):
    window, move_ids, [email, other] = customer
    sink.treat(email, rcpt="550 5.1.1 No such user")
    run = window.send()
    assert (run["sent_count"], run["failed_count"]) == (1, 3)
    for move_id in move_ids:
        delivery = seller.delivery(move_id)
        assert (delivery["state"], delivery["failure_type"]) == ("error", "refused")
        assert "No such user" in delivery["failure_reason"]
    sink.treat(email)
    retried = seller.delivery(move_ids[1])["id"]
    seller.user.call("invoice.delivery", "action_retry", [retried])
    seller.run_cron()
    mail = sink.mail_to(email)
    assert seller.move(move_ids[1])["name"] in mail.html
    assert len(set(LINK.findall(mail.html))) == 1
    states = [seller.delivery(move_id)["state"] for move_id in move_ids]
    assert states == ["error", "sent", "error"]
    assert len(sink.mails_to(other)) == 1


def test_other_recipients_or_words_leave_in_a_mail_of_their_own(seller, sink, customer):
    window, [first, second, third], [email, _other] = customer
    elsewhere = seller.address("elsewhere")
    window.type(first, email_to=elsewhere)
    window.open_row(second, subject="Only this one")
    assert window.send()["sent_count"] == 4
    assert seller.move(first)["name"] in sink.mail_to(elsewhere).html
    own, plain = sink.mails_to(email)
    assert own.message["Subject"] == "Only this one"
    assert seller.move(third)["name"] in plain.html
    assert seller.move(second)["name"] not in plain.html
