"""From settings to a `Caller`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.llm.caller import Caller, Limits
from checker.llm.ledger import Budget, Ledger
from checker.llm.model import open_chat_model
from checker.settings import without_password

if TYPE_CHECKING:
    from checker.settings import Settings


def open_caller(settings: Settings) -> Caller:
    """Open the chat model that the settings name, with its limits, budget and cache. Nothing is sent.

    Raises:
        ModelUnavailable, MissingExtra: There is no such model, client or key; says what to do.
        SettingsError: The cache file cannot be used.
    """
    model = open_chat_model(settings.model, base_url=settings.base_url, timeout=settings.call_timeout)
    return Caller(
        model=model,
        # Two servers may call different weights by one name; the cache must keep their replies apart.
        name=f"{settings.model} at {without_password(settings.base_url)}" if settings.base_url else settings.model,
        ledger=Ledger(None if settings.cache == "none" else Path(settings.cache).expanduser()),
        budget=Budget(settings.max_calls, settings.max_tokens, settings.daily_tokens),
        limits=Limits(
            concurrency=settings.concurrency,
            deadline=settings.deadline,
            calls_per_second=settings.calls_per_second,
        ),
        explain=Path(settings.explain).expanduser() if settings.explain else None,
    )
