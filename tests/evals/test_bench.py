"""The bench: what it puts both sides through, and what it makes of their figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.bench import corpus, ours
from evals.bench.__main__ import _merged, app
from evals.bench.page import lines, write_page
from evals.bench.run import Bench, Plan
from evals.errors import DataError, DataMissing
from retrieval.embed import MODEL_FOLDER, load_embedder


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No local copy of the public data sets, so that the text is the same everywhere."""
    monkeypatch.setenv("SARING_DATA", str(tmp_path / "none"))


@pytest.mark.usefixtures("invented")
def test_a_smaller_corpus_is_the_beginning_of_a_larger_one() -> None:
    small, large = corpus.make(60, queries=5), corpus.make(200, queries=5)
    assert small.articles == large.articles[: len(small.articles)]
    assert 60 <= len(small.passages) < 60 + 12
    assert len(small.queries) == 5
    assert {article["language"] for article in large.articles} == {"id", "en"}
    assert all(passage in article["text"] for article in large.articles for passage in article["passages"])
    assert "demo evidence" in small.origin


@pytest.mark.usefixtures("invented")
def test_sentences_come_again_in_another_order_when_they_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(f"kalimat nomor {i} tentang hujan", f"sentence number {i} about rain") for i in range(20)]
    monkeypatch.setattr(corpus, "_sentences", lambda seed: (pairs, f"twenty, {seed}"))
    texts = [article["text"] for article in corpus.make(60).articles]
    assert len(texts) > 6
    assert len(set(texts)) == len(texts)


@pytest.mark.slow
@pytest.mark.usefixtures("invented")
def test_our_half_adds_and_searches_and_the_index_agrees_with_comparing_all(tmp_path: Path) -> None:
    made = corpus.make(40, queries=6)
    articles, queries = corpus.write(made, tmp_path)
    job: dict[str, Any] = {
        "articles": str(articles), "queries": str(queries), "threads": 1, "store": str(tmp_path / "store"),
        "vectors_out": str(tmp_path / "v.npy"), "query_vectors_out": str(tmp_path / "q.npy"),
    }  # fmt: skip
    added = ours.add(job)
    assert added["passages"] == len(made.passages)
    assert added["articles"] == len(made.articles)
    assert added["disk_bytes"] == sum(added["disk"].values()) > 0
    stored = np.load(tmp_path / "v.npy")
    again = load_embedder(None, threads=1).encode(made.passages[:3])
    assert (stored[:3] * again).sum(axis=1).min() > 0.999, "vectors in the order of the passages"
    found = ours.search(job | {"dense": "index"})
    assert found["recall_at_8"] == pytest.approx(1.0, abs=0.03)
    assert found["same_hits"] == pytest.approx(1.0, abs=0.05)
    assert len(found["ms"]) == 6
    assert found["search_rss_mb"] > 10


@pytest.mark.slow
def test_the_peer_gets_the_weights_of_the_shipped_embedder(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason='install it with: pip install "saring[training]"')
    torch = pytest.importorskip("torch", reason='install it with: pip install "saring[training]"')
    from tokenizers import Tokenizer
    from transformers import BertModel

    from evals.bench.weights import write_embedder

    folder = write_embedder(MODEL_FOLDER, tmp_path / "peer")
    model = BertModel.from_pretrained(str(folder), add_pooling_layer=False).eval()
    text = "Presiden Rusia menerima Abbas Araghchi di Moskow."
    ids = torch.tensor([Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids])
    with torch.inference_mode():
        vector = model(input_ids=ids).last_hidden_state.mean(dim=1)[0].numpy()
    own = load_embedder(None, threads=1).encode([text])[0]
    assert float(own @ vector / np.linalg.norm(vector)) > 0.995


@pytest.mark.slow
def test_the_peer_gets_the_encoder_of_the_shipped_judge(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason='install it with: pip install "saring[training]"')
    torch = pytest.importorskip("torch", reason='install it with: pip install "saring[training]"')
    from tokenizers import Tokenizer
    from transformers import BertForSequenceClassification

    from checker.judges.crossencoder import MODEL_FOLDER as JUDGE
    from checker.judges.crossencoder import EntailmentModel
    from evals.bench import weights

    folder = weights.write_judge(JUDGE, tmp_path / "peer")
    encoder = BertForSequenceClassification.from_pretrained(str(folder)).bert.eval()
    passage, claim = "Putin received Araghchi in Moscow on Monday.", "Araghchi menemui Putin di Moskow."
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    parts = [tokenizer.encode(text, add_special_tokens=False).ids for text in (passage, claim)]
    opening, between = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    ids = torch.tensor([[opening, *parts[0], between, *parts[1], between]])
    second = torch.tensor([[0] * (len(parts[0]) + 2) + [1] * (len(parts[1]) + 1)])
    with torch.inference_mode():
        states = encoder(input_ids=ids, token_type_ids=second).last_hidden_state[0].numpy()
    # The head is not the peer's: it stands behind the encoder in the file.
    (_, dense), (_, scales), _, (_, bias), (_, out), (_, out_bias) = weights._constants(JUDGE)[-6:]
    mark = second[0].numpy().astype(bool)
    premise, other = states[~mark].mean(0), states[mark].mean(0)
    features = np.concatenate([states[0], premise, other, np.abs(premise - other)])
    inner = torch.nn.functional.gelu(torch.from_numpy(features @ (dense.astype(np.float32) * scales) + bias)).numpy()
    judge = EntailmentModel(threads=1, backend="onnxruntime")
    logits = (inner @ out + out_bias) / judge.temperature
    said = np.exp(logits - logits.max())
    assert np.abs(said / said.sum() - judge.score([(passage, claim)])[0]).max() < 0.1


def test_weights_of_another_layout_are_refused() -> None:
    from evals.bench import weights

    rows = np.zeros((4, 24), np.int8)
    short = [("words", rows), ("word_scales", np.ones((4, 1), np.float32)), ("ln", np.ones(24, np.float32))]
    with pytest.raises(ValueError, match="ln where positions should be"):
        weights._state(short)
    assert issubclass(DataError, Exception)


RESULT: dict[str, Any] = {
    "machine": {"cores": 2, "memory_gib": 8}, "threads": 1, "commit": "abc", "corpus": "<b>text</b>",
    "store": {
        "1000": {
            "ours": {
                "add": {"passages": 1000, "seconds": 10.0, "cpu_seconds": 8.0, "peak_rss_mb": 200.0},
                "exact": {"p50_ms": 5.0, "p99_ms": 9.0, "search_rss_mb": 150.0},
                "index": {"p50_ms": 6.0, "p99_ms": 9.0, "search_rss_mb": 180.0, "recall_at_8": 0.99, "same_hits": 1.0},
            },
            "peer": {
                "whole": True,
                "add": {"passages": 1000, "seconds": 40.0, "cpu_seconds": 24.0, "peak_rss_mb": 800.0},
                "search": {"p50_ms": 20.0, "p99_ms": 30.0, "search_rss_mb": 600.0, "recall_at_8": 0.98},
            },
        }
    },
    "llm": {"llm": {"claims": 4, "failed": 0, "calls": 8, "input_tokens": 400}},
    "articles": {
        "words_per_article": 90.0, "seconds": [2.0, 4.0],
        "at": {"1": {"seconds": 2.0, "cpu_seconds": 1.5, "rss_mb": 200.0}},
    },
}  # fmt: skip


def test_ratios_say_how_many_times_better_ours_is(tmp_path: Path) -> None:
    found = {line.what: line for line in lines(RESULT)}
    assert found["adding 1,000 passages"].ratio == pytest.approx(4.0)
    assert found["adding 1,000 passages, in processor time"].ratio == pytest.approx(3.0)
    assert found["search, p50, 1,000 passages, compared with all"].ratio == pytest.approx(4.0)
    assert found["peak memory of searching 1,000 passages, exact"].ratio == pytest.approx(4.0)
    assert "0.990 of the exact" in found["search, p50, 1,000 passages, by the index"].note
    page = write_page(RESULT, tmp_path / "bench.html").read_text("utf-8")
    assert "<b>text</b>" not in page
    assert "2.00</td><td>100" in page, "calls and tokens a claim"
    assert "<svg" in page


def test_sections_and_sizes_measured_earlier_are_kept() -> None:
    held = {"store": {"1000": {"ours": 1}}, "pairs": {"ours": 1}, "peer_versions": {"torch": "2"}}
    merged = _merged(held, {"store": {"10000": {"ours": 2}}, "peer_versions": {"chromadb": "1"}})
    assert set(merged["store"]) == {"1000", "10000"}
    assert merged["pairs"] == {"ours": 1}
    assert set(merged["peer_versions"]) == {"torch", "chromadb"}


def test_without_the_peers_it_says_what_installs_them(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="make bench"):
        Bench(Plan(peer=tmp_path / "python"), lambda _: None).run(lambda _: None)
    done = CliRunner().invoke(app, ["--output", str(tmp_path), "--peer", str(tmp_path / "python")])
    assert done.exit_code == 2
    assert "make bench" in done.output
    assert CliRunner().invoke(app, ["--only", "nothing", "--output", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["--page", "--output", str(tmp_path)]).exit_code == 2
    (tmp_path / "bench.json").write_text(json.dumps(RESULT))
    assert CliRunner().invoke(app, ["--page", "--output", str(tmp_path)]).exit_code == 0
    assert (tmp_path / "bench.html").exists()
