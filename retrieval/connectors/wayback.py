"""The Wayback Machine: an archived copy of a page that is cited, for when it changes or goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from retrieval.connectors.api import get_json, object_of, text_of
from retrieval.connectors.base import Found, Rejected
from retrieval.errors import BadScheme, BadURL, ConnectorError, ConnectorReply, ExtractError, FetchError, InputError
from retrieval.extract import extract_bytes
from retrieval.fetch import Fetcher
from retrieval.guard import shown

AVAILABILITY = "https://archive.org/wayback/available"
ARCHIVE = "https://web.archive.org"


@dataclass(frozen=True, slots=True)
class ArchivedCopy:
    """One snapshot.

    Attributes:
        url: The page that was archived.
        archived_url: Address of the snapshot, for people.
        archived_at: When it was taken, ISO 8601 in UTC.
    """

    url: str
    archived_url: str
    archived_at: str

    @property
    def stamp(self) -> str:
        """`YYYYMMDDhhmmss`, as the archive writes it."""
        return "".join(c for c in self.archived_at if c.isdigit())


class WaybackConnector:
    """Finds and reads snapshots. As a connector it takes the address of a page.

    Args:
        fetcher: What fetches.
        wayback_url: Endpoint of the availability API.
        archive_url: Base address of the archive, which serves the snapshots and the CDX index.
    """

    name = "wayback"
    searches = False

    def __init__(self, fetcher: Fetcher, wayback_url: str = AVAILABILITY, archive_url: str = ARCHIVE) -> None:
        self._fetcher = fetcher
        self._availability = wayback_url
        self._archive = archive_url.rstrip("/")

    def archived_copy(self, url: str, at: str | None = None) -> ArchivedCopy | None:
        """Return the snapshot of `url` closest to `at`, or None if the archive has none.

        Args:
            url: The page.
            at: ISO 8601 to any precision; the newest by default.

        Raises:
            ConnectorError: Neither of the archive's two interfaces answers as it should.
        """
        stamp = "".join(c for c in (at or "").partition("+")[0] if c.isdigit())[:14]
        try:
            return self._closest(url, stamp)
        except ConnectorError:
            return self._listed(url, stamp)

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:  # noqa: ARG002
        """Yield the newest snapshot of the page `what`, as a source with the page's own address.

        Raises:
            InputError: `what` is not a URL.
            ConnectorError: The archive does not answer as it should.
        """
        try:
            self._fetcher.policy.target(what)
        except (BadScheme, BadURL) as error:
            raise InputError(str(error)) from error
        except FetchError:
            pass  # not ours to fetch, but the archive may have it
        if limit == 0:
            return
        copy = self.archived_copy(what)
        if copy is None:
            yield Rejected(shown(what), "is not in the Wayback Machine")
            return
        # id_ asks for the page as it was, without the archive's own banner and rewritten links.
        raw = f"{self._archive}/web/{copy.stamp}id_/{what}"
        try:
            response = self._fetcher.get(raw, robots=False)
            source = extract_bytes(
                response.body, url=what, content_type=response.content_type, fetched_at=response.fetched_at
            )
        except (FetchError, ExtractError) as error:
            yield Rejected(copy.archived_url, str(error))
            return
        extra = {**source.extra, "archived_url": copy.archived_url, "archived_at": copy.archived_at}
        yield replace(source, extra=MappingProxyType(extra))

    def _closest(self, url: str, stamp: str) -> ArchivedCopy | None:
        params = {"url": url, **({"timestamp": stamp} if stamp else {})}
        found: Any = object_of(get_json(self._fetcher, self.name, self._availability, params=params), self.name)
        for key in ("archived_snapshots", "closest"):
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, dict) or found.get("available") is False:
            return None
        moment = _moment(text_of(found, "timestamp"))
        if moment is None or not (text_of(found, "status") or "200").startswith("2"):
            return None
        return self._copy(url, moment)

    def _listed(self, url: str, stamp: str) -> ArchivedCopy | None:
        params: dict[str, str | int] = {"url": url, "output": "json", "filter": "statuscode:200", "collapse": "digest"}
        params |= {"limit": 500 if stamp else -1}  # negative: from the end
        rows = get_json(self._fetcher, self.name, f"{self._archive}/cdx/search/cdx", params=params)
        if not isinstance(rows, list):
            raise ConnectorReply(self.name, "answers with something else than rows")
        rows = [row for row in rows if isinstance(row, list)]
        if len(rows) < 2:
            return None  # the first row is the header
        try:
            column = rows[0].index("timestamp")
        except ValueError as error:
            raise ConnectorReply(self.name, "answers rows without a timestamp") from error
        moments = [_moment(str(row[column])) for row in rows[1:] if len(row) > column]
        known = [moment for moment in moments if moment is not None]
        wanted = _moment(stamp + "00000101000000"[len(stamp) :])  # a year or a day means its beginning
        if not known:
            return None
        chosen = min(known, key=lambda m: abs((m - wanted).total_seconds())) if wanted else max(known)
        return self._copy(url, chosen)

    def _copy(self, url: str, moment: datetime) -> ArchivedCopy:
        stamp = moment.strftime("%Y%m%d%H%M%S")
        return ArchivedCopy(url, f"{self._archive}/web/{stamp}/{url}", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
