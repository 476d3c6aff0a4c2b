"""The queue in Debian's Chromium: signing in on plain HTTP, working by keyboard, light and dark, wide and narrow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))

from browser import Desk, chromium, serving

from checker.review.transitions import State
from checker.web.deps import AppState

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def site(app: FastAPI) -> Iterator[str]:
    with serving(app) as address:
        yield address


def test_decide_by_keyboard_and_approve_as_someone_else(
    browser: Any, site: str, saring: AppState, items: list[str]
) -> None:
    first = saring.review.list().items[1].id
    ani = Desk(browser, site, "ani")
    ani.press("j", "j", "k", "j")
    assert ani.page.evaluate("document.activeElement.getAttribute('href')") == f"/queue/{first}"
    ani.press("Enter")
    ani.page.wait_for_url(f"**/queue/{first}")
    ani.press("e")  # nothing to write yet: on to the button that claims it
    assert ani.page.evaluate("document.activeElement.hasAttribute('data-claim')")
    ani.press("Enter")
    ani.page.wait_for_selector("#decide")
    ani.press("2", "e")
    # Keys are letters inside a text field.
    ani.page.keyboard.type("j k 1 3 e ? Sumbernya bilang lain.")
    assert ani.page.input_value("[data-reason]") == "j k 1 3 e ? Sumbernya bilang lain."
    assert ani.page.is_checked("input[value=unsupported]")
    assert not ani.page.is_visible("dialog")
    ani.press("Control+Enter")
    ani.page.wait_for_selector(".standing")
    decided = saring.review.get(first)
    assert decided.state is State.DECIDED
    assert saring.review.decisions(first)[0].reason == "j k 1 3 e ? Sumbernya bilang lain."
    ani.press("?")
    assert ani.page.is_visible("dialog")
    ani.press("Escape", "j")
    ani.page.wait_for_url(lambda url: first not in url)

    citra = Desk(browser, site, "citra")
    citra.page.goto(f"/queue/{first}")
    citra.page.click("text=Tinjau sebagai peninjau kedua")
    citra.page.wait_for_selector("text=Label Anda sendiri")
    citra.press("2", "Control+Enter")
    citra.page.wait_for_selector("text=Terbitkan")
    assert saring.review.get(first).state is State.APPROVED
    citra.page.click("button:has-text('Terbitkan')")
    citra.page.wait_for_selector(".flash")
    assert saring.review.get(first).state is State.PUBLISHED
    assert ani.complaints + citra.complaints == []


def test_keys_can_be_switched_off(browser: Any, site: str, items: list[str]) -> None:
    ani = Desk(browser, site, "ani")
    ani.page.goto("/account")
    ani.page.click("button[name=keys]")
    ani.page.goto("/queue")
    ani.press("j", "?")
    assert ani.page.evaluate("document.activeElement.tagName") == "BODY"
    assert not ani.page.is_visible("dialog")


def test_what_was_typed_is_not_lost_by_a_slip(browser: Any, site: str, items: list[str]) -> None:
    ani = Desk(browser, site, "ani")
    ani.page.goto(f"/queue/{items[0]}")
    ani.page.click("[data-claim]")
    ani.page.wait_for_selector("#decide")
    ani.page.fill("[data-reason]", "Belum selesai")
    asked: list[str] = []
    ani.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    ani.page.click(".crumbs a >> nth=0", no_wait_after=True)
    ani.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert ani.page.input_value("[data-reason]") == "Belum selesai"


def test_it_works_without_javascript(browser: Any, site: str, saring: AppState, items: list[str]) -> None:
    ani = Desk(browser, site, "ani", java_script_enabled=False)
    ani.page.click("a.claim >> nth=0")
    ani.page.click("[data-claim]")
    ani.page.check("input[value=supported]")
    ani.page.fill("[name=reason]", "Kabar melaporkannya.")
    ani.page.click("[data-send]")
    assert ani.page.is_visible(".standing")
    ani.page.select_option("select[name=theme]", "dark")
    ani.page.click(".tools .nojs")
    assert ani.page.get_attribute("html", "data-theme") == "dark"
    ani.page.click(".tools button[name=language]")
    assert ani.page.get_attribute("html", "lang") == "en"


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"), (320, "light")]
)
def test_pages_fit_their_screen(
    browser: Any, site: str, items: list[str], width: int, scheme: str, tmp_path: Path
) -> None:
    """Nothing runs off the side (320 CSS pixels: WCAG 1.4.10); pictures are kept where SARING_TEST_PICTURES says."""
    folder = Path(os.environ.get("SARING_TEST_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    eko = Desk(browser, site, "eko", viewport={"width": width, "height": 844}, color_scheme=scheme)
    for name, path in {
        "list": "/queue",
        "item": f"/queue/{items[0]}",
        "account": "/account",
        "people": "/users",
        "help": "/help",
        "missing": "/queue/itm-none",
    }.items():
        eko.page.goto(path)
        if name == "item" and eko.page.query_selector("[data-claim]"):
            eko.page.click("[data-claim]")
            eko.page.wait_for_selector("#decide")
        assert eko.page.evaluate("document.documentElement.scrollWidth") <= width, name
        dark = eko.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 20, 18)"
        assert dark == (scheme == "dark")
        eko.page.screenshot(path=str(folder / f"{name}-{width}-{scheme}.png"), full_page=True)
        assert [line for line in eko.complaints if "404" not in line and not line.startswith("[DOM]")] == []
