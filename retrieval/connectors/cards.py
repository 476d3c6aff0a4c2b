"""Evidence cards: a `.jsonl` file with one source a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from retrieval.connectors.base import Found, Rejected
from retrieval.dates import bounds
from retrieval.errors import InputError
from retrieval.ids import content_hash, source_id
from retrieval.types import Source

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of one line: a line without an end is not a card."""

# A null where a word may stand means that it is not known.
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Card(BaseModel):
    """One line of a card file. Only `text` must be there; fields that Saring does not know are kept."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    id: _Text = ""
    url: _Text = ""
    title: _Text = ""
    publisher: _Text = ""
    publisher_type: _Text = ""
    country: _Text = ""
    language: _Text = ""
    published_at: str | None = None
    fetched_at: _Text = ""
    via: Annotated[list[str], BeforeValidator(lambda value: [] if value is None else value)] = Field(
        default_factory=list
    )
    text: str

    @field_validator("text")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        return value

    @field_validator("published_at")
    @classmethod
    def _is_a_date(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        bounds(value)
        return value.strip()

    def source(self, now: str) -> Source:
        """The source that this card describes; `now` is when it was fetched, where the card does not say."""
        return Source(
            id=self.id.strip() or source_id(self.url, self.text),
            url=self.url.strip(),
            title=self.title.strip(),
            publisher=self.publisher.strip(),
            publisher_type=self.publisher_type.strip(),
            country=self.country.strip(),
            language=self.language.strip(),
            published_at=self.published_at,
            fetched_at=self.fetched_at or now,
            via=tuple(self.via),
            content_hash=content_hash(self.text),
            text=self.text,
            extra=MappingProxyType(dict(self.model_extra or {})),
        )


def read_card(line: str, now: str) -> Source:
    """Turn one line into a source.

    Raises:
        InputError: Says in one line what is wrong with it.
    """
    try:
        found: Any = json.loads(line)
    except RecursionError:
        raise InputError("is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise InputError("is not a JSON object")
    try:
        return Card.model_validate(found).source(now)
    except ValidationError as error:
        raise InputError(_in_words(error)) from None


class CardsConnector:
    """Reads a card file; a bad line is rejected by its number, and the rest is read."""

    name = "cards"
    searches = False

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:  # noqa: ARG002
        """Yield the cards of a file.

        Args:
            what: Path of a `.jsonl` file, UTF-8.
            limit: Most cards to yield.
            language: Ignored; each card names its own.

        Yields:
            A `Source` per card, a `Rejected` naming `file:line` per line that is none.

        Raises:
            InputError: The file cannot be opened.
        """
        path = Path(what)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        count = 0
        try:
            file = path.open("rb")
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
        with file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if limit is not None and count >= limit:
                    return
                where = f"{path}:{number}"
                if len(line) > LONGEST_LINE:
                    yield Rejected(where, f"is longer than {LONGEST_LINE // 2**20} MiB, so it is not a card")
                    _skip_line(file)
                    continue
                if not line.strip():
                    continue
                try:
                    yield read_card(_decoded(line, number), now)
                    count += 1
                except InputError as error:
                    yield Rejected(where, str(error))


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 (byte {error.start + 1}); save the file as UTF-8") from None


def _skip_line(file: Any) -> None:
    while (part := file.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        pass


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"has no {field!r}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{field!r}: {message[:1].lower()}{message[1:]}"
