"""Archived copies of the pages that a report cites: what they said stays readable when they change or go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from retrieval.connectors import load_connector
from retrieval.connectors.wayback import ArchivedCopy, WaybackConnector
from retrieval.errors import ConnectorError, FetchError
from retrieval.fetch import Fetcher

PATIENCE = 2
"""Failures in a row after which the archive is taken to be down, and the rest is not asked for."""


class Copies(NamedTuple):
    """What the archive has.

    Attributes:
        found: The copy of each page that has one, by the page's address.
        missing: Pages that the archive does not have.
        problems: Pages that it could not be asked for, with the reason in one line.
    """

    found: Mapping[str, ArchivedCopy]
    missing: tuple[str, ...]
    problems: Mapping[str, str]


def archived_copies(
    pages: Mapping[str, str | None],
    *,
    fetcher: Fetcher,
    options: Mapping[str, Any] | None = None,
    on_page: Callable[[str], None] | None = None,
) -> Copies:
    """Ask the Wayback Machine for the copy of each page that is nearest to a date.

    Args:
        pages: Addresses, and the date that a copy should be near (ISO 8601 to any precision), None for the newest.
            What is no http(s) address is passed over: there is nothing to archive.
        fetcher: What fetches.
        options: Arguments of the connector; by default `options_from_environment()`.
        on_page: Called with each address before it is asked for.

    Returns:
        Every page in exactly one of the three parts. Nothing is raised for an archive that is down.
    """
    if options is None:
        from retrieval.connectors.run import options_from_environment

        options = options_from_environment()
    archive = load_connector("wayback", fetcher=fetcher, **options)
    assert isinstance(archive, WaybackConnector)  # a built-in name cannot be taken over
    found: dict[str, ArchivedCopy] = {}
    missing: list[str] = []
    problems: dict[str, str] = {}
    failures = 0
    for url, at in pages.items():
        if not url.lower().startswith(("http://", "https://")):
            continue
        if failures >= PATIENCE:
            problems[url] = "not asked for: the archive did not answer"
            continue
        if on_page is not None:
            on_page(url)
        try:
            copy = archive.archived_copy(url, at)
        except (ConnectorError, FetchError) as error:
            failures += 1
            problems[url] = str(error)
            continue
        failures = 0
        if copy is None:
            missing.append(url)
        else:
            found[url] = copy
    return Copies(found, tuple(missing), problems)
