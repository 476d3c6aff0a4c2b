"""Newsroom rows taken apart: which found claim is which gold claim, and what was said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from evals.metrics.spans import match
from evals.types import Row

FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unit:
    """One gold claim with the found claim matched to it, or one found claim that matches none.

    Attributes:
        item: Id of the row, that is of the article.
        gold: The gold line, None for a false positive.
        claim: The found claim, None where it was missed.
        distractor: The false positive lies on a line that is marked as not checkable.
    """

    item: str
    language: str
    gold: dict[str, Any] | None
    claim: dict[str, Any] | None
    distractor: bool = False

    @property
    def wanted(self) -> str:
        """The gold label, empty for a false positive."""
        return str(self.gold["label"]) if self.gold else ""

    @property
    def said(self) -> str:
        """The label given, `failed`, or empty where the claim was missed or was never to be judged."""
        if self.claim is None or "outcome" not in self.claim:
            return ""
        return str(self.claim["outcome"].get("label") or FAILED)

    @property
    def decided(self) -> bool:
        """Whether there is a label to compare."""
        return self.said not in {"", FAILED}

    @property
    def right(self) -> bool:
        """Whether the claim was found and labelled as it should be."""
        return bool(self.wanted) and self.said == self.wanted

    @property
    def key(self) -> str:
        """Names the unit across runs: gold ids do not change, found ones may."""
        return f"{self.item}/{self.gold['id']}" if self.gold else f"{self.item}/+{(self.claim or {}).get('start')}"


def units(rows: Iterable[Row]) -> list[Unit]:
    """Match every row's claims to its gold lines by span overlap, one to one.

    Claims of the headline are left out, for it repeats the body and has no gold line. Claims of kinds that are not
    checked (opinion, prediction) are no answer and so neither match nor count against precision. Where an article
    failed as a whole, all its gold claims are failures.
    """
    result = []
    for row in rows:
        gold = [line for line in row["gold"] if line["checkable"]]
        marked = [(line["start"], line["end"]) for line in row["gold"] if not line["checkable"]]
        if row.get("failure"):
            broken = {"outcome": {"failure": row["failure"]}}
            result += [Unit(row["id"], row["language"], line, broken) for line in gold]
            continue
        claims = [claim for claim in row["claims"] if claim["checkable"] and not in_headline(claim, row)]
        pairs = match_claims(claims, gold)
        matched = {line: claims[found] for found, line in pairs}
        result += [Unit(row["id"], row["language"], line, matched.get(index)) for index, line in enumerate(gold)]
        used = {found for found, _ in pairs}
        for index, claim in enumerate(claims):
            if index not in used:
                span = [(claim["start"], claim["end"])]
                result.append(Unit(row["id"], row["language"], None, claim, bool(match(span, marked))))
    return result


def match_claims(claims: Sequence[dict[str, Any]], gold: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """(index of claim, index of gold line); claims that were given carry the id and the span of their line."""
    own = {(line["id"], line["start"], line["end"]): index for index, line in enumerate(gold)}
    keys = [(claim["id"], claim["start"], claim["end"]) for claim in claims]
    given = [(index, own[key]) for index, key in enumerate(keys) if key in own]
    if given:
        return given
    wanted = [(line["start"], line["end"]) for line in gold]
    return match([(claim["start"], claim["end"]) for claim in claims], wanted)


def in_headline(claim: dict[str, Any], row: Row) -> bool:
    """Whether the claim was taken from above the body."""
    return bool(claim["start"] >= 0 and claim["end"] <= row["body_start"])


def is_cited_well(claim: dict[str, Any]) -> bool | None:
    """Whether a decided verdict stands on quotes that exist and point its way; None where nothing needs citing.

    Every citation's quote must stand in its source to the letter, and at least one that counted must support a
    `supported` verdict or refute an `unsupported` one.
    """
    outcome = claim.get("outcome") or {}
    side = {"supported": "supports", "unsupported": "refutes"}.get(outcome.get("label", ""))
    if side is None:
        return None
    citations = outcome["citations"]
    carried = any(c["exists"] and c["counted"] and c["stance"] == side for c in citations)
    return carried and all(c["exists"] for c in citations)
