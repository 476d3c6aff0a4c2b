"""A worker of its own that is killed in the middle: `python doomed_worker.py DATABASE`.

It takes jobs, and beside them acts on items as a person would; each line it prints is an acknowledgement.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report

from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.jobs import Jobs
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action
from checker.review.worker import Worker

LEASE = timedelta(seconds=1)


class SlowChecker:
    """Takes its time over each claim, so that it is killed with a job half done."""

    store = SimpleNamespace(embedder=None)

    def check(self, article: Any, *, as_of: Any = None, progress: Any = None) -> Any:
        for done in range(20):
            progress("judge", done, 20)
            time.sleep(0.05)
        return make_report(name=article.id[-12:])


def main(url: str) -> None:
    database = Database.open(url)
    service = ReviewService(database)
    jobs = Jobs(database, lease=LEASE)
    worker = Worker(service, jobs, checker=SlowChecker, fetcher=lambda: None)  # type: ignore[arg-type,return-value]
    worker.start()
    (user,) = Accounts(database).users()
    actor = Actor(user.id, user.name, user.role)

    def act() -> None:
        for item in service.list(size=200).items:
            service.act(item.id, Action.CLAIM, actor)
            service.act(item.id, Action.DECIDE, actor, Change(label="supported", reason="Ya."))
            sys.stdout.write(f"decided {item.id}\n")
            sys.stdout.flush()

    threading.Thread(target=act, daemon=True).start()
    time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1])
