"""A report as Markdown (CommonMark), for a ticket, a wiki or a mail. Text from outside cannot become markup."""

from __future__ import annotations

import re

from checker.notes import in_language
from checker.render.base import (
    SYMBOLS,
    Row,
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
from checker.render.sources import status_reason, status_word, traces, witness_line
from checker.render.words import words
from checker.types import Citation, Report, Trace

# Every ASCII punctuation mark may be escaped in CommonMark (section 2.4); these are the ones that can start markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&^=@:-])")
_LIST_NUMBER = re.compile(r"^(\d+)([.)])")


def render_markdown(report: Report, *, language: str = "en") -> str:
    """The report as Markdown, newline at the end."""
    vocabulary = words(language)
    article = report.article
    lines = [f"# {escape(article.title) or vocabulary['title']}", ""]
    facts = [escape(article.publisher), show_date(article.published_at, language) if article.published_at else ""]
    if url := safe_url(article.url):
        facts.append(f"<{_link(url)}>")
    if line := " · ".join(fact for fact in facts if fact):
        lines += [line, ""]
    lines += [f"**{escape(summary(report, language))}**", ""]
    if report.as_of:
        lines += [f"{vocabulary['as_of']} {show_date(report.as_of, language)}.", ""]
    found = traces(report)
    for row in rows(report):
        lines += _section(row, language)
        if trace := found.get(row.claim.id):
            lines += _sources(trace, language)
    for failure in unplaced(report):
        lines += [f"## {SYMBOLS['failed']} {vocabulary['failed'].capitalize()}", ""]
        lines += [escape(failure_line(failure, language)), ""]
    if report.notes:
        lines += [f"## {vocabulary['notes']}", ""]
        lines += [f"- {escape(in_language(note, language))}" for note in report.notes]
        lines.append("")
    if cost := cost_line(report, language):
        lines += [f"{cost}.", ""]
    lines += [f"*{vocabulary['machine']}*", ""]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Outside text on one line, in which nothing is markup."""
    escaped = _MARKUP.sub(r"\\\1", clean_line(text))
    return _LIST_NUMBER.sub(r"\1\\\2", escaped)


def _link(url: str) -> str:
    """A URL that cannot end the link it stands in."""
    return url.replace("<", "%3C").replace(">", "%3E").replace("(", "%28").replace(")", "%29").replace("\\", "%5C")


def _section(row: Row, language: str) -> list[str]:
    vocabulary = words(language)
    claim = row.claim
    heading = f"## {row.number}. {SYMBOLS[row.status]} {vocabulary[row.status].capitalize()}"
    lines = [heading, "", f"**{escape(claim.text)}**", ""]
    if who := speaker_line(claim, language):
        lines += [f"{escape(who)}", ""]
    if claim.context:
        lines += [f"{vocabulary['context']}: {escape(claim.context)}", ""]
    if row.failure is not None:
        lines += [escape(failure_line(row.failure, language)), ""]
    elif row.verdict is None:
        lines += [f"{vocabulary['not_checked_kind']} {vocabulary[claim.kind]}.", ""]
    else:
        verdict = row.verdict
        lines += [f"{vocabulary[verdict.reason]} {origins_line(verdict.origins, language).capitalize()}.", ""]
        if row.content_differs:
            lines += [f"{vocabulary['content']}: **{vocabulary[verdict.content_label]}**.", ""]
        if verdict.disputed:
            lines += [f"**{vocabulary['disputed']}**", ""]
        for citation in verdict.citations:
            lines += _citation(citation, language)
        lines += [f"- {escape(note)}" for note in verdict.notes]
        if verdict.notes:
            lines.append("")
    return lines


def _sources(trace: Trace, language: str) -> list[str]:
    vocabulary = words(language)
    lines = [f"{vocabulary['sources']}: **{status_word(trace, language)}**. {status_reason(trace, language)}", ""]
    if trace.conflict:
        lines += [f"**{vocabulary['sides_differ']}**", ""]
    lines += [f"- {escape(witness_line(witness, language))}" for witness in trace.witnesses]
    return [*lines, ""] if trace.witnesses else lines


def _citation(citation: Citation, language: str) -> list[str]:
    vocabulary = words(language)
    name = escape(citation.publisher) or escape(citation.source_id)
    url = safe_url(citation.url)
    parts = [
        f"[{name}]({_link(url)})" if url else name,
        show_date(citation.published_at, language),
        vocabulary[citation.stance],
    ]
    if not citation.counted:
        parts.append(vocabulary["not_counted"])
    parts.extend(escape(in_language(note, language)) for note in citation.notes)
    return [f"> “{escape(citation.quote)}”", ">", f"> — {' · '.join(parts)}", ""]
