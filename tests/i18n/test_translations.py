"""Romanian and Bulgarian are complete, what clients read is so in every language."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from devenv import translations

ROOT = Path(__file__).resolve().parents[2]
ADDON = "invoice_send_client"
FOLDER = ROOT / ADDON / "i18n"
# Addons that build on ours.
GLUE = sorted(ROOT.glob(f"{ADDON}_*/i18n"))
PAYMENT = ROOT / f"{ADDON}_payment" / "i18n"
COMPLETE = translations.COMPLETE

# %s, %(name)s, %%; {}, {name}, {{ object.name }}
PRINTF = re.compile(r"%(?:\(\w+\))?[#0+-]*[\d.]*[a-zA-Z%]")
BRACES = re.compile(r"\{\{.*?\}\}|\{[\w.:!]*\}")
# A tag with what the reader does not see: where it leads, what it shows.
TAG = re.compile(r"</?[a-z][\w-]*|\b(?:t-[\w-]+|href|src|class|style)=\"[^\"]*\"")


def languages() -> list[str]:
    """Return the languages that have a file, and those that must."""
    return sorted(
        {*translations.LANGUAGES, *(path.stem for path in FOLDER.glob("*.po"))}
    )


def marks(text: str) -> Counter:
    """Count what a translation must take over as it is."""
    bare = BRACES.sub("", text)
    printf = PRINTF.findall(bare) if "%(" in bare or "%s" in bare else []
    return Counter([*printf, *BRACES.findall(text), *TAG.findall(text)])


@pytest.mark.parametrize("language", COMPLETE)
def test_every_term_is_translated(language):
    """Romanian and Bulgarian leave no term open or doubtful."""
    catalog = translations.read(FOLDER / f"{language}.po")
    assert len(catalog), f"{language}.po is missing or empty"
    lacking = [entry.msgid for entry in translations.lacking(catalog)]
    assert not lacking, f"{language}.po lacks {len(lacking)} terms: {lacking}"


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_what_clients_read_is_translated(language):
    """Mail and client page are whole in every language that letters are shipped in."""
    catalog = translations.read(FOLDER / f"{language}.po")
    seen = [entry.msgid for entry in catalog if translations.is_for_clients(entry)]
    assert {"View document", "Download PDF", "Credit note", "Tax"} <= set(seen)
    lacking = [entry.msgid for entry in translations.lacking(catalog, client=True)]
    assert not lacking, f"{language}.po lacks {lacking}"


@pytest.mark.parametrize("folder", GLUE, ids=lambda folder: folder.parent.name)
@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_addons_beside_ours_are_translated_as_ours_is(folder, language):
    """The same languages, the terms of the template, nothing open, marks kept."""
    template = translations.read(folder / f"{folder.parent.name}.pot")
    catalog = translations.read(folder / f"{language}.po")
    wanted = translations.merge(template, catalog, language)
    assert translations.terms(catalog) == translations.terms(wanted)
    assert not [entry.msgid for entry in translations.lacking(catalog)]
    assert not [
        (entry.msgid, entry.msgstr)
        for entry in catalog
        if marks(entry.msgid) != marks(entry.msgstr)
    ]


def test_what_clients_read_of_the_payment_is_known_as_such():
    """Page of the payment, state of it on the client's page, refusals."""
    template = translations.read(PAYMENT / "invoice_send_client_payment.pot")
    seen = {entry.msgid for entry in template if translations.is_for_clients(entry)}
    assert {
        "To pay",
        "The payment has arrived. Thank you!",
        "This link no longer opens a document. Nothing was paid.",
    } <= seen


def test_the_languages_are_those_of_the_letters():
    """A language has letters and the words around them, or neither."""
    letters = {path.stem for path in (FOLDER.parent / "data/letters").glob("*.xml")}
    assert letters == {"en", *translations.LANGUAGES}


@pytest.mark.parametrize("language", languages())
def test_the_terms_are_those_of_the_template(language):
    """Every language has the terms of the template that are wanted, each once."""
    template = translations.read(FOLDER / f"{ADDON}.pot")
    catalog = translations.read(FOLDER / f"{language}.po")
    wanted = translations.merge(template, catalog, language)
    assert translations.terms(catalog) == translations.terms(wanted)


@pytest.mark.parametrize("language", languages())
def test_placeholders_and_tags_are_kept(language):
    """What a program fills in or a browser reads is the same in every language."""
    catalog = translations.read(FOLDER / f"{language}.po")
    wrong = [
        (entry.msgid, entry.msgstr)
        for entry in catalog
        if entry.msgstr and marks(entry.msgid) != marks(entry.msgstr)
    ]
    assert wrong == []


def test_the_template_is_up_to_date(tmp_path):
    """The template holds the terms that Odoo exports now."""
    database, fresh = f"isc_test_{os.getpid()}-i18n", tmp_path / f"{ADDON}.pot"
    dev("initdb", database)
    try:
        dev("odoo", "i18n", "export", "-d", database, "-o", fresh, ADDON)
    finally:
        dev("odoo", "db", "drop", database)
    exported = translations.terms(translations.read(fresh))
    stored = translations.terms(translations.read(FOLDER / f"{ADDON}.pot"))
    assert stored == exported, "run ./dev i18n"


def dev(*arguments: object) -> None:
    """Run a command of ./dev; fail with its last words."""
    command = [str(part) for part in (ROOT / "dev", *arguments)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_marks_are_found():
    """The comparison itself sees placeholders and tags, and no percent sign."""
    text = 'Hi %(name)s, {{ object.x }}: 50% <a href="/x" title="y">{count}</a>'
    assert set(marks(text)) == {
        "%(name)s",
        "{{ object.x }}",
        "{count}",
        "<a",
        "</a",
        'href="/x"',
    }
