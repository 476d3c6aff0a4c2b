"""An answer as Telegram shows it: its small HTML, in messages of at most 4,096 characters, no tag torn apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from checker.chat.events import Answer, Cited
from checker.render.base import clean_line, safe_url, show_date

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MOST = 4_096
"""UTF-16 code units of one message, counted after its entities are parsed."""

_MARK = re.compile(r"(?<!\\)\[(\d{1,3})\](?!\()")
_SLOT = re.compile("\ue000(\\d{1,3})\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")
_BULLET = re.compile(r"^(\s*)[-*] +")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One message, as HTML and as plain text in case Telegram refuses the HTML."""

    html: str
    plain: str


def chunks_of(answer: Answer) -> list[Chunk]:
    """The messages of an answer, in order; at least one."""
    cited = {one.number: one for one in answer.citations}
    lines = [_line(line, cited) for line in answer.text.strip().split("\n")]
    if cited:
        heading = "Sumber" if answer.language == "id" else "Sources"
        lines += [Chunk("", ""), Chunk(f"<b>{heading}</b>", heading)]
        lines += [_source(one, answer.language) for one in answer.citations]
    return list(_packed(lines)) or [Chunk("…", "…")]


def units(text: str) -> int:
    """UTF-16 code units, which is what Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False})
    return reader.disable(["link", "image", "autolink", "html_inline"])


def _line(line: str, cited: dict[int, Cited]) -> Chunk:
    """One line of an answer's Markdown."""
    line = _PRIVATE.sub("", line)
    line = _BULLET.sub(r"\1• ", line)
    line = _MARK.sub(lambda mark: f"\ue000{mark[1]}\ue001" if int(mark[1]) in cited else mark[0], line)
    html, plain = "", ""
    for inline in _markdown().parseInline(line):
        for token in inline.children or ():
            tags = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}
            if token.type in tags:
                html += tags[token.type]
            elif token.type == "code_inline":
                html += f"<code>{escape(token.content, quote=False)}</code>"
                plain += token.content
            else:
                text = token.content if token.type in ("text", "text_special") else " "
                html += escape(text, quote=False)
                plain += text

    def link(slot: re.Match[str]) -> str:
        url = safe_url(cited[int(slot[1])].citation.url)
        shown = f"[{slot[1]}]"
        return f'<a href="{escape(url)}">{shown}</a>' if url else shown

    return Chunk(_SLOT.sub(link, html), _SLOT.sub(r"[\1]", plain))


def _source(one: Cited, language: str) -> Chunk:
    citation = one.citation
    title = clean_line(one.title or citation.quote)[:200]
    lead = f"[{one.number}] {clean_line(citation.publisher) or citation.source_id}, "
    lead += f"{show_date(citation.published_at, language)}: "
    url = safe_url(citation.url)
    shown = escape(title, quote=False)
    html = escape(lead, quote=False) + (f'<a href="{escape(url)}">{shown}</a>' if url else shown)
    return Chunk(html, lead + title + (f" {url}" if url else ""))


def _packed(lines: list[Chunk]) -> Iterator[Chunk]:
    """Lines put together into messages; a line that is longer than a message is cut, and loses its dress."""
    html: list[str] = []
    plain: list[str] = []
    size = 0
    for piece in (piece for line in lines for piece in _fitting(line)):
        # The plain form is sent where the HTML is refused, so that it must fit as well.
        more = max(units(piece.plain), units(_seen(piece.html))) + 1
        if size + more > MOST and any(text.strip() for text in plain):
            yield Chunk("\n".join(html).strip(), "\n".join(plain).strip())
            html, plain, size = [], [], 0
        html.append(piece.html)
        plain.append(piece.plain)
        size += more
    if any(text.strip() for text in plain):
        yield Chunk("\n".join(html).strip(), "\n".join(plain).strip())


def _fitting(line: Chunk) -> Iterator[Chunk]:
    if max(units(line.plain), units(_seen(line.html))) < MOST:
        yield line
        return
    rest = line.plain
    while rest:
        # A code unit or two a character: half of the limit fits whatever the characters are, where all do not.
        cut = MOST - 1 if units(rest[: MOST - 1]) < MOST else MOST // 2
        if len(rest) > cut and (space := rest.rfind(" ", cut - 200, cut)) > 0:
            cut = space
        yield Chunk(escape(rest[:cut], quote=False), rest[:cut])
        rest = rest[cut:].lstrip()


def _seen(html: str) -> str:
    """What is left of HTML once its entities are parsed."""
    from html import unescape

    return unescape(re.sub(r"<[^>]*>", "", html))
