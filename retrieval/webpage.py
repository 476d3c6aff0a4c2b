"""HTML -> what a reader sees, and what the page says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from retrieval.dates import parse_date
from retrieval.errors import BrokenDocument, NoText
from retrieval.hidden import hidden_characters, remove_hidden

_ARTICLE = re.compile(r"article|posting|report|review|webpage", re.IGNORECASE)
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "publishdate",
    "publish_date",
    "pubdate",
    "content_publisheddate",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "parsely-pub-date",
    "sailthru.date",
    "date",
)
_DATE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:date|time|tanggal|waktu|published|publish|dateline|timestamp|post-?meta|read__time)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read.

    Attributes:
        site: Name of the site as the page gives it, which is a claim, not a proof.
        canonical: Absolute URL that the page calls its own, empty without one.
        published_at: ISO 8601 to the precision the page shows, or None.
        modified_at: Likewise, when it says it was changed.
        language: The `lang` attribute, two letters, or empty.
        hidden: The page held text, more than furniture, that it does not show.
        invisible: Kinds of invisible characters in what it shows (extraction drops some of them).
    """

    title: str
    author: str
    site: str
    canonical: str
    published_at: str | None
    modified_at: str | None
    language: str
    text: str
    hidden: bool
    invisible: tuple[str, ...]


def read_page(html: str, url: str, name: str) -> Page:
    """Return what `html` shows and says about itself.

    Args:
        html: The page, decoded.
        url: Where it was found, possibly empty.
        name: What to call it in messages.

    Raises:
        BrokenDocument: It cannot be parsed at all.
        NoText: It has no readable text, as pages that scripts fill in.
    """
    from lxml import html as lxml_html

    # lxml refuses a declaration in text that is decoded already.
    plain = re.sub(r"^\s*<\?xml[^>]*\?>", "", html).replace("\0", "")
    try:
        parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=False)
        tree = lxml_html.document_fromstring(plain, parser=parser)
        page = _read(tree, url)
    # lxml and trafilatura raise what a hostile page leads them into; one page must not end the others' reading.
    except Exception as error:
        raise BrokenDocument(f"{name} is not readable HTML ({str(error)[:120] or type(error).__name__})") from error
    if not page.text.strip():
        raise NoText(f"{name} shows no readable text; it may need scripts or a subscription")
    return page


def _read(tree: Any, url: str) -> Page:
    from lxml import html as lxml_html
    from trafilatura import extract
    from trafilatura.metadata import extract_metadata

    meta = _meta(tree)
    said = _linked_data(tree)
    dates = _Dates(tree, meta, said)
    language = (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "")[:2].lower()
    canonical = _canonical(tree, meta, url)
    hidden = remove_hidden(tree)
    invisible = hidden_characters(tree.text_content())
    about = extract_metadata(tree, default_url=url or None, extensive=False)
    shown = lxml_html.tostring(tree, encoding="unicode")
    text = extract(shown, url=url or None, output_format="txt", include_comments=False, include_tables=True) or ""
    author = _said_name(said.get("author")) or meta.get("author", "") or getattr(about, "author", None) or ""
    return Page(
        title=_line(said.get("headline") or meta.get("og:title") or getattr(about, "title", None)),
        author="" if "://" in author else _line(author),
        # Not trafilatura's, which takes the host where the page gives no name.
        site=_line(meta.get("og:site_name") or _said_name(said.get("publisher")) or meta.get("application-name")),
        canonical=canonical,
        published_at=dates.published() or _url_date(url or canonical),
        modified_at=dates.modified(),
        language=language if language.isalpha() else "",
        text=text,
        hidden=hidden,
        invisible=invisible,
    )


def _meta(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = (element.get("content") or "").strip()
        if key and content:
            found.setdefault(key.strip().lower(), content)
    return found


def _linked_data(tree: Any) -> dict[str, Any]:
    """The first JSON-LD object of the page that describes an article, with a date rather than without."""
    best: dict[str, Any] = {}
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            data = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(data, 0):
            kinds = node.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if not any(isinstance(kind, str) and _ARTICLE.search(kind) for kind in kinds):
                continue
            if not best or ("datePublished" in node and "datePublished" not in best):
                best = node
    return best


def _nodes(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 4:
        return
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            yield from _nodes(item.get("@graph") or [], depth + 1)
            yield from _nodes(item.get("mainEntity") or [], depth + 1)


def _said_name(value: Any) -> str:
    people = value if isinstance(value, list) else [value]
    names = [person.get("name") if isinstance(person, dict) else person for person in people]
    return ", ".join(dict.fromkeys(name.strip() for name in names if isinstance(name, str) and name.strip()))[:200]


class _Dates:
    """When a page says it was published: in its data, else in what it shows."""

    def __init__(self, tree: Any, meta: dict[str, str], said: dict[str, Any]) -> None:
        self._language = (tree.get("lang") or "")[:2].lower()
        self._data = [said.get("datePublished"), *(meta.get(key) for key in _PUBLISHED)]
        self._changed = [said.get("dateModified"), meta.get("article:modified_time"), meta.get("og:updated_time")]
        self._shown = list(islice(_shown_dates(tree), 60))

    def published(self) -> str | None:
        """The most precise of the first date in the data and the first one shown, if they agree on the day."""
        inside, shown = self._first(self._data), self._first(self._shown)
        if inside and shown and len(shown) > len(inside) and shown.startswith(inside):
            return shown
        return inside or shown

    def modified(self) -> str | None:
        return self._first(self._changed)

    def _first(self, candidates: list[Any]) -> str | None:
        for text in candidates:
            if isinstance(text, str) and text.strip():
                date = parse_date(" ".join(text.split())[:120], self._language)
                if date is not None:
                    return date.iso()
        return None


def _shown_dates(tree: Any) -> Iterator[str]:
    for element in tree.iter("time"):
        if element.get("itemprop") not in ("dateModified",):
            yield element.get("datetime") or ""
            yield element.text_content()
    for element in tree.xpath("//*[@itemprop='datePublished']"):
        yield element.get("content") or element.get("datetime") or element.text_content()
    for element in tree.xpath("//*[@class or @id]"):
        if element.tag in ("div", "span", "p", "small", "li", "h6", "h5") and _DATE_CLASS.search(
            f"{element.get('class') or ''} {element.get('id') or ''}"
        ):
            text = " ".join(element.text_content().split())
            if 6 <= len(text) <= 120:
                yield text


def _url_date(url: str) -> str | None:
    """The day in a path such as `/2025/06/23/`, which sites put there when they publish."""
    match = re.search(r"/((?:19|20)\d\d)/(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])(?=/|$)", url)
    date = parse_date("-".join(match.groups())) if match else None
    return date.iso() if date else None


def _canonical(tree: Any, meta: dict[str, str], url: str) -> str:
    links = [e.get("href") for e in tree.iter("link") if "canonical" in (e.get("rel") or "").lower().split()]
    claims: list[str | None] = [*links, meta.get("og:url")]
    for claimed in claims:
        if not claimed:
            continue
        try:
            whole = urljoin(url, claimed.strip())
            parts = urlsplit(whole)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc:
            return whole
    return ""


def _line(value: Any) -> str:
    return " ".join(value.split())[:500] if isinstance(value, str) else ""
