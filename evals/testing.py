"""Fakes that ship with the code: tools whose judge, extractor and searcher do exactly what a test tells them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from checker.judges.base import Bench, Hearing, Judgement, Progress
from checker.types import Article, Claim, Failure, Sentence, Stance
from evals.solvers.base import Checks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from checker.claims.base import Extraction, Extractor
    from checker.judges.base import Judge
    from retrieval.embed import Embedder

Probabilities = tuple[float, float, float]
Opinion = Callable[[str, str], Probabilities | None]
"""From (claim, evidence) to supports, refutes, neutral; None to fail."""


def word_overlap(claim: str, evidence: str) -> Probabilities:
    """Supports as far as the claim's words are in the evidence; refutes where the evidence also says `not`."""
    words = set(claim.lower().split())
    shared = len(words & set(evidence.lower().split())) / max(1, len(words))
    if "not" in evidence.lower().split() and "not" not in words:
        return (0.1, 0.1 + 0.8 * shared, 0.8 - 0.8 * shared)
    return (0.1 + 0.8 * shared, 0.1, 0.8 - 0.8 * shared)


class ScriptedJudge:
    """A judge that answers by a function of claim and passage."""

    def __init__(self, opinion: Opinion = word_overlap, name: str = "scripted") -> None:
        self.opinion = opinion
        self.asked = 0
        self._name = name

    @property
    def name(self) -> str:
        """As it was named."""
        return self._name

    @property
    def versions(self) -> Mapping[str, str]:
        """A version that never changes."""
        return {"scripted": "1"}

    def hear(
        self,
        hearings: Sequence[Hearing],
        article: Article | None = None,  # noqa: ARG002 - fixed by the protocol
        progress: Progress | None = None,
    ) -> Bench:
        """One stance per hit, or a failure where the function says None."""
        judgements = []
        for number, hearing in enumerate(hearings, start=1):
            judgements.append(self._judge(hearing))
            if progress is not None:
                progress(number, len(hearings))
        self.asked += len(hearings)
        return Bench(tuple(judgements), {"calls": len(hearings)})

    async def ahear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """`hear`."""
        return self.hear(hearings, article, progress)

    def _judge(self, hearing: Hearing) -> Judgement:
        stances = []
        for hit in hearing.hits:
            said = self.opinion(hearing.claim.text, hit.passage.text)
            if said is None:
                failure = Failure(hearing.claim.id, "judge", "Scripted", "the script says to fail")
                return Judgement(hearing.claim.id, failure=failure)
            quote = hit.passage.text
            stances.append(
                Stance(hearing.claim.id, hit, *said, quote=quote, start=hit.passage.start, end=hit.passage.end)
            )
        return Judgement(hearing.claim.id, tuple(stances), heard_by=self._name)


class SentenceExtractor:
    """Takes every sentence for a claim of fact."""

    name = "sentences"

    @property
    def versions(self) -> Mapping[str, str]:
        """A version that never changes."""
        return {"sentences": "1"}

    def extract(self, article: Article, progress: Any = None) -> Extraction:  # noqa: ARG002 - fixed by the protocol
        """One claim per sentence."""
        from checker.claims.base import Extraction

        claims = tuple(
            Claim(f"s{index}", sentence.text, sentence.text, sentence.start, sentence.end)
            for index, sentence in enumerate(article.sentences)
        )
        return Extraction(claims, ())


class HashedWords:
    """An embedder whose vectors are counts of hashed words: texts that share words are near each other."""

    name = "hashed-words"
    dimensions = 64
    digest = "hashed-words:1"

    def encode(self, texts: Sequence[str], *, kind: str = "passage") -> NDArray[np.float32]:  # noqa: ARG002
        """Unit vectors, float32 (len(texts), 64)."""
        import numpy as np

        vectors = np.full((len(texts), self.dimensions), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimensions] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class FakeTools:
    """Tools without a model: hashed words for meaning, a scripted judge, every sentence a claim."""

    def __init__(self, opinion: Opinion = word_overlap, extractor: Extractor | None = None) -> None:
        self.judge: Judge = ScriptedJudge(opinion)
        self.extractor: Extractor = extractor or SentenceExtractor()

    def embedder(self, name: str) -> Embedder:  # noqa: ARG002 - the same for every name
        """Hashed words."""
        return HashedWords()

    def worthiness(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first coordinate, as good as any."""
        first: NDArray[np.float32] = vectors[:, 0]
        return first

    def read(self, text: str) -> Article:
        """Split at full stops; nothing cleverer."""
        sentences, start = [], 0
        for piece in text.split(". "):
            stripped = piece.strip(" .\n")
            if stripped:
                at = text.index(stripped, start)
                sentences.append(Sentence(at, at + len(stripped), stripped))
                start = at + len(stripped)
        return Article("article", "", "", "", None, "en", text, tuple(sentences))

    @contextmanager
    def checker(
        self,
        cards: Sequence[Mapping[str, Any]],
        extractor: Extractor,
        judge: Judge | None = None,
        *,
        by_words_only: bool = False,
    ) -> Iterator[Checks]:
        """The real pipeline and a real store over the fakes."""
        from checker.settings import Settings
        from evals.tools import StandardTools

        tools = StandardTools(Settings())
        tools.judge = self.judge
        tools._embedders["saring"] = self.embedder("saring")
        with tools.checker(cards, extractor, judge, by_words_only=by_words_only) as checker:
            yield checker

    def versions(self, solver: str) -> Mapping[str, str]:
        """The fakes' names."""
        found = {"judge": self.judge.name} if solver in {"pairs", "newsroom"} else {}
        return {**found, "extractor": self.extractor.name}
