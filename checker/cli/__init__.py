"""The command line: parse, call, render. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run `saring` and return its exit code: 0 done, 1 some claim failed to be checked, 2 bad usage or input.

    Args:
        argv: Arguments after the program's name; those of the process where None.
    """
    try:
        from checker.cli.root import run

        return run(argv)
    except KeyboardInterrupt:  # while still starting
        import sys

        sys.stderr.write("saring: stopped\n")
        return 130
