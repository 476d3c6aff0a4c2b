from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evals import engine
from evals.compare import compare
from evals.report import plots
from evals.report.page import write_comparison, write_report
from evals.solvers.base import Options
from evals.testing import FakeTools, word_overlap

from .test_retrieval import beir  # noqa: F401 - a fixture
from .test_stance import pairs, run

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


class Page(HTMLParser):
    """Collects tags and what they load."""

    void = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "action", "data"}]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A run over data that would like to be markup."""
    path = pairs(tmp_path / "p.jsonl")
    rows = [json.loads(line) for line in path.open()]
    rows[0] |= {"claim": f"the river0 is deep {EVIL}", "dataset": EVIL, "evidence": f"nothing {EVIL}"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(path, tmp_path / "run")
    return tmp_path / "run"


def test_the_page_stands_alone_and_shows_everything(hostile: Path) -> None:
    text = write_report(hostile).read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert page.loads == [], "no external asset"
    assert not re.search(r"url\(|@import|<script", text)
    assert "default-src 'none'" in text
    assert page.tags.count("svg") >= 4, "bars, confusion, reliability, risk and coverage"
    assert "viewport" in text
    assert "prefers-color-scheme: dark" in text
    for shown in (
        "macro f1",
        "confusion matrix of stances",
        "reliability diagram",
        "The surest mistakes",
        "baseline: claim_only",
        "What was run",
    ):
        assert shown in text


def test_text_from_outside_stays_text(hostile: Path) -> None:
    text = write_report(hostile).read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "&lt;script&gt;alert(1)" in text


def test_a_committed_run_without_results_has_a_page(hostile: Path) -> None:
    (hostile / "results.jsonl").unlink()
    text = write_report(hostile).read_text(encoding="utf-8")
    assert "confusion matrix of stances" in text
    assert "The surest mistakes" not in text


def test_a_retrieval_page(beir: Path, tmp_path: Path) -> None:  # noqa: F811
    plan = engine.Plan(("retrieval",), (str(beir),), Options(), tmp_path / "run")
    engine.run(plan, FakeTools())
    text = write_report(tmp_path / "run").read_text(encoding="utf-8")
    assert Page(text).open == []
    assert "all-MiniLM-L6-v2" in text


@pytest.mark.parametrize(
    "drawing",
    [
        plots.forest([(EVIL, 0.5, [0.4, 0.6], "main"), ("b", None, None, "base")], "t & t"),
        plots.forest([("x", -0.1, [-0.2, 0.1], "main")], "t", -0.5, 0.5),
        plots.confusion(["a<b", "c"], ["a<b", "c", "failed"], [[1, 0, 2], [0, 0, 0]], "t"),
        plots.reliability([{"low": 0, "high": 0.1, "n": 3, "confidence": 0.05, "accuracy": 1.0}], "t"),
        plots.risk_coverage([[0.5, 0.1], [1.0, 0.3]], "t"),
        plots.probabilities([0.2, 0.3, 0.5], ["supports", "refutes", "neutral"]),
    ],
)
def test_drawings_are_well_formed(drawing: str) -> None:
    root = ET.fromstring(str(drawing))
    assert root.tag == "svg"
    assert root.attrib["aria-label"]
    assert "nan" not in str(drawing)


def test_comparing_two_runs(tmp_path: Path) -> None:
    path = pairs(tmp_path / "p.jsonl", 60)
    wrong = FakeTools(lambda claim, evidence: (0.1, 0.1, 0.8) if "river3" in claim else word_overlap(claim, evidence))
    run(path, tmp_path / "a", wrong)
    run(path, tmp_path / "b")
    found = compare(tmp_path / "a", tmp_path / "b")
    part = found["tasks"]["stance"]
    changed = sum(
        "river3" in json.loads(line)["claim"] and json.loads(line)["label"] != "neutral" for line in path.open()
    )
    assert part["gained"] == changed > 0
    assert part["lost"] == 0
    line = next(line for line in part["lines"] if line["metric"] == "right" and line["slice"] == "all")
    assert line["n"] == 60
    assert line["difference"] == pytest.approx(changed / 60)
    assert line["p"] == pytest.approx(min(1.0, 2 * 0.5**changed))
    assert line["interval"][0] > 0
    assert {line["metric"] for line in part["lines"]} == {"right", "macro_f1"}
    assert all(line["p"] <= line["p_holm"] for line in part["lines"])
    gains = part["gains"]
    assert gains[0]["gold"] != gains[0]["a"].split()[0]
    assert gains[0]["b"].startswith(gains[0]["gold"])
    page = write_comparison(found, tmp_path / "a", tmp_path / "b", tmp_path / "c.html").read_text(encoding="utf-8")
    assert Page(page).open == []
    assert Page(page).loads == []
    assert json.dumps(found, allow_nan=False)


def test_a_run_compared_with_itself_differs_in_nothing(tmp_path: Path) -> None:
    run(pairs(tmp_path / "p.jsonl"), tmp_path / "a")
    found = compare(tmp_path / "a", tmp_path / "a")
    assert found["notes"] == []
    assert all(line["difference"] == 0 and line["p"] == 1 for line in found["tasks"]["stance"]["lines"])


def test_cases_that_one_run_lacks_are_counted(tmp_path: Path) -> None:
    path = pairs(tmp_path / "p.jsonl", 30)
    run(path, tmp_path / "a", limit=10)
    run(path, tmp_path / "b")
    part = compare(tmp_path / "a", tmp_path / "b")["tasks"]["stance"]
    assert part["only_b"] == 20
    assert part["only_a"] == 0
    assert part["lines"][0]["n"] == 10


def test_a_failure_counts_as_wrong_in_a_comparison(tmp_path: Path) -> None:
    path = pairs(tmp_path / "p.jsonl", 30)
    run(path, tmp_path / "a")
    run(path, tmp_path / "b", FakeTools(lambda c, e: None if "river0 " in c else word_overlap(c, e)))
    part = compare(tmp_path / "a", tmp_path / "b")["tasks"]["stance"]
    assert (part["lost"], part["failed_a"], part["failed_b"]) == (1, 0, 1)
    assert part["losses"][0]["b"] == "failed: Scripted"
