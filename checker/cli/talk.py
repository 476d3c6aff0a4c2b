"""What `saring chat` and `saring ask` share: the chat opened on this machine, and answers shown on a terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from checker.chat.events import Answer, Event
    from checker.chat.service import ChatService
    from checker.settings import Settings

OWNER = "local"
"""Who talks on this machine: whoever may read the database's file anyway."""

_STAGES = {
    "fetch": "Fetching the page",
    "claims": "Finding the claims",
    "evidence": "Searching the evidence",
    "judge": "Judging the evidence",
    "search": "Searching the evidence",
}


@contextmanager
def opened(settings: Settings, *, kept: bool) -> Iterator[tuple[ChatService, bool]]:
    """The chat, with the queue and the conversations of this machine.

    Args:
        settings: All settings.
        kept: Conversations outlive the process, and the queue is at hand.

    Yields:
        The service, and whether conversations are kept: not where the extra for databases is missing.

    Raises:
        CheckerError, RetrievalError: The store, a model or the database cannot be opened; says what to do.
    """
    from checker.chat.conversations import MemoryConversations, SqlConversations
    from checker.chat.service import ChatService
    from checker.pipeline import Checker

    if not os.environ.get("SARING_DEBUG"):
        # What breaks in a turn is said in its answer, in one line.
        logging.getLogger("checker.chat").addHandler(logging.NullHandler())
    database: Any = None
    if kept and _databases():
        from checker.review.database import Database

        database = Database.open(settings.database_url)
    try:
        with Checker.open(settings=settings) as checker:
            agent: Any = None
            if settings.model:
                from checker.chat.agent import Agent

                agent = Agent.open(settings, lambda: checker)
            if database is None:
                service = ChatService(checker, MemoryConversations(), agent=agent)
            else:
                from checker.chat.doors.opened import queue_tools
                from checker.chat.queueing import ReviewQueue
                from checker.review.service import ReviewService

                review = ReviewService(database)
                queue = ReviewQueue(review, embedder=lambda: checker.store.embedder)
                tools = queue_tools(queue, review)
                service = ChatService(checker, SqlConversations(database), queue=queue, agent=agent, tools=tools)
            try:
                yield service, database is not None
            finally:
                service.close()
    finally:
        if database is not None:
            database.close()


def _databases() -> bool:
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("sqlalchemy", "alembic"))


async def show(events: AsyncIterator[Event], screen: Console) -> tuple[str, Answer | None]:
    """Show an answer as it comes, each paragraph and each point as soon as it is whole.

    Returns:
        The id of the conversation, and the answer; None where the turn was broken off.
    """
    from checker.chat.events import Finished, Progress, Started, Text

    conversation, answer = "", None
    waiting = ""
    status = screen.status("", spinner="dots") if screen.is_terminal else None
    if status is not None:
        status.start()
    try:
        async for event in events:
            match event:
                case Started():
                    conversation = event.conversation_id
                case Progress():
                    if status is not None:
                        counted = f" {event.done}/{event.total}" if event.total > 1 else ""
                        status.update(f"{_STAGES.get(event.stage, event.stage)}{counted}")
                case Text():
                    waiting = _flush(waiting + event.delta, screen)
                case Finished():
                    answer = event.answer
                case _:
                    pass
    finally:
        if status is not None:
            status.stop()
    _print(waiting, screen)
    return conversation, answer


def _flush(text: str, screen: Console) -> str:
    """Print what is whole of a text, and return the rest."""
    while True:
        paragraph, point = text.find("\n\n"), _point_end(text)
        ends = [end for end in (paragraph + 2 if paragraph >= 0 else -1, point) if end > 0]
        if not ends:
            return text
        _print(text[: min(ends)], screen)
        text = text[min(ends) :]


def _point_end(text: str) -> int:
    """Where a list's point ends that stands at the beginning; -1 where it has not ended yet."""
    start = text.lstrip("\n")
    if not (start.startswith("- ") or start.partition(". ")[0].isdigit()):
        return -1
    end = start.find("\n")
    return -1 if end < 0 else len(text) - len(start) + end + 1


def _print(text: str, screen: Console) -> None:
    from rich.markdown import Markdown

    if text.strip():
        screen.print(Markdown(text.strip(), hyperlinks=False))
        if text.endswith("\n\n"):
            screen.print()


def print_sources(answer: Answer, screen: Console) -> None:
    """The sources of an answer, with their addresses."""
    from rich.text import Text

    from checker.chat.plain import source_list, to_plain

    if answer.citations:
        screen.print(Text(to_plain(source_list(answer)).rstrip()), overflow="fold")
