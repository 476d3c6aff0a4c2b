from __future__ import annotations

from evals.metrics.spans import match, overlap, same


def test_overlap_counts_shared_characters() -> None:
    assert overlap((0, 10), (5, 20)) == 5
    assert overlap((0, 5), (5, 9)) == 0


def test_half_of_the_shorter_span_makes_a_match() -> None:
    assert same((0, 100), (90, 110))
    assert not same((0, 100), (95, 115))
    assert not same((3, 3), (0, 10))


def test_matching_is_one_to_one_and_the_best_as_a_whole() -> None:
    # Greedy would give gold 0 its best partner and leave gold 1 without one.
    found = [(0, 10), (0, 4)]
    wanted = [(0, 9), (5, 10)]
    assert match(found, wanted) == [(1, 0), (0, 1)]


def test_a_long_claim_covers_one_of_two_gold_spans_only() -> None:
    assert len(match([(0, 100)], [(0, 40), (50, 100)])) == 1


def test_nothing_matches_nothing() -> None:
    assert match([], [(0, 1)]) == match([(0, 1)], []) == []
