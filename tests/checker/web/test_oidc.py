"""Signing in with an identity provider, one that tells the truth and one that does not."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey

sys.path.insert(0, str(Path(__file__).parent))

from browser import serving
from people import BASE, Browser
from provider import CLIENT, SECRET, Provider

from checker.review.database import Database
from checker.review.transitions import Role
from checker.settings import Settings
from checker.web.app import create_app
from checker.web.deps import AppState


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    with serving(made.app) as address:
        made.issuer = address
        yield made


@pytest.fixture
def saring(settings: Settings, provider: Provider) -> Iterator[AppState]:
    given = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_role": "checker",
        "public_url": BASE,
    }
    state = AppState(settings.model_copy(update=given), Database.open(settings.database_url))
    yield state
    state.close()


def go(browser: Browser, path: str = "/oidc/start") -> httpx.Response:
    """From here to the provider and back."""
    away = browser.get(path)
    assert away.status_code == 303, away.text
    back = httpx.get(away.headers["location"], follow_redirects=False)
    where = urlsplit(back.headers["location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{BASE}/oidc/callback"
    return browser.get(f"{where.path}?{where.query}")


def test_the_first_sign_in_makes_a_user_and_the_next_finds_it(
    app: FastAPI, stranger: Browser, saring: AppState, provider: Provider
) -> None:
    assert "/oidc/start?next=/queue" in stranger.get("/login").text
    before = len(saring.accounts.users())
    done = go(stranger, "/oidc/start?next=/account")
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert "__Host-saring=" in done.headers["set-cookie"]
    assert "Sari Dewi" in stranger.get("/account").text
    user = saring.accounts.by_subject(f"{provider.issuer}#42")
    assert user is not None
    assert (user.name, user.role) == ("sari.dewi", Role.CHECKER)
    provider.person |= {"preferred_username": "another-name-now"}
    again = Browser(app)
    assert go(again).status_code == 303
    assert len(saring.accounts.users()) == before + 1


def test_a_name_that_is_taken_stays_with_whoever_has_it(
    stranger: Browser, saring: AppState, provider: Provider
) -> None:
    provider.person |= {"preferred_username": "eko", "name": "Penyusup"}
    assert go(stranger).status_code == 303
    made = saring.accounts.by_subject(f"{provider.issuer}#42")
    assert made is not None
    assert made.name.startswith("eko-")
    assert made.role is Role.CHECKER


def test_nobody_is_let_in_without_a_role_for_them(settings: Settings, saring: AppState, provider: Provider) -> None:
    closed = AppState(saring.settings.model_copy(update={"oidc_role": ""}), saring.database)
    with Browser(create_app(state=closed)) as browser:
        assert go(browser).status_code == 403
        assert saring.accounts.by_subject(f"{provider.issuer}#42") is None
        saring.accounts.create("sari", None, Role.EDITOR, "Sari", f"{provider.issuer}#42")
        assert go(browser).status_code == 303


def test_whoever_is_switched_off_stays_out(stranger: Browser, saring: AppState, provider: Provider) -> None:
    go(stranger)
    user = saring.accounts.by_subject(f"{provider.issuer}#42")
    assert user is not None
    saring.accounts.change(user.id, active=False)
    answer = go(stranger)
    assert answer.status_code == 403
    assert stranger.get("/account").status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://somebody.else"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
    ],
    ids=str,
)
def test_claims_that_are_not_for_this_sign_in(
    stranger: Browser, saring: AppState, provider: Provider, claims: dict[str, object]
) -> None:
    before = saring.accounts.users()
    provider.claims = claims
    assert go(stranger).status_code == 401
    assert stranger.get("/account").status_code == 303
    assert saring.accounts.users() == before


@pytest.mark.parametrize("lie", ["alg none", "public key as secret", "client secret as key", "another key", "no token"])
def test_signatures_that_are_none(stranger: Browser, saring: AppState, provider: Provider, lie: str) -> None:
    provider.lie = lie
    assert go(stranger).status_code == 401
    assert saring.accounts.by_subject(f"{provider.issuer}#42") is None


@pytest.mark.parametrize("lie", ["issuer", "plain-http keys"])
def test_a_provider_that_is_another(stranger: Browser, provider: Provider, lie: str) -> None:
    provider.lie = lie
    assert stranger.get("/oidc/start").status_code == 401


def test_keys_that_were_changed_are_asked_for_again(stranger: Browser, provider: Provider) -> None:
    assert go(stranger).status_code == 303
    provider.key = RSAKey.generate_key(2048, parameters={"kid": "two", "use": "sig", "alg": "RS256"})
    assert go(stranger).status_code == 303


def test_an_answer_to_nobodys_question(app: FastAPI, stranger: Browser, provider: Provider) -> None:
    """Login forgery: a link that would sign somebody in as the one who sent it."""
    away = stranger.get("/oidc/start").headers["location"]
    back = urlsplit(httpx.get(away, follow_redirects=False).headers["location"])
    victim = Browser(app)
    assert victim.get(f"{back.path}?{back.query}").status_code == 401
    state = parse_qs(back.query)["state"][0]
    for query in (
        "",
        "state=x&code=y",
        f"state={state}",
        f"state={state}&error=access_denied",
        f"state={state}&code=z",
    ):
        assert stranger.get(f"/oidc/callback?{query}").status_code == 401
    assert stranger.get(f"{back.path}?{back.query}&iss=https://somebody.else").status_code == 401
    assert stranger.get(f"{back.path}?{back.query}").status_code == 303
    assert stranger.get(f"{back.path}?{back.query}").status_code == 401  # once


def test_a_provider_that_is_gone(saring: AppState) -> None:
    settings = saring.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    with Browser(create_app(state=AppState(settings, saring.database))) as browser:
        answer = browser.get("/oidc/start")
        assert answer.status_code == 401
        assert "penyedia identitas tidak terjangkau" in answer.text


def test_without_a_provider_there_is_no_door(saring: AppState) -> None:
    settings = saring.settings.model_copy(update={"oidc_issuer": ""})
    with Browser(create_app(state=AppState(settings, saring.database))) as browser:
        assert browser.get("/oidc/start").status_code == 404
        assert browser.get("/oidc/callback").status_code == 404
        assert "/oidc/" not in browser.get("/login").text
