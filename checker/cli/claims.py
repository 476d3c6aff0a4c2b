"""`saring claims`: what an article claims, and who says it. Needs no evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.types import Article, Claim, Failure

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_FORMATS = ("text", "json")


@app.command()
def claims(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="The article: a text, Markdown or HTML file, or - for stdin.")
    ],
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the list there.")] = None,
) -> None:
    """List the claims of an article, and who makes them.

    Opinions, predictions and questions are listed too, and marked: they are not checked against evidence.
    """
    from checker.article import read_article
    from checker.claims import get_extractor
    from checker.cli.common import check_writable, console, write_file, write_out
    from checker.errors import NoClaims, UnknownName
    from checker.settings import load_settings

    if format not in _FORMATS:
        raise UnknownName("format", format, _FORMATS)
    check_writable(output)
    settings = load_settings()
    article = read_article(source)
    extraction = get_extractor(settings.extractor, settings).extract(article)
    if not extraction.claims and not extraction.failures:
        raise NoClaims(f"no claim was found in {source}; check that it holds the article's text and not only links")
    found, failures = list(extraction.claims), list(extraction.failures)
    if format == "json":
        from checker.render.json import dump

        text = dump(_as_dict(article, found, failures)) + "\n"
    elif output is None:
        _print(article, found, failures, console())
    else:
        text = _as_text(article, found, failures)
    if output is not None:
        write_file(output, text)
    elif format == "json":
        write_out(text)
    if failures:
        raise typer.Exit(1)


def _as_dict(article: Article, found: list[Claim], failures: list[Failure]) -> dict[str, Any]:
    from checker.render.json import claim_to_dict, plain

    return {
        "article": {
            "id": article.id,
            "url": article.url,
            "title": article.title,
            "publisher": article.publisher,
            "published_at": article.published_at,
            "language": article.language,
        },
        "claims": [claim_to_dict(claim) for claim in found],
        "failures": plain(failures),
        "article_text": article.text,
    }


def _as_text(article: Article, found: list[Claim], failures: list[Failure]) -> str:
    from io import StringIO

    from rich.console import Console

    buffer = StringIO()
    _print(article, found, failures, Console(file=buffer, width=80, color_system=None, highlight=False))
    return buffer.getvalue()


def _print(article: Article, found: list[Claim], failures: list[Failure], console: Console) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from checker.render.base import clean_line, failure_line, speaker_line
    from checker.render.words import words

    vocabulary = words("en")
    if article.title:
        console.print(Text(clean_line(article.title), style="bold"))
    table = Table(box=box.HORIZONTALS, show_lines=True, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("Kind", min_width=8)
    table.add_column("Worth", justify="right")
    table.add_column("Claim", ratio=1, overflow="fold")
    for number, claim in enumerate(found, start=1):
        cell = Text(clean_line(claim.text), style="bold" if claim.checkable else "dim")
        if who := speaker_line(claim, "en"):
            cell.append(f"\n{who}", style="not bold italic")
        if claim.context:
            cell.append(f"\n{vocabulary['context']}: {clean_line(claim.context)}", style="not bold dim")
        if clean_line(claim.quote) != clean_line(claim.text).rstrip("."):
            cell.append(f"\n“{clean_line(claim.quote)}”", style="not bold dim")
        table.add_row(str(number), vocabulary[claim.kind], f"{claim.checkworthiness:.2f}", cell)
    console.print(table)
    for failure in failures:
        console.print(Text(f"! {failure_line(failure, 'en')}", style="magenta"))
    checkable = sum(claim.checkable for claim in found)
    counts = f"{checkable} to check · {len(found) - checkable} not checked · {len(failures)} failed"
    console.print(Text(f"{len(found)} claims: {counts}", "bold"))
