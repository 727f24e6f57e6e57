from odoo.tests import BaseCase, tagged

from ..tools.letters import digest, fingerprint, split_at


@tagged("-at_install", "post_install")
class TestLetters(BaseCase):
    LETTER = '<p>Dear <b>Ana</b>,<br/>see <a href="/a">this</a>.</p>'

    def test_what_an_editor_does_by_itself_leaves_the_fingerprint_alone(self):
        for same in (
            '<div style="x"><p style="y">Dear <strong>Ana</strong>,<br>see '
            '<a href="/a" class="z">this</a>.</p></div>',
            '<table><tr><td>Dear  <b>Ana</b>,\n see <a href="/a">this</a>.</td></tr>'
            "</table><p><br></p>",
            '<p>Dear <b>Ana</b>,\u200b<br/>see <a href="/a">this</a>.</p><!-- x -->',
        ):
            with self.subTest(same=same):
                self.assertEqual(fingerprint(same), fingerprint(self.LETTER))

    def test_what_a_person_changes_changes_the_fingerprint(self):
        for other in (
            self.LETTER.replace("Dear", "Hello"),
            self.LETTER.replace("/a", "/b"),
            self.LETTER.replace("<b>Ana</b>", "Ana"),
            self.LETTER + '<img src="/x.png"/>',
            self.LETTER.replace("this", ""),
            "",
        ):
            with self.subTest(other=other):
                self.assertNotEqual(fingerprint(other), fingerprint(self.LETTER))

    def test_any_change_that_one_can_see_changes_the_digest(self):
        for other in (
            self.LETTER.replace("<br/>", ""),
            self.LETTER.replace("<br/>", "</p><p>"),
            self.LETTER.replace("<p>", '<p style="text-align: center">'),
            self.LETTER.replace("Dear", '<font style="color: red">Dear</font>'),
            self.LETTER.replace("Dear", '<span class="h1-fs">Dear</span>'),
            self.LETTER.replace("Dear", "Hello"),
            "",
        ):
            with self.subTest(other=other):
                self.assertNotEqual(digest(other), digest(self.LETTER))

    def test_same_html_written_otherwise_has_the_same_digest(self):
        same = "\n" + self.LETTER.replace("<br/>", "<br>").replace('"/a"', "'/a'")
        self.assertEqual(digest(same), digest(self.LETTER))
        self.assertEqual(digest(False), digest(""))

    def test_nothing_and_rubbish_have_a_fingerprint(self):
        self.assertEqual(fingerprint(False), "")
        self.assertEqual(fingerprint("<p></p>"), "")
        self.assertEqual(fingerprint("<p>a</div> < b"), "a < b")

    def test_frame_is_cut_at_the_letter_and_keeps_what_stands_around_it(self):
        frame = (
            "<html><body><table><tr><td>Head</td></tr>"
            '<tr><td><span id="letter"></span></td></tr>'
            "<tr><td>Foot</td></tr></table></body></html>"
        )
        self.assertEqual(
            split_at(frame, "letter"),
            (
                "<table><tr><td>Head</td></tr></table>",
                "<table><tr><td>Foot</td></tr></table>",
            ),
        )

    def test_text_beside_the_letter_stays_on_its_side(self):
        frame = 'a<b>c<span id="letter">d</span>e</b>f'
        self.assertEqual(
            split_at(frame, "letter"), ("<p>a<b>c</b></p>", "<p><b>e</b>f</p>")
        )

    def test_frame_without_the_letter_is_all_head(self):
        self.assertEqual(split_at("<p>a</p>", "letter"), ("<p>a</p>", ""))
