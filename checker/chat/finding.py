"""Passages that answer an open question, what one outlet says on a claim, names that nothing mentions.

Nothing here judges: what comes out is quoted to the letter, or it is a judge's stance that `checker.judges` took.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from checker.chat.questions import Question
from checker.injection import inspect
from checker.types import Citation, Claim, Stance
from retrieval.names import find_names
from retrieval.segment import split_sentences
from retrieval.types import Hit

if TYPE_CHECKING:
    from datetime import datetime

    from checker.pipeline import Checker

READ = 12
"""Passages that are read for an open question."""

QUOTED = 3
"""Most quotes: one that answers, and two that may answer otherwise."""

WIDE = 60
"""Passages that are looked through for the words of one outlet."""

NEAR = 0.44
"""Least likeness of a question and a sentence for it to be quoted. Set, with `CLOSE`, on the development script."""

CLOSE = 0.10
"""How far below the best a further sentence may be."""

FITTING = 0.08
"""What a sentence gains by the kind of thing that is asked for, and by its passage naming who is asked about."""

_NUMBER = re.compile(
    r"\d|\b(?:satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh|belas|puluh|ratus|ribu|juta|miliar|seperlima|"
    r"separuh|setengah|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|"
    r"billion|half|quarter|third|none|no)\b",
    re.I,
)
_WHEN = re.compile(
    r"\d{4}|\b\d{1,2}[.:]\d{2}\b|\b(?:januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|"
    r"desember|january|february|march|may|june|july|august|october|december|senin|selasa|rabu|kamis|jumat|sabtu|minggu|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|kemarin|yesterday)\b",
    re.I,
)
_WHY = re.compile(r"\b(?:karena|sebab|lantaran|akibat|sehingga|because|since|due to|as a result|so that|owing)\b", re.I)


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence that may answer, and how well it fits."""

    citation: Citation
    score: float


def quotes(checker: Checker, question: Question, as_of: datetime) -> list[Citation]:
    """The best sentences for an open question, at most one of each origin; none where nothing is near enough."""
    hits = _hits(checker, question.query, READ, as_of)
    if not hits:
        return []
    spans = [(hit, start, end) for hit in hits for start, end in _spans(hit)]
    texts = [hit.source.text[start:end] for hit, start, end in spans]
    vectors = checker.store.embedder.encode([question.query, *texts])
    likeness = vectors[1:] @ vectors[0]
    asked = {span.canonical for span in find_names(question.query)}
    scored: list[tuple[float, int]] = []
    for index, (hit, _, _) in enumerate(spans):
        score = float(likeness[index]) + _fit(question, texts[index], hit, asked)
        scored.append((score, index))
    scored.sort(key=lambda row: (-row[0], row[1]))
    chosen: list[Citation] = []
    origins: set[str] = set()
    best = scored[0][0]
    for score, index in scored:
        hit, start, end = spans[index]
        if score < NEAR or score < best - CLOSE or len(chosen) == QUOTED:
            break
        if hit.origin in origins:
            continue
        origins.add(hit.origin)
        chosen.append(_citation(hit, start, end, score))
    return chosen


def outlet(checker: Checker, claim: Claim, name: str, as_of: datetime) -> list[tuple[Citation, str]]:
    """What one outlet says on a claim, by its own reports and by others that relay it.

    Returns:
        Citations with the judge's stance, the clearest first, each with the publisher it came through (empty for the
        outlet's own); at most one of each source. Where none settles the claim, what comes nearest.
    """
    from checker.judges.base import Hearing

    hits = [hit for hit in _hits(checker, claim.text, WIDE, as_of) if _is_of(hit, name)]
    if not hits:
        return []
    bench = checker.judge.hear([Hearing(claim, tuple(hits[:READ]))])
    policy = checker.policy
    best: dict[str, Citation] = {}
    for stance in bench.judgements[0].stances:
        citation = _stance_citation(stance, policy.support, policy.refute)
        held = best.get(citation.source_id)
        settles = bool(stance.quote) and not stance.flagged and citation.stance != "neutral"
        if settles and (held is None or held.score < citation.score):
            best[citation.source_id] = citation
    found = sorted(best.values(), key=lambda citation: -citation.score)[:QUOTED] or _nearest(checker, claim.text, hits)
    through = {hit.source.id: hit.source.publisher or hit.source.id for hit in hits}
    return [(one, "" if _same(one.publisher, name) else through[one.source_id]) for one in found]


def _same(publisher: str, name: str) -> bool:
    from retrieval.publishers import same_outlet

    return same_outlet(publisher, name)


def _is_of(hit: Hit, name: str) -> bool:
    return _same(hit.source.publisher, name) or any(_same(via, name) for via in hit.source.via)


def _nearest(checker: Checker, text: str, hits: Sequence[Hit]) -> list[Citation]:
    """The sentences of hits that come nearest to a text, one of each source, none that is far from it."""
    spans = [(hit, start, end) for hit in hits for start, end in _spans(hit)]
    vectors = checker.store.embedder.encode([text, *(hit.source.text[start:end] for hit, start, end in spans)])
    likeness = vectors[1:] @ vectors[0]
    best: dict[str, Citation] = {}
    for index in np.argsort(-likeness, kind="stable"):
        hit, start, end = spans[int(index)]
        if likeness[index] < NEAR or len(best) == QUOTED - 1:
            break
        best.setdefault(hit.source.id, _citation(hit, start, end, float(likeness[index])))
    return list(best.values())


def unmentioned(checker: Checker, claim: Claim, as_of: datetime) -> list[str]:
    """Names of a claim that none of the passages nearest to it mentions, in any spelling."""
    names = [span for span in find_names(claim.text) if span.type not in ("month", "weekday")]
    if not names:
        return []
    seen = {span.canonical for hit in _hits(checker, claim.text, READ, as_of) for span in find_names(hit.source.text)}
    return list(dict.fromkeys(span.text for span in names if span.canonical not in seen))


def person_named(name: str) -> bool:
    """Whether a name is a person's rather than an outlet's or a place's."""
    from retrieval.publishers import lookup

    if lookup(name) is not None:
        return False
    spans = find_names(name)
    if not spans:
        return False
    return spans[0].type in ("person", "organisation") or (spans[0].type == "other" and " " in name)


def outlet_named(checker: Checker, name: str) -> bool:
    """Whether a name is an outlet's: a known one, or one that the store holds reports of."""
    from retrieval.publishers import lookup

    if lookup(name) is not None:
        return True
    return any(_same(hit.source.publisher, name) for hit in _hits(checker, name, READ, None))


def _hits(checker: Checker, text: str, k: int, as_of: datetime | None) -> list[Hit]:
    (found,) = checker.store.search([text], k=k, as_of=as_of)
    return [hit for hit in found if hit.excluded is None and not inspect(hit.source.text).flagged]


def _spans(hit: Hit) -> list[tuple[int, int]]:
    start = hit.passage.start
    return [(start + begin, start + end) for begin, end in split_sentences(hit.passage.text)]


def _fit(question: Question, text: str, hit: Hit, asked: set[str]) -> float:
    """How well a sentence fits beyond its meaning: the kind of thing asked for, and the names of the question."""
    names = find_names(text)
    new = {(span.canonical, span.type) for span in names} - {(name, "") for name in asked}
    other = [kind for canonical, kind in new if canonical not in asked]
    around = {span.canonical for span in find_names(f"{hit.source.title}\n{hit.passage.text}")}
    fit = 0.0
    if asked:
        share = len(asked & around) / len(asked)
        fit += FITTING * (2 * share - 1)
    known = {
        "who": any(kind in ("person", "other", "organisation") for kind in other),
        "when": bool(_WHEN.search(text)),
        "where": any(kind in ("place", "other") for kind in other),
        "how_many": bool(_NUMBER.search(text)),
        "why": bool(_WHY.search(text)),
    }
    if question.asks in known:
        fit += FITTING if known[question.asks] else -FITTING
    return fit


def _citation(hit: Hit, start: int, end: int, score: float) -> Citation:
    source = hit.source
    return Citation(
        source_id=source.id,
        passage_id=hit.passage.id,
        url=source.url,
        publisher=source.publisher,
        published_at=source.published_at,
        quote=source.text[start:end],
        start=start,
        end=end,
        stance="neutral",
        score=round(float(np.clip(score, 0.0, 1.0)), 4),
        origin=hit.origin or source.id,
    )


def _stance_citation(stance: Stance, support: float, refute: float) -> Citation:
    """A stance as a citation; what stays below the thresholds of a verdict settles nothing here either."""
    side = "supports" if stance.supports >= support and stance.supports >= stance.refutes else "neutral"
    if stance.refutes >= refute and stance.refutes > stance.supports:
        side = "refutes"
    source = stance.hit.source
    return Citation(
        source_id=source.id,
        passage_id=stance.hit.passage.id,
        url=source.url,
        publisher=source.publisher,
        published_at=source.published_at,
        quote=stance.quote,
        start=stance.start,
        end=stance.end,
        stance=side,  # type: ignore[arg-type]
        score=round({"supports": stance.supports, "refutes": stance.refutes, "neutral": stance.neutral}[side], 4),
        origin=stance.hit.origin or source.id,
        notes=stance.notes,
    )
