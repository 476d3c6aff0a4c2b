"""What leaves the house: only what may, inert, and to whom it may."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import Browser
from reports import make_report

from checker.review.intake import add_report
from checker.review.records import Actor
from checker.review.service import Change
from checker.review.transitions import Action, State
from checker.web.deps import AppState

SignIn = Callable[[str], Browser]
NASTY = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> \u202e jembatan"


@pytest.fixture
def actors(saring: AppState) -> dict[str, Actor]:
    return {user.name: Actor(user.id, user.name, user.role) for user in saring.accounts.users()}


def bring(
    saring: AppState, actors: dict[str, Actor], item_id: str, state: State, change: Change | None = None, note: str = ""
) -> None:
    steps = [
        (State.NEW, lambda: None),
        (State.CLAIMED, lambda: saring.review.act(item_id, Action.CLAIM, actors["ani"])),
        (
            State.DECIDED,
            lambda: saring.review.act(
                item_id,
                Action.DECIDE,
                actors["ani"],
                change or Change(label="supported", reason="Kabar melaporkannya."),
            ),
        ),
        (State.IN_SECOND_REVIEW, lambda: saring.review.act(item_id, Action.TAKE_SECOND, actors["citra"])),
        (State.APPROVED, lambda: saring.review.act(item_id, Action.APPROVE, actors["citra"])),
        (State.PUBLISHED, lambda: saring.review.act(item_id, Action.PUBLISH, actors["citra"], Change(comment=note))),
    ]
    for reached, step in steps:
        step()
        if reached is state:
            return


def test_strangers_see_what_is_published_and_nothing_else(
    stranger: Browser, saring: AppState, actors: dict[str, Actor], items: list[str]
) -> None:
    article = saring.review.get(items[0]).article_id
    for state in (State.NEW, State.CLAIMED, State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED):
        (item,) = add_report(saring.review, make_report((f"Rahasia {state}.",), name=str(state)))
        bring(saring, actors, item, state)
        assert stranger.get(f"/published/{item}").status_code == 404
        assert stranger.get(f"/published/{item}/claimreview.json").status_code == 404
        assert stranger.get(f"/box/{saring.review.get(item).article_id}").status_code == 404
    bring(saring, actors, items[0], State.PUBLISHED)
    for path in ("/published", f"/published/{items[0]}", "/published/feed.xml", f"/box/{article}"):
        answer = stranger.get(path)
        assert answer.status_code == 200, path
        assert "Jembatan Sula ditutup pada Senin." in answer.text
        assert "Rahasia" not in answer.text
        assert "Dua pilar" not in answer.text
    page = stranger.get(f"/published/{items[0]}").text
    assert "https://example.org/kabar" in page, "the source that it stands on"
    review = stranger.get(f"/published/{items[0]}/claimreview.json")
    assert review.headers["content-type"].startswith("application/ld+json")
    assert review.json()["reviewRating"] == {"@type": "Rating", "alternateName": "Didukung bukti"}
    inside = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.S)
    assert inside is not None
    assert json.loads(inside[1]) == review.json()


def test_corrections_are_public(
    stranger: Browser, saring: AppState, actors: dict[str, Actor], items: list[str]
) -> None:
    bring(saring, actors, items[0], State.PUBLISHED)
    assert stranger.get("/api/corrections").json() == []
    saring.review.act(items[0], Action.REOPEN, actors["citra"], Change(comment="Keliru."))
    change = Change(label="unsupported", rating="false", reason="Tidak.")
    bring(saring, actors, items[0], State.PUBLISHED, change, "Semula: didukung.")
    assert saring.review.get(items[0]).state is State.CORRECTED
    page = stranger.get("/corrections").text
    assert "Semula: didukung." in page
    assert "<s>Didukung bukti</s>" in page
    assert "Salah" in page
    assert stranger.get("/api/corrections").json()[0]["was_label"] == "supported"
    assert "Semula: didukung." in stranger.get(f"/published/{items[0]}").text


def test_a_fact_box_may_be_framed_and_does_nothing(
    stranger: Browser, saring: AppState, actors: dict[str, Actor]
) -> None:
    (item,) = add_report(saring.review, make_report((NASTY,), name="nasty", title=NASTY))
    bring(saring, actors, item, State.PUBLISHED, Change(label="needs_source", reason=NASTY))
    answer = stranger.get(f"/box/{saring.review.get(item).article_id}")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "object-src 'none'; base-uri 'none'" in policy
    assert "x-frame-options" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in answer.text
    assert "<form" not in answer.text
    for path in (f"/published/{item}", "/published", "/corrections"):
        assert "frame-ancestors 'none'" in stranger.get(path).headers["content-security-policy"]


def test_hostile_text_is_inert_everywhere(stranger: Browser, saring: AppState, actors: dict[str, Actor]) -> None:
    (item,) = add_report(saring.review, make_report((NASTY,), name="nasty", title=NASTY))
    bring(saring, actors, item, State.PUBLISHED, Change(label="needs_source", reason=NASTY))
    saring.review.act(item, Action.REOPEN, actors["citra"], Change(comment=NASTY))
    bring(saring, actors, item, State.PUBLISHED, Change(label="unsupported", reason=NASTY), NASTY)
    article = saring.review.get(item).article_id
    for path in (f"/published/{item}", "/published", "/corrections", f"/box/{article}", "/published/feed.xml"):
        text = stranger.get(path).text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert "\u202e" not in text, path
    entry = ElementTree.fromstring(stranger.get("/published/feed.xml").content).find("./channel/item/title")
    assert entry is not None
    assert "<script>alert(1)</script>" in (entry.text or "")


def test_exports(sign_in: SignIn, saring: AppState, actors: dict[str, Actor], items: list[str]) -> None:
    ani = sign_in("ani")
    bring(saring, actors, items[0], State.APPROVED)
    bring(saring, actors, items[1], State.DECIDED)
    reviews = ani.get("/api/export").json()
    assert [review["claimReviewed"] for review in reviews] == ["Jembatan Sula ditutup pada Senin."]
    table = ani.get("/api/export?format=csv")
    assert table.headers["content-disposition"] == 'attachment; filename="saring.csv"'
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == [items[0]]
    lines = [json.loads(line) for line in ani.get("/api/export?format=decisions").text.splitlines()]
    assert [(line["schema"], line["ruling"]) for line in lines] == [("saring.decision/1", "approved")]
    assert ani.get("/api/export?state=decided").json() == reviews, "what is not approved cannot be asked for"
    assert ani.get("/api/export?q=pilar").json() == []
    assert ani.get("/export?format=csv").status_code == 200
    assert ani.get(f"/api/items/{items[0]}/claimreview").json() == reviews[0]
    assert ani.get(f"/api/items/{items[1]}/claimreview").status_code == 409
    assert ani.get("/api/export?format=exe").status_code == 422


def test_who_may_export(sign_in: SignIn, stranger: Browser) -> None:
    assert stranger.get("/api/export").status_code == 401
    assert stranger.get("/export").status_code == 303
    assert sign_in("fitri").get("/api/export").status_code == 403
    assert sign_in("fitri").get("/export").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/checks/%00",
        "/checks/x%00y",
        "/checks/" + "x" * 5000,
        "/published/%00",
        "/published/%F0%9F%98%80",
        "/published?page=0",
        "/published?page=99999999999999999999",
        "/box/%00",
        "/export?check=%00",
        "/export?q=%00",
        "/export?format=exe",
        "/export?state=nowhere",
        "/api/checks/%00/events",
        "/api/export?check=%00",
        "/api/items/%00/claimreview",
    ],
)
def test_odd_addresses_are_answered_and_break_nothing(sign_in: SignIn, path: str) -> None:
    assert sign_in("eko").get(path).status_code in (200, 404, 422)
