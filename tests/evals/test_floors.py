from __future__ import annotations

from pathlib import Path

import pytest

from evals.errors import DataError, UnknownName
from evals.floors import below, parse_floor
from evals.quality import gate
from evals.testing import FakeTools

SUMMARIES = {
    "stance": {
        "n": 3,
        "overall": {"macro_f1": 0.5, "auroc": None, "intervals": {"macro_f1": [0.4, 0.6]}},
        "datasets": {"my.set": {"accuracy": 0.9}},
    }
}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("macro_f1=0.5", True),
        ("macro_f1=0.51", False),
        ("overall.macro_f1=0.6", False),
        ("stance.overall.macro_f1=0.4", True),
        ("datasets.my.set.accuracy=0.8", True),
        ("auroc=0", False),
        ("n=3", True),
    ],
)
def test_floors(text: str, held: bool) -> None:
    assert (below(parse_floor(text), SUMMARIES) == []) is held


def test_a_metric_that_is_not_there_and_a_floor_that_is_none() -> None:
    with pytest.raises(UnknownName, match=r"stance\.overall\.macro_f1"):
        below(parse_floor("f2=0.5"), SUMMARIES)
    with pytest.raises(DataError, match="METRIC=VALUE"):
        parse_floor("macro_f1")


def test_the_gate_holds_numbers_against_floors(tmp_path: Path) -> None:
    from .test_stance import pairs

    data = pairs(tmp_path / "p.jsonl")
    floors = tmp_path / "floors.toml"
    floors.write_text(f'[stance]\ndata = "{data}"\n[stance.floors]\n"accuracy" = 0.9\n"overall.ece" = 0.9\n')
    lines = gate(FakeTools(), floors)
    assert [(line.metric, line.passed) for line in lines] == [("accuracy", True), ("overall.ece", False)]
    floors.write_text('[stance]\nfloors = "high"\n')
    with pytest.raises(DataError, match="needs a table of floors"):
        gate(FakeTools(), floors)
    floors.write_text(f'[stance]\ndata = "{data}"\n[stance.floors]\n"overall.nope" = 0.9\n')
    with pytest.raises(DataError, match=r"no number 'overall\.nope'"):
        gate(FakeTools(), floors)
