"""Passages that answer an open question, what one outlet says on a claim, names that nothing mentions.

Nothing here judges: what comes out is quoted to the letter, or it is a judge's stance that `checker.judges` took.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from checker.chat.meeting import Words, names_one, offices
from checker.chat.questions import Question
from checker.chat.tidy import lists
from checker.injection import inspect
from checker.types import Citation, Claim, Stance, StanceName
from checker.verdict import cite_stance
from retrieval.language import function_words
from retrieval.names import NameSpan, find_names
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
"""Least likeness of a question and a sentence for it to be quoted. Set, with the numbers below, on the development
script of the chat (`evals/data/chat/dev.jsonl`), never on the script it is held to."""

CLOSE = 0.10
"""How far below the best a further sentence may be."""

FITTING, KIND = 0.08, 0.12
"""What a sentence gains by its passage naming who is asked about, and by holding the kind of thing asked for."""

AROUND = 0.4
"""Share of its passage's best sentence in a sentence's likeness: "It was played in Osaka" has its subject there."""

RERANKED = 10
"""Sentences whose single words are looked at."""

COVERING = 0.3
"""Share of a sentence's meeting the words of the question in its rank."""

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
_DATE = re.compile(
    r"\b\d{1,2}\s+(?:jan|feb|mar|apr|mei|may|jun|jul|agu|aug|sep|okt|oct|nov|des|dec)[a-z]*(?:\s+\d{4})?|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\s+\d{1,2}\b(?:,?\s+\d{4})?|"
    r"\(?\d{1,2}/\d{1,2}(?:/\d{2,4})?\)?|\b(?:19|20)\d\d\b|\b\d{1,2}[.:]\d{2}\b",
    re.I,
)
_WHERE = re.compile(r"\b(?i:di|ke|dari|in|at|near|from|to|towards?|east|west|north|south)\s+(?:the\s+)?[A-Z]")
_WHY = re.compile(r"\b(?:karena|sebab|lantaran|akibat|sehingga|because|since|due to|as a result|so that|owing)\b", re.I)


def quotes(checker: Checker, question: Question, as_of: datetime, about: str = "") -> list[Citation]:
    """The best sentences for an open question, at most one of each origin.

    Args:
        checker: What they are searched with.
        question: What is asked.
        as_of: Evidence published after it is not quoted.
        about: The claim that "it" or "that" in the question points to.

    Returns:
        The best first; none where nothing is near enough.
    """
    asked_whole = f"{question.query} {about}".strip()
    names = find_names(question.query)
    content = _content(question.query, names)
    hits = _hits(checker, asked_whole, READ, as_of)
    held = offices(content) if question.asks == "who" else []
    if held:
        # Who holds an office is said in passing, in reports on other things: those that name it are looked for.
        known = {hit.passage.id for hit in hits}
        named = " ".join(sorted(name for _, _, every in held for name in every))
        more = _hits(checker, f"{named} {' '.join(span.text for span in names)}", WIDE, as_of)
        hits = [
            hit
            for hit in (*hits, *(hit for hit in more if hit.passage.id not in known))
            if names_one(hit.passage.text, held)
        ]
    spans: dict[tuple[str, int, int], Hit] = {}
    for hit in hits:
        for start, end in _spans(hit):
            spans.setdefault((hit.source.id, start, end), hit)
    if not spans:
        return []
    keys = list(spans)
    texts = [spans[key].source.text[key[1] : key[2]] for key in keys]
    vectors = checker.store.embedder.encode([asked_whole, *texts])
    likeness = vectors[1:] @ vectors[0]
    best_of: dict[str, float] = {}
    for key, likely in zip(keys, likeness, strict=True):
        passage = spans[key].passage.id
        best_of[passage] = max(best_of.get(passage, -1.0), float(likely))
    scored = []
    for index, key in enumerate(keys):
        hit = spans[key]
        score = (1 - AROUND) * float(likeness[index]) + AROUND * best_of[hit.passage.id]
        scored.append((score + _fit(question, texts[index], hit, names), index))
    scored.sort(key=lambda row: (-row[0], row[1]))
    near = [(score, spans[keys[index]], *keys[index][1:]) for score, index in scored[:RERANKED] if score >= NEAR]
    words = Words(checker.store.embedder, content, held)
    words.learn(hit.passage.text for _, hit, _, _ in near)
    # What is asked must be met in the passage; the sentence that meets it best is the one to quote.
    near = [row for row in near if _names_it(row[1], names) and words.met_in(row[1].passage.text)]
    ranked = sorted(
        (
            (score + COVERING * words.share(hit.source.text[start:end]), hit, start, end)
            for score, hit, start, end in near
        ),
        key=lambda row: (-row[0], row[1].source.id, row[2]),
    )
    chosen: list[Citation] = []
    origins: Counter[str] = Counter()
    # One page may give two figures, its own and another's; copies of it add nothing.
    most = 2 if question.asks == "how_many" else 1
    for score, hit, start, end in ranked:
        if score < ranked[0][0] - CLOSE or len(chosen) == QUOTED:
            break
        if origins[hit.origin] < most and all(
            one.source_id == hit.source.id for one in chosen if one.origin == hit.origin
        ):
            origins[hit.origin] += 1
            chosen.append(_citation(hit, start, end, score))
    return chosen


def _content(query: str, names: Sequence[NameSpan]) -> list[str]:
    """The words of a question that say what is asked: no names, no question words, none without a topic."""
    rest = list(query)
    for span in names:
        rest[span.start : span.end] = " " * (span.end - span.start)
    common = function_words("id") | function_words("en") | lists()["question_words"]
    return [word for word in re.findall(r"[^\W\d_]{3,}", "".join(rest).lower()) if word not in common]


def _names_it(hit: Hit, names: Sequence[NameSpan]) -> bool:
    """Whether the source speaks of every person, place and body of the question."""
    wanted = [span for span in names if span.type in ("person", "place", "organisation")]
    if not wanted:
        return True
    text = f"{hit.source.title}\n{hit.source.text}"
    there = {span.canonical for span in find_names(text)}
    return all(span.canonical in there or span.text.casefold() in text.casefold() for span in wanted)


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
    own = [hit for hit in hits if _same(hit.source.publisher, name)]
    found = sorted(best.values(), key=lambda one: (not _same(one.publisher, name), -one.score))[:QUOTED]
    if not found or (own and not _same(found[0].publisher, name)):
        # Its own report comes first, also where it does not settle the claim.
        found = [*_nearest(checker, claim.text, own or hits), *found][:QUOTED]
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


def _fit(question: Question, text: str, hit: Hit, asked: Sequence[NameSpan]) -> float:
    """How well a sentence fits beyond its meaning: the kind of thing asked for, and the names of the question."""
    known = {span.canonical for span in asked}
    new = [span for span in find_names(text) if span.canonical not in known]
    # "dari Jepang" says no place where the question has the name itself.
    elsewhere = text
    for span in asked:
        elsewhere = elsewhere.replace(span.text, "")
    fit = 0.0
    if asked:
        around = f"{hit.source.title}\n{hit.passage.text}"
        there = {span.canonical for span in find_names(around)}
        named = sum(span.canonical in there or span.text.casefold() in around.casefold() for span in asked)
        fit += FITTING * (2 * named / len(asked) - 1)
    holds = {
        "who": any(span.type in ("person", "other", "organisation") for span in new),
        "when": bool(_WHEN.search(text)),
        "where": bool(_WHERE.search(elsewhere)),
        "how_many": bool(_NUMBER.search(_DATE.sub("", elsewhere))),
        "why": bool(_WHY.search(text)),
    }
    if question.asks in holds:
        fit += KIND if holds[question.asks] else -KIND
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
    side: StanceName = "supports" if stance.supports >= support and stance.supports >= stance.refutes else "neutral"
    if stance.refutes >= refute and stance.refutes > stance.supports:
        side = "refutes"
    return cite_stance(
        stance, side, {"supports": stance.supports, "refutes": stance.refutes, "neutral": stance.neutral}[side]
    )
