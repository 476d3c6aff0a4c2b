"""The one table of who may do what, from which state to which. The API, the buttons and the tests are driven by it.

    new ──claim──► claimed ──decide──► decided ──take_second──► in_second_review ──approve──► approved ──publish──►
    published ──reopen──► returned ──claim──► … ──publish──► corrected

An item that was published once and is published again is `corrected`: the correction is public, and it needed four
eyes like the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where an item stands."""

    NEW = "new"
    CLAIMED = "claimed"
    DECIDED = "decided"
    IN_SECOND_REVIEW = "in_second_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    RETURNED = "returned"
    MERGED = "merged"


class Role(StrEnum):
    """What a user is."""

    VIEWER = "viewer"
    CHECKER = "checker"
    EDITOR = "editor"
    ADMIN = "admin"


RANK: dict[Role, int] = {Role.VIEWER: 0, Role.CHECKER: 1, Role.EDITOR: 2, Role.ADMIN: 3}
"""Roles in order; each may do what those before it may."""


class Action(StrEnum):
    """What can be done to an item."""

    CLAIM = "claim"
    RELEASE = "release"
    HAND_OVER = "hand_over"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    TAKE_SECOND = "take_second"
    APPROVE = "approve"
    RETURN = "return"
    PUBLISH = "publish"
    REOPEN = "reopen"
    MERGE = "merge"
    COMMENT = "comment"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an action takes and what it leads to.

    Attributes:
        sources: States it starts from.
        target: State it leads to; None where the state stays.
        role: Least role that may do it.
        holder: Only who holds the item may do it (its lease decides; one that has run out holds nothing).
        not_decider: Whoever wrote the decision in force may not do it, whatever their role.
        comment: A comment is required.
        flagged: Only where the item is flagged for another look.
        label: A label and a reason are required.
    """

    sources: frozenset[State]
    target: State | None
    role: Role
    holder: bool = False
    not_decider: bool = False
    comment: bool = False
    flagged: bool = False
    label: bool = False


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


RULES: dict[Action, Rule] = {
    Action.CLAIM: Rule(_from(State.NEW, State.RETURNED, State.CLAIMED), State.CLAIMED, Role.CHECKER),
    Action.RELEASE: Rule(_from(State.CLAIMED), State.NEW, Role.CHECKER, holder=True),
    Action.HAND_OVER: Rule(_from(State.CLAIMED), State.CLAIMED, Role.CHECKER, holder=True),
    Action.DECIDE: Rule(_from(State.CLAIMED), State.DECIDED, Role.CHECKER, holder=True, label=True),
    Action.WITHDRAW: Rule(_from(State.DECIDED), State.CLAIMED, Role.CHECKER),
    Action.TAKE_SECOND: Rule(_from(State.DECIDED), State.IN_SECOND_REVIEW, Role.EDITOR, not_decider=True),
    Action.APPROVE: Rule(_from(State.IN_SECOND_REVIEW), State.APPROVED, Role.EDITOR, not_decider=True),
    Action.RETURN: Rule(
        _from(State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED),
        State.RETURNED,
        Role.EDITOR,
        comment=True,
    ),
    Action.PUBLISH: Rule(_from(State.APPROVED), State.PUBLISHED, Role.EDITOR),
    Action.REOPEN: Rule(_from(State.PUBLISHED, State.CORRECTED), State.RETURNED, Role.EDITOR, comment=True),
    Action.MERGE: Rule(_from(State.NEW, State.CLAIMED, State.RETURNED), State.MERGED, Role.CHECKER),
    Action.COMMENT: Rule(frozenset(State), None, Role.CHECKER, comment=True),
    # Somebody looked at the new evidence, and the decision stands: the flag goes, the reason is on record.
    Action.KEEP: Rule(
        _from(State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED, State.PUBLISHED, State.CORRECTED),
        None,
        Role.EDITOR,
        comment=True,
        flagged=True,
    ),
}
"""Every action there is. `withdraw` is its author's alone, which the service holds: it undoes one's own decision."""


def allows(role: Role, action: Action) -> bool:
    """Whether a role is high enough for an action."""
    return RANK[role] >= RANK[RULES[action].role]


def target_of(action: Action, state: State, *, published_before: bool) -> State:
    """The state an action leads to from a state it may start from."""
    if action is Action.PUBLISH and published_before:
        return State.CORRECTED
    return RULES[action].target or state


OPEN_STATES = frozenset({State.NEW, State.CLAIMED, State.DECIDED, State.IN_SECOND_REVIEW, State.RETURNED})
"""States in which an item still waits for somebody."""

PUBLIC_STATES = frozenset({State.PUBLISHED, State.CORRECTED})
"""States whose decision the public may see."""
