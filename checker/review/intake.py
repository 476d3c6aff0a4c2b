"""From reports to the queue: one item per verdict, ordered by how much it needs a person."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checker.review import tables as t
from checker.review.records import Actor, new_id
from checker.review.transitions import OPEN_STATES, PUBLIC_STATES, State
from checker.types import Claim, Report, Verdict

if TYPE_CHECKING:
    from checker.review.service import ReviewService
    from retrieval.embed import Embedder

CLOSE = 0.9
"""Cosine from which two claims are suggested as one. A suggestion only: a person confirms every merge."""

COMPARED = 500
"""Newest open items that a new one is compared with by meaning."""


def need(verdict: Verdict, checkworthiness: float) -> tuple[float, float]:
    """How much a verdict needs a person, and how unsure the machine is.

    Disputed verdicts come first whatever else holds, then check-worthiness, then uncertainty.

    Returns:
        Need in 0..8 and uncertainty in 0..1.
    """
    uncertainty = 1.0 - verdict.confidence
    return 4.0 * verdict.disputed + 3.0 * checkworthiness + uncertainty, uncertainty


def text_hash(text: str) -> str:
    """Hash of a claim's words: case, accents, punctuation and spacing do not count."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return hashlib.sha256(" ".join(re.findall(r"\w+", folded)).encode("utf-8", "surrogatepass")).hexdigest()


def add_report(
    service: ReviewService,
    report: Report,
    *,
    actor: Actor | None = None,
    origin: str = "cli",
    check_id: str | None = None,
    deadline: datetime | None = None,
    embedder: Embedder | None = None,
) -> list[str]:
    """Put the verdicts of a report into the queue.

    Failures stay in the report: they are for whoever runs Saring to mend, not for an editor to decide.

    Args:
        service: The queue.
        report: The report. Putting the same one in twice adds nothing.
        actor: Who asked for it.
        origin: The door it came through: `cli`, `api`, `chat`, `feed`.
        check_id: The background job it comes from; a finished one is recorded where None.
        deadline: When it must be decided.
        embedder: Finds claims of close meaning; only claims of the same words are found where None.

    Returns:
        Ids of the items, in the order of the report.
    """
    from checker.render.json import report_to_dict

    now = service.clock()
    verdicts = {outcome.claim_id: outcome for outcome in report.verdicts}
    claims = [claim for claim in report.claims if claim.id in verdicts]
    with service.database.write() as connection:
        check = check_id or f"chk-{report.id}"[:40]
        existing = connection.execute(
            sa.select(t.items.c.id, t.items.c.claim_id).where(t.items.c.check_id == check)
        ).all()
        if existing:
            order = {claim.id: place for place, claim in enumerate(claims)}
            return [row.id for row in sorted(existing, key=lambda row: order.get(row.claim_id, len(order)))]
        article_id = _article(connection, report, now)
        if check_id is None:
            connection.execute(
                t.checks.insert().values(
                    id=check,
                    article_id=article_id,
                    requested_by=actor.user_id if actor else None,
                    origin=origin,
                    request={},
                    status="done",
                    stage="done",
                    done=len(claims),
                    total=len(claims),
                    report=_json(report_to_dict(report)),
                    attempts=1,
                    created_at=now,
                    finished_at=now,
                )
            )
        else:
            connection.execute(t.checks.update().where(t.checks.c.id == check).values(article_id=article_id))
        ids = [
            _item(connection, report, check, article_id, claim, verdicts[claim.id], deadline, actor, now)
            for claim in claims
        ]
        _suggest_merges(connection, ids, claims, embedder, now)
    return ids


def _article(connection: Connection, report: Report, now: datetime) -> str:
    article = report.article
    digest = hashlib.sha256(f"{article.url}\n{article.text}".encode("utf-8", "surrogatepass")).hexdigest()
    article_id = f"art-{digest[:32]}"
    if connection.execute(sa.select(t.articles.c.id).where(t.articles.c.id == article_id)).first() is None:
        connection.execute(
            t.articles.insert().values(
                id=article_id,
                url=article.url,
                title=_clean(article.title),
                publisher=_clean(article.publisher),
                published_at=article.published_at,
                language=article.language,
                text=_clean(article.text),
                created_at=now,
            )
        )
    return article_id


def _item(
    connection: Connection,
    report: Report,
    check_id: str,
    article_id: str,
    claim: Claim,
    verdict: Verdict,
    deadline: datetime | None,
    actor: Actor | None,
    now: datetime,
) -> str:
    item_id = new_id("itm")
    score, uncertainty = need(verdict, claim.checkworthiness)
    connection.execute(
        t.items.insert().values(
            id=item_id,
            check_id=check_id,
            article_id=article_id,
            claim_id=claim.id,
            text=_clean(claim.text),
            quote=_clean(claim.quote),
            start=claim.start,
            end=claim.end,
            claim=_json(asdict(claim)),
            language=report.article.language,
            text_hash=text_hash(claim.text),
            state=State.NEW,
            version=1,
            published_before=False,
            disputed=verdict.disputed,
            recheck=False,
            checkworthiness=claim.checkworthiness,
            uncertainty=uncertainty,
            deadline=deadline,
            need=score,
            machine_label=verdict.label,
            created_at=now,
            updated_at=now,
        )
    )
    add_verdict(connection, item_id, verdict, report, now)
    connection.execute(
        t.events.insert().values(
            item_id=item_id,
            user_id=actor.user_id if actor else None,
            action="enter",
            to_state=State.NEW,
            detail={"check_id": check_id},
            at=now,
        )
    )
    return item_id


def add_verdict(connection: Connection, item_id: str, verdict: Verdict, report: Report, now: datetime) -> None:
    """Record what a machine made of an item, beside what it made of it before."""
    connection.execute(
        t.machine_verdicts.insert().values(
            id=new_id("ver"),
            item_id=item_id,
            label=verdict.label,
            reason=verdict.reason,
            content_label=verdict.content_label,
            confidence=verdict.confidence,
            origins=verdict.origins,
            judge=verdict.judge[:120],
            disputed=verdict.disputed,
            citations=_json([asdict(citation) for citation in verdict.citations]),
            notes=_json(list(verdict.notes)),
            versions=_json(dict(report.versions)),
            as_of=report.as_of,
            created_at=now,
        )
    )


def recheck(service: ReviewService, item_id: str, report: Report) -> bool:
    """Record a fresh verdict on an item; flag it where a decision stands that the new verdict would not have led to.

    Args:
        service: The queue.
        item_id: The item.
        report: A report on its claim alone, given with the evidence there is now.

    Returns:
        Whether the item is flagged for another look.
    """
    (verdict,) = report.verdicts
    now = service.clock()
    with service.database.write() as connection:
        row = connection.execute(sa.select(t.items).where(t.items.c.id == item_id)).mappings().one()
        changed = verdict.label != row["machine_label"]
        decided = State(row["state"]) in {State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED, *PUBLIC_STATES}
        if not changed:
            return bool(row["recheck"])
        add_verdict(connection, item_id, verdict, report, now)
        score, uncertainty = need(verdict, row["checkworthiness"])
        connection.execute(
            t.items.update()
            .where(t.items.c.id == item_id)
            .values(
                machine_label=verdict.label,
                need=score,
                uncertainty=uncertainty,
                disputed=verdict.disputed,
                recheck=bool(row["recheck"]) or decided,
                version=row["version"] + 1,
                updated_at=now,
            )
        )
        connection.execute(
            t.events.insert().values(
                item_id=item_id,
                action="recheck",
                from_state=row["state"],
                to_state=row["state"],
                detail={"was": row["machine_label"], "is": verdict.label},
                at=now,
            )
        )
    return decided


def _suggest_merges(
    connection: Connection, ids: Sequence[str], claims: Sequence[Claim], embedder: Embedder | None, now: datetime
) -> None:
    others = connection.execute(
        sa.select(t.items.c.id, t.items.c.text, t.items.c.text_hash)
        .where(t.items.c.state.in_([str(state) for state in OPEN_STATES]), t.items.c.id.not_in(ids))
        .order_by(t.items.c.created_at.desc())
        .limit(COMPARED)
    ).all()
    if not others or not ids:
        return
    found: dict[tuple[str, str], float] = {}
    for item_id, claim in zip(ids, claims, strict=True):
        same = text_hash(claim.text)
        found |= {(item_id, other.id): 1.0 for other in others if other.text_hash == same}
    if embedder is not None:
        mine = embedder.encode([claim.text for claim in claims])
        theirs = embedder.encode([other.text for other in others])
        for item_id, row in zip(ids, mine @ theirs.T, strict=True):
            for other, similarity in zip(others, row, strict=True):
                if similarity >= CLOSE:
                    found.setdefault((item_id, other.id), float(similarity))
    for (item_id, other_id), similarity in sorted(found.items()):
        connection.execute(
            t.merge_suggestions.insert().values(
                item_id=item_id, other_id=other_id, similarity=round(similarity, 4), created_at=now
            )
        )


def _clean(text: str) -> str:
    """A text PostgreSQL takes: it knows neither the null character nor lone surrogates. Length is kept for spans."""
    return re.sub("[\x00\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def _json(value: Any) -> Any:
    """JSON values with every text cleaned."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return value
