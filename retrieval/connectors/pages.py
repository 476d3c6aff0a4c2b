"""From addresses to sources: what every connector that finds links does with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from retrieval.connectors.base import Found, Rejected
from retrieval.errors import ExtractError, FetchError
from retrieval.extract import extract_bytes
from retrieval.fetch import Fetcher
from retrieval.guard import shown
from retrieval.ids import normalise_url
from retrieval.types import Source

WORKERS = 4
"""Pages fetched at once; each host is asked for fewer (`FetchSettings.per_host`)."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page that was found, and what the place that found it says about it.

    Attributes:
        url: Its address.
        published_at: Date that its own publisher gives elsewhere (a feed, a register); used where the page shows none.
        extra: Kept in the source's `extra`.
    """

    url: str
    published_at: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def fetch_page(fetcher: Fetcher, link: Link) -> Source:
    """Return the page of `link` as a source.

    Raises:
        FetchError: It cannot be fetched.
        ExtractError: It cannot be read.
    """
    response = fetcher.get(link.url, conditional=True)
    source = extract_bytes(
        response.body, url=response.final_url, content_type=response.content_type, fetched_at=response.fetched_at
    )
    extra = {**source.extra, **{key: value for key, value in link.extra.items() if value not in ("", None)}}
    return replace(
        source, published_at=source.published_at or link.published_at, extra=MappingProxyType(extra) if extra else extra
    )


def fetch_pages(fetcher: Fetcher, links: Iterable[Link], limit: int | None = None) -> Iterator[Found]:
    """Yield the pages of `links` as they arrive, each address once; at most `limit` links are tried."""
    unique: dict[str, Link] = {}
    for link in links:
        if limit is not None and len(unique) >= limit:
            break
        if link.url:
            unique.setdefault(normalise_url(link.url), link)
    pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="saring-pages")
    try:
        waiting: dict[Future[Source], Link] = {pool.submit(fetch_page, fetcher, link): link for link in unique.values()}
        for future in as_completed(waiting):
            try:
                yield future.result()
            except (FetchError, ExtractError) as error:
                yield Rejected(shown(waiting[future].url), _reason(error, waiting[future].url))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _reason(error: Exception, url: str) -> str:
    """The message without the address that `Rejected` shows already."""
    return str(error).removeprefix(f"{shown(url)}: ")
