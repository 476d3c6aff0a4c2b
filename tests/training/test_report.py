from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from training import average, judge_export, judge_report, must_show
from training.common import Run
from training.graph import Range
from training.pair_sources import NEUTRAL, NOT_SUPPORTED, REFUTES, SUPPORTS, Row


class _Reads:
    """Supports what it finds word for word in the passage, refutes all else; sure of it at 0.9."""

    digest = "reads"

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        rows = [[0.9, 0.05, 0.05] if claim in passage else [0.05, 0.9, 0.05] for passage, claim in pairs]
        return np.asarray(rows, np.float32)


def test_contrast_counts_pairs_with_both_twins_right(tmp_path: Path) -> None:
    common = {"kind": "number", "language": "id", "evidence_language": "id", "evidence": "Ada tujuh rumah rusak. Ya."}
    rows = [
        {**common, "id": "1a", "pair": "1", "claim": "Ada tujuh rumah rusak.", "label": "supports"},
        {**common, "id": "1b", "pair": "1", "claim": "Ada enam rumah rusak.", "label": "refutes"},
        {**common, "id": "2a", "pair": "2", "kind": "place", "claim": "Rumah rusak ada tujuh.", "label": "supports"},
        {**common, "id": "2b", "pair": "2", "kind": "place", "claim": "Kapal rusak ada tujuh.", "label": "refutes"},
    ]
    path = tmp_path / "contrast.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    run = Run("contrast", root=tmp_path)
    assert judge_report.contrast(_Reads(), run, path)["alone"] == 0.5  # type: ignore[arg-type]
    logged = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    alone = next(x for x in logged if x.get("system") == "alone")
    assert alone["both_right"] == {"all": 0.5, "number": 1.0, "place": 0.0, "id-id": 0.5}
    assert alone["twins_right"] == 0.75


def test_calibration_of_a_set_that_only_knows_supports_or_not() -> None:
    rows = [Row("s", "p", "c", SUPPORTS), Row("s", "p", "c", NOT_SUPPORTED)]
    probabilities = np.array([[0.8, 0.1, 0.1], [0.2, 0.4, 0.4]], np.float32)
    assert judge_report.calibration(rows, probabilities) == pytest.approx(0.2)
    three = [Row("s", "p", "c", label) for label in (SUPPORTS, REFUTES, NEUTRAL)]
    sure = np.eye(3, dtype=np.float32)
    assert judge_report.calibration(three, sure) == pytest.approx(0.0)


def test_the_margin_is_over_the_better_baseline() -> None:
    measured = judge_report.Measured("s", "accuracy", 10, 0.7, 0.35, 0.55, 0.01)
    assert measured.margin == pytest.approx(0.15)


def test_a_floor_is_reached_or_missed() -> None:
    lines = [must_show.Line("accuracy", 0.66, 0.66), must_show.Line("error", 0.05, 0.05, under=True)]
    assert [line.met for line in lines] == [True, False]
    shown = must_show.table(lines).splitlines()
    assert shown[2] == "| accuracy | 0.660 | ≥ 0.66 |  |"
    assert shown[3] == "| error | 0.050 | < 0.05 | missed |"


def test_relieved_layers_keep_their_inputs() -> None:
    ranges = {"layer.0.up": Range(-1.0, 1.0), "layer.0.down": Range(-2.0, 2.0)}
    found = judge_export.relieved(ranges, ["layer.0.down"])
    assert found["layer.0.up"] is ranges["layer.0.up"]
    assert found["layer.0.down"].weights_only


def test_weights_between_two_runs() -> None:
    first, second = {"a": torch.zeros(2)}, {"a": torch.full((2,), 4.0)}
    assert average.between(first, second, 0.25)["a"].tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="not of one line"):
        average.between(first, {"b": torch.zeros(2)}, 0.5)
    assert average.overall({"x": {"accuracy": 0.6, "balanced": 0.9}, "y": {"balanced": 0.8}}) == pytest.approx(0.7)


def test_a_rounded_input_lies_on_the_grid_of_its_range() -> None:
    how = Range(-1.0, 1.0, smooth=np.array([1.0, 2.0], np.float32))
    values = torch.tensor([[0.5004, 0.5004], [3.0, 3.0]])
    found = judge_export.rounded_input(values, how)
    step = 2.0 / 255.0
    assert (found - values)[0].abs().max() <= step  # twice as coarse where the channel is divided by two
    assert found[1].tolist() == pytest.approx([127 * step, 2 * 127 * step], abs=2 * step)
