"""A store embedded again in bulk is the store that its own reindex makes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.bulk import run
from checker.bulk.base import Job, Shard, Tell
from checker.bulk.embedding import Remembered, passage_texts
from checker.bulk.plan import RunFolder
from checker.errors import BulkError, StoreEmpty
from retrieval.errors import EmbedderMismatch
from retrieval.store import EvidenceStore
from retrieval.types import Source


class Hashed:
    """Vectors from a hash of the text, another for each name."""

    dimensions = 16

    def __init__(self, name: str) -> None:
        self.name = name
        self.digest = f"{name}:1:0000000000000000"
        self.texts = 0

    def encode(self, texts: Sequence[str], *, kind: str = "passage") -> Any:
        self.texts += len(texts)
        rows = [np.frombuffer(hashlib.sha512(f"{self.name} {text}".encode()).digest()[:16], np.int8) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, self.dimensions) + 0.5
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class InThisProcess:
    """An engine without processes, which can be broken off."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.stop_after = stop_after

    def run(self, job: Job, shards: Any, folder: Path, tell: Tell) -> None:
        worker = job.open()
        try:
            for done, shard in enumerate(shards):
                if done >= self.stop_after:
                    raise KeyboardInterrupt
                assert isinstance(shard, Shard)
                worker.run(shard, tell)
        finally:
            worker.close()


def source(number: int) -> Source:
    text = f"Kalimat nomor {number} dari sumber ini. " * 30
    return Source(
        id=f"s{number}", url=f"https://a.example/{number}", title=f"Judul {number}", publisher="A", publisher_type="",
        country="", language="id", published_at="2025-06-23", fetched_at="2025-06-24T00:00:00+00:00", via=(),
        content_hash="", text=text,
    )  # fmt: skip


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, Hashed]:
    made: dict[str, Hashed] = {}

    def load(name: str | None = None, *, threads: int = 0) -> Hashed:
        return made.setdefault(str(name), Hashed(str(name)))

    monkeypatch.setattr("retrieval.embed.load_embedder", load)
    return made


@pytest.fixture
def store(tmp_path: Path, models: dict[str, Hashed]) -> Path:
    with EvidenceStore.open(tmp_path / "store", embedder=Hashed("old"), mode="rw") as opened:
        opened.add([source(number) for number in range(7)])
    return tmp_path / "store"


def vectors(path: Path, embedder: Hashed) -> dict[str, bytes]:
    with EvidenceStore.open(path, embedder=embedder) as opened:
        rows = opened._database.connection.execute("SELECT id, vector FROM passages JOIN vectors ON passage = num")
        return dict(rows.fetchall())


def embed(tmp_path: Path, store: Path, engine: InThisProcess) -> tuple[int, int]:
    return run.embed(tmp_path / "out", str(store), "new", engine, size=2)


def test_it_is_what_reindex_makes(tmp_path: Path, store: Path, models: dict[str, Hashed]) -> None:
    count, made = embed(tmp_path, store, InThisProcess())
    assert (count, made) == (len(vectors(store, Hashed("new"))), 0)
    with EvidenceStore.open(tmp_path / "other", embedder=Hashed("new"), mode="rw") as opened:
        opened.add([source(number) for number in range(7)])
    assert vectors(store, Hashed("new")) == vectors(tmp_path / "other", Hashed("new"))
    with pytest.raises(EmbedderMismatch):
        EvidenceStore.open(store, embedder=Hashed("old"))
    assert not (tmp_path / "out" / "vectors").exists()
    with pytest.raises(BulkError, match="is finished"):
        embed(tmp_path, store, InThisProcess())


def test_broken_off_it_continues_and_the_store_is_as_it_was_until_the_end(
    tmp_path: Path, store: Path, models: dict[str, Hashed]
) -> None:
    before = vectors(store, Hashed("old"))
    with pytest.raises(KeyboardInterrupt):
        embed(tmp_path, store, InThisProcess(stop_after=2))
    assert vectors(store, Hashed("old")) == before
    first = models["new"].texts
    with EvidenceStore.open(store, embedder=Hashed("old"), mode="rw") as opened:
        opened.add([source(50)])
        opened.remove("s6")
    count, made = embed(tmp_path, store, InThisProcess())
    assert made == len(passage_texts(source(50)))
    assert models["new"].texts - first == sum(len(passage_texts(source(number))) for number in (4, 5, 50))
    assert count == sum(len(passage_texts(source(number))) for number in (0, 1, 2, 3, 4, 5, 50))
    assert vectors(store, Hashed("new")).keys()


def test_another_model_or_an_empty_store_is_refused(tmp_path: Path, store: Path, models: dict[str, Hashed]) -> None:
    with pytest.raises(KeyboardInterrupt):
        embed(tmp_path, store, InThisProcess(stop_after=1))
    with pytest.raises(BulkError, match="another"):
        run.embed(tmp_path / "out", str(store), "third", InThisProcess())
    with pytest.raises(StoreEmpty):
        run.embed(tmp_path / "out2", str(tmp_path / "nowhere"), "new", InThisProcess())


def test_vectors_are_found_by_the_whole_digest(tmp_path: Path, models: dict[str, Hashed]) -> None:
    folder = RunFolder(tmp_path)
    (tmp_path / "vectors").mkdir()
    from checker.bulk.embedding import digest

    # Two digests that begin alike: the second must not be taken for the first.
    twin = digest("a")[:8] + b"\0" * 8
    np.savez(
        tmp_path / "vectors" / "000000.npz",
        digests=np.frombuffer(twin + digest("a"), np.uint8),
        vectors=np.array([[9.0] * 16, [1.0] * 16], dtype="<f2"),
    )
    remembered = Remembered(Hashed("new"), folder)
    assert remembered.encode(["a"]).tolist() == [[1.0] * 16]
    assert remembered.made == 0
    assert np.allclose(remembered.encode(["b"]), Hashed("new").encode(["b"]))
    assert remembered.made == 1
