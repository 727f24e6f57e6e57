"""The bounces in ``tests/dsn``, around a mail that was sent."""

from email import message_from_bytes, policy
from pathlib import Path

FOLDER = Path(__file__).parent / "dsn"


def fill(name, mail, **values):
    """Give a bounce as it would come back.

    :param str name: a file of the folder, without its ending
    :param bytes mail: the mail as it left
    :param values: what else stands in the file: ``recipient``, ``dsn_id``, ...
    :return: the bounce
    :rtype: bytes
    """
    mail = mail.replace(b"\r\n", b"\n")
    headers, _blank, _body = mail.partition(b"\n\n")
    message = message_from_bytes(mail, policy=policy.default)
    texts = {
        "sender": "invoices@seller.example",
        "message_id": str(message["Message-Id"]),
        "dsn_id": f"dsn-{name}",
        "recipient": "ana@alfa.example",
        **values,
    }
    content = (FOLDER / f"{name}.eml").read_bytes()
    for key, text in texts.items():
        content = content.replace(b"{{%s}}" % key.encode(), text.encode())
    return content.replace(b"{{headers}}", headers).replace(b"{{mail}}", mail)
