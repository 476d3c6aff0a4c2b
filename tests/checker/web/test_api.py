from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import PASSWORD, Browser
from reports import make_report

from checker.review import tables as t
from checker.review.intake import add_report
from checker.review.transitions import Action
from checker.web.deps import AppState

SignIn = Callable[[str], Browser]


@pytest.fixture
def ani(saring: AppState, stranger: Browser) -> Browser:
    """A program that works in Ani's name."""
    stranger.headers["Authorization"] = f"Bearer {token(saring, 'ani')}"
    return stranger


def token(saring: AppState, name: str, *scopes: str) -> str:
    user = next(user for user in saring.accounts.users() if user.name == name)
    return saring.accounts.create_token(user.id, "test", scopes or ("read", "check", "review", "publish"))[1]


def links(header: str) -> dict[str, str]:
    return {part.split('rel="')[1][:-1]: part[1 : part.index(">")] for part in header.split(", ")}


def test_pages_are_linked(ani: Browser, items: list[str]) -> None:
    first = ani.get("/api/items", params={"size": 2})
    assert (first.json()["total"], first.json()["pages"], len(first.json()["items"])) == (3, 2, 2)
    where = links(first.headers["link"])
    assert set(where) == {"first", "next", "last"}
    second = ani.get(where["next"])
    assert [item["id"] for item in first.json()["items"] + second.json()["items"]] == [
        item["id"] for item in ani.get("/api/items").json()["items"]
    ]
    assert set(links(second.headers["link"])) == {"first", "prev", "last"}
    assert ani.get("/api/items", params={"page": 9}).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 3),
        ({"q": "feri JAM"}, 1),
        ({"q": "%"}, 0),
        ({"state": "decided"}, 0),
        ({"state": ["new", "claimed"]}, 3),
        ({"state": "new,claimed"}, 3),
        ({"label": "unsupported"}, 0),
        ({"language": "en"}, 0),
        ({"holder": "me"}, 0),
        ({"disputed": "false"}, 3),
        ({"recheck": "true"}, 0),
    ],
)
def test_filters(ani: Browser, items: list[str], query: dict[str, Any], found: int) -> None:
    assert ani.get("/api/items", params=query).json()["total"] == found


@pytest.mark.parametrize(
    "query", [{"state": "nope"}, {"page": 0}, {"size": 1000}, {"sort": "x"}, {"disputed": "perhaps"}, {"q": "x" * 501}]
)
def test_what_is_no_filter_is_refused(ani: Browser, query: dict[str, Any]) -> None:
    answer = ani.get("/api/items", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert problem["type"] == "urn:saring:error:invalid"
    assert problem["errors"]


def test_the_whole_way_of_a_claim(ani: Browser, saring: AppState, items: list[str]) -> None:
    item = f"/api/items/{items[0]}"
    citra = {"Authorization": f"Bearer {token(saring, 'citra')}"}
    assert ani.post(f"{item}/claim", json={}).json()["holder_name"] == "Ani"
    assert "decide" in ani.get(item).json()["possible"]
    decision = {"label": "unsupported", "rating": "false", "reason": "Tiga sumber menyebut lain.", "blind": True}
    assert ani.post(f"{item}/decide", json=decision).json()["state"] == "decided"
    for action in ("take_second", "approve", "publish"):
        answer = ani.post(f"{item}/{action}", json={}, headers=citra)
        assert answer.status_code == 200, answer.text
    detail = ani.get(item).json()
    assert detail["state"] == "published"
    assert [(one["kind"], one["label"], one["blind"]) for one in detail["decisions"]] == [
        ("first", "unsupported", True),
        ("second", "unsupported", False),
    ]
    assert [event["action"] for event in detail["events"]] == [
        "enter",
        "claim",
        "decide",
        "take_second",
        "approve",
        "publish",
    ]
    assert ani.get(f"/api/articles/{detail['article_id']}").json()["title"] == "Jembatan Sula"


def test_blind_shows_nothing_of_the_machine(ani: Browser, items: list[str]) -> None:
    seen = ani.get(f"/api/items/{items[0]}").json()
    blind = ani.get(f"/api/items/{items[0]}", params={"blind": True}).json()
    assert (seen["machine_label"], len(seen["verdicts"])) == ("supported", 1)
    assert (blind["machine_label"], blind["verdicts"], blind["uncertainty"], blind["need"]) == (None, [], None, None)


def test_versions(ani: Browser, items: list[str]) -> None:
    item = f"/api/items/{items[0]}"
    first = ani.get(item).headers["etag"]
    assert ani.get(item, headers={"If-None-Match": first}).status_code == 304
    claimed = ani.post(f"{item}/claim", json={}, headers={"If-Match": first})
    assert claimed.status_code == 200
    assert ani.get(item, headers={"If-None-Match": first}).status_code == 200
    late = ani.post(f"{item}/comment", json={"comment": "x"}, headers={"If-Match": first})
    assert (late.status_code, late.json()["current"]) == (412, {"version": 2, "state": "claimed"})
    late = ani.post(f"{item}/comment", json={"comment": "x", "version": 1})
    assert (late.status_code, late.json()["current"]) == (409, {"version": 2, "state": "claimed"})
    other = ani.post(f"{item}/comment", json={"comment": "x"}, headers={"If-Match": '"other.1"'})
    assert other.status_code == 412
    for right in (claimed.headers["etag"], "*"):
        fresh = ani.get(item).headers["etag"] if right != "*" else right
        assert ani.post(f"{item}/comment", json={"comment": "x"}, headers={"If-Match": fresh}).status_code == 200


def test_twenty_posts_with_one_key_are_one(ani: Browser, saring: AppState, items: list[str]) -> None:
    def post(_: int) -> tuple[int, str]:
        answer = ani.post(f"/api/items/{items[0]}/comment", json={"comment": "Satu."}, headers={"Idempotency-Key": "k"})
        return answer.status_code, answer.headers.get("idempotency-replayed", "")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(20)))
    assert sorted(answers) == [(200, "")] + [(200, "true")] * 19
    assert [event.action for event in saring.review.events(items[0])] == ["enter", "comment"]
    other = ani.post(f"/api/items/{items[0]}/comment", json={"comment": "Dua."}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:saring:error:key-reused")
    # Another's key of the same name is another key.
    budi = {"Authorization": f"Bearer {token(saring, 'budi')}", "Idempotency-Key": "k"}
    assert ani.post(f"/api/items/{items[0]}/comment", json={"comment": "Tiga."}, headers=budi).status_code == 200


def test_a_lease_is_extended_by_whoever_holds_it(ani: Browser, saring: AppState, items: list[str]) -> None:
    where = f"/api/items/{items[0]}/lease"
    assert ani.put(where).status_code == 409
    before = ani.post(f"/api/items/{items[0]}/claim", json={}).json()
    after = ani.put(where).json()
    assert after["lease_until"] > before["lease_until"]
    assert after["version"] == before["version"]
    assert ani.put(where, headers={"Authorization": f"Bearer {token(saring, 'budi')}"}).status_code == 409


def test_many_at_once(ani: Browser, saring: AppState, items: list[str]) -> None:
    ani.post(f"/api/items/{items[0]}/claim", json={})
    body = {"filters": {"state": ["new"]}, "action": "claim", "expected": 3}
    assert ani.post("/api/items/bulk", json=body).status_code == 409
    done = ani.post("/api/items/bulk", json=body | {"expected": 2}, headers={"Idempotency-Key": "b"})
    assert sorted(done.json()["done"]) == sorted(items[1:])
    again = ani.post("/api/items/bulk", json={"filters": {}, "action": "release"})
    assert sorted(again.json()["done"]) == sorted(items)
    refused = ani.post("/api/items/bulk", json={"filters": {}, "action": "release"}).json()
    assert refused["done"] == []
    assert {one["error"] for one in refused["refused"]} == {"WrongState"}
    assert ani.post("/api/items/bulk", json={"action": "approve"}).status_code == 422
    assert ani.post("/api/items/bulk", json={"action": "comment"}).status_code == 422
    assert ani.post("/api/items/bulk", json={"action": "publish"}).status_code == 403


def test_alike(ani: Browser, saring: AppState, items: list[str]) -> None:
    (other,) = add_report(saring.review, make_report(("Jembatan Sula ditutup pada Senin.",), name="two"))
    detail = ani.get(f"/api/items/{other}").json()
    assert [(one["item"]["id"], one["into"], one["similarity"]) for one in detail["alike"]] == [
        (items[0], items[0], 1.0)
    ]
    (pair,) = ani.get("/api/alike").json()
    assert (pair["item"]["id"], pair["other"]["id"], pair["similarity"]) == (other, items[0], 1.0)
    assert ani.delete(f"/api/items/{other}/alike/{items[0]}").status_code == 204
    assert ani.get(f"/api/items/{other}").json()["alike"] == ani.get("/api/alike").json() == []
    assert ani.delete(f"/api/items/{other}/alike/{items[1]}").status_code == 404
    assert ani.post(f"/api/items/{other}/merge", json={"into": items[0]}).json()["merged_into"] == items[0]


def test_views(ani: Browser) -> None:
    saved = ani.put("/api/views", json={"name": "Sengketa", "query": {"disputed": True, "state": ["new"]}}).json()
    assert saved["query"] == {"disputed": True, "state": ["new"]}
    assert [view["id"] for view in ani.get("/api/views").json()] == [saved["id"]]
    assert ani.delete(f"/api/views/{saved['id']}").status_code == 204
    assert ani.delete(f"/api/views/{saved['id']}").status_code == 404
    for body in ({"name": "", "query": {}}, {"name": "x", "query": {"page": 2}}, {"name": "x"}, [], "x"):
        assert ani.put("/api/views", json=body).status_code == 422


def test_sign_in_by_api_and_administer(stranger: Browser, saring: AppState) -> None:
    assert stranger.post("/api/session", json={"name": "eko", "password": "no"}).status_code == 401
    me = stranger.post("/api/session", json={"name": "eko", "password": PASSWORD}).json()
    headers = {"X-CSRF-Token": me["csrf"]}
    assert stranger.get("/api/me").json()["role"] == "admin"
    new = {"name": "rina", "display_name": "Rina\x00", "role": "checker", "password": "sepuluh kata acak"}
    assert stranger.post("/api/users", json=new).status_code == 403  # without the token
    rina = stranger.post("/api/users", json=new, headers=headers).json()
    assert (rina["display_name"], rina["role"]) == ("Rina", "checker")
    assert stranger.post("/api/users", json=new, headers=headers).status_code == 422
    where = f"/api/users/{rina['id']}"
    assert stranger.patch(where, json={"role": "editor"}, headers=headers).json()["role"] == "editor"
    assert stranger.patch(where, json={"active": False}, headers=headers).json()["active"] is False
    eko = next(user for user in stranger.get("/api/users").json() if user["name"] == "eko")
    assert stranger.patch(f"/api/users/{eko['id']}", json={"role": "viewer"}, headers=headers).status_code == 403
    made = stranger.post("/api/tokens", json={"name": "x", "scopes": ["read"]}, headers=headers).json()
    assert saring.accounts.bearer(made["token"]) is not None
    assert stranger.delete("/api/session", headers=headers).status_code == 204
    assert stranger.get("/api/me").status_code == 401
    with saring.database.read() as connection:
        actions = set(connection.execute(sa.select(t.events.c.action)).scalars())
    assert {"sign_in", "add_user", "change_user", "make_token"} <= actions


def test_change_of_ones_own_password(sign_in: SignIn) -> None:
    ani = sign_in("ani")
    headers = {"X-CSRF-Token": ani.token()}
    new = {"current": PASSWORD, "password": "empat ekor sapi perah"}
    assert ani.put("/api/me/password", json=new | {"current": "x"}, headers=headers).status_code == 422
    assert ani.put("/api/me/password", json=new, headers=headers).status_code == 204
    assert ani.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/items/{id}/decide", b"{"),
        ("POST", "/api/items/{id}/decide", b"\xff\xfe"),
        ("POST", "/api/items/{id}/decide", b'{"label": "\\ud800", "reason": "x"}'),
        ("POST", "/api/items/{id}/comment", b'{"comment": "\\ud800"}'),
        ("POST", "/api/items/{id}/explode", b"{}"),
        ("POST", "/api/items/{id}/claim", b'{"version": "1"}'),
        ("POST", "/api/items/{id}/claim", b'{"version": true}'),
        ("POST", "/api/items/{id}/claim", b'{"blind": 1}'),
        ("PUT", "/api/views", b'{"name": "x", "query": {"recheck": 0}}'),
        ("PUT", "/api/views", b'{"name": "x", "query": {"state": "new,claimed"}}'),
        ("POST", "/api/items/%00/claim", b"{}"),
        ("POST", "/api/items/..%2F..%2Fetc/claim", b"{}"),
        ("GET", "/api/items/" + "x" * 3000, b""),
        ("POST", "/api/items/{id}/comment", b'{"comment": "x", "version": 1e400}'),
        ("POST", "/api/items/{id}/comment", b'{"comment": "x", "version": 99999999999999999999999}'),
        ("POST", "/api/items/{id}/comment", b"[" * 50_000),
        ("GET", "/api/articles/%F0%9F%92%A9", b""),
        ("PATCH", "/api/items/{id}", b"{}"),
    ],
)
def test_bad_input_is_refused_in_one_shape(ani: Browser, items: list[str], method: str, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = ani.request(method, path.replace("{id}", items[0]), content=body, headers=headers)
    assert answer.status_code in (400, 403, 404, 405, 409, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(answer.json())


def test_what_an_address_takes_is_said(ani: Browser, items: list[str]) -> None:
    allowed = {
        path: set(ani.request("TRACE", path).headers["allow"].split(", "))
        for path in ("/api/items/bulk", f"/api/items/{items[0]}", "/api/views", f"/api/items/{items[0]}/lease")
    }
    assert list(allowed.values()) == [{"POST"}, {"GET"}, {"GET", "PUT"}, {"PUT"}]


def test_comments_lose_what_no_database_keeps(ani: Browser, items: list[str]) -> None:
    assert ani.post(f"/api/items/{items[0]}/comment", json={"comment": "a\x00b"}).status_code == 200
    assert ani.get(f"/api/items/{items[0]}").json()["events"][-1]["detail"] == {"comment": "ab"}


def test_the_description_is_complete(app: FastAPI) -> None:
    described = app.openapi()
    assert described["openapi"] == "3.1.0"
    bodies = 0
    for path, operations in described["paths"].items():
        assert path.startswith("/api/") or path.startswith("/v1/") or path in ("/healthz", "/readyz", "/metrics"), path
        for method, operation in operations.items():
            name = f"{method} {path}"
            assert operation.get("description") or operation.get("summary"), name
            assert {"401", "403", "422"} <= set(operation["responses"]) or operation.get("security") == [], name
            for status, response in operation["responses"].items():
                if status.isdigit() and int(status) >= 400 and path.startswith("/api/"):
                    assert response["content"] == {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    }, name
            if method in ("post", "put", "patch") and "requestBody" in operation:
                bodies += 1
    assert bodies > 8
    assert set(described["components"]["schemas"]["Action"]["enum"]) == set(Action)


def test_examples_are_what_they_are_examples_of(app: FastAPI) -> None:
    from pydantic import BaseModel

    from checker.web import answers, schemas
    from checker.web.schemas import change_model

    models = [
        model
        for module in (answers, schemas)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model is not BaseModel
    ]
    checked = 0
    for model in [*models, *(change_model(action) for action in Action)]:
        extra = model.model_config.get("json_schema_extra")
        if isinstance(extra, dict):
            examples = extra.get("examples") or [extra.get("example")]
            for example in examples:
                model.model_validate(example)
                checked += 1
    assert checked > 30
    described = app.openapi()["components"]["schemas"]
    ours = {model.__name__ for model in models if model.__module__ == answers.__name__} - {"_Out"}
    assert {name for name in ours if name in described and "example" not in described[name]} == set()
