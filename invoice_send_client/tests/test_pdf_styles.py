from odoo.tests import BaseCase, tagged

from ..tools import page_styles

PAGE = (
    '<html><head><link type="text/css" rel="stylesheet" href="/web/assets/1/a.css"/>'
    '</head><body class="o_body"><p id="Total" class="big red">x</p>'
    "<table><tr><td>1</td></tr></table></body></html>"
)


@tagged("post_install", "-at_install")
class TestPdfStyles(BaseCase):
    """What an element of the page can match stays; nothing else has to be read."""

    def embed(self, sheet):
        """:return: the page with what it needs of a style sheet"""
        [page] = page_styles.embed([PAGE], {"/web/assets/1/a.css": sheet})
        return page

    def test_what_may_match_stays_as_it_is_written(self):
        for rule in (
            "p{a: b}",
            ".big.red > td, .none{a: b}",
            "#Total{a: b}",
            "tbody tr:not(.none) td::before{content: '}{.none'}",
            ".O_BODY [class~='none']{a: b}",
            ".big:is(.none, .other){a: b}",
            ".w-1\\/2{a: b}",
            "*, .none{a: b}",
            ":root{--x: 1}",
            "@font-face{font-family: X; src: url(/x.woff)}",
            "@media print{.red{a: b}}",
        ):
            with self.subTest(rule=rule):
                self.assertIn(f"<style>{rule}</style>", self.embed(rule))

    def test_what_no_element_can_match_is_left_out(self):
        for rule in (
            ".none{a: url('data:x;}')}",
            "#none p, video{a: b}",
            ".big.none > p{a: b}",
            "@media print{.none{a: b}}",
            "/* p{} */ .none{a: b}",
        ):
            with self.subTest(rule=rule):
                page = self.embed(rule + "p{c: d}")
                self.assertIn("<style>p{c: d}</style>", page)

    def test_rules_keep_their_order(self):
        page = self.embed("p{a: 1}.none{a: 2}.red{a: 3}@media print{td{a: 4}}p{a: 5}")
        want = "<style>p{a: 1}.red{a: 3}@media print{td{a: 4}}p{a: 5}</style>"
        self.assertIn(want, page)

    def test_sheet_that_is_not_understood_stays_linked(self):
        for sheet in ("p{a: b", "p}{", "p{a: '</style>'}", "p{a: url(x.png)}", ""):
            with self.subTest(sheet=sheet):
                self.assertEqual(self.embed(sheet), PAGE)

    def test_sheet_that_is_not_there_stays_linked(self):
        self.assertEqual(page_styles.embed([PAGE], {}), [PAGE])
