"""`saring evidence fetch` and `saring evidence watch`: evidence from the network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli.options import Store

if TYPE_CHECKING:
    from checker.settings import Settings
    from retrieval.connectors.base import Rejected
    from retrieval.connectors.run import Problem
    from retrieval.fetch import Fetcher
    from retrieval.store import AddResult
    from retrieval.types import Source

Wait = Annotated[float, typer.Option("--wait", metavar="SECONDS", help="How long to wait for another writer.", min=0)]
Format = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")]
Contact = Annotated[
    str | None,
    typer.Option("--contact", metavar="ADDRESS", help="Your mail or web address, told to the sites that are asked."),
]
Allow = Annotated[
    str | None, typer.Option("--allow", metavar="HOSTS", help="Private hosts that may be fetched from, by comma.")
]


def fetch(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words to look for, or the address of a page or feed.")],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAMES",
            help="Where to look, by comma: url, feed, wikipedia, factcheck, gdelt, searxng, brave, tavily, wayback. "
            "Default: the setting 'retrieve'; url for an address.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, max=100, help="Most documents from each place.")
    ] = None,
    language: Annotated[str, typer.Option("--language", metavar="id|en", help="Look in this language only.")] = "",
    store: Store = None,
    wait: Wait = 10.0,
    contact: Contact = None,
    allow: Allow = None,
    format: Format = "text",
) -> None:
    """Fetch evidence from the network into the store. A place that is down is reported, and the others go on.

    Exit codes: 0 every place answered, 1 some did not or some documents could not be used, 2 none of them did.
    """
    from retrieval.connectors.run import collect
    from retrieval.errors import ConnectorUnavailable
    from retrieval.queries import SearchQuery
    from retrieval.store import AddResult

    _check(format, language)
    settings = _settings(store, contact, allow)
    names = _names(from_, settings, query)
    screen = _console()
    with _fetcher(settings) as fetcher:
        screen.print(f"asking {', '.join(names)} ...")
        got = collect(names, [SearchQuery(query, language)], fetcher=fetcher, limit=limit, on_found=_show)
    for problem in got.problems:
        screen.print(f"failed  {problem}")
    result = _add(settings, got.sources, wait) if got.sources else AddResult()
    tell_queue(settings, got.sources, result)
    if format == "json":
        _write_json(_summary(result, [bad for _, bad in got.rejected], got.problems))
    else:
        failed = len(got.rejected) + len(result.failed)
        _console(stderr=False).print(
            f"{len(result.added)} added, {len(result.updated)} updated, {len(result.unchanged)} unchanged, "
            f"{failed} refused."
        )
    if len({problem.connector for problem in got.problems}) == len(names) and not got.sources:
        raise ConnectorUnavailable("", "nothing was fetched: none of the places that were asked answered")
    if got.problems or got.rejected or result.failed:
        raise typer.Exit(1)


def watch(
    feeds: Annotated[list[str], typer.Argument(metavar="FEED...", help="Addresses of RSS or Atom feeds.")],
    every: Annotated[
        float, typer.Option("--every", metavar="MINUTES", min=1, max=1440, help="How often to look.")
    ] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="Most items of a feed per look.")] = 30,
    check: Annotated[
        bool, typer.Option("--check", help="Also have each new article checked, for the review queue.")
    ] = False,
    store: Store = None,
    wait: Wait = 30.0,
    contact: Contact = None,
    allow: Allow = None,
    format: Format = "text",
) -> None:
    """Keep the store fresh from feeds, until Ctrl-C.

    Where there is a review queue, decided claims that the new evidence may bear on are looked at again; with --check
    the new articles enter it as well. Both are done by `saring serve` or `saring queue work`.

    With --format json, every look writes one line. Exit codes with --once: 0 all feeds were read, 1 some were not,
    2 none was.
    """
    from retrieval.errors import ConnectorUnavailable
    from retrieval.watch import FeedWatcher

    _check(format, "")
    settings = _settings(store, contact, allow)
    if check:
        from checker.cli.desk import must_be_installed

        must_be_installed()
    screen = _console()
    looks = 0
    with _fetcher(settings) as fetcher:
        watcher = FeedWatcher(fetcher, tuple(dict.fromkeys(feeds)), _known(settings), limit)
        try:
            while True:
                problems, refused = _look(watcher, settings, wait, format, check=check)
                looks += 1
                if once:
                    break
                screen.print(f"looking again in {every:g} minutes; Ctrl-C ends")
                _pause(every * 60)
        except KeyboardInterrupt:
            screen.print(f"Stopped after {looks} looks. What was added is kept.")
            return
    if len(problems) == len(watcher.feeds):
        raise ConnectorUnavailable("", "none of the feeds could be read")
    if problems or refused:
        raise typer.Exit(1)


def mount(app: typer.Typer) -> None:
    """Add the two commands to the app of `saring evidence`."""
    app.command()(fetch)
    app.command()(watch)


def _look(
    watcher: Any, settings: Settings, wait: float, format: str, *, check: bool = False
) -> tuple[Sequence[Problem], int]:
    """One cycle: what is new goes into the store; what the store refuses for now is kept for the next."""
    from retrieval.errors import StoreLocked
    from retrieval.store import AddResult

    screen = _console()
    cycle = watcher.cycle()
    for problem in cycle.problems:
        screen.print(f"failed  {problem}")
    for bad in cycle.rejected:
        screen.print(f"refused {bad}")
    result = AddResult()
    if cycle.sources:
        try:
            result = _add(settings, cycle.sources, wait)
        except StoreLocked as error:
            watcher.put_back(cycle.sources)
            screen.print(f"waiting {error}")
        else:
            tell_queue(settings, cycle.sources, result, check=check)
    if format == "json":
        _write_json(_summary(result, cycle.rejected, cycle.problems) | {"waiting": cycle.waiting}, line=True)
    else:
        moment = time.strftime("%H:%M:%S")
        _console(stderr=False).print(
            f"{moment} {len(result.added)} added, {len(result.updated)} updated, {cycle.waiting} to try again."
        )
    return cycle.problems, len(cycle.rejected) + len(result.failed)


def tell_queue(settings: Settings, sources: Sequence[Source], result: AddResult, *, check: bool = False) -> None:
    """Have the queue look at what is new; a queue that cannot be reached must not end the watch over the evidence."""
    from checker.errors import CheckerError
    from retrieval.errors import RetrievalError

    try:
        from checker.cli.desk import must_be_installed

        must_be_installed()
        from checker.cli.arrivals import arrived
    except RetrievalError:
        return  # installed without the queue
    try:
        told = arrived(settings, sources, (*result.added, *result.updated), check=check)
    except (CheckerError, RetrievalError) as error:
        _console().print(f"queue   {error}")
        return
    if told:
        _console().print(f"queue   {told}")


def _pause(seconds: float) -> None:
    time.sleep(seconds)


def _known(settings: Settings) -> Any:
    """Whether a page is in the store, by its address."""
    from retrieval.errors import SourceNotFound
    from retrieval.ids import source_id
    from retrieval.store import EvidenceStore

    def known(url: str) -> bool:
        with EvidenceStore.open(settings.store, embedder=settings.embedder) as opened:
            try:
                opened.get(source_id(url, ""))
            except SourceNotFound:
                return False
            return True

    return known


def _add(settings: Settings, sources: Sequence[Source], wait: float) -> AddResult:
    # The network is done by now: the store is not locked while others answer.
    from retrieval.store import EvidenceStore

    with EvidenceStore.open(settings.store, embedder=settings.embedder, mode="rw", lock_timeout=wait) as opened:
        return opened.add(sources)


def _names(given: str | None, settings: Settings, query: str) -> list[str]:
    from checker.errors import UnknownName
    from retrieval.connectors import connector_names

    chosen = given or settings.retrieve or ("url" if query.strip().lower().startswith(("http://", "https://")) else "")
    names = list(dict.fromkeys(name.strip().lower() for name in chosen.split(",") if name.strip()))
    if not names:
        raise typer.BadParameter("say where to look, e.g. --from wikipedia,factcheck", param_hint="--from")
    for name in names:
        if name not in connector_names():
            raise UnknownName("connector", name, connector_names())
    return names


def _settings(store: str | None, contact: str | None, allow: str | None) -> Settings:
    from checker.settings import load_settings

    return load_settings(store=store, fetch_contact=contact, fetch_allow=allow)


def _fetcher(settings: Settings) -> Fetcher:
    from retrieval.connectors.run import make_fetcher

    return make_fetcher(settings.fetch_contact, settings.fetch_allow)


def _check(format: str, language: str) -> None:
    from checker.errors import UnknownName

    if format not in ("text", "json"):
        raise UnknownName("format", format, ("text", "json"))
    if language not in ("", "id", "en"):
        raise UnknownName("language", language, ("id", "en"))


def _console(*, stderr: bool = True) -> Any:
    from checker.cli.common import console

    return console(stderr=stderr)


def _show(connector: str, found: Source | Rejected) -> None:
    from retrieval.connectors.base import Rejected

    if isinstance(found, Rejected):
        _console().print(f"refused {connector}: {found}")
    else:
        _console().print(f"found   {connector}: {found.title or found.id} ({found.published_at or 'undated'})")


def _summary(result: AddResult, rejected: Sequence[Rejected], problems: Sequence[Problem]) -> dict[str, Any]:
    refused = [*rejected, *result.failed]
    return {
        "added": list(result.added),
        "unchanged": list(result.unchanged),
        "updated": list(result.updated),
        "failed": [{"where": bad.where, "reason": bad.reason} for bad in refused],
        "problems": [{"connector": p.connector, "error_type": p.error_type, "message": p.message} for p in problems],
    }


def _write_json(value: Any, *, line: bool = False) -> None:
    import json

    from checker.cli.common import write_out

    write_out(json.dumps(value, ensure_ascii=False, indent=None if line else 2) + "\n")
