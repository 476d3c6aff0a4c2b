"""Keeping the embedded index in step with the database, and making it again when it is damaged.

Chroma's files can be left unusable by a kill, up to a segmentation fault on opening them; no id that it acknowledged
was lost otherwise. So a marker beside the index says that it was closed properly and with how many passages. Where the
marker is missing the index is first opened by a child process, and made anew from the database if the child fails.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.database import Database
from retrieval.errors import StoreError
from retrieval.index import ChromaIndex
from retrieval.vectors import FloatArray, unpack

log = logging.getLogger(__name__)

PROBE_SECONDS = 120.0
BATCH = 4_000

_PROBE = """
import sys
from pathlib import Path
from retrieval.index import ChromaIndex
import numpy as np
index = ChromaIndex.embedded(Path(sys.argv[1]), sys.argv[2])
count = index.count()
if count:
    vector = np.ones((1, int(sys.argv[3])), dtype=np.float32)
    assert index.query(vector, min(10, count))[0]
index.close()
print(count)
"""


class IndexKeeper:
    """The Chroma index of one store folder. Its writing methods need the store's writer lock."""

    def __init__(self, folder: Path, collection: str, dimensions: int) -> None:
        self.folder = folder / "index"
        self._marker = folder / "index.clean"
        self._lock = FileLock(folder / "index.lock", thread_local=False)
        self._collection = collection
        self._dimensions = dimensions
        self._open: ChromaIndex | None = None
        self._open_mark: tuple[int, str] | None = None

    # -- writing

    def catch_up(self, database: Database, progress: Callable[[int], None] | None = None) -> int:
        """Put into the index what the database has and it has not, and drop what is gone.

        Args:
            database: Opened by the writer.
            progress: Called with the number of passages indexed so far.

        Returns:
            How many passages were put in.

        Raises:
            StoreError: The index cannot be made, e.g. because the disk is full. The sources are safe, and searched
                without it.
        """
        if self._is_current(database):
            return 0
        with self._lock:
            self._drop_client()
            if self.folder.exists() and not self._is_healthy():
                log.warning("the index in %s is damaged and is made again", self.folder)
                self._clear(database)
            elif not self.folder.exists():
                self._clear(database)
            self._marker.unlink(missing_ok=True)
            try:
                count = self._write(database, progress)
                if count is None:
                    log.warning("the index in %s lacks passages and is made again", self.folder)
                    self._clear(database)
                    count = self._write(database, progress)
            except OSError as error:
                raise self._cannot(error) from error
            except Exception as error:  # Chroma raises its own kinds, down to bare Exception
                if isinstance(error, StoreError):
                    raise
                raise self._cannot(error) from error
            if count is None:
                raise self._cannot("it does not keep what is put into it")
            return count

    def rebuild(self, database: Database, progress: Callable[[int], None] | None = None) -> int:
        """Throw the index away, with whatever deleted text or vectors are still in its files, and make it again."""
        with self._lock:
            self._drop_client()
            self._clear(database)
        return self.catch_up(database, progress)

    # -- reading

    def query(self, vectors: FloatArray, k: int, expected: int) -> list[list[tuple[str, float]]] | None:
        """The nearest passages of each query.

        Args:
            vectors: `(q, d)`, unit length.
            k: How many for each.
            expected: How many passages the database has: an index of another count is behind, and is not asked.

        Returns:
            `(passage id, cosine)` per query, nearest first; None where the index cannot be used now (behind, damaged,
            or being written to), so that the caller compares exactly.
        """
        mark = self._read_marker()
        if mark is None or mark[0] != expected:
            self._drop_client()
            return None
        try:
            # Chroma does not share a folder between processes: whoever has the lock has the index.
            with self._lock.acquire(timeout=0):
                if self._open is None or self._open_mark != mark:
                    self._drop_client()
                    self._open = ChromaIndex.embedded(self.folder, self._collection)
                    self._open_mark = mark
                return list(self._open.query(vectors, k))
        except Timeout:
            return None
        except Exception as error:  # noqa: BLE001 - whatever ails the index, the vectors in the database answer too
            log.warning("the index in %s cannot be used (%s); searching without it", self.folder, error)
            self._drop_client()
            return None

    def close(self) -> None:
        """Let go of the index."""
        self._drop_client()

    # -- within

    def _is_current(self, database: Database) -> bool:
        pending = database.to_index(1) or database.to_unindex(1)
        mark = self._read_marker()
        return not pending and mark is not None and mark[0] == database.count("passages")

    def _write(self, database: Database, progress: Callable[[int], None] | None) -> int | None:
        """Empty the outbox; None where the index then holds another number of passages than the database."""
        index = ChromaIndex.embedded(self.folder, self._collection)
        done = 0
        try:
            while gone := database.to_unindex(BATCH):
                index.delete(gone)
                with database.transaction():
                    database.unindexed(gone)
            while waiting := database.to_index(BATCH):
                index.add([row[1] for row in waiting], unpack([row[2] for row in waiting], self._dimensions))
                with database.transaction():
                    database.indexed([row[0] for row in waiting])
                done += len(waiting)
                if progress is not None:
                    progress(done)
            count = index.count()
        finally:
            index.close()
        if count != database.count("passages"):
            return None
        self._write_marker(count)
        return done

    def _is_healthy(self) -> bool:
        if self._read_marker() is not None:
            return True
        try:
            probe = subprocess.run(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", _PROBE, str(self.folder), self._collection, str(self._dimensions)],
                capture_output=True,
                timeout=PROBE_SECONDS,
                check=False,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except subprocess.TimeoutExpired:
            return False
        return probe.returncode == 0

    def _clear(self, database: Database) -> None:
        self._marker.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        with database.transaction():
            database.index_nothing()

    def _read_marker(self) -> tuple[int, str] | None:
        """How many passages the index was closed with, and which writing that was; None where it was not."""
        try:
            marked = json.loads(self._marker.read_text(encoding="utf-8"))
            return (int(marked["passages"]), marked["written"]) if marked["collection"] == self._collection else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write_marker(self, count: int) -> None:
        part = self._marker.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump({"collection": self._collection, "passages": count, "written": uuid.uuid4().hex}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._marker)

    def _drop_client(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _cannot(self, error: object) -> StoreError:
        return StoreError(
            f"the index of store {self.folder.parent} cannot be written ({error}); the evidence itself is safe and is "
            "searched without it; mend the cause and run: saring evidence reindex"
        )
