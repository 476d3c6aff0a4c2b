"""Acting on the queue: every change goes through `ReviewService.act`, in one transaction, by the transition table.

A change is refused rather than guessed: another state, another version, another holder, the same four eyes. What was
refused is on record as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from checker.errors import Held, Incomplete, NotAllowed, NotFound, Outdated, ReviewError, WrongState
from checker.review import keys, outbox
from checker.review import tables as t
from checker.review.database import Database
from checker.review.queries import Queries, item_from
from checker.review.records import Actor, Done, Item, aware, new_id
from checker.review.transitions import RANK, RULES, Action, Role, Rule, State, allows, target_of

LEASE = timedelta(minutes=30)
"""How long an item is held without a sign of life. Long enough to read the sources of a claim, short enough that an
item forgotten over lunch is free again."""

LABELS = ("supported", "unsupported", "needs_source")
RATINGS = ("true", "false")
MAX_TEXT = 20_000
MAX_EVIDENCE = 50
MAX_ID = 200

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants to do.

    Attributes:
        version: The version of the item they saw; None to skip the check (a command line without a screen).
        label: For `decide`; for `approve` and `return` the second reader's own label.
        rating: `true` or `false`, only where a person ruled the content so; goes into ClaimReview as a number.
        reason: Why, for readers; required with a decision.
        comment: For colleagues.
        to_user: Whom to hand over to.
        into: The item to merge into.
        blind: The decision was made without having seen the machine's verdict.
        evidence: Ids of the sources that decide it, as the person names them.
    """

    version: int | None = None
    label: str | None = None
    rating: str | None = None
    reason: str = ""
    comment: str = ""
    to_user: str | None = None
    into: str | None = None
    blind: bool = False
    evidence: tuple[str, ...] = ()


class ReviewService(Queries):
    """The queue. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock | None = None, lease: timedelta = LEASE) -> None:
        super().__init__(database, clock)
        self.lease = lease

    def act(
        self,
        item_id: str,
        action: Action,
        actor: Actor,
        change: Change | None = None,
        *,
        key: str | None = None,
    ) -> Done:
        """Do something to an item.

        Args:
            item_id: The item.
            action: What to do.
            actor: Who does it.
            change: With what.
            key: Idempotency key: the same request under it is done once, whatever is lost on the way.

        Returns:
            The item as it is now.

        Raises:
            NotFound, NotAllowed, WrongState, Held, Outdated, Incomplete, KeyReused: It was refused, and why.
        """
        change = change or Change()
        try:
            with self.database.write() as connection:
                if key is not None and (earlier := self._replay(connection, actor, key, item_id, action, change)):
                    return earlier
                done = self._act(connection, item_id, action, actor, change)
                if key is not None:
                    keys.remember(connection, actor.user_id, key, {"item_id": done.item.id})
                return done
        except ReviewError as error:
            self._record_refusal(item_id, action, actor, error)
            raise

    def heartbeat(self, item_id: str, actor: Actor) -> Item:
        """Say that one still works on an item one holds; extends the lease, changes nothing else.

        Raises:
            NotFound, Held: It does not exist, or one does not hold it (any more).
        """
        now = self.clock()
        with self.database.write() as connection:
            row = self.row(connection, item_id)
            if row["holder_id"] != actor.user_id or not _holds(row, now):
                raise Held("you do not hold this item (any more); claim it again")
            connection.execute(t.items.update().where(t.items.c.id == item_id).values(lease_until=now + self.lease))
            return self._item(connection, item_id, now)

    # -- inside the transaction

    def _act(self, connection: Connection, item_id: str, action: Action, actor: Actor, change: Change) -> Done:
        now = self.clock()
        rule = RULES[action]
        if not allows(actor.role, action):
            raise NotAllowed(f"{action} takes the role {rule.role} or higher; yours is {actor.role}")
        row = self.row(connection, item_id)
        state = State(row["state"])
        if state not in rule.sources:
            raise WrongState(f"cannot {action} an item that is {state}")
        if change.version is not None and change.version != row["version"]:
            raise Outdated(row["version"], state)
        self._check_people(rule, action, actor, row, now)
        self._check_content(connection, rule, action, actor, row, change)
        values: dict[str, Any] = {
            "state": target_of(action, state, published_before=row["published_before"]),
            "version": row["version"] + 1,
            "updated_at": now,
        }
        values |= self._effects(connection, action, actor, row, change, now)
        changed = connection.execute(
            t.items.update().where(t.items.c.id == item_id, t.items.c.version == row["version"]).values(values)
        )
        if changed.rowcount != 1:  # PostgreSQL: somebody was faster between our reading and our writing
            fresh = self.row(connection, item_id)
            raise Outdated(fresh["version"], fresh["state"])
        after = State(values["state"])
        event_id = self._log(connection, item_id, actor, action, state, after, _detail(change), now)
        if event := outbox.event_of(action, after):
            outbox.tell_item(connection, event, event_id, item_id, now)
        return Done(self._item(connection, item_id, now), action)

    def _check_people(self, rule: Rule, action: Action, actor: Actor, row: RowMapping, now: datetime) -> None:
        # Four eyes: no role, not even an administrator's, lifts this.
        if rule.not_decider and row["decider_id"] == actor.user_id:
            raise NotAllowed("whoever decided cannot review their own decision; another person must")
        held_by_other = _holds(row, now) and row["holder_id"] != actor.user_id
        if rule.holder and row["holder_id"] != actor.user_id:
            raise Held("somebody else holds this item" if held_by_other else "claim the item first")
        if rule.holder and not _holds(row, now):
            raise Held("your claim on this item has run out; claim it again")
        if action in {Action.CLAIM, Action.MERGE, Action.APPROVE} and held_by_other:
            raise Held("somebody else holds this item")
        if action is Action.WITHDRAW and row["decider_id"] != actor.user_id:
            raise NotAllowed("only whoever decided can withdraw the decision; return it with a comment instead")

    def _check_content(
        self, connection: Connection, rule: Rule, action: Action, actor: Actor, row: RowMapping, change: Change
    ) -> None:
        if rule.flagged and not row["recheck"]:
            raise WrongState("the item is not flagged for another look")
        if rule.comment and not change.comment.strip():
            raise Incomplete(f"{action} needs a comment")
        if len(change.comment) > MAX_TEXT or len(change.reason) > MAX_TEXT:
            raise Incomplete(f"a text is longer than {MAX_TEXT} characters")
        if rule.label and change.label is None:
            raise Incomplete(f"{action} needs a label: {', '.join(LABELS)}")
        if change.label is not None and change.label not in LABELS:
            raise Incomplete(f"the label must be one of {', '.join(LABELS)}")
        if rule.label and not change.reason.strip():
            raise Incomplete(f"{action} needs a reason that readers can follow")
        if len(change.evidence) > MAX_EVIDENCE or any(len(source) > MAX_ID for source in change.evidence):
            raise Incomplete(f"name at most {MAX_EVIDENCE} sources, by their ids")
        if change.rating is not None and change.rating not in RATINGS:
            raise Incomplete("the rating must be true or false, or left out")
        if (change.rating == "true" and change.label != "supported") or (
            change.rating == "false" and change.label != "unsupported"
        ):
            raise Incomplete("a rating of true goes with supported, a rating of false with unsupported")
        if action is Action.APPROVE and change.label is not None and change.label != self._label(connection, row):
            raise Incomplete("your label differs from the decision; return it with a comment instead of approving it")
        if action is Action.HAND_OVER:
            self._must_be_able(connection, change.to_user, actor)
        if action is Action.MERGE:
            self._must_take_merge(connection, row, change.into)

    def _must_be_able(self, connection: Connection, user_id: str | None, actor: Actor) -> None:
        row = connection.execute(sa.select(t.users).where(t.users.c.id == (user_id or ""))).mappings().first()
        if row is None or not row["active"] or RANK[Role(row["role"])] < RANK[Role.CHECKER]:
            raise Incomplete("hand it over to an active user who may check")
        if user_id == actor.user_id:
            raise Incomplete("you hold it already")

    def _must_take_merge(self, connection: Connection, row: RowMapping, into: str | None) -> None:
        if into is None or into == row["id"]:
            raise Incomplete("name another item to merge into")
        target = connection.execute(sa.select(t.items).where(t.items.c.id == into)).mappings().first()
        if target is None:
            raise NotFound(f"no item {into[:60]}")
        if target["state"] == State.MERGED:
            raise WrongState("the item to merge into is merged itself; merge into the one it went into")

    def _effects(
        self, connection: Connection, action: Action, actor: Actor, row: RowMapping, change: Change, now: datetime
    ) -> dict[str, Any]:
        """What an action changes besides the state; writes the rows that go with it."""
        free = {"holder_id": None, "lease_until": None}
        held = {"holder_id": actor.user_id, "lease_until": now + self.lease}
        if action in {Action.CLAIM, Action.TAKE_SECOND}:
            return held
        if action is Action.WITHDRAW:
            return {**held, "decision_id": None, "decider_id": None}
        if action is Action.HAND_OVER:
            return {"holder_id": change.to_user, "lease_until": now + self.lease}
        if action is Action.RELEASE:
            # An item that was returned goes back to the pile as such: its comment still stands.
            return free | ({"state": State.RETURNED} if row["decision_id"] else {})
        if action is Action.DECIDE:
            assert change.label is not None
            decision = self._decide(connection, row, actor, change, "first", now)
            return {**free, "decision_id": decision, "decider_id": actor.user_id, "recheck": False}
        if action is Action.APPROVE:
            label = change.label or self._label(connection, row)
            self._decide(connection, row, actor, _with_label(change, label), "second", now)
            return free
        if action is Action.RETURN:
            if change.label is not None:
                self._decide(connection, row, actor, change, "second", now)
            return free
        if action is Action.PUBLISH:
            connection.execute(
                t.publications.insert().values(
                    id=new_id("pub"),
                    item_id=row["id"],
                    decision_id=row["decision_id"],
                    correction_note=change.comment.strip() or None,
                    published_at=now,
                )
            )
            return {**free, "published_before": True}
        if action is Action.KEEP:
            return {"recheck": False}
        if action is Action.MERGE:
            return {**free, "merged_into": change.into}
        return {}

    def _decide(
        self, connection: Connection, row: RowMapping, actor: Actor, change: Change, kind: str, now: datetime
    ) -> str:
        decision = new_id("dec")
        connection.execute(
            t.decisions.insert().values(
                id=decision,
                item_id=row["id"],
                user_id=actor.user_id,
                kind=kind,
                label=change.label,
                rating=change.rating,
                reason=change.reason.strip() or change.comment.strip(),
                blind=change.blind,
                machine_verdict_id=self._newest_verdict(connection, row["id"]),
                created_at=now,
                evidence=list(change.evidence) or None,
            )
        )
        return decision

    def _label(self, connection: Connection, row: RowMapping) -> str:
        label = connection.execute(
            sa.select(t.decisions.c.label).where(t.decisions.c.id == row["decision_id"])
        ).scalar_one()
        return str(label)

    def _newest_verdict(self, connection: Connection, item_id: str) -> str | None:
        newest = (
            sa.select(t.machine_verdicts.c.id)
            .where(t.machine_verdicts.c.item_id == item_id)
            .order_by(t.machine_verdicts.c.created_at.desc(), t.machine_verdicts.c.id)
            .limit(1)
        )
        found: str | None = connection.execute(newest).scalar()
        return found

    # -- the log, and requests that come twice

    def _log(
        self,
        connection: Connection,
        item_id: str | None,
        actor: Actor,
        action: str,
        before: State | None,
        after: State | None,
        detail: Mapping[str, Any],
        now: datetime,
        refused: str | None = None,
    ) -> int:
        done = connection.execute(
            t.events.insert().values(
                item_id=item_id,
                user_id=actor.user_id,
                action=action,
                from_state=before,
                to_state=after,
                refused=refused,
                detail=dict(detail),
                at=now,
            )
        )
        assert done.inserted_primary_key is not None
        return int(done.inserted_primary_key[0])

    def _record_refusal(self, item_id: str, action: Action, actor: Actor, error: ReviewError) -> None:
        with self.database.write() as connection:
            state = connection.execute(sa.select(t.items.c.state).where(t.items.c.id == item_id)).scalar()
            self._log(
                connection,
                item_id if state is not None else None,
                actor,
                action,
                State(state) if state else None,
                None,
                {"message": str(error)},
                self.clock(),
                refused=type(error).__name__,
            )

    def _replay(
        self, connection: Connection, actor: Actor, key: str, item_id: str, action: Action, change: Change
    ) -> Done | None:
        now = self.clock()
        before = keys.earlier(connection, actor.user_id, key, [item_id, action, asdict(change)], now)
        if before is None:
            return None
        return Done(self._item(connection, before["item_id"], now), action, replayed=True)

    def row(self, connection: Connection, item_id: str) -> RowMapping:
        """An item's row, locked until the transaction ends.

        Raises:
            NotFound: There is none of that id.
        """
        query = sa.select(t.items).where(t.items.c.id == item_id)
        if self.database.dialect == "postgresql":
            query = query.with_for_update()
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"no item {item_id[:60]}")
        return row

    def _item(self, connection: Connection, item_id: str, now: datetime) -> Item:
        row = connection.execute(self.item_query().where(t.items.c.id == item_id)).mappings().one()
        return item_from(row, now)


def _holds(row: RowMapping, now: datetime) -> bool:
    until = aware(row["lease_until"])
    return row["holder_id"] is not None and until is not None and until > now


def _with_label(change: Change, label: str) -> Change:
    from dataclasses import replace

    return replace(change, label=label)


def _detail(change: Change) -> dict[str, Any]:
    """What of a change belongs into the log: what was given, nothing that was not."""
    given = asdict(change)
    return {name: value for name, value in given.items() if value not in (None, "", False, ())}
