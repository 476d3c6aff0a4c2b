"""Sentences to passages: the spans of a source that are searched, judged and cited.

A passage is two or three sentences, because one alone often leaves open who "he" is, and a judge reads a short text
better than a long one. Neighbours share a sentence, so that no two sentences that stand together are always apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from retrieval.segment import split_sentences
from retrieval.types import Passage

SEGMENTER = "windows-1"
"""Names these rules; a store that was cut by other rules is cut again by `EvidenceStore.reindex`."""

MAX_SENTENCES = 3
MAX_WORDS = 60
"""About 90 tokens of the embedded models (1.3 a word in English, up to 1.7 in Indonesian): their best length."""
LONGEST_WORDS = 110
"""A sentence longer than this is cut, since the models read no more than 256 tokens."""

_WORD = re.compile(r"\S+")
_CLAUSE_END = re.compile(r"[,;:)—–]$")


def split_passages(text: str, source_id: str) -> list[Passage]:
    """Cut the text of a source into passages.

    Args:
        text: As stored; offsets count its code points.
        source_id: Id of the source; part of each passage's id.

    Returns:
        Passages in the order of the text, `text[start:end] == passage.text`. Every sentence is in at least one; a
        passage's id depends on the source's id, the span and its words only.
    """
    passages = []
    for start, end in _windows(list(_pieces(text))):
        span = text[start:end]
        passages.append(Passage(_passage_id(source_id, start, end, span), source_id, start, end, span))
    return passages


def _passage_id(source_id: str, start: int, end: int, span: str) -> str:
    named = f"{source_id}\x00{start}\x00{end}\x00{span}"
    return f"p-{hashlib.sha256(named.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


def _pieces(text: str) -> Iterator[tuple[int, int, int]]:
    """`(start, end, words)` of each sentence; one that is too long comes in parts."""
    for start, end in split_sentences(text):
        words = [(start + m.start(), start + m.end()) for m in _WORD.finditer(text[start:end])]
        # One unbroken run of 10,000 characters is one word by white space: count it by its length as well.
        weight = max(len(words), (end - start) // 12)
        if weight <= LONGEST_WORDS:
            yield start, end, weight
        else:
            yield from _cut(text, words)


def _cut(text: str, words: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Cut one overlong sentence: after a comma or the like where there is one, else between words, else inside one."""
    longest = MAX_WORDS * 12
    parts = [(s, min(s + longest, end)) for start, end in words for s in range(start, end, longest)]
    first = 0
    while first < len(parts):
        last = first
        while (
            last + 1 < len(parts) and last + 1 - first < MAX_WORDS and parts[last + 1][1] - parts[first][0] <= longest
        ):
            last += 1
        if last + 1 < len(parts):
            for candidate in range(last, first + (last - first) // 2, -1):
                if _CLAUSE_END.search(text[parts[candidate][0] : parts[candidate][1]]):
                    last = candidate
                    break
        start, end = parts[first][0], parts[last][1]
        yield start, end, max(last - first + 1, (end - start) // 12)
        first = last + 1


def _windows(pieces: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    first = 0
    while first < len(pieces):
        last, words = first, pieces[first][2]
        while last + 1 < len(pieces) and last + 1 - first < MAX_SENTENCES and words + pieces[last + 1][2] <= MAX_WORDS:
            last += 1
            words += pieces[last][2]
        # A pair is worth a little more than the limit: one sentence alone loses whom its pronouns point to.
        if last == first and last + 1 < len(pieces) and words + pieces[last + 1][2] <= LONGEST_WORDS:
            last += 1
        yield pieces[first][0], pieces[last][1]
        if last + 1 >= len(pieces):
            return
        first = last if last > first else last + 1
