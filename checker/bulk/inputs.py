"""The articles of a bulk run: found in folders, JSONL and Parquet, cut into shards, and read again one at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from checker.bulk.files import to_line, whole
from checker.errors import ArticleError, ArticleTooLarge, BulkError
from retrieval.errors import MissingExtra

if TYPE_CHECKING:
    from checker.types import Article

Kind = Literal["article", "jsonl", "parquet"]

_KINDS: dict[str, Kind] = {
    **dict.fromkeys((".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml"), "article"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".parquet": "parquet",
}
FIELDS = ("id", "url", "title", "publisher", "published_at", "language", "text", "html")
"""What is read of a line of JSONL or a row of Parquet; other fields are let through unread."""

MAX_LINE = 12_000_000
"""Longest line that is read: an article of the largest size, every character of it escaped."""

_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was found, and what it is."""

    path: Path
    kind: Kind


class _Row(BaseModel):
    """A line of JSONL as it comes from outside."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int = ""
    url: str | None = ""
    title: str | None = ""
    publisher: str | None = ""
    published_at: str | None = None
    language: str | None = ""
    text: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One article of the input.

    Attributes:
        key: Names it within the run: its file, and the line or row where the file holds several.
        id: What the input calls it, may be empty.
        read: Makes the article. Raises `ArticleError`.
    """

    key: str
    id: str
    read: Callable[[], Article]


def walk(inputs: Sequence[Path], without: Path) -> Iterator[InputFile]:
    """The files of the inputs, always in the same order. Hidden ones, other kinds and `without` are passed over.

    Raises:
        BulkError: An input is not there, may not be read, or is of a kind that is not read.
    """
    for path in inputs:
        if path.is_dir():
            yield from _folder(path, without)
        else:
            yield InputFile(path, _KINDS[path.suffix.lower()])


def check_inputs(inputs: Sequence[Path]) -> list[Path]:
    """The inputs as absolute paths, in the order given.

    Raises:
        BulkError: One is not there or of a kind that is not read, or two hold the same files.
    """
    found: list[Path] = []
    for path in inputs:
        full = path.expanduser().resolve()
        if not full.exists():
            raise BulkError(f"no such file or folder: {path}; check the path")
        if full.is_file() and full.suffix.lower() not in _KINDS:
            raise BulkError(f"{path} is of a kind that is not read; give a folder or a file of: {' '.join(_KINDS)}")
        if not full.is_file() and not full.is_dir():
            raise BulkError(f"{path} is neither a file nor a folder; save its articles in a file first")
        for other in found:
            if full == other or other in full.parents or full in other.parents:
                raise BulkError(
                    f"{path} and {other} hold the same files, which would be checked twice; give one of them"
                )
        found.append(full)
    return found


def _folder(folder: Path, without: Path) -> Iterator[InputFile]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        raise BulkError(f"{folder} cannot be read ({error.strerror or error}); change its permissions") from error
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if path != without:
                yield from _folder(path, without)
        elif (kind := _KINDS.get(path.suffix.lower())) is not None and entry.is_file():
            yield InputFile(path, kind)


def fingerprint(inputs: Sequence[Path], without: Path) -> tuple[str, int]:
    """A digest of the inputs, by which a continued run knows them again, and how many articles they hold."""
    digest = hashlib.sha256()
    articles = 0
    for file in walk(inputs, without):
        digest.update(to_line([str(file.path), file.kind]))
        try:
            if file.kind == "article":
                digest.update(str(file.path.stat().st_size).encode())
                articles += 1
            elif file.kind == "jsonl":
                articles += _count_lines(file.path, digest.update)
            else:
                with file.path.open("rb") as opened:
                    digest.update(hashlib.file_digest(opened, "sha256").digest())
                articles += _count_rows(file.path)
        except OSError as error:
            raise _unreadable(file.path, error) from error
    return digest.hexdigest(), articles


def cut(inputs: Sequence[Path], without: Path, size: int, spool: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The inputs in shards of at most `size` articles: how many are in each, and where they are.

    Args:
        inputs: As `check_inputs` returns them.
        without: Folder that is passed over.
        size: Most articles of a shard.
        spool: Folder for copies of Parquet files as JSONL, in which a row can be found without reading those before it.
    """
    files: list[str] = []
    for number, file in enumerate(walk(inputs, without)):
        if file.kind == "article":
            files.append(str(file.path))
            if len(files) == size:
                yield len(files), {"files": files}
                files = []
            continue
        lines = file.path
        if file.kind == "parquet":
            lines = spool / f"{number:06d}.jsonl"
            _spool(file.path, lines)
        try:
            yield from _cut_lines(lines, str(file.path), size)
        except OSError as error:
            raise _unreadable(file.path, error) from error
    if files:
        yield len(files), {"files": files}


def read_items(spec: Mapping[str, Any]) -> Iterator[Item]:
    """The articles of a shard, in order; each is read when it is asked for."""
    if "files" in spec:
        for path in spec["files"]:
            yield Item(path, Path(path).name, _reader(path))
        return
    try:
        with Path(spec["lines"]).open("rb") as file:
            file.seek(spec["offset"])
            left, number = int(spec["count"]), int(spec["first"])
            for line in _lines(file):
                if not left:
                    return
                if line.strip():
                    left -= 1
                    key = f"{spec['name']}:{number}"
                    yield Item(key, *_row(line, key))
                number += 1
    except OSError as error:
        raise _unreadable(Path(spec["lines"]), error) from error


def _reader(path: str) -> Callable[[], Article]:
    def read() -> Article:
        from checker.article import read_article

        return read_article(path)

    return read


def _row(line: bytes, key: str) -> tuple[str, Callable[[], Article]]:
    """What a line of JSONL calls its article, and what makes the article."""

    def refuse(error: ArticleError) -> Callable[[], Article]:
        def read() -> Article:
            raise error

        return read

    if len(line) > MAX_LINE:
        return "", refuse(ArticleTooLarge(f"{key} has more than {MAX_LINE:,} bytes; that is more than one article"))
    try:
        value = json.loads(line)
        row = _Row.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        return "", refuse(ArticleError(f"{key}: {where}: {first['msg']}; each line is an object with 'text' or 'html'"))
    except (ValueError, RecursionError):
        return "", refuse(ArticleError(f"{key} is not a line of JSON; each line is an object with 'text' or 'html'"))

    def read() -> Article:
        from checker.article import LANGUAGES, article_from_html, article_from_text
        from retrieval.dates import bounds

        if (row.text is None) == (row.html is None):
            said = "both 'text' and 'html'" if row.text is not None else "neither 'text' nor 'html'"
            raise ArticleError(f"{key} has {said}; give one of them")
        if row.published_at:
            try:
                bounds(row.published_at)
            except ValueError as error:
                raise ArticleError(f"{key}: published_at: {error}") from None
        language = (row.language or "").lower()[:2]
        make = article_from_text if row.text is not None else article_from_html
        return make(
            row.text if row.text is not None else row.html or "",
            url=row.url or "",
            title=row.title or "",
            publisher=row.publisher or "",
            published_at=row.published_at or None,
            language=language if language in LANGUAGES else "",
            name=key,
        )

    return str(row.id), read


def _lines(file: Any) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only the beginning, which is more than `MAX_LINE`."""
    while line := file.readline(MAX_LINE + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(_READ)):
            pass
        yield line


def _count_lines(path: Path, update: Callable[[bytes], object]) -> int:
    count = 0
    with path.open("rb") as file:
        for line in _lines(file):
            update(line)
            count += bool(line.strip())
    return count


def _cut_lines(lines: Path, name: str, size: int) -> Iterator[tuple[int, dict[str, Any]]]:
    with lines.open("rb") as file:
        offset = start = 0
        count, first = 0, 1
        for number, line in enumerate(_lines(file), 1):
            if line.strip():
                if count == size:
                    yield count, {"lines": str(lines), "name": name, "offset": start, "first": first, "count": count}
                    count, start, first = 0, offset, number
                count += 1
            offset = file.tell()
        if count:
            yield count, {"lines": str(lines), "name": name, "offset": start, "first": first, "count": count}


def _parquet(path: Path) -> Any:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtra("pyarrow, which reads Parquet,", "parquet") from error
    try:
        return ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise BulkError(f"{path} is not a Parquet file that can be read: {str(error).splitlines()[0]}") from error


def _count_rows(path: Path) -> int:
    with _parquet(path) as file:
        columns = set(file.schema_arrow.names)
        if not columns & {"text", "html"}:
            raise BulkError(f"{path} has neither a column 'text' nor 'html'; its columns: {', '.join(sorted(columns))}")
        return int(file.metadata.num_rows)


def _spool(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _parquet(path) as file, whole(target) as out:
        columns = [name for name in file.schema_arrow.names if name in FIELDS]
        for batch in file.iter_batches(batch_size=256, columns=columns):
            for row in batch.to_pylist():
                out.write(to_line({name: _plain(value) for name, value in row.items() if value is not None}))


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if isinstance(value, str | int) and not isinstance(value, bool) else str(value)


def _unreadable(path: Path, error: OSError) -> BulkError:
    return BulkError(f"{path} cannot be read: {error.strerror or error}")
