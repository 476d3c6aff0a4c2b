"""Dates, weekdays and clock times of a text, in Indonesian and English, as far as the text itself gives them.

Unlike `retrieval.dates`, which resolves a mention to days, this keeps the parts apart: a check compares a weekday with a
weekday and a month with a month, and needs to know what was not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from retrieval.datewords import MONTHS, WEEKDAYS

_MONTH_NAMES = "|".join(sorted((name for name in MONTHS), key=len, reverse=True))
_LONG_MONTHS = "|".join(
    sorted((name for name in MONTHS if len(name) > 3 or name in ("mei", "may")), key=len, reverse=True)
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:\s?(?:-|–|sampai|hingga|to|until)\s?(?P<last>\d{1,2})(?:st|nd|rd|th)?)?"
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>(?:19|20)\d{2})-(?P<number>\d{2})-(?P<day>\d{2})\b",
        r"\b(?P<day>\d{1,2})/(?P<number>\d{1,2})/(?P<year>(?:19|20)\d{2})\b",
        r"(?:(?<=\()|(?<=\bpada )|(?<=\btanggal )|(?<=, ))(?P<day>\d{1,2})/(?P<number>\d{1,2})(?=[),;.\s])(?!\s\()",
        rf"(?<![\d.,]){_DAY}\s(?:of\s)?(?P<month>{_MONTH_NAMES})\b\.?(?:,?\s(?:tahun\s)?{_YEAR}\b)?",
        rf"\b(?P<month>{_MONTH_NAMES})\b\.?\s{_DAY}\b(?![.,]?\d)(?:,?\s{_YEAR}\b)?",
        rf"\b(?P<month>{_MONTH_NAMES})\b\.?,?\s(?:of\s|tahun\s)?{_YEAR}\b",
        rf"\b(?P<month>{_LONG_MONTHS})\b",
        rf"(?:(?<![\d.,$\w/-])|(?<=\b\d{{4}}[-–/])){_YEAR}(?![\d\w%]|[.,]\d|-an\b)",
    )
)
_BARE_MONTH = 6
_BARE_YEAR = 7
_BEFORE_MONTH = re.compile(
    r"\b(?:in|since|until|by|last|this|next|during|early|late|mid|from|of|end|to|and|between|before|after|through|bulan|pada|sejak|hingga|sampai|"
    r"awal|akhir|pertengahan|antara|dan|lalu|tiap|setiap)[\s-]*\Z",
    re.IGNORECASE,
)
_MONEY = re.compile(r"(?:Rp\.?|IDR|US\$|USD|[$€£¥]|nomor|no\.|pasal|kode|model|seri)\s?\Z", re.IGNORECASE)
_COUNTED = re.compile(
    r"\s(?:orang|jiwa|people|rumah|houses|homes|kasus|cases|unit|units|meter|metres|meters|km|ton|tons|tonnes|persen|percent|"
    r"kali|times|dolar|dollars|rupiah|hektare|hectares|penumpang|passengers|warga|residents|korban|victims|siswa|students|"
    r"ribu|juta|kilometer|kg|mdpl|pekerja|workers|personel|personnel|kursi|seats|tentara|troops)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\b(" + "|".join(sorted((name for name in WEEKDAYS if len(name) > 3), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_WEEKS = re.compile(r"(?:\d|satu|dua|tiga|empat|lima|enam|se|per|tiap|setiap|beberapa|akhir|awal)\s?\Z", re.IGNORECASE)
_ASSERTED = re.compile(
    r"(?:\b(?:pada|on|in|tanggal|tgl|sejak|since|until|hingga|sampai|mulai|from|per|by|bulan|tahun|during|early|late|mid|around|"
    r"sekitar|awal|akhir|pertengahan|before|after|sebelum|setelah|of|to|dated|born|lahir|hari|antara|between|and|dan|"
    r"malam|pagi|siang|sore|petang|morning|evening|afternoon|night)[\s-]*(?:the\s)?|[,(]\s?)\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as a text gives it; what it does not give is None.

    Attributes:
        weekday: 1 for Monday, as `date.isoweekday`.
        last: Last day of a range within the month.
        asserted: The text says that something happened then ("pada 8 Desember"), rather than naming an event by its
            date ("gempa 21 November").
        resolved: Worked out from the publication date ("yesterday", a bare weekday), not written.
    """

    start: int
    end: int
    text: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    last: int | None = None
    weekday: int | None = None
    asserted: bool = True
    resolved: bool = False

    @property
    def date(self) -> date | None:
        """The day, where all three parts are known and make one."""
        if self.year is None or self.month is None or self.day is None or self.last is not None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: minutes after midnight, and minutes ahead of UTC where the text names a zone."""

    start: int
    end: int
    text: str
    minutes: int
    zone: int | None = None
    precise: bool = True


def _raw(text: str) -> Iterator[Moment]:
    taken: list[tuple[int, int]] = []
    for order, pattern in enumerate(_PATTERNS):
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            groups = match.groupdict()
            before = text[: match.start()]
            if order == _BARE_MONTH and not (
                match.group()[0].isupper()
                and (
                    _BEFORE_MONTH.search(before[-24:]) or match.group().lower() not in ("may", "march", "mei", "august")
                )
            ):
                continue
            if (
                groups.get("month")
                and order != _BARE_MONTH
                and groups["month"].lower() in ("may", "mar", "march", "dec", "des", "mei", "nov", "jan", "sun")
                and not groups["month"][0].isupper()
            ):
                continue
            if order == _BARE_YEAR and (_MONEY.search(before[-8:]) or _COUNTED.match(text[match.end() :])):
                continue
            month = int(groups["number"]) if groups.get("number") else MONTHS.get((groups.get("month") or "").lower())
            day = int(groups["day"]) if groups.get("day") else None
            if (month and month > 12) or (day is not None and not 1 <= day <= 31):
                continue
            taken.append(match.span())
            yield Moment(
                match.start(),
                match.end(),
                match.group(),
                year=int(groups["year"]) if groups.get("year") else None,
                month=month,
                day=day,
                last=int(groups["last"]) if groups.get("last") else None,
                asserted=bool(_ASSERTED.search(before[-16:])),
            )


@lru_cache(maxsize=2048)
def find_moments(text: str) -> tuple[Moment, ...]:
    """The dates and weekdays that a text writes, in order; a weekday beside its date is part of it."""
    found = sorted(_raw(text), key=lambda moment: moment.start)
    for match in _WEEKDAY.finditer(text):
        name = match.group()
        if not name[0].isupper() or (name.lower() == "minggu" and _WEEKS.search(text[: match.start()])):
            continue
        weekday = WEEKDAYS[name.lower()] + 1
        for index, moment in enumerate(found):
            gap = text[match.end() : moment.start] if match.start() < moment.start else text[moment.end : match.start()]
            if (
                moment.day
                and len(gap) <= 14
                and re.fullmatch(
                    r"(?:\s?(?:pagi|siang|sore|malam|morning|evening|night|afternoon))?[\s,(]*(?:tanggal\s|the\s)?", gap
                )
            ):
                start, end = min(moment.start, match.start()), max(moment.end, match.end())
                found[index] = replace(
                    moment, start=start, end=end, text=text[start:end], weekday=weekday, asserted=True
                )
                break
        else:
            found.append(Moment(match.start(), match.end(), name, weekday=weekday))
    return tuple(sorted(found, key=lambda moment: moment.start))


_RELATIVE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), kind)
    for pattern, kind in (
        (r"kemarin|yesterday", "day-1"),
        (r"hari ini|today", "day0"),
        (r"besok|tomorrow", "day+1"),
        (r"bulan lalu|last month", "month-1"),
        (r"bulan ini|this month", "month0"),
        (r"tahun lalu|last year", "year-1"),
        (r"tahun ini|this year", "year0"),
    )
)


def resolve(moments: tuple[Moment, ...], text: str, published_at: str | None) -> tuple[Moment, ...]:
    """What a text published on a known day says with its weekdays and with words like "yesterday".

    Returns:
        Full or partial dates, marked `resolved`; empty where the day of publication is not known.
    """
    if not published_at or len(published_at) < 7:
        return ()
    found: list[Moment] = []
    day = _day(published_at)
    for pattern, kind in _RELATIVE:
        match = pattern.search(text)
        if not match:
            continue
        step = int(re.sub(r"[a-z]+", "", kind))
        year, month = int(published_at[:4]), int(published_at[5:7])
        moment = Moment(match.start(), match.end(), match.group(), resolved=True)
        if kind.startswith("year"):
            found.append(replace(moment, year=year + step))
        elif kind.startswith("month"):
            index = year * 12 + month - 1 + step
            found.append(replace(moment, year=index // 12, month=index % 12 + 1))
        elif day:
            then = day + timedelta(days=step)
            found.append(replace(moment, year=then.year, month=then.month, day=then.day))
    if day:
        for moment in moments:
            if moment.weekday and not moment.day:
                then = day - timedelta(days=(day.isoweekday() - moment.weekday) % 7)
                found.append(replace(moment, year=then.year, month=then.month, day=then.day, resolved=True))
    return tuple(found)


def _day(published_at: str) -> date | None:
    try:
        return date.fromisoformat(published_at[:10])
    except ValueError:
        return None


_COUNT = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh|sebelas|beberapa|several|some)"
_STEP = re.compile(
    rf"\b(?:{_COUNT}\s(?:hari|pekan|minggu|bulan|tahun|days?|weeks?|fortnight|months?|years?)|"
    r"sehari|sepekan|seminggu|sebulan|setahun|hari|pekan|minggu|bulan|tahun|the (?:day|night|week|month|year|morning|evening))\s"
    r"(?:(?:yang|full|penuh)\s)?(?:sebelum\w*|setelah\w*|sesudah\w*|kemudian|berikut\w*|berselang|lalu|lebih|before|after|later|earlier|sooner|on\b|ago|"
    r"ahead|late|early)|"
    r"\b(?:keesokan\w*|esok\w*|lusa|kelak|mundur|dimundurkan|dimajukan|ditunda|diundur|postponed|brought forward|moved (?:up|forward|to)|"
    r"(?:next|following|previous|preceding) (?:day|night|week|month|year|morning|evening)|overnight|the eve of|malam sebelum\w*)\b",
    re.IGNORECASE,
)


def tells_steps(text: str) -> bool:
    """Whether a text gives a time by its distance from another ("keesokan harinya", "three days later")."""
    return _STEP.search(text) is not None


_ZONES = {"wib": 420, "wita": 480, "wit": 540, "gmt": 0, "utc": 0}
_CLOCKS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:\b(?:pukul|jam|at)\s)?(?<![\d.,])(?P<hour>[01]?\d|2[0-3])[.:](?P<minute>[0-5]\d)(?:[.:][0-5]\d)?\s?(?P<zone>WIB|WITA|WIT|GMT|UTC)\b",
        r"(?:\bpukul|(?<!\d\s)(?<!satu\s)(?<!dua\s)(?<!tiga\s)(?<!empat\s)(?<!lima\s)(?<!enam\s)\bjam)\s(?P<hour>[01]?\d|2[0-3])(?:[.:](?P<minute>[0-5]\d)(?:[.:][0-5]\d)?)?(?!\d|[.,]\d)(?:\s(?P<part>pagi|siang|sore|malam|petang|dini hari))?",
        r"(?<![\d.,:])(?P<hour>1[0-2]|0?[1-9])(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap])\.?m\b\.?",
        r"(?<![\d.,:])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])",
    )
)


@lru_cache(maxsize=2048)
def find_clocks(text: str) -> tuple[Clock, ...]:
    """The times of day that a text writes, in order."""
    found: list[Clock] = []
    for pattern in _CLOCKS:
        for match in pattern.finditer(text):
            if any(clock.start < match.end() and match.start() < clock.end for clock in found):
                continue
            groups = match.groupdict()
            hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
            part, half = (groups.get("part") or "").lower(), (groups.get("half") or "").lower()
            if half:
                hour = hour % 12 + (12 if half == "p" else 0)
            elif (part in ("sore", "malam", "petang") and hour < 12) or (part == "siang" and hour < 7):
                hour += 12
            zone = _ZONES.get((groups.get("zone") or "").lower())
            precise = bool(groups.get("minute")) or bool(half) or bool(part)
            found.append(Clock(match.start(), match.end(), match.group(), hour * 60 + minute, zone, precise))
    return tuple(sorted(found, key=lambda clock: clock.start))
