"""Names of the claim that the evidence does not name, or in whose place it names another."""

from __future__ import annotations

from collections.abc import Sequence

from checker.cues import language_of
from checker.judges.checks.finding import Evidence, Finding
from retrieval.gazetteer import words_of
from retrieval.names import NameSpan, canonical, find_names, lookup, related, same_name

_REPLACED, _ABSENT, _ABSENT_OTHER = 0.2, 0.7, 0.9
"""What is left of the support: another of its kind in its place, not named at all, a name of unknown kind not named.
An absent name is common in a true support: a headline or a sentence before has named it."""

_TYPED = frozenset({"person", "place", "organisation"})
_DATES = frozenset({"month", "weekday"})  # `check_dates` looks after these


def check_names(claim: str, evidence: Evidence) -> list[Finding]:
    """What speaks against support in the names.

    Returns:
        At most one finding per name of the claim.
    """
    wanted = [name for name in _distinct(find_names(claim)) if name.type not in _DATES]
    stated = _distinct(find_names(evidence.text))
    known = [*stated, *find_names(evidence.around)]
    surroundings = f"{evidence.text}\n{evidence.around}"
    one_language = language_of(claim) == (evidence.language or language_of(evidence.text))
    findings = []
    for name in wanted:
        if any(_same(name, other) for other in known) or _in_words(name.text, surroundings):
            continue
        rivals = [
            other
            for other in stated
            if other.type == name.type
            and _comparable(name, other, one_language)
            and not any(_same(mine, other) for mine in wanted)
        ]
        others_met = any(_same(mine, other) for mine in wanted if mine is not name for other in stated)
        if len(rivals) == 1 and (others_met or len(wanted) == 1):
            reason = f"The claim names {name.text}; in its place the source names {rivals[0].text}."
            findings.append(Finding("name", "refute", _REPLACED, reason))
        else:
            factor = _ABSENT if name.type in _TYPED else _ABSENT_OTHER
            findings.append(Finding("name", "lower", factor, f"The cited passage does not name {name.text}."))
    return findings


def _comparable(first: NameSpan, second: NameSpan, one_language: bool) -> bool:
    """Whether two names can be told to be of different things.

    Persons keep their names in every language. Bodies and places are translated ("Badan Pelayanan Keuangan"), so that
    both must be known ones.
    """
    if first.type == "person" or (first.type == "other" and one_language):
        return len(words_of(first.text)) >= 2 and len(words_of(second.text)) >= 2
    return first.type in _TYPED and lookup(first.text) is not None and lookup(second.text) is not None


def _distinct(names: Sequence[NameSpan]) -> list[NameSpan]:
    return list({name.canonical: name for name in reversed(names)}.values())[::-1]


def _same(first: NameSpan, second: NameSpan) -> bool:
    return first.canonical == second.canonical or same_name(first.text, second.text) or related(first.text, second.text)


def _in_words(name: str, text: str) -> bool:
    """Whether the words of a name stand in a text in some form the finder of names did not take for one."""
    entity = lookup(name)
    forms = [*entity.aliases] if entity else [name]
    present = set(words_of(text))
    return any(set(words_of(form)) <= present for form in forms) or canonical(name) in canonical(text)
