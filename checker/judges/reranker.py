"""The second look at what a search found (`retrieval.rerank`): the embedded judge's model, or a named cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from checker.judges.entailment import Scorer
    from checker.settings import Settings
    from retrieval.rerank import Reranker

JUDGE = "judge"


class JudgeReranker:
    """Puts first what the embedded judge's model does not find neutral: what speaks to the claim, either way."""

    name = JUDGE

    def __init__(self, model: Scorer) -> None:
        """A reranker over `model`."""
        self._model = model

    def score(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """See `Reranker.score`: the probability that the passage settles the query as a claim."""
        if not passages:
            return np.zeros(0, dtype=np.float32)
        scores = self._model.score([(passage, query) for passage in passages])
        settles: NDArray[np.float32] = (1.0 - scores[:, 2]).astype(np.float32)
        return settles


def open_reranker(settings: Settings) -> Reranker | None:
    """The reranker that the setting `rerank` names; None where it is empty.

    Raises:
        ModelFileError: The embedded judge's model cannot be loaded.
        MissingExtra, EmbedderUnavailable: A named cross-encoder cannot be.
    """
    name = settings.rerank.strip()
    if not name:
        return None
    if name == JUDGE:
        from checker.judges.crossencoder import EntailmentModel

        return JudgeReranker(EntailmentModel(threads=settings.threads))
    from retrieval.rerank import CrossEncoderReranker

    return CrossEncoderReranker(name, threads=settings.threads)
