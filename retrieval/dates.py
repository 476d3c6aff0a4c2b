"""Dates as sources give them: to the precision that is known, and no further."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

JAKARTA = timezone(timedelta(hours=7), "WIB")
"""Zone of a date without one: the newsrooms that Saring is made for write Western Indonesian Time."""

_ISO = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?$", re.I
)


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """The days that a mention of a date can mean, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a range of dates cannot end ({self.last}) before it begins ({self.first})")


def bounds(published_at: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a date can mean.

    A day, month or year without a zone is read in Jakarta's; so an `as_of` of `2025-06-23` ends with that day there.

    Args:
        published_at: ISO 8601 to any precision: `2025`, `2025-06`, `2025-06-23`, `2025-06-23T19:04+07:00`.

    Returns:
        Two moments in UTC, the same one for a time to the second.

    Raises:
        ValueError: It is not an ISO 8601 date, or not a date of the calendar.
    """
    match = _ISO.match(published_at.strip())
    if not match:
        raise ValueError(f"{published_at!r} is not an ISO 8601 date such as 2025-06-23")
    year, month, day, hour, minute, second, zone = match.groups()
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=_zone(zone))
    if hour is not None:
        start = start.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
        length = timedelta(seconds=0 if second else 59)
        return start.astimezone(UTC), (start + length).astimezone(UTC)
    if day:
        following = start + timedelta(days=1)
    elif month:
        following = (start + timedelta(days=31)).replace(day=1)
    else:
        following = start.replace(year=start.year + 1)
    return start.astimezone(UTC), (following - timedelta(seconds=1)).astimezone(UTC)


def utc_text(moment: datetime) -> str:
    """`2025-06-23T12:04:00Z`: as the store keeps moments, so that their order is that of the texts."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _zone(text: str | None) -> timezone:
    if text is None:
        return JAKARTA
    if text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
