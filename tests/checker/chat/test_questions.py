from __future__ import annotations

import pytest

from checker.chat.english import statement
from checker.chat.questions import read
from checker.chat.tidy import capitals, formal, language_of, sentence, tidy

YES_NO = [
    ("id", "Benarkah gubernur menutup pasar Senen?", "Gubernur menutup pasar Senen."),
    ("id", "Apakah Ana Wirja terpilih lagi?", "Ana Wirja terpilih lagi."),
    ("id", "Apa benar bahwa jembatan Sula ditutup?", "Jembatan Sula ditutup."),
    ("id", "apa betul ya kalau jembatan Sula ditutup?", "Jembatan Sula ditutup."),
    ("id", "Betul nggak sih jembatan Sula udah ditutup?", "Jembatan Sula sudah ditutup."),
    ("id", "Bener gak, Ana Wirja ngasih tau warga?", "Ana Wirja memberi tahu warga."),
    ("id", "Emang jembatan Sula ditutup?", "Jembatan Sula ditutup."),
    ("id", "Emangnya bener jembatan Sula ditutup?", "Jembatan Sula ditutup."),
    ("id", "Masa sih jembatan Sula ditutup?", "Jembatan Sula ditutup."),
    ("id", "Jembatan Sula ditutup, kan?", "Jembatan Sula ditutup."),
    ("id", "Jembatan Sula ditutup, bukan?", "Jembatan Sula ditutup."),
    ("id", "Jembatan Sula ditutup nggak?", "Jembatan Sula ditutup."),
    ("id", "Jembatan Sula sudah dibuka belum?", "Jembatan Sula sudah dibuka."),
    ("id", "Jembatan Sula ditutup ya?", "Jembatan Sula ditutup."),
    ("id", "Jembatan Sula ditutup, hoaks atau fakta?", "Jembatan Sula ditutup."),
    ("id", "Jembatan Sula ditutup. Benar begitu?", "Jembatan Sula ditutup. Benar begitu."),
    ("id", "Katanya jembatan Sula ditutup, apa benar?", "Jembatan Sula ditutup."),
    ("id", "Tolong cek: jembatan Sula ditutup", "Jembatan Sula ditutup."),
    ("id", "Halo min, benarkah jembatan Sula ditutup?", "Jembatan Sula ditutup."),
    ("id", "Sudahkah pemerintah membuka jembatan Sula?", "Pemerintah sudah membuka jembatan Sula."),
    ("id", "Akankah jembatan Sula dibuka besok?", "Jembatan Sula akan dibuka besok."),
    ("id", "Adakah korban jiwa di jembatan Sula?", "Ada korban jiwa di jembatan Sula."),
    ("id", "Bukankah jembatan Sula sudah dibuka?", "Jembatan Sula sudah dibuka."),
    ("id", "Menurut Antara, apakah jembatan Sula ditutup?", "Menurut Antara, jembatan Sula ditutup."),
    ("id", "Ada berita bahwa jembatan Sula ditutup. Betul?", "Jembatan Sula ditutup."),
    ("en", "Is it true that the Sula bridge is closed?", "The Sula bridge is closed."),
    ("en", "Did Ana Wirja close the Sula bridge?", "Ana Wirja closed the Sula bridge."),
    ("en", "Didn't Ana Wirja close the bridge?", "Ana Wirja closed the bridge."),
    ("en", "Ana Wirja closed the bridge, didn't she?", "Ana Wirja closed the bridge."),
    ("en", "Ana Wirja closed the bridge, right?", "Ana Wirja closed the bridge."),
    ("en", "I heard that Ana Wirja closed the bridge. Is that true?", "Ana Wirja closed the bridge."),
    ("en", "Please check: Ana Wirja closed the bridge", "Ana Wirja closed the bridge."),
    ("en", "Can you confirm that Ana Wirja closed the bridge?", "Ana Wirja closed the bridge."),
    (
        "en",
        "According to Reuters, did Ana Wirja close the bridge?",
        "According to Reuters, Ana Wirja closed the bridge.",
    ),
    ("en", "And was the bridge closed?", "The bridge was closed."),
]


@pytest.mark.parametrize(("language", "asked", "claim"), YES_NO)
def test_a_yes_no_question_becomes_the_claim_it_asks_about(language: str, asked: str, claim: str) -> None:
    question = read(tidy(asked), language)
    assert (question.form, question.claim) == ("question", claim)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("id", "Jembatan Sula ditutup pada Senin."),
        ("id", "Kebenaran harus dijaga, kata Ana Wirja."),
        ("en", "The Sula bridge is closed on Monday."),
        ("en", "Whoever wins will close the bridge."),
        ("id", "Siapa pun yang menang akan menutup jembatan."),
    ],
)
def test_a_statement_is_checked_as_it_stands(language: str, said: str) -> None:
    question = read(said, language)
    assert (question.form, question.claim) == ("statement", said)


@pytest.mark.parametrize(
    ("language", "asked", "wants"),
    [
        ("id", "Siapa yang menutup jembatan Sula?", "who"),
        ("id", "Kapan jembatan Sula ditutup?", "when"),
        ("id", "Pada tanggal berapa jembatan itu ditutup?", "when"),
        ("id", "Di mana jembatan Sula?", "where"),
        ("id", "Berapa feri yang dikerahkan?", "how_many"),
        ("id", "Mengapa jembatan Sula ditutup?", "why"),
        ("id", "Bagaimana jembatan itu dibangun?", "how"),
        ("id", "Apa kata Ana Wirja soal jembatan itu?", "what"),
        ("id", "Jembatan Sula ditutup kapan?", "when"),
        ("id", "Ceritakan tentang jembatan Sula", "what"),
        ("en", "Who closed the bridge?", "who"),
        ("en", "When was the bridge closed?", "when"),
        ("en", "In which city is the bridge?", "where"),
        ("en", "How many ferries were sent?", "how_many"),
        ("en", "Why is it closed?", "why"),
        ("en", "Which company built it?", "what"),
        ("en", "Tell me about the Sula bridge", "what"),
    ],
)
def test_an_open_question_is_told_by_what_it_wants(language: str, asked: str, wants: str) -> None:
    question = read(asked, language)
    assert (question.form, question.asks, question.claim) == ("wh", wants, "")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Did Trump really not tell Putin", "Trump did not tell Putin"),
        ("Does Russia support Iran", "Russia supports Iran"),
        ("Do they sell arms", "they sell arms"),
        ("Has Iran closed the Strait of Hormuz", "Iran has closed the Strait of Hormuz"),
        ("Will Russia send troops", "Russia will send troops"),
        ("Were 610 people killed in Iran", "610 people were killed in Iran"),
        ("Was the base in Bahrain hit by Iran", "the base in Bahrain was hit by Iran"),
        ("Were the strikes on Iran unprovoked", "the strikes on Iran were unprovoked"),
        ("Is Iran a member of the NPT", "Iran is a member of the NPT"),
        ("Is the death toll 610", "the death toll is 610"),
        ("Did the council vote to close the bridge", "the council voted to close the bridge"),
        ("Are there 32 teams", "there are 32 teams"),
        ("Iran closed it", ""),
        ("Did", ""),
        ("", ""),
    ],
)
def test_english_questions_are_put_back_into_order(asked: str, said: str) -> None:
    assert statement(asked.split()) == said


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Benarkah jembatan itu ditutup?", "id"),
        ("Is the bridge closed?", "en"),
        ("mana buktinya", "id"),
        ("show me the evidence", "en"),
        ("Putin?", "en"),
        ("12345", "en"),
    ],
)
def test_the_language_is_told_from_few_words_else_it_stays(text: str, language: str) -> None:
    assert language_of(text, "en") == language


def test_what_is_typed_is_tidied() -> None:
    assert tidy("  a\u200bb\r\n c \u202etxt\x00 ") == "ab\nc txt"
    assert capitals("benarkah donald trump memberi tahu putin?") == "benarkah Donald Trump memberi tahu Putin?"
    assert formal("Ana nggak bilang kalo udah ketemu sama Budi sih") == (
        "Ana tidak mengatakan kalau sudah bertemu dengan Budi"
    )
    assert sentence(" - jembatan ditutup?! ") == "Jembatan ditutup."
    assert sentence("??") == ""
