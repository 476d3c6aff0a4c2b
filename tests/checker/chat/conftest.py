from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.chat.conversations import Conversations, MemoryConversations, SqlConversations
from checker.review.database import Database


@pytest.fixture(params=["memory", "sqlite"])
def conversations(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Conversations]:
    if request.param == "memory":
        yield MemoryConversations()
        return
    database = Database.open(str(tmp_path / "queue.sqlite3"))
    yield SqlConversations(database)
    database.close()
