"""The gate: small fixed slices, and floors that were recorded from them. `make check-quality` runs it."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

from evals import engine
from evals.errors import DataError
from evals.floors import find
from evals.solvers.base import Options, Tools

FLOORS = Path(__file__).parent / "quality.toml"


class Line(NamedTuple):
    """One number beside its floor."""

    slice: str
    metric: str
    value: float | None
    floor: float
    passed: bool


def gate(tools: Tools, floors: Path | None = None, progress: engine.Progress | None = None) -> list[Line]:
    """Run the slices and hold each number against its floor.

    Tasks of the same data share one run. Baselines are not run: the gate asks whether something got worse, not whether
    it is good.

    Args:
        tools: What is under test.
        floors: A file like `quality.toml`: for each task its `data` and its `floors`, a number by metric.
        progress: Called as it goes.

    Raises:
        DataError: The file cannot be used.
        EvalError: A slice cannot be run.
    """
    path = floors or FLOORS
    slices = _read(path)
    lines = []
    with tempfile.TemporaryDirectory(prefix="saring-gate-") as folder:
        by_data: dict[tuple[str, ...], list[str]] = {}
        for task, (data, _) in slices.items():
            by_data.setdefault(data, []).append(task)
        for number, (data, tasks) in enumerate(by_data.items()):
            plan = engine.Plan(tuple(tasks), data, Options(baselines=False), Path(folder) / str(number))
            summaries = engine.run(plan, tools, progress).summaries
            for task in tasks:
                for metric, floor in slices[task][1].items():
                    found = dict(find(metric, {task: summaries[task]}))
                    if not found:
                        raise DataError(f"{path}: task {task} has no number {metric!r}")
                    value = next(iter(found.values()))
                    lines.append(Line(task, metric, value, floor, value is not None and value >= floor))
    return lines


def _read(path: Path) -> dict[str, tuple[tuple[str, ...], dict[str, float]]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    slices = {}
    for task, part in table.items():
        floors = part.get("floors") if isinstance(part, dict) else None
        if not isinstance(floors, dict) or not all(isinstance(value, int | float) for value in floors.values()):
            raise DataError(f"{path}: [{task}] needs a table of floors, a number by metric")
        data = part.get("data", [])
        slices[task] = (tuple([data] if isinstance(data, str) else data), {k: float(v) for k, v in floors.items()})
    return slices
