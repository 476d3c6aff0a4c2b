"""What is told about the work: steps and spans without texts, log lines without keys."""

from __future__ import annotations

import gzip
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_pipeline import ARTICLE, FakeJudge, WordEmbedder, card

from checker import Checker, telemetry
from checker.claims.rules import RuleExtractor
from checker.settings import load_settings
from retrieval.store import EvidenceStore

SECRET = "Gubernur rahasia membeli kapal"


@pytest.fixture
def spans() -> Iterator[Any]:
    pytest.importorskip("opentelemetry.sdk", reason='install it with: pip install "saring[telemetry]"')
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    assert telemetry.start_tracing(load_settings(), exporter)
    yield exporter
    telemetry.stop_tracing()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.level, list(root.handlers), {name: logging.getLogger(name).level for name in telemetry.OURS}
    telemetry.start_logging("json", stream=stream)
    yield stream
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)


def test_steps_are_told_with_how_they_ended() -> None:
    told: list[tuple[str, dict[str, Any], bool]] = []
    off = telemetry.on_step(lambda name, seconds, attributes, well: told.append((name, dict(attributes), well)))
    with telemetry.step("outer", claims=2) as span:
        with pytest.raises(ValueError), telemetry.step("inner"):
            raise ValueError(SECRET)
        span.set(failed=1)
    off()
    off()
    with telemetry.step("after"):
        pass
    assert told == [("inner", {}, False), ("outer", {"claims": 2, "failed": 1}, True)]


def test_spans_nest_and_hold_no_message(spans: Any) -> None:
    with pytest.raises(ValueError), telemetry.step("check"), telemetry.step("claims", claims=3):
        raise ValueError(SECRET)
    inner, outer = spans.get_finished_spans()
    assert (inner.name, outer.name) == ("saring.claims", "saring.check")
    assert inner.parent.span_id == outer.context.span_id
    assert dict(inner.attributes) == {"saring.claims": 3, "error.type": "ValueError"}
    assert not inner.status.is_ok
    assert SECRET not in inner.to_json() + outer.to_json()


def test_a_request_continues_the_trace_of_whoever_asked(spans: Any) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    parent = telemetry.caller({"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    with telemetry.step("http", parent=parent, kind=telemetry.server_kind()):
        assert telemetry.trace_id() == trace
    assert telemetry.trace_id() == ""
    assert telemetry.caller({}) is None


def test_spans_reach_a_collector() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason='pip install "saring[telemetry]"')
    from http.server import BaseHTTPRequestHandler, HTTPServer

    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert telemetry.start_tracing(load_settings(otlp_endpoint=f"http://127.0.0.1:{server.server_port}/"))
        with telemetry.step("check", claims=4):
            pass
        telemetry.stop_tracing()
    finally:
        server.shutdown()
        server.server_close()
    [(path, body)] = got
    assert path == "/v1/traces"
    assert b"saring.check" in body
    assert b"saring.claims" in body


def test_without_a_collector_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert not telemetry.start_tracing(load_settings())
    with telemetry.step("check") as span:
        span.set(claims=1)
    assert telemetry.trace_id() == ""


def test_a_check_is_traced_step_by_step(spans: Any, tmp_path: Path) -> None:
    with EvidenceStore.open(tmp_path / "store", embedder=WordEmbedder(), mode="rw") as store:
        store.add([card("kabar", "Jembatan Sula ditutup pada Senin pagi.")])
        settings = load_settings(store=str(tmp_path / "store"))
        report = Checker(store, RuleExtractor(), FakeJudge(), settings).check(ARTICLE)
    finished = spans.get_finished_spans()
    assert [span.name for span in finished] == [
        "saring.claims",
        "saring.evidence",
        "saring.judge",
        "saring.verdict",
        "saring.check",
    ]
    assert finished[0].attributes["saring.claims"] == len(report.claims)
    told = "".join(span.to_json() for span in finished)
    assert not any(word in told for word in ("Jembatan", "Sula", "feri", "Wirja"))


def test_lines_are_json_without_the_message_of_an_exception(lines: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("checker.web").exception("a request failed")
    logging.getLogger("saring.access").info("request", extra={"saring": {"route": "/item/{id}", "status": 200}})
    logging.getLogger("httpx").info("GET https://a.example/?q=secret")
    first, second = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (first["error"], first["level"], first["message"]) == ("ValueError", "error", "a request failed")
    assert first["where"][0].split(":")[0] == __file__
    assert (second["route"], second["status"]) == ("/item/{id}", 200)
    assert SECRET not in lines.getvalue()


def test_a_line_for_people_is_one_line() -> None:
    record = logging.LogRecord("checker.x", logging.WARNING, __file__, 1, "two\nlines", (), None)
    assert telemetry.TextLines().format(record).endswith("warning checker.x: two lines")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer saring_4kJ29sd8KJ",
        "postgresql+psycopg://saring:h4nter2@db/saring",
        "api_key=4kJ29sd8KJ",
        "{'password': 'h4nter2'}",
        "the key sk-proj-4kJ29sd8KJabc is refused",
    ],
)
def test_keys_are_blotted_out(text: str) -> None:
    shown = telemetry.blot(text)
    assert "[key]" in shown
    assert "4kJ29sd8KJ" not in shown
    assert "h4nter2" not in shown


def test_other_words_stay() -> None:
    text = "the token has run out: https://a.example/path is read again, 3 of 5 secret sources"
    assert telemetry.blot(text) == text
