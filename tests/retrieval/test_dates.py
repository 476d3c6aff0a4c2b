"""Dates in both languages, to the precision that is known."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.dates import DateRange, PartialDate, bounds, find_dates, parse_date, utc_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Senin, 23 Juni 2025 19:04 WIB", "2025-06-23T19:04+07:00"),
        ("Selasa (24/6/2025) 06:12 WIB", "2025-06-24T06:12+07:00"),
        ("Kamis, 5 Maret 2026 | 08:00 WITA", "2026-03-05T08:00+08:00"),
        ("23-06-2025 | 10.15 WIT", "2025-06-23T10:15+09:00"),
        ("23/6/2025", "2025-06-23"),
        ("24.06.2025", "2025-06-24"),
        ("June 23, 2025", "2025-06-23"),
        ("Jun. 3rd, 2025", "2025-06-03"),
        ("23 June 2025 at 9:39 p.m. EST", "2025-06-23T21:39-05:00"),
        ("12:00 AM is midnight: June 3, 2025, 12:05 AM GMT", "2025-06-03T00:05Z"),
        ("Mon, 23 Jun 2025 09:39:00 GMT", "2025-06-23T09:39:00Z"),
        ("Mon, 23 Jun 2025 16:39:00 +0700", "2025-06-23T16:39:00+07:00"),
        ("03 Jul 2025 10:00 UTC+7", "2025-07-03T10:00+07:00"),
        ("2025-06-23T09:39:00Z", "2025-06-23T09:39:00Z"),
        ("2025-06-23T09:39:00.123+05:30", "2025-06-23T09:39:00+05:30"),
        ("Published on 2025-06-23 by the desk", "2025-06-23"),
        ("Juni 2025", "2025-06"),
        ("tahun 2018", "2018"),
        ("2018", "2018"),
        # A time without a zone names no moment.
        ("June 3, 2025, 12:05 AM", "2025-06-03"),
        # Impossible parts are not carried over.
        ("23 Juni 2025 29:99 WIB", "2025-06-23"),
    ],
)
def test_a_date_is_read_to_its_precision(text: str, expected: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert found.iso() == expected


@pytest.mark.parametrize(
    "text", ["", "Feb. 26", "kemarin", "Rp 1.884.000", "pasal 27 ayat 3", "skor 3-2", "45/13/2025"]
)
def test_what_names_no_year_is_no_date(text: str) -> None:
    assert parse_date(text) is None


def test_figures_in_english_text_have_no_known_order() -> None:
    assert parse_date("6/7/2025", "en") == PartialDate(2025)
    assert parse_date("6/7/2025", "id") == PartialDate(2025, 7, 6)
    assert parse_date("6/23/2025", "en") == PartialDate(2025, 6, 23)
    [(_, _, days)] = find_dates("on 6/7/2025", language="en")
    assert days == DateRange(date(2025, 6, 7), date(2025, 7, 6))


WRITTEN = date(2025, 6, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "quote", "first", "last"),
    [
        ("dalam kunjungannya ke Moskow pada Senin, 23 Juni 2025.", "Senin, 23 Juni 2025", "2025-06-23", "2025-06-23"),
        ("Menlu tiba Senin (23/6) malam", "Senin (23/6", "2025-06-23", "2025-06-23"),
        ("berlangsung 21-24 Juni 2025 di", "21-24 Juni 2025", "2025-06-21", "2025-06-24"),
        ("from June 21-24, 2025,", "June 21-24, 2025", "2025-06-21", "2025-06-24"),
        ("masa jabatan pertamanya pada tahun 2018.", "2018", "2018-01-01", "2018-12-31"),
        ("since Feb. 26 the", "Feb. 26", "2025-02-26", "2025-02-26"),
        ("signed in January by", "January", "2025-01-01", "2025-01-31"),
        ("on Dec. 30 the", "Dec. 30", "2024-12-30", "2024-12-30"),
        ("ia berkata kemarin bahwa", "kemarin", "2025-06-24", "2025-06-24"),
        ("two days ago he", "two days ago", "2025-06-23", "2025-06-23"),
        ("dua pekan lalu", "dua pekan lalu", "2025-06-09", "2025-06-15"),
        ("bulan lalu harga", "bulan lalu", "2025-05-01", "2025-05-31"),
        ("last year it", "last year", "2024-01-01", "2024-12-31"),
        ("on Monday he", "on Monday", "2025-06-23", "2025-06-23"),
        ("last Wednesday he", "last Wednesday", "2025-06-18", "2025-06-18"),
        ("on Wednesday he", "on Wednesday", "2025-06-25", "2025-06-25"),
        ("rapat Jumat pekan depan", "Jumat pekan depan", "2025-07-04", "2025-07-04"),
        ("next Monday", "next Monday", "2025-06-30", "2025-06-30"),
        ("minggu lalu ia", "minggu lalu", "2025-06-16", "2025-06-22"),
        ("besok pagi", "besok", "2025-06-26", "2025-06-26"),
    ],
)
def test_a_mention_is_found_with_its_days(text: str, quote: str, first: str, last: str) -> None:
    [(start, end, days)] = find_dates(text, WRITTEN)
    assert text[start:end] == quote
    assert (days.first.isoformat(), days.last.isoformat()) == (first, last)


@pytest.mark.parametrize("text", ["he may march 5 km", "24/7 service", "skor 3-2", "minggu itu", "seharga 2025 dolar"])
def test_what_is_no_date_is_not_found(text: str) -> None:
    assert find_dates(text, WRITTEN) == []


def test_without_a_day_to_count_from_only_full_dates_are_found() -> None:
    text = "Kemarin, last Monday, Feb. 26, dan 23 Juni 2025"
    [(start, end, _)] = find_dates(text)
    assert text[start:end] == "23 Juni 2025"
    assert find_dates(text, "2025-06") == find_dates(text)


@given(st.text(max_size=80), st.dates())
def test_nothing_makes_it_stumble(text: str, day: date) -> None:
    spans = find_dates(text, day)
    assert all(0 <= start < end <= len(text) for start, end, _ in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    parse_date(text)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)), st.sampled_from(["id", "en"]))
def test_a_day_written_out_is_read_back(day: date, language: str) -> None:
    names = {
        "id": [
            "Januari",
            "Februari",
            "Maret",
            "April",
            "Mei",
            "Juni",
            "Juli",
            "Agustus",
            "September",
            "Oktober",
            "November",
            "Desember",
        ],
        "en": [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    }
    text = f"{day.day} {names[language][day.month - 1]} {day.year}"
    assert parse_date(text) == PartialDate(day.year, day.month, day.day)


def test_bounds_of_each_precision() -> None:
    moment = datetime(2025, 6, 23, 9, 39, tzinfo=UTC)
    assert bounds("2025-06-23T09:39:00Z") == (moment, moment)
    assert bounds("2025-06-23T16:39+07:00") == (moment, moment + timedelta(seconds=59))
    assert [utc_text(m) for m in bounds("2025-06-23")] == ["2025-06-22T17:00:00Z", "2025-06-23T16:59:59Z"]
    assert [utc_text(m) for m in bounds("2025-02")] == ["2025-01-31T17:00:00Z", "2025-02-28T16:59:59Z"]
    assert [utc_text(m) for m in bounds("2025")] == ["2024-12-31T17:00:00Z", "2025-12-31T16:59:59Z"]


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13", "2025-02-30", "23/6/2025", "9999", "0001-01-01"])
def test_bounds_refuse_what_is_no_iso_date(text: str) -> None:
    with pytest.raises(ValueError, match="date"):
        bounds(text)
