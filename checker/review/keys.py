"""Idempotency keys: a request that comes twice, because an answer was lost on the way, is done once."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from checker.errors import Incomplete, KeyReused
from checker.review import tables as t

MAX_KEY = 255


def earlier(connection: Connection, user_id: str, key: str, request: Any, now: datetime) -> dict[str, Any] | None:
    """Take a key for a request, inside the transaction that does what is asked.

    Args:
        connection: The transaction; the key is free again if it is rolled back.
        user_id: Whose key it is: two people's keys never meet.
        key: The key.
        request: Everything that was asked, as JSON values.
        now: The time.

    Returns:
        What `remember` kept when the request was done before; None where it is to be done now.

    Raises:
        KeyReused: The key was used for another request.
        Incomplete: It is empty or too long.
    """
    if not key.strip() or len(key) > MAX_KEY or "\x00" in key:
        raise Incomplete(f"an idempotency key has 1 to {MAX_KEY} characters")
    wanted = digest(request)
    try:
        with connection.begin_nested():
            connection.execute(
                t.idempotency.insert().values(user_id=user_id, key=key, request_hash=wanted, created_at=now)
            )
        return None
    except IntegrityError:
        row = connection.execute(sa.select(t.idempotency).where(_mine(user_id, key))).mappings().one()
    if row["request_hash"] != wanted:
        raise KeyReused("this idempotency key was used for another request; use a new one")
    response: dict[str, Any] = row["response"]
    return response


def remember(connection: Connection, user_id: str, key: str, response: dict[str, Any]) -> None:
    """Keep what the request under a key gave, in the same transaction."""
    connection.execute(t.idempotency.update().where(_mine(user_id, key)).values(status=200, response=response))


def digest(value: Any) -> str:
    """SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()


def _mine(user_id: str, key: str) -> sa.ColumnElement[bool]:
    return (t.idempotency.c.user_id == user_id) & (t.idempotency.c.key == key)
