"""Claim–evidence pairs from a JSONL file: `{id, dataset?, language?, claim, evidence, label, pair?}`.

Lines of one `pair` are twins: the share of them that are all judged rightly is reported too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evals.data.files import read_jsonl
from evals.errors import DataError
from evals.types import Pair


class PairLine(BaseModel):
    """One line; fields that it does not know are left alone."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str = Field(min_length=1)
    dataset: str | None = None
    language: str | None = None
    claim: str = Field(min_length=1)
    evidence: str
    label: Literal["supports", "refutes", "neutral", "not_supported"]
    pair: str = ""

    @field_validator("label", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file, in its order.

    A second line of the same id keeps its own identity (`id#2`): duplicates survive.

    Raises:
        DataError: A line cannot be used; the message names the file, the line and the field.
    """
    seen: Counter[tuple[str, str]] = Counter()
    pairs = []
    for number, value in read_jsonl(path):
        try:
            line = PairLine.model_validate(value)
        except ValidationError as error:
            raise DataError(f"{path}:{number}: {explain(error)}") from error
        dataset = line.dataset or path.stem
        seen[dataset, line.id] += 1
        copy = seen[dataset, line.id]
        identity = line.id if copy == 1 else f"{line.id}#{copy}"
        pairs.append(Pair(identity, dataset, line.language or "", line.claim, line.evidence, line.label, line.pair))
    if not pairs:
        raise DataError(f"{path}: no pairs in it; each line is {{id, claim, evidence, label}}")
    return pairs


def explain(error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    return explain_all(error)[0]


def explain_all(error: ValidationError) -> list[str]:
    """Everything that is wrong, a line each."""
    return [_explain(part["loc"], str(part["type"]), str(part["msg"])) for part in error.errors(include_url=False)]


def _explain(place: Sequence[int | str], kind: str, message: str) -> str:
    where = ".".join(str(part) for part in place)
    if not where and kind in {"model_type", "model_attributes_type"}:
        return "a line must be a JSON object"
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
