"""Denials and directions: the evidence says that it did not happen, or that it went the other way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from checker.cues import AXES, DENIALS, FAILURES, NEGATIONS, NOT_NEGATING, ORDER, Axis, language_of, small_words, words
from checker.judges.checks.finding import Evidence, Finding
from checker.notes import note

_DENIED, _TURNED = 0.15, 0.2
_REACH = 2
"""Content words after a denial that it reaches: "tidak akan pernah [datang] lagi"."""
_ASPECT = frozenset(
    "akan pernah sudah telah bisa dapat ada masih perlu harus will ever yet been have has can able".split()
)
_CLOSE = 0.5
"""Share of the claim's words that must be in the evidence before a denial or a direction in one of the two counts:
below, the two need not speak of the same thing."""
_SAME_MATTER = 0.6
"""Share of the claim's words that a clause must hold for its denial to be one of the claim."""
_COMPARED = frozenset("dibanding dibandingkan ketimbang daripada sebanyak setinggi sebesar than".split())
_EXCEPTIONS = frozenset(
    """
    kecuali melarang dilarang larangan hanya except barred banned ban bans prohibited forbidden lack lacks lacked only
    membatalkan dibatalkan pembatalan ditiadakan meniadakan menghentikan dihentikan berhenti henti bebas lolos kandas
    negatif utuh negative intact unharmed unhurt unchanged halted halt halts stopped stops stop ended ends abolished
    defused vetoed averted avoided spared dropped scrapped abandoned withdrew withdrawn mencabut dicabut menarik ditarik
    """.split()
)
"""Words that deny something without being a denial: with one of them, a text is not one that denies nothing."""
_ASIDE = frozenset({"tanpa", "without"})
_BUT = "tetapi tapi namun melainkan sedangkan sementara meski meskipun walau walaupun but while although though whereas"
_CLAUSE = re.compile(r"[.!?;:,()–—]|\b(?:" + "|".join(_BUT.split()) + r")\b", re.IGNORECASE)
_SUFFIXES = ("nya", "lah", "kah", "ing", "ed", "es", "s")


@dataclass(frozen=True, slots=True)
class _Read:
    """A text's content words; by clause, those that a denial reaches."""

    content: frozenset[str]
    clauses: tuple[tuple[frozenset[str], frozenset[str]], ...]  # content, and what of it is denied
    any_denial: bool


def check_polarity(claim: str, evidence: Evidence) -> list[Finding]:
    """What speaks against support in denials and directions.

    Both count only where claim and evidence are of one language and share enough words to speak of the same thing;
    across languages `check_across` looks at denials, and directions are left to the model.

    Returns:
        At most one finding of each kind.
    """
    mine, theirs = _read(claim), _read(evidence.text)
    shared = mine.content & theirs.content
    near = len(shared) >= max(2, _CLOSE * len(mine.content))
    findings = []
    compared = bool(_COMPARED & {*words(claim)})  # "A is no safer than B" is what "B is safer than A" says
    if near and not compared and (word := _denied_once(mine, theirs, shared)):
        who = "claim" if any(word in denied for _, denied in mine.clauses) else "source"
        findings.append(Finding("negation", "refute", _DENIED, note("one_denies", who=who, word=word)))
    if (turned := _turned(claim, evidence.text)) and near:
        axis, mine_up = turned
        says, said = (axis.plus, axis.minus) if mine_up else (axis.minus, axis.plus)
        reason = note("direction", axis=axis.name, says=says, said=said)
        findings.append(Finding("direction", "refute", _TURNED, reason))
    return findings


def _denied_once(mine: _Read, theirs: _Read, shared: frozenset[str]) -> str | None:
    """A shared word that one side denies and the other asserts, where the other side denies nothing at all."""
    for one, other in ((mine, theirs), (theirs, mine)):
        if other.any_denial:
            continue
        for content, denied in one.clauses:
            # The clause that denies must be the one that speaks of the matter, and not one beside it.
            same_matter = len(content & shared) >= max(2, _SAME_MATTER * len(mine.content))
            # What the same text asserts elsewhere it does not deny: "tidak memakai kabel, tetapi memakai satelit".
            asserted = frozenset().union(*(words - denied for words, denied in one.clauses))
            if same_matter and (told := (denied & shared) - asserted):
                return min(told)
    return None


@lru_cache(maxsize=4096)
def _read(text: str) -> _Read:
    blanked = _pattern(NOT_NEGATING, "").sub(lambda found: "_" * len(found[0]), text)
    small = small_words()
    clauses: list[tuple[frozenset[str], frozenset[str]]] = []
    any_denial = False
    for clause in _CLAUSE.split(blanked):
        left = 0
        content: set[str] = set()
        denied: set[str] = set()
        for word in words(clause or ""):
            if word in _ASIDE:
                break  # "tanpa disangka", "without warning": beside the matter
            if word in NEGATIONS or word in FAILURES or word in DENIALS:
                any_denial = True
                left = _REACH
                continue
            any_denial = any_denial or word in _EXCEPTIONS
            if word in small or word in _ASPECT or len(word) < 3:
                continue
            stem = _stem(word)
            content.add(stem)
            if left:
                denied.add(stem)
                left -= 1
        clauses.append((frozenset(content), frozenset(denied)))
    return _Read(frozenset().union(*(content for content, _ in clauses)), tuple(clauses), any_denial)


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def _turned(claim: str, evidence: str) -> tuple[Axis, bool] | None:
    """The first axis on which the two clearly point opposite ways, and whether the claim points its positive one."""
    for axis in AXES:
        mine = _pointing(axis, claim)
        if mine is None:
            continue
        theirs = _pointing(axis, evidence)
        if theirs is not None and mine != theirs and _one_anchor(axis, claim, evidence):
            return axis, mine
    return None


def _one_anchor(axis: Axis, claim: str, evidence: str) -> bool:
    """Whether "before" and "after" stand before the same thing; other directions need no anchor.

    "Setelah ditembak" and "sehari sebelum putusan" order different events. Across languages this cannot be told.
    """
    if axis.name != ORDER or language_of(claim) != language_of(evidence):
        return True
    anchors = []
    for text in (claim, evidence):
        starts = [*_found(axis.positive, text), *_found(axis.negative, text)]
        anchors.append({_stem(word) for start in starts for word in words(text[start:])[1:6]} - small_words())
    return bool(anchors[0] & anchors[1])


def _pointing(axis: Axis, text: str) -> bool | None:
    """True for the positive direction, False for the negative; None where it points neither way, both, or is denied."""
    up, down = _found(axis.positive, text), _found(axis.negative, text)
    if bool(up) == bool(down):
        return None
    for start in up or down:
        before = words(text[:start])[-_REACH:]
        if any(word in NEGATIONS or word in FAILURES for word in before):
            return None
    return bool(up)


@lru_cache(maxsize=16384)
def _found(phrases: tuple[str, ...], text: str) -> list[int]:
    if not phrases:
        return []
    starts = [found.start() for found in _pattern(tuple(phrases)).finditer(text)]
    return [start for start in starts if text[max(0, start - 3) : start].lower() != "at "]  # "at least", "at most"


@lru_cache(maxsize=128)
def _pattern(phrases: tuple[str, ...], end: str = r"\b") -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + ")" + end, re.IGNORECASE)
