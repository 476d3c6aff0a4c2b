"""Out of the house: published items, corrections, the feed and fact boxes for everybody; exports for the desk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, StreamingResponse

from checker.errors import CheckerError, NotFound
from checker.review import exports as out
from checker.review.claimreview import Export, claim_review, gather, to_csv
from checker.review.feeds import rss, verdict_words
from checker.review.opening import publisher
from checker.review.queries import Filters
from checker.review.transitions import Role
from checker.web import pages
from checker.web.deps import AppState, State, Visitor, Who, require, scope
from checker.web.openapi import problems
from checker.web.schemas import ItemFilters, ItemId
from checker.web.words import mark
from retrieval.errors import RetrievalError, SourceNotFound
from retrieval.types import Source

router = APIRouter()
api = APIRouter(tags=["publishing"])
NAV = [
    pages.Nav("/published", mark("Published"), None),
    pages.Nav("/corrections", mark("Corrections"), None),
]

SIZE = 25
FEED = 50
_SAFE_ID = r"^[A-Za-z0-9_.:-]{1,60}$"
PublicId = Annotated[str, Path(pattern=_SAFE_ID)]
Format = Literal["claimreview", "csv", "decisions"]

# A fact box is made to stand in other sites' pages: that is all it may do there.
_BOX_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)
_PUBLIC = {"Cache-Control": "public, max-age=60"}


# -- for everybody


@router.get("/published")
def published_page(
    request: Request,
    who: Visitor,  # noqa: ARG001 - who is shown at the top
    saring: State,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """What was published, the newest first."""
    found, total = out.published(saring.review, SIZE, (page - 1) * SIZE)
    return pages.page(
        request,
        "published.html",
        exports=found,
        page=page,
        pages=max(1, -(-total // SIZE)),
        total=total,
        verdict_words=verdict_words,
        desk=publisher(saring.settings),
    )


@router.get("/published/feed.xml")
def feed(saring: State) -> Response:
    """The newest published items, for news readers."""
    found, _ = out.published(saring.review, FEED)
    language = saring.settings.language or "id"
    body = rss(found, publisher(saring.settings), language=language)
    return Response(body, media_type="application/rss+xml", headers=_PUBLIC)


@router.get("/published/{item_id}")
def published_item(request: Request, who: Visitor, saring: State, item_id: PublicId) -> Response:  # noqa: ARG001 - who is shown at the top
    """One published item, with its ClaimReview for machines."""
    export = out.published_item(saring.review, item_id)
    return pages.page(
        request,
        "published_item.html",
        export=export,
        words=verdict_words(export),
        citations=_citations(saring, export),
        changes=[change for change in out.corrections(saring.review) if change.item_id == item_id],
        review=_for_script(claim_review(export, publisher(saring.settings))),
    )


@router.get("/published/{item_id}/claimreview.json")
def published_claim_review(saring: State, item_id: PublicId) -> Response:
    """The ClaimReview of a published item."""
    review = claim_review(out.published_item(saring.review, item_id), publisher(saring.settings))
    return JSONResponse(review, media_type="application/ld+json", headers=_PUBLIC)


@router.get("/corrections")
def corrections_page(request: Request, who: Visitor, saring: State) -> Response:  # noqa: ARG001 - who is shown at the top
    """Every change of something published, for everybody to see."""
    return pages.page(
        request,
        "corrections.html",
        corrections=out.corrections(saring.review),
        words=_words,
        desk=publisher(saring.settings),
    )


@router.get("/box/{article_id}")
def fact_box(request: Request, saring: State, article_id: PublicId) -> Response:
    """What was published on an article, as a box to put into its page; inert, and the one page that may be framed."""
    found = out.published_of_article(saring.review, article_id)
    if not found:
        raise NotFound("nothing on this article is published")
    desk = publisher(saring.settings)
    locale = pages.locale_of(request)
    if (first := found[0].item.language) in ("id", "en"):
        locale = "id" if first == "id" else "en"
    html = pages.environment(locale).get_template("box.html")
    body = html.render(
        exports=found, verdict_words=verdict_words, desk=desk, nonce=request.state.nonce, locale=locale, site=desk.url
    )
    policy = _BOX_POLICY.format(nonce=request.state.nonce)
    headers = {"Content-Security-Policy": policy, "Cross-Origin-Resource-Policy": "cross-origin", **_PUBLIC}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


# -- for the desk


class ExportQuery(ItemFilters):
    """Which items, and as what."""

    format: Format = Field(default="claimreview", description="What to write.")


@router.get("/export", dependencies=[require(Role.CHECKER)])
def export_page(who: Who, saring: State, query: Annotated[ExportQuery, Query()]) -> Response:
    """Everything approved that is filtered, as a file."""
    return _file(saring, query.filters(who), query.format)


class CorrectionOut(BaseModel):
    """A published correction, as everybody may read it."""

    item_id: str
    claim: str
    note: str
    label: str
    rating: str | None
    was_label: str
    was_rating: str | None
    published_at: datetime


@api.get(
    "/export",
    response_class=Response,
    dependencies=[scope("read"), require(Role.CHECKER)],
    responses={
        200: {
            "description": (
                "`claimreview`: a JSON array of schema.org ClaimReview. `csv`: a table. `decisions`: JSON lines of "
                "`saring.decision/1`, which `python -m evals from-queue` reads."
            ),
            "content": {
                "application/ld+json": {"schema": {"type": "array", "items": {"type": "object"}}},
                "text/csv": {"schema": {"type": "string"}},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        }
    },
)
def export(
    who: Who,
    saring: State,
    query: Annotated[ExportQuery, Query()],
) -> Response:
    """Everything approved that is filtered; nothing goes out before four eyes saw it."""
    return _file(saring, query.filters(who), query.format)


@api.get("/items/{item_id}/claimreview", responses=problems(409))
def item_claim_review(who: Who, saring: State, item_id: ItemId) -> dict[str, Any]:  # noqa: ARG001 - signed in is enough
    """The ClaimReview of an item that is approved (409 for any other)."""
    return claim_review(gather(saring.review, item_id), publisher(saring.settings))


@api.get("/corrections", openapi_extra={"security": []})
def list_corrections(saring: State) -> list[CorrectionOut]:
    """Every change of something published, the newest first. For everybody."""
    return [
        CorrectionOut(**{name: getattr(change, name) for name in CorrectionOut.model_fields})
        for change in out.corrections(saring.review)
    ]


def _file(saring: AppState, filters: Filters | None, format: Format) -> Response:
    # Without a state asked for, the queue means what still waits; nothing of that is ever exported.
    from dataclasses import replace

    from checker.review.claimreview import EXPORTABLE

    asked = filters or Filters()
    if not set(asked.states) & EXPORTABLE:
        asked = replace(asked, states=())
    name = {"claimreview": "claimreview.json", "csv": "saring.csv", "decisions": "decisions.jsonl"}[format]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if format == "csv":
        # The mark tells spreadsheets that it is UTF-8.
        body = "\ufeff" + to_csv(out.exports(saring.review, asked))
        return Response(body.encode("utf-8", "replace"), media_type="text/csv; charset=utf-8", headers=headers)
    if format == "decisions":
        lines = _lines(out.decisions(saring.review, asked, lambda source_id: _source(saring, source_id)))
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)
    desk = publisher(saring.settings)
    reviews = [claim_review(export, desk) for export in out.exports(saring.review, asked)]
    return JSONResponse(reviews, media_type="application/ld+json", headers=headers)


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=True).encode() + b"\n"


def _source(saring: AppState, source_id: str) -> Source | None:
    try:
        return saring.evidence().get(source_id)
    except (SourceNotFound, RetrievalError, CheckerError):
        return None


def _citations(saring: AppState, export: Export) -> list[dict[str, Any]]:
    """Sources that a reader is shown under a decision.

    Those the person named; where nobody named any and the machine's label stood, those that it stands on.
    """
    heard = out.heard(saring.review, export.decision.id)
    cited: list[dict[str, Any]] = list(heard["citations"]) if heard else []
    deciding = set(out.deciding(export.decision, heard))
    return [citation for citation in cited if citation["source_id"] in deciding and citation["stance"] != "neutral"]


def _words(label: str, rating: str | None, language: str) -> str:
    from checker.review.claimreview import RULED, WORDS

    known = language if language in WORDS else "en"
    return WORDS[known][label] if rating is None else RULED[known][rating]


def _for_script(value: dict[str, Any]) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - ASCII without a character that HTML knows
