"""The words and shapes of dates in Indonesian and English: data of `retrieval.dates`."""

from __future__ import annotations

import re
from collections.abc import Iterable

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari february pebruari feb",
            "maret march mar",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august aug agt agu ags",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "senin monday mon",
            "selasa tuesday tues tue",
            "rabu wednesday wed",
            "kamis thursday thurs thu",
            "jumat jum'at friday fri",
            "sabtu saturday sat",
            "minggu ahad sunday sun",
        )
    )
    for name in names.split()
}
ZONES = {
    "wib": 420, "wita": 480, "wit": 540, "gmt": 0, "utc": 0, "z": 0, "est": -300, "edt": -240, "et": None, "bst": 60,
    "cet": 60, "cest": 120, "eet": 120, "eest": 180, "msk": 180, "sgt": 480, "jst": 540, "pst": -480, "pdt": -420,
}  # fmt: skip


def _either(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_M = rf"(?P<month>{_either(MONTHS)})\b\.?"
_D = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_Y = r"(?P<year>(?:19|20)\d{2})(?!\d|[.,]\d{3})"
_W = rf"(?:\b(?:{_either(WEEKDAYS)})\b\.?,?\s*\(?)?"
_TO = r"\s*(?:-|–|—|s/d|hingga|sampai|to|and|dan)\s*"
_IN = (
    r"\b(?:tahun|in|pada|since|sejak|by|until|hingga|sampai|from|dari|of|early|late|mid|awal|akhir|pertengahan|during|"
    r"selama|before|after|sebelum|setelah|for)[ -]+"
)
_FIGURES = r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?:(?P=sep)(?P<year>(?:19|20)\d{2}|\d{2}))?(?![\d/]|[.,-]\d)"

PATTERNS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("iso", r"\b(?P<year>(?:19|20)\d{2})-(?P<month>\d{2})(?:-(?P<day>\d{2}))?(?!\d|-\d)"),
        ("span", rf"(?<![\d.,]){_W}(?P<from>\d{{1,2}}){_TO}{_D}\s+(?:of\s+)?{_M}(?:,?\s+{_Y})?"),
        ("span", rf"\b{_M}\s+(?P<from>\d{{1,2}}){_TO}{_D}(?:,?\s+{_Y})?(?!\d)"),
        ("day", rf"(?<![\d.,]){_W}{_D}(?:\s+|-)(?:of\s+)?{_M}(?:(?:,?\s+|-){_Y})?"),
        ("day", rf"{_W}\b{_M}\s+{_D}(?!\d|:\d)(?:,?\s+{_Y})?"),
        ("figures", rf"{_W}(?<![\d/.,-]){_FIGURES}"),
        ("month", rf"\b{_M},?\s+(?:tahun\s+|of\s+)?{_Y}"),
        ("month", rf"{_IN}(?:bulan\s+)?{_M}(?!\s*\d)"),
        ("year", rf"{_IN}{_Y}"),
        ("year", rf"\(\s*{_Y}\s*\)"),
    )
)
TIME = re.compile(
    r"[\s,|;/()–—-]*(?:at|pukul|jam|T|-|\|)?\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*"
    r"(?P<half>[ap]\.?m\.?)?\s*\(?(?P<zone>[A-Za-z]{1,4}(?![A-Za-z])|[+-]\d{2}:?\d{2}(?!\d))?(?P<offset>[+-]\d{1,2}(?::?\d{2})?(?!\d))?",
    re.IGNORECASE,
)


NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            *("satu se one a an", "dua two", "tiga three", "empat four", "lima five", "enam six", "tujuh seven"),
            *("delapan eight", "sembilan nine", "sepuluh ten"),
        ),
        1,
    )
    for name in names.split()
}
UNITS = {
    "hari": "day", "day": "day", "days": "day", "pekan": "week", "minggu": "week", "week": "week", "weeks": "week",
    "bulan": "month", "month": "month", "months": "month", "tahun": "year", "year": "year", "years": "year",
}  # fmt: skip
PAST = r"lalu|yang lalu|silam|kemarin"
_NEXT = r"depan|mendatang"
RELATIVE = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "ago",
            rf"\b(?P<n>\d{{1,3}}|{_either(NUMBERS)})[ -]?(?P<unit>{_either(UNITS)})\s+"
            r"(?:yang\s+)?(?:lalu|silam|ago|earlier|sebelumnya)\b",
        ),
        ("-2", r"\b(?:kemarin lusa|kemarin dulu|(?:the )?day before yesterday)\b"),
        ("-1", r"\b(?:kemarin|yesterday|semalam|tadi malam|last night)\b"),
        (
            "0",
            r"\b(?:hari ini|today|tonight|malam ini|pagi ini|siang ini|sore ini|this (?:morning|afternoon|evening))\b",
        ),
        ("2", r"\b(?:lusa|(?:the )?day after tomorrow)\b"),
        ("1", r"\b(?:besok|esok hari|tomorrow)\b"),
        (
            "weekday-next",
            rf"\b(?P<weekday>{_either(WEEKDAYS)})\s+(?P<week>pekan\s+|minggu\s+)?(?:{_NEXT})\b"
            rf"|\bnext\s+(?P<en>{_either(WEEKDAYS)})\b",
        ),
        (
            "unit-past",
            rf"\b(?P<unit>pekan|minggu|bulan|tahun)\s+(?:{PAST})\b|\b(?:last|past)\s+(?P<en>week|month|year)\b",
        ),
        ("unit-this", r"\b(?P<unit>pekan|minggu|bulan|tahun)\s+ini\b|\bthis\s+(?P<en>week|month|year)\b"),
        ("unit-next", rf"\b(?P<unit>pekan|minggu|bulan|tahun)\s+(?:{_NEXT})\b|\bnext\s+(?P<en>week|month|year)\b"),
        (
            "weekday",
            rf"\b(?:last\s+|on\s+|hari\s+|pada\s+)?(?P<weekday>{_either(w for w in WEEKDAYS if len(w) > 4)})"
            rf"(?:\s+(?:{PAST}))?\b",
        ),
    )
)
