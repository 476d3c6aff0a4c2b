"""Quantities of a text: numbers with their units, magnitudes and bounds, Indonesian and English.

`Rp1,2 triliun`, `1.2 trillion rupiah` and `Rp 1.200 miliar` are one quantity; so are `dua puluh` and `20`. Dates, clock
times, years and numbers that are part of a name (`iPhone 16`, `Pasal 5`) are no quantities.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from checker import cues
from checker.judges.checks.moments import find_clocks, find_moments
from checker.judges.checks.units import (
    CURRENCY_AFTER,
    CURRENCY_BEFORE,
    EXACT,
    FRACTIONS,
    IMPERIAL,
    LABELS,
    MAGNITUDES,
    ROLES,
    SCALES,
    UNIT_BEFORE,
    UNITS,
    VAGUE,
    WORD_NUMBERS,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a text states.

    Attributes:
        readings: What it can mean, as intervals (low, high): one, or two where `1.800` may be either language's.
        unit: Canonical unit (`idr`, `percent`, `person`, `house`), empty where none was recognised.
        noun: The word that is counted, as written in lower case, empty where none follows.
        role: What is said of those counted (`dead`, `injured`), empty where nothing known is.
        approximate: The text gives it as "about" so much.
        bound: `more` or `less` where the text gives a bound, else empty.
        weak: A word such as `one` or `satu` that often counts nothing; supports, never contradicts.
    """

    start: int
    end: int
    text: str
    readings: tuple[tuple[float, float], ...]
    unit: str = ""
    noun: str = ""
    role: str = ""
    approximate: bool = False
    bound: str = ""
    weak: bool = False
    vague: bool = False

    @property
    def value(self) -> float:
        """The likelier reading's lower end."""
        return self.readings[0][0]


_NUMERAL = re.compile(
    r"(?:(?<![\w.,])|(?<=\bRp)|(?<=\bRp\.)|(?<=\bRM)|(?<=\bUSD)|(?<=\bIDR)|(?<=\bEUR))(\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,]*|[%$€£¥]", re.UNICODE)
_RANGE = re.compile(r"\s*(?:-|–|—|hingga|sampai|sampai dengan|s\.?d\.?|to|and|dan|until)\s*\Z", re.IGNORECASE)


def _literal(text: str, language: str, magnitude: bool) -> tuple[float, ...]:
    """The readings of a numeral, the language's own first."""
    if "." in text and "," in text:
        decimal = max(text.rfind("."), text.rfind(","))
        whole = re.sub(r"[.,]", "", text[:decimal])
        return (float(f"{whole}.{text[decimal + 1 :]}"),)
    mark = "." if "." in text else "," if "," in text else ""
    if not mark:
        return (float(text),)
    if text.count(mark) > 1:
        return (float(text.replace(mark, "")),)
    if len(text.rsplit(mark, 1)[1]) != 3:
        return (float(text.replace(mark, ".")),)
    grouped, decimal_value = float(text.replace(mark, "")), float(text.replace(mark, "."))
    if text.startswith("0"):
        return (decimal_value,)
    groups = (mark == ".") == (language == "id")
    return (grouped, decimal_value) if groups and not magnitude else (decimal_value, grouped)


def _sequence_value(words: Sequence[str]) -> tuple[float, int]:
    """The value of the number words at the start of `words` and how many they are; (0, 0) where there are none."""
    total, current, used, seen = 0.0, 0.0, 0, False
    for position, word in enumerate(words):
        number = WORD_NUMBERS.get(word)
        if number is not None:
            if seen and current and current % 10 and number < 10:
                break
            current += number
        elif word in ("belas",) and seen:
            current += 10
        elif word == "puluh" and seen:
            current = current // 100 * 100 + (current % 100) * 10
        elif word in ("ratus", "hundred") and seen:
            current = (current or 1) * 100
        elif word in MAGNITUDES and seen and len(word) > 2:
            total += (current or 1) * MAGNITUDES[word]
            current = 0.0
        elif (
            word == "and"
            and seen
            and position + 1 < len(words)
            and words[position + 1] in WORD_NUMBERS
            and total + current >= 100
        ):
            continue
        else:
            break
        seen, used = True, position + 1
    return total + current, used


_ENDS = cues.small_words() | {"hingga", "sampai", "until", "or", "atau", "compared", "dibanding"}
"""Words that no counted noun lies beyond."""


@dataclass(frozen=True, slots=True)
class _Raw:
    start: int
    end: int
    values: tuple[float, ...]
    spelled: bool = False


def _numerals(text: str, language: str, taken: Sequence[tuple[int, int]]) -> Iterator[_Raw]:
    for match in _NUMERAL.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        after = re.match(r"[\s-]{0,2}([^\W\d_]+)\b", text[match.end() :])
        word = after.group(1) if after else ""
        scale = MAGNITUDES.get(word if len(word) == 1 else word.lower())
        if len(word) == 1 and not _money_before(text, match.start()):
            scale = None
        end = match.end() + after.end() if after and scale else match.end()
        readings = _literal(match.group(1), language, bool(scale))
        if scale:
            following = re.match(r"\s+([^\W\d_]+)\b", text[end:])
            if following and (more := MAGNITUDES.get(following.group(1).lower())) and len(following.group(1)) > 2:
                scale, end = scale * more, end + following.end()
        yield _Raw(match.start(), end, tuple(value * (scale or 1) for value in readings))


def _money_before(text: str, start: int) -> bool:
    return bool(re.search(r"(?:Rp|IDR|US\$|[$€£])\.?\s?\Z", text[:start]))


def _spelled(text: str, taken: Sequence[tuple[int, int]]) -> Iterator[_Raw]:
    matches = list(re.finditer(r"[^\W\d_]+", text))
    index = 0
    while index < len(matches):
        words = [match.group().lower() for match in matches[index : index + 10]]
        words = words[
            : next(
                (
                    n
                    for n in range(1, len(words))
                    if "," in text[matches[index + n - 1].end() : matches[index + n].start()]
                ),
                len(words),
            )
        ]
        start = matches[index].start()
        if (
            words[0] in ("a", "an")
            and len(words) > 1
            and words[1] in ("hundred", "thousand", "million", "billion", "trillion")
        ):
            value, used = _sequence_value(["one", *words[1:]])
        else:
            value, used = _sequence_value(words)
        if (
            used
            and value >= 0
            and not any(begin < matches[index + used - 1].end() and start < end for begin, end in taken)
        ):
            yield _Raw(start, matches[index + used - 1].end(), (value,), spelled=True)
            index += used
            continue
        index += 1


def _before(text: str, start: int, count: int) -> list[str]:
    return [word.lower() for word in _WORD.findall(text[max(0, start - 60) : start])][-count:]


def _after(text: str, end: int, count: int) -> list[tuple[str, int]]:
    clause = re.split(r"[;:()\n]|\.\s|,\s", text[end : end + 80], maxsplit=1)[0]
    found: list[tuple[str, int]] = []
    for match in _WORD.finditer(clause):
        word = match.group().lower()
        if word[0].isdigit() or (word in _ENDS and word not in UNITS) or word in WORD_NUMBERS:
            break
        found.append((word, end + match.end()))
    return found[:count]


def _currency(text: str, start: int, end: int) -> tuple[str, int, int]:
    """Unit of money around a number and the span that takes it in; empty where there is none."""
    before = re.search(r"(Rp|IDR|US\$|USD|A\$|S\$|SGD|AUD|EUR|RM|[$€£¥])\.?\s?\Z", text[:start])
    if before:
        return CURRENCY_BEFORE[before.group(1).lower()], before.start(), end
    for pattern, unit in CURRENCY_AFTER:
        after = re.match(r"[\s-]{0,2}" + pattern + r"\b", text[end:], re.IGNORECASE)
        if after:
            return unit, start, end + after.end()
    return "", start, end


def _unit(text: str, start: int, end: int) -> tuple[str, str, int]:
    """Canonical unit, counted noun and where the unit ends."""
    if match := re.match(
        r"\s?(?:%|persen\b|per\s?cent\b|pct\b|percentage points?\b|poin persen\w*\b)", text[end:], re.IGNORECASE
    ):
        return "percent", "", end + match.end()
    if match := re.match(r"[\s-]{0,2}(km²|km2|m²|m2|°C|°)", text[end:]):
        return (
            {"km²": "km2", "m²": "m2", "°C": "celsius", "°": "degree"}.get(match.group(1), match.group(1)),
            "",
            end + match.end(),
        )
    following = _after(text, end, 4)
    noun = following[0][0] if following else ""
    for index in range(min(3, len(following))):
        for size in (2, 1):
            phrase = " ".join(word for word, _ in following[index : index + size])
            if phrase in UNITS:
                return UNITS[phrase], noun, following[min(index + size, len(following)) - 1][1]
    before = _before(text, start, 3)
    for word in reversed(before):
        if word in UNIT_BEFORE:
            return UNIT_BEFORE[word], noun, end
    return "", noun, end


def _role(text: str, start: int, end: int) -> str:
    """What the clause around a number says of those it counts."""
    left = re.split(r"[,;:()\n]|\.\s|\b(?:dan|and|sedangkan|sementara|while|but|tetapi)\b", text[:start])[-1]
    right = re.split(
        r"[,;:()\n]|\.\s|\.\Z|\b(?:dan|and|sedangkan|sementara|while|but|tetapi)\b", text[end:], maxsplit=1
    )[0]
    found = [ROLES[word] for word in cues.words(right)[:7] if word in ROLES]
    found = found or [ROLES[word] for word in reversed(cues.words(left)[-7:]) if word in ROLES]
    return found[0] if found else ""


def _is_label(text: str, start: int, end: int, language: str) -> bool:
    """Whether the number belongs to a name: `iPhone 16`, `Pasal 5`, `COVID-19`."""
    if start and (text[start - 1].isalpha() or (text[start - 1] in "-–/" and start > 1 and text[start - 2].isalpha())):
        return not re.search(r"(?:\b(?:Rp|M|RM|ke)-?)\Z", text[:start])
    if re.match(r"[A-Za-z]\b|-?an\b", text[end:]) or text[max(0, start - 2) : start] == "&#":  # 1460s, 1460-an, &#39;
        return True
    if re.search(r"\d/\Z", text[:start]) or re.match(r"/\d", text[end:]):  # "UU 11/1957"
        return True
    if re.match(r"(?:st|nd|rd|th)\b", text[end:]):
        return False
    previous = re.search(r"([^\W\d_][\w.-]*)\s\Z", text[:start])
    if not previous:
        return False
    word = previous.group(1)
    if word.lower().rstrip(".") in LABELS:
        return True
    return any(letter.isupper() for letter in word[1:]) and word.lower() not in CURRENCY_BEFORE and language != ""


def _bound(text: str, start: int) -> tuple[bool, str]:
    """Whether the words before a number make it approximate, and which bound they set."""
    before = re.sub(r"\s+", " ", text[max(0, start - 40) : start]).lower()
    before = re.sub(r"\s?(?:rp|idr|us\$|usd|[$€£¥])?\.?\s?\Z", "", before)
    approximate = any(word in cues.ABOUT for word in re.findall(r"[\w-]+", before)[-2:])
    if any(before.endswith(phrase) for phrase in cues.LESS_THAN):
        return approximate, "less"
    if any(before.endswith(phrase) for phrase in cues.MORE_THAN):
        return approximate, "more"
    return approximate, ""


def _fractions(text: str) -> Iterator[Quantity]:
    for pattern, value in FRACTIONS:
        for match in pattern.finditer(text):
            scaled = re.match(r"\s(?:a\s)?([^\W\d_]+)", text[match.end() :])
            if scaled and len(scaled.group(1)) > 2 and (scale := MAGNITUDES.get(scaled.group(1).lower())):
                end = match.end() + scaled.end()
                amount = (value * scale, value * scale)
                yield Quantity(match.start(), end, text[match.start() : end], (amount,), approximate=True, weak=True)
                continue
            yield Quantity(
                match.start(),
                match.end(),
                match.group(),
                ((value * 100, value * 100),),
                "percent",
                approximate=True,
                weak=True,
            )


def _vague(text: str) -> Iterator[Quantity]:
    for match in re.finditer(r"[^\W\d_]+", text):
        interval = VAGUE.get(match.group().lower())
        if interval:
            unit, noun, _ = _unit(text, match.start(), match.end())
            role = _role(text, match.start(), match.end())
            yield Quantity(
                match.start(), match.end(), match.group(), (interval,), unit, noun, role, weak=True, vague=True
            )


@lru_cache(maxsize=2048)
def find_quantities(text: str, language: str = "") -> tuple[Quantity, ...]:
    """The quantities of a text, in order.

    Args:
        text: A sentence or more.
        language: ISO 639-1 of the text, which decides what `1.800` means; empty to tell from its words.
    """
    language = language or cues.language_of(text)
    taken = [(moment.start, moment.end) for moment in find_moments(text)]
    taken += [(clock.start, clock.end) for clock in find_clocks(text)]
    raws = sorted((*_numerals(text, language, taken), *_spelled(text, taken)), key=lambda raw: raw.start)
    quantities: list[Quantity] = []
    for raw in raws:
        unit, start, end = _currency(text, raw.start, raw.end)
        noun = ""
        if not unit:
            unit, noun, end = _unit(text, raw.start, raw.end)
        if not raw.spelled and unit not in EXACT and _is_label(text, raw.start, raw.end, language):
            continue
        converted = unit in IMPERIAL
        values, unit = _scaled(raw.values, unit)
        if re.search(r"\bke-?\Z", text[:start]) or re.match(r"(?:st|nd|rd|th)\b", text[raw.end :]):
            unit = "ordinal"
        approximate, bound = _bound(text, start)
        approximate = approximate or converted
        weak = raw.spelled and values[0] <= 1
        readings = tuple((value, value) for value in values)
        previous = quantities[-1] if quantities else None
        role = _role(text, start, end)
        if previous and previous.unit in ("", unit) and _is_range(text, previous, start, values[0]):
            span = text[previous.start : end]
            ends = ((previous.value * _stretch(previous, unit, raw.values[0], values[0]), values[0]),)
            quantities[-1] = Quantity(previous.start, end, span, ends, unit, noun, role, previous.approximate)
            continue
        quantities.append(Quantity(start, end, text[start:end], readings, unit, noun, role, approximate, bound, weak))
    quantities += [*_fractions(text), *(found for found in _vague(text) if not _covered(found, quantities))]
    return tuple(sorted(quantities, key=lambda quantity: (quantity.start, -quantity.end)))


def _stretch(previous: Quantity, unit: str, written: float, scaled: float) -> float:
    """What the first end of a range is multiplied by where only the last one carries the unit (`7-10 km`)."""
    if previous.unit == unit or written == 0:
        return 1.0
    return scaled / written


def _covered(found: Quantity, quantities: Sequence[Quantity]) -> bool:
    return any(other.start < found.end and found.start < other.end for other in quantities)


def _is_range(text: str, previous: Quantity, start: int, value: float) -> bool:
    """Whether a number and the one before it are the ends of a range (`7 hingga 10 detik`, `between 7 and 10`)."""
    if previous.bound or previous.vague or previous.value >= value or len(previous.readings) > 1:
        return False
    gap = _RANGE.match(text[previous.end : start])
    if not gap:
        return False
    joined = gap.group().strip().lower() in ("dan", "and")
    return not joined or bool(re.search(r"\b(?:antara|between)\s\Z", text[: previous.start], re.IGNORECASE))


def _scaled(values: tuple[float, ...], unit: str) -> tuple[tuple[float, ...], str]:
    """Values in the base unit of their kind (`km` in metres, `dozen` in pieces)."""
    if unit not in SCALES:
        return values, unit
    factor, base = SCALES[unit]
    return tuple(value * factor for value in values), base


def significant(value: float) -> int:
    """How many significant digits a value is written with, trailing zeros not counted."""
    if value == 0:
        return 1
    digits = f"{abs(value):.10g}".replace(".", "").lstrip("0").split("e")[0].rstrip("0")
    return max(1, len(digits))


def rounds_to(exact: float, rounded: float) -> bool:
    """Whether `rounded`, written with two significant digits or more, is `exact` rounded to them."""
    digits = significant(rounded)
    if digits < 2 or exact == 0 or rounded == 0:
        return False
    exponent = digits - 1 - math.floor(math.log10(abs(exact)))
    step = 10.0**-exponent
    return abs(exact - rounded) <= step / 2 * 1.0001 and significant(exact) > digits
