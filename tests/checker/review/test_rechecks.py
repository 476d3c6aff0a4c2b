from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report
from test_service import walk

from checker.judges.base import Bench, Hearing, Judgement
from checker.pipeline import Checker
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.jobs import Jobs
from checker.review.rechecks import ask, claim_of
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action, State
from checker.review.worker import Worker
from checker.settings import Settings
from checker.types import Article, Claim, Stance
from retrieval.fetch import Fetcher
from retrieval.ids import content_hash
from retrieval.store import EvidenceStore
from retrieval.types import Source

People = dict[str, Actor]


class WordEmbedder:
    name = "words"
    dimensions = 64
    digest = "words-64"

    def encode(self, texts: Sequence[str], *, kind: str = "passage") -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little")
                row += np.random.default_rng(seed).standard_normal(self.dimensions).astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


class ByNegation:
    """A judge that takes a passage with `tidak` for a refutation and every other one for support."""

    name = "by-negation"
    versions: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.heard: list[Claim] = []

    def hear(self, hearings: Sequence[Hearing], article: Article | None = None, progress: Any = None) -> Bench:
        self.heard += [hearing.claim for hearing in hearings]
        return Bench(tuple(Judgement(item.claim.id, tuple(self._hear(item))) for item in hearings), {})

    def _hear(self, hearing: Hearing) -> Iterator[Stance]:
        for hit in hearing.hits:
            supports, refutes = (0.02, 0.95) if "tidak" in hit.passage.text else (0.95, 0.02)
            passage = hit.passage
            rest = 1 - supports - refutes
            yield Stance(hearing.claim.id, hit, supports, refutes, rest, passage.text, passage.start, passage.end)


def source(name: str, text: str) -> Source:
    return Source(
        id=name,
        url=f"https://{name}.example.org/1",
        title="",
        publisher=name.title(),
        publisher_type="newspaper",
        country="",
        language="id",
        published_at="2025-06-23",
        fetched_at="2025-06-24T00:00:00Z",
        via=(),
        content_hash=content_hash(text),
        text=text,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EvidenceStore]:
    with EvidenceStore.open(tmp_path / "store", embedder=WordEmbedder(), mode="rw") as opened:
        opened.add([source("kabar", "Feri Lumba berangkat tiap jam dari dermaga lama.")])
        yield opened


@pytest.fixture
def jobs(database: Database, service: ReviewService) -> Jobs:
    return Jobs(database, service.clock)


def test_evidence_that_would_change_a_decided_claim_flags_it(
    service: ReviewService, jobs: Jobs, people: People, store: EvidenceStore
) -> None:
    judge = ByNegation()
    checker = Checker(store, None, judge, Settings(store="unused"))  # type: ignore[arg-type]
    sentences = ("Jembatan Sula ditutup pada Senin.", "Harga beras naik tajam.", "Jembatan Sula ditutup lagi.")
    decided, other, undecided = add_report(service, make_report(sentences))
    walk(service, people, decided, State.PUBLISHED)
    walk(service, people, other, State.DECIDED)
    worker = Worker(service, jobs, checker=lambda: checker, fetcher=Fetcher)

    assert ask(service, jobs, store, ["kabar", "gone"]) == 0, "nothing near"
    store.add([source("warta", "Jembatan Sula tidak ditutup pada Senin."), source("koran", "Jembatan Sula dibuka.")])
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    assert ask(service, jobs, store, ["warta", "koran"]) == 1
    assert ask(service, jobs, store, ["warta"]) == 0, "it is asked for already"
    assert worker.drain() == 1
    assert [claim.text for claim in judge.heard] == ["Jembatan Sula ditutup pada Senin."]
    found = service.get(decided)
    assert (found.recheck, found.state, found.machine_label) == (True, State.PUBLISHED, "unsupported")
    assert [service.get(item).recheck for item in (other, undecided)] == [False, False]
    assert service.verdicts(decided)[0].judge == "by-negation"
    waiting = [item.id for item in service.list().items]
    assert (waiting[0], set(waiting)) == (decided, {decided, other, undecided}), "it waits for somebody again, first"
    service.act(decided, Action.KEEP, people["citra"], Change(comment="Jembatan lain."))
    assert service.list().total == 2


def test_evidence_that_changes_nothing_flags_nothing(
    service: ReviewService, jobs: Jobs, people: People, store: EvidenceStore
) -> None:
    checker = Checker(store, None, ByNegation(), Settings(store="unused"))  # type: ignore[arg-type]
    (item_id,) = add_report(service, make_report(("Jembatan Sula ditutup pada Senin.",)), embedder=WordEmbedder())
    walk(service, people, item_id, State.APPROVED)
    store.add([source("warta", "Sejak Senin Jembatan Sula ditutup, pada pagi hari.")])
    before = service.get(item_id)
    assert ask(service, jobs, store, ["warta"]) == 1
    assert Worker(service, jobs, checker=lambda: checker, fetcher=Fetcher).drain() == 1
    assert service.get(item_id) == before


def test_a_claim_is_checked_again_as_it_was_read(service: ReviewService) -> None:
    report = make_report()
    first = add_report(service, report)[0]
    assert claim_of(service.get(first)) == report.claims[0]
