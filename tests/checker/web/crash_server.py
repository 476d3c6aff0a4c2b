"""A server that may be killed: the real app and its real worker, with a checker that answers without models.

`python crash_server.py PORT`; the rest is in the environment, as for `saring serve`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))
sys.path.insert(0, str(Path(__file__).parents[3]))

import uvicorn
from reports import make_report

from checker.review import opening
from checker.review.database import Database
from checker.review.jobs import Jobs
from checker.review.service import ReviewService
from checker.settings import load_settings
from checker.telemetry import start_logging
from checker.web.app import create_app
from checker.web.deps import AppState

TAKES = 0.4
"""Seconds a check takes, so that one is under way when the server is killed."""

LEASE = timedelta(seconds=3)
"""A dead server's job is another's after this; it is a minute where nobody waits for a test."""


class Checker:
    """Finds each sentence of an article supported."""

    store = SimpleNamespace(embedder=None)

    def check(self, article: Any, *, as_of: Any = None, progress: Callable[[str, int, int], None]) -> Any:
        progress("judge", 0, 1)
        time.sleep(TAKES)
        sentences = tuple(f"{part}." for part in article.text.rstrip(".").split(". "))
        return make_report(sentences, name=article.id[-16:])

    def close(self) -> None:
        """Nothing is open."""


def _jobs(service: ReviewService) -> Jobs:
    return Jobs(service.database, service.clock, LEASE)


def main() -> None:
    """Serve until killed."""
    opening.open_jobs = _jobs
    settings = load_settings()
    start_logging(settings.log_format, settings.log_level)
    state = AppState(settings, Database.open(settings.database_url), open_checker=Checker)  # type: ignore[arg-type]
    config = uvicorn.Config(
        create_app(state=state), port=int(sys.argv[1]), log_config=None, log_level="warning", access_log=False
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
