"""A report as one HTML file that needs nothing else: no script, style, font or picture from elsewhere.

The article stands at the left with its claims marked, the evidence of the selected claim at the right. It works by
keyboard, on a phone, in print and without JavaScript (each claim is an anchor). Everything from outside is escaped by
Jinja; the page's own script and style are allowed by their hash and nothing else is (Content-Security-Policy).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from checker.notes import in_language
from checker.render.base import (
    STATUSES,
    SYMBOLS,
    Row,
    clean,
    clean_line,
    cost_line,
    counts,
    failure_line,
    guess_language,
    origins_line,
    rows,
    safe_url,
    show_date,
    speaker_line,
    summary,
    unplaced,
)
from checker.render.json import plain
from checker.render.sources import status_reason, status_word, traces, witness_line
from checker.render.words import words
from checker.types import Citation, Report

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of the article's text that the same claims cover.

    Attributes:
        text: Safe to show.
        rows: The claims that cover it, the shortest quote first: the one that a click selects.
        ends: The claims whose quote ends with this run; their number is shown after it.
    """

    text: str
    rows: tuple[Row, ...] = ()
    ends: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A line of the article."""

    kind: Literal["kicker", "headline", "text"]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A citation as shown: which independent origin it belongs to, counted from 1 within its verdict; 0 for none."""

    citation: Citation
    origin: int


def render_html(report: Report, *, language: str = "en") -> str:
    """The report as one HTML document, newline at the end."""
    environment = _environment()
    style, script = _asset("report.css"), _asset("report.js")
    found = rows(report)
    template = environment.get_template("report.html.j2")
    page = template.render(
        report=report,
        rows=found,
        blocks=blocks(report, found),
        counts=counts(report),
        statuses=STATUSES,
        symbols=SYMBOLS,
        unplaced=unplaced(report),
        language=language,
        w=words(language),
        summary=summary(report, language),
        cost=cost_line(report, language),
        versions=sorted(report.versions.items()),
        # A page is passed on; where the store lies on the editor's machine is nobody else's business.
        settings=sorted((key, plain(value)) for key, value in report.settings.items() if key != "store"),
        style=style,
        script=script,
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
        quoted=quoted,
        traces=traces(report),
        status_word=lambda trace: status_word(trace, language),
        status_reason=lambda trace: status_reason(trace, language),
        witness_line=lambda witness: witness_line(witness, language),
        speaker_line=lambda claim: speaker_line(claim, language),
        origins_line=lambda count: origins_line(count, language),
        failure_line=lambda failure: failure_line(failure, language),
        show_date=lambda value: show_date(value, language),
        told=lambda note: in_language(note, language),
    )
    return page.rstrip() + "\n"


def blocks(report: Report, found: Sequence[Row]) -> tuple[Block, ...]:
    """The article's lines, each cut where a claim begins or ends. Claims may overlap, nest and share a span."""
    text = report.article.text
    placed = [row for row in found if 0 <= row.claim.start < row.claim.end <= len(text)]
    lines: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    title = clean_line(report.article.title)
    headline = next((at for at, line in lines[:12] if title and clean_line(line) == title), -1)
    made: list[Block] = []
    for at, line in lines:
        segments = _segments(at, at + len(line), text, placed)
        if not any(segment.text.strip() for segment in segments):
            continue
        kind: Literal["kicker", "headline", "text"] = "text"
        if at == headline:
            kind = "headline"
        elif at < headline:
            kind = "kicker"
        made.append(Block(kind, segments))
    return tuple(made)


def _segments(start: int, end: int, text: str, placed: Sequence[Row]) -> tuple[Segment, ...]:
    here = [row for row in placed if row.claim.start < end and row.claim.end > start]
    cuts = {start, end}
    for row in here:
        cuts.add(max(start, row.claim.start))
        cuts.add(min(end, row.claim.end))
    points = sorted(cuts)
    segments = []
    for left, right in pairwise(points):
        covering = sorted(
            (row for row in here if row.claim.start <= left and row.claim.end >= right),
            key=lambda row: (row.claim.end - row.claim.start, row.number),
        )
        ends = tuple(sorted((row for row in covering if row.claim.end == right), key=lambda row: row.number))
        segments.append(Segment(clean(text[left:right]), tuple(covering), ends))
    return tuple(segments)


def quoted(row: Row) -> tuple[Quoted, ...]:
    """The citations of a claim, each with the number of its origin."""
    if row.verdict is None:
        return ()
    numbers: dict[str, int] = {}
    shown = []
    for citation in row.verdict.citations:
        number = numbers.setdefault(citation.origin, len(numbers) + 1) if citation.origin else 0
        shown.append(Quoted(citation, number))
    return tuple(shown)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("checker.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(line=clean_line, url=safe_url, lang=guess_language, percent=_percent)
    return environment


@cache
def _asset(name: str) -> Any:
    """A file of ours, as it stands: the only text that goes into the page unescaped."""
    from importlib.resources import files

    from markupsafe import Markup

    return Markup((files("checker.render") / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704


def _csp_hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")


def _percent(value: float) -> str:
    return f"{round(100 * value)} %"
