"""Newsroom cases through the real pipeline and a real store, with a scripted judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals import engine
from evals.runs import read_rows
from evals.solvers.base import Options
from evals.testing import FakeTools

ARTICLE = (
    "Bridge opens\n\nThe bridge over the delta opens in March. The harbour lost ninety boats in the storm. "
    "Nobody has counted the goats."
)
CARDS = [
    {"id": "k1", "text": "The bridge over the delta opens in March", "language": "id"},
    {"id": "k2", "text": "The harbour lost not ninety boats in the storm but nine", "language": "en"},
]


def gold(identity: str, quote: str, label: str, *cards: str, **more: str) -> dict[str, object]:
    return {"id": identity, "quote": quote, "claim": quote, "label": label, "evidence_ids": list(cards), **more}


GOLD = [
    gold("c1", "The bridge over the delta opens in March", "supported", "k1"),
    gold("c2", "The harbour lost ninety boats in the storm", "unsupported", "k2", subtype="planted_number"),
    gold("c3", "Nobody has counted the goats", "needs_source"),
]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "cases" / "01-bridge"
    folder.mkdir(parents=True)
    (folder / "article.txt").write_text(ARTICLE)
    (folder / "evidence.jsonl").write_text("".join(json.dumps(card) + "\n" for card in CARDS))
    (folder / "gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in GOLD))
    (tmp_path / "cases" / "distractors.jsonl").write_text(json.dumps({"id": "d1", "text": "Rice is dear"}) + "\n")
    return tmp_path / "cases"


def run(cases: Path, output: Path, *tasks: str, **options: object) -> dict[str, dict[str, object]]:
    plan = engine.Plan(tasks, (str(cases),), Options(**options), output)  # type: ignore[arg-type]
    return dict(engine.run(plan, FakeTools()).summaries)


def test_three_tasks_share_one_run_of_the_pipeline(cases: Path, tmp_path: Path) -> None:
    found = run(cases, tmp_path / "run", "verdict", "citation", "cost")
    verdict = found["verdict"]
    assert list(verdict)[:2] == ["task", "judge"]
    assert {"n", "failed", "overall", "languages", "items"} <= set(verdict)
    fixed = {"claim_recall", "claim_precision", "accuracy_matched", "macro_f1_matched", "end_to_end", "citation_valid"}
    assert fixed <= set(verdict["overall"])  # type: ignore[call-overload]
    assert verdict["n"] == 3
    assert verdict["failed"] == 0
    given = verdict["gold_claims"]
    assert given["accuracy"] == 1.0, "the scripted judge reads well"  # type: ignore[index]
    assert given["cross_lingual"]["n"] == 1, "the first claim's card is in the other language"  # type: ignore[index]
    assert given["subtypes"]["planted_number"]["accuracy"] == 1.0  # type: ignore[index]
    assert verdict["overall"]["claim_recall"] == 1.0  # type: ignore[index]
    assert {"majority", "claim_only", "shuffled", "bm25"} <= set(verdict["baselines"])  # type: ignore[call-overload]
    assert verdict["baselines"]["shuffled"]["accuracy"] < 1.0, "without the deciding cards"  # type: ignore[index]
    rows = read_rows(tmp_path / "run")
    assert sorted(row["system"] for row in rows) == ["bm25", "found", "gold", "shuffled"]
    assert found["citation"]["overall"]["quote_exists"] == 1.0  # type: ignore[index]
    assert found["citation"]["overall"]["carries"] == 1.0  # type: ignore[index]
    assert found["cost"]["systems"]["gold"]["claims"] == 3  # type: ignore[index]
    assert json.dumps(found, allow_nan=False)


def test_gold_claims_alone(cases: Path, tmp_path: Path) -> None:
    verdict = run(cases, tmp_path / "run", "verdict", claims="gold", baselines=False)["verdict"]
    assert [row["system"] for row in read_rows(tmp_path / "run")] == ["gold"]
    assert verdict["overall"]["accuracy_matched"] == 1.0  # type: ignore[index]


def test_what_the_judge_cannot_hear_is_a_failure_and_not_a_label(cases: Path, tmp_path: Path) -> None:
    tools = FakeTools(lambda *_: None)
    plan = engine.Plan(("verdict",), (str(cases),), Options(baselines=False, claims="gold"), tmp_path / "run")
    verdict = engine.run(plan, tools).summaries["verdict"]
    assert verdict["failed"] == 3
    assert verdict["gold_claims"]["accuracy"] is None
    assert verdict["failures"] == {"Scripted: the script says to fail": 3}


def test_the_judge_alone_on_newsroom_cases(cases: Path, tmp_path: Path) -> None:
    stance = run(cases, tmp_path / "run", "stance")["stance"]
    rows = [row for row in read_rows(tmp_path / "run") if row["system"] == "judge"]
    assert [(row["gold"], row["id"].split("/")[1].split(":")[0]) for row in rows] == [
        ("supports", "c1"), ("refutes", "c2"), ("neutral", "c3"), ("neutral", "c3"),
    ]  # fmt: skip
    assert stance["n"] == 4
