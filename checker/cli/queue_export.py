"""What `saring queue export` writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.cli.desk import Desk

if TYPE_CHECKING:
    from checker.review.queries import Filters

FORMATS = ("claimreview", "csv", "decisions")


def exported(desk: Desk, filters: Filters, format: str, store: str | None) -> tuple[str, int]:
    """Everything approved that filters leave, as a document.

    Returns:
        The document, and how many items are in it.
    """
    from checker.review.claimreview import claim_review, to_csv
    from checker.review.exports import exports
    from checker.review.opening import publisher

    if format == "decisions":
        return _decisions(desk, filters, store)
    found = list(exports(desk.service, filters))
    if format == "csv":
        return to_csv(found), len(found)
    site = publisher(desk.settings)
    return json.dumps([claim_review(export, site) for export in found], ensure_ascii=False, indent=2) + "\n", len(found)


def _decisions(desk: Desk, filters: Filters, store: str | None) -> tuple[str, int]:
    from checker.review.exports import decisions
    from retrieval.errors import RetrievalError
    from retrieval.store import EvidenceStore
    from retrieval.types import Source

    opened: EvidenceStore | None = None
    try:
        opened = EvidenceStore.open(store or desk.settings.store, embedder=desk.settings.embedder, match=False)
    except RetrievalError:
        if store is not None:
            raise

    def source(source_id: str) -> Source | None:
        try:
            return opened.get(source_id) if opened is not None else None
        except RetrievalError:
            return None

    try:
        lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in decisions(desk.service, filters, source)]
    finally:
        if opened is not None:
            opened.close()
    return "".join(lines), len(lines)
