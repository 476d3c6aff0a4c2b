"""What a bulk run is made of: shards, the job that works on them, and what the work tells.

A run is cut into shards once, on disk, before the work begins; a shard is done when its marker is there. So whoever
works on a shard, on whatever machine, after however many kills, the result has each item exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run.

    Attributes:
        number: Its place in the plan, from 0; names its files.
        items: How many articles or sources are in it.
        spec: Where they are, as plain JSON values.
    """

    number: int
    items: int
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.number:06d}"


Tell = Callable[[int, int], None]
"""Called with (items finished, items failed among them) since the last call."""


class Worker(Protocol):
    """Has the models loaded and works on one shard after another; one per process."""

    def run(self, shard: Shard, tell: Tell) -> None:
        """Work on a shard until it is committed. What was finished of it before is not done again.

        Raises:
            CheckerError, RetrievalError, OSError: No shard can be worked on; says what to do.
        """
        ...

    def close(self) -> None:
        """Let go of the models and of the store."""
        ...


class Job(Protocol):
    """The kind of work, and all it needs to be done in another process or on another machine: it is pickled."""

    def open(self) -> Worker:
        """Load what the work needs.

        Raises:
            CheckerError, RetrievalError: It cannot be loaded; says what to do.
        """
        ...


class Engine(Protocol):
    """Where the work is done."""

    def run(self, job: Job, shards: Iterable[Shard], folder: Path, tell: Tell) -> None:
        """Have every shard worked on.

        Args:
            job: The work.
            shards: Those that are not done yet; read as the work proceeds.
            folder: Of the run, seen under this name by every worker.
            tell: Called as items are finished.

        Raises:
            BulkError: The work cannot go on; what is done stays done.
        """
        ...
