"""Stances to a verdict. Pure, deterministic, and the only place where a label is decided.

How it decides, in order:

1. A stance counts when its hit does (not after the as-of date, not a copy of the article), when its source is not
   flagged for addressing the machine, and when its quote stands in its source to the letter.
2. Each independent origin has one voice, however many reprints it has: the stronger of its best support and its best
   refutation. Undated evidence speaks a little softer.
3. Voices below the threshold do not settle anything. Of those above it, each side is as good as the best standing on
   it (a wire outranks an aggregator); a side of lower standing does not overrule one of higher standing.
4. Both sides of like standing: `conflicting`, unless one side has several times the origins of the other, each of them
   more likely right than not, so that a single mistaken or poisoned source cannot move a label that three honest ones
   hold.

Reported speech gets a second pass without the stances that rest on the speaker's own word: `content_label`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checker.notes import note
from checker.types import Citation, Claim, Label, Reason, Stance, StanceName, Verdict

STANDING: Mapping[str, int] = {
    "blog": 1,
    "social": 1,
    "aggregator": 1,
    "data_portal": 2,
    "online_news": 2,
    "state_media": 2,
    "company": 2,
    "newspaper": 2,
    "broadcaster": 2,
    "wire": 2,
    "ngo": 2,
    "academic": 2,
    "official": 2,
    "government": 2,
    "fact_checker": 2,
}
"""Standing by publisher type: who is answerable for what is printed. A house decision, deliberately coarse: an edited
outlet, an institution and a wire stand alike, a blog or an aggregator stands lower. Unknown types count as 2, since
nothing is known against them."""

_DEFAULT_STANDING = 2

_LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds of `decide`. Chosen on the development set, recorded in every report.

    Attributes:
        support: Least probability for a voice to support.
        refute: Least probability for a voice to refute.
        addressed: Least probability (of support or refutation) for evidence to have addressed the claim at all, which
            separates `weak_evidence` from `no_evidence`.
        outvote: How many times the origins of one side, heard with at least even odds, must outnumber the other's for
            the other not to count. At the default, three honest origins hold against one.
        undated: Factor on the probabilities of evidence that has no date.
        citations: Most citations in a verdict.
    """

    support: float = 0.5
    refute: float = 0.5
    addressed: float = 0.15
    outvote: int = 3
    undated: float = 0.95
    citations: int = 6


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one origin says, in one of its stances."""

    origin: str
    stance: Stance
    side: StanceName
    score: float
    standing: int


@dataclass(frozen=True, slots=True)
class _Decision:
    label: Label
    reason: Reason
    confidence: float
    voices: tuple[_Voice, ...]
    against: tuple[_Voice, ...] = ()
    notes: tuple[str, ...] = field(default=())


def standing(publisher_type: str) -> int:
    """Standing of a publisher of that type: 1 (low) or 2."""
    return STANDING.get(publisher_type, _DEFAULT_STANDING)


def quote_holds(stance: Stance) -> bool:
    """Whether the stance's quote stands in its source at its offsets, to the letter, and is not empty."""
    return bool(stance.quote) and stance.hit.source.text[stance.start : stance.end] == stance.quote


def cite_stance(stance: Stance, side: StanceName, score: float) -> Citation:
    """The quote of a stance as a citation that speaks for `side` with that probability."""
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
        stance=side,
        score=round(score, 4),
        origin=stance.hit.origin or source.id,
        notes=stance.notes,
    )


def decide(
    claim: Claim,
    stances: Sequence[Stance],
    *,
    judge: str,
    policy: Policy | None = None,
    disputed: bool = False,
) -> Verdict:
    """Decide the label of one claim.

    Args:
        claim: The claim the stances are about.
        stances: Every stance a judge took towards it, in any order; the result does not depend on the order.
        judge: Name of the judge, for the record.
        policy: Thresholds; the defaults where None.
        disputed: Two judges strongly disagree; recorded, decides nothing.

    Returns:
        The verdict. `confidence` is the probability behind the label: the strongest voice of the deciding side, the
        weaker of both where they conflict, and for `needs_source` one minus the strongest voice heard.
    """
    policy = policy or Policy()
    own = [stance for stance in stances if stance.claim_id == claim.id]
    sound = [stance for stance in own if quote_holds(stance)]
    counted = [stance for stance in sound if stance.hit.excluded is None and not stance.flagged]
    decision = _weigh(counted, policy)
    notes = list(decision.notes)
    if decision.label == "needs_source":
        decision, why = _why_nothing(decision, sound, policy)
        notes += why
    content_label = decision.label
    if claim.attribution is not None:
        content_label = _weigh([stance for stance in counted if not stance.own_word], policy).label
        if content_label != decision.label:
            notes.append(note("own_word"))
    if any(not quote_holds(stance) for stance in own):
        notes.append(note("bad_quote"))
    cited = _citations(decision, sound, policy)
    if any(not citation.counted for citation in cited) and decision.label != "needs_source":
        notes.append(note("left_out"))
    return Verdict(
        claim_id=claim.id,
        label=decision.label,
        reason=decision.reason,
        content_label=content_label,
        confidence=round(decision.confidence, 4),
        citations=cited,
        origins=len({voice.origin for voice in decision.voices}),
        judge=judge,
        disputed=disputed,
        notes=tuple(notes),
    )


def _soften(stance: Stance, policy: Policy) -> tuple[float, float]:
    factor = policy.undated if stance.hit.undated else 1.0
    return stance.supports * factor, stance.refutes * factor


def _voices(stances: Iterable[Stance], policy: Policy) -> list[_Voice]:
    """One voice per origin, strongest first; ties are broken by ids so that the order of input cannot matter."""
    best: dict[str, dict[StanceName, _Voice]] = {}
    for stance in stances:
        supports, refutes = _soften(stance, policy)
        origin = stance.hit.origin or stance.hit.source.id
        rank = standing(stance.hit.source.publisher_type)
        sides: tuple[tuple[StanceName, float], ...] = (("supports", supports), ("refutes", refutes))
        for side, score in sides:
            voice = _Voice(origin, stance, side, score, rank)
            held = best.setdefault(origin, {}).get(side)
            if held is None or _order(voice) < _order(held):
                best[origin][side] = voice
    voices: list[_Voice] = []
    for sides_of in best.values():
        support, refute = sides_of["supports"], sides_of["refutes"]
        # A source that reports both the old and the new figure refutes the new one in its old sentence: where one
        # sentence of an origin does support the claim at least as strongly, that is what the origin says.
        voices.append(support if support.score >= refute.score else refute)
    return sorted(voices, key=_order)


def _order(voice: _Voice) -> tuple[float, int, str]:
    return (-voice.score, -voice.standing, voice.stance.hit.passage.id)


def _weigh(stances: Sequence[Stance], policy: Policy) -> _Decision:
    voices = _voices(stances, policy)
    support = [voice for voice in voices if voice.side == "supports" and voice.score >= policy.support]
    refute = [voice for voice in voices if voice.side == "refutes" and voice.score >= policy.refute]
    if not support and not refute:
        strongest = max((voice.score for voice in voices), default=0.0)
        reason: Reason = "weak_evidence" if strongest >= policy.addressed else "no_evidence"
        return _Decision("needs_source", reason, 1.0 - strongest, ())
    if not refute:
        return _Decision("supported", "corroborated", support[0].score, tuple(support))
    if not support:
        return _Decision("unsupported", "contradicted", refute[0].score, tuple(refute))
    support_standing = max(voice.standing for voice in support)
    refute_standing = max(voice.standing for voice in refute)
    if support_standing > refute_standing or _sure(support) >= policy.outvote * len(refute):
        return _Decision(
            "supported",
            "corroborated",
            support[0].score,
            tuple(support),
            tuple(refute),
            (_minority(refute, "minority_against"),),
        )
    if refute_standing > support_standing or _sure(refute) >= policy.outvote * len(support):
        return _Decision(
            "unsupported",
            "contradicted",
            refute[0].score,
            tuple(refute),
            tuple(support),
            (_minority(support, "minority_for"),),
        )
    return _Decision(
        "unsupported",
        "conflicting",
        min(support[0].score, refute[0].score),
        tuple(refute) + tuple(support),
    )


def _sure(voices: Sequence[_Voice]) -> int:
    """How many of them are more likely right than not.

    A voice that only leans to a side settles what nobody denies, and outvotes nobody.
    """
    return sum(voice.score >= _LIKELY for voice in voices)


def _minority(voices: Sequence[_Voice], name: str) -> str:
    names = sorted({voice.stance.hit.source.publisher or voice.stance.hit.source.id for voice in voices})
    return note(name, names=", ".join(names))


def _why_nothing(decision: _Decision, sound: Sequence[Stance], policy: Policy) -> tuple[_Decision, list[str]]:
    """Tell a claim nobody addresses from one that only the article, its copies or flagged sources address."""
    notes: list[str] = []
    left_out = [stance for stance in sound if stance.hit.excluded is not None or stance.flagged]
    speaking = [voice for voice in _voices(left_out, policy) if voice.score >= min(policy.support, policy.refute)]
    if not speaking:
        return decision, notes
    copies = [voice for voice in speaking if voice.stance.hit.excluded == "copy_of_article"]
    if copies:
        notes.append(note("only_copy"))
        return _Decision("needs_source", "only_origin", decision.confidence, ()), notes
    if any(voice.stance.flagged for voice in speaking):
        notes.append(note("only_flagged"))
        return _Decision("needs_source", "weak_evidence", decision.confidence, ()), notes
    notes.append(note("only_later"))
    return decision, notes


def _citations(decision: _Decision, sound: Sequence[Stance], policy: Policy) -> tuple[Citation, ...]:
    """The deciding voices, then the other side, then what else spoke up, then what was left out; no quote twice."""
    cited: list[Citation] = []
    seen: set[tuple[str, int, int]] = set()

    def cite(stance: Stance, side: StanceName, score: float, counted: bool) -> None:
        key = (stance.hit.source.id, stance.start, stance.end)
        if key in seen or len(cited) >= policy.citations:
            return
        seen.add(key)
        notes = stance.notes
        if stance.hit.excluded == "after_as_of":
            notes = (*notes, note("later"))
        elif stance.hit.excluded == "copy_of_article":
            notes = (*notes, note("copy"))
        if stance.flagged:
            notes = (*notes, note("flagged"))
        cited.append(replace(cite_stance(stance, side, score), counted=counted, notes=notes))

    for voice in (*decision.voices, *decision.against):
        cite(voice.stance, voice.side, voice.score, counted=True)
    rest = sorted(
        (stance for stance in sound),
        key=lambda stance: (
            stance.hit.excluded is not None or stance.flagged,
            -max(_soften(stance, policy)),
            stance.hit.passage.id,
        ),
    )
    settled = {voice.side for voice in decision.voices}
    for stance in rest:
        supports, refutes = _soften(stance, policy)
        counts = stance.hit.excluded is None and not stance.flagged
        score = max(supports, refutes)
        if score < policy.addressed:
            continue
        side = stance.name
        if side == "neutral" and decision.voices:
            continue
        if counts and decision.voices and side not in settled:
            continue
        shown = {"supports": supports, "refutes": refutes, "neutral": stance.neutral}[side]
        cite(stance, side, shown, counted=counts)
    return tuple(cited)
