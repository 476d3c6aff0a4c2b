"""One page, by its address."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.connectors.base import Found
from retrieval.connectors.pages import Link, fetch_pages
from retrieval.errors import BadScheme, BadURL, FetchError, InputError
from retrieval.fetch import Fetcher


class UrlConnector:
    """Fetches a page and reads it."""

    name = "url"
    searches = False

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:  # noqa: ARG002
        """Yield the page at `what`, or the reason why it is not to be had.

        Raises:
            InputError: `what` is not a URL.
        """
        try:
            self._fetcher.policy.target(what)
        except (BadScheme, BadURL) as error:
            raise InputError(str(error)) from error
        except FetchError:
            pass  # a URL that is refused: the reason comes below, as for every page
        yield from fetch_pages(self._fetcher, [Link(what)], 1 if limit is None else limit)
