"""Cutting a text into passages."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.passages import LONGEST_WORDS, MAX_SENTENCES, MAX_WORDS, split_passages
from retrieval.segment import split_sentences

CARDS = Path(__file__).parents[2] / "seeds" / "evidence" / "iran-june-2025.jsonl"


def _texts() -> list[str]:
    return [json.loads(line)["text"] for line in CARDS.read_text(encoding="utf-8").splitlines()]


def test_passages_are_spans_and_every_sentence_is_in_one() -> None:
    for text in _texts():
        passages = split_passages(text, "x")
        assert all(text[p.start : p.end] == p.text for p in passages)
        assert all(p.source_id == "x" for p in passages)
        for start, end in split_sentences(text):
            assert any(p.start <= start and end <= p.end for p in passages)


def test_passages_are_short_and_neighbours_share_a_sentence() -> None:
    for text in _texts():
        passages = split_passages(text, "x")
        for passage in passages:
            assert len(split_sentences(passage.text)) <= MAX_SENTENCES
            assert len(passage.text.split()) <= LONGEST_WORDS
        for before, after in pairwise(passages):
            if len(split_sentences(before.text)) > 1:
                assert after.start < before.end, "no two sentences that stand together are always apart"
    short = "Satu kalimat. " * 40
    assert all(len(p.text.split()) <= MAX_WORDS for p in split_passages(short, "x"))


def test_ids_name_source_place_and_words() -> None:
    text = "One sentence here. Another one there."
    first = split_passages(text, "a")[0]
    assert first.id == split_passages(text, "a")[0].id
    assert first.id != split_passages(text, "b")[0].id
    assert first.id != split_passages(text.replace("One", "Two"), "a")[0].id
    ids = [p.id for p in split_passages("The same. " * 30, "a")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 3000,
        "clause one, " * 800,
        "x" * 100_000,
        "Kalimat pendek. " + "tanpa akhir " * 900 + "selesai. Lalu satu lagi.",
        "https://example.test/" + "a/b?c=" * 5000,
    ],
)
def test_a_sentence_without_end_is_cut(text: str) -> None:
    passages = split_passages(text, "x")
    assert len(passages) > 1
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert all(len(p.text) <= LONGEST_WORDS * 14 for p in passages)
    covered = sorted((p.start, p.end) for p in passages)
    position = 0
    for start, end in covered:
        assert not text[position:start].strip(), "no word is left out"
        position = max(position, end)
    assert not text[position:].strip()


def test_a_long_sentence_is_cut_after_a_clause_where_there_is_one() -> None:
    text = ("one two three four five six seven eight nine ten, " * 20).strip()
    assert all(p.text.endswith(",") for p in split_passages(text, "x"))


@given(st.text(max_size=400))
def test_any_text_can_be_cut(text: str) -> None:
    passages = split_passages(text, "x")
    assert all(text[p.start : p.end] == p.text and p.text.strip() == p.text != "" for p in passages)
    assert bool(passages) == bool(text.strip())
