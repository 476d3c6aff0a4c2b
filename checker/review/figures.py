"""What the queue's work comes to: throughput, age, and who agrees with whom. Pure functions over plain values.

`measure` reads the queue and calls them; nothing here names a person.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from checker.review import tables as t
from checker.review.queries import Queries
from checker.review.records import aware
from checker.review.service import LABELS
from checker.review.transitions import OPEN_STATES

STEPS = ("enter", "decide", "approve", "publish")
"""Actions whose number a day is shown."""

AGES = (1, 4, 24, 72, 168)
"""Hours that divide the ages of what waits."""

Pair = tuple[str, str]
"""Two labels given to one claim, the one that is held against the other first."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two label alike.

    Attributes:
        pairs: Claims that both labelled.
        agreed: Of these, those labelled alike.
        low: Lower end of the share's 95 % interval (Wilson), None without pairs.
        high: Upper end.
        kappa: Cohen's kappa; None where it is not defined.
        matrix: Claims by the first label (rows) and the second (columns), in the order of `LABELS`.
    """

    pairs: int
    agreed: int
    low: float | None
    high: float | None
    kappa: float | None
    matrix: tuple[tuple[int, ...], ...]

    @property
    def share(self) -> float | None:
        """Share labelled alike; None without pairs."""
        return self.agreed / self.pairs if self.pairs else None


@dataclass(frozen=True, slots=True)
class Day:
    """What was done on one day: how often each of `STEPS`."""

    day: date
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations, in hours: how many, the middle one, and what nine of ten stay under. None without any."""

    count: int
    median: float | None
    ninth: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page of figures shows.

    Attributes:
        days: Throughput, day by day.
        waiting: Ages of the items that wait for somebody.
        waiting_by_age: How many of them are at most 1, 4, 24, 72, 168 hours old, and how many older.
        to_decision: From entering the queue to the first decision, of decisions within the days.
        machine: The machine's label against the first decision.
        by_label: The same by the machine's label.
        by_judge: The same by the judge that gave the machine's label.
        blind: The same for decisions made without having seen the machine's verdict.
        sighted: The same for the others.
        second: First against second reader. An approval that names no label of its own counts as agreement.
        returned: Decisions returned without a label: the second reader did not agree, and did not say to what.
    """

    days: tuple[Day, ...]
    waiting: Spread
    waiting_by_age: tuple[int, ...]
    to_decision: Spread
    machine: Agreement
    by_label: Mapping[str, Agreement]
    by_judge: Mapping[str, Agreement]
    blind: Agreement
    sighted: Agreement
    second: Agreement
    returned: int


def cohen_kappa(pairs: Sequence[Pair]) -> float | None:
    """Agreement beyond chance: (observed - expected) / (1 - expected) (Cohen 1960).

    Returns:
        At most 1; 0 where it is what chance gives. None without pairs, and where both gave one and the same label
        throughout: chance alone explains that, and the quotient is 0/0.
    """
    if not pairs:
        return None
    total = len(pairs)
    observed = sum(one == two for one, two in pairs) / total
    ones, twos = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)
    expected = sum(ones[label] * twos[label] for label in ones) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float] | tuple[None, None]:
    """95 % interval of a share (Wilson 1927): honest also for few cases and shares near 0 or 1."""
    if total == 0:
        return None, None
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """How far two label alike."""
    counts = Counter(pairs)
    agreed = sum(number for (one, two), number in counts.items() if one == two)
    matrix = tuple(tuple(counts[(one, two)] for two in LABELS) for one in LABELS)
    low, high = wilson(agreed, len(pairs))
    return Agreement(len(pairs), agreed, low, high, cohen_kappa(pairs), matrix)


def grouped(pairs: Iterable[tuple[str, Pair]]) -> dict[str, Agreement]:
    """Agreement by group, the largest group first."""
    groups: dict[str, list[Pair]] = {}
    for group, pair in pairs:
        groups.setdefault(group, []).append(pair)
    return {name: agreement(found) for name, found in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))}


def by_day(
    events: Iterable[tuple[str, datetime]], last: date, days: int, day_of: Callable[[datetime], date]
) -> tuple[Day, ...]:
    """How often each step was taken on each day, days on which nothing was done included.

    Args:
        events: Actions and when they were done.
        last: The last day.
        days: How many days, the last one included.
        day_of: Which day a moment belongs to, in the zone of the newsroom.
    """
    counts: dict[date, Counter[str]] = {}
    for action, at in events:
        counts.setdefault(day_of(at), Counter())[action] += 1
    wanted = [last - timedelta(days=back) for back in reversed(range(days))]
    return tuple(Day(day, {step: counts.get(day, Counter())[step] for step in STEPS}) for day in wanted)


def spread(hours: Sequence[float]) -> Spread:
    """The middle and the ninth tenth, by the nearest rank: values that occurred."""
    if not hours:
        return Spread(0, None, None)
    ranked = sorted(hours)

    def rank(share: float) -> float:
        return ranked[max(0, math.ceil(share * len(ranked)) - 1)]

    return Spread(len(ranked), rank(0.5), rank(0.9))


def by_age(hours: Iterable[float]) -> tuple[int, ...]:
    """How many are at most as old as each of `AGES`, and older than all, each counted once."""
    counts = [0] * (len(AGES) + 1)
    for age in hours:
        counts[next((place for place, most in enumerate(AGES) if age <= most), len(AGES))] += 1
    return tuple(counts)


def second_pairs(rows: Iterable[tuple[str, str, str]]) -> list[Pair]:
    """First and second readers' labels.

    Args:
        rows: Item, `first` or `second`, label; in the order in which they were given.

    Returns:
        Each second label with the first label that it was given on.
    """
    standing: dict[str, str] = {}
    pairs = []
    for item_id, kind, label in rows:
        if kind == "first":
            standing[item_id] = label
        elif item_id in standing:
            pairs.append((standing[item_id], label))
    return pairs


def measure(queries: Queries, days: int = 30) -> Figures:
    """Read the queue and put its figures together; all but what waits now is of the last so many days."""
    now = queries.clock()
    last = _day(now)
    since = now - timedelta(days=days)
    i, d, v, e = t.items.c, t.decisions.c, t.machine_verdicts.c, t.events.c
    with queries.database.read() as connection:
        done = connection.execute(
            sa.select(e.action, e.at).where(e.action.in_(STEPS), e.refused.is_(None), e.at > since)
        ).all()
        waiting = connection.execute(sa.select(i.created_at).where(i.state.in_([str(state) for state in OPEN_STATES])))
        hours = [_hours(now, moment) for moment in waiting.scalars()]
        first = sa.select(d.item_id, sa.func.min(d.created_at).label("at")).where(d.kind == "first").group_by(d.item_id)
        inner = first.subquery()
        taken = connection.execute(
            sa.select(i.created_at, inner.c.at).join(inner, inner.c.item_id == i.id).where(inner.c.at > since)
        ).all()
        heard = connection.execute(
            sa.select(v.label, v.judge, d.label.label("ruled"), d.blind)
            .join(t.decisions, d.machine_verdict_id == v.id)
            .where(d.kind == "first", d.created_at > since)
        ).all()
        # First labels from before the time shown are needed where a second one was given within it.
        seen_twice = sa.select(d.item_id).where(d.kind == "second", d.created_at > since)
        labels = connection.execute(
            sa.select(d.item_id, d.kind, d.label).where(d.item_id.in_(seen_twice)).order_by(d.created_at, d.kind, d.id)
        ).all()
        returned = connection.execute(
            sa.select(e.detail).where(e.action == "return", e.refused.is_(None), e.at > since)
        ).scalars()
        without = sum("label" not in detail for detail in returned)
    pairs = [(row.label, row.ruled) for row in heard]
    return Figures(
        days=by_day(((row.action, _aware(row.at)) for row in done), last, days, _day),
        waiting=spread(hours),
        waiting_by_age=by_age(hours),
        to_decision=spread([_hours(row.at, row.created_at) for row in taken]),
        machine=agreement(pairs),
        by_label=grouped((row.label, (row.label, row.ruled)) for row in heard),
        by_judge=grouped((row.judge, (row.label, row.ruled)) for row in heard),
        blind=agreement([(row.label, row.ruled) for row in heard if row.blind]),
        sighted=agreement([(row.label, row.ruled) for row in heard if not row.blind]),
        second=agreement(second_pairs((row.item_id, row.kind, row.label) for row in labels)),
        returned=without,
    )


def _aware(moment: Any) -> datetime:
    known = aware(moment if isinstance(moment, datetime) else datetime.fromisoformat(moment))
    assert known is not None
    return known


def _hours(later: Any, earlier: Any) -> float:
    return (_aware(later) - _aware(earlier)).total_seconds() / 3600


def _day(moment: datetime) -> date:
    """The day of a moment where the server stands."""
    return moment.astimezone().date()
