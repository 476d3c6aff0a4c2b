"""SearXNG: a newsroom's own meta search engine."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.connectors.api import get_json, object_of, records, require, text_of
from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.errors import ConnectorUnavailable
from retrieval.fetch import Fetcher

DEFAULT_LIMIT = 5
_FORBIDDEN = "it refuses JSON; add json to search.formats in the instance's settings.yml"


class SearxngConnector:
    """Searches an instance of SearXNG and fetches the results.

    Args:
        fetcher: What fetches; an instance on a private host must be on its allow-list.
        searxng_url: Base address of the instance.
        categories: SearXNG's categories, by comma.
    """

    name = "searxng"
    searches = True

    def __init__(self, fetcher: Fetcher, searxng_url: str = "", categories: str = "general,news") -> None:
        self._fetcher = fetcher
        base = require(searxng_url, self.name, "SARING_SEARXNG_URL to the address of a SearXNG instance")
        self._url = f"{base.rstrip('/').removesuffix('/search')}/search"
        self._categories = categories

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        """Yield up to `limit` pages that the instance finds for `what`.

        Raises:
            ConnectorError: The instance does not answer as it should, or none of its engines answered.
        """
        most = DEFAULT_LIMIT if limit is None else limit
        params: dict[str, str | int] = {"q": what, "format": "json", "categories": self._categories, "safesearch": 0}
        if language:
            params["language"] = language
        found = object_of(get_json(self._fetcher, self.name, self._url, params=params, forbidden=_FORBIDDEN), self.name)
        results = records(found, "results")
        silent = found.get("unresponsive_engines")
        if not results and isinstance(silent, list) and silent:
            names = [str(engine[0] if isinstance(engine, list) and engine else engine) for engine in silent[:5]]
            raise ConnectorUnavailable(self.name, f"none of its engines answered ({', '.join(names)})")
        dated = [(text_of(result, "url"), text_of(result, "publishedDate")) for result in results]
        links = [Link(url, extra={"reported_date": date}) for url, date in dated]
        yield from fetch_pages(self._fetcher, links, most)
