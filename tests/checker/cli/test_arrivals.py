"""New evidence tells the queue: articles to check where asked, decided claims to look at again."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from reports import make_report

from checker.cli import main
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.jobs import Jobs
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action, Role
from retrieval.testing import HashEmbedder

_SPEC = importlib.util.spec_from_file_location("saring_replay", Path(__file__).parents[2] / "retrieval" / "servers.py")
assert _SPEC is not None
assert _SPEC.loader is not None
servers = importlib.util.module_from_spec(_SPEC)
sys.modules["saring_replay"] = servers
_SPEC.loader.exec_module(servers)

CLAIM = "Gempa bumi mengguncang Kabupaten Contoh pada Senin siang."
PAGE = (
    '<!doctype html><html lang="id"><head><title>Gempa</title></head><body><article><h1>Gempa di Contoh</h1>'
    f"<p>{CLAIM}</p><p>Tidak ada korban jiwa hingga malam, dan warga sudah kembali ke rumah.</p></article>"
)


@pytest.fixture
def server(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with servers.ReplayServer() as running:
        monkeypatch.setattr("retrieval.embed.load_embedder", lambda name=None, **_: HashEmbedder())
        monkeypatch.setenv("SARING_STORE", str(tmp_path / "store"))
        monkeypatch.setenv("SARING_DATABASE_URL", str(tmp_path / "queue.sqlite3"))
        monkeypatch.setenv("SARING_FETCH_ALLOW", running.host)
        running.on("/a", body=PAGE)
        item = f"<item><title>Gempa</title><link>{running.url('/a')}</link></item>"
        feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>{item}</channel></rss>'
        running.on("/feed", body=feed, content_type="application/rss+xml")
        yield running


def decided(database: Database) -> str:
    service = ReviewService(database)
    user = Accounts(database).create("ani", None, Role.CHECKER)
    actor = Actor(user.id, user.name, user.role)
    (item_id,) = add_report(service, make_report((CLAIM,)))
    service.act(item_id, Action.CLAIM, actor)
    service.act(item_id, Action.DECIDE, actor, Change(label="supported", reason="Ya."))
    return item_id


def test_watching_with_check_asks_for_each_new_article_once(
    server: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", "watch", "--once", "--check", server.url("/feed")]) == 0
    assert "1 articles to check" in capfd.readouterr().err
    assert main(["evidence", "watch", "--once", "--check", server.url("/feed")]) == 0
    database = Database.open(str(tmp_path / "queue.sqlite3"))
    (job,), total = Jobs(database).list()
    assert (total, job.origin, job.request.url, job.requested_by) == (1, "feed", server.url("/a"), None)
    assert CLAIM in job.request.text
    database.close()


def arrive_by_watch(server: Any, tmp_path: Path) -> int:
    return main(["evidence", "watch", "--once", server.url("/feed")])


def arrive_by_fetch(server: Any, tmp_path: Path) -> int:
    return main(["evidence", "fetch", server.url("/a")])


def arrive_by_add(server: Any, tmp_path: Path) -> int:
    (tmp_path / "a.txt").write_text(CLAIM)
    return main(["evidence", "add", str(tmp_path / "a.txt")])


@pytest.mark.parametrize("arrive", [arrive_by_watch, arrive_by_fetch, arrive_by_add])
def test_new_evidence_near_a_decided_claim_asks_for_another_look(
    server: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], arrive: Callable[[Any, Path], int]
) -> None:
    database = Database.open(str(tmp_path / "queue.sqlite3"))
    item_id = decided(database)
    assert arrive(server, tmp_path) == 0
    assert "1 decided claims to look at again" in capfd.readouterr().err
    lease = Jobs(database).take("test")
    assert lease is not None
    assert (lease.job.origin, lease.job.request.item_id) == ("recheck", item_id)
    database.close()


def test_without_a_queue_none_is_made(server: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "watch", "--once", server.url("/feed")]) == 0
    assert "queue" not in capfd.readouterr().err
    assert not (tmp_path / "queue.sqlite3").exists()


def test_a_queue_that_cannot_be_opened_does_not_end_the_watch(
    server: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "queue.sqlite3").write_text("not a database")
    assert main(["evidence", "watch", "--once", server.url("/feed")]) == 0
    captured = capfd.readouterr()
    assert "1 added" in captured.out
    assert "cannot be opened" in captured.err
