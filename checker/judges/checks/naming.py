"""Names of the claim that the evidence does not name, or in whose place it names another."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from checker.cues import language_of, small_words, words
from checker.judges.checks.finding import Evidence, Finding
from checker.notes import note
from retrieval.gazetteer import words_of
from retrieval.names import NameSpan, canonical, find_names, lookup, related, same_name

_REPLACED, _ABSENT_PERSON, _ABSENT, _ABSENT_OTHER = 0.2, 0.5, 0.7, 0.9
"""What is left of the support: another of its kind in its place, not named at all, a name of unknown kind not named.
An absent name is common in a true support: a headline or a sentence before has named it."""

_SLIP = 0.85
_REST = 0.6
_PRONOUNS = frozenset("he she it they his her its their ia dia mereka beliau keduanya".split())
"""At the start of a sentence they stand for a name that the sentences before have given."""

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
    one_language = language_of(claim) == evidence.spoken
    present = set(words_of(evidence.text))
    stands_in = bool(_PRONOUNS & set(words(evidence.text)[:6]))
    findings = []
    for name in wanted:
        if any(_same(name, other) for other in known) or _in_words(name.text, surroundings):
            continue
        in_part = any(len(word) > 3 and word in present for word in words_of(name.text))  # "Hamm" for "Jon Hamm"
        rivals = [
            other
            for other in stated
            if other.type == name.type
            and not _alike(name.text, other.text)
            and (name.type != "other" or _same_matter(claim, name, evidence.text))
            and _comparable(name, other, one_language)
            and not any(_same(mine, other) for mine in wanted)
        ]
        others_met = any(_same(mine, other) for mine in wanted if mine is not name for other in stated)
        if len(rivals) == 1 and not stands_in and not in_part and (others_met or len(wanted) == 1):
            reason = note("name_replaced", name=name.text, rival=rivals[0].text)
            findings.append(Finding("name", "refute", _REPLACED, reason))
        else:
            factor = _ABSENT if name.type in _TYPED else _ABSENT_OTHER
            # What a claim says of a known person, a passage that never names them can hardly bear out.
            factor = _ABSENT_PERSON if name.type == "person" else factor
            findings.append(Finding("name", "lower", factor, note("name_absent", name=name.text)))
    return findings


def _same_matter(claim: str, name: NameSpan, evidence: str) -> bool:
    """Whether the evidence holds most of what the claim says beside the name: the other name is in its place."""
    rest = set(words_of(claim[: name.start] + claim[name.end :])) - small_words()
    return bool(rest) and len(rest & set(words_of(evidence))) >= _REST * len(rest)


def _alike(first: str, second: str) -> bool:
    """Whether two names are a slip of the pen apart (`Lecrerc`, `Leclerc`); a check must not turn support for that."""
    return SequenceMatcher(None, first.lower(), second.lower(), autojunk=False).ratio() >= _SLIP


def _comparable(first: NameSpan, second: NameSpan, one_language: bool) -> bool:
    """Whether two names can be told to be of different things.

    Persons keep their names in every language. Bodies and places are translated ("Badan Pelayanan Keuangan"), so that
    both must be known ones.
    """
    if first.type == "person" or (first.type == "other" and one_language):
        return len(words_of(first.text)) >= 2 and len(words_of(second.text)) >= 2
    one, other = lookup(first.text), lookup(second.text)
    if first.type not in _TYPED or one is None or other is None:
        return False
    return first.type != "place" or one.group == other.group  # a country does not take the place of its town


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
