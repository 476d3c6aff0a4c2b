"""Numbers on dev sets for the judge: accuracy, macro-F1, balanced accuracy, calibration error. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from training.pair_sources import NOT_SUPPORTED, SUPPORTS, Row

Scorer = Callable[[Sequence[tuple[str, str]]], np.ndarray]
"""(premise, claim) pairs to probabilities, (n, 3): supports, refutes, neutral."""


def accuracy(gold: np.ndarray, predicted: np.ndarray) -> float:
    """Share of equal entries."""
    return float((gold == predicted).mean())


def macro_f1(gold: np.ndarray, predicted: np.ndarray, labels: Sequence[int] = (0, 1, 2)) -> float:
    """Mean F1 over the labels that occur in `gold`; a label never predicted has F1 0."""
    scores = []
    for label in labels:
        hit = float(((gold == label) & (predicted == label)).sum())
        if not (gold == label).any():
            continue
        scores.append(2 * hit / max(1.0, float((gold == label).sum() + (predicted == label).sum())))
    return float(np.mean(scores))


def balanced_accuracy(gold: np.ndarray, predicted: np.ndarray) -> float:
    """Mean recall over the labels that occur in `gold`."""
    return float(np.mean([(predicted[gold == label] == label).mean() for label in np.unique(gold)]))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error with equal-width bins (Guo et al. 2017, fifteen bins)."""
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = edges == b
        if inside.any():
            total += inside.mean() * abs(float(confidence[inside].mean()) - float(right[inside].mean()))
    return float(total)


def twins_right(twins: Sequence[tuple[str, Sequence[str]]], right: np.ndarray) -> dict[str, float]:
    """Share of twins that are right on both sides.

    Args:
        twins: Of each claim, which pair it belongs to and the parts (kinds, languages) that the pair counts in.
        right: Whether each claim was labelled rightly.

    Returns:
        The share over all pairs, as `all`, and by part.
    """
    by: dict[str, dict[str, bool]] = defaultdict(dict)
    for (pair, parts), one in zip(twins, right, strict=True):
        for part in ("all", *parts):
            by[part][pair] = by[part].get(pair, True) and bool(one)
    return {part: float(np.mean(list(pairs.values()))) for part, pairs in by.items()}


def score_rows(rows: Sequence[Row], scorer: Scorer) -> dict[str, float]:
    """Accuracy on three-way rows, and balanced accuracy of supports against the rest on all rows."""
    probabilities = scorer([(r.premise, r.claim) for r in rows])
    gold = np.array([r.label for r in rows])
    best = probabilities.argmax(1)
    found = {"n": float(len(rows))}
    if (gold != NOT_SUPPORTED).all() and len(set(gold.tolist())) == 3:
        found["accuracy"] = accuracy(gold, best)
        found["macro_f1"] = macro_f1(gold, best)
        found["refutes_f1"] = macro_f1(gold, best, (1,))
    if (gold == SUPPORTS).any() and (gold != SUPPORTS).any():
        found["balanced"] = balanced_accuracy(gold == SUPPORTS, best == SUPPORTS)
    if (gold != NOT_SUPPORTED).all():
        found["ece"] = expected_calibration_error(probabilities.max(1), best == gold)
    return found
