"""The people, for administrators: add, change the role, switch off, give another password."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from checker.errors import Incomplete, NotAllowed
from checker.review import log
from checker.review.transitions import Role
from checker.web import pages
from checker.web.deps import State, Who, require
from checker.web.errors import status_of
from checker.web.words import mark

router = APIRouter(dependencies=[require(Role.ADMIN)])
NAV = [pages.Nav("/users", mark("People"), Role.ADMIN)]


@router.get("/users")
def people(request: Request, saring: State) -> Response:
    """Everybody."""
    return _people(request, saring)


@router.post("/users")
def add(
    request: Request,
    who: Who,
    saring: State,
    name: Annotated[str, Form(max_length=200)] = "",
    display_name: Annotated[str, Form(max_length=200)] = "",
    role: Annotated[str, Form()] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Add somebody."""
    try:
        user = saring.accounts.create(name.strip().lower(), password, _role(role), display_name.strip())
    except Incomplete as error:
        typed = {"name": name, "display_name": display_name, "role": role}
        return _people(request, saring, error=error, typed=typed)
    log.record(saring.database, who, "add_user", {"user": user.id, "role": user.role}, saring.review.clock())
    return pages.flash(RedirectResponse("/users", 303), mark("Added."))


@router.post("/users/{user_id}")
def change(
    request: Request,
    who: Who,
    saring: State,
    user_id: str,
    role: Annotated[str, Form()] = "",
    active: Annotated[str, Form()] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change one thing about somebody; their sessions end."""
    detail: dict[str, Any] = {"user": user_id}
    try:
        if password:
            saring.accounts.set_password(user_id, password)
            detail["password"] = "changed"  # noqa: S105 - says that it was, not what it is
        wanted = _role(role) if role else None
        switched = {"yes": True, "no": False}.get(active)
        saring.accounts.change(user_id, role=wanted, active=switched)
        detail |= {"role": str(wanted)} if wanted else {}
        detail |= {"active": switched} if switched is not None else {}
    except (Incomplete, NotAllowed) as error:
        return _people(request, saring, error=error)
    log.record(saring.database, who, "change_user", detail, saring.review.clock())
    return pages.flash(RedirectResponse("/users", 303), mark("Changed."))


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        raise Incomplete(f"the role is one of {', '.join(Role)}") from error


def _people(
    request: Request, saring: State, *, error: Exception | None = None, typed: dict[str, str] | None = None
) -> Response:
    return pages.page(
        request,
        "users.html",
        status_code=status_of(error) if error else 200,
        people=saring.accounts.users(),
        roles=list(Role),
        typed={"name": "", "display_name": "", "role": "checker"} | (typed or {}),
        error=str(error) if error else "",
    )
