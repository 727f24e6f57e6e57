from odoo.tests import BaseCase, tagged

from ..tools import addresses


@tagged("-at_install", "post_install")
class TestAddresses(BaseCase):
    def parse(self, text):
        found, wrong = addresses.parse(text)
        return [tuple(address) for address in found], wrong

    def test_comma_semicolon_and_line_end_divide(self):
        found, wrong = self.parse("a@x.ro, b@x.ro;c@x.ro\nd@x.ro;;")
        self.assertEqual(
            [email for _name, email in found], [f"{c}@x.ro" for c in "abcd"]
        )
        self.assertFalse(wrong)

    def test_quoted_name_keeps_its_comma(self):
        found, wrong = self.parse('"Pop, Ana" <ana@x.ro>; Ion <ion@x.ro>')
        self.assertEqual(found, [("Pop, Ana", "ana@x.ro"), ("Ion", "ion@x.ro")])
        self.assertFalse(wrong)

    def test_same_address_counts_once_whatever_its_capitals(self):
        found, _wrong = self.parse("Ana@X.ro; ana@x.ro; Ana <ANA@x.RO>")
        self.assertEqual(found, [("", "ana@x.ro")])

    def test_international_domain_is_kept_and_has_an_ascii_form(self):
        found, _wrong = self.parse("ana@bücher.example")
        self.assertEqual(found, [("", "ana@bücher.example")])
        self.assertEqual(
            addresses.for_header("Ana <ana@bücher.example>"),
            ["Ana <ana@xn--bcher-kva.example>"],
        )

    def test_wrong_pieces_are_named_as_typed(self):
        for piece in (
            "ana",
            "ana@",
            "@x.ro",
            "ana@@x.ro",
            "a b@x.ro",
            "ana@x..ro",
            ".ana@x.ro",
            "ană@x.ro",
            '"Pop <ana@x.ro>',
            "Bcc: evil@x.ro",
        ):
            with self.subTest(piece=piece):
                found, wrong = self.parse(f"good@x.ro; {piece}")
                self.assertEqual(found[0], ("", "good@x.ro"))
                self.assertEqual(wrong, [piece])

    def test_header_injection_is_no_address(self):
        found, wrong = self.parse("ana@x.ro\r\nBcc: evil@x.ro")
        self.assertEqual(found, [("", "ana@x.ro")])
        self.assertEqual(wrong, ["Bcc: evil@x.ro"])
        self.assertEqual(self.parse('"A\x00na" <ana@x.ro>')[0], [])

    def test_nothing_typed_is_nothing(self):
        for text in (None, False, "", " ; , "):
            self.assertEqual(addresses.parse(text), ([], []))

    def test_address_in_two_lines_stays_in_the_first(self):
        self.assertEqual(
            addresses.without_repeats(
                "a@x.ro", "A@x.ro; Ion <b@x.ro>", "b@x.ro, c@x.ro, a@x.ro", None
            ),
            ["a@x.ro", "Ion <b@x.ro>", "c@x.ro", ""],
        )

    def test_domain_of_one_word_is_taken_as_in_odoo(self):
        self.assertEqual(self.parse("ana@intranet"), ([("", "ana@intranet")], []))

    def test_what_is_longer_than_any_address_is_none(self):
        # to read its domain would take minutes
        self.assertEqual(addresses.to_ascii("x@" + "\u0660" * 100_000), "")
