"""A server in the process, people who are signed in to it, and something in its queue."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import PASSWORD, PEOPLE, Browser
from reports import make_report

from checker.review.database import Database
from checker.review.intake import add_report
from checker.settings import Settings, load_settings
from checker.web.app import create_app
from checker.web.deps import AppState


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A queue with people in it and nothing else, made once; tests start from copies."""
    path = tmp_path_factory.mktemp("queue") / "people.sqlite3"
    database = Database.open(str(path))
    state = AppState(load_settings(), database)
    for name, role in PEOPLE.items():
        state.accounts.create(name, PASSWORD, role, name.title())
    database.close()
    return path


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Settings:
    shutil.copy(migrated, tmp_path / "queue.sqlite3")
    return load_settings(database_url=str(tmp_path / "queue.sqlite3"), store=str(tmp_path / "store"))


@pytest.fixture
def saring(settings: Settings) -> Iterator[AppState]:
    state = AppState(settings, Database.open(settings.database_url))
    yield state
    state.close()


@pytest.fixture
def app(saring: AppState) -> FastAPI:
    return create_app(state=saring)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[Browser]:
    with Browser(app) as browser:
        yield browser


@pytest.fixture
def sign_in(app: FastAPI, saring: AppState) -> Callable[[str], Browser]:
    """Sign somebody in, the quick way; `test_auth` goes through the form."""

    def signed_in(name: str) -> Browser:
        user = next(user for user in saring.accounts.users() if user.name == name)
        session = saring.accounts.start_session(user.id)
        browser = Browser(app)
        browser.hold(session.token)
        return browser

    return signed_in


@pytest.fixture
def items(saring: AppState) -> list[str]:
    """Three items of one article, by nobody."""
    return add_report(saring.review, make_report())
