"""A run is a folder: what was run (`run.json`), what came out line by line (`results.jsonl`), and what it means.

run.json        what was run on what, by which code, with which models, on which machine
results.jsonl   one line per case and system, written as it goes, so that a killed run goes on where it stopped
summary.json    the numbers of each task, made from results.jsonl alone
report.html     the page to look at, made from summary.json and results.jsonl
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from evals.errors import RunIncomplete, RunLocked, RunMismatch
from evals.types import Row

SCHEMA = 1
_ROW_KEYS = ("solver", "system", "id")


class RunFolder:
    """A run folder that is being written."""

    def __init__(self, path: Path, identity: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        self.path = path
        self.identity = dict(identity)
        self._manifest = dict(manifest)
        self._file: TextIO | None = None
        self._done: set[tuple[str, str, str]] = set()
        self._started = time.monotonic()

    @classmethod
    @contextmanager
    def open(
        cls,
        path: Path,
        identity: Mapping[str, Any],
        about: Mapping[str, Any],
        *,
        fresh: bool = False,
        retry_failed: bool = False,
    ) -> Iterator[RunFolder]:
        """Start a run, or go on with one that was stopped.

        Args:
            path: The folder; made where it is missing.
            identity: What makes two runs the same run: tasks, data, judge, options, code. A folder with another
                identity is refused.
            about: More to record (machine, versions, command), which may differ when a run goes on.
            fresh: Start over, whatever is in the folder.
            retry_failed: Answer again the cases that failed.

        Raises:
            RunLocked: Another process is writing to the folder.
            RunMismatch: It holds another run; the message names what differs.
        """
        import filelock

        path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunLocked(
                f"{path}: another process is running this; wait for it or choose another --output"
            ) from None
        run = cls(path, identity, about)
        try:
            run._begin(fresh, retry_failed)
            yield run
        finally:
            run.close()
            lock.release()

    def _begin(self, fresh: bool, retry_failed: bool) -> None:
        results, manifest = self.path / "results.jsonl", self.path / "run.json"
        if fresh:
            for name in ("results.jsonl", "summary.json", "report.html", "run.json"):
                (self.path / name).unlink(missing_ok=True)
        earlier: dict[str, Any] = {}
        if manifest.is_file():
            earlier = json.loads(manifest.read_text(encoding="utf-8"))
            _same(self.path, earlier.get("identity", {}), self.identity)
        elif results.is_file():
            raise RunMismatch(f"{self.path}: has results but no run.json; choose another --output")
        _drop_torn_line(results)
        for row in read_rows(self.path, missing_ok=True):
            if not (retry_failed and row.get("failure")):
                self._done.add((row["solver"], row["system"], row["id"]))
        starts = [*earlier.get("starts", []), _now()]
        self._manifest = {"schema": SCHEMA, "identity": self.identity, **self._manifest, "starts": starts}
        self._manifest["seconds"] = float(earlier.get("seconds", 0.0))
        self._write_manifest()
        self._file = results.open("a", encoding="utf-8")

    def is_done(self, solver: str, system: str, identity: str) -> bool:
        """Whether the folder already has that row."""
        return (solver, system, identity) in self._done

    def append(self, rows: Iterable[Row]) -> None:
        """Write rows and hand them to the operating system, so that a kill loses none of them."""
        assert self._file is not None, "the folder is open"
        for row in rows:
            self._file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
            self._done.add((row["solver"], row["system"], row["id"]))
        self._file.flush()

    def finish(self, summaries: Mapping[str, Any]) -> None:
        """Record the numbers and that every case was answered."""
        write_summaries(self.path, summaries)
        self._manifest["seconds"] += time.monotonic() - self._started
        self._manifest["finished_at"] = _now()
        self._manifest["peak_rss_mb"] = peak_rss_mb()
        self._write_manifest()

    def close(self) -> None:
        """Close the results. Safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_manifest(self) -> None:
        write_json(self.path / "run.json", self._manifest)


def read_manifest(path: Path) -> dict[str, Any]:
    """What was run.

    Raises:
        RunIncomplete: It is not a run folder.
    """
    try:
        value: dict[str, Any] = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunIncomplete(f"{path}: not a run folder (no run.json in it)") from None
    except (OSError, ValueError) as error:
        raise RunIncomplete(f"{path}/run.json: cannot be read ({error})") from error
    return value


def read_rows(path: Path, *, missing_ok: bool = False) -> list[dict[str, Any]]:
    """The rows of a run. Where a case was answered twice (a retry), the later answer counts.

    Raises:
        RunIncomplete: There are none, or a line is damaged.
    """
    file = path / "results.jsonl"
    if not file.is_file():
        if missing_ok:
            return []
        raise RunIncomplete(f"{path}: no results.jsonl in it (a committed run keeps only its summary)")
    latest: dict[tuple[str, ...], dict[str, Any]] = {}
    with file.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, start=1):
            try:
                row = json.loads(line)
                key = tuple(row[name] for name in _ROW_KEYS)
            except (ValueError, KeyError, TypeError) as error:
                raise RunIncomplete(f"{file}:{number}: damaged line; delete it and run again") from error
            latest[key] = row
    return list(latest.values())


def read_summaries(path: Path) -> dict[str, Any]:
    """Summary by task.

    Raises:
        RunIncomplete: The run has none yet.
    """
    try:
        value: dict[str, Any] = json.loads((path / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunIncomplete(
            f"{path}: no summary.json; finish the run or use: python -m evals rescore {path}"
        ) from error
    return value


def write_summaries(path: Path, summaries: Mapping[str, Any]) -> None:
    """Put the numbers beside the results they were made from."""
    write_json(path / "summary.json", summaries)


def write_json(path: Path, value: Any) -> None:
    """Write whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


def peak_rss_mb() -> float:
    """Most memory this process held so far, in MiB; 0.0 where the system does not tell."""
    try:
        import resource
        import sys
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def _drop_torn_line(results: Path) -> None:
    """A process killed while writing leaves half a line; that case is simply answered again."""
    if not results.is_file() or results.stat().st_size == 0:
        return
    with results.open("rb+") as handle:
        handle.seek(-1, os.SEEK_END)
        if handle.read(1) == b"\n":
            return
        handle.seek(0)
        whole = handle.read().rfind(b"\n") + 1
        handle.truncate(whole)


def _same(path: Path, earlier: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    differing = [key for key in sorted(set(earlier) | set(now)) if earlier.get(key) != now.get(key)]
    if differing:
        raise RunMismatch(
            f"{path}: holds another run (other {', '.join(differing)}); choose another --output or use --fresh"
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
