"""Numbers about a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from retrieval.database import Database


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers about a store.

    Attributes:
        origins: Independent reporting events behind the sources.
        indexed: Passages that the index has.
        languages: Sources per language; likewise the other mappings.
    """

    path: str
    sources: int
    passages: int
    origins: int
    indexed: int
    embedder: str
    size_bytes: int
    languages: dict[str, int] = field(default_factory=dict)
    publishers: dict[str, int] = field(default_factory=dict)
    publisher_types: dict[str, int] = field(default_factory=dict)


def count(database: Database, location: str, folder: Path) -> Stats:
    """Count what a store holds; `location` is how it is named, `folder` where its files are."""
    return Stats(
        path=location,
        sources=database.count("sources"),
        passages=database.count("passages"),
        origins=database.count("origins"),
        indexed=database.count("indexed"),
        embedder=database.meta("embedder_name") or "",
        size_bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        languages=database.tally("language"),
        publishers=database.tally("publisher"),
        publisher_types=database.tally("publisher_type"),
    )
