from odoo.tests import BaseCase, tagged

from ..tools import links


@tagged("-at_install", "post_install")
class TestLinks(BaseCase):
    def test_signed_key_is_read_back(self):
        key = links.new_key()
        self.assertEqual(links.verify("s", "scope", links.sign("s", "scope", key)), key)

    def test_renewed_key_keeps_its_root_and_nothing_else(self):
        key = links.new_key()
        renewed = links.new_key(links.get_root(key))
        self.assertEqual(links.get_root(renewed), links.get_root(key))
        self.assertNotEqual(renewed, key)
        self.assertEqual(len(renewed), links.KEY_LENGTH)
        self.assertNotEqual(links.get_root(links.new_key()), links.get_root(key))

    def test_forged_truncated_and_foreign_tokens_are_refused(self):
        token = links.sign("secret", "scope", links.new_key())
        for forged in ("", token[:-1], token + "A", token[1:], "é" * 49, "x" * 10_000):
            self.assertIsNone(links.verify("secret", "scope", forged))
        self.assertIsNone(links.verify("other", "scope", token))
        self.assertIsNone(links.verify("secret", "other", token))

    def test_nonce_belongs_to_one_link_and_ends(self):
        nonce = links.new_nonce("secret", "key", at=1000)
        visit = links.read_nonce("secret", "key", nonce, at=1010)
        self.assertTrue(visit.session)
        self.assertEqual(visit.issued, 1000)
        self.assertIsNone(links.read_nonce("secret", "other", nonce, at=1010))
        self.assertIsNone(
            links.read_nonce("secret", "key", nonce, at=1001 + links.NONCE_SECONDS)
        )
        for forged in (None, "", "a.b.c", nonce[:-1], "é"):
            self.assertIsNone(links.read_nonce("secret", "key", forged, at=1010))
