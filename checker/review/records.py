"""What the queue hands out: plain frozen records, never live rows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checker.review.transitions import Action, Role, State


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a user with a role, and the scopes of the token they came with (None: all)."""

    user_id: str
    name: str
    role: Role
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class MachineVerdict:
    """What a machine made of the claim. Kept apart from what people decided."""

    id: str
    label: str
    reason: str
    content_label: str
    confidence: float
    origins: int
    judge: str
    disputed: bool
    citations: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    as_of: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided. `evidence` are the ids of the sources that they said decide it."""

    id: str
    user_id: str
    user_name: str
    kind: str
    label: str
    rating: str | None
    reason: str
    blind: bool
    created_at: datetime
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    id: int
    action: str
    user_name: str
    from_state: str | None
    to_state: str | None
    refused: str | None
    detail: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One claim in the queue.

    Attributes:
        version: Grows with every change; a change names the version it was made on.
        holder_id: Who holds it, None where nobody does or the lease has run out.
        need: How much it needs a person; higher first.
        recheck: Evidence has arrived that would change the verdict a decision was made on.
    """

    id: str
    check_id: str | None
    article_id: str | None
    text: str
    quote: str
    start: int
    end: int
    claim: dict[str, Any]
    language: str
    state: State
    version: int
    holder_id: str | None
    holder_name: str
    lease_until: datetime | None
    decision_id: str | None
    decider_id: str | None
    published_before: bool
    merged_into: str | None
    disputed: bool
    recheck: bool
    checkworthiness: float
    uncertainty: float
    deadline: datetime | None
    need: float
    machine_label: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """The result of an action."""

    item: Item
    action: Action
    replayed: bool = False


def new_id(kind: str) -> str:
    """An id that cannot be guessed: the kind and 96 random bits."""
    return f"{kind}-{secrets.token_hex(12)}"


def aware(moment: datetime | None) -> datetime | None:
    """A moment as read from a database, in UTC: SQLite forgets the zone."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
