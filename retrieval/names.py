"""Names across spellings and languages, so that matching never depends on one of either.

`AS`, `Amerika Serikat`, `U.S.` and `United States` are one name; so are `Araqchi` and `Araghchi`. What the gazetteer
(`data/names.toml`, written for Saring) knows is compared by entity: Iran is never Irak, however close the letters. What
it does not know is compared by a key that folds the usual transliterations, with a small tolerance for slips that is
closed where it would join different people (`Susanto`, `Susanti`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from retrieval.gazetteer import Alias, Entity, NameType, Token, gazetteer, is_acronym, tokenise, word_list, words_of

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


def entities() -> Mapping[str, Entity]:
    """Every entity of the gazetteer by its canonical name."""
    return gazetteer().entities


@lru_cache(maxsize=4096)
def lookup(name: str) -> Entity | None:
    """The gazetteer's entity of exactly this name, titles left aside; None where it knows none.

    An acronym only counts as written (`AS` is the United States, `as` is not).
    """
    for candidate in (name, strip_titles(name)):
        for alias in gazetteer().by_alias.get(words_of(candidate), ()):
            if not alias.acronym or alias.surface in (candidate.strip(), candidate.strip().rstrip(".")):
                return alias.entity
    return None


def related(first: str, second: str) -> bool:
    """Whether one name can stand for the other: a capital or a seat of power and its country (Moscow, Kremlin, Russia).

    True for two names of the same entity as well.
    """
    one, other = lookup(first), lookup(second)
    if one is None or other is None:
        return same_name(first, second)
    standing = gazetteer().related
    return standing.get(one.name, one.name) == standing.get(other.name, other.name)


def _title_at(tokens: Sequence[Token], index: int) -> int:
    """How many tokens from `index` on make a title, 0 where none."""
    for words in gazetteer().titles.get(tokens[index].plain, ()):
        if len(words) <= len(tokens) - index and all(
            tokens[index + step].plain == word for step, word in enumerate(words)
        ):
            return len(words)
    return 0


_POSSESSIVE = re.compile(r"['’]s?\Z")


def strip_titles(name: str) -> str:
    """The name without what goes before it (`Presiden AS Donald Trump` keeps `AS Donald Trump`).

    A possessive `'s` goes too. A name that is nothing but a title stays as it is.
    """
    name = _POSSESSIVE.sub("", name.strip())
    tokens = tokenise(name)
    index = 0
    while index < len(tokens) - 1 and (length := _title_at(tokens, index)) and index + length < len(tokens):
        index += length
    return name[tokens[index].start :].strip() if tokens and index else name.strip()


_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"oe", "u"),  # Soeharto, Suharto
        (r"tj|tch|ch|q|gh|kh|ck|c", "k"),  # Araghchi, Araqchi, Arakchi; Tjahja, Cahya; Chandra, Candra
        (r"dj|dz", "j"),
        (r"sch|sj|sy|sh", "s"),
        (r"x", "ks"),
        (r"ph|v|w", "f"),
        (r"z", "s"),
        (r"dh", "d"),
        (r"th", "t"),
        (r"bh", "b"),
        (r"[yej]", "i"),  # Zelensky, Zelenskiy, Zelenskyy; Sergei, Sergey
        (r"o", "u"),
        (r"(?<=[aiu])h\Z", ""),  # Abdullah, Abdulla
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(maxsize=16384)
def _fold(word: str) -> str:
    """The key of one plain word: transliterations folded, doubled letters made one."""
    word = gazetteer().given.get(word, word)
    for pattern, replacement in _FOLDS:
        word = pattern.sub(replacement, word)
    return word


def _keys(name: str) -> list[str]:
    """The folded words of an unknown name, articles and administrative words left out."""
    words = [word for part in tokenise(strip_titles(name)) for word in part.plain.split("-")]
    kept = [word for word in words if word not in ("al", "el", "bin", "ibn", "binti", "the")]
    while len(kept) > 1 and kept[0] in word_list("admin"):
        kept = kept[1:]
    return [_fold(word) for word in kept or words]


def canonical(name: str) -> str:
    """One string for every spelling and language of a name.

    Returns:
        The entity's first English name where the gazetteer knows it (`Gedung Putih` gives `White House`); else the
        folded key of its words (`Abas Soeroto` and `Abbas Suroto` give the same). For comparing, not for showing.
    """
    entity = lookup(name)
    return entity.name if entity else " ".join(_keys(name))


def translate(name: str, to: str) -> str | None:
    """The usual name of the entity, month, weekday or title in another language.

    Args:
        name: In any spelling that the gazetteer knows.
        to: `en` or `id`.

    Returns:
        The name, or None where the gazetteer does not know it.
    """
    entity = lookup(name)
    if entity:
        return (entity.english if to == "en" else entity.indonesian)[0]
    found = gazetteer().title_names.get(" ".join(words_of(name)))
    if found is None:
        return None
    word = (found[0] if to == "en" else found[1])[0]
    return word[:1].upper() + word[1:] if name[:1].isupper() else word


_VOWELS = re.compile(r"[aiu]")


def _one_step(first: str, second: str) -> bool:
    """Whether one letter more, one letter less, or two neighbours swapped lead from one to the other."""
    if len(first) == len(second):
        wrong = [index for index, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]]
        return (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and first[wrong[0]] == second[wrong[1]]
            and first[wrong[1]] == second[wrong[0]]
        )
    longer, shorter = (first, second) if len(first) > len(second) else (second, first)
    return len(longer) == len(shorter) + 1 and any(
        longer[:index] + longer[index + 1 :] == shorter for index in range(len(longer))
    )


def _close(first: str, second: str) -> bool:
    """Whether two folded words are one name's: equal, or a slip apart.

    The tolerance is for long words only, keeps first and last letter (`Susanto`, `Susanti`) and never trades one
    consonant for another (`Wahyuni`, `Wahyudi`).
    """
    if first == second:
        return True
    if first[:1] == second[:1] and first[-1:] == second[-1:]:
        shortest = min(len(first), len(second))
        if shortest >= 7 and _VOWELS.sub("", first) == _VOWELS.sub("", second):
            if len(first) == len(second):
                return sum(one != other for one, other in zip(first, second, strict=True)) == 1
            return _one_step(first, second)
        return shortest >= 8 and _one_step(first, second)
    return {first[:1], second[:1]} == {"k", "h"} and len(first) >= 5 and first[1:] == second[1:]  # Khatami, Hatami


def _match_words(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two folded names agree: word by word, or the shorter one inside the longer one in its order."""
    shorter, longer = sorted((first, second), key=len)
    if not shorter:
        return False
    if len(shorter) == len(longer):
        return all(
            _close(one, other) or (min(len(one), len(other)) == 1 and len(longer) > 1 and one[0] == other[0])
            for one, other in zip(shorter, longer, strict=True)
        )
    position, matched = 0, []
    for word in shorter:
        while position < len(longer) and not _close(word, longer[position]):
            position += 1
        if position == len(longer):
            return False
        matched.append(position)
        position += 1
    extra = [word for index, word in enumerate(longer) if index not in matched]
    if any(word in _folded("directions") for word in extra):
        return False
    if len(shorter) == 1:
        word = shorter[0]
        return (
            len(word) >= 3
            and word not in _folded("organisations", "admin", "directions")
            and matched[0] in (0, len(longer) - 1)
        )
    return True


@cache
def _folded(*lists: str) -> frozenset[str]:
    return frozenset(_fold(word) for name in lists for word in word_list(name))


@lru_cache(maxsize=65536)
def same_name(first: str, second: str) -> bool:
    """Whether two strings name the same person, place or organisation, as far as the names alone tell.

    A part of a full name counts (`Putin`, `Vladimir Putin`; `Ridwan`, `Ridwan Kamil`); titles do not matter. Two
    entities of the gazetteer are the same only if they are one: a capital is not its country (see `related`).
    """
    one, other = lookup(first), lookup(second)
    if one and other:
        return one is other
    if one or other:
        entity, name = (one, second) if one else (other, first)
        assert entity is not None
        words = _keys(name)
        for alias in entity.aliases:
            keys = _keys(alias)
            if len(keys) == len(words) and not is_acronym(alias) and all(map(_close, keys, words)):
                return True
        if entity.type != "person":
            return False
        full = _keys(entity.name)
        return _match_words(full, words) if len(words) > 1 else len(words[0]) >= 5 and _close(words[0], full[0])
    return _match_words(_keys(first), _keys(second))


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
        if length := _title_at(tokens, index):
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
    return spans


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
        and not _title_at(tokens, index + 1)
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
        if (_title_at(tokens, end) and not inner) or _UNITS.match(token.plain):
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
                    added.setdefault(f"nm_{_fold(word)}")
            continue
        added.setdefault("nm_" + "_".join(words_of(entity.name)))
        if entity.type == "person":
            for word in words_of(entity.name):
                added.setdefault(f"nm_{_fold(word)}")
        for name in (entity.english[0], entity.indonesian[0]):
            for word in words_of(name):
                if word not in present and word not in word_list("connectors") and len(word) > 1:
                    added.setdefault(word)
    return list(added)
