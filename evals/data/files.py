"""Reading JSONL, CSV and hashes, with every mistake named by file and line."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evals.errors import DataError


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        DataError: It is missing, a folder, or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")  # offsets do not count a byte order mark
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) for each line that is not blank.

    Raises:
        DataError: A line is not a JSON object.
    """
    # splitlines() would also split on U+2028 and the like, which may stand inside a JSON string.
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}:{number}: not JSON ({error.msg} at column {error.colno})") from error
        if not isinstance(value, dict):
            raise DataError(f"{path}:{number}: a line must be a JSON object")
        yield number, value


def read_table(path: Path, delimiter: str = ",", quoted: bool = True) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row by header) of a CSV or TSV file with a header line."""
    csv.field_size_limit(1 << 24)
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(
                handle, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
            )
            for row in reader:
                yield reader.line_num, {key: value or "" for key, value in row.items() if key is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error})") from error


def digest(paths: Iterable[Path], root: Path | None = None) -> str:
    """SHA-256 over names and contents, in the order of the names, so that a moved folder keeps its digest."""
    total = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix() if root else path.name
        total.update(f"{name}\0{file_digest(path)}\n".encode())
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of one file, in hex.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
