"""Brave Search, by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from retrieval.connectors.api import get_json, object_of, records, require, text_of
from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.fetch import Fetcher

DEFAULT_LIMIT = 5
ENDPOINT = "https://api.search.brave.com"
_MOST = {"web": 20, "news": 50}
_QUERY_CHARACTERS = 400


class BraveConnector:
    """Searches the web (or news) with Brave and fetches the results.

    Args:
        fetcher: What fetches.
        brave_key: Subscription token.
        brave_url: Base address.
        kind: Which of its searches.
    """

    name = "brave"
    searches = True

    def __init__(
        self,
        fetcher: Fetcher,
        brave_key: str = "",
        brave_url: str = ENDPOINT,
        kind: Literal["web", "news"] = "web",
    ) -> None:
        self._fetcher = fetcher
        self._key = require(brave_key, self.name, "SARING_BRAVE_KEY to a subscription token of Brave Search")
        self._url = f"{brave_url.rstrip('/')}/res/v1/{kind}/search"
        self._most = _MOST[kind]

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        """Yield up to `limit` pages that Brave finds for `what`.

        Raises:
            ConnectorError: Brave does not answer as it should.
        """
        most = DEFAULT_LIMIT if limit is None else limit
        params: dict[str, str | int] = {"q": what[:_QUERY_CHARACTERS], "count": max(1, min(most, self._most))}
        if language == "id":
            params["country"] = "ID"  # its list of search languages has no Indonesian
        headers = {"X-Subscription-Token": self._key}
        found = object_of(get_json(self._fetcher, self.name, self._url, params=params, headers=headers), self.name)
        results = records(found, "web", "results") or records(found, "results")
        links = [
            Link(text_of(result, "url"), extra={"reported_date": text_of(result, "page_age")}) for result in results
        ]
        yield from fetch_pages(self._fetcher, links, most)
