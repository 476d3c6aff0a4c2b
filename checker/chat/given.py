"""What the tools hand out: Pydantic models with schemas of their own, and how reports and hits become them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from checker.types import Claim, Failure, Outcome, Report

if TYPE_CHECKING:
    from checker.review.records import Item
    from checker.types import Citation
    from retrieval.store import EvidenceStore
    from retrieval.types import Hit, Source


class Evidence(BaseModel):
    """A verbatim quote of a source."""

    source_id: str
    title: str
    publisher: str
    published_at: str | None = Field(description="ISO 8601 to the known precision; null where the source has no date")
    url: str
    quote: str = Field(description="verbatim; source text[start:end]")
    start: int
    end: int
    stance: Literal["supports", "refutes", "neutral"] | None = Field(
        default=None, description="what it says to the claim; null where nothing was judged"
    )
    counted: bool = Field(default=True, description="false: shown, but the verdict does not rest on it")
    notes: list[str] = []


class CheckedClaim(BaseModel):
    """One claim with its verdict, or with the reason why there is none."""

    claim: str = Field(description="the claim as it was understood and checked")
    said_by: str = Field(default="", description="who is said to have said it")
    label: Literal["supported", "unsupported", "needs_source"] | None = Field(
        description="null where the check failed; see failure"
    )
    reason: str = ""
    content_label: Literal["supported", "unsupported", "needs_source"] | None = Field(
        default=None, description="what is left of the label when the speaker's own word is taken away"
    )
    confidence: float = 0.0
    origins: int = Field(default=0, description="independent origins behind the label; reprints count once")
    disputed: bool = False
    judge: str = ""
    evidence: list[Evidence] = []
    notes: list[str] = []
    failure: str = Field(default="", description="why it could not be checked; never a label")
    as_of: str = Field(description="evidence published after it does not count")


class CheckedArticle(BaseModel):
    """An article with every claim of it that was checked."""

    title: str
    url: str
    language: str
    as_of: str
    supported: int
    unsupported: int
    needs_source: int
    failed: int
    claims: list[CheckedClaim]
    not_checked: list[str] = Field(description="predictions, opinions and questions: shown, not checked")


class Found(BaseModel):
    """Passages of evidence. They are quoted, nothing is judged."""

    query: str
    as_of: str
    passages: list[Evidence]


class Context(BaseModel):
    """A place in a source with what stands around it."""

    source_id: str
    title: str
    publisher: str
    published_at: str | None
    url: str
    before: str
    passage: str
    after: str


class QueueItem(BaseModel):
    """A claim in the review queue. What people make of it, people decide there."""

    id: str
    claim: str
    state: str
    machine_label: str
    holder: str = ""
    created_at: str


class QueuePage(BaseModel):
    """Some items of the queue, and how many there are in all."""

    total: int
    items: list[QueueItem]


class Queued(BaseModel):
    """What was put into the queue, or was there already."""

    checked: CheckedClaim
    items: list[QueueItem]
    already_there: bool = Field(description="the same claim waited there already; nothing was added")


def checked_claims(report: Report, store: EvidenceStore) -> list[CheckedClaim]:
    """Every outcome of a report, in its order."""
    claims = {claim.id: claim for claim in report.claims}
    return [_checked(claims.get(outcome.claim_id), outcome, report, store) for outcome in report.outcomes]


def checked_article(report: Report, store: EvidenceStore) -> CheckedArticle:
    """A report as one answer."""
    labels = [verdict.label for verdict in report.verdicts]
    return CheckedArticle(
        title=report.article.title,
        url=report.article.url,
        language=report.article.language,
        as_of=report.as_of,
        supported=labels.count("supported"),
        unsupported=labels.count("unsupported"),
        needs_source=labels.count("needs_source"),
        failed=len(report.failures),
        claims=checked_claims(report, store),
        not_checked=[claim.quote for claim in report.claims if not claim.checkable],
    )


def _checked(claim: Claim | None, outcome: Outcome, report: Report, store: EvidenceStore) -> CheckedClaim:
    attribution = claim.attribution if claim else None
    said_by = (attribution.speaker or attribution.role or attribution.outlet) if attribution else ""
    text = claim.text if claim else ""
    if isinstance(outcome, Failure):
        return CheckedClaim(
            claim=text, said_by=said_by, label=None, failure=f"{outcome.stage}: {outcome.message}", as_of=report.as_of
        )
    return CheckedClaim(
        claim=text,
        said_by=said_by,
        label=outcome.label,
        reason=outcome.reason,
        content_label=outcome.content_label,
        confidence=outcome.confidence,
        origins=outcome.origins,
        disputed=outcome.disputed,
        judge=outcome.judge,
        evidence=[_cited(citation, store) for citation in outcome.citations],
        notes=list(outcome.notes),
        as_of=report.as_of,
    )


def _cited(citation: Citation, store: EvidenceStore) -> Evidence:
    from retrieval.errors import SourceNotFound

    try:
        title = store.get(citation.source_id).title
    except SourceNotFound:  # taken down since
        title = ""
    return Evidence(
        source_id=citation.source_id,
        title=title,
        publisher=citation.publisher,
        published_at=citation.published_at,
        url=citation.url,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        stance=citation.stance,
        counted=citation.counted,
        notes=list(citation.notes),
    )


def found(query: str, as_of: str, hits: list[Hit]) -> Found:
    """Hits as an answer."""
    return Found(
        query=query,
        as_of=as_of,
        passages=[
            Evidence(
                source_id=hit.source.id,
                title=hit.source.title,
                publisher=hit.source.publisher,
                published_at=hit.source.published_at,
                url=hit.source.url,
                quote=hit.passage.text,
                start=hit.passage.start,
                end=hit.passage.end,
            )
            for hit in hits
        ],
    )


def context_of(source: Source, start: int, end: int, around: int) -> Context:
    """A span of a source and what stands around it; the beginning of the source where the span is empty."""
    around = max(0, min(around, 4_000))
    length = len(source.text)
    start = max(0, min(start, length))
    end = max(start, min(end, length, start + 4_000))
    if end == start:
        end = min(length, start + 1_200)
    return Context(
        source_id=source.id,
        title=source.title,
        publisher=source.publisher,
        published_at=source.published_at,
        url=source.url,
        before=source.text[max(0, start - around) : start],
        passage=source.text[start:end],
        after=source.text[end : end + around],
    )


def queue_item(item: Item) -> QueueItem:
    """An item of the queue as a machine may see it."""
    return QueueItem(
        id=item.id,
        claim=item.text,
        state=str(item.state),
        machine_label=item.machine_label,
        holder=item.holder_name,
        created_at=item.created_at.isoformat(timespec="seconds"),
    )
