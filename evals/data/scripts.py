"""Scripts of conversations: what is said to the chat, and what its answers must hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evals.data.files import digest, read_text
from evals.data.pairs import explain
from evals.errors import DataError
from evals.types import Dataset

SCRIPT = Path(__file__).parent / "chat" / "script.jsonl"
"""The 60 turns that the chat is held to."""

Label = Literal["supported", "unsupported", "needs_source"]


class Expect(BaseModel):
    """What must hold of an answer; keys that are left out hold nothing against it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: list[str] = Field(min_length=1)
    label: Label | None = None
    claim_has: list[str] = []
    mentions: list[str] = []
    cites: list[str] = []
    citations: int | None = Field(default=None, ge=0)
    labels: dict[str, Label] = {}
    items: int | None = Field(default=None, ge=0)


class Line(BaseModel):
    """One turn of a script."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    conversation: str = Field(min_length=1)
    language: Literal["id", "en"]
    text: str | None = None
    repeat: str = ""
    bytes: int = Field(default=0, ge=0)
    expect: Expect
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> Line:
        if (self.text is None) != bool(self.repeat and self.bytes):
            raise ValueError("give text, or repeat and bytes")
        return self

    @property
    def message(self) -> str:
        """What is said."""
        if self.text is not None:
            return self.text
        return (self.repeat * (self.bytes // max(1, len(self.repeat.encode())) + 1))[: self.bytes]


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation of a script, with the cards that it is held over."""

    id: str
    lines: tuple[Line, ...]
    cards: tuple[dict[str, Any], ...]


def is_script(path: Path) -> bool:
    """Whether a file holds turns rather than pairs, by its first line."""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
    return '"conversation"' in first and '"expect"' in first


def read_script(path: Path, evidence: Path) -> Dataset:
    """A script as a data set, one record per conversation.

    Args:
        path: The script.
        evidence: Folder of the cards that its conversations are held over.

    Raises:
        DataError: A line is wrong; the message names it.
    """
    cards = tuple(card for file in sorted(evidence.glob("*.jsonl")) for card in _cards(file))
    lines: dict[str, list[Line]] = {}
    seen: set[str] = set()
    for number, text in enumerate(read_text(path).splitlines(), start=1):
        if not text.strip():
            continue
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            raise DataError(f"{path}:{number}: {explain(error)}") from None
        if line.id in seen:
            raise DataError(f"{path}:{number}: the id {line.id!r} is there twice")
        seen.add(line.id)
        lines.setdefault(line.conversation, []).append(line)
    talks = [Talk(name, tuple(turns), cards) for name, turns in lines.items()]
    return Dataset(path.stem, "chat", talks, digest([path, *sorted(evidence.glob("*.jsonl"))]))


def _cards(file: Path) -> Iterator[dict[str, Any]]:
    for line in read_text(file).splitlines():
        if line.strip():
            yield json.loads(line)
