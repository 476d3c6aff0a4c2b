"""One claim: the article, the evidence beside it, the machine's suggestion apart, and what people decide."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from checker.errors import CheckerError, NotFound, ReviewError
from checker.review import desk, log, merging
from checker.review.queries import Filters
from checker.review.records import Actor, Item
from checker.review.service import Change
from checker.review.transitions import RANK, Action, Role
from checker.review.transitions import State as Stands
from checker.web import pages, reading
from checker.web.deps import AppState, State, Who
from checker.web.errors import status_of
from checker.web.routes.queue import address, read_query
from checker.web.schemas import LabelName, storable
from checker.web.words import mark
from retrieval.errors import RetrievalError

router = APIRouter()
logger = logging.getLogger(__name__)

BEFORE_DECISION = frozenset({Stands.NEW, Stands.CLAIMED, Stands.RETURNED})
"""States in which a blind review hides what the machine made of the claim."""

NEAR = 1_000
"""Items of the list among which the next and the previous one are looked for."""

DONE: dict[Action, str] = {
    Action.CLAIM: mark("You hold this claim for half an hour; it is extended while the page is open."),
    Action.RELEASE: mark("The claim is back on the pile."),
    Action.HAND_OVER: mark("The claim is handed over."),
    Action.DECIDE: mark("Your decision is on record. Somebody else reviews it now."),
    Action.WITHDRAW: mark("The decision is withdrawn; you hold the claim again."),
    Action.TAKE_SECOND: mark("You are the second pair of eyes."),
    Action.APPROVE: mark("Approved."),
    Action.RETURN: mark("Returned with your comment."),
    Action.PUBLISH: mark("Published."),
    Action.REOPEN: mark("Reopened. Once decided, approved and published again it is a correction."),
    Action.MERGE: mark("Merged."),
    Action.COMMENT: mark("Your comment is on record."),
    Action.KEEP: mark("The decision stands; your reason is on record."),
}


@router.get("/queue/{item_id}")
def show(request: Request, who: Who, saring: State, item_id: str) -> Response:
    """The item's page."""
    return _item_page(request, who, saring, saring.review.get(item_id))


@router.post("/queue/{item_id}/heartbeat")
def heartbeat(who: Who, saring: State, item_id: str) -> Response:
    """The page is still open, and whoever holds the item at it."""
    try:
        item = saring.review.heartbeat(item_id, who)
    except ReviewError as error:
        return JSONResponse({"held": False}, status_of(error))
    return JSONResponse({"held": True, "until": item.lease_until.isoformat() if item.lease_until else None})


@router.post("/queue/{item_id}/reveal")
def reveal(request: Request, who: Who, saring: State, item_id: str) -> Response:
    """Show what the machine made of it in a blind review, and remember that it was shown."""
    item = saring.review.get(item_id)
    if not desk.revealed(saring.database, item.id, who.user_id):
        log.record(saring.database, who, "reveal", {}, saring.review.clock(), item_id=item.id)
    return RedirectResponse(_back(request, item.id), 303)


@router.post("/queue/{item_id}/apart")
def keep_apart(
    request: Request, who: Who, saring: State, item_id: str, other_id: Annotated[str, Form(max_length=60)]
) -> Response:
    """Two claims that look alike are not the same."""
    merging.dismiss(saring.review, item_id, other_id, who)
    return pages.flash(RedirectResponse(_back(request, item_id), 303), mark("They stay apart."))


@router.post("/queue/{item_id}/{action}")
def act(
    request: Request,
    who: Who,
    saring: State,
    item_id: str,
    action: str,
    version: Annotated[int | None, Form()] = None,
    label: Annotated[str, Form()] = "",
    rating: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    comment: Annotated[str, Form()] = "",
    to_user: Annotated[str, Form(max_length=60)] = "",
    into: Annotated[str, Form(max_length=60)] = "",
    evidence: Annotated[list[str] | None, Form()] = None,
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Do what a button says. What was typed is never lost: a refusal shows the page with it."""
    if action not in list(Action):
        raise NotFound("there is no such action")
    wanted = Action(action)
    change = Change(
        version=version,
        label=label or None,
        rating=rating or None,
        reason=storable(reason),
        comment=storable(comment),
        to_user=to_user or None,
        into=into or None,
        evidence=tuple(storable(source)[:200] for source in (evidence or ())[:50]),
    )
    if wanted in (Action.DECIDE, Action.APPROVE, Action.RETURN) and change.label is not None:
        change = replace(change, blind=_hidden(request, who, saring, item_id))
    try:
        saring.review.act(item_id, wanted, who, change, key=key or None)
    except NotFound:
        raise
    except ReviewError as error:
        typed = {"label": label, "rating": rating, "reason": reason, "comment": comment, "evidence": evidence or []}
        return _item_page(request, who, saring, saring.review.get(item_id), error=error, tried=action, typed=typed)
    return pages.flash(RedirectResponse(_back(request, into or item_id), 303), DONE[wanted])


def _hidden(request: Request, who: Actor, saring: AppState, item_id: str) -> bool:
    """Whether the machine's verdict is kept from whoever is reviewing: they chose so, and have not asked for it."""
    return request.cookies.get(pages.BLIND_COOKIE) == "on" and not desk.revealed(saring.database, item_id, who.user_id)


def _reviews(item: Item, who: Actor) -> bool:
    """Whether an item is one that this person has not decided on yet, as first or second."""
    second = item.state in {Stands.DECIDED, Stands.IN_SECOND_REVIEW} and item.decider_id != who.user_id
    return item.state in BEFORE_DECISION or second


def _back(request: Request, item_id: str) -> str:
    return f"/queue/{item_id}" + (f"?{request.url.query}" if request.url.query else "")


def _item_page(
    request: Request,
    who: Actor,
    saring: AppState,
    item: Item,
    *,
    error: ReviewError | None = None,
    tried: str = "",
    typed: dict[str, Any] | None = None,
) -> Response:
    review, now = saring.review, saring.review.clock()
    hidden = _reviews(item, who) and _hidden(request, who, saring, item.id)
    article = review.article(item.article_id) if item.article_id else None
    siblings = desk.of_article(review, item.article_id, now) if item.article_id else (item,)
    verdicts = review.verdicts(item.id)
    decisions = review.decisions(item.id)
    cited = verdicts[0].citations if verdicts else ()
    if hidden:  # in no order that would give the machine's opinion away
        cited = tuple(sorted(cited, key=lambda one: (str(one.get("published_at") or ""), str(one.get("source_id")))))
    before, after, place = _neighbours(request, who, saring, item)
    context: dict[str, Any] = {
        "item": item,
        "article": article,
        "paragraphs": reading.paragraphs(article["text"], siblings, item) if article else [],
        "evidence": reading.evidence(_store(saring), cited),
        "verdicts": verdicts,
        "decisions": decisions,
        "decision": next((found for found in decisions if found.id == item.decision_id), None),
        "events": review.events(item.id),
        "pairs": merging.suggestions(review, item_id=item.id),
        "possible": desk.possible(item, who),
        "four_eyes": desk.four_eyes(item, who),
        "users": [
            user
            for user in saring.accounts.users()
            if user.active and user.id != who.user_id and RANK[user.role] >= RANK[Role.CHECKER]
        ],
        "hidden": hidden,
        "revealed": desk.revealed(saring.database, item.id, who.user_id),
        "labels": get_args(LabelName),
        "error": error,
        "tried": tried,
        "typed": {"label": "", "rating": "", "reason": "", "comment": "", "evidence": []} | (typed or {}),
        "key": secrets.token_urlsafe(12),
        "before": before,
        "after": after,
        "place": place,
        "list_address": address(read_query(request.query_params)),
        "suffix": f"?{request.url.query}" if request.url.query else "",
    }
    return pages.page(request, "item.html", status_code=status_of(error) if error else 200, **context)


def _neighbours(request: Request, who: Actor, saring: AppState, item: Item) -> tuple[str, str, tuple[int, int]]:
    """The items before and after this one in the list it was opened from, and its place there (0 where it is not)."""
    filters: Filters | None = read_query(request.query_params).filters(who)
    ids = saring.review.ids(filters, limit=NEAR)
    if item.id not in ids:
        return "", ids[0] if ids else "", (0, len(ids))
    at = ids.index(item.id)
    return (
        ids[at - 1] if at > 0 else "",
        ids[at + 1] if at + 1 < len(ids) else "",
        (at + 1, len(ids)),
    )


def _store(saring: AppState) -> Any:
    try:
        return saring.evidence()
    except (RetrievalError, CheckerError):
        logger.warning("the evidence store cannot be opened; quotes are shown without their context", exc_info=True)
        return None
