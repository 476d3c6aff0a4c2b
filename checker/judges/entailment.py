"""The embedded judge: each passage's sentences are held against the claim by a small model, then by explicit checks.

The model reads every sentence of a passage and the passage as a whole, since a fact may stand in one sentence or take
its subject from the one before. The reading that settles the claim most surely speaks
for the passage, support before refutation: a source that tells the old and the new figure supports the new one. What
carries support must then pass the checks of `checker.judges.checks`, which may lower or turn it, never raise it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from checker.injection import Inspection, inspect, remarks
from checker.judges.base import Bench, Hearing, Judgement, Progress
from checker.judges.crossencoder import LABELS, MODEL_FOLDER, EntailmentModel
from checker.types import Article, Claim, Failure, Stance
from retrieval.modelfile import Backend
from retrieval.segment import split_sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from checker.judges.checks.finding import Finding
    from retrieval.types import Hit

__all__ = ["LABELS", "EntailmentJudge", "EntailmentModel", "Scorer", "lowered"]

NEAR = 0.45
"""Cosine of claim and passage from which a refutation counts in full: what is further off speaks of another matter. The
fifth percentile of passages that decide a gold claim of newsroom-dev is 0.47."""

BEHIND = 0.03
"""How much further off than the nearest evidence a refutation may be and still count in full: where others speak of the
claim itself, what is further off mostly speaks of another day or another part of the matter. Measured against the
second-nearest origin, so that one planted text that repeats the claim cannot push the honest ones away. On newsroom-dev
macro-F1 rises from 0.749 to 0.771, and is flat from 0 to 0.04."""

FAR_OFF = 0.5
"""What is left of a refutation by a passage that is further off."""

UNCONFIRMED = 0.5
"""What is left of a refutation that no explicit check confirms: at the shipped threshold it takes a probability of 0.9
to refute on its own. Chosen on newsroom-dev with the thresholds: macro-F1 0.762, and 0.771 at 0.4, where nothing
unconfirmed could ever refute; 0.72 without it, nearly all of it supported claims called refuted."""

_CLAIMS_PER_ROUND = 16
"""Claims scored in one call of the model: enough to sort by length, few enough to report progress."""


class Scorer(Protocol):
    """What `EntailmentJudge` needs of a model; a table of scores will do in a test."""

    @property
    def digest(self) -> str: ...  # noqa: D102

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Probabilities of supports, refutes, neutral for (passage, claim) pairs, (n, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """A stretch of a source that is put to the model: offsets in the source, and the sentences in it."""

    start: int
    end: int
    sentences: tuple[tuple[int, int], ...]


class EntailmentJudge:
    """Judges with the embedded model; the same stances for the same claim whatever else is heard with it."""

    name = "embedded"

    def __init__(self, model: Scorer) -> None:
        """A judge over `model`."""
        self._model = model

    @classmethod
    def open(cls, folder: Path = MODEL_FOLDER, *, threads: int = 0, backend: Backend = "auto") -> EntailmentJudge:
        """The judge over the shipped model.

        Args:
            folder: The model's folder.
            threads: Threads of one call; 0 means as many as cores, at most four.
            backend: See `EntailmentModel`.

        Raises:
            ModelFileError: A file of the model is missing or damaged.
            MissingExtra: `backend` is `openvino` and it is not installed.
        """
        return cls(EntailmentModel(folder, threads=threads, backend=backend))

    @property
    def versions(self) -> Mapping[str, str]:
        """The model's digest."""
        return {"judge_model": self._model.digest}

    def hear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.hear`."""
        del article  # every claim is self-contained
        judgements: list[Judgement] = []
        for at in range(0, len(hearings), _CLAIMS_PER_ROUND):
            part = hearings[at : at + _CLAIMS_PER_ROUND]
            try:
                judgements += self._round(part)
            except Exception as error:  # noqa: BLE001 - what breaks is a failure of these claims, not of the report
                judgements += [
                    Judgement(h.claim.id, failure=Failure(h.claim.id, "judge", type(error).__name__, str(error)))
                    for h in part
                ]
            if progress is not None:
                progress(len(judgements), len(hearings))
        return Bench(tuple(judgements))

    async def ahear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """`hear` in a worker thread."""
        return await asyncio.to_thread(self.hear, hearings, article, progress)

    def _round(self, hearings: Sequence[Hearing]) -> list[Judgement]:
        readings: dict[tuple[str, int, int], tuple[_Reading, ...]] = {}
        wanted: dict[tuple[str, str], int] = {}
        for hearing in hearings:
            for hit in hearing.hits:
                key = (hit.source.id, hit.passage.start, hit.passage.end)
                if key not in readings:
                    readings[key] = tuple(read(hit))
                for reading in readings[key]:
                    wanted.setdefault((hit.source.text[reading.start : reading.end], hearing.claim.text), len(wanted))
        scores = self._model.score(list(wanted)) if wanted else None
        judgements = []
        for hearing in hearings:
            stances = []
            near = nearness(hearing.hits)
            for hit in hearing.hits:
                assert scores is not None
                own = readings[hit.source.id, hit.passage.start, hit.passage.end]
                rows = [scores[wanted[hit.source.text[r.start : r.end], hearing.claim.text]].astype(float) for r in own]
                if own:
                    stances.append(_stance(hearing.claim, hit, own, rows, near))
            judgements.append(Judgement(hearing.claim.id, tuple(stances), heard_by=self.name))
        return judgements


def read(hit: Hit) -> Iterator[_Reading]:
    """The stretches of a hit's passage that are put to the model: each sentence, and the whole."""
    base, text = hit.passage.start, hit.passage.text
    sentences = [(base + start, base + end) for start, end in split_sentences(text)]
    for sentence in sentences:
        yield _Reading(*sentence, (sentence,))
    if len(sentences) > 1:
        yield _Reading(sentences[0][0], sentences[-1][1], tuple(sentences))


def nearness(hits: Sequence[Hit]) -> float:
    """The cosine from which a refutation counts in full, for a claim with this evidence: see `NEAR` and `BEHIND`."""
    nearest: dict[str, float] = {}
    for hit in hits:
        if hit.excluded is None:
            origin = hit.origin or hit.source.id
            nearest[origin] = max(nearest.get(origin, 0.0), hit.dense)
    second = sorted(nearest.values(), reverse=True)[:2]
    return max(NEAR, second[-1] - BEHIND) if second else NEAR


def _stance(
    claim: Claim, hit: Hit, readings: Sequence[_Reading], scores: Sequence[NDArray[np.float64]], near: float
) -> Stance:
    examined = [_examine(claim, hit, reading) for reading in readings]
    after = [lowered((float(s[0]), float(s[1]), float(s[2])), f) for s, f in zip(scores, examined, strict=True)]
    best = max(range(len(after)), key=lambda i: (after[i][0], -i))
    against = max(range(len(after)), key=lambda i: (after[i][1], -i))
    side = 0 if after[best][0] >= after[against][1] else 1
    carrying = against if side else best
    supports, refutes, neutral = after[carrying]
    if 0.0 < hit.dense < near:
        refutes, neutral = refutes * FAR_OFF, neutral + refutes * (1 - FAR_OFF)
    reading = readings[carrying]
    # The sentence that is cited: of the reading's own sentences, the one that alone says most for its side.
    alone = {(r.start, r.end): s for r, s in zip(readings, scores, strict=True) if len(r.sentences) == 1}
    start, end = max(reading.sentences, key=lambda span: (float(alone[span][side]), -span[0]))
    inspected: Inspection = inspect(hit.source.text)
    found = examined[carrying]
    quote = hit.source.text[start:end]
    speaker, own_word = _credited(claim, quote)
    notes = list(remarks(hit.source, inspected))
    if scores[carrying][0] >= 0.2:  # a check speaks up where there was something to lower
        notes += [finding.reason for finding in found]
    elif scores[carrying][1] >= 0.2:
        notes += [finding.reason for finding in found if finding.effect == "silence"]
    return Stance(
        claim_id=claim.id,
        hit=hit,
        supports=supports,
        refutes=refutes,
        neutral=neutral,
        quote=quote,
        start=start,
        end=end,
        speaker=speaker,
        own_word=own_word,
        flagged=inspected.flagged,
        notes=tuple(dict.fromkeys(notes)),
    )


def lowered(probabilities: tuple[float, float, float], findings: Sequence[Finding]) -> tuple[float, float, float]:
    """The probabilities after the checks.

    The smallest factor counts, not the product: findings of one fault (a number and its unit) are not independent. What
    support loses goes to refutation where a check found another value stated, else to neutral. A refutation that no
    check can put a finger on is believed less: the model has learnt from edited sentences, and takes any sentence that
    is like the claim and not the same for an edited one.
    """
    supports, refutes, neutral = probabilities
    silent = min((finding.factor for finding in findings if finding.effect == "silence"), default=1.0)
    refutes, neutral = refutes * silent, neutral + refutes * (1 - silent)
    left = supports * min((finding.factor for finding in findings), default=1.0)
    lost = supports - left
    if any(finding.effect == "refute" for finding in findings) and silent == 1.0:
        return left, refutes + lost, neutral
    believed = refutes * UNCONFIRMED
    return left, believed, neutral + lost + refutes - believed


def _examine(claim: Claim, hit: Hit, reading: _Reading) -> Sequence[Finding]:
    from checker.judges.checks import examine
    from checker.judges.checks.finding import Evidence

    source, passage = hit.source, hit.passage
    rest = f"{source.text[passage.start : reading.start]} {source.text[reading.end : passage.end]}".strip()
    evidence = Evidence(
        source.text[reading.start : reading.end], rest, source.title, source.published_at, source.language
    )
    found: Sequence[Finding] = examine(claim, evidence)
    return found


def _credited(claim: Claim, quote: str) -> tuple[str, bool]:
    from checker.judges.checks import reported

    credited: tuple[str, bool] = reported.credited(claim, quote)
    return credited
