"""Bytes off the wire, bounded: one layer of gzip at most, and never more output than was allowed. Opens no socket.

httpx cannot bound decompression, and compression bombs are cheap: 809 bytes of Brotli become 2 GiB. So nothing but
a single gzip is accepted, and it is inflated piece by piece with a ceiling.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from retrieval.errors import BodyTooLarge, BrokenBody, UnsupportedEncoding

_PIECE = 64 * 1024


class BodyReader:
    """Collects a body under two ceilings: bytes as received, and bytes after decompression.

    Args:
        name: The URL for error messages.
        encoding: The `Content-Encoding` header of the answer.
        max_wire: Ceiling for received bytes.
        max_body: Ceiling for bytes after decompression.
        truncate: Stop at the ceiling instead of refusing, for files of which the beginning is enough.

    Raises:
        UnsupportedEncoding: Not identity and not one single gzip.
    """

    def __init__(self, name: str, encoding: str, *, max_wire: int, max_body: int, truncate: bool = False) -> None:
        layers = [layer.strip().lower() for layer in encoding.split(",") if layer.strip()]
        layers = [layer for layer in layers if layer != "identity"]
        if len(layers) > 1 or (layers and layers[0] not in ("gzip", "x-gzip")):
            raise UnsupportedEncoding(name, f"is sent as {encoding[:80]!r}; only a single gzip is read")
        self._name = name
        self._max_wire = max_wire
        self._max_body = max_body
        self._truncate = truncate
        self._gzip = bool(layers)
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if layers else None
        self._parts: list[bytes] = []
        self._wire = 0
        self._size = 0
        self.full = False
        """The ceiling was reached and `truncate` asked to stop there."""

    def check_length(self, header: str | None) -> None:
        """Refuse at once what announces to be too large.

        Raises:
            BodyTooLarge: `Content-Length` is above the ceiling.
        """
        if header and header.isdecimal() and int(header) > self._max_wire and not self._truncate:
            raise BodyTooLarge(self._name, f"is {header} bytes, more than {self._max_wire}")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes from the wire.

        Raises:
            BodyTooLarge: A ceiling is passed.
            BrokenBody: It is not gzip.
        """
        self._wire += len(chunk)
        if self._wire > self._max_wire:
            self._stop(f"is more than {self._max_wire} bytes")
            chunk = b""
        if self._inflate is None:
            if not self._gzip:
                self._keep(chunk)
            return  # what follows the end of a gzip stream is padding
        while chunk and not self.full:
            try:
                piece = self._inflate.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise BrokenBody(self._name, f"is not valid gzip ({error})") from error
            self._keep(piece)
            chunk = self._inflate.unconsumed_tail
            if self._inflate.eof:
                chunk = self._inflate.unused_data.lstrip(b"\0")
                # RFC 1952 lets members follow each other; each is inflated under the same ceiling.
                self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if chunk[:2] == b"\x1f\x8b" else None
                if self._inflate is None:
                    return

    def finish(self) -> bytes:
        """Return the body.

        Raises:
            BrokenBody: The gzip stream ended early.
        """
        if self._inflate is not None and self._wire and not self._inflate.eof and not self.full:
            raise BrokenBody(self._name, "ends in the middle of its gzip stream")
        return b"".join(self._parts)

    def _keep(self, piece: bytes) -> None:
        room = self._max_body - self._size
        if len(piece) > room:
            self._stop(f"is more than {self._max_body} bytes after decompression" if self._gzip else "is too large")
            piece = piece[:room]
        if piece:
            self._parts.append(piece)
            self._size += len(piece)

    def _stop(self, why: str) -> None:
        if not self._truncate:
            self._parts.clear()
            raise BodyTooLarge(self._name, why)
        self.full = True


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that `Retry-After` asks for, as a number or an HTTP date; None without a readable one."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdecimal():
        return float(min(int(value[:12]), 10**9))
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
