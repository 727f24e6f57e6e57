"""One thing has one word in Romanian and in Bulgarian, written as there (B23)."""

import re
from pathlib import Path

import pytest

from devenv import translations

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "invoice_send_client"
FOLDERS = sorted(ROOT.glob("invoice_send_client*/i18n"))
LETTERS = ADDON / "data" / "letters"

#: English word, as a pattern: its one word in each language, as a pattern.
GLOSSARY = {
    r"recipients?": {"ro": r"destinatar", "bg": r"получател"},
    r"sender": {"ro": r"expeditor", "bg": r"подател"},
    r"links?": {"ro": r"link", "bg": r"линк"},
    r"letters?": {"ro": r"scriso", "bg": r"пис[мъ]"},
    r"attachments?|attached": {"ro": r"ataș", "bg": r"прикач"},
    r"viewed": {"ro": r"vizualiz", "bg": r"преглед"},
    r"accept\w*": {"ro": r"accept", "bg": r"при[ее]"},
    r"returned": {"ro": r"return", "bg": r"върн"},
    r"bounced?|bounces": {"ro": r"respins", "bg": r"върн|връщ|недостав|не е достав"},
    r"refuse[sd]?": {"ro": r"refuz", "bg": r"отка[зж]"},
    r"waiting": {"ro": r"aștept", "bg": r"изчак"},
    r"undo": {"ro": r"anul", "bg": r"отм[яе]"},
    r"revoked?": {"ro": r"revoc", "bg": r"деактивир"},
    r"posted": {"ro": r"confirm", "bg": r"потвърд|потвърж"},
    r"drafts?": {"ro": r"ciorn", "bg": r"чернов"},
    r"remind\w*": {"ro": r"reaminti", "bg": r"напомн"},
    r"tracked|tracking": {"ro": r"urmări", "bg": r"проследя"},
    r"portal": {"ro": r"portal", "bg": r"портал"},
    r"client network": {"ro": r"rețea", "bg": r"клиентск\w+ мреж"},
    r"mail servers?": {"ro": r"server\w*( \w+)? de e-mail", "bg": r"пощенск\w+ сървър"},
    r"credit notes?": {"ro": r"factur\w+ storno", "bg": r"кредитн\w+ извести"},
    r"receipts?": {"ro": r"chitanț", "bg": r"разписк"},
    r"vendor bills?": {"ro": r"factur\w+ furnizor", "bg": r"фактур\w+ за покупк"},
    r"company|companies": {"ro": r"compani", "bg": r"фирм"},
    r"templates?": {"ro": r"șablo", "bg": r"шаблон"},
}
#: What a browser or a program reads, and addresses.
UNREAD = re.compile(r"<[^>]*>|%\(\w+\)s|\S+@\S+")
#: Words that speak to the reader as to a friend, or as to one among many.
FAMILIAR = {
    "ro": re.compile(r"\b(?:tu|tău|tăi|tale|ție|vrei|poți|trebui să te)\b", re.I),
    "bg": re.compile(r"\b(?:ти|твоя?т?|твои|можеш|вие|ви|вас|вам|ваш\w*)\b"),
}
#: Letters and quotes of other languages.
FOREIGN = {"ro": re.compile(r"[ŞşŢţÃãÕõ“\"]"), "bg": re.compile(r"[”\"ыэё]")}
#: "21 documente" is no Romanian, "1 documente" even less: numbers follow their noun.
COUNTED = re.compile(r"%(?:\((?:count|total|done)\))?s (?:documente|trimise|netrimise)")


def read(language: str) -> list[tuple[str, str]]:
    """Return what people read in a language: English and translation of each term."""
    return [
        (UNREAD.sub(" ", entry.msgid), UNREAD.sub(" ", entry.msgstr))
        for folder in FOLDERS
        for entry in translations.read(folder / f"{language}.po")
    ]


@pytest.mark.parametrize("language", translations.COMPLETE)
@pytest.mark.parametrize("english", GLOSSARY)
def test_one_thing_has_one_word(language, english):
    meant = re.compile(rf"\b(?:{english})\b", re.I)
    word = re.compile(GLOSSARY[english][language], re.I)
    terms = [pair for pair in read(language) if meant.search(pair[0])]
    assert terms
    assert [pair for pair in terms if not word.search(pair[1])] == []


@pytest.mark.parametrize("language", translations.COMPLETE)
def test_letters_and_quotes_are_those_of_the_language(language):
    foreign = FOREIGN[language]
    assert [pair for pair in read(language) if foreign.search(pair[1])] == []
    letter = (LETTERS / f"{language}.xml").read_text()
    assert not re.search(r"[ŞşŢţ]", letter)


@pytest.mark.parametrize("language", translations.COMPLETE)
def test_readers_are_addressed_politely(language):
    familiar = FAMILIAR[language]
    assert [pair for pair in read(language) if familiar.search(pair[1])] == []


def test_romanian_numbers_stand_after_what_they_count():
    entries = translations.read(ADDON / "i18n" / "ro.po")
    assert [entry.msgstr for entry in entries if COUNTED.search(entry.msgstr)] == []
    assert COUNTED.search("%(count)s documente vor fi trimise")
