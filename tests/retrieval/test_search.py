"""Ranking without a store: fusion, the choice of hits, and hybrid search over a corpus in memory."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.dates import DateRange
from retrieval.search import (
    CONTEXT_WEIGHT,
    DATE_BONUS,
    LEAST_SCALE,
    HybridIndex,
    Query,
    date_bonus,
    fuse,
    query_vectors,
    top,
)
from retrieval.select import Candidate, select

TEXTS = [
    "Presiden Rusia menerima Abbas Araghchi di Moskow.",
    "The Iranian minister Araqchi met the Russian president in Moscow.",
    "Harga beras naik empat persen pada bulan Mei.",
    "Rice prices rose by four percent in May.",
]


def test_fused_scores_lie_between_nothing_and_one_and_follow_both_sides() -> None:
    dense = np.array([0.9, 0.5, -0.2, 0.1], dtype=np.float32)
    lexical = np.array([0.0, 8.0, 4.0, 0.0], dtype=np.float32)
    fused = fuse(dense, lexical, 0.6)
    assert fused == pytest.approx([0.6, 0.6 * 5 / 9 + 0.4, 0.2, 0.6 / 9])
    assert fuse(dense, np.zeros(4, np.float32)).argmax() == 0
    assert fuse(np.zeros(4, np.float32), lexical).argmax() == 1
    assert not fuse(np.zeros(3, np.float32), np.zeros(3, np.float32)).any()


def test_words_are_compared_within_a_language() -> None:
    dense = np.zeros(4, dtype=np.float32)
    lexical = np.array([10.0, 6.0, 5.0, 1.0], dtype=np.float32)
    fused = fuse(dense, lexical, 0.0, languages=np.array([0, 0, 1, 2]))
    assert fused[2] == pytest.approx(1.0)  # the best of its language
    assert fused[1] == pytest.approx(0.6)
    assert fused[3] == pytest.approx(1.0 / (LEAST_SCALE * 10))  # one name in common is not the best match there is


@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.integers(1, 70))
def test_top_agrees_with_sorting(values: list[float], k: int) -> None:
    scores = np.array(values, dtype=np.float32)
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))[:k]
    assert top(scores, k).tolist() == expected


def test_hybrid_search_over_a_corpus(embedder) -> None:  # type: ignore[no-untyped-def]
    index = HybridIndex(embedder.encode(TEXTS), TEXTS)
    query = "Menlu Araghchi bertemu presiden di Moskow"
    vector = embedder.encode([query], kind="query")[0]
    dense, bm25 = index.scores(vector, query, "dense"), index.scores(vector, query, "bm25")
    assert dense == pytest.approx(embedder.encode(TEXTS) @ vector)
    # Spelled otherwise and in the other language, the names still meet.
    assert bm25[1] > 0
    assert bm25[2] == bm25[3] == 0
    assert [i for i, _ in index.rank(vector, query, 2)] == [0, 1]
    assert index.rank(vector, query, 10)[0][1] == pytest.approx(float(index.scores(vector, query).max()))
    with pytest.raises(ValueError, match="3 vectors for 4 texts"):
        HybridIndex(embedder.encode(TEXTS[:3]), TEXTS)


def test_context_leads_a_little(embedder) -> None:  # type: ignore[no-untyped-def]
    plain, leaning = query_vectors([Query("ia menolak"), Query("ia menolak", context="Araghchi")], embedder)
    assert np.linalg.norm(leaning) == pytest.approx(1.0, abs=1e-5)
    whole = embedder.encode(["ia menolak Araghchi"])[0]
    mixed = (1 - CONTEXT_WEIGHT) * plain + CONTEXT_WEIGHT * whole
    assert leaning == pytest.approx(mixed / np.linalg.norm(mixed), abs=1e-5)


def test_the_date_of_the_event_decides_between_near_equals() -> None:
    day = (DateRange(date(2025, 6, 23), date(2025, 6, 23)),)
    assert date_bonus(day, "2025-06-23T09:00:00Z", "2025-06-23T09:00:00Z") == DATE_BONUS
    assert date_bonus(day, "2025-06-30T09:00:00Z", "2025-06-30T09:00:00Z") == DATE_BONUS
    assert date_bonus(day, "2025-07-02T09:00:00Z", "2025-07-02T09:00:00Z") == 0
    assert date_bonus(day, "2025-06-20T09:00:00Z", "2025-06-20T09:00:00Z") == 0
    assert date_bonus(day, "2025-05-31T17:00:00Z", "2025-06-30T16:59:59Z") == 0  # a month is not a day
    assert (
        date_bonus((DateRange(date(2025, 1, 1), date(2025, 12, 31)),), "2025-06-23T09:00:00Z", "2025-06-23T09:00:00Z")
        == 0
    )
    assert date_bonus(day, None, None) == 0
    assert date_bonus((), "2025-06-23T09:00:00Z", "2025-06-23T09:00:00Z") == 0


def _candidate(
    num: int, source: int, score: float, origin: str = "", excluded: str | None = None, start: int = -1
) -> Candidate:
    begin = 100 * num if start < 0 else start
    return Candidate(num, source, begin, begin + 80, origin or f"o{source}", score, excluded)  # type: ignore[arg-type]


def test_no_source_has_more_than_two_hits() -> None:
    ranked = [_candidate(i, 1, 1 - i / 100) for i in range(5)] + [_candidate(9, 2, 0.1)]
    assert [c.num for c in select(ranked, 8)] == [0, 1, 9]


def test_reprints_do_not_crowd_out_the_one_that_disagrees() -> None:
    reprints = [_candidate(i, i, 1 - i / 100, origin="wire") for i in range(10)]
    other = _candidate(50, 50, 0.2, origin="other")
    chosen = select([*reprints, other], 4)
    assert [c.num for c in chosen] == [0, 1, 2, 50]
    assert [c.num for c in select(reprints, 5)] == [0, 1, 2, 3, 4]  # where there is nothing else they fill up


def test_one_print_with_two_passages_leaves_room_for_the_other_prints() -> None:
    ranked = [_candidate(i, i // 2, 1 - i / 100, origin="wire") for i in range(6)]
    others = [_candidate(50 + i, 50 + i, 0.3 - i / 100) for i in range(8)]
    chosen = select([*ranked, *others], 10)
    assert [c.num for c in chosen if c.origin == "wire"] == [0, 1, 2, 3, 4]
    assert len(chosen) == 10


def test_what_does_not_count_comes_beside_and_takes_no_place() -> None:
    ranked = [
        _candidate(0, 0, 0.9, excluded="after_as_of"),
        _candidate(1, 1, 0.8),
        _candidate(2, 2, 0.7, excluded="copy_of_article"),
        _candidate(3, 3, 0.6),
        _candidate(4, 4, 0.5, excluded="after_as_of"),
    ]
    assert [c.num for c in select(ranked, 2)] == [0, 1, 2, 3]
    assert [c.num for c in select(ranked, 5)] == [0, 1, 2, 3, 4]


def test_a_passage_that_repeats_another_of_its_source_is_left_out() -> None:
    ranked = [_candidate(0, 1, 0.9, start=0), _candidate(1, 1, 0.8, start=10), _candidate(2, 1, 0.7, start=60)]
    assert [c.num for c in select(ranked, 8)] == [0, 2]
