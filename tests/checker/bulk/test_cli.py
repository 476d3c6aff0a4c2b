"""`saring bulk` as a person types it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from bulk_outputs import reports

from checker.bulk.run import Standing
from checker.cli.bulk import _lines, describe
from evals.bench.bulk import write_jsonl

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-c", "import sys; from checker.cli import main; sys.exit(main())")

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SARING_")}
    return {**kept, "HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def saring(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Done]:
    def run(*words: str) -> Done:
        return subprocess.run(
            [*PROGRAM, *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=300,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "nowhere", "-o", "out"], "no such file or folder: nowhere"),
        (["check", "-o", "out"], "no run in out to continue; name the articles"),
        (["check", "a.jsonl"], "Missing option '--output'"),
        (["check", "a.jsonl", "-o", "out", "--format", "csv"], "unknown format 'csv'; choose one of: jsonl, parquet"),
        (["check", "a.jsonl", "-o", "out", "--engine", "spark"], "unknown engine 'spark'; choose one of: local, ray"),
        (["check", "a.jsonl", "-o", "out", "--address", "x:1"], "give --engine ray with it"),
        (["check", "a.jsonl", "-o", "a.jsonl"], "cannot write to"),
        (["check", "a.jsonl", "-o", "out", "--judge", "nobody"], "unknown judge 'nobody'"),
        (["check", "a.jsonl", "-o", "out", "--as-of", "someday"], "someday"),
        (["check", "a.jsonl", "-o", "out", "--store", "empty"], "is empty; add evidence with: saring evidence"),
        (["embed", "-o", "out", "--store", "empty"], "is empty: there is nothing to embed"),
    ],
)
def test_bad_use_is_a_line(saring: Callable[..., Done], tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Isi."}\n', encoding="utf-8")
    done = saring("bulk", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_progress_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert describe(Standing(0, 10, 0, 0.0)) == "starting"
    assert describe(Standing(4, 10, 1, 0.5)) == "0.5/s, 12 s left, 1 failed"
    assert describe(Standing(0, 72_000, 0, 10.0)) == "10.0/s, 2 h 0 min left"
    assert describe(Standing(0, 900, 0, 10.0)) == "10.0/s, 1 min 30 s left"
    now = [0.0]
    show = _lines("articles", clock=lambda: now[0])
    show(Standing(1, 10, 0, 1.0))
    now[0] = 11.0
    show(Standing(2, 10, 0, 1.0))
    assert capsys.readouterr().err == "2/10 articles, 1.0/s, 8 s left\n"


@pytest.mark.slow
def test_check_and_embed_with_the_models(
    saring: Callable[..., Done], tmp_path: Path, environment: dict[str, str]
) -> None:
    assert saring("evidence", "add", str(ROOT / "seeds" / "evidence"), "--store", "store").returncode == 0
    path = write_jsonl(tmp_path / "a.jsonl", 6)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "kosong", "text": " "}\n')

    # Stopped half-way as a service manager does it, it says how to go on.
    process = subprocess.Popen(
        [*PROGRAM, "bulk", "check", "a.jsonl", "-o", "out", "--store", "store", "--shard-size", "1"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "out" / "shards").glob("0*.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    told = [line for line in errors.splitlines() if "/7 articles, " not in line]
    assert told == ["What is done is kept in out; the same command continues there", "saring: stopped"]

    done = saring("bulk", "check", "a.jsonl", "-o", "out", "--store", "store")
    assert done.returncode == 1, done.stderr
    assert re.search(r"7 articles \(\d of them before\): 6 checked, 1 could not be checked", done.stderr)
    rows = reports(tmp_path / "out")
    assert sorted(row["id"] for row in rows) == [f"uji-{number}" for number in range(6)]
    assert sum(row["supported"] + row["unsupported"] + row["needs_source"] for row in rows) > 6
    [failure] = (tmp_path / "out" / "failures.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(failure)["error_type"] == "ArticleEmpty"
    (tmp_path / "one.json").write_text(json.dumps(rows[0]["report"]), encoding="utf-8")
    assert saring("report", "one.json").returncode == 0

    done = saring("bulk", "embed", "-o", "vectors", "--store", "store")
    assert done.returncode == 0, done.stderr
    assert "passages embedded with saring" in done.stderr
    assert saring("evidence", "search", "Araghchi", "--store", "store").returncode == 0
