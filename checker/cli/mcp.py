"""`saring mcp`: Saring as tools of another program's agent."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import JudgeName, Store

if TYPE_CHECKING:
    from mcp.server.transport_security import TransportSecuritySettings
    from starlette.applications import Starlette

    from checker.review.database import Database
    from checker.review.service import ReviewService
    from checker.settings import Settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@app.command()
def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP instead of standard input and output.")
    ] = False,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address that --http listens on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port that --http listens on; 0: a free one.")
    ] = 8010,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Ask nobody for an API token; on this machine's own address only.")
    ] = False,
    store: Store = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="URL", help="The review queue. Default: SARING_DATABASE_URL.")
    ] = None,
    judge: JudgeName = None,
) -> None:
    """Serve the checks, the evidence and the queue as tools, by the Model Context Protocol.

    On standard input and output, whoever starts the process acts; over HTTP every client sends an API token of saring
    serve with the scope check (Authorization: Bearer saring_…). No tool decides, approves or publishes.
    """
    from checker.settings import load_settings

    settings = load_settings(store=store, database_url=database, judge=judge)
    if no_token and (not http or host not in LOOPBACK):
        raise typer.BadParameter("--no-token goes with --http and a loopback address")
    _must_be_installed()
    if http:
        _serve(settings, host, port, ask=not no_token)
    else:
        _speak(settings)


def _must_be_installed() -> None:
    from importlib.util import find_spec

    from retrieval.errors import MissingExtra

    if find_spec("mcp") is None:
        raise MissingExtra("the MCP server", "mcp")


def _speak(settings: Settings) -> None:
    import asyncio

    from checker.chat.doors.mcp import build_server
    from checker.chat.doors.opened import Opened
    from checker.chat.toolbox import Toolbox

    opened = Opened(settings)
    with _queue(settings, needed=False) as queue:
        try:
            asyncio.run(build_server(Toolbox(opened.checker, _review(queue))).run_stdio_async())
        finally:
            opened.close()


def _serve(settings: Settings, host: str, port: int, *, ask: bool) -> None:
    import asyncio

    from checker.chat.doors.mcp import build_server
    from checker.chat.doors.opened import Opened
    from checker.chat.toolbox import Toolbox

    opened = Opened(settings)
    with _queue(settings, needed=True) as queue, _listen(host, port) as listening:
        from checker.review.accounts import Accounts

        assert queue is not None
        server = build_server(Toolbox(opened.checker, _review(queue)), Accounts(queue) if ask else None)
        served = server.streamable_http_app(host=host, transport_security=_hosts(settings, host))
        try:
            asyncio.run(_run(served, listening, host, ask))
        finally:
            opened.close()


async def _run(served: Starlette, listening: socket.socket, host: str, ask: bool) -> None:
    import uvicorn

    from checker.cli.common import console

    shown = f"[{host}]" if ":" in host else host
    tokens = "clients send an API token" if ask else "no token is asked for"
    console(stderr=True).print(
        f"MCP server at http://{shown}:{listening.getsockname()[1]}/mcp ({tokens}); Ctrl-C ends it", soft_wrap=True
    )
    await uvicorn.Server(uvicorn.Config(served, log_level="warning")).serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    from checker.errors import SettingsError

    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise SettingsError(
            f"cannot listen on {host}:{port} ({why.lower()}); choose another with --host and --port"
        ) from error


def _hosts(settings: Settings, host: str) -> TransportSecuritySettings | None:
    """Which host names the server answers to. On a loopback address the SDK allows that machine's own names."""
    from urllib.parse import urlsplit

    from mcp.server.transport_security import TransportSecuritySettings

    named = [name.strip() for name in settings.trusted_hosts.split(",") if name.strip()]
    if settings.public_url:
        named.append(urlsplit(settings.public_url).netloc)
    if host in LOOPBACK and not named:
        return None
    if not named:
        named = [host]
    own = ["127.0.0.1:*", "localhost:*", "[::1]:*"] if host in LOOPBACK else []
    allowed = [*own, *named, *(f"{name}:*" for name in named if ":" not in name)]
    origins = [f"{scheme}://{name}" for name in allowed for scheme in ("http", "https")]
    return TransportSecuritySettings(allowed_hosts=allowed, allowed_origins=origins)


@contextmanager
def _queue(settings: Settings, *, needed: bool) -> Iterator[Database | None]:
    """The queue's database; None where the parts it takes are not installed and it can be done without."""
    from importlib.util import find_spec

    from retrieval.errors import MissingExtra

    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        if needed:
            raise MissingExtra("the review queue, which keeps the API tokens,", "web")
        yield None
        return
    from checker.review.database import Database

    opened = Database.open(settings.database_url)
    try:
        yield opened
    finally:
        opened.close()


def _review(queue: Database | None) -> ReviewService | None:
    if queue is None:
        return None
    from checker.review.service import ReviewService

    return ReviewService(queue)
