"""The page of figures: plots that stand alone, tables beside them, and nothing that breaks on an empty queue."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import Browser

from checker.review.records import Actor
from checker.review.service import Change
from checker.review.transitions import Action
from checker.web import charts
from checker.web.deps import AppState

SignIn = Callable[[str], Browser]
NASTY = '"><script>alert(1)</script>'


def test_an_empty_queue_has_figures_too(sign_in: SignIn) -> None:
    fitri = sign_in("fitri")
    for days in (7, 30, 90, 365):
        assert fitri.get(f"/figures?days={days}").status_code == 200
    assert fitri.get("/figures?days=400").status_code == 422
    found = fitri.get("/api/figures?days=1").json()
    assert found["machine"] == {
        "pairs": 0, "agreed": 0, "share": None, "low": None, "high": None, "kappa": None, "matrix": [[0] * 3] * 3,
    }  # fmt: skip
    assert len(found["days"]) == 1


def test_what_people_did_is_in_them(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    people = {user.name: Actor(user.id, user.name, user.role) for user in saring.accounts.users()}
    for item_id, label in zip(items, ("supported", "unsupported", "supported"), strict=True):
        saring.review.act(item_id, Action.CLAIM, people["ani"])
        saring.review.act(item_id, Action.DECIDE, people["ani"], Change(label=label, reason="Ya."))
    fitri = sign_in("fitri")
    found = fitri.get("/api/figures").json()
    assert (found["machine"]["pairs"], found["machine"]["agreed"]) == (3, 2)
    assert found["days"][-1]["decide"] == 3
    page = fitri.get("/figures").text
    assert page.count('<svg class="plot"') == 10
    assert "67% (2/3)" in page
    assert "style=" not in page, "the content policy would drop it"
    assert "Ani" not in page
    assert 'lang="id"' in page


def test_figures_need_a_sign_in(stranger: Browser) -> None:
    assert stranger.get("/figures").status_code == 303
    assert stranger.get("/api/figures").status_code == 401


def test_plots_stand_alone_whatever_they_are_told() -> None:
    for plot in (
        charts.columns([], [], NASTY),
        charts.columns([0, 0], [NASTY, NASTY], NASTY),
        charts.columns([1, 10**9], ["a", "b"], "t"),
        charts.shares([], NASTY),
        charts.shares([(NASTY, None, None, None, NASTY), ("x" * 90, 1.0, 0.2, 1.0, "y")], "t"),
        charts.matrix([NASTY], [[0]], NASTY, NASTY, NASTY),
    ):
        root = ElementTree.fromstring(plot)
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert "<script" not in plot
