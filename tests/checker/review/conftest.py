"""The same tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))
from postgres import fresh_postgres

from checker.review import tables as t
from checker.review.database import Database
from checker.review.records import Actor, new_id
from checker.review.service import ReviewService
from checker.review.transitions import Role


class Clock:
    """Time that only moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how: float) -> None:
        self.now += timedelta(**how)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite queue, migrated once; tests start from copies."""
    path = tmp_path_factory.mktemp("queue") / "empty.sqlite3"
    Database.open(str(path)).close()
    return path


@pytest.fixture(scope="session")
def template() -> Iterator[str]:
    """Name of an empty PostgreSQL queue, migrated once; tests start from copies."""
    with fresh_postgres() as url:
        Database.open(url).close()
        yield str(sa.make_url(url).database)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(migrated, tmp_path / "queue.sqlite3")
        yield str(tmp_path / "queue.sqlite3")
        return
    with fresh_postgres(request.getfixturevalue("template")) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(database: Database, clock: Clock) -> ReviewService:
    return ReviewService(database, clock)


@pytest.fixture
def people(database: Database, clock: Clock) -> dict[str, Actor]:
    """ani and budi may check, citra and dewi may edit, eko administers, fitri only looks."""
    roles = {
        "ani": Role.CHECKER,
        "budi": Role.CHECKER,
        "citra": Role.EDITOR,
        "dewi": Role.EDITOR,
        "eko": Role.ADMIN,
        "fitri": Role.VIEWER,
    }
    people = {name: Actor(new_id("usr"), name, role) for name, role in roles.items()}
    with database.write() as connection:
        for name, actor in people.items():
            connection.execute(
                t.users.insert().values(
                    id=actor.user_id,
                    name=name,
                    display_name=name.title(),
                    role=actor.role,
                    active=True,
                    created_at=clock(),
                )
            )
    return people
