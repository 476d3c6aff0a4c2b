"""What is kept of a shard while it is worked on, and who may commit it."""

from __future__ import annotations

from pathlib import Path

from checker.bulk.base import Shard
from checker.bulk.checking import CheckWorker, place
from checker.bulk.files import read_json, whole_lines, write_json_once
from checker.bulk.inputs import cut
from checker.bulk.journal import Journal
from checker.bulk.plan import RunFolder
from checker.bulk.testing import ScriptedJob


def record(key: str) -> dict[str, object]:
    return {"key": key, "failures": []}


def test_what_was_finished_is_found_again_up_to_a_torn_line(tmp_path: Path) -> None:
    with Journal(tmp_path, "000001", "one") as journal:
        journal.begin("a")
        journal.add(record("a"))
        journal.begin("b")
        journal.add(record("b"))
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    again = Journal(tmp_path, "000001", "two")
    assert again.finished == {"a"}
    assert Journal(tmp_path, "000002", "two").finished == set()


def test_deaths_count_in_their_own_session_only(tmp_path: Path) -> None:
    for session in ("one", "two", "two"):
        with Journal(tmp_path, "000001", session) as journal:
            journal.begin("a")
            journal.add(record("a"))
            journal.begin("b")
    journal = Journal(tmp_path, "000001", "two")
    assert (journal.deaths("a"), journal.deaths("b")) == (0, 2)
    assert Journal(tmp_path, "000001", "three").deaths("b") == 0


def test_two_attempts_give_one_record_each(tmp_path: Path) -> None:
    with Journal(tmp_path, "000001", "one") as first:
        first.add(record("a"))
        with Journal(tmp_path, "000001", "two") as second:
            second.add(record("b"))
            first.add(record("b"))
            first.add(record("c"))
            assert sorted(line["key"] for line in second.records()) == ["a", "b", "c"]
    second.discard()
    assert len(list(tmp_path.iterdir())) == 0


def test_a_marker_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    assert write_json_once(path, {"by": 1})
    assert not write_json_once(path, {"by": 2})
    assert read_json(path) == {"by": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_two_machines_on_one_shard_commit_it_once(tmp_path: Path) -> None:
    """The second began before the first was done, as one does that was given up but still runs."""
    articles = tmp_path / "a.jsonl"
    articles.write_text('{"text": "a"}\n{"text": "b"}\n', encoding="utf-8")
    folder = RunFolder(tmp_path / "out")
    told: list[int] = []
    with folder.held():
        [(items, spec)] = cut([articles], folder.path, 10, folder.work)
        shard = Shard(0, items, spec)
        workers = [_worker(folder, session) for session in ("one", "two")]
        slow, quick = workers

        def meanwhile(done: int, failed: int) -> None:
            told.append(done)
            if len(told) == 1:
                quick.run(shard, lambda done, failed: None)

        slow.run(shard, meanwhile)
        for marker in folder.done():
            place(folder, marker)
        [report] = (folder.path / "reports").iterdir()
        assert sorted(row["key"] for row in whole_lines(report)) == [f"{articles}:1", f"{articles}:2"]
        assert list(folder.work.iterdir()) == []


def test_a_report_that_a_kill_left_unplaced_is_placed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    with folder.held():
        (folder.work / "x.ready").write_bytes(b"{}\n")
        marker = {"file": "000000.jsonl", "ready": "x.ready"}
        place(folder, marker)
        place(folder, marker)
    assert (folder.path / "reports" / "000000.jsonl").read_bytes() == b"{}\n"


def _worker(folder: RunFolder, session: str) -> CheckWorker:
    return ScriptedJob(str(folder.path), {}, "2026-01-01T00:00:00+00:00", "jsonl", session).open()
