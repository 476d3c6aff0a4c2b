"""What the explicit checks see, and what they must leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.judges.checks import Evidence, examine
from checker.judges.checks.finding import Finding
from checker.judges.checks.quantity import find_quantities
from checker.judges.checks.reported import credited, speakers
from checker.types import Attribution, Claim


def claim(text: str, speaker: str = "", anonymous: bool = False) -> Claim:
    attribution = Attribution(speaker, anonymous=anonymous) if speaker or anonymous else None
    return Claim("c", text, text, 0, len(text), attribution=attribution)


def left(text: str, evidence: str, *, published_at: str | None = None, context: str = "", title: str = "") -> float:
    """What is left of the support after every check."""
    findings = examine(claim(text), Evidence(evidence, context, title, published_at))
    return min((finding.factor for finding in findings), default=1.0)


HOLDS = [
    ("The project costs 1.2 trillion rupiah.", "Proyek itu menelan biaya Rp1,2 triliun."),
    ("Proyek itu menelan Rp 1.200 miliar.", "The project costs 1.2 trillion rupiah."),
    ("Dua puluh orang luka-luka.", "Twenty people were hurt in Palu, 20 in all."),
    ("About 1,800 houses must move.", "Sebanyak 1.795 rumah harus direlokasi."),
    ("The quake had a magnitude of 5.6.", "Gempa itu bermagnitudo 5,6."),
    ("Harga naik 4 persen.", "Prices went up by four percent."),
    ("The shaking lasted 7 to 10 seconds.", "Guncangan berlangsung 7 hingga 10 detik."),
    ("More than 600 people died.", "Sebanyak 602 orang meninggal."),
    ("The bridge closed in February.", "Jembatan itu ditutup pada 26 Februari."),
    ("The bridge closed on Monday, June 23, 2025.", "Jembatan itu ditutup pada Senin, 23 Juni 2025."),
    ("Gempa terjadi pukul 13.21 WIB.", "The quake struck at 1:21 p.m."),
    ("Abbas Araghchi tiba di Moskow.", "Araqchi landed in Moscow."),
    ("AS menyerang tiga lokasi.", "The United States struck three sites."),
    ("The minister did not resign.", "The minister has not resigned."),
    ("Tidak hanya Palu, Donggala juga terdampak.", "Palu dan Donggala terdampak."),
    ("Wilayah itu terdiri atas 32 kabupaten dan kota.", "It covers 32 districts."),
    ("Gol tercipta pada menit ke-96.", "The goal came after 96 minutes."),
    ("Betlehem berjarak sekitar 129 km.", "Bethlehem is 80 miles away."),
    ("The treaty was in force in 1930.", "Perjanjian itu berlaku pada 1924-1943."),
    ("The match took two hours, 13 minutes.", "Laga itu berlangsung dua jam 13 menit."),
    ("Tim itu menutup musim ke-16.", "The team ended the season 16th."),
    ("UU Nomor 11 Tahun 1957 diganti.", "Law 11/1957 was replaced."),
    ("Paket itu berharga Rp2.000.", "The package costs Rp. 2000."),
    ("Kimono lazim pada 1960-an.", "Kimonos were common in the 1960s."),
    ("Roket ditembakkan pukul 05:58 (10:58 WIB).", "The rocket was fired at 5:58 am."),
    ("Charles Lecrerc is a driver from Monaco.", "Charles Leclerc is a driver from Monaco."),
    ("Jon Hamm was nominated for Mad Men.", "Hamm was nominated for Mad Men, like Elisabeth Moss."),
    ("Kereta itu memakai kabel.", "Kereta itu tidak memakai solar, tetapi memakai kabel."),
    ("Saham tidak lebih aman dibanding obligasi.", "Obligasi lebih aman dibanding saham."),
    ("Harga beras turun di Jawa.", "Harga beras turun di Jawa setelah naik pada Mei."),
    ("Deliveries were 130 tonnes short.", "They shipped 620 tonnes of the 750 tonnes agreed."),
    ("Altogether 3,200 parcels were found.", "Petugas menemukan 2.300 parsel di Serang dan 900 parsel di Pandeglang."),
    ("Koperasi membayar Rp900 juta setahun.", "The cooperative pays half of the 1.8 billion rupiah a year."),
    ("Foreign customers buy 65 percent.", "Domestic customers buy 35 percent."),
    ("Before the cuts it had 1,400 workers.", "Sebanyak 210 pekerja, 15 persen dari semuanya, diberhentikan."),
    ("Kedua negara sudah sepuluh kali berunding.", "The 11th round of talks began."),
    ("Penutupan itu berlangsung 120 menit.", "The bridge was closed for two hours."),
    ("The road took 18 months to build.", "Pembangunan jalan itu memakan waktu setahun enam bulan, atau 1,5 tahun."),
    ("Pipa itu tidak sampai tiga kilometer.", "The pipe is 2.7 kilometres long."),
    ("Slamet menyusul pada 15 September.", "The team left on 12 September and Slamet followed three days later."),
    ("The apology came on Friday.", "Ia ditolak pada Kamis; keesokan harinya operator meminta maaf."),
    ("Kedua gereja berselisih sejak 1950-an.", "The churches have been at odds since 1958."),
    ("Jadwal misa Karo tidak ada tahun ini.", "Misa Karo tahun ini ditiadakan dari jadwal."),
]

TURNED = [
    ("Deliveries were 140 tonnes short.", "They shipped 620 tonnes of the agreed amount."),
    ("Foreign customers buy 75 percent.", "Domestic customers buy 35 percent."),
    ("The bridge was closed for three hours.", "Penutupan jembatan itu berlangsung 120 jam."),
    ("The project costs 1.7 trillion rupiah.", "Proyek itu menelan biaya Rp1,2 triliun."),
    ("Sebanyak 397 orang meninggal.", "Sebanyak 602 orang meninggal."),
    (
        "Korban terbanyak ada di Pacet, 397 jiwa.",
        "Terbanyak di Cugenang 397 jiwa, disusul Cilaku 27, dan Pacet 23. Ahli waris berduka.",
    ),
    ("He was arrested on 21 October 2023.", "He was arrested on 12 October 2023, after a probe begun in January 2023."),
    ("Prices went up by 14 percent.", "Harga naik 4 persen."),
    ("The bridge closed in March.", "Jembatan itu ditutup pada 26 Februari."),
    ("The bridge closed on 24 June 2025.", "Jembatan itu ditutup pada Senin, 23 Juni 2025."),
    ("The bridge closed on Tuesday, 23 June 2025.", "The bridge closed on Monday, 23 June 2025."),
    ("Gempa terjadi pukul 14.21 WIB.", "Gempa itu terjadi pukul 13.21 WIB."),
    ("Menteri itu tidak menandatangani perjanjian dagang.", "Menteri itu menandatangani perjanjian dagang."),
    ("The council approved the new budget plan.", "The council rejected the new budget plan."),
    ("Harga beras di pasar naik pekan lalu.", "Harga beras di pasar turun pekan lalu."),
    ("The mayor left before the flood in the old town.", "The mayor left after the flood in the old town."),
    ("Ketua tim itu adalah Rina Wulandari.", "Ketua tim itu adalah Sari Kusuma."),
]


@pytest.mark.parametrize(("text", "evidence"), HOLDS)
def test_true_support_is_left_standing(text: str, evidence: str) -> None:
    assert left(text, evidence) >= 0.6, examine(claim(text), Evidence(evidence))


@pytest.mark.parametrize(("text", "evidence"), TURNED)
def test_another_value_turns_support(text: str, evidence: str) -> None:
    findings = examine(claim(text), Evidence(evidence))
    assert findings
    assert findings[0].factor < 0.5
    assert any(finding.effect == "refute" for finding in findings)
    assert all(finding.reason.endswith((".", "”.")) and "\n" not in finding.reason for finding in findings)


def test_days_are_told_from_the_day_of_publication() -> None:
    assert left("The bridge closed on 23 June 2025.", "The bridge closed yesterday.", published_at="2025-06-24") >= 0.6
    assert left("The bridge closed on 23 June 2025.", "The bridge closed on Monday.", published_at="2025-06-24") >= 0.6


def test_what_the_passage_says_around_it_is_known() -> None:
    alone = left("Rina Wulandari led the team in Palu.", "She led the team in Palu.")
    assert left("Rina Wulandari led the team in Palu.", "She led the team in Palu.", title="Rina Wulandari") > alone


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("Rp1,2 triliun", 1.2e12, "idr"),
        ("1.2 trillion rupiah", 1.2e12, "idr"),
        ("US$160 million", 1.6e8, "usd"),
        ("40 persen", 40, "percent"),
        ("dua puluh lima orang", 25, "person"),
    ],
)
def test_quantities(text: str, value: float, unit: str) -> None:
    (found,) = find_quantities(text)
    assert (found.value, found.unit) == (pytest.approx(value), unit)


def test_a_finding_never_raises() -> None:
    with pytest.raises(ValueError, match="may not raise"):
        Finding("number", "lower", 1.5, "x")


@pytest.mark.parametrize(
    ("quote", "wanted"),
    [
        ("Trump did not inform Putin, Dmitry Peskov said.", "Dmitry Peskov"),
        ("Kremlin spokesman Dmitry Peskov said that Trump did not inform Putin.", "Dmitry Peskov"),
        ("“Trump tidak memberi tahu Putin,” kata juru bicara Kremlin Dmitry Peskov.", "Dmitry Peskov"),
        ("Menurut Dmitry Peskov, Trump tidak memberi tahu Putin.", "Dmitry Peskov"),
        ("According to Dmitry Peskov, there was no word beforehand.", "Dmitry Peskov"),
    ],
)
def test_speaker_of_a_sentence(quote: str, wanted: str) -> None:
    assert any(wanted.endswith(speaker.split()[-1]) for speaker in speakers(quote)), speakers(quote)
    speaker, own = credited(claim("Trump did not inform Putin.", "Dmitry Peskov"), quote)
    assert own
    assert speaker
    assert credited(claim("Trump did not inform Putin.", "Abbas Araghchi"), quote)[1] is False


def test_own_voice_and_unnamed_speakers() -> None:
    assert credited(claim("The port is open."), "The port is open.") == ("", False)
    assert credited(claim("The port is open.", "Ana Wirja"), "The port is open.") == ("", False)
    unnamed = claim("The letter asks for support.", "a senior source", anonymous=True)
    assert credited(unnamed, "The letter asks for support, a senior source told Reuters.")[1] is True
    assert credited(unnamed, "The letter asks for support.")[1] is False


def test_words_in_another_mouth() -> None:
    evidence = Evidence("“The ban will end soon,” said Agus Gumiwang Kartasasmita.")
    findings = examine(claim("The ban will end soon.", "Rosan Roeslani"), evidence)
    assert [finding.kind for finding in findings if finding.effect == "lower"] == ["speaker"]
    assert examine(claim("The ban will end soon.", "Agus Gumiwang"), evidence) == []


@given(st.text(max_size=120), st.text(max_size=200), st.sampled_from([None, "2025", "2025-06", "2025-06-23", "x"]))
def test_no_text_breaks_the_checks(text: str, evidence: str, published_at: str | None) -> None:
    for finding in examine(claim(text, "Ana Wirja"), Evidence(evidence, text, evidence[:20], published_at)):
        assert 0 <= finding.factor <= 1


def test_another_mouth_in_the_cited_sentence() -> None:
    said = claim("Hasan Wirajuda mengatakan pasar ikan akan dipindahkan.")
    other = "Pasar ikan akan dipindahkan, kata Rina Wulandari."
    alone = examine(said, Evidence(other))
    assert "refute" in {finding.effect for finding in alone if finding.kind == "speaker"}
    # The rest of the passage mentions him: he may have said it too.
    beside = examine(said, Evidence(other, "Hasan Wirajuda ikut dalam rapat itu."))
    assert {finding.effect for finding in beside if finding.kind == "speaker"} == {"veto"}
    own = examine(said, Evidence("Hasan Wirajuda menyebut pasar ikan akan dipindahkan."))
    assert [finding for finding in own if finding.kind == "speaker"] == []
