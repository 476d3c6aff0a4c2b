"""Are the claims found, with the right span and kind?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.metrics import classification
from evals.metrics.spans import match, overlap
from evals.solvers.extraction import ExtractionSolver
from evals.tasks.base import Task, answered, mean_intervals, share, split
from evals.tasks.units import Unit, units
from evals.types import Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Precision, recall and F1 of claims; overlap and kind of the matched ones; and the every-sentence baseline.

    `n` counts gold claims, `failed` articles that could not be read plus claims that could not be placed.
    """
    mine = [row for row in rows if row["solver"] == ExtractionSolver.name and row.get("kind") == "newsroom"]
    return {
        "task": "claims",
        **{key: value for key, value in measure(mine, seed).items() if key in {"n", "failed"}},
        "overall": measure(mine, seed),
        "languages": {name: measure(part, seed) for name, part in split(mine, "language").items()},
        "items": {name: measure(part, seed) for name, part in split(mine, "id").items()},
        "baselines": {"every_sentence": measure([every_sentence(row) for row in answered(mine)], seed)},
        "detail": {
            "missed": [u.key for u in units(mine) if u.gold and not _found(u)],
            "invented": [
                {"item": u.item, "quote": (u.claim or {}).get("quote", ""), "distractor": u.distractor}
                for u in units(mine)
                if not u.gold
            ],
        },
    }


def measure(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Numbers over claims.

    `overlap` is the mean of characters shared over characters covered, of matched claims. A gold line that names a
    speaker is reported speech (`quote`), any other a `fact`; `kind_accuracy` is over matched claims.
    """
    every = units(rows)
    gold, claims = [u for u in every if u.gold], [u for u in every if u.claim and "start" in u.claim]
    matched = [unit for unit in gold if _found(unit)]
    result: dict[str, Any] = {
        "n": len(gold),
        "failed": len(rows) - len(answered(rows)) + sum(len(row.get("failures", ())) for row in rows),
        "predicted": len(claims),
        **classification.precision_recall_f1(len(matched), len(claims), len(gold)),
    }
    overlaps = [_iou(unit) for unit in matched]
    result["overlap"] = sum(overlaps) / len(overlaps) if overlaps else None
    result["kind_accuracy"] = share([_kind(unit.gold or {}) == (unit.claim or {})["kind"] for unit in matched])
    marked = [(row, line) for row in answered(rows) for line in row["gold"] if not line["checkable"]]
    result["uncheckable"] = len(marked)
    result["uncheckable_taken"] = share([_taken(row, line) for row, line in marked])
    columns: dict[str, list[float | None]] = {
        "recall": [float(_found(u)) if u.gold else None for u in every],
        "precision": [float(u.gold is not None) if u.claim and "start" in u.claim else None for u in every],
    }
    return {**result, "intervals": mean_intervals(columns, range(len(every)), seed)}


def every_sentence(row: Row) -> Row:
    """The row of somebody who takes every sentence of the body for a claim of fact."""
    claims = [
        {"id": f"s{i}", "start": start, "end": end, "quote": "", "kind": "fact", "checkable": True, "attribution": None}
        for i, (start, end) in enumerate(row["sentences"])
    ]
    return {**row, "claims": claims, "failures": []}


def _found(unit: Unit) -> bool:
    return unit.claim is not None and "start" in unit.claim


def _iou(unit: Unit) -> float:
    a, b = unit.gold or {}, unit.claim or {}
    shared = overlap((a["start"], a["end"]), (b["start"], b["end"]))
    covered = int(a["end"] - a["start"] + b["end"] - b["start"]) - shared
    return shared / covered


def _kind(gold: dict[str, Any]) -> str:
    return "quote" if gold["speaker"] or gold["anonymous"] else "fact"


def _taken(row: Row, line: dict[str, Any]) -> bool:
    spans = [(claim["start"], claim["end"]) for claim in row["claims"] if claim["checkable"]]
    return bool(match(spans, [(line["start"], line["end"])]))


TASK = Task(
    name="claims",
    question="Are the claims found, with the right span and kind?",
    solvers={"newsroom": ExtractionSolver.name},
    data=("seeds",),
    score=score,
)
