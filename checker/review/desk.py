"""What a desk needs around the queue: what one may do now, an article's other claims, counts, saved views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from checker.errors import Incomplete, NotFound
from checker.review import tables as t
from checker.review.database import Database
from checker.review.queries import Queries, item_from
from checker.review.records import Actor, Item, aware, new_id
from checker.review.transitions import RULES, Action, State, allows

MAX_VIEWS = 50


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list one comes back to: a name and the filters, as they stand in the list's address."""

    id: str
    name: str
    query: dict[str, Any]
    created_at: datetime


def possible(item: Item, actor: Actor) -> tuple[Action, ...]:
    """What an actor may do to an item as it stands, by the transition table; the service has the last word."""
    return tuple(action for action in Action if _possible(action, item, actor))


def _possible(action: Action, item: Item, actor: Actor) -> bool:
    rule = RULES[action]
    mine = item.holder_id == actor.user_id
    if not allows(actor.role, action) or item.state not in rule.sources:
        return False
    if rule.flagged and not item.recheck:
        return False
    if rule.not_decider and item.decider_id == actor.user_id:
        return False
    if action is Action.WITHDRAW and item.decider_id != actor.user_id:
        return False
    if action is Action.CLAIM and mine:
        return False
    if action in {Action.CLAIM, Action.MERGE, Action.APPROVE} and item.holder_id is not None and not mine:
        return False
    return mine or not rule.holder


def four_eyes(item: Item, actor: Actor) -> bool:
    """Whether only its being their own decision keeps somebody from reviewing an item."""
    waiting = item.state in {State.DECIDED, State.IN_SECOND_REVIEW}
    return waiting and item.decider_id == actor.user_id and allows(actor.role, Action.APPROVE)


def titles(queries: Queries, article_ids: Iterable[str | None]) -> dict[str, RowMapping]:
    """Articles by id, without their texts."""
    wanted = {article_id for article_id in article_ids if article_id}
    if not wanted:
        return {}
    c = t.articles.c
    query = sa.select(c.id, c.title, c.publisher, c.published_at, c.url).where(c.id.in_(wanted))
    with queries.database.read() as connection:
        return {row["id"]: row for row in connection.execute(query).mappings()}


def of_article(queries: Queries, article_id: str, now: datetime) -> tuple[Item, ...]:
    """Every item of an article, in the order of its text."""
    query = queries.item_query().where(t.items.c.article_id == article_id).order_by(t.items.c.start, t.items.c.id)
    with queries.database.read() as connection:
        return tuple(item_from(row, now) for row in connection.execute(query).mappings())


def counts(database: Database, actor: Actor, now: datetime) -> Mapping[str, int]:
    """How many items are in each state; under `mine` those one holds, under `second` those that wait for one's eyes."""
    c = t.items.c
    mine = (c.holder_id == actor.user_id) & (c.lease_until > now)
    second = (c.state == State.DECIDED) & (sa.func.coalesce(c.decider_id, "") != actor.user_id)
    with database.read() as connection:
        found = {
            str(state): number
            for state, number in connection.execute(sa.select(c.state, sa.func.count()).group_by(c.state)).all()
        }
        found["mine"] = connection.execute(sa.select(sa.func.count()).select_from(t.items).where(mine)).scalar_one()
        found["second"] = connection.execute(sa.select(sa.func.count()).select_from(t.items).where(second)).scalar_one()
    return found


def revealed(database: Database, item_id: str, user_id: str) -> bool:
    """Whether somebody asked to see the machine's verdict on an item while reviewing it blind."""
    c = t.events.c
    query = sa.select(c.id).where(c.item_id == item_id, c.user_id == user_id, c.action == "reveal").limit(1)
    with database.read() as connection:
        return connection.execute(query).first() is not None


# -- saved views


def views(database: Database, user_id: str) -> tuple[SavedView, ...]:
    """One's saved views by name."""
    query = sa.select(t.saved_views).where(t.saved_views.c.user_id == user_id).order_by(t.saved_views.c.name)
    with database.read() as connection:
        return tuple(_view(row) for row in connection.execute(query).mappings())


def save_view(database: Database, user_id: str, name: str, query: Mapping[str, Any], now: datetime) -> SavedView:
    """Save a view; one of the same name is replaced.

    Raises:
        Incomplete: It has no name, or there are too many.
    """
    name = name.strip().replace("\x00", "")[:80]
    if not name:
        raise Incomplete("give the view a name")
    c = t.saved_views.c
    values = {"query": dict(query), "created_at": now}
    try:
        with database.write() as connection:
            done = connection.execute(t.saved_views.update().where(c.user_id == user_id, c.name == name).values(values))
            if done.rowcount == 0:
                kept = sa.select(sa.func.count()).where(c.user_id == user_id)
                if connection.execute(kept).scalar_one() >= MAX_VIEWS:
                    raise Incomplete(f"there are {MAX_VIEWS} saved views already; delete one first")
                connection.execute(
                    t.saved_views.insert().values(id=new_id("viw"), user_id=user_id, name=name, **values)
                )
            row = connection.execute(sa.select(t.saved_views).where(c.user_id == user_id, c.name == name)).mappings()
            return _view(row.one())
    except IntegrityError as error:  # PostgreSQL: twice at once
        raise Incomplete("this view was saved at the same moment elsewhere; try again") from error


def delete_view(database: Database, user_id: str, view_id: str) -> None:
    """Delete a view of one's own.

    Raises:
        NotFound: One has none of that id.
    """
    c = t.saved_views.c
    with database.write() as connection:
        if connection.execute(t.saved_views.delete().where(c.id == view_id, c.user_id == user_id)).rowcount == 0:
            raise NotFound(f"no view {view_id[:60]}")


def _view(row: RowMapping) -> SavedView:
    created = aware(row["created_at"])
    assert created is not None
    return SavedView(row["id"], row["name"], dict(row["query"]), created)
