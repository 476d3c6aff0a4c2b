"""What evidence is made of. Imports no sibling.

The types are frozen: a value that was once shown to a reader, cited or hashed cannot change under them.
Identity is an `id`, never a position in a list or a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Exclusion = Literal["after_as_of", "copy_of_article"]
"""Why a hit is shown but never counts: it was published after the as-of date, or it is the article itself."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Source:
    """One document of evidence.

    Attributes:
        id: Unique in a store. Given by the card, else derived from the content hash.
        url: Where it was found; empty for a local file that has none.
        title: Headline as published, may be empty.
        publisher: Name of the outlet that published it, may be empty.
        publisher_type: `wire`, `state_media`, `official`, `newspaper`, `online_news`, `broadcaster`, ...; empty
            where unknown.
        country: ISO 3166-1 alpha-2, empty where unknown.
        language: ISO 639-1 (`id`, `en`), empty where unknown.
        published_at: ISO 8601, to the precision that is known: `2025-06-23T09:39:00Z`, `2025-06-23`,
            `2025-06`. None where the page shows no date: never guessed.
        fetched_at: ISO 8601 with zone, when it entered the store.
        via: Agencies or outlets the page itself says it relays, in its order.
        content_hash: SHA-256 (hex) of the normalised text.
        text: The text that passages and citations point into. Stored as found, never edited.
        extra: Fields of a card that Saring does not know, kept as they came.
    """

    id: str
    url: str
    title: str
    publisher: str
    publisher_type: str
    country: str
    language: str
    published_at: str | None
    fetched_at: str
    via: tuple[str, ...]
    content_hash: str
    text: str
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING, compare=False)


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a source: `source.text[start:end] == passage.text`, always. Offsets count code points."""

    id: str
    source_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was retrieved for one query.

    Attributes:
        dense: Cosine similarity of the embeddings, -1..1; 0.0 where the passage was found by words alone.
        lexical: BM25 score, >= 0; 0.0 where it was found by meaning alone.
        score: The fused score that ranks hits of one query; comparable within a query only.
        rank: 1 for the best.
        origin: Id of the independent reporting event behind the source; hits that share it count once.
        excluded: Why this hit must not count towards a verdict, or None.
        undated: The source has no date, so that it cannot be shown to precede the as-of date; it counts less.
    """

    passage: Passage
    source: Source
    dense: float
    lexical: float
    score: float
    rank: int
    origin: str
    excluded: Exclusion | None = None
    undated: bool = False
