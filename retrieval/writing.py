"""Writing to a store: in batches of what can be used, each with its origins, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from retrieval.connectors.base import Found, Rejected
from retrieval.database import Database, NewSource
from retrieval.dates import utc_text
from retrieval.errors import InputError
from retrieval.grouping import group, resettle, ungroup
from retrieval.ingest import checked
from retrieval.types import Source

BATCH_CHARACTERS = 150_000
"""Text that is embedded and committed together: a few seconds' work, which is what a kill can lose."""


@dataclass(frozen=True, slots=True)
class AddResult:
    """What became of the sources handed to `EvidenceStore.add`; ids in the order they came."""

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    failed: tuple[Rejected, ...] = ()


def write_sources(database: Database, prepared: Sequence[NewSource], dimensions: int) -> None:
    """Write sources in place of those of the same ids, and find their origins; inside a transaction."""
    now = utc_text(datetime.now(UTC))
    nums = []
    for new in prepared:
        known = database.find(new.source.id)
        left = ungroup(database, known[0]) if known else []
        if known is not None:
            database.delete(known[0])
        nums.append(database.insert(new, now, known[0] if known else None))
        resettle(database, left)
    group(database, nums, dimensions)
    database.next_generation()


def delete_source(database: Database, num: int) -> None:
    """Delete a source, and find the origins of those it was linked to again; inside a transaction."""
    left = ungroup(database, num)
    database.delete(num)
    resettle(database, left)
    database.next_generation()


def batches(sources: Iterable[Found], failed: list[Rejected]) -> Iterator[list[Source]]:
    """Usable sources in batches that hold no id twice; the others go to `failed`."""
    batch: dict[str, Source] = {}
    size = 0
    for found in sources:
        if isinstance(found, Rejected):
            failed.append(found)
            continue
        try:
            source = checked(found)
        except InputError as error:
            failed.append(Rejected(found.id or found.url or "a source", str(error)))
            continue
        if source.id in batch or size > BATCH_CHARACTERS:
            yield list(batch.values())
            batch, size = {}, 0
        batch[source.id] = source
        size += len(source.text)
    if batch:
        yield list(batch.values())
