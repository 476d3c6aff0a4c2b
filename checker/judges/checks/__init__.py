"""Explicit checks for what small models are blind to; they veto, lower or turn support, they never raise it.

Each is a pure function of the claim and the evidence and says why in a sentence for the editor.
"""

from __future__ import annotations

from checker.judges.checks.across import check_across
from checker.judges.checks.binding import check_bindings
from checker.judges.checks.dates import check_dates
from checker.judges.checks.earlier import check_earlier
from checker.judges.checks.finding import Evidence, Finding
from checker.judges.checks.naming import check_names
from checker.judges.checks.numbers import check_numbers
from checker.judges.checks.polarity import check_polarity
from checker.judges.checks.reported import check_speaker
from checker.types import Claim

__all__ = ["Evidence", "Finding", "examine"]


def examine(claim: Claim, evidence: Evidence) -> list[Finding]:
    """Everything that stands in the way of the evidence supporting the claim, the gravest first."""
    text = claim.text
    findings = [
        *check_numbers(text, evidence),
        *check_bindings(text, evidence),
        *check_dates(text, evidence),
        *check_earlier(text, evidence),
        *check_names(text, evidence),
        *check_polarity(text, evidence),
        *check_across(text, evidence),
        *check_speaker(claim, evidence),
    ]
    return sorted(findings, key=lambda finding: finding.factor)
