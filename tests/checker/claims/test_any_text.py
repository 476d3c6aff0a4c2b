"""Whatever the text: no exception, spans that hold, ids that are unique, and time that grows with the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.article import article_from_text
from checker.claims.attribution import attribute
from checker.claims.rules import RuleExtractor, claim_from_text
from checker.types import Article

WORDS = """
    Peskov mengatakan bahwa kata ujar menurut Menurut dilansir dari Reuters “ ” " , . ! ? : ; — ( ) \n yang dan meskipun
    sementara karena Ia mereka itu tersebut negara kunjungannya Presiden BMKG (BMKG) 12 Rp1,5 23/6/2025 kemarin akan
    said told according to who which and but while it its he the The source Bloomberg reported citing saying, that ’ '
    TRIBUNNEWS.COM - Baca juga: JAKARTA, tidak telah masing-masing dengan nilai Anna Novak, tambahnya Dr. U.S. iPhone
"""
PHRASES = [
    "\n",
    "\n\n",
    "Masih dari",
    "seorang sumber",
    "kepada Reuters",
    "said on Monday that",
    "he said, adding that",
]
PIECES = st.sampled_from([*WORDS.split(), *PHRASES])
TEXTS = st.one_of(
    st.lists(PIECES, max_size=60).map(" ".join),
    st.text(max_size=300),
    st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map(" ".join),
)


def holds(article: Article) -> None:
    extraction = RuleExtractor().extract(article)
    assert extraction.failures == ()
    assert len({claim.id for claim in extraction.claims}) == len(extraction.claims)
    for claim in extraction.claims:
        assert article.text[claim.start : claim.end] == claim.quote != ""
        assert claim.text
        assert 0.0 <= claim.checkworthiness <= 1.0
        if claim.attribution and claim.attribution.start >= 0:
            assert article.text[claim.attribution.start : claim.attribution.end] == claim.attribution.cue
    for found in attribute(article):
        for start, end in found.contents:
            assert 0 <= start < end <= len(article.text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(["id", "en"]))
def test_any_text(text: str, language: str) -> None:
    if text.strip():
        holds(article_from_text(text, language=language))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_single_claim(text: str) -> None:
    if text.strip():
        claim = claim_from_text(text)
        assert claim.text
        assert claim.quote


@pytest.mark.parametrize(
    "text",
    [
        "Peskov mengatakan bahwa " * 400,
        "kata Peskov, " * 1000,
        "(((((" * 500 + "a.",
        '"' * 3000,
        "“Ya,” kata X, “" * 300,
        "yang dan meskipun " * 800,
        "a, b, c, d, dan " * 600,
        "Anna Novak said that " * 400,
        "A " * 5000,
        "itu " * 4000,
    ],
    ids=range(10),
)
def test_a_hostile_text_takes_no_longer_than_it_deserves(text: str) -> None:
    begun = time.perf_counter()
    holds(article_from_text(text, language="id"))
    holds(article_from_text(text, language="en"))
    assert time.perf_counter() - begun < 40
