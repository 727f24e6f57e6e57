"""Translation files: merging new terms in, and comparing (runs in Odoo's Python).

``./dev i18n`` calls it with the fresh template; the tests use its functions.
"""

import copy
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

# Odoo wraps its own files at this width.
WIDTH = 78
# Complete; the other languages hold what a client reads (requirements B23).
COMPLETE = ("bg", "ro")
TWO = "nplurals=2; plural=(n != 1);"
SLAVIC = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
    "(n%100<10 || n%100>=20) ? 1 : 2);"
)
LANGUAGES = {
    **dict.fromkeys(("bg", "de", "el", "es", "hu", "it", "nl", "pt"), TWO),
    "fr": "nplurals=2; plural=(n > 1);",
    "pl": SLAVIC.replace("n%10==1 && n%100!=11", "n==1"),
    "ro": "nplurals=3; plural=(n==1?0:(((n%100>19)||((n%100==0)&&(n!=0)))?2:1));",
    "tr": TWO,
    "uk": SLAVIC,
}
# Where a client reads a term: mail, client's page, names of the documents.
CLIENT = re.compile(
    r"arch_db:invoice_send_client\.(mail_layout|mail_new_link|mail_portal_notice)"
    r"|arch_db:invoice_send_client\.(client_page|client_portal)"
    r"|models/invoice_delivery_(new_link|portal)\.py"
    r"|arch_db:invoice_send_client_payment\."
    r"|invoice_send_client_payment/controllers/"
    r"|selection__invoice_send_template__document_type"
)


def read(path: Path) -> polib.POFile:
    """Return the translations in a file, none where it is missing."""
    return polib.pofile(str(path) if path.exists() else "", wrapwidth=WIDTH)


def terms(catalog: polib.POFile) -> list[tuple]:
    """Return what makes two templates the same: all but their dates."""
    return sorted(
        (entry.msgid, entry.comment, sorted(entry.occurrences)) for entry in catalog
    )


def lacking(catalog: polib.POFile, client: bool = False) -> list[polib.POEntry]:
    """Return the terms without a translation, or with a doubtful one.

    :param catalog: the translations
    :param client: only what a client reads
    """
    return [
        entry
        for entry in catalog
        if (entry.fuzzy or not entry.msgstr.strip())
        and (is_for_clients(entry) or not client)
    ]


def is_for_clients(entry: polib.POEntry) -> bool:
    """Tell whether a client reads this term."""
    return any(CLIENT.search(place) for place, _line in entry.occurrences)


def field_labels(folders: list[Path], language: str) -> dict[str, str]:
    """Return how Odoo's own addons translate the labels of fields.

    Every model has "Created by" and its like: those are Odoo's words.

    :param folders: the ``i18n`` of addons, the first one's words win
    :param language: "ro"
    """
    label = "model:ir.model.fields,field_description:"
    return {
        entry.msgid: entry.msgstr
        for folder in reversed(folders)
        for entry in read(folder / f"{language}.po")
        if entry.msgstr
        and any(place.startswith(label) for place, _ in entry.occurrences)
    }


def merge(template: polib.POFile, old: polib.POFile, language: str) -> polib.POFile:
    """Return the template's terms with the translations that are known.

    A language that is not complete has those alone that a client reads.

    :param template: the terms
    :param old: the translations; those of other terms are left out
    :param language: "ro"
    """
    known = {entry.msgid: entry for entry in old if not entry.obsolete}
    catalog = polib.POFile(wrapwidth=WIDTH)
    catalog.header = template.header
    catalog.metadata = {**template.metadata, **old.metadata, "Language": language}
    catalog.metadata["POT-Creation-Date"] = template.metadata["POT-Creation-Date"]
    if not catalog.metadata.get("Plural-Forms"):
        catalog.metadata["Plural-Forms"] = LANGUAGES.get(language, "")
    for term in template:
        if language not in COMPLETE and not is_for_clients(term):
            continue
        entry = copy.copy(term)
        if term.msgid in known:
            entry.msgstr = known[term.msgid].msgstr
            entry.flags = known[term.msgid].flags
            entry.tcomment = known[term.msgid].tcomment
        catalog.append(entry)
    return catalog


def update(
    fresh: Path, folder: Path, addon: str, elsewhere: list[Path]
) -> Iterator[str]:
    """Write the template and the translations of an addon.

    A template that differs in its dates only stays as it is.

    :param fresh: the template as Odoo exported it now
    :param folder: the addon's ``i18n``
    :param addon: its name
    :param elsewhere: the ``i18n`` of Odoo's addons, for common labels of fields
    :return: a line for each term that lacks a translation
    """
    template, path = read(fresh), folder / f"{addon}.pot"
    if terms(template) == terms(read(path)):
        template = read(path)
    else:
        template.wrapwidth = WIDTH
        template.save(str(path))
    languages = {*LANGUAGES, *(file.stem for file in folder.glob("*.po"))}
    for language in sorted(languages):
        file = folder / f"{language}.po"
        catalog = merge(template, read(file), language)
        labels = field_labels(elsewhere, language) if language in COMPLETE else {}
        for entry in lacking(catalog):
            entry.msgstr = entry.msgstr or labels.get(entry.msgid, "")
        catalog.save(str(file))
        wanted = lacking(catalog, client=language not in COMPLETE)
        yield from (f"{file.name}: {entry.msgid!r}" for entry in wanted)


def main() -> None:
    """Update an addon's files and print the terms that lack a translation."""
    addon, fresh, folder, *elsewhere = sys.argv[1:]
    for line in update(Path(fresh), Path(folder), addon, [*map(Path, elsewhere)]):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
