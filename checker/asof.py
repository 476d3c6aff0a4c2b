"""The moment a verdict is given as of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from checker.errors import SettingsError

_JAKARTA = timezone(timedelta(hours=7), "WIB")


def parse_as_of(value: str | date | datetime | None) -> datetime:
    """Turn what a person typed into a moment.

    Args:
        value: ISO 8601 date or date-time, or None for now. A bare date means the end of that day, so that what was
            published on the day counts. Without a zone it is Jakarta's, as are the undetailed dates of sources
            (`retrieval.dates.bounds`).

    Returns:
        An aware date-time in UTC.

    Raises:
        SettingsError: It is no such date.
    """
    if value is None:
        return datetime.now(UTC)
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) == len("2025-06-23") else datetime.fromisoformat(text)
        except ValueError as error:
            raise SettingsError(
                f"cannot read {text[:40]!r} as a date; write it as 2025-06-23 or 2025-06-23T19:04+07:00"
            ) from error
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, 23, 59, 59, tzinfo=_JAKARTA).astimezone(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=_JAKARTA)).astimezone(UTC)
