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
from retrieval.search import Query, context_terms, date_bonus, fuse, top
from retrieval.select import Candidate, select
from retrieval.types import Exclusion, Hit, Passage
from retrieval.vectors import FloatArray

POOL = 100
"""Candidates per query that the choice of hits is made from."""


class Search:
    """One call of `EvidenceStore.search`: what its queries share."""

    def __init__(
        self,
        database: Database,
        corpus: Corpus,
        k: int,
        as_of: str | None,
        article_text: str | None,
        filters: Filters | None,
    ) -> None:
        self._database = database
        self._corpus = corpus
        self._k = k
        self._article: Shingles | None = shingles(article_text) if article_text else None
        self._copies: dict[int, bool] = {}
        self._late = frozenset(database.after(as_of)) if as_of else frozenset()
        self._late_mask = corpus.mask(sorted(self._late)) if self._late else None
        self._as_of = as_of
        self._allowed = (
            np.flatnonzero(corpus.mask(database.matching(in_utc(filters)))) if filters else np.arange(len(corpus))
        )

    def run(self, query: Query, vector: FloatArray) -> list[tuple[Candidate, float, float]]:
        """The chosen candidates of one query with their dense and lexical scores, best first."""
        if not len(self._allowed):
            return []
        dense = (self._corpus.matrix @ vector)[self._allowed]
        lexical = np.zeros_like(dense)
        for terms, weight in context_terms(query):
            lexical += weight * self._corpus.lexical.scores(terms)[self._allowed]
        score = fuse(dense, lexical)
        best = self._best(score)
        nums = self._corpus.nums[self._allowed[best]]
        rows = self._database.passages(nums.tolist())
        dates = self._database.dates([row[1] for row in rows.values()])
        found = []
        for i, num in zip(best.tolist(), nums.tolist(), strict=True):
            _, source, start, end, origin = rows[num]
            bonus = date_bonus(query.dates, *dates[source])
            found.append(
                (i, Candidate(num, source, start, end, origin, float(score[i]) + bonus, self._excluded(source)))
            )
        found.sort(key=lambda pair: -pair[1].score)
        at = {candidate.num: i for i, candidate in found}
        chosen = select((candidate for _, candidate in found), self._k)
        return [(c, float(dense[at[c.num]]), float(lexical[at[c.num]])) for c in chosen]

    def hits(self, chosen: Sequence[Sequence[tuple[Candidate, float, float]]]) -> list[list[Hit]]:
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

    def _best(self, score: FloatArray) -> IntArray:
        """Positions of the pool; sources after the as-of date have one of their own, to crowd nothing out."""
        pool = max(POOL, 8 * self._k)
        if self._late_mask is None:
            return top(score, pool)
        late = self._late_mask[self._allowed]
        in_time = top(np.where(late, -1.0, score).astype(np.float32), pool)
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
        return (
            self._as_of is not None and latest > self._as_of and latest[:10] > earliest[:10] and _wide(earliest, latest)
        )


def _wide(earliest: str, latest: str) -> bool:
    return (datetime.fromisoformat(latest) - datetime.fromisoformat(earliest)).days >= 1


def in_utc(filters: Filters) -> Filters:
    """The filters with their dates as moments in UTC, as the database compares them."""
    return replace(
        filters,
        since=utc_text(bounds(filters.since)[0]) if filters.since else None,
        until=utc_text(bounds(filters.until)[1]) if filters.until else None,
    )
