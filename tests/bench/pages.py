"""Whether two PDFs are the same, page for page, to whoever reads them."""

import io
from itertools import zip_longest

from PyPDF2 import PdfReader


def compare(own: bytes, peer: bytes) -> str:
    """Return where two PDFs differ first, "" where they don't.

    :param own: one PDF
    :param peer: the other one
    :raise RuntimeError: when the text of a page can't be read
    """
    pages = zip_longest(_read(own), _read(peer), fillvalue=[])
    for number, (words, others) in enumerate(pages, start=1):
        for word, other in zip_longest(words, others, fillvalue="nothing"):
            if word != other:
                return f"page {number}: {word!r}, natively {other!r}"
    return ""


def _read(pdf: bytes) -> list[list[str]]:
    """Return the words of each page."""
    pages = [page.extract_text().split() for page in PdfReader(io.BytesIO(pdf)).pages]
    if not all(pages):
        raise RuntimeError("a page of a PDF has no text that can be compared")
    return pages
