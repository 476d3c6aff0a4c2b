"""The README's results are those of the committed runs, to the letter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals import table
from evals.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_shows_the_committed_runs() -> None:
    runs = table.committed_runs()
    assert runs, "no run is committed under evals/runs"
    message = "the README's results are not those of evals/runs; run: python -m evals table --write README.md"
    assert table.read(ROOT / "README.md") == table.block(runs), message


@pytest.mark.parametrize("run", table.committed_runs(), ids=lambda run: run.name)
def test_committed_runs_carry_no_text_of_others(run: Path) -> None:
    import subprocess

    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", str(run)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {Path(name).name for name in listed} <= {"run.json", "summary.json"}
    assert json.loads((run / "run.json").read_text())["finished_at"], "the run was finished"


def test_one_changed_digit_is_a_difference(tmp_path: Path) -> None:
    runs = table.committed_runs()
    block = table.block(runs)
    readme = tmp_path / "README.md"
    readme.write_text(f"x\n{block}\ny\n", encoding="utf-8")
    assert table.read(readme) == block
    digit = next(index for index, letter in enumerate(block) if letter.isdigit())
    readme.write_text(f"x\n{block[:digit]}{(int(block[digit]) + 1) % 10}{block[digit + 1 :]}\ny\n", encoding="utf-8")
    assert table.read(readme) != block


@pytest.mark.parametrize(
    "text", ["no markers", table.START, f"{table.END}\n{table.START}", f"{table.START}\n" * 2 + table.END]
)
def test_a_file_without_one_pair_of_markers_is_refused(tmp_path: Path, text: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="must have one line"):
        table.read(readme)
