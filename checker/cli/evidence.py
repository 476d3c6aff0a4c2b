"""`saring evidence`: what there is to check against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from checker.cli import fetch
from checker.cli.options import Store

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval.connectors.base import Found, Rejected
    from retrieval.database import Filters
    from retrieval.store import EvidenceStore, Progress
    from retrieval.types import Hit, Source

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Add, fetch, search, show and remove evidence.",
)

Format = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")]
Publisher = Annotated[list[str] | None, typer.Option("--publisher", metavar="NAME", help="Only of this publisher.")]
Kind = Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help="Only of this kind of publisher.")]
Language = Annotated[list[str] | None, typer.Option("--language", metavar="id|en", help="Only in this language.")]
Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="Only published on this day or later.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Only published on this day or before.")]
Wait = Annotated[float, typer.Option("--wait", metavar="SECONDS", help="How long to wait for another writer.", min=0)]

_REJECTED_SHOWN = 20


@app.command()
def add(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Folders, and .txt, .md, .html, .pdf or .jsonl files.")
    ],
    store: Store = None,
    wait: Wait = 10.0,
    format: Format = "text",
) -> None:
    """Add evidence. What is there already adds nothing, and an add that was killed goes on where it was.

    Exit codes: 0 everything was added, 1 some of it could not be used, 2 none of it could.
    """
    from checker.settings import load_settings
    from retrieval.errors import InputError
    from retrieval.store import AddResult

    _check_format(format)
    result = AddResult()
    with _writer(store, wait) as opened, _progress("Adding evidence") as progress:
        result = opened.add(_documents(sources), progress)
    fetch.tell_queue(load_settings(store=store), (), result)
    used = len(result.added) + len(result.unchanged) + len(result.updated)
    if format == "json":
        _write_json(
            {
                "added": result.added,
                "unchanged": result.unchanged,
                "updated": result.updated,
                "failed": [{"where": bad.where, "reason": bad.reason} for bad in result.failed],
            }
        )
    else:
        _show_rejected(result.failed)
        _console().print(
            f"{len(result.added)} added, {len(result.updated)} updated, {len(result.unchanged)} unchanged, "
            f"{len(result.failed)} refused."
        )
    if not used:
        raise InputError("nothing was added: none of it could be used" if result.failed else "nothing was found to add")
    if result.failed:
        raise typer.Exit(1)


@app.command("list")
def list_(
    store: Store = None,
    publisher: Publisher = None,
    type: Kind = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Most sources to list.")] = None,
    format: Format = "text",
) -> None:
    """List the sources, newest first."""
    _check_format(format)
    with _reader(store) as opened:
        found = opened.list(_filters(publisher, type, language, since, until), limit)
    if format == "json":
        _write_json([_source(source) for source in found])
        return
    if not found:
        _say_nothing(opened)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "published", "publisher", "type", "lang", "title"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("published", "lang"))
    for source in found:
        table.add_row(
            *(source.id, (source.published_at or "undated")[:10], source.publisher or "-"),
            *(source.publisher_type or "-", source.language or "-", source.title or source.text[:80]),
        )
    _console().print(table)
    _console(stderr=True).print(f"{len(found)} sources")


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="TEXT", help="What is looked for, in Indonesian or English.")],
    store: Store = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Most passages to show.")] = 8,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="What was published after it is marked.")
    ] = None,
    publisher: Publisher = None,
    type: Kind = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    format: Format = "text",
) -> None:
    """Search the evidence, by meaning and by words, in either language."""
    _check_format(format)
    _check_dates(as_of=as_of)
    filters = _filters(publisher, type, language, since, until)
    with _reader(store) as opened:
        [hits] = opened.search([query], k=k, as_of=as_of, filters=filters or None)
        if format == "json":
            _write_json([_hit(hit) for hit in hits])
        elif hits:
            _print_hits(hits, _console())
        else:
            _say_nothing(opened)


@app.command()
def show(
    source_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a source, as `list` and `search` show it.")],
    store: Store = None,
    format: Format = "text",
) -> None:
    """Show one source: its text, and everything known about it."""
    _check_format(format)
    with _reader(store) as opened:
        source = opened.get(source_id)
        origin = opened.origin(source_id)
    if format == "json":
        _write_json(_source(source) | {"text": source.text, "origin": origin, "extra": dict(source.extra)})
        return
    screen = _console()
    for name, value in (_source(source) | {"origin": origin, **source.extra}).items():
        if value not in ("", None, []):
            shown = ", ".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
            screen.print(f"{name}: {shown}")
    screen.print()
    screen.print(source.text)


@app.command()
def remove(
    source_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of sources.")],
    store: Store = None,
    wait: Wait = 10.0,
) -> None:
    """Take sources out for good: their text is overwritten, not only hidden."""
    with _writer(store, wait) as opened:
        for source_id in source_ids:
            opened.get(source_id)  # all must be there before the first goes
        for source_id in dict.fromkeys(source_ids):
            opened.remove(source_id)
            _console().print(f"removed {source_id}")


@app.command()
def stats(store: Store = None, format: Format = "text") -> None:
    """Count what the store holds."""
    _check_format(format)
    with _reader(store) as opened:
        found = opened.stats()
    if format == "json":
        from dataclasses import asdict

        _write_json(asdict(found))
        return
    screen = _console()
    screen.print(f"store       {found.path}")
    screen.print(f"sources     {found.sources:,} of {found.origins:,} origins")
    screen.print(f"passages    {found.passages:,}, {found.indexed:,} of them in the index")
    screen.print(f"embedder    {found.embedder or 'none yet'}")
    screen.print(f"on disk     {found.size_bytes / 2**20:.1f} MiB")
    for name, counts in (("languages", found.languages), ("types", found.publisher_types)):
        if counts:
            shown = ", ".join(f"{value or 'unknown'} {count:,}" for value, count in counts.items())
            screen.print(f"{name:<11} {shown}")
    if found.publishers:
        most = list(found.publishers.items())[:10]
        shown = ", ".join(f"{value or 'unknown'} {count:,}" for value, count in most)
        screen.print(f"publishers  {len(found.publishers):,}: {shown}{', ...' if len(found.publishers) > 10 else ''}")


@app.command()
def reindex(
    store: Store = None,
    wait: Wait = 10.0,
    embed: Annotated[
        bool, typer.Option("--embed", help="Cut and embed every source again too, e.g. for another embedding model.")
    ] = False,
) -> None:
    """Make the index again from the sources' texts, which nothing can damage but a broken disk."""
    with _writer(store, wait, match=not embed) as opened, _progress("Indexing") as progress:
        count = opened.reindex(embed=embed, progress=progress)
    _console().print(f"{count:,} passages indexed")


fetch.mount(app)


# -- opening


@contextmanager
def _reader(store: str | None) -> Iterator[EvidenceStore]:
    with _opened(store, "r", 0.0, match=True) as opened:
        yield opened


@contextmanager
def _writer(store: str | None, wait: float, *, match: bool = True) -> Iterator[EvidenceStore]:
    with _opened(store, "rw", wait, match=match) as opened:
        yield opened


@contextmanager
def _opened(store: str | None, mode: Literal["r", "rw"], wait: float, *, match: bool) -> Iterator[EvidenceStore]:
    from checker.settings import load_settings
    from retrieval.store import EvidenceStore

    settings = load_settings(store=store)
    with EvidenceStore.open(
        settings.store, embedder=settings.embedder, mode=mode, lock_timeout=wait, match=match
    ) as opened:
        yield opened


def _documents(sources: Sequence[str]) -> Iterator[Found]:
    from retrieval.connectors import load_connector

    for source in sources:
        yield from load_connector("folder").find(source)


# -- showing


def _console(*, stderr: bool = False) -> Console:
    from checker.cli.common import console

    return console(stderr=stderr)


@contextmanager
def _progress(what: str) -> Iterator[Progress | None]:
    """A counter on stderr while it works, and a word about what is kept when it is broken off."""
    screen = _console(stderr=True)
    done = 0
    if not screen.is_terminal:
        bar = None
    else:
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        bar = Bars(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=screen, transient=True
        )

    def report(ids: Sequence[str]) -> None:
        nonlocal done
        done += len(ids)
        if bar is not None:
            bar.update(task, description=f"{what}: {done:,} done")

    try:
        if bar is None:
            yield report
        else:
            with bar:
                task = bar.add_task(f"{what} ...", total=None)
                yield report
    except KeyboardInterrupt:
        screen.print(f"Stopped. {done:,} done and kept; run the same command again to go on.")
        raise


def _show_rejected(failed: Sequence[Rejected]) -> None:
    screen = _console(stderr=True)
    for bad in failed[:_REJECTED_SHOWN]:
        screen.print(f"refused {bad}")
    if len(failed) > _REJECTED_SHOWN:
        screen.print(f"refused {len(failed) - _REJECTED_SHOWN:,} more; --format json lists them all")


def _say_nothing(opened: EvidenceStore) -> None:
    _console(stderr=True).print(f"nothing found in {opened.path}")


def _print_hits(hits: Sequence[Hit], screen: Console) -> None:
    for hit in hits:
        marks = [hit.source.published_at or "undated", f"score {hit.score:.2f}"]
        if hit.excluded == "after_as_of":
            marks.append("after the as-of date: does not count")
        screen.print(f"{hit.rank}. {hit.source.publisher or hit.source.url or hit.source.id} ({', '.join(marks)})")
        screen.print(f"   {hit.passage.text}")
        screen.print(f"   id: {hit.source.id}   origin: {hit.origin}")


def _source(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "url": source.url,
        "title": source.title,
        "publisher": source.publisher,
        "publisher_type": source.publisher_type,
        "country": source.country,
        "language": source.language,
        "published_at": source.published_at,
        "fetched_at": source.fetched_at,
        "via": list(source.via),
        "content_hash": source.content_hash,
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "dense": round(hit.dense, 6),
        "lexical": round(hit.lexical, 6),
        "origin": hit.origin,
        "excluded": hit.excluded,
        "undated": hit.undated,
        "passage": {
            "id": hit.passage.id,
            "start": hit.passage.start,
            "end": hit.passage.end,
            "text": hit.passage.text,
        },
        "source": _source(hit.source),
    }


def _write_json(value: Any) -> None:
    import json

    from checker.cli.common import write_out

    write_out(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


# -- checking what was typed


def _check_format(name: str) -> None:
    from checker.errors import UnknownName

    if name not in ("text", "json"):
        raise UnknownName("format", name, ("text", "json"))


def _check_dates(**dates: str | None) -> None:
    from retrieval.dates import bounds

    for name, value in dates.items():
        if value is not None:
            try:
                bounds(value)
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint=f"--{name.replace('_', '-')}") from error


def _filters(
    publisher: Sequence[str] | None,
    kind: Sequence[str] | None,
    language: Sequence[str] | None,
    since: str | None,
    until: str | None,
) -> Filters:
    from retrieval.database import Filters

    _check_dates(since=since, until=until)
    return Filters(
        publishers=tuple(publisher or ()),
        publisher_types=tuple(kind or ()),
        languages=tuple(language or ()),
        since=since,
        until=until,
    )
