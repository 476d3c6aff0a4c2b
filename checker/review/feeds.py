"""What is published, as a feed that news readers follow (RSS 2.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import format_datetime
from xml.etree import ElementTree

from checker.render.base import clean
from checker.review.claimreview import RULED, WORDS, Export, Publisher

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def rss(exports: Iterable[Export], publisher: Publisher, *, language: str = "id") -> bytes:
    """A feed of published items, in the order they come.

    Args:
        exports: What is public.
        publisher: Whose feed it is; the items' addresses are on its site.
        language: Of the feed's own words.

    Returns:
        UTF-8 XML. Text is data: characters that XML cannot hold, or that act instead of showing, are left out.
    """
    ElementTree.register_namespace("atom", ATOM)
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    site = publisher.url.rstrip("/")
    titles = {"id": "Hasil pemeriksaan fakta", "en": "Fact checks"}
    _add(channel, "title", f"{publisher.name}: {titles[language]}")
    _add(channel, "link", f"{site}/published")
    _add(channel, "description", titles[language])
    _add(channel, "language", language)
    ElementTree.SubElement(
        channel, f"{{{ATOM}}}link", href=f"{site}/published/feed.xml", rel="self", type="application/rss+xml"
    )
    for export in exports:
        item = ElementTree.SubElement(channel, "item")
        _add(item, "title", f"{verdict_words(export)}: {export.item.text}")
        _add(item, "link", f"{site}/published/{export.item.id}")
        # A correction is news to whoever read the first: it is another entry, under the same address.
        guid = f"{export.item.id}.{export.decision.id}"
        _add(item, "guid", guid).set("isPermaLink", "false")
        _add(item, "description", " ".join([export.decision.reason, *export.corrections[-1:]]))
        if export.published_at is not None:
            _add(item, "pubDate", format_datetime(export.published_at))
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def verdict_words(export: Export) -> str:
    """The decision in words of the item's language: a person's rating, where one was given, else the label."""
    language = export.item.language if export.item.language in WORDS else "en"
    if export.decision.rating is not None:
        return RULED[language][export.decision.rating]
    return WORDS[language][export.decision.label]


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = _NOT_XML.sub("", clean(text))
    return element
