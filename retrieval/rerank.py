"""Optional second look: a cross-encoder reads the query beside each of the first candidates and moves them.

It reads better than vectors and words compare, and costs a model call a candidate, so it sees the first `READ` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from retrieval.embed import load_sentence_transformer
from retrieval.errors import EmbedderUnavailable
from retrieval.vectors import FloatArray

READ = 24
"""Candidates that are read for each query: three times the hits that a claim is heard with."""

WEIGHT = 0.3
"""Share of the cross-encoder in the score of what it has read; the rest is the fused score.

Set on newsroom-dev and the demo articles (65 claims) with the embedded judge's model: of the cards that decide a claim
96 % are then among the first 8 hits, 95 % without it; from 0.5 on the first hit gets worse. Too little to pay three
times the reading unasked.
"""


@runtime_checkable
class Reranker(Protocol):
    """Says how well passages answer a query, having read both together.

    Attributes:
        name: What it is called in settings and reports.
    """

    name: str

    def score(self, query: str, passages: Sequence[str]) -> FloatArray:
        """`(len(passages),)` float32, 0..1, higher is better."""
        ...


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers, by name. Needs the extra `sentence-transformers`."""

    def __init__(self, name: str, *, threads: int = 0) -> None:
        """Loads the model.

        Args:
            name: A model's name or folder; it must score a pair with one number.
            threads: Threads of PyTorch; 0 leaves its own choice.

        Raises:
            MissingExtra: sentence-transformers is not installed.
            EmbedderUnavailable: There is no such model, or it is no cross-encoder of one score.
        """
        self._model = load_sentence_transformer("CrossEncoder", name, threads=threads)
        if int(getattr(self._model, "num_labels", 1)) != 1:
            raise EmbedderUnavailable(f"cross-encoder {name!r} gives several scores to a pair: name one made to rank")
        self.name = name

    def score(self, query: str, passages: Sequence[str]) -> FloatArray:
        """The model's score of each pair, as a probability."""
        if not passages:
            return np.zeros(0, dtype=np.float32)
        import torch

        logits = self._model.predict(
            [(query, passage) for passage in passages], activation_fn=torch.nn.Identity(), show_progress_bar=False
        )
        scores: FloatArray = (1.0 / (1.0 + np.exp(-np.asarray(logits, dtype=np.float64)))).astype(np.float32)
        return scores


def mixed(fused: Sequence[float], read: FloatArray, weight: float = WEIGHT) -> list[float]:
    """Scores after the second look, for candidates that came best first.

    Args:
        fused: The fused score of each candidate, 0..1, falling.
        read: The cross-encoder's score of the first `len(read)` of them.
        weight: Share of the cross-encoder.

    Returns:
        One score per candidate. What was not read keeps its place behind all that was.
    """
    scores = [(1.0 - weight) * own + weight * float(seen) for own, seen in zip(fused, read, strict=False)]
    least = min(scores, default=1.0)
    rest = fused[len(scores) :]
    top = max(rest, default=1.0)
    # The rest keeps its order and its distances, scaled to end below the least of those that were read.
    return scores + [own * min(1.0, least / top if top > 0 else 0.0) for own in rest]
