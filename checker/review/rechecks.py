"""New evidence: which decided claims it may bear on, and what it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from checker.errors import CheckerError
from checker.review import tables as t
from checker.review.jobs import Jobs
from checker.review.merging import signature, stored_vectors
from checker.review.records import Item
from checker.review.transitions import PUBLIC_STATES, State
from checker.types import Attribution, Claim, Report
from retrieval.errors import SourceNotFound

if TYPE_CHECKING:
    from checker.claims.base import Extraction
    from checker.pipeline import Checker
    from checker.review.service import ReviewService
    from checker.types import Article
    from retrieval.store import EvidenceStore

NEAR = 0.4
"""Cosine between a claim and a passage from which the passage may bear on it. Low: a claim that is looked at again
without need costs a second, one that is not looked at stays wrong."""

MOST = 200
"""Claims looked at again for one arrival of evidence, the nearest first."""

DECIDED = frozenset({State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED, *PUBLIC_STATES})

_FILL = 2000
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Given:
    """An extractor that finds the claims it was given: those of an item are checked again as they were read then."""

    claims: tuple[Claim, ...]
    name: str = "given"

    @property
    def versions(self) -> dict[str, str]:
        """None of its own."""
        return {}

    def extract(self, article: Article, progress: Any = None) -> Extraction:  # noqa: ARG002 - fixed by the protocol
        """The claims."""
        from checker.claims.base import Extraction

        return Extraction(self.claims, ())


def ask(service: ReviewService, jobs: Jobs, store: EvidenceStore, source_ids: Sequence[str]) -> int:
    """Have decided claims looked at again that new evidence may bear on.

    Args:
        service: The queue.
        jobs: Where they are asked for; a worker does them.
        store: The evidence, the new sources in it.
        source_ids: The new sources; those that are not there (any more) are passed over.

    Returns:
        How many claims will be looked at again.
    """
    if not source_ids:
        return 0
    embedder = store.embedder
    _fill(service, store)
    with service.database.read() as connection:
        ids, claims = stored_vectors(connection, signature(embedder), _decided(), limit=100_000)
    if not ids:
        return 0
    nearest = np.full(len(ids), -1.0, dtype=np.float32)
    for source_id in source_ids:
        try:
            passages = store.passages(source_id)
        except SourceNotFound:
            continue
        for at in range(0, len(passages), _BATCH):
            vectors = np.asarray(embedder.encode([passage.text for passage in passages[at : at + _BATCH]]))
            nearest = np.maximum(nearest, (claims @ vectors.T).max(axis=1))
    order = [int(place) for place in np.argsort(-nearest, kind="stable")[:MOST] if nearest[place] >= NEAR]
    return sum(jobs.recheck(ids[place]) is not None for place in order)


def check_again(checker: Checker, service: ReviewService, item: Item) -> Report:
    """Check an item's claim with the evidence there is now, by the pipeline that checked it first.

    Raises:
        CheckerError: It has no article, or cannot be checked.
    """
    from checker.article import article_from_text
    from checker.pipeline import Checker

    if item.article_id is None:
        raise CheckerError("the item has no article to check it in")
    row = service.article(item.article_id)
    article = article_from_text(
        row["text"],
        url=row["url"],
        title=row["title"],
        publisher=row["publisher"],
        published_at=row["published_at"],
        language=row["language"],
    )
    again = Checker(checker.store, Given((claim_of(item),)), checker.judge, checker.settings)
    return again.check(article)


def claim_of(item: Item) -> Claim:
    """The claim of an item as it was read; fields that another version knew are left out."""
    said: dict[str, Any] | None = item.claim.get("attribution")
    attribution = Attribution(**_known(Attribution, said)) if said else None
    return Claim(**{**_known(Claim, item.claim), "attribution": attribution})


def _known(kind: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def _decided() -> sa.ColumnElement[bool]:
    return t.items.c.state.in_([str(state) for state in DECIDED])


def _fill(service: ReviewService, store: EvidenceStore) -> None:
    """Make the vectors of decided claims that came in by a door without an embedder, or under another one."""
    embedder = store.embedder
    marked = signature(embedder)
    query = (
        sa.select(t.items.c.id, t.items.c.text)
        .outerjoin(t.item_vectors, t.item_vectors.c.item_id == t.items.c.id)
        .where(_decided(), sa.or_(t.item_vectors.c.item_id.is_(None), t.item_vectors.c.embedder != marked))
        .order_by(t.items.c.created_at.desc())
        .limit(_FILL)
    )
    with service.database.read() as connection:
        rows = connection.execute(query).all()
    for at in range(0, len(rows), _BATCH):
        batch = rows[at : at + _BATCH]
        vectors = np.asarray(embedder.encode([row.text for row in batch]), dtype="<f4")
        with service.database.write() as connection:
            ids = [row.id for row in batch]
            connection.execute(t.item_vectors.delete().where(t.item_vectors.c.item_id.in_(ids)))
            values = [
                {"item_id": item_id, "embedder": marked, "vector": vector.tobytes()}
                for item_id, vector in zip(ids, vectors, strict=True)
            ]
            connection.execute(t.item_vectors.insert(), values)
