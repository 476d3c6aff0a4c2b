"""From reports to the queue: one item per verdict, ordered by how much it needs a person."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from checker.review import outbox
from checker.review import tables as t
from checker.review.merging import Vectors, claim_vectors, suggest_merges
from checker.review.records import Actor, new_id
from checker.review.transitions import PUBLIC_STATES, State
from checker.types import Article, Claim, Report, Verdict

if TYPE_CHECKING:
    from checker.review.service import ReviewService
    from retrieval.embed import Embedder


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
    vectors = claim_vectors(embedder, checked_claims(report))
    try:
        with service.database.write() as connection:
            return enter(connection, report, service.clock(), vectors, actor, origin, check_id, deadline)
    except IntegrityError:  # PostgreSQL: the same report came in twice at once, and the other one was faster
        with service.database.write() as connection:
            return enter(connection, report, service.clock(), vectors, actor, origin, check_id, deadline)


def checked_claims(report: Report) -> list[Claim]:
    """The claims of a report that have a verdict."""
    judged = {outcome.claim_id for outcome in report.verdicts}
    return [claim for claim in report.claims if claim.id in judged]


def enter(
    connection: Connection,
    report: Report,
    now: datetime,
    vectors: Vectors | None = None,
    actor: Actor | None = None,
    origin: str = "cli",
    check_id: str | None = None,
    deadline: datetime | None = None,
) -> list[str]:
    """`add_report`, inside a transaction of the caller's; the claims' vectors are made before it."""
    from checker.render.json import report_to_dict

    verdicts = {outcome.claim_id: outcome for outcome in report.verdicts}
    claims = checked_claims(report)
    check = check_id or f"chk-{report.id}"[:40]
    existing = connection.execute(sa.select(t.items.c.id, t.items.c.claim_id).where(t.items.c.check_id == check)).all()
    if existing:
        order = {claim.id: place for place, claim in enumerate(claims)}
        return [row.id for row in sorted(existing, key=lambda row: order.get(row.claim_id, len(order)))]
    article_id = add_article(connection, report.article, now)
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
                report=clean_json(report_to_dict(report)),
                attempts=1,
                created_at=now,
                finished_at=now,
            )
        )
    ids = [
        _item(connection, report, check, article_id, claim, verdicts[claim.id], deadline, actor, now)
        for claim in claims
    ]
    suggest_merges(connection, ids, [text_hash(claim.text) for claim in claims], vectors, now)
    return ids


def add_article(connection: Connection, article: Article, now: datetime) -> str:
    """Keep an article as it was when it was checked; the same text of the same address is kept once."""
    digest = hashlib.sha256(f"{article.url}\n{article.text}".encode("utf-8", "surrogatepass")).hexdigest()
    article_id = f"art-{digest[:32]}"
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(t.articles)
        .values(
            id=article_id,
            url=clean(article.url),
            title=clean(article.title),
            publisher=clean(article.publisher),
            published_at=clean(article.published_at)[:40] if article.published_at else None,
            language=article.language,
            text=clean(article.text),
            created_at=now,
        )
        .on_conflict_do_nothing()
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
            text=clean(claim.text),
            quote=clean(claim.quote),
            start=claim.start,
            end=claim.end,
            claim=clean_json(asdict(claim)),
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
            judge=clean(verdict.judge)[:120],
            disputed=verdict.disputed,
            citations=clean_json([asdict(citation) for citation in verdict.citations]),
            notes=clean_json(list(verdict.notes)),
            versions=clean_json(dict(report.versions)),
            as_of=report.as_of,
            created_at=now,
        )
    )


def recheck(service: ReviewService, item_id: str, report: Report) -> bool:
    """Record a fresh verdict on an item; flag it where a decision stands that the new verdict speaks against.

    A verdict that only comes round to what people decided is recorded, and disturbs nobody.

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
        row = service.row(connection, item_id)
        changed = verdict.label != row["machine_label"]
        if not changed:
            return bool(row["recheck"])
        decided = State(row["state"]) in {State.DECIDED, State.IN_SECOND_REVIEW, State.APPROVED, *PUBLIC_STATES}
        ruled = connection.execute(
            sa.select(t.decisions.c.label).where(t.decisions.c.id == row["decision_id"])
        ).scalar()
        against = decided and verdict.label != ruled
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
                recheck=against,
                version=row["version"] + 1,
                updated_at=now,
            )
        )
        done = connection.execute(
            t.events.insert().values(
                item_id=item_id,
                action="recheck",
                from_state=row["state"],
                to_state=row["state"],
                detail={"was": row["machine_label"], "is": verdict.label},
                at=now,
            )
        )
        if against and done.inserted_primary_key is not None:
            outbox.tell_item(connection, "item.recheck", int(done.inserted_primary_key[0]), item_id, now)
    return against


def clean(text: str) -> str:
    """A text PostgreSQL takes: it knows neither the null character nor lone surrogates. Length is kept for spans."""
    return re.sub("[\x00\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def clean_json(value: Any) -> Any:
    """JSON values with every text cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value
