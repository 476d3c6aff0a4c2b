"""Evidence: from a URL to ranked, dated, de-duplicated passages.

>>> from retrieval import EvidenceStore
>>> with EvidenceStore.open("evidence") as store:   # doctest: +SKIP
...     [hits] = store.search(["Putin menerima Araghchi di Moskow"], as_of="2025-06-24")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retrieval.connectors.base import Connector, Rejected
    from retrieval.database import Filters
    from retrieval.dates import DateRange
    from retrieval.embed import Embedder, load_embedder
    from retrieval.errors import RetrievalError
    from retrieval.search import HybridIndex, Query
    from retrieval.stats import Stats
    from retrieval.store import EvidenceStore
    from retrieval.types import Hit, Passage, Source
    from retrieval.writing import AddResult

__all__ = [
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

_HOME = {
    "AddResult": "retrieval.writing",
    "Connector": "retrieval.connectors.base",
    "DateRange": "retrieval.dates",
    "Embedder": "retrieval.embed",
    "EvidenceStore": "retrieval.store",
    "Filters": "retrieval.database",
    "Hit": "retrieval.types",
    "HybridIndex": "retrieval.search",
    "Passage": "retrieval.types",
    "Query": "retrieval.search",
    "Rejected": "retrieval.connectors.base",
    "RetrievalError": "retrieval.errors",
    "Source": "retrieval.types",
    "Stats": "retrieval.stats",
    "load_embedder": "retrieval.embed",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import retrieval` alone costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'retrieval' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
