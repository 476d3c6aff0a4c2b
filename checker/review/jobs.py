"""Background checks: asked for by many doors, done by workers, surviving both.

A job is a row of `checks`. A worker holds a running one by a lease that it renews; when it dies the lease runs out and
another takes the job over. Each hold has a token of its own, which is the fence: a worker that lost its job can
record nothing more on it. A report and the items it brings into the queue are one transaction with the end of the job.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from checker.errors import Held, NotAllowed, NotFound, WrongState
from checker.review import keys, outbox
from checker.review import tables as t
from checker.review.database import Database
from checker.review.intake import clean, clean_json, enter
from checker.review.merging import Vectors
from checker.review.records import Actor, new_id
from checker.review.requests import Job, JobEvent, Lease, Request, event_from, job_from, must_be_checkable
from checker.review.transitions import RANK, Role

if TYPE_CHECKING:
    from checker.types import Report

LEASE = timedelta(seconds=60)
"""How long a job is a worker's without a sign of life from it."""

TRIES = 3
"""Times a job is begun. One that took three workers with it is not given to a fourth."""

RECHECK = "recheck"
"""Origin of jobs that look at a decided claim again."""


class Jobs:
    """The background checks. Safe to share between threads and processes."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] | None = None, lease: timedelta = LEASE
    ) -> None:
        self.database = database
        self.clock = clock or (lambda: datetime.now(UTC))
        self.lease = lease

    # -- asking

    def submit(
        self, request: Request, *, actor: Actor | None = None, origin: str = "api", key: str | None = None
    ) -> Job:
        """Ask for a check.

        Args:
            request: What is to be checked.
            actor: Who asks; None for Saring itself (a feed, new evidence).
            origin: The door: `page`, `api`, `cli`, `chat`, `feed`.
            key: Idempotency key of the actor's: the same request under it is one job.

        Returns:
            The job, queued; the earlier one where the key was used before.

        Raises:
            NotAllowed: The actor may only look.
            Incomplete: There is nothing to check, too much, or something that cannot be read.
            KeyReused: The key was used for another request.
        """
        if actor is not None and RANK[actor.role] < RANK[Role.CHECKER]:
            raise NotAllowed(f"starting a check takes the role checker or higher; yours is {actor.role}")
        must_be_checkable(request)
        now = self.clock()
        with self.database.write() as connection:
            if key is not None and actor is not None:
                before = keys.earlier(connection, actor.user_id, key, ["check", asdict(request)], now)
                if before is not None:
                    return job_from(self._row(connection, before["check_id"]))
            job_id = self._insert(connection, request, actor, origin, now)
            if key is not None and actor is not None:
                keys.remember(connection, actor.user_id, key, {"check_id": job_id})
            return job_from(self._row(connection, job_id))

    def recheck(self, item_id: str) -> Job | None:
        """Ask for an item to be looked at again; None where that is asked for already."""
        now = self.clock()
        waiting = sa.select(t.checks.c.request).where(
            t.checks.c.origin == RECHECK, t.checks.c.status == "queued", t.checks.c.article_id.is_not(None)
        )
        with self.database.write() as connection:
            item = connection.execute(sa.select(t.items.c.article_id).where(t.items.c.id == item_id)).first()
            if item is None:
                raise NotFound(f"no item {item_id[:60]}")
            mine = waiting.where(t.checks.c.article_id == item.article_id)
            if any(found["item_id"] == item_id for found in connection.execute(mine).scalars()):
                return None
            job_id = self._insert(connection, Request(item_id=item_id), None, RECHECK, now, item.article_id)
            return job_from(self._row(connection, job_id))

    def retry(self, job_id: str, actor: Actor) -> Job:
        """Begin a failed job anew.

        Raises:
            NotAllowed, NotFound, WrongState: The actor may only look; there is no such job; it has not failed.
        """
        if RANK[actor.role] < RANK[Role.CHECKER]:
            raise NotAllowed(f"starting a check takes the role checker or higher; yours is {actor.role}")
        with self.database.write() as connection:
            row = self._row(connection, job_id)
            if row["status"] != "failed":
                raise WrongState(f"only a failed check is tried again; this one is {row['status']}")
            self._requeue(connection, row, "asked to try again")
            connection.execute(t.checks.update().where(t.checks.c.id == job_id).values(attempts=0))
            return job_from(self._row(connection, job_id))

    # -- reading

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: There is none of that id.
        """
        with self.database.read() as connection:
            return job_from(self._row(connection, job_id, lock=False))

    def list(self, *, status: str = "", page: int = 1, size: int = 50) -> tuple[tuple[Job, ...], int]:
        """Jobs that people or feeds asked for, the newest first.

        Returns:
            The jobs of a page, and how many there are in all.
        """
        where: list[sa.ColumnElement[bool]] = [t.checks.c.origin != RECHECK]
        if status:
            where.append(t.checks.c.status == status)
        query = _without_report().where(*where).order_by(t.checks.c.created_at.desc(), t.checks.c.id)
        with self.database.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(t.checks).where(*where)).scalar_one()
            rows = connection.execute(query.limit(size).offset((max(1, page) - 1) * size)).mappings().all()
        return tuple(job_from(row) for row in rows), total

    def counts(self) -> dict[str, int]:
        """How many jobs there are of each status."""
        query = sa.select(t.checks.c.status, sa.func.count()).group_by(t.checks.c.status)
        with self.database.read() as connection:
            found = {row[0]: row[1] for row in connection.execute(query)}
        return {status: found.get(status, 0) for status in ("queued", "running", "done", "failed")}

    def report(self, job_id: str) -> dict[str, Any] | None:
        """The report of a job, as JSON values; None before it is done."""
        with self.database.read() as connection:
            row = connection.execute(sa.select(t.checks.c.report).where(t.checks.c.id == job_id)).first()
        if row is None:
            raise NotFound(f"no check {job_id[:60]}")
        report: dict[str, Any] | None = row.report
        return report

    def items(self, job_id: str) -> tuple[str, ...]:
        """Ids of the items that a job brought, in the order of the article."""
        query = sa.select(t.items.c.id).where(t.items.c.check_id == job_id).order_by(t.items.c.start, t.items.c.id)
        with self.database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def events(self, job_id: str, after: int = 0, most: int = 500) -> tuple[JobEvent, ...]:
        """What happened to a job after an event, in order."""
        query = (
            sa.select(t.check_events)
            .where(t.check_events.c.check_id == job_id, t.check_events.c.id > after)
            .order_by(t.check_events.c.id)
            .limit(most)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(event_from(row) for row in rows)

    def last_event(self, job_id: str) -> int:
        """Id of the last thing that happened to a job; 0 where nothing did."""
        query = sa.select(sa.func.max(t.check_events.c.id)).where(t.check_events.c.check_id == job_id)
        with self.database.read() as connection:
            return connection.execute(query).scalar() or 0

    # -- working

    def take(self, worker: str) -> Lease | None:
        """The next job, held for a worker: what people wait for first, the oldest first; one whose worker died too."""
        now, c = self.clock(), t.checks.c
        due = sa.or_(
            (c.status == "queued") & (sa.or_(c.not_before.is_(None), c.not_before <= now)),
            (c.status == "running") & (c.lease_until < now),
        )
        query = sa.select(c.id).where(due).order_by(c.origin == RECHECK, c.created_at, c.id).limit(1)
        with self.database.read() as connection:  # an idle worker that looks takes nobody's turn to write
            if connection.execute(query).first() is None:
                return None
        if self.database.dialect == "postgresql":
            query = query.with_for_update(skip_locked=True)
        with self.database.write() as connection:
            while (job_id := connection.execute(query).scalar()) is not None:
                row = self._row(connection, job_id)
                if row["attempts"] < TRIES:
                    attempt, token = row["attempts"] + 1, f"{worker[:48]}#{secrets.token_hex(6)}"
                    held = {"status": "running", "attempts": attempt, "lease_until": now + self.lease, "worker": token}
                    connection.execute(t.checks.update().where(c.id == job_id).values(held))
                    self._tell(connection, job_id, "running", row["stage"], 0, 0, f"attempt {attempt}", now)
                    return Lease(job_from(self._row(connection, job_id)), token)
                self._end_failed(connection, row, f"given up: {TRIES} workers ended in the middle of it", now)
        return None

    def renew(self, lease: Lease) -> None:
        """Say that a worker still works.

        Raises:
            Held: Another worker has taken the job over.
        """
        with self.database.write() as connection:
            self._hold(connection, lease, {"lease_until": self.clock() + self.lease})

    def progress(self, lease: Lease, stage: str, done: int, total: int) -> None:
        """Record how far a job is; renews the lease.

        Raises:
            Held: Another worker has taken the job over.
        """
        now = self.clock()
        values = {"stage": stage[:16], "done": done, "total": total, "lease_until": now + self.lease}
        with self.database.write() as connection:
            self._hold(connection, lease, values)
            self._tell(connection, lease.job.id, "progress", stage[:16], done, total, "", now)

    def finish(self, lease: Lease, report: Report, vectors: Vectors | None = None) -> tuple[str, ...]:
        """End a job: its report is kept and its claims enter the queue, both or neither.

        Returns:
            Ids of the items.

        Raises:
            Held: Another worker has taken the job over; nothing is recorded.
        """
        from checker.render.json import report_to_dict

        now, job = self.clock(), lease.job
        kept = clean_json(report_to_dict(report))
        deadline = datetime.fromisoformat(job.request.deadline) if job.request.deadline else None
        with self.database.write() as connection:
            self._hold(connection, lease, {})
            actor = self._requester(connection, job.requested_by)
            ids = enter(connection, report, now, vectors, actor, job.origin, job.id, deadline)
            count = len(report.claims)
            article = connection.execute(sa.select(t.items.c.article_id).where(t.items.c.check_id == job.id).limit(1))
            values = {"article_id": article.scalar(), "report": kept, "done": count, "total": count}
            self._end_done(connection, lease, values, {"items": len(ids), "failures": len(report.failures)}, now)
        return tuple(ids)

    def finish_recheck(self, lease: Lease) -> None:
        """End a job that looked at an item again; what it found is recorded on the item, before, by the caller."""
        with self.database.write() as connection:
            self._hold(connection, lease, {})
            self._end_done(
                connection, lease, {"done": 1, "total": 1}, {"item_id": lease.job.request.item_id}, self.clock()
            )

    def fail(self, lease: Lease, message: str) -> None:
        """End a job that cannot be done.

        Raises:
            Held: Another worker has taken the job over.
        """
        with self.database.write() as connection:
            self._hold(connection, lease, {})
            self._end_failed(connection, self._row(connection, lease.job.id), message, self.clock())

    def put_back(self, lease: Lease, why: str, pause: timedelta = timedelta(0), *, counts: bool = True) -> None:
        """Give a job back, to be begun again by whoever is free.

        Args:
            lease: The hold on it.
            why: For those who watch.
            pause: Not before this has passed.
            counts: The attempt counts; not where the worker was told to end.

        Raises:
            Held: Another worker has taken the job over.
        """
        with self.database.write() as connection:
            self._hold(connection, lease, {})
            row = self._row(connection, lease.job.id)
            self._requeue(connection, row, why, pause)
            if not counts:
                values = {"attempts": row["attempts"] - 1}
                connection.execute(t.checks.update().where(t.checks.c.id == row["id"]).values(values))

    # -- inside a transaction

    def _insert(
        self,
        connection: Connection,
        request: Request,
        actor: Actor | None,
        origin: str,
        now: datetime,
        article_id: str | None = None,
    ) -> str:
        job_id = new_id("chk")
        given = {name: clean(value) for name, value in asdict(request).items() if value}
        connection.execute(
            t.checks.insert().values(
                id=job_id,
                article_id=article_id,
                requested_by=actor.user_id if actor else None,
                origin=origin,
                request=given,
                status="queued",
                stage="queued",
                done=0,
                total=0,
                attempts=0,
                created_at=now,
            )
        )
        self._tell(connection, job_id, "queued", "queued", 0, 0, "", now)
        return job_id

    def _row(self, connection: Connection, job_id: str, *, lock: bool = True) -> RowMapping:
        query = _without_report().where(t.checks.c.id == job_id)
        if lock and self.database.dialect == "postgresql":
            query = query.with_for_update()
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"no check {job_id[:60]}")
        return row

    def _hold(self, connection: Connection, lease: Lease, values: dict[str, Any]) -> None:
        c = t.checks.c
        mine = (c.id == lease.job.id) & (c.worker == lease.token) & (c.status == "running")
        if connection.execute(t.checks.update().where(mine).values({"stage": c.stage, **values})).rowcount != 1:
            raise Held("another worker has taken this check over")

    def _requeue(self, connection: Connection, row: RowMapping, why: str, pause: timedelta = timedelta(0)) -> None:
        now = self.clock()
        values = {"status": "queued", "stage": "queued", "done": 0, "total": 0, "error": None, "finished_at": None}
        free = {"worker": None, "lease_until": None, "not_before": now + pause if pause else None}
        connection.execute(t.checks.update().where(t.checks.c.id == row["id"]).values(**values, **free))
        self._tell(connection, row["id"], "queued", "queued", 0, 0, why, now)

    def _end_done(
        self, connection: Connection, lease: Lease, values: dict[str, Any], told: dict[str, Any], now: datetime
    ) -> None:
        end = {"status": "done", "stage": "done", "finished_at": now, "lease_until": None, "error": None}
        connection.execute(t.checks.update().where(t.checks.c.id == lease.job.id).values(**end, **values))
        self._tell(connection, lease.job.id, "done", "done", values["done"], values["total"], "", now)
        if lease.job.origin != RECHECK:
            self._announce(connection, "check.done", lease.job.id, told, now)

    def _end_failed(self, connection: Connection, row: RowMapping, message: str, now: datetime) -> None:
        text = clean(" ".join(message.split()))[:500]
        end = {"status": "failed", "stage": "failed", "finished_at": now, "lease_until": None, "error": text}
        connection.execute(t.checks.update().where(t.checks.c.id == row["id"]).values(end))
        self._tell(connection, row["id"], "failed", "failed", row["done"], row["total"], text, now)
        if row["origin"] != RECHECK:
            self._announce(connection, "check.failed", row["id"], {"error": text}, now)

    @staticmethod
    def _announce(connection: Connection, event: str, job_id: str, told: dict[str, Any], now: datetime) -> None:
        detail = {"id": job_id, **told}
        done = connection.execute(t.events.insert().values(action=event.replace(".", "_"), detail=detail, at=now))
        assert done.inserted_primary_key is not None
        outbox.tell_check(connection, event, int(done.inserted_primary_key[0]), detail, now)

    @staticmethod
    def _tell(
        connection: Connection, job_id: str, kind: str, stage: str, done: int, total: int, message: str, now: datetime
    ) -> None:
        connection.execute(
            t.check_events.insert().values(
                check_id=job_id, kind=kind, stage=stage, done=done, total=total, message=message, at=now
            )
        )

    @staticmethod
    def _requester(connection: Connection, user_id: str | None) -> Actor | None:
        if user_id is None:
            return None
        row = connection.execute(sa.select(t.users.c.name, t.users.c.role).where(t.users.c.id == user_id)).one()
        return Actor(user_id, row.name, Role(row.role))


def _without_report() -> sa.Select[Any]:
    """A job's row without its report, which may be large and which few readers want."""
    return sa.select(*(column for column in t.checks.c if column.name != "report"))
