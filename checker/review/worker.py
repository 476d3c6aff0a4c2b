"""Doing the background checks and sending what webhooks are due: in the server's process, or in one of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from checker.errors import CheckerError, Held
from checker.review import intake, rechecks
from checker.review.jobs import LEASE, RECHECK, TRIES, Jobs
from checker.review.merging import claim_vectors
from checker.review.requests import Lease, Request
from checker.review.service import ReviewService
from checker.review.webhooks import Webhooks
from retrieval.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    HTTPStatusError,
    NameNotResolved,
    RetrievalError,
    Throttled,
)

if TYPE_CHECKING:
    from checker.pipeline import Checker
    from checker.types import Article
    from retrieval.fetch import Fetcher

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between looks for work when there is none."""

TOLD = 0.5
"""Least seconds between two words of progress within a stage."""

LONGEST = 3600.0
"""Seconds after which a job that still runs is given up to others: something in it hangs."""

GRACE = 5.0
"""Seconds that a worker which is told to end gives its job to finish."""

AGAIN = timedelta(seconds=30)


class Worker:
    """Works until it is closed. Several may work on one database, in threads, processes and on machines."""

    def __init__(
        self,
        service: ReviewService,
        jobs: Jobs,
        *,
        checker: Callable[[], Checker],
        fetcher: Callable[[], Fetcher],
        webhooks: Webhooks | None = None,
        hook_fetcher: Callable[[], Fetcher] | None = None,
    ) -> None:
        """Make a worker; `start` sets it to work.

        Args:
            service: The queue.
            jobs: What there is to do.
            checker: Opens the checker when a job first needs it.
            fetcher: Makes what fetches the pages of addresses.
            webhooks: Receivers to be told; None where another worker does that.
            hook_fetcher: Makes what tells them; it has an allow-list of its own.
        """
        self.service = service
        self.jobs = jobs
        self.webhooks = webhooks
        self.name = f"{socket.gethostname()[:24]}:{os.getpid()}"
        self._checker = checker
        self._fetcher = fetcher
        self._hook_fetcher = hook_fetcher or fetcher
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._current: Lease | None = None

    def start(self) -> None:
        """Begin to work in threads of its own."""
        loops = [("saring-checks", self._check_loop)]
        if self.webhooks is not None:
            loops.append(("saring-webhooks", self._hook_loop))
        for name, loop in loops:
            # Daemon threads: a model in the middle of a batch cannot be interrupted, and must not keep the server up.
            self._threads.append(threading.Thread(target=loop, name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End. A job that does not finish at once goes back into the queue, and its attempt does not count."""
        self._stop.set()
        ends = time.monotonic() + GRACE
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        if (lease := self._current) is not None:
            with contextlib.suppress(Held):
                self.jobs.put_back(lease, "the server was stopped", counts=False)

    def drain(self) -> int:
        """Do everything there is to do now, in this thread; how many jobs that was."""
        done = 0
        while not self._stop.is_set() and self.work_once():
            done += 1
        return done

    def tell(self) -> int:
        """Send webhooks everything that is due now, in this thread; how many deliveries were tried."""
        if self.webhooks is None:
            return 0
        tried = 0
        with self._hook_fetcher() as fetcher:
            while (done := self.webhooks.deliver(fetcher)) > 0:
                tried += done
        return tried

    def work_once(self) -> bool:
        """Do one job; whether there was one."""
        lease = self.jobs.take(self.name)
        if lease is None:
            return False
        self._current = lease
        try:
            self._work(lease)
        finally:
            self._current = None
        return True

    def _check_loop(self) -> None:
        self._loop(self.work_once)

    def _hook_loop(self) -> None:
        assert self.webhooks is not None
        webhooks = self.webhooks
        with self._hook_fetcher() as fetcher:
            self._loop(lambda: webhooks.deliver(fetcher) > 0)

    def _loop(self, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            try:
                worked = step()
            except Exception:
                # The database may be away for a while; a worker that ended here would never come back.
                log.exception("a background step failed; trying again")
                worked = False
                self._stop.wait(5 * IDLE)
            if not worked:
                self._stop.wait(IDLE)

    def _work(self, lease: Lease) -> None:
        try:
            with self._alive(lease):
                if lease.job.origin == RECHECK:
                    self._recheck(lease)
                else:
                    self._check(lease)
        except Held:
            log.warning("check %s was taken over by another worker", lease.job.id)
        except (Throttled, ConnectionFailed, DeadlineExceeded, NameNotResolved, HTTPStatusError) as error:
            passing = not isinstance(error, HTTPStatusError) or error.status >= 500
            self._end(lease, str(error), again=passing)
        except (CheckerError, RetrievalError) as error:
            self._end(lease, str(error), again=False)
        except Exception as error:
            log.exception("check %s broke", lease.job.id)
            self._end(lease, f"internal error: {type(error).__name__}; the server's log says where", again=True)

    def _end(self, lease: Lease, message: str, *, again: bool) -> None:
        with contextlib.suppress(Held):
            if again and lease.job.attempts < TRIES:
                self.jobs.put_back(lease, message, AGAIN)
            else:
                self.jobs.fail(lease, message)

    def _check(self, lease: Lease) -> None:
        request = lease.job.request
        article = self._read(lease, request)
        checker = self._checker()
        report = checker.check(article, as_of=request.as_of or None, progress=self._progress(lease))
        vectors = claim_vectors(checker.store.embedder, intake.checked_claims(report))
        self.jobs.finish(lease, report, vectors)

    def _recheck(self, lease: Lease) -> None:
        item = self.service.get(lease.job.request.item_id)
        if item.state in rechecks.DECIDED:
            report = rechecks.check_again(self._checker(), self.service, item)
            if report.failures:
                raise CheckerError(report.failures[0].message)
            intake.recheck(self.service, item.id, report)
        self.jobs.finish_recheck(lease)

    def _read(self, lease: Lease, request: Request) -> Article:
        from checker.article import LANGUAGES, article_from_text

        known = {"title": request.title, "publisher": request.publisher, "published_at": request.published_at}
        language, url, text = request.language, request.url, request.text
        if not text.strip():
            from retrieval.connectors.pages import Link, fetch_page

            self.jobs.progress(lease, "fetch", 0, 1)
            with self._fetcher() as fetcher:
                source = fetch_page(fetcher, Link(url))
            self.jobs.progress(lease, "fetch", 1, 1)
            text, url = source.text, source.url or url
            found = {"title": source.title, "publisher": source.publisher, "published_at": source.published_at or ""}
            known = {name: value or found[name] for name, value in known.items()}
            language = language or (source.language if source.language in LANGUAGES else "")
        return article_from_text(
            text,
            url=url,
            title=known["title"],
            publisher=known["publisher"],
            published_at=known["published_at"] or None,
            language=language,
        )

    def _progress(self, lease: Lease) -> Callable[[str, int, int], None]:
        said: tuple[str, float] = ("", 0.0)

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal said
            now = time.monotonic()
            if stage == said[0] and done < total and now - said[1] < TOLD:
                return
            said = (stage, now)
            # A check must not end because somebody could not be told; that it is lost is found when it is finished.
            with contextlib.suppress(Exception):
                self.jobs.progress(lease, stage, done, total)

        return progress

    @contextlib.contextmanager
    def _alive(self, lease: Lease) -> Iterator[None]:
        """Renew the lease while a job runs, also through a long silence of a model."""
        ended = threading.Event()

        def beat() -> None:
            ends = time.monotonic() + LONGEST
            while not ended.wait(self.jobs.lease.total_seconds() / 3) and time.monotonic() < ends:
                try:
                    self.jobs.renew(lease)
                except Held:
                    return
                except Exception:
                    log.warning("cannot renew the lease of check %s; trying again", lease.job.id, exc_info=True)

        thread = threading.Thread(target=beat, name="saring-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(LEASE.total_seconds())
