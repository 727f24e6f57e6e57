"""Compares and cuts the HTML of letters. Plain Python with lxml."""

import copy
import hashlib
import re

from lxml import etree, html

#: Elements that say something by themselves. Everything else is a wrapper that an
#: editor adds, renames or styles without anybody having typed.
_TELLING = {"a", "b", "strong", "i", "em", "u", "s", "img", "ul", "ol", "li", "hr"}
_TELLING |= {"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"}
_SAME = {"strong": "b", "em": "i"}
_ADDRESSES = {"a": "href", "img": "src"}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff"))


def _parse(text):
    return html.fragment_fromstring(text or "", create_parent="div")


def _get_address(element):
    attribute = _ADDRESSES.get(element.tag)
    return element.get(attribute, "") if attribute else ""


def _tokens(element):
    tag = element.tag if isinstance(element.tag, str) else ""
    telling = tag in _TELLING
    if telling:
        yield f"<{_SAME.get(tag, tag)} {_get_address(element)}>"
    if tag:
        yield from (element.text or "").translate(_INVISIBLE).split()
    for child in element:
        yield from _tokens(child)
        yield from (child.tail or "").translate(_INVISIBLE).split()
    if telling:
        yield f"</{_SAME.get(tag, tag)}>"


def fingerprint(text):
    """Reduce a letter to what a person reads in it.

    An HTML editor that was only clicked into, or a sanitizer, may change wrappers,
    styles and white space: that leaves the fingerprint alone. A changed word, link,
    picture, list or emphasis does not.

    :param str text: HTML, may be empty
    :rtype: str
    """
    return " ".join(_tokens(_parse(text)))


def digest(text):
    """Reduce a letter to what tells it from any other, line breaks, colours, sizes and
    alignment too; how its HTML happens to be written does not count.

    :param str text: HTML, may be empty
    :rtype: str
    """
    return hashlib.sha256(_inside(_parse(text)).strip().encode()).hexdigest()


def split_at(text, marker):
    """Cut HTML in two at an element, each half complete with what surrounds it.

    Elements that held nothing but the marker are in neither half.

    :param str text: HTML of a document or of a part
    :param str marker: ``id`` of the element to cut at
    :return: what stands before and after it; all in the first where it is missing
    :rtype: tuple[str, str]
    """
    before = html.document_fromstring(text).find("body")
    after = copy.deepcopy(before)
    mark = before.find(f".//*[@id='{marker}']")
    if mark is None:
        return _inner(before), ""
    _drop(mark, following=True)
    _drop(after.find(f".//*[@id='{marker}']"), following=False)
    return _inner(before), _inner(after)


def _drop(mark, following):
    """Remove the element, and all that follows (or precedes) it in the document."""
    element, parent = mark, mark.getparent()
    while parent is not None:
        for sibling in list(element.itersiblings(preceding=not following)):
            sibling.tail = None
            parent.remove(sibling)
        if following:
            element.tail = None
        else:
            parent.text = None
        if element is mark or _is_empty(element):
            element.drop_tree()
        element, parent = parent, parent.getparent()


def _is_empty(element):
    return not len(element) and not (element.text or "").strip()


def _inner(body):
    parts = [etree.tostring(child, encoding="unicode", method="html") for child in body]
    return (body.text or "").strip() + "".join(parts).strip()


# -- placeholders ----------------------------------------------------------------------

_INLINE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_OR_NOTHING = " or ''"


def get_code(text):
    """Find what is run when a letter is filled in.

    :param str text: a subject (``{{ object.name }}``) or a body (``t-out``), or empty
    :return: ``object.name``, ``t-if: object.ref``, ...
    :rtype: set[str]
    """
    if not text:
        return set()
    found = {match.partition("|||")[0] for match in _INLINE.findall(str(text))}
    for element in _parse(str(text)).iter(etree.Element):
        for name, value in element.attrib.items():
            if name == "t-out":
                found.add(value)
            elif name.startswith("t-"):
                found.add(f"{name}: {value}")
    return {code.strip().removesuffix(_OR_NOTHING) for code in found}


def let_placeholders_stand(text):
    """Turn ``{{ object.name }}`` in the text of a body into what Odoo fills in there.

    :param str text: HTML, may be empty
    :rtype: str
    """
    if "{{" not in (text or ""):
        return text
    root = _parse(str(text))
    for element in list(root.iter(etree.Element)):
        element.text, fillings = _split(element.text)
        element[:0] = fillings
        if element is not root:
            element.tail, fillings = _split(element.tail)
            place = element.getparent().index(element) + 1
            element.getparent()[place:place] = fillings
    return _inside(root)


def _split(text):
    """:return: what stands before the first placeholder, and the placeholders, each
    with what follows it"""
    before, *rest = _INLINE.split(text or "")
    fillings = []
    for code, after in zip(rest[::2], rest[1::2], strict=True):
        code, _bars, otherwise = (part.strip() for part in code.partition("|||"))
        code += "" if otherwise or code.endswith(_OR_NOTHING) else _OR_NOTHING
        filling = etree.Element("t", {"t-out": code})
        filling.text = otherwise
        filling.tail = after
        fillings.append(filling)
    return before, fillings


def _inside(element):
    whole = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    return whole[whole.index(">") + 1 : whole.rindex("<")]


def get_body(text):
    """:return: what stands in the body of an HTML document

    :param str text: the document
    :rtype: str
    """
    return _inside(html.document_fromstring(text).find("body"))


def describe(error):
    """Say in one line why a letter could not be filled in.

    :param Exception error: what the rendering raised
    :return: the innermost reason, and the placeholder where it is known
    :rtype: str
    """
    place, cause = "", error
    while cause.__cause__ is not None:
        cause = cause.__cause__
        place = place or getattr(getattr(cause, "qweb", None), "element", "") or ""
    reason = str(cause).strip().partition("\n")[0]
    return f"{reason} ({place})" if place else reason


def read_record(tree, xmlid):
    """Read the text of a letter in a data file.

    :param tree: the file, parsed
    :param str xmlid: id of the ``mail.template``
    :return: ``subject`` and ``body_html``; empty where there is no such record
    :rtype: dict[str, str]
    """
    values = {}
    for name in ("subject", "body_html"):
        for field in tree.iterfind(f".//record[@id='{xmlid}']/field[@name='{name}']"):
            inside = [etree.tostring(child, encoding="unicode") for child in field]
            values[name] = "".join([field.text or "", *inside]).strip()
    return values
