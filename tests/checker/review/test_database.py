from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from checker.errors import DatabaseUnavailable
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.transitions import Role

ROOT = Path(__file__).parents[3]
WRITER = """
import sys
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.transitions import Role
accounts = Accounts(Database.open(sys.argv[1]))
for number in range(40):
    accounts.create(f"{sys.argv[2]}{number}", None, Role.VIEWER)
"""


def test_several_processes_write_and_nothing_is_lost(database_url: str) -> None:
    Database.open(database_url).close()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, database_url, name], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        for name in ("ani", "budi", "citra")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    database = Database.open(database_url)
    assert len(Accounts(database).users()) == 120
    if database.dialect == "sqlite":
        with database.read() as connection:
            assert connection.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
    database.close()


def test_a_write_within_a_write_does_not_wait_for_itself(tmp_path: Path) -> None:
    database = Database.open(str(tmp_path / "q.sqlite3"))
    with database._turn, database._turn:
        pass
    assert Accounts(database).create("ani", None, Role.VIEWER).name == "ani"
    database.close()


def test_a_writer_that_never_ends_is_an_error_and_not_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.review.database._WAIT_S", 0.1)
    one, two = Database.open(str(tmp_path / "q.sqlite3")), Database.open(str(tmp_path / "q.sqlite3"))
    began, end = threading.Event(), threading.Event()

    def hold() -> None:
        with one.write():
            began.set()
            end.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert began.wait(10)
    with pytest.raises(DatabaseUnavailable, match="another process"):
        Accounts(two).create("ani", None, Role.VIEWER)
    end.set()
    thread.join()
    assert Accounts(two).create("ani", None, Role.VIEWER).name == "ani"
    one.close()
    two.close()
