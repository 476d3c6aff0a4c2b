"""A bulk run from beginning to end, or from where it was broken off."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.bulk.base import Engine, Job
from checker.bulk.files import to_line, whole
from checker.bulk.plan import RunFolder
from checker.errors import BulkError, StoreEmpty

if TYPE_CHECKING:
    from checker.bulk.checking import CheckJob
    from checker.bulk.output import Format
    from checker.settings import Settings

FAILURES = "failures.jsonl"

SHARDS_PER_WORKER = 16
"""Shards that each process gets at least: the last to be done keeps the others waiting for a fraction of that."""

MOST_IN_A_SHARD = 1_000
_MOST_SOURCES = 256

_WINDOW_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is.

    Attributes:
        done: Articles or sources that are finished, in earlier runs too.
        total: All there are.
        failed: Those of them that could not be worked on, as far as this run has seen.
        rate: How many a second, over the last two minutes; 0 while nothing is known.
    """

    done: int
    total: int
    failed: int
    rate: float

    @property
    def remaining(self) -> float | None:
        """Seconds until the end at this rate; None while nothing is known."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


Show = Callable[[Standing], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a run.

    Attributes:
        items: Articles or sources in all; each is in exactly one of the next two.
        reports: Articles with a report.
        failed: Articles that could not be checked.
        failed_claims: Claims of the others that could not be checked.
        resumed: Items that were finished before this call.
    """

    items: int
    reports: int
    failed: int
    failed_claims: int
    resumed: int


@dataclass
class Meter:
    """Counts what is told into a `Standing`."""

    total: int
    done: int
    show: Show | None
    clock: Callable[[], float] = time.monotonic
    failed: int = 0
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._samples.append((self.clock(), self.done))

    def tell(self, done: int, failed: int) -> None:
        """Take in what was finished."""
        self.done += done
        self.failed += failed
        now = self.clock()
        if now - self._samples[-1][0] >= 1.0:
            self._samples.append((now, self.done))
            while now - self._samples[1][0] > _WINDOW_SECONDS:
                self._samples.popleft()
        if self.show is not None:
            self.show(self.standing)

    @property
    def standing(self) -> Standing:
        """How far the run is now."""
        since, before = self._samples[0]
        passed = self.clock() - since
        return Standing(self.done, self.total, self.failed, (self.done - before) / passed if passed > 0.5 else 0.0)


def shard_size(items: int, workers: int) -> int:
    """Articles of a shard: few enough that all processes end at about the same time."""
    return max(1, min(MOST_IN_A_SHARD, -(-items // (SHARDS_PER_WORKER * max(1, workers)))))


def check(
    inputs: list[Path],
    output: Path,
    settings: Settings,
    engine: Engine,
    *,
    as_of: str | None = None,
    format: Format | None = None,
    size: int = 0,
    workers: int = 1,
    show: Show | None = None,
    kind: type[CheckJob] | None = None,
) -> Summary:
    """Check every article of the inputs into the folder `output`, or continue to.

    Args:
        inputs: Folders, JSONL and Parquet files, files of articles. May be empty for a run that is continued.
        output: Folder of the run.
        settings: All settings.
        engine: Where the work is done.
        as_of: Evidence published after it never counts; when the run was started where None.
        format: Of the reports; JSONL where None.
        size: Articles of a shard, 0 to choose by the number of articles and processes.
        workers: How many processes there will be, as far as is known.
        show: Called with how far the run is.
        kind: The job; `CheckJob` where None.

    Raises:
        BulkError: The run cannot be started or go on; what is done stays done.
        CheckerError, RetrievalError: Store, model or a setting cannot be used.
    """
    from checker.asof import parse_as_of
    from checker.bulk import checking
    from checker.bulk.inputs import check_inputs, cut, fingerprint
    from checker.bulk.output import require

    require(format or "jsonl")
    full = output.expanduser().resolve()
    found = check_inputs(inputs)
    folder = RunFolder(full)
    if not found and folder.manifest is None:
        raise BulkError(f"there is no run in {output} to continue; name the articles: saring bulk check FOLDER")
    values = _portable(settings)
    if settings.retrieve and not _is_server(settings.store):
        raise BulkError(
            "a bulk run cannot fetch evidence into a folder, which takes one writer at a time; unset the setting "
            "retrieve, or put the evidence on a Chroma server"
        )
    with folder.held():
        manifest = folder.manifest
        before = manifest["asked"] if manifest is not None else {}
        if before and before.get("kind") != "check":
            raise BulkError(f"{output} holds a run of saring bulk {before.get('kind')}; give another folder")
        found = found or [Path(path) for path in before["inputs"]]
        digest, items = fingerprint(found, full)
        asked = {
            "kind": "check",
            "inputs": [str(path) for path in found],
            "fingerprint": digest,
            "as_of": before["as_of"] if before and as_of is None else parse_as_of(as_of).isoformat(),
            "format": format or before.get("format", "jsonl"),
            **{f"setting {name}": values.get(name, value) for name, value in settings.public().items()},
        }
        make = kind or checking.CheckJob
        job = make(str(full), values, str(asked["as_of"]), asked["format"], session())
        if manifest is None:
            job.must_open()
            folder.start(asked, cut(found, full, size or shard_size(items, workers), folder.work / "inputs"))
        else:
            folder.must_match(asked)
        _place_all(folder)
        resumed = work(folder, engine, job, show)
        _place_all(folder)
        return _finish(folder, resumed)


def embed(
    output: Path,
    store: str,
    embedder: str,
    engine: Engine,
    *,
    size: int = 0,
    workers: int = 1,
    wait: float = 10.0,
    show: Show | None = None,
) -> tuple[int, int]:
    """Embed every source of a store with another model, or continue to, and put the vectors in at the end.

    Args:
        output: Folder of the run.
        store: The evidence store; others may search it, and add to it, while this goes on.
        embedder: Name of the model.
        engine: Where the work is done.
        size: Sources of a shard, 0 to choose by the number of sources and processes.
        workers: How many processes there will be, as far as is known.
        wait: Seconds to wait for another writer of the store, at the end.
        show: Called with how far the run is.

    Returns:
        How many passages the index then has, and how many were embedded at the end because they were not there before.

    Raises:
        BulkError: The run cannot be started or go on; what is done stays done, and the store is as it was.
        RetrievalError: The store or the model cannot be used.
    """
    from checker.bulk.embedding import VECTORS, EmbedJob, Remembered
    from retrieval.embed import load_embedder
    from retrieval.store import EvidenceStore

    place = located(store)
    model = load_embedder(embedder)
    folder = RunFolder(output.expanduser().resolve())
    asked = {"kind": "embed", "store": place, "embedder": embedder, "digest": model.digest}
    with folder.held():
        manifest = folder.manifest
        if manifest is None:
            with EvidenceStore.open(place, mode="r", match=False) as opened:
                ids = opened.ids()
            if not ids:
                raise StoreEmpty(f"the evidence store {store} is empty: there is nothing to embed")
            chosen = size or min(_MOST_SOURCES, shard_size(len(ids), workers))
            parts = (ids[first : first + chosen] for first in range(0, len(ids), chosen))
            folder.start(asked, ((len(part), {"sources": part}) for part in parts))
        else:
            folder.must_match(asked)
            if manifest["state"] == "finished":
                raise BulkError(f"the run in {output} is finished; give another folder with --output to embed again")
        work(folder, engine, EmbedJob(str(folder.path), place, embedder), show)
        remembered = Remembered(model, folder)
        with EvidenceStore.open(place, embedder=remembered, mode="rw", lock_timeout=wait, match=False) as opened:
            count = opened.reindex(embed=True)
        folder.finish(passages=count, finished_at=_now())
        shutil.rmtree(folder.path / VECTORS, ignore_errors=True)
        shutil.rmtree(folder.work, ignore_errors=True)
        return count, remembered.made


def work(folder: RunFolder, engine: Engine, job: Job, show: Show | None) -> int:
    """Have the shards worked on that are not done; returns how many items were done before."""
    total = done = 0
    for shard in folder.shards():
        total += shard.items
        done += shard.items if folder.is_done(shard) else 0
    meter = Meter(total, done, show)
    try:
        if done < total:
            pending = (shard for shard in folder.shards() if not folder.is_done(shard))
            engine.run(job, pending, folder.path, meter.tell)
        missing = sum(1 for shard in folder.shards() if not folder.is_done(shard))
        if missing:
            raise BulkError(f"{missing} shards were not finished; the same command continues where this run stopped")
    finally:
        _write_failures(folder)
    return done


def _write_failures(folder: RunFolder) -> None:
    with whole(folder.path / FAILURES) as file:
        for marker in folder.done():
            for failure in marker.get("failures", ()):
                file.write(to_line(failure))


def _finish(folder: RunFolder, resumed: int) -> Summary:
    items = reports = claims = 0
    for marker in folder.done():
        items += marker["items"]
        reports += marker["reports"]
        claims += sum(failure["level"] == "claim" for failure in marker["failures"])
    summary = Summary(items, reports, items - reports, claims, resumed)
    folder.finish(
        reports=summary.reports,
        failed=summary.failed,
        failed_claims=summary.failed_claims,
        finished_at=_now(),
    )
    shutil.rmtree(folder.work, ignore_errors=True)
    return summary


def _place_all(folder: RunFolder) -> None:
    """Give every committed file its name, where a kill came between."""
    from checker.bulk.checking import place

    for marker in folder.done():
        place(folder, marker)


def _portable(settings: Settings) -> dict[str, Any]:
    """The settings with paths that hold in a process started elsewhere."""
    return {**settings.model_dump(), "store": located(settings.store)}


def located(store: str) -> str:
    """A store by a name that holds in every process."""
    return store if _is_server(store) else str(Path(store).expanduser().resolve())


def _is_server(store: str) -> bool:
    return store.startswith(("http://", "https://"))


def session() -> str:
    """A name for this run of the program."""
    import uuid

    return uuid.uuid4().hex[:12]


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
