"""The setting `rerank`: nothing, the embedded judge's model, or a named cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from checker.judges.reranker import JudgeReranker, open_reranker
from checker.settings import Settings
from retrieval.errors import EmbedderUnavailable


class Table:
    digest = "table"

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        rows = {"ya": (0.9, 0.05, 0.05), "bukan": (0.05, 0.9, 0.05), "lain": (0.1, 0.1, 0.8)}
        return np.array([rows[passage] for passage, claim in pairs if claim == "klaim"], dtype=np.float32)


def test_what_settles_a_claim_either_way_comes_before_what_does_not() -> None:
    scores = JudgeReranker(Table()).score("klaim", ["ya", "lain", "bukan"])
    assert scores == pytest.approx([0.95, 0.2, 0.95])
    assert JudgeReranker(Table()).score("klaim", []).shape == (0,)


def test_the_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_reranker(Settings()) is None
    judge = open_reranker(Settings(rerank="judge", threads=1))
    assert judge is not None
    assert judge.name == "judge"
    close, far = judge.score("Harga beras naik pada Mei.", ["Harga beras naik pada Mei.", "Sungai meluap di Depok."])
    assert close > far
    pytest.importorskip("sentence_transformers", reason='pip install "saring[sentence-transformers]"')
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbedderUnavailable, match="no/such"):
        open_reranker(Settings(rerank="no/such"))
