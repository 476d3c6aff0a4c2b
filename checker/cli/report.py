"""`saring report`: a report that was saved as JSON, shown again in any format without checking anything anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from checker.types import Report

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

MAX_BYTES = 100_000_000
"""Largest report that is read; that of a long article has well under a million bytes."""


@app.command()
def report(
    source: Annotated[
        str, typer.Argument(metavar="REPORT", help="What saring check --format json wrote, or - for stdin.")
    ],
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
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang", metavar="id|en", help="Language of the report. Default: the article's, in text English."
        ),
    ] = None,
) -> None:
    """Show a saved report again, in any format.

    Exit codes: 0 done, 1 some claim in it had failed to be checked, 2 bad usage or input.
    """
    from checker.cli.common import check_writable, choose_format, show_report
    from checker.settings import load_settings

    chosen = choose_format(format, output)
    check_writable(output)
    language = load_settings(language=lang).language or None
    saved = _read(source)
    show_report(saved, chosen, output, language)
    if saved.failures:
        raise typer.Exit(1)


def _read(source: str) -> Report:
    from checker.errors import ReportUnreadable
    from checker.render.json import report_from_json

    if source == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        try:
            with Path(source).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise ReportUnreadable(f"no such file: {source}; make one with: saring check ARTICLE -o {source}") from None
        except OSError as error:
            raise ReportUnreadable(f"{source} cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise ReportUnreadable(f"{source} has more than {MAX_BYTES // 1_000_000} million bytes; that is no report")
    return report_from_json(data)
