"""What is asked of the chat itself, or of its last answer: follow-ups, the queue, small talk, what is out of scope.

Each rule reads a whole message, so that a claim that merely holds such words is still a claim.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

RequestKind = Literal[
    "evidence", "outlet", "number", "queue", "queue_status", "since", "why", "again", "translate", "when", "who_says",
    "small_talk", "help", "refusal", "opinion", "that",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        kind: `number`: a claim by its number; `that`: whether "that" is true; `again`: check once more; the others
            say themselves.
        number: The claim that is meant, from 1; -1 for the last one; 0 for the one in focus.
        name: The outlet or person of "according to"; the tone of small talk.
        every: All claims are meant.
    """

    kind: RequestKind
    number: int = 0
    name: str = ""
    every: bool = False


_ORDINALS = {
    "pertama": 1, "kesatu": 1, "kedua": 2, "ketiga": 3, "keempat": 4, "kelima": 5, "keenam": 6, "ketujuh": 7,
    "kedelapan": 8, "kesembilan": 9, "kesepuluh": 10, "terakhir": -1, "satu": 1, "dua": 2, "tiga": 3, "empat": 4,
    "lima": 5, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "last": -1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
}  # fmt: skip
_DATA: Mapping[str, Any] = tomllib.loads(
    (resources.files("checker.chat") / "data" / "requests.toml").read_text(encoding="utf-8")
)


def read_request(text: str, *, follows: bool) -> Request | None:
    """What is asked of the chat; None for everything that may be a claim or a question of its own.

    Args:
        text: As `tidy` made it.
        follows: Something was answered before, so that follow-ups have something to follow.
    """
    line = " ".join(text.split())
    if len(line) > 160:
        return None
    for row in _DATA["talk"]:
        if _whole(row["pattern"]).fullmatch(line):
            return Request("small_talk", name=row["tone"])
    for kind, pattern in ((row["kind"], pattern) for row in _DATA["rule"] for pattern in row["patterns"]):
        if kind == "outlet" and not follows:
            continue
        if (found := _whole(pattern).fullmatch(line)) is not None:
            groups = found.groupdict()
            name = next((v for key, v in groups.items() if v and key.startswith(("name", "lang"))), "")
            if kind == "outlet" and not _is_name(name):
                continue
            return Request(kind, _number(groups), name.strip(" ?.!"), bool(re.search(r"\b(?:semua|all)", line, re.I)))
    if any(_whole(pattern).fullmatch(line) for pattern in _DATA["whole"]["help"]):
        return Request("help")
    return None


def out_of_scope(text: str) -> Literal["refusal", "opinion"] | None:
    """Whether a message asks for something that Saring does not do: make things, hold views, foretell."""
    line = " ".join(text.split())[:600]
    if any(_whole(pattern).fullmatch(line) for pattern in _DATA["whole"]["make"]):
        return "refusal"
    if any(_whole(pattern).fullmatch(line) for pattern in _DATA["whole"]["opinion"]):
        return "opinion"
    return None


def _is_name(name: str) -> bool:
    """Whether "according to" names somebody: a capital, or an outlet that is known."""
    if not name or name.casefold() in {"itu", "ini", "that", "this", "it", "you", "kamu", "anda", "saya", "me"}:
        return False
    from retrieval.names import find_names
    from retrieval.publishers import lookup

    if lookup(name) is not None:
        return True
    raised = " ".join(word[:1].upper() + word[1:] for word in name.split())
    spans = find_names(raised)
    return name[0].isupper() or any(span.type != "other" and span.end - span.start == len(raised) for span in spans)


def _number(groups: dict[str, str | None]) -> int:
    found = next((value for key, value in groups.items() if value and key in "nmop"), "")
    digits = re.search(r"\d+", found)
    return int(digits.group()) if digits else _ORDINALS.get(found.lower(), 0)


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    ordinal = rf"(?:{'|'.join(_ORDINALS)}|#?\d{{1,3}}|ke-?\d{{1,3}}|\d{{1,3}}(?:st|nd|rd|th))"
    pieces = {**_DATA["pieces"], "ordinal": ordinal}
    while filled := re.search(r"%(\w+)%", pattern):
        pattern = pattern.replace(filled.group(), pieces[filled[1]])
    # A group occurs several times in one rule: only the first keeps its name.
    seen: set[str] = set()

    def once(match: re.Match[str]) -> str:
        if match[1] in seen:
            return "(?:"
        seen.add(match[1])
        return match.group()

    return re.compile(re.sub(r"\(\?P<(\w+)>", once, f"(?:{pattern}){_DATA['pieces']['end']}"), re.I | re.S)
