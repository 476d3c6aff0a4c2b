"""Sources from before the event: what was published before the day the claim speaks of cannot have reported it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from checker.judges.checks.finding import Evidence, Finding
from checker.judges.checks.moments import Moment, find_moments
from checker.notes import note
from retrieval.dates import bounds

_SILENT = 0.3
"""What is left of support and refutation alike: an announcement still speaks of what was to come."""
_DAYS = timedelta(days=14)
"""A source from shortly before may well speak of the matter: it announces the event, or reports it, and the claim is
wrong about the day."""
_PLANNED = re.compile(
    r"\b(?:akan|bakal|rencana\w*|berencana|merencanakan|dijadwalkan|direncanakan|diagendakan|menjelang|will|would|plans?|"
    r"planned|planning|scheduled|due to|set to|is to|are to|expected to|upcoming|agenda\w*)\b",
    re.IGNORECASE,
)


def check_earlier(claim: str, evidence: Evidence) -> list[Finding]:
    """Whether the source was published before everything the claim dates.

    Claims of what is planned are left alone: an earlier source may well speak of a plan. So are dates whose year the
    claim does not give, and sources that name the day or the month of the claim: they announce it, or tell of the same
    event and another year.

    Returns:
        At most one finding, of effect `silence`.
    """
    if _PLANNED.search(claim):
        return []
    published = _last_day(evidence.published_at)
    dated = [moment for moment in find_moments(claim) if moment.asserted and moment.year is not None]
    if published is None or not dated:
        return []
    first = min(_first_day(moment) for moment in dated)
    if published + _DAYS > first or any(_told_by(evidence.text, moment) for moment in dated):
        return []
    reason = note("earlier", published=(evidence.published_at or "")[:10], claimed=dated[0].text)
    return [Finding("date", "silence", _SILENT, reason)]


def _told_by(text: str, wanted: Moment) -> bool:
    """Whether a text names the month of a date, or its day of the month."""
    return any(
        (moment.month is not None and moment.month == wanted.month)
        or (moment.day is not None and moment.day == wanted.day)
        for moment in find_moments(text)
    )


def _first_day(moment: Moment) -> date:
    try:
        return date(moment.year or 1, moment.month or 1, moment.day or 1)
    except ValueError:  # "31 Juni"
        return date(moment.year or 1, moment.month or 1, 1)


def _last_day(published_at: str | None) -> date | None:
    """The last day on which a source of that date, known to the year, the month or the day, may have appeared."""
    try:
        return bounds((published_at or "")[:10])[1].date()
    except ValueError:
        return None
