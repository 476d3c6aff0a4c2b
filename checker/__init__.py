"""Claims: from an article to verdicts, and the people who use them.

>>> from checker import Checker
>>> report = Checker.open(store="evidence").check(text)   # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.errors import CheckerError
    from checker.pipeline import Checker
    from checker.settings import Settings, load_settings
    from checker.types import (
        Article,
        Attribution,
        Citation,
        Claim,
        Failure,
        Outcome,
        Report,
        Sentence,
        Stance,
        Verdict,
    )
    from checker.verdict import Policy, decide

__all__ = [
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

_HOME = {
    "Checker": "checker.pipeline",
    "CheckerError": "checker.errors",
    "Policy": "checker.verdict",
    "Settings": "checker.settings",
    "decide": "checker.verdict",
    "load_settings": "checker.settings",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `saring --help` answers at once."""
    if name not in __all__:
        raise AttributeError(f"module 'checker' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME.get(name, "checker.types")), name)
    globals()[name] = value
    return value
