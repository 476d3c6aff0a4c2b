"""How far a number could be off, and whether two numbers differ by more than chance."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from evals.errors import MissingTool

Array = np.ndarray[Any, Any]
Statistic = Callable[[Array], Array]
"""From weights of shape (resamples, rows) to one value per resample."""

RESAMPLES = 1000
_CELLS = 2_000_000  # weights held at once: about 16 MB


def intervals(
    statistics: Mapping[str, Statistic],
    groups: Sequence[Hashable],
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> dict[str, list[float] | None]:
    """Percentile bootstrap intervals (Efron and Tibshirani 1993, ch. 13).

    Rows of one group are drawn together: pairs about the same claim are not independent, and drawing them singly
    would make intervals too narrow.

    Args:
        statistics: What to compute on each resample.
        groups: The group of each row.
        seed: Same seed, same intervals.
        resamples: How many to draw.
        level: Coverage of the interval.

    Returns:
        `[low, high]` by name; None where the statistic is undefined on most resamples.
    """
    tail = (1 - level) / 2
    result: dict[str, list[float] | None] = {}
    for name, values in _draw(statistics, groups, seed, resamples).items():
        defined = values[~np.isnan(values)]
        if len(defined) < resamples / 2:
            result[name] = None
        else:
            low, high = np.quantile(defined, [tail, 1 - tail])
            result[name] = [float(low), float(high)]
    return result


def _draw(
    statistics: Mapping[str, Statistic], groups: Sequence[Hashable], seed: int, resamples: int
) -> dict[str, Array]:
    if not len(groups):
        return {name: np.full(resamples, np.nan) for name in statistics}
    numbers: dict[Hashable, int] = {}
    member = np.array([numbers.setdefault(group, len(numbers)) for group in groups])
    count = len(numbers)
    random = np.random.default_rng(seed)
    step = max(1, _CELLS // len(groups))
    parts: dict[str, list[Array]] = {name: [] for name in statistics}
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = random.multinomial(count, np.full(count, 1 / count), size=size).astype(float)
        weights = drawn[:, member]
        for name, statistic in statistics.items():
            parts[name].append(statistic(weights))
    return {name: np.concatenate(values) for name, values in parts.items()}


def difference(
    first: Statistic, second: Statistic, groups: Sequence[Hashable], seed: int = 0, resamples: int = RESAMPLES
) -> list[float] | None:
    """95 % interval of `second - first`, both computed on the same resamples (paired bootstrap)."""
    return intervals({"difference": lambda w: second(w) - first(w)}, groups, seed, resamples)["difference"]


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Exact two-sided McNemar test that two systems are right equally often (McNemar 1947; binomial form).

    Args:
        first: Whether the first system was right, case by case.
        second: The same for the second, in the same order.

    Returns:
        The p-value; 1.0 where they never differ.
    """
    try:
        from scipy.stats import binomtest
    except ImportError as error:
        raise MissingTool("SciPy") from error
    gained = sum(1 for a, b in zip(first, second, strict=True) if b and not a)
    lost = sum(1 for a, b in zip(first, second, strict=True) if a and not b)
    if gained + lost == 0:
        return 1.0
    return float(binomtest(gained, gained + lost, 0.5).pvalue)


def permutation_mean(first: Sequence[float], second: Sequence[float], seed: int = 0, rounds: int = 10_000) -> float:
    """Two-sided paired sign-flip test that the mean difference is 0 (Fisher's randomisation test).

    Returns:
        The p-value, counting the observed arrangement as one of the rounds, so it is never 0.
    """
    gaps = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    if not len(gaps) or not gaps.any():
        return 1.0
    observed = abs(gaps.sum())
    random = np.random.default_rng(seed)
    step = max(1, _CELLS // len(gaps))
    as_large = 0
    for start in range(0, rounds, step):
        signs = random.integers(0, 2, size=(min(step, rounds - start), len(gaps))) * 2.0 - 1.0
        as_large += int((np.abs(signs @ gaps) >= observed - 1e-12).sum())
    return (as_large + 1) / (rounds + 1)


def permutation_macro_f1(
    gold: Sequence[str], first: Sequence[str], second: Sequence[str], seed: int = 0, rounds: int = 2000
) -> float:
    """Two-sided approximate randomisation test for a difference in macro-F1 (Noreen 1989; Yeh 2000).

    In each round every case swaps the two systems' answers with probability one half.

    Returns:
        The p-value, counting the observed arrangement as one of the rounds.
    """
    if not len(gold):
        return 1.0
    gold_array, a, b = np.asarray(gold), np.asarray(first), np.asarray(second)
    labels = sorted(set(gold) | set(first) | set(second))
    swap_all = np.array([[0.0], [1.0]]) * np.ones(len(gold))
    start = _macro_f1_of_swapped(swap_all, gold_array, a, b, labels)
    observed = abs(start[1] - start[0])
    random = np.random.default_rng(seed)
    step = max(1, _CELLS // len(gold))
    as_large = 0
    for begin in range(0, rounds, step):
        swaps = random.integers(0, 2, size=(min(step, rounds - begin), len(gold))).astype(float)
        gap = _macro_f1_of_swapped(swaps, gold_array, a, b, labels)
        gap -= _macro_f1_of_swapped(1.0 - swaps, gold_array, a, b, labels)
        as_large += int((np.abs(gap) >= observed - 1e-12).sum())
    return (as_large + 1) / (rounds + 1)


def _macro_f1_of_swapped(swaps: Array, gold: Array, a: Array, b: Array, labels: Sequence[str]) -> Array:
    total, present = np.zeros(len(swaps)), np.zeros(len(swaps))
    for label in labels:
        wanted, in_a, in_b = gold == label, (a == label).astype(float), (b == label).astype(float)
        answered = in_a.sum() + swaps @ (in_b - in_a)
        right = (wanted * in_a).sum() + swaps @ (wanted * (in_b - in_a))
        both = wanted.sum() + answered
        occurs = both > 0
        total += np.where(occurs, 2 * right / np.where(occurs, both, 1.0), 0.0)
        present += occurs
    return total / np.maximum(present, 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down correction for several tests at once (Holm 1979); corrected p-values by name."""
    corrected: dict[str, float] = {}
    running = 0.0
    ranked = sorted(p_values.items(), key=lambda entry: entry[1])
    for index, (name, value) in enumerate(ranked):
        running = max(running, min(1.0, value * (len(ranked) - index)))
        corrected[name] = running
    return corrected
