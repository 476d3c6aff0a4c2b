"""The plan of a run: what it was asked, cut into shards, on disk before the work begins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checker.bulk.base import Shard
from checker.bulk.files import read_json, to_line, whole, whole_lines, write_json
from checker.errors import BulkError

MANIFEST = "manifest.json"
LAYOUT = 1

_PLAN = "plan.jsonl"
_LOCK = "run.lock"


class RunFolder:
    """The folder of one run: its manifest, its plan, and which shards are done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.markers = path / "shards"
        self.work = path / "work"

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What the run was asked; None where none was started here.

        Raises:
            BulkError: The manifest cannot be read.
        """
        try:
            found = read_json(self.path / MANIFEST)
        except (OSError, ValueError) as error:
            raise BulkError(f"{self.path / MANIFEST} cannot be read ({error}); choose another folder") from error
        if found is None:
            return None
        if not isinstance(found, dict) or not isinstance(found.get("asked"), dict):
            raise BulkError(f"{self.path / MANIFEST} is not the manifest of a bulk run; choose another folder")
        if found.get("layout") != LAYOUT:
            raise BulkError(f"{self.path} was written by another version of Saring; choose another folder")
        return found

    @contextmanager
    def held(self) -> Iterator[None]:
        """This process alone runs here. The operating system lets go when it dies.

        Raises:
            BulkError: Another process does, or the folder cannot be written to.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.markers.mkdir(exist_ok=True)
            self.work.mkdir(exist_ok=True)
            lock = FileLock(self.path / _LOCK)
            lock.acquire(timeout=0)
        except Timeout:
            raise BulkError(f"another process is at work in {self.path}; wait until it is done, or stop it") from None
        except OSError as error:
            raise BulkError(f"cannot write to {self.path}: {error.strerror or error}; choose another folder") from error
        try:
            yield
        finally:
            lock.release()

    def start(self, asked: Mapping[str, Any], shards: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Write the plan, then the manifest: a run without a manifest was never started."""
        if any(self.markers.iterdir()):
            raise BulkError(f"{self.path} holds shards but no manifest; choose an empty folder")
        items = count = 0
        with whole(self.path / _PLAN) as file:
            for size, spec in shards:
                file.write(to_line([size, spec]))
                items += size
                count += 1
        if not items:
            raise BulkError("there is nothing to do: the input holds no article that can be read")
        write_json(
            self.path / MANIFEST,
            {"layout": LAYOUT, "state": "running", "items": items, "shards": count, "asked": dict(asked)},
        )

    def must_match(self, asked: Mapping[str, Any]) -> None:
        """Make sure that a run which is continued is asked for the same as when it was started.

        Raises:
            BulkError: It is not; says in what.
        """
        before = (self.manifest or {})["asked"]
        for name in sorted(before.keys() & asked.keys()):
            if before.get(name) != asked.get(name):
                raise BulkError(_differs(self.path, name, before.get(name), asked.get(name)))

    def shards(self) -> Iterator[Shard]:
        """Every shard of the plan."""
        for number, (items, spec) in enumerate(whole_lines(self.path / _PLAN)):
            yield Shard(number, items, spec)

    def is_done(self, shard: Shard) -> bool:
        """Whether a shard was committed."""
        return self.marker(shard.name).exists()

    def marker(self, name: str) -> Path:
        """The file that says that a shard is done, and with what."""
        return self.markers / f"{name}.json"

    def done(self) -> Iterator[dict[str, Any]]:
        """What the markers say, in the order of the plan."""
        for path in sorted(self.markers.glob("*.json")):
            if not path.name.startswith("."):
                yield json.loads(path.read_bytes())

    def finish(self, **counts: Any) -> None:
        """Say in the manifest that the run is over, and with what."""
        write_json(self.path / MANIFEST, {**(self.manifest or {}), "state": "finished", **counts})


def _differs(path: Path, name: str, before: Any, now: Any) -> str:
    advice = "continue it as it was started, or choose another folder with --output"
    if name == "fingerprint":
        return f"the input has changed since the run in {path} was started; give another folder with --output"
    return f"the run in {path} was started with another {name} ({before!r}, now {now!r}); {advice}"
