"""Files that are there whole or not at all, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `path` when the block ends well."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a JSON object, whole or not at all."""
    with whole(path) as file:
        file.write(to_line(value))


def write_json_once(path: Path, value: Any) -> bool:
    """Write a JSON object where none is; False where somebody else has written one before."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        with part.open("wb") as file:
            file.write(to_line(value))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links: the gap between the question and the renaming remains
            if path.exists():
                return False
            part.replace(path)
        return True
    finally:
        part.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """The JSON value of a file; None where it is not there.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def to_line(value: Any) -> bytes:
    """A value as one line of JSON; text that UTF-8 cannot carry is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def whole_lines(path: Path) -> Iterator[Any]:
    """The JSON values of a journal, up to the line that a kill cut off."""
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    yield json.loads(line)
                except ValueError:
                    return
    except FileNotFoundError:
        return
