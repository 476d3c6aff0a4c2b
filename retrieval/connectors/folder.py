"""Files and folders: texts, Markdown, HTML, PDF and card files, wherever they lie below a path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from retrieval.connectors.base import Found, Rejected
from retrieval.connectors.cards import CardsConnector
from retrieval.errors import ExtractError, InputError

LARGEST_FILE = 32 * 1024 * 1024
"""Bytes of one document; a larger one is a dump that should be added in parts. A card file is read line by line, and
may be of any size."""

CARDS = ".jsonl"
_TYPES = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".pdf": "application/pdf",
}
SUFFIXES = (*_TYPES, CARDS)


class FolderConnector:
    """Reads one file, or every file of a known kind below a folder; one that cannot be used is rejected by name."""

    name = "folder"
    searches = False

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:  # noqa: ARG002
        """Yield the documents of a file or folder, in the order of their paths.

        Args:
            what: Path of a file or folder. In a folder, hidden files and files of other kinds are passed over; links
                are followed, each folder once.
            limit: Most documents to yield.
            language: Ignored; it is found in each document.

        Yields:
            A `Source` for each document, a `Rejected` for each that cannot be used.

        Raises:
            InputError: There is nothing at `what`, or nothing of a kind that can be read.
        """
        path = Path(what).expanduser()
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except OSError as error:
            reason = "there is no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror
            raise InputError(f"{path} cannot be read: {reason or error}") from error
        except ValueError as error:  # a NUL in the path
            raise InputError(f"{what!r} is not a path: {error}") from error
        if not is_folder and path.suffix.lower() not in SUFFIXES:
            raise InputError(f"{path} is not a kind of file that can be added; those are: {', '.join(SUFFIXES)}")
        count = 0
        any_file = False
        for file in _walk(path) if is_folder else [path]:
            any_file = True
            for found in [file] if isinstance(file, Rejected) else self._read(file):
                if limit is not None and count >= limit:
                    return
                count += not isinstance(found, Rejected)
                yield found
        if not any_file:
            raise InputError(f"{path} holds no file that can be added; those are: {', '.join(SUFFIXES)}")

    def _read(self, path: Path) -> Iterator[Found]:
        try:
            status = path.stat()
        except OSError as error:
            yield Rejected(str(path), f"cannot be read: {error.strerror or error}")
            return
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe or a device may never return.
            yield Rejected(str(path), "is not a regular file")
        elif status.st_size == 0:
            yield Rejected(str(path), "is empty")
        elif path.suffix.lower() == CARDS:
            yield from _cards(path)
        elif status.st_size > LARGEST_FILE:
            yield Rejected(
                str(path), f"has {status.st_size / 2**20:.0f} MiB; at most {LARGEST_FILE // 2**20} are read: split it"
            )
        else:
            yield _document(path)


def _cards(path: Path) -> Iterator[Found]:
    try:
        yield from CardsConnector().find(str(path))
    except (InputError, OSError) as error:
        yield Rejected(str(path), str(error))


def _document(path: Path) -> Found:
    from retrieval.extract import extract_bytes

    try:
        data = path.read_bytes()
        return extract_bytes(data, content_type=_TYPES[path.suffix.lower()], filename=path.name)
    except OSError as error:
        return Rejected(str(path), f"cannot be read: {error.strerror or error}")
    except (ExtractError, InputError) as error:
        return Rejected(str(path), str(error))


def _walk(top: Path) -> Iterator[Path | Rejected]:
    """Files of a known kind below a folder, and the folders that cannot be entered."""
    entered: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue  # a link back into what was read already
            entered.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Rejected(str(folder), f"cannot be entered: {error.strerror or error}")
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            if _is_folder(entry):
                folders.append(path)
            elif path.suffix.lower() in SUFFIXES:
                yield path
        waiting.extend(reversed(folders))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
