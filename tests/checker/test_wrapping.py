"""Text broken at a fixed width: paragraphs are made whole, and nothing else is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.article import article_from_text, read_article
from checker.wrapping import unwrap

HEADLINE = "Menlu Iran Tiba di Moskow untuk Bertemu Putin"
PARAGRAPHS = (
    "JAKARTA, 3 Maret 2024 - Menteri Luar Negeri Iran Abbas Araghchi tiba di Moskow pada Senin, 23 Juni 2025, untuk "
    'bertemu dengan Presiden Rusia Vladimir Putin. Ia mengatakan bahwa serangan Amerika Serikat "tidak dapat '
    'dibenarkan". Kremlin menyatakan Rusia siap menengahi.',
    "Harga beras naik 4 persen pada Mei, kata Badan Pusat Statistik. Kenaikan itu yang tertinggi sejak 2018.",
    '"We agreed to strengthen cooperation in energy, food and defence over the next ten years," said Prime Minister '
    "Anthony Albanese after talks at the Bogor Palace in West Java on Tuesday.",
)


@pytest.mark.parametrize("width", [66, 72, 76, 79, 120])
@pytest.mark.parametrize("separator", ["\n\n", "\n"])
@pytest.mark.parametrize("head", ["", f"{HEADLINE}\n", f"{HEADLINE}\n\n"])
def test_a_wrapped_article_has_the_sentences_of_the_whole_one(width: int, separator: str, head: str) -> None:
    whole = article_from_text(f"{HEADLINE}\n\n" + "\n\n".join(PARAGRAPHS))
    wrapped = article_from_text(head + separator.join(textwrap.fill(part, width) for part in PARAGRAPHS))
    expected = [" ".join(s.text.split()) for s in whole.sentences][0 if head else 1 :]
    found = [" ".join(s.text.split()) for s in wrapped.sentences]
    if separator == "\n\n" or not head:
        assert found == expected
    else:
        # Without blank lines the end of a paragraph that fills its line does not show; its sentences still do.
        assert len(found) <= len(expected) + 1
        assert found[0] == HEADLINE
    assert all(wrapped.text[s.start : s.end] == s.text for s in wrapped.sentences)
    if head:
        assert wrapped.title == HEADLINE


def test_a_ragged_edge_is_enough() -> None:
    text = (
        "Pemerintah daerah menutup jembatan Sula pada hari Senin karena\n"
        "retak ditemukan pada dua pilar, dan warga diminta\n"
        "memakai feri sampai perbaikan selesai. Kepala dinas, Budi\n"
        "Santoso, mengatakan perbaikan memakan waktu tiga bulan.\n"
    )
    assert [s.text for s in article_from_text(text).sentences] == [
        "Pemerintah daerah menutup jembatan Sula pada hari Senin karena retak ditemukan pada dua pilar, dan warga "
        "diminta memakai feri sampai perbaikan selesai.",
        "Kepala dinas, Budi Santoso, mengatakan perbaikan memakan waktu tiga bulan.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "beras\ngula\ngaram",
        "Konflik Iran\nJawaban Putin atas Serangan Amerika\nIa tiba di Moskow pada Senin malam waktu setempat.",
        "Banjir Depok\nSungai Meluap di Tiga Desa, Warga Mengungsi\nby Budi Santoso\nSungai meluap.",
        "Yang naik bulan ini adalah:\n- beras medium di pasar induk\n- gula pasir kemasan satu kilogram\n- minyak",
        "Harga naik tajam pada bulan ini\n1. beras medium di pasar induk\n2. gula pasir kemasan",
        "Sungai meluap pada Kamis malam di tiga desa.\nWarga mengungsi ke balai desa sejak pukul sembilan malam.",
        "Baca selengkapnya di laman resmi kami di\nwww.contoh.id setiap hari untuk berita yang lain",
        "x" * 300 + "\nlanjut di sini dengan huruf kecil",
        "",
        "\n\n\n",
    ],
)
def test_lines_that_stand_alone_stay_alone(text: str) -> None:
    kept = unwrap(text)
    if "www." in text:
        assert len(kept) == len(text)  # the last word of the line asks for more: either reading is fair
    else:
        assert kept == text


@given(st.text(alphabet=st.sampled_from("aBc .,\n-\"'1Ä"), max_size=400))
def test_no_offset_moves_and_only_line_feeds_change(text: str) -> None:
    done = unwrap(text)
    assert len(done) == len(text)
    assert all(a == b or (a == "\n" and b == " ") for a, b in zip(text, done, strict=True))


def test_carriage_returns_and_indents(tmp_path: Path) -> None:
    text = textwrap.fill(PARAGRAPHS[0], 72, subsequent_indent="   ").replace("\n", "\r\n")
    path = tmp_path / "mail.txt"
    path.write_bytes(text.encode())
    assert len(read_article(path).sentences) == 3
