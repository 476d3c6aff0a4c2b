"""Claim–evidence pairs put to a judge, with and without their evidence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evals.data.derived import pairs_of
from evals.solvers.base import Options, Tools, batches, drawn, failure, limited
from evals.types import Case, Dataset, Pair, Row

if TYPE_CHECKING:
    from checker.judges.base import Hearing, Judgement

BLANK = "-"
"""What the claim-only baseline is given for evidence: a passage that says nothing, in any language."""

JUDGE, CLAIM_ONLY, SHUFFLED = "judge", "claim_only", "shuffled"


class PairSolver:
    """Puts every pair to the judge; and a sample of them with blank and with somebody else's evidence."""

    name = "pairs"

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """The judge on every pair first, then the baselines on their sample."""
        pairs = [
            pair
            for dataset in data
            for pair in limited(_distinct(pairs_of(dataset)), options.limit, _key, options.seed)
        ]
        cases = [Case(_key(pair), JUDGE, pair) for pair in pairs]
        if options.baselines:
            # Another draw than that of `limit`: what has the lowest keys of a large set would crowd out the small ones.
            sets = dict.fromkeys(pair.dataset for pair in pairs)
            sample = [
                pair
                for name in sets
                for pair in limited(
                    [pair for pair in pairs if pair.dataset == name], options.baseline_limit, _key, options.seed + 2
                )
            ]
            other = _others(pairs, options.seed)
            cases += [Case(_key(pair), CLAIM_ONLY, (pair, BLANK)) for pair in sample]
            cases += [Case(_key(pair), SHUFFLED, (pair, other[_key(pair)])) for pair in sample]
        return cases

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """A row per case: gold label, the three probabilities, the answer, and what it cost.

        Raises:
            CheckerError, RetrievalError: The judge cannot work at all (its very first batch fails as a whole).
        """
        from checker.errors import CheckerError
        from retrieval.errors import RetrievalError

        judge = tools.judge
        worked = False
        for batch in batches(cases, options.batch):
            hearings = [_hearing(case) for case in batch]
            started = time.perf_counter()
            try:
                bench = judge.hear(hearings)
            except (CheckerError, RetrievalError) as error:
                if not worked:
                    raise
                yield from ({**_about(case), "failure": failure(error)} for case in batch)
                continue
            worked = True
            each = (time.perf_counter() - started) / len(batch)
            heard = {judgement.claim_id: judgement for judgement in bench.judgements}
            for index, case in enumerate(batch):
                row = {**_about(case), **_answer(case, heard.get(hearings[index].claim.id)), "seconds": each}
                if index == 0 and bench.usage:
                    row["usage"] = dict(bench.usage)  # of the whole batch, counted once
                yield row


def _key(pair: Pair) -> str:
    return f"{pair.dataset}/{pair.id}"


def _distinct(pairs: Sequence[Pair]) -> list[Pair]:
    """Some public sets use an id twice; the second becomes `id#2`, so that neither is lost."""
    from dataclasses import replace

    seen: Counter[str] = Counter()
    result = []
    for pair in pairs:
        seen[_key(pair)] += 1
        copy = seen[_key(pair)]
        result.append(pair if copy == 1 else replace(pair, id=f"{pair.id}#{copy}"))
    return result


def _others(pairs: Sequence[Pair], seed: int) -> dict[str, str]:
    """For each pair the evidence of another of its data set, with another claim and another text if there is one."""
    other: dict[str, str] = {}
    by_set: dict[str, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda pair: drawn(_key(pair), seed + 1)):
        by_set.setdefault(pair.dataset, []).append(pair)
    for members in by_set.values():
        for index, pair in enumerate(members):
            rest = (members[(index + step) % len(members)] for step in range(1, len(members)))
            chosen = next((p for p in rest if p.claim != pair.claim and p.evidence != pair.evidence), None)
            other[_key(pair)] = chosen.evidence if chosen else BLANK
    return other


def _pair(case: Case) -> tuple[Pair, str]:
    if isinstance(case.payload, Pair):
        return case.payload, case.payload.evidence
    pair, evidence = case.payload
    return pair, evidence


def _hearing(case: Case) -> Hearing:
    from hashlib import sha256

    from checker.judges.base import Hearing
    from checker.types import Claim
    from retrieval.language import detect_language
    from retrieval.types import Hit, Passage, Source

    pair, evidence = _pair(case)
    identity = f"{case.system}/{case.id}"
    # A row names one language, its claim's; in cross-language sets the evidence is in another.
    source = Source(
        id=f"evidence/{identity}",
        url="", title="", publisher="", publisher_type="", country="",
        language=detect_language(evidence) or pair.language,
        published_at=None, fetched_at="", via=(), content_hash=sha256(evidence.encode()).hexdigest(), text=evidence,
    )  # fmt: skip
    passage = Passage(f"passage/{identity}", source.id, 0, len(evidence), evidence)
    hit = Hit(passage, source, dense=0.0, lexical=0.0, score=1.0, rank=1, origin=source.id)
    return Hearing(Claim(identity, pair.claim, pair.claim, 0, len(pair.claim)), (hit,))


def _about(case: Case) -> dict[str, Any]:
    pair, evidence = _pair(case)
    row: dict[str, Any] = {
        "solver": PairSolver.name,
        "system": case.system,
        "id": case.id,
        "dataset": pair.dataset,
        "language": pair.language,
        "gold": pair.label,
    }
    if case.system == JUDGE:
        row |= {"claim": pair.claim, "evidence": evidence}
        if pair.twin:
            row["twin"] = f"{pair.dataset}/{pair.twin}"
    return row


def whole(supports: float, refutes: float, neutral: float) -> list[float]:
    """Probabilities that sum to 1, as the metrics take them.

    A chat model gives the probability of its stance alone; what it leaves is shared between the other two, where the
    judge gives it to neither (so that doubt about "not settled" is no support).
    """
    given = [supports, refutes, neutral]
    left = 1.0 - sum(given)
    empty = [place for place, value in enumerate(given) if value == 0.0]
    if left > 1e-9 and empty:
        for place in empty:
            given[place] = left / len(empty)
    return given


def _answer(case: Case, judgement: Judgement | None) -> dict[str, Any]:
    if judgement is None:
        return {"failure": {"type": "NoJudgement", "message": "the judge gave no answer for this claim"}}
    if judgement.failure is not None:
        return {"failure": {"type": judgement.failure.error_type, "message": judgement.failure.message}}
    if not judgement.stances:
        if case.system == CLAIM_ONLY:
            # A judge that will not hear an empty passage has said that it settles nothing.
            return {"probabilities": [0.0, 0.0, 1.0], "answer": "neutral"}
        return {"failure": {"type": "NoStance", "message": "the judge took no stance towards the passage"}}
    stance = judgement.stances[0]
    row: dict[str, Any] = {
        "probabilities": whole(float(stance.supports), float(stance.refutes), float(stance.neutral)),
        "answer": stance.name,
    }
    if case.system == JUDGE:
        row |= {"quote": stance.quote, "notes": list(stance.notes)}
    return row
