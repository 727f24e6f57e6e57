"""The words that a client reads in a mail or on a page."""

import re

from lxml import html

#: Attributes that are read out or shown.
SPOKEN = ("alt", "title", "aria-label", "placeholder")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
ADDRESS = re.compile(r"\b(?:https?://|mailto:|data:)\S+|\S+@\S+")


def read_html(text: str) -> str:
    """Return all that a reader of a page sees or hears.

    :param text: an HTML document
    """
    root = html.document_fromstring(text)
    # a language in the list of languages goes by its own name
    unread = "//style | //script | //meta | //input[@type='hidden'] | //nav/*[@lang]"
    for unseen in root.xpath(unread):
        unseen.drop_tree()
    parts = list(root.itertext())
    for name in SPOKEN:
        parts += root.xpath(f"//@{name}")
    return " ".join(parts)


def read_mail(message) -> str:
    """Return all that the reader of a mail sees: subject and every part of text.

    :param message: ``email.message.EmailMessage``
    """
    parts = [message["Subject"]]
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.is_attachment():
            content = part.get_content()
            is_html = part.get_content_subtype() == "html"
            parts.append(read_html(content) if is_html else content)
    return " ".join(parts)


def find(text: str, data: tuple[str, ...]) -> set[str]:
    """Return the words of a text in small letters, less what is no language.

    :param text: from :func:`read_mail` or :func:`read_html`
    :param data: names and numbers that stand in it
    """
    for known in sorted(data, key=len, reverse=True):
        text = text.replace(known, " ")
    return {word.lower() for word in WORD.findall(ADDRESS.sub(" ", text))}
