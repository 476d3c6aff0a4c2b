"""Twenty people at once over HTTP, and a server that is killed in the middle of it.

SARING_LOAD_ITEMS sets how many items they work through; 1,000 takes minutes, so that it is less unless told.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))
from postgres import fresh_postgres
from reports import make_report

from checker.review import tables as t
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.records import Actor
from checker.review.service import ReviewService
from checker.review.transitions import Action, Role, State

pytestmark = [pytest.mark.server, pytest.mark.slow]

HERE = Path(__file__).parent
log = logging.getLogger(__name__)

ITEMS = int(os.environ.get("SARING_LOAD_ITEMS", "60"))
PEOPLE = 20
CHECKS = 6
PATIENCE = 60.0 + ITEMS


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "queue.sqlite3")
        return
    with fresh_postgres() as url:
        yield url


class Server:
    """A process that can be killed and started again at the same address."""

    def __init__(self, folder: Path, database_url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self._folder = folder
        self._environment = {
            **os.environ,
            "SARING_CONFIG": str(folder / "none.toml"),
            "SARING_DATABASE_URL": database_url,
            "SARING_STORE": str(folder / "store"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "crash_server.py"), str(self.port)],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
            )
        ends = time.monotonic() + 90
        while True:
            try:
                if httpx.get(f"{self.address}/healthz", timeout=10).status_code == 200:
                    return process
            except httpx.HTTPError:
                pass
            if process.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"the server does not start: {self.log.read_text()}")
            time.sleep(0.2)

    def kill(self) -> None:
        """As a power cut would: it gets to finish nothing."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def start_again(self) -> None:
        self.process = self._start()


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Server]:
    Database.open(database_url).close()
    running = Server(tmp_path, database_url)
    yield running
    running.process.kill()
    running.process.wait(20)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


class Crowd:
    """What twenty people did, and what they were told of it."""

    def __init__(self, server: Server, tokens: list[str]) -> None:
        self.server = server
        self.tokens = tokens
        self.claimed: list[tuple[str, int]] = []
        self.decided: list[tuple[str, int]] = []
        self.said: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.sent_again = 0
        self.replayed = 0

    def work(self, number: int, talk: str) -> None:
        """One person's day: whatever waits, until nothing does. Several reach for the same, as they see one list."""
        chance = random.Random(number)
        count = itertools.count()
        with httpx.Client(base_url=self.server.address, timeout=60) as client:

            def ask(method: str, path: str, **options: Any) -> httpx.Response:
                return self.ask(client, number, method, path, **options)

            while True:
                page = ask("GET", "/api/items", params={"state": "new", "size": 30})
                assert page.status_code == 200, page.text
                waiting = [item["id"] for item in page.json()["items"]]
                if not waiting:
                    return
                for item_id in chance.sample(waiting, min(3, len(waiting))):
                    claim = ask("POST", f"/api/items/{item_id}/claim", json={})
                    if claim.status_code == 409:
                        continue
                    assert claim.status_code == 200, claim.text
                    self.claimed.append((item_id, number))
                    body = {"label": "supported", "reason": f"Diputuskan orang {number}."}
                    done = ask("POST", f"/api/items/{item_id}/decide", json=body, match=claim.headers["etag"])
                    assert done.status_code == 200, done.text
                    self.decided.append((item_id, number))
                    words = f"orang {number}, {next(count)}"
                    if ask("POST", f"/api/items/{talk}/comment", json={"comment": words}).status_code == 200:
                        self.said.append(words)

    def ask(
        self, client: httpx.Client, number: int, method: str, path: str, *, match: str = "", **options: Any
    ) -> httpx.Response:
        """Ask; where no answer comes, ask again for the same, under the same key, as a good client does."""
        headers = {"Authorization": f"Bearer {self.tokens[number]}"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(12)
        if match:
            headers["If-Match"] = match
        ends = time.monotonic() + PATIENCE
        again = False
        while True:
            try:
                answer = client.request(method, path, headers=headers, **options)
                break
            except httpx.TransportError:
                assert time.monotonic() < ends, "the server stays away"
                if not again:
                    self.sent_again += 1
                again = True
                time.sleep(0.1)
        self.statuses[answer.status_code] += 1
        self.replayed += again and "idempotency-replayed" in answer.headers
        assert answer.status_code < 500, answer.text
        return answer


def test_twenty_people_and_a_server_that_is_killed(server: Server, database: Database) -> None:
    accounts, service = Accounts(database), ReviewService(database)
    tokens = []
    for number in range(PEOPLE):
        user = accounts.create(f"orang{number}", None, Role.CHECKER, subject=f"orang{number}")
        tokens.append(accounts.create_token(user.id, "uji", ("read", "check", "review"))[1])
    ids = add_report(service, make_report(tuple(f"Kalimat uji nomor {n}." for n in range(ITEMS)), name="crowd"))
    talk = ids.pop()
    crowd = Crowd(server, tokens)
    # Everybody talks about this one, which nobody else works on.
    eko = accounts.create("eko", None, Role.ADMIN, subject="eko")
    service.act(talk, Action.CLAIM, Actor(eko.id, eko.name, eko.role))
    wrong: list[BaseException] = []
    started = time.monotonic()

    def one(number: int) -> None:
        try:
            crowd.work(number, talk)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()

    # Half of it done, and a check under way: the server dies.
    ends = time.monotonic() + PATIENCE
    while len(crowd.decided) < ITEMS // 2:
        assert not wrong, wrong
        assert time.monotonic() < ends
        time.sleep(0.02)
    checks: list[str] = []
    with httpx.Client(base_url=server.address, timeout=60) as client:
        for number in range(CHECKS):
            text = f"Uji tugas nomor {number} dimulai. Uji tugas nomor {number} selesai."
            answer = crowd.ask(client, number, "POST", "/api/checks", json={"text": text})
            assert answer.status_code == 202, answer.text
            checks.append(answer.json()["id"])
    running = sa.select(sa.func.count()).where(t.checks.c.id.in_(checks), t.checks.c.status == "running")
    while not _scalar(database, running):
        assert time.monotonic() < ends
        time.sleep(0.01)
    promised = list(crowd.decided)
    said = list(crowd.said)
    server.kill()
    assert _scalar(database, running), "a check was under way"
    for item_id, _ in promised:
        assert service.get(item_id).state is State.DECIDED, "what was acknowledged is there, at once"
    assert set(said) <= set(_said(database, talk))
    server.start_again()

    for thread in threads:
        thread.join(PATIENCE)
    assert not wrong, wrong
    assert not any(thread.is_alive() for thread in threads)
    took = time.monotonic() - started
    _everything_once(database, crowd, ids)
    assert sorted(crowd.said) == sorted(_said(database, talk)), "no comment of two at once was lost, none is twice"
    assert crowd.statuses[409], "nobody was in anybody's way: that tests nothing"
    assert crowd.sent_again, "nobody was waiting when it died: that tests nothing"
    assert len({number for _, number in crowd.decided}) > 1

    # And what it was checking is checked, once.
    while _scalar(database, sa.select(sa.func.count()).where(t.checks.c.id.in_(checks), t.checks.c.status != "done")):
        assert time.monotonic() < ends + 60
        time.sleep(0.1)
    brought = sa.select(t.items.c.check_id, sa.func.count()).where(t.items.c.check_id.in_(checks))
    with database.read() as connection:
        found = {row[0]: row[1] for row in connection.execute(brought.group_by(t.items.c.check_id))}
        assert found == dict.fromkeys(checks, 2)
        tries = connection.execute(sa.select(sa.func.max(t.checks.c.attempts)).where(t.checks.c.id.in_(checks)))
        assert tries.scalar_one() > 1, "one was begun twice: the one that died"
    log.info(
        "%s",
        f"{database.dialect}: {len(promised)} decided before the kill and {len(crowd.decided)} in all, "
        f"{len(crowd.said)} comments; {sum(crowd.statuses.values())} answers {dict(crowd.statuses)}; "
        f"{crowd.sent_again} sent again, {crowd.replayed} of them done already; {took:.1f} s",
    )


def _everything_once(database: Database, crowd: Crowd, ids: list[str]) -> None:
    """Each item was claimed and decided once, by whoever was told so, and nothing else was done to it."""
    done = sorted(crowd.decided)
    assert done == sorted(crowd.claimed)
    decided = [item_id for item_id, _ in done]
    assert len(set(decided)) == len(decided), "no item was decided twice"
    assert set(ids) <= set(decided)
    events = sa.select(t.events.c.item_id, t.events.c.action).where(t.events.c.refused.is_(None))
    actions: dict[str, Counter[str]] = {}
    with database.read() as connection:
        for item_id, action in connection.execute(events):
            actions.setdefault(item_id, Counter())[action] += 1
        reasons = sorted(
            tuple(row) for row in connection.execute(sa.select(t.decisions.c.item_id, t.decisions.c.reason))
        )
        versions = {row.id: row.version for row in connection.execute(sa.select(t.items.c.id, t.items.c.version))}
    assert reasons == [(item_id, f"Diputuskan orang {number}.") for item_id, number in done]
    for item_id in decided:
        assert (actions[item_id]["claim"], actions[item_id]["decide"]) == (1, 1)
        assert versions[item_id] == versions[ids[0]], "no update was lost, and none done twice"


def _said(database: Database, item_id: str) -> list[str]:
    said = sa.select(t.events.c.detail).where(
        t.events.c.item_id == item_id, t.events.c.action == "comment", t.events.c.refused.is_(None)
    )
    with database.read() as connection:
        return [detail["comment"] for detail in connection.execute(said).scalars()]


def _scalar(database: Database, query: sa.Select[Any]) -> int:
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())
