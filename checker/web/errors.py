"""What becomes of an error at this edge: a status, and one shape (RFC 9457) under `/api`, a page elsewhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from checker import errors as e
from retrieval.errors import RetrievalError

logger = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

STATUSES: Mapping[type[Exception], int] = {
    e.NotSignedIn: 401,
    e.LoginFailed: 401,
    e.Forged: 403,
    e.NotAllowed: 403,
    e.NotFound: 404,
    e.WrongState: 409,
    e.Outdated: 409,
    e.Held: 409,
    e.Incomplete: 422,
    e.KeyReused: 422,
    e.ArticleTooLarge: 413,
    e.ArticleError: 422,
    e.UnknownName: 422,
    e.ReportUnreadable: 422,
    e.StoreEmpty: 503,
    e.JudgeError: 503,
    e.ModelUnavailable: 503,
    e.DatabaseUnavailable: 503,
    RetrievalError: 503,
    OperationalError: 503,
    PoolTimeout: 503,
}
"""The status of every error; the nearest ancestor's where an error is not listed, 500 where none is."""


_WRITTEN = frozenset({"reason", "comment", "text"})
"""Form fields that people write sentences into."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:saring:error:outdated",
                "title": "Outdated",
                "status": 409,
                "detail": "the item has changed meanwhile (it is now decided, version 3); read it again",
                "current": {"version": 3, "state": "decided"},
            }
        }
    )

    type: str = Field(description="`urn:saring:error:` and the kind of error; stable, for programs.")
    title: str = Field(description="The kind of error, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One line: what is wrong and what to do.")
    current: dict[str, Any] | None = Field(
        default=None, description="Where somebody was faster: the item's version and state."
    )
    errors: list[dict[str, Any]] | None = Field(
        default=None, description="Where the request does not fit: each place and what is wrong there."
    )


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    if isinstance(error, e.LoginFailed) and str(error).startswith("too many"):
        return 429
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def problem(error: Exception, status: int | None = None) -> Response:
    """The answer to a program."""
    status = status or status_of(error)
    kind = type(error).__name__
    if isinstance(error, HTTPException):
        kind = HTTPStatus(status).phrase.replace(" ", "")
    elif isinstance(error, RequestValidationError):
        kind = "Invalid"
    elif status == 500:
        kind = "InternalError"
    body: dict[str, Any] = {
        "type": f"urn:saring:error:{_dashed(kind)}",
        "title": _dashed(kind).replace("-", " ").capitalize(),
        "status": status,
        "detail": detail_of(error, status),
    }
    if isinstance(error, e.Outdated):
        body["current"] = {"version": error.version, "state": str(error.state)}
    if isinstance(error, RequestValidationError):
        body["errors"] = [
            {"where": "/".join(str(part) for part in found["loc"]), "message": found["msg"]}
            for found in error.errors()[:20]
        ]
    return JSONResponse(body, status, headers=_headers(error, status), media_type=PROBLEM)


def detail_of(error: Exception, status: int) -> str:
    """One line on what is wrong and what to do; nothing of the insides where it is ours to mend."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = "/".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg'].lower()}"[:300]
    if isinstance(error, HTTPException):
        return error.detail or HTTPStatus(status).phrase
    if isinstance(error, OperationalError | PoolTimeout):
        return "the queue's database is busy or cannot be reached; try again in a moment"
    if status == 500:
        return "something went wrong here and was logged; try again, and tell whoever runs this server if it stays"
    return str(error)


def answer(request: Request, error: Exception, status: int | None = None) -> Response:
    """The answer to whoever asked: JSON under `/api`, else a page; to a stranger, the way to sign in."""
    path = request.url.path
    status = status or status_of(error)
    if path == "/v1" or path.startswith(("/api/", "/v1/")):
        return problem(error, status)
    if isinstance(error, e.NotSignedIn) and request.method in ("GET", "HEAD"):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/login?next={quote(path + query)}", 303)
    from checker.web.pages import page

    try:
        return page(
            request,
            "error.html",
            status=status,
            error=error,
            detail=detail_of(error, status),
            written=_written(request),
            status_code=status,
        )
    except Exception:
        logger.exception("the page about an error failed itself")
        return problem(error, status)


def install(app: FastAPI) -> None:
    """Have every error answered here."""

    async def handle(request: Request, error: Exception) -> Response:
        response = answer(request, error)
        response.headers.update(_headers(error, response.status_code))
        if response.status_code == 405 and (methods := _methods(request)):
            response.headers["Allow"] = methods
        return response

    for kind in (e.CheckerError, RetrievalError, OperationalError, PoolTimeout, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, handle)


def _written(request: Request) -> list[str]:
    """What somebody wrote into the form that is refused: a session that ended must not cost them their words."""
    form = getattr(request, "_form", None)  # read already, or there was none
    if form is None:
        return []
    texts = [value for name, value in form.multi_items() if name in _WRITTEN and isinstance(value, str)]
    return [text for text in texts if text.strip()]


def _methods(request: Request) -> str:
    """What an address of the API takes: the router only knows the first of its routes."""
    found: set[str] = set()
    paths = request.app.openapi()["paths"]
    if request.url.path in paths:
        return ", ".join(sorted(method.upper() for method in paths[request.url.path]))
    for path, operations in paths.items():
        pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]+\}", path))
        if re.fullmatch(pattern, request.url.path):
            found |= {method.upper() for method in operations}
    return ", ".join(sorted(found))


def _headers(error: Exception, status: int) -> dict[str, str]:
    headers = dict(getattr(error, "headers", None) or {})
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="saring"'
    if status in (429, 503):
        headers["Retry-After"] = "900" if status == 429 else "5"
    return headers


def _dashed(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
