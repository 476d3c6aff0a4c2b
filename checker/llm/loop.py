"""One event loop for every call to a chat model.

The vendors' clients keep connections that belong to the loop that opened them, and LangChain shares these clients
between models: a second `asyncio.run` would find them bound to a loop that is closed, and pay for failed calls. So all
calls are made on one loop in a thread of its own, whether the caller is a coroutine or not.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner = 0


def _running() -> asyncio.AbstractEventLoop:
    global _loop, _owner
    with _lock:
        if _loop is None or _owner != os.getpid():  # a forked child inherits the loop but not its thread
            _loop = asyncio.new_event_loop()
            _owner = os.getpid()
            threading.Thread(target=_loop.run_forever, name="saring-llm", daemon=True).start()
        return _loop


def run_sync(work: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on the loop and wait for it. An interrupt (Ctrl-C) cancels it."""
    future = asyncio.run_coroutine_threadsafe(work, _running())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def run_async(work: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on the loop and await it from another. Cancelling the caller cancels it."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _running()))
