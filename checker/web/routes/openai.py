"""`/v1`: Saring as a model for clients that speak OpenAI's chat completions, by an API token with the scope check."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from checker.chat.conversations import Conversations, Turn, new_turn_id
from checker.chat.doors.openai import (
    MODEL,
    Body,
    Chunks,
    Completion,
    body_of,
    chore_of,
    completion,
    do_chore,
    error_body,
    fingerprint,
    new_completion_id,
    sources,
    url_citations,
)
from checker.chat.events import Answer, Cited, Event, Finished, Progress, Started, Text
from checker.errors import CheckerError, NotFound
from checker.render.base import clean_line
from checker.web.deps import AppState, State, Who, scope
from checker.web.errors import detail_of, status_of
from checker.web.routes.chat import chat_of
from retrieval.errors import RetrievalError

logger = logging.getLogger(__name__)

MAX_REQUEST = 4_000_000
"""Bytes of a request: the whole conversation comes with each, pictures left in it by some clients as well."""

REMEMBERED = 10_000
"""Conversations of clients that are found at once."""

LOOKED_AT = 50
"""Conversations of an asker, the latest first, that are looked through for one that is not; of older ones only the
text that the client sends is known."""

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_CODES = {401: "invalid_api_key", 403: "insufficient_permissions", 404: "not_found", 413: "request_too_large"}


class _OpenAIRoute(APIRoute):
    """Errors in OpenAI's shape, whatever raised them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors answered here."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (CheckerError, RetrievalError, RequestValidationError, HTTPException) as error:
                return refusal(error)

        return handled


router = APIRouter(prefix="/v1", route_class=_OpenAIRoute)


def refusal(error: Exception) -> Response:
    """An error's answer."""
    status = status_of(error)
    param = None
    if isinstance(error, RequestValidationError):
        status = 400
        param = ".".join(str(part) for part in error.errors()[0]["loc"] if part != "body") or None
    code = "model_not_found" if isinstance(error, _NoSuchModel) else _CODES.get(status)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    body = error_body(detail_of(error, status), _TYPES.get(status, "server_error"), param=param, code=code)
    return JSONResponse(body, status, headers=headers)


class _NoSuchModel(NotFound):
    """Another model was named."""


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 1_750_000_000, "owned_by": "saring"}


@router.get("/models", dependencies=[scope("check")])
async def models(who: Who) -> dict[str, Any]:  # noqa: ARG001 - known is enough
    """The one model there is."""
    return {"object": "list", "data": [_model()]}


@router.get("/models/{name}", dependencies=[scope("check")])
async def model(who: Who, name: str) -> dict[str, Any]:  # noqa: ARG001
    """A model by its name."""
    _must_be_ours(name)
    return _model()


@router.post("/chat/completions", dependencies=[scope("check")], max_body_size=MAX_REQUEST)
async def chat_completions(request: Request, who: Who, saring: State, body: Completion) -> Response:
    """Answer the last message of a conversation, whole or as it is written."""
    _must_be_ours(body.model)
    if body.n not in (None, 1):
        raise HTTPException(400, "n must be 1: there is one answer")
    if not any(message.role == "user" for message in body.messages):
        raise HTTPException(400, "messages hold nothing of the user's to answer")
    id, created = new_completion_id(), int(time.time())
    if chore := chore_of(body):
        done = Body(await run_in_threadpool(do_chore, chore, body), ())
        if not body.stream:
            return JSONResponse(completion(body, done, id=id, created=created))
        return _stream(_said(Chunks(body, id=id, created=created), done.text))
    asked = _Asked(saring, f"api:{who.user_id}", body, str(request.base_url))
    await asked.find()
    if body.stream:
        return _stream(_live(asked, Chunks(body, id=id, created=created)))
    return JSONResponse(completion(body, body_of(await asked.answer(), asked.place), id=id, created=created))


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], dependencies=[scope("check")])
async def anything_else(rest: str) -> Response:
    """What other parts of that API clients look for is not here, and is said so in its shape."""
    raise HTTPException(404, f"there is no /v1/{rest[:60]} here; there are /v1/models and /v1/chat/completions")


def _must_be_ours(name: str) -> None:
    if name != MODEL:
        raise _NoSuchModel(f"the model {name[:60]!r} does not exist; there is {MODEL!r}")


def _stream(pieces: AsyncIterator[str]) -> Response:
    return StreamingResponse(
        pieces, media_type="text/event-stream", headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    )


async def _said(chunks: Chunks, text: str) -> AsyncIterator[str]:
    yield chunks.begin()
    yield chunks.piece(content=text)
    for last in chunks.end(text):
        yield last


async def _live(asked: _Asked, chunks: Chunks) -> AsyncIterator[str]:
    yield chunks.begin()
    text = ""
    try:
        async with aclosing(asked.events()) as events:
            async for event in events:
                if isinstance(event, Text):
                    text += event.delta
                    yield chunks.piece(content=event.delta)
                elif isinstance(event, Progress):
                    yield f": {event.stage} {event.done}/{event.total}\n\n"  # a comment: keeps the connection alive
                elif isinstance(event, Finished):
                    under = sources(event.answer, asked.place)
                    whole = text + under
                    marks = url_citations(whole, event.answer, asked.place)
                    if under or marks:
                        yield chunks.piece(content=under, annotations=list(marks))
                    await asked.keep(whole)
                    text = whole
    except (CheckerError, RetrievalError) as error:
        yield f"data: {refusal(error).body.decode()}\n\n"  # type: ignore[union-attr]
        return
    for last in chunks.end(text):
        yield last


# -- which conversation is it?


class _Known:
    """Conversations by what was said in them so far: of each, how much of it that is."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._found: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def get(self, mark: str) -> tuple[str, int] | None:
        with self._guard:
            if mark in self._found:
                self._found.move_to_end(mark)
            return self._found.get(mark)

    def put(self, mark: str, conversation: str, turns: int) -> None:
        with self._guard:
            self._found[mark] = (conversation, turns)
            self._found.move_to_end(mark)
            while len(self._found) > REMEMBERED:
                self._found.popitem(last=False)


_known = _Known()


def _shown(turn: Turn, text: str) -> bool:
    """Whether a client's text is this answer: the answer, with its sources under it."""
    return text.strip().startswith(turn.text.strip())


class _Asked:
    """One request, with the conversation it belongs to."""

    def __init__(self, saring: AppState, owner: str, body: Completion, base: str) -> None:
        self.chat = chat_of(saring)
        self.owner = owner
        self.body = body
        self.history = body.history()
        self.base = (saring.settings.public_url or base).rstrip("/")
        self.conversation: str | None = None

    def place(self, cited: Cited) -> str:
        """Where a passage without an address of its own can be read."""
        citation = cited.citation
        query = urlencode({"id": citation.source_id, "start": citation.start, "end": citation.end})
        return f"{self.base}/chat/source?{query}#quote"

    async def find(self) -> None:
        """The conversation so far: the one that is known by these words, a branch of it, or one made of the words."""
        if self.history:
            self.conversation = await run_in_threadpool(self._find, self.chat.conversations)

    def _find(self, kept: Conversations) -> str:
        known = _known.get(fingerprint(self.owner, self.history)) or self._recognised(kept)
        if known is not None:
            conversation, length = known
            try:
                turns = kept.turns(conversation, self.owner)
            except NotFound:
                turns = ()
            if turns and len(turns) == length:
                return conversation
            if turns:  # asked again from an earlier point: what came after it is another branch
                return self._begin(kept, turns[:length])
        return self._begin(kept, [Turn(new_turn_id(), role, text) for role, text in self.history])  # type: ignore[arg-type]

    def _recognised(self, kept: Conversations) -> tuple[str, int] | None:
        """A conversation of before a restart, or of another process, by its words, and how many turns they are."""
        first = clean_line(self.history[0][1])
        for one in kept.list(self.owner, LOOKED_AT):
            if not one.title or not first.startswith(one.title.rstrip("…")):
                continue
            turns = kept.turns(one.id, self.owner)
            if len(turns) >= len(self.history) and all(
                turn.role == role and (text.strip() == turn.text.strip() if role == "user" else _shown(turn, text))
                for turn, (role, text) in zip(turns, self.history, strict=False)
            ):
                return one.id, len(self.history)
        return None

    def _begin(self, kept: Conversations, turns: Sequence[Turn]) -> str:
        begun = kept.start(self.owner)
        kept.add(begun.id, self.owner, turns)
        return begun.id

    async def events(self) -> AsyncGenerator[Event, None]:
        """The turn."""
        async for event in self.chat.turn(self.body.asked, conversation=self.conversation, owner=self.owner):
            if isinstance(event, Started):
                self.conversation = event.conversation_id
            yield event

    async def answer(self) -> Answer:
        """The turn, collected."""
        async with aclosing(self.events()) as events:
            async for event in events:
                if isinstance(event, Finished):
                    await self.keep(body_of(event.answer, self.place).text)
                    return event.answer
        raise RuntimeError("a turn ended without an answer")

    async def keep(self, shown: str) -> None:
        """Remember the conversation by what the client will send back."""
        assert self.conversation is not None
        conversation = self.conversation
        length = len(await run_in_threadpool(self.chat.conversations.turns, conversation, self.owner))
        mark = fingerprint(self.owner, [*self.history, ("user", self.body.asked), ("assistant", shown)])
        _known.put(mark, conversation, length)
