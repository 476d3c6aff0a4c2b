"""Whom a text credits: "kata ... kepada Reuters", "(AFP)", "dilansir Antara", and what a page says it relays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.names import NameSpan, canonical, entities
from retrieval.types import Source

AGENCIES = frozenset(
    map(
        canonical,
        (
            *("Reuters", "AFP", "AP", "TASS", "RIA Novosti", "Interfax", "Anadolu", "Xinhua", "Antara", "DPA", "EFE"),
            *(
                "Kyodo",
                "Yonhap",
                "IRNA",
                "Tasnim",
                "Fars",
                "Mehr News",
                "ISNA",
                "ANSA",
                "Bloomberg",
                "UPI",
                "PTI",
                "ANI",
            ),
            *("Bernama", "KCNA", "SANA", "WAFA", "MENA", "Ukrinform"),
        ),
    )
)
"""News agencies: their stories are printed by others, so a page that relays several outlets has its story from them."""

_BEFORE = re.compile(
    r"(?:\b(?:told|tells|telling|kepada|to|by|dari|oleh|via|according to|menurut|dilansir|dikutip|mengutip|melansir|"
    r"menyadur|citing|quoting|cites|quotes|sumber|relays an?|runs the|carries an?|with)\s+|\()"
    r"(?:the\s+|an?\s+|kantor berita\s+|news agency\s+|media\s+|laman\s+)*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^\s*(?:reported|reports|melaporkan|mewartakan|memberitakan|menulis|quoted|quotes|cited|dispatch|item\b|"
    r"news agency (?:reported|said|quoted)|melansir|report (?:has|says|in which)|story|text\b|\)\s*[-–—])",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:dilansir|dikutip|mengutip|melansir|menyadur|memuat ulang|bersumber|runs the|carried by|relying on|citing)\b",
    re.IGNORECASE,
)
_DATELINE = re.compile(r"\(\s*$")
# A sentence about a report is not a relay of it: "asked about the Reuters report ... Peskov denied it".
_DISTANCED = re.compile(
    r"\b(?:den(?:y|ied|ies)|reject\w*|disput\w*|untrue|false|asked about|questioned about|membantah|dibantah|menepis|"
    r"ditanya|menyangkal|tidak benar|hoaks)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s|\n")


@dataclass(frozen=True, slots=True)
class Credit:
    """An outlet that a text credits for what it says there.

    Attributes:
        outlet: Canonical name, see `retrieval.names.canonical`.
        whole: The credit stands for the whole text (a dateline, "dilansir ..." at its head), not for one sentence.
    """

    outlet: str
    start: int
    whole: bool


def find_credits(text: str, names: Sequence[NameSpan]) -> list[Credit]:
    """The outlets that a text credits, in its order.

    Args:
        text: The text of a source.
        names: Its names, as `retrieval.names.find_names` gives them.

    Returns:
        A credit for each mention of a known outlet that a cue marks as the place the words come from; none where the
        sentence denies or doubts what the outlet reported.
    """
    head = _head_end(text)
    found = []
    for name in names:
        entity = entities().get(name.canonical)
        if entity is None or entity.group != "outlet":
            continue
        start, end = _sentence_around(text, name.start, name.end)
        before, after = text[start : name.start], text[name.end : end]
        if not (_BEFORE.search(before) or _AFTER.search(after)) or _DISTANCED.search(text[start:end]):
            continue
        dateline = _DATELINE.search(before) and after.lstrip().startswith(")")
        whole = name.start < head and bool(dateline or _WHOLE.search(text[start:end]) or "dispatch" in after[:20])
        found.append(Credit(name.canonical, name.start, whole))
    return found


def relayed_outlets(source: Source, credits: Sequence[Credit]) -> tuple[str, ...]:
    """The outlets whose story a source prints, by canonical name: the first it relays and the first news agency.

    What the page itself says (`via`) comes first; without it, the credits that stand for the whole text.
    """
    named = [canonical(outlet) for outlet in source.via] or [credit.outlet for credit in credits if credit.whole]
    agency = next((outlet for outlet in named if outlet in AGENCIES), None)
    own = canonical(source.publisher) if source.publisher else ""
    return tuple(dict.fromkeys(outlet for outlet in (*named[:1], agency) if outlet and outlet != own))


def _head_end(text: str) -> int:
    """Where the first two sentences end."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text[:1500])]
    return ends[1] if len(ends) > 1 else len(text)


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    begin = 0
    for match in _SENTENCE_END.finditer(text, max(0, start - 400), start):
        begin = match.end()
    following = _SENTENCE_END.search(text, end, end + 400)
    return max(begin, start - 400), following.start() + 1 if following else min(len(text), end + 400)
