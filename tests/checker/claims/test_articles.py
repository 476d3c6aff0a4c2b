"""Whole articles, written for these tests: every claim, its kind and its credit, as a careful reader lists them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from checker.article import read_article
from checker.claims.rules import RuleExtractor
from checker.types import Claim

ARTICLES = Path(__file__).parent / "articles"
NAMES = sorted(path.stem for path in ARTICLES.glob("*.txt"))


def read(name: str) -> tuple[Claim, ...]:
    extraction = RuleExtractor().extract(read_article(ARTICLES / f"{name}.txt"))
    assert extraction.failures == ()
    return extraction.claims


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_with_its_kind_and_credit(name: str) -> None:
    wanted = [json.loads(line) for line in (ARTICLES / f"{name}.jsonl").read_text("utf-8").splitlines()]
    found = []
    for claim in read(name):
        given = claim.attribution
        found.append(
            {
                "quote": claim.quote,
                "kind": claim.kind,
                "speaker": given.speaker if given else "",
                "role": given.role if given else "",
                "outlet": given.outlet if given else "",
                "anonymous": bool(given and given.anonymous),
            }
        )
    assert found == wanted


@pytest.mark.parametrize("name", NAMES)
def test_spans_cues_and_ids_hold(name: str) -> None:
    text = read_article(ARTICLES / f"{name}.txt").text
    claims = read(name)
    assert len({claim.id for claim in claims}) == len(claims)
    for claim in claims:
        assert text[claim.start : claim.end] == claim.quote
        assert claim.text[-1] in '.!?”"'
        assert 0.0 <= claim.checkworthiness <= 1.0
        if claim.attribution and claim.attribution.start >= 0:
            given = claim.attribution
            assert text[given.start : given.end] == given.cue


@pytest.mark.parametrize("name", NAMES)
def test_quotes_do_not_overlap(name: str) -> None:
    claims = read(name)
    assert all(one.end <= two.start for one, two in pairwise(claims))


def test_what_is_not_checked_is_worth_less_than_what_is() -> None:
    for name in NAMES:
        claims = read(name)
        least = min(claim.checkworthiness for claim in claims if claim.checkable)
        assert all(claim.checkworthiness < least for claim in claims if not claim.checkable)


def test_the_same_article_always_gives_the_same_claims() -> None:
    assert read(NAMES[0]) == read(NAMES[0])
