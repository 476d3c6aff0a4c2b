"""One search of a store: filters and dates in SQL, meaning and words over the corpus, hits with their sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from retrieval.corpus import Corpus, IntArray
from retrieval.database import Database, Filters
from retrieval.dates import bounds, utc_text
from retrieval.origins import Shingles, is_copy, shingles
from retrieval.rerank import READ, Reranker, mixed
from retrieval.search import Query, context_terms, date_bonus, fuse, top
from retrieval.select import Candidate, select
from retrieval.types import Exclusion, Hit, Passage
from retrieval.upkeep import IndexKeeper
from retrieval.vectors import FloatArray

POOL = 100
"""Candidates per query that the choice of hits is made from."""


_AT_ONCE = 64
"""Queries scored in one matrix product, which bounds its memory."""

_Scored = tuple[Candidate, float, float]
"""A candidate with its dense and its lexical score."""


class Search:
    """One call of `EvidenceStore.search`: what its queries share."""

    def __init__(
        self,
        database: Database,
        corpus: Corpus,
        keeper: IndexKeeper | None,
        k: int,
        as_of: str | None,
        article_text: str | None,
        filters: Filters | None,
        reranker: Reranker | None = None,
    ) -> None:
        self._reranker = reranker
        self._database = database
        self._corpus = corpus
        self._keeper = keeper
        self._k = k
        self._article: Shingles | None = shingles(article_text) if article_text else None
        self._copies: dict[int, bool] = {}
        self._late = frozenset(database.after(as_of)) if as_of else frozenset()
        self._late_mask = corpus.mask(sorted(self._late)) if self._late else None
        self._as_of = as_of
        self._all = not filters
        self._allowed: IntArray = (
            np.flatnonzero(corpus.mask(database.matching(in_utc(filters)))) if filters else np.arange(len(corpus))
        )

    def run(self, queries: Sequence[Query], vectors: FloatArray) -> list[list[Hit]]:
        """The hits of each query; `vectors` is `(len(queries), d)`."""
        if not len(self._allowed):
            return [[] for _ in queries]
        chosen: list[list[_Scored]] = []
        near = self._keeper.query(vectors, self._reach, len(self._corpus)) if self._keeper and self._all else None
        if near is not None:
            for query, vector, found in zip(queries, vectors, near, strict=True):
                chosen.append(self._choose(query, *self._near(query, vector, found)))
        else:
            matrix = self._corpus.vectors_at(self._allowed)
            for first in range(0, len(queries), _AT_ONCE):
                dense = vectors[first : first + _AT_ONCE] @ matrix.T
                for query, row in zip(queries[first : first + _AT_ONCE], dense, strict=True):
                    chosen.append(self._choose(query, self._allowed, row, self._lexical(query)[self._allowed]))
        return self._hits(chosen)

    @property
    def _pool(self) -> int:
        return max(POOL, 8 * self._k)

    @property
    def _reach(self) -> int:
        """Candidates taken from the index and from the words; more where some of them are after the as-of date."""
        return self._pool if self._late_mask is None else 3 * self._pool

    def _lexical(self, query: Query) -> FloatArray:
        scores = np.zeros(len(self._corpus), dtype=np.float32)
        for terms, weight in context_terms(query):
            scores += weight * self._corpus.lexical.scores(terms)
        return scores

    def _near(
        self, query: Query, vector: FloatArray, found: Sequence[tuple[str, float]]
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        """Candidates by the index and by words, each with both of its scores."""
        lexical = self._lexical(query)
        nums = sorted(self._database.passage_nums([passage_id for passage_id, _ in found]).values())
        by_index = self._corpus.positions(np.array(nums, dtype=np.int64))
        by_words = top(lexical, self._reach)
        positions = np.union1d(by_index, by_words[lexical[by_words] > 0]).astype(np.int64)
        return positions, self._corpus.vectors_at(positions) @ vector, lexical[positions]

    def _choose(self, query: Query, positions: IntArray, dense: FloatArray, lexical: FloatArray) -> list[_Scored]:
        """The hits of one query, best first, from its candidates' scores."""
        score = fuse(dense, lexical, languages=self._corpus.languages[positions])
        best = self._best(positions, score)
        nums = self._corpus.nums[positions[best]].tolist()
        rows = self._database.passages(nums)
        dates = self._database.dates([row[1] for row in rows.values()])
        candidates = []
        at: dict[int, int] = {}
        for i, num in zip(best.tolist(), nums, strict=True):
            _, source, start, end, origin = rows[num]
            whole = float(score[i]) + date_bonus(query.dates, *dates[source])
            candidates.append(Candidate(num, source, start, end, origin, whole, self._excluded(source)))
            at[num] = i
        candidates.sort(key=lambda candidate: -candidate.score)
        if self._reranker is not None:
            candidates = self._read_again(query, candidates, self._reranker)
        return [(c, float(dense[at[c.num]]), float(lexical[at[c.num]])) for c in select(candidates, self._k)]

    def _read_again(self, query: Query, candidates: list[Candidate], reranker: Reranker) -> list[Candidate]:
        """The candidates in the order of a second look at the first of them."""
        first = candidates[:READ]
        texts = self._database.texts(sorted({candidate.source for candidate in first}))
        read = reranker.score(query.text, [texts[c.source][c.start : c.end] for c in first])
        scores = mixed([candidate.score for candidate in candidates], read)
        again = [replace(candidate, score=score) for candidate, score in zip(candidates, scores, strict=True)]
        return sorted(again, key=lambda candidate: -candidate.score)

    def _hits(self, chosen: Sequence[Sequence[_Scored]]) -> list[list[Hit]]:
        """The candidates of all queries as hits; each source's text is fetched once."""
        nums = sorted({candidate.source for query in chosen for candidate, _, _ in query})
        sources = self._database.sources(nums)
        dates = self._database.dates(nums)
        ids = self._database.passages([candidate.num for query in chosen for candidate, _, _ in query])
        return [
            [
                Hit(
                    passage=Passage(
                        ids[c.num][0], sources[c.source].id, c.start, c.end, sources[c.source].text[c.start : c.end]
                    ),
                    source=sources[c.source],
                    dense=dense,
                    lexical=lexical,
                    score=c.score,
                    rank=rank,
                    origin=c.origin,
                    excluded=c.excluded,
                    undated=self._undated(*dates[c.source]),
                )
                for rank, (c, dense, lexical) in enumerate(query, 1)
            ]
            for query in chosen
        ]

    def _best(self, positions: IntArray, score: FloatArray) -> IntArray:
        """Where in `score` the pool is; sources after the as-of date have one of their own, to crowd nothing out."""
        if self._late_mask is None:
            return top(score, self._pool)
        late = self._late_mask[positions]
        in_time = top(np.where(late, -1.0, score).astype(np.float32), self._pool)
        after = top(np.where(late, score, -1.0).astype(np.float32), self._k * 3)
        return np.concatenate([in_time[~late[in_time]], after[late[after]]])

    def _excluded(self, source: int) -> Exclusion | None:
        if source in self._late:
            return "after_as_of"
        if self._article is None:
            return None
        if source not in self._copies:
            self._copies[source] = is_copy(self._article, shingles(self._database.texts([source])[source]))
        return "copy_of_article" if self._copies[source] else None

    def _undated(self, earliest: str | None, latest: str | None) -> bool:
        """Without a date, or with a month or year that may lie after the as-of date."""
        if earliest is None or latest is None:
            return True
        return self._as_of is not None and latest > self._as_of and _wide(earliest, latest)


def _wide(earliest: str, latest: str) -> bool:
    return (datetime.fromisoformat(latest) - datetime.fromisoformat(earliest)).days >= 1


def in_utc(filters: Filters) -> Filters:
    """The filters with their dates as moments in UTC, as the database compares them."""
    return replace(
        filters,
        since=utc_text(bounds(filters.since)[0]) if filters.since else None,
        until=utc_text(bounds(filters.until)[1]) if filters.until else None,
    )
