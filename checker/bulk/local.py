"""Bulk work on this machine: one process a core, each with its own models.

Processes are spawned, not forked (tokenizers and ONNX Runtime deadlock after a fork), and each has a pipe of its own: a
queue that several share would be left locked by one that is killed. One that dies is replaced, and its shard given out
again. When the run itself dies, its processes see it and end.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from checker.bulk.base import Job, Shard, Tell
from checker.errors import BulkError, CheckerError
from retrieval.errors import RetrievalError

log = logging.getLogger(__name__)

MOST_DEATHS_IN_A_ROW = 10
"""Processes that may die without one article finished between, after which it is the machine that is at fault."""

_STOP_SECONDS = 5.0


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


@dataclass
class _Process:
    process: Any
    pipe: Connection
    shard: Shard | None = None


class LocalEngine:
    """Runs a job in processes of this machine."""

    def __init__(self, workers: int = 0) -> None:
        """Args: workers: How many processes; 0 for one a core."""
        self.workers = workers or cores()
        self._context = multiprocessing.get_context("spawn")

    def run(self, job: Job, shards: Iterable[Shard], folder: Path, tell: Tell) -> None:  # noqa: ARG002
        """See `Engine.run`."""
        waiting = iter(shards)
        deaths = 0
        processes: list[_Process] = []
        try:
            for _ in range(self.workers):
                shard = next(waiting, None)
                if shard is None:
                    break
                processes.append(self._start(job, shard))
            while processes:
                sentinels = {one.process.sentinel: one for one in processes}
                pipes = {one.pipe: one for one in processes}
                for ready in wait([*pipes, *sentinels]):
                    one = pipes.get(ready) or sentinels[ready]  # type: ignore[call-overload]
                    if one not in processes:
                        continue
                    message = _receive(one)
                    if message is None:
                        processes.remove(one)
                        one.process.join()
                        one.pipe.close()
                        if one.shard is None:
                            continue
                        deaths += 1
                        log.warning(
                            "a bulk process died (exit code %s); its shard is given out again", one.process.exitcode
                        )
                        if deaths >= MOST_DEATHS_IN_A_ROW:
                            raise BulkError(
                                f"{deaths} processes in a row died (the last with exit code {one.process.exitcode}), "
                                "perhaps for want of memory; try fewer with --workers"
                            )
                        processes.append(self._start(job, one.shard))
                    elif message[0] == "told":
                        deaths = 0
                        tell(message[1], message[2])
                    elif message[0] == "failed":
                        raise BulkError(message[1])
                    else:
                        one.shard = next(waiting, None)
                        _send(one, one.shard)
        finally:
            _stop(processes)

    def _start(self, job: Job, shard: Shard) -> _Process:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs, job), name="saring-bulk")
        # Read by libraries as they are loaded, before any code of ours runs in the child.
        with _Environment(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false"):
            process.start()
        theirs.close()
        one = _Process(process, ours, shard)
        _send(one, shard)
        return one


def serve(pipe: Connection, job: Job) -> None:
    """What a process of the pool does: one shard after another, until there is none or the run is gone."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the run says when to stop
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # and so that what libraries hold is let go of
    parent = multiprocessing.parent_process()
    assert parent is not None, "started by LocalEngine"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        worker = job.open()
        try:
            while (shard := pipe.recv()) is not None:
                worker.run(shard, lambda done, failed: pipe.send(("told", done, failed)))
                pipe.send(("done",))
        finally:
            worker.close()
    except (EOFError, BrokenPipeError):
        return
    except (CheckerError, RetrievalError) as error:
        pipe.send(("failed", str(error)))
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        pipe.send(("failed", f"{about}{error.strerror or error}"))


def _receive(one: _Process) -> tuple[Any, ...] | None:
    """The next message of a process; None where it is gone and has said all."""
    try:
        if one.pipe.poll():
            message: tuple[Any, ...] = one.pipe.recv()
            return message
    except (EOFError, OSError):
        return None
    return None


def _send(one: _Process, shard: Shard | None) -> None:
    try:
        one.pipe.send(shard)
    except OSError:
        return  # it died; its sentinel says so next


def _stop(processes: list[_Process]) -> None:
    for one in processes:
        one.process.terminate()
    for one in processes:
        one.process.join(_STOP_SECONDS)
        if one.process.is_alive():
            one.process.kill()
            one.process.join()
        one.pipe.close()


class _Environment:
    """Environment variables for the processes started inside."""

    def __init__(self, **values: str) -> None:
        self._values = {name: value for name, value in values.items() if name not in os.environ}

    def __enter__(self) -> None:
        os.environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        for name in self._values:
            os.environ.pop(name, None)
