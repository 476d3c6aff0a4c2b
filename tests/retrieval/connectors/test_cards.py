"""Card files: a bad line is named by its number, and the rest is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from retrieval.connectors import Rejected
from retrieval.connectors import cards as cards_module
from retrieval.connectors.cards import CardsConnector
from retrieval.errors import InputError
from retrieval.ids import content_hash, source_id
from retrieval.types import Source


def _find(path: Path, **options: int) -> tuple[list[Source], list[Rejected]]:
    found = list(CardsConnector().find(str(path), **options))
    return [f for f in found if isinstance(f, Source)], [f for f in found if isinstance(f, Rejected)]


def _file(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "cards.jsonl"
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines), "utf-8"
    )
    return path


def test_every_field_is_read_and_unknown_ones_are_kept(tmp_path: Path) -> None:
    card = {
        "id": "c1", "url": "https://e.test/1", "publisher": "P", "publisher_type": "wire", "country": "ID",
        "language": "id", "published_at": "2025-06-23T09:39:00Z", "via": ["AFP"], "title": "T", "text": "Teks “utuh”.",
        "desk": {"editor": "Sari"}, "score": 3,
    }  # fmt: skip
    [source], [] = _find(_file(tmp_path, card))
    for name in ("id", "url", "publisher", "publisher_type", "country", "language", "published_at", "title", "text"):
        assert getattr(source, name) == card[name]
    assert source.via == ("AFP",)
    assert source.content_hash == content_hash("Teks “utuh”.")
    assert source.extra == {"desk": {"editor": "Sari"}, "score": 3}
    assert source.fetched_at.endswith("Z")


def test_only_a_text_is_needed(tmp_path: Path) -> None:
    nulls = dict.fromkeys(("id", "url", "publisher", "publisher_type", "country", "language", "title", "via"))
    sources, rejected = _find(
        _file(
            tmp_path,
            {"text": "One."},
            {"text": "Two.", "url": "https://e.test/2"},
            {**nulls, "text": "Three.", "published_at": ""},
        )
    )
    assert rejected == []
    assert [s.id for s in sources] == [
        source_id("", "One."),
        source_id("https://e.test/2", ""),
        source_id("", "Three."),
    ]
    assert sources[2].published_at is None
    assert sources[2].via == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("{}", "has no 'text'"),
        ('{"text": ""}', "'text'.*empty"),
        ('{"text": "  "}', "'text'.*empty"),
        ('{"text": 5}', "'text'"),
        ('{"text": "x", "via": "AFP"}', "'via'"),
        ('{"text": "x", "published_at": "yesterday"}', "'published_at'.*ISO 8601"),
        ('{"text": "x", "published_at": "2025-02-30"}', "'published_at'.*calendar"),
        ('{"text": "x", "published_at": 2025}', "'published_at'"),
        ("[" * 100_000, "nested too deeply|not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, line: str, reason: str) -> None:
    path = _file(tmp_path, {"text": "First.", "id": "a"}, "", line, {"text": "Last.", "id": "z"})
    sources, [rejected] = _find(path)
    assert [s.id for s in sources] == ["a", "z"]
    assert rejected.where == f"{path}:3"
    assert re.search(reason, rejected.reason), rejected.reason
    assert "\n" not in str(rejected)


def test_other_encodings_and_endings(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "With a mark."}\r\n{"text": "caf\xe9"}\r\n{"text": "No end of line."}')
    sources, [rejected] = _find(path)
    assert [s.text for s in sources] == ["With a mark.", "No end of line."]
    assert rejected.where.endswith(":2")
    assert "UTF-8" in rejected.reason


def test_a_line_without_end_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards_module, "LONGEST_LINE", 1000)
    path = _file(tmp_path, {"text": "First."}, '{"text": "' + "x" * 5000 + '"}', {"text": "Last."})
    sources, [rejected] = _find(path)
    assert [s.text for s in sources] == ["First.", "Last."]
    assert rejected.where == f"{path}:2"


def test_a_limit_and_a_missing_file(tmp_path: Path) -> None:
    path = _file(tmp_path, *({"text": f"Text {i}."} for i in range(10)))
    assert len(_find(path, limit=3)[0]) == 3
    with pytest.raises(InputError, match="cannot be read"):
        _find(tmp_path / "none.jsonl")


def test_the_60_cards_are_read_whole() -> None:
    path = Path(__file__).parents[3] / "seeds" / "evidence" / "iran-june-2025.jsonl"
    sources, rejected = _find(path)
    assert len(sources) == 60
    assert rejected == []
