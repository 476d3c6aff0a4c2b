"""Numbers that must not fall: `METRIC=VALUE`, looked up in a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evals.errors import DataError, UnknownName


class Floor(NamedTuple):
    """A path into a summary and the least it may be."""

    metric: str
    least: float


def parse_floor(text: str) -> Floor:
    """Read `METRIC=VALUE`.

    Raises:
        DataError: It is not of that form.
    """
    metric, _, value = text.partition("=")
    try:
        return Floor(metric.strip(), float(value))
    except ValueError:
        raise DataError(f"--fail-under {text!r}: must be METRIC=VALUE, e.g. macro_f1=0.6") from None


def below(floor: Floor, summaries: Mapping[str, Any]) -> list[str]:
    """Why the floor is not held, in sentences; empty where it is. A number that is undefined does not hold it.

    Raises:
        UnknownName: No summary has such a number.
    """
    found = dict(find(floor.metric, summaries))
    if not found:
        raise UnknownName("metric", floor.metric, sorted({path for path, _ in _numbers(summaries)})[:60])
    return [
        f"{path} is {'undefined' if value is None else f'{value:.4f}'}, below {floor.least}"
        for path, value in found.items()
        if value is None or value < floor.least
    ]


def find(metric: str, summaries: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Every task's number that the metric names: by full path, by path within a task, or within its `overall`."""
    for task, summary in summaries.items():
        for path in (metric.removeprefix(f"{task}."), f"overall.{metric.removeprefix(f'{task}.')}"):
            there, value = _walk(summary, path)
            if there:
                yield f"{task}.{path}", value
                break


def _walk(value: Any, path: str) -> tuple[bool, float | None]:
    if not path:
        is_number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        return is_number, value if is_number else None
    if not isinstance(value, Mapping):
        return False, None
    # Keys may hold dots (names of data sets), so the longest key that fits is tried first.
    for key in sorted(value, key=len, reverse=True):
        if path == key or path.startswith(f"{key}."):
            there, found = _walk(value[key], path[len(key) + 1 :])
            if there:
                return True, found
    return False, None


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key not in {"detail", "intervals"}:
                yield from _numbers(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, float(value)
