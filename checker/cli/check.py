"""`saring check`: the whole job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import AsOf, BaseUrl, ExtractorName, JudgeName, ModelName, Store

if TYPE_CHECKING:
    from checker.pipeline import Checker
    from checker.types import Report

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def check(
    source: Annotated[
        str | None, typer.Argument(metavar="SRC", help="The article: a text, Markdown or HTML file, or - for stdin.")
    ] = None,
    claim: Annotated[str | None, typer.Option("--claim", metavar="TEXT", help="Check this one claim instead.")] = None,
    as_of: AsOf = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text, json, markdown or html. Default: what the output's name says, else text.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the report there, as HTML.")
    ] = None,
    store: Store = None,
    judge: JudgeName = None,
    retrieve: Annotated[
        str | None,
        typer.Option("--retrieve", metavar="NAMES", help="Connectors to ask for more evidence, with commas between."),
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    extractor: ExtractorName = None,
    max_calls: Annotated[
        int | None, typer.Option("--max-calls", metavar="N", help="Most calls to the chat model; what is done stays.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", metavar="N", help="Most tokens of the chat model; what is done stays.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="DIR", help="Write every prompt and reply there.")
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang", metavar="id|en", help="Language of the report. Default: the article's, in text English."
        ),
    ] = None,
    queue: Annotated[
        bool,
        typer.Option("--queue", help="Also put the claims into the review queue (SARING_DATABASE_URL, else yours)."),
    ] = False,
) -> None:
    """Check an article, or one claim, against the evidence.

    Exit codes: 0 done, 1 some claim failed to be checked, 2 bad usage or input.
    """
    from checker.asof import parse_as_of
    from checker.cli.common import check_writable, choose_format, progress_bar, show_report, write_html
    from checker.settings import load_settings

    if (source is None) == (claim is None):
        raise typer.BadParameter("give an article (a path, or - for stdin), or --claim TEXT")
    chosen = choose_format(format, output)
    moment = parse_as_of(as_of)
    check_writable(output)
    check_writable(html)
    if queue:
        from checker.cli.desk import must_be_installed

        must_be_installed()
    settings = load_settings(
        store=store,
        judge=judge,
        retrieve=retrieve,
        model=model,
        base_url=base_url,
        extractor=extractor,
        max_calls=max_calls,
        max_tokens=max_tokens,
        explain=explain,
        language=lang,
    )
    article = None
    if source is not None:
        from checker.article import read_article

        article = read_article(source)

    from checker.pipeline import Checker

    with progress_bar() as progress, Checker.open(settings=settings) as checker:
        if article is not None:
            report = checker.check(article, as_of=moment, progress=progress)
        else:
            assert claim is not None
            report = checker.check_claim(claim, as_of=moment, progress=progress)
        entered = _enter(report, checker) if queue else 0
    language = settings.language or None
    show_report(report, chosen, output, language)
    if html is not None:
        write_html(report, html, language)
    if queue:
        from checker.cli.desk import say

        say(f"{entered} claims are in the review queue; see: saring queue list, or saring serve", stderr=True)
    if report.failures:
        raise typer.Exit(1)


def _enter(report: Report, checker: Checker) -> int:
    """Put a report's claims into the queue; how many those are."""
    from checker.cli.desk import opened
    from checker.review.intake import add_report

    with opened(checker.settings.database_url) as desk:
        return len(add_report(desk.service, report, origin="cli", embedder=checker.store.embedder))
