from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evals.data.scripts import SCRIPT, is_script, read_script
from evals.engine import resolve
from evals.errors import DataError
from evals.solvers.base import Options
from evals.solvers.chat import ChatSolver
from evals.tasks.chat import TASK, score, wrong
from evals.testing import FakeTools

EVIDENCE = Path(__file__).parents[2] / "seeds" / "evidence"


def turn(expect: dict[str, Any], **answer: Any) -> dict[str, Any]:
    whole = {"kind": "verdict", "language": "id", "text": "", "verdicts": [], "citations": [], "items": [], **answer}
    return {"id": "a-1", "language": "id", "asked": "?", "expect": {"kind": ["verdict"], **expect}, "answer": whole}


def verdict(label: str, claim: str = "Jembatan Sula ditutup.") -> dict[str, str]:
    return {"label": label, "claim": claim, "text": claim}


QUOTED = [{"source_id": "kabar", "quote": "Dua pilar retak."}]


@pytest.mark.parametrize(
    ("expect", "answer", "mistakes"),
    [
        ({}, {}, 0),
        ({}, {"kind": "quotes"}, 1),
        ({}, {"language": "en"}, 1),
        ({"label": "supported"}, {"verdicts": [verdict("supported")]}, 0),
        ({"label": "supported"}, {"verdicts": [verdict("unsupported")]}, 1),
        ({"label": "supported"}, {"verdicts": []}, 1),
        ({"label": "supported"}, {"verdicts": [{"claim": "x", "text": "x", "failure": "broken"}]}, 1),
        ({"label": "supported", "claim_has": ["Sula"]}, {"verdicts": [verdict("supported")]}, 0),
        ({"label": "supported", "claim_has": ["Ana"]}, {"verdicts": [verdict("supported")]}, 1),
        ({"mentions": ["pilar"]}, {"citations": QUOTED}, 0),
        ({"mentions": ["pilar"]}, {"text": "Dua pilar retak."}, 1),
        ({"mentions": ["feri"]}, {"citations": QUOTED}, 1),
        ({"cites": ["kabar", "radar"]}, {"citations": QUOTED}, 0),
        ({"cites": ["radar"]}, {"citations": QUOTED}, 1),
        ({"citations": 0}, {"citations": QUOTED}, 1),
        ({"citations": 0}, {}, 0),
        ({"items": 1}, {"items": ["itm-1"]}, 0),
        ({"items": 1}, {}, 1),
        ({"labels": {"Sula": "supported"}}, {"verdicts": [verdict("supported"), verdict("unsupported", "x")]}, 0),
        ({"labels": {"Sula": "unsupported"}}, {"verdicts": [verdict("supported")]}, 1),
    ],
)
def test_a_turn_is_wrong_by_what_does_not_hold(expect: dict[str, Any], answer: dict[str, Any], mistakes: int) -> None:
    assert len(wrong(turn(expect, **answer))) == mistakes


def test_the_score_counts_turns_verdicts_and_failures() -> None:
    right = {**turn({}, verdicts=[verdict("supported")]), "equal": [True, None], "first_s": 0.1, "seconds": 1.0}
    broken = {**turn({}, verdicts=[{"claim": "x", "text": "x", "failure": "f"}]), "equal": [False], "first_s": 0.3}
    raised = {**turn({}), "failure": {"type": "OSError", "message": "gone"}}
    other = {**turn({}, kind="failure"), "language": "en"}
    rows = [{"solver": "chat", "system": "embedded", "id": "x", "turns": [right, broken, raised, other]}]
    summary = score(rows)
    assert (summary["n"], summary["failed"]) == (4, 3)
    assert summary["overall"]["turns_right"] == 2
    assert summary["overall"]["verdicts_equal"] == 0.5
    assert summary["languages"]["en"]["n"] == 1
    assert [line.split(":")[0] for line in summary["findings"]] == ["a-1", "a-1"]
    json.dumps(summary)


def test_the_script_has_sixty_turns_of_every_kind() -> None:
    dataset = resolve("chat", tuple(TASK.solvers))
    lines = [line for talk in dataset.records for line in talk.lines]
    assert len(lines) == 60
    assert min(Counter(line.language for line in lines).values()) >= 20
    kinds = {kind for line in lines for kind in line.expect.kind}
    assert {"verdict", "article", "quotes", "evidence", "outlet", "queue", "clarify", "small_talk", "refusal"} <= kinds
    labels = Counter(line.expect.label for line in lines if line.expect.label)
    assert min(labels[label] for label in ("supported", "unsupported", "needs_source")) >= 2
    assert max(len(line.message.encode()) for line in lines) == 102_400
    assert "" in {line.message for line in lines}
    known = {card["id"] for card in dataset.records[0].cards}
    assert {card for line in lines for card in line.expect.cites} <= known


def test_the_development_script_shares_no_question_with_it() -> None:
    development = read_script(SCRIPT.with_name("dev.jsonl"), EVIDENCE)
    held = {line.message.casefold() for talk in resolve("chat", ("chat",)).records for line in talk.lines}
    asked = [line.message.casefold() for talk in development.records for line in talk.lines]
    assert [text for text in asked if text in held and len(text) > 40] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "a"}', "conversation"),
        ('{"id":"a","conversation":"c","language":"id","expect":{"kind":["verdict"]},"why":"w"}', "give text"),
        ('{"id":"a","conversation":"c","language":"id","text":"x","expect":{"kind":[]},"why":"w"}', "expect.kind"),
        ("not json", "line"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "script.jsonl"
    good = '{"id":"g","conversation":"c","language":"id","text":"x","expect":{"kind":["verdict"]},"why":"w"}'
    path.write_text(f"{good}\n{line}\n")
    assert is_script(path)
    with pytest.raises(DataError, match=f"script.jsonl:2.*{message}"):
        read_script(path, EVIDENCE)


def test_conversations_are_held_over_the_scripts_cards(tmp_path: Path) -> None:
    path = tmp_path / "small.jsonl"
    turns = [
        {"id": "t1", "text": "Halo", "expect": {"kind": ["small_talk"]}},
        {"id": "t2", "text": "Gunung Lewotobi meletus pada 17 Juni 2025.", "expect": {"kind": ["verdict"]}},
        {"id": "t3", "text": "kirim ke antrean", "expect": {"kind": ["queue"], "items": 1}},
    ]
    path.write_text("\n".join(json.dumps({"conversation": "c", "language": "id", "why": "w", **row}) for row in turns))
    solver = ChatSolver()
    cases = solver.cases([read_script(path, EVIDENCE)], Options())
    (row,) = solver.solve(cases, FakeTools(), Options())
    assert [wrong(turn) for turn in row["turns"]] == [[], [], []]
    assert row["turns"][1]["equal"] == [True]
    assert row["turns"][1]["first_s"] <= row["turns"][1]["seconds"]


def test_the_readme_table_has_a_row_for_each_kind_of_turn() -> None:
    from evals.table import _chat

    rows = list(_chat(score([{"solver": "chat", "system": "embedded", "id": "x", "turns": [turn({}), turn({})]}])))
    assert [row[:4] for row in rows[1:]] == [("all", "2", "0", "2"), ("verdict", "2", "0", "2")]
    assert all(len(row) == len(rows[0]) for row in rows)
