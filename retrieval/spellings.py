"""When two strings are one name: titles left aside, entities of the gazetteer, and keys of transliterations.

The part of `retrieval.names` that compares; import it from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from retrieval.gazetteer import Entity, Token, gazetteer, is_acronym, tokenise, word_list, words_of


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


def title_at(tokens: Sequence[Token], index: int) -> int:
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
    while index < len(tokens) - 1 and (length := title_at(tokens, index)) and index + length < len(tokens):
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
def fold(word: str) -> str:
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
    return [fold(word) for word in kept or words]


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
    return frozenset(fold(word) for name in lists for word in word_list(name))


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
