"""A report for a terminal, as an editor reads it: a Rich table that fits 80 columns and survives a pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from checker.notes import in_language
from checker.render.base import (
    SYMBOLS,
    Row,
    Status,
    clean_line,
    cost_line,
    failure_line,
    origins_line,
    rows,
    safe_url,
    show_date,
    speaker_line,
    summary,
    unplaced,
)
from checker.render.sources import print_sources
from checker.render.words import words
from checker.types import Citation, Failure, Report

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_STYLES: Mapping[Status, str] = {
    "supported": "bold green",
    "unsupported": "bold red",
    "needs_source": "bold yellow",
    "failed": "bold magenta",
    "unchecked": "dim",
}
_ASCII_SYMBOLS: Mapping[Status, str] = {
    "supported": "+",
    "unsupported": "x",
    "needs_source": "?",
    "failed": "!",
    "unchecked": ".",
}
_SHOWN_CITATIONS = 2
_LABEL_WIDTH = 16


def render_text(report: Report, *, language: str = "en", width: int = 80) -> str:
    """The report as plain text without colour codes, lines at most `width` columns wide, newline at the end."""
    from rich.console import Console

    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False, highlight=False)
    print_report(report, console, language=language)
    output = console.file
    assert isinstance(output, StringIO)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()) + "\n"


def print_report(report: Report, console: Console, *, language: str = "en") -> None:
    """Print the report on a Rich console. Text from outside is never read as markup."""
    from rich.text import Text

    vocabulary = words(language)
    article = report.article
    title = clean_line(article.title)
    if title:
        console.print(Text(title, style="bold"))
    facts = [clean_line(article.publisher), show_date(article.published_at, language) if article.published_at else ""]
    facts.append(f"{vocabulary['as_of']} {show_date(report.as_of, language)}" if report.as_of else "")
    console.print(Text(" · ".join(fact for fact in facts if fact), style="dim"))
    console.print()
    if report.claims or unplaced(report):
        console.print(_table(report, language, _symbols(console)))
    else:
        console.print(vocabulary["no_claims"])
    console.print()
    if report.provenance:
        print_sources(report, console, language=language)
        console.print()
    for note in report.notes:
        console.print(Text(f"{vocabulary['notes']}: {clean_line(in_language(note, language))}", style="dim"))
    if cost := cost_line(report, language):
        console.print(Text(cost, style="dim"))
    console.print(_summary(report, language, _symbols(console)))


def _symbols(console: Console) -> Mapping[Status, str]:
    """Signs that the terminal's encoding can show."""
    try:
        "".join(SYMBOLS.values()).encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII_SYMBOLS
    return SYMBOLS


def _summary(report: Report, language: str, symbols: Mapping[Status, str]) -> Text:
    from rich.text import Text

    line = Text(summary(report, language), style="bold")
    if report.failures:
        line.append(f"  {symbols['failed']}", style=_STYLES["failed"])
    return line


def _table(report: Report, language: str, symbols: Mapping[Status, str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.HORIZONTALS, show_header=False, show_lines=True, expand=False, pad_edge=False, padding=(0, 1))
    table.add_column(width=_LABEL_WIDTH, no_wrap=False)
    table.add_column(ratio=1, overflow="fold")
    for row in rows(report):
        table.add_row(_label(row, language, symbols), _body(row, language))
    for failure in unplaced(report):
        table.add_row(_failed_label(language, symbols), _failed_body(failure, language))
    return table


def _label(row: Row, language: str, symbols: Mapping[Status, str]) -> Text:
    from rich.text import Text

    vocabulary = words(language)
    cell = Text(f"{symbols[row.status]} {vocabulary[row.status].upper()}", style=_STYLES[row.status])
    if row.verdict is not None and row.verdict.origins:
        cell.append("\n" + origins_line(row.verdict.origins, language), style="not bold dim")
    return cell


def _failed_label(language: str, symbols: Mapping[Status, str]) -> Text:
    from rich.text import Text

    return Text(f"{symbols['failed']} {words(language)['failed'].upper()}", style=_STYLES["failed"])


def _failed_body(failure: Failure, language: str) -> Text:
    from rich.text import Text

    return Text(failure_line(failure, language), style="magenta")


def _body(row: Row, language: str) -> Text:
    from rich.text import Text

    vocabulary = words(language)
    claim = row.claim
    body = Text(f"{row.number}. {clean_line(claim.text)}", style="bold" if claim.checkable else "")
    if who := speaker_line(claim, language):
        body.append(f"\n{who}", style="not bold italic")
    if claim.context:
        body.append(f"\n{vocabulary['context']}: {clean_line(claim.context)}", style="not bold dim")
    if row.failure is not None:
        body.append(f"\n{failure_line(row.failure, language)}", style="not bold magenta")
    elif row.verdict is None:
        body.append(f"\n{vocabulary[claim.kind]}", style="not bold dim")
    else:
        verdict = row.verdict
        body.append(f"\n{vocabulary[verdict.reason]}", style="not bold")
        if row.content_differs:
            body.append(f"\n{vocabulary['content']}: ", style="not bold")
            body.append(vocabulary[verdict.content_label], style=_STYLES[verdict.content_label])
        if verdict.disputed:
            body.append(f"\n{vocabulary['disputed']}", style="not bold magenta")
        shown = _decisive(verdict.citations)
        for citation in shown:
            body.append_text(_citation(citation, language))
        if hidden := len(verdict.citations) - len(shown):
            body.append(f"\n{vocabulary['more_citations'].format(count=hidden)}", style="not bold dim")
        for note in verdict.notes:
            body.append(f"\n{vocabulary['notes']}: {clean_line(in_language(note, language))}", style="not bold dim")
    return body


def _decisive(citations: Sequence[Citation]) -> Sequence[Citation]:
    """The first few citations; where both sides are cited, one of each is among them."""
    shown = list(citations[:_SHOWN_CITATIONS])
    for side in ("supports", "refutes"):
        if not any(citation.stance == side for citation in shown):
            shown += [citation for citation in citations[_SHOWN_CITATIONS:] if citation.stance == side][:1]
    return shown


def _citation(citation: Citation, language: str) -> Text:
    from rich.text import Text

    vocabulary = words(language)
    text = Text(style="not bold")
    text.append(f"\n“{clean_line(citation.quote)}”")
    # A terminal that knows links makes the name one; the address itself would fill the table.
    url = safe_url(citation.url)
    name = clean_line(citation.publisher) or clean_line(citation.source_id)
    text.append("\n— ", style="cyan")
    text.append(name, style=f"cyan link {url}" if url else "cyan")
    parts = [show_date(citation.published_at, language), vocabulary[citation.stance]]
    if not citation.counted:
        parts.append(vocabulary["not_counted"])
    parts.extend(clean_line(in_language(note, language)) for note in citation.notes)
    text.append("".join(f" · {part}" for part in parts), style="cyan")
    return text
