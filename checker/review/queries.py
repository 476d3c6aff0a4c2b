"""Reading the queue: one item, many items, what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from checker.errors import NotFound
from checker.review import tables as t
from checker.review.database import Database
from checker.review.records import Decision, Event, Item, MachineVerdict, aware
from checker.review.transitions import OPEN_STATES, State

SOON = timedelta(hours=24)
"""A deadline that is this near moves an item to the top."""

MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items to list. Empty fields do not filter.

    Attributes:
        states: In one of these.
        or_flagged: Or, in whatever state, flagged for another look: those wait for somebody as well.
    """

    states: tuple[State, ...] = ()
    labels: tuple[str, ...] = ()
    language: str = ""
    holder_id: str = ""
    article_id: str = ""
    check_id: str = ""
    disputed: bool | None = None
    recheck: bool | None = None
    search: str = ""
    or_flagged: bool = False


WAITING = Filters(states=tuple(sorted(OPEN_STATES)), or_flagged=True)
"""What waits for somebody: what is not settled, and what new evidence has unsettled."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a list, and how many there are in all."""

    items: tuple[Item, ...]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(1, -(-self.total // self.size))


class Queries:
    """What can be read of the queue."""

    def __init__(self, database: Database, clock: Callable[[], datetime] | None = None) -> None:
        self.database = database
        self.clock = clock or (lambda: datetime.now(UTC))

    @staticmethod
    def item_query() -> sa.Select[Any]:
        """Items with their holder's name."""
        holder = t.users.alias("holder")
        return sa.select(t.items, holder.c.display_name.label("holder_name")).select_from(
            t.items.outerjoin(holder, holder.c.id == t.items.c.holder_id)
        )

    def get(self, item_id: str) -> Item:
        """One item.

        Raises:
            NotFound: There is none of that id.
        """
        with self.database.read() as connection:
            row = connection.execute(self.item_query().where(t.items.c.id == item_id)).mappings().first()
        if row is None:
            raise NotFound(f"no item {item_id[:60]}")
        return item_from(row, self.clock())

    def list(self, filters: Filters | None = None, *, page: int = 1, size: int = 50) -> Page:
        """Items in the order in which they need a person.

        Deadlines within a day first, then what must be looked at again, then by need (disputed, check-worthy,
        uncertain), the oldest first among equals.

        Args:
            filters: Which items; those that still wait for somebody where None.
            page: From 1.
            size: Items a page, at most 200.
        """
        now = self.clock()
        size = max(1, min(size, MAX_PAGE))
        where = self.conditions(filters or WAITING)
        query = self.item_query().where(*where).order_by(*self.order(now)).limit(size).offset((max(1, page) - 1) * size)
        with self.database.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(t.items).where(*where)).scalar_one()
            rows = connection.execute(query).mappings().all()
        return Page(tuple(item_from(row, now) for row in rows), total, max(1, page), size)

    def ids(self, filters: Filters | None = None, *, limit: int | None = None) -> tuple[str, ...]:
        """Ids of the items that `list` would show on all of its pages, in its order."""
        where = self.conditions(filters or WAITING)
        query = sa.select(t.items.c.id).where(*where).order_by(*self.order(self.clock())).limit(limit)
        with self.database.read() as connection:
            return tuple(connection.execute(query).scalars())

    @staticmethod
    def order(now: datetime) -> tuple[sa.ColumnElement[Any], ...]:
        """The order in which items need a person, as `list` says."""
        c = t.items.c
        near = sa.case(((c.deadline.is_not(None)) & (c.deadline < now + SOON), 0), else_=1)
        return near, c.recheck.desc(), c.need.desc(), c.created_at, c.id

    @staticmethod
    def conditions(filters: Filters) -> Sequence[sa.ColumnElement[bool]]:
        """Filters as SQL conditions; the words of a search must all occur, in any order, taken literally."""
        c = t.items.c
        where: list[sa.ColumnElement[bool]] = []
        if filters.states:
            among = c.state.in_([str(state) for state in filters.states])
            where.append(sa.or_(among, c.recheck) if filters.or_flagged else among)
        if filters.labels:
            where.append(c.machine_label.in_(filters.labels))
        for column, value in (
            (c.language, filters.language),
            (c.holder_id, filters.holder_id),
            (c.article_id, filters.article_id),
            (c.check_id, filters.check_id),
        ):
            if value:
                where.append(column == value)
        if filters.disputed is not None:
            where.append(c.disputed == filters.disputed)
        if filters.recheck is not None:
            where.append(c.recheck == filters.recheck)
        words = filters.search.replace("\x00", " ").split()[:10]
        where += [
            sa.or_(c.text.icontains(word, autoescape=True), c.quote.icontains(word, autoescape=True)) for word in words
        ]
        return where

    def verdicts(self, item_id: str) -> tuple[MachineVerdict, ...]:
        """The machine's verdicts on an item, the newest first."""
        query = (
            sa.select(t.machine_verdicts)
            .where(t.machine_verdicts.c.item_id == item_id)
            .order_by(t.machine_verdicts.c.created_at.desc(), t.machine_verdicts.c.id)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_verdict(row) for row in rows)

    def decisions(self, item_id: str) -> tuple[Decision, ...]:
        """What people decided on an item, in order."""
        query = (
            sa.select(t.decisions, t.users.c.display_name.label("user_name"))
            .join(t.users, t.users.c.id == t.decisions.c.user_id)
            .where(t.decisions.c.item_id == item_id)
            .order_by(t.decisions.c.created_at, t.decisions.c.kind, t.decisions.c.id)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(decision_from(row) for row in rows)

    def events(self, item_id: str) -> tuple[Event, ...]:
        """Everything that was done or refused on an item, in order."""
        query = (
            sa.select(t.events, t.users.c.display_name.label("user_name"))
            .outerjoin(t.users, t.users.c.id == t.events.c.user_id)
            .where(t.events.c.item_id == item_id)
            .order_by(t.events.c.id)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_event(row) for row in rows)

    def article(self, article_id: str) -> RowMapping:
        """An article as it was when it was checked.

        Raises:
            NotFound: There is none of that id.
        """
        with self.database.read() as connection:
            row = connection.execute(sa.select(t.articles).where(t.articles.c.id == article_id)).mappings().first()
        if row is None:
            raise NotFound(f"no article {article_id[:60]}")
        return row


def item_from(row: RowMapping, now: datetime) -> Item:
    """A row as an item; a lease that has run out holds nothing."""
    lease = aware(row["lease_until"])
    held = lease is not None and lease > now
    names = Item.__dataclass_fields__
    values = {name: row[name] for name in names if name in row}
    return Item(
        **{
            **values,
            "state": State(row["state"]),
            "holder_id": row["holder_id"] if held else None,
            "holder_name": (row["holder_name"] or "") if held else "",
            "lease_until": lease if held else None,
            "deadline": aware(row["deadline"]),
            "created_at": aware(row["created_at"]),
            "updated_at": aware(row["updated_at"]),
        }
    )


def _verdict(row: RowMapping) -> MachineVerdict:
    values = {name: row[name] for name in MachineVerdict.__dataclass_fields__}
    lists = {"citations": tuple(row["citations"]), "notes": tuple(row["notes"])}
    return MachineVerdict(**{**values, **lists, "created_at": aware(row["created_at"])})


def decision_from(row: RowMapping) -> Decision:
    """A row with its user's name, as a decision."""
    values = {name: row[name] for name in Decision.__dataclass_fields__}
    return Decision(**{**values, "created_at": aware(row["created_at"]), "evidence": tuple(row["evidence"] or ())})


def _event(row: RowMapping) -> Event:
    values = {name: row[name] for name in Event.__dataclass_fields__}
    return Event(**{**values, "user_name": row["user_name"] or "", "at": aware(row["at"])})
