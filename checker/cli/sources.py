"""`saring sources`: who says so, through whom, and can it be traced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import AsOf, JudgeName, Store

if TYPE_CHECKING:
    from checker.settings import Settings
    from checker.types import Report
    from retrieval.connectors.archive import Copies

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_FORMATS = ("text", "json")


@app.command()
def sources(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="The article: a text, Markdown or HTML file, or - for stdin.")
    ],
    as_of: AsOf = None,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")] = "text",
    store: Store = None,
    judge: JudgeName = None,
    lang: Annotated[str | None, typer.Option("--lang", metavar="id|en", help="Language of the list.")] = None,
    archive: Annotated[
        bool, typer.Option("--archive", help="Look up the Wayback Machine's copy of every page cited.")
    ] = False,
) -> None:
    """Trace who says what in an article, and through whom.

    For each attribution: is the named outlet's own report in the store and does it say so (traced), only through
    others (second hand), nowhere (untraced), or is the speaker unnamed; and who says otherwise.

    Exit codes: 0 done, 1 some claim failed to be checked or the archive could not be asked, 2 bad usage or input.
    """
    from checker.article import read_article
    from checker.asof import parse_as_of
    from checker.cli.common import console, progress_bar, write_out
    from checker.errors import UnknownName
    from checker.pipeline import Checker
    from checker.settings import load_settings

    if format not in _FORMATS:
        raise UnknownName("format", format, _FORMATS)
    moment = parse_as_of(as_of)
    settings = load_settings(store=store, judge=judge, language=lang)
    article = read_article(source)
    with progress_bar() as progress, Checker.open(settings=settings) as checker:
        report = checker.check(article, as_of=moment, progress=progress)
    copies = _archived(report, settings) if archive else None
    if format == "json":
        from dataclasses import asdict

        from checker.render.archive import archive_json
        from checker.render.json import dump

        found: dict[str, object] = {"sources": [asdict(trace) for trace in report.provenance]}
        if copies is not None:
            found["archive"] = archive_json(copies)
        write_out(dump(found) + "\n")
    else:
        from checker.render.archive import print_archive
        from checker.render.sources import print_sources

        print_sources(report, console(), language=settings.language or "en")
        if copies is not None:
            print_archive(copies, console(), language=settings.language or "en")
    if report.failures or (copies is not None and copies.problems):
        raise typer.Exit(1)


def _archived(report: Report, settings: Settings) -> Copies:
    """The archive's copies of what the report cites; what is asked is told on stderr."""
    from checker.cli.common import console
    from checker.render.archive import cited_pages
    from retrieval.connectors.archive import archived_copies
    from retrieval.connectors.run import make_fetcher

    screen = console(stderr=True)
    with make_fetcher(settings.fetch_contact, settings.fetch_allow) as fetcher:
        return archived_copies(
            cited_pages(report), fetcher=fetcher, on_page=lambda url: screen.print(f"asking the archive for {url}")
        )
