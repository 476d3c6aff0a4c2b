"""Two judges in a row: who hears what, whose word stands, and what becomes of a dispute."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from checker.claims.base import Extraction
from checker.judges.base import Bench, Hearing, Judgement
from checker.judges.cascade import CascadeJudge, strongest
from checker.pipeline import Checker
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.service import ReviewService
from checker.settings import Settings
from checker.types import Article, Claim, Failure, Stance, Verdict
from retrieval.store import EvidenceStore
from retrieval.types import Hit, Passage, Source

Probabilities = tuple[float, float, float]


class Scripted:
    """A judge that knows what to say of each claim by its text."""

    def __init__(self, name: str, says: Mapping[str, Probabilities | None]) -> None:
        self.name = name
        self.says = says
        self.heard: list[str] = []

    @property
    def versions(self) -> Mapping[str, str]:
        return {self.name: "1"}

    def hear(self, hearings: Sequence[Hearing], article: object = None, progress: object = None) -> Bench:
        self.heard += [hearing.claim.text for hearing in hearings]
        return Bench(tuple(self._judgement(hearing) for hearing in hearings), {f"{self.name}_calls": len(hearings)})

    async def ahear(self, hearings: Sequence[Hearing], article: object = None, progress: object = None) -> Bench:
        return self.hear(hearings, article, progress)

    def _judgement(self, hearing: Hearing) -> Judgement:
        said = self.says[hearing.claim.text]
        if said is None:
            return Judgement(hearing.claim.id, failure=Failure(hearing.claim.id, "judge", "BadReply", "cut off"))
        return Judgement(
            hearing.claim.id,
            tuple(
                Stance(
                    hearing.claim.id,
                    hit,
                    *said,
                    quote=hit.passage.text,
                    start=hit.passage.start,
                    end=hit.passage.end,
                )
                for hit in hearing.hits
            ),
            heard_by=self.name,
        )


def hit() -> Hit:
    text = "The bridge was closed on Monday."
    source = Source("s", "", "", "courier", "newspaper", "ID", "en", "2025-06-23", "", (), "s", text)
    return Hit(Passage("s:0", "s", 0, len(text), text), source, 0.8, 1.0, 0.9, 1, "s")


def hearing(text: str, *, hits: int = 1) -> Hearing:
    return Hearing(Claim(f"id {text}", text, text, 0, 1), (hit(),) * hits)


YES, NO, PERHAPS, NOTHING = (0.95, 0.01, 0.04), (0.01, 0.95, 0.04), (0.5, 0.2, 0.3), (0.01, 0.02, 0.97)


def hear(first: Probabilities | None, second: Probabilities | None, **how: float) -> tuple[Judgement, Scripted]:
    late = Scripted("late", {"c": second})
    judge = CascadeJudge(Scripted("early", {"c": first}), late, **how)
    bench = judge.hear([hearing("c")])
    assert asyncio.run(judge.ahear([hearing("c")])) == bench
    return bench.judgements[0], late


@pytest.mark.parametrize("sure", [YES, NO, NOTHING])
def test_what_the_first_is_sure_of_is_not_heard_again(sure: Probabilities) -> None:
    judgement, late = hear(sure, None)
    assert late.heard == []
    assert (judgement.heard_by, judgement.disputed) == ("early", False)


@pytest.mark.parametrize("unsure", [PERHAPS, (0.85, 0.05, 0.1), (0.05, 0.6, 0.35), (0.3, 0.3, 0.4), None])
def test_the_second_hears_the_rest_and_its_word_stands(unsure: Probabilities | None) -> None:
    judgement, late = hear(unsure, YES)
    assert late.heard == ["c", "c"], "once awaited, once not"
    assert judgement.heard_by == "late"
    assert strongest(judgement.stances) == (0.95, 0.01)
    assert not judgement.disputed


def test_a_side_that_is_sure_settles_nothing_where_the_other_speaks_up() -> None:
    both = Scripted("early", {"c": None})
    judge = CascadeJudge(both, Scripted("late", {}))
    loud = Stance("c", hit(), 0.95, 0.01, 0.04, quote="", start=0, end=0)
    quiet = Stance("c", hit(), 0.3, 0.4, 0.3, quote="", start=0, end=0)
    assert judge.settled(Judgement("c", (loud,)))
    assert not judge.settled(Judgement("c", (loud, quiet)))
    assert judge.settled(Judgement("c", (loud, replace(quiet, flagged=True)))), "nothing rests on a flagged source"
    assert not judge.settled(Judgement("c", failure=Failure("c", "judge", "T", "m")))


@pytest.mark.parametrize(
    ("first", "second", "disputed"),
    [
        ((0.85, 0.05, 0.1), NO, True),
        ((0.05, 0.85, 0.1), YES, True),
        ((0.85, 0.05, 0.1), YES, False),
        ((0.7, 0.1, 0.2), NO, False),  # the first was not that sure
        ((0.85, 0.05, 0.1), (0.1, 0.7, 0.2), False),  # nor the second
        ((0.85, 0.05, 0.1), NOTHING, False),
        ((0.85, 0.05, 0.1), None, False),  # a failure is no opinion
    ],
)
def test_a_dispute_is_two_sure_judges_on_opposite_sides(
    first: Probabilities, second: Probabilities | None, disputed: bool
) -> None:
    assert hear(first, second)[0].disputed is disputed


def test_a_failure_of_the_second_stays_a_failure() -> None:
    judgement, _ = hear(PERHAPS, None)
    assert judgement.failure is not None
    assert judgement.failure.error_type == "BadReply"


def test_claims_keep_their_own_outcomes_whatever_their_order() -> None:
    says_first = {"a": PERHAPS, "b": YES, "c": PERHAPS, "none": PERHAPS}
    late = Scripted("late", {"a": NO, "c": YES})
    judge = CascadeJudge(Scripted("early", says_first), late)
    hearings = [hearing("a"), hearing("b"), hearing("c"), hearing("none", hits=0)]
    bench = judge.hear(hearings)
    assert [judgement.claim_id for judgement in bench.judgements] == [item.claim.id for item in hearings]
    assert [judgement.heard_by for judgement in bench.judgements] == ["late", "early", "late", "early"]
    assert late.heard == ["a", "c"], "a claim without evidence needs nobody to hear it"
    assert bench.usage == {"early_calls": 4, "late_calls": 2, "settled": 2}


class _Sentences:
    """Takes every sentence for a claim."""

    name = "sentences"
    versions: Mapping[str, str] = {}

    def extract(self, article: Article, progress: object = None) -> Extraction:
        return Extraction(
            tuple(
                Claim(f"c{number}", item.text, item.text, item.start, item.end, checkworthiness=0.9 - number / 10)
                for number, item in enumerate(article.sentences)
            )
        )


def test_a_disputed_claim_is_the_first_that_a_person_sees(tmp_path: Path) -> None:
    """Through the pipeline into the queue: a disputed claim of little weight comes before all that are not."""
    from evals.testing import HashedWords
    from evals.tools import fill

    text = "The port stayed open on Monday. The mayor of Sula spoke for an hour. The bridge was closed on Monday."
    early = {
        "The port stayed open on Monday.": PERHAPS,
        "The mayor of Sula spoke for an hour.": (0.05, 0.6, 0.35),
        "The bridge was closed on Monday.": (0.86, 0.02, 0.12),
    }
    late = {**early, "The bridge was closed on Monday.": NO}
    judge = CascadeJudge(Scripted("early", early), Scripted("late", late))
    with EvidenceStore.open(str(tmp_path / "store"), embedder=HashedWords(), mode="rw") as store:
        fill(store, [{"id": "k", "text": "The bridge was closed on Monday. The port of Sula stayed open."}])
        checker = Checker(store, _Sentences(), judge, Settings(store=str(tmp_path / "store")))
        report = checker.check(text)
    verdicts = {outcome.claim_id: outcome for outcome in report.outcomes if isinstance(outcome, Verdict)}
    assert [verdicts[name].disputed for name in ("c0", "c1", "c2")] == [False, False, True]
    assert verdicts["c2"].label == "unsupported", "the second judge's word stands"

    database = Database.open(str(tmp_path / "queue.sqlite3"))
    try:
        service = ReviewService(database)
        add_report(service, report)
        listed = service.list().items
        assert listed[0].text == "The bridge was closed on Monday."
        assert [item.disputed for item in listed] == [True, False, False]
    finally:
        database.close()
