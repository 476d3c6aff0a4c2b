"""Who said what, frame by frame."""

from __future__ import annotations

import pytest

from checker.article import article_from_text
from checker.claims.attribution import Attributed, attribute
from checker.claims.rules import RuleExtractor
from checker.types import Article


def credits_of(text: str, language: str) -> tuple[Article, tuple[Attributed, ...]]:
    article = article_from_text(text, language=language)
    return article, attribute(article)


CASES = [
    # language, sentence, speaker, role, outlet, anonymous, what is said
    ("id", "Pasar akan ditutup, kata Rini Astuti.", "Rini Astuti", "", "", False, "Pasar akan ditutup"),
    (
        "id",
        "Harga naik dua kali lipat, ujar pedagang bernama Joko Susilo.",
        "Joko Susilo",
        "pedagang bernama",
        "",
        False,
        "Harga naik dua kali lipat",
    ),
    (
        "id",
        "Bupati Lumajang Retno Palupi mengatakan jalan itu rusak parah.",
        "Retno Palupi",
        "Bupati Lumajang",
        "",
        False,
        "jalan itu rusak parah",
    ),
    ("id", "Menurut BMKG, gempa tidak berpotensi tsunami.", "BMKG", "", "", False, "gempa tidak berpotensi tsunami"),
    ("id", "Gempa itu dangkal menurut BMKG.", "BMKG", "", "", False, "Gempa itu dangkal"),
    (
        "id",
        "Menurut Badan Pangan, Gizi, dan Gula (BPGG), stok beras cukup.",
        "Badan Pangan, Gizi, dan Gula (BPGG)",
        "",
        "",
        False,
        "stok beras cukup",
    ),
    (
        "id",
        "Dilansir dari Kompas.com, jembatan itu ambruk pada Senin.",
        "",
        "",
        "Kompas.com",
        False,
        "jembatan itu ambruk pada Senin",
    ),
    ("id", "Sementara diberitakan Aljazeera, perundingan gagal.", "", "", "Aljazeera", False, "perundingan gagal"),
    (
        "id",
        "Perundingan itu gagal total, dikutip dari Reuters.",
        "",
        "",
        "Reuters",
        False,
        "Perundingan itu gagal total",
    ),
    (
        "id",
        "Pabrik itu merugi tahun lalu, kata seorang pejabat kepada Reuters.",
        "pejabat",
        "",
        "Reuters",
        True,
        "Pabrik itu merugi tahun lalu",
    ),
    (
        "id",
        "Seorang pegawai yang enggan disebut namanya mengatakan gaji belum dibayar.",
        "pegawai",
        "",
        "",
        True,
        "gaji belum dibayar",
    ),
    (
        "id",
        "Menteri luar negeri Maroko, Karim Bensaid, menegaskan bahwa perjanjian batal.",
        "Karim Bensaid",
        "Menteri luar negeri Maroko",
        "",
        False,
        "perjanjian batal",
    ),
    (
        "id",
        "Pada Senin pagi, Gubernur Jawa Timur Dewi Kartika menyebut waduk itu sudah kering.",
        "Dewi Kartika",
        "Gubernur Jawa Timur",
        "",
        False,
        "waduk itu sudah kering",
    ),
    (
        "id",
        "Data BPS menunjukkan inflasi naik 3 persen.",
        "BPS",
        "",
        "",
        False,
        "Data BPS menunjukkan inflasi naik 3 persen",
    ),
    (
        "id",
        "“Kami siap,” kata Kapten Yusuf Rahman saat ditemui di markas.",
        "Yusuf Rahman",
        "Kapten",
        "",
        False,
        "“Kami siap,”",
    ),
    ("en", "The bridge will close, said Anna Novak.", "Anna Novak", "", "", False, "The bridge will close"),
    (
        "en",
        "Transport Minister Anna Novak said on Monday that the bridge would close.",
        "Anna Novak",
        "Transport Minister",
        "",
        False,
        "the bridge would close",
    ),
    (
        "en",
        "Anna Novak told Reuters the bridge was unsafe.",
        "Anna Novak",
        "",
        "Reuters",
        False,
        "the bridge was unsafe",
    ),
    (
        "en",
        "According to the Daily Gazette, the bridge was unsafe.",
        "",
        "",
        "Daily Gazette",
        False,
        "the bridge was unsafe",
    ),
    ("en", "The bridge was unsafe, Bloomberg reported.", "", "", "Bloomberg", False, "The bridge was unsafe"),
    (
        "en",
        "The mine will close next year, according to two people familiar with the matter.",
        "two people familiar with the matter",
        "",
        "",
        True,
        "The mine will close next year",
    ),
    (
        "en",
        "A source who declined to be named said the mine was flooded.",
        "source",
        "",
        "",
        True,
        "the mine was flooded",
    ),
    (
        "en",
        "“It is over,” Anna Novak, the minister's spokeswoman, said in Lisbon.",
        "Anna Novak",
        "the minister's spokeswoman",
        "",
        False,
        "“It is over,”",
    ),
    (
        "en",
        "The mayor's office denied that the money was missing.",
        "mayor's office",
        "",
        "",
        False,
        "the money was missing",
    ),
    (
        "en",
        "PETERS: Well, the numbers speak for themselves.",
        "PETERS",
        "",
        "",
        False,
        "Well, the numbers speak for themselves",
    ),
]


@pytest.mark.parametrize(("language", "text", "speaker", "role", "outlet", "anonymous", "said"), CASES)
def test_a_frame(language: str, text: str, speaker: str, role: str, outlet: str, anonymous: bool, said: str) -> None:
    article, found = credits_of(text, language)
    assert found, "no attribution"
    given = found[0].attribution
    assert (given.speaker, given.role, given.outlet, given.anonymous) == (speaker, role, outlet, anonymous)
    assert " … ".join(article.text[start:end] for start, end in found[0].contents) == said
    if given.start >= 0:
        assert article.text[given.start : given.end] == given.cue


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("id", "Sungai itu meluap sejak Senin."),
        ("id", "Menteri tidak mengatakan apa pun."),
        ("id", "Menurut rencana, jembatan dibuka bulan depan."),
        ("id", "Polisi menangkap dua tersangka di Depok."),
        ("en", "The river rose by two metres."),
        ("en", "The minister declined to say anything."),
        ("en", "The bank cut its forecast, citing weak exports."),
        ("en", "The plan calls for new roads."),
    ],
)
def test_no_frame(language: str, text: str) -> None:
    assert credits_of(text, language)[1] == ()


def test_a_speaker_is_inherited_and_named_in_full() -> None:
    _, found = credits_of(
        "Pasar ditutup, kata Kepala Dinas Pasar Rini Astuti. Pedagang akan dipindahkan, tambahnya. "
        "Astuti mengatakan tempat baru sudah siap. Ia menyebut biayanya Rp2 miliar.",
        "id",
    )
    assert [item.attribution.speaker for item in found] == ["Rini Astuti"] * 4
    assert [item.attribution.cue for item in found] == ["kata", "tambahnya", "mengatakan", "menyebut"]


def test_a_quotation_of_two_sentences_is_one_content() -> None:
    article, found = credits_of("“Kami lelah. Kami mau pulang,” kata Rini Astuti.", "id")
    assert [article.text[a:b] for a, b in found[0].contents] == ["“Kami lelah. Kami mau pulang,”"]


def test_an_interrupted_quotation_has_two_contents() -> None:
    article, found = credits_of('"The dam is full," Anna Novak said, "and the rain goes on."', "en")
    assert [article.text[a:b] for a, b in found[0].contents] == ['"The dam is full,"', '"and the rain goes on."']


def test_a_bare_quotation_after_a_credited_one_goes_on() -> None:
    _, found = credits_of('"The dam is full," Anna Novak said. "We cannot hold more water than this."', "en")
    assert [item.attribution.speaker for item in found] == ["Anna Novak", "Anna Novak"]
    assert found[1].attribution.start == -1


def test_an_outlet_and_its_source_are_both_kept() -> None:
    _, found = credits_of("The mine will close, Bloomberg reported, citing two people briefed on the plan.", "en")
    given = found[0].attribution
    assert (given.speaker, given.outlet, given.anonymous) == ("two people briefed on the plan", "Bloomberg", True)


def test_acronyms_stand_for_their_bodies() -> None:
    _, found = credits_of(
        "Komisi Pengawas Pasar (KPP) memeriksa tiga pabrik. Pabrik itu melanggar aturan, kata KPP.", "id"
    )
    assert found[-1].attribution.speaker == "Komisi Pengawas Pasar (KPP)"


@pytest.mark.parametrize(
    ("language", "text", "speaker"),
    [
        ("en", "The finance ministry called the leak a “clear breach” of trust.", "finance ministry"),
        (
            "en",
            "A review by the Harbour Board's audit office found that 12 cranes were unsafe.",
            "Harbour Board's audit office",
        ),
        ("en", "The harbour ministry will close 40 berths, it said in a statement.", "harbour ministry"),
        ("en", "One manager, who spoke on condition of anonymity, put losses at $17 million.", "manager"),
        (
            "id",
            "Badan Pusat Statistik mencatat 205.000 wisatawan datang, naik tiga kali lipat.",
            "Badan Pusat Statistik",
        ),
        ("id", "Bupati Rini Astuti menutup pasar. Menurutnya, bangunan itu rapuh.", "Rini Astuti"),
        ("id", "Bupati Rini Astuti menutup pasar. Kata dia, bangunan itu rapuh.", "Rini Astuti"),
        ("id", "Kata Rini Astuti, bangunan pasar itu rapuh.", "Rini Astuti"),
    ],
)
def test_who_is_credited_where_no_verb_of_saying_stands_beside_a_name(language: str, text: str, speaker: str) -> None:
    _, found = credits_of(text, language)
    assert [item.attribution.speaker for item in found] == [speaker]


def test_an_attribution_between_subject_and_verb() -> None:
    article = article_from_text("Pemerintah kota, kata Rini Astuti, menyiapkan rumah susun.", language="id")
    (claim,) = RuleExtractor().extract(article).claims
    assert claim.text == "Pemerintah kota menyiapkan rumah susun."
    assert claim.quote == "Pemerintah kota, kata Rini Astuti, menyiapkan rumah susun"
    assert claim.attribution is not None
    assert claim.attribution.speaker == "Rini Astuti"


@pytest.mark.parametrize(
    ("language", "text", "speakers"),
    [
        ("id", "Warga mencapai 300 orang, kata Rini Astuti, sedangkan polisi mencatat 180 orang.", ["Rini Astuti", ""]),
        ("en", "Peter Szabo has denied it; Anna Novak told Reuters he would appeal.", ["Peter Szabo", "Anna Novak"]),
        ("en", "Anna Novak wrote that both would meet, though the union denied it.", ["Anna Novak", "union"]),
        ("en", "Anna Novak said the books were burned, while managers told staff to stay silent.", ["Anna Novak"] * 2),
    ],
)
def test_halves_of_a_sentence_have_their_own_credits(language: str, text: str, speakers: list[str]) -> None:
    claims = RuleExtractor().extract(article_from_text(text, language=language)).claims
    assert [claim.attribution.speaker if claim.attribution else "" for claim in claims] == speakers
