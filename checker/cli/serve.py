"""`saring serve`: the review queue, the chat and the API over HTTP."""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import Store

if TYPE_CHECKING:
    from checker.settings import Settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on. Default: 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="Port to listen on; 0 takes a free one. Default: 8000.")
    ] = None,
    store: Store = None,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="The queue: a file, or postgresql://…. Default: yours."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, max=64, help="Processes; more than one takes PostgreSQL.")
    ] = 1,
) -> None:
    """Serve the review queue.

    Listens on 127.0.0.1, and elsewhere only once somebody is set up. The first run prints a link to set up the first
    administrator with. Put a proxy with TLS before it where others are to reach it, and set SARING_PUBLIC_URL.
    """
    from checker.cli.common import console
    from checker.errors import SettingsError
    from checker.settings import load_settings
    from checker.telemetry import start_logging

    settings = load_settings(host=host, port=port, store=store, database_url=database)
    try:
        import fastapi  # noqa: F401
        import uvicorn

        from checker.review.accounts import Accounts
        from checker.review.database import Database
    except ModuleNotFoundError as error:
        raise SettingsError(f"the pages need {error.name}; install it with: pip install 'saring[web]'") from error

    opened = Database.open(settings.database_url)
    try:
        if workers > 1 and opened.dialect == "sqlite":
            raise SettingsError(
                "SQLite takes one process; run one worker, or set SARING_DATABASE_URL to a PostgreSQL database"
            )
        accounts = Accounts(opened)
        first = None if accounts.any_user() else accounts
        if first is not None and not _loopback(settings.host):
            raise SettingsError(
                f"nobody is set up yet, so that anybody who reaches {settings.host} could take it over; run "
                "'saring serve' on 127.0.0.1 first and open the link it prints"
            )
        screen = console(stderr=True)
        taken = _listen(settings)
        number = taken.getsockname()[1]
        where = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = settings.public_url.rstrip("/") or f"http://{where}:{number}"
        if first is not None:
            screen.print("Nobody is set up yet. Open this link within the hour; it works once:")
            screen.print(f"  http://{where}:{number}/setup?token={first.setup_link()}", soft_wrap=True)
        screen.print(f"Saring is at {address} (Ctrl-C stops it)", soft_wrap=True)
    finally:
        opened.close()
    config = uvicorn.Config(
        "checker.web.app:from_environment",
        factory=True,
        workers=workers,
        host=settings.host,
        port=number,
        log_config=None,  # its lines go where ours go, in one shape
        log_level="warning",
        access_log=False,  # its lines would hold set-up links
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        timeout_graceful_shutdown=20,
    )
    _hand_down(settings)
    start_logging(settings.log_format, settings.log_level)
    try:
        if workers > 1:
            from uvicorn.supervisors import Multiprocess

            # Each process counts into files there; whichever is asked for /metrics adds them up.
            with tempfile.TemporaryDirectory(prefix="saring-metrics-") as counts:
                os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", counts)
                Multiprocess(config, sockets=[taken]).run()
        else:
            uvicorn.Server(config).run(sockets=[taken])
    finally:
        taken.close()


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listen(settings: Settings) -> socket.socket:
    """The socket, bound before anything else is said, so that a taken port is a line and not a traceback."""
    from checker.errors import SettingsError

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((settings.host.strip("[]"), settings.port))
        taken.listen(1024)  # whoever opens the printed link at once waits for the start instead of being turned away
    except OSError as error:
        taken.close()
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror or error}); choose another --port"
        ) from error
    taken.set_inheritable(True)
    return taken


def _hand_down(settings: Settings) -> None:
    """Have the server's own processes read what this command was told."""
    for name in ("store", "database_url", "host", "port"):
        os.environ[f"SARING_{name.upper()}"] = str(getattr(settings, name))
