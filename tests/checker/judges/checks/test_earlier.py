"""A source from before the event says nothing of it, for or against."""

from __future__ import annotations

import pytest

from checker.judges.checks import Evidence
from checker.judges.checks.earlier import check_earlier
from checker.judges.entailment import lowered

MET = "Presiden Vladimir Putin menerima Menlu Iran Abbas Araghchi di Kremlin pada 23 Juni 2025."


@pytest.mark.parametrize(
    ("claim", "published_at"),
    [
        (MET, "2025-04-18"),
        (MET, "2025-04"),
        (MET, "2024"),
        (MET, "2025-06-08T23:00:00+07:00"),
        ("The two met in June 2025.", "2025-05-15"),
        ("The two met on 31 June 2025.", "2025-05-10"),  # no such day: its month decides
    ],
)
def test_a_source_of_an_earlier_day_is_silent(claim: str, published_at: str) -> None:
    findings = check_earlier(claim, Evidence("Araghchi met Putin.", published_at=published_at))
    assert [(finding.effect, finding.kind) for finding in findings] == [("silence", "date")]
    assert published_at[:10] in findings[0].reason


@pytest.mark.parametrize(
    ("claim", "published_at"),
    [
        (MET, None),
        (MET, "undated"),
        (MET, "2025-06-13"),  # it may be the same meeting, and the claim's day wrong
        (MET, "2025-06-23"),
        (MET, "2025-06"),
        (MET, "2025"),
        (MET, "2026-01-01"),
        ("Putin akan menerima Araghchi pada 23 Juni 2025.", "2025-06-01"),
        ("The two are to meet on 23 June 2025.", "2025-06-01"),
        ("The two met on 23 June.", "2025-04-18"),  # of which year?
        ("The two met on 3 March 2025 and on 23 June 2025.", "2025-04-18"),
        ("The two met.", "2025-04-18"),
    ],
)
def test_others_are_heard(claim: str, published_at: str | None) -> None:
    assert not check_earlier(claim, Evidence("Araghchi met Putin.", published_at=published_at))


@pytest.mark.parametrize(
    "told", ["They will meet on 23 June.", "Keduanya bertemu pada Juni 2024.", "Ini terjadi pada 23/4/2025."]
)
def test_a_source_that_names_the_day_or_the_month_is_heard(told: str) -> None:
    assert not check_earlier(MET, Evidence(told, published_at="2025-04-24"))


def test_silence_takes_from_both_sides() -> None:
    findings = check_earlier(MET, Evidence("Araghchi met Putin.", published_at="2025-04-18"))
    supports, refutes, neutral = lowered((0.4, 0.5, 0.1), findings)
    assert supports < 0.2
    assert refutes < 0.2
    assert supports + refutes + neutral == pytest.approx(1.0)
