"""The evidence store: what is acknowledged stays, what is removed is gone, and it says what is wrong."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.connectors.base import Rejected
from retrieval.database import Filters
from retrieval.errors import (
    EmbedderMismatch,
    SourceNotFound,
    StoreDamaged,
    StoreLocked,
    StoreReadOnly,
    StoreTooNew,
)
from retrieval.schema import DATABASE_FILE, MIGRATIONS
from retrieval.store import EvidenceStore
from retrieval.types import Source

Make = Callable[..., Source]


def test_what_was_added_is_there_when_it_is_opened_again(store: EvidenceStore, embedder: object) -> None:
    before = store.list()
    store.close()
    with EvidenceStore.open(store.path, embedder=embedder) as again:
        assert again.list() == before
        assert [s.id for s in before] == ["repair", "palu", "ampana", "rice"]  # newest first, undated last
        assert again.get("palu").language == "id"
        assert again.search(["jembatan baru"])[0][0].source.id == "palu"


def test_a_source_keeps_every_field(tmp_path: Path, embedder: object, source: Make) -> None:
    given = source(
        "Some text\u2028with odd \x00 characters, 🦀 and e\u0301.", "x", url="https://e.test/a", title="T",
        publisher="P", publisher_type="wire", country="ID", language="id", published_at="2025-06",
        via=("AFP", "Antara"), extra={"desk": {"editor": "Sari"}},
    )  # fmt: skip
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        opened.add([given])
        found = opened.get("x")
    assert found == given
    assert found.extra == {"desk": {"editor": "Sari"}}
    assert found.text == given.text


def test_adding_again_adds_nothing_and_embeds_nothing(store: EvidenceStore, embedder: object) -> None:
    sources = store.list()
    calls = embedder.calls  # type: ignore[attr-defined]
    result = store.add(sources)
    assert sorted(result.unchanged) == sorted(s.id for s in sources)
    assert (result.added, result.updated, result.failed) == ((), (), ())
    assert embedder.calls == calls  # type: ignore[attr-defined]
    later = [replace(s, fetched_at="2026-01-01T00:00:00Z") for s in sources]
    assert store.add(later).unchanged == tuple(s.id for s in sources)


def test_a_changed_text_takes_the_place_of_the_old_one(store: EvidenceStore, source: Make) -> None:
    new = source("Jembatan di Palu roboh. Bupati Donggala datang.", "palu", language="id", published_at="2025-06-25")
    assert store.add([new]).updated == ("palu",)
    assert store.get("palu") == new
    assert store.stats().sources == 4
    texts = [hit.passage.text for hit in store.search(["meresmikan jembatan baru 250 meter"], k=20)[0]]
    assert not any("250" in text for text in texts)
    assert store.search(["Bupati Donggala"])[0][0].source == new


def test_the_same_id_twice_in_one_call_keeps_the_last(tmp_path: Path, embedder: object, source: Make) -> None:
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        result = opened.add([source("One text here.", "a"), source("Another text here.", "a")])
        assert (result.added, result.updated) == (("a",), ("a",))
        assert opened.get("a").text == "Another text here."


def test_what_cannot_be_used_is_named_and_the_rest_is_added(tmp_path: Path, embedder: object, source: Make) -> None:
    bad = [
        replace(source("x", "no-text"), text="  \n"),
        replace(source("x", "surrogate"), text="half \ud800 a pair"),
        source("A text.", "bad-date", published_at="last summer"),
        replace(source("x", "huge"), text="word " * 1_100_000),
        Rejected("file.jsonl:3", "is not JSON"),
    ]
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        result = opened.add([bad[0], source("A good text.", "good"), *bad[1:]])
        assert result.added == ("good",)
        assert [failure.where for failure in result.failed] == [
            "no-text",
            "surrogate",
            "bad-date",
            "huge",
            "file.jsonl:3",
        ]
        assert all(failure.reason for failure in result.failed)
        assert [s.id for s in opened.list()] == ["good"]


def test_a_broken_off_add_keeps_what_was_acknowledged(tmp_path: Path, embedder: object, source: Make) -> None:
    acknowledged: list[str] = []

    def sources() -> object:
        for i in range(20):
            if i == 15:
                raise KeyboardInterrupt
            yield source(f"Report number {i}. " + "padding " * 4000, f"s{i}")

    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        with pytest.raises(KeyboardInterrupt):
            opened.add(sources(), progress=acknowledged.extend)  # type: ignore[arg-type]
        assert 0 < len(acknowledged) < 15
    with EvidenceStore.open(tmp_path, embedder=embedder) as opened:
        assert {s.id for s in opened.list()} == set(acknowledged)
        assert opened.search(["Report number 0"])[0][0].source.id == "s0"


def test_removed_means_gone_from_every_file(store: EvidenceStore, embedder: object) -> None:
    store.search(["ferries"])
    store.remove("ampana")
    with pytest.raises(SourceNotFound, match="ampana"):
        store.get("ampana")
    assert all(hit.source.id != "ampana" for hit in store.search(["storm harbour Ampana"], k=50)[0])
    assert store.stats().indexed == store.stats().passages
    store.close()
    for path in store.path.rglob("*"):
        if path.is_file():
            assert b"harbour of Ampana" not in path.read_bytes(), path
    with pytest.raises(SourceNotFound), EvidenceStore.open(store.path, embedder=embedder, mode="rw") as again:
        again.remove("ampana")


def test_passages_are_spans_of_their_source_and_have_neighbours(store: EvidenceStore, source: Make) -> None:
    text = " ".join(
        f"This is sentence number {i} of a longer report about harbours and their long history." for i in range(12)
    )
    store.add([source(text, "long")])
    passages = store.passages("long")
    assert len(passages) > 3
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert store.neighbours(passages[1]) == [passages[0], passages[2]]
    assert store.neighbours(passages[0], 2) == passages[1:3]
    store.remove("long")
    with pytest.raises(SourceNotFound):
        store.neighbours(passages[0])


def test_lists_and_counts_by_filter(store: EvidenceStore) -> None:
    def ids(**filters: object) -> list[str]:
        return [s.id for s in store.list(Filters(**filters))]  # type: ignore[arg-type]

    assert ids(publishers=("harbour post",)) == ["repair", "ampana"]
    assert ids(publisher_types=("newspaper",), languages=("en",)) == ["repair", "ampana", "rice"]
    assert ids(since="2025-06-24") == ["repair", "palu"]
    assert ids(until="2025-06-24") == ["palu", "ampana"]
    assert ids(since="2025-06", until="2025-06") == ["palu", "ampana"]
    assert ids(ids=("rice", "nothing")) == ["rice"]
    assert [s.id for s in store.list(limit=1)] == ["repair"]
    stats = store.stats()
    assert (stats.sources, stats.origins, stats.languages) == (4, 4, {"en": 3, "id": 1})
    assert stats.publishers["Harbour Post"] == 2
    assert stats.passages == stats.indexed > 0
    assert stats.embedder == "words"


def test_a_folder_without_a_store_is_an_empty_one(tmp_path: Path, embedder: object) -> None:
    with EvidenceStore.open(tmp_path / "none", embedder=embedder) as opened:
        assert opened.is_empty()
        assert opened.search(["anything", "else"]) == [[], []]
        assert opened.list() == []
        with pytest.raises(SourceNotFound):
            opened.get("x")
    assert not (tmp_path / "none").exists()


def test_another_embedder_is_refused(store: EvidenceStore, other_embedder: object) -> None:
    store.close()
    with pytest.raises(EmbedderMismatch, match=r"'words'.*reindex --embed"):
        EvidenceStore.open(store.path, embedder=other_embedder)


def test_a_store_can_be_embedded_again_with_another_model(store: EvidenceStore, other_embedder: object) -> None:
    origin = store.origin("palu")
    store.close()
    with EvidenceStore.open(store.path, embedder=other_embedder, mode="rw", match=False) as opened:
        assert opened.reindex(embed=True) == opened.stats().passages
    with EvidenceStore.open(store.path, embedder=other_embedder) as opened:
        assert opened.search(["jembatan baru"])[0][0].source.id == "palu"
        assert opened.stats().embedder == "other"
        assert opened.origin("palu") == origin


def test_a_reader_sees_what_another_connection_adds(store: EvidenceStore, embedder: object, source: Make) -> None:
    with EvidenceStore.open(store.path, embedder=embedder) as reader:
        assert reader.search(["volcano"])[0][0].source.id != "volcano"
        store.add([source("The volcano erupted at dawn.", "volcano")])
        assert reader.search(["volcano erupted"])[0][0].source.id == "volcano"
        store.remove("volcano")
        assert all(hit.source.id != "volcano" for hit in reader.search(["volcano erupted"])[0])


def test_a_store_opened_to_read_refuses_to_write(store: EvidenceStore, embedder: object, source: Make) -> None:
    with EvidenceStore.open(store.path, embedder=embedder) as reader:
        for act in (lambda: reader.add([source("x")]), lambda: reader.remove("palu"), reader.reindex):
            with pytest.raises(StoreReadOnly, match='mode="rw"'):
                act()


def test_a_store_of_a_newer_version_is_refused(store: EvidenceStore, embedder: object) -> None:
    store.close()
    connection = sqlite3.connect(store.path / DATABASE_FILE)
    connection.execute("INSERT INTO migrations VALUES ('9999-from-the-future', '2030-01-01T00:00:00Z')")
    connection.commit()
    connection.close()
    for mode in ("r", "rw"):
        with pytest.raises(StoreTooNew, match=r"9999-from-the-future.*update Saring"):
            EvidenceStore.open(store.path, embedder=embedder, mode=mode)  # type: ignore[arg-type]


def test_migrations_are_append_only() -> None:
    # A released migration never changes: its digest is written down here when it is released.
    import hashlib

    names = [name for name, _ in MIGRATIONS]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    assert all(hashlib.sha256(script.encode()).hexdigest() for _, script in MIGRATIONS)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_reported_as_damaged(tmp_path: Path, embedder: object, content: bytes) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(content)
    if not content:
        with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
            assert opened.is_empty()  # what a kill at the first moment leaves
        return
    for mode in ("r", "rw"):
        with pytest.raises(StoreDamaged, match=DATABASE_FILE):
            EvidenceStore.open(tmp_path, embedder=embedder, mode=mode)  # type: ignore[arg-type]


def test_another_programs_database_is_left_alone(tmp_path: Path, embedder: object) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreDamaged, match="not Saring's"):
        EvidenceStore.open(tmp_path, embedder=embedder, mode="rw")


def test_a_path_that_is_a_file_cannot_be_a_store(tmp_path: Path, embedder: object) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreReadOnly, match="--store"):
        EvidenceStore.open(tmp_path / "file", embedder=embedder, mode="rw")


def test_a_second_writer_is_refused_and_told_who_writes(store: EvidenceStore, embedder: object) -> None:
    started = time.monotonic()
    with pytest.raises(StoreLocked, match=rf"process {os.getpid()} on .* since .*wait until it is done"):
        EvidenceStore.open(store.path, embedder=embedder, mode="rw", lock_timeout=0.2)
    assert 0.15 < time.monotonic() - started < 5
    with EvidenceStore.open(store.path, embedder=embedder) as reader:  # a locked store is searched all the same
        assert reader.search(["jembatan"])[0][0].source.id == "palu"
    store.close()
    with EvidenceStore.open(store.path, embedder=embedder, mode="rw", lock_timeout=0) as writer:
        assert writer.writable


def test_many_threads_may_search_one_store(store: EvidenceStore) -> None:
    expected = [hit.passage.id for hit in store.search(["ferries in Ampana"])[0]]
    found: list[list[str]] = []

    def look() -> None:
        for _ in range(5):
            found.append([hit.passage.id for hit in store.search(["ferries in Ampana"])[0]])

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 20


def test_close_is_safe_to_call_twice(store: EvidenceStore) -> None:
    store.close()
    store.close()


def _count_as_nobody(folder: Path) -> int:
    """How many sources a process without any right to write sees; root may write anywhere, so it steps down first."""
    from retrieval.database import Database
    from retrieval.schema import connect_reader

    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            database = Database(connect_reader(folder))
            os._exit(database.count("sources"))
        except BaseException:
            traceback.print_exc()
            os._exit(255)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.parametrize("log_left", [False, True])
def test_a_folder_that_cannot_be_written_to_is_still_read(
    store: EvidenceStore, embedder: object, log_left: bool, source: Make
) -> None:
    folder = store.path
    if log_left:
        # As after a kill: the last sources are in the write-ahead log only.
        store.add([source("One more report.", "more")])
        (folder / (DATABASE_FILE + "-wal")).stat()
        copy = folder.parent / "copy"
        copy.mkdir()
        for name in (DATABASE_FILE, DATABASE_FILE + "-wal"):
            (copy / name).write_bytes((folder / name).read_bytes())
        folder = copy
    else:
        store.close()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    above = folder.parent
    while above != Path(above.anchor) and above.stat().st_mode & 0o005 != 0o005:
        above.chmod(above.stat().st_mode | 0o055)
        above = above.parent
    count = _count_as_nobody(folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert count == (5 if log_left else 4)


def _add_many(folder: str, name: str, results: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    sys.path[:0] = [str(Path(__file__).parent)]
    from conftest import WordEmbedder, make_source  # type: ignore[import-not-found]

    try:
        with EvidenceStore.open(folder, embedder=WordEmbedder(), mode="rw", lock_timeout=60) as opened:
            opened.add(make_source(f"{name} report {i} about the sea.", f"{name}{i}") for i in range(10))
        results.put((name, "done"))
    except StoreLocked as error:
        results.put((name, str(error)))


@pytest.mark.slow
def test_three_processes_adding_at_once_leave_a_whole_store(tmp_path: Path, embedder: object) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=_add_many, args=(str(tmp_path), name, results)) for name in "abc"]
    for worker in workers:
        worker.start()
    outcomes = dict(results.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join(30)
    assert outcomes == dict.fromkeys("abc", "done")
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        assert opened.stats().sources == 30
        assert opened.stats().indexed == opened.stats().passages == 30
        assert opened.search(["b report 7"])[0][0].source.id == "b7"
