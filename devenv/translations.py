"""Translation files: merging new terms in, and comparing (runs in Odoo's Python).

``./dev i18n`` calls it with the fresh template; the tests use its functions.
"""

import copy
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

# Odoo wraps its own files at this width.
WIDTH = 78
# Complete from the first day; other languages are merged where their file is there.
LANGUAGES = {
    "bg": "nplurals=2; plural=(n != 1);",
    "ro": ("nplurals=3; plural=(n==1?0:(((n%100>19)||((n%100==0)&&(n!=0)))?2:1));"),
}


def read(path: Path) -> polib.POFile:
    """Return the translations in a file, none where it is missing."""
    return polib.pofile(str(path) if path.exists() else "", wrapwidth=WIDTH)


def terms(catalog: polib.POFile) -> list[tuple]:
    """Return what makes two templates the same: all but their dates."""
    return sorted(
        (entry.msgid, entry.comment, sorted(entry.occurrences)) for entry in catalog
    )


def lacking(catalog: polib.POFile) -> list[polib.POEntry]:
    """Return the terms without a translation, or with a doubtful one."""
    return [entry for entry in catalog if entry.fuzzy or not entry.msgstr.strip()]


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
        labels = field_labels(elsewhere, language)
        for entry in lacking(catalog):
            entry.msgstr = entry.msgstr or labels.get(entry.msgid, "")
        catalog.save(str(file))
        yield from (f"{file.name}: {entry.msgid!r}" for entry in lacking(catalog))


def main() -> None:
    """Update an addon's files and print the terms that lack a translation."""
    addon, fresh, folder, *elsewhere = sys.argv[1:]
    for line in update(Path(fresh), Path(folder), addon, [*map(Path, elsewhere)]):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
