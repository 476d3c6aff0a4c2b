"""The label is decided in one place; here is the table that holds it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.types import Attribution, Claim, Stance
from checker.verdict import Policy, decide, quote_holds, standing
from retrieval.types import Exclusion, Hit, Passage, Source

TEXT = "The bridge was closed on Monday. Officials gave no reason."
QUOTE = "The bridge was closed on Monday."


def source(name: str, publisher_type: str = "newspaper", published_at: str | None = "2025-06-23") -> Source:
    return Source(
        id=name,
        url=f"https://example.org/{name}",
        title="",
        publisher=name.title(),
        publisher_type=publisher_type,
        country="ID",
        language="en",
        published_at=published_at,
        fetched_at="2025-06-24T00:00:00Z",
        via=(),
        content_hash=name,
        text=TEXT,
    )


def stance(
    name: str,
    supports: float = 0.0,
    refutes: float = 0.0,
    *,
    origin: str = "",
    kind: str = "newspaper",
    excluded: Exclusion | None = None,
    undated: bool = False,
    own_word: bool = False,
    flagged: bool = False,
    quote: str = QUOTE,
    claim_id: str = "c1",
) -> Stance:
    where = source(name, kind, None if undated else "2025-06-23")
    hit = Hit(
        passage=Passage(f"{name}-p", name, 0, len(QUOTE), QUOTE),
        source=where,
        dense=0.7,
        lexical=3.0,
        score=0.8,
        rank=1,
        origin=origin or name,
        excluded=excluded,
        undated=undated,
    )
    return Stance(
        claim_id,
        hit,
        supports,
        refutes,
        1 - supports - refutes,
        quote,
        0,
        len(QUOTE),
        own_word=own_word,
        flagged=flagged,
    )


CLAIM = Claim("c1", "The bridge was closed on Monday.", "The bridge was closed", 0, 21)
SAID = Claim(
    "c1", "The bridge was closed.", "closed", 0, 6, kind="quote", attribution=Attribution("The mayor", cue="said")
)

TABLE = [
    ("nothing found", [], "needs_source", "no_evidence", 0),
    ("nothing addresses it", [stance("a", 0.02, 0.03)], "needs_source", "no_evidence", 0),
    ("it is addressed but not settled", [stance("a", 0.4, 0.1)], "needs_source", "weak_evidence", 0),
    ("one support", [stance("a", 0.9)], "supported", "corroborated", 1),
    ("two origins", [stance("a", 0.9), stance("b", 0.7)], "supported", "corroborated", 2),
    (
        "ten reprints, one origin",
        [stance(f"r{i}", 0.9, origin="wire") for i in range(10)],
        "supported",
        "corroborated",
        1,
    ),
    ("one refutation", [stance("a", 0.0, 0.9)], "unsupported", "contradicted", 1),
    ("one on each side", [stance("a", 0.9), stance("b", 0, 0.8)], "unsupported", "conflicting", 2),
    (
        "two to one is a conflict",
        [stance("a", 0.9), stance("b", 0.9), stance("c", 0, 0.8)],
        "unsupported",
        "conflicting",
        3,
    ),
    (
        "three to one holds",
        [stance("a", 0.9), stance("b", 0.9), stance("c", 0.9), stance("d", 0, 0.99)],
        "supported",
        "corroborated",
        3,
    ),
    (
        "three reprints against one origin do not outvote it",
        [*[stance(f"r{i}", 0.9, origin="wire") for i in range(3)], stance("d", 0, 0.9)],
        "unsupported",
        "conflicting",
        2,
    ),
    (
        "one against three is contradicted",
        [stance("a", 0, 0.9), stance("b", 0, 0.9), stance("c", 0, 0.9), stance("d", 0.99)],
        "unsupported",
        "contradicted",
        3,
    ),
    (
        "a blog does not overrule a paper",
        [stance("a", 0.8), stance("b", 0, 0.99, kind="blog")],
        "supported",
        "corroborated",
        1,
    ),
    (
        "a paper overrules a blog",
        [stance("a", 0.99, kind="blog"), stance("b", 0, 0.8)],
        "unsupported",
        "contradicted",
        1,
    ),
    (
        "an origin that supports in one sentence and refutes less strongly in another supports",
        [stance("a", 0.9), stance("a2", 0, 0.8, origin="a")],
        "supported",
        "corroborated",
        1,
    ),
    (
        "published after the as-of date",
        [stance("a", 0.9, excluded="after_as_of")],
        "needs_source",
        "no_evidence",
        0,
    ),
    ("a copy of the article", [stance("a", 0.9, excluded="copy_of_article")], "needs_source", "only_origin", 0),
    ("a flagged source alone", [stance("a", 0.99, flagged=True)], "needs_source", "weak_evidence", 0),
    (
        "a flagged source does not refute",
        [stance("a", 0.9), stance("b", 0, 0.99, flagged=True)],
        "supported",
        "corroborated",
        1,
    ),
    (
        "an invented quote",
        [stance("a", 0.99, quote="The bridge was never closed now.")],
        "needs_source",
        "no_evidence",
        0,
    ),
    ("another claim's stance", [stance("a", 0.99, claim_id="c2")], "needs_source", "no_evidence", 0),
]


@pytest.mark.parametrize(
    ("stances", "label", "reason", "origins"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_table(stances: list[Stance], label: str, reason: str, origins: int) -> None:
    verdict = decide(CLAIM, stances, judge="test")
    assert (verdict.label, verdict.reason, verdict.origins) == (label, reason, origins)
    assert verdict.content_label == label


def test_three_that_only_lean_do_not_outvote_one_that_denies() -> None:
    policy = Policy(support=0.3)
    leaning = [stance("a", 0.4), stance("b", 0.45), stance("d", 0.49)]
    alone = decide(CLAIM, leaning, judge="test", policy=policy)
    denied = decide(CLAIM, [*leaning, stance("e", 0, 0.8)], judge="test", policy=policy)
    sure = decide(CLAIM, [stance("a", 0.6), stance("b", 0.6), stance("d", 0.6), stance("e", 0, 0.8)], judge="test")
    assert (alone.label, denied.label, denied.reason) == ("supported", "unsupported", "conflicting")
    assert sure.label == "supported"


@pytest.mark.parametrize("stances", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_order_of_evidence_decides_nothing(stances: list[Stance]) -> None:
    verdicts = {decide(CLAIM, order, judge="test") for order in itertools.islice(itertools.permutations(stances), 24)}
    assert len(verdicts) == 1


def test_speakers_own_word_shows_that_he_said_it_not_that_it_is_so() -> None:
    verdict = decide(SAID, [stance("a", 0.9, own_word=True)], judge="test")
    assert (verdict.label, verdict.content_label) == ("supported", "needs_source")
    verdict = decide(SAID, [stance("a", 0.9, own_word=True), stance("b", 0.8)], judge="test")
    assert (verdict.label, verdict.content_label) == ("supported", "supported")
    verdict = decide(SAID, [stance("a", 0.9, own_word=True), stance("b", 0, 0.8, kind="blog")], judge="test")
    assert (verdict.label, verdict.content_label) == ("supported", "unsupported")


def test_undated_evidence_counts_less() -> None:
    dated = decide(CLAIM, [stance("a", 0.9)], judge="test")
    undated = decide(CLAIM, [stance("a", 0.9, undated=True)], judge="test")
    assert undated.confidence < dated.confidence
    assert decide(CLAIM, [stance("a", 0.51, undated=True)], judge="test").label == "needs_source"


def test_citations_lead_with_what_decides_and_show_what_does_not_count() -> None:
    verdict = decide(
        CLAIM,
        [stance("late", 0.99, excluded="after_as_of"), stance("a", 0.7), stance("b", 0.9), stance("c", 0.3, 0.1)],
        judge="test",
    )
    assert [citation.source_id for citation in verdict.citations][:2] == ["b", "a"]
    shown = {citation.source_id: citation.counted for citation in verdict.citations}
    assert shown["late"] is False
    for citation in verdict.citations:
        assert TEXT[citation.start : citation.end] == citation.quote


def test_number_of_citations_is_bounded() -> None:
    verdict = decide(CLAIM, [stance(f"s{i}", 0.9) for i in range(30)], judge="test", policy=Policy(citations=4))
    assert len(verdict.citations) == 4
    assert verdict.origins == 30


def test_quote_must_stand_to_the_letter() -> None:
    assert quote_holds(stance("a"))
    assert not quote_holds(stance("a", quote=""))
    assert not quote_holds(stance("a", quote=QUOTE.upper()))


def test_unknown_publisher_types_are_not_held_against_a_source() -> None:
    assert standing("nobody-knows") == standing("newspaper") > standing("blog")


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["a", "b", "c", "d"]), st.booleans()),
        max_size=8,
    )
)
def test_whatever_is_heard_the_verdict_is_whole(rows: list[tuple[float, float, str, bool]]) -> None:
    stances = [
        stance(f"s{i}", s / (s + r + 0.1), r / (s + r + 0.1), origin=origin, own_word=own)
        for i, (s, r, origin, own) in enumerate(rows)
    ]
    verdict = decide(SAID, stances, judge="test")
    assert 0.0 <= verdict.confidence <= 1.0
    assert verdict.origins <= len({row[2] for row in rows})
    assert (verdict.origins == 0) == (verdict.label == "needs_source")
    if verdict.label != "needs_source":
        assert verdict.citations
