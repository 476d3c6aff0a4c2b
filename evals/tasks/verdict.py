"""The whole job: from an article and a store to a label for every claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evals.metrics import calibration, classification, resample, weighted
from evals.solvers.newsroom import BM25, FOUND, GOLD, SHUFFLED, NewsroomSolver
from evals.tasks.base import Task, mean_intervals, number, of_system
from evals.tasks.units import FAILED, Unit, is_cited_well, units
from evals.types import VERDICTS, Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """The numbers of a verdict run.

    `overall`, `languages` and `items` are end to end, with the claims that were found; `gold_claims` is with the gold
    claims given, which leaves retrieval and the judge to be measured. `n` counts gold claims, `failed` claims that
    could not be checked.
    """
    found, gold = (of_system(rows, NewsroomSolver.name, name) for name in (FOUND, GOLD))
    given = units(gold)
    summary: dict[str, Any] = {"task": "verdict", "judge": _judge(rows), **end_to_end(found or gold, seed)}
    summary["gold_claims"] = labels(given, seed)
    summary["baselines"] = baselines(rows, given, seed)
    summary["findings"] = findings(rows, given, seed)
    summary["detail"] = {
        "labels": [*VERDICTS, FAILED],
        "confusion_found": confusion([unit for unit in units(found) if unit.gold and unit.claim]),
        "confusion_gold": confusion(given),
        "reliability": reliability(given),
        "risk_coverage": calibration.risk_coverage(*_confidence(given)),
        "mistakes": mistakes(given or [unit for unit in units(found) if unit.gold]),
        "missed": [unit.key for unit in units(found) if unit.gold and not unit.claim],
        "invented": [
            {"item": unit.item, "quote": (unit.claim or {}).get("quote", ""), "distractor": unit.distractor}
            for unit in units(found)
            if not unit.gold
        ],
    }
    return summary


def end_to_end(rows: Sequence[Row], seed: int) -> dict[str, Any]:
    """Overall, per language and per item, with the claims that the rows hold."""
    every = units(rows)
    return {
        "n": sum(unit.gold is not None for unit in every),
        "failed": sum(unit.said == FAILED for unit in every),
        "overall": {**job(every), "intervals": job_intervals(every, seed)},
        "languages": {name: job(part) for name, part in _by(every, "language").items()},
        "items": {name: job(part) for name, part in _by(every, "item").items()},
    }


def job(every: Sequence[Unit]) -> dict[str, Any]:
    """How much of the job is done: claims found, labels right, quotes valid.

    `accuracy_matched` and `macro_f1_matched` are over matched claims that have a label. `end_to_end` is the share of
    gold claims that were found and labelled right; `end_to_end_f1` also holds false positives against it.
    `citation_valid` is the share of decided verdicts that stand on existing quotes which point their way.
    """
    gold, claims = [u for u in every if u.gold], [u for u in every if u.claim is not None]
    matched = [unit for unit in gold if unit.claim is not None]
    labelled = [unit for unit in matched if unit.decided]
    right = sum(unit.right for unit in gold)
    scores = classification.labelled([unit.wanted for unit in labelled], [unit.said for unit in labelled])
    cited = [cited for unit in claims if (cited := is_cited_well(unit.claim or {})) is not None]
    return {
        "n": len(gold),
        "failed": sum(unit.said == FAILED for unit in every),
        "claim_recall": len(matched) / len(gold) if gold else None,
        "claim_precision": len(matched) / len(claims) if claims else None,
        "accuracy_matched": scores["accuracy"],
        "macro_f1_matched": scores["macro_f1"],
        "end_to_end": right / len(gold) if gold else None,
        "end_to_end_f1": 2 * right / (len(gold) + len(claims)) if gold else None,
        "citation_valid": sum(cited) / len(cited) if cited else None,
        "false_positives": len(claims) - len(matched),
        "on_uncheckable": sum(unit.distractor for unit in every),
    }


def job_intervals(every: Sequence[Unit], seed: int) -> dict[str, list[float] | None]:
    """Bootstrap intervals over claims; articles are too few to be drawn."""
    columns: dict[str, list[float | None]] = {
        "claim_recall": [None if not u.gold else float(u.claim is not None) for u in every],
        "claim_precision": [None if u.claim is None else float(u.gold is not None) for u in every],
        "accuracy_matched": [float(u.right) if u.gold and u.decided else None for u in every],
        "end_to_end": [float(u.right) if u.gold else None for u in every],
        "citation_valid": [None if (c := is_cited_well(u.claim or {})) is None else float(c) for u in every],
    }
    found = mean_intervals(columns, range(len(every)), seed)
    matched = [unit for unit in every if unit.gold and unit.decided]
    gold, said = [unit.wanted for unit in matched], [unit.said for unit in matched]
    macro = {"macro_f1_matched": lambda w: weighted.macro_f1(w, gold, said)}
    return found | resample.intervals(macro, range(len(matched)), seed)


def labels(given: Sequence[Unit], seed: int) -> dict[str, Any]:
    """Label quality where the claims are given, overall and by language, subtype, reason and language of evidence."""
    if not given:
        return {}
    cross = [unit for unit in given if unit.gold and unit.gold["cross_lingual"]]
    gold, said = _labelled(given)
    macro = {"macro_f1": lambda w: weighted.macro_f1(w, gold, said)}
    found = resample.intervals(macro, range(len(gold)), seed)
    found |= mean_intervals(
        {"accuracy": [float(a == b) for a, b in zip(gold, said, strict=True)]}, range(len(gold)), seed
    )
    sure, right = _confidence(given)
    return {
        **plain(given),
        "ece": calibration.ece(sure, right),
        "intervals": found,
        "per_class": classification.per_class(gold, said, VERDICTS),
        "languages": {name: plain(part) for name, part in _by(given, "language").items()},
        "items": {name: plain(part) for name, part in _by(given, "item").items()},
        "subtypes": {name: plain(part) for name, part in _subtypes(given).items()},
        "cross_lingual": plain(cross),
    }


def plain(given: Sequence[Unit]) -> dict[str, Any]:
    """Accuracy and macro-F1 of claims that have a label, and how many do not."""
    gold, said = _labelled(given)
    failed = sum(unit.said == FAILED for unit in given)
    return {"n": len(given), "failed": failed, **classification.labelled(gold, said)}


def baselines(rows: Sequence[Row], given: Sequence[Unit], seed: int) -> dict[str, Any]:
    """The gold claims answered without looking at them, without evidence, with the wrong evidence, with BM25 alone."""
    result: dict[str, Any] = {
        "majority": plain(constant(given, _commonest(given))),
        "claim_only": plain(constant(given, "needs_source")),
    }
    for name in (SHUFFLED, BM25):
        if part := of_system(rows, NewsroomSolver.name, name):
            result[name] = labels(units(part), seed)
    return result


def constant(given: Sequence[Unit], label: str) -> list[Unit]:
    """The same claims, all answered with one label. Without evidence that is `needs_source`, by the rules."""
    claim = {"outcome": {"label": label, "citations": []}}
    return [Unit(unit.item, unit.language, unit.gold, claim) for unit in given]


def findings(rows: Sequence[Row], given: Sequence[Unit], seed: int) -> list[str]:
    """What the baselines say, in sentences."""
    if not given:
        return []
    others = {
        "always answering the commonest label": constant(given, _commonest(given)),
        "having no evidence at all": constant(given, "needs_source"),
        "evidence from another article": units(of_system(rows, NewsroomSolver.name, SHUFFLED)),
        "finding evidence by words alone": units(of_system(rows, NewsroomSolver.name, BM25)),
    }
    sentences = []
    for name, other in others.items():
        answers = {unit.key: unit for unit in other}
        shared = [unit for unit in given if unit.key in answers]
        if not shared:
            continue
        gaps = [float(unit.right) - float(answers[unit.key].right) for unit in shared]
        interval = mean_intervals({"gap": gaps}, [unit.key for unit in shared], seed)["gap"]
        if interval and interval[0] <= 0:
            sentences.append(
                f"With the claims given, the pipeline is not shown to beat {name} "
                f"(difference in right labels {sum(gaps) / len(gaps):+.3f}, 95 % {number(interval[0])} to "
                f"{number(interval[1])}, {len(shared)} claims)."
            )
    return sentences


def confusion(given: Sequence[Unit]) -> list[list[int]]:
    """Gold label by given label; the last column counts failures."""
    order = [*VERDICTS, FAILED]
    return classification.confusion([unit.wanted for unit in given], [unit.said for unit in given], order)[:3]


def reliability(given: Sequence[Unit]) -> list[dict[str, float]]:
    """Whether the verdicts' confidence is their accuracy; `needs_source` verdicts claim none and are left out."""
    sure, right = _confidence(given)
    return calibration.reliability(sure, right, bins=10) if sure else []


def mistakes(given: Sequence[Unit]) -> list[dict[str, Any]]:
    """Every claim with a wrong label or none."""
    return [
        {"key": unit.key, "gold": unit.wanted, "said": unit.said, "id": unit.item, "claim": (unit.gold or {})["id"]}
        for unit in given
        if not unit.right and unit.claim is not None
    ]


def _labelled(given: Sequence[Unit]) -> tuple[list[str], list[str]]:
    decided = [unit for unit in given if unit.gold and unit.decided]
    return [unit.wanted for unit in decided], [unit.said for unit in decided]


def _confidence(given: Sequence[Unit]) -> tuple[list[float], list[bool]]:
    told = [
        (float(unit.claim["outcome"]["confidence"]), unit.right)
        for unit in given
        if unit.claim and unit.decided and unit.said != "needs_source"
    ]
    return [sure for sure, _ in told], [right for _, right in told]


def _commonest(given: Sequence[Unit]) -> str:
    counts = Counter(unit.wanted for unit in given)
    return max(VERDICTS, key=lambda label: counts[label])


def _by(every: Sequence[Unit], name: str) -> dict[str, list[Unit]]:
    groups: dict[str, list[Unit]] = {}
    for unit in every:
        groups.setdefault(getattr(unit, name), []).append(unit)
    return groups


def _subtypes(given: Sequence[Unit]) -> dict[str, list[Unit]]:
    groups: dict[str, list[Unit]] = {}
    for unit in given:
        if unit.gold and unit.gold["subtype"]:
            groups.setdefault(unit.gold["subtype"], []).append(unit)
    return dict(sorted(groups.items()))


def _judge(rows: Sequence[Row]) -> str:
    return next((str(row["judge"]) for row in rows if row.get("judge")), "")


TASK = Task(
    name="verdict",
    question="From an article and a store: is every claim found and labelled as it should be?",
    solvers={"newsroom": NewsroomSolver.name},
    data=("seeds",),
    score=score,
)
