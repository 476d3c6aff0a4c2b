"""The days that a claim speaks of, read in the light of when its article was published."""

from __future__ import annotations

from functools import lru_cache

from checker.types import Article, Claim
from retrieval.dates import DateRange, find_dates


def resolve_dates(text: str, article: Article) -> list[tuple[int, int, DateRange]]:
    """Every date in a text: `(start, end, days)`, with "kemarin" and "8 Desember" counted from the article's date.

    An article that shows no date is read in the light of the full dates in its text, which news rarely strays far
    from; without one, dates that need a reference are left out.
    """
    return find_dates(text, reference_date(article), article.language)


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
