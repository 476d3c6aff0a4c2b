"""A server of the OpenAI chat-completions shape, on a real socket, with faults on request.

It speaks HTTP/1.1 and SSE, understands `response_format` and forced tool calls, counts usage, and records what it was
sent. What it answers is a function of the messages, so that tests say what a model would have said and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, str], str]
"""Given the system and the user message: what the model says."""


Converse = Callable[[dict[str, Any]], "str | list[tuple[str, dict[str, Any]]]"]
"""Given the request: what the model says, or the tools it calls (name, arguments), as in a conversation with tools."""


@dataclass
class Fault:
    """How one reply goes wrong. Applied to the next `times` requests."""

    kind: str
    times: int = 1
    value: Any = None


@dataclass
class OpenAIServer:
    """Start with `serving()`. `requests` holds the bodies received, in order."""

    answer: Answer
    delay: float = 0.0
    knows_json_schema: bool = True
    knows_tools: bool = True
    converse: Converse | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    most_at_once: int = 0
    base_url: str = ""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, kind: str, times: int = 1, value: Any = None) -> None:
        """Make the next requests go wrong."""
        self.faults.append(Fault(kind, times, value))

    def next_fault(self) -> Fault | None:
        with self._lock:
            if not self.faults:
                return None
            fault = self.faults[0]
            fault.times -= 1
            if fault.times <= 0:
                self.faults.pop(0)
            return fault

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1


@contextlib.contextmanager
def serving(answer: Answer, **options: Any) -> Iterator[OpenAIServer]:
    """Run the server for the length of a test."""
    server = OpenAIServer(answer, **options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def problem(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
            self.send(status, {"error": {"message": message, "type": "error", "code": None}}, headers)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with server.busy():
                server.requests.append({**body, "authorization": self.headers.get("Authorization", "")})
                if self.path != "/v1/chat/completions":
                    return self.problem(404, "no such path")
                time.sleep(server.delay)
                return self.complete(body, server.next_fault())

        def complete(self, body: dict[str, Any], fault: Fault | None) -> None:
            kind = (body.get("response_format") or {}).get("type")
            if kind == "json_schema" and not server.knows_json_schema:
                return self.problem(400, "response_format json_schema is not supported")
            if body.get("tools") and not server.knows_tools:
                return self.problem(400, "tools are not supported")
            if fault and fault.kind == "status":
                status, headers = fault.value
                return self.problem(status, "out of order", headers)
            if fault and fault.kind == "hang":
                time.sleep(fault.value)
            if fault and fault.kind == "drop":
                self.close_connection = True
                return None
            said = server.converse(body) if server.converse else ""
            text = said if isinstance(said, str) else ""
            if server.converse is None:
                text = server.answer(message(body, "system"), message(body, "user"))
            reason = "stop"
            refusal = None
            if fault and fault.kind == "text":
                text = fault.value
            if fault and fault.kind == "truncate":
                text = text[: len(text) // 2]
            if fault and fault.kind == "length":
                text, reason = text[: len(text) // 2], "length"
            if fault and fault.kind == "length_whole":
                reason = "length"
            if fault and fault.kind == "refusal":
                text, refusal = "", "I cannot help with that."
            if fault and fault.kind == "filter":
                text, reason = "", "content_filter"
            reply: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
            if isinstance(said, list):
                calls = [
                    {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": json.dumps(args)}}
                    for at, (name, args) in enumerate(said)
                ]
                reply = {"role": "assistant", "content": None, "tool_calls": calls}
                reason = "tool_calls" if reason == "stop" else reason
            elif body.get("tools") and refusal is None and server.converse is None:
                name = body["tools"][0]["function"]["name"]
                call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
                reply = {"role": "assistant", "content": None, "tool_calls": [call]}
                reason = "tool_calls" if reason == "stop" else reason
            prompt = len(json.dumps(body["messages"])) // 4
            whole = {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"],
                "choices": [{"index": 0, "message": reply, "finish_reason": reason, "logprobs": None}],
                "usage": {
                    "prompt_tokens": prompt,
                    "completion_tokens": len(text) // 4,
                    "total_tokens": prompt + len(text) // 4,
                },
            }
            if fault and fault.kind == "cut_body":
                data = json.dumps(whole).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
                return None
            if body.get("stream"):
                return self.stream(whole, body, cut=fault is not None and fault.kind == "cut_stream")
            return self.send(200, whole)

        def stream(self, whole: dict[str, Any], body: dict[str, Any], *, cut: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            choice = whole["choices"][0]
            base = {"id": whole["id"], "object": "chat.completion.chunk", "created": 1, "model": whole["model"]}
            text = choice["message"]["content"] or ""
            deltas = [{"role": "assistant", "content": ""}]
            deltas += [{"content": text[index : index + 20]} for index in range(0, len(text), 20)]
            for at, call in enumerate(choice["message"].get("tool_calls", ())):
                # As servers do: the name first, the arguments in pieces after it.
                name, arguments = call["function"]["name"], call["function"]["arguments"]
                begun = {"index": at, "id": call["id"], "type": "function", "function": {"name": name, "arguments": ""}}
                deltas.append({"tool_calls": [begun]})
                deltas += [
                    {"tool_calls": [{"index": at, "function": {"arguments": arguments[start : start + 15]}}]}
                    for start in range(0, len(arguments), 15)
                ]
            self.close_connection = True
            for delta in deltas[: len(deltas) // 2] if cut else deltas:
                self.event({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if cut:  # the connection goes down in the middle of the reply
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.event({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
            if server.converse is None or (body.get("stream_options") or {}).get("include_usage"):
                self.event({**base, "choices": [], "usage": whole["usage"]})
            self.wfile.write(b"data: [DONE]\n\n")

        def event(self, body: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(body)}\n\n".encode())

    http = _Quiet(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.base_url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


class _Quiet(ThreadingHTTPServer):
    """A client that hangs up is part of the tests; its traceback must not land in another test's stderr."""

    request_queue_size = 128  # Python's five would turn away some of the calls that are made at once

    def handle_error(self, *_: Any) -> None:
        pass


def message(body: dict[str, Any], role: str) -> str:
    """The messages of one role, joined."""
    return "\n".join(str(item["content"]) for item in body["messages"] if item["role"] == role)
