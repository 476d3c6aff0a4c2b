"""The newsroom format: anyone's own cases, a folder per article, checked line by line.

cases/
  distractors.jsonl        optional: cards that are loaded with every item
  evidence/*.jsonl         optional: the same, for cards that several items share
  01-some-slug/
    article.txt            headline, blank line, body
    evidence.jsonl         cards of this item (may be absent where the shared ones suffice)
    gold.jsonl             what is right
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evals.data.files import digest, read_text
from evals.data.pairs import explain_all
from evals.errors import DataError
from evals.types import Dataset, GoldClaim, NewsroomItem

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?")


def _is_real(date: str) -> bool:
    """Whether there is such a day and hour; what is left out of a date is taken for the first."""
    try:
        datetime.fromisoformat(date + "0000-01-01"[len(date) :])
    except ValueError:
        return False
    return True


class CardLine(BaseModel):
    """An evidence card. Fields that it does not know are kept by the store, so they are allowed."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    url: str | None = None
    title: str | None = None
    publisher: str | None = None
    publisher_type: str | None = None
    country: str | None = None
    language: str | None = None
    published_at: str | None = None
    via: list[str] | None = None

    @field_validator("published_at")
    @classmethod
    def _dated(cls, value: str | None) -> str | None:
        if value is not None and not (_DATE.fullmatch(value) and _is_real(value)):
            raise ValueError("must be an ISO date (2025, 2025-06, 2025-06-23 or with a time) or null, never guessed")
        return value


class GoldLine(BaseModel):
    """A line of `gold.jsonl`."""

    model_config = ConfigDict(extra="allow")

    id: str | None = None
    quote: str = Field(min_length=1)
    start: int | None = Field(default=None, ge=0)
    checkable: bool = True
    claim: str | None = None
    speaker: str | None = None
    via: str | None = None
    anonymous: bool = False
    label: Literal["supported", "unsupported", "needs_source"] | None = None
    evidence_ids: list[str] = Field(default_factory=list)
    why: str | None = None
    subtype: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> GoldLine:
        if self.checkable:
            missing = [name for name in ("id", "claim", "label") if not getattr(self, name)]
            if missing:
                raise ValueError(f"a checkable line needs {', '.join(missing)}")
            if self.label == "needs_source" and self.evidence_ids:
                raise ValueError("needs_source has no deciding card: leave evidence_ids empty")
            if self.label != "needs_source" and not self.evidence_ids:
                raise ValueError(f"{self.label} needs the ids of the cards that decide it in evidence_ids")
        return self


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a newsroom folder; `line` is 0 where the file as a whole is meant."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else f"{self.path}"
        return f"{where}: {self.message}"


def is_newsroom(folder: Path) -> bool:
    """Whether the folder, or a folder in it, has a `gold.jsonl`."""
    return folder.is_dir() and any(_item_folders(folder))


def validate(folder: Path) -> list[Mistake]:
    """Every mistake in the folder, in the order of its files and lines; empty where it can be used."""
    return _Reader(folder).read()[1]


def read_newsroom(folder: Path) -> list[NewsroomItem]:
    """The items of the folder, in the order of their names.

    Raises:
        DataError: There is a mistake in it; the message names the first, with file and line.
    """
    items, mistakes = _Reader(folder).read()
    if mistakes:
        more = f" (and {len(mistakes) - 1} more: python -m evals validate {folder})" if len(mistakes) > 1 else ""
        raise DataError(f"{mistakes[0]}{more}")
    return items


def load_newsroom(folder: Path, name: str | None = None) -> Dataset:
    """The folder as a data set, with a digest over every file that was read."""
    items = read_newsroom(folder)
    files = [*_shared_files(folder), *(path for item in _item_folders(folder) for path in _item_files(item))]
    return Dataset(name or folder.resolve().name, "newsroom", items, digest(files, folder), licence="")


def _item_folders(folder: Path) -> Iterator[Path]:
    if (folder / "gold.jsonl").is_file():
        yield folder
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and (child / "gold.jsonl").is_file():
            yield child


def _shared_files(folder: Path) -> list[Path]:
    files = sorted((folder / "evidence").glob("*.jsonl")) if (folder / "evidence").is_dir() else []
    top = folder / "distractors.jsonl"
    return [*([top] if top.is_file() else []), *files]


def _item_files(item: Path) -> list[Path]:
    return [path for name in ("article.txt", "evidence.jsonl", "gold.jsonl") if (path := item / name).is_file()]


class _Reader:
    """Reads a folder and collects what is wrong instead of stopping at the first mistake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []

    def read(self) -> tuple[list[NewsroomItem], list[Mistake]]:
        if not self.folder.is_dir():
            return [], [Mistake(self.folder, 0, "no such folder; `evals init-case DIR` makes one")]
        shared: list[Mapping[str, Any]] = []
        card_ids: dict[str, str] = {}
        for path in _shared_files(self.folder):
            shared.extend(self._cards(path, card_ids))
        items: list[NewsroomItem] = []
        gold_ids: dict[str, str] = {}
        for item in _item_folders(self.folder):
            loaded = self._item(item, tuple(shared), dict(card_ids), gold_ids)
            if loaded:
                items.append(loaded)
        if not items and not self.mistakes:
            self.mistakes.append(Mistake(self.folder, 0, "no item in it: an item is a folder with a gold.jsonl"))
        return items, self.mistakes

    def _lines(self, path: Path, model: type[BaseModel]) -> Iterator[tuple[int, Any, dict[str, Any]]]:
        try:
            text = read_text(path)
        except DataError as error:
            self.mistakes.append(Mistake(path, 0, str(error).removeprefix(f"{path}: ")))
            return
        # Not read_jsonl: a broken line is one mistake among others, and the rest is still read.
        # Not splitlines: it splits on U+2028 too, which may stand inside a JSON string.
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                raw = json.loads(line)
                yield number, model.model_validate(raw), raw
            except json.JSONDecodeError as error:
                self.mistakes.append(Mistake(path, number, f"not JSON ({error.msg} at column {error.colno})"))
            except ValidationError as error:
                self.mistakes += [Mistake(path, number, message) for message in explain_all(error)]

    def _cards(self, path: Path, ids: dict[str, str]) -> list[Mapping[str, Any]]:
        cards: list[Mapping[str, Any]] = []
        for number, line, raw in self._lines(path, CardLine):
            if line.id in ids:
                self.mistakes.append(Mistake(path, number, f"id {line.id!r} is already used at {ids[line.id]}"))
                continue
            ids[line.id] = f"{path}:{number}"
            cards.append(raw)
        return cards

    def _item(
        self, item: Path, shared: tuple[Mapping[str, Any], ...], card_ids: dict[str, str], gold_ids: dict[str, str]
    ) -> NewsroomItem | None:
        before = len(self.mistakes)
        try:
            text = read_text(item / "article.txt")
        except DataError as error:
            self.mistakes.append(Mistake(item / "article.txt", 0, str(error).split(": ", 1)[-1]))
            return None
        if not text.strip():
            self.mistakes.append(Mistake(item / "article.txt", 0, "the article is empty"))
        cards = self._cards(item / "evidence.jsonl", card_ids) if (item / "evidence.jsonl").is_file() else []
        if not cards and not shared:
            self.mistakes.append(
                Mistake(item / "evidence.jsonl", 0, "no cards, and none shared: nothing to check against")
            )
        gold = []
        path = item / "gold.jsonl"
        for number, line, _ in self._lines(path, GoldLine):
            claim = self._gold(path, number, line, text, card_ids, gold_ids)
            if claim:
                gold.append(claim)
        if len(self.mistakes) > before:
            return None
        if not any(claim.checkable for claim in gold):
            self.mistakes.append(Mistake(path, 0, "no checkable line"))
            return None
        gold.sort(key=lambda claim: (claim.start, claim.end))
        return NewsroomItem(
            item.name, str(item), text, guess_language(text), body_start(text), tuple(gold), tuple(cards), shared
        )

    def _gold(
        self, path: Path, number: int, line: GoldLine, text: str, card_ids: dict[str, str], gold_ids: dict[str, str]
    ) -> GoldClaim | None:
        identity = line.id or f"{path.parent.name}:{number}"
        problem = ""
        if identity in gold_ids:
            problem = f"id {identity!r} is already used at {gold_ids[identity]}"
        missing = [name for name in line.evidence_ids if name not in card_ids]
        if missing:
            problem = f"evidence_ids: no card {missing[0]!r} in this item's evidence"
        start = text.find(line.quote) if line.start is None else line.start
        if line.start is None and text.count(line.quote) > 1:
            problem = "the quote occurs more than once in article.txt: make it longer, or give its start"
        if start < 0 or text[start : start + len(line.quote)] != line.quote:
            problem = "the quote is not in article.txt, character for character"
            if line.start is not None:
                problem += f", at start {line.start}"
        elif line.checkable and start + len(line.quote) <= body_start(text):
            problem = "the quote stands in the headline, which is not scored: quote the body"
        gold_ids.setdefault(identity, f"{path}:{number}")
        if problem:
            self.mistakes.append(Mistake(path, number, problem))
            return None
        return GoldClaim(
            identity,
            line.quote,
            start,
            start + len(line.quote),
            line.claim or "",
            line.speaker or "",
            line.via or "",
            line.anonymous,
            line.label or "",
            tuple(line.evidence_ids),
            line.subtype or "",
            line.checkable,
        )


def body_start(text: str) -> int:
    """Where the body begins: after the first line, when a blank line follows it; else 0 (no headline)."""
    headline = re.match(r"\s*[^\n]+\n[ \t]*\n\s*", text)
    return headline.end() if headline else 0


_COMMONEST = {
    "id": re.compile(r"\b(?:yang|dan|di|itu|dengan|untuk|pada|dari|ini|dalam|tidak|akan|oleh|juga|mengatakan)\b", re.I),
    "en": re.compile(r"\b(?:the|and|of|to|in|that|for|on|with|was|is|by|at|from|said|has|have|were|it)\b", re.I),
}


def guess_language(text: str) -> str:
    """`id` or `en`, by which language's commonest words are more frequent. Only slices results, never a verdict."""
    counts = {language: len(pattern.findall(text)) for language, pattern in _COMMONEST.items()}
    return "id" if counts["id"] > counts["en"] else "en"


SKELETON: Mapping[str, str] = {
    "article.txt": (
        "Headline of the article\n\nCITY, 2 January 2026 - The first sentence of the body. "
        "The mayor said the bridge will open in March. It is a welcome change.\n"
    ),
    "evidence.jsonl": (
        '{"id": "card-01", "url": "https://example.org/story", "publisher": "Example Daily", "publisher_type": '
        '"newspaper", "country": "ID", "language": "en", "published_at": "2026-01-01", "via": [], "title": '
        '"Bridge to open in March", "text": "City hall said on Thursday that the bridge opens in March."}\n'
    ),
    "gold.jsonl": (
        '{"id": "c01", "quote": "the bridge will open in March", "claim": "The bridge will open in March 2026.", '
        '"speaker": "the mayor", "via": null, "anonymous": false, "label": "supported", "evidence_ids": ["card-01"], '
        '"why": "The card names the same month."}\n'
        '{"quote": "It is a welcome change", "checkable": false, "why": "opinion"}\n'
    ),
}
"""What `init-case` writes: a made-up case that validates, to be overwritten."""


def init_case(folder: Path) -> list[Path]:
    """Write a skeleton item and return its files.

    Raises:
        DataError: A file of the skeleton is already there; nothing is ever overwritten.
    """
    for name in SKELETON:
        if (folder / name).exists():
            raise DataError(f"{folder / name}: already there; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in SKELETON.items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from error
    return [folder / name for name in SKELETON]
