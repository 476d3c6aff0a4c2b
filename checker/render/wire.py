"""The JSON of a report, checked as it comes in from outside (the queue, the evals, another machine)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checker.errors import ReportUnreadable
from checker.types import (
    Article,
    Attribution,
    Citation,
    Claim,
    Failure,
    Kind,
    Label,
    Outcome,
    Reason,
    Report,
    Sentence,
    Stage,
    StanceName,
    Trace,
    TraceStatus,
    Verdict,
    Witness,
)

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Offset = Annotated[int, Field(ge=0)]


class _Wire(BaseModel):
    """Unknown keys are let through unread, so that an older Saring reads a newer report."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _Article(_Wire):
    id: str
    url: str
    title: str
    publisher: str
    published_at: str | None
    language: str


class _Attribution(_Wire):
    speaker: str
    role: str
    outlet: str
    anonymous: bool
    cue: str
    start: int = -1
    end: int = -1


class _Claim(_Wire):
    id: str
    text: str
    quote: str
    start: Offset
    end: Offset
    kind: Kind
    checkworthiness: float
    context: str
    attribution: _Attribution | None


class _Citation(_Wire):
    source_id: str
    passage_id: str
    url: str
    publisher: str
    published_at: str | None
    quote: str
    start: Offset
    end: Offset
    stance: StanceName
    score: float
    origin: str = ""
    counted: bool = True
    notes: list[str] = []


class _Failure(_Wire):
    stage: Stage
    error_type: str
    message: str


class _Failed(_Wire):
    claim_id: str
    failure: _Failure


class _Verdict(_Wire):
    claim_id: str
    label: Label
    reason: Reason
    content_label: Label
    confidence: Probability
    origins: Offset
    citations: list[_Citation]
    judge: str
    disputed: bool = False
    notes: list[str] = []


class _Witness(_Wire):
    source_id: str
    url: str
    publisher: str
    publisher_type: str
    published_at: str | None
    via: list[str]
    origin: str
    stance: StanceName
    own_report: bool
    quote: str
    start: Offset
    end: Offset


class _Trace(_Wire):
    claim_id: str
    speaker: str
    role: str
    outlet: str
    anonymous: bool
    status: TraceStatus
    witnesses: list[_Witness]
    conflict: bool = False


class _Report(_Wire):
    article: _Article
    claims: list[_Claim]
    outcomes: list[_Failed | _Verdict]
    settings: dict[str, Any]
    versions: dict[str, str]
    as_of: str
    created_at: str
    elapsed_s: Annotated[float, Field(ge=0.0)]
    id: str = ""
    article_text: str = ""
    sentences: list[Annotated[list[Offset], Field(min_length=2, max_length=2)]] = []
    provenance: list[_Trace] = []
    usage: dict[str, int] = {}
    notes: list[str] = []


def parse_report(text: str | bytes) -> Report:
    """The report in a JSON text.

    Raises:
        ReportUnreadable: it is not a report; the message names the first thing that is wrong.
    """
    try:
        wire = _Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole of it"
        raise ReportUnreadable(f"this is not a report of saring check: {where}: {first['msg']}") from None
    claims = tuple(_claim(claim, wire.article_text) for claim in wire.claims)
    known = {claim.id for claim in claims}
    if len(known) != len(claims):
        raise ReportUnreadable("this is not a report of saring check: two claims have one id")
    outcomes = tuple(_outcome(outcome) for outcome in wire.outcomes)
    # A failure may stand for a claim that could not be placed in the article; a verdict may not.
    if stray := [outcome.claim_id for outcome in outcomes if _is_stray(outcome, known)]:
        raise ReportUnreadable(f"this is not a report of saring check: a verdict on the unknown claim {stray[0]!r}")
    return Report(
        id=wire.id,
        article=Article(
            **wire.article.model_dump(),
            text=wire.article_text,
            sentences=tuple(Sentence(start, end, wire.article_text[start:end]) for start, end in wire.sentences),
        ),
        claims=claims,
        outcomes=outcomes,
        settings=wire.settings,
        versions=wire.versions,
        as_of=wire.as_of,
        created_at=wire.created_at,
        elapsed=wire.elapsed_s,
        provenance=tuple(_trace(trace) for trace in wire.provenance),
        usage=wire.usage,
        notes=tuple(wire.notes),
    )


def _claim(wire: _Claim, article_text: str) -> Claim:
    if article_text and article_text[wire.start : wire.end] != wire.quote:
        raise ReportUnreadable(
            f"this is not a report of saring check: the quote of claim {wire.id!r} is not at {wire.start}:{wire.end}"
        )
    values = wire.model_dump(exclude={"attribution"})
    attribution = None if wire.attribution is None else Attribution(**wire.attribution.model_dump())
    return Claim(**values, attribution=attribution)


def _is_stray(outcome: Outcome, known: set[str]) -> bool:
    return isinstance(outcome, Verdict) and outcome.claim_id not in known


def _outcome(wire: _Failed | _Verdict) -> Outcome:
    if isinstance(wire, _Failed):
        return Failure(claim_id=wire.claim_id, **wire.failure.model_dump())
    values = wire.model_dump(exclude={"citations", "notes"})
    return Verdict(**values, citations=tuple(_citation(item) for item in wire.citations), notes=tuple(wire.notes))


def _citation(wire: _Citation) -> Citation:
    return Citation(**wire.model_dump(exclude={"notes"}), notes=tuple(wire.notes))


def _trace(wire: _Trace) -> Trace:
    witnesses = tuple(Witness(**item.model_dump(exclude={"via"}), via=tuple(item.via)) for item in wire.witnesses)
    return Trace(**wire.model_dump(exclude={"witnesses"}), witnesses=witnesses)
