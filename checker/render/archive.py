"""The archived copies of cited pages, as a section of its own after a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.render.base import clean_line, show_date
from checker.types import Report, Verdict

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval.connectors.archive import Copies

_WORDS = {
    "id": {
        "title": "Salinan arsip halaman yang dikutip",
        "none": "tidak ada di arsip",
        "failed": "arsip tidak dapat ditanya",
        "nothing": "Tidak ada halaman yang dikutip.",
    },
    "en": {
        "title": "Archived copies of the pages cited",
        "none": "not in the archive",
        "failed": "the archive could not be asked",
        "nothing": "No page is cited.",
    },
}


def cited_pages(report: Report) -> dict[str, str | None]:
    """The addresses that a report cites, in its order, each with the day its page was published."""
    pages: dict[str, str | None] = {}
    for trace in report.provenance:
        for witness in trace.witnesses:
            if witness.url:
                pages.setdefault(witness.url, witness.published_at)
    for outcome in report.outcomes:
        if isinstance(outcome, Verdict):
            for citation in outcome.citations:
                if citation.url:
                    pages.setdefault(citation.url, citation.published_at)
    return pages


def archive_json(copies: Copies) -> list[dict[str, Any]]:
    """One entry per page: `archived_url` is null where there is no copy, `problem` says why it is not known."""
    entries: list[dict[str, Any]] = [
        {"url": copy.url, "archived_url": copy.archived_url, "archived_at": copy.archived_at, "problem": None}
        for copy in copies.found.values()
    ]
    empty = {"archived_url": None, "archived_at": None}
    entries += [{"url": url, **empty, "problem": None} for url in copies.missing]
    return entries + [{"url": url, **empty, "problem": reason} for url, reason in copies.problems.items()]


def print_archive(copies: Copies, console: Console, *, language: str = "en") -> None:
    """Print the section on a Rich console; addresses are never broken over lines."""
    from rich.text import Text

    vocabulary = _WORDS.get(language, _WORDS["en"])
    lines = [
        f"{show_date(copy.archived_at[:10], language)}  {clean_line(copy.archived_url)}"
        for copy in copies.found.values()
    ]
    lines += [f"{vocabulary['none']}: {clean_line(url)}" for url in copies.missing]
    lines += [f"{vocabulary['failed']}: {clean_line(url)} ({clean_line(why)})" for url, why in copies.problems.items()]
    console.print(Text(vocabulary["title"], style="bold"))
    for line in lines or [vocabulary["nothing"]]:
        console.print(Text(line), soft_wrap=True)
