"""The days that a claim speaks of, read in the light of when its article was published."""

from __future__ import annotations

import re
from calendar import monthrange
from functools import lru_cache

from checker.types import Article, Claim
from retrieval.dates import DateRange, find_dates


def resolve_dates(text: str, article: Article) -> list[tuple[int, int, DateRange]]:
    """Every date in a text: `(start, end, days)`, with "kemarin" and "8 Desember" counted from the article's date.

    An article that shows no date is read in the light of the full dates in its text, which news rarely strays far
    from; without one, dates that need a reference are left out.
    """
    reference = reference_date(article)
    found = find_dates(text, reference, article.language)
    if reference is None or _LOOKS_AHEAD.search(text):
        return found
    written = reference[:10]
    return [(start, end, _looking_back(text[start:end], days, written)) for start, end, days in found]


_LOOKS_AHEAD = re.compile(
    r"\b(?:akan|bakal|mendatang|depan|rencana\w*|berencana|dijadwalkan|ditargetkan|hingga|sampai|mulai|target\w*|will|would|"
    r"shall|due|next|plans?|planned|expects?|expected|scheduled|until|by|from|begins?|starts?|could|may|might|coming|to)\b",
    re.IGNORECASE,
)


def _looking_back(shown: str, days: DateRange, written: str) -> DateRange:
    """A month without a year as the last one of that name, in a claim that does not look ahead."""
    if re.search(r"\d{4}", shown) or not days.first.isoformat() > written:
        return days
    if days.first.day != 1 or days.last == days.first or days.first.month != days.last.month:
        return days
    first = days.first.replace(year=days.first.year - 1)
    return DateRange(first, first.replace(day=monthrange(first.year, first.month)[1]))


def reference_date(article: Article) -> str | None:
    """The date that an article's relative dates are counted from, ISO 8601, or None."""
    return article.published_at or _date_in(article.text[:20_000], article.language)


@lru_cache(maxsize=16)
def _date_in(text: str, language: str) -> str | None:
    single = [(at, days.first) for at, _, days in find_dates(text, None, language) if days.first == days.last]
    # "Rabu (15/7/2020)": Indonesian news dates what it reports so; the latest is the day of writing or the one before.
    bracketed = [day for at, day in single if "(" in text[max(0, at - 1) : at + 12]]
    if bracketed:
        return max(bracketed).isoformat()
    return single[0][1].isoformat() if single else None


def claim_dates(claim: Claim, article: Article) -> tuple[DateRange, ...]:
    """The days that a claim speaks of, each once, in the order of its quote; empty where it names none."""
    found: dict[DateRange, None] = {}
    for text in (claim.quote, claim.text):
        for _, _, days in resolve_dates(text, article):
            found[days] = None
        if found:
            break
    return tuple(found)


def describe_days(days: DateRange) -> str:
    """A range as a person writes it: `2022-12-08`, `2022-11`, `2018`, `2025-06-16 – 2025-06-22`."""
    first, last = days.first, days.last
    if first == last:
        return first.isoformat()
    if first.day == 1 and (first.year, first.month) == (last.year, last.month) and last.day >= 28:
        return f"{first:%Y-%m}"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first:%Y}"
    return f"{first.isoformat()} – {last.isoformat()}"
