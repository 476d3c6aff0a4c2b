"""Compound sentences: where they come apart, and where they must not."""

from __future__ import annotations

import pytest

from checker.article import article_from_text
from checker.claims.rules import RuleExtractor


def wordings(text: str, language: str) -> list[str]:
    return [claim.text for claim in RuleExtractor().extract(article_from_text(text, language=language)).claims]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Jembatan itu ambruk pada Senin dan dinyatakan ditutup.",
            ["Jembatan itu ambruk pada Senin.", "Jembatan itu dinyatakan ditutup."],
        ),
        (
            "Sekolah diliburkan, sementara pasar tetap buka seperti biasa.",
            ["Sekolah diliburkan.", "Pasar tetap buka seperti biasa."],
        ),
        (
            "Gubernur menolak rencana itu, meskipun ia pernah mendukungnya.",
            ["Gubernur menolak rencana itu.", "Ia pernah mendukungnya."],
        ),
        (
            "Warga mengungsi ke balai desa, tetapi sebagian bertahan di rumah.",
            ["Warga mengungsi ke balai desa.", "Sebagian bertahan di rumah."],
        ),
        (
            "Pemerintah membangun rumah untuk dua keluarga, Keluarga Arta dan Keluarga Bima, yang kehilangan 12 sapi.",
            [
                "Pemerintah membangun rumah untuk dua keluarga, Keluarga Arta dan Keluarga Bima.",
                "Keluarga Arta dan Keluarga Bima kehilangan 12 sapi.",
            ],
        ),
        (
            "Menteri menyerahkan bantuan pada Senin, dengan nilai Rp75 juta untuk tiap keluarga.",
            [
                "Menteri menyerahkan bantuan pada Senin.",
                "Menteri menyerahkan bantuan pada Senin dengan nilai Rp75 juta untuk tiap keluarga.",
            ],
        ),
        (
            "Gempa mengguncang dua kecamatan, menewaskan 12 orang.",
            ["Gempa mengguncang dua kecamatan.", "Gempa menewaskan 12 orang."],
        ),
        (
            "Bandara itu, yang dibuka pada 1998, menampung dua juta penumpang.",
            ["Bandara itu dibuka pada 1998.", "Bandara itu menampung dua juta penumpang."],
        ),
    ],
)
def test_indonesian_comes_apart(text: str, expected: list[str]) -> None:
    assert wordings(text, "id") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Menteri itu menyesalkan dan mengutuk serangan tersebut.",
        "Ia meminta TNI dan Polri membantu warga membersihkan puing.",
        "Sungai itu melintasi delapan desa di Pacet dan satu desa di Cugenang.",
        "Polisi menahan Budi Hartono dan Andi Wijaya di Depok.",
        "Beras, gula, dan minyak goreng langka di tiga kecamatan.",
        "Terdakwa didenda Rp300 juta, dengan ketentuan diganti empat bulan kurungan bila tidak dibayar.",
        "Jalan ditutup karena tanggul jebol dan air meluap.",
        "Penjabat sementara itu memimpin rapat pertama pada Senin.",
        "Pabrik itu tidak hanya mencemari sungai tetapi juga merusak sawah.",
        "Warga mengungsi untuk menghindari banjir dan mencari makanan.",
        "Hujan deras mengguyur hulu sejak 12 Juli, yang membuat sungai meluap.",
    ],
)
def test_indonesian_stays_whole(text: str) -> None:
    assert len(wordings(text, "id")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The bridge collapsed on Monday, but nobody was hurt in the accident.",
            ["The bridge collapsed on Monday.", "Nobody was hurt in the accident."],
        ),
        (
            "The council rejected the plan in May and approved a smaller one in June.",
            ["The council rejected the plan in May.", "The council approved a smaller one in June."],
        ),
        (
            "The mine employs 300 people, while the port employs 40.",
            ["The mine employs 300 people.", "The port employs 40."],
        ),
        (
            "Germany has paid 240 million euros; France has paid 95 million.",
            ["Germany has paid 240 million euros.", "France has paid 95 million."],
        ),
        (
            "The jet, which entered service in 2011, was grounded for three months.",
            ["The jet entered service in 2011.", "The jet was grounded for three months."],
        ),
        (
            "The judge fined the company, which had hidden 12 reports.",
            ["The judge fined the company.", "The company had hidden 12 reports."],
        ),
    ],
)
def test_english_comes_apart(text: str, expected: list[str]) -> None:
    assert wordings(text, "en") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Apple will build a plant in Batam to make tags and another in Bandung for accessories.",
        "The council tried and failed to stop the plan.",
        "The firm not only hid the reports but also burned them.",
        "The ban was lifted because the company had met the rules.",
        "He asked the army and the police to help the villagers.",
        "Prices rose for bread, milk and eggs in all three cities.",
        "The minister met Anna Novak and Peter Szabo in Lisbon.",
        "The government turned down the offer in May, saying it lacked detail.",
    ],
)
def test_english_stays_whole(text: str) -> None:
    assert len(wordings(text, "en")) == 1


def test_both_halves_of_reported_speech_keep_their_speaker() -> None:
    article = article_from_text(
        "Presiden tidak diberi tahu, meskipun mereka membahas serangan itu, kata juru bicara Karel Novak.",
        language="id",
    )
    claims = RuleExtractor().extract(article).claims
    assert len(claims) == 2
    assert [claim.attribution and claim.attribution.speaker for claim in claims] == ["Karel Novak"] * 2
