"""Letters that fail for one customer."""

import contextlib
from collections.abc import Iterator

from .seller import Seller

LETTER = "invoice_send_client.mail_template_en_invoice"


@contextlib.contextmanager
def poisoned_letter(seller: Seller, name: str, expression: str) -> Iterator[None]:
    """Let the English letter evaluate something for one customer, inside the block.

    :param seller: Seller SRL
    :param name: stands in the customer's name
    :param expression: Python, as in any letter
    """
    template_id = seller.admin.ref(LETTER)
    poison = (
        f'<t t-if="\'{name}\' in object.partner_id.name"><t t-out="{expression}"/></t>'
    )
    kept = "SELECT body_html::text FROM mail_template WHERE id = %s"
    [(before,)] = seller.select(kept, template_id)
    seller.sql(
        "UPDATE mail_template SET body_html ="
        " (SELECT jsonb_object_agg(key, value || %s) FROM jsonb_each_text(body_html))"
        " WHERE id = %s",
        poison,
        template_id,
    )
    try:
        yield
    finally:
        restore = "UPDATE mail_template SET body_html = %s WHERE id = %s"
        seller.sql(restore, before, template_id)
