"""What a judge is: claims and the passages found for them go in, stances come out.

A judge never decides a label; `checker.verdict` does, from the stances of all sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from checker.types import Article, Claim, Failure, Stance
from retrieval.types import Hit


@dataclass(frozen=True, slots=True)
class Hearing:
    """One claim with the passages retrieved for it, best first."""

    claim: Claim
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge made of one hearing: a stance per hit it could hear, or the failure that stopped it.

    Attributes:
        disputed: Two judges strongly disagree about this claim (cascade only).
        heard_by: Name of the judge whose stances these are (a cascade says which of its two).
    """

    claim_id: str
    stances: tuple[Stance, ...] = ()
    failure: Failure | None = None
    disputed: bool = False
    heard_by: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """The judgements of one request, one per hearing and in its order, with what they cost."""

    judgements: tuple[Judgement, ...]
    usage: Mapping[str, int] = field(default_factory=dict)


Progress = Callable[[int, int], None]
"""Called with (done, total) while a judge works; must not raise."""


@runtime_checkable
class Judge(Protocol):
    """Anything that can hear claims against passages."""

    @property
    def name(self) -> str:
        """Short name that reports show, e.g. `embedded` or `llm:openai:gpt-5-mini`."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """What made the stances: model digests, prompt versions. Goes into every report."""
        ...

    def hear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """Judge every hearing.

        Args:
            hearings: One per claim; a claim without hits gets a judgement without stances.
            article: The article the claims come from, None for a bare claim.
            progress: Called as the work proceeds.

        Returns:
            One judgement per hearing, in its order. What fails becomes `Judgement.failure`, it does not raise.
        """
        ...

    async def ahear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """`hear`, for callers inside an event loop."""
        ...
