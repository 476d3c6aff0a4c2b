"""Two `saring serve` on one PostgreSQL and one Chroma server, as behind a proxy: nothing is held by one of them alone.

Each person's every request goes to whichever server is next, and each server has a cache folder of its own, as it would
on another machine.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))
from postgres import fresh_postgres
from reports import make_report

from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.service import ReviewService
from checker.review.transitions import Role

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-c", "import sys; from checker.cli import main; sys.exit(main())")
PASSWORD = "tiga kuda di tepi sawah"
PEOPLE = 20
ITEMS = 60


class Site(NamedTuple):
    """Two servers, and the database behind them."""

    servers: tuple[str, str]
    service: ReviewService
    tokens: tuple[str, ...]
    logs: tuple[Path, Path]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if httpx.get(url, timeout=10).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{url} does not answer: {log.read_text()}")
        time.sleep(0.3)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with fresh_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server with the demo's evidence."""
    folder = tmp_path_factory.mktemp("chroma")
    command = shutil.which("chroma") or str(Path(sys.executable).with_name("chroma"))
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [command, "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )
    try:
        _answers(f"{url}/api/v2/heartbeat", server, folder / "log")
        added = subprocess.run(
            [*PROGRAM, "evidence", "add", str(ROOT / "seeds" / "evidence"), "--store", url],
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")},
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert added.returncode == 0, added.stderr.decode()
        yield url
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, database_url: str, chroma: str) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    database = Database.open(database_url)
    accounts = Accounts(database)
    service = ReviewService(database)
    accounts.create("eko", PASSWORD, Role.ADMIN)
    tokens = []
    for number in range(PEOPLE):
        user = accounts.create(f"orang{number}", None, Role.CHECKER, subject=f"orang{number}")
        tokens.append(accounts.create_token(user.id, "uji", ("read", "check", "review"))[1])
    processes, servers, logs = [], [], []
    try:
        for name in ("a", "b"):
            port = _free_port()
            log = folder / f"{name}.log"
            with log.open("wb") as file:
                process = subprocess.Popen(
                    [*PROGRAM, "serve", "--port", str(port), "--store", chroma],
                    stdout=file,
                    stderr=file,
                    cwd=folder,
                    env={
                        **os.environ,
                        "PYTHONPATH": str(ROOT),
                        "SARING_CONFIG": str(folder / "none.toml"),
                        "SARING_DATABASE_URL": database_url,
                        "SARING_LOG_FORMAT": "json",
                        "XDG_CACHE_HOME": str(folder / name),
                        "OMP_NUM_THREADS": "1",
                    },
                )
            processes.append(process)
            servers.append(f"http://127.0.0.1:{port}")
            logs.append(log)
        for server, process, log in zip(servers, processes, logs, strict=True):
            _answers(f"{server}/readyz", process, log)
        yield Site((servers[0], servers[1]), service, tuple(tokens), (logs[0], logs[1]))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)
        database.close()


class Person:
    """Somebody whose requests a proxy spreads over the servers."""

    def __init__(self, site: Site, number: int) -> None:
        self.number = number
        self._next = cycle(site.servers if number % 2 else site.servers[::-1])
        self._client = httpx.Client(headers={"Authorization": f"Bearer {site.tokens[number]}"}, timeout=60)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, next(self._next) + path, **options)


def together(work: list[Callable[[], None]]) -> None:
    """Do it all at once; the first thing that went wrong is raised."""
    wrong: list[BaseException] = []
    gate = threading.Barrier(len(work))

    def one(task: Callable[[], None]) -> None:
        try:
            gate.wait()
            task()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(task,)) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


def test_twenty_people_work_through_the_queue_without_a_lost_or_doubled_decision(site: Site) -> None:
    sentences = tuple(f"Kalimat uji nomor {number}." for number in range(ITEMS))
    ids = add_report(site.service, make_report(sentences, name="crowd"))
    assert len(ids) == ITEMS
    claimed: list[tuple[str, int]] = []
    decided: list[tuple[str, int]] = []
    refused: Counter[str] = Counter()

    def work(person: Person) -> None:
        while True:
            page = person.ask("GET", "/api/items", params={"state": "new", "size": 200})
            assert page.status_code == 200, page.text
            waiting = [item["id"] for item in page.json()["items"]]
            if not waiting:
                return
            # All reach for the same few first, as people do who see one list.
            for item_id in waiting[:3]:
                answer = person.ask("POST", f"/api/items/{item_id}/claim", json={})
                if answer.status_code != 200:
                    assert answer.status_code == 409, answer.text
                    refused[answer.json()["title"]] += 1
                    continue
                claimed.append((item_id, person.number))
                answer = person.ask(
                    "POST",
                    f"/api/items/{item_id}/decide",
                    json={"label": "supported", "reason": f"Diputuskan orang {person.number}."},
                    headers={"If-Match": answer.headers["etag"]},
                )
                assert answer.status_code == 200, answer.text
                decided.append((item_id, person.number))

    people = [Person(site, number) for number in range(PEOPLE)]
    together([partial(work, person) for person in people])
    assert sorted(item_id for item_id, _ in claimed) == sorted(ids), "each item was claimed once"
    assert sorted(decided) == sorted(claimed)
    assert refused, "nobody was in anybody's way: that tests nothing"
    assert len({number for _, number in decided}) > 1
    for item_id, number in decided:
        for server in site.servers:
            seen = people[number]._client.get(f"{server}/api/items/{item_id}").json()
            done = [event["action"] for event in seen["events"] if not event["refused"]]
            assert (done.count("claim"), done.count("decide")) == (1, 1)
            [decision] = seen["decisions"]
            assert decision["reason"] == f"Diputuskan orang {number}."
            assert seen["state"] == "decided"


def test_twenty_people_cannot_claim_one_item_twice(site: Site) -> None:
    [item_id] = add_report(site.service, make_report(("Satu kalimat saja.",), name="one"))
    statuses: list[int] = []

    def claim(person: Person) -> None:
        statuses.append(person.ask("POST", f"/api/items/{item_id}/claim", json={"version": 1}).status_code)

    together([partial(claim, Person(site, number)) for number in range(PEOPLE)])
    assert Counter(statuses) == {200: 1, 409: PEOPLE - 1}


def test_one_request_sent_to_both_is_done_once(site: Site) -> None:
    [item_id] = add_report(site.service, make_report(("Kalimat yang dikirim dua kali.",), name="twice"))
    person = Person(site, 3)
    answers: list[httpx.Response] = []

    def send() -> None:
        headers = {"Idempotency-Key": "kunci-ganda"}
        answers.append(person.ask("POST", f"/api/items/{item_id}/claim", json={}, headers=headers))

    together([send] * 6)
    assert [answer.status_code for answer in answers] == [200] * 6
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


def test_a_session_opened_at_one_is_known_to_the_other_and_ends_at_both(site: Site) -> None:
    first, second = site.servers
    with httpx.Client(timeout=60) as client:
        answer = client.post(f"{first}/api/session", json={"name": "eko", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"].split(";")[0]
        csrf = answer.json()["csrf"]
        headers = {"Cookie": cookie, "X-CSRF-Token": csrf}
        assert client.get(f"{second}/api/users", headers=headers).status_code == 200
        assert client.delete(f"{second}/api/session", headers=headers).status_code == 204
        assert client.get(f"{first}/api/users", headers=headers).status_code == 401


def test_a_conversation_begun_at_one_goes_on_at_the_other(site: Site) -> None:
    first, second = site.servers
    with httpx.Client(timeout=120) as client:
        answer = client.post(f"{first}/api/session", json={"name": "eko", "password": PASSWORD})
        cookie, csrf = answer.headers["set-cookie"].split(";")[0], answer.json()["csrf"]
        headers = {"Cookie": cookie, "X-CSRF-Token": csrf}
        asked = client.post(f"{first}/chat", data={"text": "Siapa bertemu Putin di Moskow?"}, headers=headers)
        assert asked.status_code == 303, asked.text
        conversation = asked.headers["location"].removeprefix("/chat/").partition("#")[0]
        more = {"text": "Kapan itu terjadi?", "conversation": conversation}
        assert (
            client.post(f"{second}/chat", data=more, headers=headers)
            .headers["location"]
            .startswith(f"/chat/{conversation}")
        )
        for server in site.servers:
            page = client.get(f"{server}/chat/{conversation}", headers=headers).text
            assert page.index("Siapa bertemu Putin di Moskow?") < page.index("Kapan itu terjadi?")


def test_tries_at_a_password_are_counted_over_both(site: Site) -> None:
    with httpx.Client(timeout=60) as client:
        statuses = [
            client.post(f"{server}/api/session", json={"name": "tidakada", "password": "salah"}).status_code
            for _, server in zip(range(14), cycle(site.servers), strict=False)
        ]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_processes_of_one_command_count_together(site: Site, database_url: str, tmp_path: Path) -> None:
    """`--workers 2`: whichever process is asked for /metrics, it answers for both."""
    port = _free_port()
    server, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--workers", "2", "--port", str(port), "--store", str(tmp_path / "store")],
            stdout=file,
            stderr=file,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SARING_CONFIG": str(tmp_path / "none.toml"),
                "SARING_DATABASE_URL": database_url,
                "SARING_BACKGROUND": "false",
            },
        )
    try:
        _answers(f"{server}/healthz", process, log)
        time.sleep(2)  # the other process may still be starting
        before = _count(server)
        for _ in range(40):
            assert httpx.get(f"{server}/healthz", timeout=30).status_code == 200
        assert [_count(server) for _ in range(6)] == [before + 40] * 6
    finally:
        process.terminate()
        process.wait(60)


def _count(server: str) -> int:
    text = httpx.get(f"{server}/metrics", timeout=30).text
    found = re.search(r'^saring_http_requests_total\{[^}]*route="/healthz"[^}]*\} (\S+)$', text, re.M)
    assert found is not None, text
    return int(float(found[1]))


def test_a_check_asked_of_one_is_done_once_and_seen_at_both(site: Site) -> None:
    """With the real models, on the evidence of the Chroma server."""
    article = (ROOT / "seeds" / "01-araghchi-moskow" / "article.txt").read_text(encoding="utf-8")
    person = Person(site, 5)
    answer = person.ask("POST", "/api/checks", json={"text": article})
    assert answer.status_code == 202, answer.text
    check_id = answer.json()["id"]
    deadline = time.monotonic() + 240
    while (seen := person.ask("GET", f"/api/checks/{check_id}").json())["status"] not in ("done", "failed"):
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
    assert seen["status"] == "done", seen
    assert len(seen["items"]) > 5
    for server in site.servers:
        assert person._client.get(f"{server}/api/checks/{check_id}").json()["items"] == seen["items"]
    report = person.ask("GET", f"/api/checks/{check_id}/report").json()
    assert any(outcome.get("label") == "supported" for outcome in report["outcomes"])
    for log in site.logs:
        assert "Araghchi" not in log.read_text(encoding="utf-8")
