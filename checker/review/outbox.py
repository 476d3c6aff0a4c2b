"""What webhooks are told: written in the transaction that makes it so, sent later, so neither can be lost alone."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checker.review import tables as t
from checker.review.records import aware, new_id
from checker.review.transitions import Action, State

EVENTS = {
    "item.decided": "Somebody decided a claim; it waits for a second person.",
    "item.returned": "A decision was returned with a comment.",
    "item.approved": "A second person approved a decision.",
    "item.published": "An approved decision was published.",
    "item.corrected": "A published decision was published again, changed.",
    "item.reopened": "A published decision was taken back to be looked at again.",
    "item.recheck": "New evidence would change the verdict that a decision was made on.",
    "check.done": "A background check has ended, and its claims are in the queue.",
    "check.failed": "A background check could not be done.",
}
"""Every event a webhook can be told of."""

_OF_ACTION = {
    Action.DECIDE: "item.decided",
    Action.RETURN: "item.returned",
    Action.APPROVE: "item.approved",
    Action.PUBLISH: "item.published",
    Action.REOPEN: "item.reopened",
}
# What was only drafted, or taken back, is nobody's verdict yet: these say that it happened and not what it was.
_WITHOUT_DECISION = frozenset({"item.decided", "item.returned", "item.reopened", "item.recheck"})


def event_of(action: Action, after: State) -> str | None:
    """The event that an action is; None for one that nobody outside is told of."""
    if action is Action.PUBLISH and after is State.CORRECTED:
        return "item.corrected"
    return _OF_ACTION.get(action)


def tell_item(connection: Connection, event: str, event_id: int, item_id: str, now: datetime) -> None:
    """Put word of an item into the outbox of every webhook that asked for this event.

    The machine's label is not in it: that never leaves the house.
    """
    wanted = _wanted(connection, event)
    if not wanted:
        return
    query = (
        sa.select(t.items, t.articles.c.url.label("article_url"), t.articles.c.title.label("article_title"))
        .outerjoin(t.articles, t.articles.c.id == t.items.c.article_id)
        .where(t.items.c.id == item_id)
    )
    row = connection.execute(query).mappings().one()
    about: dict[str, Any] = {
        "item": {
            "id": row["id"],
            "state": row["state"],
            "claim": row["text"],
            "quote": row["quote"],
            "language": row["language"],
            "article": {"id": row["article_id"], "url": row["article_url"], "title": row["article_title"]},
        }
    }
    if event not in _WITHOUT_DECISION and row["decision_id"]:
        found = connection.execute(sa.select(t.decisions).where(t.decisions.c.id == row["decision_id"])).mappings()
        decision = found.one()
        decided = aware(decision["created_at"])
        about["decision"] = {
            "label": decision["label"],
            "rating": decision["rating"],
            "reason": decision["reason"],
            "decided_at": decided.isoformat() if decided else None,
        }
        if row["state"] in (State.PUBLISHED, State.CORRECTED):
            about["claim_review"] = f"/published/{row['id']}/claimreview.json"
    _put(connection, wanted, event, event_id, about, now)


def tell_check(connection: Connection, event: str, event_id: int, check: dict[str, Any], now: datetime) -> None:
    """Put word of a background check into the outbox."""
    wanted = _wanted(connection, event)
    if wanted:
        _put(connection, wanted, event, event_id, {"check": check}, now)


def _wanted(connection: Connection, event: str) -> list[str]:
    rows = connection.execute(sa.select(t.webhooks.c.id, t.webhooks.c.events).where(t.webhooks.c.active)).all()
    return [row.id for row in rows if event in row.events]


def _put(
    connection: Connection, webhooks: list[str], event: str, event_id: int, about: dict[str, Any], now: datetime
) -> None:
    rows = []
    for webhook in webhooks:
        delivery = new_id("dlv")
        body = {"id": delivery, "event": event, "created_at": now.isoformat(), **about}
        rows.append(
            {
                "id": delivery,
                "webhook_id": webhook,
                "event_id": event_id,
                "event": event,
                "body": json.dumps(body, ensure_ascii=True),
                "status": "pending",
                "attempts": 0,
                "next_at": now,
                "created_at": now,
            }
        )
    connection.execute(t.deliveries.insert(), rows)
