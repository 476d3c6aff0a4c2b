"""Telling other programs: signed, sent again with growing pauses, and what could not be delivered is kept.

A receiver checks the signature over `timestamp + "." + body` with the secret it was given, refuses old timestamps, and
takes a delivery of an id it has seen as the same one: a delivery comes at least once.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from checker.errors import Incomplete, NotAllowed, NotFound, WrongState
from checker.review import keys, log
from checker.review import tables as t
from checker.review.database import Database
from checker.review.outbox import EVENTS
from checker.review.records import Actor, aware, new_id
from checker.review.transitions import RANK, Role
from retrieval.errors import (
    BadScheme,
    BadURL,
    BlockedAddress,
    BlockedPort,
    HTTPStatusError,
    InputError,
    RetrievalError,
)
from retrieval.fetch import Fetcher
from retrieval.guard import AddressPolicy, shown

PAUSES = (10, 60, 300, 1800, 7200, 21600, 43200)
"""Seconds between one try and the next: eight tries within 21 hours, then the delivery is dead."""

TRIES = len(PAUSES) + 1
LEASE = timedelta(seconds=90)
DEADLINE = 15.0
"""Seconds a receiver has to answer."""

MAX_WEBHOOKS = 50
TOLERANCE = 300
"""Seconds by which a receiver's clock and ours may differ."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of what. The secret is shown once, when it is made."""

    id: str
    url: str
    events: tuple[str, ...]
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One word to one receiver, and what became of it."""

    id: str
    webhook_id: str
    event: str
    status: str
    attempts: int
    next_at: datetime | None
    last_error: str
    created_at: datetime
    sent_at: datetime | None
    body: str


def sign(secret: str, timestamp: int, body: str) -> str:
    """The signature of a body: `v1=` and HMAC-SHA256, in hex, over timestamp, dot and body."""
    mac = hmac.new(secret.encode(), f"{timestamp}.{body}".encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def verify(secret: str, timestamp: str, body: str, signature: str, now: float) -> bool:
    """What a receiver does: whether a body is ours and fresh. How long it takes tells nothing about the signature."""
    if not timestamp.isascii() or not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    return hmac.compare_digest(sign(secret, int(timestamp), body), signature)


class Webhooks:
    """The receivers and what is due to them. Safe to share between threads and processes."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] | None = None, policy: AddressPolicy | None = None
    ) -> None:
        """Use a database.

        Args:
            database: The queue's.
            clock: The time.
            policy: Which addresses may be told; public ones alone where None.
        """
        self.database = database
        self.clock = clock or (lambda: datetime.now(UTC))
        self.policy = policy or AddressPolicy()

    # -- receivers

    def add(self, url: str, events: Sequence[str], actor: Actor, *, key: str | None = None) -> tuple[Webhook, str]:
        """Add a receiver.

        Args:
            url: Where to post to.
            events: What to tell it of.
            actor: Who adds it.
            key: Idempotency key of the actor's: the same request under it adds one, and gives its secret again.

        Returns:
            It, and its secret, which is not shown again.

        Raises:
            NotAllowed: It takes an administrator.
            Incomplete: The address or an event cannot be used.
            KeyReused: The key was used for another request.
        """
        self._must_administer(actor)
        wrong = sorted(set(events) - set(EVENTS))
        if wrong or not events:
            raise Incomplete(f"events are some of {', '.join(EVENTS)}")
        try:
            target = self.policy.target(url)
        except RetrievalError as error:
            raise Incomplete(f"this address cannot be told: {error}") from error
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        values: dict[str, Any] = {
            "id": new_id("whk"),
            "url": target.url,
            "events": sorted(set(events)),
            "active": True,
            "created_at": self.clock(),
        }
        with self.database.write() as connection:
            if key is not None:
                asked = ["webhook", target.url, values["events"]]
                before = keys.earlier(connection, actor.user_id, key, asked, self.clock())
                if before is not None:
                    mine = sa.select(t.webhooks).where(t.webhooks.c.id == before["webhook_id"])
                    row = connection.execute(mine).mappings().first()
                    if row is None:
                        raise NotFound("the webhook that this key added has been removed since")
                    return _webhook(row), row["secret"]
                keys.remember(connection, actor.user_id, key, {"webhook_id": values["id"]})
            held = connection.execute(sa.select(sa.func.count()).select_from(t.webhooks)).scalar_one()
            if held >= MAX_WEBHOOKS:
                raise Incomplete(f"there are {held} webhooks already; remove one first")
            connection.execute(t.webhooks.insert().values(**values, secret=secret, created_by=actor.user_id))
        self._log(actor, "add_webhook", values["id"], url)
        return Webhook(**{**values, "events": tuple(values["events"])}), secret

    def all(self) -> tuple[Webhook, ...]:
        """Every receiver, the oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(t.webhooks).order_by(t.webhooks.c.created_at, t.webhooks.c.id))
            return tuple(_webhook(row) for row in rows.mappings())

    def get(self, webhook_id: str) -> Webhook:
        """One receiver.

        Raises:
            NotFound: There is none of that id.
        """
        with self.database.read() as connection:
            row = connection.execute(sa.select(t.webhooks).where(t.webhooks.c.id == webhook_id)).mappings().first()
        if row is None:
            raise NotFound(f"no webhook {webhook_id[:60]}")
        return _webhook(row)

    def set_active(self, webhook_id: str, active: bool, actor: Actor) -> Webhook:
        """Switch a receiver off or on; while it is off nothing new is put down for it, and nothing is sent.

        Raises:
            NotAllowed: It takes an administrator.
            NotFound: There is none of that id.
        """
        self._must_administer(actor)
        webhook = self.get(webhook_id)
        with self.database.write() as connection:
            connection.execute(t.webhooks.update().where(t.webhooks.c.id == webhook_id).values(active=active))
        self._log(actor, "enable_webhook" if active else "disable_webhook", webhook_id, webhook.url)
        return self.get(webhook_id)

    def remove(self, webhook_id: str, actor: Actor) -> None:
        """Remove a receiver and everything that was put down for it. That it was there stays in the log.

        Raises:
            NotAllowed: It takes an administrator.
            NotFound: There is none of that id.
        """
        self._must_administer(actor)
        webhook = self.get(webhook_id)
        with self.database.write() as connection:
            connection.execute(t.deliveries.delete().where(t.deliveries.c.webhook_id == webhook_id))
            connection.execute(t.webhooks.delete().where(t.webhooks.c.id == webhook_id))
        self._log(actor, "remove_webhook", webhook_id, webhook.url)

    # -- deliveries

    def deliveries(self, *, webhook_id: str = "", status: str = "", limit: int = 100) -> tuple[Delivery, ...]:
        """What was put down for receivers, the newest first."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).order_by(d.created_at.desc(), d.id).limit(limit)
        if webhook_id:
            query = query.where(d.webhook_id == webhook_id)
        if status:
            query = query.where(d.status == status)
        with self.database.read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query).mappings())

    def replay(self, delivery_id: str, actor: Actor) -> Delivery:
        """Send a delivery again that is dead or was sent.

        Raises:
            NotAllowed: It takes an administrator.
            NotFound: There is none of that id.
            WrongState: It waits to be sent as it is.
        """
        self._must_administer(actor)
        d = t.deliveries.c
        values = {"status": "pending", "attempts": 0, "next_at": self.clock(), "lease_until": None, "sent_at": None}
        with self.database.write() as connection:
            row = connection.execute(sa.select(t.deliveries).where(d.id == delivery_id)).mappings().first()
            if row is None:
                raise NotFound(f"no delivery {delivery_id[:60]}")
            if row["status"] == "pending":
                raise WrongState("this delivery still waits to be sent")
            connection.execute(t.deliveries.update().where(d.id == delivery_id).values(values))
            found = connection.execute(sa.select(t.deliveries).where(d.id == delivery_id)).mappings().one()
        self._log(actor, "replay_delivery", row["webhook_id"], delivery_id)
        return _delivery(found)

    def deliver(self, fetcher: Fetcher, most: int = 20) -> int:
        """Send what is due.

        Args:
            fetcher: What sends; its guard keeps it from addresses that are not public.
            most: Deliveries to try.

        Returns:
            How many were tried.
        """
        tried = 0
        while tried < most and (due := self._take()) is not None:
            tried += 1
            delivery, url, secret = due
            stamp = int(self.clock().timestamp())
            headers = {
                "Content-Type": "application/json",
                "Saring-Event": delivery.event,
                "Saring-Delivery": delivery.id,
                "Saring-Timestamp": str(stamp),
                "Saring-Signature": sign(secret, stamp, delivery.body),
            }
            try:
                fetcher.post(url, delivery.body.encode("utf-8", "surrogatepass"), headers=headers, deadline=DEADLINE)
            except RetrievalError as error:
                self._failed(delivery, error)
            else:
                self._settle(delivery, status="sent", sent_at=self.clock(), last_error=None)
        return tried

    def _take(self) -> tuple[Delivery, str, str] | None:
        """The next delivery that is due, held for this process until its lease runs out."""
        now, d = self.clock(), t.deliveries.c
        query = (
            sa.select(t.deliveries, t.webhooks.c.url, t.webhooks.c.secret)
            .join(t.webhooks, t.webhooks.c.id == d.webhook_id)
            .where(
                d.status == "pending",
                d.next_at <= now,
                sa.or_(d.lease_until.is_(None), d.lease_until < now),
                t.webhooks.c.active,
            )
            .order_by(d.next_at, d.id)
            .limit(1)
        )
        with self.database.read() as connection:  # most of the time nothing is due, and nobody has to wait to see it
            if connection.execute(query).first() is None:
                return None
        if self.database.dialect == "postgresql":
            query = query.with_for_update(skip_locked=True, of=t.deliveries)
        with self.database.write() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            held = {"lease_until": now + LEASE, "attempts": row["attempts"] + 1}
            connection.execute(t.deliveries.update().where(d.id == row["id"]).values(held))
        return _delivery({**row, **held}), row["url"], row["secret"]

    def _failed(self, delivery: Delivery, error: RetrievalError) -> None:
        message = " ".join(str(error).split())[:300]
        gone = isinstance(error, HTTPStatusError) and error.status == 410
        hopeless = isinstance(error, BadScheme | BadURL | BlockedAddress | BlockedPort | InputError) or gone
        if hopeless or delivery.attempts >= TRIES:
            self._settle(delivery, status="dead", last_error=message)
            return
        # A little off the mark, so that receivers that came back are not met by everything at once.
        pause = PAUSES[delivery.attempts - 1] * random.uniform(0.9, 1.2)
        self._settle(delivery, next_at=self.clock() + timedelta(seconds=pause), last_error=message)

    def _settle(self, delivery: Delivery, **values: Any) -> None:
        d = t.deliveries.c
        # A process that lost its lease and comes back late must not undo what another has recorded since.
        mine = (d.id == delivery.id) & (d.attempts == delivery.attempts) & (d.status == "pending")
        with self.database.write() as connection:
            connection.execute(t.deliveries.update().where(mine).values(lease_until=None, **values))

    @staticmethod
    def _must_administer(actor: Actor) -> None:
        if RANK[actor.role] < RANK[Role.ADMIN]:
            raise NotAllowed(f"webhooks take the role admin; yours is {actor.role}")

    def _log(self, actor: Actor, action: str, webhook_id: str, what: str) -> None:
        log.record(self.database, actor, action, {"webhook_id": webhook_id, "what": shown(what)}, self.clock())


def _webhook(row: RowMapping) -> Webhook:
    created = aware(row["created_at"])
    assert created is not None
    return Webhook(row["id"], row["url"], tuple(row["events"]), row["active"], created)


def _delivery(row: RowMapping | dict[str, Any]) -> Delivery:
    values = {name: row[name] for name in Delivery.__dataclass_fields__}
    times = {name: aware(row[name]) for name in ("next_at", "created_at", "sent_at")}
    return Delivery(**{**values, **times, "last_error": row["last_error"] or ""})
