"""The public API is `__all__`, and it changes on purpose only."""

from __future__ import annotations

import checker

CHECKER = [
    "Article",
    "Attribution",
    "Checker",
    "CheckerError",
    "Citation",
    "Claim",
    "Failure",
    "Outcome",
    "Policy",
    "Report",
    "Sentence",
    "Settings",
    "Stance",
    "Verdict",
    "decide",
    "load_settings",
]


def test_checker() -> None:
    assert checker.__all__ == CHECKER
    assert all(hasattr(checker, name) for name in CHECKER)
