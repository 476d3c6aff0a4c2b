"""The scoring of extraction and check-worthiness rows, on rows written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evals.tasks import attribution, checkworthiness, claims, cost

from .test_verdict import claim, gold


def row(gold_lines: list[dict[str, Any]], found: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    about = {
        "solver": "extraction", "system": "extractor", "id": "set/01", "dataset": "set", "language": "en",
        "kind": "newsroom", "body_start": 50, "failures": [], "sentences": [[60, 160], [200, 320]], "seconds": 1.0,
    }  # fmt: skip
    return {**about, "gold": gold_lines, "claims": found, **more}


def said(speaker: str = "", **more: Any) -> dict[str, Any]:
    return {"speaker": speaker, "role": "", "outlet": "", "anonymous": False, "cue": "", "start": -1, "end": -1, **more}


def test_claims_by_hand() -> None:
    lines = [
        gold("g1", 100, 150, speaker="Budi"),
        gold("g2", 200, 250),
        gold("x", 280, 300, checkable=False),
        gold("y", 700, 720, checkable=False),
    ]
    found = [claim("a", 100, 160, kind="quote"), claim("b", 280, 310)]
    scored = claims.score([row(lines, found)])
    overall = scored["overall"]
    assert overall["precision"] == 0.5
    assert overall["recall"] == 0.5
    assert overall["f1"] == 0.5
    assert overall["overlap"] == pytest.approx(50 / 60)
    assert overall["kind_accuracy"] == 1.0
    assert overall["uncheckable_taken"] == 0.5
    # sentence 1 holds g1, sentence 2 holds g2: all found, nothing invented
    assert scored["baselines"]["every_sentence"]["recall"] == 1.0
    assert scored["detail"]["missed"] == ["set/01/g2"]


def test_attribution_by_hand() -> None:
    lines = [
        gold("g1", 100, 150, speaker="Abbas Araqchi", via="TASS"),
        gold("g2", 200, 250),
        gold("g3", 300, 350, anonymous=True, speaker="a senior source"),
        gold("g4", 400, 450, speaker="Putin"),
        gold("g5", 500, 550, speaker="Nobody found me"),
    ]
    found = [
        claim("a", 100, 150, attribution=said("Foreign Minister Abbas Araqchi", outlet="TASS")),
        claim("b", 200, 250, attribution=None),
        claim("c", 300, 350, attribution=said("", anonymous=True)),
        claim("d", 400, 450, attribution=said("Peskov", outlet="RIA")),
    ]
    overall = attribution.score([row(lines, found)])["overall"]
    assert overall["speaker"] == pytest.approx(3 / 4)
    assert overall["speaker_named"] == pytest.approx(2 / 3)
    assert overall["outlet"] == pytest.approx(1 / 2)
    assert overall["anonymous"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert overall["end_to_end"] == pytest.approx(3 / 5)
    assert attribution.score([row(lines, found)])["baselines"]["nobody"]["speaker"] == pytest.approx(1 / 5)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("Herman Suherman", "Bupati Herman Suherman", True),
        ("the White House", "White House", True),
        ("Peskov", "Putin", False),
        ("", "", True),
        ("", "Putin", False),
    ],
)
def test_names(a: str, b: str, expected: bool) -> None:
    assert attribution.same_name(a, b) is attribution.same_name(b, a) is expected


def test_marked_attributions_by_hand() -> None:
    marked = {
        "solver": "extraction", "system": "extractor", "id": "polnear/a", "dataset": "polnear", "language": "en",
        "kind": "attributed", "failures": [], "sentences": [],
        "attributions": [
            {"source": "The mayor", "cue": [10, 14], "content": [15, 35]},
            {"source": "", "cue": [50, 55], "content": [60, 90]},
        ],
        "claims": [
            claim("a", 15, 40, attribution=said("mayor")),
            claim("b", 60, 90, attribution=None),
            claim("c", 200, 230, attribution=said("somebody")),
        ],
    }  # fmt: skip
    found = attribution.score([marked])["datasets"]["polnear"]
    assert found["recall"] == 0.5
    assert found["precision"] == 0.5
    assert found["source_right"] == 1.0


def test_checkworthiness_by_hand() -> None:
    rows = [
        {
            "solver": "sentences", "system": "head", "id": str(i), "dataset": "d", "language": "en", "gold": worth,
            "text": text, "score": value,
        }
        for i, (worth, text, value) in enumerate(
            [
                (True, "GDP rose 5 percent", 0.9), (False, "Thank you", 0.1), (True, "He voted no", 0.4),
                (False, "Hi 5", 0.6),
            ]
        )
    ]  # fmt: skip
    scored = checkworthiness.score(rows)
    assert scored["overall"]["auroc"] == pytest.approx(3 / 4)
    assert scored["overall"]["precision"] == 0.5
    assert scored["overall"]["recall"] == 0.5
    assert scored["overall"]["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert scored["baselines"]["has_digit"]["d"]["auroc"] == pytest.approx(0.5)
    assert scored["baselines"]["majority"]["d"]["auroc"] == 0.5


def test_cost_by_hand() -> None:
    lines = [gold("g1", 100, 150)]
    made = [claim("a", 100, 150), claim("b", 200, 250), claim("o", 300, 310, checkable=False)]
    rows = [
        {
            **row(lines, made),
            "solver": "newsroom",
            "system": "found",
            "seconds": 3.0,
            "usage": {"calls": 4},
            "rss_mb": 90.0,
        },
        {**row(lines, []), "solver": "newsroom", "system": "found", "failure": {"type": "X", "message": ""}},
    ]
    found = cost.score(rows)["systems"]["found"]
    assert found["claims"] == 2
    assert found["failed"] == 1
    assert found["seconds_per_claim"] == 1.5
    assert found["usage_per_claim"] == {"calls": 2.0}
    assert found["peak_rss_mb"] == 90.0
