"""Who one is, one's tokens, and the users, for programs. Tokens and users are changed by signed-in people alone."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Depends, Request, Response

from checker.errors import Incomplete
from checker.review import log
from checker.review.transitions import Role
from checker.web.answers import MeOut, TokenMade, TokenOut, UserOut
from checker.web.deps import State, Who, require
from checker.web.openapi import problems
from checker.web.schemas import AnyId, PasswordIn, SignIn, TokenIn, UserChange, UserIn
from checker.web.security import drop_session, identify, refuse_strangers, set_session

api = APIRouter(tags=["accounts"])


def from_here(request: Request) -> None:
    """Refuse a sign-in that a browser says another site sent; a JSON body alone it would not let through either.

    Raises:
        Forged: It was.
    """
    refuse_strangers(request)


@api.post("/session", dependencies=[Depends(from_here)], responses=problems(429), openapi_extra={"security": []})
def sign_in(request: Request, response: Response, body: SignIn, saring: State) -> MeOut:
    """Sign in: sets the session's cookie. Programs had better use a token."""
    address = request.client.host if request.client else ""
    session = saring.accounts.sign_in(body.name.strip().lower(), body.password, address)
    log.record(saring.database, session.actor, "sign_in", {}, saring.review.clock())
    set_session(response, session.token)
    return MeOut(
        user_id=session.actor.user_id,
        name=session.actor.name,
        role=session.actor.role,
        scopes=None,
        csrf=session.csrf,
    )


@api.delete("/session", status_code=204)
async def sign_out(request: Request, who: Who, saring: State) -> Response:  # noqa: ARG001 - must be somebody
    """Sign out: the session ends on the server."""
    from starlette.concurrency import run_in_threadpool

    known = await identify(request)
    if known is not None and known.session is not None:
        await run_in_threadpool(saring.accounts.sign_out, known.session.token)
    response = Response(status_code=204)
    drop_session(response)
    return response


@api.get("/me")
async def me(request: Request, who: Who) -> MeOut:
    """Who you are here."""
    known = await identify(request)
    csrf = known.session.csrf if known and known.session else None
    scopes = None if who.scopes is None else sorted(who.scopes)
    return MeOut.model_validate(
        {"user_id": who.user_id, "name": who.name, "role": who.role, "scopes": scopes, "csrf": csrf}
    )


@api.put("/me/password", status_code=204, responses=problems(429))
def change_password(request: Request, body: PasswordIn, who: Who, saring: State) -> Response:
    """Change your password: every other session of yours ends, this one goes on under a new id."""
    address = request.client.host if request.client else ""
    if not saring.accounts.knows_password(who.user_id, body.current, address):
        raise Incomplete("the current password is wrong")
    saring.accounts.set_password(who.user_id, body.password)
    log.record(saring.database, who, "change_password", {}, saring.review.clock())
    response = Response(status_code=204)
    set_session(response, saring.accounts.start_session(who.user_id).token)
    return response


@api.get("/tokens")
def list_tokens(who: Who, saring: State) -> list[TokenOut]:
    """Your API tokens that are not revoked."""
    return [TokenOut.model_validate(token) for token in saring.accounts.tokens(who.user_id)]


@api.post("/tokens", status_code=201)
def make_token(body: TokenIn, who: Who, saring: State) -> TokenMade:
    """Make an API token. It is shown this once."""
    expires = saring.review.clock() + timedelta(days=body.days)
    token, secret = saring.accounts.create_token(who.user_id, body.name, body.scopes, expires)
    detail = {"token": token.id, "name": token.name, "scopes": list(token.scopes)}
    log.record(saring.database, who, "make_token", detail, saring.review.clock())
    return TokenMade(**TokenOut.model_validate(token).model_dump(), token=secret)


@api.delete("/tokens/{token_id}", status_code=204)
def revoke_token(who: Who, saring: State, token_id: AnyId) -> None:
    """End a token of your own."""
    saring.accounts.revoke_token(who.user_id, token_id)
    log.record(saring.database, who, "revoke_token", {"token": token_id}, saring.review.clock())


@api.get("/users", dependencies=[require(Role.CHECKER)])
def list_users(who: Who, saring: State) -> list[UserOut]:  # noqa: ARG001
    """Everybody, e.g. to hand an item over to."""
    return [UserOut.model_validate(user) for user in saring.accounts.users()]


@api.post("/users", status_code=201, dependencies=[require(Role.ADMIN)])
def add_user(body: UserIn, who: Who, saring: State) -> UserOut:
    """Add a user."""
    user = saring.accounts.create(body.name, body.password, body.role, body.display_name, body.subject)
    log.record(saring.database, who, "add_user", {"user": user.id, "role": user.role}, saring.review.clock())
    return UserOut.model_validate(user)


@api.patch("/users/{user_id}", dependencies=[require(Role.ADMIN)], responses=problems(404))
def change_user(body: UserChange, who: Who, saring: State, user_id: AnyId) -> UserOut:
    """Change a user's role, switch them off or on, or give them another password; their sessions end."""
    saring.accounts.user(user_id)
    if body.password is not None:
        saring.accounts.set_password(user_id, body.password)
    user = saring.accounts.change(user_id, role=body.role, active=body.active)
    given = {"user": user_id, **body.model_dump(exclude={"password"}, exclude_none=True, mode="json")}
    changed = given | ({"password": "changed"} if body.password is not None else {})
    log.record(saring.database, who, "change_user", changed, saring.review.clock())
    return UserOut.model_validate(user)
