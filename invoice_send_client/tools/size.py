"""How big a message becomes, before it is made."""

import math

MEGABYTE = 1024 * 1024

#: Headers, boundaries and the frame of the letter: 3 to 6 kB in our own letters; 10 KiB
#: is also the margin of Odoo's ``mail.mail._estimate_email_size``.
OVERHEAD = 10 * 1024

#: Base64 writes 3 bytes as 4 characters, in lines of 76 (RFC 2045, 6.8), each ended by
#: two more (RFC 5322, 2.1).
_CHARACTERS, _BYTES, _LINE, _LINE_END = 4, 3, 76, 2

#: What an invoice's PDF weighs that was not made yet: measured 25 kB with a patched PDF
#: engine and 180 kB with an unpatched one, which draws each letter.
PDF_ESTIMATE = 200 * 1024

#: The same for an e-invoice in XML: 5 kB with one line, 1 kB more for each further one.
XML_ESTIMATE = 20 * 1024


def encoded_size(size):
    """:return: bytes on the wire of ``size`` bytes in base64

    :param int size: bytes of the file
    :rtype: int
    """
    characters = math.ceil(size / _BYTES) * _CHARACTERS
    return characters + math.ceil(characters / _LINE) * _LINE_END


def estimate_message_size(files, body=""):
    """Say how big a message gets, rather too much than too little.

    :param files: sizes of the attached files in bytes
    :param str body: the letter in HTML; its text alternative is never longer
    :return: bytes on the wire
    :rtype: int
    """
    letter = encoded_size(len((body or "").encode(errors="ignore")))
    return sum(map(encoded_size, files)) + 2 * letter + OVERHEAD
