"""An answer's Markdown as HTML that can do nothing but show itself, with its citation marks as links."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# A mark that the answer itself made: one from outside comes escaped.
_MARK = re.compile(r"(?<!\\)\[(\d{1,3})\](?!\()")
_SLOT = re.compile("\ue000(\\d{1,3})\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """Paragraphs, lists, emphasis, code and quotes; no HTML, links, pictures or addresses that lead anywhere."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False})
    return reader.disable(["link", "image", "autolink", "html_block", "html_inline", "reference"])


def answer_html(text: str, numbers: Collection[int], href: Callable[[int], str]) -> str:
    """Render an answer.

    Args:
        text: Its Markdown, whole or as far as it has come.
        numbers: Of its citations; a mark of any other number stays text.
        href: Where a citation's passage is shown.

    Returns:
        HTML. Every link in it leads to `href`, and nothing else in it is a link.
    """
    from html import escape

    marked = _MARK.sub(
        lambda mark: f"\ue000{mark[1]}\ue001" if int(mark[1]) in numbers else mark[0], _PRIVATE.sub("", text)
    )
    html = str(_markdown().render(marked))

    def link(slot: re.Match[str]) -> str:
        number = int(slot[1])
        return f'<a class="cite" href="{escape(href(number), quote=True)}" data-cite="{number}">{number}</a>'

    return _SLOT.sub(link, html)
