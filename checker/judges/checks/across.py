"""Denials across languages: the source denies something of the very names the claim asserts something of.

Words cannot be compared across languages, names can. The finding is a weak one: it turns half of the support, so that
it decides nothing the model is sure of. The other way round it says nothing: a claim that denies names people whom any
number of other sentences name too.
"""

from __future__ import annotations

import re

from checker.cues import NEGATIONS, NOT_NEGATING, language_of
from checker.judges.checks.finding import Evidence, Finding
from checker.notes import note
from retrieval.names import find_names, related, same_name

_TURNED = 0.5
_NAMES = 2
"""Names the two must share, around the denial itself, to speak of the same thing."""
_AROUND = 6
"""Words on either side of a denial that belong to what it denies."""
_PLAIN = NEGATIONS - {"tanpa", "without", "nothing", "nobody", "none", "nowhere"}
_CLAUSE = re.compile(r"[.!?;:,()“”\"–—]|\b(?:and|but|while|although|though|dan|tetapi|tapi|namun|sedangkan|meski\w*)\b")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def check_across(claim: str, evidence: Evidence) -> list[Finding]:
    """Whether the evidence, in another language than the claim, denies something of names that the claim asserts of.

    Returns:
        At most one finding.
    """
    if language_of(claim) == (evidence.language or language_of(evidence.text)) or _denied(claim):
        return []
    mine = [name.text for name in find_names(claim)]
    for stretch in _denied(evidence.text):
        theirs = [name.text for name in find_names(stretch)]
        shared = [name for name in mine if any(same_name(name, other) or related(name, other) for other in theirs)]
        if len(set(shared)) >= _NAMES:
            return [Finding("negation", "refute", _TURNED, note("source_denies"))]
    return []


def _denied(text: str) -> list[str]:
    """The stretches of a text around its plain denials, each within one clause."""
    for phrase in NOT_NEGATING:
        text = re.sub(rf"\b{re.escape(phrase)}", " ", text, flags=re.IGNORECASE)
    stretches = []
    for clause in _CLAUSE.split(text):
        tokens = list(_WORD.finditer(clause))
        for place, token in enumerate(tokens):
            if token.group().lower().replace("'", "").replace("’", "") in _PLAIN:
                first, last = tokens[max(0, place - _AROUND)], tokens[min(len(tokens) - 1, place + _AROUND)]
                stretches.append(clause[first.start() : last.end()])
    return stretches
