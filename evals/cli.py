"""The command line: parse, call, print. Numbers go to stdout, everything else to stderr.

Exit status: 0 done, 1 a number is below the floor that was asked for, 2 something handed in cannot be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.cli_data import data_app
from evals.edge import BAD_INPUT, BELOW_FLOOR, STOPPED, AsJson, complain, edge, print_json, say
from evals.errors import UnknownName

if TYPE_CHECKING:
    from evals.engine import Finished, Progress

app = typer.Typer(
    name="eval",
    help="Is it right, by how much, and did this change help?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data_app, name="data")

RunPath = Annotated[Path, typer.Argument(help="A run folder.", show_default=False)]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    try:
        result = app(args=None if argv is None else list(argv), prog_name="python -m evals", standalone_mode=False)
    except KeyboardInterrupt:
        return STOPPED
    except typer.TyperException as error:
        message = error.format_message()
        if message:
            complain(f"{message.rstrip('.')}; see python -m evals --help")
        return BAD_INPUT
    except typer.Abort:
        return STOPPED
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


@app.command("list")
@edge
def list_tasks(as_json: AsJson = False) -> None:
    """List the tasks, the question each asks and the data it takes."""
    from evals.registry import TASKS

    if as_json:
        print_json([{"task": t.name, "question": t.question, "data": list(t.data)} for t in TASKS.values()])
        return
    from evals.report.terminal import table

    table(
        ("task", "question", "data unless told otherwise"),
        [(t.name, t.question, ", ".join(t.data)) for t in TASKS.values()],
    )


@app.command("run")
@edge
def run_tasks(
    tasks: Annotated[list[str], typer.Argument(metavar="TASK…", help="One or more tasks (see `list`).")],
    data: Annotated[
        list[str] | None,
        typer.Option("--data", help="A .jsonl of pairs, a newsroom or BEIR folder, or a data set's name. Repeatable."),
    ] = None,
    judge: Annotated[str | None, typer.Option(help="embedded, llm or cascade; else the setting.")] = None,
    model: Annotated[str | None, typer.Option(help="Chat model of the LLM judge, e.g. openai:gpt-5-mini.")] = None,
    base_url: Annotated[str | None, typer.Option(help="OpenAI-compatible server of the LLM judge.")] = None,
    extractor: Annotated[
        str | None, typer.Option(help="What finds the claims: rules or llm; else the setting.")
    ] = None,
    embedder: Annotated[str | None, typer.Option(help="Embedding model; else the setting.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most cases of each data set, drawn by the seed; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Draws samples, shuffles and resamples.")] = 0,
    output: Annotated[Path | None, typer.Option(help="Run folder; under runs/ by default.")] = None,
    as_json: AsJson = False,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=VALUE", help="Exit 1 if a number is lower, e.g. macro_f1=0.6 or systems.hybrid.mrr=0.5."
        ),
    ] = None,
    baselines: Annotated[bool, typer.Option(help="Run the baselines too.")] = True,
    baseline_limit: Annotated[
        int, typer.Option(min=0, help="Most pairs of each data set that judge baselines are run on; 0 for all.")
    ] = 500,
    claims: Annotated[str, typer.Option(help="Whose claims are checked: found, gold or both.")] = "both",
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over in a folder that holds a run.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Ask again what failed.")] = False,
    report: Annotated[bool, typer.Option(help="Write report.html.")] = True,
) -> None:
    """Run tasks. A run that was stopped goes on with the same command."""
    from checker.settings import load_settings
    from evals import engine
    from evals.floors import below, parse_floor
    from evals.registry import task
    from evals.solvers.base import Options
    from evals.tools import StandardTools

    names = tuple(dict.fromkeys(tasks))
    for name in names:
        task(name)
    if claims not in {"found", "gold", "both"}:
        raise UnknownName("value of --claims", claims, ("found", "gold", "both"))
    floors = [parse_floor(text) for text in fail_under or ()]
    settings = load_settings(judge=judge, model=model, base_url=base_url, extractor=extractor, embedder=embedder)
    options = Options(
        limit=limit, seed=seed, baselines=baselines, baseline_limit=baseline_limit, claims=claims, cache=_cache()
    )
    plan = engine.Plan(
        names, _split(data or ()), options, output, _shaping(settings.public()), fresh=fresh, retry_failed=retry_failed
    )
    with _progress() as progress:
        done = engine.run(plan, StandardTools(settings), progress)
        if report:
            from evals.report.page import write_report

            write_report(done.path)
    _show(done, as_json)
    failed = [message for floor in floors for message in below(floor, done.summaries)]
    failed += [f"{name}: every case failed" for name, part in done.summaries.items() if 0 < part["n"] <= part["failed"]]
    for message in failed:
        complain(message)
    if failed:
        raise typer.Exit(BELOW_FLOOR)


@app.command("compare")
@edge
def compare_runs(
    run_a: RunPath,
    run_b: RunPath,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write the comparison as a page.")] = None,
    seed: Annotated[int, typer.Option(help="Draws the resamples.")] = 0,
) -> None:
    """Compare two runs case by case: what changed, by how much, and whether it is more than chance."""
    from evals.compare import compare
    from evals.report.page import write_comparison
    from evals.report.terminal import show_comparison

    result = compare(run_a, run_b, seed)
    if html:
        write_comparison(result, run_a, run_b, html)
        say(f"page: {html}")
    if as_json:
        print_json(result)
    else:
        show_comparison(result)


@app.command("report")
@edge
def make_report(run: RunPath, output: Annotated[Path | None, typer.Option(help="Where to write it.")] = None) -> None:
    """Write the page of a run."""
    from evals.report.page import write_report

    typer.echo(write_report(run, output))


@app.command("rescore")
@edge
def rescore_run(run: RunPath, as_json: AsJson = False) -> None:
    """Score the answers of a run again, without asking anybody again."""
    from evals import engine
    from evals.report.page import write_report

    done = engine.rescore(run)
    write_report(run)
    _show(done, as_json)


@app.command("table")
@edge
def print_table(
    runs: Annotated[list[Path] | None, typer.Argument(help="Run folders; the committed ones by default.")] = None,
    write: Annotated[Path | None, typer.Option(help="Put the table between its markers in this file.")] = None,
    check: Annotated[Path | None, typer.Option(help="Exit 1 if the table in this file is another.")] = None,
) -> None:
    """Print the results table of the README, made from committed runs."""
    from evals import table

    block = table.block(runs or table.committed_runs())
    if write:
        table.put(write, block)
    elif check:
        if table.read(check) != block:
            complain(
                f"{check}: the results table is not the one of the runs; run: python -m evals table --write {check}"
            )
            raise typer.Exit(BELOW_FLOOR)
    else:
        typer.echo(block)


@app.command("quality")
@edge
def quality_gate(
    floors: Annotated[Path | None, typer.Option(help="File of floors; evals/quality.toml by default.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Show the numbers as floors to be recorded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run small fixed slices and fail when a number is below its recorded floor."""
    from checker.settings import load_settings
    from evals.quality import gate
    from evals.report.terminal import show_gate
    from evals.tools import StandardTools

    with _progress() as progress:
        lines = gate(StandardTools(load_settings()), floors, progress)
    if as_json:
        print_json([line._asdict() for line in lines])
    else:
        show_gate(lines, record=record)
    if not record and any(not line.passed for line in lines):
        raise typer.Exit(BELOW_FLOOR)


@app.command("init-case")
@edge
def init_case(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new case.")]) -> None:
    """Write the skeleton of a case in the newsroom format."""
    from evals import newsroom

    for path in newsroom.init_case(folder):
        typer.echo(path)
    say(f"now write your own article, cards and gold lines, then: python -m evals validate {folder}")


@app.command("validate")
@edge
def validate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A case, or a folder of cases.")],
    as_json: AsJson = False,
) -> None:
    """Name every mistake in newsroom cases, by file and line."""
    from evals import newsroom

    mistakes = newsroom.validate(folder)
    if as_json:
        print_json([{"file": str(m.path), "line": m.line, "message": m.message} for m in mistakes])
    else:
        for mistake in mistakes:
            typer.echo(mistake)
    if mistakes:
        say(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}")
        raise typer.Exit(BAD_INPUT)
    if not as_json:
        items = newsroom.read_newsroom(folder)
        gold = sum(claim.checkable for item in items for claim in item.gold)
        typer.echo(f"{folder}: {len(items)} item{'s' if len(items) > 1 else ''}, {gold} checkable claims, no mistake")


@app.command("from-queue")
@edge
def from_queue(
    decisions: Annotated[Path, typer.Argument(help="Decisions exported from the review queue (JSONL).")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write the cases into.")],
) -> None:
    """Turn what people decided in the review queue into newsroom cases."""
    from evals.queue import from_queue as convert

    done = convert(decisions, folder)
    for path in done.written:
        typer.echo(path)
    for left in done.left_out:
        say(f"left out: {left}")
    say(f"{len(done.written)} cases with {done.claims} claims; {len(done.left_out)} decisions left out")


def _split(data: Sequence[str]) -> tuple[str, ...]:
    """`--data a,b` is `--data a --data b`, unless there is a file of that name."""
    parts = []
    for value in data:
        parts += [value] if Path(value).exists() else [part.strip() for part in value.split(",") if part.strip()]
    return tuple(dict.fromkeys(parts))


def _shaping(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that shape answers; the store is not one of them, for every case brings its own."""
    return {key: value for key, value in settings.items() if key not in {"store", "retrieve"}}


def _cache() -> str:
    from platformdirs import user_cache_path

    return str(user_cache_path("saring") / "evals" / "vectors")


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on stderr; a line every tenth of the way where stderr is not a terminal."""
    from evals.report.terminal import progress

    with progress() as report:
        yield report


def _show(done: Finished, as_json: bool) -> None:
    from evals.engine import public
    from evals.report.terminal import show_summary

    say(f"run: {done.path}")
    shown = [public(summary) for summary in done.summaries.values()]
    if as_json:
        print_json(shown[0] if len(shown) == 1 else shown)
        return
    for summary in shown:
        show_summary(summary)
