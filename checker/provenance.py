"""Source verification: who says so, through whom, and can it be traced.

A claim may be right and its source still untraceable; the two are reported apart. This step decides no label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checker.types import Attribution, Claim, Stance, Trace, TraceStatus, Witness
from checker.verdict import Policy, quote_holds
from retrieval.types import Source

_UNDATED = "9999"


def trace(
    claims: Iterable[Claim], stances: Mapping[str, Sequence[Stance]], *, policy: Policy | None = None
) -> tuple[Trace, ...]:
    """Trace every attribution of an article.

    Args:
        claims: The claims; those without an attribution have nothing to trace.
        stances: What the judge heard, by claim id.
        policy: The thresholds above which a source counts as saying so.

    Returns:
        One trace per checkable attributed claim, in the order of the claims.
    """
    policy = policy or Policy()
    return tuple(
        _trace(claim, claim.attribution, stances.get(claim.id, ()), policy)
        for claim in claims
        if claim.attribution is not None and claim.checkable
    )


def _trace(claim: Claim, attribution: Attribution, stances: Sequence[Stance], policy: Policy) -> Trace:
    heard = [stance for stance in stances if stance.hit.excluded is None and not stance.flagged and quote_holds(stance)]
    saying = _witnesses((stance for stance in heard if stance.supports >= policy.support), attribution)
    denying = _witnesses((stance for stance in heard if stance.refutes >= policy.refute), attribution)
    # A source whose one sentence says so and whose other does not is not in conflict with itself.
    sayers = {witness.source_id for witness in saying}
    denying = [witness for witness in denying if witness.source_id not in sayers]
    return Trace(
        claim_id=claim.id,
        speaker=attribution.speaker,
        role=attribution.role,
        outlet=attribution.outlet,
        anonymous=attribution.anonymous,
        status=_status(attribution, saying),
        witnesses=(*saying, *denying),
        conflict=bool(saying and denying),
    )


def _status(attribution: Attribution, saying: Sequence[Witness]) -> TraceStatus:
    if any(witness.own_report for witness in saying):
        return "traced"
    if attribution.anonymous and not attribution.outlet:
        return "anonymous"
    return "second_hand" if saying else "untraced"


def _witnesses(stances: Iterable[Stance], attribution: Attribution) -> list[Witness]:
    """One witness per source, by its strongest stance, the earliest source first."""
    best: dict[str, Stance] = {}
    for stance in stances:
        held = best.get(stance.hit.source.id)
        if held is None or max(stance.supports, stance.refutes) > max(held.supports, held.refutes):
            best[stance.hit.source.id] = stance
    found = [_witness(stance, attribution) for stance in best.values()]
    return sorted(found, key=lambda witness: (witness.published_at or _UNDATED, witness.source_id))


def _witness(stance: Stance, attribution: Attribution) -> Witness:
    source = stance.hit.source
    return Witness(
        source_id=source.id,
        url=source.url,
        publisher=source.publisher,
        publisher_type=source.publisher_type or registered_type(source),
        published_at=source.published_at,
        via=source.via,
        origin=stance.hit.origin or source.id,
        stance="supports" if stance.supports >= stance.refutes else "refutes",
        own_report=is_own_report(source, attribution),
        quote=stance.quote,
        start=stance.start,
        end=stance.end,
    )


def is_own_report(source: Source, attribution: Attribution) -> bool:
    """Whether a source is the credited outlet's own report, or the speaker's own publication.

    A page of the outlet that itself relays another one (`via`) is not its own report of the event, but it is where
    the article says it read it, so it still traces the credit.
    """
    from retrieval.names import same_name
    from retrieval.publishers import same_outlet

    if not source.publisher:
        return False
    if attribution.outlet:
        return same_outlet(source.publisher, attribution.outlet)
    if attribution.anonymous or not attribution.speaker:
        return False
    return same_outlet(source.publisher, attribution.speaker) or same_name(source.publisher, attribution.speaker)


def registered_type(source: Source) -> str:
    """What kind of publisher the registry says this is; empty where it does not know it."""
    from retrieval.publishers import lookup

    known = lookup(source.publisher or source.url)
    return known.type if known else ""
