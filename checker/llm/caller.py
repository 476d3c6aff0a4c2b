"""One door to a chat model: bounded concurrency, retries, a breaker, a deadline, a budget, a cache.

What a check may spend and how long it may take is on its account (`checker.llm.account`); what is known of the server
(is it failing, which method does it know) and how many calls it gets at once is kept here, for all checks together.
Retries live here and nowhere else. A call that fails for the network's sake is tried again with jitter; a reply that
cannot be trusted is asked for once more and then is a `BadReply`.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from checker.errors import BadReply, CallFailed, CheckerError, DeadlinePassed, ModelUnavailable
from checker.llm.account import Account, current
from checker.llm.ledger import Budget, Kept, Ledger, digest
from checker.llm.prompts import Prompt
from checker.llm.structured import FALLBACK, Answer, Delivery, Method, choose_method, deliver, read

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

_TRANSIENT = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
_DENIED = {401, 403}
_UNKNOWN_METHOD = {400, 404, 415, 422, 501}
# Vendors quote the key in some messages; a message goes into reports and logs.
_SECRET = re.compile(r"\b(?:sk|pk|gsk|xai|AIza|ya29|Bearer|key)[-_. =:]*[\w\-*]{12,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a model is asked.

    Attributes:
        concurrency: Most calls at once, of all checks together.
        attempts: Most tries of one call for the network's sake.
        wait: Seconds before the second try; doubles each time, with full jitter.
        longest_wait: Most seconds between two tries, `Retry-After` included: longer is a failure.
        deadline: Seconds for everything that one check asks, from its first call on.
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
    _loop: asyncio.AbstractEventLoop | None = None
    _faults: int = 0
    _rests_until: float = 0.0
    _next_slot: float = 0.0

    def start(self) -> Account:
        """Begin to ask: the account of the check that is under way, or one of its own; its deadline counts from now."""
        account = current() or Account()
        account.begin(self.limits.deadline)
        return account

    async def ask(
        self,
        prompt: Prompt,
        values: Mapping[str, str],
        schema: type[T],
        *,
        key: Any,
        check: Callable[[T], str | None] = lambda _: None,
        account: Account | None = None,
    ) -> T:
        """Ask until the reply can be trusted, at most twice.

        Args:
            prompt: The prompt.
            values: What fills it in, its random delimiter included.
            schema: What the reply must be.
            key: What the reply depends on, without the delimiter; the cache is keyed on it, the model and the prompt.
            check: Says what is wrong with a valid reply, or None. It is told to the model before the second try.
            account: What it is put on; that of `start` where None.

        Raises:
            BadReply: Two replies could not be trusted.
            BudgetExhausted, DeadlinePassed, CallFailed: It was not answered, and why.
            ModelUnavailable: The key is refused.
        """
        account = account or self.start()
        where = digest(self.name, prompt.label, schema.__name__, key)
        if (kept := self.ledger.get(where)) is not None:
            try:
                value = schema.model_validate_json(kept.reply, strict=True)
            except ValueError:
                value = None
            if value is not None and check(value) is None:
                account.cached += 1
                self._note(where, 0, prompt.render(**values), kept.reply, None)
                return value
        async with self._door():
            return await self._ask_twice(prompt, values, schema, where, check, account)

    def _door(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._gate is None or self._loop is not loop:  # a forked child has another loop
            self._gate, self._loop = asyncio.Semaphore(self.limits.concurrency), loop
        return self._gate

    async def guarded(self, call: Callable[[], Awaitable[R]], held: int, account: Account) -> R:
        """Make one call whose answer is not structured (the chat's), under the same budget, pace, deadline and retries.

        Args:
            call: Makes the call; made again where the network failed it.
            held: Tokens set aside for it; whoever calls settles what it took.
            account: What it is put on.

        Raises:
            BudgetExhausted, DeadlinePassed, CallFailed: It was not answered, and why.
            ModelUnavailable: The key is refused.
        """
        async with self._door():
            return await self._deliver(call, held, account, "answer")

    async def _deliver(
        self,
        call: Callable[[], Awaitable[R]],
        held: int,
        account: Account,
        of: str,
        otherwise: Callable[[int | None], bool] = lambda status: False,  # noqa: ARG005
    ) -> R:
        """One delivery of one request: the only place that tries again, and for the network's sake only.

        Args:
            call: Makes the call.
            held: Tokens set aside for it; settled here where it failed and surely cost nothing, else by whoever calls.
            account: What it is put on.
            of: What the deadline is for, in words.
            otherwise: Told the HTTP status of a failure; True where `call` will now ask in another way, which is no
                further try of the same.
        """
        attempt = 0
        while True:
            attempt += 1
            self._may_send(account)
            await self._pace(account)
            self.budget.reserve(account, self.ledger, held)
            try:
                async with asyncio.timeout(max(0.01, account.ends - time.monotonic())):
                    answer = await call()
            except TimeoutError as error:
                # Nobody knows whether the vendor charges for it; what was set aside stays so.
                if time.monotonic() >= account.ends:
                    raise DeadlinePassed(f"the deadline of {self.limits.deadline:g} s for this {of} is over") from error
                await self._retry(error, attempt, None, account)
            except CheckerError:
                self.budget.settle(account, self.ledger, held, 0, 0)
                raise
            except Exception as error:
                status, wait = _sort(error)
                if status is not None:
                    self.budget.settle(account, self.ledger, held, 0, 0)
                if status in _DENIED:
                    raise ModelUnavailable(f"{self.name} refuses the key (HTTP {status}); check it") from error
                if otherwise(status):
                    attempt -= 1
                    continue
                if status is not None and status not in _TRANSIENT:
                    raise CallFailed(f"{self.name} answered HTTP {status}: {_short(error)}") from error
                await self._retry(error, attempt, wait, account)
            else:
                self._faults = 0
                return answer

    async def _ask_twice(
        self,
        prompt: Prompt,
        values: Mapping[str, str],
        schema: type[T],
        where: str,
        check: Callable[[T], str | None],
        account: Account,
    ) -> T:
        from langchain_core.messages import HumanMessage, SystemMessage

        system, user = prompt.render(**values)
        complaint = ""
        last: BadReply | None = None
        for number in (1, 2):
            raw = ""
            try:
                answer, used = await self._send(
                    [SystemMessage(system), HumanMessage(user + complaint)], schema, account
                )
                raw = answer.raw
                wrong = check(answer.value)
                self._note(where, number, (system, user + complaint), raw, wrong)
                if wrong is None:
                    self.ledger.put(where, Kept(raw, *used))
                    return answer.value
                last = BadReply(wrong)
            except BadReply as error:
                self._note(where, number, (system, user + complaint), raw, str(error))
                last = error
            complaint = f"\n\nYour last reply was refused: {last}. Reply again, in full, as asked."
        assert last is not None
        raise last

    async def _send(self, messages: list[Any], schema: type[T], account: Account) -> tuple[Answer[T], tuple[int, int]]:
        """One delivery of one structured request, with its prompt and completion tokens."""
        method = self._method or choose_method(self.model)
        # About what it will cost, so that calls under way count before they are answered: four letters a token.
        held = sum(len(str(message.content)) for message in messages) // 4

        async def call() -> Delivery:
            return await deliver(self.model, messages, schema, method)

        def otherwise(status: int | None) -> bool:
            nonlocal method
            following = FALLBACK[method]
            if status not in _UNKNOWN_METHOD or self._method is not None or following is None:
                return False
            method = following
            return True

        delivery = await self._deliver(call, held, account, "check", otherwise)
        used = (delivery.prompt_tokens, delivery.completion_tokens)
        self.budget.settle(account, self.ledger, held, *used)
        answer = read(delivery, schema, method)
        self._method = method
        return answer, used

    def _may_send(self, account: Account) -> None:
        now = time.monotonic()
        if now >= account.ends:
            raise DeadlinePassed(f"the deadline of {self.limits.deadline:g} s for this check is over")
        if now < self._rests_until:
            raise CallFailed(f"{self.name} failed {self.limits.breaker} times in a row; not asked again for a while")

    async def _retry(self, error: Exception, attempt: int, wait: float | None, account: Account) -> None:
        self._faults += 1
        if self._faults >= self.limits.breaker:
            self._rests_until = time.monotonic() + self.limits.breaker_rest
            self._faults = 0
        if attempt >= self.limits.attempts:
            raise CallFailed(f"{self.name} did not answer in {attempt} tries: {_short(error)}") from error
        backoff = random.uniform(0, self.limits.wait * 2 ** (attempt - 1))
        pause = max(wait, backoff) if wait is not None else backoff
        if pause > self.limits.longest_wait or time.monotonic() + pause >= account.ends:
            raise CallFailed(
                f"{self.name} asks to wait {pause:.0f} s, longer than this check may: {_short(error)}"
            ) from error
        await asyncio.sleep(pause)

    async def _pace(self, account: Account) -> None:
        """Wait for this call's turn.

        Raises:
            DeadlinePassed: Its turn comes after the deadline.
        """
        if self.limits.calls_per_second <= 0:
            return
        now = time.monotonic()
        slot = max(now, self._next_slot)
        if slot >= account.ends:
            raise DeadlinePassed(
                f"at {self.limits.calls_per_second:g} calls a second the deadline of this check comes first"
            )
        self._next_slot = slot + 1 / self.limits.calls_per_second
        if slot > now:
            await asyncio.sleep(slot - now)

    def _note(self, where: str, number: int, sent: tuple[str, str], reply: str, wrong: str | None) -> None:
        """Write down what was sent and what came back, for whoever asked to see it; 0 stands for a kept reply."""
        if self.explain is None:
            return
        self.explain.mkdir(parents=True, exist_ok=True)
        parts = [f"# {self.name}", *(f"## {who}\n\n{text}" for who, text in zip(("system", "user"), sent, strict=True))]
        parts.append(f"## reply\n\n{reply or '(none that could be read)'}")
        parts.append(
            f"## outcome\n\n{wrong or ('accepted' if number else 'kept from an earlier check; not asked again')}"
        )
        name = f"{where[:16]}-{number or 'kept'}.md"
        (self.explain / name).write_text("\n\n".join(parts) + "\n", encoding="utf-8", errors="backslashreplace")


def _sort(error: BaseException) -> tuple[int | None, float | None]:
    """HTTP status and seconds to wait, from whatever a vendor's client raises; None for faults of the network.

    Some clients wrap the error that knows the status in one of their own, so its causes are asked too.
    """
    seen: BaseException | None = error
    while seen is not None:
        response = getattr(seen, "response", None)
        for status in (
            getattr(seen, "status_code", None),
            getattr(response, "status_code", None),
            getattr(seen, "code", None),
        ):
            if isinstance(status, int) and 400 <= status <= 599:
                headers = getattr(response, "headers", None) or {}
                return status, _retry_after(headers.get("retry-after") or headers.get("Retry-After"))
        seen = seen.__cause__
    return None, None


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
    return f"{type(error).__name__}: {_SECRET.sub('[key]', ' '.join(str(error).split()))[:160]}"
