"""A store of the demo's evidence, made once by the real models, and a queue with people in it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.pipeline import Checker
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.transitions import Role
from checker.settings import Settings
from retrieval.connectors.folder import FolderConnector
from retrieval.store import EvidenceStore

# Helpers of these tests are modules beside them; importmode=importlib puts no folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
from site_of_tests import Site, serving

ROOT = Path(__file__).parents[4]
PASSWORD = "kuda poni makan rumput"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's evidence."""
    path = tmp_path_factory.mktemp("evidence") / "store"
    with EvidenceStore.open(path, mode="rw") as opened:
        opened.add(FolderConnector().find(str(ROOT / "seeds" / "evidence")))
    return path


@pytest.fixture
def settings(store: Path, tmp_path: Path) -> Settings:
    return Settings(store=str(store), database_url=str(tmp_path / "queue.db"), cache="none", threads=1)


@pytest.fixture(scope="session")
def checker(store: Path) -> Iterator[Checker]:
    with Checker.open(settings=Settings(store=str(store), cache="none", threads=1)) as opened:
        yield opened


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty queue with three people; tests start from copies."""
    path = tmp_path_factory.mktemp("queue") / "people.db"
    database = Database.open(str(path))
    accounts = Accounts(database)
    for name, role in (("ani", Role.CHECKER), ("citra", Role.EDITOR), ("fitri", Role.VIEWER)):
        accounts.create(name, PASSWORD, role, name.title())
    database.close()
    return path


@pytest.fixture
def database(settings: Settings, migrated: Path) -> Iterator[Database]:
    shutil.copy(migrated, settings.database_url)
    opened = Database.open(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def environment(settings: Settings, tmp_path: Path) -> dict[str, str]:
    """What a `saring` started by a test sees: the test's own store, queue and home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SARING_")}
    return {
        **kept,
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
        "SARING_STORE": settings.store,
        "SARING_DATABASE_URL": settings.database_url,
        "SARING_CACHE": "none",
        "SARING_THREADS": "1",
    }


@pytest.fixture
def site(settings: Settings, database: Database, checker: Checker) -> Iterator[Site]:
    with serving(settings, database, checker) as served:
        yield served
