"""Out of the house: ClaimReview JSON-LD and CSV, of what people approved and nothing else.

A machine's label never leaves as a rating. "Unsupported" and "needs a source" are not "false": they carry a word and no
number. A number stands only where a person ruled the content true or false.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from checker.errors import WrongState
from checker.review import tables as t
from checker.review.queries import Queries
from checker.review.records import Decision, Item, aware
from checker.review.transitions import PUBLIC_STATES, State

EXPORTABLE = frozenset({State.APPROVED, *PUBLIC_STATES})

WORDS = {
    "id": {"supported": "Didukung bukti", "unsupported": "Belum terbukti", "needs_source": "Perlu sumber"},
    "en": {"supported": "Supported", "unsupported": "Unproven", "needs_source": "Needs a source"},
}
RULED = {"id": {"true": "Benar", "false": "Salah"}, "en": {"true": "True", "false": "False"}}


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes the review: the newsroom that runs Saring."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Export:
    """An approved item with what goes out about it."""

    item: Item
    decision: Decision
    article: dict[str, Any]
    published_at: datetime | None
    corrections: tuple[str, ...]


def gather(queries: Queries, item_id: str) -> Export:
    """Collect what may go out about an item.

    Raises:
        NotFound: There is no such item.
        WrongState: It is not approved: nothing goes out before four eyes saw it.
    """
    item = queries.get(item_id)
    if item.state not in EXPORTABLE:
        raise WrongState(f"only what is approved is exported; this item is {item.state}")
    decision = next(found for found in queries.decisions(item.id) if found.id == item.decision_id)
    article = dict(queries.article(item.article_id)) if item.article_id else {}
    query = (
        sa.select(t.publications.c.published_at, t.publications.c.correction_note)
        .where(t.publications.c.item_id == item.id)
        .order_by(t.publications.c.published_at)
    )
    with queries.database.read() as connection:
        rows = connection.execute(query).all()
    notes = tuple(row.correction_note for row in rows[1:] if row.correction_note)
    return Export(item, decision, article, aware(rows[-1].published_at) if rows else None, notes)


def claim_review(export: Export, publisher: Publisher) -> dict[str, Any]:
    """A schema.org ClaimReview.

    Returns:
        JSON-LD; `url` is a page of the publisher's own, as the schema asks.
    """
    item, decision = export.item, export.decision
    language = item.language if item.language in WORDS else "en"
    rating: dict[str, Any] = {"@type": "Rating", "alternateName": WORDS[language][decision.label]}
    if decision.rating is not None:
        rating |= {
            "alternateName": RULED[language][decision.rating],
            "ratingValue": 5 if decision.rating == "true" else 1,
            "bestRating": 5,
            "worstRating": 1,
        }
    reviewed: dict[str, Any] = {"@type": "Claim"}
    attribution = item.claim.get("attribution") or {}
    if attribution.get("speaker") and not attribution.get("anonymous"):
        reviewed["author"] = {"@type": "Person", "name": attribution["speaker"]}
        if attribution.get("role"):
            reviewed["author"]["jobTitle"] = attribution["role"]
    if _is_web(export.article.get("url", "")):
        reviewed["appearance"] = {"@type": "NewsArticle", "url": export.article["url"]}
        if export.article.get("title"):
            reviewed["appearance"]["headline"] = export.article["title"]
    if export.article.get("published_at"):
        reviewed["datePublished"] = export.article["published_at"]
    review: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": f"{publisher.url.rstrip('/')}/published/{item.id}",
        "claimReviewed": item.text,
        "inLanguage": language,
        "author": {"@type": "Organization", "name": publisher.name, "url": publisher.url},
        "reviewRating": rating,
        "reviewBody": decision.reason,
        "itemReviewed": reviewed,
    }
    if export.published_at is not None:
        review["datePublished"] = export.published_at.date().isoformat()
    if export.corrections:
        review["correction"] = list(export.corrections)
    return review


CSV_FIELDS = (
    "id",
    "state",
    "claim",
    "speaker",
    "outlet",
    "label",
    "rating",
    "reason",
    "decided_by",
    "decided_at",
    "machine_label",
    "article_title",
    "article_url",
    "published_at",
)


def to_csv(exports: Iterable[Export]) -> str:
    """A table for a spreadsheet; a cell that a spreadsheet would run as a formula is made a text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_FIELDS, lineterminator="\r\n")
    writer.writeheader()
    for export in exports:
        item, decision = export.item, export.decision
        attribution = item.claim.get("attribution") or {}
        row = {
            "id": item.id,
            "state": str(item.state),
            "claim": item.text,
            "speaker": attribution.get("speaker", ""),
            "outlet": attribution.get("outlet", ""),
            "label": decision.label,
            "rating": decision.rating or "",
            "reason": decision.reason,
            "decided_by": decision.user_name,
            "decided_at": decision.created_at.isoformat(),
            "machine_label": item.machine_label,
            "article_title": export.article.get("title", ""),
            "article_url": export.article.get("url", ""),
            "published_at": export.published_at.isoformat() if export.published_at else "",
        }
        writer.writerow({name: _inert(value) for name, value in row.items()})
    return out.getvalue()


def _inert(value: str) -> str:
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))
