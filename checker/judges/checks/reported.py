"""Who says it in the evidence: whose word a sentence rests on, and whether it is the claim's own speaker's."""

from __future__ import annotations

import re
from functools import lru_cache

from checker.cues import ACCORDING, SPEECH_EN, SPEECH_ID
from checker.judges.checks.finding import Evidence, Finding
from checker.notes import note
from checker.types import Claim
from retrieval.gazetteer import words_of
from retrieval.names import NameSpan, find_names, same_name

_NOT_HIS = 0.25
_OTHER_SPEAKER = 0.6
"""What is left of the support. Spokesmen repeat each other: another mouth makes it less sure that this one said it, and
does not make it untrue."""

_VERBS = "|".join(sorted((re.escape(verb) for verb in SPEECH_ID | SPEECH_EN), key=len, reverse=True))
_AFTER = re.compile(rf"\b(?:{_VERBS})\b", re.IGNORECASE)
_PREPOSED = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, ACCORDING), key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_NOBODY = (
    r"(?:sumber|pejabat|narasumber|sources?|officials?|insiders?|people familiar|person familiar|witness(?:es)?|saksi)"
)
_UNNAMED = re.compile(
    rf"\b(?:{_NOBODY}|seorang\s+\w+)\b(?:\W+\w+){{0,8}}?\W+(?:{_VERBS})\b|"
    rf"\b(?:kata|ujar|menurut|according to|said|told)\W+(?:\w+\W+){{0,3}}?(?:{_NOBODY}|seorang)\b",
    re.IGNORECASE,
)
_NEAR = 60
"""Characters between a verb of saying and its speaker: room for a role ("kata juru bicara kementerian, Ana Wirja")."""


@lru_cache(maxsize=4096)
def speakers(text: str) -> tuple[str, ...]:
    """The named persons and bodies that a text credits for what it says, in order."""
    names = find_names(text)
    found: dict[str, None] = {}
    for match in _AFTER.finditer(text):
        before = [name for name in names if name.end <= match.start() and match.start() - name.end <= _NEAR]
        after = [name for name in names if name.start >= match.end() and name.start - match.end() <= _NEAR]
        speaker = _nearest(text, match, before, after)
        if speaker is not None:
            found.setdefault(speaker.text)
    for match in _PREPOSED.finditer(text):
        for name in names:
            if 0 <= name.start - match.end() <= _NEAR:
                found.setdefault(name.text)
                break
    return tuple(found)


def _nearest(text: str, match: re.Match[str], before: list[NameSpan], after: list[NameSpan]) -> NameSpan | None:
    """The subject of a verb of saying: before it ("Peskov said"), after it where the quote came first ("kata X")."""
    ahead = text[: match.start()].rstrip()
    inverted = ahead.endswith((",", '"', "”", "'", "’")) or match.group().lower() in {
        "kata",
        "ujar",
        "tutur",
        "ucap",
        "jelas",
    }
    if inverted and after:
        # "kata juru bicara Kremlin Dmitry Peskov": the office stands before the person.
        beside = len(after) > 1 and after[1].start - after[0].end <= 2 and after[1].type in ("person", "other")
        return after[1] if beside and after[0].type != "person" else after[0]
    if before and not re.search(r"[.!?;]", text[before[-1].end : match.start()]):
        return before[-1]
    return None


def credited(claim: Claim, quote: str) -> tuple[str, bool]:
    """Whom a cited sentence credits, and whether that is the claim's own speaker.

    Args:
        claim: The claim.
        quote: The sentence that carries the stance.

    Returns:
        The speaker, empty where the sentence speaks in its own voice; and whether the sentence therefore shows that
        the claim's speaker said it rather than that it is so.
    """
    found = speakers(quote)
    attribution = claim.attribution
    if attribution is None:
        return (found[0] if found else ""), False
    if attribution.anonymous or not attribution.speaker:
        unnamed = _UNNAMED.search(quote) is not None
        return (found[0] if found else ""), unnamed and attribution.anonymous
    for speaker in found:
        if _is_speaker(speaker, attribution.speaker):
            return speaker, True
    # "He said …" after the speaker was named: his word all the same, where the sentence credits nobody else.
    spoken = _AFTER.search(quote) is not None or _PREPOSED.search(quote) is not None
    return (found[0] if found else ""), spoken and not found and _pronoun(quote)


_HE_SAID = re.compile(
    rf"\b(?:he|she|they|ia|dia|mereka)\s+(?:\w+\s+)?(?:{_VERBS})\b|(?:ujar|kata|tutur|ucap|tambah)nya\b", re.IGNORECASE
)


def _pronoun(quote: str) -> bool:
    return _HE_SAID.search(quote) is not None


def _is_speaker(found: str, wanted: str) -> bool:
    return same_name(found, wanted)


def check_speaker(claim: Claim, evidence: Evidence) -> list[Finding]:
    """Whether the evidence puts the claim's words in another mouth.

    Only where both speakers are persons by their full names or known ones, the evidence credits one person alone, and
    the claim's speaker is not in the cited sentence: institutions speak through people, whom news names as it likes. A
    speaker whom the rest of the passage mentions may have said the same, so that the sentence then only fails to
    carry the claim.
    """
    mine = _claimed_speaker(claim)
    if not _is_person(mine):
        return []
    theirs = [speaker for speaker in speakers(evidence.text) if _is_person(speaker)]
    if len(theirs) != 1 or _is_speaker(theirs[0], mine) or _mentioned(mine, evidence.text):
        return []
    reason = note("other_speaker", claimed=mine, stated=theirs[0])
    if claim.attribution is not None:
        return [Finding("speaker", "lower", _OTHER_SPEAKER, reason)]
    # Here who said it is what the claim says.
    return [Finding("speaker", "veto" if _mentioned(mine, evidence.around) else "refute", _NOT_HIS, reason)]


def _claimed_speaker(claim: Claim) -> str:
    """Whom the claim credits: its attribution's speaker, or the only one that its own words credit; else empty."""
    if claim.attribution is not None:
        return "" if claim.attribution.anonymous else claim.attribution.speaker
    found = speakers(claim.text)
    return found[0] if len(found) == 1 else ""


def _is_person(name: str) -> bool:
    spans = find_names(name)
    return len(words_of(name)) >= 2 and len(spans) == 1 and spans[0].type in ("person", "other")


def _mentioned(name: str, text: str) -> bool:
    return any(same_name(span.text, name) for span in find_names(text)) or words_of(name)[-1] in words_of(text)
