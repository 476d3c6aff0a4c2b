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


def word_set(listed: str) -> frozenset[str]:
    """The words of a white-space separated list."""
    return frozenset(listed.split())


_TOKEN = re.compile(
    r"(?:[A-Za-z]\.){2,}"  # U.S.
    r"|(?:Rp|US|S|AU)?[$€£¥]?\d+(?:[.,:/]\d+)*%?(?:[-–]?[^\W_]+)*"  # Rp14,1  $100  13.21  2010-an
    r"|[^\W_]+(?:[-'’.&][^\W_]+)*"  # Al-Qaeda  Apple's  TRIBUNNEWS.COM
    r"|''|``|\S"
)


_COLLIDING = frozenset({"US", "AS", "WHO", "IT", "IS", "OR", "IN", "AN", "MA", "DIA", "SO", "ITU"})
_OPENING = frozenset({"“", "„", "«", "``"})


_CLOSING = frozenset({"”", "»"})


_ABBREVIATED = word_set("sen rep gov gen col capt lt sgt dr mr mrs ms prof st feb jan aug sept oct nov dec no")


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
        """In lower case, save for acronyms that would then be a common word (`US`, `WHO`, `AS`)."""
        return self.text if self.text in _COLLIDING else self.text.lower().replace("’", "'")

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

LONGEST = 200
"""Tokens of the longest sentence that is taken apart. Real ones stay under 150; what is longer is a table or an attack,
and the rules look back and forth in a sentence, so that their time grows faster than its length."""


def tokenise(text: str, start: int = 0, end: int | None = None) -> Tokens:
    """The tokens of `text[start:end]`, with spans into `text`; the dot of `Gov.` or `Feb.` belongs to its word."""
    stop = len(text) if end is None else min(end, len(text))
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text, start, stop):
        spaced = match.end() < stop and text[match.end()].isspace()
        adjacent = bool(tokens) and tokens[-1].end == match.start() and tokens[-1].lower in _ABBREVIATED
        if match.group() == "." and spaced and adjacent:
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
