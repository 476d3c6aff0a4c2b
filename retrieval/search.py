"""Ranking: meaning and words fused into one order, on any corpus, with or without a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from retrieval.dates import DateRange
from retrieval.lexical import LexicalIndex, guess_language, terms
from retrieval.vectors import FloatArray

if TYPE_CHECKING:
    from retrieval.embed import Embedder

DENSE_WEIGHT = 0.6
"""Share of the embedding in the fused score. Set with `LEAST_SCALE` on newsroom-dev and the demo articles (65 claims):
of the cards that decide a claim 95 % are among the first 8 hits, by meaning alone 93, by words alone 87."""

Mode = Literal["hybrid", "dense", "bm25"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes:
        text: A self-contained sentence, in any language the embedder knows.
        context: Words that help to find it and need not be in the evidence (what a pronoun points to, the headline).
        dates: Days that the claim itself speaks of; they favour sources of that time.
    """

    text: str
    context: str = ""
    dates: tuple[DateRange, ...] = ()


LEAST_SCALE = 0.5
"""Share of the greatest BM25 of all that a language's own greatest is at least taken for: one name in common does not
make a passage the best match there is."""

CONTEXT_WEIGHT = 0.3
"""Share of a query's context: it helps to find the passage, but is not what the passage must say."""

DATE_BONUS = 0.03
"""Added to the fused score (0..1) of a source published when the event happened: it decides between near-equals."""


def query_vectors(queries: Sequence[Query], embedder: Embedder) -> FloatArray:
    """One vector of unit length per query, `(len(queries), d)`; all texts are embedded in one call."""
    with_context = [i for i, query in enumerate(queries) if query.context.strip()]
    texts = [query.text for query in queries] + [f"{queries[i].text} {queries[i].context}" for i in with_context]
    encoded = embedder.encode(texts, kind="query")
    vectors = np.array(encoded[: len(queries)], dtype=np.float32)
    for i, vector in zip(with_context, encoded[len(queries) :], strict=True):
        mixed = (1.0 - CONTEXT_WEIGHT) * vectors[i] + CONTEXT_WEIGHT * vector
        vectors[i] = mixed / max(float(np.linalg.norm(mixed)), 1e-9)
    return vectors


def context_terms(query: Query) -> list[tuple[list[str], float]]:
    """The index terms of a query and what each list of them weighs; a term of the text is not counted again."""
    own = terms(query.text)
    weighed = [(own, 1.0)]
    if query.context.strip():
        known = set(own)
        weighed.append(([t for t in terms(query.context) if t not in known], CONTEXT_WEIGHT))
    return weighed


def date_bonus(dates: Sequence[DateRange], earliest: str | None, latest: str | None) -> float:
    """What a source gains by its date: all of `DATE_BONUS` from a day before the event to a week after it.

    Args:
        dates: Days that the claim speaks of.
        earliest: First moment (UTC, ISO 8601) at which the source can have been published; None where undated.
        latest: Last such moment.
    """
    if not dates or earliest is None or latest is None:
        return 0.0
    first, last = date.fromisoformat(earliest[:10]), date.fromisoformat(latest[:10])
    # "in 2018" names too many days to favour one report over another.
    near = (
        (last - first).days <= 2
        and (mention.last - mention.first).days <= 31
        and first <= mention.last + timedelta(days=7)
        and last >= mention.first - timedelta(days=1)
        for mention in dates
    )
    return DATE_BONUS if any(near) else 0.0


def fuse(
    dense: FloatArray,
    lexical: FloatArray,
    weight: float = DENSE_WEIGHT,
    languages: npt.NDArray[np.int64] | None = None,
) -> FloatArray:
    """Fuse cosine similarities and BM25 scores of the same passages into one score.

    A convex combination of the two, each scaled by the greatest value found for this query (as in Bruch, Gai and Ingber
    2023, "An analysis of fusion functions for hybrid retrieval"), which keeps more of both than reciprocal ranks do.
    Words of one language do not match another's, only names and numbers do; so BM25 is scaled by the greatest value
    among the passages of the same language, or `LEAST_SCALE` of the greatest of all where that is more.

    Args:
        dense: `(n,)` cosines.
        lexical: `(n,)` BM25 scores, >= 0.
        weight: Share of `dense`, 0..1.
        languages: `(n,)` a number for the language of each passage; all are of one language where None.

    Returns:
        `(n,)` float32, 0..1.
    """
    top_dense = float(dense.max(initial=0.0))
    top_lexical = float(lexical.max(initial=0.0))
    scaled_dense = np.maximum(dense, 0.0) / top_dense if top_dense > 0.0 else np.zeros_like(dense)
    if top_lexical <= 0.0:
        scaled_lexical = np.zeros_like(lexical)
    elif languages is None:
        scaled_lexical = lexical / top_lexical
    else:
        greatest = np.full(int(languages.max(initial=0)) + 1, LEAST_SCALE * top_lexical, dtype=np.float32)
        np.maximum.at(greatest, languages, lexical)
        scaled_lexical = lexical / greatest[languages]
    fused: FloatArray = (weight * scaled_dense + (1.0 - weight) * scaled_lexical).astype(np.float32)
    return fused


def top(scores: FloatArray, k: int) -> npt.NDArray[np.int64]:
    """Positions of the `k` highest scores, best first; equal scores by position."""
    if k < len(scores):
        cut = np.partition(scores, len(scores) - k)[len(scores) - k]
        best = np.flatnonzero(scores >= cut)
    else:
        best = np.arange(len(scores))
    order = np.argsort(-scores[best], kind="stable")
    return best[order][:k].astype(np.int64)


class HybridIndex:
    """Hybrid search over a corpus in memory: what the evals call, and the reference of the store's search."""

    def __init__(
        self,
        vectors: FloatArray,
        texts: Sequence[str],
        languages: Sequence[str] | str = "",
        weight: float = DENSE_WEIGHT,
    ) -> None:
        """Index a corpus.

        Args:
            vectors: `(n, d)`, unit length, one per text.
            texts: n texts.
            languages: ISO 639-1 of each text, or of all of them; guessed where empty.
            weight: Share of the embedding in the fused score.
        """
        if len(vectors) != len(texts):
            raise ValueError(f"{len(vectors)} vectors for {len(texts)} texts")
        each = [languages] * len(texts) if isinstance(languages, str) else languages
        self._vectors = vectors
        self._weight = weight
        known = [language or guess_language(text) for text, language in zip(texts, each, strict=True)]
        self._lexical = LexicalIndex.build(terms(text, language) for text, language in zip(texts, known, strict=True))
        numbers: dict[str, int] = {}
        self._languages = np.array([numbers.setdefault(language, len(numbers)) for language in known], dtype=np.int64)

    def scores(self, vector: FloatArray, text: str, mode: Mode = "hybrid", language: str = "") -> FloatArray:
        """Score every text of the corpus for one query.

        Args:
            vector: `(d,)` embedding of the query (`kind="query"`).
            text: The query's words.
            mode: `dense`: cosine; `bm25`: BM25; `hybrid`: both, fused.
            language: ISO 639-1 of the query; guessed where empty.

        Returns:
            `(n,)` float32, higher is better.
        """
        dense = self._vectors @ vector if mode != "bm25" else np.zeros(0, dtype=np.float32)
        if mode == "dense":
            return dense
        lexical = self._lexical.scores(terms(text, language))
        return lexical if mode == "bm25" else fuse(dense, lexical, self._weight, self._languages)

    def rank(
        self, vector: FloatArray, text: str, k: int = 10, mode: Mode = "hybrid", language: str = ""
    ) -> list[tuple[int, float]]:
        """The `k` best texts for one query as `(position, score)`, best first; arguments as for `scores`."""
        scores = self.scores(vector, text, mode, language)
        return [(int(i), float(scores[i])) for i in top(scores, k)]
