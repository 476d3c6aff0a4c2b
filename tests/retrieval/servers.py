"""A local HTTP server that answers from a script, for tests of everything that fetches.

with ReplayServer() as server:
    server.on("/page", body="<p>...</p>", content_type="text/html")
    server.on("/busy", Reply(429, headers={"Retry-After": "0"}), Reply(body="ok"))   # in turn; the last one stays
    fetch(server.url("/page"))
    server.requests[-1].headers["user-agent"]
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        body: Bytes, text, or anything else as JSON.
        pieces: Send these instead of `body`, `pause` seconds apart.
        promise: Content-Length that is announced; more than is sent cuts the answer off.
        delay: Seconds before the status line.
    """

    status: int = 200
    body: Any = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    pause: float = 0.0
    promise: int | None = None
    delay: float = 0.0

    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    def kind(self) -> str:
        if self.content_type:
            return self.content_type
        return "text/html; charset=utf-8" if isinstance(self.body, bytes | str) else "application/json"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def param(self, name: str) -> str:
        return self.query.get(name, [""])[0]

    def json(self) -> Any:
        return json.loads(self.body)


Answer = Reply | Callable[[Request], Reply]


class ReplayServer:
    """Binds 127.0.0.1 on a free port. Unknown paths answer 404, so robots.txt is absent unless scripted."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: dict[str, list[Answer]] = {}
        self._asked: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._handle(self)

            def do_POST(self) -> None:
                outer._handle(self)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *args: Any) -> None:
                pass  # clients that hang up are what the tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}{path}"

    def on(self, path: str, *answers: Answer, **reply: Any) -> None:
        """Script a path: answers in turn, of which the last one stays; or the fields of one `Reply`."""
        with self._lock:
            self._answers[path] = list(answers) or [Reply(**reply)]
            self._asked[path] = 0

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            handler.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {k.lower(): v for k, v in handler.headers.items()},
            handler.rfile.read(length),
        )
        with self._lock:
            self.requests.append(request)
            script = self._answers.get(parts.path, [Reply(404, b"not here")])
            answer = script[min(self._asked[parts.path], len(script) - 1)]
            self._asked[parts.path] += 1
        reply = answer(request) if callable(answer) else answer
        try:
            self._send(handler, reply)
        except OSError:
            handler.close_connection = True

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        self._wait(reply.delay)
        body = reply.bytes()
        pieces = list(reply.pieces) or [body]
        length = sum(map(len, pieces)) if reply.promise is None else reply.promise
        handler.send_response(reply.status)
        sent = {"Content-Type": reply.kind(), "Content-Length": str(length), **reply.headers}
        if reply.status == 304:
            sent = dict(reply.headers)
            pieces = []
        for name, value in sent.items():
            handler.send_header(name, value)
        handler.end_headers()
        for number, piece in enumerate(pieces):
            if number:
                self._wait(reply.pause)
            if self._stopping.is_set():
                break
            handler.wfile.write(piece)
            handler.wfile.flush()
        if sum(map(len, pieces)) != length and reply.status != 304:
            handler.close_connection = True

    def _wait(self, seconds: float) -> None:
        if seconds:
            self._stopping.wait(seconds)
