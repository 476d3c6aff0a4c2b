"""Receivers by page and by API: for administrators alone, and the secret is shown once."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import Browser

from checker.review.records import Actor
from checker.review.service import Change
from checker.review.transitions import Action
from checker.web.deps import AppState
from checker.web.routes.webhooks import webhooks_of
from retrieval.fetch import Fetcher

SignIn = Callable[[str], Browser]


def test_from_adding_to_replaying(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    eko = sign_in("eko")
    answer = eko.fill("/webhooks", url="https://hooks.example.org/saring", events=["item.decided"])
    assert answer.status_code == 201
    found = re.search(r'<code class="secret">(whsec_[^<]+)</code>', answer.text)
    assert found is not None
    assert found[1] not in eko.get("/webhooks").text
    (hook,) = eko.get("/api/webhooks").json()
    assert "secret" not in hook
    ani = next(Actor(user.id, user.name, user.role) for user in saring.accounts.users() if user.name == "ani")
    saring.review.act(items[0], Action.CLAIM, ani)
    saring.review.act(items[0], Action.DECIDE, ani, Change(label="supported", reason="Ya."))
    with Fetcher(resolver=lambda host, port: ["127.0.0.1"]) as fetcher:
        webhooks_of(saring).deliver(fetcher)
    (dead,) = eko.get("/api/deliveries?status=dead").json()
    assert dead["next_at"] is None
    assert "could not be delivered" in eko.get("/webhooks").text or "tidak" in eko.get("/webhooks").text
    assert eko.fill(f"/deliveries/{dead['id']}/replay").status_code == 303
    assert eko.fill(f"/deliveries/{dead['id']}/replay").status_code == 409
    assert eko.get("/api/deliveries?status=pending").json()[0]["id"] == dead["id"]
    assert eko.fill(f"/webhooks/{hook['id']}/disable").status_code == 303
    assert eko.get("/api/webhooks").json()[0]["active"] is False
    assert eko.fill(f"/webhooks/{hook['id']}/remove").status_code == 303
    assert eko.get("/api/webhooks").json() == []
    assert eko.fill(f"/webhooks/{hook['id']}/remove").status_code == 404


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost:8000/", "javascript:alert(1)", "", "\x00"])
def test_a_private_or_odd_address_is_refused(sign_in: SignIn, url: str) -> None:
    eko = sign_in("eko")
    assert eko.fill("/webhooks", url=url, events=["item.decided"]).status_code == 422
    body = {"url": url, "events": ["item.decided"]}
    assert eko.post("/api/webhooks", json=body, headers={"X-CSRF-Token": eko.token()}).status_code == 422
    assert eko.get("/api/webhooks").json() == []


@pytest.mark.parametrize("name", ["ani", "citra", "fitri"])
def test_only_administrators(sign_in: SignIn, name: str) -> None:
    person = sign_in(name)
    headers = {"X-CSRF-Token": person.token()}
    body = {"url": "https://example.org/", "events": ["item.decided"]}
    assert person.get("/webhooks").status_code == 403
    assert 'href="/webhooks"' not in person.get("/help").text
    for answer in (
        person.get("/api/webhooks"),
        person.get("/api/deliveries"),
        person.post("/api/webhooks", json=body, headers=headers),
        person.patch("/api/webhooks/whk-none", json={"active": False}, headers=headers),
        person.delete("/api/webhooks/whk-none", headers=headers),
        person.post("/api/deliveries/dlv-none/replay", headers=headers),
        person.fill("/webhooks", url="https://example.org/", events=["item.decided"]),
        person.fill("/webhooks/whk-none/remove"),
        person.fill("/deliveries/dlv-none/replay"),
    ):
        assert answer.status_code == 403


def test_one_key_adds_one_receiver(sign_in: SignIn) -> None:
    eko = sign_in("eko")
    headers = {"X-CSRF-Token": eko.token(), "Idempotency-Key": "k"}
    body = {"url": "https://example.org/", "events": ["item.decided"]}
    made = {eko.post("/api/webhooks", json=body, headers=headers).text for _ in range(3)}
    assert len(made) == 1
    assert len(eko.get("/api/webhooks").json()) == 1
    other = {**body, "events": ["item.approved"]}
    assert eko.post("/api/webhooks", json=other, headers=headers).status_code == 422


def test_a_token_needs_the_scope_to_publish(app: object, saring: AppState) -> None:
    eko = next(user for user in saring.accounts.users() if user.name == "eko")
    for scopes, status in ((("read", "review"), 403), (("read", "publish"), 200)):
        _, secret = saring.accounts.create_token(eko.id, "t", scopes)
        program = Browser(app)  # type: ignore[arg-type]
        assert program.get("/api/webhooks", headers={"Authorization": f"Bearer {secret}"}).status_code == status
