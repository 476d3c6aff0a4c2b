"""Dates as sources and articles give them, Indonesian and English, to the precision that is known and no further.

Own rules, because the libraries at hand do other work: `dateparser` fills what a text does not say with today's date,
gives no spans, and its search found the years alone in "pada Senin, 23 Juni 2025" (1.5.0, after 0.9 s to start).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from retrieval.datewords import MONTHS, NUMBERS, PAST, PATTERNS, RELATIVE, TIME, UNITS, WEEKDAYS, ZONES

JAKARTA = timezone(timedelta(hours=7), "WIB")
"""Zone of a date without one: the newsrooms that Saring is made for write Western Indonesian Time."""

_ISO = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?$", re.I
)


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """The days that a mention of a date can mean, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a range of dates cannot end ({self.last}) before it begins ({self.first})")


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date to the precision that was given.

    Attributes:
        month: None where only the year is known; likewise `day`, and `hour` and `minute` together.
        zone: Minutes ahead of UTC, None where the time names no zone.
    """

    year: int
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    zone: int | None = None

    def __post_init__(self) -> None:
        datetime(self.year, self.month or 1, self.day or 1, self.hour or 0, self.minute or 0, self.second or 0)

    def iso(self) -> str:
        """ISO 8601 to the known precision; a time without a zone is left out, since its moment is not known."""
        text = f"{self.year:04d}"
        if self.month:
            text += f"-{self.month:02d}"
        if self.day:
            text += f"-{self.day:02d}"
        if self.hour is not None and self.zone is not None:
            text += f"T{self.hour:02d}:{self.minute or 0:02d}"
            text += f":{self.second:02d}" if self.second is not None else ""
            sign, away = ("-", -self.zone) if self.zone < 0 else ("+", self.zone)
            text += f"{sign}{away // 60:02d}:{away % 60:02d}" if self.zone else "Z"
        return text

    def range(self) -> DateRange:
        """The days it can mean."""
        first = date(self.year, self.month or 1, self.day or 1)
        if self.day:
            return DateRange(first, first)
        return DateRange(first, _month_end(first) if self.month else first.replace(month=12, day=31))


def bounds(published_at: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a date can mean.

    A day, month or year without a zone is read in Jakarta's; so an `as_of` of `2025-06-23` ends with that day there.

    Args:
        published_at: ISO 8601 to any precision: `2025`, `2025-06`, `2025-06-23`, `2025-06-23T19:04+07:00`.

    Returns:
        Two moments in UTC, the same one for a time to the second.

    Raises:
        ValueError: It is not an ISO 8601 date, or not a date of the calendar.
    """
    match = _ISO.match(published_at.strip())
    if not match:
        raise ValueError(f"{published_at[:40]!r} is not an ISO 8601 date such as 2025-06-23")
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=_zone(zone))
        if hour is not None:
            start = start.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
            return start.astimezone(UTC), (start + timedelta(seconds=0 if second else 59)).astimezone(UTC)
        if day:
            following = start + timedelta(days=1)
        elif month:
            following = (start + timedelta(days=31)).replace(day=1)
        else:
            following = start.replace(year=start.year + 1)
        return start.astimezone(UTC), (following - timedelta(seconds=1)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{published_at[:40]!r} is not a date of the calendar ({error})") from None


def utc_text(moment: datetime) -> str:
    """`2025-06-23T12:04:00Z`: as the store keeps moments, so that their order is that of the texts."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_date(text: str, language: str = "") -> PartialDate | None:
    """The date that a short text gives (a dateline, a byline, a `datetime` attribute).

    Args:
        text: "Senin, 23 Juni 2025 19:04 WIB", "June 23, 2025", "23/6/2025", ISO 8601, RFC 2822, ...
        language: ISO 639-1. A date in figures is day before month, as in Indonesia and most countries; in English text
            ("6/7/2025") the order cannot be known, and only the year is kept.

    Returns:
        The first date that has a year, with its time where one follows; None where there is none.
    """
    if (match := _ISO.match(text.strip())) is not None:
        return _from_iso(match)
    for found in _absolute(text, language):
        if found.date is not None:
            return _with_time(found.date, text, found.end)
    return None


def find_dates(text: str, reference: str | date | None = None, language: str = "") -> list[tuple[int, int, DateRange]]:
    """The dates that a text mentions.

    Args:
        text: Indonesian or English.
        reference: Day on which it was written (a date, or ISO 8601 to the day): "kemarin", "last Monday" and dates
            without a year are resolved against it, and left out where it is None or names no day.
        language: As for `parse_date`.

    Returns:
        `(start, end, range)` in the order of the text, without overlap.
    """
    day = _reference(reference)
    found: list[tuple[int, int, DateRange]] = []
    for mention in _absolute(text, language):
        if mention.range is not None:
            found.append((mention.start, mention.end, mention.range))
        elif day is not None and mention.yearless is not None:
            resolved = _nearest(mention.yearless, day)
            if resolved is not None:
                found.append((mention.start, mention.end, resolved))
    if day is not None:
        taken = [(start, end) for start, end, _ in found]
        for start, end, days in _relative(text, day):
            if all(end <= other_start or start >= other_end for other_start, other_end in taken):
                found.append((start, end, days))
                taken.append((start, end))
    return sorted(found)


# -- absolute dates


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    date: PartialDate | None = None
    range: DateRange | None = None
    yearless: tuple[int, int | None, int | None] | None = None  # month, first day, last day


def _absolute(text: str, language: str) -> list[_Mention]:
    found: list[_Mention] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and match.end() > other.start for other in found):
                continue
            try:
                mention = _mention(kind, match, language)
            except ValueError:  # 31 June, 45/13
                continue
            if mention is not None:
                found.append(mention)
    return sorted(found, key=lambda mention: mention.start)


def _mention(kind: str, match: re.Match[str], language: str) -> _Mention | None:
    group = match.groupdict()
    if kind == "figures":
        return _in_figures(match, language)
    if group.get("month") in ("may", "march", "mar"):
        return None  # verbs: a month is written with a capital in both languages
    start = (
        match.start("month") if kind == "month" and not match.group().lower().startswith(group["month"].lower()) else 0
    )
    start = start or (match.start("year") if kind == "year" else match.start())
    month = (int(group["month"]) if kind == "iso" else MONTHS[group["month"].lower()]) if group.get("month") else None
    day = int(group["day"]) if group.get("day") else None
    first = int(group["from"]) if group.get("from") else day
    if not group.get("year"):
        assert month is not None
        date(2024, month, day or 1)
        return _Mention(start, match.end(), yearless=(month, first, day))
    year = int(group["year"])
    whole = PartialDate(year, month, day)
    days = (
        whole.range() if first == day or first is None else DateRange(date(year, month or 1, first), whole.range().last)
    )
    return _Mention(start, match.end(), date=whole, range=days)


def _in_figures(match: re.Match[str], language: str) -> _Mention | None:
    """`23/6/2025`, `23-6-2025`, `23.06.2025`, `(23/6)`."""
    group = match.groupdict()
    a, b = int(group["a"]), int(group["b"])
    year = group["year"]
    if year is None:
        # "1.5", "3-2" and "24/7" are not dates; "Senin (23/6)" and "(23/6)" are.
        before = match.string[: match.start("a")]
        if group["sep"] != "/" or not (before.endswith("(") or match.start("a") > match.start()):
            return None
        day, month = (b, a) if b > 12 >= a else (a, b)
        date(2024, month, day)
        return _Mention(match.start(), match.end(), yearless=(month, day, day))
    if len(year) == 2 and group["sep"] != "/":
        return None
    full = int(year) + (0 if len(year) == 4 else 2000)
    if language == "en" and a <= 12 and b <= 12 and a != b and group["sep"] != ".":
        known = PartialDate(full)
        options = sorted((date(full, a, b), date(full, b, a)))
        return _Mention(match.start(), match.end(), date=known, range=DateRange(options[0], options[1]))
    whole = PartialDate(full, a, b) if b > 12 >= a else PartialDate(full, b, a)
    return _Mention(match.start(), match.end(), date=whole, range=whole.range())


def _with_time(day: PartialDate, text: str, end: int) -> PartialDate:
    match = TIME.match(text, end)
    if day.day is None or match is None:
        return day
    hour, minute = int(match["hour"]), int(match["minute"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    named = (match["zone"] or "").lower()
    zone = ZONES.get(named)
    if named and named[0] in "+-":
        zone = _minutes(named)
    elif named in ("gmt", "utc") and match["offset"]:
        zone = _minutes(match["offset"])
    try:
        second = int(match["second"]) if match["second"] else None
        return PartialDate(day.year, day.month, day.day, hour, minute, second, zone)
    except ValueError:
        return day


def _from_iso(match: re.Match[str]) -> PartialDate | None:
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups()[:6])
    zone = match.group(7)
    assert year is not None
    try:
        return PartialDate(year, month, day, hour, minute, second, _minutes(zone) if zone else None)
    except ValueError:
        return None


def _minutes(text: str) -> int:
    if text.upper() == "Z":
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:2]), int(digits[2:]))
    return (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)


def _zone(text: str | None) -> timezone:
    return JAKARTA if text is None else timezone(timedelta(minutes=_minutes(text)))


# -- dates that need a day to count from


def _relative(text: str, day: date) -> list[tuple[int, int, DateRange]]:
    found: list[tuple[int, int, DateRange]] = []
    for kind, pattern in RELATIVE:
        for match in pattern.finditer(text):
            if any(match.start() < end and match.end() > start for start, end, _ in found):
                continue
            days = _counted(kind, match, day)
            if days is not None:
                found.append((match.start(), match.end(), days))
    return found


def _counted(kind: str, match: re.Match[str], day: date) -> DateRange | None:
    group = match.groupdict()
    if kind.lstrip("-").isdigit():
        there = day + timedelta(days=int(kind))
        return DateRange(there, there)
    if kind == "ago":
        n = int(group["n"]) if group["n"].isdigit() else NUMBERS[group["n"].lower()]
        return _unit(UNITS[group["unit"].lower()], -n, day)
    if kind.startswith("unit"):
        unit = UNITS[(group["unit"] or group["en"]).lower()]
        return _unit(unit, {"past": -1, "this": 0, "next": 1}[kind[5:]], day)
    name = group.get("en") or group["weekday"]
    if kind == "weekday" and name[0].islower():
        return None  # "minggu" is a week, and a weekday is written with a capital in both languages
    ahead = (WEEKDAYS[name.lower()] - day.weekday()) % 7
    if kind == "weekday-next":
        # "Jumat pekan depan" is the one of the next calendar week, "Jumat depan" the next one to come.
        monday = day - timedelta(days=day.weekday() - 7)
        there = monday + timedelta(days=WEEKDAYS[name.lower()]) if group["week"] else day + timedelta(days=ahead or 7)
    else:
        # News of "Monday" is of the last one; "last Monday" said on a Monday is a week back.
        explicit = re.search(rf"last\s|(?:{PAST})$", match.group(), re.IGNORECASE)
        there = day - timedelta(days=(-ahead) % 7 or (7 if explicit else 0))
    return DateRange(there, there)


def _unit(unit: str, step: int, day: date) -> DateRange | None:
    try:
        if unit == "day":
            first = last = day + timedelta(days=step)
        elif unit == "week":
            first = day - timedelta(days=day.weekday()) + timedelta(weeks=step)
            last = first + timedelta(days=6)
        elif unit == "month":
            months = day.year * 12 + day.month - 1 + step
            first = date(months // 12, months % 12 + 1, 1)
            last = _month_end(first)
        else:
            first, last = date(day.year + step, 1, 1), date(day.year + step, 12, 31)
    except (ValueError, OverflowError):  # 999 years ago
        return None
    return DateRange(first, last)


def _month_end(first: date) -> date:
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1) if first.year < 9999 else date.max
    return following - timedelta(days=1)


def _nearest(yearless: tuple[int, int | None, int | None], day: date) -> DateRange | None:
    """The year that brings a month or day closest to the day of writing."""
    month, first, last = yearless
    options = []
    for year in (day.year - 1, day.year, day.year + 1):
        try:
            start = date(year, month, first or 1)
            options.append(DateRange(start, date(year, month, last) if last else _month_end(start)))
        except ValueError:  # 29 February
            continue
    return min(options, key=lambda option: abs((option.first - day).days), default=None)


def _reference(reference: str | date | None) -> date | None:
    if reference is None:
        return None
    if isinstance(reference, datetime):
        return reference.astimezone(JAKARTA).date() if reference.tzinfo else reference.date()
    if isinstance(reference, date):
        return reference
    match = _ISO.match(reference.strip())
    if match is None or match.group(3) is None:
        return None
    try:
        return date(int(match.group(1)), int(match.group(2)), int(match.group(3)))
    except ValueError:
        return None
