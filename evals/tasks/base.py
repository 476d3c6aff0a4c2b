"""What a task is, and what tasks share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.metrics.resample import Statistic, intervals
from evals.metrics.weighted import mean
from evals.types import Row

Score = Callable[[Sequence[Row], int], dict[str, Any]]
"""From rows and a seed to a summary. `detail` holds what only the report shows (curves, confusion, worst mistakes)."""


@dataclass(frozen=True, slots=True)
class Task:
    """A question and how its answers are scored.

    Attributes:
        question: In a sentence.
        solvers: Name of the solver by kind of data; kinds that are not in it cannot be used for this task.
        data: Data sets that are used where none is named.
    """

    name: str
    question: str
    solvers: Mapping[str, str]
    data: tuple[str, ...]
    score: Score


def split(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Rows by the value of a field, in the order of first appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(key) or "unknown"), []).append(row)
    return groups


def of_system(rows: Iterable[Row], solver: str, system: str) -> list[Row]:
    """The rows that one system of one solver wrote."""
    return [row for row in rows if row["solver"] == solver and row["system"] == system]


def answered(rows: Iterable[Row]) -> list[Row]:
    """Rows that are not failures."""
    return [row for row in rows if not row.get("failure")]


def share(hits: Sequence[bool]) -> float | None:
    """Share that is true; None of nothing."""
    return sum(hits) / len(hits) if hits else None


def mean_intervals(
    values: Mapping[str, Sequence[float | None]], groups: Sequence[Hashable], seed: int
) -> dict[str, list[float] | None]:
    """Bootstrap intervals of means; a row whose value is None does not bear on that mean."""
    return intervals({name: _mean_of(column) for name, column in values.items()}, groups, seed)


def _mean_of(column: Sequence[float | None]) -> Statistic:
    known = np.array([value is not None for value in column])
    numbers = np.array([0.0 if value is None else float(value) for value in column])
    return lambda weights: mean(weights * known, numbers)


def number(value: float | None, digits: int = 3) -> str:
    """A number for a sentence."""
    return "–" if value is None else f"{value:.{digits}f}"
