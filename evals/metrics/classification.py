"""Label metrics, computed by scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from evals.errors import MissingTool


def _sklearn() -> Any:
    try:
        import sklearn.metrics
    except ImportError as error:
        raise MissingTool("scikit-learn") from error
    return sklearn.metrics


def labelled(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, float | None]:
    """Accuracy and macro-F1.

    Macro-F1 averages over the labels that occur in `gold` or `predicted` (scikit-learn's default): a judge that
    answers with a class nobody asked for pays for it.

    Returns:
        `accuracy` and `macro_f1`, 0..1; None for both where there is nothing to score.
    """
    if not gold:
        return {"accuracy": None, "macro_f1": None}
    metrics = _sklearn()
    return {
        "accuracy": float(metrics.accuracy_score(gold, predicted)),
        "macro_f1": float(metrics.f1_score(gold, predicted, average="macro", zero_division=0.0)),
    }


def per_class(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of each label; an undefined ratio is 0."""
    if not gold:
        return {label: {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0} for label in labels}
    precision, recall, f1, support = _sklearn().precision_recall_fscore_support(
        gold, predicted, labels=list(labels), zero_division=0.0
    )
    return {
        label: {
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
            "support": int(support[i]),
        }
        for i, label in enumerate(labels)
    }


def confusion(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    """Counts, one row per gold label and one column per predicted label, in the order of `labels`."""
    if not gold:
        return [[0] * len(labels) for _ in labels]
    matrix: list[list[int]] = _sklearn().confusion_matrix(gold, predicted, labels=list(labels)).tolist()
    return matrix


def binary(gold: Sequence[bool], predicted: Sequence[bool], scores: Sequence[float]) -> dict[str, float | None]:
    """Balanced accuracy of yes/no answers, and AUROC of the scores behind them.

    Returns:
        `balanced_accuracy` and `auroc`, 0..1; None where only one of the two classes occurs.
    """
    if len(set(gold)) < 2:
        return {"balanced_accuracy": None, "auroc": None}
    metrics = _sklearn()
    area = float(metrics.roc_auc_score(gold, scores))
    return {
        "balanced_accuracy": float(metrics.balanced_accuracy_score(gold, predicted)),
        "auroc": None if math.isnan(area) else area,
    }


def average_precision(gold: Sequence[bool], scores: Sequence[float]) -> float | None:
    """Average precision of ranking by `scores`; None where no row is positive."""
    if not any(gold):
        return None
    return float(_sklearn().average_precision_score(gold, scores))


def precision_recall_f1(true_positive: int, predicted: int, gold: int) -> dict[str, float | None]:
    """From counts; None where the denominator is 0."""
    precision = true_positive / predicted if predicted else None
    recall = true_positive / gold if gold else None
    total = predicted + gold
    return {"precision": precision, "recall": recall, "f1": 2 * true_positive / total if total else None}
