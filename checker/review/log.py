"""The log of what was done or refused beside the items: users, tokens, doors somebody had no key to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checker.review import tables as t
from checker.review.database import Database
from checker.review.records import Actor


def record(
    database: Database,
    actor: Actor | None,
    action: str,
    detail: Mapping[str, Any],
    now: datetime,
    *,
    item_id: str | None = None,
    refused: str | None = None,
) -> None:
    """Write one line of the log.

    Args:
        database: The queue's.
        actor: Who did it; None for somebody who is not known.
        action: What it was, at most 32 characters.
        detail: With what. Never a secret.
        now: When.
        item_id: An item that exists; None where it is about none.
        refused: Name of the error it was refused with; None where it was done.
    """
    with database.write() as connection:
        connection.execute(
            t.events.insert().values(
                item_id=item_id,
                user_id=actor.user_id if actor else None,
                action=action[:32],
                refused=refused,
                detail=dict(detail),
                at=now,
            )
        )
