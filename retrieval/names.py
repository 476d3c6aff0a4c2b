"""Names across spellings and languages, so that matching never depends on one of either.

`AS`, `Amerika Serikat`, `U.S.` and `United States` are one name; so are `Araqchi` and `Araghchi`. What the gazetteer
(`data/names.toml`, written for Saring) knows is compared by entity: Iran is never Irak, however close the letters. What
it does not know is compared by a key that folds the usual transliterations, with a small tolerance for slips that is
closed where it would join different people (`Susanto`, `Susanti`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from retrieval.gazetteer import Alias, NameType, Token, gazetteer, is_acronym, tokenise, word_list, words_of
from retrieval.spellings import (
    canonical,
    entities,
    fold,
    lookup,
    related,
    same_name,
    strip_titles,
    title_at,
    translate,
)

__all__ = [
    "NameSpan",
    "canonical",
    "entities",
    "expand",
    "find_names",
    "lookup",
    "related",
    "same_name",
    "strip_titles",
    "translate",
]

_GAP = re.compile(r"[ \u00a0]?[-–.,'’]?[ \u00a0]?\Z")
"""What may stand between two words of one name: `Al-Jazeera`, `U.S.`, `Washington, D.C.`."""


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name found in a text: `text[start:end] == span.text`.

    Attributes:
        canonical: The same string for every spelling and language of the entity, see `canonical`.
        type: What kind of thing it names; `other` where neither the gazetteer nor the context tells.
    """

    start: int
    end: int
    text: str
    canonical: str
    type: NameType


_ENGLISH_WORDS = frozenset({"AS", "IS", "MA", "PAN", "IT", "US"})
"""Acronyms that an English headline in capitals writes for plain words; `US` alone stays, it is rarely meant as one."""
_UNITS = re.compile(r"(?:rp|idr|usd|eur|wib|wita|wit|gmt|utc|vs|km|kg|pm|am)\d*\Z")


def _gap_ok(text: str, left: Token, right: Token) -> bool:
    gap = text[left.end : right.start]
    return "\n" not in gap and bool(_GAP.match(gap)) and gap != ""


def _alias_at(text: str, tokens: Sequence[Token], index: int, language: str | None) -> tuple[Alias, int] | None:
    """The longest alias of the gazetteer that stands at a token, with the number of its tokens."""
    first = tokens[index]
    for alias in gazetteer().by_first.get(first.plain, ()):
        length = len(alias.tokens)
        run = tokens[index : index + length]
        if tuple(token.plain for token in run) != alias.tokens:
            continue
        if any(not _gap_ok(text, left, right) for left, right in pairwise(run)):
            continue
        if not first.capital or any(
            not token.capital and token.plain not in word_list("connectors") and text[token.start - 1] != "-"
            for token in run
        ):
            continue
        if alias.acronym and "." not in alias.surface:
            if first.text != alias.surface or text[first.end : first.end + 1] == "$":
                continue
            if language == "en" and first.text in _ENGLISH_WORDS - {"US"}:
                continue
        if length > 1 and all(len(word) == 1 for word in alias.tokens) and "." not in text[first.end : run[1].start]:
            continue
        return alias, length
    return None


_ABBREVIATION = re.compile(
    r"(?:dr|mr|mrs|ms|prof|st|gen|col|lt|sgt|rep|sen|no|hj?|kh|ir|drs|bpk|jl|kab|kec|tbk|[A-Z])\Z", re.IGNORECASE
)


def _starts_sentence(text: str, tokens: Sequence[Token], index: int) -> bool:
    if index == 0:
        return True
    gap = text[tokens[index - 1].end : tokens[index].start]
    if "\n" in gap:
        return True
    before = tokens[index - 1]
    if gap.strip() == "." and _ABBREVIATION.match(before.text):
        return False
    return any(mark in gap for mark in '.!?:;"“”«•|–—') and not gap.isspace()


def find_names(text: str, language: str | None = None) -> list[NameSpan]:
    """The names in a text, in order, without overlap.

    Names of the gazetteer are found in any of their forms; other names are runs of capitalised words. A single
    unknown word at the start of a sentence counts only if something else shows that it is a name: capital letters
    inside, a verb of saying after it, or the same word capitalised elsewhere in the text. Titles are left out of the
    span, and so are administrative words (`Kabupaten`, `Mount`).

    Args:
        text: In Indonesian or English.
        language: ISO 639-1; narrows what counts as an acronym. None takes both.
    """
    return list(_find_names(text, language))


@lru_cache(maxsize=4096)
def _find_names(text: str, language: str | None) -> tuple[NameSpan, ...]:
    tokens = tokenise(text)
    elsewhere = {
        token.text
        for index, token in enumerate(tokens)
        if token.capital and token.plain not in word_list("common") and not _starts_sentence(text, tokens, index)
    }
    spans: list[NameSpan] = []
    index = 0
    person_next = False
    while index < len(tokens):
        token = tokens[index]
        initial = _starts_sentence(text, tokens, index)
        found = _alias_at(text, tokens, index, language)
        if found and not (
            initial and found[1] == 1 and token.plain in word_list("ambiguous") and not token.text.isupper()
        ):
            alias, length = found
            if not _inside_longer(text, tokens, index, length, alias):
                end = tokens[index + length - 1].end
                end += alias.surface.endswith(".") and text.startswith(".", end)
                spans.append(NameSpan(token.start, end, text[token.start : end], alias.entity.name, alias.entity.type))
                index += length
                continue
        if length := title_at(tokens, index):
            index += length
            person_next = True
            continue
        if not token.capital or (initial and token.plain in word_list("common")) or _no_name(token):
            person_next = person_next and token.plain in word_list("connectors")
            index += 1
            continue
        span, index = _unknown(text, tokens, index, language, initial, elsewhere, person_next)
        if span:
            spans.append(span)
        person_next = False
    return tuple(spans)


def _inside_longer(text: str, tokens: Sequence[Token], index: int, length: int, alias: Alias) -> bool:
    """Whether a place or person of one word is only the first word of an unknown full name (`Chad Smith`)."""
    if alias.entity.type != "person" or length != 1 or index + 1 >= len(tokens):
        return False
    following = tokens[index + 1]
    return (
        following.capital
        and text[tokens[index].end : following.start] == " "
        and not following.text.isupper()
        and following.plain not in word_list("common")
        and following.plain not in gazetteer().by_first
        and not title_at(tokens, index + 1)
    )


def _no_name(token: Token) -> bool:
    return token.text.isdigit() or bool(_UNITS.match(token.plain))


def _unknown(
    text: str,
    tokens: Sequence[Token],
    index: int,
    language: str | None,
    initial: bool,
    elsewhere: set[str],
    person: bool,
) -> tuple[NameSpan | None, int]:
    """The run of capitalised words from `index` on, as a span where it is a name, and the token after it."""
    end = index + 1
    while end < len(tokens) and _gap_ok(text, tokens[end - 1], tokens[end]):
        token = tokens[end]
        gap = text[tokens[end - 1].end : token.start].strip()
        if gap == "," or (gap == "." and (len(tokens[end - 1].text) > 3 or tokens[end - 1].text.isdigit())):
            break
        inner = token.plain in word_list("inner") and end + 1 < len(tokens) and tokens[end + 1].capital
        number = token.text.isdigit() and len(token.text) <= 3 and any(c.isupper() for c in tokens[end - 1].text[1:])
        if not (token.capital or inner or (number and end == index + 1)) or _alias_at(text, tokens, end, language):
            break
        if (title_at(tokens, end) and not inner) or _UNITS.match(token.plain):
            break
        end += 1
    start = index
    # A first word in "-nya" is a noun of its own: "Rinciannya Cugenang 397, ...".
    if initial and (tokens[start].plain in word_list("common") or tokens[start].plain.endswith("nya")):
        start += 1
    before = tokens[start - 1].plain if start else ""
    admin = False
    while start < end - 1 and tokens[start].plain in word_list("admin"):
        admin, start = True, start + 1
    run = tokens[start:end]
    if not run or all(token.plain in word_list("organisations") | word_list("admin") for token in run):
        return None, end
    single = len(run) == 1
    after = tokens[end].plain if end < len(tokens) else ""
    word = run[0]
    if single and (
        len(word.text) < 2
        or word.plain in word_list("common")
        or (
            initial
            and start == index
            and not person
            and word.text not in elsewhere
            and after not in word_list("speech")
            and not any(letter.isupper() for letter in word.text[1:])
        )
    ):
        return None, end
    kind: NameType = "other"
    if any(token.plain in word_list("organisations") for token in run):
        kind = "organisation"
    elif admin or before in word_list("admin"):
        kind = "place"
    elif (
        person or (after in word_list("speech") and not single) or any(token.plain in ("bin", "binti") for token in run)
    ):
        kind = "person"
    elif before in word_list("places_before"):
        kind = "place"
    elif single and is_acronym(word.text):
        kind = "organisation"
    surface = text[word.start : run[-1].end]
    return NameSpan(word.start, run[-1].end, surface, canonical(surface), kind), end


def expand(text: str) -> list[str]:
    """Words that a lexical search should add to a text, so that names meet across spellings and languages.

    For a name that the gazetteer knows: one token of its identity (`nm_united_states`) and the words of its usual
    names in both languages that the text lacks. For any other name: a token for the folded key of each of its words
    (`nm_arakki`). In order of appearance, without repetition; the same text always gives the same list.
    """
    present = set(words_of(text))
    added: dict[str, None] = {}
    for span in find_names(text):
        entity = gazetteer().entities.get(span.canonical)
        if entity is None:
            for word in words_of(span.text):
                if len(word) > 2 and not word.isdigit() and word not in word_list("connectors"):
                    added.setdefault(f"nm_{fold(word)}")
            continue
        added.setdefault("nm_" + "_".join(words_of(entity.name)))
        if entity.type == "person":
            for word in words_of(entity.name):
                added.setdefault(f"nm_{fold(word)}")
        for name in (entity.english[0], entity.indonesian[0]):
            for word in words_of(name):
                if word not in present and word not in word_list("connectors") and len(word) > 1:
                    added.setdefault(word)
    return list(added)
