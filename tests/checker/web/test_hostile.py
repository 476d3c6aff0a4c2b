"""Hostile text in Debian's Chromium: whatever a claim, title, address or publisher holds, nothing of it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from browser import Desk, chromium, serving
from reports import make_report

from checker.review.intake import add_report
from checker.review.records import Actor
from checker.review.service import Change
from checker.review.transitions import Action
from checker.types import Citation, Verdict
from checker.web.deps import AppState

pytestmark = [pytest.mark.server, pytest.mark.slow]

SCRIPT = (
    "<script>window.ran=1;alert(1)</script><img src=x onerror='window.ran=2;alert(2)'>\"'><svg/onload=window.ran=3>"
    "</textarea></title></script><script>window.ran=4</script><iframe srcdoc='<script>top.ran=5</script>'></iframe>"
    "<base href=//evil.example><style>body{display:none}</style>{{7*7}}"
)
BIDI = "aman \u202egpj.exe\u2066\u200f \x00\x1b[31m\x9b selesai"
LINK = "javascript:window.ran=6;alert(6)"
LONG = "Jembatan" * 125_000

LOOK = """() => ({
    ran: window.ran ?? null,
    handlers: [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on')),
    strange: [...document.querySelectorAll('img, iframe, object, embed, base, svg[onload]')].map(e => e.outerHTML),
    scripts: [...document.scripts].filter(
        s => !(s.type === 'application/ld+json' || (s.src && new URL(s.src).origin === location.origin))
    ).map(s => s.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll('[href], [src], [action], [formaction]')].flatMap(
        e => ['href', 'src', 'action', 'formaction'].map(n => e.getAttribute(n)).filter(Boolean)
    ).filter(u => !/^(https?:\\/\\/|\\/(?!\\/)|#|\\?|$)/.test(u)),
    hidden: getComputedStyle(document.body).display === 'none',
    marks: (document.body.innerText + document.title).match(/[\\u202a-\\u202e\\u2066-\\u2069\\x00\\x1b\\x9b]/g),
})"""
CLEAN = {"ran": None, "handlers": [], "strange": [], "scripts": [], "links": [], "hidden": False, "marks": None}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def site(app: FastAPI) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture(params=["script", "bidi", "long"])
def hostile(request: pytest.FixtureRequest, saring: AppState) -> tuple[str, str]:
    """An item that is hostile all through, published and corrected; its id, and its article's."""
    text = {"script": SCRIPT, "bidi": BIDI, "long": LONG}[request.param]
    short = text[:3_000]
    report = make_report((f"Klaim {text}.", f"Kedua {short}."), title=text, name=request.param)
    citation = Citation("s", "s:0", LINK, short, short, short, 0, len(short), "supports", 0.9, short)
    verdicts = tuple(
        Verdict(f"c{n}", "supported", "corroborated", "supported", 0.9, (citation,), 1, short, bool(n), (short,))
        for n in range(2)
    )
    article = replace(report.article, url=LINK, publisher=text, published_at=short)
    ids = add_report(saring.review, replace(report, article=article, outcomes=verdicts))
    people = {user.name: Actor(user.id, user.name, user.role) for user in saring.accounts.users()}
    steps: list[tuple[Action, str, Change]] = [
        (Action.CLAIM, "ani", Change()),
        (Action.COMMENT, "ani", Change(comment=short)),
        (Action.DECIDE, "ani", Change(label="supported", reason=short)),
        (Action.TAKE_SECOND, "citra", Change()),
        (Action.APPROVE, "citra", Change()),
        (Action.PUBLISH, "citra", Change()),
        (Action.REOPEN, "citra", Change(comment=short)),
        (Action.CLAIM, "ani", Change()),
        (Action.DECIDE, "ani", Change(label="unsupported", reason=short)),
        (Action.TAKE_SECOND, "citra", Change()),
        (Action.APPROVE, "citra", Change()),
        (Action.PUBLISH, "citra", Change(comment=short)),
    ]
    for action, who, change in steps:
        saring.review.act(ids[0], action, people[who], change)
    return ids[0], str(saring.review.get(ids[0]).article_id)


def test_nothing_of_it_runs_on_any_page(browser: Any, site: str, saring: AppState, hostile: tuple[str, str]) -> None:
    item, article = hostile
    other = next(found.id for found in saring.review.list().items if found.id != item)
    eko = Desk(browser, site, "eko")
    said: list[str] = []
    eko.page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    asked: list[str] = []
    eko.page.on("request", lambda request: asked.append(request.url))
    pages = (
        "/queue",
        f"/queue?q={'%3Cscript%3Ewindow.ran=9%3C/script%3E'}",
        f"/queue/{item}",
        f"/queue/{other}",
        "/figures",
        "/published",
        f"/published/{item}",
        "/corrections",
        f"/box/{article}",
        "/checks",
        "/login?next=javascript:window.ran=8",
        "/%3Cimg%20src=x%20onerror=window.ran=7%3E",
    )
    for path in pages:
        answer = eko.page.goto(path)
        assert answer.status < 500, path
        assert eko.page.evaluate(LOOK) == CLEAN, path
    # Where others put it: the fact box in a page that lets it do anything.
    news = FastAPI()

    @news.get("/", response_class=HTMLResponse)
    def story() -> str:
        return f"<iframe src='{site}/box/{article}'></iframe>"

    with serving(news) as elsewhere:
        eko.page.goto(elsewhere)
        eko.page.wait_for_load_state("networkidle")
        framed = eko.page.frames[-1]
        assert framed.url.endswith(f"/box/{article}")
        assert framed.evaluate(LOOK) == CLEAN
    assert eko.page.evaluate("window.ran ?? null") is None
    assert said == []
    assert [url for url in asked if not url.startswith((site, elsewhere))] == [], "nothing of elsewhere was asked for"
