"""Google Fact Check Tools: what fact-checkers have published about a claim, read on their own pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from retrieval.connectors.api import get_json, object_of, records, require, text_of
from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.fetch import Fetcher
from retrieval.types import Source

DEFAULT_LIMIT = 5
ENDPOINT = "https://factchecktools.googleapis.com/v1alpha1/claims:search"


class FactCheckConnector:
    """Searches the register of ClaimReview and fetches the reviews.

    The register's entry (claim, claimant, rating) is kept in `extra["claim_review"]`. It is not made into a text: a
    claim quoted without its review would read as support for what the review refutes.

    Args:
        fetcher: What fetches.
        factcheck_key: API key.
        factcheck_url: The endpoint.
    """

    name = "factcheck"
    searches = True

    def __init__(self, fetcher: Fetcher, factcheck_key: str = "", factcheck_url: str = ENDPOINT) -> None:
        self._fetcher = fetcher
        self._key = require(factcheck_key, self.name, "SARING_FACTCHECK_KEY to a key of Google's Fact Check Tools API")
        self._url = factcheck_url

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        """Yield up to `limit` reviews of claims like `what`, in `language` if it is given.

        Raises:
            ConnectorError: The register does not answer as it should.
        """
        most = DEFAULT_LIMIT if limit is None else limit
        params: dict[str, str | int] = {"query": what, "pageSize": max(1, min(most, 50))}
        if language:
            params["languageCode"] = language
        # The key goes into a header: addresses end up in logs.
        headers = {"X-Goog-Api-Key": self._key}
        found = object_of(get_json(self._fetcher, self.name, self._url, params=params, headers=headers), self.name)
        links = []
        for claim in records(found, "claims"):
            for review in records(claim, "claimReview"):
                publisher = review.get("publisher")
                about = {
                    "claim": text_of(claim, "text"),
                    "claimant": text_of(claim, "claimant"),
                    "claim_date": text_of(claim, "claimDate"),
                    "title": text_of(review, "title"),
                    "rating": text_of(review, "textualRating"),
                    "publisher": text_of(publisher, "name", "site"),
                }
                kept = {key: value for key, value in about.items() if value}
                link = Link(text_of(review, "url"), text_of(review, "reviewDate") or None, {"claim_review": kept})
                links.append(link)
        for page in fetch_pages(self._fetcher, links, most):
            yield _as_review(page) if isinstance(page, Source) else page


def _as_review(source: Source) -> Source:
    if source.publisher_type:
        return source
    named = source.extra["claim_review"].get("publisher", "")
    return replace(source, publisher_type="fact_checker", publisher=named or source.publisher)
