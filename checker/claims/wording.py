"""The self-contained wording of a claim, from its span of the article and what was found out about it."""

from __future__ import annotations

from collections.abc import Sequence

from checker.claims.words import Tokens

Swap = tuple[int, int, str]

_OPEN = '"“„«'
_CLOSE = '"”»'


def reword(text: str, tokens: Tokens, subject: Tokens, main: Tokens, swaps: Sequence[Swap]) -> str:
    """The claim in the article's words, made to stand alone.

    Args:
        text: The article's text.
        tokens: What the claim says.
        subject: The subject it borrows from another clause, put before it.
        main: The clause it is an addition to ("dengan nilai ..."), put before it.
        swaps: Spans of the article with what takes their place.

    Returns:
        One sentence with a capital letter and a full stop; the quotation marks around a wholly quoted claim are gone.
    """
    parts = []
    lead = subject or main
    if lead:
        parts.append(_render(text, lead, swaps))
    parts.append(_render(text, tokens, swaps))
    wording = " ".join(" ".join(part for part in parts if part).split())
    wording = _unquote(wording).strip(" ,;:–—-")
    if not wording:
        return ""
    if not _is_brand(wording.split()[0]):
        wording = wording[0].upper() + wording[1:]
    return wording if wording.rstrip(_CLOSE)[-1:] in {".", "!", "?", "…"} else wording + "."


def _is_brand(word: str) -> bool:
    """Whether a word begins small on purpose (`iPhone`)."""
    return word[0].islower() and any(char.isupper() for char in word[1:3])


def _render(text: str, tokens: Tokens, swaps: Sequence[Swap]) -> str:
    """The text of a run of tokens, gaps in it kept as one space, swapped spans replaced."""
    if not tokens:
        return ""
    pieces: list[str] = []
    position = tokens[0].start
    stop = tokens[-1].end
    for start, end, replacement in sorted(set(swaps)):
        if start < position or end > stop:
            continue
        pieces.append(text[position:start])
        pieces.append(replacement)
        position = end
    pieces.append(text[position:stop])
    return "".join(pieces)


def _unquote(wording: str) -> str:
    """Without quotation marks that enclose the whole, or that lost their partner to the attribution."""
    stripped = wording.strip(" ,")
    if stripped[:1] and stripped[:1] in _OPEN and stripped[-1:] in _CLOSE and len(stripped) > 2:
        inner = stripped[1:-1]
        if not any(mark in inner for mark in _OPEN + _CLOSE):
            return inner.strip(" ,")
        if inner.count('"') % 2 == 0 and inner.count("“") == inner.count("”"):
            return inner.strip(" ,")
    opened = sum(stripped.count(mark) for mark in "“„«")
    closed = sum(stripped.count(mark) for mark in "”»")
    if stripped.count('"') % 2 or opened != closed:
        stripped = stripped.strip('"“”„«» ,')
        if stripped.count('"') % 2 or stripped.count("“") != stripped.count("”"):
            for mark in '"“”„«»':
                stripped = stripped.replace(mark, "")
    return stripped
