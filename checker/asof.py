"""The moment a verdict is given as of."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from checker.errors import SettingsError


def parse_as_of(value: str | date | datetime | None) -> datetime:
    """Turn what a person typed into a moment.

    Args:
        value: ISO 8601 date or date-time, or None for now. A bare date means the end of that day in UTC, so that what
            was published on the day counts. A date-time without a zone is taken as UTC.

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
        return datetime.combine(value, time.max, UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
