"""Text that was broken at a fixed width (mail, terminals, copies of PDFs): its paragraphs made whole again.

A line feed inside a paragraph becomes a space, one character for one, so that no offset moves. What stands on lines of
its own (headlines, bylines, lists, one sentence a line) keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from retrieval.segment import CLOSERS, OPENERS

WIDEST = 160
"""Longest line of a text broken at a width; longer ones are paragraphs on a line each."""

_SHORTEST = 20
"""Characters of a line below which it is an entry of a list, a signature or a label."""

_WORD = re.compile(r"[^\W\d_]+")
_BULLET = re.compile(r"[•▪●○■◆►➤‣*·–—-]\s|\(?\d{1,3}[.)]\s|[a-zA-Z][.)]\s")
_BYLINE = re.compile(r"(?:by|oleh|laporan|penulis|reporter|editor)\b", re.I)
_UNFINISHED = frozenset(
    """
    a an and as at by for from has have he in is of on or that the to was were which who will with
    adalah akan atau bahwa dalam dan dari dengan di dia ia ini itu juga karena ke kepada oleh pada para saat sebagai
    seperti serta tentang terhadap untuk yang
    """.split()
)
"""Words that end no sentence and no headline: the line goes on after them."""


class _Line(NamedTuple):
    start: int
    end: int  # of the text without white space around it
    text: str


def unwrap(text: str) -> str:
    """Make paragraphs whole that were broken at a width.

    A text is left as it is where no line plainly goes on in the next, that is where every break happens to stand before
    a capital or a number.

    Args:
        text: Its line breaks are line feeds.

    Returns:
        A text of the same length, in which some line feeds are spaces.
    """
    runs = [run for run in _runs(text) if len(run) > 1 and max(len(line.text) for line in run) <= WIDEST]
    # One width for all: whether a paragraph of two lines was broken shows in the others.
    width = max((len(line.text) for run in runs for line in run), default=0)
    if not any(_flows(line.text, following.text, width) for run in runs for line, following in pairwise(run)):
        return text
    whole = list(text)
    for run in runs:
        for line, following in _joints(run, width, first=run[0].start == runs[0][0].start):
            for at in range(line.end, following.start):
                if whole[at] == "\n":
                    whole[at] = " "
    return "".join(whole)


def _runs(text: str) -> Iterator[list[_Line]]:
    """Neighbouring lines that hold something."""
    run: list[_Line] = []
    start = 0
    for raw in text.split("\n"):
        piece = raw.strip()
        if piece:
            first = start + len(raw) - len(raw.lstrip())
            run.append(_Line(first, first + len(piece), piece))
        elif run:
            yield run
            run = []
        start += len(raw) + 1
    if run:
        yield run


def _joints(lines: list[_Line], width: int, *, first: bool) -> Iterator[tuple[_Line, _Line]]:
    """The neighbours of a run that are one paragraph; the first run of a text may begin with its headline."""
    for number, (line, following) in enumerate(pairwise(lines)):
        if _flows(line.text, following.text, width) or (
            not _BULLET.match(following.text)
            and _is_full(line.text, following.text, width)
            and not (first and number == 0 and _may_be_headline(line.text))
        ):
            yield line, following


def _flows(line: str, following: str, width: int) -> bool:
    """Whether the sentence of a line plainly goes on in the next."""
    if _BULLET.match(following) or _BYLINE.match(following) or len(line) < _SHORTEST:
        return False
    last = line.rstrip(CLOSERS)[-1:]
    if last in ".!?…:;" and not _goes_on(following):
        return False
    if len(line) < width * 0.5:
        return False  # the end of a paragraph, or an entry of a list
    words = _WORD.findall(line)
    if words and words[-1].islower() and words[-1] in _UNFINISHED and last.isalpha():
        return True
    return last not in ".!?…:;" and _goes_on(following)


def _goes_on(following: str) -> bool:
    """Whether a line begins in the middle of a sentence: with a small letter, but not that of a name or an address."""
    word = following.lstrip(OPENERS).split(None, 1)[0] if following.lstrip(OPENERS) else ""
    return word[:1].islower() and word.islower() and "." not in word.rstrip(".,;:!?\"'”’)")


def _is_full(line: str, following: str, width: int) -> bool:
    """Whether the next line's first word had no room on this line, give or take what a ragged edge leaves."""
    return len(line) + 1 + len(following.split(None, 1)[0]) > width - max(4, width // 10)


def _may_be_headline(line: str) -> bool:
    return line.rstrip(CLOSERS)[-1:] not in ".!?…,:;"
