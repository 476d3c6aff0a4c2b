"""What `retrieval.fetch` dials with: one connection, to an address that was checked, within a time that ends.

Nothing else may use it. The check sits where the connection is made, so no answer of a resolver can come between check
and dial, and a deadline caps every operation of a connection, where httpx's own time-outs start anew with each byte.
"""

from __future__ import annotations

import functools
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from retrieval.errors import DeadlineExceeded, NameNotResolved
from retrieval.guard import AddressPolicy

Resolver = Callable[[str, int], list[str]]
"""Host and port to addresses. Raises OSError where there are none."""

_DIAL_SECONDS = 8.0  # for one of several addresses, so that a dead first one leaves time for the next


class Budget:
    """The time that one call may take: `deadline` on the network, `max_wait` waiting politely."""

    def __init__(self, clock: Callable[[], float], deadline: float, max_wait: float) -> None:
        self._clock = clock
        self._seconds = deadline
        self._ends = clock() + deadline
        self.wait_left = max_wait

    def left(self, name: str) -> float:
        """Return the seconds left on the network; raise DeadlineExceeded at none."""
        left = self._ends - self._clock()
        if left <= 0:
            raise DeadlineExceeded(name, f"did not answer completely within {self._seconds:g} seconds")
        return left

    def expired(self) -> bool:
        """Return whether the time on the network is over."""
        return self._clock() >= self._ends

    def waited(self, seconds: float) -> None:
        """Move the end by a wait that was ours, not the server's."""
        self.wait_left -= seconds
        self._ends += seconds


BUDGET: ContextVar[Budget] = ContextVar("saring_fetch_budget")
"""The budget of the call that runs in this context; pooled connections outlive calls, so they look it up."""


def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses that the operating system gives for `host`, in its order, zones included."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


class _DeadlineStream(httpcore.NetworkStream):
    """A connection each of whose operations ends with the call that is running, however many bytes trickle in."""

    def __init__(self, inner: httpcore.NetworkStream, name: str) -> None:
        self._inner = inner
        self._name = name

    def _cap(self, timeout: float | None) -> float:
        left = BUDGET.get().left(self._name)
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come, at most `max_bytes`."""
        return self._inner.read(max_bytes, self._cap(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._cap(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._cap(timeout))
        return _DeadlineStream(secured, self._name)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class PinnedBackend(httpcore.NetworkBackend):
    """Resolves, checks and dials in one step, so that what was checked is what is dialled."""

    def __init__(self, policy: AddressPolicy, resolver: Resolver, inner: httpcore.NetworkBackend) -> None:
        self._policy = policy
        self._resolver = resolver
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve `host`, check every address, and dial the first that answers."""
        budget = BUDGET.get()
        addresses = self._policy.admit(host, port, self._resolve(host, port, budget.left(host)))
        patience = _DIAL_SECONDS if len(addresses) > 1 else float("inf")
        trouble: Exception = NameNotResolved(host, "has no address; check the spelling")
        for address in addresses:
            left = budget.left(host)
            try:
                within = min(timeout or left, left, patience)
                stream = self._inner.connect_tcp(str(address), port, within, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
            else:
                return _DeadlineStream(stream, host)
        raise trouble

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse: nothing outside this machine listens there."""
        raise httpcore.ConnectError(f"{path} is a local socket")

    def _resolve(self, host: str, port: int, timeout: float) -> list[str]:
        if ":" in host or host.replace(".", "").isdecimal():
            return [host]
        # getaddrinfo has no timeout of its own; a daemon thread cannot keep the process from ending.
        outcome: list[list[str] | Exception] = []

        def work() -> None:
            try:
                outcome.append(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                outcome.append(error)

        thread = threading.Thread(target=work, name="saring-resolve", daemon=True)
        thread.start()
        thread.join(timeout)
        if not outcome:
            raise DeadlineExceeded(host, "was not resolved in time")
        if isinstance(outcome[0], Exception):
            raise NameNotResolved(host, "has no address; check the spelling and the connection") from outcome[0]
        return outcome[0]


@functools.lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reads the certificates once; SSL_CERT_FILE is honoured


class PinnedTransport(httpx.BaseTransport):
    """httpx on a connection pool whose backend is pinned. httpcore's errors pass through as they are."""

    class _Stream(httpx.SyncByteStream):
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __iter__(self) -> Iterator[bytes]:
            yield from self._inner

        def close(self) -> None:
            self._inner.close()

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_ssl_context(),
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=10.0,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the answer is read by the caller."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=self._Stream(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close every connection that is kept open."""
        self._pool.close()
