"""Checks in the background: paste an article or its address, and watch it being checked."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from checker.article import MAX_CHARACTERS
from checker.errors import Incomplete
from checker.review.jobs import Jobs
from checker.review.opening import open_jobs, open_worker
from checker.review.requests import Job, JobEvent
from checker.review.requests import Request as Asked
from checker.review.transitions import Role
from checker.web import pages
from checker.web.deps import AppState, State, Who, require, scope
from checker.web.schemas import AnyId, IdempotencyKey, storable
from checker.web.speech import speak
from checker.web.words import mark

router = APIRouter()
api = APIRouter(tags=["checks"])
NAV = [pages.Nav("/checks", mark("Check an article"), Role.VIEWER)]

MAX_ARTICLE = 6_000_000
"""Bytes of a request that brings an article: each of its characters may take twelve in a form."""

POLL = 0.6
"""Seconds between looks at what a watched check has come to: workers may be other processes, so the table is asked."""

LONGEST_WATCH = 3600.0
SIZE = 25

STAGE_WORDS = {
    "queued": mark("Waiting for its turn"),
    "fetch": mark("Fetching the page"),
    "claims": mark("Finding the claims"),
    "evidence": mark("Searching the evidence"),
    "judge": mark("Judging the evidence"),
    "done": mark("Done: the claims are in the queue"),
    "failed": mark("It could not be checked"),
}
STATUS_WORDS = {
    "queued": mark("waiting"),
    "running": mark("being checked"),
    "done": mark("done"),
    "failed": mark("failed"),
}


def jobs_of(saring: AppState) -> Jobs:
    """The background checks of a server."""
    if saring.jobs is None:
        saring.jobs = open_jobs(saring.review)
    jobs: Jobs = saring.jobs
    return jobs


@asynccontextmanager
async def running(saring: AppState) -> AsyncIterator[None]:
    """Work on what waits, while the server runs."""
    jobs_of(saring)
    if not saring.settings.background:
        yield
        return
    worker = open_worker(saring.review, saring.settings, saring.checker)
    worker.start()
    try:
        yield
    finally:
        await run_in_threadpool(worker.close)


# -- for programs


class CheckIn(BaseModel):
    """An article to check: its text, or the address it is fetched from."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "SULA, 23 Juni 2025 - Jembatan Sula ditutup pada Senin.", "title": "Jembatan Sula ditutup"},
                {"url": "https://example.org/berita/jembatan-sula", "deadline": "2026-11-24T17:00:00+07:00"},
            ],
            "anyOf": [
                {"required": ["text"], "properties": {"text": {"type": "string", "pattern": r"\S"}}},
                {"required": ["url"], "properties": {"url": {"type": "string", "pattern": r"\S"}}},
            ],
        },
    )

    text: str = Field(default="", max_length=MAX_CHARACTERS, description="The article's text.")
    url: str = Field(default="", max_length=4000, description="Where it was published; fetched where there is no text.")
    title: str = Field(default="", max_length=500, description="Its headline, if not the text's first line.")
    publisher: str = Field(default="", max_length=500, description="The outlet.")
    published_at: str = Field(default="", max_length=40, description="ISO 8601, to any precision.")
    language: Literal["", "id", "en"] = Field(default="", description="Found out where empty.")
    as_of: str = Field(default="", max_length=40, description="Evidence published after it never counts.")
    deadline: str = Field(default="", max_length=40, description="When its claims must be decided; with a time zone.")

    @model_validator(mode="after")
    def _says_something(self) -> CheckIn:
        if not self.text.strip() and not self.url.strip():
            raise ValueError("give the article's text, or its address")
        return self

    def asked(self) -> Asked:
        """As the jobs take it."""
        return Asked(**{name: storable(value) for name, value in self.model_dump().items()})


class CheckOut(BaseModel):
    """A background check. `done` of `total` counts within the stage it is in."""

    id: str
    origin: str
    status: Literal["queued", "running", "done", "failed"]
    stage: str
    done: int
    total: int
    error: str
    attempts: int
    url: str
    title: str
    article_id: str | None
    created_at: datetime
    finished_at: datetime | None
    items: list[str] = Field(description="The claims it brought into the queue, in the order of the article.")

    @classmethod
    def of(cls, job: Job, items: tuple[str, ...] = ()) -> CheckOut:
        """From the record."""
        shown = {name: getattr(job, name) for name in cls.model_fields if hasattr(job, name)}
        return cls(**shown, url=job.request.url, title=job.request.title, items=list(items))


class CheckPage(BaseModel):
    """A page of checks, the newest first."""

    checks: list[CheckOut]
    total: int
    page: int
    size: int


_LINKS = {"Link": {"description": "The other pages (RFC 8288).", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "Where to ask how it goes.", "schema": {"type": "string"}}}


@api.post(
    "/checks",
    status_code=202,
    dependencies=[scope("check"), require(Role.CHECKER)],
    responses={202: {"headers": _LOCATION}},
    max_body_size=MAX_ARTICLE,
)
def start_check(response: Response, body: CheckIn, who: Who, saring: State, key: IdempotencyKey = None) -> CheckOut:
    """Have an article checked in the background; its claims enter the queue when it is done.

    The answer comes at once. Ask the address in `Location` how it goes, or read its `/events`. A check survives a
    restart of the server.
    """
    job = jobs_of(saring).submit(body.asked(), actor=who, origin="api", key=key)
    response.headers["Location"] = f"/api/checks/{job.id}"
    return CheckOut.of(job)


@api.get("/checks", responses={200: {"headers": _LINKS}})
def list_checks(
    request: Request,
    response: Response,
    who: Who,  # noqa: ARG001 - signed in is enough
    saring: State,
    status: Annotated[
        Literal["", "queued", "running", "done", "failed"], Query(description="Only of this status.")
    ] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CheckPage:
    """Background checks, the newest first. `items` is left empty here."""
    found, total = jobs_of(saring).list(status=status, page=page, size=size)
    last = max(1, -(-total // size))
    links = {"first": 1, "prev": page - 1, "next": page + 1 if page < last else 0, "last": last}
    response.headers["Link"] = ", ".join(
        f'<{request.url.include_query_params(page=number)}>; rel="{name}"' for name, number in links.items() if number
    )
    return CheckPage(checks=[CheckOut.of(job) for job in found], total=total, page=page, size=size)


@api.get("/checks/{check_id}")
def read_check(who: Who, saring: State, check_id: AnyId) -> CheckOut:  # noqa: ARG001 - signed in is enough
    """How a check goes, and what it brought."""
    jobs = jobs_of(saring)
    return CheckOut.of(jobs.get(check_id), jobs.items(check_id))


@api.get("/checks/{check_id}/report", responses={204: {"description": "It is not done yet."}})
def read_report(who: Who, saring: State, check_id: AnyId) -> dict[str, Any]:  # noqa: ARG001 - signed in is enough
    """The report of a check that is done, as `saring check --format json` writes it."""
    report = jobs_of(saring).report(check_id)
    return Response(status_code=204) if report is None else report  # type: ignore[return-value]


@api.post("/checks/{check_id}/retry", dependencies=[scope("check"), require(Role.CHECKER)])
def retry_check(who: Who, saring: State, check_id: AnyId) -> CheckOut:
    """Begin a check anew that failed (409 for any other)."""
    return CheckOut.of(jobs_of(saring).retry(check_id, who))


@api.get(
    "/checks/{check_id}/events",
    response_class=Response,
    responses={
        200: {
            "description": (
                "Server-sent events `queued`, `running`, `progress`, `done`, `failed`; the data of each is JSON with "
                "`stage`, `done`, `total`, `message`, `at`. The stream ends with `done` or `failed`."
            ),
            "content": {
                "text/event-stream": {
                    # What each event holds; OpenAPI 3.2's word for it, which tools read in 3.1 too.
                    "itemSchema": {
                        "type": "object",
                        "properties": {
                            "id": {"type": "string", "pattern": "^[0-9]+$"},
                            "event": {"enum": ["queued", "running", "progress", "done", "failed"]},
                            "data": {"type": "string", "contentMediaType": "application/json"},
                        },
                        "required": ["id", "event", "data"],
                    },
                    "example": 'id: 7\nevent: progress\ndata: {"stage":"judge","done":3,"total":9,"message":""}\n\n',
                }
            },
        },
        204: {"description": "There is nothing more to come after `Last-Event-ID`."},
    },
)
async def watch_check(
    who: Who,  # noqa: ARG001 - signed in is enough
    saring: State,
    check_id: AnyId,
    last: Annotated[
        str, Header(alias="Last-Event-ID", max_length=20, description="Go on after this event (browsers send it).")
    ] = "",
    since: Annotated[int, Query(ge=0, lt=2**53, description="Leave out what happened up to this event.")] = 0,
) -> Response:
    """Watch a check: what happened so far, then what happens, as it happens; goes on where a lost connection was."""
    from sse_starlette import EventSourceResponse

    jobs = jobs_of(saring)
    job = await run_in_threadpool(jobs.get, check_id)
    after = max(since, min(int(last), 2**53) if last.isascii() and last.isdecimal() else 0)
    if after and job.finished and not await run_in_threadpool(jobs.events, check_id, after, 1):
        return Response(status_code=204)
    return EventSourceResponse(_events(jobs, check_id, after), ping=15)


async def _events(jobs: Jobs, check_id: str, after: int) -> AsyncIterator[dict[str, Any]]:
    loop = asyncio.get_running_loop()
    ends = loop.time() + LONGEST_WATCH
    while loop.time() < ends:
        events = await run_in_threadpool(jobs.events, check_id, after)
        for event in events:
            after = event.id
            yield {"id": str(event.id), "event": event.kind, "data": _data(event)}
        if events and events[-1].kind in ("done", "failed"):
            job = await run_in_threadpool(jobs.get, check_id)
            if job.finished:  # a failed check may have been begun anew
                return
        await asyncio.sleep(POLL)


def _data(event: JobEvent) -> str:
    shown = {"stage": event.stage, "done": event.done, "total": event.total, "message": event.message}
    return json.dumps({**shown, "at": event.at.isoformat()}, ensure_ascii=True)


# -- for people


@router.get("/checks")
def checks_page(
    request: Request, who: Who, saring: State, page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Response:
    """The form, and the checks so far."""
    return _form_page(request, who, saring, page=page)


@router.post("/checks", dependencies=[require(Role.CHECKER)], max_body_size=MAX_ARTICLE)
def start_from_form(
    request: Request,
    who: Who,
    saring: State,
    text: Annotated[str, Form()] = "",
    url: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    publisher: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Start a check, and go where it can be watched."""
    asked = Asked(text=text, url=url.strip(), title=title.strip(), publisher=publisher.strip())
    try:
        job = jobs_of(saring).submit(asked, actor=who, origin="page", key=key[:100] or None)
    except Incomplete as error:
        given = {"text": text, "url": url, "title": title, "publisher": publisher}
        return _form_page(
            request, who, saring, error=speak(str(error), pages.locale_of(request)), given=given, status_code=422
        )
    return RedirectResponse(f"/checks/{job.id}", 303)


@router.get("/checks/{check_id}")
def check_page(request: Request, who: Who, saring: State, check_id: AnyId) -> Response:  # noqa: ARG001 - signed in
    """One check, live; without JavaScript the page looks again by itself."""
    jobs = jobs_of(saring)
    last = jobs.last_event(check_id)  # before the rest: what happens in between is in the stream that follows it
    job = jobs.get(check_id)
    items = [saring.review.get(item_id) for item_id in jobs.items(check_id)] if job.status == "done" else []
    return pages.page(
        request,
        "check.html",
        job=job,
        error=speak(job.error, pages.locale_of(request)),
        items=items,
        last=last,
        stage_words=STAGE_WORDS,
        status_words=STATUS_WORDS,
    )


@router.post("/checks/{check_id}/retry", dependencies=[require(Role.CHECKER)])
def retry_from_page(who: Who, saring: State, check_id: AnyId) -> Response:
    """Begin a failed check anew."""
    jobs_of(saring).retry(check_id, who)
    return RedirectResponse(f"/checks/{check_id}", 303)


def _form_page(
    request: Request,
    who: Who,  # noqa: ARG001 - signed in is enough
    saring: State,
    *,
    page: int = 1,
    error: str = "",
    given: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    found, total = jobs_of(saring).list(page=page, size=SIZE)
    return pages.page(
        request,
        "checks.html",
        status_code=status_code,
        jobs=found,
        page=page,
        pages=max(1, -(-total // SIZE)),
        error=error,
        given=given or {"text": "", "url": "", "title": "", "publisher": ""},
        # A form that is sent twice, by a double click or after a lost answer, starts one check.
        key=secrets.token_urlsafe(12),
        most=MAX_CHARACTERS,
        stage_words=STAGE_WORDS,
        status_words=STATUS_WORDS,
    )
