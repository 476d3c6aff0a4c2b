"""Report -> terminal, JSON, Markdown, HTML. Nothing here decides anything; it shows what a report holds."""

from __future__ import annotations

from checker.render.base import FORMATS, check_format
from checker.render.words import ui_language
from checker.types import Report

__all__ = ["FORMATS", "check_format", "render"]


def render(report: Report, format: str, *, language: str | None = None, width: int = 80) -> str:
    """The report as a document.

    Args:
        report: What to show.
        format: One of `FORMATS`.
        language: `id` or `en`, for the words around the report. By default a document (Markdown, HTML) speaks the
            article's language and plain text English, as the command line does. JSON has no words.
        width: Columns of plain text.

    Returns:
        The document, a newline at its end.

    Raises:
        UnknownName: there is no such format.
    """
    document = ui_language(language if language is not None else report.article.language)
    match check_format(format):
        case "json":
            from checker.render.json import report_to_json

            return report_to_json(report) + "\n"
        case "markdown":
            from checker.render.markdown import render_markdown

            return render_markdown(report, language=document)
        case "html":
            from checker.render.html import render_html

            return render_html(report, language=document)
        case "text":
            from checker.render.text import render_text

            return render_text(report, language=ui_language(language or "en"), width=width)
