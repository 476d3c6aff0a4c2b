"""An answer for a reader without Markdown, and the list of its sources."""

from __future__ import annotations

from checker.chat.events import Answer
from checker.chat.wording import say
from checker.render.base import clean_line, safe_url, show_date
from checker.render.markdown import escape


def to_plain(markdown: str) -> str:
    """Markdown as plain text: emphasis and escapes gone, lists and paragraphs kept."""
    from markdown_it import MarkdownIt

    lines: list[str] = []
    bullets: list[str] = []
    counts: list[int] = []
    mark = ""
    for token in MarkdownIt("commonmark").parse(markdown):
        match token.type:
            case "bullet_list_open":
                bullets.append("-")
            case "ordered_list_open":
                bullets.append("1")
                counts.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                if bullets.pop() == "1":
                    counts.pop()
                lines.append("")
            case "list_item_open":
                mark = "- "
                if bullets[-1] == "1":
                    mark = f"{counts[-1]}. "
                    counts[-1] += 1
            case "inline":
                text = "".join(
                    "\n" if child.type in ("softbreak", "hardbreak") else child.content
                    for child in token.children or ()
                    if child.type in ("text", "code_inline", "softbreak", "hardbreak")
                )
                lines.append(mark + text)
                mark = ""
            case "paragraph_close" if not bullets:
                lines.append("")
    return "\n".join(lines).strip() + "\n"


def source_list(answer: Answer) -> str:
    """The sources of an answer as a Markdown list: number, publisher, date, headline, address; empty without any."""
    if not answer.citations:
        return ""
    lines = [f"**{say('sources', answer.language)}:**\n\n"]
    for cited in answer.citations:
        citation = cited.citation
        parts = [
            escape(citation.publisher) or escape(citation.source_id),
            show_date(citation.published_at, answer.language),
            escape(cited.title),
        ]
        url = safe_url(citation.url)
        if url:
            parts.append(f"<{clean_line(url).replace('<', '%3C').replace('>', '%3E')}>")
        lines.append(f"- [{cited.number}] {', '.join(part for part in parts if part)}\n")
    return "".join(lines)
