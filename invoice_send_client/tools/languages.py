"""Codes of languages (``pt_BR``, ``sr@latin``) and their names. Plain Python."""

from babel import Locale, UnknownLocaleError


def get_iso(code):
    """:return: the language without country and script: ``pt`` of ``pt_BR``

    :param str code: a language of Odoo, may be empty
    :rtype: str
    """
    return (code or "").split("_")[0].split("@")[0]


def get_name(code, reader):
    """Name a language in the words of another.

    :param str code: the language to name: ``ro``, ``pt_BR``
    :param str reader: the reader's language, ``bg_BG``
    :return: ``румънски``; ``""`` where the name is not known
    :rtype: str
    """
    try:
        return _parse(code).get_display_name(_parse(reader)) or ""
    except (UnknownLocaleError, ValueError):
        return ""


def _parse(code):
    base, _at, script = code.partition("@")
    parts = base.split("_")
    if script == "latin":
        parts.insert(1, "Latn")
    return Locale.parse("_".join(parts))
