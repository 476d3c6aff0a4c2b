"""The public API of `retrieval` is `__all__`, and it changes on purpose only."""

from __future__ import annotations

import retrieval

PUBLIC = [
    "AddResult",
    "Connector",
    "DateRange",
    "Embedder",
    "EvidenceStore",
    "Filters",
    "Hit",
    "HybridIndex",
    "Passage",
    "Query",
    "Rejected",
    "RetrievalError",
    "Source",
    "Stats",
    "load_embedder",
]


def test_the_public_names_are_these_and_are_there() -> None:
    assert retrieval.__all__ == PUBLIC
    assert all(getattr(retrieval, name).__name__ == name for name in PUBLIC)
