"""The description of the API (OpenAPI 3.1): every operation says how one is known to it and how it refuses."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from checker.web.errors import PROBLEM, Problem

REFUSALS = {
    400: "The request cannot be read.",
    401: "Nobody is signed in, or the token is unknown, revoked or has run out.",
    403: "This user or token may not do that, or a browser was made to send it.",
    404: "There is nothing of that id that this user may see.",
    405: "This address does not take that method.",
    409: "Somebody was faster, holds it, or it is not in a state from which that can be done.",
    412: "The item is not in the version that If-Match names.",
    413: "The request is too large.",
    422: "Something required is missing or not valid, or an idempotency key was used with another request.",
    429: "Too many tries; wait.",
    503: "The database, the evidence or a model is busy or cannot be reached; try again.",
}
"""Statuses of refusals, and what each means."""

_ALWAYS = (400, 401, 403, 413, 422, 503)
_WITH_ID = (404, 409)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Refusals of a route, for its `responses`, beside those that every route of the API has."""
    return {status: {"description": REFUSALS[status]} for status in statuses}


def describe(app: FastAPI) -> None:
    """Have the app describe itself, once, when first asked."""

    def made() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app)
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]


def _schema(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        openapi_version="3.1.0",
        routes=app.routes,
        description=(
            "Everything the pages do. Programs send `Authorization: Bearer saring_…`, a token made on the account's "
            "page; browsers send their session's cookie, and `X-CSRF-Token` with whatever changes something. Errors "
            "come in one shape, `application/problem+json` (RFC 9457). Actions on items, and checks, take an "
            "`Idempotency-Key`: the same request under the same key is done once. A machine's label is a suggestion, "
            "never a rating."
        ),
    )
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token, with its scopes."},
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-saring"},
    }
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(operation, path)
    return schema


def _complete(operation: dict[str, Any], path: str) -> None:
    responses = operation["responses"]
    for status in (*_ALWAYS, *(_WITH_ID if "{" in path else ())):
        responses.setdefault(str(status), {"description": REFUSALS[status]})
    shape = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, response in responses.items():
        if status.isdigit() and int(status) >= 400:
            response["description"] = REFUSALS.get(int(status), response.get("description", ""))
            response["content"] = shape
    if "security" not in operation:
        operation["security"] = [{"token": []}, {"session": []}]
