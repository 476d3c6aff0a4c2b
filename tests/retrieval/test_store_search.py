"""Searching a store: the same by comparing with all vectors, through the index, and by the reference."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from retrieval.database import Filters
from retrieval.search import HybridIndex, Query
from retrieval.store import EvidenceStore
from retrieval.types import Source

Make = Callable[..., Source]


@pytest.fixture(params=["exact", "index", pytest.param("server", marks=pytest.mark.server)])
def found(request: pytest.FixtureRequest, store: EvidenceStore, embedder: object) -> Iterator[EvidenceStore]:
    """The store of four reports, searched one way or another."""
    if request.param == "server":
        address = request.getfixturevalue("empty_server")
        with EvidenceStore.open(address, embedder=embedder, mode="rw", dense="index") as opened:
            opened.add(reversed(store.list()))
            yield opened
        return
    store.close()
    with EvidenceStore.open(store.path, embedder=embedder, dense=request.param) as opened:
        yield opened


def test_hits_carry_everything_a_judge_and_a_reader_need(found: EvidenceStore) -> None:
    [hits] = found.search(["two ferries in Ampana"], k=3)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert {hit.source.id for hit in hits[:2]} == {"ampana", "repair"}
    for hit in hits:
        assert hit.source.text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert hit.passage.source_id == hit.source.id
        assert -1 <= hit.dense <= 1.001
        assert hit.lexical >= 0
        assert hit.origin == found.origin(hit.source.id)
        assert hit.excluded is None
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].lexical > 0


def test_each_query_gets_its_own_hits(found: EvidenceStore) -> None:
    queries: list[Query | str] = ["rice prices", Query("jembatan baru di Palu"), "rice prices"]
    first, second, third = found.search(queries, k=2)
    assert first[0].source.id == "rice"
    assert second[0].source.id == "palu"
    assert [h.passage.id for h in first] == [h.passage.id for h in third]
    assert found.search([]) == []


def test_sources_after_the_date_are_shown_and_do_not_count(found: EvidenceStore) -> None:
    [hits] = found.search(["ferries in Ampana"], as_of="2025-06-30")
    excluded = {hit.source.id: hit.excluded for hit in hits}
    assert excluded["ampana"] is None
    assert excluded["repair"] == "after_as_of"
    [hits] = found.search(["ferries in Ampana"], as_of=datetime(2025, 7, 2, 23, tzinfo=UTC))
    assert all(hit.excluded is None for hit in hits)
    # A day ends where the newsroom is: at 17:00 UTC.
    [hits] = found.search(["ferries in Ampana"], as_of="2025-07-01")
    assert {h.source.id: h.excluded for h in hits}["repair"] == "after_as_of"
    [hits] = found.search(["ferries in Ampana"], as_of="2025-07-02")
    assert {h.source.id: h.excluded for h in hits}["repair"] is None
    with pytest.raises(ValueError, match="zone"):
        found.search(["x"], as_of=datetime(2025, 7, 2))
    with pytest.raises(ValueError, match="ISO 8601"):
        found.search(["x"], as_of="yesterday")


def test_undated_evidence_is_marked(found: EvidenceStore) -> None:
    [hits] = found.search(["rice prices rose"], as_of="2025-01-01")
    assert {h.source.id: (h.excluded, h.undated) for h in hits}["rice"] == (None, True)
    [hits] = found.search(["jembatan"])
    assert {h.source.id: h.undated for h in hits}["palu"] is False


def test_a_month_that_may_lie_after_the_date_is_marked(tmp_path: Path, embedder: object, source: Make) -> None:
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        opened.add([source("A report of some day in June.", "june", published_at="2025-06")])
        assert opened.search(["report June"], as_of="2025-06-15")[0][0].undated
        assert not opened.search(["report June"], as_of="2025-07-01")[0][0].undated
        assert opened.search(["report June"], as_of="2025-05-31")[0][0].excluded == "after_as_of"


ARTICLE = (
    "A storm closed the harbour of Ampana on Monday. The harbour master said that two ferries were damaged at their "
    "moorings. Nobody was hurt, according to the district's police. The harbour is to open again on Wednesday. Traders "
    "from the islands wait with their boats in the bay. Fuel has become scarce in Wakai since the weekend."
)


def test_copies_of_the_article_are_marked(store: EvidenceStore, source: Make) -> None:
    sentences = ARTICLE.split(". ")
    reprint = ". ".join(sentences[:4]) + ". Our own reporter adds that the market of the town stayed shut all day long."
    report = (
        "Ampana's harbour was shut by a storm on Monday, and two ferries suffered damage, its harbour master reported."
    )
    store.add([source(ARTICLE, "copy"), source(reprint, "reprint"), source(report, "own")])
    [hits] = store.search(["storm closed the harbour of Ampana, two ferries damaged"], article_text=ARTICLE, k=10)
    marks = {hit.source.id: hit.excluded for hit in hits}
    assert marks["copy"] == marks["reprint"] == "copy_of_article"
    assert marks["own"] is None
    assert marks["ampana"] is None


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(publishers=("HARBOUR POST",)), {"ampana", "repair"}),
        (Filters(languages=("id",)), {"palu"}),
        (Filters(publisher_types=("newspaper",), until="2025-06-23"), {"ampana"}),
        (Filters(since="2025-07-01"), {"repair"}),
        (Filters(ids=("rice", "palu")), {"rice", "palu"}),
        (Filters(countries=("XX",)), set()),
        (Filters(), {"ampana", "repair", "palu", "rice"}),
    ],
)
def test_filters_limit_what_is_searched(found: EvidenceStore, filters: Filters, ids: set[str]) -> None:
    [hits] = found.search(["ferries"], k=50, filters=filters)
    assert {hit.source.id for hit in hits} == ids


WORDS = [
    "storm",
    "harbour",
    "ferry",
    "island",
    "market",
    "price",
    "rice",
    "bridge",
    "road",
    "police",
    "school",
    "water",
    "fuel",
    "boat",
    "rain",
    "court",
    "budget",
]


def _reports(count: int, source: Make) -> list[Source]:
    chance = random.Random(7)
    return [
        source(
            f"{' '.join(chance.choices(WORDS, k=9)).capitalize()} {i}. {' '.join(chance.choices(WORDS, k=12))}.",
            f"r{i}", publisher=chance.choice(["A", "B"]), published_at=f"2025-06-{1 + i % 28:02d}",
        )
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("dense", ["exact", "index"])
def test_ranks_as_the_reference_does(tmp_path: Path, embedder, source: Make, dense: str) -> None:  # type: ignore[no-untyped-def]
    sources = _reports(300, source)
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw", dense=dense) as opened:  # type: ignore[arg-type]
        opened.add(sources)
        queries = ["harbour storm ferry", "rice price market 17", "court budget"]
        answers = opened.search(queries, k=10)
    texts = [s.text for s in sources]
    stored = embedder.encode(texts).astype(np.float16).astype(np.float32)
    reference = HybridIndex(stored, texts, "en")
    for query, hits in zip(queries, answers, strict=True):
        vector = embedder.encode([query], kind="query")[0]
        expected = reference.rank(vector, query, 10)
        agreed = {hit.source.id for hit in hits} & {sources[i].id for i, _ in expected}
        assert len(agreed) >= (10 if dense == "exact" else 9)
        if dense == "exact":
            assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=1e-4)


def test_many_late_sources_crowd_nothing_out(tmp_path: Path, embedder: object, source: Make) -> None:
    late = [
        source(f"The harbour of Ampana was closed again, report {i}.", f"late{i}", published_at="2025-09-01")
        for i in range(400)
    ]
    early = source("In June a storm closed the harbour of Ampana for a day.", "early", published_at="2025-06-23")
    with EvidenceStore.open(tmp_path, embedder=embedder, mode="rw") as opened:
        opened.add([*late, early])
        [hits] = opened.search(["the harbour of Ampana was closed"], k=4, as_of="2025-07-01")
    assert [h.source.id for h in hits if h.excluded is None] == ["early"]
    assert sum(h.excluded == "after_as_of" for h in hits) == 4


def test_as_a_langchain_retriever(store: EvidenceStore) -> None:
    retriever = store.as_retriever(k=2)
    documents = retriever.invoke("ferries in Ampana")
    assert len(documents) == 2
    assert documents[0].metadata["source_id"] in {"ampana", "repair"}
    assert documents[0].page_content in store.get(documents[0].metadata["source_id"]).text
    [hits] = store.search(["ferries in Ampana"], k=2)
    assert documents[0].id == hits[0].passage.id
    assert documents[0].metadata["origin"] == hits[0].origin


def test_what_was_hidden_on_a_page_stays_known_with_every_hit(store: EvidenceStore, source: Make) -> None:
    """Prompts and the review page warn of a source whose page held text that no reader saw."""
    flagged = replace(
        source("Harga beras naik pada Mei.", "kept"), extra={"hidden_text": True, "hidden_kinds": ["css", "tags"]}
    )
    store.add([flagged])
    [hits] = store.search(["Harga beras naik"])
    hit = next(hit for hit in hits if hit.source.id == "kept")
    assert hit.source.extra["hidden_text"] is True
    assert list(hit.source.extra["hidden_kinds"]) == ["css", "tags"]
    assert store.get("kept").extra["hidden_text"] is True
