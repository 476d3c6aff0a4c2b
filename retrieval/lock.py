"""One writer at a time: the lock that holds it, and who has it."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import StoreLocked, StoreReadOnly

if TYPE_CHECKING:
    from filelock import FileLock

LOCK_FILE = "write.lock"
HOLDER_FILE = "write.holder"


class WriterLock:
    """The right to write to a store on this machine. The operating system takes it back when its holder dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._holder = folder / HOLDER_FILE
        self._lock: FileLock | None = None

    def acquire(self, timeout: float) -> None:
        """Take the lock.

        Args:
            timeout: Seconds to wait for another writer; 0 to refuse at once.

        Raises:
            StoreLocked: Another process still holds it; says which.
            StoreReadOnly: The lock file cannot be made here.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self._path, thread_local=False)
        try:
            lock.acquire(timeout=timeout)
        except Timeout:
            raise StoreLocked(
                f"store {self._path.parent} is being written to by {self._describe_holder()}; "
                "wait until it is done (checks and searches work meanwhile), or stop it"
            ) from None
        except OSError as error:
            raise StoreReadOnly(
                f"store {self._path.parent} cannot be written to ({error.strerror or error}); "
                "make the folder writable or choose another with --store"
            ) from error
        self._lock = lock
        note = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
        # The note only helps the reader of a refusal; the lock holds without it.
        try:
            self._holder.write_text(json.dumps(note), encoding="utf-8")
        except OSError:
            return

    def release(self) -> None:
        """Give the lock back. Does nothing where it is not held."""
        if self._lock is None:
            return
        self._holder.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None

    def _describe_holder(self) -> str:
        try:
            note = json.loads(self._holder.read_text(encoding="utf-8"))
            return f"process {note['pid']} on {note['host']} since {note['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
