"""Denials across languages: two texts that name the same things, one of which denies and the other does not.

Words cannot be compared across languages, names can. The finding is a weak one: it turns half of the support, so that
it decides nothing the model is sure of.
"""

from __future__ import annotations

import re

from checker.cues import DENIALS, FAILURES, NEGATIONS, NOT_NEGATING, language_of, words
from checker.judges.checks.finding import Evidence, Finding
from retrieval.names import find_names, related, same_name

_TURNED = 0.5
_NAMES = 2
"""Names two texts must share to speak of the same thing."""


def check_across(claim: str, evidence: Evidence) -> list[Finding]:
    """Whether only one of two texts in different languages denies what both name.

    Returns:
        At most one finding.
    """
    if language_of(claim) == (evidence.language or language_of(evidence.text)):
        return []
    mine, theirs = _denies(claim), _denies(evidence.text)
    if mine == theirs or not _share_names(claim, evidence.text):
        return []
    who = "claim" if mine else "source"
    return [Finding("negation", "refute", _TURNED, f"Only the {who} denies it.")]


def _denies(text: str) -> bool:
    for phrase in NOT_NEGATING:
        text = re.sub(rf"\b{re.escape(phrase)}", " ", text, flags=re.IGNORECASE)
    return any(word in NEGATIONS or word in FAILURES or word in DENIALS for word in words(text))


def _share_names(claim: str, evidence: str) -> bool:
    theirs = find_names(evidence)
    shared = {
        name.canonical
        for name in find_names(claim)
        if any(
            name.canonical == other.canonical or same_name(name.text, other.text) or related(name.text, other.text)
            for other in theirs
        )
    }
    return len(shared) >= _NAMES
