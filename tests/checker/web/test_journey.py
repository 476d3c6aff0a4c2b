"""The whole way in Debian's Chromium, from a pasted article to its ClaimReview; and axe on every page."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from browser import Desk, chromium, serving
from reports import TEXT, make_report

from checker.review.records import Actor
from checker.review.service import Change
from checker.review.transitions import Action, State
from checker.web.deps import AppState

pytestmark = [pytest.mark.server, pytest.mark.slow]

STEPS = 5


class Checker:
    """Finds each sentence supported, a step at a time, so that there is something to watch."""

    store = SimpleNamespace(embedder=None, get=lambda _source_id: None)

    def check(self, article: Any, *, as_of: Any = None, progress: Callable[[str, int, int], None]) -> Any:
        for done in range(STEPS):
            progress("judge", done, STEPS)
            time.sleep(0.6)
        return make_report(name="journey", title=article.title)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def site(app: FastAPI, saring: AppState) -> Iterator[str]:
    saring._open_checker = Checker  # type: ignore[assignment]
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("javascript", [True, False])
def test_from_a_pasted_article_to_its_claimreview(browser: Any, site: str, saring: AppState, javascript: bool) -> None:
    ani = Desk(browser, site, "ani", java_script_enabled=javascript)
    ani.page.goto("/checks")
    ani.page.fill("[name=text]", TEXT)
    ani.page.click("form[action='/checks'] summary")
    ani.page.fill("[name=title]", "Jembatan Sula")
    ani.page.click("form[action='/checks'] button:not([type=button])")
    ani.page.wait_for_url("**/checks/chk-*")
    if javascript:
        # It is told while the check goes on, and the page shows the claims by itself when it is done.
        ani.page.locator("[data-count]", has_text=f"/{STEPS}").wait_for(timeout=60_000)
    ani.page.wait_for_selector("ol a[href^='/queue/itm-']", timeout=60_000)
    ani.page.click("ol a[href^='/queue/itm-'] >> nth=0")
    ani.page.wait_for_selector("[data-claim]")
    item = ani.page.url.rsplit("/", 1)[-1]
    if javascript:
        ani.press("e", "Enter")
        ani.page.wait_for_selector("#decide")
        ani.press("1", "e")
        ani.page.keyboard.type("Kabar melaporkannya.")
        ani.press("Control+Enter")
    else:
        ani.page.click("[data-claim]")
        ani.page.check("input[value=supported]")
        ani.page.fill("[name=reason]", "Kabar melaporkannya.")
        ani.page.click("[data-send]")
    ani.page.wait_for_selector(".standing")
    assert saring.review.get(item).state is State.DECIDED
    assert ani.page.query_selector("text=Tinjau sebagai peninjau kedua") is None, "nobody approves their own"

    citra = Desk(browser, site, "citra", java_script_enabled=javascript)
    citra.page.goto(f"/queue/{item}")
    citra.page.click("text=Tinjau sebagai peninjau kedua")
    citra.page.wait_for_selector("text=Label Anda sendiri")
    citra.page.check("input[value=supported]")
    citra.page.click("[data-send]")
    citra.page.wait_for_selector("text=Terbitkan")
    assert saring.review.get(item).state is State.APPROVED

    citra.page.goto("/published")
    with citra.page.expect_download() as downloading:
        citra.page.click("a[href='/export?format=claimreview']")
    [review] = json.loads(Path(downloading.value.path()).read_text(encoding="utf-8"))
    assert review["@type"] == "ClaimReview"
    assert review["claimReviewed"] == saring.review.get(item).text
    assert ani.complaints + citra.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(
    browser: Any, site: str, saring: AppState, items: list[str], scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    people = {user.name: Actor(user.id, user.name, user.role) for user in saring.accounts.users()}
    for action, who, change in (
        (Action.CLAIM, "ani", Change()),
        (Action.DECIDE, "ani", Change(label="supported", reason="Kabar melaporkannya.")),
        (Action.TAKE_SECOND, "citra", Change()),
        (Action.APPROVE, "citra", Change()),
        (Action.PUBLISH, "citra", Change()),
    ):
        saring.review.act(items[0], action, people[who], change)
    saring.review.act(items[1], Action.CLAIM, people["eko"], Change())
    article = saring.review.get(items[0]).article_id
    desk = Desk(browser, site, "eko", color_scheme=scheme)
    axe = Axe()
    paths = (
        "/queue",
        f"/queue/{items[0]}",
        f"/queue/{items[1]}",
        f"/queue/{items[2]}",
        "/checks",
        "/figures",
        "/account",
        "/users",
        "/webhooks",
        "/help",
        "/published",
        f"/published/{items[0]}",
        "/corrections",
        f"/box/{article}",
        "/queue/itm-none",
    )
    found = []
    for path in paths:
        desk.page.goto(path)
        found += _faults(axe, desk.page, path)
    desk.context.clear_cookies()
    desk.page.goto("/login")
    assert not found + _faults(axe, desk.page, "/login")


def _faults(axe: Any, page: Any, path: str) -> list[tuple[str, str, str]]:
    return [
        (path, fault["id"], node["html"])
        for fault in axe.run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
