"""The review queue as the chat sees it: claims go in, people decide there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from checker.types import Report

if TYPE_CHECKING:
    from checker.review.records import Actor
    from checker.review.service import ReviewService
    from retrieval.embed import Embedder


@dataclass(frozen=True, slots=True)
class Queued:
    """One item of the queue: where it stands, and who holds it."""

    id: str
    text: str
    state: str
    holder: str = ""


class Queue(Protocol):
    """Where claims go that a person should decide. Called in threads."""

    def add(self, report: Report, *, owner: str) -> list[str]:
        """Put the verdicts of a report in; the same report adds nothing twice.

        Returns:
            Ids of the items.

        Raises:
            NotAllowed: The owner may not add.
        """
        ...

    def status(self, item_ids: Sequence[str]) -> list[Queued]:
        """Where items stand; ids that are gone are left out."""
        ...


class ReviewQueue:
    """The queue of `checker.review`."""

    def __init__(
        self,
        review: ReviewService,
        *,
        actor: Callable[[str], Actor | None] = lambda _: None,
        embedder: Callable[[], Embedder | None] = lambda: None,
    ) -> None:
        """Put it together.

        Args:
            review: The queue.
            actor: Whom an owner of conversations acts as; None for whoever runs this on the queue's own machine.
            embedder: Finds claims of close meaning that wait already.
        """
        self._review = review
        self._actor = actor
        self._embedder = embedder

    def add(self, report: Report, *, owner: str) -> list[str]:
        """Put the verdicts of a report in."""
        from checker.errors import NotAllowed
        from checker.review.intake import add_report
        from checker.review.transitions import RANK, Role

        actor = self._actor(owner)
        if actor is not None and RANK[actor.role] < RANK[Role.CHECKER]:
            raise NotAllowed(f"sending to the queue takes the role {Role.CHECKER} or higher; yours is {actor.role}")
        return add_report(self._review, report, actor=actor, origin="chat", embedder=self._embedder())

    def status(self, item_ids: Sequence[str]) -> list[Queued]:
        """Where items stand."""
        from checker.errors import NotFound

        found = []
        for item_id in item_ids:
            try:
                item = self._review.get(item_id)
            except NotFound:
                continue
            found.append(Queued(item.id, item.text, str(item.state), item.holder_name))
        return found


def only(report: Report, claim_id: str) -> Report:
    """A report on one of its claims, under an id of its own that is the same each time."""
    if len(report.claims) == 1:
        return report
    return replace(
        report,
        id=f"{report.id}-{claim_id.rpartition('-')[2]}"[:36],
        claims=tuple(claim for claim in report.claims if claim.id == claim_id),
        outcomes=tuple(outcome for outcome in report.outcomes if outcome.claim_id == claim_id),
        provenance=tuple(trace for trace in report.provenance if trace.claim_id == claim_id),
    )
