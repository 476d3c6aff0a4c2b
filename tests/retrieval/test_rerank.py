"""The second look: what it may move, what it reads, and a real cross-encoder through a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import EmbedderUnavailable
from retrieval.rerank import READ, CrossEncoderReranker, Reranker, mixed
from retrieval.store import EvidenceStore
from retrieval.testing import HashEmbedder
from retrieval.types import Source

Make = Callable[..., Source]


class Prefers:
    """Finds the passages with a word in them; keeps what it was shown."""

    name = "prefers"

    def __init__(self, word: str) -> None:
        self.word = word
        self.shown: list[tuple[str, tuple[str, ...]]] = []

    def score(self, query: str, passages: Sequence[str]) -> np.ndarray:
        self.shown.append((query, tuple(passages)))
        return np.array([float(self.word in passage) for passage in passages], dtype=np.float32)


@given(
    st.lists(st.floats(0, 1, width=32), min_size=0, max_size=40).map(lambda values: sorted(values, reverse=True)),
    st.data(),
)
def test_what_was_not_read_stays_behind_what_was_and_in_its_order(fused: list[float], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(fused)))
    read = np.array(data.draw(st.lists(st.floats(0, 1, width=32), min_size=count, max_size=count)), dtype=np.float32)
    scores = mixed(fused, read)
    assert len(scores) == len(fused)
    seen, rest = scores[:count], scores[count:]
    assert all(0 <= score <= 1 for score in scores)
    if seen and rest:
        assert max(rest) <= min(seen) + 1e-9
    assert rest == sorted(rest, reverse=True)


def test_nothing_read_changes_nothing() -> None:
    assert mixed([0.9, 0.4], np.zeros(0, dtype=np.float32)) == [0.9, 0.4]


def test_a_store_hears_its_reranker_about_the_first_candidates_only(tmp_path: Path, source: Make) -> None:
    texts = [f"Harga beras naik pada Mei di kota nomor {n}, kata pedagang setempat." for n in range(READ + 10)]
    reranker = Prefers("nomor 7,")
    assert isinstance(reranker, Reranker)
    with EvidenceStore.open(tmp_path, embedder=HashEmbedder(), mode="rw", reranker=reranker) as store:
        store.add([source(text, f"s{n}", publisher=f"Koran {n}") for n, text in enumerate(texts)])
        [hits] = store.search(["harga beras naik di kota nomor 7"], k=5)
        [(query, shown)] = reranker.shown
    assert query == "harga beras naik di kota nomor 7"
    assert len(shown) == READ
    assert "nomor 7," in hits[0].passage.text
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_it_moves_a_hit_up(tmp_path: Path, source: Make) -> None:
    texts = ["Harga beras naik pada Mei.", "Harga beras naik pada Mei, menurut BPS dan para pedagang di pasar."]
    sources = [source(text, f"s{n}", publisher=f"Koran {n}") for n, text in enumerate(texts)]
    with EvidenceStore.open(tmp_path, embedder=HashEmbedder(), mode="rw") as store:
        store.add(sources)
        [plain] = store.search(["Harga beras naik pada Mei."], k=2)
    with EvidenceStore.open(tmp_path, embedder=HashEmbedder(), reranker=Prefers("BPS")) as store:
        [moved] = store.search(["Harga beras naik pada Mei."], k=2)
    assert plain[0].passage.text == texts[0]
    assert {hit.passage.id for hit in plain} == {hit.passage.id for hit in moved}
    assert moved[0].score >= moved[1].score
    assert next(h.score for h in moved if "BPS" in h.passage.text) > 0.3


def test_a_cross_encoder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers", reason='pip install "saring[sentence-transformers]"')
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbedderUnavailable, match="no/such-model"):
        CrossEncoderReranker("no/such-model")


@pytest.mark.slow
def test_a_real_cross_encoder_scores_pairs(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason='pip install "saring[sentence-transformers]"')
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "harga", "beras", "naik"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    shape = {"vocab_size": 7, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    for labels in (1, 3):
        config = BertConfig(**shape, intermediate_size=16, num_labels=labels)
        BertForSequenceClassification(config).save_pretrained(tmp_path / str(labels))
        fast.save_pretrained(tmp_path / str(labels))
    reranker = CrossEncoderReranker(str(tmp_path / "1"), threads=1)
    scores = reranker.score("harga beras", ["beras naik", "naik"])
    assert scores.shape == (2,)
    assert scores.dtype == np.float32
    assert ((scores > 0) & (scores < 1)).all()
    assert reranker.score("harga", []).shape == (0,)
    with pytest.raises(EmbedderUnavailable, match="several scores"):
        CrossEncoderReranker(str(tmp_path / "3"))
