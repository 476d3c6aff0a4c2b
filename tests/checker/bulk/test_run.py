"""A run from its articles to its output, in real processes, with a scripted checker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from bulk_outputs import checked, failures, reports

from checker.bulk.local import LocalEngine
from checker.bulk.run import Meter, Standing, Summary, shard_size
from checker.errors import BulkError

Lines = Callable[[Sequence[str]], Path]
Run = Callable[..., Summary]
ROOT = Path(__file__).parents[3]


def test_every_article_is_in_the_output_once(bulk: Run, lines: Lines, output: Path) -> None:
    summary = bulk(lines([f"Berita {i}" for i in range(9)]), size=2)
    assert summary == Summary(items=9, reports=9, failed=0, failed_claims=0, resumed=0)
    rows = reports(output)
    assert sorted(row["id"] for row in rows) == [f"a{i}" for i in range(9)]
    assert all(row["report"]["claims"][0]["text"] == f"Berita {row['id'][1:]}" for row in rows)
    manifest = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["state"], manifest["items"], manifest["reports"]) == ("finished", 9, 9)
    assert not (output / "work").exists()


def test_what_cannot_be_checked_is_in_a_file_of_its_own(bulk: Run, lines: Lines, output: Path) -> None:
    path = lines(["Satu", "RAISE", "FAIL", "  "])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "a4"}\nnot json\n{"text": 5}\n')
    summary = bulk(path, size=3)
    assert (summary.items, summary.reports, summary.failed, summary.failed_claims) == (7, 2, 5, 1)
    found = {(line["key"].rpartition(":")[2], line["level"], line["error_type"]) for line in failures(output)}
    assert found == {
        ("2", "article", "ValueError"),
        ("3", "claim", "CallFailed"),
        ("4", "article", "ArticleEmpty"),
        ("5", "article", "ArticleError"),
        ("6", "article", "ArticleError"),
        ("7", "article", "ArticleError"),
    }
    assert [row["id"] for row in reports(output)] == ["a0", "a2"]


def test_an_article_that_kills_its_process_costs_itself_alone(bulk: Run, lines: Lines, output: Path) -> None:
    summary = bulk(lines(["a", "b", "DIE", "c", "d"]), size=5, workers=1)
    assert (summary.reports, summary.failed) == (4, 1)
    assert [(line["id"], line["error_type"]) for line in failures(output)] == [("a2", "WorkerDied")]
    assert sorted(checked(output)) == ["t0", "t1", "t3", "t4"]


@pytest.mark.parametrize(("word", "said"), [("OUTAGE", "cannot be reached"), ("BUDGET", "today's cap")])
def test_what_ails_every_article_stops_the_run_and_it_continues(
    bulk: Run, lines: Lines, output: Path, tmp_path: Path, word: str, said: str
) -> None:
    path = lines(["a", "b", word, "c"])
    with pytest.raises(BulkError, match=said):
        bulk(path, size=2, workers=1)
    assert sorted(checked(output))[:2] == ["t0", "t1"]
    assert [row["id"] for row in reports(output)] == ["a0", "a1"]
    assert (output / "failures.jsonl").read_bytes() == b""
    with pytest.raises(BulkError, match=said):
        bulk(workers=1)  # the cause is still there


def test_many_failures_in_a_row_are_not_the_articles(bulk: Run, lines: Lines) -> None:
    with pytest.raises(BulkError, match="10 articles in a row"):
        bulk(lines(["FAIL"] * 12), workers=1)


def test_a_run_that_is_done_does_nothing_again(bulk: Run, lines: Lines, output: Path) -> None:
    path = lines(["a", "b", "c"])
    bulk(path)
    assert bulk(path) == Summary(items=3, reports=3, failed=0, failed_claims=0, resumed=3)
    assert sorted(checked(output)) == ["t0", "t1", "t2"]


def test_another_input_or_setting_is_another_run(bulk: Run, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk(lines(["a", "b"]))
    with pytest.raises(BulkError, match="input has changed"):
        bulk(lines(["a", "b", "c"]))
    path = lines(["a", "b"])
    with pytest.raises(BulkError, match="another format"):
        bulk(path, format="parquet")
    monkeypatch.setenv("SARING_PASSAGES", "3")
    with pytest.raises(BulkError, match=r"another setting passages \(8, now 3\)"):
        bulk(path)


def test_one_run_at_a_time(bulk: Run, lines: Lines, output: Path) -> None:
    from checker.bulk.plan import RunFolder

    path = lines(["a"])
    with RunFolder(output).held(), pytest.raises(BulkError, match="another process is at work"):
        bulk(path)


def test_a_run_without_articles_leaves_nothing(bulk: Run, tmp_path: Path, output: Path) -> None:
    with pytest.raises(BulkError, match=r"no run in .* to continue"):
        bulk()
    with pytest.raises(BulkError, match="no such file or folder"):
        bulk(tmp_path / "nowhere")
    assert not output.exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BulkError, match="nothing to do"):
        bulk(empty)


KILLED = """
import sys
from pathlib import Path
from checker.bulk import run
from checker.bulk.local import LocalEngine
from checker.bulk.testing import ScriptedJob
from checker.settings import load_settings
if __name__ == "__main__":
    articles, output, store = map(Path, sys.argv[1:])
    run.check([articles], output, load_settings(store=str(store)), LocalEngine(2), size=8, kind=ScriptedJob)
"""


def test_killed_at_any_time_it_continues_and_checks_nothing_twice(
    bulk: Run, lines: Lines, output: Path, tmp_path: Path
) -> None:
    path = lines([f"SLOW {i}" for i in range(40)])
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    for least in (3, 12, 25):
        process = subprocess.Popen(
            [sys.executable, str(script), str(path), str(output), str(tmp_path / "store")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while len(checked(output)) < least:
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = len(checked(output))
        time.sleep(0.6)
        assert len(checked(output)) <= before + 2, "its processes went on without it"
    summary = bulk(path)
    assert (summary.items, summary.reports, summary.failed) == (40, 40, 0)
    assert sorted(row["id"] for row in reports(output)) == sorted(f"a{i}" for i in range(40))
    # An article is logged an instant before its record is kept, so a kill can come between: once per process and kill.
    again = {title: times for title, times in Counter(checked(output)).items() if times > 1}
    assert sum(times - 1 for times in again.values()) <= 6


def test_a_process_that_is_killed_is_replaced(bulk: Run, lines: Lines, output: Path) -> None:
    import psutil

    killed: list[int] = []

    def show(standing: Standing) -> None:
        if standing.done >= 4 and not killed:
            child = next(one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline()))
            killed.append(child.pid)
            child.kill()

    summary = bulk(lines([f"SLOW {i}" for i in range(16)]), size=4, show=show)
    assert killed
    assert (summary.reports, summary.failed) == (16, 0)
    assert len(reports(output)) == 16


def test_processes_that_cannot_live_end_the_run(bulk: Run, lines: Lines) -> None:
    class Dead(LocalEngine):
        def _start(self, job, shard):  # type: ignore[no-untyped-def]
            one = super()._start(job, shard)
            one.process.kill()
            return one

    with pytest.raises(BulkError, match="10 processes in a row died"):
        bulk(lines(["a"]), engine=Dead(1))


def test_parquet_in_and_out(bulk: Run, tmp_path: Path, output: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from datetime import date

    from pyarrow import parquet

    table = pa.table(
        {
            "id": [1, 2, 3],
            "text": ["Satu", "FAIL", None],
            "published_at": [date(2025, 6, 23), None, None],
            "other": [[1], [2], [3]],
        }
    )
    path = tmp_path / "articles.parquet"
    parquet.write_table(table, path)
    summary = bulk(path, format="parquet", size=2)
    assert (summary.items, summary.reports, summary.failed, summary.failed_claims) == (3, 2, 1, 1)
    rows = parquet.read_table(output / "reports").to_pylist()
    assert [(row["id"], row["key"], row["published_at"], row["failed"]) for row in rows] == [
        ("1", f"{path}:1", "2025-06-23", 0),
        ("2", f"{path}:2", None, 1),
    ]
    assert json.loads(rows[0]["report"])["article_text"] == "Satu"


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_text_that_utf8_cannot_carry_costs_nobody_else(bulk: Run, tmp_path: Path, output: Path, format: str) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "half \\ud800 pair"}\n{"text": "nul \\u0000 here"}\n{"text": "b"}\n', encoding="utf-8")
    summary = bulk(path, format=format, size=3, workers=1)
    assert summary.items == 3
    assert summary.reports >= 2
    assert summary.reports + summary.failed == 3


def test_meter_and_size() -> None:
    now = [0.0]
    seen: list[Standing] = []
    meter = Meter(100, 20, seen.append, clock=lambda: now[0])
    for _ in range(10):
        now[0] += 1
        meter.tell(2, 1)
    assert seen[-1].done == 40
    assert seen[-1].failed == 10
    assert seen[-1].rate == pytest.approx(2.0)
    assert seen[-1].remaining == pytest.approx(30.0)
    assert Meter(100, 20, None, clock=lambda: 0.0).standing.remaining is None
    assert (shard_size(1, 64), shard_size(1_000, 2), shard_size(10_000_000, 8)) == (1, 32, 1_000)
