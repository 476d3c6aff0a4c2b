"""Tavily, by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from retrieval.connectors.api import object_of, post_json, records, require, text_of
from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.fetch import Fetcher

DEFAULT_LIMIT = 5
ENDPOINT = "https://api.tavily.com/search"
_MOST = 20


class TavilyConnector:
    """Searches with Tavily and fetches the results from their own publishers.

    Args:
        fetcher: What fetches.
        tavily_key: API key.
        tavily_url: The endpoint.
        topic: `general` or `news`.
    """

    name = "tavily"
    searches = True

    def __init__(
        self,
        fetcher: Fetcher,
        tavily_key: str = "",
        tavily_url: str = ENDPOINT,
        topic: Literal["general", "news"] = "general",
    ) -> None:
        self._fetcher = fetcher
        self._key = require(tavily_key, self.name, "SARING_TAVILY_KEY to an API key of Tavily")
        self._url = tavily_url
        self._topic = topic

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:  # noqa: ARG002
        """Yield up to `limit` pages that Tavily finds for `what`.

        Raises:
            ConnectorError: Tavily does not answer as it should.
        """
        most = DEFAULT_LIMIT if limit is None else limit
        payload = {
            "query": what,
            "topic": self._topic,
            "search_depth": "basic",
            "max_results": max(1, min(most, _MOST)),
            "include_raw_content": False,
        }
        headers = {"Authorization": f"Bearer {self._key}"}
        found = object_of(post_json(self._fetcher, self.name, self._url, payload, headers=headers), self.name)
        links = [
            Link(text_of(result, "url"), extra={"reported_date": text_of(result, "published_date")})
            for result in records(found, "results")
        ]
        yield from fetch_pages(self._fetcher, links, most)
