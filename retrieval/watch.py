"""Keeps up with feeds: what is new in each cycle, and each item once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from retrieval.connectors.base import Rejected
from retrieval.connectors.feed import read_feed
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.connectors.run import Problem
from retrieval.errors import ConnectorError
from retrieval.fetch import Fetcher
from retrieval.ids import normalise_url
from retrieval.types import Source

TRIES = 3
"""Cycles in which an item that cannot be fetched is tried; then it is let go."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one look at the feeds gave.

    Attributes:
        sources: Pages of items that are new.
        rejected: Items that cannot be used for good: `TRIES` cycles have failed.
        problems: Feeds that could not be read this time.
        waiting: Items that failed and will be tried again.
    """

    sources: tuple[Source, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    problems: tuple[Problem, ...] = ()
    waiting: int = 0


@dataclass(slots=True)
class _Item:
    link: Link
    failed: int = 0


@dataclass(slots=True)
class FeedWatcher:
    """Reads feeds again and again.

    Attributes:
        fetcher: What fetches; its cache makes unchanged feeds cost one small request.
        feeds: Addresses of the feeds.
        known: Whether the page of an address is in the store already, asked once per new item.
        limit: Most items per feed and cycle.
    """

    fetcher: Fetcher
    feeds: Sequence[str]
    known: Callable[[str], bool]
    limit: int = 30
    _read: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _waiting: dict[str, _Item] = field(default_factory=dict)

    def cycle(self) -> Cycle:
        """Look at every feed once.

        Raises:
            InputError: One of the feeds is not a URL.
        """
        problems: list[Problem] = []
        for url in self.feeds:
            try:
                # The first look lists what the cache knows as well: it may never have been stored.
                feed = read_feed(self.fetcher, url, skip_unchanged=url in self._read)
                self._read.add(url)
            except ConnectorError as error:
                problems.append(Problem("feed", type(error).__name__, str(error)))
                continue
            for link in feed.links[: self.limit]:
                key = normalise_url(link.url)
                if key not in self._seen:
                    self._seen.add(key)
                    if not self.known(link.url):
                        self._waiting[key] = _Item(link)
        sources, rejected = self._fetch()
        return Cycle(tuple(sources), tuple(rejected), tuple(problems), len(self._waiting))

    def put_back(self, sources: Sequence[Source]) -> None:
        """Take back sources that could not be stored, to be fetched again in the next cycle."""
        for source in sources:
            address = str(source.extra.get("feed_item") or source.url)
            self._waiting.setdefault(normalise_url(address), _Item(Link(address, source.published_at)))

    def _fetch(self) -> tuple[list[Source], list[Rejected]]:
        sources: list[Source] = []
        rejected: list[Rejected] = []
        links = [
            Link(item.link.url, item.link.published_at, {**item.link.extra, "feed_item": item.link.url})
            for item in self._waiting.values()
        ]
        failed: dict[str, Rejected] = {}
        done: set[str] = set()
        for found in fetch_pages(self.fetcher, links):
            if isinstance(found, Source):
                sources.append(found)
                done.add(normalise_url(str(found.extra["feed_item"])))
            else:
                failed[found.where] = found
        for key, item in list(self._waiting.items()):
            if key in done:
                del self._waiting[key]
                continue
            item.failed += 1
            if item.failed >= TRIES:
                del self._waiting[key]
                why = next((bad for where, bad in failed.items() if item.link.url.startswith(where)), None)
                rejected.append(why or Rejected(item.link.url, f"failed {TRIES} times"))
        return sources, rejected
