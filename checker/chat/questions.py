"""What a sentence asks: a yes/no question becomes the claim it asks about, a wh-question is told by its kind.

Rules, not a model: what was asked must come out the same way every time, and the claim as understood is shown with
every answer, so that a misreading is seen at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from checker.chat.english import opens_question, statement
from checker.chat.tidy import capitals, formal, sentence

Asks = Literal["who", "when", "where", "how_many", "what", "why", "how"]
Form = Literal["question", "statement", "wh"]


@dataclass(frozen=True, slots=True)
class Question:
    """One sentence as it was understood.

    Attributes:
        form: A yes/no question, a plain statement, or a question that wants more than yes or no.
        claim: What is to be checked; empty for `wh`.
        asks: What a `wh` question wants.
        query: What to look for to answer a `wh` question.
    """

    form: Form
    claim: str = ""
    asks: Asks | None = None
    query: str = ""


# "Sudahkah Iran menutup Selat Hormuz?": the word goes back behind the subject.
_MOVED = {
    "sudahkah": "sudah", "telahkah": "telah", "akankah": "akan", "bisakah": "bisa", "dapatkah": "dapat",
    "pernahkah": "pernah", "masihkah": "masih", "haruskah": "harus", "perlukah": "perlu", "belumkah": "belum",
}  # fmt: skip

_DATA: Mapping[str, Any] = tomllib.loads(
    (resources.files("checker.chat") / "data" / "questions.toml").read_text(encoding="utf-8")
)


def read(text: str, language: str) -> Question:
    """What one sentence asks.

    Args:
        text: As `tidy` made it, not empty.
        language: `id` or `en`.
    """
    text = capitals(text)
    marked = text.endswith("?")
    for pattern in _DATA["tell"]:
        if told := _start(pattern).fullmatch(text.rstrip("?!. ")):
            return Question("wh", asks="what", query=sentence(told["about"]))
    body, asked = peel(text, language)
    asked = asked or marked
    bare = body.rstrip("?!. \n")
    if not bare:
        return Question("statement")
    # "Menurut Peskov, apakah Putin diberi tahu": whose word it is goes before what is asked.
    frame, rest = _framed(bare)
    if (asks := wants(rest, language, marked=marked)) is not None:
        return Question("wh", asks=asks, query=formal(bare) if language == "id" else bare)
    if frame:
        rest, again = peel(rest + ("?" if marked else ""), language)
        rest, asked = rest.rstrip("?!. "), asked or again
    if opens_question(rest.split()) and (language == "en" or frame):
        return Question("question", sentence(frame + statement(rest.split())))
    if language == "id":
        rest, moved = _moved(_yes_no_apa(formal(rest)))
        asked = asked or moved
    return Question("question" if asked else "statement", sentence(frame + rest))


def peel(text: str, language: str) -> tuple[str, bool]:
    """A sentence without what only makes a question of it, and whether anything did."""
    asked = False
    rows = _DATA["peel"]
    # Chat mixes languages: both sets are tried, the sentence's own first.
    keys = ("openers_id", "openers_en") if language == "id" else ("openers_en", "openers_id")
    while True:
        before = text
        for pattern in (*rows[keys[0]], *rows[keys[1]]):
            if (found := _start(pattern).match(text)) and text[found.end() :].strip(" ?!.,"):
                text = text[found.end() :].lstrip(" ,:–—-")
                asked = True
        for pattern in rows["closers"]:
            if (found := _end(pattern).search(text)) and text[: found.start()].strip(" ?!.,"):
                text = text[: found.start()]
                asked = True
        if text == before:
            return text.strip(), asked


def wants(bare: str, language: str, *, marked: bool) -> Asks | None:
    """What a wh-question wants; None for any other sentence.

    Args:
        bare: The sentence without its final mark.
        language: `id` or `en`.
        marked: It ends with a question mark, so that a question word inside counts ("Trump menyerang kapan?").
    """
    rows: list[dict[str, Any]] = _DATA[f"wh_{language}"]
    if not marked and _start(_DATA["no_question"]).match(bare):
        return None
    for row in rows:
        if _start(rf"(?:and\s+|dan\s+|lalu\s+|terus\s+|jadi\s+|yang\s+)?(?:{row['pattern']})\b").match(bare):
            return _asks(row)
    if marked:
        for row in rows:
            if row.get("inside") and _start(rf".*?\b(?:{row['pattern']})\b").match(bare):
                return _asks(row)
    return None


def _asks(row: Mapping[str, Any]) -> Asks:
    found: Asks = row["asks"]
    return found


def _framed(bare: str) -> tuple[str, str]:
    """A sentence as whose word it is, and the rest."""
    found = _start(_DATA["frame"]).match(bare)
    return (found["who"] + " ", bare[found.end() :]) if found else ("", bare)


def _yes_no_apa(text: str) -> str:
    """What is asked with "apa" for "apakah": "Apa Iran sudah ..."."""
    found = _start(_DATA["yes_no_apa"]).match(text)
    return text[found.end() :] if found else text


def _moved(text: str) -> tuple[str, bool]:
    first, _, rest = text.partition(" ")
    word = first.lower()
    if word == "adakah":
        return f"ada {rest}", True
    if word not in _MOVED or not rest:
        return text, False
    from checker.claims.predicates import main_verb
    from checker.claims.words import tokenise

    tokens = tokenise(rest, 0, len(rest))
    at = main_verb(tokens, "id")
    if at is None or at == 0:
        return f"{rest} {_MOVED[word]}" if at is None else f"{_MOVED[word]} {rest}", True
    start = tokens[at].start
    return f"{rest[:start]}{_MOVED[word]} {rest[start:]}", True


@cache
def _start(pattern: str) -> re.Pattern[str]:
    return re.compile(_filled(pattern), re.I | re.S)


@cache
def _end(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{_filled(pattern)})\s*$", re.I)


def _filled(pattern: str) -> str:
    while piece := re.search(r"%(\w+)%", pattern):
        pattern = pattern.replace(piece.group(), _DATA["pieces"][piece[1]])
    return pattern
