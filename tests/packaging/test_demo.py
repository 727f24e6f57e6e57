"""The demo: its data, its programs, its papers, and the main job once for real."""

import csv
import socket
import subprocess
import sys
from collections import Counter

import pytest
from lxml import etree

from devenv import checkout, cli, demo_pictures, services
from devenv.console import DevError

ROOT = checkout.ROOT
DEMO = ROOT / "invoice_send_client" / "demo"
README = (ROOT / "README.rst").read_text("utf-8")
# A picture of the README, in bytes.
LARGEST_PICTURE = 150_000


@pytest.fixture(scope="module")
def customers() -> list[dict]:
    """The demo's customers."""
    with (DEMO / "res.partner.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def service(tmp_path):
    """A service that is stopped at the end."""
    with services.running(services.Service("the service", tmp_path / "log")) as made:
        yield made


def test_a_third_of_the_customers_speaks_each_language(customers):
    """Eight each."""
    langs = Counter(customer["lang"] for customer in customers)
    assert langs == {"en_US": 8, "ro_RO": 8, "bg_BG": 8}


def test_no_address_of_the_demo_can_belong_to_anybody(customers):
    """RFC 2606 keeps .example for this; one customer has no address at all."""
    lines = [customer["email"] for customer in customers]
    addresses = [part.strip() for line in lines if line for part in line.split(";")]
    assert all(address.endswith(".example") for address in addresses)
    assert lines.count("") == 1
    assert len(addresses) > len(lines) - 1, "one has two addresses"


def test_the_demo_has_documents_of_every_kind():
    """Sixty invoices to post, credit notes, receipts, and drafts without a date."""
    tree = etree.parse(DEMO / "account_move.xml")
    kinds = Counter()
    for record in tree.iterfind("record"):
        kind = record.findtext("field[@name='move_type']")
        dated = record.find("field[@name='invoice_date']") is not None
        kinds[kind if dated else "draft"] += 1
    assert kinds["out_invoice"] == 60
    assert min(kinds["out_refund"], kinds["out_receipt"], kinds["draft"]) >= 4


def test_the_demo_has_clients_of_the_network(customers):
    """One in the portal, one a company that receives; neither of the newest invoices,
    which the demo's own check sends and follows by mail."""
    tree = etree.parse(DEMO / "network.xml")
    clients = {
        field.get("ref")
        for name in ("parent_id", "partner_id")
        for field in tree.iterfind(f"record/field[@name='{name}']")
    }
    clients &= {customer["id"] for customer in customers}
    assert clients == {"partner_editura_lumina", "partner_hotel_carpati"}
    assert "invoice_receive_from_companies': True" in etree.tostring(tree).decode()
    invoices = etree.parse(DEMO / "account_move.xml").iterfind("record")
    sold_to = [
        record.find("field[@name='partner_id']").get("ref")
        for record in invoices
        if record.findtext("field[@name='move_type']") == "out_invoice"
        and record.find("field[@name='invoice_date']") is not None
    ]
    assert clients <= set(sold_to)
    assert not clients & set(sold_to[-demo_pictures.SENT :])


def test_the_readme_lists_every_command():
    """And the two to begin with."""
    missing = [name for name in cli.COMMANDS if f"``./dev {name}" not in README]
    assert not missing
    assert "    ./dev demo\n    ./dev test\n" in README


def test_the_pictures_of_the_readme_are_there_and_small():
    """A reader on a slow line waits for them too."""
    names = [line.split()[-1] for line in README.splitlines() if "image::" in line]
    assert names
    for name in names:
        picture = (ROOT / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < LARGEST_PICTURE


def test_a_port_that_is_taken_is_passed_over(capsys):
    """And the user is told which one is used instead."""
    with socket.socket() as other:
        other.bind((services.HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        port = services.free_port(taken)
    assert taken < port <= taken + services.PORTS_TRIED
    assert f"port {taken} is taken: using {port}" in capsys.readouterr().err


def test_a_program_that_ends_by_itself_is_told_with_its_last_words(service):
    """Nobody waits for the rest of the time."""
    service.start([sys.executable, "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(DevError, match="the service ended: no such thing"):
        service.wait_until(lambda: False, 60)


def test_a_program_that_is_missing_is_told(service):
    """In one line."""
    with pytest.raises(DevError, match="the service ended|cannot start the service"):
        service.start(["/nowhere/at/all"])
        service.wait_until(lambda: False, 60)


def test_a_program_that_ignores_the_end_is_ended_by_force(service, monkeypatch):
    """So that no port stays taken."""
    monkeypatch.setattr(services, "STOP_SECONDS", 0.5)
    code = "import signal, time; signal.signal(15, lambda *_: None); print(1, flush=1)"
    service.start([sys.executable, "-c", f"{code}\nwhile True: time.sleep(1)"])
    service.wait_until(lambda: bool(service.log.read_text()), 30)
    service.stop()
    with pytest.raises(DevError, match="the service ended"):
        service.check()


def test_the_demo_sends_an_invoice_and_the_list_shows_the_eye():
    """SMTP, browser, list: ``./dev demo --check`` on real parts."""
    done = subprocess.run(
        [sys.executable, ROOT / "dev", "demo", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the list shows the eye of INV/" in done.stdout
