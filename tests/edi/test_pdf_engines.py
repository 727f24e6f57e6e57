"""Odoo with Debian's wkhtmltopdf, which takes one document a call, and without any."""

import os
import stat
from collections.abc import Iterator

import pytest

from tests.helpers.odoo_server import OdooServer

#: Version and refusal of the wkhtmltopdf that Debian builds, as it words them; what it
#: can do is done by the engine of ``./dev``.
UNPATCHED = """#!/bin/sh
documents=0
for word in "$@"; do
    case "$word" in
        --version) echo "wkhtmltopdf 0.12.6"; exit 0 ;;
        *.html) documents=$((documents + 1)) ;;
    esac
done
case " $* " in *" --header-html "* | *" --footer-html "*)
    documents=$((documents - 2)) ;;
esac
echo "$documents" >> "$0.calls"
if [ "$documents" -gt 1 ]; then
    echo "Error: This version of wkhtmltopdf is built against an unpatched version of\
 QT, and does not support more than one input document." >&2
    exit 1
fi
exec ENGINE "$@"
"""


@pytest.fixture(scope="module")
def start(odoo, dev_environment, tmp_path_factory) -> Iterator:
    """Start Odoo servers on the session's database with programs of their own."""
    servers = []

    def started(programs, path):
        config = programs / "odoo.conf"
        lines = dev_environment.config.read_text("utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("bin_path")]
        config.write_text("\n".join([*kept, f"bin_path = {programs}"]) + "\n", "utf-8")
        server = OdooServer(
            dev_environment,
            odoo.database,
            programs / "odoo.log",
            PATH=path,
            ODOO_RC=str(config),
        )
        servers.append(server)
        server.start()
        return server

    yield started
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def unpatched(seller, dev_environment, start, tmp_path_factory):
    """Seller SRL whose Odoo has Debian's wkhtmltopdf."""
    programs = tmp_path_factory.mktemp("unpatched")
    script = programs / "wkhtmltopdf"
    engine = dev_environment.path[0] / "wkhtmltopdf"
    script.write_text(UNPATCHED.replace("ENGINE", f'"{engine}"'), "utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return seller.through(start(programs, path))


@pytest.fixture(scope="module")
def without(seller, start, tmp_path_factory):
    """Seller SRL whose Odoo has no PDF engine."""
    empty = tmp_path_factory.mktemp("empty")
    return seller.through(start(empty, str(empty)))


def test_unpatched_engine_makes_the_attachment(unpatched, sink):
    """One document a call is enough for one mail."""
    address = unpatched.address("unpatched")
    move_id = unpatched.invoice(address)
    action = unpatched.send(move_id, document_mode="attachment")
    assert action["type"] == "ir.actions.act_window_close"
    assert unpatched.delivery(move_id)["state"] == "sent"
    [content] = sink.mail_to(address).files.values()
    assert content.startswith(b"%PDF")
    calls = unpatched.server.log.with_name("wkhtmltopdf.calls")
    assert set(calls.read_text("utf-8").split()) == {"1"}


def test_unpatched_engine_makes_the_pdfs_of_several_links_one_by_one(
    unpatched,
):
    """Links leave without PDF; the cron then makes each on its own (D5)."""
    move_ids = [unpatched.invoice(unpatched.address("link")) for _i in range(3)]
    for move_id in move_ids:
        unpatched.send(move_id, document_mode="link")
    unpatched.run_cron()
    name = "invoice_pdf_report_id"
    for move_id in move_ids:
        assert unpatched.user.fetch("account.move", move_id, name)[name]


def test_missing_engine_keeps_the_attachment_back_in_words(without, sink):
    """No PDF, no mail: the window and the delivery name the PDF engine."""
    address = without.address("missing")
    move_id = without.invoice(address)
    problems = without.problems(without.send(move_id, document_mode="attachment"))
    delivery = without.delivery(move_id)
    assert (delivery["state"], delivery["failure_type"]) == ("error", "pdf")
    assert "Wkhtmltopdf" in delivery["failure_reason"]
    assert len(problems) == 1 and "Wkhtmltopdf" in problems[0]
    assert sink.mails_to(address) == []
    assert without.move(move_id)["invoice_delivery_state"] == "error"


def test_missing_engine_lets_the_link_go(without, sink):
    """A link needs no PDF: the mail leaves, and the document says what is missing."""
    address = without.address("missing")
    move_id = without.invoice(address)
    action = without.send(move_id, document_mode="link")
    assert action["type"] == "ir.actions.act_window_close"
    assert len(sink.mails_to(address)) == 1
    # told once, whatever comes by later
    for _time in range(3):
        without.run_cron()
    [said] = without.user.search(
        "mail.message",
        [
            ("model", "=", "account.move"),
            ("res_id", "=", move_id),
            ("body", "ilike", "PDF could not be made"),
        ],
        "id",
    )
    assert said


def test_attachment_goes_once_the_engine_is_there(without, seller, sink):
    """After the engine was installed the same window sends."""
    address = without.address("later")
    move_id = without.invoice(address)
    action = without.send(move_id, document_mode="attachment")
    assert sink.mails_to(address) == []
    # the same database, served with an engine
    again = seller.press_send(action["res_id"])
    assert again["type"] == "ir.actions.act_window_close"
    [content] = sink.mail_to(address).files.values()
    assert content.startswith(b"%PDF")
