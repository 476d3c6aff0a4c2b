"""Starting a check, and watching it, by page and by API."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import Browser
from reports import TEXT, make_report

from checker.review.jobs import Jobs
from checker.review.requests import Request
from checker.web.deps import AppState
from checker.web.routes.checks import jobs_of

SignIn = Callable[[str], Browser]


@pytest.fixture
def jobs(saring: AppState) -> Jobs:
    return jobs_of(saring)


def do(jobs: Jobs, *, fail: str = "") -> None:
    """What a worker does."""
    lease = jobs.take("test")
    assert lease is not None
    jobs.progress(lease, "judge", 1, 3)
    if fail:
        jobs.fail(lease, fail)
    else:
        jobs.finish(lease, make_report(name=lease.job.id))


def read(stream: str) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for block in stream.replace("\r\n", "\n").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def test_a_pasted_article_is_checked_and_shown(sign_in: SignIn, jobs: Jobs) -> None:
    ani = sign_in("ani")
    key = ani.get("/checks").text.split('name="key" value="')[1].split('"')[0]
    answer = ani.fill("/checks", text=TEXT, title="Jembatan", key=key)
    assert answer.status_code == 303
    assert ani.fill("/checks", text=TEXT, title="Jembatan", key=key).headers["location"] == answer.headers["location"]
    page = answer.headers["location"]
    waiting = ani.get(page).text
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert f"/api{page}/events?since=" in waiting
    do(jobs)
    done = ani.get(page).text
    assert "Dua pilar retak." in done
    assert "refresh" not in done
    assert "Jembatan" in ani.get("/checks").text
    assert len(jobs.list()[0]) == 1


def test_the_stream_tells_all_and_goes_on_where_it_was(sign_in: SignIn, jobs: Jobs) -> None:
    ani = sign_in("ani")
    job = jobs.submit(Request(text=TEXT))
    do(jobs)
    path = f"/api/checks/{job.id}/events"
    answer = ani.get(path)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = read(answer.text)
    assert [kind for _, kind, _ in events] == ["queued", "running", "progress", "done"]
    assert events[2][2]["done"] == 1
    again = read(ani.get(path, headers={"Last-Event-ID": events[1][0]}).text)
    assert [kind for _, kind, _ in again] == ["progress", "done"]
    assert ani.get(path, headers={"Last-Event-ID": events[3][0]}).status_code == 204
    assert ani.get(f"{path}?since={events[3][0]}").status_code == 204
    for odd in ("abc", "²", "-1", "9" * 19):
        assert ani.get(path, headers={"Last-Event-ID": odd.encode()}).status_code in (200, 204)


def test_the_stream_follows_what_another_process_does(sign_in: SignIn, jobs: Jobs) -> None:
    ani = sign_in("ani")
    job = jobs.submit(Request(text=TEXT))

    def later() -> None:
        time.sleep(0.3)
        do(jobs)

    thread = threading.Thread(target=later)
    thread.start()
    assert [kind for _, kind, _ in read(ani.get(f"/api/checks/{job.id}/events").text)][-1] == "done"
    thread.join()


def test_by_api(sign_in: SignIn, jobs: Jobs) -> None:
    ani = sign_in("ani")
    headers = {"X-CSRF-Token": ani.token(), "Idempotency-Key": "k1"}
    answer = ani.post("/api/checks", json={"text": TEXT}, headers=headers)
    assert answer.status_code == 202
    made = answer.json()
    assert answer.headers["location"] == f"/api/checks/{made['id']}"
    assert ani.post("/api/checks", json={"text": TEXT}, headers=headers).json()["id"] == made["id"]
    assert ani.post("/api/checks", json={"text": "Lain."}, headers=headers).status_code == 422
    assert ani.get(f"/api/checks/{made['id']}/report").status_code == 204
    do(jobs)
    read_back = ani.get(f"/api/checks/{made['id']}").json()
    assert (read_back["status"], len(read_back["items"])) == ("done", 3)
    assert ani.get(f"/api/checks/{made['id']}/report").json()["id"].startswith("rep-")
    assert 'page=1>; rel="first"' in ani.get("/api/checks?size=1").headers["link"]
    listed = ani.get("/api/checks?status=done").json()
    assert [check["id"] for check in listed["checks"]] == [made["id"]]
    assert ani.get("/api/checks?status=failed").json()["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": " "},
        {"text": "x" * 400_001},
        {"url": "javascript:alert(1)"},
        {"url": "http://\x00"},
        {"text": "x", "deadline": "soon"},
        {"text": "x", "as_of": "kapan"},
        {"text": "x", "unknown": 1},
    ],
)
def test_what_cannot_be_checked_is_refused(sign_in: SignIn, jobs: Jobs, body: dict[str, Any]) -> None:
    ani = sign_in("ani")
    answer = ani.post("/api/checks", json=body, headers={"X-CSRF-Token": ani.token()})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert jobs.list()[1] == 0


def test_a_failed_check_says_why_and_is_tried_again(sign_in: SignIn, jobs: Jobs) -> None:
    ani, fitri = sign_in("ani"), sign_in("fitri")
    job = jobs.submit(Request(url="https://example.org/<script>alert(1)</script>"))
    do(jobs, fail="<img src=x onerror=alert(1)>")
    page = ani.get(f"/checks/{job.id}").text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x" in page
    assert fitri.fill(f"/checks/{job.id}/retry").status_code == 403
    assert ani.fill(f"/checks/{job.id}/retry").status_code == 303
    assert jobs.get(job.id).status == "queued"
    assert ani.fill(f"/checks/{job.id}/retry").status_code == 409


def test_who_may(sign_in: SignIn, stranger: Browser, jobs: Jobs) -> None:
    fitri = sign_in("fitri")
    assert fitri.get("/checks").status_code == 200
    assert 'action="/checks"' not in fitri.get("/checks").text
    assert fitri.fill("/checks", text=TEXT).status_code == 403
    assert fitri.post("/api/checks", json={"text": TEXT}, headers={"X-CSRF-Token": fitri.token()}).status_code == 403
    assert stranger.get("/checks").status_code == 303
    assert stranger.get("/api/checks").status_code == 401
    assert stranger.get("/api/checks/chk-none/events").status_code == 401
    assert fitri.get("/api/checks/chk-none").status_code == 404
    assert fitri.get("/checks/chk-none").status_code == 404
    assert jobs.list()[1] == 0


def test_a_form_that_cannot_be_used_keeps_what_was_typed(sign_in: SignIn, jobs: Jobs) -> None:
    ani = sign_in("ani")
    answer = ani.fill("/checks", url="ftp://example.org/a", publisher='Kabar "Pagi" <b>')
    assert answer.status_code == 422
    assert "Kabar &#34;Pagi&#34; &lt;b&gt;" in answer.text
    assert 'role="alert"' in answer.text


def test_the_server_does_the_checks_itself(app: FastAPI, saring: AppState, sign_in: SignIn, jobs: Jobs) -> None:
    class Checker:
        store = SimpleNamespace(embedder=None)

        def check(self, article: Any, *, as_of: Any = None, progress: Any = None) -> Any:
            return make_report()

        def close(self) -> None:
            pass

    saring._open_checker = Checker  # type: ignore[assignment]
    job = jobs.submit(Request(text=TEXT))
    with Browser(app):
        ends = time.monotonic() + 10
        while not jobs.get(job.id).finished and time.monotonic() < ends:
            time.sleep(0.05)
    assert jobs.get(job.id).status == "done"
