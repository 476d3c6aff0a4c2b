"""Everything that can go wrong in `evals`, as one tree. Imports no sibling.

    EvalError
    ├── DataError           a case, card or row that was handed in cannot be used (names the file and the line)
    ├── DataMissing         a data set is not on this machine and cannot be fetched
    ├── ChecksumMismatch    a file is not the one that the catalogue names
    ├── RunError            a run folder
    │   ├── RunLocked       another process is writing to it
    │   ├── RunMismatch     it holds another run: other data, judge, options or code
    │   └── RunIncomplete   it has no results that could be read
    ├── UnknownName         no task, data set or metric of that name (lists those there are)
    └── MissingTool         a metric library is not installed (carries the command that installs it)

Each error's message is one line that says what is wrong and what to do about it. A number below its floor is not an
error but a result: the command line turns it into exit status 1.
"""

from __future__ import annotations

from collections.abc import Iterable


class EvalError(Exception):
    """Base of every error that `evals` raises on purpose."""


class DataError(EvalError):
    """A case, card or row that was handed in cannot be used."""


class DataMissing(EvalError):
    """A data set is not on this machine and cannot be fetched."""


class ChecksumMismatch(EvalError):
    """A file is not the one that the catalogue names."""


class RunError(EvalError):
    """A run folder cannot be used."""


class RunLocked(RunError):
    """Another process is writing to the run folder."""


class RunMismatch(RunError):
    """The folder holds another run: other data, judge, options or code."""


class RunIncomplete(RunError):
    """The folder has no results that could be read."""


class UnknownName(EvalError):
    """No task, data set or metric of that name."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"unknown {what} {name!r}; choose one of: {', '.join(sorted(known))}")


class MissingTool(EvalError):
    """A metric library is not installed."""

    def __init__(self, what: str, extra: str = "evals") -> None:
        self.extra = extra
        super().__init__(f'{what} is not installed; install it with: pip install "saring[{extra}]"')
