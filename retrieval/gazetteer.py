"""The gazetteer behind `retrieval.names`: who and what goes by which names (`data/names.toml`), read once."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

NameType = Literal["person", "place", "organisation", "month", "weekday", "other"]

_GROUPS: Mapping[str, NameType] = {
    "country": "place",
    "city": "place",
    "province": "place",
    "region": "place",
    "institution": "organisation",
    "ministry": "organisation",
    "outlet": "organisation",
    "person": "person",
    "month": "month",
    "weekday": "weekday",
}
_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ`](?!s\b)[^\W_]+)*", re.UNICODE)
_APOSTROPHES = re.compile(r"['’ʼ`]")


@dataclass(frozen=True, slots=True)
class Entity:
    """One row of the gazetteer.

    Attributes:
        name: Its first English name, which is its identity.
        group: The table it stands in (`country`, `ministry`, ...).
        english: English names, the usual one first.
        indonesian: Indonesian names, the usual one first; never empty.
        neutral: Acronyms, adjectives and demonyms, in either language.
        within: The country it stands for or is the capital of, empty where none.
    """

    name: str
    group: str
    english: tuple[str, ...]
    indonesian: tuple[str, ...]
    neutral: tuple[str, ...] = ()
    within: str = ""

    @property
    def type(self) -> NameType:
        """The kind of thing it is."""
        return _GROUPS[self.group]

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every name it goes by, without repetition."""
        return tuple(dict.fromkeys((*self.english, *self.indonesian, *self.neutral)))


@dataclass(frozen=True, slots=True)
class Alias:
    """One name of an entity, cut into plain words; an acronym only counts as written (`AS`, not `as`)."""

    tokens: tuple[str, ...]
    surface: str
    entity: Entity
    acronym: bool


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The data file, indexed.

    Attributes:
        by_alias: Plain words of a name to its aliases.
        by_first: First plain word of a name to the aliases that start so, longest first.
        titles: First plain word of a title to the titles that start so, longest first.
        title_names: A title to its English and its Indonesian names.
        given: A spelling of a given name to the one it is folded to.
        related: A capital or a seat of power to its country.
        words: The lists of plain words.
    """

    entities: Mapping[str, Entity]
    by_alias: Mapping[tuple[str, ...], tuple[Alias, ...]]
    by_first: Mapping[str, tuple[Alias, ...]]
    titles: Mapping[str, tuple[tuple[str, ...], ...]]
    title_names: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    given: Mapping[str, str]
    related: Mapping[str, str]
    words: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: `text[start:end]`, and its plain form."""

    start: int
    end: int
    text: str
    plain: str

    @property
    def capital(self) -> bool:
        """Whether it has a capital letter."""
        return self.text != self.text.lower()


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """The text in lower case, without accents and apostrophes.

    Hyphens stay; `Erdoğan` gives `erdogan`, `Ma'ruf` gives `maruf`.
    """
    if text.isascii() and "'" not in text and "`" not in text:
        return text.lower()
    lowered = _APOSTROPHES.sub("", text).replace("ı", "i").replace("ø", "o").replace("ł", "l").lower()
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def tokenise(text: str) -> list[Token]:
    """The words of a text in order; a possessive `'s` is a word of its own."""
    return [Token(m.start(), m.end(), m.group(), plain(m.group())) for m in _TOKEN.finditer(text)]


def words_of(text: str) -> tuple[str, ...]:
    """The plain words of a text in order."""
    return tuple(token.plain for token in tokenise(text))


def _split(cell: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in cell.split(";") if name.strip())


def is_acronym(name: str) -> bool:
    """Whether a name is two to five capitals in one word (`PBB`, `U.S.`)."""
    letters = [letter for letter in name if letter.isalpha()]
    return 1 < len(letters) <= 5 and all(letter.isupper() for letter in letters) and " " not in name


def _rows(table: Sequence[str], group: str) -> Iterator[Entity]:
    for row in table:
        cells = [cell.strip() for cell in row.split("|")]
        english, indonesian = _split(cells[0]), _split(cells[1])
        neutral = _split(cells[2]) if len(cells) > 2 else ()
        yield Entity(english[0], group, english, indonesian or english[:1], neutral)
        if group == "country" and len(cells) > 3 and cells[3]:
            capital = _split(cells[3])
            local = _split(cells[4]) if len(cells) > 4 else ()
            yield Entity(capital[0], "city", capital, local or capital[:1], (), within=english[0])


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer, read on first use."""
    raw = tomllib.loads((resources.files("retrieval") / "data" / "names.toml").read_text(encoding="utf-8"))
    entities: dict[str, Entity] = {}
    by_alias: dict[tuple[str, ...], list[Alias]] = {}
    by_first: dict[str, list[Alias]] = {}
    for group in _GROUPS:
        for entity in _rows(raw[group], group):
            entities[entity.name] = entity
            for surface in entity.aliases:
                alias = Alias(words_of(surface), surface, entity, is_acronym(surface))
                by_alias.setdefault(alias.tokens, []).append(alias)
                by_first.setdefault(alias.tokens[0], []).append(alias)
    titles: dict[str, list[tuple[str, ...]]] = {}
    title_names: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for row in raw["title"]:
        english, indonesian = (_split(cell) for cell in row.split("|"))
        for name in (*english, *indonesian):
            words = words_of(name)
            titles.setdefault(words[0], []).append(words)
            title_names.setdefault(" ".join(words), (english, indonesian))
    related = {entity.name: entity.within for entity in entities.values() if entity.within}
    for row in raw["seat"]:
        seat, country = map(str.strip, row.split("|"))
        related[seat] = country
    return Gazetteer(
        entities=entities,
        by_alias={words: tuple(found) for words, found in by_alias.items()},
        by_first={
            word: tuple(sorted(found, key=lambda alias: (-len(alias.tokens), alias.surface)))
            for word, found in by_first.items()
        },
        titles={word: tuple(sorted(set(found), key=len, reverse=True)) for word, found in titles.items()},
        title_names=title_names,
        given={plain(name): plain(_split(row)[0]) for row in raw["given"] for name in _split(row)},
        related=related,
        words={name: frozenset(words.split()) for name, words in raw["words"].items()},
    )


def word_list(name: str) -> frozenset[str]:
    """One of the lists of plain words in `[words]` of the data file."""
    return gazetteer().words[name]
