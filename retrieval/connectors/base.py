"""What a connector is: one place that evidence comes from, behind one protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from retrieval.types import Source


@dataclass(frozen=True, slots=True)
class Rejected:
    """One document that could not be used; the others of the same call still come.

    Attributes:
        where: A file, `file:line`, or URL: what the reader must look at.
        reason: One line that says why it was refused.
    """

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


Found = Source | Rejected
"""What a connector yields: a document, or the reason why one of them is not to be had."""


@runtime_checkable
class Connector(Protocol):
    """One place that evidence comes from.

    Attributes:
        name: What it is called on the command line (`--from wikipedia`).
        searches: True where `find` takes a query in words; False where it takes the address of something that is
            known already (a path, a URL, a feed).
    """

    name: str
    searches: bool

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        """Yield the documents found, as they come.

        Args:
            what: The query, or the path or URL of what is to be read.
            limit: Most documents to yield; None for the connector's own default.
            language: ISO 639-1 of the query where it is known (`id`, `en`); a place without languages ignores it.

        Yields:
            A `Source` for each document, a `Rejected` for each that was found but cannot be used.

        Raises:
            InputError: `what` itself cannot be used (no such path, not a URL).
            ConnectorError: The place as a whole did not answer as it should; other connectors may go on.
        """
        ...
