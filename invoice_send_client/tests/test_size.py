import base64
from email.message import EmailMessage
from email.policy import SMTP

from odoo.tests import BaseCase, tagged

from ..tools.size import MEGABYTE, OVERHEAD, encoded_size, estimate_message_size


@tagged("-at_install", "post_install")
class TestSize(BaseCase):
    def test_file_in_base64_is_counted_to_the_byte(self):
        for size in (0, 1, 2, 3, 56, 57, 58, 1000, 123_457):
            with self.subTest(size=size):
                encoded = base64.encodebytes(b"x" * size).replace(b"\n", b"\r\n")
                self.assertEqual(encoded_size(size), len(encoded))

    def test_estimate_is_never_less_than_the_message_and_hardly_more(self):
        files = [b"\0" * 300_000, b"\xff" * 1_234]
        body = "<p>Бета ООД, ваша фактура</p>" * 50
        message = EmailMessage(policy=SMTP)
        message["Subject"] = "Фактура"
        message.set_content(body)
        message.add_alternative(body, subtype="html")
        for content in files:
            message.add_attachment(
                content, maintype="application", subtype="pdf", filename="a.pdf"
            )
        estimate = estimate_message_size([len(content) for content in files], body)
        actual = len(bytes(message))
        self.assertGreaterEqual(estimate, actual)
        self.assertLess(estimate, actual + OVERHEAD)

    def test_15_megabytes_do_not_fit_into_20(self):
        self.assertGreater(estimate_message_size([15 * MEGABYTE]), 20 * MEGABYTE)

    def test_letter_without_text_has_the_size_of_its_frame(self):
        self.assertEqual(estimate_message_size([], False), OVERHEAD)
