"""`saring evidence fetch` and `watch`: from a local server over HTTP into a real store."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.cli import main
from retrieval.store import EvidenceStore
from retrieval.testing import HashEmbedder

_SPEC = importlib.util.spec_from_file_location("saring_replay", Path(__file__).parents[2] / "retrieval" / "servers.py")
assert _SPEC is not None
assert _SPEC.loader is not None
servers = importlib.util.module_from_spec(_SPEC)
sys.modules["saring_replay"] = servers
_SPEC.loader.exec_module(servers)

Saring = Callable[..., tuple[int, str, str]]


def html(title: str) -> str:
    return (
        f'<!doctype html><html lang="id"><head><title>{title}</title></head><body><article><h1>{title}</h1>'
        f"<p>{title}: gempa bumi mengguncang Kabupaten Contoh pada Senin siang, kata petugas kepada warga.</p>"
        "<p>Tidak ada korban jiwa hingga malam, dan warga sudah kembali ke rumah.</p></article></body>"
    )


def rss(server: Any, *paths: str) -> str:
    items = "".join(f"<item><title>Butir</title><link>{server.url(path)}</link></item>" for path in paths)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>{items}</channel></rss>'


@pytest.fixture
def server() -> Iterator[Any]:
    with servers.ReplayServer() as running:
        yield running


@pytest.fixture
def saring(home: Path, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> Saring:
    """Runs `saring evidence` in this process on a store in `tmp_path`, with a fake embedder."""
    monkeypatch.setattr("retrieval.embed.load_embedder", lambda name=None, **_: HashEmbedder())
    monkeypatch.setenv("SARING_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SARING_FETCH_ALLOW", server.host)
    monkeypatch.setenv("SARING_FETCH_CONTACT", "redaksi@example.com")
    monkeypatch.setenv("SARING_WIKIPEDIA_URL", server.url("/{language}"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        capfdbinary.readouterr()
        code = main(["evidence", *arguments])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def titles(tmp_path: Path) -> set[str]:
    with EvidenceStore.open(tmp_path / "store", embedder=HashEmbedder()) as opened:
        return {source.title for source in opened.list()}


def wikipedia(server: Any) -> None:
    server.on("/id/w/rest.php/v1/search/page", body={"pages": [{"title": "Gempa Contoh"}]})
    page = {"title": "Gempa Contoh", "extract": "Gempa Contoh adalah gempa bumi besar.", "fullurl": server.url("/wiki")}
    server.on("/id/w/api.php", body={"query": {"pages": [page]}})


def test_a_page_by_its_address(saring: Saring, server: Any, tmp_path: Path) -> None:
    server.on("/a", body=html("Kabar gempa"))
    code, out, err = saring("fetch", server.url("/a"))
    assert (code, out) == (0, "1 added, 0 updated, 0 unchanged, 0 refused.\n")
    assert "found   url: Kabar gempa (undated)" in err
    assert titles(tmp_path) == {"Kabar gempa"}
    assert "redaksi@example.com" in server.to("/a")[0].headers["user-agent"]
    assert saring("fetch", server.url("/a"))[1] == "0 added, 0 updated, 1 unchanged, 0 refused.\n"


def test_a_place_that_is_down_is_reported_and_the_others_go_on(saring: Saring, server: Any, tmp_path: Path) -> None:
    wikipedia(server)
    code, out, err = saring("fetch", "--from", "wikipedia, factcheck", "--language", "id", "gempa contoh")
    assert code == 1
    assert "1 added" in out
    assert "failed  factcheck: is not set up; set SARING_FACTCHECK_KEY" in err
    assert titles(tmp_path) == {"Gempa Contoh"}


def test_json(saring: Saring, server: Any) -> None:
    wikipedia(server)
    code, out, _ = saring("fetch", "--from", "wikipedia,brave", "--language", "id", "-f", "json", "gempa contoh")
    got = json.loads(out)
    assert code == 1
    assert (len(got["added"]), got["failed"]) == (1, [])
    assert [(p["connector"], p["error_type"]) for p in got["problems"]] == [("brave", "ConnectorNotConfigured")]


def test_when_nobody_answers_it_is_an_error(saring: Saring, tmp_path: Path) -> None:
    code, _, err = saring("fetch", "--from", "brave,tavily", "gempa")
    assert code == 2
    assert err.endswith("nothing was fetched: none of the places that were asked answered\n")
    assert not (tmp_path / "store").exists()


def test_when_nothing_is_found_it_is_none(saring: Saring, server: Any) -> None:
    server.on("/id/w/rest.php/v1/search/page", body={"pages": []})
    code, out, _ = saring("fetch", "--from", "wikipedia", "--language", "id", "gempa")
    assert (code, out) == (0, "0 added, 0 updated, 0 unchanged, 0 refused.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fetch", "gempa"), "--from"),
        (("fetch", "--from", "wikipedi", "gempa"), "unknown connector 'wikipedi'"),
        (("fetch", "--from", "wikipedia", "--language", "de", "x"), "unknown language"),
        (("fetch", "--from", "wikipedia", "-f", "xml", "x"), "unknown format"),
        (("fetch", "--allow", "http://x/", "--from", "wikipedia", "x"), "is not a host"),
        (("watch", "bukan alamat", "--once"), "contains a space"),
        (("watch",), "FEED"),
    ],
)
def test_bad_usage_is_one_line(saring: Saring, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = saring(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_private_address_is_refused_without_the_allow_list(
    saring: Saring, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SARING_FETCH_ALLOW", "")
    code, _, err = saring("fetch", server.url("/a"))
    assert code == 1
    assert "not a public address" in err
    assert server.requests == []


def test_watch_once(saring: Saring, server: Any, tmp_path: Path) -> None:
    server.on("/feed", body=rss(server, "/a", "/b"), content_type="application/rss+xml")
    server.on("/a", body=html("Kabar pertama"))
    server.on("/b", body=html("Kabar kedua"))
    code, out, _ = saring("watch", "--once", server.url("/feed"))
    assert code == 0
    assert out.endswith(" 2 added, 0 updated, 0 to try again.\n")
    assert titles(tmp_path) == {"Kabar pertama", "Kabar kedua"}
    # Another run finds what the store has, and does not fetch it again.
    assert saring("watch", "--once", server.url("/feed"))[0] == 0
    assert len(server.to("/a")) == 1


def test_watch_reports_a_feed_that_is_down(saring: Saring, server: Any, tmp_path: Path) -> None:
    server.on("/feed", body=rss(server, "/a"), content_type="application/rss+xml")
    server.on("/a", body=html("Kabar"))
    code, out, err = saring("watch", "--once", "-f", "json", server.url("/feed"), server.url("/tiada"))
    assert code == 1
    assert len(json.loads(out)["added"]) == 1
    assert "failed  feed: " in err
    assert saring("watch", "--once", server.url("/tiada"))[0] == 2
    assert titles(tmp_path) == {"Kabar"}


def test_watch_looks_again_and_ends_with_ctrl_c(
    saring: Saring, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("/a", body=html("Kabar pertama"))
    server.on("/b", body=html("Kabar kedua"))
    server.on(
        "/feed",
        servers.Reply(body=rss(server, "/a"), content_type="text/xml"),
        servers.Reply(body=rss(server, "/b", "/a"), content_type="text/xml"),
    )
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("checker.cli.fetch._pause", sleep)
    code, out, err = saring("watch", "--every", "5", server.url("/feed"))
    assert code == 0
    assert slept == [300.0] * 3
    assert [line.split(" ", 1)[1][:7] for line in out.splitlines()] == ["1 added", "1 added", "0 added"]
    assert err.endswith("Stopped after 3 looks. What was added is kept.\n")
    assert titles(tmp_path) == {"Kabar pertama", "Kabar kedua"}
    assert len(server.to("/a")) == 1


def test_watch_keeps_what_a_locked_store_refuses(
    saring: Saring, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("/feed", body=rss(server, "/a"), content_type="text/xml")
    server.on("/a", body=html("Kabar"))
    with EvidenceStore.open(tmp_path / "store", embedder=HashEmbedder(), mode="rw"):
        pass
    other = EvidenceStore.open(tmp_path / "store", embedder=HashEmbedder(), mode="rw")
    looks = 0

    def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            other.close()
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("checker.cli.fetch._pause", sleep)
    code, out, err = saring("watch", "--wait", "0", server.url("/feed"))
    assert code == 0
    assert "waiting" in err
    assert [line.split(" ", 1)[1][:7] for line in out.splitlines()] == ["0 added", "1 added"]
    assert titles(tmp_path) == {"Kabar"}
