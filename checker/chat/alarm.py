"""The embedded judge's word on a sentence of the chat model: an alarm that can silence it, never a verdict."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from checker.chat.proof import Kept, Shown
from retrieval.types import Hit, Passage

if TYPE_CHECKING:
    from checker.judges.base import Judge
    from checker.pipeline import Checker

SURE = 0.7
"""Probability of refutation from which a sentence is held back. On newsroom-dev and the demo articles, claims of the
gold against the cards that decide them: none of 65 true sentences is silenced (nor at 0.6), 12 of 27 with a planted
error are (14 at 0.6, 9 at 0.9)."""


def contradicts(kept: Kept, checker: Checker) -> bool:
    """Whether some passage that a sentence cites says the opposite of it, and none supports it."""
    if not kept.citations:
        return False
    from checker.article import article_from_text
    from checker.claims.rules import claim_from_text
    from checker.judges.base import Hearing

    claim = replace(claim_from_text(kept.text), kind="fact")
    hits = tuple(_hit(shown, rank) for rank, (shown, _) in enumerate(kept.citations, start=1))
    judge = checker.judge if checker.judge.name == "embedded" else _embedded(checker.settings.threads)
    bench = judge.hear((Hearing(claim, hits),), article_from_text(kept.text), None)
    stances = bench.judgements[0].stances
    return any(stance.refutes >= SURE for stance in stances) and not any(
        stance.name == "supports" for stance in stances
    )


@lru_cache(maxsize=1)
def _embedded(threads: int) -> Judge:
    from checker.judges.entailment import EntailmentJudge

    return EntailmentJudge.open(threads=threads)


def _hit(shown: Shown, rank: int) -> Hit:
    passage = Passage(shown.passage_id, shown.source.id, shown.start, shown.end, shown.text)
    return Hit(passage, shown.source, 1.0, 0.0, 1.0, rank, shown.origin or shown.source.id)
