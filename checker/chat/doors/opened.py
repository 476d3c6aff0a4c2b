"""What doors open once for a whole process: the checker, the queue as people may use it, the agent."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from checker.chat.given import QueueItem, queue_item

if TYPE_CHECKING:
    from checker.chat.agent import Agent, Tools
    from checker.chat.queueing import Queue, ReviewQueue
    from checker.pipeline import Checker
    from checker.review.accounts import Accounts
    from checker.review.records import Actor
    from checker.review.service import ReviewService
    from checker.settings import Settings
    from checker.types import Report

logger = logging.getLogger(__name__)


class Opened:
    """Opens a checker once, whichever thread asks first: no handshake waits for models to load."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = threading.Lock()
        self._checker: Checker | None = None

    def checker(self) -> Checker:
        """The checker.

        Raises:
            CheckerError, RetrievalError: The store, a model or a judge cannot be opened; says what to do.
        """
        from checker.pipeline import Checker

        with self._guard:
            if self._checker is None:
                self._checker = Checker.open(settings=self._settings)
            return self._checker

    def close(self) -> None:
        """Let go of the store."""
        with self._guard:
            if self._checker is not None:
                self._checker.close()
                self._checker = None


def agent_of(settings: Settings, checker: Callable[[], Checker]) -> Agent | None:
    """The agent where the settings name a chat model that can be opened, else None: the chat works without one."""
    if not settings.model:
        return None
    from checker.chat.agent import Agent
    from checker.errors import CheckerError
    from retrieval.errors import RetrievalError

    try:
        return Agent.open(settings, checker)
    except (CheckerError, RetrievalError) as error:
        logger.warning("the chat answers without a chat model: %s", error)
        return None


def people_queue(review: ReviewService, accounts: Accounts, checker: Callable[[], Checker]) -> ReviewQueue:
    """The queue for owners that are people: `user:ID` and `api:ID`."""
    from checker.chat.queueing import ReviewQueue
    from checker.errors import NotAllowed
    from checker.review.records import Actor

    def actor(owner: str) -> Actor:
        user = accounts.user(owner.partition(":")[2])
        if not user.active:
            raise NotAllowed("this user is switched off")
        return Actor(user.id, user.name, user.role)

    return ReviewQueue(review, actor=actor, embedder=lambda: checker().store.embedder)


def queue_tools(queue: Queue, review: ReviewService) -> Callable[[str], Tools]:
    """What an owner's turns lend the agent: the queue, as that owner may use it."""
    from checker.chat.agent import Tools

    def tools(owner: str) -> Tools:
        def put(report: Report) -> list[QueueItem]:
            return [queue_item(review.get(item_id)) for item_id in queue.add(report, owner=owner)]

        async def enqueue(report: Report) -> list[QueueItem]:
            return await asyncio.to_thread(put, report)

        async def status(claim_ids: Sequence[str]) -> list[QueueItem]:
            return await asyncio.to_thread(_of_claims, review, claim_ids)

        return Tools(enqueue, status)

    return tools


def _of_claims(review: ReviewService, claim_ids: Sequence[str]) -> list[QueueItem]:
    """Items of the queue on claims of these ids, the newest first."""
    import sqlalchemy as sa

    from checker.review import tables as t

    query = (
        sa.select(t.items.c.id)
        .where(t.items.c.claim_id.in_(list(claim_ids)))
        .order_by(t.items.c.created_at.desc(), t.items.c.id)
        .limit(20)
    )
    with review.database.read() as connection:
        ids = list(connection.execute(query).scalars())
    return [queue_item(review.get(item_id)) for item_id in ids]
