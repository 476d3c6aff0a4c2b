"""Whether a passage meets the words of a question, in either language.

Likeness of whole sentences is high between a question about a coach and any sentence on his team. Single words tell
them apart: each word of the question must be near some word of the passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from checker.chat.tidy import lists
from retrieval.gazetteer import gazetteer

if TYPE_CHECKING:
    from retrieval.embed import Embedder
    from retrieval.vectors import FloatArray

PAIRED = 0.7
"""From here on two words are taken for the one that they are in the other language."""

COVERED, LEAST_COVERED = 0.64, 0.5
"""How well the words of the question must be met in the passage, on average and each: a question about a coach is not
answered by a sentence on his team. Cosine of single words in either language."""

MANY = 4
"""Words from which on one may be missing."""


Office = tuple[int, int, frozenset[str]]
"""Where an office stands among the words of a question (start, end), and its names in both languages."""


class Words:
    """How well texts meet the words of a question, in either language: by the cosine of single words and of pairs."""

    def __init__(self, embedder: Embedder, asked: Sequence[str], held: Sequence[Office] = ()) -> None:
        """Begin with a question.

        Args:
            embedder: Makes the vectors.
            asked: The words of the question that say what is asked.
            held: Those of them that name an office whose holder is asked for.
        """
        self._embedder = embedder
        self._asked = list(asked)
        self._offices = tuple(held)
        self._vectors: dict[str, FloatArray] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Embed the words and pairs of texts, each once, all in one call."""
        pieces = [*self._asked, *_pairs(self._asked), *(piece for text in texts for piece in _pieces(text))]
        new = list(dict.fromkeys(piece for piece in pieces if piece not in self._vectors))
        self._vectors.update(zip(new, self._embedder.encode(new), strict=True) if new and self._asked else ())

    def met(self, text: str) -> FloatArray:
        """For each word of the question, how near the nearest word or pair of a text that was learnt is; `(n,)`."""
        pieces = _pieces(text)
        if not self._asked or not pieces:
            return np.ones(len(self._asked), dtype=np.float32) * (0.0 if self._asked else 1.0)
        there = np.array([self._vectors[piece] for piece in pieces])
        met: FloatArray = (np.array([self._vectors[word] for word in self._asked]) @ there.T).max(axis=1)
        # "juru bicara" is one word in English: two words that are met by one other word count both. What shares a word
        # with them would always be near.
        for index, pair in enumerate(_pairs(self._asked)):
            others = [piece for piece in pieces if " " not in piece and piece not in pair.split()]
            if not others:
                continue
            shared = float((np.array([self._vectors[piece] for piece in others]) @ self._vectors[pair]).max())
            if shared >= PAIRED:
                met[index : index + 2] = np.maximum(met[index : index + 2], shared)
        # An office is met by its name in either language and by nothing near it: a minister is no prime minister.
        for start, end, names in self._offices:
            met[start:end] = 1.0 if _holds(text, names) else 0.0
        return met

    def met_in(self, text: str) -> bool:
        """Whether a text meets them all, on average and each."""
        if not self._asked:
            return True
        met = self.met(text)
        # Of many words one may be said in another way.
        least = np.sort(met)[1 if len(met) >= MANY else 0]
        return bool(met.mean() >= COVERED and least >= LEAST_COVERED)

    def share(self, text: str) -> float:
        """How well a text meets them on average, 0..1."""
        return float(self.met(text).mean()) if self._asked else 0.0


def offices(words: Sequence[str]) -> list[Office]:
    """The offices that words name ("juru bicara"), each with its place and its names in both languages."""
    known = gazetteer().title_names
    found: list[Office] = []
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + 3), start, -1):
            names = known.get(" ".join(words[start:end]))
            if names is not None:
                every = frozenset(name.casefold() for side in names for name in side)
                heads = lists()["heads"]
                found.append((start, end, every | heads if every & heads else every))
                start = end
                break
        else:
            start += 1
    return found


def names_one(text: str, held: Sequence[Office]) -> bool:
    """Whether a text names every one of some offices."""
    return all(_holds(text, names) for _, _, names in held)


def _holds(text: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.I) for name in names)


def _pieces(text: str) -> list[str]:
    words = re.findall(r"[^\W\d_]{3,}", text.lower())
    return list(dict.fromkeys([*words, *_pairs(words)]))


def _pairs(words: Sequence[str]) -> list[str]:
    return [f"{left} {right}" for left, right in pairwise(words)]
