"""What stands above and before the body of an article: kicker, headline, standfirst, byline, date, dateline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from checker.claims.words import Token, lexicon, tokenise
from retrieval.dates import find_dates, parse_date

Span = tuple[int, int]

_DASH = re.compile(r"\s*(?:--|[-–—])\s*(?=\S)")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.(?:com|co|id|net|org|news|tv)(?:\.\w{2})?$", re.I)
_BYLINE = re.compile(r"(?:by|oleh|laporan|penulis|reporter|editor)\b[\s:]", re.I)
_LABELLED_DATE = re.compile(
    r"(?:published|updated|posted|last updated|diterbitkan|terbit|tayang|dipublikasikan|diperbarui|tanggal)\b.{0,30}",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the parts above the body are, as spans of the text.

    Attributes:
        bylines: Lines that name the author or the time.
        dateline: From the start of the first body line to its dash.
        place: Of the dateline.
        body: Where the body begins (the dateline included).
    """

    kicker: Span | None = None
    headline: Span | None = None
    standfirst: tuple[Span, ...] = ()
    bylines: tuple[Span, ...] = ()
    dateline: Span | None = None
    place: str = ""
    publisher: str = ""
    published_at: str | None = None
    body: int = 0


def read_date(text: str) -> str | None:
    """The first full date in a short text as ISO 8601, with its time where a zone is given; None if there is none."""
    found = parse_date(text)
    return found.iso() if found is not None and found.day else None


def _without_dates(text: str) -> str:
    """The text with its dates blanked out."""
    for start, end, _ in reversed(find_dates(text)):
        text = text[:start] + " " + text[end:]
    return text


@cache
def outlet_names() -> frozenset[str]:
    """The outlets that the rules know by name, in lower case."""
    return frozenset(line.strip() for line in lexicon().raw("outlets.names").split("\n") if line.strip())


def is_outlet(name: str) -> bool:
    """Whether the name is that of an outlet: listed, or an internet address."""
    lowered = name.lower().strip()
    return lowered in outlet_names() or bool(_DOMAIN.match(lowered))


def read_head(text: str) -> Head:
    """Find what stands above the body.

    A first line is a headline if more follows and it does not end as a sentence does. What stands between it and a
    dateline is the standfirst; a line of a few words above a longer headline is its kicker.

    Args:
        text: The article's text, its lines broken by line feeds.
    """
    lines = _lines(text, 12)
    if not lines:
        return Head()
    datelines = [(i, found) for i, line in enumerate(lines) if (found := _dateline(text, *line)) is not None]
    first_body, dateline = datelines[0] if datelines else (None, None)
    above = lines[:first_body] if first_body is not None else _lines_without_dateline(text, lines)
    bylines = tuple(line for line in above if _is_byline(text[slice(*line)]))
    parts = [line for line in above if line not in bylines]
    kicker = headline = None
    if parts:
        if len(parts) > 1 and _is_kicker(text[slice(*parts[0])], text[slice(*parts[1])]):
            kicker, parts = parts[0], parts[1:]
        headline, parts = parts[0], parts[1:]
    published = dateline.published_at if dateline else None
    for line in bylines:
        published = published or read_date(text[slice(*line)])
    body = lines[len(above)][0] if len(above) < len(lines) else len(text)
    return Head(
        kicker=kicker,
        headline=headline,
        standfirst=tuple(parts),
        bylines=bylines,
        dateline=dateline.dateline if dateline else None,
        place=dateline.place if dateline else "",
        publisher=dateline.publisher if dateline else "",
        published_at=published,
        body=body,
    )


def _lines(text: str, most: int) -> list[Span]:
    """The first lines that hold something, without surrounding white space."""
    lines: list[Span] = []
    for match in re.finditer(r"[^\n]+", text):
        piece = match.group()
        if piece.strip():
            start = match.start() + len(piece) - len(piece.lstrip())
            lines.append((start, start + len(piece.strip())))
            if len(lines) == most:
                break
    return lines


def _lines_without_dateline(text: str, lines: list[Span]) -> list[Span]:
    above: list[Span] = []
    for index, line in enumerate(lines[:-1]):
        piece = text[slice(*line)]
        ends = piece.rstrip("\"'”’)")[-1:] in ".…"
        if _is_byline(piece) or (
            not ends and len(piece.split()) <= 30 and len(above) < 3 and _heads(text, lines, index)
        ):
            above.append(line)
        else:
            break
    return above


def _heads(text: str, lines: list[Span], index: int) -> bool:
    """Whether a line without a full stop is a headline: prose follows it, not more lines of its kind (a list)."""
    following = [text[slice(*line)] for line in lines[index + 1 : index + 4]]
    return any(len(line.split()) >= 5 and line.rstrip("\"'”’)")[-1:] in ".!?…" for line in following)


def _is_kicker(first: str, second: str) -> bool:
    return (
        len(first.split()) <= 5
        and first[-1] not in ".!?"
        and len(second.split()) > len(first.split())
        and second[-1] != "."
    )


def _is_byline(line: str) -> bool:
    words = line.split()
    if len(words) > 14:
        return False
    if (
        _BYLINE.match(line)
        and len(words) <= 10
        and all(
            token.is_capital or not token.text.isalpha() or token.lower in {"and", "dan", "by", "oleh"}
            for token in tokenise(line)[1:6]
        )
    ):
        return True
    if read_date(line) is None:
        return False
    rest = _without_dates(line)
    rest = _LABELLED_DATE.sub(" ", rest)
    left = [
        token
        for token in tokenise(rest)
        if token.text[0].isalpha() and token.lower not in lexicon().words("names.calendar.words")
    ]
    return len(left) <= 3


def _dateline(text: str, start: int, end: int) -> Head | None:
    """The dateline with which a line begins (`JAKARTA, 17 Juli 2024 - `, `TRIBUNNEWS.COM - `), or None."""
    for dash in _DASH.finditer(text, start, min(end, start + 100)):
        if dash.start() == start:
            return None
        spaced = dash.group() != dash.group().strip() or dash.group().strip() != "-"
        if not spaced:
            continue  # the hyphen of a word
        prefix = text[start : dash.start()]
        found = _read_dateline(prefix)
        if found:
            publisher, place, published = found
            return Head(dateline=(start, dash.end()), publisher=publisher, place=place, published_at=published)
        return None
    return None


def _read_dateline(prefix: str) -> tuple[str, str, str | None] | None:
    """Publisher, place and date of what stands before the dash; None if it is not a dateline."""
    if len(prefix.split()) > 10:
        return None
    published = read_date(prefix)
    rest = _without_dates(prefix)
    tokens = [
        token
        for token in tokenise(rest)
        if token.is_word and token.lower not in lexicon().words("names.calendar.words")
    ]
    if not all(_may_stand_in_dateline(token) for token in tokens):
        return None
    publisher = ""
    places: list[str] = []
    for part in re.split(r"[,()/|]", rest):
        name = " ".join(part.split())
        words = [token for token in tokenise(name) if token.is_word]
        if is_outlet(name):
            publisher = publisher or name
        elif words and not all(w.is_number or w.lower in lexicon().words("names.calendar.words") for w in words):
            places.append(name)
    shouted = any(len(place) >= 3 and place.upper() == place for place in places)
    known = any(lexicon().match("names.places", tokenise(place), 0) == len(tokenise(place)) for place in places)
    if publisher or published or known or (shouted and len(tokens) <= 5):
        return (
            publisher,
            places[0].title() if places and places[0].isupper() else (places[0] if places else ""),
            published,
        )
    return None


def _may_stand_in_dateline(token: Token) -> bool:
    return (
        token.is_capital
        or token.is_number
        or bool(_DOMAIN.match(token.text))
        or token.lower in {"d.c.", "detikcom", "com"}
    )
