"""What every answer carries and every request must pass: headers, host, cookies, tokens against forgery.

Cookies are `__Host-` cookies: no path but `/`, no domain, `Secure`. Chromium and Firefox keep them on plain HTTP from
127.0.0.1 and localhost too, which they trust like HTTPS (seen in Chromium 156); Safari does not, and is told so when it
signs in (see `routes/auth.py`).
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checker.errors import Forged, NotSignedIn
from checker.review.accounts import SESSION_LENGTH, Session
from checker.review.records import Actor
from checker.settings import Settings

logger = logging.getLogger(__name__)

SESSION_COOKIE = "__Host-saring"
VISIT_COOKIE = "__Host-saring-visit"
"""Proves that a form of somebody who is not signed in comes from a page of ours (double submit)."""

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]", "::1")

MAX_BODY = 1_000_000
"""Bytes of one request. A route that takes articles raises it for itself (`max_body_size`)."""

_PLAIN: Mapping[int, str] = {
    400: "this server does not answer to that name; set SARING_TRUSTED_HOSTS or SARING_PUBLIC_URL to it",
    413: "the request is too large",
}
"""What Starlette's own middleware refuses in plain text, said in our shape instead."""

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would send "Origin: null" with our own forms then.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}


def content_policy(nonce: str) -> str:
    """The Content-Security-Policy of a page: everything from here, nothing inline without the nonce, no frames."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "object-src 'none'; base-uri 'none'; frame-src 'none'; frame-ancestors 'none'"
    )


class Guard:
    """Outermost: headers on every answer, also on those to requests that went wrong. A header a route set stays."""

    def __init__(self, app: ASGIApp, *, https_only: bool = False) -> None:
        self.app = app
        self.https_only = https_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        started = replaced = False

        async def guarded(message: Message) -> None:
            nonlocal started, replaced
            if replaced:
                return  # the rest of an answer that is not ours
            if message["type"] == "http.response.start":
                started = True
                if message["status"] in _PLAIN:
                    kind = MutableHeaders(scope=message).get("content-type", "")
                    if kind.startswith("text/plain"):
                        replaced = True
                        await self._in_our_shape(message["status"], scope, receive, send, nonce)
                        return
                self._complete(MutableHeaders(scope=message), scope, nonce)
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:  # the last one who can still answer in one shape
            logger.exception("a request to %s failed", scope["path"])
            if started:
                raise
            from checker.web.errors import answer

            await answer(Request(scope, receive), error)(scope, receive, guarded)

    async def _in_our_shape(self, status: int, scope: Scope, receive: Receive, send: Send, nonce: str) -> None:
        from checker.web.errors import answer

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), scope, nonce)
            await send(message)

        await answer(Request(scope, receive), HTTPException(status, _PLAIN[status]))(scope, receive, completed)

    def _complete(self, headers: MutableHeaders, scope: Scope, nonce: str) -> None:
        headers.setdefault("Content-Security-Policy", content_policy(nonce))
        for name, value in _HEADERS.items():
            if name == "X-Frame-Options" and "frame-ancestors 'none'" not in headers["Content-Security-Policy"]:
                continue  # a fact box is there to be framed
            headers.setdefault(name, value)
        if self.https_only:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")


def allowed_hosts(settings: Settings) -> list[str]:
    """Names the pages answer to. Any other is refused: a name of a stranger's that resolves here is DNS rebinding."""
    named = [name.strip() for name in settings.trusted_hosts.split(",") if name.strip()]
    public = urlsplit(settings.public_url).hostname
    bound = [settings.host] if settings.host not in ("", "0.0.0.0", "::") else []  # noqa: S104 - compared, not bound
    return list(dict.fromkeys([*LOCAL_HOSTS, *bound, *([public] if public else []), *named]))


# -- who is it?


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sent a request, and by what they are known: `session` for a browser, None for an API token."""

    actor: Actor
    session: Session | None = None


async def identify(request: Request) -> Identity | None:
    """Who sent a request; None for a stranger. Looked up once a request.

    Raises:
        NotSignedIn: It brought an API token that is none (any more).
        Forged: It would change something by a browser's cookie, without the token that our pages send along.
    """
    if not hasattr(request.state, "identity"):
        request.state.identity = await _identify(request)
    known: Identity | None = request.state.identity
    return known


async def _identify(request: Request) -> Identity | None:
    accounts = request.app.state.saring.accounts
    header = request.headers.get("authorization", "")
    if header:
        kind, _, secret = header.partition(" ")
        actor = await run_in_threadpool(accounts.bearer, secret.strip()) if kind.lower() == "bearer" else None
        if actor is None:
            raise NotSignedIn("the API token is unknown, revoked or has run out; make another on your account's page")
        return Identity(actor)
    cookie = request.cookies.get(SESSION_COOKIE)
    session = await run_in_threadpool(accounts.session, cookie) if cookie else None
    if session is None:
        return None
    if request.method not in SAFE_METHODS:
        refuse_strangers(request)
        if not _same(await sent_token(request), session.csrf):
            raise Forged("this form has run out or came from elsewhere; load the page again and send it once more")
    return Identity(session.actor, session)


def refuse_strangers(request: Request) -> None:
    """Refuse what a browser says was sent from another site.

    Raises:
        Forged: It was.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site not in ("same-origin", "none"):
        raise Forged("this request came from another site; use the pages of this one")


async def sent_token(request: Request) -> str:
    """The token against forgery that came with a request: in its header, else in its form."""
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return ""
    value = (await request.form()).get(CSRF_FIELD)
    return value if isinstance(value, str) else ""


async def check_visit(request: Request) -> None:
    """Check a form of somebody who is not signed in: its token is that of the cookie we gave with the page.

    Raises:
        Forged: It is not.
    """
    refuse_strangers(request)
    cookie = request.cookies.get(VISIT_COOKIE, "")
    if not cookie:
        raise Forged(
            "your browser sent no cookie back; allow cookies here, or use HTTPS (Safari keeps none on plain HTTP)"
        )
    if not _same(await sent_token(request), cookie):
        raise Forged("this form has run out or came from elsewhere; load the page again and send it once more")


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


# -- cookies


def set_session(response: Response, token: str) -> None:
    """Hand a browser its session: a new id at every sign-in, unreadable to scripts, not sent along from elsewhere."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LENGTH.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def drop_session(response: Response) -> None:
    """Take a browser's session back."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def visit_token(request: Request) -> str:
    """The token for forms of somebody who is not signed in; `keep_visit` sends it along as a cookie."""
    known = getattr(request.state, "visit", None) or request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(32)
    request.state.visit = known
    return str(known)


def keep_visit(request: Request, response: Response) -> None:
    """Send the visitor's token as a cookie, where a page made one."""
    made = getattr(request.state, "visit", None)
    if made is not None and request.cookies.get(VISIT_COOKIE) != made:
        response.set_cookie(VISIT_COOKIE, made, path="/", secure=True, httponly=True, samesite="strict")
