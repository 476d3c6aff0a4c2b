"""One's own account: password, API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from checker.errors import Incomplete
from checker.review import log
from checker.review.accounts import SCOPES
from checker.web import pages
from checker.web.deps import State, Who
from checker.web.security import set_session
from checker.web.words import mark

router = APIRouter()

DAYS = (30, 90, 365)
"""How long a token may be made to last."""


@router.get("/account")
def account(request: Request, who: Who, saring: State) -> Response:
    """Who one is here, one's tokens."""
    return _account(request, who, saring)


@router.post("/account/password")
def change_password(
    request: Request,
    who: Who,
    saring: State,
    current: Annotated[str, Form(max_length=2000)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    again: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change one's password; every other session ends, this one goes on under a new id."""
    try:
        if not saring.accounts.knows_password(who.user_id, current):
            raise Incomplete("the current password is wrong")
        if password != again:
            raise Incomplete("the two passwords differ; type the same one twice")
        saring.accounts.set_password(who.user_id, password)
    except Incomplete as error:
        return _account(request, who, saring, error=str(error), status_code=422)
    log.record(saring.database, who, "change_password", {}, saring.review.clock())
    response = pages.flash(RedirectResponse("/account", 303), mark("Your password is changed."))
    set_session(response, saring.accounts.start_session(who.user_id).token)
    return response


@router.post("/account/tokens")
def make_token(
    request: Request,
    who: Who,
    saring: State,
    name: Annotated[str, Form(max_length=200)] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = 90,
) -> Response:
    """Make an API token, and show it this once."""
    try:
        if days not in DAYS:
            raise Incomplete(f"a token lasts {', '.join(map(str, DAYS))} days")
        expires = saring.review.clock() + timedelta(days=days)
        token, secret = saring.accounts.create_token(who.user_id, name, scopes or (), expires)
    except Incomplete as error:
        return _account(request, who, saring, error=str(error), status_code=422)
    detail = {"token": token.id, "name": token.name, "scopes": list(token.scopes)}
    log.record(saring.database, who, "make_token", detail, saring.review.clock())
    return _account(request, who, saring, secret=secret, status_code=201)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(who: Who, saring: State, token_id: str) -> Response:
    """End a token of one's own."""
    saring.accounts.revoke_token(who.user_id, token_id)
    log.record(saring.database, who, "revoke_token", {"token": token_id}, saring.review.clock())
    return pages.flash(RedirectResponse("/account", 303), mark("The token is revoked."))


def _account(request: Request, who: Who, saring: State, *, status_code: int = 200, **more: Any) -> Response:
    context: dict[str, Any] = {"error": "", "secret": "", "all_scopes": SCOPES, "days": DAYS} | more
    return pages.page(
        request,
        "account.html",
        status_code=status_code,
        account=saring.accounts.user(who.user_id),
        tokens=saring.accounts.tokens(who.user_id),
        **context,
    )
