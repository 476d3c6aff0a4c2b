"""`saring serve` as somebody starts it: the set-up link, what it refuses, and that it stops when told to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from checker.cli.root import run
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.transitions import Role


@pytest.fixture(autouse=True)
def no_settings_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SARING_") and "TEST" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "none.toml"))


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "queue.db")


def set_up(database: str) -> None:
    opened = Database.open(database)
    Accounts(opened).create("eko", "tiga kuda di tepi sawah", Role.ADMIN)
    opened.close()


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [
        sys.executable,
        "-c",
        "from checker.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--database",
        database,
    ]
    process = subprocess.Popen(
        [*command, "--store", str(tmp_path / "store")], stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line.rstrip())
        if "Ctrl-C" in line:
            break
    yield process, said
    process.kill()
    process.wait(10)
    process.stderr.close()


@pytest.mark.slow
def test_the_first_run_prints_a_link_that_works_once(served: tuple[Any, list[str]], database: str) -> None:
    process, said = served
    link = next(re.search(r"http://\S+/setup\?token=\S+", line) for line in said if "setup?token=" in line)
    assert link is not None
    with httpx.Client(base_url=link[0].split("/setup")[0], timeout=60) as browser:
        page = browser.get(link[0])
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert csrf is not None
        cookie = {"Cookie": f"__Host-saring-visit={csrf[1]}"}  # httpx keeps no Secure cookie on plain HTTP; browsers do
        form = {"csrf": csrf[1], "token": link[0].split("token=")[1], "name": "rina"}
        words = "sepuluh kata acak sekali"
        short = browser.post("/setup", data=form | {"password": "x", "again": "x"}, headers=cookie)
        assert short.status_code == 422  # the link can still be used
        done = browser.post("/setup", data=form | {"password": words, "again": words}, headers=cookie)
        assert (done.status_code, done.headers["location"]) == (303, "/queue")
        assert browser.get(link[0]).status_code == 403
    process.send_signal(signal.SIGINT)
    assert process.wait(30) in (0, 130, -signal.SIGINT)
    opened = Database.open(database)
    assert [(user.name, user.role) for user in Accounts(opened).users()] == [("rina", Role.ADMIN)]
    opened.close()


def test_elsewhere_than_here_takes_somebody_set_up(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "0.0.0.0", "--database", database]) == 2
    assert "nobody is set up yet" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_line(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(database)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["serve", "--port", str(taken.getsockname()[1]), "--database", database]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1].startswith("saring: error: cannot listen on 127.0.0.1:")
    assert "--port" in said[-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--workers", "2"], "PostgreSQL"),
        (["--database", "mysql://nowhere/x"], "SARING_DATABASE_URL"),
        (["--database", "/proc/nowhere/queue.db"], "cannot be opened"),
        (["--port", "99999"], "port"),
        (["--host", "no.such.host.invalid"], ""),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    database: str, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--database" not in arguments:
        set_up(database)
        arguments = [*arguments, "--database", database]
    assert run(["serve", *arguments]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert says in said
