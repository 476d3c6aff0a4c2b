"""What routes ask for: the state of the server, who is asking, and whether they may."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from checker.errors import CheckerError, NotAllowed, NotSignedIn
from checker.review import log
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.records import Actor
from checker.review.service import ReviewService
from checker.review.transitions import RANK, Role
from checker.settings import Settings
from checker.web.security import SAFE_METHODS, identify

if TYPE_CHECKING:
    from checker.pipeline import Checker
    from retrieval.store import EvidenceStore


class AppState:
    """Everything the routes work with; `request.app.state.saring`. Safe to share between threads.

    Attributes:
        settings: All settings.
        database: The queue's database.
        review: The queue.
        accounts: Users, sessions, tokens.
        jobs: Background checks; set by `routes/checks.py` where it is there.
        chat: The chat; set by `routes/chat.py` where it is there.
        services: What a part of the site keeps for itself, by its name.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        clock: Callable[[], datetime] | None = None,
        open_checker: Callable[[], Checker] | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.review = ReviewService(database, clock)
        self.accounts = Accounts(database, clock)
        self.jobs: Any = None
        self.chat: Any = None
        self.services: dict[str, Any] = {}
        self._open_checker = open_checker
        self._guard = threading.Lock()
        self._checker: Checker | None = None
        self._evidence: EvidenceStore | None = None

    def checker(self) -> Checker:
        """The one checker of this process, opened when it is first needed.

        Raises:
            CheckerError, RetrievalError: The store, a model or a judge cannot be opened; says what to do.
        """
        with self._guard:
            if self._checker is None:
                if self._open_checker is not None:
                    self._checker = self._open_checker()
                else:
                    from checker.pipeline import Checker

                    self._checker = Checker.open(settings=self.settings)
            return self._checker

    def evidence(self) -> EvidenceStore:
        """The evidence, to read from: opens no model.

        Raises:
            RetrievalError: It cannot be opened.
        """
        with self._guard:
            if self._checker is not None:
                return self._checker.store
            if self._evidence is None:
                from retrieval.store import EvidenceStore

                self._evidence = EvidenceStore.open(self.settings.store, embedder=self.settings.embedder)
            return self._evidence

    def close(self) -> None:
        """Let go of everything."""
        with self._guard:
            if self._checker is not None:
                self._checker.close()
            if self._evidence is not None:
                self._evidence.close()
            self.database.close()


def state(request: Request) -> AppState:
    """The server's state."""
    found: AppState = request.app.state.saring
    return found


async def visitor(request: Request) -> Actor | None:
    """Who is asking; None for a stranger."""
    known = await identify(request)
    return known.actor if known else None


async def actor(request: Request) -> Actor:
    """Who is asking. A token may only read, where the route names no scope.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotAllowed: It is a token that may not do this.
        Forged: A browser was made to send it.
    """
    known = await identify(request)
    if known is None:
        raise NotSignedIn("sign in first, or send an API token: Authorization: Bearer saring_…")
    if known.actor.scopes is not None and not _names_scope(request):
        if request.method not in SAFE_METHODS:
            await refuse(request, known.actor, NotAllowed("this takes a signed-in person; no API token may do it"))
        if "read" not in known.actor.scopes:
            await refuse(request, known.actor, NotAllowed("this token lacks the scope read"))
    return known.actor


def _names_scope(request: Request) -> bool:
    route = request.scope.get("route")
    dependant = getattr(route, "dependant", None)
    return dependant is not None and any(isinstance(call, _Scope) for call in _calls(dependant))


def _calls(dependant: Any) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


async def refuse(request: Request, who: Actor, error: CheckerError) -> None:
    """Put a refusal on record and raise it."""
    path = getattr(request.scope.get("route"), "path", request.url.path)
    under = "/api" if request.url.path.startswith("/api/") and not path.startswith("/api/") else ""
    what = f"{request.method} {under}{path}"
    saring = state(request)
    await run_in_threadpool(
        log.record,
        saring.database,
        who,
        what[:32],
        {"message": str(error), "path": request.url.path[:200]},
        saring.review.clock(),
        refused=type(error).__name__,
    )
    raise error


class _Require:
    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request, who: Annotated[Actor, Depends(actor)]) -> Actor:
        if RANK[who.role] < RANK[self.role]:
            await refuse(request, who, NotAllowed(f"this takes the role {self.role} or higher; yours is {who.role}"))
        return who


class _Scope:
    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request, who: Annotated[Actor, Depends(actor)]) -> Actor:
        if who.scopes is not None and self.name not in who.scopes:
            await refuse(request, who, NotAllowed(f"this token lacks the scope {self.name}"))
        return who


def require(role: Role) -> Any:
    """A dependency: whoever asks has at least this role. Refusals are on record."""
    return Depends(_Require(role))


def scope(name: str) -> Any:
    """A dependency: an API token must have been given this scope; people who are signed in have all."""
    return Depends(_Scope(name))


State = Annotated[AppState, Depends(state)]
Who = Annotated[Actor, Depends(actor)]
Visitor = Annotated[Actor | None, Depends(visitor)]
