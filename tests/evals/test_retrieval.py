from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evals import engine
from evals.runs import read_rows
from evals.solvers.base import Options
from evals.solvers.retrieval import SYSTEMS, RetrievalSolver, encode
from evals.testing import FakeTools, HashedWords


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    topics = [
        "river floods in the delta",
        "bridge opens to traffic",
        "court rejects the appeal",
        "rice prices keep rising",
    ]
    names = "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima".split()
    documents = [f"{topic} {names[i]}" for i, topic in enumerate(topics * 3)]
    lines = [json.dumps({"_id": f"d{i}", "text": text}) for i, text in enumerate(documents)]
    (folder / "corpus.jsonl").write_text("\n".join(lines) + "\n")
    queries = [{"_id": f"q{i}", "text": f"{topics[i % 4]} {names[i]}"} for i in range(8)]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)) + "\n")
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td{i}\t1\n" for i in range(8))
    )
    return folder


def run(data: Path, output: Path, **options: object) -> dict[str, object]:
    plan = engine.Plan(("retrieval",), (str(data),), Options(**options), output)  # type: ignore[arg-type]
    return dict(engine.run(plan, FakeTools()).summaries["retrieval"])


def test_the_summary_has_the_fixed_keys(beir: Path, tmp_path: Path) -> None:
    summary = run(beir, tmp_path / "run")
    assert summary["task"] == "retrieval"
    assert summary["n"] == 8
    assert summary["failed"] == 0
    assert list(summary["systems"]) == list(SYSTEMS) == ["hybrid", "dense", "bm25", "all-MiniLM-L6-v2"]
    assert set(summary["systems"]["hybrid"]) >= {"ndcg@10", "recall@1", "recall@5", "mrr"}
    assert summary["systems"]["bm25"]["mrr"] == 1.0, "each name is in one document only"
    assert json.dumps(summary, allow_nan=False)


def test_numbers_are_trec_evals_on_the_rows(beir: Path, tmp_path: Path) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    summary = run(beir, tmp_path / "run")
    for system in SYSTEMS:
        rows = [row for row in read_rows(tmp_path / "run") if row["system"] == system]
        runs = {row["id"]: {doc: float(-rank) for rank, doc in enumerate(row["ranking"])} for row in rows}
        qrels = {row["id"]: row["relevant"] for row in rows}
        found = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "recip_rank"}).evaluate(runs)
        for ours, theirs in (("ndcg@10", "ndcg_cut_10"), ("mrr", "recip_rank")):
            mean = np.mean([value[theirs] for value in found.values()])
            assert summary["systems"][system][ours] == pytest.approx(mean, abs=1e-9)


def test_baselines_can_be_left_out(beir: Path, tmp_path: Path) -> None:
    assert list(run(beir, tmp_path / "run", baselines=False)["systems"]) == ["hybrid", "dense"]  # type: ignore[call-overload]


def test_bm25_does_not_find_what_shares_no_word(tmp_path: Path, beir: Path) -> None:
    run(beir, tmp_path / "run")
    rows = [row for row in read_rows(tmp_path / "run") if row["system"] == "bm25"]
    assert all(len(row["ranking"]) < 12 for row in rows)


def test_newsroom_cases_are_claims_to_cards(tmp_path: Path) -> None:
    case = tmp_path / "cases" / "01-a"
    case.mkdir(parents=True)
    (case / "article.txt").write_text("The bridge opens in March. Rice is dear. Nobody knows why.")
    cards = [{"id": "k1", "text": "The bridge opens in March"}, {"id": "k2", "text": "Weather"}]
    (case / "evidence.jsonl").write_text("\n".join(map(json.dumps, cards)))
    gold = [
        {
            "id": "c1", "quote": "The bridge opens", "claim": "The bridge opens in March", "label": "supported",
            "evidence_ids": ["k1"],
        },
        {"id": "c2", "quote": "Rice is dear", "claim": "Rice is dear", "label": "needs_source"},
    ]  # fmt: skip
    (case / "gold.jsonl").write_text("\n".join(map(json.dumps, gold)))
    summary = run(tmp_path / "cases", tmp_path / "run")
    assert summary["n"] == 1, "a claim without a card has nothing to be found"
    assert summary["systems"]["dense"]["recall@1"] == 1.0


def test_vectors_of_a_corpus_are_kept(tmp_path: Path) -> None:
    class Counting(HashedWords):
        read = 0

        def encode(self, texts: list[str], *, kind: str = "passage") -> np.ndarray:  # type: ignore[override]
            Counting.read += len(texts)
            return super().encode(texts, kind=kind)

    texts = [f"text {i}" for i in range(700)]
    first = encode(texts, Counting(), str(tmp_path), lambda _: None)
    assert Counting.read == 700
    again = encode(texts, Counting(), str(tmp_path), lambda _: None)
    assert Counting.read == 700
    assert np.array_equal(first, again)
    encode([*texts[:-1], "changed"], Counting(), str(tmp_path), lambda _: None)
    assert Counting.read == 888, "only the second piece of 512 had changed"


def test_one_query_at_a_time_reads_the_corpus_once(beir: Path) -> None:
    class Counting(HashedWords):
        passages = 0

        def encode(self, texts: object, *, kind: str = "passage") -> object:  # type: ignore[override]
            self.passages += len(texts) if kind == "passage" else 0  # type: ignore[arg-type]
            return super().encode(texts, kind=kind)  # type: ignore[arg-type]

    tools, counting = FakeTools(), Counting()
    tools.embedder = lambda name: counting  # type: ignore[method-assign]
    solver = RetrievalSolver()
    options = Options(baselines=False)
    every = solver.cases([engine.resolve(str(beir), ("retrieval",))], options)
    cases = [case for case in every if case.system == "dense"]
    rows = [row for case in cases for row in solver.solve([case], tools, options)]
    assert len(rows) == 8
    assert counting.passages == 12, "the corpus has twelve documents"
