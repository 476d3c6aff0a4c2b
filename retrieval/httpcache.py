"""What was fetched before, with the validators that let a server answer "not modified". Opens no socket.

One pair of files per URL: `<hash>.json` (validators, checksum) and `<hash>.body`. A pair that does not match its
checksum is treated as absent, so a process killed while writing costs a second download and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A body that was fetched before, and what to ask the server about it."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def validators(self) -> dict[str, str]:
        """The request headers of a conditional request."""
        asked = {}
        if "etag" in self.headers:
            asked["If-None-Match"] = self.headers["etag"]
        if "last-modified" in self.headers:
            asked["If-Modified-Since"] = self.headers["last-modified"]
        return asked


class HTTPCache:
    """A bounded folder of answers. Safe to share between threads and processes: every write is a rename."""

    def __init__(self, folder: Path, *, max_entries: int = 500, max_bytes: int = 128 * 2**20) -> None:
        self._folder = folder
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def get(self, url: str) -> CachedAnswer | None:
        """Return the whole, undamaged answer stored for `url`, or None."""
        meta_path, body_path = self._paths(url)
        try:
            meta = json.loads(meta_path.read_text("utf-8"))
            body = body_path.read_bytes()
            headers = {str(k): str(v) for k, v in meta["headers"].items()}
            intact = meta["url"] == url and meta["sha256"] == hashlib.sha256(body).hexdigest()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return CachedAnswer(headers, body) if intact else None

    def put(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Store an answer that has a validator and may be stored; a folder that is not writable stores nothing."""
        if not ({"etag", "last-modified"} & headers.keys()) or "no-store" in headers.get("cache-control", "").lower():
            return
        kept = {k: v for k, v in headers.items() if k in ("etag", "last-modified", "content-type")}
        meta = {"url": url, "headers": kept, "sha256": hashlib.sha256(body).hexdigest()}
        meta_path, body_path = self._paths(url)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(body_path, body)
            self._write(meta_path, json.dumps(meta).encode())
            self._prune()

    def _paths(self, url: str) -> tuple[Path, Path]:
        key = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._folder / f"{key}.json", self._folder / f"{key}.body"

    def _write(self, path: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _prune(self) -> None:
        bodies = sorted(((p.stat(), p) for p in self._folder.glob("*.body")), key=lambda pair: pair[0].st_mtime)
        total = sum(stat.st_size for stat, _ in bodies)
        while bodies and (len(bodies) > self._max_entries or total > self._max_bytes):
            stat, oldest = bodies.pop(0)
            total -= stat.st_size
            oldest.unlink(missing_ok=True)
            oldest.with_suffix(".json").unlink(missing_ok=True)
