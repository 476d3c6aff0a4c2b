"""`saring queue users`, `work`, `recheck`, `checks`: who uses the queue, and what it does by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.desk import As, Database, Format, check_format, opened, say, write_json
from checker.cli.options import Store

if TYPE_CHECKING:
    from checker.review.transitions import Role as Known

users = typer.Typer(add_completion=False, no_args_is_help=True, help="Who may use the queue.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What they sign in with.")]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, checker, editor or admin.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin instead of asking.")]


@users.command("list")
def list_(database: Database = None, format: Format = "text") -> None:
    """List the users."""
    check_format(format)
    with opened(database) as desk:
        found = desk.accounts.users()
    if format == "json":
        write_json(found)
        return
    for user in found:
        say(f"{user.name} {user.role} {'active' if user.active else 'off'} {user.display_name}")
    say(f"{len(found)} users", stderr=True)


@users.command()
def add(
    name: Name,
    role: Role = "checker",
    display_name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What others see.")] = "",
    no_password: Annotated[
        bool, typer.Option("--no-password", help="They sign in elsewhere, or act on this command line alone.")
    ] = False,
    password_stdin: FromStdin = False,
    database: Database = None,
) -> None:
    """Add a user."""
    with opened(database) as desk:
        password = None if no_password else _password(password_stdin)
        user = desk.accounts.create(name, password, _role(role), display_name)
    say(f"added {user.name}, {user.role}")


@users.command()
def role(name: Name, role: Annotated[str, typer.Argument(metavar="ROLE")], database: Database = None) -> None:
    """Give a user another role."""
    with opened(database) as desk:
        user = desk.accounts.change(desk.user_id(name), role=_role(role))
    say(f"{user.name} is {user.role}")


@users.command()
def off(name: Name, database: Database = None) -> None:
    """Switch a user off: their sessions and tokens end at once."""
    with opened(database) as desk:
        desk.accounts.change(desk.user_id(name), active=False)
    say(f"{name} is off")


@users.command()
def on(name: Name, database: Database = None) -> None:
    """Switch a user on again."""
    with opened(database) as desk:
        desk.accounts.change(desk.user_id(name), active=True)
    say(f"{name} is on")


@users.command()
def password(name: Name, password_stdin: FromStdin = False, database: Database = None) -> None:
    """Give a user another password; their sessions end."""
    with opened(database) as desk:
        user_id = desk.user_id(name)
        desk.accounts.set_password(user_id, _password(password_stdin))
    say(f"{name} has another password")


def work(
    once: Annotated[bool, typer.Option("--once", help="Do what there is to do now, and end.")] = False,
    store: Store = None,
    database: Database = None,
) -> None:
    """Do the background checks and send what webhooks are due, until Ctrl-C.

    `saring serve` does so itself; this is for a machine of its own, with SARING_BACKGROUND=false for the server.
    """
    import signal
    import threading

    from checker import telemetry
    from checker.pipeline import Checker
    from checker.review.opening import open_worker

    with opened(database) as desk:
        settings = desk.settings if store is None else desk.settings.model_copy(update={"store": store})
        made: list[Checker] = []

        def checker() -> Checker:
            if not made:
                made.append(Checker.open(settings=settings))
            return made[0]

        worker = open_worker(desk.service, settings, checker)
        telemetry.start_tracing(settings)
        try:
            if once:
                done = worker.drain()
                told = worker.tell()
                say(f"{done} checks done, {told} deliveries tried")
                return
            telemetry.start_logging(settings.log_format, settings.log_level)
            stop = threading.Event()
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: stop.set())
            worker.start()
            say("Working on what waits; Ctrl-C ends", stderr=True)
            stop.wait()
            worker.close()
            say("Stopped. What was not finished goes on elsewhere.", stderr=True)
        finally:
            telemetry.stop_tracing()
            for opened_checker in made:
                opened_checker.close()


def recheck(
    source_ids: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Ids of new sources, as `evidence list` shows them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every decided claim, whatever is new.")] = False,
    store: Store = None,
    database: Database = None,
) -> None:
    """Have decided claims looked at again that new evidence may bear on; `saring serve` or `work` does it.

    `saring evidence watch` asks for this by itself.
    """
    from checker.review import rechecks
    from checker.review.opening import open_jobs
    from checker.review.queries import Filters
    from retrieval.store import EvidenceStore

    if bool(source_ids) == every:
        raise typer.BadParameter("name the new sources, or --all")
    with opened(database) as desk:
        jobs = open_jobs(desk.service)
        if every:
            filters = Filters(states=tuple(sorted(rechecks.DECIDED)))
            asked, page = 0, 1
            while (found := desk.service.list(filters, page=page, size=200)).items:
                asked += sum(jobs.recheck(item.id) is not None for item in found.items)
                page += 1
        else:
            with EvidenceStore.open(store or desk.settings.store, embedder=desk.settings.embedder) as evidence:
                for source_id in source_ids or ():
                    evidence.get(source_id)  # all must be there before the first is asked about
                asked = rechecks.ask(desk.service, jobs, evidence, source_ids or ())
    say(f"{asked} decided claims will be looked at again")


def checks(
    retry: Annotated[str | None, typer.Option("--retry", metavar="ID", help="Begin this failed check anew.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="Most checks to list.")] = 20,
    database: Database = None,
    who: As = None,
    format: Format = "text",
) -> None:
    """List the background checks, the newest first."""
    from checker.review.opening import open_jobs

    check_format(format)
    with opened(database) as desk:
        jobs = open_jobs(desk.service)
        if retry is not None:
            jobs.retry(retry, desk.actor(who))
        found, total = jobs.list(size=limit)
    if format == "json":
        write_json({"checks": found, "total": total})
        return
    for job in found:
        count = f" {job.done}/{job.total}" if job.status == "running" and job.total else ""
        say(f"{job.id} {job.status}{count} {job.name[:80]}{f' ({job.error})' if job.error else ''}")
    say(f"{len(found)} of {total}", stderr=True)


def mount(app: typer.Typer) -> None:
    """Add the commands to the app of `saring queue`."""
    app.command()(checks)
    app.command()(recheck)
    app.command()(work)
    app.add_typer(users, name="users")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return given


def _role(name: str) -> Known:
    from checker.errors import UnknownName
    from checker.review.transitions import Role as Known

    if name not in set(Known):
        raise UnknownName("role", name, [str(role) for role in Known])
    return Known(name)
