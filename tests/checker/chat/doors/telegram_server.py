"""A server of the shape of Telegram's Bot API, on a real socket: offsets, long polling, limits, floods, conflicts."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
ME = {"id": 110201543, "is_bot": True, "first_name": "Saring", "username": "saring_bot"}


@dataclass
class Telegram:
    """What a test says and what a bot did."""

    url: str = ""
    updates: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    faults: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    _next: int = 500
    _message: int = 1
    _polling: int = 0
    _guard: threading.Condition = field(default_factory=threading.Condition)

    def say(self, text: str | None, chat: int = 7, kind: str = "private", **more: Any) -> int:
        """Somebody writes; the id of the message."""
        with self._guard:
            self._next += 1
            self._message += 1
            message = {
                "message_id": self._message,
                "date": 1_750_000_000,
                "chat": {"id": chat, "type": kind},
                "from": {"id": chat, "is_bot": False, "first_name": "Ani"},
                **more,
            }
            if text is not None:
                message["text"] = text
            self.updates.append({"update_id": self._next, "message": message})
            self._guard.notify_all()
            return self._message

    def fail(self, method: str, status: int, times: int = 1, **body: Any) -> None:
        """Make the next calls of a method go wrong."""
        reply = {"ok": False, "error_code": status, "description": "out of order", **body}
        self.faults.setdefault(method, []).extend([(status, reply)] * times)

    def answers(self, count: int, timeout: float = 60.0) -> list[dict[str, Any]]:
        """What the bot sent, once it is so many messages."""
        ends = time.monotonic() + timeout
        with self._guard:
            while len(self.sent) < count:
                left = ends - time.monotonic()
                assert left > 0, f"{len(self.sent)} of {count} messages came"
                self._guard.wait(left)
            return list(self.sent)

    # -- the API

    def handle(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self._guard:
            self.calls.append(method)
            if self.faults.get(method):
                return self.faults[method].pop(0)
        handler = getattr(self, f"on_{method}", None)
        if handler is None:
            return 404, {"ok": False, "error_code": 404, "description": "Not Found"}
        result: tuple[int, dict[str, Any]] = handler(body)
        return result

    def on_getMe(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"ok": True, "result": ME}

    def on_getUpdates(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        ends = time.monotonic() + min(float(body.get("timeout", 0)), 50)
        with self._guard:
            self._polling += 1
            mine = self._polling
            self._guard.notify_all()
            offset = int(body.get("offset", 0))
            self.offsets.append(offset)
            # An offset confirms everything before it: that is forgotten for good.
            self.updates[:] = [one for one in self.updates if one["update_id"] >= offset]
            while not self.updates:
                if mine != self._polling:
                    return 409, {
                        "ok": False,
                        "error_code": 409,
                        "description": "Conflict: terminated by other getUpdates request",
                    }
                left = ends - time.monotonic()
                if left <= 0:
                    break
                self._guard.wait(left)
            return 200, {"ok": True, "result": self.updates[: int(body.get("limit", 100))]}

    def on_sendChatAction(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"ok": True, "result": True}

    def on_sendMessage(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def bad(description: str, code: int = 400) -> tuple[int, dict[str, Any]]:
            return code, {"ok": False, "error_code": code, "description": description}

        if body["chat_id"] in self.blocked:
            return bad("Forbidden: bot was blocked by the user", 403)
        text = body.get("text", "")
        if body.get("parse_mode") == "HTML":
            parser = Entities()
            try:
                parser.feed(text)
                parser.close()
            except ValueError as error:
                return bad(f"Bad Request: can't parse entities: {error}")
            if parser.open:
                return bad(f"Bad Request: can't parse entities: unclosed {parser.open}")
            text = parser.text
        if not text.strip():
            return bad("Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return bad("Bad Request: message is too long")
        with self._guard:
            self.sent.append({**body, "seen": text})
            self._guard.notify_all()
        return 200, {"ok": True, "result": {"message_id": 9_000 + len(self.sent)}}


class Entities(HTMLParser):
    """Telegram's HTML: few tags, balanced, `<` and `&` escaped."""

    TAGS = frozenset(("b", "i", "u", "s", "code", "pre", "a", "blockquote"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.TAGS:
            raise ValueError(f"unsupported start tag {tag}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"unexpected end tag {tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


@contextlib.contextmanager
def serving() -> Iterator[Telegram]:
    """Run the server for the length of a test."""
    telegram = Telegram()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
            found = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
            if found is None:
                status, reply = 404, {"ok": False, "error_code": 404, "description": "Not Found"}
            elif found[1] != TOKEN:
                status, reply = 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
            else:
                status, reply = telegram.handle(found[2], body)
            data = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass

    http = Quiet(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    telegram.url = f"http://127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield telegram
    finally:
        http.shutdown()
        http.server_close()
