"""Servers of three vendors' wire shapes on a real socket: Anthropic messages, Gemini generateContent, Ollama chat.

Each understands what its client sends when a structured answer is asked for, and answers in its own words for how a
reply ended. What it says is a function of the messages.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, str], str]


@dataclass
class VendorServer:
    """Start with `serving_vendor()`.

    Attributes:
        ends: What the next replies say of how they ended, in the vendor's own words; the normal ending where empty.
        requests: The bodies received, in order.
        statuses: HTTP statuses that the next requests are refused with.
    """

    answer: Answer
    ends: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    base_url: str = ""


def anthropic_reply(server: VendorServer, body: dict[str, Any]) -> dict[str, Any]:
    system = body.get("system", "")
    system = system if isinstance(system, str) else "\n".join(part["text"] for part in system)
    text = server.answer(system, "\n".join(_plain(item["content"]) for item in body["messages"]))
    if body.get("tools"):
        assert body["tool_choice"]["type"] == "tool"
        name = body["tools"][0]["name"]
        content = [{"type": "tool_use", "id": "toolu_1", "name": name, "input": json.loads(text)}]
    else:
        content = [{"type": "text", "text": text}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": server.ends or ("tool_use" if body.get("tools") else "end_turn"),
        "stop_sequence": None,
        "usage": {"input_tokens": 120, "output_tokens": 30},
    }


def google_reply(server: VendorServer, body: dict[str, Any]) -> dict[str, Any]:
    told = "\n".join(part["text"] for part in body["systemInstruction"]["parts"])
    asked = "\n".join(part["text"] for item in body["contents"] for part in item["parts"])
    text = server.answer(told, asked)
    part: dict[str, Any] = {"text": text}
    if body.get("tools"):
        name = body["tools"][0]["functionDeclarations"][0]["name"]
        assert name in body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"]
        part = {"functionCall": {"name": name, "args": json.loads(text)}}
    return {
        "candidates": [
            {"content": {"role": "model", "parts": [part]}, "finishReason": server.ends or "STOP", "index": 0}
        ],
        "usageMetadata": {"promptTokenCount": 120, "candidatesTokenCount": 30, "totalTokenCount": 150},
        "modelVersion": "gemini",
    }


def ollama_lines(server: VendorServer, body: dict[str, Any]) -> list[dict[str, Any]]:
    said = {item["role"]: item["content"] for item in body["messages"]}
    text = server.answer(said["system"], said["user"])
    base = {"model": body["model"], "created_at": "2026-11-24T08:00:00Z"}
    pieces = [text[index : index + 40] for index in range(0, len(text), 40)]
    return [
        *({**base, "message": {"role": "assistant", "content": piece}, "done": False} for piece in pieces),
        {
            **base,
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": server.ends or "stop",
            "prompt_eval_count": 120,
            "eval_count": 30,
        },
    ]


@contextlib.contextmanager
def serving_vendor(answer: Answer) -> Iterator[VendorServer]:
    """Run the server for the length of a test; the path of a request says which vendor is asked."""
    server = VendorServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(body)
            key = (
                self.headers.get("x-api-key") or self.headers.get("x-goog-api-key") or self.headers.get("Authorization")
            )
            server.keys.append((key or "").removeprefix("Bearer "))
            if server.statuses:
                status = server.statuses.pop(0)
                return self.send(status, [{"error": {"type": "error", "message": "out of order", "code": status}}])
            if self.path == "/v1/messages":
                return self.send(200, [anthropic_reply(server, body)])
            if self.path.startswith("/v1beta/models/") and self.path.endswith(":generateContent"):
                return self.send(200, [google_reply(server, body)])
            if self.path == "/api/chat":
                return self.send(200, ollama_lines(server, body), "application/x-ndjson")
            return self.send(404, [{"error": {"message": f"no such path {self.path}"}}])

        def send(self, status: int, bodies: list[dict[str, Any]], kind: str = "application/json") -> None:
            data = b"\n".join(json.dumps(body).encode() for body in bodies)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.base_url = f"http://127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def _plain(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)
