"""Looking further: evidence for claims that the store cannot answer, from the places the settings name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.types import Article, Claim

if TYPE_CHECKING:
    from checker.settings import Settings
    from retrieval.store import EvidenceStore

PER_QUERY = 5
"""Documents asked for per connector and query: what a person would open of a page of results."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Widened:
    """What looking further brought.

    Attributes:
        added: Sources that the store did not hold before.
        notes: Connectors that failed, one line each; the others went on.
    """

    added: int
    notes: tuple[str, ...]


def places(settings: Settings) -> list[str]:
    """Names of the connectors to ask, in order, each once."""
    return list(dict.fromkeys(name.strip() for name in settings.retrieve.split(",") if name.strip()))


def known_places(settings: Settings) -> list[str]:
    """As `places`, after making sure that each of them exists.

    Raises:
        UnknownName: A connector of that name does not exist.
    """
    from checker.errors import UnknownName
    from retrieval.connectors import connector_names

    names = places(settings)
    if names:
        there = connector_names()
        for name in names:
            if name not in there:
                raise UnknownName("connector", name, there)
    return names


def widen(
    store: EvidenceStore, claims: Sequence[Claim], article: Article, settings: Settings, progress: Progress | None
) -> Widened:
    """Ask the connectors about claims, in both languages, and keep what they find in the store.

    Args:
        store: Open for writing.
        claims: Those that the store could not answer.
        article: Where they come from; its language is theirs.
        settings: Which connectors, and how to fetch.
        progress: Told of each document found, as the stage `fetch`.

    Raises:
        UnknownName: A connector of that name does not exist; nothing is asked then.
    """
    from retrieval.connectors.run import collect, make_fetcher
    from retrieval.queries import queries_from_claim

    names = known_places(settings)
    queries = {
        (query.text, query.language): query
        for claim in claims
        for query in queries_from_claim(claim.text, article.language)
    }
    found = 0

    def count(*_: object) -> None:
        nonlocal found
        found += 1
        if progress is not None:
            progress("fetch", found, max(found, len(queries) * len(names)))

    result = collect(
        names,
        list(queries.values()),
        fetcher=make_fetcher(settings.fetch_contact, settings.fetch_allow),
        limit=PER_QUERY,
        on_found=count,
    )
    added = len(store.add(result.sources).added) if result.sources else 0
    return Widened(added, tuple(dict.fromkeys(str(problem) for problem in result.problems)))
