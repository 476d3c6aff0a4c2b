"""Numbers that a claim works out from those of the evidence: what is left, both together, the half of it.

"130 tonnes short" is what "620 of the 750 tonnes agreed" says. A number that one step of arithmetic gives is not one
that the evidence fails to state; whether it is the right step is left to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from checker.judges.checks.quantity import Quantity

_MOST = 8
"""Numbers of the evidence beyond which nearly any number could be worked out from them."""

_SECONDS: Mapping[str, float] = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3_600.0,
    "day": 86_400.0,
    "week": 7 * 86_400.0,
}
"""Times that are told in either unit. A year is told in months, and neither in days."""
_MONTHS: Mapping[str, float] = {"month": 1.0, "year": 12.0, "century": 1_200.0}

_TOGETHER = re.compile(
    r"\b(?:seluruhnya|semuanya|keseluruhan|total\w*|jumlah(?:nya)?|berjumlah|gabungan|bersama-sama|digabung|kedua\w*|ketiga\w*|altogether|"
    r"in all|in total|combined|together|both|overall|sum|either|all|so far|taken)\b",
    re.IGNORECASE,
)
"""What a claim says that adds up."""
_APART = re.compile(
    r"\b(?:selisih\w*|terpaut|berbeda|lebih|kurang|tambahan|bertambah|menambah|berkurang|menyusut|turun|naik|sisa\w*|tersisa|selain|lain\w*|luar|"
    r"belum|tidak|tak|sebelum\w*|semula|dulu|dahulu|tadinya|sudah|masih|susulan|menyusul|lolos|selamat|"
    r"more|fewer|less|below|above|short|ahead|behind|lead|margin|gap|separated|apart|difference|differ\w*|dropped|fell|rose|rise|grew|gain\w*|"
    r"lost|cut|up|down|remain\w*|left|rest|others?|outside|before|previous\w*|earlier|used|until|original\w*|initial\w*|still|yet|not|"
    r"disappeared|survived|follow|increase\w*|decrease\w*|higher|lower|former|old)\b",
    re.IGNORECASE,
)
"""What a claim says that takes one from the other."""

_FACTORS: tuple[tuple[re.Pattern[str], tuple[float, ...]], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), factors)
    for words, factors in (
        (r"half|halves|halved|halving|separuh\w*|setengah\w*|separo", (1 / 2,)),
        (r"twice|doubled?|doubles|doubling|dua kali(?: lipat)?|berlipat dua|melipatgandakan", (2.0,)),
        (r"third|thirds|sepertiga\w*|dua pertiga", (1 / 3, 2 / 3)),
        (r"trebled?|tripled?|triples|tripling|three times|tiga kali(?: lipat)?", (3.0,)),
        (r"quarter|quarters|seperempat\w*|tiga perempat", (1 / 4, 3 / 4)),
        (r"quadrupled?|four times|empat kali(?: lipat)?", (4.0,)),
        (r"fifth|fifths|seperlima\w*", (1 / 5, 2 / 5, 3 / 5, 4 / 5)),
        (r"tenth|tenths|sepersepuluh\w*|one in ten", (1 / 10, 9 / 10)),
        (r"half as (?:much|many|long|big) again|satu setengah kali", (1.5,)),
    )
)


def worked_out(wanted: Quantity, claim: str, stated: Sequence[Quantity], text: str) -> Iterator[Quantity]:
    """The quantities that one step of arithmetic gives, in the claim's unit.

    Args:
        wanted: The claim's quantity.
        claim: The claim; it must say that it adds up or takes away, or numbers would meet by chance.
        stated: The evidence's, of whatever unit.
        text: The evidence, for words such as "half" and "twice".

    Yields:
        Sums and differences of two, the sum of all, parts and multiples that the text names, what is left of a hundred
        percent, shares and what they are shares of, and the number before an ordinal.
    """
    own = [other for other in stated if not other.vague and _of_one_kind(wanted, other)]
    if len(stated) > _MOST:
        return
    values = list(dict.fromkeys(low for other in own for low, _ in other.readings))
    for value in _steps(values, claim, text):
        yield _like(wanted, value)
    for lengths in (_SECONDS, _MONTHS):
        if wanted.unit in lengths:
            times = [other.value * lengths[other.unit] for other in stated if other.unit in lengths]
            yield from (_like(wanted, time / lengths[wanted.unit]) for time in (*times, sum(times)))
    shares = [other.value for other in stated if other.unit == "percent"]
    if wanted.unit == "percent":
        yield from (_like(wanted, 100 - share) for share in shares)
        counts = [other.value for other in stated if other.unit != "percent" and other.value > 0]
        for part in counts:
            for whole in counts:
                if part != whole:
                    yield _like(wanted, round(100 * part / whole))
                    yield _like(wanted, round(100 * abs(whole - part) / whole))
    else:
        for share in shares:
            yield from (_like(wanted, round(value * 100 / share)) for value in values if share)
            yield from (_like(wanted, round(value * share / 100)) for value in values)
    yield from (_like(wanted, other.value - 1) for other in stated if other.unit == "ordinal")


def _of_one_kind(wanted: Quantity, other: Quantity) -> bool:
    return not wanted.unit or not other.unit or wanted.unit == other.unit


def _steps(values: Sequence[float], claim: str, text: str) -> Iterator[float]:
    together, apart = _TOGETHER.search(claim), _APART.search(claim)
    for place, first in enumerate(values):
        for second in values[place + 1 :]:
            if together:
                yield first + second
            if apart:
                yield abs(first - second)
                yield first + second  # "before it fell by so much"
    if len(values) > 2 and together:
        yield sum(values)
    for pattern, factors in _FACTORS:
        if pattern.search(text):
            for factor in factors:
                for value in values:
                    yield value * factor
                    yield value / factor


def _like(wanted: Quantity, value: float) -> Quantity:
    return replace(wanted, readings=((value, value),), bound="", approximate=False, vague=False, weak=False)
