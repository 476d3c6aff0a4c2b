from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reports import TEXT, make_report

from checker.errors import Held, Incomplete, KeyReused, NotAllowed, NotFound, WrongState
from checker.review.database import Database
from checker.review.jobs import TRIES, Jobs
from checker.review.records import Actor
from checker.review.requests import Request
from checker.review.service import ReviewService

People = dict[str, Actor]
ASKED = Request(text=TEXT, title="Jembatan")


@pytest.fixture
def jobs(database: Database, service: ReviewService) -> Jobs:
    return Jobs(database, service.clock)


def kinds(jobs: Jobs, job_id: str) -> list[str]:
    return [event.kind for event in jobs.events(job_id)]


def test_a_job_from_asking_to_its_items(jobs: Jobs, service: ReviewService, people: People) -> None:
    job = jobs.submit(ASKED, actor=people["ani"])
    assert (job.status, job.request) == ("queued", ASKED)
    lease = jobs.take("w")
    assert lease is not None
    assert jobs.take("other") is None
    jobs.progress(lease, "judge", 1, 3)
    assert (jobs.get(job.id).stage, jobs.get(job.id).done) == ("judge", 1)
    ids = jobs.finish(lease, make_report(name="j"))
    found = jobs.get(job.id)
    assert (found.status, found.done, found.finished) == ("done", 3, True)
    assert jobs.items(job.id) == ids
    assert service.get(ids[0]).check_id == job.id
    assert service.events(ids[0])[0].user_name == "Ani"
    assert kinds(jobs, job.id) == ["queued", "running", "progress", "done"]
    seen = jobs.events(job.id)[1].id
    assert [event.kind for event in jobs.events(job.id, after=seen)] == ["progress", "done"]
    assert (jobs.report(job.id) or {})["id"] == "rep-j"


def test_a_lost_job_is_taken_over_and_the_late_worker_records_nothing(
    jobs: Jobs, service: ReviewService, people: People
) -> None:
    job = jobs.submit(ASKED, actor=people["ani"])
    late = jobs.take("late")
    assert late is not None
    service.clock.forward(seconds=59)  # type: ignore[attr-defined]
    jobs.renew(late)
    service.clock.forward(seconds=59)  # type: ignore[attr-defined]
    assert jobs.take("next") is None, "it is alive"
    service.clock.forward(seconds=2)  # type: ignore[attr-defined]
    lease = jobs.take("next")
    assert lease is not None
    assert lease.job.attempts == 2
    for late_word in (
        lambda: jobs.renew(late),
        lambda: jobs.progress(late, "judge", 1, 2),
        lambda: jobs.finish(late, make_report(name="late")),
        lambda: jobs.fail(late, "x"),
        lambda: jobs.put_back(late, "x"),
    ):
        with pytest.raises(Held):
            late_word()
    assert service.list().total == 0
    assert len(jobs.finish(lease, make_report(name="next"))) == 3
    with pytest.raises(Held):
        jobs.finish(lease, make_report(name="again"))
    assert service.list().total == 3
    assert jobs.get(job.id).status == "done"


def test_a_job_that_ends_its_workers_is_given_up(jobs: Jobs, service: ReviewService, people: People) -> None:
    job = jobs.submit(ASKED, actor=people["ani"])
    for _ in range(TRIES):
        assert jobs.take("w") is not None
        service.clock.forward(minutes=2)  # type: ignore[attr-defined]
    assert jobs.take("w") is None
    assert jobs.get(job.id).status == "failed"
    assert "given up" in jobs.get(job.id).error
    with pytest.raises(NotAllowed):
        jobs.retry(job.id, people["fitri"])
    assert jobs.retry(job.id, people["ani"]).status == "queued"
    with pytest.raises(WrongState):
        jobs.retry(job.id, people["ani"])
    lease = jobs.take("w")
    assert lease is not None
    jobs.finish(lease, make_report(name="r"))
    assert jobs.get(job.id).status == "done"


def test_put_back_waits_and_may_not_count(jobs: Jobs, service: ReviewService, people: People) -> None:
    from datetime import timedelta

    job = jobs.submit(ASKED, actor=people["ani"])
    lease = jobs.take("w")
    assert lease is not None
    jobs.put_back(lease, "busy", timedelta(seconds=30))
    assert jobs.take("w") is None
    service.clock.forward(seconds=31)  # type: ignore[attr-defined]
    lease = jobs.take("w")
    assert lease is not None
    assert lease.job.attempts == 2
    jobs.put_back(lease, "stopped", counts=False)
    late, lease = lease, jobs.take("w")
    assert lease is not None
    assert lease.job.attempts == 2
    with pytest.raises(Held):
        jobs.finish(late, make_report())
    assert jobs.get(job.id).status == "running"


def test_two_workers_never_hold_one_job(jobs: Jobs, people: People) -> None:
    ids = {jobs.submit(ASKED, actor=people["ani"]).id for _ in range(20)}
    taken: list[str] = []

    def work() -> None:
        while (lease := jobs.take("w")) is not None:
            taken.append(lease.job.id)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_twenty_posts_with_one_key_are_one_job(jobs: Jobs, people: People) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(jobs.submit(ASKED, actor=people["ani"], key="k").id))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert len(set(made)) == 1
    assert jobs.list()[1] == 1
    with pytest.raises(KeyReused):
        jobs.submit(Request(text="Lain."), actor=people["ani"], key="k")
    assert jobs.submit(ASKED, actor=people["budi"], key="k").id != made[0], "another person's key is another key"
    with pytest.raises(Incomplete):
        jobs.submit(ASKED, actor=people["ani"], key="")


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request(text=" \n "),
        Request(text="x" * 400_001),
        Request(url="ftp://example.org/a"),
        Request(url="javascript:alert(1)"),
        Request(url="http://user:pw@example.org/"),
        Request(url="nonsense"),
        Request(text=TEXT, language="xx"),
        Request(text=TEXT, as_of="kemarin"),
        Request(text=TEXT, published_at="2025-13"),
        Request(text=TEXT, deadline="besok"),
        Request(text=TEXT, deadline="2026-11-24T17:00:00"),
        Request(text=TEXT, title="x" * 501),
    ],
)
def test_what_cannot_be_checked_is_refused_at_once(jobs: Jobs, people: People, request_: Request) -> None:
    with pytest.raises(Incomplete):
        jobs.submit(request_, actor=people["ani"])
    assert jobs.list()[1] == 0


def test_who_may_ask(jobs: Jobs, people: People) -> None:
    with pytest.raises(NotAllowed):
        jobs.submit(ASKED, actor=people["fitri"])
    with pytest.raises(NotFound):
        jobs.get("chk-none")
    assert jobs.submit(Request(text="\x00 Teks \ud800 aneh."), actor=people["ani"]).request.text.endswith("aneh.")


def test_people_come_before_rechecks_and_an_item_is_rechecked_once(
    jobs: Jobs, service: ReviewService, people: People
) -> None:
    from checker.review.intake import add_report

    first, second, _ = add_report(service, make_report())
    assert jobs.recheck(first) is not None
    assert jobs.recheck(first) is None
    assert jobs.recheck(second) is not None
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    asked = jobs.submit(ASKED, actor=people["ani"])
    lease = jobs.take("w")
    assert lease is not None
    assert lease.job.id == asked.id
    assert [job.id for job in jobs.list()[0]] == [asked.id, *[job.id for job in jobs.list()[0][1:]]]
    assert all(job.origin != "recheck" for job in jobs.list()[0])
    with pytest.raises(NotFound):
        jobs.recheck("itm-none")
    assert jobs.counts() == {"queued": 2, "running": 1, "done": 1, "failed": 0}
