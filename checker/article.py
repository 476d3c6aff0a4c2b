"""Reading the article under check: from a file, standard input or a text to an `Article`.

`Article.text` is the cleaned text that every span of a report points into. Plain text is kept character for character
(every line break becomes a line feed, or a space inside a paragraph that was broken at a fixed width; a byte order mark
goes); Markdown loses its syntax, HTML all but its main text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from checker.errors import ArticleEmpty, ArticleError, ArticleNotFound, ArticleNotText, ArticleTooLarge
from checker.head import read_date, read_head
from checker.types import Article, Sentence
from checker.wrapping import unwrap
from retrieval.ids import content_hash, normalise_url
from retrieval.segment import LINE_BREAK, split_sentences

Format = Literal["auto", "text", "markdown", "html"]

MAX_BYTES = 5_000_000
"""Largest file that is read; a page of HTML with its scripts is rarely over 3 MB."""

MAX_CHARACTERS = 400_000
"""Longest text that is one article: the longest magazine pieces have under 200,000 characters."""

LANGUAGES = ("id", "en")

_SUFFIXES: dict[str, Format] = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown", ".markdown": "markdown", ".txt": "text",
    ".text": "text",
}  # fmt: skip
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP or Office file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"{\\rtf", "a Rich Text file"),
    (b"\x7fELF", "a program"),
)
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main)\b", re.I | re.S
)
_MARKDOWN_START = re.compile(r"\s*(?:---\n.*?\n---\n|#{1,3} \S)", re.S)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def read_article(
    src: str | Path,
    *,
    url: str = "",
    title: str = "",
    publisher: str = "",
    published_at: str | None = None,
    language: str = "",
    format: Format = "auto",
    stdin: IO[bytes] | None = None,
) -> Article:
    """Read an article from a file, or from standard input where `src` is `-`.

    Args:
        src: Path, or `-`.
        url: Where the article was published, if known.
        title: Overrides the headline that was found, as the following do for what they name.
        publisher: The outlet.
        published_at: ISO 8601, to any precision.
        language: `id` or `en`.
        format: What the bytes are; `auto` goes by the suffix and the first characters.
        stdin: Read instead of the process's own standard input.

    Raises:
        ArticleNotFound: No such file.
        ArticleEmpty: Nothing to read.
        ArticleTooLarge: More than `MAX_BYTES`; nothing of a larger file is read.
        ArticleNotText: Binary, or in an encoding that cannot be told.
        ArticleError: A folder, or a file that may not be read.
    """
    name = "standard input" if str(src) == "-" else str(src)
    data = _read_stdin(stdin) if str(src) == "-" else _read_file(Path(src))
    text = decode(data, name)
    if not text.strip():
        raise ArticleEmpty(f"{name} is empty; give a file with the text of an article")
    if format == "auto":
        format = _SUFFIXES.get(Path(str(src)).suffix.lower(), "auto") if str(src) != "-" else "auto"
    if format in ("auto", "text") and _HTML_START.match(text):
        format = "html"
    make = article_from_text
    if format == "html":
        make = article_from_html
    elif format == "markdown" or (format == "auto" and _MARKDOWN_START.match(text)):
        make = article_from_markdown
    return make(
        text,
        url=url,
        title=title,
        publisher=publisher,
        published_at=published_at,
        language=language,
        name=name,
    )


def article_from_text(
    text: str,
    /,
    *,
    url: str = "",
    title: str = "",
    publisher: str = "",
    published_at: str | None = None,
    language: str = "",
    name: str = "the article",
) -> Article:
    """Make an article of plain text. Every line break becomes a line feed, or a space where `unwrap` sees a paragraph.

    Args:
        text: The text, headline first where it has one.
        url: Where the article was published, if known.
        title: Overrides the headline that was found, as the following do for what they name.
        publisher: The outlet.
        published_at: ISO 8601, to any precision.
        language: `id` or `en`.
        name: What error messages call it.

    Raises:
        ArticleEmpty: Nothing but white space.
        ArticleTooLarge: More than `MAX_CHARACTERS`.
    """
    cleaned = unwrap(LINE_BREAK.sub("\n", text.removeprefix("\ufeff")))
    if len(cleaned) > MAX_CHARACTERS:
        raise _too_large(name, len(cleaned), "characters", MAX_CHARACTERS)
    if not cleaned.strip():
        raise ArticleEmpty(f"{name} is empty; give a file with the text of an article")
    head = read_head(cleaned)
    headline = cleaned[slice(*head.headline)] if head.headline else ""
    return Article(
        id="art-" + content_hash(normalise_url(url) or cleaned)[:16],
        url=url,
        title=title or headline,
        publisher=publisher or head.publisher,
        published_at=published_at or head.published_at,
        language=language or detect_language(cleaned),
        text=cleaned,
        sentences=tuple(Sentence(start, end, cleaned[start:end]) for start, end in split_sentences(cleaned)),
    )


def article_from_markdown(
    source: str,
    /,
    *,
    url: str = "",
    title: str = "",
    publisher: str = "",
    published_at: str | None = None,
    language: str = "",
    name: str = "the article",
) -> Article:
    """Make an article of Markdown: its text without syntax, images, code fences and raw HTML; front matter is read.

    Raises:
        ArticleEmpty: No text is left.
        ArticleTooLarge: More than `MAX_BYTES` characters.
    """
    if len(source) > MAX_BYTES:
        raise _too_large(name, len(source), "characters")
    front, body = _front_matter(LINE_BREAK.sub("\n", source.removeprefix("\ufeff")))
    text = "\n\n".join(_markdown_blocks(body))
    heading = front.get("title", "")
    if heading and heading not in text[: len(heading) + 200]:
        text = f"{heading}\n\n{text}"
    return article_from_text(
        text,
        url=url or front.get("url", "") or front.get("canonical_url", ""),
        title=title or heading,
        publisher=publisher or front.get("publisher", ""),
        published_at=published_at or read_date(front.get("date", "") or front.get("published_at", "")),
        language=language or front.get("lang", front.get("language", ""))[:2],
        name=name,
    )


def article_from_html(
    source: str,
    /,
    *,
    url: str = "",
    title: str = "",
    publisher: str = "",
    published_at: str | None = None,
    language: str = "",
    name: str = "the page",
) -> Article:
    """Make an article of a page: its main text without menus, comments and scripts, headline first.

    Raises:
        ArticleEmpty: No article was found on the page.
        ArticleTooLarge: More than `MAX_BYTES` characters.
    """
    if len(source) > MAX_BYTES:
        raise _too_large(name, len(source), "characters")
    from retrieval.errors import RetrievalError
    from retrieval.webpage import read_page

    try:
        page = read_page(source, url, name)
    except RetrievalError as error:
        raise ArticleEmpty(f"{error}; save the article's text as a .txt file and give that") from error
    text = page.text
    if page.title and not text.startswith(page.title):
        text = f"{page.title}\n\n{text}"
    return article_from_text(
        text,
        url=url or page.canonical,
        title=title or page.title,
        publisher=publisher or page.site,
        published_at=published_at or page.published_at,
        language=language or (page.language if page.language in LANGUAGES else ""),
        name=name,
    )


def detect_language(text: str, default: str = "id") -> str:
    """The language the rules read a text in, `id` or `en`; `default` where it shows neither."""
    from retrieval.language import detect_language as detect

    return detect(text) or default


def decode(data: bytes, name: str) -> str:
    """The text of a file's bytes: UTF-8, UTF-16 or UTF-32 by its mark, else UTF-8, else Windows-1252.

    Windows-1252 reads almost any bytes, so it is believed only where the result looks like writing: few bytes outside
    ASCII, and those letters or typographic marks.

    Raises:
        ArticleNotText: Binary, or in an encoding that cannot be told.
    """
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise ArticleNotText(f"{name} is {what}, not text; save the article as plain text, Markdown or HTML")
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise ArticleNotText(f"{name} is marked as {encoding} but is not; save it as UTF-8") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _windows_1252(data, name)
    if len(_CONTROL.findall(text)) > len(text) // 200:
        raise ArticleNotText(f"{name} is binary, not text; save the article as plain text, Markdown or HTML")
    return text


def _windows_1252(data: bytes, name: str) -> str:
    unknown = ArticleNotText(f"{name} is not UTF-8, and its encoding cannot be told; save it as UTF-8")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise unknown from None
    foreign = [char for char in text if ord(char) > 127]
    odd = sum(not (char.isalpha() or char in "‘’“”–—…•€£«»°©®™\u00a0¿¡§·") for char in foreign)
    if len(foreign) > len(text) * 0.1 + 2 or odd > len(foreign) * 0.2 + 1:
        raise unknown
    return text


def _read_file(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ArticleError(f"{path} is a folder; give the file of one article")
        with path.open("rb") as file:
            size = path.stat().st_size
            if size > MAX_BYTES:
                raise _too_large(str(path), size, "bytes")
            # A device or a growing file has no honest size: read one byte past the limit at most.
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ArticleNotFound(f"no such file: {path}; check the path, or give - to read standard input") from None
    except PermissionError:
        raise ArticleError(f"{path} may not be read; change its permissions (chmod u+r)") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArticleError(f"{str(path)[:200]} cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise _too_large(str(path), len(data), "bytes")
    return data


def _read_stdin(stdin: IO[bytes] | None) -> bytes:
    data = (stdin or sys.stdin.buffer).read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large("standard input", len(data), "bytes")
    return data


def _too_large(name: str, size: int, unit: str, most: int = MAX_BYTES) -> ArticleTooLarge:
    shown = f"more than {most:,}" if size == most + 1 else f"{size:,}"
    return ArticleTooLarge(f"{name} has {shown} {unit}; the most that is read as one article is {most:,}")


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The `key: value` lines of YAML front matter, and the rest. Anything deeper than one line is left out."""
    match = re.match(r"\s*---\n(.*?)\n---\n", text, re.S)
    if not match:
        return {}, text
    fields: dict[str, str] = {}
    for line in match.group(1).split("\n"):
        key, colon, value = line.partition(":")
        if colon and key == key.strip():
            fields[key.lower()] = value.strip().strip("\"'")
    return fields, text[match.end() :]


def _markdown_blocks(source: str) -> Iterator[str]:
    """The paragraphs, headings and list items of Markdown, as plain text."""
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type != "inline":
            continue
        parts: list[str] = []
        for child in token.children or ():
            if child.type in ("text", "code_inline"):
                parts.append(child.content)
            elif child.type == "softbreak":
                parts.append(" ")
            elif child.type == "hardbreak":
                parts.append("\n")
        block = "".join(parts).strip()
        if block:
            yield block
