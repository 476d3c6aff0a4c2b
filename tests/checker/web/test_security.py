"""Every route, by everybody, on what is not theirs; what every answer carries; what no page lets through."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import PEOPLE, Browser
from reports import make_report

from checker.review import desk
from checker.review import tables as t
from checker.review.intake import add_report
from checker.review.service import Change
from checker.review.transitions import RULES, Action, Role, State, allows
from checker.types import Citation, Verdict
from checker.web.deps import AppState

SignIn = Callable[[str], Browser]
OPEN_TO_ALL = {"/", "/login", "/help", "/openapi.json"}


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route there is, also of parts that come later."""
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            yield method.upper(), path
    for context in pages_of(app):
        yield from context


def pages_of(app: FastAPI) -> Iterator[list[tuple[str, str]]]:
    from checker.web import routes as parts

    for part in parts.modules():
        router = getattr(part, "router", None)
        if router is not None:
            yield [(method, route.path) for route in router.routes for method in route.methods]


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", "none-such", path)


# -- what every answer carries


@pytest.mark.parametrize(
    "path", ["/login", "/help", "/nope", "/api/nope", "/api/items", "/static/saring.css", "/queue"]
)
def test_headers_on_every_answer(stranger: Browser, path: str) -> None:
    headers = stranger.get(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert ("no-store" in headers.get("cache-control", "")) == (not path.startswith("/static"))


def test_headers_and_one_shape_when_something_breaks(
    app: FastAPI, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desk, "views", lambda *_: 1 / 0)
    browser = sign_in("ani")
    answer = browser.get("/api/views")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "ZeroDivision" not in answer.text
    assert "nosniff" in answer.headers["x-content-type-options"]
    page = browser.get("/queue")
    assert page.status_code == 500
    assert "<html" in page.text
    assert "object-src 'none'" in page.headers["content-security-policy"]
    assert "ZeroDivisionError" in caplog.text


def test_nonce_is_new_each_time_and_nothing_is_inline(sign_in: SignIn, items: list[str]) -> None:
    browser = sign_in("ani")
    for path in ("/queue", f"/queue/{items[0]}", "/account", "/help"):
        first, second = browser.get(path), browser.get(path)
        nonce = re.search(r"'nonce-([^']+)'", first.headers["content-security-policy"])
        assert nonce is not None
        assert nonce[1] not in second.headers["content-security-policy"]
        for script in re.findall(r"<script[^>]*>", first.text):
            assert "src=" in script or f'nonce="{nonce[1]}"' in script
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", first.text)


def test_another_host_name_is_refused(stranger: Browser) -> None:
    """A name of a stranger's that resolves to this machine (DNS rebinding) reads nothing."""
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", ""):
        assert stranger.get("/login", headers={"host": host}).status_code == 400
    for host in ("localhost:9999", "127.0.0.1", "[::1]:8000"):
        assert stranger.get("/login", headers={"host": host}).status_code == 200


def test_a_large_body_is_refused_before_it_is_read(sign_in: SignIn, items: list[str]) -> None:
    browser = sign_in("ani")
    headers = {"X-CSRF-Token": browser.token()}
    answer = browser.post(f"/api/items/{items[0]}/comment", json={"comment": "x" * 1_100_000}, headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


# -- who may


def test_a_stranger_gets_nothing(app: FastAPI, stranger: Browser, items: list[str]) -> None:
    public = {"/published", "/corrections", "/box", "/health", "/ready", "/metrics"}
    tried = 0
    for method, path in routes(app):
        if path.removeprefix("/api") in OPEN_TO_ALL or any(known in path for known in public):
            continue
        answer = stranger.request(method, filled(path))
        # A page sends to the sign-in; a form without a token, or an API call without one, is refused.
        wanted = {401, 403, 404, 405, 422} if method != "GET" else {401, 303, 403, 404}
        if path == "/logout":  # whoever is not signed in is signed out already
            wanted = {303}
        assert answer.status_code in wanted, (method, path, answer.status_code)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), (method, path)
        tried += 1
    assert tried > 30


def test_no_get_changes_anything(app: FastAPI, sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    browser = sign_in("eko")
    browser.get("/queue")

    def everything() -> dict[str, list[Any]]:
        with saring.database.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(sa.select(table)).all()))
                for table in t.metadata.sorted_tables
            }

    before = everything()
    item = items[0]
    for method, path in routes(app):
        if method in ("GET", "HEAD") and "events" not in path:
            browser.request(method, path.replace("{item_id}", item).replace("{", "").replace("}", ""))
    assert everything() == before


def test_forms_without_the_sessions_token_are_refused(
    app: FastAPI, sign_in: SignIn, saring: AppState, items: list[str]
) -> None:
    browser, other = sign_in("eko"), sign_in("citra")
    tried = 0
    for method, path in routes(app):
        if method in ("GET", "HEAD") or path in ("/login", "/setup", "/api/session") or ":path}" in path:
            continue  # to sign in takes the visitor's token; behind {…:path} there is nothing
        where = path.replace("{item_id}", items[0]).replace("{action}", "claim")
        for headers in ({}, {"X-CSRF-Token": other.token()}, {"X-CSRF-Token": "x"}):
            answer = browser.request(method, filled(where), headers=headers)
            assert answer.status_code in (403, 422), (method, path, answer.status_code)
            tried += 1
        token = {"X-CSRF-Token": browser.token()}
        for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = browser.request(method, filled(where), headers={**token, **foreign})
            assert answer.status_code in (403, 422), (method, path, foreign, answer.status_code)
    assert tried > 60
    assert saring.review.get(items[0]).version == 1


@pytest.mark.parametrize("name", PEOPLE)
def test_pages_of_administrators_are_theirs(sign_in: SignIn, saring: AppState, name: str) -> None:
    browser, role = sign_in(name), PEOPLE[name]
    before = saring.accounts.users()
    headers = {"X-CSRF-Token": browser.token()}
    statuses = {
        browser.get("/users").status_code,
        browser.fill("/users", name="mallory", role="admin", password="tujuh belas lawang").status_code,
        browser.post("/api/users", json={"name": "mallor", "role": "admin"}, headers=headers).status_code,
        browser.patch(f"/api/users/{before[0].id}", json={"role": "admin"}, headers=headers).status_code,
    }
    if role is Role.ADMIN:
        assert 403 not in statuses
        return
    assert statuses == {403}
    assert saring.accounts.users() == before
    with saring.database.read() as connection:
        recorded = connection.execute(sa.select(t.events.c.action).where(t.events.c.refused == "NotAllowed")).scalars()
        assert {"POST /users", "POST /api/users", "GET /users"} <= set(recorded)


def walk(saring: AppState, item_id: str, state: State) -> None:
    actors = {user.name: user for user in saring.accounts.users()}
    from checker.review.records import Actor

    ani, citra = (Actor(actors[name].id, name, PEOPLE[name]) for name in ("ani", "citra"))
    decision = Change(label="supported", reason="Kabar melaporkannya sendiri.")
    steps = {
        State.CLAIMED: [(ani, Action.CLAIM, Change())],
        State.DECIDED: [(ani, Action.DECIDE, decision)],
        State.IN_SECOND_REVIEW: [(citra, Action.TAKE_SECOND, Change())],
        State.APPROVED: [(citra, Action.APPROVE, Change())],
        State.PUBLISHED: [(citra, Action.PUBLISH, Change())],
        State.RETURNED: [(citra, Action.REOPEN, Change(comment="Angkanya keliru."))],
    }
    for reached, todo in steps.items():
        if state is State.NEW:
            return
        for who, action, change in todo:
            saring.review.act(item_id, action, who, change)
        if reached is state:
            return


@pytest.mark.slow
@pytest.mark.parametrize(
    "state", [State.NEW, State.CLAIMED, State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED, State.PUBLISHED]
)
def test_every_forbidden_transition_is_refused_over_http_and_recorded(
    saring: AppState, sign_in: SignIn, items: list[str], state: State
) -> None:
    item = items[0]
    walk(saring, item, state)
    before = saring.review.get(item)
    people = {Role.VIEWER: "fitri", Role.CHECKER: "budi", Role.EDITOR: "dewi", Role.ADMIN: "eko"}
    budi = next(user.id for user in saring.accounts.users() if user.name == "budi")
    body = {"label": "supported", "reason": "x", "comment": "x", "into": items[1], "to_user": budi}
    tried = 0
    for role, name in people.items():
        browser = sign_in(name)
        headers = {"X-CSRF-Token": browser.token()}
        for action in Action:
            if state in RULES[action].sources and allows(role, action):
                continue
            answer = browser.post(f"/api/items/{item}/{action}", json=body, headers=headers)
            assert answer.status_code in (403, 409), (role, action, answer.text)
            assert answer.json()["detail"]
            page = browser.post(f"/queue/{item}/{action}", data={**body, "csrf": headers["X-CSRF-Token"]})
            assert page.status_code in (403, 409)
            tried += 2
    assert saring.review.get(item) == before
    refused = [event for event in saring.review.events(item) if event.refused]
    assert len(refused) == tried


def test_four_eyes_hold_over_http(saring: AppState, sign_in: SignIn, items: list[str]) -> None:
    eko = sign_in("eko")
    for action, fields in (("claim", {}), ("decide", {"label": "supported", "reason": "x"})):
        assert eko.fill(f"/queue/{items[0]}/{action}", **fields).status_code == 303
    assert eko.fill(f"/queue/{items[0]}/take_second").status_code == 403
    assert sign_in("dewi").fill(f"/queue/{items[0]}/take_second").status_code == 303
    assert eko.fill(f"/queue/{items[0]}/approve").status_code == 403


def test_views_and_tokens_of_others_are_neither_seen_nor_changed(sign_in: SignIn, saring: AppState) -> None:
    ani, budi = sign_in("ani"), sign_in("budi")
    ani.fill("/queue/views", name="punya-ani", query="q=jembatan")
    user = next(user for user in saring.accounts.users() if user.name == "ani")
    (view,) = desk.views(saring.database, user.id)
    token, _ = saring.accounts.create_token(user.id, "punya-ani")
    headers = {"X-CSRF-Token": budi.token()}
    for path in ("/queue", "/account", "/api/views", "/api/tokens"):
        assert "punya-ani" not in budi.get(path).text
    assert budi.fill(f"/queue/views/{view.id}/delete").status_code == 404
    assert budi.delete(f"/api/views/{view.id}", headers=headers).status_code == 404
    assert budi.delete(f"/api/tokens/{token.id}", headers=headers).status_code == 404
    assert desk.views(saring.database, user.id) == (view,)
    assert [one.id for one in saring.accounts.tokens(user.id)] == [token.id]


def test_scopes_of_tokens_hold(app: FastAPI, saring: AppState, items: list[str], stranger: Browser) -> None:
    user = next(user for user in saring.accounts.users() if user.name == "citra")

    def as_token(*scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {saring.accounts.create_token(user.id, 'x', scopes)[1]}"}

    def act(action: str, headers: dict[str, str], **body: str) -> int:
        return stranger.post(f"/api/items/{items[0]}/{action}", json=body, headers=headers).status_code

    read, review, publish = as_token("read"), as_token("review"), as_token("publish", "review")
    assert stranger.get("/api/items", headers=read).status_code == 200
    assert stranger.get("/api/items", headers=review).status_code == 403
    assert act("claim", read) == 403
    assert act("claim", review) == 200
    assert act("publish", review) == 403
    assert act("publish", publish) == 409  # may, but it is not approved
    for path, body in (("/api/tokens", {"name": "x", "scopes": ["publish"]}), ("/api/users", {"name": "xy"})):
        assert stranger.post(path, json=body, headers=publish).status_code in (403, 422)
    assert len(saring.accounts.tokens(user.id)) == 3  # those made above
    bad = {"Authorization": "Bearer saring_nope"}
    assert stranger.get("/api/items", headers=bad).status_code == 401
    assert stranger.get("/api/items", headers={"Authorization": "Basic eA=="}).status_code == 401


def test_a_token_wins_over_no_ones_cookie(sign_in: SignIn, saring: AppState) -> None:
    """A bad token is refused even where a good session comes along: nobody acts as somebody they did not mean."""
    browser = sign_in("eko")
    assert browser.get("/api/me", headers={"Authorization": "Bearer nope"}).status_code == 401


def test_switched_off_means_out_at_once(sign_in: SignIn, saring: AppState) -> None:
    ani, eko = sign_in("ani"), sign_in("eko")
    user = next(user for user in saring.accounts.users() if user.name == "ani")
    _, secret = saring.accounts.create_token(user.id, "x")
    assert eko.fill(f"/users/{user.id}", active="no").status_code == 303
    assert ani.get("/queue").status_code == 303
    assert ani.get("/api/items", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


# -- text from outside

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "attribute": "\"'><svg/onload=alert(3)>",
    "template": "{{ 1234 * 1000 }}{% raw %}${1234*1000}",
    "bidi": "aman \u202egpj.exe\u2066\u2069 \u200f\u061c",
    "null": "no\x00l \x1b[31m \x9b \ud800",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_inert_on_every_page(sign_in: SignIn, saring: AppState, kind: str) -> None:
    text = HOSTILE[kind]
    citation = Citation("s", "s:0", "javascript:alert(1)", text, text, text, 0, len(text), "supports", 0.9, text)
    report = make_report((f"Klaim {text}.", "Kedua."), title=text)
    verdicts = [
        Verdict("c0", "supported", "corroborated", "supported", 0.9, (citation,), 1, text, False, (text,)),
        Verdict("c1", "supported", "corroborated", "supported", 0.9, (citation,), 1, text),
    ]
    from dataclasses import replace

    article = replace(report.article, url="javascript:alert(1)", publisher=text, published_at=text)
    ids = add_report(saring.review, replace(report, article=article, outcomes=tuple(verdicts)))
    browser = sign_in("citra")
    browser.fill(f"/queue/{ids[0]}/comment", comment=text.replace("\ud800", ""))
    browser.fill("/queue/views", name=text.replace("\ud800", ""), query="q=x")
    browser.fill(f"/queue/{ids[0]}/claim")
    typed = text.replace("\ud800", "")
    answers = [
        browser.get("/queue"),
        browser.get("/queue", params={"q": typed}),
        browser.get(f"/queue/{ids[0]}"),
        browser.fill(f"/queue/{ids[0]}/decide", label="nope", reason=typed, comment=typed),
        browser.fill("/queue/bulk", action="comment", comment=typed, query="state=claimed"),
        browser.get(f"/queue/{typed[:40]}" if "\x00" not in typed else "/queue/%00"),
        browser.get("/login", params={"next": typed}),
        browser.fill("/account/tokens", name=typed, scopes=["read"]),
    ]
    for answer in answers:
        assert answer.status_code < 500
        page = answer.text
        assert not re.search(r"<script(?![^>]*src=\"/static)", page)
        assert not re.search(r"<(img|svg)\b", page)
        assert not re.search(r"href=\"?\s*javascript:", page, re.IGNORECASE)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u061c\u200e\u200f\x00\x1b\x9b\ud800-\udfff]", page)
        assert "1234000" not in page


def test_a_text_of_a_megabyte_breaks_nothing(sign_in: SignIn, saring: AppState) -> None:
    long = "Jembatan " * 110_000
    report = make_report((long.strip(), "Kedua."), title=long)
    ids = add_report(saring.review, report)
    browser = sign_in("ani")
    assert len(browser.get("/queue").text) < 100_000
    assert browser.get(f"/queue/{ids[0]}").status_code == 200
    assert browser.fill("/queue/views", name="x" * 5_000, query="").status_code == 422
    assert browser.get("/queue", params={"q": "x" * 5_000}).status_code == 422


def test_only_http_addresses_become_links(sign_in: SignIn, saring: AppState) -> None:
    from dataclasses import replace

    for number, url in enumerate(
        ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://u:p@evil.example", "vbscript:x", ""]
    ):
        report = make_report((f"Klaim nomor {number}.",), name=f"r{number}")
        ids = add_report(saring.review, replace(report, article=replace(report.article, url=url)))
        headline = re.search(r'class="headline".*?</h2>', sign_in("ani").get(f"/queue/{ids[0]}").text, re.DOTALL)
        assert headline is not None
        assert "<a" not in headline[0]
    ids = add_report(saring.review, make_report())
    page = sign_in("ani").get(f"/queue/{ids[0]}").text
    assert '<a href="https://example.org/a" rel="noreferrer noopener external" target="_blank">' in page
