"""What the words of a claim point to, its self-contained wording, and the days it speaks of."""

from __future__ import annotations

from datetime import date

import pytest

from checker.article import article_from_text
from checker.claims.dates import claim_dates, reference_date, resolve_dates
from checker.claims.rules import RuleExtractor, claim_from_text
from checker.types import Claim


def last(text: str, language: str = "id", **given: str) -> Claim:
    return RuleExtractor().extract(article_from_text(text, language=language, **given)).claims[-1]


@pytest.mark.parametrize(
    ("language", "text", "note", "wording"),
    [
        (
            "id",
            "Presiden Karel Novak tiba di Praha. Ia bertemu para menteri.",
            "Ia: Karel Novak",
            "Karel Novak bertemu para menteri.",
        ),
        (
            "id",
            "Menteri Rini Astuti tiba di Praha. Hal itu terjadi pada Senin.",
            "Hal itu: Menteri Rini Astuti tiba di Praha",
            "Hal itu terjadi pada Senin.",
        ),
        (
            "id",
            "Jepang menunda perundingan dagang. Negara itu meminta waktu tambahan.",
            "Negara itu: Jepang",
            "Jepang meminta waktu tambahan.",
        ),
        (
            "id",
            "Duta besar mengirim surat dari Raja Olav kepada parlemen. Surat itu meminta bantuan pangan.",
            "Surat itu: surat dari Raja Olav",
            "Surat dari Raja Olav meminta bantuan pangan.",
        ),
        (
            "id",
            "Presiden Karel Novak bertemu Menteri Rini Astuti di Praha. Mereka membahas gandum.",
            "Mereka: Karel Novak dan Rini Astuti",
            "Karel Novak dan Rini Astuti membahas gandum.",
        ),
        (
            "id",
            "Menteri Rini Astuti tiba di Praha. Astuti membawa sepuluh pengusaha.",
            "Astuti: Rini Astuti",
            "Rini Astuti membawa sepuluh pengusaha.",
        ),
        (
            "id",
            "Menteri Rini Astuti tiba di Praha. Kunjungannya berlangsung tiga hari.",
            "Kunjungannya: Rini Astuti",
            "Kunjungannya berlangsung tiga hari.",
        ),
        (
            "id",
            "Komisi Pengawas Pasar (KPP) memeriksa tiga pabrik. KPP menyita dua truk gula.",
            "KPP: Komisi Pengawas Pasar",
            "KPP menyita dua truk gula.",
        ),
        (
            "en",
            "President Karel Novak arrived in Prague. He met the ministers on Monday.",
            "He: Karel Novak",
            "Karel Novak met the ministers on Monday.",
        ),
        (
            "en",
            "Japan suspended the trade talks. The country asked for more time.",
            "The country: Japan",
            "Japan asked for more time.",
        ),
        (
            "en",
            "The Aurora lander was built in Turin. The lander carries 11 instruments.",
            "The lander: Aurora lander",
            "The lander carries 11 instruments.",
        ),
        (
            "en",
            "Mayor Anna Novak met Peter Szabo. Councillor Jane Whitfield accused her of lying.",
            "her: Anna Novak",
            "Councillor Jane Whitfield accused her of lying.",
        ),
        (
            "en",
            "Apple Inc opened a plant in Batam. Apple said its phones would go on sale on April 11.",
            "its: Apple",
            "Apple",
        ),
    ],
)
def test_what_a_word_points_to(language: str, text: str, note: str, wording: str) -> None:
    claim = last(text, language)
    assert note in claim.context
    assert claim.text.startswith(wording)


@pytest.mark.parametrize(
    ("language", "text", "not_in"),
    [
        ("id", "Bupati Rini Astuti tiba. Jalan desa bergeser sepuluh meter dari jalurnya.", "jalurnya"),
        ("en", "The council met Anna Novak. It may take a decade to mend the harbour.", "It:"),
        ("en", 'The fire chief Anna Novak came. "She has lost our trust," councillor Jane Whitfield said.', "She:"),
    ],
)
def test_what_is_not_known_is_not_told(language: str, text: str, not_in: str) -> None:
    assert not_in not in last(text, language).context


def test_two_spellings_meet() -> None:
    claim = last("Menteri Abbas Araqchi tiba di Praha. Araghchi bertemu Raja Olav.")
    assert "Araghchi: Abbas Araqchi" in claim.context
    assert claim.text == "Abbas Araqchi bertemu Raja Olav."


def test_a_quotation_is_worded_without_its_marks_and_its_speaker() -> None:
    claim = last('"The dam is full," Anna Novak said.', "en")
    assert claim.text == "The dam is full."
    assert claim.quote == '"The dam is full," Anna Novak said'


def test_a_denial_keeps_its_denial() -> None:
    claim = last("Menteri Rini Astuti membantah bahwa dana itu hilang.")
    assert claim.text == "Menteri Rini Astuti membantah bahwa dana itu hilang."
    assert claim.attribution is not None
    assert claim.attribution.speaker == "Rini Astuti"


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("Gempa terjadi pada Senin, 21 November 2022.", date(2022, 11, 21), date(2022, 11, 21)),
        ("Bantuan diserahkan pada 8 Desember.", date(2022, 12, 8), date(2022, 12, 8)),
        ("Korban bertambah sejak gempa bulan lalu.", date(2022, 11, 1), date(2022, 11, 30)),
        ("Warga mengungsi kemarin.", date(2022, 12, 15), date(2022, 12, 15)),
        ("Perjanjian itu batal pada tahun 2018.", date(2018, 1, 1), date(2018, 12, 31)),
    ],
)
def test_days_of_a_claim(text: str, first: date, end: date) -> None:
    article = article_from_text(f"Judul yang panjang\n\nCIANJUR, 16 Desember 2022 - {text}", language="id")
    claim = RuleExtractor().extract(article).claims[0]
    assert [(days.first, days.last) for days in claim_dates(claim, article)] == [(first, end)]


def test_the_reference_is_the_bracketed_date_where_the_article_shows_none() -> None:
    article = article_from_text(
        "Banjir terjadi Senin (13/7/2020). Alat berat tiba Selasa, kata Rini, Rabu (15/7/2020)."
    )
    assert reference_date(article) == "2020-07-15"
    (at, until, days), *_ = resolve_dates("sejak Selasa pagi", article)
    assert (at < until, days.first) == (True, date(2020, 7, 14))


def test_no_reference_no_relative_date() -> None:
    article = article_from_text("Banjir terjadi kemarin di Depok.", language="id")
    assert reference_date(article) is None
    assert resolve_dates("kemarin", article) == []


@pytest.mark.parametrize(
    ("text", "wording", "speaker", "kind"),
    [
        ("Peskov mengatakan Trump tidak memberi tahu Putin", "Trump tidak memberi tahu Putin.", "Peskov", "quote"),
        ("Trump memberi tahu Putin sebelum serangan", "Trump memberi tahu Putin sebelum serangan.", "", "fact"),
        (
            "Putin menelepon Presiden Prabowo pada 23 Juni 2025",
            "Putin menelepon Presiden Prabowo pada 23 Juni 2025.",
            "",
            "fact",
        ),
        ("The minister said that prices would fall.", "Prices would fall.", "minister", "quote"),
        ("Menurut BMKG, gempa itu tidak berpotensi tsunami.", "Gempa itu tidak berpotensi tsunami.", "BMKG", "quote"),
        ("Apakah Trump memberi tahu Putin?", "Apakah Trump memberi tahu Putin?", "", "question"),
        ("  ya  ", "Ya.", "", "fact"),
    ],
)
def test_a_single_claim(text: str, wording: str, speaker: str, kind: str) -> None:
    claim = claim_from_text(text)
    assert claim.text == wording
    assert (claim.attribution.speaker if claim.attribution else "") == speaker
    assert claim.kind == kind
    assert text[claim.start : claim.end] == claim.quote == text.strip()
