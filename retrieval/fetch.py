"""URL -> bytes. The only module that opens a socket to the outside.

    policy.target (URL read strictly) -> robots.txt -> the host's turn -> resolve, check every address, dial the checked
    one -> headers -> bounded body -> at a redirect: from the start, with the new URL

The address check sits where the connection is made (`retrieval.wire.PinnedBackend`), so nothing that reaches the
network can go around it. Proxy variables of the environment are ignored: through a
proxy, the checked address would not be the one that is dialled.
"""

from __future__ import annotations

import contextlib
import functools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import anyio.to_thread
import httpcore
import httpx

from retrieval.decode import BodyReader, retry_after
from retrieval.errors import (
    BadURL,
    ConnectionFailed,
    DeadlineExceeded,
    FetchError,
    HTTPStatusError,
    RobotsDisallowed,
    Throttled,
    TooManyRedirects,
    UnsupportedContentType,
    UnsupportedEncoding,
)
from retrieval.guard import AddressPolicy, Target, shown
from retrieval.httpcache import HTTPCache
from retrieval.robots import AGENT, MAX_BYTES, RobotsAnswer, RobotsCache
from retrieval.wire import BUDGET, Budget, PinnedBackend, PinnedTransport, Resolver, system_resolver

DOCUMENT_TYPES = frozenset(
    {"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown", "application/pdf"}
    | {"application/xml", "text/xml", "application/rss+xml", "application/atom+xml", "application/rdf+xml"}
)
"""Media types that `retrieval.extract` and the feed connector read."""
JSON_TYPES = frozenset(["application/json", "text/json", "text/javascript", "text/plain", "text/html"])
"""What APIs send JSON as; GDELT, for one, sends it as text/html at times."""

_ANSWER_BYTES = 64 * 2**10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRIED = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How politely and how patiently to fetch.

    Attributes:
        contact: An address (mail or URL) that a site's owner can write to; part of the User-Agent.
        hosts: Private hosts that may be fetched, as `host` or `host:port`.
        deadline: Seconds that one URL may take on the network, redirects and retries included.
        max_wait: Seconds that one URL may wait for its turn: crawl delays, busy hosts, `Retry-After`.
        max_redirects: Redirects that are followed.
        max_wire_bytes: Ceiling of a body as received.
        max_body_bytes: Ceiling of a body after decompression.
        per_host: Requests to one host at a time.
        retries: Further tries after 429, 5xx or a broken connection.
        respect_robots: Ask robots.txt before fetching pages.
        cache_dir: Folder for conditional requests; None keeps nothing.
    """

    contact: str = ""
    hosts: tuple[str, ...] = ()
    deadline: float = 30.0
    max_wait: float = 60.0
    max_redirects: int = 5
    max_wire_bytes: int = 10 * 2**20
    max_body_bytes: int = 16 * 2**20
    per_host: int = 2
    retries: int = 2
    respect_robots: bool = True
    cache_dir: Path | None = None

    @property
    def user_agent(self) -> str:
        """The User-Agent header: who asks, and how to reach them."""
        contact = "".join(c for c in self.contact if c.isascii() and c.isprintable() and c not in "()")
        about = f"+{contact}; fact-checking" if contact else "fact-checking"
        return f"{AGENT}/0.1 ({about})"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with a status below 400, complete and decompressed.

    Attributes:
        url: The URL that was asked for.
        final_url: The URL that answered, after redirects.
        headers: Lower-case names; repeated headers joined by a comma.
        content_type: The `Content-Type` header as sent, possibly empty.
        fetched_at: ISO 8601 in UTC.
        not_modified: The body is the one fetched before; the server says that it still holds.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    content_type: str
    fetched_at: str
    not_modified: bool = False

    @property
    def etag(self) -> str:
        """The `ETag` header, possibly empty."""
        return self.headers.get("etag", "")

    @property
    def last_modified(self) -> str:
        """The `Last-Modified` header, possibly empty."""
        return self.headers.get("last-modified", "")


class _HostGate:
    """The turn-taking of one host: so many requests at a time, and none before `not_before`."""

    def __init__(self, places: int) -> None:
        self.places = threading.BoundedSemaphore(places)
        self.lock = threading.Lock()
        self.not_before = 0.0
        self.delay = 0.0

    def postpone(self, until: float) -> None:
        with self.lock:
            self.not_before = max(self.not_before, until)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request as the caller made it, the same through redirects and retries."""

    method: str
    headers: Mapping[str, str]
    content: bytes | None
    accept: frozenset[str] | None
    robots: bool
    conditional: bool
    max_body: int
    truncate: bool
    retries: int
    any_status: bool


class Fetcher:
    """Fetches URLs under guards and limits. Threads may share one; close it, or use it as a context manager.

    Args:
        settings: Limits, contact and the allow-list.
        resolver: Host and port to addresses; tests hand in their own.
        backend: What dials a checked address; tests hand in one that records.
        sleep: Waits so many seconds.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        resolver: Resolver = system_resolver,
        backend: httpcore.NetworkBackend | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or FetchSettings()
        self.policy = AddressPolicy.from_hosts(self.settings.hosts)
        self._sleep = sleep
        self._clock = clock
        self._pinned = PinnedBackend(self.policy, resolver, backend or httpcore.SyncBackend())
        self._cache = HTTPCache(self.settings.cache_dir) if self.settings.cache_dir else None
        self._robots = RobotsCache(self._fetch_robots, clock=clock)
        self._gates: dict[str, _HostGate] = {}
        self._lock = threading.Lock()
        self._transport: PinnedTransport | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        accept: frozenset[str] | None = DOCUMENT_TYPES,
        robots: bool | None = None,
        conditional: bool = False,
        max_bytes: int | None = None,
        deadline: float | None = None,
        retries: int | None = None,
    ) -> Response:
        """Return what `url` answers.

        Args:
            url: http or https.
            headers: Further request headers, keys among them; a redirect to another origin does not get them.
            params: Query parameters, added to those of `url`.
            accept: Media types that are read; None reads every type.
            robots: Ask robots.txt first; by default as the settings say. APIs, which are made for programs, pass False.
            conditional: Use and fill the cache of `settings.cache_dir`.
            max_bytes: Ceiling of the decompressed body, if lower than the settings'.
            deadline: Seconds on the network, if other than the settings'.
            retries: Further tries, if other than the settings'.

        Raises:
            FetchError: One of its kinds, see `retrieval.errors`.
        """
        if params:
            try:
                url = str(httpx.URL(self.policy.target(url).url).copy_merge_params(dict(params)))
            except httpx.InvalidURL as error:
                raise BadURL(shown(url), f"cannot be read ({error})") from error
        ask = _Ask(
            "GET",
            dict(headers or {}),
            None,
            accept,
            self.settings.respect_robots if robots is None else robots,
            conditional and not headers,
            min(max_bytes or self.settings.max_body_bytes, self.settings.max_body_bytes),
            truncate=False,
            retries=self.settings.retries if retries is None else retries,
            any_status=False,
        )
        return self._run(url, ask, deadline)

    def post_json(
        self, url: str, payload: Any, *, headers: Mapping[str, str] | None = None, deadline: float | None = None
    ) -> Response:
        """Return what `url` answers to a JSON document. Redirects are refused, and only a 429 is tried again.

        Raises:
            FetchError: One of its kinds, see `retrieval.errors`.
        """
        sent = {**(headers or {}), "Content-Type": "application/json"}
        return self._run(url, self._posted(json.dumps(payload).encode(), sent, JSON_TYPES), deadline)

    def post(
        self, url: str, content: bytes, *, headers: Mapping[str, str] | None = None, deadline: float | None = None
    ) -> Response:
        """Send these bytes as they are, once, and return what `url` answers; of a long answer the beginning.

        For receivers whose answer says only that it arrived: any media type is taken, nothing is sent again.

        Raises:
            FetchError: One of its kinds, see `retrieval.errors`.
        """
        ask = self._posted(content, dict(headers or {}), None)
        return self._run(url, replace(ask, max_body=_ANSWER_BYTES, truncate=True, retries=0), deadline)

    def _posted(self, content: bytes, headers: Mapping[str, str], accept: frozenset[str] | None) -> _Ask:
        return _Ask(
            "POST",
            headers,
            content,
            accept,
            robots=False,
            conditional=False,
            max_body=self.settings.max_body_bytes,
            truncate=False,
            retries=self.settings.retries,
            any_status=False,
        )

    async def aget(self, url: str, **options: Any) -> Response:
        """Return what `get` returns, from a worker thread: one code path holds the guards for both worlds."""
        return await anyio.to_thread.run_sync(functools.partial(self.get, url, **options), abandon_on_cancel=True)

    def _run(self, url: str, ask: _Ask, deadline: float | None) -> Response:
        budget = Budget(self._clock, deadline or self.settings.deadline, self.settings.max_wait)
        token = BUDGET.set(budget)
        try:
            return self._follow(url, ask, budget)
        finally:
            BUDGET.reset(token)

    def _follow(self, url: str, ask: _Ask, budget: Budget) -> Response:
        target = self.policy.target(url)
        home = target.origin
        for _ in range(self.settings.max_redirects + 1):
            name = shown(target.url)
            if ask.robots:
                self._gate(target).delay = self._robots.check(target)
            response = self._try(target, ask, ask.headers if target.origin == home else {}, budget)
            location = response.headers.get("location", "")
            if response.status not in _REDIRECTS or not location:
                return Response(
                    url,
                    response.final_url,
                    response.status,
                    response.headers,
                    response.body,
                    response.content_type,
                    response.fetched_at,
                    response.not_modified,
                )
            if ask.method != "GET":
                raise HTTPStatusError(name, f"redirects a {ask.method}, which is not followed", response.status)
            try:
                onward = urljoin(target.url, location.strip())
            except ValueError as error:
                raise BadURL(name, "redirects to something that is not a URL") from error
            target = self.policy.target(onward)
        raise TooManyRedirects(shown(url), f"redirects more than {self.settings.max_redirects} times")

    def _try(self, target: Target, ask: _Ask, headers: Mapping[str, str], budget: Budget) -> Response:
        name = shown(target.url)
        gate = self._gate(target)
        for attempt in range(ask.retries + 1):
            last = attempt == ask.retries
            pause = 0.5 * 2**attempt * random.uniform(0.8, 1.2)
            with self._turn(gate, name, budget):
                try:
                    response = self._once(target, ask, headers, budget)
                except ConnectionFailed:
                    if last or ask.method != "GET":
                        raise
                    gate.postpone(self._clock() + pause)
                    continue
            status = response.status
            if status < 400 or ask.any_status:
                return response
            asked = retry_after(response.headers)
            if status in _RETRIED:
                gate.postpone(self._clock() + (pause if asked is None else asked))
            retried = status in _RETRIED if ask.method == "GET" else status == 429
            if not retried or last:
                if status == 429 or (status == 503 and asked is not None):
                    raise Throttled(name, f"answers {status}: it asks to come back later", asked or pause)
                raise HTTPStatusError(name, f"answers {status}", status)
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextlib.contextmanager
    def _turn(self, gate: _HostGate, name: str, budget: Budget) -> Iterator[None]:
        began = self._clock()
        if not gate.places.acquire(timeout=max(0.0, budget.wait_left)):
            raise Throttled(name, "waits behind too many requests to the same host", 1.0)
        try:
            budget.waited(self._clock() - began)
            with gate.lock:
                now = self._clock()
                wait = max(0.0, gate.not_before - now)
                if wait > budget.wait_left:
                    raise Throttled(name, f"is not to be asked again for {wait:.0f} seconds", wait)
                gate.not_before = max(gate.not_before, now + wait + gate.delay) if gate.delay else gate.not_before
            if wait:
                self._sleep(wait)
                budget.waited(wait)
            yield
        finally:
            gate.places.release()

    def _once(self, target: Target, ask: _Ask, headers: Mapping[str, str], budget: Budget) -> Response:
        name = shown(target.url)
        try:
            url = httpx.URL(target.url)
        except httpx.InvalidURL as error:
            raise BadURL(name, f"cannot be read ({error})") from error
        if url.raw_host.decode("ascii") != target.host:
            raise BadURL(name, "is read differently by two parsers")
        cached = self._cache.get(target.url) if self._cache and ask.conditional else None
        sent = {
            **headers,
            **(cached.validators if cached else {}),
            "User-Agent": self.settings.user_agent,
            "Accept": ", ".join(sorted(ask.accept)) + ", */*;q=0.1" if ask.accept else "*/*",
            "Accept-Language": "id, en;q=0.8, *;q=0.5",
            "Accept-Encoding": "gzip",
        }
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), budget.left(name))
        try:
            request = httpx.Request(ask.method, url, headers=sent, content=ask.content, extensions={"timeout": timeout})
        except UnicodeEncodeError:
            # Not "from" the error, which quotes the header; it may be a key.
            raise FetchError(name, "a header of the request is not ASCII; check the keys that are set") from None
        try:
            # Not through httpx.Client: it parses Location on its own, keeps cookies and knows proxies.
            answer = self._wire().handle_request(request)
            try:
                got = _joined(answer.headers)
                if answer.status_code == 304 and cached is not None:
                    got = {**cached.headers, **got}
                    return _response(target, 200, got, cached.body, not_modified=True)
                body = self._read(answer, got, ask, target, budget) if 200 <= answer.status_code < 300 else b""
            finally:
                answer.close()
        except (
            httpx.TransportError,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
        ) as error:
            if isinstance(error, httpcore.LocalProtocolError):
                raise FetchError(name, "the request is malformed; check the keys that are set") from None
            if budget.expired() or isinstance(error, httpcore.TimeoutException | httpx.TimeoutException):
                raise DeadlineExceeded(name, "did not answer completely in time") from error
            raise ConnectionFailed(name, f"connection failed ({str(error)[:120] or type(error).__name__})") from error
        if answer.status_code == 200 and self._cache and ask.conditional and not ask.truncate:
            self._cache.put(target.url, got, body)
        if answer.status_code in (304, *range(100, 200)) or (300 <= answer.status_code < 400 and "location" not in got):
            raise HTTPStatusError(name, f"answers {answer.status_code} to a plain request", answer.status_code)
        return _response(target, answer.status_code, got, body)

    def _read(
        self, answer: httpx.Response, headers: Mapping[str, str], ask: _Ask, target: Target, budget: Budget
    ) -> bytes:
        name = shown(target.url)
        media = headers.get("content-type", "").split(";")[0].strip().lower()
        pdf = target.url.split("?")[0].lower().endswith(".pdf") and media.endswith("octet-stream")
        if ask.accept is not None and media and media not in ask.accept and not pdf:
            raise UnsupportedContentType(name, f"is {media[:80]!r}, which is not read")
        reader = BodyReader(
            name,
            headers.get("content-encoding", ""),
            max_wire=min(self.settings.max_wire_bytes, ask.max_body),
            max_body=ask.max_body,
            truncate=ask.truncate,
        )
        reader.check_length(headers.get("content-length"))
        for chunk in answer.iter_raw():
            budget.left(name)
            reader.feed(chunk)
            if reader.full:
                break
        return reader.finish()

    def _fetch_robots(self, url: str) -> RobotsAnswer:
        ask = _Ask("GET", {}, None, None, False, False, MAX_BYTES, truncate=True, retries=0, any_status=True)
        try:
            response = self._follow(url, ask, BUDGET.get())
        except TooManyRedirects:
            return RobotsAnswer(404)  # RFC 9309, 2.3.1.2: as if there were none
        except UnsupportedEncoding as error:
            raise RobotsDisallowed(
                shown(url), "is compressed in a way that is not read, so the site stays closed"
            ) from error
        return RobotsAnswer(response.status, response.body.decode("utf-8", "replace"))

    def _gate(self, target: Target) -> _HostGate:
        # http and https of one host are one server; another port is another.
        key = target.host if target.port in (80, 443) else f"{target.host}:{target.port}"
        with self._lock:
            return self._gates.setdefault(key, _HostGate(self.settings.per_host))

    def _wire(self) -> PinnedTransport:
        with self._lock:
            if self._transport is None:
                self._transport = PinnedTransport(self._pinned)
            return self._transport


def _joined(headers: httpx.Headers) -> dict[str, str]:
    return {key.lower(): headers[key] for key in headers}


def _response(
    target: Target, status: int, headers: Mapping[str, str], body: bytes, *, not_modified: bool = False
) -> Response:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    kind = headers.get("content-type", "")
    return Response(target.url, target.url, status, headers, body, kind, now, not_modified)
