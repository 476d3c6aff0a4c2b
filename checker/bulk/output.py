"""The reports of a shard as one file, JSONL or Parquet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from checker.bulk.files import to_line, whole
from retrieval.errors import MissingExtra

Format = Literal["jsonl", "parquet"]

_TEXTS = ("key", "id", "url", "title", "publisher", "published_at", "language", "report_id", "as_of", "created_at")
_NUMBERS = ("claims", "supported", "unsupported", "needs_source", "failed")
COLUMNS = (*_TEXTS, *_NUMBERS, "elapsed_s", "report")
"""Of a row; `report` is the whole report of `saring check --format json`, in Parquet as its text."""

_ROWS = 64


def require(format: Format) -> None:
    """Make sure that this format can be written, before the work.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    if format == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise MissingExtra("pyarrow, which writes Parquet,", "parquet") from error


def write_rows(path: Path, rows: Iterable[dict[str, Any]], format: Format) -> int:
    """Write rows with `COLUMNS`, whole or not at all; returns how many. Writes no file where there are none."""
    every = iter(rows)
    first = next(every, None)
    if first is None:
        return 0
    write: Callable[[Any, Iterable[dict[str, Any]]], int] = _parquet if format == "parquet" else _jsonl
    with whole(path) as file:
        return write(file, _chain(first, every))


def _chain(first: dict[str, Any], rest: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    yield first
    yield from rest


def _jsonl(file: Any, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        file.write(to_line({name: row[name] for name in COLUMNS}))
        count += 1
    return count


def _parquet(file: Any, rows: Iterable[dict[str, Any]]) -> int:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.schema(
        [
            *(pa.field(name, pa.string()) for name in _TEXTS),
            *(pa.field(name, pa.int32()) for name in _NUMBERS),
            pa.field("elapsed_s", pa.float64()),
            pa.field("report", pa.string()),
        ]
    )
    count = 0
    every = iter(rows)
    with ParquetWriter(file, schema, compression="zstd") as writer:
        while some := [_text(row) for row in islice(every, _ROWS)]:
            writer.write_table(pa.Table.from_pylist(some, schema))
            count += len(some)
    return count


def _text(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its report as a JSON text; half surrogate pairs, which Arrow cannot carry, become question marks."""
    report = json.dumps(row["report"], ensure_ascii=False, allow_nan=False)
    flat = {name: row[name] for name in COLUMNS if name != "report"} | {"report": report}
    return {name: _carried(value) if isinstance(value, str) else value for name, value in flat.items()}


def _carried(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
