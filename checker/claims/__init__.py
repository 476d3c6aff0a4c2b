"""Article to claims: sentence roles, splitting, attribution, check-worthiness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.errors import UnknownName

if TYPE_CHECKING:
    from checker.claims.base import Extractor

EXTRACTORS = ("rules",)
"""Names that `get_extractor` knows."""


def get_extractor(name: str = "rules", settings: Any = None) -> Extractor:
    """The extractor of a name.

    Args:
        name: One of `EXTRACTORS`.
        settings: All settings, for extractors that need any; the rules need none.

    Raises:
        UnknownName: There is none of that name.
    """
    del settings
    if name == "rules":
        from checker.claims.rules import RuleExtractor

        return RuleExtractor()
    raise UnknownName("extractor", name, EXTRACTORS)
