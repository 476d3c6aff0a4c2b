"""What one check spends on chat models and how long it may take, shared by every step of it that asks one.

The claims are found by one step and the evidence is judged by another, each with a model of its own; the limits and
the count are of the check as a whole. So the account is opened around the check and found again by whoever asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_current: ContextVar[Account | None] = ContextVar("saring_account", default=None)


@dataclass
class Account:
    """Counts of one check. Changed on the event loop of `checker.llm.loop` alone, so it needs no lock.

    Attributes:
        held: Tokens set aside for calls under way, and for calls of which nobody knows whether they were charged.
        ends: When its deadline is over, by `time.monotonic`; 0 until it has begun.
    """

    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    held: int = 0
    ends: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens spent so far."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def used(self) -> bool:
        """Whether any answer was asked for, be it kept from an earlier check."""
        return bool(self.calls or self.cached)

    def begin(self, seconds: float) -> None:
        """Let the deadline count from now, unless it counts already."""
        if not self.ends:
            self.ends = time.monotonic() + seconds

    def usage(self) -> dict[str, int]:
        """What a report shows."""
        return {
            "calls": self.calls,
            "cached": self.cached,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }


@contextmanager
def one_check() -> Iterator[Account]:
    """Open the account of a check; everything that is asked for inside, in any thread or task, is put on it."""
    account = Account()
    token = _current.set(account)
    try:
        yield account
    finally:
        _current.reset(token)


def current() -> Account | None:
    """The account of the check that is under way, or None outside of one."""
    return _current.get()
