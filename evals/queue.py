"""From the review queue's decisions to newsroom cases, so that what people ruled is what the next run is measured on.

The queue exports one JSON object a line, a decision each:

    {"schema": "saring.decision/1",
     "id": "dec-…",                        the decision's own id
     "decided_at": "2026-11-24T08:00:00Z",
     "ruling": "approved" | "overruled" | "not_a_claim" | "undecided",
     "label": "supported" | "unsupported" | "needs_source",   the label that a person let stand or gave
     "why": "…",
     "article": {"id", "title", "text", "url", "published_at", "language"},
     "claim": {"id", "text", "quote", "start", "end",
               "attribution": {"speaker", "outlet", "anonymous"} | null},
     "evidence": [CARD, …],                every source that the checker had for the claim, as a card
     "evidence_ids": ["…"]}                the ones that the person says decide the label

Who decided is not part of it: a case needs the ruling, not the reviewer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.data.files import read_jsonl
from evals.data.pairs import explain
from evals.errors import DataError
from evals.newsroom import validate

SCHEMA = "saring.decision/1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ArticlePart(_Part):
    """The article as it was checked."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    title: str = ""


class AttributionPart(_Part):
    """Who is said to have said it."""

    speaker: str = ""
    outlet: str = ""
    anonymous: bool = False


class ClaimPart(_Part):
    """The claim, with its span in the article's text."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    attribution: AttributionPart | None = None


class Decision(_Part):
    """One line of the export."""

    schema_: Literal["saring.decision/1"] = Field(alias="schema")
    id: str = Field(min_length=1)
    decided_at: str
    ruling: Literal["approved", "overruled", "not_a_claim", "undecided"]
    label: Literal["supported", "unsupported", "needs_source"] | None = None
    why: str = ""
    article: ArticlePart
    claim: ClaimPart
    evidence: list[dict[str, Any]] = Field(default_factory=list)
    evidence_ids: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of an export: folders written, claims in them, and what was left out and why."""

    written: tuple[Path, ...]
    claims: int
    left_out: tuple[str, ...]


def from_queue(export: Path, folder: Path) -> Converted:
    """Write a case for each article of the export.

    The latest decision on a claim counts. What cannot be a gold line (undecided; a label without the sources that
    decide it) is left out and named. The cases are validated after they are written.

    Raises:
        DataError: A line is not a decision, a span does not hold its quote, an article has two texts, or a folder is
            already there (nothing is overwritten).
    """
    latest: dict[tuple[str, str], Decision] = {}
    for number, value in read_jsonl(export):
        try:
            decision = Decision.model_validate(value)
        except ValidationError as error:
            raise DataError(f"{export}:{number}: {explain(error)}") from error
        _must_hold(decision, f"{export}:{number}")
        key = (decision.article.id, decision.claim.id)
        if key not in latest or latest[key].decided_at <= decision.decided_at:
            latest[key] = decision
    left_out: list[str] = []
    written: list[Path] = []
    claims = 0
    for article, decisions in _by_article(latest, export).items():
        lines = [line for decision in decisions if (line := _gold(decision, left_out))]
        if not any(line.get("checkable", True) for line in lines):
            left_out.append(f"article {article}: no decided claim")
            continue
        case = folder / _slug(decisions[0].article, len(written) + 1)
        _write(case, decisions, lines)
        written.append(case)
        claims += sum(line.get("checkable", True) for line in lines)
        if mistakes := validate(case):
            raise DataError(f"{mistakes[0]} (written from {export})")
    return Converted(tuple(written), claims, tuple(left_out))


def _must_hold(decision: Decision, where: str) -> None:
    claim, text = decision.claim, decision.article.text
    if text[claim.start : claim.end] != claim.quote:
        raise DataError(
            f"{where}: claim {claim.id!r}: the article's text at {claim.start}:{claim.end} is not its quote"
        )
    known = {str(card.get("id")) for card in decision.evidence}
    if missing := [name for name in decision.evidence_ids if name not in known]:
        raise DataError(f"{where}: evidence_ids: {missing[0]!r} is not in the decision's evidence")


def _by_article(latest: Mapping[tuple[str, str], Decision], export: Path) -> dict[str, list[Decision]]:
    groups: dict[str, list[Decision]] = {}
    for (article, _), decision in latest.items():
        groups.setdefault(article, []).append(decision)
    for article, decisions in groups.items():
        if len({decision.article.text for decision in decisions}) > 1:
            raise DataError(f"{export}: article {article!r} has two different texts; export the queue again")
        decisions.sort(key=lambda decision: (decision.claim.start, decision.claim.end, decision.claim.id))
    return groups


def _gold(decision: Decision, left_out: list[str]) -> dict[str, Any] | None:
    claim = decision.claim
    line: dict[str, Any] = {"id": claim.id, "quote": claim.quote, "start": claim.start}
    if decision.ruling == "not_a_claim":
        return {**line, "checkable": False, "why": decision.why or "ruled to be no claim"}
    if decision.ruling == "undecided" or decision.label is None:
        left_out.append(f"{decision.id}: undecided")
        return None
    if decision.label != "needs_source" and not decision.evidence_ids:
        left_out.append(f"{decision.id}: {decision.label}, but no source is named that decides it")
        return None
    said = claim.attribution or AttributionPart()
    return {
        **line,
        "claim": claim.text,
        "speaker": said.speaker or None,
        "via": said.outlet or None,
        "anonymous": said.anonymous,
        "label": decision.label,
        "evidence_ids": [] if decision.label == "needs_source" else decision.evidence_ids,
        "why": decision.why or f"{decision.ruling} by a reviewer",
        "decision": decision.id,
        "decided_at": decision.decided_at,
    }


def _write(case: Path, decisions: list[Decision], lines: list[dict[str, Any]]) -> None:
    cards: dict[str, dict[str, Any]] = {}
    for decision in decisions:
        for card in decision.evidence:
            cards.setdefault(str(card.get("id")), card)
    try:
        case.mkdir(parents=True)
        (case / "article.txt").write_text(decisions[0].article.text, encoding="utf-8", newline="")
        (case / "evidence.jsonl").write_text(_jsonl(list(cards.values())), encoding="utf-8")
        (case / "gold.jsonl").write_text(_jsonl(lines), encoding="utf-8")
    except FileExistsError:
        raise DataError(f"{case}: already there; choose another folder") from None
    except OSError as error:
        raise DataError(f"{case}: cannot be written ({error.strerror})") from error


def _jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _slug(article: ArticlePart, number: int) -> str:
    words = re.findall(r"[a-z0-9]+", (article.title or article.id).lower())[:6]
    return f"{number:02}-{'-'.join(words) or 'article'}"
