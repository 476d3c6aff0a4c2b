"""The names of an article: where they stand, which of them are one, and their fullest form."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from checker.claims.words import Token, Tokens, lexicon, tokenise, word_set
from checker.head import is_outlet
from retrieval.names import NameSpan, canonical, find_names, lookup, same_name

_ACRONYM = re.compile(r"\(([^\W\d_][\w.-]{1,12})\)")
_NAMED = frozenset({"bernama", "named", "called", "almarhum", "almarhumah", "bin"})
_CALENDAR = frozenset({"month", "weekday"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at a place in the text: `text[start:end] == name`.

    Attributes:
        sort: `person`, `place`, `organisation`, `outlet` or `other`.
    """

    name: str
    start: int
    end: int
    sort: str
    canonical: str


class Mentions:
    """The names of a text from `begin` on, less those in spans to `skip` (links, boilerplate)."""

    def __init__(self, text: str, language: str, begin: int = 0, skip: Sequence[tuple[int, int]] = ()) -> None:
        self.text = text
        self.language = language
        self.acronyms: dict[str, str] = {}
        spans = find_names(text[begin:], language)
        found = (self._mention(span, begin) for span in spans if span.type not in _CALENDAR)
        skipped = sorted(skip)
        opened = [start for start, _ in skipped]
        kept = [m for m in found if not _inside(m.start, opened, skipped)]
        self.all = tuple(_without_openers(text, list(_joined(text, kept))))
        self._starts = [mention.start for mention in self.all]
        self._names: dict[tuple[str, str], Mention] = {}
        for mention in self.all:
            self._names.setdefault((mention.name, mention.sort), mention)
        self._by_word: dict[str, list[Mention]] = {}
        for mention in self._names.values():
            for word in {word.lower() for word in mention.name.split()}:
                self._by_word.setdefault(word, []).append(mention)
        self._read_acronyms(begin)
        self._fullest: dict[str, str] = {}
        self._persons: dict[tuple[str, str], bool] = {}

    def _mention(self, span: NameSpan, begin: int) -> Mention:
        sort: str = span.type
        if is_outlet(span.text):
            sort = "outlet"
        elif sort == "other" and self._introduced(span.start + begin, span.end + begin):
            sort = "person"
        elif sort == "person" and span.text.lower() in lexicon().words("names.places.cities"):
            sort = "place"  # "Kapolres Metro Depok": what follows a title is not always a person
        elif sort == "other" and span.text.lower() in lexicon().words("names.organisations.acronyms"):
            sort = "organisation"
        return Mention(span.text, span.start + begin, span.end + begin, sort, span.canonical)

    def _introduced(self, start: int, end: int) -> bool:
        """Whether a name is a person's by its neighbours: a role before it, a verb of saying beside it."""
        name = self.text[start:end]
        words = lexicon()
        if any(char.isdigit() for char in name) or _is_body(name):
            return False
        before = [token.base for token in tokenise(self.text, max(0, start - 40), start) if token.is_word][-1:]
        after = [token.base for token in tokenise(self.text, end, end + 30)][:1]
        if before and before[0] in _roles() | _NAMED:
            return True
        # "Pengamat transportasi Djoko Setijowarno": a role with its field in small letters.
        near = tokenise(self.text, max(0, start - 60), start)[-3:]
        held = next((i for i, token in enumerate(near) if token.base in _roles()), None)
        plain = held is not None and all(t.is_word and t.text.islower() for t in near[held + 1 :])
        if plain and len(name.split()) > 1:
            return True
        speech = (
            words.words("cues.speech.id_active") | words.words("cues.speech.en") | words.words("cues.speech.en_opinion")
        )
        if len(name.split()) > 1 and after and after[0] in speech:
            return True
        said = words.words("cues.speech.id_post") | {"said", "says"}
        return bool(before) and before[0] in said and len(name.split()) > 1

    def _read_acronyms(self, begin: int) -> None:
        """`Komisi Pemberantasan Korupsi (KPK)`: the words before whose initials the acronym takes."""
        for match in _ACRONYM.finditer(self.text, begin):
            letters = [char.lower() for char in match.group(1) if char.isalpha()]
            before = self.text[max(0, match.start() - 160) : match.start()].rstrip()
            mention = next(
                (m for m in self.within(match.start() - 160, match.start()) if m.end == match.start() - 1), None
            )
            words = [token for token in tokenise(before) if token.is_word]
            capital = [token for token in words if token.is_capital]
            picked = capital[-len(letters) :]
            if len(picked) == len(letters) and [t.lower[0] for t in picked] == letters:
                self.acronyms[match.group(1)] = before[picked[0].start :]
            elif mention is not None:
                self.acronyms[match.group(1)] = mention.name

    def within(self, start: int, end: int) -> tuple[Mention, ...]:
        """The mentions between two positions, in order."""
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end)
        return tuple(mention for mention in self.all[first:last] if mention.end <= end)

    def at(self, position: int) -> Mention | None:
        """The mention that covers a position, if one does."""
        index = bisect_left(self._starts, position + 1) - 1
        if index >= 0 and self.all[index].start <= position < self.all[index].end:
            return self.all[index]
        return None

    def _alike(self, name: str) -> Iterator[Mention]:
        """The mentions that may be the same name, each name once, in order.

        All of them in an article; in a text that names hundreds, those that share a word, so that the time does not
        grow with the square of its length.
        """
        if len(self._names) <= _MANY:
            yield from self._names.values()
            return
        found = {m.start: m for word in name.split() for m in self._by_word.get(word.lower(), ())}
        yield from (found[start] for start in sorted(found))

    def full(self, name: str) -> str:
        """The fullest form in which the article names the same person or body.

        An acronym that the article spells out gives what it stands for; spellings meet (`Araghchi`, `Abbas Araqchi`).
        """
        known = self._fullest.get(name)
        if known is None:
            known = self._fullest[name] = self._full(name)
        return known

    def _full(self, name: str) -> str:
        spelled = self.acronyms.get(name.strip("()"))
        if spelled:
            return spelled
        best = name
        for mention in self._alike(name):
            if mention.sort in ("place", "outlet"):
                continue
            longer = len(mention.name.split()) > len(best.split())
            if longer and len(mention.name.split()) <= 6 and _same(name, mention):
                best = mention.name
        return best

    def names_person(self, name: str) -> bool:
        """Whether exactly this name is a person's."""
        return any(m.name == name and self.is_person(m) for m in self._alike(name))

    def holds_name(self, phrase: str) -> bool:
        """Whether a name of the article stands in the phrase."""
        words = (word.strip("(),.") for word in phrase.split())
        return any(m.name in phrase for word in words for m in self._by_word.get(word.lower(), ()))

    def spellings(self, name: str) -> tuple[str, ...]:
        """Every form in which the article names it, each once, in order."""
        alike = self._alike(name)
        return tuple(dict.fromkeys(m.name for m in alike if m.sort != "place" and (m.name == name or _same(name, m))))

    def persons_between(self, start: int, end: int) -> tuple[Mention, ...]:
        """The persons named between two positions."""
        return tuple(m for m in self.within(start, end) if self.is_person(m))

    def is_person(self, mention: Mention) -> bool:
        """Whether the mention is of a person, by itself or by a fuller mention elsewhere."""
        key = (mention.name, mention.sort)
        if key not in self._persons:
            self._persons[key] = self._is_person(mention)
        return self._persons[key]

    def _is_person(self, mention: Mention) -> bool:
        if mention.sort == "person":
            return True
        if mention.sort in ("place", "outlet"):
            return False
        spelled = self.acronyms.get(mention.name)
        if spelled and (mention.sort != "organisation" or _looks_like_person(spelled)):
            return _looks_like_person(spelled) and lookup(spelled) is None and not _is_body(spelled)
        if mention.sort == "organisation":
            return False
        return any(
            m.sort == "person" and m.name != mention.name and _same(mention.name, m) for m in self._alike(mention.name)
        )


_MANY = 300
"""Different names up to which every one is compared with every other; articles have under 100."""


def _inside(position: int, opened: Sequence[int], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a position lies in one of the spans, which begin at `opened` and do not overlap."""
    index = bisect_right(opened, position) - 1
    return index >= 0 and position < spans[index][1]


# A word in the middle of a name that is also a title: `Indah Putri Indriani`.
_MIDDLE_TITLE = re.compile(r"(?<!\w)([A-Z][a-z]+) (?:Putri|Putra|Ratu|Raja|Sultan|Pangeran|Bin|Binti) $")


def _roles() -> frozenset[str]:
    return lexicon().words("names.roles.id") | lexicon().words("names.roles.en")


def _without_openers(text: str, mentions: list[Mention]) -> Iterator[Mention]:
    """Mentions without a common word that only its place at the start of a sentence has made a capital.

    `Pesaing Garuda` where `Garuda` is named elsewhere.
    """
    names = {mention.name for mention in mentions}
    for mention in mentions:
        first, _, rest = mention.name.partition(" ")
        before = text[: mention.start].rstrip(' "“')[-1:]
        if rest in names and before in {"", ".", "!", "?", "\n"} and mention.sort in ("other", "person"):
            start = mention.end - len(rest)
            known = next(m for m in mentions if m.name == rest)
            yield Mention(rest, start, mention.end, known.sort, known.canonical)
        else:
            yield mention
        del first


def _joined(text: str, mentions: list[Mention]) -> Iterator[Mention]:
    """Mentions with an adjective of origin joined to the body it belongs to: `European` + `Space Agency`."""
    index = 0
    while index < len(mentions):
        mention = mentions[index]
        following = mentions[index + 1] if index + 1 < len(mentions) else None
        cut = _MIDDLE_TITLE.search(text[max(0, mention.start - 40) : mention.start])
        if cut is not None and mention.sort in ("person", "other") and cut.group(1).lower() not in _roles():
            start = max(0, mention.start - 40) + cut.start(1)
            name = text[start : mention.end]
            yield Mention(name, start, mention.end, "person", canonical(name))
            index += 1
            continue
        if (
            following is not None
            and mention.sort == "place"
            and " " not in mention.name
            and (
                mention.name.endswith(("an", "ese", "ish", "ch"))
                or mention.name in {"US", "U.S.", "UK", "U.K.", "EU", "UN"}
            )
            and text[mention.end : following.start] == " "
            and _is_body(following.name)
        ):
            name = text[mention.start : following.end]
            yield Mention(name, mention.start, following.end, "organisation", canonical(name))
            index += 2
            continue
        yield from _parted(text, mention)
        index += 1


_PLACED = word_set(
    """
    bupati gubernur camat lurah kades kapolres kapolsek kapolda kapolresta kajari dandim walikota kota wabup wagub
    """
)
"""Offices that are held somewhere: the place stands between the office and the name."""


def _parted(text: str, mention: Mention) -> Iterator[Mention]:
    """A run of capitals after a role, parted into what belongs to the role and the name of who holds it.

    `Bupati [Lumajang] Retno Palupi`, `Dirjen [Perhubungan] Maria Kristi`, `Kepala [Dinas Pasar] Rini Astuti`: to the
    role belong listed places, fields and ranks, the word that a body's kind asks for, and the unknown place of
    an office that is held somewhere, where the name is long enough to spare it.
    """
    words = [token for token in tokenise(text, mention.start, mention.end) if token.is_word]
    before = [token for token in tokenise(text, max(0, mention.start - 60), mention.start) if token.is_word]
    known = mention.sort in ("place", "outlet") or lookup(mention.name) is not None or not words[-1].text.isalpha()
    held = bool(before) and (_role_word(before[-1]) or before[-1].lower in _roles())
    held = held or (bool(words) and _role_word(words[0]) and any(token.lower in _roles() for token in before[-8:]))
    if known or len(words) < 2 or not held:
        yield mention
        return
    cut = 0
    complement = False
    while cut < len(words) - 1:
        token = words[cut]
        if token.lower in lexicon().words("names.organisations.words"):
            complement = True
        elif (complement and not _role_word(token)) or _role_word(token) or (cut == 0 and _is_place(token)):
            complement = False
        else:
            break
        cut += 1
    if cut == 0 and before[-1].lower in _PLACED and len(words) >= 3:
        cut = 1
    rest = words[cut:]
    closed = _role_word(rest[-1]) or _is_place(rest[-1])
    if cut == 0 or closed or (mention.sort == "organisation" and len(rest) not in (2, 3)):
        yield mention
        return
    if mention.sort == "organisation":
        body = text[mention.start : words[cut - 1].end]
        yield Mention(body, mention.start, words[cut - 1].end, "organisation", canonical(body))
    name = text[rest[0].start : mention.end]
    yield Mention(name, rest[0].start, mention.end, "person", canonical(name))


def _role_word(token: Token) -> bool:
    """Whether a word names a field, a rank or a body rather than somebody."""
    words = lexicon().words
    return (
        token.is_acronym
        or token.is_number
        or token.lower in _fields()
        or token.lower in words("names.roles.id")
        or token.lower in words("names.organisations.words")
    )


def _is_place(token: Token) -> bool:
    words = lexicon().words
    return token.lower in words("names.places.cities") | words("names.places.countries")


@cache
def _fields() -> frozenset[str]:
    """The words of the fields of office, each on its own."""
    return frozenset(word for phrase in lexicon().words("names.roles.fields") for word in phrase.split())


def _same(name: str, mention: Mention) -> bool:
    if mention.sort == "organisation" and not _acronym_like(name):
        return mention.name == name
    return same_name(name, mention.name)


def _acronym_like(name: str) -> bool:
    return name.isupper() and " " not in name


def _is_body(name: str) -> bool:
    """Whether a word of the name is one that bodies carry (`Komisi`, `Ministry`)."""
    words = lexicon().words("names.organisations.words")
    return any(word.lower() in words for word in name.split())


def _looks_like_person(name: str) -> bool:
    """Two to five capitalised words without digits, none of which bodies, places or the calendar use."""
    words = name.split()
    if not 2 <= len(words) <= 5 or any(char.isdigit() for char in name) or _is_body(name):
        return False
    tokens = tokenise(name)
    places = lexicon()
    if any(places.match("names.places", tokens, i) for i in range(len(tokens)) if not tokens[i].is_acronym):
        return False
    return all(word[0].isupper() and not (len(word) > 3 and word.isupper()) for word in words)


def ends_with_mention(tokens: Tokens, mentions: Sequence[Mention]) -> Mention | None:
    """The mention with which a phrase ends."""
    return next((m for m in mentions if tokens and m.end == tokens[-1].end), None)
