"""Articles found, cut into shards, and read again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.bulk import inputs
from checker.bulk.inputs import check_inputs, cut, fingerprint, read_items, walk
from checker.errors import ArticleError, ArticleTooLarge, BulkError


def keys(path: Path, size: int) -> list[list[str]]:
    out = path.parent / "none"
    return [[item.key for item in read_items(spec)] for _, spec in cut([path], out, size, out)]


def test_a_folder_is_walked_in_one_order_without_the_output(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.md", "a/1.html", "a/x.pdf", ".hidden/c.txt", "out/reports/d.jsonl", "e.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Isi\n", encoding="utf-8")
    found = [(str(file.path.relative_to(tmp_path)), file.kind) for file in walk([tmp_path], tmp_path / "out")]
    assert found == [("a/1.html", "article"), ("a/2.md", "article"), ("b.txt", "article"), ("e.jsonl", "jsonl")]
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(list(walk([tmp_path], tmp_path / "out"))) == 4


def test_files_of_a_folder_are_read_as_articles(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Judul\n\nIsi berita.\n", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"%PDF-1.7")
    [(count, spec)] = cut([tmp_path], tmp_path / "out", 10, tmp_path / "out")
    first, second = read_items(spec)
    assert count == 2
    assert (first.key, first.id, first.read().text) == (str(tmp_path / "a.txt"), "a.txt", "Judul\n\nIsi berita.\n")
    with pytest.raises(ArticleError, match="a PDF"):
        second.read()


@given(
    lines=st.lists(st.sampled_from(["", "  ", '{"text": "a"}', "nonsense", '{"text":"é\u2028"}']), max_size=20),
    size=st.integers(1, 7),
    last=st.booleans(),
)
def test_every_line_is_in_one_shard(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], size: int, last: bool
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(("\n".join(lines) + ("\n" if last else "")).encode())
    shards = keys(path, size)
    assert [key for shard in shards for key in shard] == [
        f"{path}:{number}" for number, line in enumerate(lines, 1) if line.strip()
    ]
    assert all(len(shard) == size for shard in shards[:-1])
    assert fingerprint([path], path.parent / "none")[1] == sum(map(len, shards))


def test_a_line_says_what_the_article_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"id": 7, "url": "https://a.example/1", "title": "Judul", "publisher": "A", "published_at": "2025-06-23",
           "language": "id", "text": "Isi berita.", "extra": {"x": 1}}  # fmt: skip
    html = (
        "<html><body><article><h1>Judul</h1><p>"
        + "Isi berita yang cukup panjang. " * 20
        + "</p></article></body></html>"
    )
    path.write_text(
        "\n".join(map(json.dumps, [row, {"html": html}, {"text": "a", "html": "b"}, [1]])), encoding="utf-8"
    )
    [(_, spec)] = cut([path], tmp_path / "out", 10, tmp_path / "out")
    first, second, third, fourth = read_items(spec)
    article = first.read()
    assert (first.id, article.title, article.publisher, article.published_at, article.url) == (
        "7", "Judul", "A", "2025-06-23", "https://a.example/1",
    )  # fmt: skip
    assert "Isi berita" in second.read().text
    with pytest.raises(ArticleError, match="both 'text' and 'html'"):
        third.read()
    with pytest.raises(ArticleError, match=r"a\.jsonl:4: the line: "):
        fourth.read()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "Isi.", "published_at": "kemarin"}', "a.jsonl:1: published_at: "),
        ('{"text": 5}', "a.jsonl:1: text: "),
        ('{"text": "Isi."', "is not a line of JSON"),
        ("[" * 5000, "a.jsonl:1"),
        ('{"title": "Judul"}', "neither 'text' nor 'html'"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line, encoding="utf-8")
    [(_, spec)] = cut([path], tmp_path / "out", 10, tmp_path / "out")
    [item] = read_items(spec)
    with pytest.raises(ArticleError, match=re.escape(said)):
        item.read()


def test_a_language_that_is_not_spoken_here_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"text": "Pemerintah menutup jembatan itu pada hari Senin.", "language": name} for name in ("fr", "EN-us", "")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    [(_, spec)] = cut([path], tmp_path / "out", 10, tmp_path / "out")
    assert [item.read().language for item in read_items(spec)] == ["id", "en", "id"]


def test_a_line_that_is_too_long_is_passed_over_in_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MAX_LINE", 50)
    monkeypatch.setattr(inputs, "_READ", 16)
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "x" * 500}) + "\n" + json.dumps({"text": "b"}) + "\n", encoding="utf-8")
    [(_, spec)] = cut([path], tmp_path / "out", 10, tmp_path / "out")
    first, second = read_items(spec)
    with pytest.raises(ArticleTooLarge, match="more than one article"):
        first.read()
    assert second.read().text == "b"


def test_inputs_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "a.docx").write_text("a", encoding="utf-8")
    with pytest.raises(BulkError, match="of a kind that is not read"):
        check_inputs([tmp_path / "a.docx"])
    with pytest.raises(BulkError, match="would be checked twice"):
        check_inputs([tmp_path, tmp_path / "a.txt"])
    with pytest.raises(BulkError, match="neither a file nor a folder"):
        check_inputs(
            [Path("/dev/null.txt"), Path("/dev/null")] if Path("/dev/null.txt").exists() else [Path("/dev/null")]
        )


def test_a_changed_input_is_another(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n', encoding="utf-8")
    before = fingerprint([tmp_path], tmp_path / "out")
    assert fingerprint([tmp_path], tmp_path / "out") == before
    path.write_text('{"text": "b"}\n', encoding="utf-8")
    assert fingerprint([tmp_path], tmp_path / "out") != before


def test_parquet_without_a_text_is_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"body": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(BulkError, match="neither a column 'text' nor 'html'; its columns: body"):
        fingerprint([tmp_path / "a.parquet"], tmp_path / "out")
    (tmp_path / "b.parquet").write_bytes(b"nonsense")
    with pytest.raises(BulkError, match="not a Parquet file"):
        fingerprint([tmp_path / "b.parquet"], tmp_path / "out")
