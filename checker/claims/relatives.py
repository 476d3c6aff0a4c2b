"""Relative clauses, figures and consequences that state something of their own."""

from __future__ import annotations

from checker.claims.clause import Clause
from checker.claims.marks import commas
from checker.claims.predicates import PREPOSITIONS, states, strip, subject_of, verb_at, verbs_of
from checker.claims.verbs import is_verb
from checker.claims.words import Tokens, lexicon, word_set


def relative(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., yang masing-masing dihukum empat tahun`; `..., which cost ...`: at the end, after a comma."""
    for stop in commas(tokens):
        if stop + 3 >= len(tokens):
            continue
        opener = tokens[stop + 1].lower
        if opener not in {"yang", "who", "which"}:
            continue
        left, right = tokens[:stop], strip(tokens[stop + 2 :])
        if not states(left, language) or len([t for t in right if t.is_word]) < 3:
            continue
        if not (verbs_of(right, language) or any(t.is_number for t in right)):
            continue
        antecedent = _antecedent(left, language)
        if not _can_own(antecedent) or right[0].lower in _CAUSING:
            continue
        return left, Clause("relative", right, antecedent)
    return None


# "..., yang membuat sungai meluap" is said of the whole event before it.
_CAUSING = word_set(
    """
    membuat menyebabkan mengakibatkan memicu menjadikan berarti made caused led means meant left forced prompted brought
    """
)


def _can_own(phrase: Tokens) -> bool:
    """Whether a phrase is a thing: not only a date or a figure."""
    calendar = lexicon().words("names.calendar.words")
    return any(token.is_word and not token.is_number and token.lower not in calendar for token in phrase)


def _antecedent(left: Tokens, language: str) -> Tokens:
    """The noun phrase at the end of a clause, to which a relative clause belongs.

    Names joined by "dan" belong together ("Kasdi Subagyono dan Muhammad Hatta"); else the phrase runs back to the last
    verb, preposition or comma.
    """
    start = len(left)
    while start > 0:
        token = left[start - 1]
        if token.text in ",;:" or token.lower in PREPOSITIONS or is_verb(token, language, left, start - 1):
            break
        start -= 1
    phrase = left[start:]
    if language == "id":
        joint = max((i for i, t in enumerate(phrase) if t.lower in {"dan", "serta"}), default=-1)
        if joint >= 0 and not (joint + 1 < len(phrase) and phrase[joint + 1].is_capital):
            phrase = phrase[joint + 1 :]
        thing = next((i for i, t in enumerate(phrase) if i and t.lower in _THINGS), None)
        if thing is not None:
            phrase = phrase[thing:]
    capital = next((i for i, token in enumerate(phrase) if token.is_capital), None)
    if capital is not None and phrase[0].lower in {"the", "a", "an"}:
        return phrase
    return phrase or left[-3:]


# What is signed, left or annulled, however many people stand before it ("penandatangan kesepakatan yang ditinggalkan").
_THINGS = word_set("kesepakatan perjanjian undang-undang aturan pakta kontrak traktat konvensi")


def dated_relative(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """A long closing relative clause that names an agent and a year states an event of its own.

    `... kesepakatan nuklir sebelumnya yang ditinggalkan Trump selama masa jabatan pertamanya pada tahun 2018`
    """
    for index in range(len(tokens) - 7, 3, -1):
        if tokens[index].lower not in {"yang", "which"}:
            continue
        right = tokens[index + 1 :]
        if any(token.text == "," for token in right) or len(right) < 6 or verb_at(right, language) is None:
            continue
        year = any(token.is_number and len(token.text) == 4 and token.text[:2] in {"19", "20"} for token in right)
        named = any(token.is_capital for token in right[1:])
        if year and named and states(tokens[:index], language):
            left = tokens[:index]
            return left, Clause("relative", right, _antecedent(left, language))
    return None


def adjunct(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., dengan nilai Rp75 juta untuk rumah rusak berat`: a figure that is added to the event."""
    for stop in commas(tokens):
        right = tokens[stop + 1 :]
        if len(right) < 4 or right[0].lower not in {"dengan", "with"}:
            continue
        if not any(token.is_number for token in right[1:7]):
            continue
        noun = right[1].lower in lexicon().words("cues.join.sum")
        left = tokens[:stop]
        if noun and states(left, language):
            return left, Clause("adjunct", right, main=left)
    return None


def consequence(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., menewaskan 12 orang`; `..., killing 12 people`."""
    for stop in commas(tokens):
        right = tokens[stop + 1 :]
        if len(right) < 3 or right[0].lower not in lexicon().words("cues.join.consequence"):
            continue
        left = tokens[:stop]
        if any(token.is_number for token in right[:8]) and states(left, language):
            return left, Clause("consequence", right, subject_of(left, language) if language == "id" else (), main=left)
    return None
