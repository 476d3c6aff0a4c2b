"""Many items out of the house at once: what is public, what was corrected, and decisions for the evals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from checker.errors import NotFound
from checker.review import tables as t
from checker.review.claimreview import EXPORTABLE, Export
from checker.review.queries import Filters, Queries, decision_from, item_from
from checker.review.records import Decision, aware
from checker.review.transitions import PUBLIC_STATES, State
from retrieval.types import Source

DECISION_SCHEMA = "saring.decision/1"
"""What `python -m evals from-queue` reads; the shape is told in `evals/queue.py`."""

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Correction:
    """One published change of what was published before."""

    item_id: str
    claim: str
    language: str
    note: str
    label: str
    rating: str | None
    was_label: str
    was_rating: str | None
    published_at: datetime


Sources = Callable[[str], Source | None]
"""A source of the evidence by its id; None where it is not there (any more)."""


def exports(queries: Queries, filters: Filters | None = None, limit: int | None = None) -> Iterator[Export]:
    """Everything approved that filters leave, the newest decision first.

    Whatever the filters say, nothing that is not approved is among it.
    """
    asked = filters or Filters()
    states = set(asked.states) & EXPORTABLE if asked.states else EXPORTABLE
    if not states:
        return
    where = [*queries.conditions(asked), t.items.c.state.in_([str(state) for state in states])]
    newest = t.decisions.c.created_at.desc()
    query = (
        sa.select(t.items.c.id)
        .join(t.decisions, t.decisions.c.id == t.items.c.decision_id)
        .where(*where)
        .order_by(newest, t.items.c.id)
    )
    with queries.database.read() as connection:
        ids = connection.execute(query.limit(limit) if limit is not None else query).scalars().all()
    for at in range(0, len(ids), _CHUNK):
        yield from _gathered(queries, ids[at : at + _CHUNK], EXPORTABLE)


def published(queries: Queries, limit: int = 50, offset: int = 0) -> tuple[list[Export], int]:
    """What the public may see, the newest first.

    Returns:
        The items of a page, and how many there are in all.
    """
    latest = _latest_publication()
    query = (
        sa.select(t.items.c.id)
        .join(latest, latest.c.item_id == t.items.c.id)
        .where(_public())
        .order_by(latest.c.at.desc(), t.items.c.id)
    )
    with queries.database.read() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(t.items).where(_public())).scalar_one()
        ids = connection.execute(query.limit(limit).offset(offset)).scalars().all()
    return list(_gathered(queries, ids, PUBLIC_STATES)), total


def published_item(queries: Queries, item_id: str) -> Export:
    """One item that the public may see.

    Raises:
        NotFound: There is none of that id that is public: a stranger cannot tell the two apart.
    """
    found = list(_gathered(queries, [item_id], PUBLIC_STATES))
    if not found:
        raise NotFound(f"nothing published under {item_id[:60]}")
    return found[0]


def published_of_article(queries: Queries, article_id: str) -> list[Export]:
    """What the public may see of one article, in the order of its text.

    A claim that was merged into another one stands with that one's decision.
    """
    into = t.items.alias("into")
    own = sa.select(t.items.c.id, t.items.c.start).where(t.items.c.article_id == article_id, _public())
    merged = (
        sa.select(into.c.id, t.items.c.start)
        .join(into, into.c.id == t.items.c.merged_into)
        .where(
            t.items.c.article_id == article_id,
            t.items.c.state == State.MERGED,
            into.c.state.in_([str(state) for state in PUBLIC_STATES]),
        )
    )
    with queries.database.read() as connection:
        rows = sorted([*connection.execute(own), *connection.execute(merged)], key=lambda row: row.start)
    return list(_gathered(queries, list(dict.fromkeys(row.id for row in rows)), PUBLIC_STATES))


def corrections(queries: Queries, limit: int = 200) -> list[Correction]:
    """Every publication that changed an earlier one, the newest first; items that are taken back since stay listed."""
    p, d, i = t.publications.c, t.decisions, t.items.c
    before_label = sa.func.lag(d.c.label).over(partition_by=p.item_id, order_by=(p.published_at, p.id))
    before_rating = sa.func.lag(d.c.rating).over(partition_by=p.item_id, order_by=(p.published_at, p.id))
    nth = sa.func.row_number().over(partition_by=p.item_id, order_by=(p.published_at, p.id))
    inner = (
        sa.select(
            p.item_id,
            p.id,
            p.published_at,
            p.correction_note,
            d.c.label,
            d.c.rating,
            before_label.label("was_label"),
            before_rating.label("was_rating"),
            nth.label("nth"),
        )
        .join(d, d.c.id == p.decision_id)
        .subquery()
    )
    query = (
        sa.select(inner, i.text, i.language)
        .join(t.items, i.id == inner.c.item_id)
        .where(inner.c.nth > 1)
        .order_by(inner.c.published_at.desc(), inner.c.id)
        .limit(limit)
    )
    with queries.database.read() as connection:
        return [_correction(row) for row in connection.execute(query).mappings()]


def decisions(
    queries: Queries, filters: Filters | None = None, source: Sources | None = None
) -> Iterator[dict[str, Any]]:
    """What people ruled, as lines that the evals read. Who decided is not part of it.

    Args:
        queries: The queue.
        filters: Which items; of these, the approved ones.
        source: Looks sources up; where one is not to be had, its card holds the quotes that were cited.
    """
    for export in exports(queries, filters):
        line = _decision_line(queries, export, source or (lambda _: None))
        if line is not None:
            yield line


# -- gathering


def _gathered(queries: Queries, ids: Sequence[str], states: frozenset[State]) -> Iterator[Export]:
    """Exports of items, in the order of the ids; those in no such state, or without an article, are left out."""
    now = queries.clock()
    with queries.database.read() as connection:
        query = queries.item_query().where(
            t.items.c.id.in_(ids),
            t.items.c.state.in_([str(state) for state in states]),
            t.items.c.decision_id.is_not(None),
        )
        items = {row["id"]: item_from(row, now) for row in connection.execute(query).mappings()}
        found = _decisions(connection, [item.decision_id for item in items.values() if item.decision_id])
        articles = _articles(connection, [item.article_id for item in items.values() if item.article_id])
        told = _publications(connection, list(items))
    for item_id in ids:
        item = items.get(item_id)
        if item is None or item.decision_id not in found:
            continue
        rows = told.get(item_id, [])
        notes = tuple(row["correction_note"] for row in rows[1:] if row["correction_note"])
        article = articles.get(item.article_id or "", {})
        yield Export(item, found[item.decision_id], article, aware(rows[-1]["published_at"]) if rows else None, notes)


def _decisions(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    query = (
        sa.select(t.decisions, t.users.c.display_name.label("user_name"))
        .join(t.users, t.users.c.id == t.decisions.c.user_id)
        .where(t.decisions.c.id.in_(ids))
    )
    return {row["id"]: decision_from(row) for row in connection.execute(query).mappings()}


def _articles(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    query = sa.select(t.articles).where(t.articles.c.id.in_(ids))
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _publications(connection: Connection, ids: Sequence[str]) -> dict[str, list[RowMapping]]:
    p = t.publications.c
    told: dict[str, list[RowMapping]] = {}
    for row in connection.execute(
        sa.select(t.publications).where(p.item_id.in_(ids)).order_by(p.published_at, p.id)
    ).mappings():
        told.setdefault(row["item_id"], []).append(row)
    return told


def _latest_publication() -> sa.Subquery:
    p = t.publications.c
    return sa.select(p.item_id, sa.func.max(p.published_at).label("at")).group_by(p.item_id).subquery()


def _public() -> sa.ColumnElement[bool]:
    return t.items.c.state.in_([str(state) for state in PUBLIC_STATES])


def _correction(row: RowMapping) -> Correction:
    moment = aware(row["published_at"])
    assert moment is not None
    return Correction(
        row["item_id"],
        row["text"],
        row["language"],
        row["correction_note"] or "",
        row["label"],
        row["rating"],
        row["was_label"],
        row["was_rating"],
        moment,
    )


# -- for the evals


def _decision_line(queries: Queries, export: Export, source: Sources) -> dict[str, Any] | None:
    item, decision, article = export.item, export.decision, export.article
    if not article:
        return None
    verdict = heard(queries, decision.id)
    agreed = verdict is not None and verdict["label"] == decision.label
    cards = _cards(verdict["citations"] if verdict else [], article["language"], source)
    named = [name for name in deciding(decision, verdict) if name in cards]
    said = item.claim.get("attribution")
    return {
        "schema": DECISION_SCHEMA,
        "id": decision.id,
        "decided_at": decision.created_at.isoformat(),
        "ruling": "approved" if agreed else "overruled",
        "label": decision.label,
        "why": decision.reason,
        "article": {name: article[name] for name in ("id", "title", "text", "url", "published_at", "language")},
        "claim": {
            "id": item.claim["id"],
            "text": item.text,
            "quote": item.quote,
            "start": item.start,
            "end": item.end,
            "attribution": {
                "speaker": said.get("speaker", ""),
                "outlet": said.get("outlet", ""),
                "anonymous": bool(said.get("anonymous", False)),
            }
            if said
            else None,
        },
        "evidence": list(cards.values()),
        "evidence_ids": named,
    }


def deciding(decision: Decision, verdict: RowMapping | None) -> list[str]:
    """Ids of the sources that decide: those the person named.

    Whoever named none and let the machine's label stand, let what it stands on stand as well.
    """
    if decision.evidence:
        return list(decision.evidence)
    if verdict is None or verdict["label"] != decision.label:
        return []
    side = {"supported": "supports", "unsupported": "refutes"}.get(decision.label)
    found = [cited for cited in verdict["citations"] if cited.get("counted", True) and cited["stance"] == side]
    return list(dict.fromkeys(cited["source_id"] for cited in found))


def heard(queries: Queries, decision_id: str) -> RowMapping | None:
    """The machine's verdict that stood when a decision was made."""
    query = (
        sa.select(t.machine_verdicts)
        .join(t.decisions, t.decisions.c.machine_verdict_id == t.machine_verdicts.c.id)
        .where(t.decisions.c.id == decision_id)
    )
    with queries.database.read() as connection:
        return connection.execute(query).mappings().first()


def _cards(citations: Sequence[dict[str, Any]], language: str, source: Sources) -> dict[str, dict[str, Any]]:
    cards: dict[str, dict[str, Any]] = {}
    for cited in citations:
        name = cited["source_id"]
        if name in cards:
            continue
        known = source(name)
        if known is not None:
            cards[name] = {
                "id": known.id,
                "url": known.url,
                "title": known.title,
                "publisher": known.publisher,
                "publisher_type": known.publisher_type,
                "country": known.country,
                "language": known.language,
                "published_at": known.published_at,
                "via": list(known.via),
                "text": known.text,
            }
            continue
        quotes = dict.fromkeys(other["quote"] for other in citations if other["source_id"] == name)
        cards[name] = {
            "id": name,
            "url": cited["url"],
            "publisher": cited["publisher"],
            "language": language,
            "published_at": cited["published_at"],
            "text": "\n".join(quotes),
        }
    return cards
