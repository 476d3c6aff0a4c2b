"""An identity provider on this machine: discovery, code flow with PKCE, keys. It lies where a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response

CLIENT, SECRET = "saring", "only-the-two-of-us"
KEY = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig", "alg": "RS256"})


class Provider:
    """`claims` go into the token over what is right; `lie` names what else is wrong with it."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = KEY
        self.person: dict[str, Any] = {"sub": "42", "preferred_username": "Sari.Dewi@example.org", "name": "Sari Dewi"}
        self.claims: dict[str, Any] = {}
        self.lie = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self.about)
        self.app.get("/authorize")(self.authorize)
        self.app.post("/token")(self.token)
        self.app.get("/keys")(self.keys)

    def about(self) -> dict[str, Any]:
        issuer = "https://somebody.else" if self.lie == "issuer" else self.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": "http://evil.example/keys" if self.lie == "plain-http keys" else f"{self.issuer}/keys",
        }

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", 302)

    def token(
        self,
        request: Request,
        code: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
    ) -> Response:
        asked = self.codes.pop(code, None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        proof = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or request.headers.get("authorization") != f"Basic {basic}"
            or asked["code_challenge"] != proof
            or asked["redirect_uri"] != redirect_uri
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "nonce": asked["nonce"], "iat": now, "exp": now + 300}
        claims = {**right, **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        answer = {"access_token": "x", "token_type": "Bearer", "id_token": self.signed(claims)}
        if self.lie == "no token":
            del answer["id_token"]
        return JSONResponse(answer)

    def signed(self, claims: dict[str, Any]) -> str:
        if self.lie == "alg none":
            parts = [b'{"alg":"none"}', json.dumps(claims).encode()]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if self.lie == "public key as secret":
            public = OctKey.import_key(self.key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, public, algorithms=["HS256"])
        if self.lie == "client secret as key":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])
        key = self.key
        if self.lie == "another key":
            key = RSAKey.generate_key(2048, parameters={"kid": "one"})
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}
