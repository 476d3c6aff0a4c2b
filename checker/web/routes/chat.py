"""The chat's page: ask, watch the answer come, open what it cites, send it to the queue; with JavaScript or without."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from checker.chat.conversations import Conversation, SqlConversations, Turn
from checker.chat.doors.html import answer_html
from checker.chat.doors.opened import agent_of, people_queue, queue_tools
from checker.chat.events import Cited, Event, Finished, Progress, Started, Text, answer_to_json
from checker.chat.given import context_of
from checker.chat.service import ChatService
from checker.errors import NotFound
from checker.review.transitions import Role
from checker.web import pages
from checker.web.deps import AppState, State, Who
from checker.web.words import mark
from retrieval.errors import SourceNotFound

logger = logging.getLogger(__name__)

router = APIRouter()
NAV = [pages.Nav("/chat", mark("Chat"), Role.VIEWER)]

STAGES = {
    "fetch": mark("Fetching the page"),
    "claims": mark("Finding the claims"),
    "evidence": mark("Searching the evidence"),
    "search": mark("Searching the evidence"),
    "judge": mark("Judging the evidence"),
}

PAUSE = 0.05
"""Seconds between two pictures of an answer that grows: as fast as an eye follows."""

AROUND = 2_000
"""Characters of a source before and after a quote that is opened."""

_opening = threading.Lock()
_running: set[asyncio.Task[None]] = set()


def chat_of(saring: AppState) -> ChatService:
    """The chat of a server, made when it is first asked; opens no model."""
    with _opening:
        if saring.chat is None:
            queue = people_queue(saring.review, saring.accounts, saring.checker)
            saring.chat = ChatService(
                saring.checker,
                SqlConversations(saring.database),
                queue=queue,
                agent=agent_of(saring.settings, saring.checker),
                tools=queue_tools(queue, saring.review),
            )
        chat: ChatService = saring.chat
        return chat


@asynccontextmanager
async def running(saring: AppState) -> AsyncIterator[None]:
    """Answers under way are given and kept before the server ends."""
    yield
    for task in list(_running):
        task.cancel()
    if saring.chat is not None:
        await run_in_threadpool(saring.chat.close)


def owner_of(who: Who) -> str:
    """Whose conversations a person's are."""
    return f"user:{who.user_id}"


# -- pages


@router.get("/chat")
async def begin(request: Request, who: Who, saring: State) -> Response:
    """A new conversation."""
    return await _page(request, who, saring, None)


@router.post("/chat")
async def ask(
    who: Who, saring: State, text: Annotated[str, Form()] = "", conversation: Annotated[str, Form()] = ""
) -> Response:
    """Ask by a plain form: the page comes back with the whole answer."""
    found = conversation
    async for event in chat_of(saring).turn(text, conversation=conversation or None, owner=owner_of(who)):
        if isinstance(event, Started):
            found = event.conversation_id
    return RedirectResponse(f"/chat/{found}#last", 303)


@router.post("/chat/stream")
async def ask_live(
    request: Request,
    who: Who,
    saring: State,
    text: Annotated[str, Form()] = "",
    conversation: Annotated[str, Form()] = "",
) -> Response:
    """Ask, and watch: server-sent events `started`, `progress`, `text` (the answer so far, as HTML), `done`."""
    from sse_starlette import EventSourceResponse

    chat = chat_of(saring)
    if conversation:  # before the stream begins, so that a stranger's is an error like any other
        await run_in_threadpool(chat.conversations.get, conversation, owner_of(who))
    events: asyncio.Queue[Event | Exception] = asyncio.Queue()

    async def work() -> None:
        # Not bound to the connection: whoever comes back to the page finds the answer there.
        try:
            async for event in chat.turn(text, conversation=conversation or None, owner=owner_of(who)):
                events.put_nowait(event)
        except Exception as error:
            logger.exception("a turn of the chat failed")
            events.put_nowait(error)

    task = asyncio.create_task(work())
    _running.add(task)
    task.add_done_callback(_running.discard)
    return EventSourceResponse(_live(request, events), ping=15)


async def _live(request: Request, events: asyncio.Queue[Event | Exception]) -> AsyncIterator[dict[str, Any]]:
    _ = pages.gettext_of(request)
    text, cited, turn, conversation = "", {}, "", ""  # type: tuple[str, dict[int, dict[str, Any]], str, str]
    loop = asyncio.get_running_loop()
    drawn = 0.0
    while True:
        event = await events.get()
        if isinstance(event, Started):
            turn, conversation = event.turn_id, event.conversation_id
            yield _sent("started", conversation=conversation, turn=turn)
        elif isinstance(event, Progress):
            stage = _(STAGES[event.stage]) if event.stage in STAGES else ""
            yield _sent("progress", stage=stage, done=event.done, total=event.total)
        elif isinstance(event, Cited):
            cited[event.number] = {"source_id": event.citation.source_id, **_span(event.citation)}
        elif isinstance(event, Text):
            text += event.delta
            if events.empty() or loop.time() - drawn > PAUSE:
                drawn = loop.time()
                yield _sent("text", html=answer_html(text, cited, lambda number: _place(cited[number])))
        elif isinstance(event, Finished):
            told = _Said.answer(turn, answer_to_json(event.answer))
            yield _sent("done", html=_fragment(request, "_chat_answer.html", turn=told, conversation=conversation))
            return
        elif isinstance(event, Exception):
            yield _sent("failed", message=_("Something went wrong; the question is still in the field."))
            return


def _sent(event: str, **data: Any) -> dict[str, Any]:
    return {"event": event, "data": json.dumps(data, ensure_ascii=True)}


@router.get("/chat/source")
async def source(
    request: Request,
    who: Who,  # noqa: ARG001 - signed in is enough
    saring: State,
    id: Annotated[str, Query(max_length=500)],
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    end: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    part: bool = False,
) -> Response:
    """A quote in its source; with `part` without the page around it, for a dialog."""

    def read() -> Any:
        try:
            return saring.evidence().get(id)
        except SourceNotFound as error:
            raise NotFound(f"no source {id[:60]!r} in the evidence (any more)") from error

    found = await run_in_threadpool(read)
    shown = context_of(found, start, end, AROUND)
    context = {
        "source": found,
        "shown": shown,
        "cut_before": max(0, start - AROUND) > 0,
        "cut_after": end + AROUND < len(found.text),
    }
    if part:
        return Response(_fragment(request, "_chat_source.html", **context), media_type="text/html")
    return pages.page(request, "chat_source.html", **context)


@router.get("/chat/{conversation}")
async def read(request: Request, who: Who, saring: State, conversation: str) -> Response:
    """A conversation, as it stands."""
    return await _page(request, who, saring, conversation)


@router.post("/chat/{conversation}/queue")
async def to_queue(
    request: Request,
    who: Who,
    saring: State,
    conversation: str,
    turn: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Send what an answer checked to the queue."""
    ids = await chat_of(saring).to_queue(conversation, owner=owner_of(who), turn=turn or None)
    place = f"/queue/{ids[0]}" if len(ids) == 1 else "/queue" if ids else f"/chat/{conversation}"
    if "application/json" in request.headers.get("accept", ""):
        _ = pages.gettext_of(request)
        word = _("In the queue") + (f" ({len(ids)})" if len(ids) > 1 else "")
        return JSONResponse({"items": ids, "place": place, "word": word})
    return RedirectResponse(place, 303)


@router.post("/chat/{conversation}/delete")
async def delete(who: Who, saring: State, conversation: str) -> Response:
    """Take a conversation out."""
    await run_in_threadpool(chat_of(saring).conversations.delete, conversation, owner_of(who))
    return RedirectResponse("/chat", 303)


# -- what a page shows


_NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class _Said:
    """One side's words, ready to show."""

    id: str
    role: str
    text: str
    html: Markup = _NOTHING
    language: str = ""
    citations: Sequence[dict[str, Any]] = ()
    verdicts: int = 0
    copied: str = ""
    item_ids: Sequence[str] = ()

    @classmethod
    def of(cls, turn: Turn) -> _Said:
        """A turn that was kept."""
        if turn.role == "user":
            return cls(turn.id, "user", turn.text)
        return cls.answer(turn.id, turn.data.get("answer") or {"text": turn.text, "language": turn.language})

    @classmethod
    def answer(cls, turn_id: str, answer: dict[str, Any]) -> _Said:
        """An answer, as `answer_to_json` writes it."""
        citations = answer.get("citations", ())
        places = {cited["number"]: _place(cited) for cited in citations}
        html = Markup(answer_html(answer["text"], places, lambda number: places[number]))  # noqa: S704 - ours, escaped
        return cls(
            turn_id,
            "assistant",
            answer["text"],
            html,
            answer.get("language", ""),
            [{**cited, "place": places[cited["number"]]} for cited in citations],
            sum("verdict" in judged for judged in answer.get("verdicts", ())),
            _copied(answer),
            answer.get("item_ids", ()),
        )


def _copied(answer: dict[str, Any]) -> str:
    """An answer as it is copied: its text, and under it the sources by number."""
    lines = [
        f"[{cited['number']}] {cited['publisher'] or cited['source_id']}, {cited['published_at'] or '-'}: "
        f"“{cited['quote']}” {cited['url']}".rstrip()
        for cited in answer.get("citations", ())
    ]
    return "\n\n".join([answer["text"].strip(), *(["\n".join(lines)] if lines else [])])


def _span(citation: Any) -> dict[str, int]:
    return {"start": citation.start, "end": citation.end}


def _place(cited: dict[str, Any]) -> str:
    """Where a citation's passage is shown."""
    query = urlencode({"id": cited["source_id"], "start": cited["start"], "end": cited["end"]})
    return f"/chat/source?{query}#quote"


def _fragment(request: Request, name: str, **context: Any) -> str:
    """A part of a page, for a page that is there already."""
    locale = pages.locale_of(request)
    identity = request.state.identity
    from checker.render.words import words
    from checker.review.transitions import RANK

    return (
        pages.environment(locale)
        .get_template(name)
        .render(
            csrf=identity.session.csrf if identity.session else "",
            may=lambda role: RANK[identity.actor.role] >= RANK[Role(role)],
            w=words(locale),
            locale=locale,
            **context,
        )
    )


async def _page(request: Request, who: Who, saring: State, conversation: str | None) -> Response:
    kept = chat_of(saring).conversations

    def read() -> tuple[Conversation | None, list[_Said], tuple[Conversation, ...]]:
        found = kept.get(conversation, owner_of(who)) if conversation else None
        turns = kept.turns(found.id, owner_of(who)) if found else ()
        # What was sent by a button leaves a mark in the conversation that says nothing.
        said = [_Said.of(turn) for turn in turns if turn.text.strip() or turn.role == "user"]
        return found, said, kept.list(owner_of(who))

    found, said, earlier = await run_in_threadpool(read)
    return pages.page(request, "chat.html", conversation=found, turns=said, earlier=earlier)
