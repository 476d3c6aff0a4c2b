from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evals import engine
from evals.errors import RunMismatch
from evals.runs import read_rows
from evals.solvers.base import Options
from evals.solvers.pairs import whole
from evals.tasks import stance
from evals.testing import FakeTools, ScriptedJudge, word_overlap

FIXED_KEYS = {"accuracy", "macro_f1", "balanced_accuracy", "auroc", "ece"}


def pairs(path: Path, count: int = 30) -> Path:
    """Claims with evidence that repeats them, denies them, or speaks of something else."""
    rows = []
    for i in range(count):
        claim = f"the river{i} is deep"
        evidence, label = [
            (f"we saw that the river{i} is deep", "supports"),
            (f"the river{i} is not deep", "refutes"),
            (f"market{i} prices rose again", "neutral"),
        ][i % 3]
        rows.append(
            {
                "id": f"p{i}",
                "dataset": "ab"[i % 2],
                "language": "en",
                "claim": claim,
                "evidence": evidence,
                "label": label,
            }
        )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(path: Path, output: Path, tools: FakeTools | None = None, **options: object) -> dict[str, object]:
    plan = engine.Plan(("stance",), (str(path),), Options(**options), output)  # type: ignore[arg-type]
    return dict(engine.run(plan, tools or FakeTools()).summaries["stance"])


def test_evidence_is_in_its_own_language_whatever_the_claim_is_in(tmp_path: Path) -> None:
    """A row names one language, its claim's."""
    rows = [
        {
            "id": "a",
            "language": "en",
            "claim": "The bridge is closed.",
            "evidence": "Jembatan itu ditutup pada hari ini.",
        },
        {"id": "b", "language": "id", "claim": "Jembatan ditutup.", "evidence": "The bridge was closed by the police."},
        {"id": "c", "language": "id", "claim": "Jembatan ditutup.", "evidence": "2019: 45 %"},
    ]
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps({**row, "label": "supports"}) + "\n" for row in rows))
    tools, heard = FakeTools(), []

    class Listening(ScriptedJudge):
        def hear(self, hearings, article=None, progress=None):  # type: ignore[no-untyped-def]
            heard.extend(hearing.hits[0].source.language for hearing in hearings)
            return super().hear(hearings, article, progress)

    tools.judge = Listening()
    run(path, tmp_path / "run", tools, baselines=False)
    assert heard == ["id", "en", "id"], "where the text does not tell, the row's"
    assert [row["language"] for row in read_rows(tmp_path / "run")] == ["en", "id", "id"], "results are by the claim's"


def test_the_summary_has_the_fixed_keys(tmp_path: Path) -> None:
    summary = run(pairs(tmp_path / "p.jsonl"), tmp_path / "run")
    assert {"task", "judge", "n", "failed", "overall", "datasets", "baselines"} <= set(summary)
    assert summary["task"] == "stance"
    assert summary["judge"] == "scripted"
    assert set(summary["overall"]) >= FIXED_KEYS
    assert set(summary["datasets"]) == {"a", "b"}
    assert set(summary["datasets"]["a"]) >= {*FIXED_KEYS, "n", "failed", "intervals"}
    assert {"claim_only", "majority"} <= set(summary["baselines"])
    assert summary["overall"]["accuracy"] == 1.0
    assert summary["overall"]["intervals"]["accuracy"] == [1.0, 1.0]
    assert json.dumps(summary, allow_nan=False)


def test_numbers_are_those_of_scikit_learn_on_the_rows(tmp_path: Path) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    tools = FakeTools(lambda claim, evidence: (0.2, 0.3, 0.5) if "river4" in claim else word_overlap(claim, evidence))
    summary = run(pairs(tmp_path / "p.jsonl", 60), tmp_path / "run", tools)
    rows = [row for row in read_rows(tmp_path / "run") if row["system"] == "judge"]
    gold, said = [row["gold"] for row in rows], [row["answer"] for row in rows]
    yes, scores = [g == "supports" for g in gold], [row["probabilities"][0] for row in rows]
    overall = summary["overall"]
    assert overall["accuracy"] == pytest.approx(metrics.accuracy_score(gold, said), abs=1e-9)
    assert overall["macro_f1"] == pytest.approx(metrics.f1_score(gold, said, average="macro"), abs=1e-9)
    assert overall["auroc"] == pytest.approx(metrics.roc_auc_score(yes, scores), abs=1e-9)
    expected = metrics.balanced_accuracy_score(yes, [s == "supports" for s in said])
    assert overall["balanced_accuracy"] == pytest.approx(expected, abs=1e-9)
    low, high = overall["intervals"]["accuracy"]
    assert low < overall["accuracy"] < high


def test_binary_rows_leave_accuracy_and_count() -> None:
    def row(identity: str, gold: str, answer: str, supports: float) -> dict[str, object]:
        rest = (1 - supports) / 2
        return {
            "solver": "pairs", "system": "judge", "id": identity, "dataset": "d", "language": "", "gold": gold,
            "claim": identity, "answer": answer, "probabilities": [supports, rest, rest],
        }  # fmt: skip

    rows = [
        row("1", "supports", "supports", 0.8),
        row("2", "supports", "neutral", 0.2),
        row("3", "not_supported", "refutes", 0.1),
        row("4", "not_supported", "supports", 0.6),
        row("5", "not_supported", "neutral", 0.3),
    ]
    found = stance.measure(rows)
    assert found["n"] == 5
    assert found["not_supported"] == 3
    assert found["accuracy"] == 0.5, "over the two rows with one of three labels"
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert stance.confidence(rows[2]) == pytest.approx(0.9), "the judge said no, and gave yes one tenth"
    assert [stance.correct(r) for r in rows] == [True, False, True, False, True]


def test_twins_count_only_together(tmp_path: Path) -> None:
    path = pairs(tmp_path / "p.jsonl", 12)
    rows = [json.loads(line) for line in path.open()]
    path.write_text("".join(json.dumps({**row, "pair": f"t{i // 2}"}) + "\n" for i, row in enumerate(rows)))
    tools = FakeTools(lambda claim, evidence: (0.1, 0.1, 0.8) if "river3 " in claim else word_overlap(claim, evidence))
    overall = run(path, tmp_path / "run", tools)["overall"]
    assert overall["accuracy"] == pytest.approx(11 / 12)  # type: ignore[index]
    # Twins of one pair are in different data sets here, and a twin's name counts within its data set.
    assert overall["twins"] == 12  # type: ignore[index]
    rows = [{**row, "dataset": "one", "pair": f"t{i // 2}"} for i, row in enumerate(rows)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    overall = run(path, tmp_path / "again", tools)["overall"]
    assert overall["twins"] == 6  # type: ignore[index]
    assert overall["twins_right"] == pytest.approx(5 / 6)  # type: ignore[index]


def test_failures_are_rows_and_are_counted(tmp_path: Path) -> None:
    tools = FakeTools(lambda claim, evidence: None if "river3" in claim else word_overlap(claim, evidence))
    summary = run(pairs(tmp_path / "p.jsonl"), tmp_path / "run", tools)
    assert summary["failed"] == 1
    assert summary["n"] == 30
    assert summary["overall"]["failed"] == 1
    assert sum(part["failed"] for part in summary["datasets"].values()) == 1
    failed = [row for row in read_rows(tmp_path / "run") if row.get("failure")]
    assert {row["failure"]["type"] for row in failed} == {"Scripted"}


def test_claim_only_and_shuffled_see_other_evidence(tmp_path: Path) -> None:
    heard: list[tuple[str, str]] = []

    def opinion(claim: str, evidence: str) -> tuple[float, float, float]:
        heard.append((claim, evidence))
        return word_overlap(claim, evidence)

    summary = run(pairs(tmp_path / "p.jsonl"), tmp_path / "run", FakeTools(opinion))
    own = {json.loads(line)["claim"]: json.loads(line)["evidence"] for line in (tmp_path / "p.jsonl").open()}
    assert heard[:30] == list(own.items())
    assert {evidence for _, evidence in heard[30:60]} == {"-"}
    assert all(evidence != own[claim] and evidence in own.values() for claim, evidence in heard[60:])
    assert summary["baselines"]["claim_only"]["accuracy"] < summary["overall"]["accuracy"]
    assert summary["baselines"]["claim_only"]["judge_on_same"]["accuracy"] == 1.0


def test_a_judge_that_ignores_the_evidence_is_told_so(tmp_path: Path) -> None:
    """It knows from the claim alone, so that it beats the majority class and nothing else."""
    path = pairs(tmp_path / "p.jsonl", 90)

    def peeks(claim: str, evidence: str) -> tuple[float, float, float]:
        number = int(claim.split("river")[1].split()[0])
        return [(0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)][number % 3]

    findings = " ".join(run(path, tmp_path / "run", FakeTools(peeks))["findings"])  # type: ignore[arg-type]
    assert "beats the majority class but is not shown to beat the claim-only baseline" in findings
    assert "it has learnt nothing from the evidence" in findings
    assert "claims alone tell more than chance" in findings

    honest = run(path, tmp_path / "honest")["findings"]
    assert honest == []


def test_a_judge_that_does_not_beat_the_majority_is_told_so(tmp_path: Path) -> None:
    always = run(pairs(tmp_path / "p.jsonl"), tmp_path / "run", FakeTools(lambda *_: (0.8, 0.1, 0.1)))
    assert "is not shown to beat the majority class" in " ".join(always["findings"])  # type: ignore[arg-type]


def test_limit_draws_the_same_cases_whatever_else_is_there(tmp_path: Path) -> None:
    summary = run(pairs(tmp_path / "p.jsonl", 60), tmp_path / "run", limit=10)
    assert summary["n"] == 10
    again = run(tmp_path / "p.jsonl", tmp_path / "again", limit=10)
    ids = [{row["id"] for row in read_rows(tmp_path / name)} for name in ("run", "again")]
    assert ids[0] == ids[1]
    assert again["overall"] == summary["overall"]
    other = run(tmp_path / "p.jsonl", tmp_path / "other", limit=10, seed=1)
    assert other["n"] == 10
    assert {row["id"] for row in read_rows(tmp_path / "other")} != ids[0]


def test_baselines_run_on_a_sample(tmp_path: Path) -> None:
    summary = run(pairs(tmp_path / "p.jsonl"), tmp_path / "run", baseline_limit=5)
    assert summary["n"] == 30
    assert summary["baselines"]["claim_only"]["n"] == 10
    assert {part["n"] for part in summary["baselines"]["claim_only"]["datasets"].values()} == {5}, "of each data set"
    assert summary["baselines"]["claim_only"]["judge_on_same"]["n"] == 10
    bare = run(tmp_path / "p.jsonl", tmp_path / "bare", baselines=False)
    assert bare["baselines"]["claim_only"] == {}
    assert bare["baselines"]["majority"]["n"] == 30, "needs no judge"


def test_rescore_makes_the_same_numbers_without_a_judge(tmp_path: Path) -> None:
    summary = run(pairs(tmp_path / "p.jsonl"), tmp_path / "run")
    assert engine.rescore(tmp_path / "run").summaries["stance"] == summary


def test_another_judge_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    run(pairs(tmp_path / "p.jsonl"), tmp_path / "run")
    other = FakeTools()
    other.judge._name = "other"  # type: ignore[attr-defined]
    with pytest.raises(RunMismatch, match="models"):
        run(tmp_path / "p.jsonl", tmp_path / "run", other)


def test_a_run_names_its_code_data_and_models(tmp_path: Path) -> None:
    run(pairs(tmp_path / "p.jsonl"), tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert {"commit", "dirty", "versions", "machine", "datasets", "identity", "command", "seconds"} <= set(manifest)
    assert len(manifest["identity"]["code"]) == 64
    assert manifest["datasets"][0]["rows"] == 30
    assert manifest["identity"]["models"]["judge"] == "scripted"


RUN = """
import sys
from pathlib import Path
from evals import engine
from evals.solvers.base import Options
from evals.testing import FakeTools

tools = FakeTools()
told = []
plan = engine.Plan(("stance",), (sys.argv[1],), Options(baseline_limit=50), Path(sys.argv[2]))
engine.run(plan, tools, lambda what, done, total: told.append((done, total)))
print(tools.judge.asked, told[0][0], *told[-1])
"""


@pytest.mark.slow
def test_kill_minus_nine_half_way_of_ten_thousand_pairs_and_the_same_command_finishes(tmp_path: Path) -> None:
    path, output = pairs(tmp_path / "p.jsonl", 10_000), tmp_path / "run"
    command = [sys.executable, "-c", RUN, str(path), str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    results = output / "results.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not results.exists() or results.stat().st_size < 1_000_000):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was still at it"
    before = results.read_bytes().count(b"\n")
    total = 10_000 + 2 * 2 * 50  # two data sets, two baselines that ask the judge
    assert 1_000 <= before < total
    assert not (output / "summary.json").exists()

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    asked, first, last, of = map(int, done.stdout.split())
    assert (last, of) == (total, total), "progress reached the end"
    assert asked == total - first, "what was answered is not asked again"
    assert before - 1 <= first <= before, "but for the line that was being written"
    assert len(read_rows(output)) == total
    finished = engine.finished(output).summaries["stance"]
    assert (finished["n"], finished["failed"], finished["overall"]["accuracy"]) == (10_000, 0, 1.0)
    assert finished["baselines"]["claim_only"]["n"] == finished["baselines"]["shuffled"]["n"] == 100


def test_twins_count_only_where_both_are_right() -> None:
    def said(passage: str, gold: str, answer: str) -> dict[str, object]:
        return {"id": f"{passage}{gold}", "evidence": passage, "gold": gold, "answer": answer}

    rows = [
        said("a", "supports", "supports"),
        said("a", "refutes", "refutes"),
        said("b", "supports", "supports"),
        said("b", "refutes", "supports"),
        said("c", "supports", "supports"),  # no twin
        said("d", "supports", "supports"),
        {"id": "d2", "evidence": "d", "gold": "refutes", "failure": {"error_type": "JudgeError"}},
    ]
    assert stance.twins(rows) == {"n": 3, "right": pytest.approx(1 / 3)}
    assert stance.twins(rows[4:5]) == {"n": 0}


def test_what_a_chat_model_leaves_open_is_shared_out() -> None:
    assert whole(0.0, 0.0, 0.6) == pytest.approx([0.2, 0.2, 0.6])
    assert whole(0.9, 0.0, 0.1) == [0.9, 0.0, 0.1]
    assert whole(0.2, 0.3, 0.5) == [0.2, 0.3, 0.5]
    assert whole(0.0, 0.0, 1.0) == [0.0, 0.0, 1.0]
