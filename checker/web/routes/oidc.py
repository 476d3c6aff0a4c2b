"""Signing in with the newsroom's own identity provider: OpenID Connect, authorization code flow with PKCE.

The one place where a GET changes something: the provider sends people back by one. What it takes to come back (state,
nonce, code verifier) is known to their browser alone, in a cookie of ten minutes.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from checker.errors import Incomplete, LoginFailed, NotAllowed, NotFound, SettingsError
from checker.review import log
from checker.review.accounts import User
from checker.review.records import Actor
from checker.review.transitions import Role
from checker.settings import Settings
from checker.web import pages
from checker.web.deps import AppState, State
from checker.web.security import LOCAL_HOSTS, SESSION_COOKIE, set_session

router = APIRouter()
logger = logging.getLogger(__name__)

COOKIE = "__Host-saring-oidc"
MINUTES = 10
TIMEOUT = 10.0
KEPT = 3600.0
"""Seconds that what the provider says of itself is believed before it is asked again."""

# What signs with a key that the provider alone has. `none` and the HS family (our own secret, or a public key taken for
# one) are not among them.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


class Provider:
    """What the identity provider says of itself, and its keys; asked for when needed, and kept for an hour."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer
        self._guard = threading.Lock()
        self._about: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._asked = 0.0

    def about(self) -> dict[str, Any]:
        """Its discovery document.

        Raises:
            LoginFailed: It cannot be reached, or says something else than an identity provider would.
        """
        with self._guard:
            if not self._about or time.monotonic() - self._asked > KEPT:
                found = _fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise LoginFailed("the identity provider calls itself something else than SARING_OIDC_ISSUER does")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _must_be_safe(str(found.get(name, "")))
                self._about, self._keys, self._asked = found, {}, time.monotonic()
            return self._about

    def keys(self, *, fresh: bool = False) -> dict[str, Any]:
        """Its public keys, as a JWK set.

        Raises:
            LoginFailed: They cannot be had.
        """
        where = str(self.about()["jwks_uri"])
        with self._guard:
            if fresh or not self._keys:
                self._keys = _fetch(where)
            return self._keys


def _fetch(url: str) -> dict[str, Any]:
    import httpx

    _must_be_safe(url)
    try:
        answer = httpx.get(url, timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        logger.warning("the identity provider did not answer at %s: %s", url, error)
        raise LoginFailed("the identity provider cannot be reached; try again, or sign in with a password") from error
    if not isinstance(found, dict):
        raise LoginFailed("the identity provider cannot be reached; try again, or sign in with a password")
    return found


def _must_be_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
        raise LoginFailed("the identity provider must be reached by HTTPS")


def _provider(saring: AppState) -> Provider:
    if not saring.settings.oidc_issuer:
        raise NotFound("signing in with an identity provider is not set up here; set SARING_OIDC_ISSUER")
    found = saring.services.get("oidc")
    if not isinstance(found, Provider):
        found = saring.services["oidc"] = Provider(saring.settings)
    return found


def _client(request: Request, saring: AppState) -> Any:
    try:
        from authlib.integrations.httpx_client import OAuth2Client
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"signing in with an identity provider needs {error.name}; install it with: pip install 'saring[oidc]'"
        ) from error
    base = saring.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return OAuth2Client(
        saring.settings.oidc_client_id,
        saring.settings.oidc_client_secret or None,
        token_endpoint_auth_method="client_secret_basic" if saring.settings.oidc_client_secret else "none",
        scope="openid profile",
        redirect_uri=f"{base}/oidc/callback",
        code_challenge_method="S256",
        timeout=TIMEOUT,
        trust_env=False,
    )


@router.get("/oidc/start")
def start(
    request: Request,
    saring: State,
    next: Annotated[str, Query(max_length=2000)] = "/queue",
) -> Response:
    """Off to the identity provider."""
    about = _provider(saring).about()
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with _client(request, saring) as client:
        url, state = client.create_authorization_url(
            about["authorization_endpoint"], code_verifier=verifier, nonce=nonce, state=secrets.token_urlsafe(24)
        )
    response = RedirectResponse(url, 303)
    kept = json.dumps([state, nonce, verifier, pages.local_path(next, "/queue")])
    response.set_cookie(
        COOKIE,
        kept.encode().hex(),
        max_age=MINUTES * 60,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",  # the provider sends people back from elsewhere
    )
    return response


@router.get("/oidc/callback")
def callback(
    request: Request,
    saring: State,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    iss: Annotated[str, Query(max_length=500)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Back from the identity provider: a new session for whom it vouches for."""
    provider = _provider(saring)
    wanted, nonce, verifier, onward = _kept(request)
    if not wanted or not secrets.compare_digest(state.encode(), wanted.encode()):
        raise LoginFailed("this sign-in was not begun here, or took too long; begin it again")
    if iss and iss != provider.issuer:
        raise LoginFailed("another identity provider answered; begin the sign-in again")
    if error or not code:
        raise LoginFailed("the identity provider refused the sign-in; begin it again, or ask an administrator")
    claims = _claims(request, saring, provider, code, verifier, nonce)
    user = _user(saring, f"{provider.issuer}#{claims['sub']}"[:255], claims)
    if not user.active:
        raise NotAllowed("this account is switched off; ask an administrator")
    if old := request.cookies.get(SESSION_COOKIE):
        saring.accounts.sign_out(old)
    session = saring.accounts.start_session(user.id)
    log.record(saring.database, session.actor, "sign_in", {"by": "oidc"}, saring.review.clock())
    response = RedirectResponse(onward, 303)
    set_session(response, session.token)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


def _kept(request: Request) -> tuple[str, str, str, str]:
    try:
        state, nonce, verifier, onward = json.loads(bytes.fromhex(request.cookies.get(COOKIE, "")))
        return str(state), str(nonce), str(verifier), pages.local_path(str(onward), "/queue")
    except (ValueError, TypeError):
        return "", "", "", "/queue"


def _claims(
    request: Request, saring: AppState, provider: Provider, code: str, verifier: str, nonce: str
) -> dict[str, Any]:
    """What the provider vouches for, checked: its signature, its issuer, for us, in time, for this very sign-in."""
    import httpx2
    from authlib.common.errors import AuthlibBaseError
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    refused = "the identity provider's answer cannot be trusted; begin the sign-in again, or ask an administrator"
    try:
        with _client(request, saring) as client:
            token = client.fetch_token(provider.about()["token_endpoint"], code=code, code_verifier=verifier)
    except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
        logger.warning("the identity provider gave no token: %s", error)
        raise LoginFailed(
            "the identity provider refused the sign-in; begin it again, or ask an administrator"
        ) from error
    id_token = token.get("id_token")
    if not isinstance(id_token, str):
        raise LoginFailed(refused)
    for fresh in (False, True):  # a key we do not know yet may be a new one
        try:
            keys = KeySet.import_key_set(provider.keys(fresh=fresh))  # type: ignore[arg-type]
            claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
            break
        except (JoseError, ValueError, KeyError, TypeError) as error:
            if fresh:
                logger.warning("the identity provider's token was refused: %s", error)
                raise LoginFailed(refused) from error
    registry = jwt.JWTClaimsRegistry(
        leeway=60,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": saring.settings.oidc_client_id},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        logger.warning("the identity provider's token was refused: %s", error)
        raise LoginFailed(refused) from error
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != saring.settings.oidc_client_id:
        raise LoginFailed(refused)
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise LoginFailed(refused)
    return dict(claims)


def _user(saring: AppState, subject: str, claims: dict[str, Any]) -> User:
    """The user behind an account of the provider's; made at the first sign-in, where the settings give a role."""
    known = saring.accounts.by_subject(subject)
    if known is not None:
        return known
    role = saring.settings.oidc_role
    if not role:
        raise NotAllowed("nobody here is known by this account; ask an administrator to add you")
    wish = str(claims.get("preferred_username") or claims.get("email") or "user").partition("@")[0].lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", wish).strip("._-")[:50] or "user"
    name = name if len(name) > 1 else f"{name}-user"
    shown = str(claims.get("name") or name)[:120]
    # A name that is taken is another's: the provider's word for a name joins nobody to an account that is here.
    for candidate in (name, *(f"{name}-{secrets.token_hex(3)}" for _ in range(3))):
        try:
            user = saring.accounts.create(candidate, None, Role(role), shown, subject)
        except Incomplete:
            if (made := saring.accounts.by_subject(subject)) is not None:  # at the same moment, in another tab
                return made
            continue
        detail = {"user": user.id, "role": user.role, "by": "oidc"}
        log.record(saring.database, Actor(user.id, user.name, user.role), "add_user", detail, saring.review.clock())
        return user
    raise LoginFailed("no user name could be made of this account; ask an administrator to add you")
