"""What was asked and what it cost, kept on disk: a reply is paid for once, a daily cap survives a restart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checker.errors import BudgetExhausted, SettingsError
from checker.llm.account import Account

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, reply TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS spending (
    day TEXT PRIMARY KEY, calls INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0
);
"""


def digest(*parts: Any) -> str:
    """A stable key for a request: SHA-256 over the canonical JSON of its parts."""
    canonical = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply that was paid for earlier."""

    reply: str
    prompt_tokens: int
    completion_tokens: int


class Ledger:
    """Replies and spending in one SQLite file; `Ledger(None)` keeps them in memory for one run."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self.path = path
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(str(path) if path else ":memory:", timeout=10, check_same_thread=False)
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(
                f"the reply cache {path} cannot be used ({error}); delete it or set SARING_CACHE to another file"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            yield self._db

    def get(self, key: str) -> Kept | None:
        """The reply kept under a key, or None."""
        with self._lock:
            row = self._db.execute(
                "SELECT reply, prompt_tokens, completion_tokens FROM replies WHERE key = ?", (key,)
            ).fetchone()
        return Kept(*row) if row else None

    def put(self, key: str, kept: Kept) -> None:
        """Keep a reply."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?)",
                (key, kept.reply, kept.prompt_tokens, kept.completion_tokens, datetime.now(UTC).isoformat()),
            )

    def spend(self, calls: int, tokens: int, cap: int = 0) -> bool:
        """Add to what was spent today (UTC), in one step, so that runs side by side cannot both pass the cap.

        Args:
            calls: Calls made.
            tokens: Tokens spent; less than nothing gives back what was set aside for a call.
            cap: Nothing is added where as many tokens are spent already; 0 for no cap.

        Returns:
            Whether it was added.
        """
        with self._transaction() as db:
            changed = db.execute(
                "INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT (day) DO UPDATE SET "
                "calls = calls + excluded.calls, tokens = tokens + excluded.tokens WHERE ? = 0 OR tokens < ?",
                (_today(), calls, tokens, cap, cap),
            )
            return changed.rowcount > 0

    def spent_today(self) -> tuple[int, int]:
        """Calls and tokens spent today (UTC), by every run that shares the file."""
        with self._lock:
            row = self._db.execute("SELECT calls, tokens FROM spending WHERE day = ?", (_today(),)).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent; 0 means without limit.

    Attributes:
        max_calls: Calls of one check.
        max_tokens: Prompt and completion tokens of one check. A call is made while what is spent and what is set
            aside for calls under way is less; so the call that crosses the limit is the last.
        daily_tokens: Tokens of a day (UTC), over all runs that share the ledger.
    """

    max_calls: int = 0
    max_tokens: int = 0
    daily_tokens: int = 0

    def reserve(self, account: Account, ledger: Ledger, tokens: int) -> None:
        """Take the right to one call and set tokens aside for it.

        Raises:
            BudgetExhausted: There is none left; says which limit and how to raise it.
        """
        if self.max_calls and account.calls >= self.max_calls:
            raise BudgetExhausted(f"the limit of {self.max_calls} calls is reached; raise it with --max-calls")
        if self.max_tokens and account.tokens + account.held >= self.max_tokens:
            raise BudgetExhausted(f"the limit of {self.max_tokens} tokens is reached; raise it with --max-tokens")
        if not ledger.spend(1, tokens, cap=self.daily_tokens):
            raise BudgetExhausted(
                f"today's cap of {self.daily_tokens} tokens is reached; go on tomorrow (UTC) or raise "
                "SARING_DAILY_TOKENS"
            )
        account.calls += 1
        account.held += tokens

    def settle(self, account: Account, ledger: Ledger, held: int, prompt_tokens: int, completion_tokens: int) -> None:
        """Put what a call took in the place of what was set aside for it."""
        account.held -= held
        account.prompt_tokens += prompt_tokens
        account.completion_tokens += completion_tokens
        ledger.spend(0, prompt_tokens + completion_tokens - held)
