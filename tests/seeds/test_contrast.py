import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from checker.cues import language_of

FILE = Path(__file__).parents[2] / "seeds" / "contrast" / "contrast.jsonl"
KINDS = {"number", "date", "place", "person", "negation", "direction"}
FIELDS = {
    "id",
    "pair",
    "kind",
    "topic",
    "dataset",
    "language",
    "evidence_language",
    "evidence",
    "claim",
    "label",
}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def pairs(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["pair"]].append(row)
    return found


def test_every_line_has_the_fields_and_only_known_values(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert set(row) == FIELDS, row["id"]
        assert row["kind"] in KINDS
        assert row["dataset"] == "contrast"
        assert {row["language"], row["evidence_language"]} <= {"id", "en"}
        assert row["label"] in ("supports", "refutes")
        assert row["claim"] == row["claim"].strip() != ""
        assert row["evidence"] == row["evidence"].strip() != ""


def test_there_are_enough_and_ids_are_unique(rows: list[dict[str, Any]]) -> None:
    assert len(rows) >= 320
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({(row["evidence"], row["claim"]) for row in rows}) == len(rows)


def test_a_pair_is_one_passage_with_one_claim_for_it_and_one_against(pairs: dict[str, list[dict[str, Any]]]) -> None:
    for name, twins in pairs.items():
        assert sorted(twin["label"] for twin in twins) == ["refutes", "supports"], name
        for field in ("evidence", "kind", "topic", "language", "evidence_language"):
            assert len({twin[field] for twin in twins}) == 1, (name, field)


def test_no_passage_serves_two_pairs(pairs: dict[str, list[dict[str, Any]]]) -> None:
    assert len({twins[0]["evidence"] for twins in pairs.values()}) == len(pairs)


def test_twins_differ_in_a_part_of_the_claim_only(pairs: dict[str, list[dict[str, Any]]]) -> None:
    for name, (first, second) in pairs.items():
        one, other = Counter(first["claim"].split()), Counter(second["claim"].split())
        assert sum((one & other).values()) >= 0.4 * max(one.total(), other.total()), name


def test_a_supported_claim_is_no_copy_of_its_passage(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["claim"].rstrip(".").lower() not in row["evidence"].lower(), row["id"]


def test_kinds_and_languages_are_in_balance(rows: list[dict[str, Any]]) -> None:
    cells = Counter((row["kind"], row["evidence_language"], row["language"]) for row in rows)
    assert len(cells) == len(KINDS) * 4
    assert max(cells.values()) <= 1.25 * min(cells.values())


def test_neither_position_nor_denial_gives_the_label_away(rows: list[dict[str, Any]]) -> None:
    first = Counter(row["label"] for row in rows if row["id"].endswith("a"))
    assert abs(first["supports"] - first["refutes"]) <= 0.05 * len(rows)
    denials = {"tidak", "tak", "bukan", "belum", "tanpa", "not", "no", "never", "nobody", "nothing"}
    denied = Counter(
        row["label"] for row in rows if row["kind"] == "negation" and denials & set(row["claim"].lower().split())
    )
    assert abs(denied["supports"] - denied["refutes"]) <= 0.4 * denied.total()


def test_the_languages_are_what_the_fields_say(rows: list[dict[str, Any]]) -> None:
    wrong = [
        row["id"] for row in rows if language_of(row["evidence"], row["evidence_language"]) != row["evidence_language"]
    ]
    assert wrong == []


def test_topics_vary(rows: list[dict[str, Any]]) -> None:
    topics = Counter(row["topic"] for row in rows)
    assert len(topics) >= 12
    assert topics.most_common(1)[0][1] <= 0.2 * len(rows)
