"""Article to claims: sentence roles, splitting, attribution, check-worthiness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.errors import UnknownName

if TYPE_CHECKING:
    from checker.claims.base import Extractor
    from checker.settings import Settings

EXTRACTORS = ("llm", "rules")
"""Names that `get_extractor` knows."""


def get_extractor(name: str = "rules", settings: Settings | None = None) -> Extractor:
    """The extractor of a name.

    Args:
        name: One of `EXTRACTORS`.
        settings: All settings, for extractors that need any; the rules need none.

    Raises:
        UnknownName: There is none of that name.
        ModelUnavailable, MissingExtra: The chat model cannot be opened; says what to do.
    """
    if name == "rules":
        from checker.claims.rules import RuleExtractor

        return RuleExtractor()
    if name == "llm" and settings is not None:
        from checker.claims.llm import LLMExtractor

        return LLMExtractor.open(settings)
    raise UnknownName("extractor", name, EXTRACTORS)
