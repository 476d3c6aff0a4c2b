from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from people import PASSWORD, Browser

from checker.web.deps import AppState

SignIn = Callable[[str], Browser]


def log_in(browser: Browser, name: str = "ani", password: str = PASSWORD, **more: str) -> Any:
    return browser.post("/login", data={"csrf": browser.token("/login"), "name": name, "password": password, **more})


def test_sign_in_with_a_form_and_out_again(stranger: Browser) -> None:
    assert stranger.get("/account").headers["location"] == "/login?next=/account"
    done = log_in(stranger, next="/account")
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    cookie = done.headers["set-cookie"]
    assert cookie.startswith("__Host-saring=")
    assert all(part in cookie for part in ("; Secure", "; HttpOnly", "; Path=/", "SameSite=lax"))
    assert "domain" not in cookie.lower()
    kept = stranger.cookies["__Host-saring"]
    assert "Ani" in stranger.get("/account").text
    assert stranger.fill("/logout").headers["location"] == "/login"
    stranger.hold(kept)  # the server has forgotten it too
    assert stranger.get("/account").status_code == 303


def test_session_id_is_new_at_every_sign_in(stranger: Browser, sign_in: SignIn) -> None:
    stranger.hold("planted-by-somebody-else")
    log_in(stranger)
    first = stranger.cookies["__Host-saring"]
    assert first != "planted-by-somebody-else"
    assert len(first) >= 43


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "\t/x"])
def test_nobody_is_sent_on_to_a_strangers_page(stranger: Browser, where: str) -> None:
    assert log_in(stranger, next=where).headers["location"] == "/queue"


def test_wrong_password_says_no_more_than_that(stranger: Browser) -> None:
    for name in ("ani", "nobody"):
        answer = log_in(stranger, name, "wrong wrong wrong")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers or "__Host-saring=" not in answer.headers["set-cookie"]


def test_tries_run_out(stranger: Browser) -> None:
    statuses = [log_in(stranger, "budi", "wrong wrong wrong").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert log_in(stranger, "budi").status_code == 429


def test_the_form_of_another_site_signs_nobody_in(stranger: Browser) -> None:
    token = stranger.token("/login")
    fields = {"name": "ani", "password": PASSWORD}
    assert stranger.post("/login", data=fields).status_code == 403
    assert stranger.post("/login", data={**fields, "csrf": "x" * 43}).status_code == 403
    assert stranger.post("/login", data={**fields, "csrf": token}, headers={"Origin": "https://e.x"}).status_code == 403
    stranger.cookies.clear()
    assert stranger.post("/login", data={**fields, "csrf": token}).status_code == 403


def test_set_up_once(app: object, stranger: Browser, saring: AppState) -> None:
    assert stranger.get("/setup", params={"token": "guess"}).status_code == 403
    with pytest.raises(Exception, match="set up already"):
        saring.accounts.setup_link()


def test_password_change_ends_other_sessions(sign_in: SignIn) -> None:
    here, there = sign_in("ani"), sign_in("ani")
    new = "empat ekor sapi perah"
    assert here.fill("/account/password", current="nope nope nope", password=new, again=new).status_code == 422
    assert here.fill("/account/password", current=PASSWORD, password="short", again="short").status_code == 422
    assert here.fill("/account/password", current=PASSWORD, password=new, again=new).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert log_in(there, password=new).status_code == 303


def test_tokens_are_shown_once_and_are_ones_own(sign_in: SignIn, saring: AppState) -> None:
    ani, budi = sign_in("ani"), sign_in("budi")
    made = ani.fill("/account/tokens", name="<b>skrip</b>", scopes=["read"], days="30")
    assert made.status_code == 201
    secret = re.search(r"saring_[\w-]+", made.text)
    assert secret is not None
    assert "&lt;b&gt;skrip" in made.text
    assert secret[0] not in ani.get("/account").text
    actor = saring.accounts.bearer(secret[0])
    assert actor is not None
    (token,) = saring.accounts.tokens(actor.user_id)
    assert "skrip" not in budi.get("/account").text
    assert budi.fill(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert ani.fill(f"/account/tokens/{token.id}/revoke").status_code == 303
    assert saring.accounts.bearer(secret[0]) is None


def test_preferences_stay_in_the_browser(stranger: Browser) -> None:
    assert '<html lang="id"' in stranger.get("/login").text
    answer = stranger.fill("/preferences", language="en", theme="dark", back="/login")
    assert answer.headers["location"] == "/login"
    assert '<html lang="en" data-theme="dark"' in stranger.get("/login").text
    stranger.fill("/preferences", language="xx", theme="<script>")
    assert '<html lang="en" data-theme="dark"' in stranger.get("/login").text
