"""A store killed at any moment of an add opens again with every acknowledged source present and searchable."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval.errors import SourceNotFound
from retrieval.store import EvidenceStore

_ADD_FOR_EVER = """
import itertools, sys
from conftest import WordEmbedder, make_source
import retrieval.store, retrieval.writing
retrieval.writing.BATCH_CHARACTERS = 2_000
first = int(sys.argv[2])
def sources():
    for i in range(first, first + 100_000):
        yield make_source(f"Report number {i} about the harbour. It was written at desk {i % 7}. " * 3, f"s{i}")
def report(ids):
    print("\\n".join(ids), flush=True)
with retrieval.store.EvidenceStore.open(sys.argv[1], embedder=WordEmbedder(), mode="rw") as store:
    print("open", flush=True)
    left = sources()
    while True:  # many adds, so that the index is written to in between
        store.add(itertools.islice(left, 60), progress=report)
"""


def _run_and_kill(folder: Path, first: int, delay: float) -> list[str]:
    """Start an add, kill it after a while; the ids that it acknowledged."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])}
    process = subprocess.Popen(
        [sys.executable, "-c", _ADD_FOR_EVER, str(folder), str(first)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    opened = process.stdout.readline()
    if opened != "open\n":
        process.wait(60)
        raise AssertionError(process.stderr.read())
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    # The last line may be cut off; whole lines were acknowledged.
    return [line for line in rest.split("\n")[:-1] if line]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.slow
@pytest.mark.parametrize("rounds", [int(os.environ.get("SARING_KILLS", "6"))])
def test_every_acknowledged_source_survives(tmp_path: Path, embedder: object, rounds: int) -> None:
    chance = random.Random(20251124)
    acknowledged: set[str] = set()
    killed_while_working = 0
    for round_ in range(rounds):
        delay = chance.uniform(0.0, 3.0)
        new = _run_and_kill(tmp_path, first=round_ * 1_000_000, delay=delay)
        killed_while_working += bool(new)
        acknowledged |= set(new)
        with EvidenceStore.open(tmp_path, embedder=embedder) as reader:  # before anything is mended
            assert acknowledged <= {source.id for source in reader.list()}
    assert killed_while_working >= rounds // 2
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw", dense="index") as store:
        there = {source.id for source in store.list()}
        assert acknowledged <= there
        store.add([])  # what an add that resumes does first or last: the index catches up
        stats = store.stats()
        assert stats.indexed == stats.passages
        keeper = store._keep()
        for source_id in chance.sample(sorted(acknowledged), min(25, len(acknowledged))):
            [hits] = store.search([store.get(source_id).text[:60]], k=20)
            assert source_id in {hit.source.id for hit in hits}
            vector = embedder.encode([store.passages(source_id)[0].text])  # type: ignore[attr-defined]
            assert keeper.query(vector, 30, stats.passages) is not None
        with pytest.raises(SourceNotFound):
            store.get("never added")
