"""The chat's page: without JavaScript over HTTP, and in a real browser."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from site_of_tests import SESSION_COOKIE, Site

sys.path.insert(0, str(Path(__file__).parents[2] / "web"))
import browser

from checker.chat.doors.html import answer_html
from checker.review.transitions import State

CLAIM = "Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025."
ASKED = "Benarkah Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025?"


class Reader(httpx.Client):
    """A browser without JavaScript."""

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(base_url=site.url, timeout=120)
        self.headers["Cookie"] = f"{SESSION_COOKIE}={site.session(name)}"

    def csrf(self) -> str:
        found = re.search(r'data-csrf="([^"]+)"', self.get("/chat").text)
        assert found
        return found[1]

    def say(self, text: str, conversation: str = "") -> httpx.Response:
        data = {"csrf": self.csrf(), "text": text, "conversation": conversation}
        return self.post("/chat", data=data, follow_redirects=False)


@pytest.fixture
def ani(site: Site) -> Iterator[Reader]:
    with Reader(site, "ani") as reader:
        yield reader


@pytest.fixture
def citra(site: Site) -> Iterator[Reader]:
    with Reader(site, "citra") as reader:
        yield reader


def conversation_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["location"].removeprefix("/chat/").partition("#")[0]


# -- without JavaScript


def test_ask_read_and_open_a_source_by_plain_forms(ani: Reader, site: Site) -> None:
    found = conversation_of(ani.say(ASKED))
    page = ani.get(f"/chat/{found}")
    assert page.status_code == 200
    assert "Araghchi tiba di Moskow" in page.text
    links = re.findall(r'<a class="cite" href="([^"]+)"', page.text)
    assert links
    place = links[0].replace("&amp;", "&").partition("#")[0]
    source = ani.get(place)
    quote = re.search(r'<mark id="quote">(.*?)</mark>', source.text, re.DOTALL)
    assert quote
    assert len(quote[1]) > 20
    follow = ani.say("tampilkan buktinya", found)
    assert conversation_of(follow) == found
    assert ani.get(f"/chat/{found}").text.count('class="told"') == 2
    assert found in ani.get("/chat").text  # the history


def test_send_to_the_queue_and_delete_by_plain_forms(ani: Reader, site: Site) -> None:
    found = conversation_of(ani.say(ASKED))
    turn = re.search(r'name="turn" value="([^"]+)"', ani.get(f"/chat/{found}").text)
    assert turn
    sent = ani.post(f"/chat/{found}/queue", data={"csrf": ani.csrf(), "turn": turn[1]}, follow_redirects=False)
    item_id = sent.headers["location"].removeprefix("/queue/")
    item = site.state.review.get(item_id)
    assert (item.text, item.state) == (CLAIM, State.NEW)
    assert ani.post(f"/chat/{found}/delete", data={"csrf": ani.csrf()}).status_code == 303
    assert ani.get(f"/chat/{found}").status_code == 404
    assert site.state.review.get(item_id).text == CLAIM  # what was sent stays


def test_a_conversation_is_its_owners_alone(ani: Reader, citra: Reader) -> None:
    found = conversation_of(ani.say(ASKED))
    assert citra.get(f"/chat/{found}").status_code == 404
    assert citra.say("tampilkan buktinya", found).status_code == 404
    stream = {"text": "x", "conversation": found}
    assert citra.post("/chat/stream", data=stream, headers={"X-CSRF-Token": citra.csrf()}).status_code == 404
    for deed in ("queue", "delete"):
        assert citra.post(f"/chat/{found}/{deed}", data={"csrf": citra.csrf()}).status_code == 404
    assert found not in citra.get("/chat").text
    assert ani.get(f"/chat/{found}").status_code == 200


def test_nobody_asks_unsigned_or_by_a_forged_form(site: Site, ani: Reader) -> None:
    stranger = httpx.get(f"{site.url}/chat", follow_redirects=False)
    assert stranger.status_code in (302, 303)
    assert ani.post("/chat", data={"text": ASKED}).status_code == 403
    assert ani.post("/chat/stream", data={"text": ASKED}).status_code == 403
    token = {"Authorization": f"Bearer {site.token('ani', 'read', 'check')}"}
    assert httpx.post(f"{site.url}/chat", data={"text": ASKED}, headers=token).status_code == 403


def test_a_viewer_may_ask_and_not_fill_the_queue(site: Site) -> None:
    with Reader(site, "fitri") as fitri:
        found = conversation_of(fitri.say(ASKED))
        page = fitri.get(f"/chat/{found}").text
        assert f"/chat/{found}/queue" not in page
        assert fitri.post(f"/chat/{found}/queue", data={"csrf": fitri.csrf()}).status_code == 403
    assert site.state.review.list().total == 0


@pytest.mark.parametrize("text", ["", "   ", "<script>alert(1)</script> benar?", "\x00\u202e nol", "kata " * 30_000])
def test_whatever_is_typed_is_answered_and_inert(ani: Reader, text: str) -> None:
    found = conversation_of(ani.say(text))
    page = ani.get(f"/chat/{found}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert 'class="told"' in page.text


def test_a_source_that_is_not_there(ani: Reader) -> None:
    gone = ani.get("/chat/source", params={"id": "no-such", "start": 0, "end": 5})
    assert gone.status_code == 404
    assert "no-such" in gone.text
    odd = ani.get("/chat/source", params={"id": "tass-2025-06-23-putin-araghchi", "start": 9_000_000, "end": 3})
    assert odd.status_code == 200


def test_no_asset_comes_from_elsewhere(ani: Reader) -> None:
    page = ani.get(f"/chat/{conversation_of(ani.say(ASKED))}")
    assert (
        re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', re.sub(r'<a [^>]*rel="noreferrer[^>]*>', "", page.text)) == []
    )
    assert "default-src 'none'" in page.headers["content-security-policy"]


# -- the stream


def read_events(body: str) -> list[tuple[str, str]]:
    return re.findall(r"event: (\w+)\r?\ndata: (.*)", body)


def test_the_stream_tells_how_far_it_is_and_grows(ani: Reader) -> None:
    headers = {"X-CSRF-Token": ani.csrf()}
    body = ani.post("/chat/stream", data={"text": ASKED, "conversation": ""}, headers=headers).text
    kinds = [kind for kind, _ in read_events(body)]
    assert kinds[0] == "started"
    assert kinds[-1] == "done"
    assert "progress" in kinds
    assert kinds.count("text") >= 2
    assert "Menilai bukti" in body.encode().decode("unicode_escape", "ignore") or "Judging" in body


def test_whoever_leaves_finds_the_answer_on_coming_back(ani: Reader) -> None:
    import time

    headers = {"X-CSRF-Token": ani.csrf()}
    with ani.stream("POST", "/chat/stream", data={"text": ASKED, "conversation": ""}, headers=headers) as answer:
        first = next(line for line in answer.iter_lines() if line.startswith("data:"))
    found = re.search(r'"conversation": ?"(cnv-\w+)"', first)
    assert found
    for _ in range(100):
        if 'class="told"' in ani.get(f"/chat/{found[1]}").text:
            return
        time.sleep(0.1)
    pytest.fail("the answer was lost")


async def test_thirty_conversations_at_once(site: Site, ani: Reader) -> None:
    headers = {"X-CSRF-Token": ani.csrf(), "Cookie": ani.headers["Cookie"]}

    async def one(number: int) -> str:
        async with httpx.AsyncClient(base_url=site.url, timeout=120) as client:
            asked = f"Benarkah Iran menembakkan {number} rudal ke pangkalan Al Udeid?"
            answer = await client.post("/chat/stream", data={"text": asked, "conversation": ""}, headers=headers)
            assert answer.status_code == 200
            return answer.text

    answers = await asyncio.gather(*(one(number) for number in range(1, 31)))
    for number, body in enumerate(answers, start=1):
        last, data = read_events(body)[-1]
        assert last == "done"
        assert f"Iran menembakkan {number} rudal" in data
    assert len(site.state.chat.conversations.list(f"user:{user_id(site, 'ani')}", 100)) == 30


def user_id(site: Site, name: str) -> str:
    return next(user.id for user in site.state.accounts.users() if user.name == name)


# -- Markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a [1]", '<p>a <a class="cite" href="/p?1" data-cite="1">1</a></p>\n'),
        (r"a \[1\] [2] [7]", "<p>a [1] [2] [7]</p>\n"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n"),
        ("[x](javascript:alert(1)) ![x](http://e)", "<p>[x](javascript:alert(1)) ![x](http://e)</p>\n"),
        ("<http://evil.example>", "<p>&lt;http://evil.example&gt;</p>\n"),
        ("**x** \ue0001\ue001", "<p><strong>x</strong> 1</p>\n"),
    ],
)
def test_only_our_marks_are_links(text: str, html: str) -> None:
    assert answer_html(text, {1}, lambda number: f"/p?{number}") == html


# -- in a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    # For this module alone: Playwright's loop runs as long as the browser does, and tests that are coroutines cannot.
    with browser.chromium() as started:
        yield started


@pytest.fixture
def opened(chromium: Any, site: Site) -> Iterator[Any]:
    """ani's browser; anything that the page complains of fails the test."""
    context = chromium.new_context(locale="id-ID")
    context.add_cookies(
        [
            {
                "name": SESSION_COOKIE,
                "value": site.session("ani"),
                "domain": "127.0.0.1",
                "path": "/",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
    page = context.new_page()
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith(site.url) else None)
    yield page
    context.close()
    assert [one for one in complaints if "status of 503" not in one] == []  # what a test makes the server answer
    assert elsewhere == []


def test_ask_watch_open_a_citation_send_it_to_the_queue_and_see_it_there(opened: Any, site: Site) -> None:
    page = opened
    page.goto(f"{site.url}/chat")
    page.evaluate(
        """() => {
          window.grew = [];
          new MutationObserver(() => {
            const prose = document.querySelector('.told .prose');
            if (prose) window.grew.push(prose.textContent.length);
          }).observe(document.querySelector('[data-turns]'), { childList: true, subtree: true, characterData: true });
        }"""
    )
    page.fill("[data-text]", ASKED)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-queue]", timeout=60_000)
    grew = page.evaluate("window.grew")
    assert len({size for size in grew if size}) >= 2  # it was seen growing, not only whole
    assert grew == sorted(grew)
    assert re.fullmatch(rf"{site.url}/chat/cnv-\w+", page.url)
    # the citation opens in its context
    page.click(".prose a.cite >> nth=0")
    quote = page.wait_for_selector("dialog[open] mark#quote")
    source = page.inner_text("dialog[open] blockquote")
    assert quote.inner_text() in source
    assert len(source) > len(quote.inner_text())
    page.keyboard.press("Escape")
    # to the queue, and there it is
    page.click("[data-queue] button")
    link = page.wait_for_selector("[data-sent] a")
    assert link.inner_text() == "Di antrean"
    link.click()
    page.wait_for_url(re.compile("/queue/itm-"))
    assert CLAIM in page.inner_text("h1")
    page.goto(f"{site.url}/queue")
    assert CLAIM in page.inner_text("main")
    # and the conversation is in the history
    page.goto(f"{site.url}/chat")
    page.click("[data-earlier] a >> nth=0")
    page.wait_for_selector(".told .prose")
    assert "Araghchi tiba di Moskow" in page.inner_text("[data-turns]")


def test_copy_an_answer_with_its_sources(opened: Any, site: Site) -> None:
    page = opened
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page.goto(f"{site.url}/chat")
    page.fill("[data-text]", ASKED)
    page.click("[data-send-chat]")
    page.click("[data-copy]", timeout=60_000)
    page.wait_for_selector("[data-sent]:has-text('Tersalin')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1]" in copied
    assert "http" in copied


def test_a_server_that_is_gone_loses_no_question(opened: Any, site: Site) -> None:
    page = opened
    page.goto(f"{site.url}/chat")
    page.route("**/chat/stream", lambda route: route.fulfill(status=503, body="busy"))
    page.fill("[data-text]", ASKED)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("[data-text]") == ASKED


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_everybody_can_use_it(opened: Any, site: Site, width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for place in ("/chat", None):
        if place:
            page.goto(f"{site.url}{place}")
        else:
            page.fill("[data-text]", ASKED)
            page.click("[data-send-chat]")
            page.wait_for_selector("[data-queue]", timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
