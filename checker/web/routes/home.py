"""The way in, the reader's preferences, and help."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from checker.review import log
from checker.web import pages
from checker.web.deps import State, Visitor
from checker.web.security import check_visit, identify
from checker.web.words import LOCALES

router = APIRouter()

_LONG = 365 * 24 * 3600
_CHOICES = {
    "language": (pages.LANGUAGE_COOKIE, LOCALES),
    "theme": (pages.THEME_COOKIE, pages.THEMES),
    "blind": (pages.BLIND_COOKIE, ("on", "off")),
    "keys": (pages.KEYS_COOKIE, ("on", "off")),
}


async def from_a_page_of_ours(request: Request) -> None:
    """A form of whoever, signed in or not, comes from a page of ours.

    Raises:
        Forged: It does not.
    """
    if await identify(request) is None:
        await check_visit(request)


@router.get("/")
def home(who: Visitor) -> Response:
    """To the queue, or to sign in."""
    return RedirectResponse("/queue" if who else "/login", 303)


@router.post("/preferences", dependencies=[Depends(from_a_page_of_ours)])
def prefer(
    who: Visitor,
    saring: State,
    language: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
    blind: Annotated[str | None, Form()] = None,
    keys: Annotated[str | None, Form()] = None,
    back: Annotated[str, Form(max_length=2000)] = "/",
    seen: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Remember what a reader prefers, in their browser alone; who ends a blind review has seen the item it was of."""
    if who is not None and blind == "off" and seen:
        item = saring.review.get(seen)
        log.record(saring.database, who, "reveal", {}, saring.review.clock(), item_id=item.id)
    response = RedirectResponse(pages.local_path(back), 303)
    for name, value in (("language", language), ("theme", theme), ("blind", blind), ("keys", keys)):
        cookie, choices = _CHOICES[name]
        if value in choices:
            response.set_cookie(cookie, str(value), max_age=_LONG, path="/", secure=True, httponly=True, samesite="lax")
    return response


@router.get("/help")
def help_page(request: Request, who: Visitor) -> Response:  # noqa: ARG001 - who is shown at the top
    """How the queue works, and its keys."""
    return pages.page(request, "help.html")
