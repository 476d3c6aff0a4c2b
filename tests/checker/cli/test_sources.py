"""`saring sources --archive`: the archive's copy of every page cited, from a local server over HTTP."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.cli import main

_SPEC = importlib.util.spec_from_file_location(
    "saring_replay_sources", Path(__file__).parents[2] / "retrieval" / "servers.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
servers = importlib.util.module_from_spec(_SPEC)
sys.modules["saring_replay_sources"] = servers
_SPEC.loader.exec_module(servers)

ARTICLE = "Jembatan Sula Ditutup\n\nAMPANA - Jembatan Sula ditutup pada Senin, kata Kepala Dinas Budi Santoso.\n"
CARD = {
    "id": "kabar-1",
    "url": "https://kabar.example/jembatan-sula",
    "publisher": "Kabar Contoh",
    "published_at": "2025-06-23",
    "language": "id",
    "title": "Jembatan Sula ditutup",
    "text": "Jembatan Sula ditutup pada Senin, kata Kepala Dinas Budi Santoso. Warga memakai feri.",
}


@pytest.fixture
def server() -> Iterator[Any]:
    with servers.ReplayServer() as running:
        yield running


@pytest.fixture
def folder(home: Path, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one page that the article can be traced to, and an archive."""
    monkeypatch.setenv("SARING_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SARING_FETCH_ALLOW", server.host)
    monkeypatch.setenv("SARING_WAYBACK_URL", server.url("/available"))
    monkeypatch.setenv("SARING_ARCHIVE_URL", server.url(""))
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "cards.jsonl").write_text(json.dumps(CARD) + "\n", "utf-8")
    (tmp_path / "article.txt").write_text(ARTICLE, "utf-8")
    assert main(["evidence", "add", str(tmp_path / "cards.jsonl")]) == 0
    return tmp_path


def copy(stamp: str = "20250624010203") -> dict[str, Any]:
    return {"archived_snapshots": {"closest": {"available": True, "url": "x", "timestamp": stamp, "status": "200"}}}


def test_the_copy_nearest_to_the_day_of_the_page(folder: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    server.on("/available", body=copy())
    capsys.readouterr()
    assert main(["sources", str(folder / "article.txt"), "--archive", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [entry] = found["archive"]
    assert entry["url"] == CARD["url"]
    assert entry["archived_url"] == server.url(f"/web/20250624010203/{CARD['url']}")
    assert entry["problem"] is None
    assert server.to("/available")[0].param("timestamp") == "20250623"
    assert main(["sources", str(folder / "article.txt"), "--archive"]) == 0
    assert f"/web/20250624010203/{CARD['url']}" in capsys.readouterr().out


def test_nothing_is_asked_without_the_flag(folder: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", str(folder / "article.txt"), "--format", "json"]) == 0
    assert "archive" not in json.loads(capsys.readouterr().out)
    assert not server.requests


def test_an_archive_that_is_down_is_said_and_the_list_is_printed_all_the_same(
    folder: Path, server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on("/available", servers.Reply(404))
    server.on("/cdx/search/cdx", servers.Reply(404))
    assert main(["sources", str(folder / "article.txt"), "--archive", "--lang", "id"]) == 1
    out = capsys.readouterr().out
    assert "Kabar Contoh" in out
    assert "arsip tidak dapat ditanya" in out
