"""The newsroom development set: how many of its claims are found, and credited to whom it credits them.

Numbers on this set are no results (the rules were written with it in view); the test keeps them from falling.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from checker.article import read_article
from checker.claims.rules import RuleExtractor
from checker.types import Attribution
from retrieval.names import same_name

DEV = Path(os.environ.get("SARING_SHARED", "../shared")) / "newsroom-dev"
ITEMS = sorted(path.parent.name for path in DEV.glob("*/gold.jsonl"))


def overlap(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Characters in common, as a share of the shorter span."""
    shared = min(one[1], two[1]) - max(one[0], two[0])
    return max(0, shared) / min(one[1] - one[0], two[1] - two[0])


def says_the_same(given: Attribution | None, speaker: str | None) -> bool:
    found = given.speaker if given else ""
    wanted = (speaker or "").partition(" (")[0]
    return (not found and not wanted) or bool(
        found and wanted and (wanted in found or found in wanted or same_name(found, wanted))
    )


@pytest.mark.skipif(not ITEMS, reason=f"{DEV} is not there")
@pytest.mark.parametrize("item", ITEMS)
def test_claims_are_found_and_credited(item: str) -> None:
    article = read_article(DEV / item / "article.txt")
    gold = [json.loads(line) for line in (DEV / item / "gold.jsonl").read_text("utf-8").splitlines() if line.strip()]
    claims = [claim for claim in RuleExtractor().extract(article).claims if claim.checkable]
    matched = {}
    for line in gold:
        start = article.text.index(line["quote"])
        span = (start, start + len(line["quote"]))
        candidates = [c for c in claims if c.id not in matched and overlap((c.start, c.end), span) >= 0.5]
        if line.get("checkable", True):
            assert candidates, line["id"]
            matched[candidates[0].id] = line
            given = candidates[0].attribution
            assert (given.outlet if given else "") == (line["via"] or ""), line["id"]
            assert bool(given and given.anonymous) == line["anonymous"], line["id"]
        else:
            assert not candidates, line["id"]
    assert len(matched) >= 0.9 * len(claims)
    right = [says_the_same(c.attribution, matched[c.id]["speaker"]) for c in claims if c.id in matched]
    assert sum(right) >= len(right) - 1
