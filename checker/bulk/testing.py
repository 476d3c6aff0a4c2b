"""A checker that loads no models and does what the article tells it, for tests of bulk runs on any engine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from checker.bulk.checking import CheckJob, CheckWorker
from checker.errors import ModelUnavailable
from checker.types import Article, Claim, Failure, Outcome, Report, Verdict

LOG = "checked.log"
"""File of the run's folder with the title of every article that was checked, each time it was."""


@dataclass(frozen=True, slots=True)
class ScriptedJob(CheckJob):
    """A `CheckJob` whose checker obeys words of the article.

    `DIE` ends the process, `RAISE` raises an exception that is not ours, `OUTAGE` says that no model can be reached,
    `BUDGET` that the day's cap is reached, `FAIL` makes the claim fail, `SLOW` takes a fifth of a second
    and `BRIEF` a hundredth.
    """

    def must_open(self) -> None:
        """It always can."""

    def open(self) -> CheckWorker:
        """A worker with the scripted checker."""
        return CheckWorker(self, cast(Any, ScriptedChecker(Path(self.folder))))


class ScriptedChecker:
    """Stands in for `checker.pipeline.Checker`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def close(self) -> None:
        """Nothing is open."""

    def check(self, article: Article, *, as_of: str) -> Report:
        """A report with one claim, as the article's words have it."""
        words = set(article.text.split())
        if words & {"SLOW", "BRIEF"}:
            time.sleep(0.2 if "SLOW" in words else 0.01)
        if "DIE" in words:
            os._exit(77)
        if "RAISE" in words:
            raise ValueError("this article cannot be read by anybody")
        if "OUTAGE" in words:
            raise ModelUnavailable("the chat model cannot be reached; try again later")
        with (self._folder / LOG).open("ab", buffering=0) as file:
            file.write(f"{article.title}\n".encode())
        claim = Claim("c1", article.text, article.text, 0, len(article.text))
        outcome: Outcome = Verdict("c1", "needs_source", "no_evidence", "needs_source", 0.9, (), 0, "scripted")
        if "BUDGET" in words:
            outcome = Failure("c1", "judge", "BudgetExhausted", "today's cap is reached; raise SARING_DAILY_TOKENS")
        elif "FAIL" in words:
            outcome = Failure("c1", "judge", "CallFailed", "the chat model did not answer")
        return Report(f"rep-{article.id}", article, (claim,), (outcome,), {}, {}, as_of, as_of, 0.0)
