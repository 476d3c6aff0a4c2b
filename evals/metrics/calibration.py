"""Whether a probability means what it says, and what abstaining buys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

BINS = 15
"""Equal-width bins, as in Guo et al. 2017, "On Calibration of Modern Neural Networks"."""


def reliability(confidence: Sequence[float], correct: Sequence[bool], bins: int = BINS) -> list[dict[str, float]]:
    """The reliability curve.

    Args:
        confidence: Probability given to the answer, 0..1.
        correct: Whether the answer was right.
        bins: Number of equal-width bins over 0..1; a bin is open below and closed above, the first holds 0 too.

    Returns:
        One entry per bin that is not empty, in order: `low`, `high`, `n`, mean `confidence`, `accuracy`.
    """
    conf, hit = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    which = bin_of(conf, bins)
    curve = []
    for index in range(bins):
        inside = which == index
        if inside.any():
            curve.append(
                {
                    "low": index / bins,
                    "high": (index + 1) / bins,
                    "n": int(inside.sum()),
                    "confidence": float(conf[inside].mean()),
                    "accuracy": float(hit[inside].mean()),
                }
            )
    return curve


def bin_of(confidence: np.ndarray[Any, Any], bins: int = BINS) -> np.ndarray[Any, Any]:
    """Index of the bin that each confidence falls into."""
    inner_edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    which: np.ndarray[Any, Any] = np.digitize(confidence, inner_edges, right=True)
    return which


def ece(confidence: Sequence[float], correct: Sequence[bool], bins: int = BINS) -> float | None:
    """Expected calibration error: the mean gap between confidence and accuracy, weighted by the bins' sizes."""
    if not len(confidence):
        return None
    curve = reliability(confidence, correct, bins)
    return sum(entry["n"] * abs(entry["confidence"] - entry["accuracy"]) for entry in curve) / len(confidence)


def brier(probabilities: Sequence[Sequence[float]], gold: Sequence[int]) -> float | None:
    """Brier score over classes: mean squared distance to the one-hot answer, 0 (best) to 2 (Brier 1950)."""
    if not len(gold):
        return None
    given = np.asarray(probabilities, dtype=float)
    wanted = np.zeros_like(given)
    wanted[np.arange(len(gold)), np.asarray(gold)] = 1.0
    return float(((given - wanted) ** 2).sum(axis=1).mean())


def risk_coverage(
    confidence: Sequence[float], correct: Sequence[bool], points: int = 100
) -> dict[str, float | list[list[float]] | None]:
    """What is left wrong when only the surest answers are given.

    Answers are taken from the surest down; those of equal confidence are taken together, so that the order of the
    rows cannot matter.

    Returns:
        `curve`: `[coverage, risk]` pairs, at most about `points` of them; `aurc`: mean risk over all coverages
        (Geifman and El-Yaniv 2017); None where there is nothing.
    """
    if not len(confidence):
        return {"curve": [], "aurc": None}
    conf, wrong = np.asarray(confidence, dtype=float), 1.0 - np.asarray(correct, dtype=float)
    order = np.argsort(-conf, kind="stable")
    conf, wrong = conf[order], wrong[order]
    last_of_tie = np.append(np.diff(conf) != 0, True)
    counts = np.arange(1, len(conf) + 1)
    risks = np.cumsum(wrong) / counts
    coverage, risk = counts[last_of_tie] / len(conf), risks[last_of_tie]
    area = float(np.sum(np.diff(np.concatenate([[0.0], coverage])) * risk))
    keep = np.unique(np.linspace(0, len(risk) - 1, min(points, len(risk))).round().astype(int))
    return {"curve": [[float(coverage[i]), float(risk[i])] for i in keep], "aurc": area}
