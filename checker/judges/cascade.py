"""Cascade: the embedded judge settles what it is sure of, another judge hears the rest.

The embedded judge costs nothing and cannot be talked into anything. Where the two strongly disagree, the second one's
stances stand, since it was called for the hard cases, and the verdict is marked `disputed`, so that a person looks
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.judges.base import Bench, Hearing, Judge, Judgement, Progress
from checker.types import Article, Stance


class CascadeJudge:
    """Two judges, the cheap one first."""

    def __init__(self, first: Judge, second: Judge, *, settle: float = 0.9, dispute: float = 0.8) -> None:
        """Put two judges in a row.

        Args:
            first: Hears everything.
            second: Hears the claims that the first is not sure of.
            settle: From this probability of its strongest stance, the first settles a claim alone.
            dispute: Both must be this sure of opposite stances for a claim to be disputed.
        """
        self.first = first
        self.second = second
        self.settle = settle
        self.dispute = dispute

    @property
    def name(self) -> str:
        """Both names."""
        return f"cascade({self.first.name}, {self.second.name})"

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions of both."""
        return {**self.first.versions, **self.second.versions}

    def hear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.hear`."""
        early = self.first.hear(hearings, article, None)
        rest = self._rest(hearings, early)
        late = self.second.hear(rest, article, progress) if rest else Bench(())
        return self._join(hearings, early, late)

    async def ahear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.ahear`."""
        early = await self.first.ahear(hearings, article, None)
        rest = self._rest(hearings, early)
        late = await self.second.ahear(rest, article, progress) if rest else Bench(())
        return self._join(hearings, early, late)

    def settled(self, judgement: Judgement) -> bool:
        """Whether the first judge's word is enough: one side is sure, and the other side has nothing to say."""
        if judgement.failure is not None:
            return False
        supports, refutes = strongest(judgement.stances)
        high, low = max(supports, refutes), min(supports, refutes)
        if high >= self.settle:
            return low < 1 - self.settle
        # Nothing addresses the claim: there is nothing to hear.
        return high < 1 - self.settle

    def _rest(self, hearings: Sequence[Hearing], early: Bench) -> list[Hearing]:
        judgements = {judgement.claim_id: judgement for judgement in early.judgements}
        return [hearing for hearing in hearings if hearing.hits and not self.settled(judgements[hearing.claim.id])]

    def _join(self, hearings: Sequence[Hearing], early: Bench, late: Bench) -> Bench:
        first = {judgement.claim_id: judgement for judgement in early.judgements}
        second = {judgement.claim_id: judgement for judgement in late.judgements}
        joined = []
        for hearing in hearings:
            claim_id = hearing.claim.id
            own, other = first[claim_id], second.get(claim_id)
            if other is None:
                joined.append(Judgement(claim_id, own.stances, own.failure, heard_by=own.heard_by or self.first.name))
                continue
            joined.append(
                Judgement(
                    claim_id,
                    other.stances,
                    other.failure,
                    disputed=self._disputed(own, other),
                    heard_by=other.heard_by or self.second.name,
                )
            )
        return Bench(tuple(joined), {**early.usage, **late.usage, "settled": len(hearings) - len(second)})

    def _disputed(self, own: Judgement, other: Judgement) -> bool:
        if own.failure is not None or other.failure is not None:
            return False
        mine, theirs = strongest(own.stances), strongest(other.stances)
        return any(
            mine[side] >= self.dispute and theirs[1 - side] >= self.dispute and theirs[side] < self.dispute
            for side in (0, 1)
        )


def strongest(stances: Sequence[Stance]) -> tuple[float, float]:
    """The strongest support and the strongest refutation among stances that may count."""
    counted = [stance for stance in stances if stance.hit.excluded is None and not stance.flagged]
    return (
        max((stance.supports for stance in counted), default=0.0),
        max((stance.refutes for stance in counted), default=0.0),
    )
