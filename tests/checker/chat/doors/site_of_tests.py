"""The site on a real socket, over the demo's evidence, for clients that are programs of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from checker.pipeline import Checker
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.settings import Settings
from checker.web.app import create_app
from checker.web.deps import AppState

SESSION_COOKIE = "__Host-saring"


@dataclass
class Site:
    """Where it is, and what it works with."""

    url: str
    state: AppState

    def session(self, name: str) -> str:
        """A session of somebody, as their browser's cookie holds it."""
        user = next(user for user in self.state.accounts.users() if user.name == name)
        return self.state.accounts.start_session(user.id).token

    def token(self, name: str, *scopes: str) -> str:
        """An API token of somebody."""
        return token_of(self.state.accounts, name, *scopes)


def token_of(accounts: Accounts, name: str, *scopes: str) -> str:
    """An API token of a user."""
    user = next(user for user in accounts.users() if user.name == name)
    return accounts.create_token(user.id, "test", scopes)[1]


@contextmanager
def serving(settings: Settings, database: Database, checker: Checker) -> Iterator[Site]:
    """Serve for the length of a test."""
    state = AppState(settings, database, open_checker=lambda: checker)
    config = uvicorn.Config(
        create_app(state=state), port=0, log_level="warning", ws="none", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Site(f"http://127.0.0.1:{port}", state)
    finally:
        server.should_exit = True
        thread.join(20)
