"""Signing in and out, and setting up the first administrator."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from checker.errors import Incomplete, LoginFailed, NotAllowed
from checker.review import log
from checker.review.records import Actor
from checker.web import pages
from checker.web.deps import State, Visitor
from checker.web.errors import status_of
from checker.web.security import SESSION_COOKIE, check_visit, drop_session, identify, set_session

router = APIRouter()


@router.get("/login")
def login_page(request: Request, who: Visitor, saring: State, next: str = "/queue") -> Response:
    """Name and password."""
    if who is not None:
        return RedirectResponse(pages.local_path(next, "/queue"), 303)
    return _login(request, saring, next=next)


@router.post("/login", dependencies=[Depends(check_visit)])
def login(
    request: Request,
    saring: State,
    name: Annotated[str, Form(max_length=80)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/queue",
) -> Response:
    """Sign in: a new session with a new id, whatever the browser held before."""
    address = request.client.host if request.client else ""
    try:
        session = saring.accounts.sign_in(name.strip().lower(), password, address)
    except LoginFailed as error:
        return _login(request, saring, next=next, name=name, error=str(error), status_code=status_of(error))
    if old := request.cookies.get(SESSION_COOKIE):
        saring.accounts.sign_out(old)
    log.record(saring.database, session.actor, "sign_in", {}, saring.review.clock())
    response = RedirectResponse(pages.local_path(next, "/queue"), 303)
    set_session(response, session.token)
    return response


@router.post("/logout")
async def logout(request: Request, saring: State) -> Response:
    """End the session on the server, and in the browser."""
    from starlette.concurrency import run_in_threadpool

    known = await identify(request)  # checks the form's token
    if known is not None and known.session is not None:
        await run_in_threadpool(saring.accounts.sign_out, known.session.token)
    response = RedirectResponse("/login", 303)
    drop_session(response)
    return response


@router.get("/setup")
def setup_page(request: Request, saring: State, token: str = "") -> Response:
    """Name and password of the first administrator, for whoever has the link."""
    if not saring.accounts.valid_setup(token):
        raise NotAllowed("this set-up link was used or has run out; start saring serve again for a new one")
    return pages.page(request, "setup.html", token=token, name="", display_name="", error="")


@router.post("/setup", dependencies=[Depends(check_visit)])
def setup(
    request: Request,
    saring: State,
    token: Annotated[str, Form(max_length=200)],
    name: Annotated[str, Form(max_length=80)] = "",
    display_name: Annotated[str, Form(max_length=120)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    again: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Make the first administrator, and sign them in."""
    try:
        if password != again:
            raise Incomplete("the two passwords differ; type the same one twice")
        user = saring.accounts.set_up(token, name.strip().lower(), password, display_name.strip())
    except Incomplete as error:
        context = {"token": token, "name": name, "display_name": display_name, "error": str(error)}
        return pages.page(request, "setup.html", status_code=422, **context)
    session = saring.accounts.start_session(user.id)
    who = Actor(user.id, user.name, user.role)
    log.record(saring.database, who, "set_up", {"name": user.name}, saring.review.clock())
    response = RedirectResponse("/queue", 303)
    set_session(response, session.token)
    return response


def _login(
    request: Request, saring: State, *, next: str, name: str = "", error: str = "", status_code: int = 200
) -> Response:
    return pages.page(
        request,
        "login.html",
        status_code=status_code,
        next=pages.local_path(next, "/queue"),
        name=name,
        error=error,
        nobody=not saring.accounts.any_user(),
        oidc=bool(saring.settings.oidc_issuer),
    )
