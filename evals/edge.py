"""What the commands share: errors to exit statuses, numbers to stdout, everything else to stderr."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from evals.errors import EvalError

P = ParamSpec("P")
R = TypeVar("R")

BELOW_FLOOR = 1
BAD_INPUT = 2
STOPPED = 130

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def edge(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that were raised on purpose into one line and an exit status."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from checker.errors import CheckerError
        from retrieval.errors import RetrievalError

        try:
            return command(*args, **kwargs)
        except (EvalError, CheckerError, RetrievalError) as error:
            complain(str(error))
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt:
            complain("stopped; the same command goes on from here")
            raise typer.Exit(STOPPED) from None

    return wrapped


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout; NaN is refused, for it is not JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def say(message: str) -> None:
    """Tell the person at the terminal."""
    typer.echo(message, err=True)


def complain(message: str) -> None:
    """Say in one line what is wrong."""
    typer.echo(f"evals: error: {' '.join(message.split())}", err=True)
