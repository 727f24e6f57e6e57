"""The PDF engines: what one with unpatched Qt refuses."""

import subprocess
from pathlib import Path

import pytest

from devenv import apt, pdf
from devenv.console import DevError

PAGE = "<!DOCTYPE html><html><body>One</body></html>"


@pytest.fixture(params=["of Debian", "stand-in"])
def unpatched(request, monkeypatch) -> Path:
    """The engine with unpatched Qt, also as it is where apt has none."""
    if request.param == "stand-in":

        def refuse(packages, why):
            raise DevError("no such package")

        monkeypatch.setattr(pdf.apt, "ensure", refuse)
    elif apt.missing(apt.UNPATCHED_PDF):
        pytest.skip("Debian's engine is not installed here")
    yield pdf.ensure_unpatched() / "wkhtmltopdf"
    monkeypatch.undo()
    if not apt.missing(apt.UNPATCHED_PDF):
        pdf.ensure_unpatched()


def test_unpatched_engine_does_not_claim_to_be_patched(unpatched):
    words = subprocess.check_output([unpatched, "--version"], text=True)
    assert words.startswith("wkhtmltopdf 0.12")
    assert "patched qt" not in words


def test_unpatched_engine_makes_one_document(unpatched, tmp_path):
    page, made = tmp_path / "a b.html", tmp_path / "made.pdf"
    page.write_text(PAGE)
    command = [unpatched, "--quiet", "--footer-html", page, page, made]
    subprocess.run(command, check=True)
    assert made.read_bytes().startswith(b"%PDF")


def test_unpatched_engine_refuses_two_documents(unpatched, tmp_path):
    page, made = tmp_path / "a.html", tmp_path / "made.pdf"
    page.write_text(PAGE)
    done = subprocess.run([unpatched, page, page, made], check=False)
    assert done.returncode == 1


def test_patched_engine_takes_two_documents(tmp_path):
    page, made = tmp_path / "a.html", tmp_path / "made.pdf"
    page.write_text(PAGE)
    subprocess.run([pdf.ensure() / "wkhtmltopdf", page, page, made], check=True)
    assert made.read_bytes().startswith(b"%PDF")
