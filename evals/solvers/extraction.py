"""Articles put to the claim extractor alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from evals.solvers.base import Options, Tools, failure, limited
from evals.solvers.newsroom import claim_row, gold_rows
from evals.types import Attributed, Case, Dataset, NewsroomItem, Row


class ExtractionSolver:
    """Extracts the claims of newsroom items and of articles with marked attributions."""

    name = "extraction"

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """One case per article."""
        return [
            Case(f"{dataset.name}/{record.id}", "extractor", (dataset.name, record))
            for dataset in data
            for record in limited(dataset.records, options.limit, lambda record: record.id, options.seed)
        ]

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """A row per article: what is right, and every claim with its span, kind and attribution."""
        from checker.errors import CheckerError, ModelUnavailable
        from retrieval.errors import MissingExtra, RetrievalError

        extractor = tools.extractor
        for case in cases:
            dataset, record = case.payload
            options.notify(f"{record.id}: extract")
            row: dict[str, Any] = {
                "solver": self.name,
                "system": case.system,
                "id": case.id,
                "dataset": dataset,
                "language": record.language,
                **_gold(record),
            }
            started = time.perf_counter()
            try:
                article = tools.read(record.text)
                extraction = extractor.extract(article)
            except (ModelUnavailable, MissingExtra):
                raise
            except (CheckerError, RetrievalError) as error:
                yield {**row, "failure": failure(error)}
                continue
            yield {
                **row,
                "claims": [claim_row(claim, article.text, record.text) for claim in extraction.claims],
                "failures": [
                    {"type": item.error_type, "message": item.message, "stage": item.stage}
                    for item in extraction.failures
                ],
                "sentences": [[sentence.start, sentence.end] for sentence in article.sentences],
                "seconds": time.perf_counter() - started,
            }


def _gold(record: NewsroomItem | Attributed) -> dict[str, Any]:
    if isinstance(record, NewsroomItem):
        return {"kind": "newsroom", "body_start": record.body_start, "gold": gold_rows(record)}
    return {
        "kind": "attributed",
        "attributions": [
            {
                "source": record.text[source[0] : source[1]] if source else "",
                "cue": list(cue),
                "content": list(content),
            }
            for source, cue, content in record.attributions
        ],
    }
