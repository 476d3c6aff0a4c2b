"""Judges: claim and hits to stances. A third party adds one by the entry point group `saring.judges`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checker.errors import UnknownName
from checker.judges.base import Bench, Hearing, Judge, Judgement, Progress

if TYPE_CHECKING:
    from checker.settings import Settings

__all__ = ["Bench", "Hearing", "Judge", "Judgement", "Progress", "get_judge", "judge_names"]

Factory = Callable[["Settings"], Judge]


def _embedded(settings: Settings) -> Judge:
    from checker.judges.entailment import EntailmentJudge

    return EntailmentJudge.open(threads=settings.threads)


def _llm(settings: Settings) -> Judge:
    from checker.judges.llm import LLMJudge

    return LLMJudge.open(settings)


def _cascade(settings: Settings) -> Judge:
    from checker.judges.cascade import CascadeJudge

    return CascadeJudge(_embedded(settings), _llm(settings), settle=settings.settle, dispute=settings.dispute)


_BUILT_IN: dict[str, Factory] = {"cascade": _cascade, "embedded": _embedded, "llm": _llm}
_GROUP = "saring.judges"


def judge_names() -> list[str]:
    """Names that `get_judge` takes, sorted."""
    from importlib.metadata import entry_points

    return sorted({*_BUILT_IN, *(point.name for point in entry_points(group=_GROUP))})


def get_judge(name: str, settings: Settings) -> Judge:
    """Open the judge of that name.

    Args:
        name: One of `judge_names()`.
        settings: What it is configured by.

    Raises:
        UnknownName: There is none of that name.
        RetrievalError, CheckerError: It cannot be opened (a missing extra, model file or key); says what to do.
    """
    from importlib.metadata import entry_points

    factory: Factory | None = _BUILT_IN.get(name)
    if factory is None:
        for point in entry_points(group=_GROUP, name=name):
            factory = point.load()
            break
    if factory is None:
        raise UnknownName("judge", name, judge_names())
    return factory(settings)
