"""An address in the chat, fetched for real from a server of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from checker import Checker
from checker.chat.conversations import MemoryConversations
from checker.chat.service import ChatService
from checker.types import Verdict

PAGE = """<!doctype html><html lang="id"><head><title>Kabar dari Sula</title></head><body><article>
<h1>Kabar dari Sula</h1>
<p>Jembatan Sula ditutup pada Senin pagi. Budi Tan mengundurkan diri dari jabatan bupati.</p>
<p>Sebanyak 12 feri dikerahkan sebagai pengganti jembatan Sula. Warga menunggu giliran sejak pukul lima pagi di dermaga
timur, dan antrean kendaraan terlihat sampai ke pasar lama di tengah kota.</p>
</article></body></html>"""


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/kabar"
        body = PAGE.encode() if found else b"gone"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def allowing(checker: Checker, hosts: str) -> ChatService:
    checker.settings = checker.settings.model_copy(update={"fetch_allow": hosts})
    return ChatService(checker, MemoryConversations())


async def test_a_page_is_fetched_and_checked_whole(
    checker: Checker, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    answer = await allowing(checker, "127.0.0.1").answer(f"tolong cek {address}/kabar", owner="ani", as_of="2025-07-01")
    assert (answer.kind, answer.language) == ("article", "id")
    labels = [judged.outcome.label for judged in answer.verdicts if isinstance(judged.outcome, Verdict)]
    assert labels[0] == "supported"
    assert "unsupported" in labels
    assert "Kabar dari Sula" in answer.text


@pytest.mark.parametrize(
    ("hosts", "path"), [("", "/kabar"), ("127.0.0.1", "/none")], ids=["private address", "no such page"]
)
async def test_a_page_that_cannot_be_had_is_said_so(
    checker: Checker, address: str, hosts: str, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    answer = await allowing(checker, hosts).answer(address + path, owner="ani")
    assert (answer.kind, answer.verdicts) == ("failure", ())
    assert "Tempelkan teks artikelnya" in answer.text


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data", "http://localhost:1/", "https://[::1]/x"])
async def test_addresses_within_are_refused(checker: Checker, url: str) -> None:
    answer = await allowing(checker, "").answer(url, owner="ani")
    assert answer.kind == "failure"
