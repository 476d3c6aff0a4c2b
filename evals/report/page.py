"""A run, or two of them, as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import RunError, RunIncomplete
from evals.report import plots
from evals.report.sections import section
from evals.report.terminal import cell
from evals.runs import read_manifest, read_rows, read_summaries

if TYPE_CHECKING:
    from jinja2 import Template


def write_report(run: Path, output: Path | None = None) -> Path:
    """Write the page of a run beside its results, or where it is told to.

    Raises:
        RunIncomplete: It is not a finished run.
        RunError: The page cannot be written.
    """
    manifest, summaries = read_manifest(run), read_summaries(run)
    try:
        rows = read_rows(run)
    except RunIncomplete:
        rows = []
    sections = [section(summary, rows) for summary in summaries.values()]
    text = _template("run.html.j2").render(sections=sections, manifest=_about(manifest), name=run.resolve().name)
    return _write(output or run / "report.html", text)


def write_comparison(result: Mapping[str, Any], run_a: Path, run_b: Path, output: Path) -> Path:
    """Write the page of a comparison.

    Raises:
        RunError: The page cannot be written.
    """
    figures = {}
    for task, part in result["tasks"].items():
        lines = [line for line in part["lines"] if line["difference"] is not None]
        reach = max((abs(end) for line in lines for end in line["interval"] or (line["difference"],)), default=0.1)
        scale = min(1.0, max(0.05, round(reach * 1.1, 2)))
        rows = [
            (
                f"{line['slice']} · {line['metric']}", line["difference"], line["interval"],
                "main" if line["p_holm"] is not None and line["p_holm"] < 0.05 else "plain",
            )
            for line in lines
        ]  # fmt: skip
        figures[task] = plots.forest(rows, f"differences in {task}, B minus A", -scale, scale)
    text = _template("compare.html.j2").render(
        result=result, figures=figures, a=run_a.resolve().name, b=run_b.resolve().name
    )
    return _write(output, text)


def _about(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was run, as (name, value) lines."""
    identity = manifest["identity"]
    commit = manifest.get("commit") or "no checkout"
    lines = [
        ("tasks", ", ".join(identity["tasks"])),
        ("commit", f"{commit}{' with uncommitted changes' if manifest.get('dirty') else ''}"),
        ("code", identity["code"]),
        *((name, str(value)) for name, value in identity["models"].items()),
        *((f"option {name}", str(value)) for name, value in identity["options"].items()),
        *((f"setting {name}", str(value)) for name, value in identity["settings"].items()),
    ]
    for data in manifest["datasets"]:
        licence = f", {data['licence']}" if data["licence"] else ""
        home = f", {data['home']}" if data["home"] else ""
        lines.append(
            (f"data {data['name']}", f"{data['rows']} records, use: {data['use']}{licence}{home}, {data['digest']}")
        )
    machine = manifest["machine"]
    lines += [
        ("machine", f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())),
        ("command", manifest["command"]),
        ("started", ", ".join(manifest["starts"])),
        ("seconds", f"{manifest['seconds']:.0f}"),
    ]
    return lines


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = cell
    return environment.get_template(name)


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A quote may hold half a surrogate pair; the page shows it as an escape rather than not at all.
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror})") from error
    return path
