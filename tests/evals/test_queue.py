from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError
from evals.newsroom import read_newsroom
from evals.queue import from_queue

TEXT = "Jembatan\n\nKOTA - Wali kota mengatakan jembatan dibuka Maret. Harga beras naik. Itu kabar baik.\n"
CARD = {"id": "k1", "text": "Jembatan dibuka Maret.", "language": "id", "published_at": "2026-01-01"}


def decision(quote: str, **change: Any) -> dict[str, Any]:
    start = TEXT.index(quote)
    made = {
        "schema": "saring.decision/1", "id": f"dec-{quote}", "decided_at": "2026-11-24T08:00:00Z", "ruling": "approved",
        "label": "supported", "why": "",
        "article": {"id": "a1", "title": "Jembatan Baru!", "text": TEXT, "language": "id"},
        "claim": {
            "id": f"c-{quote}", "text": quote, "quote": quote, "start": start, "end": start + len(quote),
            "attribution": {"speaker": "wali kota", "outlet": "", "anonymous": False},
        },
        "evidence": [CARD], "evidence_ids": ["k1"], "reviewer": "somebody",
    }  # fmt: skip
    return {**made, **change}


def export(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_decisions_become_a_case_that_validates(tmp_path: Path) -> None:
    path = export(
        tmp_path / "decisions.jsonl",
        decision("jembatan dibuka Maret"),
        decision("Harga beras naik", ruling="overruled", label="needs_source", evidence_ids=[]),
        decision("Itu kabar baik", ruling="not_a_claim", label=None),
    )
    done = from_queue(path, tmp_path / "cases")
    assert done.claims == 2
    assert [case.name for case in done.written] == ["01-jembatan-baru"]
    item = read_newsroom(tmp_path / "cases")[0]
    assert [(claim.label, claim.checkable) for claim in item.gold] == [
        ("supported", True),
        ("needs_source", True),
        ("", False),
    ]
    assert item.gold[0].speaker == "wali kota"
    assert item.text == TEXT
    assert "somebody" not in (done.written[0] / "gold.jsonl").read_text(), "a case needs no reviewer"


def test_the_latest_decision_counts(tmp_path: Path) -> None:
    quote = "jembatan dibuka Maret"
    path = export(
        tmp_path / "d.jsonl",
        decision(quote, label="unsupported", decided_at="2026-11-24T09:00:00Z"),
        decision(quote),
    )
    from_queue(path, tmp_path / "cases")
    assert read_newsroom(tmp_path / "cases")[0].gold[0].label == "unsupported"


def test_what_cannot_be_a_case_is_left_out_and_named(tmp_path: Path) -> None:
    path = export(
        tmp_path / "d.jsonl",
        decision("jembatan dibuka Maret"),
        decision("Harga beras naik", evidence_ids=[]),
        decision("Itu kabar baik", ruling="undecided", label=None),
    )
    done = from_queue(path, tmp_path / "cases")
    assert done.claims == 1
    assert done.left_out == (
        "dec-Harga beras naik: supported, but no source is named that decides it",
        "dec-Itu kabar baik: undecided",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other/1"}, "schema"),
        ({"ruling": "maybe"}, "ruling"),
        ({"evidence_ids": ["k9"]}, "'k9' is not in the decision's evidence"),
        ({"claim": {"id": "c", "text": "x", "quote": "jembatan", "start": 0, "end": 8}}, "is not its quote"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = export(tmp_path / "d.jsonl", decision("jembatan dibuka Maret", **change))
    with pytest.raises(DataError, match=rf"d\.jsonl:1.*{message}"):
        from_queue(path, tmp_path / "cases")
    assert not (tmp_path / "cases").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = export(tmp_path / "d.jsonl", decision("jembatan dibuka Maret"))
    from_queue(path, tmp_path / "cases")
    with pytest.raises(DataError, match="already there"):
        from_queue(path, tmp_path / "cases")
