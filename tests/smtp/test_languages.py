"""A mail and its page are in one language: that of the client (requirements B23)."""

import re

import pytest
import requests

from tests.helpers import words

LINK = re.compile(r"http://127\.0\.0\.1:\d+/invoice/d/[\w-]+")
LATIN = re.compile(r"[a-z]")
CUSTOMERS = {
    "en_US": {"name": "Alfa SRL", "street": "Long 3", "city": "Bucharest"},
    "ro_RO": {"name": "Alfa SRL", "street": "Lungă 3", "city": "București"},
    "bg_BG": {"name": "Beta OOD", "street": "Shipka 3", "city": "Sofia"},
}
LINES = {"en_US": "Consulting", "ro_RO": "Consultanță", "bg_BG": "Консултация"}
#: What is written alike in English and in Romanian.
SHARED = {"a", "browser", "document", "ip", "link", "pdf", "total"}
#: The name of a kind of file, in every language.
NAMES = {"ip", "pdf"}


@pytest.fixture(scope="module", autouse=True)
def languages(seller):
    """Romanian and Bulgarian, added as an administrator does."""
    admin = seller.admin
    domain = [("code", "in", ["ro_RO", "bg_BG"])]
    found = admin.call("res.lang", "search", domain, context={"active_test": False})
    values = {"lang_ids": [(6, 0, found)], "overwrite": False}
    wizard = admin.make("base.language.install", values)
    admin.call("base.language.install", "lang_install", [wizard])


@pytest.fixture
def send(seller, sink):
    """Send a document in a language and read what the client reads.

    :return: the words of the mail and those of the page
    """

    def sent(lang, mode, move_type="out_invoice"):
        address = seller.address("reader")
        country = seller.admin.ref("base.bg" if lang == "bg_BG" else "base.ro")
        values = {**CUSTOMERS[lang], "country_id": country, "vat": "RO1234567897"}
        product = seller.admin.make("product.product", {"name": LINES[lang]})
        lines = ({"product_id": product, "quantity": 2, "price_unit": 100.0},)
        move_id = seller.invoice(
            address, lines, lang=lang, move_type=move_type, **values
        )
        seller.send(move_id, document_mode=mode)
        number = seller.move(move_id)["name"]
        # what the company calls its taxes, in its own language
        groups = seller.admin.search("account.tax.group", [], "name")
        known = (*CUSTOMERS[lang].values(), *(group["name"] for group in groups))
        known += (number, "RO1234567897", "Seller SRL", LINES[lang])
        mail = sink.mail_to(address)
        link = LINK.search(mail.html)[0]
        page = requests.get(link, headers={"User-Agent": "Mozilla/5.0"}, timeout=60)
        assert page.ok
        return (
            words.find(words.read_mail(mail.message), known),
            words.find(words.read_html(page.text), known),
        )

    return sent


@pytest.mark.parametrize("move_type", ["out_invoice", "out_refund", "out_receipt"])
@pytest.mark.parametrize("mode", ["link", "attachment"])
def test_romanian_mail_and_page_hold_no_english_word(send, mode, move_type):
    english = set.union(*send("en_US", mode, move_type))
    assert len(english) > 40
    for romanian in send("ro_RO", mode, move_type):
        assert len(romanian) > 15
        assert romanian & english <= SHARED


@pytest.mark.parametrize("move_type", ["out_invoice", "out_refund", "out_receipt"])
@pytest.mark.parametrize("mode", ["link", "attachment"])
def test_bulgarian_mail_and_page_hold_only_cyrillic_words(send, mode, move_type):
    for bulgarian in send("bg_BG", mode, move_type):
        assert len(bulgarian) > 15
        assert {word for word in bulgarian if LATIN.search(word)} <= NAMES


@pytest.mark.parametrize("lang", ["ro", "bg"])
def test_page_of_a_dead_link_speaks_the_readers_language(seller, lang):
    url = f"{seller.server.url}/invoice/d/nothing"
    read = {}
    for wanted in ("en-US", lang):
        page = requests.get(url, headers={"Accept-Language": wanted}, timeout=60)
        assert page.status_code == 404
        read[wanted] = words.find(words.read_html(page.text), ("Seller SRL",))
    assert len(read[lang]) > 15
    assert read[lang] & read["en-US"] <= SHARED
    if lang == "bg":
        assert not {word for word in read[lang] if LATIN.search(word)}


def test_english_word_would_be_found(send):
    """The comparison itself sees a word that was left in English."""
    english, _page = send("en_US", "link")
    left = words.read_html("<p>Фактура: View document <b title='Amount'>1</b></p>")
    assert words.find(left, ()) & english == {"view", "document", "amount"}
    assert words.find("INV/1 Фактура Alfa SRL a@b.c", ("INV/1", "Alfa SRL")) == {
        "фактура"
    }
