"""Tokens of a sentence, and the word lists of `data/*.toml` that the rules ask.

Spans count code points of the article's text, so that whatever a rule finds is a span of the article.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

_TOKEN = re.compile(
    r"(?:[A-Za-z]\.){2,}"  # U.S.
    r"|(?:Rp|US|S|AU)?[$€£¥]?\d+(?:[.,:/]\d+)*%?(?:[-–]?[^\W_]+)*"  # Rp14,1  $100  13.21  2010-an
    r"|[^\W_]+(?:[-'’.&][^\W_]+)*"  # Al-Qaeda  Apple's  TRIBUNNEWS.COM
    r"|''|``|\S"
)
_OPENING = frozenset({"“", "„", "«", "``"})
_CLOSING = frozenset({"”", "»"})
_ABBREVIATED = frozenset("sen rep gov gen col capt lt sgt dr mr mrs ms prof st feb jan aug sept oct nov dec no".split())


class Lexicon:
    """The word lists, looked up as `lexicon().has("cues.speech.id_active", words)`."""

    def __init__(self) -> None:
        self._tables: dict[str, Any] = {}
        for name in ("cues", "outlets", "boilerplate", "names", "verbs"):
            text = resources.files("checker.claims").joinpath("data", f"{name}.toml").read_text("utf-8")
            self._tables[name] = tomllib.loads(text)
        self._sets: dict[str, frozenset[str]] = {}
        self._longest: dict[str, int] = {}

    def raw(self, path: str) -> Any:
        """The value at a dotted path, as the file holds it."""
        value: Any = self._tables
        for part in path.split("."):
            value = value[part]
        return value

    def words(self, path: str) -> frozenset[str]:
        """The list at a dotted path; phrases with their spaces."""
        found = self._sets.get(path)
        if found is None:
            value = self.raw(path)
            lists = value.values() if isinstance(value, dict) else [value]
            found = frozenset(word.replace("_", " ") for listed in lists for word in listed.split())
            self._sets[path] = found
            self._longest[path] = max((word.count(" ") + 1 for word in found), default=1)
        return found

    def match(self, path: str, tokens: Sequence[Token], index: int) -> int:
        """How many tokens from `index` on are the longest phrase of the list that begins there; 0 if none."""
        listed = self.words(path)
        for length in range(min(self._longest[path], len(tokens) - index), 0, -1):
            if " ".join(token.base for token in tokens[index : index + length]) in listed:
                return length
        return 0

    def anywhere(self, path: str, tokens: Sequence[Token]) -> int:
        """Index of the first phrase of the list among the tokens; -1 if there is none."""
        return next((i for i in range(len(tokens)) if self.match(path, tokens, i)), -1)


@cache
def lexicon() -> Lexicon:
    """The word lists, read once."""
    return Lexicon()


@dataclass(frozen=True)
class Token:
    """A word, number or mark of the article: `article.text[start:end] == text`."""

    text: str
    start: int
    end: int
    side: str = ""
    """Of a quotation mark: `open` or `close`, by its shape or by the space around it; empty for anything else."""

    @cached_property
    def lower(self) -> str:
        """In lower case."""
        return self.text.lower().replace("’", "'")

    @cached_property
    def base(self) -> str:
        """In lower case, without an English possessive."""
        return self.lower[:-2] if self.lower.endswith("'s") and self.lower not in {"it's", "let's"} else self.lower

    @property
    def possessive(self) -> bool:
        """Whether it carries an English possessive."""
        return self.lower.endswith("'s")

    @property
    def is_word(self) -> bool:
        """Letters or digits, not punctuation."""
        return self.text[0].isalnum()

    @property
    def is_capital(self) -> bool:
        """Begins as a name does (`iPhone` does)."""
        return self.text[0].isupper() or (self.text[0].islower() and any(char.isupper() for char in self.text[1:3]))

    @property
    def is_number(self) -> bool:
        """Holds a digit."""
        return any(char.isdigit() for char in self.text)

    @property
    def is_acronym(self) -> bool:
        """Two capitals or more and nothing else (`KPK`, `U.S.`)."""
        letters = [char for char in self.text if char.isalpha()]
        return len(letters) >= 2 and all(char.isupper() for char in letters) and not self.is_number

    @property
    def is_quote(self) -> bool:
        """A mark that opens or closes a quotation, not an apostrophe."""
        return bool(self.side)

    @property
    def closing(self) -> bool:
        """A quotation mark that ends a quotation."""
        return self.side == "close"


Tokens = tuple[Token, ...]


def tokenise(text: str, start: int = 0, end: int | None = None) -> Tokens:
    """The tokens of `text[start:end]`, with spans into `text`; the dot of `Gov.` or `Feb.` belongs to its word."""
    stop = len(text) if end is None else end
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text, start, stop):
        if match.group() == "." and tokens and tokens[-1].end == match.start() and tokens[-1].lower in _ABBREVIATED:
            if match.end() < stop and text[match.end()].isspace():
                previous = tokens.pop()
                tokens.append(Token(previous.text + ".", previous.start, match.end()))
                continue
        tokens.append(Token(match.group(), match.start(), match.end(), _side(text, match.group(), match.start(), stop)))
    return tuple(tokens)


def _side(text: str, mark: str, start: int, stop: int) -> str:
    """Which side of a quotation a mark is on; empty for an apostrophe and for anything that is no quotation mark.

    A single mark counts only where it stands as one: closing after a comma or full stop, opening before a word with
    such a close to come in the same stretch.
    """
    if mark in _OPENING:
        return "open"
    if mark in _CLOSING:
        return "close"
    before = text[start - 1] if start else " "
    if mark in {'"', "''"}:
        return "open" if before.isspace() or before in "([—–-" else "close"
    if mark in "'’" and before in ",.!?…":
        return "close"
    after = text[start + 1 : start + 2]
    if (
        mark in "'‘"
        and (before.isspace() or before in "([—–")
        and after.isalpha()
        and _SINGLE_CLOSE.search(text, start + 2, stop)
    ):
        return "open"
    return ""


_SINGLE_CLOSE = re.compile(r"[,.!?…]['’](?!\w)")


def is_verb(token: Token, language: str, tokens: Sequence[Token] = (), index: int = 0) -> bool:
    """Whether the token can be the verb of a clause: by form, without a dictionary.

    Args:
        token: The token asked about.
        language: `id` or `en`.
        tokens: The sentence it stands in; with `index`, it tells "the planned talks" from "they planned".
        index: Where it stands.
    """
    word = token.base
    if not token.text[0].isalpha() or (token.is_capital and index > 0):
        return False
    if language == "id":
        return _is_indonesian_verb(word)
    words = lexicon()
    if word in words.words("verbs.en.auxiliaries"):
        return True
    before = tokens[index - 1].base if index > 0 and tokens else ""
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if before in _DETERMINERS:
        return False
    if word in words.words("verbs.en.forms") or word in words.words("cues.speech.en"):
        # "plans", "report" are as often nouns: after a preposition or an adjective-like word they are no verbs.
        noun_like = word in _ALSO_NOUNS and (
            before in _PREPOSITIONS or before.endswith(("al", "ic", "ive", "ous", "ary"))
        )
        return not (noun_like or before == "to" and word not in {"said"})
    if word.endswith("ed") and len(word) > 4 and word not in words.words("verbs.en.not_verbs"):
        attributive = before in _PREPOSITIONS and after is not None and after.text[0].isalpha() and not after.is_capital
        return not attributive
    return False


_DETERMINERS = frozenset("the a an this that these those its his her their our my your of no any some".split()) - {
    "that",
    "this",
    "no",
}
_PREPOSITIONS = frozenset("of in on at by for from with to under over about after before between among into".split())
_ALSO_NOUNS = frozenset(
    """
    plans plan works work calls call needs need costs cost falls fall rises rise runs run stands stand lives live means
    offers offer serves uses use helps help supports support shows show holds hold leads lead faces face comments
    comment reports report claims claim states state notes note posts post opens closes close ends end starts start
    stops stop turns turn stays stay sets set puts put cut hit read spread shut let wins win loses backs bans ban
    measures measure ranks rank lists list reads draws promises promise estimates estimate bid left felt found saw
    covers cover produces produce provides matters hopes hope fears fear thought set split
    """.split()
)

_ID_PREFIXED = re.compile(r"(?:mem|men|meng|meny|me|memper|diper|di|ber|bel|ter)[a-z][a-z'-]{2,}$")
_ID_NOMINAL = re.compile(r"(?:.*-.*|.*(?:isme|isasi|tas|sionis|ologi))$")


@cache
def _is_indonesian_verb(word: str) -> bool:
    listed = lexicon()
    if word in listed.words("verbs.id.not_verbs"):
        return False
    if word in listed.words("verbs.id.predicates"):
        return True
    return bool(_ID_PREFIXED.match(word)) and not _ID_NOMINAL.match(word)
