"""Sentences put to the check-worthiness head."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from evals.solvers.base import Options, Tools, batches, limited
from evals.types import Case, Dataset, Row


class SentenceSolver:
    """Scores every sentence."""

    name = "sentences"

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """One case per sentence."""
        return [
            Case(f"{sentence.dataset}/{sentence.id}", "head", sentence)
            for dataset in data
            for sentence in limited(dataset.records, options.limit, lambda sentence: sentence.id, options.seed)
        ]

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """A row per sentence: whether people found it worth checking, and the score."""
        embedder = tools.embedder("saring")
        for batch in batches(cases, max(options.batch, 256)):
            started = time.perf_counter()
            vectors = embedder.encode([case.payload.text for case in batch], kind="passage")
            scores = tools.worthiness(vectors)
            each = (time.perf_counter() - started) / len(batch)
            for case, score in zip(batch, scores, strict=True):
                yield {
                    "solver": self.name,
                    "system": case.system,
                    "id": case.id,
                    "dataset": case.payload.dataset,
                    "language": case.payload.language,
                    "gold": case.payload.worth,
                    "text": case.payload.text,
                    "score": float(score),
                    "seconds": each,
                }
