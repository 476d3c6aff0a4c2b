"""What the commands share: where results go, which format they have, and progress on stderr."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console

    from checker.types import Report

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""

_SUFFIXES = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".json": "json"}

_STAGES = {
    "claims": "Finding the claims",
    "evidence": "Searching the evidence",
    "judge": "Judging the evidence",
}


def console(*, stderr: bool = False) -> Console:
    """A Rich console that guesses nothing about what it is given to print."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)


def choose_format(name: str | None, output: Path | None) -> str:
    """The format asked for; else the one that the output's suffix stands for; else text.

    Raises:
        UnknownName: there is no such format.
    """
    from checker.render import check_format

    if name is not None:
        return check_format(name)
    return "text" if output is None else _SUFFIXES.get(output.suffix.lower(), "text")


def check_writable(path: Path | None) -> None:
    """Find out before the work whether its result can be written. Leaves nothing behind.

    Raises:
        OutputError: it cannot; says why.
    """
    if path is None:
        return
    try:
        if path.is_dir():
            raise OutputError(f"cannot write to {path}: it is a folder; name a file in it")
        if _is_device(path):
            return
        with _temporary(path):
            pass
    except OSError as error:  # the name itself is impossible
        raise _cannot_write(path, error) from error


def write_file(path: Path, text: str) -> None:
    """Write `text` as UTF-8: the whole of it, or nothing, also when the machine goes down half-way.

    A file that was there keeps its permissions; a new one gets those of the umask.

    Raises:
        OutputError: it cannot be written; says why.
    """
    data = text.encode("utf-8", "backslashreplace")
    if _is_device(path):
        try:
            path.write_bytes(data)
        except OSError as error:
            raise _cannot_write(path, error) from error
        return
    with _temporary(path) as (handle, name):
        try:
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            target = path.resolve()
            name.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
            name.replace(target)
        except OSError as error:
            raise _cannot_write(path, error) from error


def write_out(text: str) -> None:
    """Write a document to stdout as UTF-8, whatever the terminal's encoding."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode("utf-8", "backslashreplace"))
    buffer.flush()


def show_report(report: Report, format: str, output: Path | None, language: str | None) -> None:
    """Print a report; or write it to `output` and say so on stderr, with the counts.

    Raises:
        OutputError: `output` cannot be written.
    """
    from checker.render import render

    if output is not None:
        from checker.render.base import summary

        write_file(output, render(report, format, language=language))
        screen = console(stderr=True)
        screen.print(summary(report, language or "en"))
        screen.print(f"Report written to {output}", soft_wrap=True)
    elif format == "text":
        from checker.render.text import print_report

        print_report(report, console(), language=language or "en")
    else:
        write_out(render(report, format, language=language))


def write_html(report: Report, path: Path, language: str | None) -> None:
    """Write a report as HTML beside whatever else is done with it, and say so on stderr.

    Raises:
        OutputError: `path` cannot be written.
    """
    from checker.render import render

    write_file(path, render(report, "html", language=language))
    console(stderr=True).print(f"Report written to {path}", soft_wrap=True)


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """Progress on stderr while a command works, gone when it is done; None where nobody is looking."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        opening = bars.add_task("Opening store and models", total=None)

        def report(stage: str, done: int, total: int) -> None:
            bars.update(opening, visible=False)
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES.get(stage, stage), total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[int, Path]]:
    """An open file beside `path`, removed at the end unless it was renamed away."""
    folder = path.resolve().parent
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=folder)
    except OSError as error:
        raise _cannot_write(path, error) from error
    temporary = Path(name)
    try:
        yield handle, temporary
    finally:
        os.close(handle)
        with suppress(FileNotFoundError):
            temporary.unlink()


def _is_device(path: Path) -> bool:
    """Whether something other than a plain file is there (a pipe, /dev/null), which a rename would do away with."""
    return path.exists() and not path.is_file()


def _cannot_write(path: Path, error: OSError) -> OutputError:
    if isinstance(error, FileNotFoundError) and not path.resolve().parent.exists():
        return OutputError(f"cannot write to {path}: there is no folder {path.resolve().parent}")
    return OutputError(f"cannot write to {str(path)[:200]}: {error.strerror or error}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
