"""Numbers of the claim that the evidence does not state, or states otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from checker.judges.checks.derived import worked_out
from checker.judges.checks.finding import Evidence, Finding
from checker.judges.checks.quantity import Quantity, find_quantities, rounds_to
from checker.judges.checks.units import DURATIONS, EXACT
from checker.notes import note

_TOLERANCE = 0.1
"""How far "about" reaches, as a share of the value; chosen on newsroom-dev, where 1,800 stands for 1,795."""
_REFUTED, _VETOED, _ABSENT, _SMALL = 0.05, 0.15, 0.3, 0.7
"""What is left of the support: another value stated, several others, none, and none for a small count."""

_TIED_UNITS = frozenset({"time", "ordinal", "unit", "point"})
"""Units of so many things that another value of theirs says nothing."""


def _near(first: float, second: float, tolerance: float) -> bool:
    return abs(first - second) <= tolerance * max(abs(first), abs(second)) + 1e-9


def agree(claim: Quantity, evidence: Quantity) -> bool:
    """Whether the evidence's quantity bears out the claim's, in any of their readings."""
    return any(
        _reading_agrees(claim, evidence, mine, theirs) for mine in claim.readings for theirs in evidence.readings
    )


def _reading_agrees(
    claim: Quantity, evidence: Quantity, mine: tuple[float, float], theirs: tuple[float, float]
) -> bool:
    tolerance = _TOLERANCE if claim.approximate or evidence.approximate else 1e-6
    if _near(mine[0], theirs[0], tolerance) and _near(mine[1], theirs[1], tolerance):
        return True
    if claim.vague or evidence.vague:
        return mine[0] <= theirs[1] and theirs[0] <= mine[1]
    if claim.bound == "more":
        return theirs[0] >= mine[0] and evidence.bound != "less"
    if claim.bound == "less":
        return theirs[1] <= mine[0] and evidence.bound != "more"
    if mine[0] < mine[1]:
        return mine[0] <= theirs[0] and theirs[1] <= mine[1]
    if claim.approximate and theirs[0] <= mine[0] <= theirs[1]:
        return True
    if theirs[0] < theirs[1] and any(_near(mine[0], end, tolerance) for end in theirs):
        return True  # "from 5 to 6.25 percent" states both
    if evidence.bound == "more":
        return theirs[0] <= mine[0] <= theirs[0] * (1 + _TOLERANCE)
    if evidence.bound == "less":
        return theirs[0] * (1 - _TOLERANCE) <= mine[0] <= theirs[0]
    return rounds_to(theirs[0], mine[0]) or rounds_to(mine[0], theirs[0])


def _units_meet(claim: Quantity, evidence: Quantity) -> bool:
    """Whether two quantities measure or count the same kind of thing."""
    if claim.unit and evidence.unit:
        return claim.unit == evidence.unit
    return bool(claim.noun) and claim.noun == evidence.noun and not (claim.unit or evidence.unit)


def _roles_meet(claim: Quantity, evidence: Quantity) -> bool:
    if claim.unit in ("person", "family", "child") or evidence.unit == "person":
        return claim.role == evidence.role
    return not (claim.role and evidence.role) or claim.role == evidence.role


def _compatible(claim: Quantity, evidence: Quantity) -> bool:
    """Whether an equal value may be the same quantity.

    Things that are counted go by several names ("230 hospital workers", "32 districts and cities"), so that only
    measures, money, shares and durations must be of one unit.
    """
    if not claim.unit or not evidence.unit or claim.unit == evidence.unit:
        return True
    units = {claim.unit, evidence.unit}
    if "ordinal" in units:  # "menit ke-96" is "96 minutes"
        return not units & EXACT
    return not units & (EXACT | DURATIONS)


def check_numbers(claim: str, evidence: Evidence) -> list[Finding]:
    """What speaks against support in the numbers.

    Each number of the claim is looked for in the cited sentence, then in its surroundings. Found nowhere, it is
    *refuted* where the sentence gives exactly one other value for a like unit and role, *vetoed* where it gives
    several, and support is lowered where it gives none.

    Returns:
        At most one finding per number of the claim.
    """
    stated = find_quantities(evidence.text, evidence.spoken)
    around = find_quantities(evidence.around, evidence.spoken) if evidence.around else ()
    wanted = [quantity for quantity in find_quantities(claim) if not quantity.weak]
    told = f"{evidence.text}\n{evidence.around}"
    findings: list[Finding] = []
    for quantity in wanted:
        if any(_compatible(quantity, other) and agree(quantity, other) for other in (*stated, *around)):
            continue
        if quantity.unit == "percent" and any(other.unit == "percent" and other.weak for other in stated):
            continue
        if any(agree(quantity, other) for other in worked_out(quantity, claim, (*stated, *around), told)):
            continue
        findings.append(_missing(quantity, wanted, stated))
    return findings


def _missing(
    quantity: Quantity,
    wanted: Sequence[Quantity],
    stated: Sequence[Quantity],
) -> Finding:
    rivals = [
        other
        for other in stated
        if not other.weak
        and _units_meet(quantity, other)
        and _roles_meet(quantity, other)
        and not any(_compatible(mine, other) and agree(mine, other) for mine in wanted if mine is not quantity)
    ]
    if rivals and quantity.unit not in _TIED_UNITS:
        named = ", ".join(dict.fromkeys(f"“{other.text}”" for other in rivals[:3]))
        if len(rivals) == 1:
            return Finding("number", "refute", _REFUTED, note("other_value", claimed=quantity.text, stated=named))
        return Finding("number", "veto", _VETOED, note("instead", claimed=quantity.text, stated=named))
    small = (
        quantity.value < 10 and quantity.unit not in ("percent", "magnitude", "idr", "usd") and quantity.value % 1 == 0
    )
    if small:
        return Finding("number", "lower", _SMALL, note("not_stated", claimed=quantity.text))
    return Finding("number", "veto", _ABSENT, note("not_stated", claimed=quantity.text))
