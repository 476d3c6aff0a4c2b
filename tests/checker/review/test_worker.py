from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "retrieval"))

from doomed_worker import LEASE
from reports import TEXT, make_report
from servers import ReplayServer, Reply

from checker.errors import NoClaims
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.jobs import TRIES, Jobs
from checker.review.records import Actor
from checker.review.requests import Request
from checker.review.service import ReviewService
from checker.review.transitions import Role, State
from checker.review.worker import Worker
from checker.types import Article
from retrieval.fetch import Fetcher, FetchSettings

People = dict[str, Actor]
ROOT = Path(__file__).parents[3]


class ScriptedChecker:
    """Answers each check from a script: an error, or a report made by hand."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.articles: list[Article] = []
        self.asked: list[Any] = []
        self.store = SimpleNamespace(embedder=None)

    def check(self, article: Article, *, as_of: Any = None, progress: Any = None) -> Any:
        self.articles.append(article)
        self.asked.append(as_of)
        for done in range(4):
            progress("judge", done, 3)
        if self.outcomes:
            raise self.outcomes.pop(0)
        return make_report(name=f"w{len(self.articles)}")


@pytest.fixture
def jobs(database: Database, service: ReviewService) -> Jobs:
    return Jobs(database, service.clock)


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        yield running


Make = Callable[..., Worker]


@pytest.fixture
def make(service: ReviewService, jobs: Jobs, server: ReplayServer) -> Make:
    def build(checker: Any, *, hosts: tuple[str, ...] | None = None) -> Worker:
        settings = FetchSettings(hosts=(server.host,) if hosts is None else hosts, retries=0, deadline=5.0)
        return Worker(service, jobs, checker=lambda: checker, fetcher=lambda: Fetcher(settings))

    return build


def test_a_text_is_checked(jobs: Jobs, make: Make, people: People) -> None:
    checker = ScriptedChecker()
    job = jobs.submit(Request(text=TEXT, title="Judul", publisher="Kabar", as_of="2025-06-24"), actor=people["ani"])
    assert make(checker).drain() == 1
    found = jobs.get(job.id)
    assert (found.status, len(jobs.items(job.id))) == ("done", 3)
    (article,) = checker.articles
    assert (article.text, article.title, article.publisher, article.language) == (TEXT, "Judul", "Kabar", "id")
    assert checker.asked == ["2025-06-24"]
    assert [event.done for event in jobs.events(job.id) if event.kind == "progress"] == [0, 3]


def test_a_page_is_fetched_under_guard(
    jobs: Jobs, make: Make, people: People, server: ReplayServer, service: ReviewService
) -> None:
    body = f"<html><head><title>Jembatan</title></head><body><article><p>{TEXT * 5}</p></article></body></html>"
    server.on("/a", Reply(body=body, content_type="text/html"))
    checker = ScriptedChecker()
    job = jobs.submit(Request(url=server.url("/a")), actor=people["ani"])
    make(checker).drain()
    assert jobs.get(job.id).status == "done"
    assert "Dua pilar retak." in checker.articles[0].text
    assert checker.articles[0].url == server.url("/a")
    private = jobs.submit(Request(url=server.url("/a")), actor=people["ani"])
    make(checker, hosts=()).drain()
    assert jobs.get(private.id).status == "failed"
    assert len(checker.articles) == 1


def test_what_passes_is_tried_again_and_what_does_not_is_not(
    jobs: Jobs, make: Make, people: People, server: ReplayServer, service: ReviewService
) -> None:
    server.on("/busy", Reply(503))
    server.on("/gone", Reply(404))
    busy, gone = (jobs.submit(Request(url=server.url(path)), actor=people["ani"]) for path in ("/busy", "/gone"))
    worker = make(ScriptedChecker())
    assert worker.drain() == 2
    assert (jobs.get(busy.id).status, jobs.get(gone.id).status) == ("queued", "failed")
    assert "404" in jobs.get(gone.id).error
    for _ in range(TRIES):
        service.clock.forward(minutes=1)  # type: ignore[attr-defined]
        worker.drain()
    assert jobs.get(busy.id).status == "failed"
    assert len(server.to("/busy")) == TRIES


def test_errors_are_told_and_bugs_do_not_end_the_worker(
    jobs: Jobs, make: Make, people: People, service: ReviewService
) -> None:
    checker = ScriptedChecker(NoClaims("no claim was found"), ZeroDivisionError("secret detail"))
    first = jobs.submit(Request(text=TEXT), actor=people["ani"])
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]  # two of one moment come in any order
    second = jobs.submit(Request(text=TEXT), actor=people["ani"])
    worker = make(checker)
    worker.drain()
    assert (jobs.get(first.id).status, jobs.get(first.id).error) == ("failed", "no claim was found")
    assert jobs.get(second.id).status == "queued"
    assert "secret" not in jobs.events(second.id)[-1].message
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    worker.drain()
    assert jobs.get(second.id).status == "done"


def test_a_stopped_worker_gives_its_job_back(
    database: Database, service: ReviewService, jobs: Jobs, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.review.worker.GRACE", 0.1)
    begun, go_on = threading.Event(), threading.Event()

    class Stuck(ScriptedChecker):
        def check(self, article: Article, *, as_of: Any = None, progress: Any = None) -> Any:
            begun.set()
            go_on.wait(10)
            return super().check(article, as_of=as_of, progress=progress)

    job = jobs.submit(Request(text=TEXT), actor=people["ani"])
    worker = Worker(service, jobs, checker=Stuck, fetcher=Fetcher)
    worker.start()
    assert begun.wait(10)
    worker.close()
    found = jobs.get(job.id)
    assert (found.status, found.attempts) == ("queued", 0)
    go_on.set()
    for thread in worker._threads:
        thread.join(10)
    assert jobs.get(job.id).status == "queued", "what it says afterwards is not heard"
    assert service.list().total == 0


def test_killed_in_the_middle_nothing_is_lost_and_nothing_done_twice(database: Database, database_url: str) -> None:
    service, jobs = ReviewService(database), Jobs(database, lease=LEASE)
    user = Accounts(database).create("ani", None, Role.CHECKER)
    actor = Actor(user.id, user.name, user.role)
    old = add_report(service, make_report(tuple(f"Kalimat nomor {n}." for n in range(150)), name="old"))
    asked = [jobs.submit(Request(text=f"{TEXT} Bagian {n}."), actor=actor, key=f"k{n}").id for n in range(3)]
    doomed = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("doomed_worker.py")), database_url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert doomed.stdout is not None
        acknowledged = [doomed.stdout.readline().split()[1] for _ in range(5)]
        ends = time.monotonic() + 20
        while not any(jobs.get(job).stage == "judge" for job in asked) and time.monotonic() < ends:
            time.sleep(0.02)
        doomed.send_signal(signal.SIGKILL)
        acknowledged += [line.split()[1] for line in doomed.stdout if line.endswith("\n")]
    finally:
        doomed.kill()
        doomed.wait()
        doomed.stdout.close()
    assert {service.get(item).state for item in acknowledged} == {State.DECIDED}
    assert all(len(service.decisions(item)) <= 1 for item in old)
    checker = ScriptedChecker()
    worker = Worker(service, jobs, checker=lambda: checker, fetcher=Fetcher)  # type: ignore[arg-type,return-value]
    ends = time.monotonic() + 20
    while not all(jobs.get(job).finished for job in asked) and time.monotonic() < ends:
        if not worker.work_once():
            time.sleep(0.1)
    assert [jobs.get(job).status for job in asked] == ["done"] * 3
    assert [len(jobs.items(job)) for job in asked] == [3] * 3
    assert any(jobs.get(job).attempts == 2 for job in asked)
    assert [jobs.submit(Request(text=f"{TEXT} Bagian {n}."), actor=actor, key=f"k{n}").id for n in range(3)] == asked
