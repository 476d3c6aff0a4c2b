"""The list: what waits for a person, in the order of need; filters, saved views, and one action on all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from checker.errors import Incomplete, WrongState
from checker.review import desk
from checker.review.transitions import RANK, Action, Role
from checker.review.transitions import State as Stands
from checker.web import pages
from checker.web.bulk import BULK_ACTIONS, act_on_all, bulk_change
from checker.web.deps import State, Who
from checker.web.schemas import ItemQuery
from checker.web.words import mark

router = APIRouter()
NAV = [pages.Nav("/queue", mark("Queue"))]

TABS: tuple[tuple[str, str, dict[str, list[str]]], ...] = (
    ("open", mark("Open"), {}),
    ("mine", mark("Mine"), {"holder": ["me"], "state": ["claimed", "in_second_review"]}),
    ("second", mark("Awaiting second eyes"), {"state": ["decided"]}),
    ("approved", mark("Approved"), {"state": ["approved"]}),
    ("public", mark("Published"), {"state": ["published", "corrected"]}),
)
"""Views that everybody has: name, words, query."""

_COUNTED = {
    "open": ("new", "claimed", "decided", "in_second_review", "returned"),
    "mine": ("mine",),
    "second": ("second",),
    "approved": ("approved",),
    "public": ("published", "corrected"),
}
_KEPT = ("state", "label", "language", "holder", "article", "check", "disputed", "recheck", "q")


@router.get("/queue")
def show(request: Request, who: Who, saring: State) -> Response:
    """The list."""
    query = read_query(request.query_params)
    filters = query.filters(who)
    found = saring.review.list(filters, page=query.page, size=query.size)
    if query.page > found.pages:
        return RedirectResponse(f"/queue?{address(query, page=found.pages)}", 303)
    now = saring.review.clock()
    counts = desk.counts(saring.database, who, now)
    return pages.page(
        request,
        "queue.html",
        found=found,
        query=query,
        address=address(query),
        page_address=lambda number: address(query, page=number),
        titles=desk.titles(saring.review, (item.article_id for item in found.items)),
        tabs=[
            (name, words, urlencode(given, doseq=True), sum(counts.get(state, 0) for state in _COUNTED[name]))
            for name, words, given in TABS
        ],
        tab=_tab(query),
        views=desk.views(saring.database, who.user_id),
        view_address=lambda view: as_address(view.query),
        users=[user for user in saring.accounts.users() if user.active and RANK[user.role] >= RANK[Role.CHECKER]],
        bulk_actions=[action for action in BULK_ACTIONS if RANK[who.role] >= RANK[_role(action)]],
        states=list(Stands),
    )


@router.post("/queue/bulk")
def bulk(
    request: Request,
    who: Who,
    saring: State,
    action: Annotated[str, Form()] = "",
    query: Annotated[str, Form(max_length=4000)] = "",
    comment: Annotated[str, Form(max_length=20_000)] = "",
    to_user: Annotated[str, Form(max_length=60)] = "",
    expected: Annotated[int | None, Form()] = None,
    confirmed: Annotated[str, Form()] = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """First say what would be done to how many; once confirmed, do it, and say what was refused."""
    if action not in list(BULK_ACTIONS):
        raise Incomplete("choose what to do with them")
    read = read_query(QueryParams(query))
    filters = read.filters(who)
    shared: dict[str, Any] = {
        "action": action,
        "query": address(read),
        "comment": comment,
        "to_user": to_user,
        "key": key,
        "error": "",
    }
    if confirmed != "yes":
        found = saring.review.list(filters, size=10)
        return pages.page(request, "bulk.html", found=found, result=None, **shared)
    try:
        result = act_on_all(
            saring.review,
            who,
            filters,
            Action(action),
            bulk_change(comment, to_user),
            expected=expected,
            key=key or None,
        )
    except (Incomplete, WrongState) as error:
        found = saring.review.list(filters, size=10)
        status = 409 if isinstance(error, WrongState) else 422
        context = shared | {"error": str(error)}
        return pages.page(request, "bulk.html", status_code=status, found=found, result=None, **context)
    refused = [(saring.review.get(item_id), str(error)) for item_id, error in result.refused[:50]]
    return pages.page(request, "bulk.html", found=None, result=result, refused=refused, **shared)


@router.post("/queue/views")
def save_view(
    who: Who,
    saring: State,
    name: Annotated[str, Form(max_length=200)] = "",
    query: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Save the filters under a name."""
    kept = read_query(QueryParams(query)).query()
    desk.save_view(saring.database, who.user_id, name, kept, saring.review.clock())
    return pages.flash(RedirectResponse(f"/queue?{as_address(kept)}", 303), mark("The view is saved."))


@router.post("/queue/views/{view_id}/delete")
def delete_view(who: Who, saring: State, view_id: str) -> Response:
    """Delete a view of one's own."""
    desk.delete_view(saring.database, who.user_id, view_id)
    return pages.flash(RedirectResponse("/queue", 303), mark("The view is deleted."))


def read_query(params: QueryParams) -> ItemQuery:
    """The filters of an address; what a form left empty, and what is no filter, is passed over.

    Raises:
        RequestValidationError: A value cannot be used.
    """
    given: dict[str, Any] = {}
    for name in (*_KEPT, "page", "size"):
        values = [value for value in params.getlist(name) if value]
        if values:
            given[name] = values if name in ("state", "label") else values[-1]
    try:
        return ItemQuery.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def address(query: ItemQuery, **more: Any) -> str:
    """The filters as they stand in an address, without the page unless it is given."""
    return as_address(query.query() | more)


def as_address(given: Mapping[str, Any]) -> str:
    """Filters, as they stand in a saved view, as they stand in an address."""
    return urlencode(
        {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}, doseq=True
    )


def _tab(query: ItemQuery) -> str:
    given = query.query()
    plain = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    return next((name for name, _, wanted in TABS if wanted == plain), "")


def _role(action: Action) -> Role:
    from checker.review.transitions import RULES

    return RULES[action].role
