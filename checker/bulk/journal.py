"""What was finished of a shard, on disk as it is finished, so that a kill costs at most the article under way."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from checker.bulk.files import to_line, whole_lines

MOST_DEATHS = 3
"""Processes of one run that may die over one article before it is taken for the cause."""


class Journal:
    """The records of one shard by whoever worked on it so far, and a file for those that this process adds.

    Every attempt writes a file of its own, so that two that overlap (a machine that was given up but still runs) do not
    write into each other's.
    """

    def __init__(self, work: Path, shard: str, session: str) -> None:
        """Read what was finished.

        Args:
            work: Folder of the journals.
            shard: Name of the shard.
            session: Names this run of the program; a death in an earlier one (which a person may have killed) is not
                held against an article.
        """
        self._earlier = sorted(work.glob(f"{shard}.*.part"))
        self._path = work / f"{shard}.{session}.{uuid.uuid4().hex[:12]}.part"
        self._file: IO[bytes] | None = None
        self.finished: set[str] = set()
        self._deaths: Counter[str] = Counter()
        for path in self._earlier:
            begun = ""
            for line in whole_lines(path):
                if "begun" in line:
                    begun = line["begun"]
                else:
                    self.finished.add(line["key"])
                    begun = ""
            if begun and path.name.split(".")[1] == session:
                self._deaths[begun] += 1

    def __enter__(self) -> Journal:
        self._file = self._path.open("wb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def deaths(self, key: str) -> int:
        """How many processes of this session died over an article."""
        return self._deaths[key]

    def begin(self, key: str) -> None:
        """Say which article is under way."""
        self._write({"begun": key})

    def add(self, record: dict[str, Any]) -> None:
        """Keep what became of an article; it is not worked on again."""
        self._write(record)
        self.finished.add(record["key"])

    def records(self) -> Iterator[dict[str, Any]]:
        """One record for each article that is finished, whoever finished it."""
        seen: set[str] = set()
        for path in [*self._earlier, self._path]:
            for line in whole_lines(path):
                if "begun" not in line and line["key"] not in seen:
                    seen.add(line["key"])
                    yield line

    def discard(self) -> None:
        """Remove the journals of a shard that is committed."""
        for path in [*self._earlier, self._path]:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(self, value: dict[str, Any]) -> None:
        assert self._file is not None, "the journal is open while it is written"
        self._file.write(to_line(value))
