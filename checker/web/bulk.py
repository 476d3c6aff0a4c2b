"""One action on everything that is filtered. Every item is an action of its own, refused or done on its own."""

from __future__ import annotations

from dataclasses import dataclass

from checker.errors import Incomplete, ReviewError, WrongState
from checker.review.queries import Filters
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import RULES, Action, allows

BULK_ACTIONS = (
    Action.CLAIM,
    Action.RELEASE,
    Action.HAND_OVER,
    Action.TAKE_SECOND,
    Action.RETURN,
    Action.PUBLISH,
    Action.COMMENT,
)
"""What may be done to many at once. Deciding, approving and merging are not among them: each takes a look."""

MOST = 5_000


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What came of it: every item is in one of the two."""

    done: tuple[str, ...]
    refused: tuple[tuple[str, ReviewError], ...]


def bulk_change(comment: str, to_user: str | None) -> Change:
    """What goes with a bulk action."""
    return Change(comment=comment, to_user=to_user or None)


def act_on_all(
    review: ReviewService,
    actor: Actor,
    filters: Filters | None,
    action: Action,
    change: Change,
    *,
    expected: int | None = None,
    key: str | None = None,
) -> BulkResult:
    """Do one thing to every item that is filtered, in the order of the queue.

    Args:
        review: The queue.
        actor: Who does it.
        filters: Which items.
        action: One of `BULK_ACTIONS`.
        change: With what.
        expected: How many items the person saw; refused where there are more or fewer by now.
        key: Idempotency key: each item is done once under it.

    Raises:
        Incomplete: The action needs a comment, or is not one for many; too many items.
        WrongState: There are not as many items as expected.
        NotAllowed: The first item's refusal, where it is the actor's role that lacks.
    """
    if action not in BULK_ACTIONS:
        raise Incomplete(f"{action} is done to one item at a time, after a look at it")
    if RULES[action].comment and not change.comment.strip():
        raise Incomplete(f"{action} needs a comment")
    ids = review.ids(filters, limit=MOST + 1)
    if len(ids) > MOST:
        raise Incomplete(f"these are more than {MOST} items; narrow the filters")
    if expected is not None and len(ids) != expected:
        raise WrongState(f"the list has changed meanwhile: it holds {len(ids)} items, not {expected}; look again")
    done: list[str] = []
    refused: list[tuple[str, ReviewError]] = []
    for item_id in ids:
        try:
            review.act(item_id, action, actor, change, key=f"{key}/{item_id}" if key else None)
            done.append(item_id)
        except ReviewError as error:
            if not allows(actor.role, action):
                raise  # recorded once; the others would be refused the same
            refused.append((item_id, error))
    return BulkResult(tuple(done), tuple(refused))
