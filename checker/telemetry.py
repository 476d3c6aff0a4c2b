"""What Saring tells about its own work: spans, steps, logs. Never article text, never a key.

Spans go to an OpenTelemetry collector where one is named (extra `telemetry`); without one they cost nothing. Whoever
counts steps (`/metrics`) listens with `on_step`. Attributes are numbers, names from our own code and ids; nothing that
somebody wrote gets into them. Log lines leave out the messages of exceptions, which may quote what could not be read,
and keys are blotted out of the rest.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from retrieval.errors import MissingExtra

if TYPE_CHECKING:
    from checker.settings import Settings

Attribute = int | float | bool | str

Listener = Callable[[str, float, Mapping[str, Attribute], bool], None]
"""Called at the end of a step with (name, seconds, attributes, whether it went well). Must not raise."""

OURS = ("checker", "retrieval", "evals", "saring")
"""Loggers whose lines of level INFO are shown; of others only warnings are."""

_listeners: list[Listener] = []
_tracer: Any = None
_provider: Any = None

_KEYS = re.compile(
    r"(?P<keep>\b(?:bearer|basic)\s+|\b(?:token|password|secret|api[-_]?key)\b[\"']?\s*[:=]\s*[\"']?)(?P<word>[^\s\"',;&]{4,})"
    r"|(?P<key>\b(?:saring_|sk-|sk_|xox[abp]-|gh[pousr]_|AIza)[\w-]{8,})"
    r"|(?P<user>(?<=://))[^/\s@]+@",
    re.I,
)


# -- spans and steps


class Span:
    """A step under way."""

    def __init__(self, attributes: dict[str, Attribute], span: Any) -> None:
        self.attributes = attributes
        self._span = span

    def set(self, **attributes: Attribute) -> None:
        """Add what is known now. Numbers, ids and names from our code only: never a text."""
        self.attributes.update(attributes)
        if self._span is not None:
            for name, value in attributes.items():
                self._span.set_attribute(f"saring.{name}", value)


@contextmanager
def step(name: str, *, parent: Any = None, kind: Any = None, **attributes: Attribute) -> Iterator[Span]:
    """One step of the work, as a span and to whoever listens. An exception marks it as failed and goes on.

    Args:
        name: `check`, `claims`, `evidence`, `judge`, `verdict`, `http`, …
        parent: OpenTelemetry context of whoever asked, where that is another program.
        kind: OpenTelemetry kind of span.
        attributes: What is known at its beginning; see `Span.set`.
    """
    if _tracer is None and not _listeners:
        yield Span(dict(attributes), None)
        return
    began = time.perf_counter()
    well = False
    with _opened(name, parent, kind) as inner:
        span = Span({}, inner)
        span.set(**attributes)
        try:
            yield span
            well = True
        except BaseException as error:
            if inner is not None:
                # The type alone: a message may quote the article.
                inner.set_attribute("error.type", type(error).__name__)
                _mark_failed(inner)
            raise
        finally:
            for listener in tuple(_listeners):
                listener(name, time.perf_counter() - began, span.attributes, well)


def on_step(listener: Listener) -> Callable[[], None]:
    """Have every step told to a listener; returns what takes it off again."""
    _listeners.append(listener)

    def off() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return off


@contextmanager
def _opened(name: str, parent: Any, kind: Any) -> Iterator[Any]:
    if _tracer is None:
        yield None
        return
    options = {} if kind is None else {"kind": kind}
    with _tracer.start_as_current_span(
        f"saring.{name}", context=parent, record_exception=False, set_status_on_exception=False, **options
    ) as span:
        yield span


def _mark_failed(span: Any) -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)


def start_tracing(settings: Settings, exporter: Any = None) -> bool:
    """Send spans to the collector of the settings; returns whether there is one.

    Args:
        settings: `otlp_endpoint` names the collector; the environment's `OTEL_EXPORTER_OTLP_ENDPOINT` is heard too.
        exporter: Takes the spans instead, for tests.

    Raises:
        MissingExtra: A collector is named, and OpenTelemetry is not installed.
    """
    global _tracer, _provider
    endpoint = settings.otlp_endpoint or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    if not endpoint and exporter is None:
        return False
    stop_tracing()
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            address = f"{endpoint.rstrip('/')}/v1/traces" if settings.otlp_endpoint else None
            processor: Any = BatchSpanProcessor(OTLPSpanExporter(endpoint=address))
        else:
            processor = SimpleSpanProcessor(exporter)
    except ImportError as error:
        raise MissingExtra("OpenTelemetry", "telemetry") from error
    from importlib.metadata import version

    resource = Resource.create({"service.name": "saring", "service.version": version("saring")})
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(processor)
    # Not set as the process's provider: other packages' own spans may carry texts.
    _tracer = _provider.get_tracer("saring")
    return True


def stop_tracing() -> None:
    """Send what is waiting, and stop."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def caller(headers: Mapping[str, str]) -> Any:
    """The OpenTelemetry context that a request came with; None where it has none or nobody traces."""
    if _tracer is None or "traceparent" not in headers:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": headers["traceparent"]})


def server_kind() -> Any:
    """The kind of span that answers a request; None where nobody traces."""
    if _tracer is None:
        return None
    from opentelemetry.trace import SpanKind

    return SpanKind.SERVER


def trace_id() -> str:
    """Of the span under way, empty where there is none."""
    if _tracer is None:
        return ""
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


# -- logs


def start_logging(format: Literal["text", "json"], level: str = "INFO", stream: Any = None) -> None:
    """Write log lines to stderr in one shape, those of other packages too."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    root = logging.getLogger()
    for old in [known for known in root.handlers if getattr(known, "saring", False)]:
        root.removeHandler(old)
    handler.saring = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)


class _Lines(logging.Formatter):
    def entries(self, record: logging.LogRecord) -> dict[str, Any]:
        """What a line says, in order."""
        entries: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": blot(record.getMessage()),
        }
        known = getattr(record, "saring", None)
        if isinstance(known, Mapping):
            entries.update(known)
        if found := trace_id():
            entries["trace_id"] = found
        if record.exc_info and record.exc_info[0] is not None:
            entries["error"] = record.exc_info[0].__name__
            entries["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return entries


class JsonLines(_Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        return json.dumps(self.entries(record), ensure_ascii=False, default=str)


class TextLines(_Lines):
    """One line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as `time level logger: message key=value`."""
        entries = self.entries(record)
        head = f"{entries.pop('time')} {entries.pop('level'):7} {entries.pop('logger')}: {entries.pop('message')}"
        where = entries.pop("where", [])
        tail = "".join(f" {name}={value}" for name, value in entries.items())
        return "\n    ".join([" ".join((head + tail).split("\n")), *where])


def blot(text: str) -> str:
    """A text without what looks like a key, a token or a password."""

    def covered(match: re.Match[str]) -> str:
        if match["key"]:
            return "[key]"
        if match["word"]:
            return f"{match['keep']}[key]"
        return "[key]@"

    return _KEYS.sub(covered, text)
