from __future__ import annotations

import pytest

from checker.provenance import is_own_report, trace
from checker.types import Attribution, Claim, Stance, Trace
from retrieval.types import Exclusion, Hit, Passage, Source

TEXT = "The letter asks for support, a senior source told Reuters."


def stance(
    publisher: str,
    supports: float = 0.9,
    refutes: float = 0.0,
    *,
    when: str = "2025-06-23",
    excluded: Exclusion | None = None,
) -> Stance:
    name = publisher.lower().replace(" ", "-")
    source = Source(name, "", "", publisher, "", "", "en", when, "", (), name, TEXT)
    hit = Hit(Passage(f"{name}:0", name, 0, len(TEXT), TEXT), source, 0.8, 1, 0.9, 1, name, excluded)
    return Stance("c", hit, supports, refutes, 1 - supports - refutes, TEXT, 0, len(TEXT))


def traced(attribution: Attribution | None, *stances: Stance) -> Trace:
    claim = Claim("c", "The letter asks for support.", "letter", 0, 6, kind="quote", attribution=attribution)
    (found,) = trace([claim], {"c": stances})
    return found


REUTERS = Attribution("a senior source", outlet="Reuters", anonymous=True)


@pytest.mark.parametrize(
    ("attribution", "stances", "status"),
    [
        (REUTERS, [stance("Reuters")], "traced"),
        (REUTERS, [stance("Straits Times")], "second_hand"),
        (REUTERS, [], "untraced"),
        (REUTERS, [stance("Reuters", 0.1)], "untraced"),
        (REUTERS, [stance("Reuters", excluded="after_as_of")], "untraced"),
        (Attribution("a senior source", anonymous=True), [stance("Straits Times")], "anonymous"),
        (Attribution("Vladimir Putin", outlet="Aljazeera"), [stance("Al Jazeera")], "traced"),
        (Attribution("BMKG"), [stance("BMKG")], "traced"),
        (Attribution("Vladimir Putin"), [stance("TASS")], "second_hand"),
    ],
)
def test_status(attribution: Attribution, stances: list[Stance], status: str) -> None:
    assert traced(attribution, *stances).status == status


def test_witnesses_stand_side_by_side_the_earliest_first() -> None:
    found = traced(REUTERS, stance("Tempo", when="2025-06-25"), stance("Kompas"), stance("TASS", 0.0, 0.9))
    assert [(witness.publisher, witness.stance) for witness in found.witnesses] == [
        ("Kompas", "supports"),
        ("Tempo", "supports"),
        ("TASS", "refutes"),
    ]
    assert found.conflict
    assert not traced(REUTERS, stance("Kompas")).conflict


def test_only_checkable_attributed_claims_are_traced() -> None:
    plain = Claim("a", "x", "x", 0, 1)
    opinion = Claim("b", "x", "x", 0, 1, kind="opinion", attribution=REUTERS)
    assert trace([plain, opinion], {}) == ()


def test_own_report_needs_a_publisher() -> None:
    assert not is_own_report(stance("").hit.source, REUTERS)
