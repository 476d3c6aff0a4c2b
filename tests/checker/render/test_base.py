from __future__ import annotations

from dataclasses import replace

import pytest

from checker.errors import UnknownName
from checker.render import FORMATS, check_format, render
from checker.render.base import (
    clean,
    clean_line,
    cost_line,
    counts,
    failure_line,
    guess_language,
    rows,
    safe_url,
    show_date,
    speaker_line,
    summary,
    unplaced,
)
from checker.render.words import _WORDS, months, words
from checker.types import Attribution, Failure, Report


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_and_ends_with_one_newline(report: Report, name: str) -> None:
    document = render(report, name)
    assert document.endswith("\n")
    assert not document.endswith("\n\n")


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UnknownName, match="html, json, markdown, text"):
        check_format("docx")


def test_both_languages_have_all_words() -> None:
    assert _WORDS["id"].keys() == _WORDS["en"].keys()
    assert all(text.strip() for vocabulary in _WORDS.values() for text in vocabulary.values())
    assert len(months("id")) == len(months("en")) == 12
    assert words("fr") is words("en")


@pytest.mark.parametrize(
    ("dirty", "safe"),
    [
        ("a\x00b", "ab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x9b31mred", "31mred"),
        ("abc\u202edef\u202c", "abcdef"),
        ("\u2066x\u2069", "x"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("tab\tstays", "tab\tstays"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("Ügliche Straße “ok” — 🕊", "Ügliche Straße “ok” — 🕊"),
    ],
)
def test_clean_takes_out_what_could_fool_a_reader_or_a_terminal(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe


def test_clean_line_is_one_line() -> None:
    assert clean_line("  a\n\n b\t c\u00a0d ") == "a b c d"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org/a",
        "/relative",
        "",
        "https://",
        "https://user:pass@example.org/",
        "https://example.org/a b",
        "http://[::1",
        "https://example.org/\u202efdp.exe",
    ],
)
def test_a_link_that_could_do_something_else_than_open_a_page_is_none(url: str) -> None:
    assert safe_url(url) is None


@pytest.mark.parametrize("url", ["https://example.org/a?b=1&c=2#d", "http://example.org", "HTTPS://EXAMPLE.ORG/"])
def test_web_pages_are_linked(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        ("2025-06-23", "id", "23 Juni 2025"),
        ("2025-06-23", "en", "23 June 2025"),
        ("2025-06", "id", "Juni 2025"),
        ("2025", "en", "2025"),
        ("2025-06-23T09:39:00Z", "en", "23 June 2025, 09:39 UTC"),
        ("2025-06-23T09:39:00+00:00", "en", "23 June 2025, 09:39 UTC"),
        ("2025-06-23T15:13:00+05:00", "en", "23 June 2025, 15:13 +05:00"),
        ("2025-06-23T15:13", "en", "23 June 2025, 15:13"),
        ("2025-13-01", "en", "2025-13-01"),
        ("last Monday", "en", "last Monday"),
        (None, "id", "tanpa tanggal"),
        ("", "en", "no date"),
    ],
)
def test_a_date_is_shown_to_its_own_precision(value: str | None, language: str, shown: str) -> None:
    assert show_date(value, language) == shown


def test_rows_keep_the_order_and_every_status_is_told_apart(report: Report) -> None:
    assert [(row.number, row.status) for row in rows(report)] == [
        (1, "supported"),
        (2, "needs_source"),
        (3, "unsupported"),
        (4, "unsupported"),
        (5, "unchecked"),
        (6, "failed"),
    ]


def test_outcomes_belong_to_claims_by_id_not_by_position(report: Report) -> None:
    shuffled = replace(report, outcomes=tuple(reversed(report.outcomes)))
    assert rows(shuffled) == rows(report)


def test_a_failure_of_a_claim_that_is_not_in_the_article_is_counted(report: Report) -> None:
    assert [failure.claim_id for failure in unplaced(report)] == ["lost"]
    assert counts(report) == {"supported": 1, "unsupported": 2, "needs_source": 1, "failed": 2, "unchecked": 1}


def test_the_summary_counts_failures_even_when_there_are_none(report: Report) -> None:
    expected = "7 claims: 1 supported · 2 unsupported · 1 needs a source · 2 failed · 1 not checked"
    assert summary(report, "en") == expected
    assert summary(report, "id").startswith("7 klaim: 1 didukung · 2 tidak didukung")
    clear = replace(report, outcomes=report.outcomes[:1], claims=report.claims[:1])
    assert summary(clear, "en") == "1 claim: 1 supported · 0 unsupported · 0 need a source · 0 failed · 0 not checked"


@pytest.mark.parametrize(
    ("attribution", "line"),
    [
        (None, ""),
        (Attribution("Dmitry Peskov", "juru bicara Kremlin"), "Dmitry Peskov, juru bicara Kremlin"),
        (Attribution("juru bicara Kremlin Dmitry Peskov", "juru bicara Kremlin"), "juru bicara Kremlin Dmitry Peskov"),
        (Attribution("seorang sumber", "", "Reuters", True), "seorang sumber (sumber tak bernama), melalui Reuters"),
        (Attribution("", "", "Reuters", True), "sumber tak bernama, melalui Reuters"),
        (Attribution("", "", "Aljazeera"), "melalui Aljazeera"),
        (Attribution("Reuters", "", "Reuters"), "Reuters"),
    ],
)
def test_the_speaker_and_the_outlet_are_kept_apart(report: Report, attribution: Attribution | None, line: str) -> None:
    assert speaker_line(replace(report.claims[0], attribution=attribution), "id") == line


def test_a_failure_says_where_it_happened() -> None:
    failure = Failure("c1", "retrieve", "OSError", "disk\nfull")
    assert failure_line(failure, "en") == (
        "This claim could not be checked while searching the evidence: disk full (OSError)"
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Trump had not told Putin of the strikes", "en"),
        ("Washington tidak memberi tahu Moskow soal serangan itu", "id"),
        ("Kremlin, Moskow, 2025", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_quote_is_told_by_its_small_words(text: str, language: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("format", ["text", "markdown", "html", "json"])
def test_every_report_says_what_a_chat_model_cost(report: Report, language: str, format: str) -> None:
    usage = {"calls": 37, "cached": 5, "prompt_tokens": 22353, "completion_tokens": 2382}
    shown = render(replace(report, usage=usage), format, language=language)
    for number in ("37", "22353", "2382"):
        assert number in shown
    assert cost_line(report, language) == "", "nobody was asked"
