"""The tasks run under Inspect and give the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

inspect_ai = pytest.importorskip("inspect_ai", reason='pip install "saring[inspect]"')

from evals import engine, inspect_tasks  # noqa: E402
from evals.registry import SOLVERS, TASKS  # noqa: E402
from evals.solvers.base import Options  # noqa: E402
from evals.testing import FakeTools, word_overlap  # noqa: E402

from .test_retrieval import beir  # noqa: E402, F401 - a fixture
from .test_stance import pairs  # noqa: E402


def numbers(log: object) -> dict[str, float]:
    assert log.status == "success", log.error
    return {name: metric.value for score in log.results.scores for name, metric in score.metrics.items()}


def test_stance_under_inspect_has_the_numbers_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECT_LOG_DIR", str(tmp_path / "logs"))

    def opinion(claim: str, evidence: str) -> tuple[float, float, float] | None:
        if "river3 " in claim:
            return None
        return (0.1, 0.1, 0.8) if "river6 " in claim else word_overlap(claim, evidence)

    path = pairs(tmp_path / "p.jsonl")
    options = Options(baselines=False)
    dataset = engine.resolve(str(path), ("pairs",))
    task = inspect_tasks.build("stance", SOLVERS["pairs"].cases([dataset], options), FakeTools(opinion), options)
    [log] = inspect_ai.eval(task, model=None, display="none")
    plan = engine.Plan(("stance",), (str(path),), options, tmp_path / "run")
    expected = engine.run(plan, FakeTools(opinion)).summaries["stance"]["overall"]
    found = numbers(log)
    for name in ("n", "failed", "accuracy", "macro_f1", "balanced_accuracy", "auroc", "ece"):
        assert found[name] == pytest.approx(expected[name]), name
    assert found["failed"] == 1


def test_retrieval_under_inspect(tmp_path: Path, beir: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("INSPECT_LOG_DIR", str(tmp_path / "logs"))
    options = Options(baselines=False)
    dataset = engine.resolve(str(beir), ("retrieval",))
    cases = [case for case in SOLVERS["retrieval"].cases([dataset], options) if case.system == "hybrid"]
    [log] = inspect_ai.eval(inspect_tasks.build("retrieval", cases, FakeTools(), options), model=None, display="none")
    assert numbers(log)["recall@1"] == 1.0


def test_inspects_own_model_is_asked_by_multiple_choice(tmp_path: Path) -> None:
    # Not run: Inspect counts a model's tokens with files that it downloads.
    task = inspect_tasks.stance(data=str(pairs(tmp_path / "p.jsonl", 3)), judge="model")
    assert [sample.target for sample in task.dataset] == ["A", "B", "C"]
    assert "Claim: the river0 is deep" in task.dataset[0].input
    assert task.dataset[0].choices == [
        "It supports the claim.", "It contradicts the claim.", "It does not settle the claim.",
    ]  # fmt: skip


@pytest.mark.slow
def test_inspect_eval_runs_the_tasks_by_name(tmp_path: Path) -> None:
    """As people of that ecosystem type it, with the embedded judge; what it logs is read back by Inspect itself."""
    import os
    import subprocess
    import sys

    path = pairs(tmp_path / "p.jsonl", 6)
    tasks = Path(inspect_tasks.__file__)
    command = [sys.executable, "-m", "inspect_ai", "eval", f"{tasks}@stance", "--model", "none", "--display", "none"]
    done = subprocess.run(
        [*command, "-T", f"data={path}", "--log-dir", str(tmp_path / "logs")],
        capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": str(tasks.parents[1])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [file] = (tmp_path / "logs").glob("*.eval")
    log = inspect_ai.log.read_eval_log(str(file))
    assert numbers(log)["n"] == 6
    assert {sample.id.split("/")[0] for sample in log.samples} == {"a", "b"}


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"chat"}))  # a conversation is not a set of samples
def test_every_task_is_there(name: str) -> None:
    assert inspect_ai.util.registry_info(getattr(inspect_tasks, name)).name.endswith(name)


def test_cost_under_inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECT_LOG_DIR", str(tmp_path / "logs"))
    options = Options(baselines=False)
    dataset = engine.resolve(str(pairs(tmp_path / "p.jsonl")), ("pairs",))
    task = inspect_tasks.build("cost", SOLVERS["pairs"].cases([dataset], options), FakeTools(word_overlap), options)
    [log] = inspect_ai.eval(task, model=None, display="none")
    found = numbers(log)
    assert found["claims"] == len(log.samples) > 0
    assert found["seconds_per_claim"] >= 0


def test_marked_articles_have_their_numbers_too() -> None:
    rows = [
        {
            "solver": "extraction", "system": "extractor", "id": "d/a", "dataset": "d", "language": "en",
            "kind": "attributed", "failures": [], "sentences": [], "seconds": 1.0,
            "claims": [{"start": 0, "end": 10, "attribution": {"speaker": "The mayor"}}],
            "attributions": [{"source": "mayor", "cue": [11, 15], "content": [0, 10]}],
        }
    ]  # fmt: skip
    [measure] = [metric for metric in inspect_tasks.numbers_of("attribution", rows, 0).items() if metric[0] == "recall"]
    assert measure == ("recall", 1.0)
