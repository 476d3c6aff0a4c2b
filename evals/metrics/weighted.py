"""The same metrics over many weightings of the rows at once, for resampling.

A bootstrap resample is a weighting of the rows, so a thousand of them are one matrix. Each function here equals its
namesake in `classification` or `calibration` when a row of weight w stands for w equal rows; tests hold that.
Weights have the shape (resamples, rows); results have the shape (resamples,), NaN where undefined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evals.metrics.calibration import BINS, bin_of

Array = np.ndarray[Any, Any]


def accuracy(weights: Array, correct: Array) -> Array:
    """Weighted share of right answers."""
    return _ratio(weights @ correct.astype(float), weights.sum(axis=1))


def macro_f1(weights: Array, gold: Sequence[str], predicted: Sequence[str]) -> Array:
    """Mean F1 over the labels that occur in the resample, as gold or as answer."""
    gold_array, predicted_array = np.asarray(gold), np.asarray(predicted)
    total, present = np.zeros(len(weights)), np.zeros(len(weights))
    for label in sorted(set(gold) | set(predicted)):
        is_gold, is_predicted = gold_array == label, predicted_array == label
        true_positive = weights @ (is_gold & is_predicted).astype(float)
        both = weights @ (is_gold.astype(float) + is_predicted.astype(float))
        occurs = both > 0
        total += np.where(occurs, 2 * true_positive / np.where(occurs, both, 1.0), 0.0)
        present += occurs
    return _ratio(total, present)


def balanced_accuracy(weights: Array, gold: Array, predicted: Array) -> Array:
    """Mean of the recalls of yes and no; NaN where one of them does not occur."""
    right = gold == predicted
    yes = _ratio(weights @ (gold & right).astype(float), weights @ gold.astype(float))
    no = _ratio(weights @ (~gold & right).astype(float), weights @ (~gold).astype(float))
    return (yes + no) / 2


def auroc(weights: Array, gold: Array, scores: Array) -> Array:
    """Chance that a positive row scores above a negative one, ties counting half."""
    if not len(gold):
        return np.full(len(weights), np.nan)
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
    sorted_weights, sorted_gold = weights[:, order], gold[order].astype(float)
    positive = np.add.reduceat(sorted_weights * sorted_gold, starts, axis=1)
    negative = np.add.reduceat(sorted_weights * (1 - sorted_gold), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    wins = (positive * (below + negative / 2)).sum(axis=1)
    return _ratio(wins, positive.sum(axis=1) * negative.sum(axis=1))


def ece(weights: Array, confidence: Array, correct: Array, bins: int = BINS) -> Array:
    """Expected calibration error."""
    which = bin_of(confidence, bins)
    gaps = np.zeros(len(weights))
    for index in range(bins):
        inside = which == index
        if inside.any():
            gap = confidence[inside] - correct[inside].astype(float)
            gaps += np.abs(weights[:, inside] @ gap)
    return _ratio(gaps, weights.sum(axis=1))


def mean(weights: Array, values: Array) -> Array:
    """Weighted mean."""
    return _ratio(weights @ values, weights.sum(axis=1))


def _ratio(top: Array, bottom: Array) -> Array:
    defined = bottom > 0
    return np.where(defined, top / np.where(defined, bottom, 1.0), np.nan)
