"""One door to a chat model: bounded concurrency, retries, a breaker, a deadline, a budget, a cache.

Retries live here and nowhere else. A call that fails for the network's sake is tried again with jitter; a reply that
cannot be trusted is asked for once more and then is a `BadReply`.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from checker.errors import BadReply, CallFailed, CheckerError, DeadlinePassed, ModelUnavailable
from checker.llm.ledger import Budget, Kept, Ledger, digest
from checker.llm.prompts import Prompt
from checker.llm.structured import FALLBACK, Answer, Method, ask, choose_method

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

T = TypeVar("T", bound=BaseModel)

_TRANSIENT = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
_DENIED = {401, 403}
_UNKNOWN_METHOD = {400, 404, 415, 422, 501}


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a model is asked.

    Attributes:
        concurrency: Most calls at once.
        attempts: Most tries of one call for the network's sake.
        wait: Seconds before the second try; doubles each time, with full jitter.
        longest_wait: Most seconds between two tries, `Retry-After` included: longer is a failure.
        deadline: Seconds for everything one `Caller` does between `start` and the last reply.
        breaker: After so many faults in a row nothing more is sent until `breaker_rest` seconds have passed.
        calls_per_second: 0 for no limit.
    """

    concurrency: int = 16
    attempts: int = 4
    wait: float = 0.5
    longest_wait: float = 30.0
    deadline: float = 600.0
    breaker: int = 8
    breaker_rest: float = 30.0
    calls_per_second: float = 0.0


@dataclass
class Caller:
    """Asks one chat model. Use within one event loop at a time."""

    model: BaseChatModel
    name: str
    ledger: Ledger
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    explain: Path | None = None
    _method: Method | None = None
    _gate: asyncio.Semaphore | None = None
    _ends: float = 0.0
    _faults: int = 0
    _rests_until: float = 0.0
    _next_slot: float = 0.0

    def start(self) -> None:
        """Begin a run: the deadline counts from here. Call it inside the event loop."""
        self._gate = asyncio.Semaphore(self.limits.concurrency)
        self._ends = time.monotonic() + self.limits.deadline
        self._next_slot = 0.0

    async def ask(
        self,
        prompt: Prompt,
        values: Mapping[str, str],
        schema: type[T],
        *,
        key: Any,
        check: Callable[[T], str | None] = lambda _: None,
    ) -> T:
        """Ask until the reply can be trusted, at most twice.

        Args:
            prompt: The prompt.
            values: What fills it in, its random delimiter included.
            schema: What the reply must be.
            key: What the reply depends on, without the delimiter; the cache is keyed on it, the model and the prompt.
            check: Says what is wrong with a valid reply, or None. It is told to the model before the second try.

        Raises:
            BadReply: Two replies could not be trusted.
            BudgetExhausted, DeadlinePassed, CallFailed: It was not answered, and why.
            ModelUnavailable: The key is refused, or the breaker is open.
        """
        where = digest(self.name, prompt.label, schema.__name__, key)
        if (kept := self.ledger.get(where)) is not None:
            try:
                value = schema.model_validate_json(kept.reply, strict=True)
            except ValueError:
                value = None
            if value is not None and check(value) is None:
                self.budget.cached += 1
                return value
        if self._gate is None:
            self.start()
        assert self._gate is not None
        async with self._gate:
            return await self._ask_twice(prompt, values, schema, where, check)

    async def _ask_twice(
        self, prompt: Prompt, values: Mapping[str, str], schema: type[T], where: str, check: Callable[[T], str | None]
    ) -> T:
        from langchain_core.messages import HumanMessage, SystemMessage

        system, user = prompt.render(**values)
        complaint = ""
        last: BadReply | None = None
        for number in (1, 2):
            messages = [SystemMessage(system), HumanMessage(user + complaint)]
            try:
                answer = await self._send(messages, schema)
                wrong = check(answer.value)
                self._note(where, number, messages, answer.raw, wrong)
                if wrong is None:
                    self.ledger.put(where, Kept(answer.raw, answer.prompt_tokens, answer.completion_tokens))
                    return answer.value
                last = BadReply(wrong)
            except BadReply as error:
                self._note(where, number, messages, "", str(error))
                last = error
            complaint = f"\n\nYour last reply was refused: {last}. Reply again, in full, as asked."
        assert last is not None
        raise last

    async def _send(self, messages: list[Any], schema: type[T]) -> Answer[T]:
        """One trustworthy delivery of one request, retried for the network's sake only."""
        method = self._method or choose_method(self.model)
        attempt = 0
        while True:
            attempt += 1
            self._may_send()
            self.budget.reserve(self.ledger)
            await self._pace()
            try:
                async with asyncio.timeout(max(0.01, self._ends - time.monotonic())):
                    answer = await ask(self.model, messages, schema, method)
            except BadReply:
                self._faults = 0
                raise
            except TimeoutError as error:
                if time.monotonic() >= self._ends:
                    raise DeadlinePassed(
                        f"the deadline of {self.limits.deadline:g} s for this check is over"
                    ) from error
                await self._retry(error, attempt, None)
            except CheckerError:
                raise
            except Exception as error:
                status, wait = _sort(error)
                if status in _DENIED:
                    raise ModelUnavailable(f"{self.name} refuses the key (HTTP {status}); check it") from error
                following = FALLBACK[method]
                if status in _UNKNOWN_METHOD and self._method is None and following is not None:
                    method, attempt = following, attempt - 1
                    continue
                if status is not None and status not in _TRANSIENT:
                    raise CallFailed(f"{self.name} answered HTTP {status}: {_short(error)}") from error
                await self._retry(error, attempt, wait)
            else:
                self._faults = 0
                self._method = method
                self.budget.settle(self.ledger, answer.prompt_tokens, answer.completion_tokens)
                return answer

    def _may_send(self) -> None:
        now = time.monotonic()
        if now >= self._ends:
            raise DeadlinePassed(f"the deadline of {self.limits.deadline:g} s for this check is over")
        if now < self._rests_until:
            raise CallFailed(f"{self.name} failed {self.limits.breaker} times in a row; not asked again for a while")

    async def _retry(self, error: Exception, attempt: int, wait: float | None) -> None:
        self._faults += 1
        if self._faults >= self.limits.breaker:
            self._rests_until = time.monotonic() + self.limits.breaker_rest
            self._faults = 0
        if attempt >= self.limits.attempts:
            raise CallFailed(f"{self.name} did not answer in {attempt} tries: {_short(error)}") from error
        backoff = random.uniform(0, self.limits.wait * 2 ** (attempt - 1))
        pause = max(wait, backoff) if wait is not None else backoff
        if pause > self.limits.longest_wait or time.monotonic() + pause >= self._ends:
            raise CallFailed(
                f"{self.name} asks to wait {pause:.0f} s, longer than this check may: {_short(error)}"
            ) from error
        await asyncio.sleep(pause)

    async def _pace(self) -> None:
        if self.limits.calls_per_second <= 0:
            return
        now = time.monotonic()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / self.limits.calls_per_second
        if slot > now:
            await asyncio.sleep(slot - now)

    def _note(self, where: str, number: int, messages: list[Any], reply: str, wrong: str | None) -> None:
        """Write down what was sent and what came back, for whoever asked to see it."""
        if self.explain is None:
            return
        self.explain.mkdir(parents=True, exist_ok=True)
        parts = [f"# {self.name}", *(f"## {message.type}\n\n{message.content}" for message in messages)]
        parts.append(f"## reply\n\n{reply or '(none that could be read)'}")
        parts.append(f"## outcome\n\n{wrong or 'accepted'}")
        (self.explain / f"{where[:16]}-{number}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _sort(error: Exception) -> tuple[int | None, float | None]:
    """HTTP status and seconds to wait, from whatever a vendor's client raises; None for faults of the network."""
    response = getattr(error, "response", None)
    status = (
        getattr(error, "status_code", None) or getattr(response, "status_code", None) or getattr(error, "code", None)
    )
    headers = getattr(response, "headers", None) or {}
    wait = _retry_after(headers.get("retry-after") or headers.get("Retry-After"))
    return (status if isinstance(status, int) else None), wait


def _retry_after(value: str | None) -> float | None:
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
