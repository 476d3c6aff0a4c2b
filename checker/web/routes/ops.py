"""For whoever runs the server: is it alive, is it ready, what does it do. No text of anybody's, no key.

`/healthz` and `/readyz` answer anybody, in words of our own; why something is not ready is in the log. `/metrics` is
for this machine, or for whoever has the token of the settings.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checker import telemetry
from checker.review import tables as t
from checker.web.deps import AppState, State

logger = logging.getLogger(__name__)
access = logging.getLogger("saring.access")

READY_SECONDS = 5.0
"""How long a look may take before the answer is that it is not ready."""

KEEP_SECONDS = 2.0
"""How long an answer is given again: whoever asks in a loop costs one look in that time."""

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"

router = APIRouter()

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

# With more than one process each writes its numbers to files, which whichever is asked adds up.
_own = CollectorRegistry()
disable_created_metrics()  # type: ignore[no-untyped-call]
_requests = Counter("saring_http_requests", "Requests answered.", ("method", "route", "status"), registry=_own)
_latency = Histogram(
    "saring_http_request_seconds", "Time to answer a request.", ("route",), buckets=_SECONDS, registry=_own
)
_steps = Histogram("saring_step_seconds", "Time of a step of a check.", ("step", "ok"), buckets=_SECONDS, registry=_own)
_verdicts = Counter(
    "saring_verdicts", "Claims checked, by label; `failed` could not be checked.", ("label",), registry=_own
)

_LABELS = ("supported", "unsupported", "needs_source", "failed")


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Database, evidence and models can be used; 503 with what cannot."""
    found = await request.app.state.readiness.look()
    ready = all(said == "ok" for said in found.values())
    body = {"status": "ready" if ready else "not ready", "checks": found}
    return JSONResponse(body, 200 if ready else 503, headers={} if ready else {"Retry-After": "5"})


@router.get("/metrics")
async def metrics(request: Request, state: State) -> Response:
    """What this server, and the queue, count; in Prometheus' text format."""
    if not _may_read(request, state.settings.metrics_token):
        return PlainTextResponse(
            "metrics are given to this machine, or with the token of SARING_METRICS_TOKEN\n",
            403,
            headers={"WWW-Authenticate": "Bearer"},
        )
    text = await run_in_threadpool(_collected, state)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


# -- ready?


class Readiness:
    """Looks at what an answer needs, each in a thread of its own, and keeps what it saw for a moment."""

    def __init__(self, checks: Mapping[str, Callable[[], object]], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._clock = clock
        self._guard = asyncio.Lock()
        self._seen: dict[str, str] = {}
        self._at = -KEEP_SECONDS
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def look(self) -> dict[str, str]:
        """For each check `ok`, `failed`, or `starting` where it takes its time (models that are being loaded)."""
        async with self._guard:
            if self._clock() - self._at < KEEP_SECONDS:
                return self._seen
            tasks = {name: self._task(name, check) for name, check in self._checks.items()}
            done, _ = await asyncio.wait(tasks.values(), timeout=READY_SECONDS)
            self._seen = {name: self._said(name, task, task in done) for name, task in tasks.items()}
            self._at = self._clock()
            return self._seen

    def _task(self, name: str, check: Callable[[], object]) -> asyncio.Task[None]:
        running = self._busy.get(name)
        if running is None or running.done():
            running = self._busy[name] = asyncio.create_task(_in_thread(check))
        return running

    def _said(self, name: str, task: asyncio.Task[None], done: bool) -> str:
        if not done:
            return "starting"
        error = task.exception()
        if error is None:
            return "ok"
        logger.warning("not ready: %s: %s: %s", name, type(error).__name__, error)
        return "failed"


async def _in_thread(check: Callable[[], object]) -> None:
    # Not the pool that answers requests: a database that hangs must not take its threads.
    loop = asyncio.get_running_loop()
    result: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        failed: Exception | None = None
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, result, failed)

    threading.Thread(target=run, daemon=True, name="saring-ready").start()
    await result


def _settle(result: asyncio.Future[None], error: Exception | None) -> None:
    if result.done():
        return
    if error is None:
        result.set_result(None)
    else:
        result.set_exception(error)


def _checks(state: AppState) -> dict[str, Callable[[], object]]:
    return {
        "database": lambda: _ask_database(state),
        "evidence": lambda: state.evidence().is_empty(),
        "models": state.checker,
    }


def _ask_database(state: AppState) -> None:
    with state.database.read() as connection:
        connection.execute(sa.select(sa.literal(1)))


# -- counting


class _Queue(Collector):
    """The queue's counts, as they are in the database when somebody asks."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Items and background checks by state."""
        items = GaugeMetricFamily("saring_queue_items", "Items of the queue.", labels=("state",))
        checks = GaugeMetricFamily("saring_background_checks", "Background checks.", labels=("state",))
        with self._state.database.read() as connection:
            for family, column in ((items, t.items.c.state), (checks, t.checks.c.status)):
                for name, count in connection.execute(sa.select(column, sa.func.count()).group_by(column)):
                    family.add_metric((str(name),), count)
        return (items, checks)


def _collected(state: AppState) -> bytes:
    registry = CollectorRegistry()
    if os.environ.get(MULTIPROCESS):
        from prometheus_client.multiprocess import MultiProcessCollector

        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        counted = generate_latest(registry)
    else:
        counted = generate_latest(_own)
    queue = CollectorRegistry()
    queue.register(_Queue(state))
    return counted + generate_latest(queue)


def _counted(name: str, seconds: float, attributes: Mapping[str, telemetry.Attribute], well: bool) -> None:
    if name == "http":
        return
    _steps.labels(name, "true" if well else "false").observe(seconds)
    if name == "verdict":
        for label in _LABELS:
            _verdicts.labels(label).inc(float(attributes.get(label, 0)))


def _may_read(request: Request, token: str) -> bool:
    header = request.headers.get("authorization", "")
    if token and header.lower().startswith("bearer "):
        return hmac.compare_digest(header[7:].strip().encode(), token.encode())
    if {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers):
        return False  # through a proxy on this machine, on behalf of whoever
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


# -- around every request


class Observed:
    """Counts and times every request, opens its span, and writes its line of the access log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see how it ends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        parent = telemetry.caller(headers)
        with telemetry.step("http", parent=parent, kind=telemetry.server_kind(), method=_method(scope)) as span:
            try:
                await self.app(scope, receive, seen)
            finally:
                took = time.perf_counter() - began
                route = _route(scope)
                span.set(route=route, status=status)
                _requests.labels(_method(scope), route, str(status)).inc()
                _latency.labels(route).observe(took)
                level = logging.DEBUG if route in ("/healthz", "/readyz", "/metrics", "/static") else logging.INFO
                access.log(
                    level,
                    "request",
                    extra={
                        "saring": {
                            "method": _method(scope),
                            "route": route,
                            "status": status,
                            "ms": round(took * 1000, 1),
                        }
                    },
                )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _route(scope: Scope) -> str:
    """The route's own pattern: a path holds ids, and what a stranger types would be a label without end."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    return "/static" if scope["path"].startswith("/static/") else "none"


def observe(app: FastAPI) -> None:
    """Called last by `create_app`: what is put around the application is the outermost."""
    app.state.readiness = Readiness(_checks(app.state.saring))
    app.add_middleware(Observed)


@asynccontextmanager
async def running(state: AppState) -> AsyncIterator[None]:
    """While the server runs, its steps are counted and its spans sent."""
    telemetry.start_tracing(state.settings)
    off = telemetry.on_step(_counted)
    try:
        yield
    finally:
        off()
        telemetry.stop_tracing()
