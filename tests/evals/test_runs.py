from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.errors import RunIncomplete, RunLocked, RunMismatch
from evals.runs import RunFolder, read_manifest, read_rows, read_summaries

IDENTITY = {"tasks": ["stance"], "data": {"x": "1"}}


def row(identity: str, **more: object) -> dict[str, object]:
    return {"solver": "pairs", "system": "judge", "id": identity, **more}


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, IDENTITY, {"commit": "a"}) as run:
        run.append([row("1"), row("2")])
    with RunFolder.open(tmp_path, IDENTITY, {"commit": "a"}) as run:
        assert run.is_done("pairs", "judge", "2")
        assert not run.is_done("pairs", "judge", "3")
        run.append([row("3")])
        run.finish({"stance": {"n": 3}})
    assert [r["id"] for r in read_rows(tmp_path)] == ["1", "2", "3"]
    assert read_summaries(tmp_path)["stance"]["n"] == 3
    manifest = read_manifest(tmp_path)
    assert len(manifest["starts"]) == 2
    assert manifest["finished_at"]
    assert manifest["identity"] == IDENTITY


def test_half_a_line_of_a_killed_run_is_answered_again(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, IDENTITY, {}) as run:
        run.append([row("1", text="é"), row("2")])
    results = tmp_path / "results.jsonl"
    results.write_bytes(results.read_bytes() + '{"solver": "pairs", "id": "é'.encode()[:-1])
    with RunFolder.open(tmp_path, IDENTITY, {}) as run:
        assert not run.is_done("pairs", "judge", "3")
        run.append([row("3")])
    assert [r["id"] for r in read_rows(tmp_path)] == ["1", "2", "3"]


def test_another_run_is_refused_and_named(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, IDENTITY, {}) as run:
        run.append([row("1")])
    with pytest.raises(RunMismatch, match="data"), RunFolder.open(tmp_path, {**IDENTITY, "data": {"x": "2"}}, {}):
        pass
    with RunFolder.open(tmp_path, {**IDENTITY, "data": {"x": "2"}}, {}, fresh=True) as run:
        assert not run.is_done("pairs", "judge", "1")


def test_two_processes_cannot_write_one_run(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, IDENTITY, {}), pytest.raises(RunLocked), RunFolder.open(tmp_path, IDENTITY, {}):
        pass


def test_failed_cases_are_asked_again_only_on_request(tmp_path: Path) -> None:
    failed = row("1", failure={"type": "X", "message": "y"})
    with RunFolder.open(tmp_path, IDENTITY, {}) as run:
        run.append([failed])
    with RunFolder.open(tmp_path, IDENTITY, {}) as run:
        assert run.is_done("pairs", "judge", "1")
    with RunFolder.open(tmp_path, IDENTITY, {}, retry_failed=True) as run:
        assert not run.is_done("pairs", "judge", "1")
        run.append([row("1", answer="supports")])
    rows = read_rows(tmp_path)
    assert len(rows) == 1
    assert "failure" not in rows[0]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text(json.dumps(row("1")) + "\nnot json\n")
    with pytest.raises(RunIncomplete, match=r"results\.jsonl:2"):
        read_rows(tmp_path)


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, IDENTITY, {}) as run, pytest.raises(ValueError):
        run.append([row("1", score=float("nan"))])
