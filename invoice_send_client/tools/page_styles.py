"""Style sheets of printed pages, less the rules that no element of them can match.

The PDF engine reads Odoo's style sheet, 5,000 rules for all apps, again for each body,
header and footer: nine tenths of its time. A rule is left out only where each of its
selectors names a class, an id or a tag that the pages don't have; all others stay as
they are written, in their order, so that the page stays the same.
"""

import functools
import re
from typing import NamedTuple

import lxml.html

#: Strings, comments, escapes and whole addresses, whose braces are none of the sheet's;
#: then the sheet's own marks.
_TOKEN = re.compile(
    r"""/\*.*?\*/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|url\([^"')]*\)|[{};]""",
    re.DOTALL,
)
#: What a selector says that can't be read as a demand: what must not be there, what
#: stands in an attribute.
_NO_DEMAND = re.compile(r"\[[^\]]*\]|\([^()]*\)")
_DEMAND = re.compile(r"([.#][\w-]+)|(?:^|(?<=[\s>+~]))([a-zA-Z][\w-]*)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
#: Elements that a browser adds by itself.
_ADDED = frozenset({"html", "head", "body", "tbody", "colgroup"})
_GROUPS = ("@media", "@supports")
_ADDRESS = re.compile(r"""url\((?!\s*["']?(?:/|data:|https?:|#))""")
_LINK = re.compile(
    r"""<link type="text/css" rel="stylesheet" href="(/web/assets/[^"]+)" ?/?>"""
)


class Rule(NamedTuple):
    """A piece of a style sheet.

    :param str text: as it is written, of a group what stands before its brace
    :param tuple demands: what each selector needs, as sets of ``tag``, ``.class`` and
        ``#id`` in small letters; empty: the piece stays in any case
    :param tuple rules: the pieces of a group, ``None`` where it is none
    """

    text: str
    demands: tuple = ()
    rules: tuple | None = None


class Unreadable(ValueError):
    """A style sheet that is not what this file can read."""


def find_links(page):
    """:return: addresses of the style sheets of Odoo that a page loads

    :param str page: HTML as Odoo prints it
    :rtype: list[str]
    """
    return _LINK.findall(page)


def embed(pages, sheets):
    """Put into pages what they need of their style sheets.

    :param list pages: HTML as Odoo prints it
    :param dict sheets: style sheets by address; others stay linked
    :return: the pages
    :rtype: list[str]
    """
    present = frozenset().union(*map(find_present, pages))

    def embedded(link):
        text = _get_needed(sheets.get(link[1]), present)
        # the encoding is said at the end of Odoo's head, behind a sheet that needs it
        return (
            link[0] if text is None else f'<meta charset="utf-8"/><style>{text}</style>'
        )

    return [_LINK.sub(embedded, page) for page in pages]


def find_present(page):
    """:return: what selectors may demand of a page and find there

    :param str page: HTML
    :rtype: set[str]
    """
    present = set(_ADDED)
    for element in lxml.html.document_fromstring(page).iter(lxml.etree.Element):
        present.add(element.tag)
        present.update("." + name for name in element.get("class", "").split())
        if name := element.get("id"):
            present.add("#" + name)
    return {name.lower() for name in present}


@functools.lru_cache(maxsize=32)
def _get_needed(sheet, present):
    """:return: the sheet for pages, ``None`` where it has to be loaded as it is

    :param str sheet: the style sheet, or ``None``
    :param frozenset present: what the pages have
    :rtype: str | None
    """
    if not sheet or "</" in sheet or _ADDRESS.search(sheet):
        return None
    try:
        return _write(_read(sheet), present)
    except Unreadable:
        return None


def _write(rules, present):
    """:return: the rules that may match

    :param tuple rules: ``Rule``
    :param frozenset present: what the pages have
    :rtype: str
    """
    kept = []
    for rule in rules:
        if rule.rules is not None:
            if inner := _write(rule.rules, present):
                kept.append(f"{rule.text}{{{inner}}}")
        elif not rule.demands or any(need <= present for need in rule.demands):
            kept.append(rule.text)
    return "".join(kept)


@functools.lru_cache(maxsize=8)
def _read(sheet):
    """Divide a style sheet into its pieces.

    :param str sheet: CSS
    :return: ``Rule``
    :rtype: tuple[Rule]
    :raise Unreadable: where its braces don't match
    """
    rules, start, opened, depth = [], 0, None, 0
    for token in _TOKEN.finditer(sheet):
        mark = token[0]
        if mark == "{":
            opened = token.start() if not depth else opened
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth < 0:
                raise Unreadable("a brace is closed that was never opened")
        if not depth and mark in "};":
            rules.append(_read_rule(sheet, start, opened, token.end()))
            start, opened = token.end(), None
    if depth or _COMMENT.sub("", sheet[start:]).strip():
        raise Unreadable("the style sheet has no end")
    return tuple(rules)


def _read_rule(sheet, start, opened, end):
    """:return: one piece of a style sheet

    :param str sheet: CSS
    :param int start: where the piece begins
    :param int opened: where its brace opens, ``None``: it has none
    :param int end: behind its last character
    :rtype: Rule
    """
    text = _COMMENT.sub("", sheet[start:opened]).strip()
    if opened is None:
        return Rule(_COMMENT.sub("", sheet[start:end]).strip())
    if text.startswith(_GROUPS):
        return Rule(text, rules=_read(sheet[opened + 1 : end - 1]))
    whole = text + sheet[opened:end]
    return Rule(whole) if text.startswith("@") else Rule(whole, _read_demands(text))


def _read_demands(selectors):
    """:return: what each selector needs; empty where one of them needs nothing, or is
        not understood

    :param str selectors: as they stand before the brace
    :rtype: tuple[frozenset]
    """
    if "\\" in selectors or '"' in selectors or "'" in selectors:
        return ()
    before = None
    while before != selectors:  # brackets in brackets
        before, selectors = selectors, _NO_DEMAND.sub("", selectors)
    demands = [
        frozenset((name or tag).lower() for name, tag in _DEMAND.findall(selector))
        for selector in selectors.split(",")
    ]
    return tuple(demands) if all(demands) else ()
