"""What whoever runs the server may ask: alive, ready, counts; and what none of it ever says."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
from people import BASE, Browser
from starlette.testclient import TestClient

from checker import telemetry
from checker.errors import ModelUnavailable
from checker.settings import load_settings
from checker.web.deps import AppState
from checker.web.routes.ops import Readiness


@pytest.fixture
def local(app: FastAPI) -> Iterator[TestClient]:
    """Asks from this machine."""
    with TestClient(app, base_url=BASE, client=("127.0.0.1", 50000)) as client:
        yield client


class Opened:
    """Stands in for a checker with its models loaded."""

    def close(self) -> None:
        """Nothing is open."""


def value(text: str, name: str) -> float:
    """Of a sample, by its whole name with labels."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
    assert found is not None, f"{name} is not in\n{text}"
    return float(found[1])


def test_alive(stranger: Browser) -> None:
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_where_database_evidence_and_models_are(app: FastAPI, saring: AppState) -> None:
    saring._open_checker = Opened  # type: ignore[assignment, return-value]
    with Browser(app) as browser:
        answer = browser.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "evidence": "ok", "models": "ok"},
    }


def test_not_ready_says_what_and_logs_why(app: FastAPI, saring: AppState, caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> None:
        raise ModelUnavailable("no key for the chat model of desk@example.org")

    saring._open_checker = refuse  # type: ignore[assignment]
    with Browser(app) as browser, caplog.at_level(logging.WARNING):
        answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["checks"] == {"database": "ok", "evidence": "ok", "models": "failed"}
    assert "desk@example.org" not in answer.text
    assert "ModelUnavailable: no key for the chat model" in caplog.text


def test_not_ready_without_the_database(app: FastAPI, saring: AppState) -> None:
    saring._open_checker = Opened  # type: ignore[assignment, return-value]
    with Browser(app) as browser:
        saring.database.read = _broken  # type: ignore[method-assign]
        answer = browser.get("/readyz")
    assert answer.json()["checks"]["database"] == "failed"


def _broken() -> None:
    raise OSError("the connection is gone")


async def test_what_takes_its_time_is_starting_and_is_not_begun_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.web.routes.ops.READY_SECONDS", 0.05)
    begun: list[int] = []
    gate = threading.Event()

    def slow() -> None:
        begun.append(1)
        gate.wait(10)

    now = [0.0]
    readiness = Readiness({"models": slow, "database": lambda: None}, clock=lambda: now[0])
    assert await readiness.look() == {"models": "starting", "database": "ok"}
    now[0] += 10
    assert await readiness.look() == {"models": "starting", "database": "ok"}
    assert begun == [1]
    gate.set()
    time.sleep(0.05)
    assert (await readiness.look())["models"] == "starting", "an answer is kept for a moment"
    now[0] += 10
    assert (await readiness.look())["models"] == "ok"


def test_metrics_count_requests_by_route_and_the_queue(local: TestClient, items: list[str]) -> None:
    before = local.get("/metrics").text
    assert local.get("/help").status_code == 200
    local.get("/no/such/page/of/a/stranger")
    text = local.get("/metrics").text
    name = 'saring_http_requests_total{method="GET",route="/help",status="200"}'
    known = re.search(rf"^{re.escape(name)} (\S+)$", before, re.M)
    assert value(text, name) == (float(known[1]) if known else 0) + 1
    assert "stranger" not in text
    assert 'route="none",status="404"' in text
    assert value(text, 'saring_queue_items{state="new"}') == len(items)
    assert "saring_background_checks" in text


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.9", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("203.0.113.9", {"Authorization": "Bearer kunci-pengukur"}, 200),
        ("203.0.113.9", {"Authorization": "Bearer kunci-lain"}, 403),
        ("203.0.113.9", {"Authorization": "Bearer "}, 403),
        ("testclient", {}, 403),
    ],
)
def test_metrics_are_for_this_machine_or_the_token(
    saring: AppState, client: str, headers: dict[str, str], status: int
) -> None:
    from checker.web.app import create_app

    saring.settings = saring.settings.model_copy(update={"metrics_token": "kunci-pengukur"})
    with TestClient(create_app(state=saring), base_url=BASE, client=(client, 50000)) as asking:
        answer = asking.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("saring_queue_items" in answer.text) == (status == 200)


def test_a_request_is_a_span_without_what_was_asked(app: FastAPI) -> None:
    pytest.importorskip("opentelemetry.sdk", reason='install it with: pip install "saring[telemetry]"')
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    trace = "0af7651916cd43dd8448eb211c80319c"
    with Browser(app) as browser:
        telemetry.start_tracing(load_settings(), exporter)
        try:
            browser.get(
                "/item/rahasia", params={"q": "kapal"}, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
            )
        finally:
            telemetry.stop_tracing()
    [span] = exporter.get_finished_spans()
    assert span.name == "saring.http"
    assert f"{span.context.trace_id:032x}" == trace
    assert dict(span.attributes) == {"saring.method": "GET", "saring.route": "none", "saring.status": 404}
    assert "rahasia" not in span.to_json()


def test_no_token_in_the_settings_opens_nothing(app: FastAPI) -> None:
    with TestClient(app, base_url=BASE, client=("203.0.113.9", 1)) as asking:
        assert asking.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


def test_logs_and_metrics_hold_no_text_and_no_key(
    app: FastAPI, saring: AppState, sign_in: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person and a program ask for things, well and badly; then every line and number is searched."""
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.level, list(root.handlers), {name: logging.getLogger(name).level for name in telemetry.OURS}
    telemetry.start_logging("json", "DEBUG", stream)
    article, key, password = "Gubernur membeli kapal selam", "saring_kunci9911223344", "sandi-salah-7788"
    try:
        with TestClient(app, base_url=BASE, client=("127.0.0.1", 1)) as asking:
            ani = sign_in("ani")
            ani.post("/api/checks", json={"text": article}, headers={"X-CSRF-Token": ani.token()})
            ani.get("/", params={"q": article})
            asking.get("/api/items", headers={"Authorization": f"Bearer {key}"})
            asking.post("/login", data={"name": "ani", "password": password})
            asking.get(f"/{article}")
            asking.get("/setup", params={"token": key})
            monkeypatch.setattr(saring.accounts, "bearer", _sink)
            failed = asking.get("/api/items", headers={"Authorization": f"Bearer {key}"})
            metrics = asking.get("/metrics").text
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
        for name, level in before[2].items():
            logging.getLogger(name).setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert failed.status_code == 500
    assert any(line.get("error") == "ValueError" for line in lines)
    assert len([line for line in lines if line["logger"] == "saring.access"]) >= 6
    for told in (stream.getvalue(), metrics):
        for secret in ("Gubernur", "kapal", "kunci9911223344", "sandi-salah"):
            assert secret not in told


def _sink(*_: object, **__: object) -> None:
    raise ValueError("Gubernur membeli kapal selam")
