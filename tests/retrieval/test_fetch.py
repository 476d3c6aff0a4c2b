"""The fetcher: over real HTTP against a local server, and against a backend that only records what is dialled."""

from __future__ import annotations

import functools
import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
from servers import ReplayServer, Reply, Request

from retrieval.errors import (
    BadScheme,
    BadURL,
    BlockedAddress,
    BlockedPort,
    BodyTooLarge,
    BrokenBody,
    ConnectionFailed,
    DeadlineExceeded,
    FetchError,
    HTTPStatusError,
    NameNotResolved,
    RobotsDisallowed,
    Throttled,
    TooManyRedirects,
    UnsupportedContentType,
    UnsupportedEncoding,
)
from retrieval.fetch import Fetcher, FetchSettings

MIB = 2**20
# 809 bytes of Brotli that expand to 2 GiB would need a Brotli encoder; what matters is that the body is never decoded,
# so any bytes under that label do. The gzip bombs are real.
BROTLI_BOMB = b"\x0b" + b"\xff" * 808


class Recorder(httpcore.NetworkBackend):
    """Dials nothing but the test server, and remembers what it was asked to dial."""

    def __init__(self, port: int = 0) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._port = port

    def connect_tcp(self, host: str, port: int, *rest: Any, **options: Any) -> httpcore.NetworkStream:
        self.dialled.append((host, port))
        if not self._port:
            raise httpcore.ConnectError("recorded, not dialled")
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self._port, timeout=2)


class Sleeper:
    """A clock that moves when it is slept on."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return time.monotonic() + sum(self.slept)


@pytest.fixture
def make(server: ReplayServer) -> Iterator[Callable[..., Fetcher]]:
    made: list[Fetcher] = []

    def build(sleeper: Sleeper | None = None, **settings: Any) -> Fetcher:
        settings.setdefault("hosts", (server.host,))
        settings.setdefault("deadline", 5.0)
        clocked = {"sleep": sleeper.sleep, "clock": sleeper.clock} if sleeper else {}
        made.append(Fetcher(FetchSettings(**settings), **clocked))
        return made[-1]

    yield build
    for fetcher in made:
        fetcher.close()


# --- the answer -------------------------------------------------------------------------------------------------------


def test_page_comes_with_what_is_needed_to_cite_it(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", body="<p>Halo</p>", headers={"ETag": '"1"', "Last-Modified": "Mon, 23 Jun 2025 12:00:00 GMT"})
    got = make(contact="redaksi@example.com").get(server.url("/a#top"), params={"q": "x y"})
    assert (got.status, got.body, got.etag) == (200, b"<p>Halo</p>", '"1"')
    assert got.content_type == "text/html; charset=utf-8"
    assert got.final_url == server.url("/a?q=x+y") or got.final_url == server.url("/a?q=x%20y")
    assert got.fetched_at.endswith("Z")
    sent = server.to("/a")[-1].headers
    assert "redaksi@example.com" in sent["user-agent"]
    assert sent["accept-encoding"] == "gzip"
    assert "cookie" not in sent


async def test_async_twin_gives_the_same(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", body="<p>Halo</p>")
    assert (await make().aget(server.url("/a"))).body == b"<p>Halo</p>"
    with pytest.raises(BlockedAddress):
        await make().aget("http://10.0.0.1/")


def test_json_is_posted(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/search", body={"results": []})
    got = make().post_json(server.url("/search"), {"query": "gempa"}, headers={"Authorization": "Bearer k"})
    assert json.loads(got.body) == {"results": []}
    assert server.requests[-1].json() == {"query": "gempa"}
    assert server.requests[-1].headers["authorization"] == "Bearer k"


def test_bytes_are_posted_as_they_are_and_once(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/hook", Reply(body=b"x" * 200_000, content_type="application/octet-stream"))
    got = make().post(server.url("/hook"), b'{"a":  1}', headers={"X-Sign": "s"})
    assert (server.requests[-1].body, server.requests[-1].headers["x-sign"]) == (b'{"a":  1}', "s")
    assert 0 < len(got.body) < 200_000
    server.on("/busy", Reply(503), Reply())
    server.on("/away", Reply(302, headers={"Location": server.url("/hook")}))
    for path, status in (("/busy", 503), ("/away", 302)):
        with pytest.raises(HTTPStatusError) as caught:
            make().post(server.url(path), b"{}")
        assert caught.value.status == status
        assert len(server.to(path)) == 1
    with pytest.raises(BlockedAddress):
        make(hosts=()).post(server.url("/hook"), b"{}")


@pytest.mark.parametrize("key", ["kunci\nrahasia", "kunci–rahasia", "kunci\0rahasia"])
def test_a_key_that_cannot_be_sent_is_not_shown(server: ReplayServer, make: Callable[..., Fetcher], key: str) -> None:
    with pytest.raises(FetchError) as caught:
        make(respect_robots=False).get(server.url("/a"), headers={"X-Key": key})
    assert "rahasia" not in str(caught.value)
    assert server.requests == []


def test_any_contact_can_be_sent(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", body="x")
    make(contact="Redaksi “Contoh” (desk)\n<a@example.com>").get(server.url("/a"))
    assert (
        server.requests[-1].headers["user-agent"] == "Saring/0.1 (+Redaksi Contoh desk<a@example.com>; fact-checking)"
    )


def test_no_cookie_comes_back(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", body="x", headers={"Set-Cookie": "track=1; Path=/"})
    fetcher = make()
    fetcher.get(server.url("/a"))
    fetcher.get(server.url("/a"))
    assert "cookie" not in server.requests[-1].headers


def test_proxy_variables_are_ignored(
    server: ReplayServer, make: Callable[..., Fetcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.on("/a", body="direct")
    assert make().get(server.url("/a")).body == b"direct"


# --- refused addresses: no connection is made -------------------------------------------------------------------------

TRICKS = [
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1:8080/",
    "http://１２７.０.０.１/",
    "http://localhost/",
    "http://localhost./",
    "http://[::1]/",
    "http://[::]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "http://[fec0::1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
]
ANSWERS = [
    ["127.0.0.1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["8.8.8.8", "192.168.1.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["64:ff9b:1::1"],
    ["2002:7f00:1::1"],
    ["2001:0:1::1"],
    ["fec0::1"],
    ["fe80::1%eth0"],
    ["ff02::1"],
    ["224.0.0.251"],
    ["100.64.0.1"],
    ["0.0.0.0"],
    ["127.1"],
    ["2130706433"],
    ["0x7f000001"],
]


@pytest.mark.parametrize("url", TRICKS)
def test_no_connection_is_made_to_a_refused_address(url: str) -> None:
    backend = Recorder()
    asked: list[str] = []
    resolver = lambda host, port: asked.append(host) or ["127.0.0.1"]  # noqa: E731
    with Fetcher(backend=backend, resolver=resolver) as fetcher, pytest.raises(BlockedAddress):
        fetcher.get(url)
    assert backend.dialled == []
    assert asked == []


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_no_connection_is_made_to_what_a_name_resolves_to(answer: list[str]) -> None:
    backend = Recorder()
    with Fetcher(backend=backend, resolver=lambda host, port: answer) as fetcher, pytest.raises(BlockedAddress):
        fetcher.get("http://news.example.com/")
    assert backend.dialled == []


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("file:///etc/passwd", BadScheme),
        ("http://a:b@example.com/", BadURL),
        ("http://example.com:25/", BlockedPort),
        ("http://[fe80::1%25lo]/", BadURL),
        ("http://127.0.0.1\\@example.com/", BadURL),
    ],
)
def test_no_connection_is_made_for_a_url_that_is_not_plain(url: str, error: type[FetchError]) -> None:
    backend = Recorder()
    with Fetcher(backend=backend, resolver=lambda host, port: ["8.8.8.8"]) as fetcher, pytest.raises(error):
        fetcher.get(url)
    assert backend.dialled == []


def test_flipping_dns_is_dialled_only_while_it_is_public(server: ReplayServer) -> None:
    """The name is public when first asked and private ever after; each connection judges its own answer."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
    backend = Recorder(server.port)
    server.on("/a", Reply(body="x", headers={"Connection": "close"}))
    settings = FetchSettings(respect_robots=False, retries=0)
    with Fetcher(settings, backend=backend, resolver=lambda host, port: next(answers)) as fetcher:
        assert fetcher.get("http://flip.example.com/a").body == b"x"
        fetcher.close()
        with pytest.raises(BlockedAddress):
            fetcher.get("http://flip.example.com/a")
    assert backend.dialled == [("8.8.8.8", 80)]


def test_the_name_is_resolved_once_per_connection_and_the_checked_address_dialled(server: ReplayServer) -> None:
    asked: list[str] = []
    backend = Recorder(server.port)
    server.on("/a", body="x")
    with Fetcher(
        FetchSettings(respect_robots=False),
        backend=backend,
        resolver=lambda host, port: asked.append(host) or ["8.8.4.4"],
    ) as fetcher:
        fetcher.get("http://Pinned.Example.com/a")
    assert asked == ["pinned.example.com"]
    assert backend.dialled == [("8.8.4.4", 80)]
    assert server.requests[-1].headers["host"] == "pinned.example.com"


def test_tls_is_asked_for_the_name_not_the_address() -> None:
    names: list[str | None] = []

    class Stream(httpcore.NetworkStream):
        def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: Any = None) -> Any:
            names.append(server_hostname)
            raise httpcore.ConnectError("seen enough")

        def close(self) -> None:
            pass

    class Backend(httpcore.NetworkBackend):
        def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
            return Stream()

    settings = FetchSettings(respect_robots=False, retries=0)
    resolver = lambda host, port: ["8.8.8.8"]  # noqa: E731
    with Fetcher(settings, backend=Backend(), resolver=resolver) as fetcher, pytest.raises(ConnectionFailed):
        fetcher.get("https://secure.example.com/")
    assert names == ["secure.example.com"]


@pytest.mark.parametrize("onward", [*TRICKS, "file:///etc/passwd", "http://a:b@8.8.8.8/", "//127.0.0.1/", "http://["])
def test_redirect_to_a_refused_address_is_not_followed(server: ReplayServer, onward: str) -> None:
    backend = Recorder(server.port)
    location = onward.encode().decode("latin-1")
    server.on("/a", Reply(302, headers={"Location": location}))
    with Fetcher(backend=backend, resolver=lambda host, port: ["8.8.8.8"]) as fetcher, pytest.raises(FetchError) as got:
        fetcher.get("http://news.example.com/a")
    assert isinstance(got.value, BlockedAddress | BadScheme | BadURL)
    assert {address for address, _ in backend.dialled} == {"8.8.8.8"}
    assert set(server.paths()) == {"/robots.txt", "/a"}


def test_redirect_to_a_name_that_resolves_to_a_private_address_is_not_followed(server: ReplayServer) -> None:
    backend = Recorder(server.port)
    server.on("/a", Reply(302, headers={"Location": "http://inner.example.com/"}))
    resolver = {"news.example.com": ["8.8.8.8"], "inner.example.com": ["10.0.0.7"]}
    with Fetcher(backend=backend, resolver=lambda host, port: resolver[host]) as fetcher, pytest.raises(BlockedAddress):
        fetcher.get("http://news.example.com/a")
    assert {address for address, _ in backend.dialled} == {"8.8.8.8"}


def test_the_next_address_is_dialled_when_the_first_is_dead() -> None:
    backend = Recorder()
    settings = FetchSettings(respect_robots=False, retries=0)
    resolver = lambda host, port: ["8.8.8.8", "2606:4700::1"]  # noqa: E731
    with Fetcher(settings, backend=backend, resolver=resolver) as fetcher, pytest.raises(ConnectionFailed):
        fetcher.get("http://news.example.com/")
    assert backend.dialled == [("8.8.8.8", 80), ("2606:4700::1", 80)]


def test_unknown_name() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with Fetcher(resolver=nobody) as fetcher, pytest.raises(NameNotResolved):
        fetcher.get("http://nowhere.example.com/")
    with Fetcher(resolver=lambda host, port: []) as fetcher, pytest.raises(NameNotResolved):
        fetcher.get("http://nowhere.example.com/")


def test_an_ipv6_address_is_dialled_as_written() -> None:
    backend = Recorder()
    with Fetcher(FetchSettings(respect_robots=False, retries=0), backend=backend) as fetcher:
        with pytest.raises(ConnectionFailed):
            fetcher.get("http://[2606:4700::1111]:8080/")
        with pytest.raises(ConnectionFailed):
            fetcher.get("http://8.8.8.8/", params={"q": "x"})
    assert backend.dialled == [("2606:4700::1111", 8080), ("8.8.8.8", 80)]


@pytest.mark.parametrize("url", ["http://[", "bukan alamat", "http://10.0.0.1/", "http://a..b/"])
def test_parameters_do_not_go_around_the_guard(url: str) -> None:
    backend = Recorder()
    with Fetcher(backend=backend) as fetcher, pytest.raises(FetchError):
        fetcher.get(url, params={"q": "x"})
    assert backend.dialled == []


# --- redirects --------------------------------------------------------------------------------------------------------


def test_redirects_are_followed_and_counted(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(301, headers={"Location": "/b?x=1"}))
    server.on("/b", Reply(307, headers={"Location": server.url("/c")}))
    server.on("/c", body="there")
    got = make().get(server.url("/a"))
    assert (got.url, got.final_url, got.body) == (server.url("/a"), server.url("/c"), b"there")
    with pytest.raises(TooManyRedirects):
        make(max_redirects=1).get(server.url("/a"))


def test_a_circle_ends(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(302, headers={"Location": "/a"}))
    with pytest.raises(TooManyRedirects):
        make().get(server.url("/a"))
    assert len(server.to("/a")) == 6


def test_keys_stay_at_the_origin_they_were_meant_for(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    with ReplayServer() as other:
        server.on("/a", Reply(302, headers={"Location": "/b"}))
        server.on("/b", Reply(302, headers={"Location": other.url("/c")}))
        other.on("/c", body="there")
        make(hosts=(server.host, other.host)).get(server.url("/a"), headers={"X-Key": "geheim"})
        assert server.to("/b")[0].headers["x-key"] == "geheim"
        assert "x-key" not in other.requests[-1].headers


def test_a_post_is_not_redirected(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(307, headers={"Location": "/b"}))
    with pytest.raises(HTTPStatusError):
        make().post_json(server.url("/a"), {})
    assert server.to("/b") == []


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_byte_at_a_time_ends_at_the_deadline(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/slow", pieces=[b"x"] * 1000, pause=0.1)
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        make(deadline=0.6, respect_robots=False).get(server.url("/slow"))
    assert time.monotonic() - began < 2.0


def test_silence_before_the_headers_ends_at_the_deadline_too(
    server: ReplayServer, make: Callable[..., Fetcher]
) -> None:
    server.on("/slow", delay=5)
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        make(deadline=0.3, respect_robots=False).get(server.url("/slow"))
    assert time.monotonic() - began < 2.0


def test_a_resolver_that_hangs_ends_at_the_deadline() -> None:
    def hang(host: str, port: int) -> list[str]:
        time.sleep(3)
        return ["8.8.8.8"]

    began = time.monotonic()
    with Fetcher(FetchSettings(deadline=0.2), resolver=hang) as fetcher, pytest.raises(DeadlineExceeded):
        fetcher.get("http://slow.example.com/")
    assert time.monotonic() - began < 2.0


def test_body_is_bounded_as_received(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/big", body=b"x" * 5000)
    server.on("/chunked", pieces=[b"x" * 1000] * 5, headers={"Content-Length": "4999"})
    fetcher = make(max_wire_bytes=4000)
    for path in ("/big", "/chunked"):
        with pytest.raises(BodyTooLarge):
            fetcher.get(server.url(path))
    assert len(make(max_wire_bytes=5000).get(server.url("/big")).body) == 5000


@functools.cache
def _bomb(mib: int) -> bytes:
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    block = b"\0" * MIB
    return b"".join(packer.compress(block) for _ in range(mib)) + packer.flush()


@pytest.mark.parametrize("trick", ["brotli", "double gzip", "single gzip", "many members", "zstd", "deflate"])
def test_bombs_cost_little_memory(server: ReplayServer, make: Callable[..., Fetcher], trick: str) -> None:
    single = _bomb(128)
    body, encoding, error = {
        "brotli": (BROTLI_BOMB, "br", UnsupportedEncoding),
        "double gzip": (gzip.compress(single), "gzip, gzip", UnsupportedEncoding),
        "single gzip": (single, "gzip", BodyTooLarge),
        "many members": (gzip.compress(b"\0" * MIB) * 64, "gzip", BodyTooLarge),
        "zstd": (b"(\xb5/\xfd", "zstd", UnsupportedEncoding),
        "deflate": (zlib.compress(b"\0" * MIB), "deflate", UnsupportedEncoding),
    }[trick]
    server.on("/bomb", body=body, headers={"Content-Encoding": encoding})
    fetcher = make(respect_robots=False)
    tracemalloc.start()
    try:
        with pytest.raises(error):
            fetcher.get(server.url("/bomb"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50 * MIB


def test_gzip_is_read(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    text = b"Gempa bumi di Cianjur. " * 1000
    server.on("/zip", body=gzip.compress(text), headers={"Content-Encoding": "gzip"})
    server.on(
        "/members", body=gzip.compress(text) + gzip.compress(b"end") + b"\0\0", headers={"Content-Encoding": "gzip"}
    )
    server.on("/plain", body=text, headers={"Content-Encoding": "identity"})
    fetcher = make()
    assert fetcher.get(server.url("/zip")).body == text
    assert fetcher.get(server.url("/members")).body == text + b"end"
    assert fetcher.get(server.url("/plain")).body == text


def test_damaged_gzip_is_named(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/cut", body=gzip.compress(b"x" * 10000)[:-9], headers={"Content-Encoding": "gzip"})
    server.on("/not", body=b"plain", headers={"Content-Encoding": "gzip"})
    for path in ("/cut", "/not"):
        with pytest.raises(BrokenBody):
            make().get(server.url(path))


def test_an_answer_that_is_cut_off_is_not_an_answer(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/cut", body=b"x" * 100, promise=5000)
    with pytest.raises(ConnectionFailed):
        make(retries=0).get(server.url("/cut"))


def test_only_documents_are_read(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/film", body=b"x", content_type="video/mp4")
    server.on("/report.pdf", body=b"%PDF-", content_type="application/octet-stream")
    server.on("/odd", body=b"x", content_type="application/octet-stream")
    fetcher = make()
    for path in ("/film", "/odd"):
        with pytest.raises(UnsupportedContentType):
            fetcher.get(server.url(path))
    assert fetcher.get(server.url("/report.pdf")).body == b"%PDF-"
    assert fetcher.get(server.url("/film"), accept=None).body == b"x"


# --- statuses, patience -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_client_error_is_not_tried_again(server: ReplayServer, make: Callable[..., Fetcher], status: int) -> None:
    server.on("/a", Reply(status))
    with pytest.raises(HTTPStatusError) as caught:
        make().get(server.url("/a"))
    assert caught.value.status == status
    assert len(server.to("/a")) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_trouble_on_their_side_is_tried_again(server: ReplayServer, make: Callable[..., Fetcher], status: int) -> None:
    sleeper = Sleeper()
    server.on("/a", Reply(status), Reply(status), Reply(body="ok"))
    assert make(sleeper).get(server.url("/a")).body == b"ok"
    assert len(sleeper.slept) == 2
    assert sleeper.slept[0] < sleeper.slept[1]


def test_and_given_up_after_the_last_try(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(500))
    with pytest.raises(HTTPStatusError) as caught:
        make(Sleeper()).get(server.url("/a"))
    assert caught.value.status == 500
    assert len(server.to("/a")) == 3


def test_a_broken_connection_is_tried_again(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(body=b"x", promise=100), Reply(body="whole"))
    assert make(Sleeper()).get(server.url("/a")).body == b"whole"


def test_retry_after_is_kept_to(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    sleeper = Sleeper()
    server.on("/a", Reply(429, headers={"Retry-After": "7"}), Reply(body="ok"))
    assert make(sleeper).get(server.url("/a")).body == b"ok"
    assert sleeper.slept == [pytest.approx(7, abs=0.5)]


def test_a_wait_that_is_too_long_is_refused_and_remembered(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    sleeper = Sleeper()
    fetcher = make(sleeper, max_wait=30)
    server.on("/a", Reply(503, headers={"Retry-After": "3600"}))
    server.on("/b", body="fine")
    with pytest.raises(Throttled) as caught:
        fetcher.get(server.url("/a"))
    assert caught.value.retry_after == pytest.approx(3600, abs=5)
    with pytest.raises(Throttled):  # the whole host is left alone
        fetcher.get(server.url("/b"))
    assert server.to("/b") == []
    assert sleeper.slept == []


def test_waiting_politely_does_not_use_up_the_deadline(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(429, headers={"Retry-After": "20"}), Reply(body="ok"))
    assert make(Sleeper(), deadline=2, max_wait=30).get(server.url("/a")).body == b"ok"


def test_a_host_is_asked_so_many_times_at_once(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    import threading
    from concurrent.futures import ThreadPoolExecutor

    lock = threading.Lock()
    now, most = 0, 0

    def answer(request: Request) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with lock:
            now -= 1
        return Reply(body="x")

    server.on("/a", answer)
    fetcher = make(per_host=2, respect_robots=False)
    with ThreadPoolExecutor(8) as pool:
        assert [r.body for r in pool.map(fetcher.get, [server.url("/a")] * 8)] == [b"x"] * 8
    assert most == 2


# --- robots.txt -------------------------------------------------------------------------------------------------------


def test_robots_are_asked_once_and_kept_to(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/robots.txt", body="User-agent: *\nDisallow: /tertutup\nAllow: /tertutup/terbuka\n")
    server.on("/a", body="x")
    server.on("/tertutup/terbuka", body="y")
    fetcher = make()
    assert fetcher.get(server.url("/a")).body == b"x"
    assert fetcher.get(server.url("/tertutup/terbuka")).body == b"y"
    with pytest.raises(RobotsDisallowed):
        fetcher.get(server.url("/tertutup/rahasia"))
    assert server.paths() == ["/robots.txt", "/a", "/tertutup/terbuka"]
    with pytest.raises(HTTPStatusError):
        fetcher.get(server.url("/tertutup/rahasia"), robots=False)


def test_robots_are_asked_at_a_redirect(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/robots.txt", body="User-agent: Saring\nDisallow: /b\n\nUser-agent: *\nDisallow:\n")
    server.on("/a", Reply(302, headers={"Location": "/b"}))
    with pytest.raises(RobotsDisallowed):
        make().get(server.url("/a"))
    assert server.to("/b") == []


def test_crawl_delay_spaces_requests(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    sleeper = Sleeper()
    server.on("/robots.txt", body="User-agent: *\nCrawl-delay: 5\n")
    server.on("/a", body="x")
    fetcher = make(sleeper)
    fetcher.get(server.url("/a"))
    fetcher.get(server.url("/a"))
    assert sleeper.slept == [pytest.approx(5, abs=0.5)]


# --- conditional requests ---------------------------------------------------------------------------------------------


def test_an_unchanged_page_is_not_sent_again(
    server: ReplayServer, make: Callable[..., Fetcher], tmp_path: Path
) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == '"v1"':
            return Reply(304, headers={"ETag": '"v1"'})
        return Reply(body="<p>isi</p>", headers={"ETag": '"v1"', "Last-Modified": "Mon, 23 Jun 2025 12:00:00 GMT"})

    server.on("/a", answer)
    first = make(cache_dir=tmp_path).get(server.url("/a"), conditional=True)
    again = make(cache_dir=tmp_path).get(server.url("/a"), conditional=True)  # another process, so to speak
    assert (first.not_modified, again.not_modified) == (False, True)
    assert again.body == first.body == b"<p>isi</p>"
    assert again.content_type == first.content_type
    assert again.status == 200
    assert server.to("/a")[-1].headers["if-modified-since"] == "Mon, 23 Jun 2025 12:00:00 GMT"
    assert make(cache_dir=tmp_path).get(server.url("/a")).not_modified is False


def test_a_changed_page_replaces_the_kept_one(
    server: ReplayServer, make: Callable[..., Fetcher], tmp_path: Path
) -> None:
    server.on("/a", Reply(body="old", headers={"ETag": '"1"'}), Reply(body="new", headers={"ETag": '"2"'}))
    fetcher = make(cache_dir=tmp_path)
    assert fetcher.get(server.url("/a"), conditional=True).body == b"old"
    assert fetcher.get(server.url("/a"), conditional=True).body == b"new"
    fetcher.get(server.url("/a"), conditional=True)
    assert [r.headers.get("if-none-match") for r in server.to("/a")] == [None, '"1"', '"2"']


def test_a_damaged_copy_is_fetched_anew(server: ReplayServer, make: Callable[..., Fetcher], tmp_path: Path) -> None:
    server.on("/a", body="whole", headers={"ETag": '"1"'})
    fetcher = make(cache_dir=tmp_path)
    fetcher.get(server.url("/a"), conditional=True)
    next(tmp_path.glob("*.body")).write_bytes(b"torn")
    assert fetcher.get(server.url("/a"), conditional=True).body == b"whole"
    assert "if-none-match" not in server.to("/a")[-1].headers


def test_nothing_secret_is_kept(server: ReplayServer, make: Callable[..., Fetcher], tmp_path: Path) -> None:
    server.on("/a", body="x", headers={"ETag": '"1"', "Cache-Control": "private, no-store"})
    server.on("/b", body="x", headers={"ETag": '"1"'})
    fetcher = make(cache_dir=tmp_path)
    fetcher.get(server.url("/a"), conditional=True)
    fetcher.get(server.url("/b"), conditional=True, headers={"X-Key": "geheim"})
    assert list(tmp_path.iterdir()) == []


def test_an_unasked_304_is_an_error(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(304))
    with pytest.raises(HTTPStatusError):
        make().get(server.url("/a"))


def test_messages_hold_no_key(server: ReplayServer, make: Callable[..., Fetcher]) -> None:
    server.on("/a", Reply(403))
    with pytest.raises(HTTPStatusError) as caught:
        make().get(server.url("/a"), params={"key": "geheim"})
    assert "geheim" not in str(caught.value)
    assert str(caught.value) == f"{server.url('/a')}: answers 403"
