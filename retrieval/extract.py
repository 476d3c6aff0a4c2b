"""Bytes -> Source: text, title, author, publisher, date, language. HTML, PDF, XML, Markdown and plain text.

The text is what a reader sees, stored as found. Who published it follows from the address it was fetched from; what
a page says about itself is believed only where it cannot pass itself off as somebody else.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from retrieval.dates import parse_date
from retrieval.errors import ExtractLimit, NoText, UnsupportedFormat
from retrieval.guard import shown
from retrieval.hidden import hidden_characters
from retrieval.ids import content_hash, source_id
from retrieval.language import detect_language
from retrieval.publishers import Publisher, lookup, registry
from retrieval.sandbox import Limits, parse_in_child
from retrieval.types import Source

MAX_HTML = 8 * 2**20
"""Bytes of HTML; news pages are under one MiB, and the parser's cost grows with size."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->).)*+-->\s*)*+<(?:!doctype\s+html|html|head|body)[\s>]", re.I | re.S
)
_BY_MEDIA = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/rss+xml": "xml",
    "application/atom+xml": "xml",
    "application/rdf+xml": "xml",
}
_BY_SUFFIX = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".pdf": "pdf",
    ".xml": "xml",
    ".rss": "xml",
    ".atom": "xml",
}
_BINARY = (b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"RIFF")


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a format's reader found, before it is joined with what the address says."""

    text: str
    title: str = ""
    site: str = ""
    canonical: str = ""
    published_at: str | None = None
    language: str = ""
    hidden: bool = False
    invisible: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def extract_bytes(
    data: bytes,
    *,
    url: str = "",
    content_type: str = "",
    filename: str = "",
    fetched_at: str | None = None,
    limits: Limits | None = None,
) -> Source:
    """Return the document in `data` as a source.

    Args:
        data: The document, decompressed.
        url: Where it was fetched from (after redirects); empty for a local file.
        content_type: `Content-Type` header, with its charset; may be empty.
        filename: Name of the file or the last part of the path, for its suffix.
        fetched_at: ISO 8601; now by default.
        limits: What a PDF or XML document may cost to read.

    Raises:
        UnsupportedFormat: It is none of the formats that are read, or a feed.
        BrokenDocument: It is damaged or encrypted.
        ExtractLimit: It is too large, or takes too much time or memory.
        NoText: There is no readable text in it.
    """
    name = filename or shown(url) or "the document"
    if not data.strip():
        raise NoText(f"{name} is empty")
    kind = _kind(data, content_type, filename or PurePath(urlsplit(url).path if url else "").name, name)
    if kind == "pdf":
        draft = _pdf(data, name, limits)
    elif kind == "xml":
        draft = _xml(data, url, content_type, name, limits)
    elif kind == "html":
        draft = _html(data, url, content_type, name)
    else:
        text = decode(data, content_type).replace("\r\n", "\n").replace("\r", "\n")
        draft = _markdown(text) if kind == "markdown" else _plain(text)
    return _source(draft, url, name, fetched_at)


def decode(data: bytes, content_type: str = "") -> str:
    """Return `data` as text, without NUL characters.

    The encoding is that of the byte order mark, of the header, of what the document declares, UTF-8, at last
    Windows-1252, which reads any byte.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").replace("\0", "")
    declared = [
        match[1].decode("ascii") for match in map(_CHARSET.search, (content_type.encode(), data[:4096])) if match
    ]
    for encoding in [*declared, "utf-8"]:
        try:
            # What calls itself ISO 8859-1 on the web is Windows-1252 (WHATWG Encoding Standard).
            known = codecs.lookup(encoding).name
            return data.decode("cp1252" if known == "iso8859-1" else known).replace("\0", "")
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("cp1252", "replace").replace("\0", "")


def _kind(data: bytes, content_type: str, filename: str, name: str) -> str:
    head = data[:2048].lstrip()
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if head.startswith(_BINARY):
        raise UnsupportedFormat(f"{name} is a binary file; HTML, PDF, Markdown and plain text are read")
    media = content_type.split(";")[0].strip().lower()
    suffix = PurePath(filename).suffix.lower()
    kind = _BY_MEDIA.get(media) or _BY_SUFFIX.get(suffix)
    if kind == "pdf":
        raise UnsupportedFormat(f"{name} is called a PDF but is none")
    if media == "text/plain" and suffix in (".md", ".markdown"):
        return "markdown"
    start = decode(data[:2048], content_type)
    if kind in (None, "xml", "text") and _HTML_START.match(start):
        return "html"
    if kind is None and start.lstrip().startswith("<?xml"):
        return "xml"
    if kind is None and media and media != "application/octet-stream":
        raise UnsupportedFormat(f"{name} is {media[:60]!r}; HTML, PDF, Markdown and plain text are read")
    if kind in (None, "text") and b"\0" in data[:2048] and not data.startswith(tuple(mark for mark, _ in _BOMS)):
        raise UnsupportedFormat(f"{name} is a binary file; HTML, PDF, Markdown and plain text are read")
    return kind or "text"


def _html(data: bytes, url: str, content_type: str, name: str) -> _Draft:
    from retrieval.webpage import read_page

    if len(data) > MAX_HTML:
        raise ExtractLimit(f"{name} is more than {MAX_HTML // 2**20} MiB of HTML; save the part that matters")
    page = read_page(decode(data, content_type), url, name)
    extra = {"author": page.author, "modified_at": page.modified_at}
    return _Draft(
        page.text,
        page.title,
        page.site,
        page.canonical,
        page.published_at,
        page.language,
        page.hidden,
        page.invisible,
        {key: value for key, value in extra.items() if value},
    )


def _pdf(data: bytes, name: str, limits: Limits | None) -> _Draft:
    found = parse_in_child("pdf", data, name, limits)
    pages = [str(page).strip() for page in found["pages"]]
    text = "\n\n".join(page for page in pages if page)
    if not text:
        raise NoText(f"{name} has no text in it; a scanned PDF needs text recognition first")
    # Lines end where the column ends; a hyphen there splits a word. Paragraphs are not marked in a PDF.
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    extra = {"author": found["author"], "pages": len(pages), "pdf_created": _pdf_date(found["created"])}
    return _Draft(text, found["title"].strip(), extra={key: value for key, value in extra.items() if value})


def _pdf_date(text: str) -> str:
    match = re.match(r"D:(\d{4})(\d\d)(\d\d)", text)
    return "-".join(match.groups()) if match else ""


def _xml(data: bytes, url: str, content_type: str, name: str, limits: Limits | None) -> _Draft:
    found = parse_in_child("xml", data, name, limits)
    if found["root"] == "html":
        return _html(data, url, content_type, name)
    if found["root"] in ("rss", "feed", "rdf"):
        raise UnsupportedFormat(f"{name} is a feed; read it with: saring evidence watch --once {shown(url) or name}")
    return _Draft(found["text"])


def _plain(text: str) -> _Draft:
    first, _, rest = text.lstrip().partition("\n")
    # A first line that stands alone, is short and does not end a sentence is a headline.
    alone = rest.startswith("\n") and len(first) <= 160 and not first.rstrip().endswith((".", ",", ";", ":"))
    return _Draft(text.strip("\n"), first.strip() if alone else "")


def _markdown(text: str) -> _Draft:
    from markdown_it import MarkdownIt

    about: dict[str, str] = {}
    front = re.match(r"---\n(.*?)\n---\n", text, re.S)
    if front:
        text = text[front.end() :]
        for line in front[1].splitlines():
            key, colon, value = line.partition(":")
            if colon and re.fullmatch(r"\w+", key.strip()):
                about[key.strip().lower()] = value.strip().strip("\"'")
    title = about.get("title", "")
    blocks: list[str] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline":
            line = "".join(
                "\n" if child.type in ("softbreak", "hardbreak") else child.content
                for child in token.children or []
                if child.type in ("text", "code_inline", "softbreak", "hardbreak")
            ).strip()
            if not title and before is not None and before.type == "heading_open" and before.tag == "h1":
                title = line
            blocks.append(line)
        elif token.type in ("fence", "code_block"):
            blocks.append(token.content.rstrip("\n"))
    date = parse_date(about.get("date", "") or about.get("published_at", ""))
    return _Draft(
        "\n\n".join(block for block in blocks if block),
        title,
        site=about.get("publisher", ""),
        canonical=about.get("url", ""),
        published_at=date.iso() if date else None,
        extra={"author": about["author"]} if about.get("author") else {},
    )


def _source(draft: _Draft, url: str, name: str, fetched_at: str | None) -> Source:
    if len(re.findall(r"[^\W\d_]{2,}", draft.text[:2000])) < 3:
        raise NoText(f"{name} holds no readable text")
    extra = dict(draft.extra)
    address = url
    if draft.canonical and (not url or _same_site(url, draft.canonical)):
        # A page may give its own better address. One on another site is a claim that a forger would make too.
        address = draft.canonical
    elif draft.canonical and not _same_site(url, draft.canonical):
        extra["claims_url"] = draft.canonical
    publisher = _publisher(draft, address, url, extra)
    invisible = draft.invisible or hidden_characters(draft.text)
    if draft.hidden or invisible:
        extra["hidden_text"] = True
        extra["hidden_kinds"] = [*(["css"] if draft.hidden else []), *invisible]
    if publisher is not None and publisher.state_affiliated:
        extra["state_affiliated"] = True
    return Source(
        id=source_id(address, draft.text),
        url=address,
        title=draft.title,
        publisher=publisher.name if publisher is not None else str(extra.pop("site", "")),
        publisher_type=publisher.type if publisher is not None and publisher.type != "general" else "",
        country=publisher.country if publisher is not None else "",
        language=detect_language(draft.text) or draft.language,
        published_at=draft.published_at,
        fetched_at=fetched_at or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        via=(),
        content_hash=content_hash(draft.text),
        text=draft.text,
        extra=MappingProxyType(extra),
    )


def _publisher(draft: _Draft, address: str, fetched_from: str, extra: dict[str, Any]) -> Publisher | None:
    """The registered outlet behind the page; without one, leaves the page's name for itself in `extra["site"]`."""
    known = registry().of_url(address)
    if known is not None:
        return known
    named = lookup(draft.site) if draft.site else None
    if named is not None and not fetched_from:
        return named  # a saved file, handed in by a person who vouches for it
    if named is not None:
        extra["claims_publisher"] = draft.site
        extra["site"] = _site(address)
    else:
        extra["site"] = draft.site or _site(address)
    return None


def _site(url: str) -> str:
    return re.sub(r"^(?:www|m|amp|mobile)\.", "", (urlsplit(url).hostname or "") if url else "")


def _same_site(first: str, second: str) -> bool:
    return _site(first) == _site(second) != ""
