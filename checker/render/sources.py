"""Where the word of each claim comes from: the section on sources that every report has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checker.render.base import clean_line, show_date, speaker_line
from checker.render.words import words
from checker.types import Report, Trace, TraceStatus, Witness

if TYPE_CHECKING:
    from rich.console import Console

_WORD: Mapping[TraceStatus, str] = {
    "traced": "traced",
    "second_hand": "second_hand",
    "untraced": "untraced",
    "anonymous": "traced_anonymous",
}


def traces(report: Report) -> dict[str, Trace]:
    """The report's traces by claim id."""
    return {trace.claim_id: trace for trace in report.provenance}


def status_word(trace: Trace, language: str) -> str:
    """How far the word could be traced, in a word or two."""
    return words(language)[_WORD[trace.status]]


def status_reason(trace: Trace, language: str) -> str:
    """The same in a sentence."""
    return words(language)[f"why_{_WORD[trace.status]}"]


def witness_line(witness: Witness, language: str) -> str:
    """A source and what it says: "SKAI (broadcaster), via Reuters · 24 June 2025 · says otherwise"."""
    vocabulary = words(language)
    name = clean_line(witness.publisher) or clean_line(witness.source_id)
    if witness.publisher_type:
        name += f" ({clean_line(witness.publisher_type).replace('_', ' ')})"
    if witness.via:
        name += f", {vocabulary['via']} " + ", ".join(clean_line(outlet) for outlet in witness.via)
    parts = [
        name,
        show_date(witness.published_at, language),
        vocabulary["says_otherwise" if witness.stance == "refutes" else "says_so"],
    ]
    if witness.own_report:
        parts.append(vocabulary["own_report"])
    return " · ".join(parts)


def print_sources(report: Report, console: Console, *, language: str = "en") -> None:
    """Print the section on a Rich console."""
    if not report.provenance:
        console.print(words(language)["nobody_credited"])
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    vocabulary = words(language)
    claims = {claim.id: (number, claim) for number, claim in enumerate(report.claims, start=1)}
    table = Table(
        box=box.HORIZONTALS, title=vocabulary["sources"], title_justify="left", title_style="bold", show_lines=True
    )
    table.add_column(vocabulary["named_by"], ratio=2, overflow="fold")
    table.add_column(vocabulary["in_store"], ratio=3, overflow="fold")
    for trace in report.provenance:
        number, claim = claims.get(trace.claim_id, (0, None))
        named = speaker_line(claim, language) if claim is not None else clean_line(trace.speaker)
        left = Text(f"{number}. " if number else "", style="dim")
        left.append(named, style="not dim")
        right = Text(status_word(trace, language), style="bold")
        if trace.conflict:
            right.append(f"\n{vocabulary['sides_differ']}", style="not bold magenta")
        for witness in trace.witnesses:
            right.append(f"\n{witness_line(witness, language)}", style="not bold")
        table.add_row(left, right)
    console.print(table)
