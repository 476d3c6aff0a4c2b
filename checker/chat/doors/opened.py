"""One checker for a whole process, opened when it is first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.pipeline import Checker
    from checker.settings import Settings


class Opened:
    """Opens a checker once, whichever thread asks first: no handshake waits for models to load."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = threading.Lock()
        self._checker: Checker | None = None

    def checker(self) -> Checker:
        """The checker.

        Raises:
            CheckerError, RetrievalError: The store, a model or a judge cannot be opened; says what to do.
        """
        from checker.pipeline import Checker

        with self._guard:
            if self._checker is None:
                self._checker = Checker.open(settings=self._settings)
            return self._checker

    def close(self) -> None:
        """Let go of the store."""
        with self._guard:
            if self._checker is not None:
                self._checker.close()
                self._checker = None
