"""Dates, weekdays and times of the claim that the evidence does not give, or gives otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from checker.judges.checks.finding import Evidence, Finding
from checker.judges.checks.moments import Clock, Moment, find_clocks, find_moments, resolve, tells_steps
from checker.notes import note

_REFUTED, _COARSER, _ABSENT, _ABSENT_YEAR, _ABSENT_TIME = 0.1, 0.8, 0.6, 0.85, 0.8
"""What is left of the support: another date stated, only a coarser one, none at all, only the year missing, no time."""


def check_dates(claim: str, evidence: Evidence) -> list[Finding]:
    """What speaks against support in the dates.

    A coarser claim is borne out by a finer date ("in February" by 26 February). A finer claim is carried less surely by
    a coarser one. Another date of like grain refutes, where the evidence gives no date that agrees.

    Returns:
        At most one finding per date and one per time of day of the claim.
    """
    wanted = [moment for moment in find_moments(claim) if moment.asserted]
    stated = find_moments(evidence.text)
    known = [*stated, *resolve(stated, evidence.text, evidence.published_at)]
    around = find_moments(evidence.around)
    known += [*around, *resolve(around, evidence.around, evidence.published_at), *_published(evidence)]
    findings = [finding for moment in wanted if (finding := _look(moment, wanted, stated, known, evidence.text))]
    return findings + _clocks(claim, evidence)


def _published(evidence: Evidence) -> list[Moment]:
    """The day of publication: what a report tells without a date mostly happened then or shortly before."""
    parts = (evidence.published_at or "")[:10].split("-")
    if not parts[0].isdigit():
        return []
    year, month, day = [int(part) if part.isdigit() else None for part in (*parts, "", "")][:3]
    return [Moment(0, 0, "", year, month, day, resolved=True)]


def _look(
    moment: Moment, wanted: Sequence[Moment], stated: Sequence[Moment], known: Sequence[Moment], evidence: str
) -> Finding | None:
    agreeing = [other for other in known if _agrees(moment, other)]
    if any(_covers(other, moment) for other in agreeing) or _within_years(moment, stated):
        return None
    rivals = [
        other
        for other in stated
        if other.asserted and _contradicts(moment, other) and not any(_agrees(mine, other) for mine in wanted)
    ]
    if len(rivals) > 1:  # the one that shares the most: "12 Oktober 2023" rather than "Januari 2023"
        nearest = max(_shared_parts(moment, other) for other in rivals)
        rivals = [other for other in rivals if _shared_parts(moment, other) == nearest]
    # "Keesokan harinya": the day the claim gives may be the one that the text counts from the day it states.
    counted = tells_steps(evidence)
    if len(rivals) == 1 and not counted and not any(_agrees(moment, other) for other in stated):
        return Finding(
            "date", "refute", _REFUTED, note("other_value", claimed=moment.text, stated=f"“{rivals[0].text}”")
        )
    if agreeing:
        return Finding("date", "lower", _COARSER, note("less_exact", claimed=moment.text))
    only_year = moment.year is not None and moment.month is None and moment.weekday is None
    factor = _ABSENT_YEAR if only_year else _ABSENT
    return Finding("date", "lower", factor, note("no_date", claimed=moment.text))


def _within_years(moment: Moment, stated: Sequence[Moment]) -> bool:
    """Whether a bare year lies between two bare years that the evidence gives (`1924-1943`, "from 2019 to 2023")."""
    years = [other.year for other in stated if other.year is not None and other.month is None]
    if moment.year is None or moment.month is not None or len(years) < 2:
        return False
    return min(years) <= moment.year <= max(years)


def _shared_parts(first: Moment, second: Moment) -> int:
    mine, theirs = _parts(first), _parts(second)
    return sum(theirs.get(name) == value for name, value in mine.items())


def _parts(moment: Moment) -> dict[str, int]:
    given = {"year": moment.year, "month": moment.month, "day": moment.day}
    return {name: value for name, value in given.items() if value is not None}


def _weekday(moment: Moment) -> int | None:
    return moment.weekday or (moment.date.isoweekday() if moment.date else None)


def _same_day(first: Moment, second: Moment) -> bool:
    days = sorted((moment.day or 0, moment.last or moment.day or 0) for moment in (first, second))
    return days[0][1] >= days[1][0]


def _agrees(claim: Moment, evidence: Moment) -> bool:
    """Whether two dates share a part and contradict each other in none."""
    mine, theirs = _parts(claim), _parts(evidence)
    shared = set(mine) & set(theirs)
    if any(mine[name] != theirs[name] for name in shared - {"day"}):
        return False
    if "day" in shared and not _same_day(claim, evidence):
        return False
    days = _weekday(claim), _weekday(evidence)
    if None not in days and days[0] != days[1] and claim.weekday is not None:
        return False
    return bool(shared) or None not in days


def _covers(evidence: Moment, claim: Moment) -> bool:
    """Whether a date that agrees is as exact as the claim's: the year may go without saying."""
    needed = set(_parts(claim)) - {"year"} or set(_parts(claim))
    if claim.weekday is not None and not needed:
        return _weekday(evidence) is not None
    return needed <= set(_parts(evidence))


def _contradicts(claim: Moment, evidence: Moment) -> bool:
    """Whether two dates of like grain cannot be the same day, month or year."""
    mine, theirs = _parts(claim), _parts(evidence)
    if _agrees(claim, evidence):
        return False
    if claim.weekday is not None and evidence.weekday is not None and not (mine or theirs):
        return claim.weekday != evidence.weekday
    # A coarser claim is contradicted by a finer date of another month; a bare year by a bare year only, since texts
    # name years of much else.
    return set(mine) == set(theirs) or "month" in set(mine) & set(theirs)


def _clocks(claim: str, evidence: Evidence) -> list[Finding]:
    stated = find_clocks(evidence.text)
    known = (*stated, *find_clocks(evidence.around))
    findings = []
    wanted = find_clocks(claim)
    if len(wanted) > 1 and any(_same_time(clock, other) for clock in wanted for other in known):
        return []  # the same moment in two zones, or a span of which one end is borne out
    for clock in wanted:
        if any(_same_time(clock, other) for other in known):
            continue
        if len(stated) == 1:
            reason = note("other_value", claimed=clock.text, stated=f"“{stated[0].text}”")
            findings.append(Finding("date", "refute", _REFUTED, reason))
        else:
            findings.append(Finding("date", "lower", _ABSENT_TIME, note("no_time", claimed=clock.text)))
    return findings


def _same_time(first: Clock, second: Clock) -> bool:
    a, b = first.minutes, second.minutes
    if first.zone is not None and second.zone is not None:
        a, b = a - first.zone, b - second.zone
    apart = abs(a - b) % 1440
    # An hour named roughly ("pukul 1") may be of either half of the day.
    half = 720 if not (first.precise and second.precise) else 1440
    return min(apart % half, half - apart % half) <= (0 if first.precise and second.precise else 30)
