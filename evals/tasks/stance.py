"""Does this passage support, refute or not settle this claim?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from evals.metrics import calibration, classification, resample, weighted
from evals.solvers.pairs import CLAIM_ONLY, JUDGE, SHUFFLED, PairSolver
from evals.tasks.base import Task, answered, number, of_system, share, split
from evals.types import STANCES, Row

METRICS = ("accuracy", "macro_f1", "balanced_accuracy", "auroc", "ece", "brier")
_WORST = 40
_TWINS = 20
"""Fewest passages with a claim for and one against that make a data set one of twins."""


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """The numbers of a stance run.

    `n` counts every pair that was asked, `failed` those without an answer; the other numbers are over the answered.
    Accuracy and macro-F1 leave out rows labelled `not_supported`, which `not_supported` counts; balanced accuracy and
    AUROC are supports against everything else, over all rows. Where rows are twins, `twins_right` is the share of twins
    that are all judged rightly; a coin gets a quarter of two.
    """
    judged = of_system(rows, PairSolver.name, JUDGE)
    datasets = {name: measure(part, seed) for name, part in split(judged, "dataset").items()}
    baselines: dict[str, Any] = {
        name: _baseline(of_system(rows, PairSolver.name, name), judged, seed) for name in (CLAIM_ONLY, SHUFFLED)
    }
    baselines["majority"] = {**measure(majority(judged), seed), "datasets": {
        name: measure(majority(part), intervals=False) for name, part in split(judged, "dataset").items()
    }}  # fmt: skip
    return {
        "task": "stance",
        "judge": "",
        "n": len(judged),
        "failed": len(judged) - len(answered(judged)),
        "overall": measure(judged, seed),
        "datasets": datasets,
        "languages": {name: measure(part, seed) for name, part in split(judged, "language").items()},
        "baselines": baselines,
        "twins": {name: found for name, part in split(judged, "dataset").items() if (found := twins(part))["n"]},
        "findings": findings(rows, seed),
        "detail": {
            "overall": detail(judged),
            "datasets": {name: detail(part) for name, part in split(judged, "dataset").items()},
            "worst": worst(judged),
        },
    }


def measure(rows: Sequence[Row], seed: int = 0, *, intervals: bool = True) -> dict[str, Any]:
    """All metrics of one set of rows, with 95 % bootstrap intervals over claims unless told not to."""
    done = answered(rows)
    three = [row for row in done if row["gold"] in STANCES]
    gold, said = [row["gold"] for row in three], [row["answer"] for row in three]
    is_yes = [row["gold"] == "supports" for row in done]
    says_yes = [row["answer"] == "supports" for row in done]
    scores = [row["probabilities"][0] for row in done]
    sure, right = [confidence(row) for row in done], [correct(row) for row in done]
    result: dict[str, Any] = {"n": len(rows), "failed": len(rows) - len(done)}
    result |= {"not_supported": sum(row["gold"] == "not_supported" for row in rows)}
    result |= classification.labelled(gold, said)
    result |= classification.binary(is_yes, says_yes, scores)
    result["ece"] = calibration.ece(sure, right)
    result["brier"] = calibration.brier([row["probabilities"] for row in three], [STANCES.index(g) for g in gold])
    if twins := split([row for row in rows if row.get("twin")], "twin"):
        both = [all(not row.get("failure") and correct(row) for row in part) for part in twins.values()]
        result |= {"twins": len(both), "twins_right": share(both)}
    if not intervals:
        return {**result, "intervals": {}}
    groups = [row.get("claim") or row["id"] for row in done]
    yes, said_yes = np.array(is_yes, dtype=bool), np.array(says_yes, dtype=bool)
    found = resample.intervals(
        {
            "balanced_accuracy": lambda w: weighted.balanced_accuracy(w, yes, said_yes),
            "auroc": lambda w: weighted.auroc(w, yes, np.array(scores)),
            "ece": lambda w: weighted.ece(w, np.array(sure), np.array(right, dtype=bool)),
        },
        groups,
        seed,
    )
    three_right = np.array([a == b for a, b in zip(gold, said, strict=True)], dtype=bool)
    found |= resample.intervals(
        {
            "accuracy": lambda w: weighted.accuracy(w, three_right),
            "macro_f1": lambda w: weighted.macro_f1(w, gold, said),
        },
        [row.get("claim") or row["id"] for row in three],
        seed,
    )
    return {**result, "intervals": {name: found[name] for name in METRICS if name in found}}


def twins(rows: Sequence[Row]) -> dict[str, float]:
    """How often every claim about one passage is answered rightly, over passages with a claim for and one against.

    A judge that goes by overlap alone gives twins one answer, and so scores nothing here.

    Returns:
        `n`, the number of such passages, and `right`, the share of them with all answers right (an unanswered one is
        not); `n` alone where there are none.
    """
    by_passage: dict[str, list[Row]] = {}
    for row in rows:
        by_passage.setdefault(row.get("evidence") or row["id"], []).append(row)
    both = [part for part in by_passage.values() if {"supports", "refutes"} <= {row["gold"] for row in part}]
    if not both:
        return {"n": 0}
    right = [all(not row.get("failure") and correct(row) for row in part) for part in both]
    return {"n": len(both), "right": sum(right) / len(both)}


def correct(row: Row) -> bool:
    """Whether the answer is right, as far as the gold label can tell."""
    if row["gold"] == "not_supported":
        return bool(row["answer"] != "supports")
    return bool(row["answer"] == row["gold"])


def confidence(row: Row) -> float:
    """Probability that the judge gives to its answer; where gold tells only yes from no, to that yes or no."""
    supports = float(row["probabilities"][0])
    if row["gold"] == "not_supported":
        return supports if row["answer"] == "supports" else 1.0 - supports
    return float(row["probabilities"][STANCES.index(row["answer"])])


def majority(rows: Sequence[Row]) -> list[Row]:
    """The same rows, answered with the commonest label of each data set and its frequencies for probabilities."""
    answers: list[Row] = []
    for part in split(rows, "dataset").values():
        # Where gold says only "not supported", not settled is the mildest way to say so.
        counts = Counter("neutral" if row["gold"] == "not_supported" else row["gold"] for row in part)
        answer = max(STANCES, key=lambda label: counts[label])
        frequencies = [counts[label] / len(part) for label in STANCES]
        answers += [
            {**row, "answer": answer, "probabilities": frequencies, "failure": None, "system": "majority"}
            for row in part
        ]
    return answers


def _baseline(rows: Sequence[Row], judged: Sequence[Row], seed: int) -> dict[str, Any]:
    """A baseline's metrics, and the judge's own on exactly the rows that the baseline was run on."""
    if not rows:
        return {}
    asked = {row["id"] for row in rows}
    claims = {row["id"]: row.get("claim") for row in judged}
    rows = [{**row, "claim": claims.get(row["id"])} for row in rows]
    return {
        **measure(rows, seed),
        "judge_on_same": measure([row for row in judged if row["id"] in asked], intervals=False),
        "datasets": {name: measure(part, intervals=False) for name, part in split(rows, "dataset").items()},
    }


def findings(rows: Sequence[Row], seed: int = 0) -> list[str]:
    """What the baselines say about the judge, in sentences. Differences are of right answers, with paired intervals."""
    systems = {name: of_system(rows, PairSolver.name, name) for name in (JUDGE, CLAIM_ONLY, SHUFFLED)}
    sentences = []
    for dataset, judged in split(systems[JUDGE], "dataset").items():
        by_id = {row["id"]: row for row in answered(judged)}
        common = {row["id"]: row for row in majority(list(by_id.values()))}
        better, gap = _beats(by_id, common, seed)
        if (pair := twins(judged))["n"] >= _TWINS:
            sentences.append(
                f"On {dataset} both twins are right for {number(pair['right'])} of {pair['n']:g} passages."
            )
        if not better:
            sentences.append(f"On {dataset} the judge is not shown to beat the majority class ({gap}).")
        for name, words in ((CLAIM_ONLY, "the claim-only baseline"), (SHUFFLED, "shuffled evidence")):
            other = {row["id"]: row for row in answered(systems[name]) if row["dataset"] == dataset}
            shared = {key: row for key, row in by_id.items() if key in other}
            if not shared:
                continue
            beaten, difference = _beats(shared, other, seed)
            if not beaten:
                lesson = (
                    "it has learnt nothing from the evidence there" if better else "the evidence does not help it there"
                )
                beats = "beats the majority class but is not shown to beat" if better else "is not shown to beat"
                sentences.append(f"On {dataset} the judge {beats} {words} ({difference}): {lesson}.")
            leaks, by_how_much = _beats({key: other[key] for key in shared}, common, seed)
            if name == CLAIM_ONLY and leaks:
                sentences.append(f"On {dataset} claims alone tell more than chance about the label ({by_how_much}).")
    return sentences


def _beats(first: dict[str, Row], second: dict[str, Row], seed: int) -> tuple[bool, str]:
    ids = [identity for identity in first if identity in second]
    a = np.array([correct(first[identity]) for identity in ids], dtype=float)
    b = np.array([correct(second[identity]) for identity in ids], dtype=float)
    groups = [first[identity].get("claim") or identity for identity in ids]
    interval = resample.difference(lambda w: weighted.mean(w, b), lambda w: weighted.mean(w, a), groups, seed)
    if interval is None:
        return False, "nothing to compare"
    text = f"right answers {number(a.mean())} against {number(b.mean())} on {len(ids)}; difference "
    return interval[0] > 0, f"{text}{a.mean() - b.mean():+.3f}, 95 % {interval[0]:+.3f} to {interval[1]:+.3f}"


def detail(rows: Sequence[Row]) -> dict[str, Any]:
    """What the report draws: confusion, per-class numbers, reliability and risk–coverage."""
    done = answered(rows)
    three = [row for row in done if row["gold"] in STANCES]
    gold, said = [row["gold"] for row in three], [row["answer"] for row in three]
    sure, right = [confidence(row) for row in done], [correct(row) for row in done]
    binary = [row for row in done if row["gold"] == "not_supported"]
    return {
        "labels": list(STANCES),
        "confusion": classification.confusion(gold, said, STANCES),
        "per_class": classification.per_class(gold, said, STANCES),
        "not_supported_right": share([correct(row) for row in binary]),
        "reliability": calibration.reliability(sure, right) if done else [],
        "risk_coverage": calibration.risk_coverage(sure, right),
    }


def worst(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The surest wrong answers: id and how sure; their texts stay in the results."""
    wrong = [row for row in answered(rows) if not correct(row)]
    wrong.sort(key=lambda row: (-confidence(row), row["id"]))
    return [
        {"id": row["id"], "gold": row["gold"], "answer": row["answer"], "confidence": confidence(row)}
        for row in wrong[:_WORST]
    ]


TASK = Task(
    name="stance",
    question="Does this passage support, refute or not settle this claim?",
    solvers={"pairs": PairSolver.name, "newsroom": PairSolver.name},
    data=("indonli", "wrete", "scifact", "climate-fever"),
    score=score,
)
