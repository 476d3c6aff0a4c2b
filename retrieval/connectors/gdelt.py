"""GDELT DOC 2.0: the world's online news of the last months, by words."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.connectors.api import get_json, object_of, records, text_of
from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.fetch import Fetcher

DEFAULT_LIMIT = 5
ENDPOINT = "https://api.gdeltproject.org/api/v2/doc/doc"
_LANGUAGES = {"id": "indonesian", "en": "english"}


class GdeltConnector:
    """Searches GDELT and fetches the articles.

    Args:
        fetcher: What fetches.
        gdelt_url: The endpoint.
        timespan: How far back, in GDELT's notation (`7d`, `3months`).
    """

    name = "gdelt"
    searches = True

    def __init__(self, fetcher: Fetcher, gdelt_url: str = ENDPOINT, timespan: str = "3months") -> None:
        self._fetcher = fetcher
        self._url = gdelt_url
        self._timespan = timespan

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        """Yield up to `limit` articles with the words of `what`, in `language` if it is `id` or `en`.

        Raises:
            ConnectorError: GDELT does not answer as it should; it sheds load with 429 and says in plain text what it
                does not like about a query.
        """
        most = DEFAULT_LIMIT if limit is None else limit
        # Its operators use these; a claim's own do not mean them.
        words = "".join(c if c.isalnum() or c in "-'" else " " for c in what).split()
        query = " ".join(words)
        if language in _LANGUAGES:
            query += f" sourcelang:{_LANGUAGES[language]}"
        params: dict[str, str | int] = {"query": query, "mode": "artlist", "format": "json", "sort": "datedesc"}
        params |= {"maxrecords": max(1, min(2 * most, 250)), "timespan": self._timespan}
        found = object_of(get_json(self._fetcher, self.name, self._url, params=params), self.name)
        links = [
            # seendate is when GDELT saw the page, not when it was published.
            Link(text_of(article, "url"), extra={"gdelt_seen": text_of(article, "seendate")})
            for article in records(found, "articles")
        ]
        yield from fetch_pages(self._fetcher, links, most)
