"""Files and folders: every known kind is read, and whatever cannot be used is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrieval.connectors import Rejected
from retrieval.connectors import folder as folder_module
from retrieval.connectors.folder import FolderConnector
from retrieval.errors import InputError
from retrieval.types import Source

STORY = "The harbour of Ampana was closed on Monday after a storm. Two ferries were damaged at their moorings. "


def _find(path: Path, **options: int) -> tuple[list[Source], dict[str, str]]:
    found = list(FolderConnector().find(str(path), **options))
    rejected = {Path(f.where).name: f.reason for f in found if isinstance(f, Rejected)}
    return [f for f in found if isinstance(f, Source)], rejected


def test_a_folder_is_read_with_all_below_it_in_order(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "a.txt").write_text(STORY + "First file.", "utf-8")
    (tmp_path / "b" / "one.MD").write_text("# A heading\n\n" + STORY + "Second file.", "utf-8")
    (tmp_path / "b" / "deep" / "page.html").write_text(
        f"<html lang='en'><title>Storm</title><body><article><p>{STORY * 3}Third file.</p></article></body>",
        "utf-8",
    )
    (tmp_path / "cards.jsonl").write_text('{"id": "card", "text": "Fourth file."}\n', "utf-8")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / ".hidden.txt").write_text(STORY, "utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text(STORY, "utf-8")
    sources, rejected = _find(tmp_path)
    assert rejected == {}
    assert [next(w for w in ("First", "Fourth", "Second", "Third") if w in s.text) for s in sources] == [
        "First", "Fourth", "Second", "Third",
    ]  # fmt: skip
    assert sources[1].id == "card"
    assert len({s.id for s in sources}) == 4
    assert len(_find(tmp_path, limit=2)[0]) == 2


def test_what_cannot_be_used_is_named_and_the_rest_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "LARGEST_FILE", 10_000)
    (tmp_path / "good.txt").write_text(STORY, "utf-8")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "blank.txt").write_bytes(b" \n\n ")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    (tmp_path / "huge.txt").write_bytes(b"word " * 5000)
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nowhere.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    sources, rejected = _find(tmp_path)
    assert [s.text.strip() for s in sources] == [STORY.strip()]
    assert set(rejected) == {
        "empty.txt", "blank.txt", "binary.txt", "broken.pdf", "huge.txt", "dangling.txt", "pipe.txt",
    }  # fmt: skip
    assert rejected["empty.txt"] == "is empty"
    assert "split it" in rejected["huge.txt"]
    assert rejected["pipe.txt"] == "is not a regular file"
    assert all("\n" not in reason and reason for reason in rejected.values())


def test_other_encodings_are_read(tmp_path: Path) -> None:
    (tmp_path / "utf16.txt").write_text("Harga beras naik – kata “pedagang” di pasar itu.", "utf-16")
    sources, rejected = _find(tmp_path)
    assert rejected == {}
    assert "“pedagang”" in sources[0].text


def test_links_that_lead_back_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text(STORY, "utf-8")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    sources, rejected = _find(tmp_path)
    assert len(sources) == 1
    assert set(rejected) == {"self.txt"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p / "none", "no such file or folder"),
        (lambda p: (p / "photo.jpg").write_bytes(b"x") and p / "photo.jpg", "not a kind of file"),
        (lambda p: (p / "empty").mkdir() or p / "empty", "holds no file"),
        (lambda p: "a\x00b", "path"),
    ],
)
def test_nothing_to_read_is_an_error(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        list(FolderConnector().find(str(make(tmp_path))))


def test_one_file_may_be_named_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(STORY, "utf-8")
    [source], _ = _find(path)
    again = tmp_path / "moved"
    again.mkdir()
    (again / "b.txt").write_text(STORY, "utf-8")
    assert _find(again)[0][0].id == source.id, "the same text is the same source wherever it lies"
