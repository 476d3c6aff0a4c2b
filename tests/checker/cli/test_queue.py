"""`saring queue`: the service on the command line, as whoever is named."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from reports import make_report

from checker.cli import root as cli
from checker.pipeline import Checker
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.jobs import Jobs
from checker.review.requests import Request
from checker.review.service import ReviewService
from checker.review.transitions import State
from retrieval.testing import HashEmbedder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def database(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = str(tmp_path / "queue.sqlite3")
    monkeypatch.setenv("SARING_DATABASE_URL", path)
    monkeypatch.setenv("SARING_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "200")
    return path


@pytest.fixture
def queue(database: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `saring queue` in this process."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(["queue", *arguments])
        return code, *capsys.readouterr()

    for name, role in (("ani", "checker"), ("citra", "editor"), ("fitri", "viewer")):
        assert run("users", "add", name, "--role", role, "--no-password")[0] == 0
    return run


@pytest.fixture
def service(database: str) -> ReviewService:
    return ReviewService(Database.open(database))


@pytest.fixture
def items(queue: Run, service: ReviewService) -> list[str]:
    return add_report(service, make_report())


def test_from_new_to_published(queue: Run, items: list[str], service: ReviewService) -> None:
    code, out, err = queue("list")
    assert code == 0
    assert all(item in out for item in items)
    assert "3 of 3" in err
    first = items[0]
    assert queue("claim", first, "--as", "ani")[:2] == (0, f"{first} is claimed (version 2), held by ani\n")
    assert queue("decide", first, "-l", "supported", "-r", "Kabar.", "-e", "kabar", "--as", "ani")[0] == 0
    code, out, err = queue("approve", first, "--as", "ani")
    assert (code, out) == (2, "")
    assert "another person must" in err or "whoever decided" in err or "role editor" in err
    assert queue("approve", first, "--as", "citra")[0] == 0
    assert queue("publish", first, "--as", "citra")[1].startswith(f"{first} is published")
    assert service.get(first).state is State.PUBLISHED
    assert service.decisions(first)[0].evidence == ("kabar",)
    shown = queue("show", first)[1]
    assert "first reader ani: supported: Kabar." in shown
    assert "machine (embedded): supported" in shown
    made = json.loads(queue("show", first, "--blind", "-f", "json")[1])
    assert (made["machine_label"], made["verdicts"]) == (None, [])


def test_deciding_claims_what_is_free_and_nothing_else(queue: Run, items: list[str], service: ReviewService) -> None:
    assert queue("decide", items[0], "-l", "unsupported", "-r", "x", "--version", "1", "--as", "ani")[0] == 0
    assert queue("decide", items[1], "-l", "unsupported", "-r", "x", "--version", "7", "--as", "ani")[0] == 2
    assert queue("claim", items[2], "--as", "citra")[0] == 0
    code, _, err = queue("decide", items[2], "-l", "unsupported", "-r", "x", "--as", "ani")
    assert code == 2
    assert "somebody else holds this item" in err
    assert queue("hand-over", items[2], "--to", "ani", "--as", "citra")[0] == 0
    assert queue("decide", items[2], "-l", "needs_source", "-r", "x", "--as", "ani")[0] == 0
    assert queue("withdraw", items[2], "--as", "ani")[0] == 0
    assert queue("release", items[2], "--as", "ani")[0] == 0
    assert service.get(items[2]).state is State.NEW


def test_one_key_decides_once(queue: Run, items: list[str], service: ReviewService) -> None:
    asked = ("decide", items[0], "-l", "supported", "-r", "x", "--key", "k", "--as", "ani")
    assert queue(*asked)[0] == 0
    assert queue(*asked)[0] == 0
    assert len(service.decisions(items[0])) == 1


def test_return_reopen_keep_merge_comment(queue: Run, items: list[str], service: ReviewService) -> None:
    first, second, third = items
    queue("decide", first, "-l", "supported", "-r", "x", "--as", "ani")
    assert queue("return", first, "-c", "Tanggalnya keliru.", "--as", "citra")[0] == 0
    queue("decide", first, "-l", "supported", "-r", "x", "--as", "ani")
    queue("approve", first, "--as", "citra")
    queue("publish", first, "--as", "citra")
    assert "not flagged" in queue("keep", first, "-c", "Tetap.", "--as", "citra")[2]
    assert queue("reopen", first, "--as", "citra")[0] == 2, "a comment is required"
    assert queue("reopen", first, "-c", "Keliru.", "--as", "citra")[0] == 0
    assert queue("comment", second, "-c", "Lihat arsip.", "--as", "ani")[0] == 0
    assert queue("merge", third, "--into", second, "--as", "ani")[0] == 0
    assert service.get(third).merged_into == second


def test_of_several_the_refused_are_told_and_the_others_done(queue: Run, items: list[str]) -> None:
    queue("claim", items[0], "--as", "citra")
    code, out, err = queue("claim", *items, "--as", "ani")
    assert code == 1
    assert len(out.splitlines()) == 2
    assert err.startswith(f"refused {items[0]}")


def test_who_acts_must_be_somebody(queue: Run, items: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--as ani|citra|fitri" in queue("claim", items[0])[2]
    assert "no active user" in queue("claim", items[0], "--as", "siapa")[2]
    assert "takes the role checker" in queue("claim", items[0], "--as", "fitri")[2]
    monkeypatch.setenv("SARING_USER", "ani")
    assert queue("claim", items[0])[0] == 0
    assert queue("users", "off", "ani")[0] == 0
    assert queue("release", items[0])[0] == 2


def test_nobody_is_set_up_yet(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["queue", "claim", "itm-none"]) == 2
    assert "saring queue users add" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("list", "--state", "baru"), "unknown state"),
        (("list", "--label", "true"), "unknown label"),
        (("list", "--language", "fr"), "unknown language"),
        (("list", "-f", "xml"), "unknown format"),
        (("show", "itm-none"), "no item itm-none"),
        (("claim", "itm-\x1b[31m", "--as", "ani"), "no item"),
        (("export", "-f", "pdf"), "unknown format"),
        (("users", "add", "Ani", "--no-password"), "a user name is"),
        (("users", "add", "budi", "--role", "boss", "--no-password"), "unknown role"),
        (("users", "role", "siapa", "editor"), "no user"),
        (("recheck",), "name the new sources"),
        (("checks", "--retry", "chk-none", "--as", "ani"), "no check"),
    ],
)
def test_bad_input_is_one_line(queue: Run, arguments: tuple[str, ...], word: str) -> None:
    code, out, err = queue(*arguments)
    assert (code, out) == (2, "")
    assert word in err
    assert len(err.splitlines()) == 1
    assert "\x1b" not in err


def test_exports(queue: Run, items: list[str], tmp_path: Path) -> None:
    queue("decide", items[0], "-l", "supported", "-r", "Kabar.", "--as", "ani")
    assert json.loads(queue("export")[1]) == []
    queue("approve", items[0], "--as", "citra")
    queue("decide", items[1], "-l", "supported", "-r", "Belum disetujui.", "--as", "ani")
    (review,) = json.loads(queue("export")[1])
    assert review["claimReviewed"] == "Jembatan Sula ditutup pada Senin."
    target = tmp_path / "out.csv"
    assert queue("export", "-f", "csv", "-o", str(target))[2].startswith("1 exported")
    (row,) = csv.DictReader(io.StringIO(target.read_text(encoding="utf-8")))
    assert row["id"] == items[0]
    (line,) = queue("export", "-f", "decisions")[1].splitlines()
    assert json.loads(line)["schema"] == "saring.decision/1"
    assert queue("export", "-f", "decisions", "--search", "pilar")[1] == ""
    assert queue("export", "-o", "/no/such/folder/x")[0] == 2


def test_users(queue: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("tiga kuda di tepi sawah\n"))
    assert queue("users", "add", "dewi", "--role", "editor", "--name", "Dewi", "--password-stdin")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("pendek\n"))
    assert "at least 12" in queue("users", "password", "dewi", "--password-stdin")[2]
    assert queue("users", "role", "dewi", "admin")[1] == "dewi is admin\n"
    found = json.loads(queue("users", "list", "-f", "json")[1])
    assert [user["name"] for user in found] == ["ani", "citra", "dewi", "fitri"]
    assert "last active administrator" in queue("users", "off", "dewi")[2]


def test_work_does_what_waits(
    queue: Run, service: ReviewService, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(article: Any, *, as_of: Any = None, progress: Any = None) -> Any:
        return make_report()

    fake = SimpleNamespace(check=check, close=lambda: None, store=SimpleNamespace(embedder=HashEmbedder()))
    monkeypatch.setattr(Checker, "open", lambda **_: fake)
    job = Jobs(service.database).submit(Request(text="Jembatan Sula ditutup."))
    assert queue("checks")[1].startswith(f"{job.id} queued Jembatan Sula ditutup.")
    assert queue("work", "--once")[1] == "1 checks done, 0 deliveries tried\n"
    assert "done" in queue("checks")[1]
    assert service.list().total == 3


def test_recheck_all_asks_for_decided_claims(queue: Run, items: list[str]) -> None:
    queue("decide", items[0], "-l", "supported", "-r", "x", "--as", "ani")
    assert queue("recheck", "--all")[1].startswith("1 decided claims")
    assert queue("recheck", "--all")[1].startswith("0 decided claims"), "it is asked for already"


def test_check_queue_puts_claims_into_the_queue(
    queue: Run, service: ReviewService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from checker.settings import Settings

    class Fake:
        def __init__(self, settings: Settings) -> None:
            self.settings = settings
            self.store = SimpleNamespace(embedder=HashEmbedder())

        def __enter__(self) -> Fake:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def check(self, *_: Any, **__: Any) -> Any:
            return make_report(fail=True)

    monkeypatch.setattr(Checker, "open", lambda *, settings: Fake(settings))
    article = tmp_path / "a.txt"
    article.write_text("Jembatan Sula ditutup pada Senin.")
    assert cli.run(["check", str(article), "--queue"]) == 1, "one claim failed; the others are in the queue"
    assert "2 claims are in the review queue" in capsys.readouterr().err
    assert service.list().total == 2
    assert cli.run(["check", str(article), "--queue"]) == 1
    assert service.list().total == 2, "the same report twice adds nothing"
