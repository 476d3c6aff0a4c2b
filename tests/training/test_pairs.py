"""Rows: what is removed, how passages are cut, and what neutrals are made of."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from pathlib import Path

from training.pair_sources import NEUTRAL, REFUTES, SUPPORTS, Row, best_window, sentences_of
from training.pairs import deduplicate, in_slice, mined_neutrals, normalise, padded, read_rows

HELD = "The parliament passed the budget law on Tuesday."
PROTECTED = frozenset({normalise(HELD)})


def row(premise: str, claim: str, label: int = SUPPORTS, source: str = "fever") -> Row:
    return Row(source, premise, claim, label)


def test_rows_that_meet_a_held_out_text_go() -> None:
    rows = [
        row("A long premise about something.", HELD.upper()),
        row(HELD, "A claim."),
        row(f"Before it. {HELD} And after.", "A claim about the law."),
        row("A long premise about something.", "A claim about something."),
    ]
    kept, removed = deduplicate(rows, PROTECTED)
    assert kept == rows[3:]
    assert removed == {
        "fever: claim in a dev or test set": 1,
        "fever: evidence in a dev or test set": 2,
    }


def test_a_repeated_row_goes_and_a_repeated_claim_stays() -> None:
    rows = [row("One.", "A claim."), row("one", "a claim"), row("Two.", "A claim.", REFUTES), row("", "A claim.")]
    kept, removed = deduplicate(rows, frozenset())
    assert kept == [rows[0], rows[2]]
    assert removed == {"fever: duplicate": 1, "fever: empty": 1}


def test_indonli_keeps_the_premises_that_its_splits_share_but_never_a_claim() -> None:
    rows = [row(HELD, "Klaim.", source="indonli"), row("Premis.", HELD, source="indonli"), row(HELD, "Klaim.")]
    kept, _ = deduplicate(rows, PROTECTED, shared_premises=PROTECTED)
    assert kept == rows[:1]


def test_the_window_holds_the_sentence_the_claim_is_about() -> None:
    text = "Filler one is here. Nothing to see. The dam in Cianjur broke at noon. People fled. More filler follows."
    window = best_window(sentences_of(text), "A dam broke in Cianjur", limit=10)
    assert "The dam in Cianjur broke at noon." in window
    assert len(window.split()) <= 10
    assert window in text


def test_one_long_sentence_is_kept_whole() -> None:
    text = "word " * 100
    assert best_window([text.strip()], "word", limit=10) == text.strip()


def test_mined_neutrals_take_other_evidence_and_avoid_evidence_that_holds_the_claim() -> None:
    rows = [row(f"Jakarta fact number {i} stands.", f"Jakarta is thing{i} of kind{i} and sort{i}") for i in range(9)]
    rows.append(row("Jakarta is thing0 of kind0 and sort0 indeed.", "Jakarta is else entirely"))
    made = list(mined_neutrals(rows, 200, random.Random(3)))
    assert made
    assert all(m.label == NEUTRAL and m.source == "fever-neutral" for m in made)


def test_padding_keeps_the_premise_and_the_label() -> None:
    rows = [row(f"Premise number {i} is short", f"Claim {i}", REFUTES) for i in range(30)]
    done = list(padded(rows, 1.0, random.Random(1)))
    assert [d.label for d in done] == [REFUTES] * 30
    assert all(before.premise in after.premise for before, after in zip(rows, done, strict=True))
    assert any(before.premise != after.premise for before, after in zip(rows, done, strict=True))


def test_the_slice_is_decided_by_the_premise_alone() -> None:
    rows = [row(f"Premise {i} with some words", "c") for i in range(4000)]
    share = sum(map(in_slice, rows)) / len(rows)
    assert 0.02 < share < 0.04
    for r in rows[:50]:
        assert in_slice(r) == in_slice(Row("other", r.premise, "another claim", NEUTRAL))


def test_rows_survive_the_file(tmp_path: Path) -> None:
    rows = [Row("a", "Premis “ini”.", "Klaim", REFUTES, ("id", "en"), 0.5), row("p", "c")]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(asdict(r), ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    assert read_rows(path) == rows
