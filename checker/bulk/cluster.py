"""Bulk work on a Ray cluster: Ray Data hands the shards to a pool of actors, each with its own models.

What travels over Ray is the name of a shard and the word that it is done; articles and reports stay in the run's
folder, which every machine must see under the same name (as it must the evidence store and Saring itself). A node that
dies takes its actors along; Ray gives their shards to others, which find in the folder what was finished of them.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from checker.bulk.base import Job, Shard, Tell, Worker
from checker.bulk.files import read_json, write_json_once
from checker.bulk.plan import RunFolder
from checker.errors import BulkError, CheckerError
from retrieval.errors import MissingExtra, RetrievalError

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
_CONNECT_SECONDS = 5.0
_VAIN_PASSES = 3
_TROUBLE = "trouble.json"
_AT_ONCE = 5_000
"""Shards handed to Ray in one go, which bounds what the driver holds."""


class RayEngine:
    """Runs a job on a Ray cluster, or on a Ray of its own on this machine."""

    def __init__(self, address: str = "", workers: int = 0) -> None:
        """Choose a cluster.

        Args:
            address: Of the cluster's head, `auto`, or `ray://host:port`; empty: start Ray on this machine.
            workers: Most actors; 0 for one per CPU of the cluster.

        Raises:
            MissingExtra: Ray is not installed.
        """
        if importlib.util.find_spec("ray") is None:
            raise MissingExtra("Ray", "ray")
        self.address = address
        self.workers = workers

    def run(self, job: Job, shards: Iterable[Shard], folder: Path, tell: Tell) -> None:
        """See `Engine.run`."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray

        ours = not ray.is_initialized()
        if ours:
            self._connect(ray)
        try:
            context = ray.data.DataContext.get_current()
            context.enable_progress_bars = False
            # A shard that is lost with its node is not Ray's to worry about: the next pass has it.
            context.max_errored_blocks = -1
            logging.getLogger("ray.data").setLevel(logging.CRITICAL)
            trouble = folder / "work" / _TROUBLE
            trouble.unlink(missing_ok=True)
            waiting = iter(shards)
            while batch := [shard for shard, _ in zip(waiting, range(_AT_ONCE), strict=False)]:
                with _Watching(RunFolder(folder), batch, tell):
                    self._work(ray, job, batch, RunFolder(folder))
        finally:
            if ours:
                ray.shutdown()

    def _connect(self, ray: Any) -> None:
        # Ray sets OMP_NUM_THREADS by the CPUs of an actor, the job the rest; an environment of its own would only
        # keep Ray from using the processes that it has started.
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if (there := _host_and_port(self.address)) is not None:
                # Ray itself waits for a minute before it says that nobody is there.
                socket.create_connection(there, timeout=_CONNECT_SECONDS).close()
            if self.address:
                ray.init(address=self.address, **options)
            else:
                ray.init(address="local", num_cpus=self.workers or None, include_dashboard=False, **options)
        except Exception as error:  # ConnectionError, RuntimeError, gRPC's own, as it goes
            raise BulkError(
                f"the Ray cluster at {self.address or 'this machine'} cannot be used ({_first_line(error)}); start one "
                "with: ray start --head"
            ) from error

    def _work(self, ray: Any, job: Job, batch: list[Shard], folder: RunFolder) -> None:
        """Pass after pass over what is missing of a batch, as long as they get some of it done."""
        vain = 0
        while True:
            self._pass(ray, job, batch, folder)
            if (trouble := read_json(folder.work / _TROUBLE)) is not None:
                raise BulkError(trouble["message"])
            missing = [shard for shard in batch if not folder.is_done(shard)]
            if not missing:
                return
            vain = vain + 1 if len(missing) == len(batch) else 0
            if vain == _VAIN_PASSES:
                raise BulkError(
                    f"the Ray cluster finished none of {len(batch)} shards; see its logs (ray logs), then run the same "
                    "command to continue"
                )
            log.warning("%d of %d shards were lost with their actors and are given out again", len(missing), len(batch))
            batch = missing

    def _pass(self, ray: Any, job: Job, batch: list[Shard], folder: RunFolder) -> None:
        """Have every shard of the batch worked on, and believe nothing but their markers."""
        from ray.data import ActorPoolStrategy

        most = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        size = max(1, min(most, len(batch)))
        rows = [{"number": shard.number, "items": shard.items, "spec": dict(shard.spec)} for shard in batch]
        data = ray.data.from_items([{"shard": row} for row in rows], override_num_blocks=len(rows))
        with warnings.catch_warnings():
            # Ray takes `max_restarts` in no other way yet; see the bound on its version in pyproject.toml.
            warnings.simplefilter("ignore")
            data = data.map_batches(
                _Actor,
                fn_constructor_kwargs={"job": job, "trouble": str(folder.work / _TROUBLE)},
                batch_size=1,
                num_cpus=1,
                compute=ActorPoolStrategy(
                    min_size=1, initial_size=size, max_size=size, max_tasks_in_flight_per_actor=1
                ),
                # An actor that Ray restarts where there is no room for it holds its shard for ever.
                max_restarts=0,
            )
        try:
            # Not fetched: what an actor has to say is in the folder, and a block of a dead node would be waited for.
            data.materialize()
        except (ray.exceptions.ActorDiedError, ray.exceptions.ActorUnavailableError) as error:
            # A node that dies before its actors have begun ends the pass; what it left undone is for the next one.
            log.warning("a pass ended with an actor (%s)", _first_line(error))
        except ray.exceptions.RayError as error:
            raise BulkError(
                f"the Ray cluster gave up ({_first_line(error)}); the same command continues where this run stopped"
            ) from error


class _Actor:
    """One actor of the pool. Loads its models when the first shard comes, so that what ails them can be told."""

    def __init__(self, job: Job, trouble: str) -> None:
        self._job = job
        self._trouble = Path(trouble)
        self._worker: Worker | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        for row in batch["shard"]:
            if self._trouble.exists():  # no shard can be worked on: come to the end
                break
            try:
                if self._worker is None:
                    self._worker = self._job.open()
                self._worker.run(Shard(int(row["number"]), int(row["items"]), row["spec"]), _nobody)
            except (CheckerError, RetrievalError) as error:
                self._tell(str(error))
            except OSError as error:
                self._tell(f"{error.filename or 'the run'}: {error.strerror or error}")
            except Exception as error:  # noqa: BLE001 - Ray would drop the shard and say nothing
                self._tell(f"internal error: {type(error).__name__}: {error}")
        return {"shards": [len(batch["shard"])]}

    def _tell(self, message: str) -> None:
        write_json_once(self._trouble, {"message": message})


def _nobody(done: int, failed: int) -> None:
    """What is finished is read from the markers: an actor may be on another machine."""


class _Watching:
    """Tells how far the shards of a batch are, while Ray works on them."""

    def __init__(self, folder: RunFolder, batch: list[Shard], tell: Tell) -> None:
        self._folder = folder
        self._waiting = {shard.number: shard for shard in batch}
        self._tell = tell
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        for shard in list(self._waiting.values()):
            if self._folder.is_done(shard):
                del self._waiting[shard.number]
                marker = read_json(self._folder.marker(shard.name)) or {}
                self._tell(shard.items, shard.items - int(marker.get("reports", shard.items)))


def _host_and_port(address: str) -> tuple[str, int] | None:
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    return (host.strip("[]"), int(port)) if colon and port.isdecimal() else None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
