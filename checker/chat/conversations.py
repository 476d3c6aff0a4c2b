"""Conversations: what was said, kept per owner. Another owner's conversation does not exist for whoever asks.

Turns are only ever added. `MemoryConversations` keeps them while the process lives (and is the fake of the tests);
`SqlConversations` keeps them in the review queue's database, SQLite or PostgreSQL.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from secrets import token_hex
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from checker.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, RowMapping

    from checker.review.database import Database

Role = Literal["user", "assistant"]

MAX_TITLE = 120
MAX_OWNER = 120

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation. `title` is the beginning of what was first asked."""

    id: str
    owner: str
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said.

    Attributes:
        id: Shared by a question and its answer.
        kind: What the answer is (`checker.chat.events.AnswerKind`); empty for a question.
        data: JSON values that follow-ups need: the report, the numbered citations, a question that was asked back.
    """

    id: str
    role: Role
    text: str
    language: str = ""
    kind: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Conversations(Protocol):
    """Where conversations are kept. Safe to share between threads."""

    def start(self, owner: str, title: str = "") -> Conversation:
        """Begin a conversation."""
        ...

    def get(self, conversation_id: str, owner: str) -> Conversation:
        """A conversation.

        Raises:
            NotFound: There is none of that id, or it is somebody else's.
        """
        ...

    def list(self, owner: str, limit: int = 50) -> tuple[Conversation, ...]:
        """The owner's conversations, the latest first."""
        ...

    def turns(self, conversation_id: str, owner: str, limit: int | None = None) -> tuple[Turn, ...]:
        """What was said, in order; only the last `limit` where given.

        Raises:
            NotFound: There is none of that id, or it is somebody else's.
        """
        ...

    def add(self, conversation_id: str, owner: str, turns: Sequence[Turn]) -> None:
        """Add to a conversation, all of it or nothing. The first question becomes the title of one without.

        Raises:
            NotFound: There is none of that id, or it is somebody else's.
        """
        ...

    def delete(self, conversation_id: str, owner: str) -> None:
        """Take a conversation out, with all that was said.

        Raises:
            NotFound: There is none of that id, or it is somebody else's.
        """
        ...


def new_conversation_id() -> str:
    """An id that cannot be guessed."""
    return f"cnv-{token_hex(12)}"


def new_turn_id() -> str:
    """An id that cannot be guessed."""
    return f"trn-{token_hex(12)}"


def _missing(conversation_id: str) -> NotFound:
    return NotFound(f"no conversation {conversation_id[:60]!r} of yours; begin a new one")


def _title(text: str) -> str:
    from checker.render.base import clean_line

    line = clean_line(text[: 4 * MAX_TITLE])
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


def _titled(title: str, turns: Sequence[Turn]) -> str:
    return title or next((_title(turn.text) for turn in turns if turn.role == "user"), "")


class MemoryConversations:
    """Conversations that end with the process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._found: dict[str, Conversation] = {}
        self._turns: dict[str, list[Turn]] = {}

    def start(self, owner: str, title: str = "") -> Conversation:
        """Begin a conversation."""
        now = datetime.now(UTC)
        begun = Conversation(new_conversation_id(), owner, _title(title), now, now)
        with self._guard:
            self._found[begun.id] = begun
            self._turns[begun.id] = []
        return begun

    def get(self, conversation_id: str, owner: str) -> Conversation:
        """A conversation."""
        with self._guard:
            return self._own(conversation_id, owner)

    def list(self, owner: str, limit: int = 50) -> tuple[Conversation, ...]:
        """The owner's conversations, the latest first."""
        with self._guard:
            own = [found for found in self._found.values() if found.owner == owner]
        return tuple(sorted(own, key=lambda found: found.updated_at, reverse=True)[:limit])

    def turns(self, conversation_id: str, owner: str, limit: int | None = None) -> tuple[Turn, ...]:
        """What was said, in order."""
        with self._guard:
            self._own(conversation_id, owner)
            said = self._turns[conversation_id]
            return tuple(said if limit is None else said[max(0, len(said) - limit) :])

    def add(self, conversation_id: str, owner: str, turns: Sequence[Turn]) -> None:
        """Add to a conversation."""
        with self._guard:
            found = self._own(conversation_id, owner)
            self._turns[conversation_id].extend(turns)
            self._found[conversation_id] = replace(
                found, title=_titled(found.title, turns), updated_at=datetime.now(UTC)
            )

    def delete(self, conversation_id: str, owner: str) -> None:
        """Take a conversation out."""
        with self._guard:
            self._own(conversation_id, owner)
            del self._found[conversation_id], self._turns[conversation_id]

    def _own(self, conversation_id: str, owner: str) -> Conversation:
        found = self._found.get(conversation_id)
        if found is None or found.owner != owner:
            raise _missing(conversation_id)
        return found


class SqlConversations:
    """Conversations in the review queue's database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def start(self, owner: str, title: str = "") -> Conversation:
        """Begin a conversation."""
        from checker.review import tables as t

        now = datetime.now(UTC)
        begun = Conversation(new_conversation_id(), owner[:MAX_OWNER], _storable(_title(title)), now, now)
        with self.database.write() as connection:
            connection.execute(
                t.conversations.insert().values(
                    id=begun.id, owner=begun.owner, title=begun.title, created_at=now, updated_at=now
                )
            )
        return begun

    def get(self, conversation_id: str, owner: str) -> Conversation:
        """A conversation."""
        with self.database.read() as connection:
            return _conversation(self._own(connection, conversation_id, owner))

    def list(self, owner: str, limit: int = 50) -> tuple[Conversation, ...]:
        """The owner's conversations, the latest first."""
        import sqlalchemy as sa

        from checker.review import tables as t

        query = (
            sa.select(t.conversations)
            .where(t.conversations.c.owner == owner[:MAX_OWNER])
            .order_by(t.conversations.c.updated_at.desc(), t.conversations.c.id)
            .limit(limit)
        )
        with self.database.read() as connection:
            return tuple(_conversation(row) for row in connection.execute(query).mappings())

    def turns(self, conversation_id: str, owner: str, limit: int | None = None) -> tuple[Turn, ...]:
        """What was said, in order."""
        import sqlalchemy as sa

        from checker.review import tables as t

        query = (
            sa.select(t.turns)
            .where(t.turns.c.conversation_id == conversation_id)
            .order_by(t.turns.c.id.desc())
            .limit(limit)
        )
        with self.database.read() as connection:
            self._own(connection, conversation_id, owner)
            rows = connection.execute(query).mappings().all()
        return tuple(_turn(row) for row in reversed(rows))

    def add(self, conversation_id: str, owner: str, turns: Sequence[Turn]) -> None:
        """Add to a conversation."""
        from checker.review import tables as t

        with self.database.write() as connection:
            found = self._own(connection, conversation_id, owner)
            for turn in turns:
                connection.execute(
                    t.turns.insert().values(
                        turn_id=turn.id,
                        conversation_id=conversation_id,
                        role=turn.role,
                        text=_storable(turn.text),
                        language=turn.language,
                        kind=turn.kind,
                        data=_storable(dict(turn.data)),
                        created_at=turn.created_at,
                    )
                )
            connection.execute(
                t.conversations.update()
                .where(t.conversations.c.id == conversation_id)
                .values(title=_storable(_titled(found["title"], turns)), updated_at=datetime.now(UTC))
            )

    def delete(self, conversation_id: str, owner: str) -> None:
        """Take a conversation out."""
        from checker.review import tables as t

        with self.database.write() as connection:
            self._own(connection, conversation_id, owner)
            connection.execute(t.turns.delete().where(t.turns.c.conversation_id == conversation_id))
            connection.execute(t.conversations.delete().where(t.conversations.c.id == conversation_id))

    def _own(self, connection: Connection, conversation_id: str, owner: str) -> RowMapping:
        import sqlalchemy as sa

        from checker.review import tables as t

        c = t.conversations.c
        query = sa.select(t.conversations).where(c.id == _storable(conversation_id)[:80], c.owner == owner[:MAX_OWNER])
        row = connection.execute(query).mappings().first()
        if row is None:
            raise _missing(conversation_id)
        return row


def _conversation(row: RowMapping) -> Conversation:
    from checker.review.records import aware

    created, updated = aware(row["created_at"]), aware(row["updated_at"])
    assert created is not None
    assert updated is not None
    return Conversation(row["id"], row["owner"], row["title"], created, updated)


def _turn(row: RowMapping) -> Turn:
    from checker.review.records import aware

    created = aware(row["created_at"])
    assert created is not None
    return Turn(row["turn_id"], row["role"], row["text"], row["language"], row["kind"], dict(row["data"]), created)


def _storable(value: Any) -> Any:
    """JSON values as PostgreSQL takes them: it knows neither the null character nor lone surrogates."""
    if isinstance(value, str):
        return "".join("\N{REPLACEMENT CHARACTER}" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
