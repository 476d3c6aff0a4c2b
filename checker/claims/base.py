"""What an extractor is: an article goes in, its claims come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from checker.types import Article, Claim, Failure

Progress = Callable[[int, int], None]
"""Called with (done, total) sentences while an extractor works; must not raise."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The claims of an article in its order, and what could not be read of it.

    Attributes:
        claims: Every id occurs once; `article.text[claim.start:claim.end] == claim.quote`.
        failures: One for each sentence that stopped the extractor; its `claim_id` stands for the claims it may hold.
    """

    claims: tuple[Claim, ...]
    failures: tuple[Failure, ...] = ()


@runtime_checkable
class Extractor(Protocol):
    """Anything that finds the claims of an article."""

    @property
    def name(self) -> str:
        """Short name that reports show, e.g. `rules`."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """What made the claims: versions of rules, models and prompts. Goes into every report."""
        ...

    def extract(self, article: Article, progress: Progress | None = None) -> Extraction:
        """Find the claims of an article.

        Returns:
            Claims in the order of the article, those that are not checkable (opinions, predictions, questions)
            included. What fails becomes a failure, it does not raise.
        """
        ...
