"""What a site lets programs fetch: robots.txt (RFC 9309), read with protego and kept for at most 24 hours.

Opens no socket: the caller hands in how robots.txt is fetched, which is under the same guards as everything else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.errors import RobotsDisallowed
from retrieval.guard import Target, shown

if TYPE_CHECKING:
    from protego import Protego

MAX_AGE = 24 * 3600.0
"""Seconds for which rules are kept; the longest that RFC 9309, 2.4 allows."""
ERROR_AGE = 600.0
"""Seconds for which a server error keeps a site closed before it is asked again."""
MAX_BYTES = 512 * 1024
"""RFC 9309, 2.5 asks for at least 500 KiB to be parsed; what comes after is not read."""
AGENT = "Saring"
"""The product token that robots.txt files name."""


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What asking for robots.txt gave: the final HTTP status, and the text of a 2xx."""

    status: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Rules:
    expires: float
    parsed: Protego | None  # None: everything is allowed, or everything is closed
    closed: str = ""


class RobotsCache:
    """Rules per origin (scheme, host and port). Threads may share it.

    Args:
        fetch: Gets a robots.txt address; an error it raises passes through and is not remembered.
        clock: Monotonic seconds, injected by tests.
    """

    def __init__(self, fetch: Callable[[str], RobotsAnswer], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._rules: dict[str, _Rules] = {}
        self._lock = threading.Lock()

    def check(self, target: Target) -> float:
        """Return the crawl delay (seconds, 0 where none is asked for) of a page that may be fetched.

        Raises:
            RobotsDisallowed: The rules forbid the page, or the site answers for its rules with a server error.
            FetchError: robots.txt could not be asked for at all.
        """
        rules = self._for(target)
        if rules.closed:
            raise RobotsDisallowed(shown(target.url), rules.closed)
        if rules.parsed is None:
            return 0.0
        if not rules.parsed.can_fetch(target.url, AGENT):
            raise RobotsDisallowed(shown(target.url), "its robots.txt forbids fetching it; open it by hand instead")
        return float(rules.parsed.crawl_delay(AGENT) or 0.0)

    def _for(self, target: Target) -> _Rules:
        with self._lock:
            known = self._rules.get(target.origin)
        if known is not None and known.expires > self._clock():
            return known
        # Two threads may ask at once; that costs a request, where a lock held over the network could stall them all.
        answer = self._fetch(f"{target.origin}/robots.txt")
        rules = self._read(answer)
        with self._lock:
            self._rules[target.origin] = rules
        return rules

    def _read(self, answer: RobotsAnswer) -> _Rules:
        from protego import Protego

        now = self._clock()
        if 200 <= answer.status < 300:
            return _Rules(now + MAX_AGE, Protego.parse(answer.text))
        if 400 <= answer.status < 500:
            return _Rules(now + MAX_AGE, None)
        return _Rules(now + ERROR_AGE, None, f"its robots.txt answers {answer.status}, which closes the site for now")
