"""From ranked passages to the hits of one query: few per source and origin, and what does not count beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retrieval.types import Exclusion

PER_SOURCE = 2
"""Passages of one source among the hits: its best, and one more for what the best leaves out."""

PER_ORIGIN = 3
"""Sources of one origin before others had their turn: ten reprints must not crowd out the one that disagrees. Together
they have at most half of the hits, or this many where that is more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in the running, by row numbers.

    Attributes:
        start: Start of its span, `end` its end: spans of one source that overlap say the same twice.
    """

    num: int
    source: int
    start: int
    end: int
    origin: str
    score: float
    excluded: Exclusion | None


def select(ranked: Iterable[Candidate], k: int) -> list[Candidate]:
    """Choose the hits of one query.

    Args:
        ranked: Candidates, best first.
        k: Number of hits that count; as many again that do not count may come with them.

    Returns:
        At most `k` candidates that count and `k` that are excluded, best first. At most two of a source. While there
        are others to choose, at most three sources of an origin, and half of the hits.
    """
    counted: list[Candidate] = []
    waiting: list[Candidate] = []
    excluded: list[Candidate] = []
    per_source: Counter[int] = Counter()
    per_origin: Counter[str] = Counter()
    prints: dict[str, set[int]] = {}
    most = max(PER_ORIGIN, k // 2)
    for candidate in _without_overlaps(ranked):
        if per_source[candidate.source] >= PER_SOURCE:
            continue
        if candidate.excluded:
            if len(excluded) < k:
                per_source[candidate.source] += 1
                excluded.append(candidate)
            continue
        if len(counted) >= k:
            continue
        per_source[candidate.source] += 1
        sources = prints.setdefault(candidate.origin, set())
        is_new = candidate.source not in sources
        if per_origin[candidate.origin] >= most or (is_new and len(sources) >= PER_ORIGIN):
            waiting.append(candidate)
            continue
        per_origin[candidate.origin] += 1
        sources.add(candidate.source)
        counted.append(candidate)
    counted += waiting[: max(0, k - len(counted))]
    if len(counted) == k:
        # What does not count is shown where it would have stood, and does not trail behind.
        least = min(candidate.score for candidate in counted)
        excluded = [candidate for candidate in excluded if candidate.score >= least]
    return sorted(counted + excluded, key=lambda candidate: -candidate.score)


def _without_overlaps(ranked: Iterable[Candidate]) -> Iterator[Candidate]:
    """Leave out a passage most of which a better one of the same source has already shown."""
    shown: dict[int, list[tuple[int, int]]] = {}
    for candidate in ranked:
        spans = shown.setdefault(candidate.source, [])
        length = candidate.end - candidate.start
        if any(min(candidate.end, end) - max(candidate.start, start) > 0.6 * length for start, end in spans):
            continue
        spans.append((candidate.start, candidate.end))
        yield candidate
