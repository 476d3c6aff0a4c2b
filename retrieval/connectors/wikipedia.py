"""Wikipedia in Indonesian and English: articles as text, in the revision that was read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from retrieval.connectors.api import get_json, object_of, records, text_of
from retrieval.connectors.base import Found, Rejected
from retrieval.errors import ConnectorError, ConnectorReply
from retrieval.fetch import Fetcher
from retrieval.ids import content_hash, source_id
from retrieval.types import Source

LANGUAGES = ("id", "en")
DEFAULT_LIMIT = 3


class WikipediaConnector:
    """Searches by the REST API (by the Action API where that is not answered) and reads plain-text extracts.

    Args:
        fetcher: What fetches.
        wikipedia_url: Base address; `{language}` becomes `id` or `en`.
    """

    name = "wikipedia"
    searches = True

    def __init__(self, fetcher: Fetcher, wikipedia_url: str = "https://{language}.wikipedia.org") -> None:
        self._fetcher = fetcher
        self._base = wikipedia_url.rstrip("/")

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        """Yield up to `limit` articles in `language`, or of each language if it is neither of the two.

        Raises:
            ConnectorError: No Wikipedia that was asked answers as it should.
        """
        most = DEFAULT_LIMIT if limit is None else limit
        trouble: list[ConnectorError] = []
        asked = [language] if language in LANGUAGES else list(LANGUAGES)
        for code in asked:
            try:
                titles = self._search(what, code, most)
            except ConnectorError as error:
                trouble.append(error)
                continue
            for title in titles:
                try:
                    yield self._article(title, code)
                except ConnectorError as error:
                    yield Rejected(self._page(title, code), str(error))
        if len(trouble) == len(asked):
            raise trouble[0]

    def _search(self, query: str, language: str, limit: int) -> list[str]:
        base = self._base.format(language=language)
        try:
            found = get_json(
                self._fetcher, self.name, f"{base}/w/rest.php/v1/search/page", params={"q": query, "limit": limit}
            )
            titles = [text_of(page, "title", "key") for page in records(object_of(found, self.name), "pages")]
        except ConnectorError:
            params: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2, "list": "search"}
            params |= {"srsearch": query, "srlimit": limit}
            found = get_json(self._fetcher, self.name, f"{base}/w/api.php", params=params)
            titles = [text_of(page, "title") for page in records(object_of(found, self.name), "query", "search")]
        return list(dict.fromkeys(title for title in titles if title))[:limit]

    def _article(self, title: str, language: str) -> Source:
        base = self._base.format(language=language)
        params: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2, "redirects": 1}
        params |= {"prop": "extracts|info|revisions", "explaintext": 1, "exsectionformat": "plain", "inprop": "url"}
        params |= {"rvprop": "ids|timestamp", "titles": title}
        found = object_of(get_json(self._fetcher, self.name, f"{base}/w/api.php", params=params), self.name)
        page: dict[str, Any] = next(iter(records(found, "query", "pages")), {})
        text = page.get("extract")
        if not isinstance(text, str) or not text.strip():
            raise ConnectorReply(self.name, f"has no text for {title!r}")
        revision = next(iter(records(page, "revisions")), {})
        address = text_of(page, "fullurl") or self._page(title, language)
        extra = {"revision": text_of(revision, "revid"), "licence": "CC BY-SA 4.0"}
        return Source(
            id=source_id(address, text),
            url=address,
            title=text_of(page, "title") or title,
            publisher="Wikipedia",
            publisher_type="reference",
            country="",
            language=language,
            # The text is as of this revision: what it says later was not known earlier.
            published_at=text_of(revision, "timestamp") or None,
            fetched_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            via=(),
            content_hash=content_hash(text),
            text=text,
            extra=MappingProxyType({key: value for key, value in extra.items() if value}),
        )

    def _page(self, title: str, language: str) -> str:
        return f"{self._base.format(language=language)}/wiki/{quote(title.replace(' ', '_'))}"
