"""What stands on an item's page: the article with its claims marked, the evidence with its quotes in their context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from checker.review.records import Item
from retrieval.errors import RetrievalError
from retrieval.store import EvidenceStore
from retrieval.types import Source

CONTEXT = 280
"""Characters of a source shown on each side of a quote: a paragraph, enough to see who speaks and of what."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an article's text: of one claim, or of none."""

    text: str
    item: Item | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """A citation as shown: the quote in its context, and what is known of its source.

    Attributes:
        before: What stands before the quote; empty where the source is no longer in the store.
        cut_before: There is more before it.
        origin: Number of the independent report behind it: two sources of one number are one voice.
        known: The source is in the store, and the quote was found in it.
    """

    number: int
    origin: int
    citation: dict[str, Any]
    before: str
    after: str
    cut_before: bool
    cut_after: bool
    known: bool
    title: str
    publisher_type: str
    country: str
    language: str
    via: tuple[str, ...]


def paragraphs(text: str, items: Iterable[Item], current: Item) -> list[list[Piece]]:
    """An article's text, paragraph by paragraph, cut where claims begin and end.

    Claims that overlap are shown one after the other, the current one whole.

    Args:
        text: The article's text.
        items: The items of the article.
        current: The item whose page it is.
    """
    spans = _apart(items, current, len(text))
    started: set[str] = set()
    found = []
    for match in re.finditer(r"[^\n]+", text):
        if not match[0].strip():
            continue
        found.append(_pieces(text, match.start(), match.end(), spans, started))
    return found


def _apart(items: Iterable[Item], current: Item, length: int) -> list[tuple[int, int, Item]]:
    spans = [(max(0, current.start), min(length, current.end), current)]
    for item in sorted(items, key=lambda one: (one.start, -one.end)):
        start, end = max(0, item.start), min(length, item.end)
        for left, right, _ in sorted(spans, key=lambda span: span[0]):
            if start < right and left < end:  # they meet: keep what stands before
                end = min(end, left) if start < left else start
        if item.id != current.id and start < end:
            spans.append((start, end, item))
    return sorted((span for span in spans if span[0] < span[1]), key=lambda span: span[0])


def _pieces(text: str, start: int, end: int, spans: Sequence[tuple[int, int, Item]], started: set[str]) -> list[Piece]:
    pieces, at = [], start
    for left, right, item in spans:
        left, right = max(left, start), min(right, end)
        if left >= right:
            continue
        if at < left:
            pieces.append(Piece(text[at:left]))
        pieces.append(Piece(text[left:right], item, first=item.id not in started))
        started.add(item.id)
        at = right
    if at < end:
        pieces.append(Piece(text[at:end]))
    return pieces


def evidence(store: EvidenceStore | None, citations: Iterable[dict[str, Any]]) -> list[Evidence]:
    """Citations with the context of their quotes.

    A source that is gone, or whose text has changed so that the quote no longer stands where it stood, leaves the
    quote as it was recorded.
    """
    origins: dict[str, int] = {}
    found = []
    for number, citation in enumerate(citations, start=1):
        voice = str(citation.get("origin") or citation.get("source_id"))
        origin = origins.setdefault(voice, len(origins) + 1)
        found.append(_shown(number, origin, citation, _source(store, citation)))
    return found


def _source(store: EvidenceStore | None, citation: dict[str, Any]) -> Source | None:
    if store is None:
        return None
    try:
        return store.get(str(citation.get("source_id", "")))
    except RetrievalError:
        return None


def _shown(number: int, origin: int, citation: dict[str, Any], source: Source | None) -> Evidence:
    start, end, quote = citation.get("start", 0), citation.get("end", 0), citation.get("quote", "")
    if source is None or source.text[start:end] != quote:
        return Evidence(number, origin, citation, "", "", False, False, False, *_about(source))
    left, right = _word_start(source.text, start - CONTEXT), _word_end(source.text, end + CONTEXT)
    return Evidence(
        number=number,
        origin=origin,
        citation=citation,
        before=source.text[left:start],
        after=source.text[end:right],
        cut_before=left > 0,
        cut_after=right < len(source.text),
        known=True,
        title=source.title,
        publisher_type=source.publisher_type,
        country=source.country,
        language=source.language,
        via=tuple(source.via),
    )


def _about(source: Source | None) -> tuple[str, str, str, str, tuple[str, ...]]:
    if source is None:
        return "", "", "", "", ()
    return source.title, source.publisher_type, source.country, source.language, tuple(source.via)


def _word_start(text: str, at: int) -> int:
    if at <= 0:
        return 0
    space = text.find(" ", at)
    return space + 1 if 0 <= space - at < 40 else at


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", at - 40, at)
    return space if space > 0 else at
