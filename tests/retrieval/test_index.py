"""The vector indexes: Chroma agrees with comparing everything, and a damaged one is made again."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval.database import Database
from retrieval.errors import StoreError
from retrieval.index import ChromaIndex, ExactIndex, VectorIndex, collection_name
from retrieval.schema import connect_writer
from retrieval.store import EvidenceStore
from retrieval.types import Source
from retrieval.upkeep import IndexKeeper

Make = Callable[..., Source]


def _vectors(count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors that lie in clusters, as texts do."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((12, 32))
    vectors = centres[chance.integers(0, 12, count)] + 0.6 * chance.standard_normal((count, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=["exact", "embedded", pytest.param("server", marks=pytest.mark.server)])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    opened: VectorIndex
    if request.param == "exact":
        opened = ExactIndex()
    elif request.param == "embedded":
        opened = ChromaIndex.embedded(tmp_path / "index", "saring-passages-test")
    else:
        from retrieval.server import Remote

        opened = Remote.connect(request.getfixturevalue("empty_server")).index("test")
    yield opened
    opened.close()


def test_every_index_finds_what_comparing_everything_finds(index: VectorIndex) -> None:
    vectors = _vectors(600)
    ids = [f"p-{i}" for i in range(600)]
    index.add(ids, vectors)
    index.delete([*ids[:50], "p-none"])
    assert index.count() == 550
    queries = _vectors(20, seed=1)
    expected = np.argsort(-(vectors[50:] @ queries.T), axis=0)[:10].T + 50
    found = index.query(queries, 10)
    agreed = sum(len({i for i, _ in hits} & {ids[j] for j in row}) for hits, row in zip(found, expected, strict=True))
    assert agreed >= 196  # of 200
    for query, hits in zip(queries, found, strict=True):
        cosines = [cosine for _, cosine in hits]
        assert cosines == sorted(cosines, reverse=True)
        assert cosines == pytest.approx([float(vectors[ids.index(i)] @ query) for i, _ in hits], abs=1e-4)


def test_adding_an_id_again_replaces_its_vector(index: VectorIndex) -> None:
    first, second = _vectors(2)
    index.add(["a"], first[None])
    index.add(["a"], second[None])
    assert index.count() == 1
    assert index.query(second[None], 5)[0][0] == ("a", pytest.approx(1.0, abs=1e-4))


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.count() == 0
    assert index.query(_vectors(2), 5) == [[], []]


def test_collections_of_two_embedders_never_meet() -> None:
    assert collection_name("a") != collection_name("b")
    assert 3 <= len(collection_name("x" * 1000)) <= 512


# -- upkeep


def _pending(store: EvidenceStore) -> int:
    return len(store._database.to_index(1000)) + len(store._database.to_unindex(1000))


def _damage_nothing(folder: Path) -> None:
    shutil.rmtree(folder)


def _damage_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 1000)


def _damage_segment(folder: Path) -> None:
    """The part of the index that Chroma maps into memory, cut off."""
    (folder / "chroma.sqlite3").write_bytes((folder / "chroma.sqlite3").read_bytes()[:5000])


@pytest.mark.parametrize("damage", [_damage_nothing, _damage_database, _damage_segment])
def test_a_damaged_index_is_made_again_by_itself(
    store: EvidenceStore,
    embedder: object,
    source: Make,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.close()
    (store.path / "index.clean").unlink()  # as a kill leaves it
    damage(store.path / "index")
    with EvidenceStore.open(store.path, embedder=embedder, mode="rw", dense="index") as opened:
        with caplog.at_level(logging.WARNING):
            opened.add([source("A new report about the sea.", "sea")])
        assert _pending(opened) == 0
        assert opened.stats().indexed == opened.stats().passages
        keeper = opened._keep()
        vector = embedder.encode(["the sea"])  # type: ignore[attr-defined]
        [near] = keeper.query(vector, 3, opened.stats().passages)
        assert near[0][0] == opened.passages("sea")[0].id
    if damage is not _damage_nothing:
        assert "damaged" in caplog.text


def test_a_whole_index_is_not_probed(store: EvidenceStore, source: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("probed")

    monkeypatch.setattr("subprocess.run", never)
    store.add([source("A new report about the sea.", "sea")])
    assert _pending(store) == 0


def test_an_index_behind_is_not_asked_and_the_search_answers_still(store: EvidenceStore, embedder: object) -> None:
    keeper = store._keep()
    vector = embedder.encode(["ferries"])  # type: ignore[attr-defined]
    assert keeper.query(vector, 3, store.stats().passages) is not None
    assert keeper.query(vector, 3, store.stats().passages + 1) is None
    store.close()
    shutil.rmtree(store.path / "index")
    (store.path / "index").mkdir()
    (store.path / "index" / "chroma.sqlite3").write_bytes(b"garbage" * 100)
    with EvidenceStore.open(store.path, embedder=embedder, dense="index") as reader:
        assert reader.search(["ferries in Ampana"])[0][0].source.id in {"ampana", "repair"}


def test_an_index_that_a_writer_holds_is_not_asked(store: EvidenceStore, embedder: object) -> None:
    other = IndexKeeper(store.path, collection_name(store._signed(store.embedder)), 64)
    with other._lock:
        vector = embedder.encode(["ferries"])  # type: ignore[attr-defined]
        assert store._keep().query(vector, 3, store.stats().passages) is None


def test_an_index_that_lost_passages_is_noticed(store: EvidenceStore) -> None:
    keeper = store._keep()
    keeper._drop_client()
    index = ChromaIndex.embedded(keeper.folder, keeper._collection)
    index.delete([store.passages("palu")[0].id])
    index.close()
    (store.path / "index.clean").unlink()
    assert keeper.catch_up(store._database) == store.stats().passages
    assert keeper.query(np.ones((1, 64), np.float32) / 8, 1, store.stats().passages) is not None


def test_an_index_that_cannot_be_written_says_that_the_evidence_is_safe(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file where the folder should be")
    keeper = IndexKeeper(tmp_path, "saring-passages-test", 8)
    database = Database(connect_writer(tmp_path))
    (tmp_path / "index").chmod(0o444)
    with pytest.raises(StoreError, match="the evidence itself is safe"):
        keeper.catch_up(database)


def test_reindex_makes_the_index_again(store: EvidenceStore) -> None:
    shutil.rmtree(store.path / "index")
    assert store.reindex() == store.stats().passages
    assert (store.path / "index" / "chroma.sqlite3").exists()
    assert [s.id for s in store.list()] == ["repair", "palu", "ampana", "rice"]
