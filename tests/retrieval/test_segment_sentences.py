"""The sentence splitter: what ends a sentence, and spans that always hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.segment import split_sentences


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers, times, money
        ("Harganya Rp1.800. Kini naik.", ["Harganya Rp1.800.", "Kini naik."]),
        ("Gempa terjadi pukul 13.21 WIB. Warga lari.", ["Gempa terjadi pukul 13.21 WIB.", "Warga lari."]),
        ("It cost $1.48. Nobody paid.", ["It cost $1.48.", "Nobody paid."]),
        ("Turun 5,6 persen pada 2023. Lalu naik.", ["Turun 5,6 persen pada 2023.", "Lalu naik."]),
        # abbreviations that never end
        ("Dr. Anwar datang. Ia pergi.", ["Dr. Anwar datang.", "Ia pergi."]),
        ("Prof. Ir. H. Bambang berbicara.", ["Prof. Ir. H. Bambang berbicara."]),
        ("Sen. Mark Warner met Gov. Tim Walz. They spoke.", ["Sen. Mark Warner met Gov. Tim Walz.", "They spoke."]),
        ("Budi Santoso, S.H., M.H. hadir di sidang.", ["Budi Santoso, S.H., M.H. hadir di sidang."]),
        ("Donald J. Trump spoke.", ["Donald J. Trump spoke."]),
        ("See No. 5 for more. It is short.", ["See No. 5 for more.", "It is short."]),
        # abbreviations that may
        ("He announced it on Feb. 26 that day.", ["He announced it on Feb. 26 that day."]),
        ("He left the U.S. The ban stays.", ["He left the U.S.", "The ban stays."]),
        ("The U.S. Senate voted.", ["The U.S. Senate voted."]),
        ("It opened at 5 p.m. Then it closed.", ["It opened at 5 p.m.", "Then it closed."]),
        ("Apple Inc. Chief Tim Cook came.", ["Apple Inc. Chief Tim Cook came."]),
        ("Beras, gula, dll. Semua habis.", ["Beras, gula, dll.", "Semua habis."]),
        # questions, exclamations, ellipses
        ("Mau perang? Belum tentu!", ["Mau perang?", "Belum tentu!"]),
        ("Ia ragu... lalu pergi. Ia kembali… Semua lega.", ["Ia ragu... lalu pergi.", "Ia kembali…", "Semua lega."]),
        # quotations
        ('"Akan perang?" kata Peskov. Ia diam.', ['"Akan perang?" kata Peskov.', "Ia diam."]),
        ('"Is it war?" Peskov said. He left.', ['"Is it war?" Peskov said.', "He left."]),
        ("“Saya lelah. Saya pulang,” kata dia.", ["“Saya lelah.", "Saya pulang,” kata dia."]),
        ('He said: "We agreed." The talks ended.', ['He said: "We agreed."', "The talks ended."]),
        ("(Ini catatan.) Itu bukan.", ["(Ini catatan.)", "Itu bukan."]),
        # openers that are not capitals
        ("Sales fell. iPhones remain rare.", ["Sales fell.", "iPhones remain rare."]),
        ("Sebanyak 12 tewas. 30 luka.", ["Sebanyak 12 tewas.", "30 luka."]),
        # datelines and domains
        ("TRIBUNNEWS.COM - Menteri tiba. Ia lelah.", ["TRIBUNNEWS.COM - Menteri tiba.", "Ia lelah."]),
        # lists
        ("1. Satu hal.\n2. Dua hal.", ["1. Satu hal.", "2. Dua hal."]),
    ],
)
def test_ends_of_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_line_break_ends_a_sentence_without_a_full_stop() -> None:
    assert pieces("Konflik Iran\nJawaban Putin\r\nIa tiba.") == ["Konflik Iran", "Jawaban Putin", "Ia tiba."]


def test_a_hard_wrapped_paragraph_is_one_sentence() -> None:
    text = (
        "The ministry said on Tuesday that the reservoir held less water than\n"
        "in any summer since the measurements began, and it asked the villages\n"
        "downstream to save. Nobody disagreed."
    )
    assert pieces(text) == [text[: text.index(" Nobody")], "Nobody disagreed."]


def test_short_lines_of_a_list_are_not_taken_for_a_wrapped_paragraph() -> None:
    assert pieces("beras\ngula\ngaram") == ["beras", "gula", "garam"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "...", '"', "。", "…”", ". . ."])
def test_degenerate_texts(text: str) -> None:
    assert "".join(pieces(text)).split() == text.split() or pieces(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from(' .!?…"”“\n\r\t,AaBb1。)(U.S.'), st.characters()), max_size=200))
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    previous = 0
    covered = []
    for start, end in spans:
        assert previous <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        covered.extend(range(start, end))
        previous = end
    assert [i for i in range(len(text)) if not text[i].isspace() and i not in set(covered)] == []


def test_a_long_text_is_split_in_time() -> None:
    import time

    begun = time.perf_counter()
    assert len(split_sentences("Gempa terjadi pukul 13.21 WIB. " * 20_000)) == 20_000
    assert len(split_sentences("." * 200_000)) == 1
    assert time.perf_counter() - begun < 20
