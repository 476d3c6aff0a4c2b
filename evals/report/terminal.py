"""Runs on the terminal, through Rich."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evals.report.headlines import HEADLINES

if TYPE_CHECKING:
    from rich.console import Console

    from evals.engine import Progress
    from evals.quality import Line

_COUNTS = ("n", "failed", "not_supported")


def table(header: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print a table on stdout; numbers to three digits, `–` for what is undefined."""
    from rich.box import SIMPLE
    from rich.table import Table

    grid = Table(box=SIMPLE, title=title or None, title_justify="left", pad_edge=False)
    for column, name in enumerate(header):
        numeric = rows and all(not isinstance(row[column], str) for row in rows)
        grid.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(cell(value) for value in row))
    _console().print(grid)


def cell(value: object) -> str:
    """A value as a table shows it."""
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def show_summary(summary: Mapping[str, Any]) -> None:
    """Print one task's numbers: the whole, its slices, the baselines, and what they say."""
    console = _console()
    judge = f" · judge {summary['judge']}" if summary.get("judge") else ""
    console.print(f"[bold]{summary['task']}[/bold]{judge} · n {summary['n']} · failed {summary['failed']}")
    rows = list(named_rows(summary))
    columns = _columns(summary["task"], rows)
    if rows:
        table(("", "n", "failed", *columns), [_line(name, values, columns) for name, values in rows])
    for message, count in (summary.get("failures") or {}).items():
        console.print(f"! {count} failed, baselines included: {message}", style="red", highlight=False, markup=False)
    for sentence in summary.get("findings") or ():
        console.print(f"! {sentence}", style="yellow", highlight=False, markup=False)


def named_rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(name, numbers) of the whole, each slice and each baseline of a summary."""
    if "overall" in summary:
        yield "overall", summary["overall"]
    for name, values in (summary.get("systems") or {}).items():
        yield name, values
    for group in ("datasets", "languages"):
        for name, values in (summary.get(group) or {}).items():
            if "systems" in summary:
                yield from ((f"{name} · {system}", part) for system, part in values.items())
            else:
                yield name, values
    if summary.get("gold_claims"):
        yield "claims given", summary["gold_claims"]
    for name, values in (summary.get("baselines") or {}).items():
        if "n" in values:
            yield f"baseline: {name}", values
        else:
            yield from ((f"baseline: {name} · {part}", numbers) for part, numbers in values.items())


def _columns(task: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """The headline numbers, for a terminal is narrow; the page and the JSON have all."""
    there = {key for _, values in rows for key in values}
    chosen = [name for name in HEADLINES.get(task, ()) if name in there]
    if task == "verdict":
        chosen += [name for name in ("accuracy", "macro_f1") if name in there]
    if not chosen:
        numeric = (int, float, type(None))
        chosen = list(dict.fromkeys(k for _, values in rows for k, v in values.items() if isinstance(v, numeric)))
    return [name for name in chosen if name not in _COUNTS][:9]


def _line(name: str, values: Mapping[str, Any], columns: Sequence[str]) -> list[object]:
    intervals = values.get("intervals") or {}
    cells: list[object] = [name, values.get("n", ""), values.get("failed", "")]
    for column in columns:
        value, interval = values.get(column, ""), intervals.get(column)
        shown = cell(value)
        cells.append(f"{shown} [{interval[0]:.2f}–{interval[1]:.2f}]" if interval and value is not None else shown)
    return cells


def show_comparison(result: Mapping[str, Any]) -> None:
    """Print what differs between two runs."""
    console = _console()
    for note in result["notes"]:
        console.print(f"! {note}", style="yellow", highlight=False)
    for task, part in result["tasks"].items():
        rows = [
            (
                line["metric"], line["slice"], line["n"], line["a"], line["b"], f"{line['difference']:+.3f}",
                f"{line['interval'][0]:+.3f} to {line['interval'][1]:+.3f}" if line["interval"] else "–",
                line["p"], line["p_holm"], line["test"],
            )
            for line in part["lines"]
        ]  # fmt: skip
        table(("metric", "slice", "n", "A", "B", "B − A", "95 %", "p", "p (Holm)", "test"), rows, title=task)
        console.print(
            f"{part['gained']} cases right in B only, {part['lost']} in A only; failed {part['failed_a']} and "
            f"{part['failed_b']}; {part['only_a']} cases in A only, {part['only_b']} in B only"
        )


def show_gate(lines: Sequence[Line], record: bool = False) -> None:
    """Print the gate's numbers beside their floors."""
    if record:
        for line in lines:
            value = "undefined" if line.value is None else f"{line.value:.4f}"
            _console().print(f"{line.slice}: {line.metric} = {value}", highlight=False)
        return
    table(
        ("slice", "metric", "value", "floor", ""),
        [(line.slice, line.metric, line.value, line.floor, "ok" if line.passed else "BELOW") for line in lines],
    )


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on stderr; a line per tenth where stderr is not a terminal."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield _plain()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if total < 0:
                for identity in tasks.values():
                    bars.update(identity, note=what[:60])
                return
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, note="")
            bars.update(tasks[what], completed=done, total=total)

        yield report


def _plain() -> Progress:
    last: dict[str, int] = {}

    def report(what: str, done: int, total: int) -> None:
        if total < 0:
            return
        tenth = 10 * done // max(1, total)
        if last.get(what) != tenth:
            last[what] = tenth
            sys.stderr.write(f"{what}: {done} of {total}\n")
            sys.stderr.flush()

    return report


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # A pipe or a file has no width to fit into: never cut a number off.
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else 200)
