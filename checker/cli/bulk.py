"""`saring bulk`: many articles, or a whole store, by all cores of this machine or by many machines."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from checker.cli.options import BaseUrl, ExtractorName, JudgeName, ModelName, Store

if TYPE_CHECKING:
    from checker.bulk.base import Engine
    from checker.bulk.run import Show, Standing

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Check many articles, or embed a whole store again; killed at any moment, it continues.",
)

LINE_SECONDS = 10.0
"""Between two lines of progress where stderr is not a terminal."""

_EngineName = Annotated[
    str, typer.Option("--engine", metavar="local|ray", help="Processes of this machine, or a Ray cluster.")
]
_Address = Annotated[
    str,
    typer.Option("--address", metavar="ADDRESS", help="Of the Ray cluster: host:port, or auto. Default: a new one."),
]
_Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=0, help="How many processes. Default: one per core.")
]


@app.command()
def check(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the run: its reports and its state.")
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT...", help="Folders of articles, JSONL or Parquet files. May be left out to continue a run."
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", metavar="FORMAT", help="Of the reports: jsonl (default) or parquet.")
    ] = None,
    engine: _EngineName = "local",
    address: _Address = "",
    workers: _Workers = 0,
    shard_size: Annotated[
        int,
        typer.Option("--shard-size", metavar="N", min=0, help="Articles of one output file. Default: by their number."),
    ] = 0,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Evidence published after it never counts. Default: the start."),
    ] = None,
    store: Store = None,
    judge: JudgeName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    extractor: ExtractorName = None,
) -> None:
    """Check every article of folders, JSONL or Parquet files.

    A line or row needs a text (or html); id, url, title, publisher, published_at and language are read where they are
    there. Run the same command again to continue a run that was stopped or killed: what is checked is not checked
    again. In DIR: reports/ (one file a shard), failures.jsonl (articles and claims that could not be checked),
    manifest.json.

    Exit codes: 0 done, 1 done but something could not be checked, 2 bad usage or input, or the run cannot go on, 130
    stopped.
    """
    from checker.bulk import run
    from checker.settings import load_settings

    chosen = None if format is None else _one_of(format, "format", ("jsonl", "parquet"))
    settings = load_settings(store=store, judge=judge, model=model, base_url=base_url, extractor=extractor)
    runner, processes = _engine(engine, address, workers)
    with _progress("articles") as show, _stopping(output):
        summary = run.check(
            list(inputs or ()),
            output,
            settings,
            runner,
            as_of=as_of,
            format=chosen,  # type: ignore[arg-type]
            size=shard_size,
            workers=processes,
            show=show,
        )
    resumed = f" ({summary.resumed} of them before)" if summary.resumed else ""
    _say(
        f"{summary.items} articles{resumed}: {summary.reports} checked, {summary.failed} could not be checked; "
        f"{summary.failed_claims} claims of the others failed"
    )
    _say(f"Reports in {output / 'reports'}, failures in {output / run.FAILURES}")
    if summary.failed or summary.failed_claims:
        raise typer.Exit(1)


@app.command()
def embed(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the run: its vectors until the end.")
    ],
    embedder: Annotated[
        str | None,
        typer.Option("--embedder", metavar="NAME", help="The new embedding model. Default: the setting embedder."),
    ] = None,
    engine: _EngineName = "local",
    address: _Address = "",
    workers: _Workers = 0,
    shard_size: Annotated[
        int, typer.Option("--shard-size", metavar="N", min=0, help="Sources of one part. Default: by their number.")
    ] = 0,
    store: Store = None,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for another writer at the end.")
    ] = 10.0,
) -> None:
    """Embed every source of a store again, and put the new vectors in the place of the old ones at the end.

    Until then the store is searched with the vectors it has. Run the same command again to continue a run that was
    stopped or killed. From then on, set the setting embedder to the same model.

    Exit codes: 0 done, 2 bad usage or input, or the run cannot go on, 130 stopped.
    """
    from checker.bulk import run
    from checker.settings import load_settings

    settings = load_settings(store=store, embedder=embedder)
    runner, processes = _engine(engine, address, workers)
    with _progress("sources") as show, _stopping(output):
        count, made = run.embed(
            output,
            settings.store,
            settings.embedder,
            runner,
            size=shard_size,
            workers=processes,
            wait=wait,
            show=show,
        )
    late = f", {made} of them added meanwhile" if made else ""
    _say(f"{count:,} passages embedded with {settings.embedder}{late}; store {settings.store} uses them from now on")


def _one_of(value: str, what: str, known: tuple[str, ...]) -> str:
    from checker.errors import UnknownName

    if value not in known:
        raise UnknownName(what, value, known)
    return value


def _engine(name: str, address: str, workers: int) -> tuple[Engine, int]:
    """Where the work is done, and how many processes that is, as far as is known."""
    if _one_of(name, "engine", ("local", "ray")) == "ray":
        from checker.bulk.cluster import RayEngine

        return RayEngine(address, workers), workers or 16
    if address:
        raise typer.BadParameter("--address is for a Ray cluster: give --engine ray with it")
    from checker.bulk.local import LocalEngine

    local = LocalEngine(workers)
    return local, local.workers


def _say(text: str) -> None:
    from checker.cli.common import console

    console(stderr=True).print(text, soft_wrap=True)


@contextmanager
def _stopping(output: Path) -> Iterator[None]:
    """SIGTERM stops as Ctrl-C does, and both say how to go on."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        _say(f"What is done is kept in {output}; the same command continues there")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(what: Literal["articles", "sources"]) -> Iterator[Show]:
    """How far the run is, on stderr: a bar in a terminal, else a line now and then."""
    from checker.cli.common import console

    screen = console(stderr=True)
    if not screen.is_terminal:
        yield _lines(what)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rest]}"))
    with Progress(*columns, console=screen, transient=True) as bars:
        task = bars.add_task(f"Starting: {what}", total=None, rest="")

        def show(standing: Standing) -> None:
            bars.update(task, description=what, completed=standing.done, total=standing.total, rest=describe(standing))

        yield show


def _lines(what: str, clock: Callable[[], float] = time.monotonic) -> Show:
    last = clock()

    def show(standing: Standing) -> None:
        nonlocal last
        if clock() - last >= LINE_SECONDS:
            last = clock()
            sys.stderr.write(f"{standing.done}/{standing.total} {what}, {describe(standing)}\n")
            sys.stderr.flush()

    return show


def describe(standing: Any) -> str:
    """The rate, the time that remains and the failures, in words."""
    parts = [f"{standing.rate:.1f}/s" if standing.rate else "starting"]
    if standing.remaining is not None:
        parts.append(f"{_duration(standing.remaining)} left")
    if standing.failed:
        parts.append(f"{standing.failed} failed")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
