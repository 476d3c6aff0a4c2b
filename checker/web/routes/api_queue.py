"""The queue for programs: items, what is done to them, saved views, articles."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from checker.errors import NotAllowed, Outdated
from checker.review import desk, merging
from checker.review.records import Actor, Item
from checker.review.transitions import RULES, Action, Rule
from checker.web.answers import (
    AlikeOut,
    ArticleOut,
    BulkOut,
    DecisionOut,
    EventOut,
    ItemDetail,
    ItemOut,
    ItemPage,
    PairOut,
    RefusedItem,
    VerdictOut,
    ViewOut,
)
from checker.web.bulk import BULK_ACTIONS, act_on_all, bulk_change
from checker.web.deps import AppState, State, Who, refuse, scope
from checker.web.errors import problem
from checker.web.openapi import problems
from checker.web.schemas import (
    AnyId,
    BulkIn,
    IdempotencyKey,
    IfMatch,
    ItemId,
    ItemQuery,
    ViewIn,
    change_model,
    etag,
    requires,
    version_of,
)

api = APIRouter(tags=["queue"])

PUBLIC_ACTIONS = frozenset({Action.PUBLISH, Action.REOPEN})
"""What a token needs the scope `publish` for; for anything else to an item it needs `review`."""

SUMMARIES: dict[Action, str] = {
    Action.CLAIM: "Claim an item, or take over one whose lease has run out",
    Action.RELEASE: "Put an item back on the pile",
    Action.HAND_OVER: "Hand an item over to somebody else",
    Action.DECIDE: "Decide, with a label and a reason for readers",
    Action.WITHDRAW: "Withdraw one's own decision",
    Action.TAKE_SECOND: "Be the second pair of eyes",
    Action.APPROVE: "Approve another's decision",
    Action.RETURN: "Return a decision with a comment",
    Action.PUBLISH: "Publish what is approved, or a correction of what was published",
    Action.REOPEN: "Reopen what is published, to correct it",
    Action.MERGE: "Merge an item into another of the same claim",
    Action.COMMENT: "Say something to colleagues",
    Action.KEEP: "Keep a decision after a look at the new evidence",
}

_LINKS = {"Link": {"description": "The other pages (RFC 8288).", "schema": {"type": "string"}}}
_ETAG = {"ETag": {"description": "The item's version.", "schema": {"type": "string"}}}


@api.get("/items", responses={200: {"headers": _LINKS}})
def list_items(
    request: Request, response: Response, who: Who, saring: State, query: Annotated[ItemQuery, Query()]
) -> ItemPage:
    """Items in the order in which they need a person, a page at a time."""
    page = saring.review.list(query.filters(who), page=query.page, size=query.size)
    links = {
        "first": 1,
        "prev": page.page - 1 if page.page > 1 else None,
        "next": page.page + 1 if page.page < page.pages else None,
        "last": page.pages,
    }
    response.headers["Link"] = ", ".join(
        f'<{request.url.include_query_params(page=number)}>; rel="{name}"' for name, number in links.items() if number
    )
    items = [ItemOut.of(item) for item in page.items]
    return ItemPage(items=items, total=page.total, page=page.page, size=page.size, pages=page.pages)


@api.post("/items/bulk", dependencies=[scope("review")], responses=problems(409))
async def act_on_many(request: Request, body: BulkIn, who: Who, saring: State, key: IdempotencyKey = None) -> BulkOut:
    """Do one thing to everything that is filtered.

    Every item is an action of its own: some may be refused while the others are done.
    """
    action = Action(body.action)
    assert action in BULK_ACTIONS
    if action in PUBLIC_ACTIONS and who.scopes is not None and "publish" not in who.scopes:
        await refuse(request, who, NotAllowed("this token lacks the scope publish"))
    change = bulk_change(body.comment, body.to_user)
    result = await run_in_threadpool(
        act_on_all, saring.review, who, body.filters.filters(who), action, change, expected=body.expected, key=key
    )
    refused = [
        RefusedItem(item_id=item_id, error=type(error).__name__, detail=str(error)) for item_id, error in result.refused
    ]
    return BulkOut(done=list(result.done), refused=refused)


@api.get("/items/{item_id}", responses={200: {"headers": _ETAG}, 304: {"description": "It is still that version."}})
def read_item(
    request: Request,
    response: Response,
    who: Who,
    saring: State,
    item_id: ItemId,
    blind: Annotated[bool, Query(description="Without anything the machine made of it.")] = False,
) -> ItemDetail:
    """An item with everything on it. Its ETag names its version; who holds it, and until when, is no part of that."""
    item = saring.review.get(item_id)
    if not blind and etag(item) in re.split(r"\s*,\s*", request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": etag(item)})  # type: ignore[return-value]
    response.headers["ETag"] = etag(item)
    return detail(saring, who, item, blind=blind)


def _offer(action: Action) -> None:
    """One route an action, with what the transition table says of it."""
    rule = RULES[action]
    model = change_model(action)

    async def act(
        response: Response,
        who: Who,
        saring: State,
        item_id: ItemId,
        body: Any,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> ItemOut:
        change = body.change()
        wanted = version_of(if_match, item_id) if if_match is not None else None
        if wanted is not None:
            change = replace(change, version=wanted)
        try:
            done = await run_in_threadpool(saring.review.act, item_id, action, who, change, key=key)
        except Outdated as error:
            if if_match is None:
                raise
            return problem(error, 412)  # type: ignore[return-value]
        response.headers["ETag"] = etag(done.item)
        if done.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return ItemOut.of(done.item)

    act.__annotations__["body"] = model if requires(action) else Annotated[model, Body(default_factory=model)]
    api.post(
        f"/items/{{item_id}}/{action}",
        responses={200: {"headers": _ETAG}, **problems(412)},
        dependencies=[scope("publish" if action in PUBLIC_ACTIONS else "review")],
        operation_id=f"{action}_item",
        summary=SUMMARIES[action],
        description=_table_says(rule),
    )(act)


def _table_says(rule: Rule) -> str:
    sources = ", ".join(sorted(rule.sources))
    target = f"to `{rule.target}`" if rule.target else "which it stays"
    said = [f"From {sources}, {target}. Takes the role {rule.role} or higher."]
    if rule.holder:
        said.append("Only whoever holds the item.")
    if rule.not_decider:
        said.append("Never whoever decided, administrators included.")
    if rule.flagged:
        said.append("Only where new evidence has flagged it.")
    return " ".join(said)


for _action in Action:
    _offer(_action)


@api.put("/items/{item_id}/lease", dependencies=[scope("review")])
def heartbeat(who: Who, saring: State, item_id: ItemId) -> ItemOut:
    """Say that you still work on an item you hold: the lease starts anew, nothing else changes."""
    return ItemOut.of(saring.review.heartbeat(item_id, who))


@api.delete("/items/{item_id}/alike/{other_id}", status_code=204, dependencies=[scope("review")])
def keep_apart(who: Who, saring: State, item_id: ItemId, other_id: AnyId) -> None:
    """Say that two items suggested as one are not the same claim. To confirm it, `merge` one into the other."""
    merging.dismiss(saring.review, item_id, other_id, who)


@api.get("/alike")
def list_alike(
    who: Who,  # noqa: ARG001 - signed in is enough
    saring: State,
    limit: Annotated[int, Query(ge=1, le=500, description="Most pairs.")] = 100,
) -> list[PairOut]:
    """Pairs that may be the same claim, the closest first. `merge` confirms one; deleting it keeps the two apart."""
    return [PairOut.of(pair) for pair in merging.suggestions(saring.review, limit=limit)]


@api.get("/articles/{article_id}")
def read_article(who: Who, saring: State, article_id: AnyId) -> ArticleOut:  # noqa: ARG001 - signed in is enough
    """An article as it was when it was checked; the spans of its items point into its text."""
    return ArticleOut.model_validate(dict(saring.review.article(article_id)))


@api.get("/views")
def list_views(who: Who, saring: State) -> list[ViewOut]:
    """Your saved views."""
    return [ViewOut.of(view) for view in desk.views(saring.database, who.user_id)]


@api.put("/views", dependencies=[scope("review")])
def save_view(body: ViewIn, who: Who, saring: State) -> ViewOut:
    """Save a view; one of the same name is replaced."""
    query = body.query.query()
    return ViewOut.of(desk.save_view(saring.database, who.user_id, body.name, query, saring.review.clock()))


@api.delete("/views/{view_id}", status_code=204, dependencies=[scope("review")])
def delete_view(who: Who, saring: State, view_id: AnyId) -> None:
    """Delete a view of your own."""
    desk.delete_view(saring.database, who.user_id, view_id)


def detail(saring: AppState, who: Actor, item: Item, *, blind: bool) -> ItemDetail:
    """An item with everything on it."""
    review = saring.review
    events = [EventOut.of(event) for event in review.events(item.id)]
    shown: dict[str, Any] = ItemOut.of(item, blind=blind).model_dump()
    return ItemDetail(
        **shown,
        claim=item.claim,
        verdicts=[] if blind else [VerdictOut.of(verdict) for verdict in review.verdicts(item.id)],
        decisions=[DecisionOut.of(decision) for decision in review.decisions(item.id)],
        events=[event for event in events if not (blind and event.action == "recheck")],
        alike=[AlikeOut.of(pair, item.id, blind=blind) for pair in merging.suggestions(review, item_id=item.id)],
        possible=list(desk.possible(item, who)),
    )
