"""Which found span is which wanted span."""

from __future__ import annotations

from collections.abc import Sequence

from evals.errors import MissingTool

Span = tuple[int, int]

LEAST_OVERLAP = 0.5
"""Share of the shorter span that the two must have in common to be about the same thing."""


def overlap(a: Span, b: Span) -> int:
    """Number of characters two spans share."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def same(a: Span, b: Span, least: float = LEAST_OVERLAP) -> bool:
    """Whether two spans share at least `least` of the shorter one."""
    shorter = min(a[1] - a[0], b[1] - b[0])
    return shorter > 0 and overlap(a, b) >= least * shorter


def match(found: Sequence[Span], wanted: Sequence[Span], least: float = LEAST_OVERLAP) -> list[tuple[int, int]]:
    """Match one to one so that the summed overlap (characters shared over characters covered) is largest.

    Returns:
        Pairs of (index in `found`, index in `wanted`), ordered by the latter; a span is in at most one pair, and
        only pairs that share at least `least` of the shorter span count.
    """
    if not found or not wanted:
        return []
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise MissingTool("SciPy") from error
    import numpy as np

    gain = np.zeros((len(found), len(wanted)))
    for i, a in enumerate(found):
        for j, b in enumerate(wanted):
            if same(a, b, least):
                shared = overlap(a, b)
                gain[i, j] = shared / ((a[1] - a[0]) + (b[1] - b[0]) - shared)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    pairs = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if gain[i, j] > 0]
    return sorted(pairs, key=lambda pair: pair[1])
