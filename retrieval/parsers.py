"""The parsers that run in a child process of `retrieval.sandbox`. Nothing else should import this module.

Each takes bytes and returns plain JSON values. `main` limits the process before it reads its input.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable
from typing import Any

_FEED_ENTRIES = 500
_HTML_MARK = re.compile(r"<[a-zA-Z/!]")


class Broken(Exception):
    """The document is damaged, encrypted or hostile; the message ends a sentence that begins with its name."""


class TooMuch(Exception):
    """The document has more text than is kept."""


def pdf(data: bytes, most: int) -> dict[str, Any]:
    """Text by page, title, author and creation date of a PDF.

    Raises:
        Broken: It is encrypted with a password or cannot be read.
        TooMuch: It has more than `most` characters.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    pages: list[str] = []
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Broken("is encrypted; remove its password")
        size = 0
        for page in reader.pages:
            text = page.extract_text()
            size += len(text)
            if size > most:
                raise TooMuch
            pages.append(text)
        info: Any = reader.metadata or {}
        about = {key: str(info.get(f"/{key}") or "") for key in ("Title", "Author", "CreationDate")}
    except (Broken, TooMuch, MemoryError):
        raise
    # pypdf raises whatever a damaged file leads it into, beyond its own errors.
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError) as error:
        raise Broken(f"is not a readable PDF ({str(error)[:120] or type(error).__name__})") from error
    except NotImplementedError as error:
        raise Broken(f"uses what is not read ({str(error)[:120]})") from error
    return {"pages": pages, "title": about["Title"], "author": about["Author"], "created": about["CreationDate"]}


def xml(data: bytes, most: int) -> dict[str, Any]:
    """Root name and text of an XML document, a line per element that has text.

    Raises:
        Broken: It is not well-formed, or declares entities.
        TooMuch: It has more than `most` characters.
    """
    root = _tree(data)
    lines: list[str] = []
    size = 0
    for part in root.itertext():
        line = " ".join(part.split())
        size += len(line)
        if size > most:
            raise TooMuch
        if line:
            lines.append(line)
    return {"root": str(root.tag).rpartition("}")[2].lower(), "text": "\n".join(lines)}


def feed(data: bytes, most: int) -> dict[str, Any]:  # noqa: ARG001 - the number of entries bounds it
    """Title, language and entries of an RSS or Atom feed, newest as they stand.

    Raises:
        Broken: It is not a feed, or declares entities.
    """
    import feedparser

    with contextlib.suppress(Broken):
        _tree(data)  # feeds in the wild are often not well-formed; entities are another matter
    if _declares_entities(data):
        raise Broken("declares entities, as no honest feed needs to")
    # A stream, so that bytes are never taken for a URL or a path.
    parsed = feedparser.parse(io.BytesIO(data), sanitize_html=True, resolve_relative_uris=False)
    if not parsed.get("version") and not parsed.entries:
        raise Broken("is not an RSS or Atom feed")
    entries = [_entry(entry) for entry in parsed.entries[:_FEED_ENTRIES]]
    if parsed.get("bozo") and not any(entry["url"] or entry["id"] for entry in entries):
        raise Broken("is cut off or not well-formed, and none of its items can be read")
    about = parsed.feed
    return {
        "title": _plain(about.get("title")),
        "language": str(about.get("language") or ""),
        "entries": entries,
    }


def _entry(entry: Any) -> dict[str, str]:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    stamp = ""
    if moment:
        stamp = "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*moment[:6])
    bodies = [part.get("value") for part in entry.get("content") or [] if isinstance(part, dict)]
    return {
        "id": str(entry.get("id") or ""),
        "url": str(entry.get("link") or ""),
        "title": _plain(entry.get("title")),
        "summary": _plain(next((body for body in bodies if body), entry.get("summary"))),
        "author": _plain(entry.get("author")),
        "published": str(entry.get("published") or entry.get("updated") or ""),
        "published_at": stamp,
    }


def _plain(value: Any) -> str:
    text = str(value or "")
    if _HTML_MARK.search(text) or "&" in text:
        from lxml import html

        with contextlib.suppress(Exception):
            text = html.fromstring(f"<div>{text}</div>").text_content()
    return " ".join(text.split())


def _declares_entities(data: bytes) -> bool:
    return re.search(rb"<!ENTITY", data.replace(b"\0", b""), re.IGNORECASE) is not None


def _tree(data: bytes) -> Any:
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(data)
    except DefusedXmlException as error:
        raise Broken(f"declares what is not read ({type(error).__name__})") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Broken(f"is not well-formed XML ({str(error)[:120]})") from error


_KINDS: dict[str, Callable[[bytes, int], dict[str, Any]]] = {"pdf": pdf, "xml": xml, "feed": feed}


def _limit(memory: int, cpu: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where the parent's wall time is what holds
        return
    for what, soft in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        ceiling = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(what, (ceiling, ceiling))


def main(arguments: list[str]) -> None:
    """Parse standard input as `kind`, under `memory` bytes and `cpu` seconds, and write JSON to standard output."""
    kind, memory, cpu, most = arguments[0], *map(int, arguments[1:4])
    _limit(memory, cpu)
    try:
        answer = _KINDS[kind](sys.stdin.buffer.read(), most)
    except Broken as error:
        answer = {"error": "broken", "why": str(error)}
    except TooMuch:
        answer = {"error": "limit", "why": f"has more than {most:,} characters of text; split it"}
    except (MemoryError, RecursionError):
        answer = {"error": "limit", "why": "takes too much memory to read; split it"}
    sys.stdout.write(json.dumps(answer))
