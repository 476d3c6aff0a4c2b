"""RSS and Atom feeds: the items they list, fetched as pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.dates import parse_date
from retrieval.errors import (
    BadScheme,
    BadURL,
    ConnectorReply,
    ConnectorUnavailable,
    ExtractError,
    FetchError,
    InputError,
)
from retrieval.fetch import DOCUMENT_TYPES, Fetcher
from retrieval.guard import shown
from retrieval.sandbox import parse_in_child

DEFAULT_LIMIT = 30
_TYPES = DOCUMENT_TYPES | {"application/octet-stream", "text/rss+xml"}


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed lists.

    Attributes:
        links: Its items in its order, with the dates it gives.
        not_modified: The server says that nothing changed since it was last read.
    """

    url: str
    title: str
    links: tuple[Link, ...]
    not_modified: bool = False


def read_feed(fetcher: Fetcher, url: str, *, skip_unchanged: bool = False) -> Feed:
    """Return what the feed at `url` lists.

    Args:
        fetcher: What fetches.
        url: The feed.
        skip_unchanged: List nothing when the server says that nothing changed.

    Raises:
        InputError: `url` is not a URL.
        ConnectorUnavailable: It cannot be fetched.
        ConnectorReply: It is not a feed.
    """
    name = shown(url)
    try:
        response = fetcher.get(url, accept=_TYPES, conditional=True)
        if skip_unchanged and response.not_modified:
            return Feed(response.final_url, "", (), not_modified=True)
        found = parse_in_child("feed", response.body, name)
    except (BadScheme, BadURL) as error:
        raise InputError(str(error)) from error
    except FetchError as error:
        raise ConnectorUnavailable("feed", str(error)) from error
    except ExtractError as error:
        raise ConnectorReply("feed", str(error)) from error
    title = str(found.get("title") or "")
    links = []
    for entry in found.get("entries", []):
        # Some feeds give the address as the id alone.
        address = entry.get("url") or (entry.get("id") if str(entry.get("id")).startswith("http") else "")
        if not address:
            continue
        links.append(
            Link(
                urljoin(response.final_url, address.strip()),
                published_at=_moment(entry),
                extra={"feed": response.final_url, "feed_title": entry.get("title", "")},
            )
        )
    return Feed(response.final_url, title, tuple(links), response.not_modified)


def _moment(entry: dict[str, str]) -> str | None:
    """The entry's date; feedparser's reading in UTC is taken only where the text has a time and a zone to read."""
    said = parse_date(entry.get("published", "")) if entry.get("published") else None
    if said is None:
        return entry.get("published_at") or None
    return said.iso()


class FeedConnector:
    """Reads a feed and fetches the pages it lists."""

    name = "feed"
    searches = False

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:  # noqa: ARG002
        """Yield the pages that the feed at `what` lists, newest items first as feeds have them.

        Raises:
            InputError: `what` is not a URL.
            ConnectorError: The feed cannot be fetched, or is none.
        """
        feed = read_feed(self._fetcher, what)
        yield from fetch_pages(self._fetcher, feed.links, DEFAULT_LIMIT if limit is None else limit)
