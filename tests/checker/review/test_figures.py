from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report
from test_service import walk

from checker.review.figures import (
    agreement,
    by_age,
    by_day,
    cohen_kappa,
    grouped,
    measure,
    second_pairs,
    spread,
    wilson,
)
from checker.review.intake import add_report
from checker.review.records import Actor
from checker.review.service import LABELS, Change, ReviewService
from checker.review.transitions import Action, State

S, U, N = LABELS
PAIRS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), max_size=40)


def test_kappa_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed .7, expected .5, so .4.
    pairs = [(S, S)] * 20 + [(S, U)] * 5 + [(U, S)] * 10 + [(U, U)] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)
    assert cohen_kappa([(S, U), (U, S)]) == pytest.approx(-1)
    assert cohen_kappa([]) is None
    assert cohen_kappa([(S, S)] * 5) is None


@given(PAIRS)
def test_kappa_holds_what_its_definition_promises(pairs: list[tuple[str, str]]) -> None:
    kappa = cohen_kappa(pairs)
    if kappa is None:
        assert len({label for pair in pairs for label in pair}) <= 1
        return
    assert kappa <= 1
    assert (kappa == pytest.approx(1)) == all(one == two for one, two in pairs)
    assert kappa == pytest.approx(cohen_kappa([(two, one) for one, two in pairs]))
    assert kappa == pytest.approx(cohen_kappa(pairs * 3))


@given(st.integers(0, 50), st.integers(0, 50))
def test_an_interval_holds_its_share(hits: int, misses: int) -> None:
    low, high = wilson(hits, hits + misses)
    if low is None or high is None:
        assert hits + misses == 0
        return
    assert 0 <= low <= hits / (hits + misses) + 1e-9
    assert hits / (hits + misses) - 1e-9 <= high <= 1


def test_agreement_counts_each_pair_once() -> None:
    found = agreement([(S, S), (S, U), (N, N), (N, S)])
    assert (found.pairs, found.agreed, found.share) == (4, 2, 0.5)
    assert found.matrix == ((1, 1, 0), (0, 0, 0), (1, 0, 1))
    assert agreement([]).share is None
    groups = grouped([("b", (S, S)), ("a", (S, U)), ("a", (S, S))])
    assert [(name, one.pairs) for name, one in groups.items()] == [("a", 2), ("b", 1)]


def test_days_without_work_are_shown() -> None:
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    events = [("enter", at), ("enter", at - timedelta(days=2)), ("decide", at), ("claim", at)]
    days = by_day(events, date(2026, 11, 24), 3, lambda moment: moment.date())
    assert [(day.day.day, day.counts["enter"], day.counts["decide"]) for day in days] == [
        (22, 1, 0),
        (23, 0, 0),
        (24, 1, 1),
    ]


def test_spread_and_ages() -> None:
    assert spread([]).median is None
    found = spread([float(hour) for hour in range(1, 11)])
    assert (found.count, found.median, found.ninth) == (10, 5.0, 9.0)
    assert spread([3.0]).ninth == 3.0
    assert by_age([0.5, 1, 2, 25, 1000]) == (2, 1, 0, 1, 0, 1)


def test_second_labels_meet_the_first_they_were_given_on() -> None:
    rows = [("a", "first", S), ("b", "first", N), ("a", "second", U), ("a", "first", U), ("a", "second", U)]
    assert second_pairs([*rows, ("x", "second", S)]) == [(S, U), (U, U)]


def test_the_queue_in_figures(service: ReviewService, people: dict[str, Actor]) -> None:
    ids = add_report(service, make_report(tuple(f"Kalimat {n}." for n in range(5)), label="supported"))
    service.clock.forward(hours=2)  # type: ignore[attr-defined]
    walk(service, people, ids[0], State.PUBLISHED)
    for item_id, change in (
        (ids[1], Change(label="unsupported", reason="x", blind=True)),
        (ids[2], Change(label="supported", reason="x", blind=True)),
    ):
        service.act(item_id, Action.CLAIM, people["ani"])
        service.act(item_id, Action.DECIDE, people["ani"], change)
        service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    service.act(ids[1], Action.RETURN, people["citra"], Change(comment="Bukan.", label="needs_source", reason="x"))
    service.act(ids[2], Action.RETURN, people["citra"], Change(comment="Kurang jelas."))
    found = measure(service, 7)
    assert len(found.days) == 7
    assert found.days[-1].counts == {"enter": 5, "decide": 3, "approve": 1, "publish": 1}
    assert (found.machine.pairs, found.machine.agreed) == (3, 2)
    assert (found.blind.pairs, found.blind.agreed, found.sighted.pairs) == (2, 1, 1)
    assert {name: one.pairs for name, one in found.by_judge.items()} == {"embedded": 3}
    assert {name: one.pairs for name, one in found.by_label.items()} == {"supported": 3}
    assert (found.second.pairs, found.second.agreed, found.returned) == (2, 1, 1)
    assert (found.waiting.count, sum(found.waiting_by_age)) == (4, 4)
    assert (found.to_decision.count, found.to_decision.median) == (3, 2.0)
    service.clock.forward(days=40)  # type: ignore[attr-defined]
    later = measure(service, 7)
    assert (later.machine.pairs, later.second.pairs, later.returned) == (0, 0, 0)
    assert later.waiting_by_age[-1] == 4
