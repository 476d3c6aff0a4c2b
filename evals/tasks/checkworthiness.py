"""Is a sentence worth checking?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evals.metrics import classification, resample, weighted
from evals.solvers.sentences import SentenceSolver
from evals.tasks.base import Task, answered, split
from evals.types import Row

THRESHOLD = 0.5


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Average precision and AUROC of the ranking; precision, recall and F1 of scores above one half.

    Baselines: ranking by length, by whether there is a digit, and the majority class (whose average precision is the
    share of sentences that are worth checking).
    """
    mine = [row for row in rows if row["solver"] == SentenceSolver.name]
    rules: dict[str, Callable[[Row], float]] = {
        "majority": lambda _: 0.0,
        "length": lambda row: min(1.0, len(row["text"]) / 1000),
        "has_digit": lambda row: float(any(letter.isdigit() for letter in row["text"])),
    }
    return {
        "task": "checkworthiness",
        "n": len(mine),
        "failed": len(mine) - len(answered(mine)),
        "overall": measure(mine, seed),
        "datasets": {name: measure(part, seed) for name, part in split(mine, "dataset").items()},
        "baselines": {
            name: {
                dataset: measure([{**row, "score": rule(row)} for row in part], seed)
                for dataset, part in split(mine, "dataset").items()
            }
            for name, rule in rules.items()
        },
        "detail": {"worst": worst(mine)},
    }


def measure(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Numbers of one ranking."""
    done = answered(rows)
    gold, scores = [bool(row["gold"]) for row in done], [float(row["score"]) for row in done]
    taken = [value >= THRESHOLD for value in scores]
    both = sum(a and b for a, b in zip(gold, taken, strict=True))
    yes = np.array(gold, dtype=bool)
    return {
        "n": len(rows),
        "failed": len(rows) - len(done),
        "worth": sum(gold),
        "average_precision": classification.average_precision(gold, scores),
        **classification.binary(gold, taken, scores),
        **classification.precision_recall_f1(both, sum(taken), sum(gold)),
        "intervals": resample.intervals(
            {
                "auroc": lambda w: weighted.auroc(w, yes, np.array(scores)),
                "balanced_accuracy": lambda w: weighted.balanced_accuracy(w, yes, np.array(taken, dtype=bool)),
            },
            range(len(done)),
            seed,
            resamples=200 if len(done) > 5000 else resample.RESAMPLES,
        ),
    }


def worst(rows: Sequence[Row], most: int = 20) -> list[dict[str, Any]]:
    """Sentences whose score is furthest from what people said."""
    ranked = sorted(answered(rows), key=lambda row: (-abs(float(row["gold"]) - row["score"]), row["id"]))
    return [{"id": row["id"], "gold": row["gold"], "score": row["score"]} for row in ranked[:most]]


TASK = Task(
    name="checkworthiness",
    question="Is a sentence worth checking?",
    solvers={"sentences": SentenceSolver.name},
    data=("claimbuster", "checkthat-2020"),
    score=score,
)
