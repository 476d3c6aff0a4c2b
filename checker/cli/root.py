"""The root command: finds its commands by name, loads only the one that is asked for, and turns errors into exits.

A command is a Typer app in a module of its own. `saring --help` shows all of them and imports none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module, metadata
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from checker.errors import CheckerError
from retrieval.errors import RetrievalError

ENTRY_POINTS = "saring.commands"
"""Entry point group in which other packages (the evals among them) offer commands: `name = "module:typer_app"`."""

EXIT_DONE = 0
EXIT_CLAIM_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_PIPE_CLOSED = 141  # 128 + SIGPIPE

PANEL_CHECK = "Check"
PANEL_SETUP = "Set up"
PANEL_MORE = "More"


class Lazy(NamedTuple):
    """Where a command is, and what the list of commands says about it."""

    target: str
    help: str
    panel: str


COMMANDS: dict[str, Lazy] = {
    "check": Lazy("checker.cli.check:app", "Check an article, or one claim, against the evidence.", PANEL_CHECK),
    "ask": Lazy("checker.cli.ask:app", "Ask about a claim; get an answer with its evidence.", PANEL_CHECK),
    "chat": Lazy("checker.cli.chat:app", "Talk with Saring on the terminal.", PANEL_CHECK),
    "claims": Lazy("checker.cli.claims:app", "List the claims of an article, and who makes them.", PANEL_CHECK),
    "report": Lazy("checker.cli.report:app", "Show a saved report again, in any format.", PANEL_CHECK),
    "sources": Lazy("checker.cli.sources:app", "Trace who says what in an article, and through whom.", PANEL_CHECK),
    "serve": Lazy("checker.cli.serve:app", "Serve the review queue, for people and programs.", PANEL_CHECK),
    "queue": Lazy("checker.cli.queue:app", "Work through the review queue, and export from it.", PANEL_CHECK),
    "mcp": Lazy("checker.cli.mcp:app", "Serve the checks, evidence and queue as tools, by MCP.", PANEL_CHECK),
    "telegram": Lazy("checker.cli.telegram:app", "Answer on Telegram, as a bot.", PANEL_CHECK),
    "bulk": Lazy("checker.cli.bulk:app", "Check many articles, or embed a whole store again.", PANEL_CHECK),
    "evidence": Lazy("checker.cli.evidence:app", "Add, search, show and remove evidence.", PANEL_SETUP),
    "prompts": Lazy("checker.cli.prompts:app", "Show what a chat model is told.", PANEL_SETUP),
    "doctor": Lazy("checker.cli.doctor:app", "Say what works, what is missing, and what mends it.", PANEL_SETUP),
}
"""In the order in which `--help` lists them."""

_ENTRY_POINT_HELP = {"eval": "Measure how often Saring is right."}


def commands() -> dict[str, Lazy]:
    """All commands, those of other packages last. A name of ours cannot be taken over."""
    found = dict(COMMANDS)
    for entry in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        help_line = _ENTRY_POINT_HELP.get(entry.name, f"Added by {entry.dist.name if entry.dist else entry.value}.")
        found.setdefault(entry.name, Lazy(entry.value, help_line, PANEL_MORE))
    return found


class LazyGroup(TyperGroup):
    """A group whose commands are stand-ins until one of them is run."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - fixed by Typer
        """Names of all commands, in the order of the table."""
        return list(commands())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - fixed by Typer
        """A stand-in that knows its name and help line; None for an unknown name."""
        entry = commands().get(cmd_name)
        if entry is None:
            return None
        return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command that the arguments begin with, imported now."""
        try:
            name, stand_in, rest = super().resolve_command(ctx, args)
        except typer.TyperException as error:
            if close := get_close_matches(args[0], commands(), n=1):
                error.message = f"{error.message.rstrip('.')}; did you mean {close[0]}?"
            raise
        return name, stand_in if stand_in is None or name is None else load(name), rest

    def invoke(self, ctx: Any) -> Any:
        """Run; a reader that went away (`saring check … | head`) is the end of the work and not an error."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            _drop_stdout()
            raise typer.Exit(EXIT_PIPE_CLOSED) from None
        return result


def load(name: str) -> Any:
    """The command of that name, imported.

    Raises:
        KeyError: there is none.
    """
    module, _, attribute = commands()[name].target.partition(":")
    command = typer.main.get_command(getattr(import_module(module), attribute or "app"))
    command.name = name
    return command


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"saring {metadata.version('saring')}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 some claim failed to be checked, 2 bad usage or input.",
)


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Saring sifts a news article: its claims, and whether a source says so."""


def run(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and turn whatever ends the run into an exit code and at most one line on stderr."""
    _speak_utf8()
    try:
        command = typer.main.get_command(app)
        result = command.main(args=None if argv is None else list(argv), prog_name="saring", standalone_mode=False)
    except typer.TyperException as error:
        return _bad_usage(error)
    except (CheckerError, RetrievalError) as error:
        return _fail(str(error), EXIT_BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("stopped", EXIT_INTERRUPTED)
    except OSError as error:
        # A full disk, a device that is gone: the machine's trouble, which a traceback would not explain better.
        _drop_stdout()
        about = f"{error.filename}: " if error.filename else ""
        return _fail(f"{about}{error.strerror or error}", EXIT_INTERNAL)
    except Exception as error:  # noqa: BLE001 - the edge: nothing else is left to catch it
        return _fail(
            f"internal error: {type(error).__name__}: {error}; to see where, run it again with SARING_DEBUG=1",
            EXIT_INTERNAL,
        )
    code = result if isinstance(result, int) and not isinstance(result, bool) else EXIT_DONE
    # Typer turns Ctrl-C inside a command into this exit code.
    return _fail("stopped", EXIT_INTERRUPTED) if code == EXIT_INTERRUPTED else code


def _bad_usage(error: typer.TyperException) -> int:
    message = error.format_message()
    if not message:  # no arguments at all: the help was shown
        return EXIT_BAD_INPUT
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "saring"
    return _fail(f"{message.rstrip('.')}; see {path} --help", EXIT_BAD_INPUT)


def _fail(message: str, code: int) -> int:
    from checker.render.base import clean_line

    if os.environ.get("SARING_DEBUG") and sys.exc_info()[0] not in (None, KeyboardInterrupt):
        import traceback

        traceback.print_exc()
    label = "saring: " if code == EXIT_INTERRUPTED else "saring: error: "
    sys.stderr.write(f"{label}{clean_line(message)}\n")
    return code


def _drop_stdout() -> None:
    """Send what is still unwritten nowhere: Python flushes stdout once more as it exits, and would fail again."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_utf8() -> None:
    """Never fail for a character that the terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
