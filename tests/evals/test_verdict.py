"""The scoring of newsroom rows, on rows written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evals.tasks import citation, verdict
from evals.tasks.units import is_cited_well, units


def gold(identity: str, start: int, end: int, label: str = "supported", **more: Any) -> dict[str, Any]:
    line = {
        "id": identity, "quote": "", "start": start, "end": end, "claim": identity, "speaker": "", "via": "",
        "anonymous": False, "label": label, "evidence_ids": [] if label == "needs_source" else ["k1"], "subtype": "",
        "checkable": True, "cross_lingual": False,
    }  # fmt: skip
    return {**line, **more}


def cite(source: str = "k1", stance: str = "supports", **more: Any) -> dict[str, Any]:
    return {"source_id": source, "quote": "q", "exists": True, "stance": stance, "score": 0.9, "counted": True, **more}


def claim(identity: str, start: int, end: int, label: str = "supported", **more: Any) -> dict[str, Any]:
    side = {"supported": "supports", "unsupported": "refutes"}.get(label)
    outcome = {
        "label": label, "reason": "", "content_label": label, "confidence": 0.9, "origins": 1, "disputed": False,
        "citations": [cite(stance=side)] if side else [],
    }  # fmt: skip
    made = {"id": identity, "start": start, "end": end, "text": "", "quote": "", "kind": "fact", "checkable": True}
    return {**made, "worth": 0.5, "attribution": None, "outcome": outcome, **more}


def row(gold_lines: list[dict[str, Any]], claims: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    about = {
        "solver": "newsroom",
        "system": "found",
        "id": "set/01",
        "dataset": "set",
        "language": "id",
        "body_start": 50,
    }
    return {**about, "gold": gold_lines, "claims": claims, "seconds": 1.0, **more}


def test_the_whole_job_by_hand() -> None:
    lines = [
        gold("g1", 100, 150),
        gold("g2", 200, 250, "unsupported"),
        gold("g3", 300, 350, "needs_source"),
        gold("g4", 400, 450),
        gold("x", 500, 550, checkable=False, label=""),
    ]
    claims = [
        claim("a", 100, 150),  # right
        claim("b", 205, 260, "supported"),  # found, wrong label
        claim("c", 300, 340, outcome={"failure": {"type": "T", "message": "", "stage": "judge"}}),  # found, failed
        claim("d", 500, 560),  # made of a line that is no claim
        claim("e", 600, 650),  # made of nothing
        claim("h", 0, 40),  # headline: not scored
        claim("o", 700, 720, checkable=False),  # an opinion, shown and not checked
    ]
    found = verdict.score([row(lines, claims)])
    assert found["n"] == 4
    assert found["failed"] == 1
    overall = found["overall"]
    assert overall["claim_recall"] == pytest.approx(3 / 4)
    assert overall["claim_precision"] == pytest.approx(3 / 5)
    assert overall["accuracy_matched"] == pytest.approx(1 / 2), "of the two with a label"
    # supported: tp 1, fp 1 -> 2/3; unsupported: fn 1 -> 0
    assert overall["macro_f1_matched"] == pytest.approx(1 / 3)
    assert overall["end_to_end"] == pytest.approx(1 / 4)
    assert overall["end_to_end_f1"] == pytest.approx(2 / 9)
    assert overall["on_uncheckable"] == 1
    assert overall["false_positives"] == 2
    assert set(found["languages"]) == {"id"}
    assert set(found["items"]) == {"set/01"}
    assert {
        "claim_recall",
        "claim_precision",
        "accuracy_matched",
        "macro_f1_matched",
        "end_to_end",
        "citation_valid",
    } <= set(found["languages"]["id"])
    assert found["detail"]["missed"] == ["set/01/g4"]
    assert [entry["distractor"] for entry in found["detail"]["invented"]] == [True, False]


def test_an_article_that_failed_counts_all_its_claims() -> None:
    broken = row([gold("g1", 100, 150), gold("g2", 200, 250)], [], failure={"type": "StoreEmpty", "message": "m"})
    found = verdict.score([broken])
    assert (found["n"], found["failed"]) == (2, 2)
    assert found["overall"]["end_to_end"] == 0
    assert found["overall"]["accuracy_matched"] is None, "nothing was labelled"


def test_given_claims_are_matched_by_id_and_sliced() -> None:
    lines = [
        gold("g1", 100, 150, cross_lingual=True),
        gold("g2", 100, 150, "unsupported", subtype="conflict"),
        gold("g3", 300, 350, "needs_source"),
    ]
    claims = [claim("g1", 100, 150), claim("g2", 100, 150, "supported"), claim("g3", 300, 350, "needs_source")]
    found = verdict.score([row(lines, claims, system="gold")])["gold_claims"]
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["cross_lingual"] == {"n": 1, "failed": 0, "accuracy": 1.0, "macro_f1": 1.0}
    assert found["subtypes"] == {"conflict": {"n": 1, "failed": 0, "accuracy": 0.0, "macro_f1": 0.0}}
    assert found["per_class"]["unsupported"]["recall"] == 0


def test_a_found_claim_that_happens_to_bear_a_gold_id_is_matched_by_its_span() -> None:
    lines = [gold("g1", 100, 150), gold("g2", 200, 250)]
    found = units([row(lines, [claim("g1", 200, 250)])])
    assert [(unit.gold or {})["id"] for unit in found if unit.claim] == ["g2"]


def test_baselines_stand_beside_and_say_what_they_mean() -> None:
    lines = [gold(f"g{i}", 100 * i, 100 * i + 50, "needs_source" if i % 3 else "supported") for i in range(1, 31)]
    claims = [claim(line["id"], line["start"], line["end"], "needs_source") for line in lines]
    found = verdict.score([row(lines, claims, system="gold")])
    assert found["baselines"]["claim_only"]["accuracy"] == pytest.approx(2 / 3)
    assert found["baselines"]["majority"]["accuracy"] == pytest.approx(2 / 3)
    assert any("no evidence at all" in sentence for sentence in found["findings"])


@pytest.mark.parametrize(
    ("label", "citations", "expected"),
    [
        ("supported", [cite()], True),
        ("supported", [], False),
        ("supported", [cite(stance="refutes")], False),
        ("supported", [cite(counted=False)], False),
        ("supported", [cite(), cite(exists=False)], False),
        ("unsupported", [cite(stance="refutes"), cite()], True),
        ("needs_source", [], None),
    ],
)
def test_a_verdict_stands_on_quotes_that_exist_and_point_its_way(
    label: str, citations: list[dict[str, Any]], expected: bool | None
) -> None:
    assert is_cited_well({"outcome": {"label": label, "citations": citations}}) is expected


def test_citations_by_hand() -> None:
    lines = [gold("g1", 100, 150), gold("g2", 200, 250), gold("g3", 300, 350, "unsupported")]
    claims = [
        claim("a", 100, 150, outcome={"label": "supported", "citations": [cite("k1"), cite("k9")]}),
        claim("b", 200, 250, outcome={"label": "supported", "citations": [cite("k9", exists=False)]}),
        claim("c", 300, 350, outcome={"label": "supported", "citations": [cite("k9")]}),
    ]
    found = citation.score([row(lines, claims)])["overall"]
    assert found["n"] == 4
    assert found["quote_exists"] == pytest.approx(3 / 4)
    assert found["carries"] == pytest.approx(2 / 3)
    assert found["cites_deciding_card"] == pytest.approx(1 / 2), "of the two verdicts that are right"
    assert found["from_deciding_card"] == pytest.approx(1 / 3)
