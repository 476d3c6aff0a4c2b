"""What the connectors of HTTP APIs share: asking for JSON, and reading it without trusting its shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from retrieval.errors import (
    ConnectorNotConfigured,
    ConnectorReply,
    ConnectorUnavailable,
    FetchError,
    HTTPStatusError,
    UnsupportedContentType,
)
from retrieval.fetch import JSON_TYPES, Fetcher, Response

MAX_BYTES = 4 * 2**20
"""Ceiling of one answer; a page of search results is some tens of KiB."""


def get_json(
    fetcher: Fetcher,
    connector: str,
    url: str,
    *,
    params: Mapping[str, str | int] | None = None,
    headers: Mapping[str, str] | None = None,
    forbidden: str = "it refuses the key, or to answer without one",
) -> Any:
    """Return the JSON that `url` answers.

    Args:
        fetcher: What fetches, guards included. robots.txt is not asked: an API is made for programs.
        connector: Name for messages.
        url: The endpoint.
        params: Query parameters.
        headers: Further headers, keys among them.
        forbidden: What a 401 or 403 means here, and what to do about it.

    Raises:
        ConnectorUnavailable: It cannot be reached, is busy, or refuses.
        ConnectorReply: It answers with something else than JSON.
    """
    return _asked(
        connector,
        forbidden,
        lambda: fetcher.get(url, params=params, headers=headers, accept=JSON_TYPES, robots=False, max_bytes=MAX_BYTES),
    )


def post_json(
    fetcher: Fetcher,
    connector: str,
    url: str,
    payload: Any,
    *,
    headers: Mapping[str, str] | None = None,
    forbidden: str = "it refuses the key",
) -> Any:
    """Return the JSON that `url` answers to `payload`; raises what `get_json` raises."""
    return _asked(connector, forbidden, lambda: fetcher.post_json(url, payload, headers=headers))


def require(value: str | None, connector: str, what: str) -> str:
    """Return `value` stripped.

    Raises:
        ConnectorNotConfigured: It is empty; `what` says what to set.
    """
    text = (value or "").strip()
    if not text:
        raise ConnectorNotConfigured(connector, f"is not set up; set {what}")
    return text


def records(data: Any, *path: str) -> list[dict[str, Any]]:
    """Return the objects in the list at `path` of a JSON value; what is missing or of another type is left out."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def text_of(record: Any, *keys: str) -> str:
    """Return the first of `keys` that holds a text (or number), as one line without surrounding space; else ""."""
    for key in keys:
        value = record.get(key) if isinstance(record, dict) else None
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return " ".join(str(value).split())
    return ""


def object_of(data: Any, connector: str) -> dict[str, Any]:
    """Return `data` if it is a JSON object.

    Raises:
        ConnectorReply: It is not.
    """
    if not isinstance(data, dict):
        raise ConnectorReply(connector, f"answers with a JSON {type(data).__name__} where an object is expected")
    return data


def _asked(connector: str, forbidden: str, ask: Callable[[], Response]) -> Any:
    try:
        response = ask()
    except HTTPStatusError as error:
        why = forbidden if error.status in (401, 403) else "it answers with an error"
        raise ConnectorUnavailable(connector, f"{why} ({error})") from error
    except UnsupportedContentType as error:
        raise ConnectorReply(connector, f"answers something else than JSON ({error})") from error
    except FetchError as error:
        raise ConnectorUnavailable(connector, f"did not answer ({error})") from error
    return parse(response.body, connector)


def parse(body: bytes, connector: str) -> Any:
    """Return `body` as JSON.

    Raises:
        ConnectorReply: It is not JSON, or nested without end.
    """
    text = body.decode("utf-8", "replace").lstrip("\ufeff").strip()
    if not text:
        raise ConnectorReply(connector, "answers nothing")
    try:
        return json.loads(text, strict=False)  # GDELT, for one, sends control characters inside strings
    except (ValueError, RecursionError) as error:
        said = " ".join(text.split())[:100]
        raise ConnectorReply(connector, f"answers something else than JSON: {said!r}") from error
