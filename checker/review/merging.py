"""Claims that say the same: found by their words and by their meaning, suggested, and merged by a person alone.

The vectors of claims are kept beside their items, so that a new claim, or new evidence, is compared with the old ones
without reading them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checker.errors import NotAllowed, NotFound
from checker.review import tables as t
from checker.review.queries import Queries, item_from
from checker.review.records import Actor, Item
from checker.review.transitions import RANK, RULES, Action, Role, State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from checker.review.service import ReviewService
    from checker.types import Claim
    from retrieval.embed import Embedder

CLOSE = 0.9
"""Cosine from which two claims are suggested as one. A suggestion only: a person confirms every merge."""

COMPARED = 5000
"""Newest items that a new one is compared with by meaning: 8 MB of vectors, a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of texts, a row each, of length 1, and which embedder made them: only its own compare."""

    embedder: str
    rows: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two items that may say the same. `item` came later and would be merged into `other`, settled or not."""

    item: Item
    other: Item
    similarity: float


def signature(embedder: Embedder) -> str:
    """What a vector is marked with."""
    return f"{embedder.name}@{embedder.digest}"[:160]


def claim_vectors(embedder: Embedder | None, claims: Sequence[Claim]) -> Vectors | None:
    """Vectors of claims, made before a transaction is open; None where nothing makes them."""
    if embedder is None or not claims:
        return None
    return Vectors(signature(embedder), np.asarray(embedder.encode([c.text for c in claims]), dtype=np.float32))


def suggest_merges(
    connection: Connection, ids: Sequence[str], hashes: Sequence[str], vectors: Vectors | None, now: datetime
) -> None:
    """Keep the vectors of new items, and suggest merging them into earlier ones that say the same.

    What is decided or published already counts too: the answer to a claim that comes again may be there.

    Args:
        connection: The transaction that made the items.
        ids: The new items.
        hashes: The hash of each one's words.
        vectors: A row for each; None where nothing makes them, and only the same words are found.
        now: The time.
    """
    if not ids:
        return
    if vectors is not None:
        rows = [
            {"item_id": item_id, "embedder": vectors.embedder, "vector": row.astype("<f4").tobytes()}
            for item_id, row in zip(ids, vectors.rows, strict=True)
        ]
        connection.execute(t.item_vectors.insert(), rows)
    found = _same_words(connection, ids, hashes)
    if vectors is not None:
        for pair, similarity in _close(connection, ids, vectors).items():
            found.setdefault(pair, similarity)
    if found:
        connection.execute(
            t.merge_suggestions.insert(),
            [
                {"item_id": item, "other_id": other, "similarity": round(min(1.0, similarity), 4), "created_at": now}
                for (item, other), similarity in sorted(found.items())
            ],
        )


def _same_words(connection: Connection, ids: Sequence[str], hashes: Sequence[str]) -> dict[tuple[str, str], float]:
    place = {item_id: number for number, item_id in enumerate(ids)}
    query = sa.select(t.items.c.id, t.items.c.text_hash).where(
        t.items.c.text_hash.in_(set(hashes)), t.items.c.state != State.MERGED
    )
    rows = connection.execute(query.order_by(t.items.c.created_at.desc()).limit(COMPARED)).all()
    return {
        (item_id, row.id): 1.0
        for item_id, words in zip(ids, hashes, strict=True)
        for row in rows
        # Of two items of one report the later is merged into the earlier.
        if row.text_hash == words and place.get(row.id, -1) < place[item_id]
    }


def _close(connection: Connection, ids: Sequence[str], vectors: Vectors) -> dict[tuple[str, str], float]:
    others, matrix = stored_vectors(
        connection, vectors.embedder, (t.items.c.state != State.MERGED) & t.items.c.id.not_in(ids), COMPARED
    )
    known, rows = [*others, *ids], np.vstack([matrix, vectors.rows]) if len(others) else vectors.rows
    similar = vectors.rows @ rows.T
    return {
        (ids[mine], known[other]): float(similar[mine, other])
        for mine, other in zip(*np.nonzero(similar >= CLOSE), strict=True)
        if other < len(others) + mine
    }


def stored_vectors(
    connection: Connection, embedder: str, where: sa.ColumnElement[bool], limit: int
) -> tuple[list[str], NDArray[np.float32]]:
    """Vectors of the newest items that a condition holds for.

    Returns:
        Their ids, and a matrix with a row for each.
    """
    query = (
        sa.select(t.item_vectors.c.item_id, t.item_vectors.c.vector)
        .join(t.items, t.items.c.id == t.item_vectors.c.item_id)
        .where(t.item_vectors.c.embedder == embedder, where)
        .order_by(t.items.c.created_at.desc(), t.items.c.id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    if not rows:
        return [], np.zeros((0, 0), dtype=np.float32)
    return [row.item_id for row in rows], np.vstack([np.frombuffer(row.vector, dtype="<f4") for row in rows])


def suggestions(queries: Queries, *, item_id: str | None = None, limit: int = 100) -> tuple[Suggestion, ...]:
    """Pairs that wait for a person, the closest first.

    Args:
        queries: The queue.
        item_id: Only pairs with this item.
        limit: Most pairs.

    Returns:
        Pairs that may still be merged: not dismissed, the later one not past deciding, neither merged.
    """
    s = t.merge_suggestions.c
    one, two = t.items.alias("one"), t.items.alias("two")
    mergeable = [str(state) for state in RULES[Action.MERGE].sources]
    query = (
        sa.select(s.item_id, s.other_id, s.similarity)
        .join(one, one.c.id == s.item_id)
        .join(two, two.c.id == s.other_id)
        .where(s.dismissed_by.is_(None), one.c.state.in_(mergeable), two.c.state != State.MERGED)
        .order_by(s.similarity.desc(), s.created_at, s.item_id, s.other_id)
        .limit(limit)
    )
    if item_id is not None:
        query = query.where((s.item_id == item_id) | (s.other_id == item_id))
    with queries.database.read() as connection:
        pairs = connection.execute(query).all()
        wanted = {name for pair in pairs for name in (pair.item_id, pair.other_id)}
        found = connection.execute(queries.item_query().where(t.items.c.id.in_(wanted))).mappings().all()
    now = queries.clock()
    items = {row["id"]: item_from(row, now) for row in found}
    return tuple(Suggestion(items[pair.item_id], items[pair.other_id], pair.similarity) for pair in pairs)


def dismiss(service: ReviewService, item_id: str, other_id: str, actor: Actor) -> None:
    """Say that two items do not say the same; they are not suggested again.

    Raises:
        NotAllowed: It takes somebody who may check.
        NotFound: They were not suggested.
    """
    if RANK[actor.role] < RANK[Role.CHECKER]:
        raise NotAllowed(f"dismissing a suggestion takes the role checker or higher; yours is {actor.role}")
    s = t.merge_suggestions.c
    either = ((s.item_id == item_id) & (s.other_id == other_id)) | ((s.item_id == other_id) & (s.other_id == item_id))
    with service.database.write() as connection:
        changed = connection.execute(t.merge_suggestions.update().where(either).values(dismissed_by=actor.user_id))
        if changed.rowcount == 0:
            raise NotFound("these two were not suggested for merging")
        detail: dict[str, Any] = {"other_id": other_id}
        connection.execute(
            t.events.insert().values(
                item_id=item_id, user_id=actor.user_id, action="dismiss_merge", detail=detail, at=service.clock()
            )
        )
