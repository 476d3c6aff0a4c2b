"""The command line as people meet it: exit statuses, one line of error, JSON alone on stdout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import evals.tools
from evals.cli import main
from evals.testing import FakeTools

from .test_stance import pairs


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(evals.tools, "StandardTools", lambda settings: FakeTools())
    monkeypatch.chdir(tmp_path)


def test_run_prints_json_alone_and_progress_elsewhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = pairs(tmp_path / "p.jsonl")
    assert main(["run", "stance", "--data", str(path), "--json", "--output", "out"]) == 0
    out, err = capfd.readouterr()
    summary = json.loads(out)
    assert list(summary)[:4] == ["task", "judge", "n", "failed"]
    assert "detail" not in summary
    assert "pairs: 90 of 90" in err
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_same_command_again_asks_nobody_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = pairs(tmp_path / "p.jsonl")
    first = main(["run", "stance", "--data", str(path), "--json"]), capfd.readouterr()
    again = main(["run", "stance", "--data", str(path), "--json"]), capfd.readouterr()
    assert first[0] == again[0] == 0
    assert first[1].out == again[1].out
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert main(["run", "stance", "--data", str(path), "--seed", "2"]) == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_fail_under_is_exit_status_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = pairs(tmp_path / "p.jsonl")
    command = ["run", "stance", "--data", str(path), "--output", "out"]
    assert main([*command, "--fail-under", "macro_f1=0.9"]) == 0
    assert main([*command, "--fail-under", "macro_f1=0.9", "--fail-under", "overall.ece=0.99"]) == 1
    assert "stance.overall.ece is" in capfd.readouterr().err
    assert main([*command, "--fail-under", "nope=1"]) == 2


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["run", "stanse"], "unknown task 'stanse'"),
        (["run", "stance", "--data", "no/such.jsonl"], "no such file or folder"),
        (["run", "stance", "--data", "nonsense"], "unknown data set 'nonsense'"),
        (["run", "retrieval", "--data", "p.jsonl"], "holds pairs"),
        (["run", "stance", "--data", "p.jsonl", "--claims", "mine"], "--claims"),
        (["run", "stance", "--data", "p.jsonl", "--fail-under", "x"], "METRIC=VALUE"),
        (["run", "stance", "--data", "p.jsonl", "--limit", "-1"], "--limit"),
        (["run"], "TASK"),
        (["report", "nowhere"], "not a run folder"),
        (["rescore", "nowhere"], "not a run folder"),
        (["compare", "nowhere", "elsewhere"], "not a run folder"),
        (["data", "get", "nonsense"], "unknown data set"),
        (["from-queue", "nowhere.jsonl", "out"], "cannot be read"),
        (["table", "nowhere"], "not a run folder"),
        (["frobnicate"], "No such command"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_two(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: list[str], message: str
) -> None:
    pairs(tmp_path / "p.jsonl")
    assert main(command) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("evals: error: ")
    assert message in err


def test_init_validate_and_its_exit_statuses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["init-case", "cases/01-mine"]) == 0
    assert main(["validate", "cases"]) == 0
    assert "1 item, 1 checkable claims, no mistake" in capfd.readouterr().out
    (tmp_path / "cases" / "01-mine" / "article.txt").write_text("Something else.")
    assert main(["validate", "cases"]) == 2
    assert "gold.jsonl:1: the quote is not in article.txt" in capfd.readouterr().out
    assert main(["init-case", "cases/01-mine"]) == 2


def test_the_whole_cycle_of_commands(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = pairs(tmp_path / "p.jsonl")
    assert main(["run", "stance", "--data", str(path), "--output", "a"]) == 0
    assert main(["run", "stance", "--data", str(path), "--output", "b", "--limit", "12"]) == 0
    assert main(["rescore", "a"]) == 0
    assert main(["report", "a", "--output", "page.html"]) == 0
    assert main(["compare", "a", "b", "--html", "compare.html"]) == 0
    capfd.readouterr()
    assert main(["compare", "a", "b", "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)) == {"a", "b", "notes", "tasks"}
    assert (tmp_path / "compare.html").is_file()
    assert (tmp_path / "page.html").is_file()


def test_the_table_of_a_run_is_written_and_checked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from evals.table import END, START

    path = pairs(tmp_path / "p.jsonl")
    main(["run", "stance", "--data", str(path), "--output", "a"])
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    assert main(["table", "a", "--check", str(readme)]) == 1
    assert main(["table", "a", "--write", str(readme)]) == 0
    assert main(["table", "a", "--check", str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| a | 15 | 0 | 1.000 [1.00, 1.00] |" in text
    readme.write_text("no markers")
    assert main(["table", "a", "--write", str(readme)]) == 2


def test_help_answers_without_heavy_imports() -> None:
    import subprocess

    code = (
        "import sys; from evals.cli import main; main(['--help']); main(['run', '--help']); "
        "heavy = {'torch', 'sklearn', 'scipy', 'transformers', 'chromadb', 'onnxruntime', 'langchain', 'ir_measures'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip().endswith("[]")
    assert "--fail-under" in done.stdout
