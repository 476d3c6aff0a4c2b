"""The public data sets: where each lives, whether the local copy is the right one, and how to get it."""

from __future__ import annotations

import io
import os
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evals.data.files import digest, file_digest
from evals.data.readers import READERS
from evals.errors import ChecksumMismatch, DataMissing, UnknownName
from evals.types import Dataset

if TYPE_CHECKING:
    from retrieval.fetch import Fetcher

Fetch = Callable[[str], bytes]
State = Literal["ok", "missing", "differs"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A data set in the catalogue.

    Attributes:
        kind: What its records are (see `evals.types.Dataset`).
        use: `train` (may be trained on), `dev` (for choosing), `test` (results only), `eval` (no training: licence).
        home: The project's public page, empty where it has none.
        folder: Its folder under the data directory.
        raw: Base address of the single files.
        archive: Address of a zip of the whole repository, where there are too many files to name.
        files: SHA-256 by path.
        tree: A folder that is wanted whole, with its own digest.
        needs: Other entries whose files its reader also reads.
    """

    name: str
    kind: str
    use: str
    language: str
    reader: str
    folder: str
    home: str
    licence: str
    note: str
    files: Mapping[str, str]
    raw: str = ""
    archive: str = ""
    tree: str = ""
    tree_sha256: str = ""
    needs: tuple[str, ...] = ()


def catalogue() -> dict[str, Entry]:
    """Every entry by name, in the order of the file."""
    table = tomllib.loads((Path(__file__).parent / "catalogue.toml").read_text(encoding="utf-8"))
    return {name: _entry(name, values) for name, values in table.items()}


def entry(name: str) -> Entry:
    """One entry.

    Raises:
        UnknownName: There is none of that name.
    """
    entries = catalogue()
    if name not in entries:
        raise UnknownName("data set", name, entries)
    return entries[name]


def data_root() -> Path:
    """`SARING_DATA`, else `../shared/data` (from here or from the checkout) if it exists, else a user folder."""
    if named := os.environ.get("SARING_DATA"):
        return Path(named).expanduser()
    for base in (Path.cwd(), Path(__file__).resolve().parents[2]):
        if (near := base.parent / "shared" / "data").is_dir():
            return near
    from platformdirs import user_data_path

    return user_data_path("saring") / "data"


def verify(wanted: Entry, root: Path) -> dict[str, State]:
    """State of each of its files (or of its tree) under `root`."""
    base = root / wanted.folder
    states: dict[str, State] = {
        path: _state((base / path).is_file(), lambda path=path: file_digest(base / path), expected)  # type: ignore[misc]
        for path, expected in wanted.files.items()
    }
    if wanted.tree:
        tree = base / wanted.tree
        states[f"{wanted.tree}/"] = _state(tree.is_dir(), lambda: digest(_tree(tree), base), wanted.tree_sha256)
    return states


def is_here(wanted: Entry, root: Path) -> bool:
    """Whether all its files are there, without reading them."""
    base = root / wanted.folder
    return all((base / path).is_file() for path in wanted.files) and (not wanted.tree or (base / wanted.tree).is_dir())


def load(name: str, root: Path | None = None) -> Dataset:
    """Read a data set from its local copy.

    Raises:
        UnknownName: There is none of that name.
        DataMissing: A file is not there; the message says how to get it.
        ChecksumMismatch: A file is not the one that the catalogue names.
    """
    wanted, root = entry(name), root or data_root()
    files: dict[str, Path] = {}
    for part in (wanted, *(entry(other) for other in wanted.needs)):
        for path, state in verify(part, root).items():
            place = root / part.folder / path
            if state == "missing":
                raise DataMissing(f"{place}: missing; get it with: python -m evals data get {part.name}")
            if state == "differs":
                raise ChecksumMismatch(f"{place}: not the file that the catalogue names (SHA-256 differs)")
        files.update({path: root / part.folder / path for path in part.files})
        if part.tree:
            base = root / part.folder
            files.update({path.relative_to(base).as_posix(): path for path in _tree(base / part.tree)})
    records = READERS[wanted.reader](name, files)
    checksum = digest(files.values(), root)
    return Dataset(name, wanted.kind, records, checksum, wanted.use, wanted.home, wanted.licence)  # type: ignore[arg-type]


def get(wanted: Entry, root: Path, fetch: Fetch) -> list[Path]:
    """Download what is missing or differs, check it, and put it in place.

    Nothing is written before its checksum is right.

    Args:
        wanted: The entry.
        root: The data directory.
        fetch: Bytes of an address.

    Returns:
        The files that were written.

    Raises:
        DataMissing: It has no public address.
        ChecksumMismatch: What came is not what the catalogue names.
    """
    written = []
    base = root / wanted.folder
    for path, state in verify(wanted, root).items():
        if state == "ok":
            continue
        if path.endswith("/"):
            written += _get_tree(wanted, base, fetch)
            continue
        if not wanted.raw:
            raise DataMissing(f"{wanted.name} has no public address; put {path} into {base} by hand")
        body = fetch(wanted.raw + path.replace(" ", "%20"))
        _check(body, wanted.files[path], wanted.raw + path)
        written.append(_put(base / path, body))
    return written


MAX_ARCHIVE = 2**30
"""Bytes of a file or an archive, as sent and unpacked: more than any entry has, less than a disk."""


def http_fetch(address: str, fetcher: Fetcher | None = None) -> bytes:
    """Bytes of an address, by the one door to the outside: no private addresses, one deadline, bounded bodies.

    Args:
        address: Where it is.
        fetcher: Fetches it; one that is patient enough for archives where None.

    Raises:
        DataMissing: The network or the server says no.
    """
    from retrieval.errors import FetchError
    from retrieval.fetch import Fetcher, FetchSettings

    patient = FetchSettings(deadline=900.0, max_wire_bytes=MAX_ARCHIVE, max_body_bytes=MAX_ARCHIVE)
    with fetcher or Fetcher(patient) as door:
        try:
            return door.get(address, accept=None, robots=False).body
        except FetchError as error:
            raise DataMissing(f"{error}; copy it by hand into SARING_DATA") from error


def _get_tree(wanted: Entry, base: Path, fetch: Fetch) -> list[Path]:
    if not wanted.archive:
        raise DataMissing(f"{wanted.name} has no public address; put {wanted.tree} into {base} by hand")
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=base) as folder:
        aside = Path(folder)
        for name, body in _members(fetch(wanted.archive), wanted):
            _put(aside / name, body)
        if digest(_tree(aside / wanted.tree), aside) != wanted.tree_sha256:
            raise ChecksumMismatch(f"{wanted.archive}: not the files that the catalogue names (SHA-256 differs)")
        if (base / wanted.tree).exists():  # what is there differs
            (base / wanted.tree).rename(aside / "before")
        (base / wanted.tree).parent.mkdir(parents=True, exist_ok=True)
        (aside / wanted.tree).rename(base / wanted.tree)
    return _tree(base / wanted.tree)


def _members(body: bytes, wanted: Entry) -> Iterator[tuple[str, bytes]]:
    """Files of the wanted folder in an archive that has one top folder, named for the commit."""
    left = MAX_ARCHIVE
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for member in archive.infolist():
                inside = member.filename.split("/", 1)[-1]
                if not inside.startswith(f"{wanted.tree}/") or member.is_dir() or ".." in inside.split("/"):
                    continue
                left -= member.file_size
                if left < 0:
                    raise ChecksumMismatch(f"{wanted.archive}: unpacks to more than {MAX_ARCHIVE} bytes")
                yield inside, archive.read(member)
    except zipfile.BadZipFile as error:
        raise ChecksumMismatch(f"{wanted.archive}: not a zip file ({error})") from error


def _check(body: bytes, expected: str, address: str) -> None:
    import hashlib

    if hashlib.sha256(body).hexdigest() != expected:
        raise ChecksumMismatch(f"{address}: not the file that the catalogue names (SHA-256 differs)")


def _put(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(body)
    part.replace(path)
    return path


def _state(there: bool, actual: Callable[[], str], expected: str) -> State:
    if not there:
        return "missing"
    return "ok" if actual() == expected else "differs"


def _tree(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _entry(name: str, values: Mapping[str, Any]) -> Entry:
    files = {line["path"]: line["sha256"] for line in values.get("files", [])}
    rest = {key: value for key, value in values.items() if key not in {"files", "needs"}}
    return Entry(name=name, files=files, needs=tuple(values.get("needs", ())), **rest)
