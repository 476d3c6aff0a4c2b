"""`saring evidence`: add, list, search, show, remove, stats, reindex, as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import checker.cli.root as cli
from retrieval.lock import WriterLock
from retrieval.store import EvidenceStore

CARDS = [
    {
        "id": "ampana", "text": "The harbour of Ampana was closed on Monday after a storm. Two ferries were damaged.",
        "publisher": "Harbour Post", "publisher_type": "newspaper", "language": "en", "published_at": "2025-06-23",
        "title": "Storm closes harbour", "url": "https://e.test/1", "via": ["AFP"], "desk": "islands",
    },
    {
        "id": "palu", "text": "Gubernur meresmikan jembatan baru di Palu. Panjangnya 250 meter.", "language": "id",
        "publisher": "Kabar Palu", "published_at": "2025-07-01",
    },
]  # fmt: skip

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs `saring evidence ...` in this process; gives exit code, stdout and stderr."""
    monkeypatch.setenv("SARING_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["evidence", *arguments])
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    path = tmp_path / "cards.jsonl"
    path.write_text("\n".join(json.dumps(card, ensure_ascii=False) for card in CARDS), "utf-8")
    return path


@pytest.fixture
def filled(call: Call, cards: Path) -> Call:
    assert call("add", str(cards))[0] == 0
    return call


def test_add_says_what_became_of_each(call: Call, cards: Path) -> None:
    code, out, err = call("add", str(cards))
    assert (code, err) == (0, "")
    assert "2 added, 0 updated, 0 unchanged, 0 refused." in out
    assert "0 added, 0 updated, 2 unchanged, 0 refused." in call("add", str(cards))[1]
    cards.write_text(json.dumps({**CARDS[0], "text": "The harbour is open again."}), "utf-8")
    assert "0 added, 1 updated" in call("add", str(cards))[1]


def test_what_cannot_be_used_is_named_and_the_code_tells(call: Call, cards: Path, tmp_path: Path) -> None:
    cards.write_text(cards.read_text("utf-8") + "\n{oops\n" + '{"id": "x"}\n', "utf-8")
    code, out, err = call("add", str(cards))
    assert code == 1
    assert f"{cards}:3: is not JSON" in err
    assert f"{cards}:4: has no 'text'" in err
    assert "2 added, 0 updated, 0 unchanged, 2 refused." in out
    code, out, _ = call("add", str(cards), "--format", "json")
    assert code == 1
    assert [bad["where"] for bad in json.loads(out)["failed"]] == [f"{cards}:3", f"{cards}:4"]
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{oops\n")
    code, _, err = call("add", str(bad))
    assert code == 2
    assert "nothing was added" in err


@pytest.mark.parametrize("name", ["none", "photo.jpg", "empty-folder"])
def test_nothing_to_add_is_one_line(call: Call, tmp_path: Path, name: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    (tmp_path / "empty-folder").mkdir()
    code, out, err = call("add", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


def test_list_with_filters(filled: Call) -> None:
    code, out, _ = filled("list")
    assert code == 0
    assert out.index("palu") < out.index("ampana")
    assert "Storm closes harbour" in out
    assert "palu" not in filled("list", "--language", "en")[1]
    assert "ampana" not in filled("list", "--since", "2025-07")[1]
    assert (
        "palu" not in filled("list", "--publisher", "harbour post", "--type", "newspaper", "--until", "2025-06-30")[1]
    )
    found = json.loads(filled("list", "--format", "json", "-n", "1")[1])
    assert [source["id"] for source in found] == ["palu"]
    code, _, err = filled("list", "--since", "yesterday")
    assert code == 2
    assert "yesterday" in err
    assert filled("list", "--format", "yaml")[0] == 2


def test_search_shows_passages_with_their_source(filled: Call) -> None:
    code, out, _ = filled("search", "ferries damaged in Ampana")
    assert code == 0
    assert out.index("Two ferries") < out.index("jembatan")
    assert "Harbour Post (2025-06-23" in out
    code, out, _ = filled(
        "search", "kapal feri rusak di Ampana", "-k", "2", "--as-of", "2025-06-25", "--format", "json"
    )
    hits = json.loads(out)
    assert hits[0]["source"]["id"] == "ampana"
    assert {hit["source"]["id"]: hit["excluded"] for hit in hits}["palu"] == "after_as_of"
    text = CARDS[0]["text"]
    assert isinstance(text, str)
    assert text[hits[0]["passage"]["start"] : hits[0]["passage"]["end"]] == hits[0]["passage"]["text"]
    assert "does not count" in filled("search", "jembatan", "--as-of", "2025-06-25")[1]
    assert filled("search", "x", "--as-of", "soon")[0] == 2
    code, out, err = filled("search", "jembatan", "--publisher", "Nobody")
    assert (code, out) == (0, "")
    assert "nothing found" in err


def test_show_gives_the_whole_source(filled: Call) -> None:
    code, out, _ = filled("show", "ampana")
    assert code == 0
    for part in (CARDS[0]["text"], "https://e.test/1", "via: AFP", "desk: islands", "origin: o-"):
        assert str(part) in out
    shown = json.loads(filled("show", "ampana", "--format", "json")[1])
    assert shown["text"] == CARDS[0]["text"]
    assert shown["extra"] == {"desk": "islands"}
    code, _, err = filled("show", "nothing")
    assert code == 2
    assert "'nothing'" in err


def test_remove_takes_out_all_or_none(filled: Call) -> None:
    code, _, err = filled("remove", "palu", "nothing")
    assert code == 2
    assert "'nothing'" in err
    assert "palu" in filled("list")[1]
    code, out, _ = filled("remove", "palu", "palu")
    assert (code, out) == (0, "removed palu\n")
    assert "palu" not in filled("list")[1]


def test_stats_and_reindex(filled: Call) -> None:
    code, out, _ = filled("stats")
    assert code == 0
    assert "2 of 2 origins" in out
    assert "en 1, id 1" in out
    counted = json.loads(filled("stats", "--format", "json")[1])
    assert counted["sources"] == 2
    assert counted["indexed"] == counted["passages"]
    code, out, _ = filled("reindex")
    assert (code, out) == (0, f"{counted['passages']} passages indexed\n")
    assert filled("reindex", "--embed")[0] == 0
    assert filled("search", "jembatan baru")[0] == 0


def test_a_locked_store_is_said_to_be_locked_and_is_read_all_the_same(filled: Call, tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "store")
    lock.acquire(0)
    try:
        code, _, err = filled("add", "cards.jsonl", "--wait", "0")
        assert code == 2
        assert "is being written to by process" in err
        assert len(err.strip().splitlines()) == 1
        assert filled("search", "jembatan")[0] == 0
    finally:
        lock.release()


def test_an_empty_store_lists_nothing(call: Call) -> None:
    code, out, err = call("list")
    assert (code, out) == (0, "")
    assert "nothing found" in err
    assert call("stats")[0] == 0
    assert call("search", "x")[0] == 0


def test_broken_off_it_says_what_is_kept(
    call: Call, cards: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = EvidenceStore.add

    def add(self: EvidenceStore, sources: object, progress: Callable[[list[str]], None]) -> None:
        whole(self, list(sources)[:1], progress)  # type: ignore[call-overload]
        raise KeyboardInterrupt

    monkeypatch.setattr(EvidenceStore, "add", add)
    code, _, err = call("add", str(cards))
    assert code == 130
    assert "1 done and kept; run the same command again" in err
    monkeypatch.undo()
    monkeypatch.setenv("SARING_STORE", str(tmp_path / "store"))
    with EvidenceStore.open(tmp_path / "store") as opened:
        assert [source.id for source in opened.list()] == ["ampana"]
