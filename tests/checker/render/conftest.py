"""One report that has everything in it: each label, a failure, an unchecked claim, overlapping and equal spans."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checker.types import Article, Attribution, Citation, Claim, Failure, Report, Sentence, Trace, Verdict, Witness

TEXT = (
    "KABAR LUAR NEGERI\n"
    "Kremlin Bicara\n"
    "MOSKOW - Trump tidak memberi tahu Putin sebelumnya, meskipun mereka membahas serangan, kata Peskov.\n"
    "Surat itu diserahkan pada Senin. Sikap itu memalukan.\n"
    "Belum jelas apa yang terjadi."
)


def span(quote: str) -> tuple[int, int]:
    start = TEXT.index(quote)
    return start, start + len(quote)


def claim(number: int, quote: str, text: str = "", **more: object) -> Claim:
    start, end = span(quote)
    return Claim(f"c{number}", text or quote, quote, start, end, **more)  # type: ignore[arg-type]


def citation(quote: str, stance: str = "supports", **more: object) -> Citation:
    values: dict[str, object] = {
        "source_id": "src-1",
        "passage_id": "src-1#0",
        "url": "https://example.org/a?b=1&c=2",
        "publisher": "A News",
        "published_at": "2025-06-23",
        "quote": quote,
        "start": 10,
        "end": 10 + len(quote),
        "stance": stance,
        "score": 0.91,
        "origin": "origin-a",
    }
    return Citation(**{**values, **more})  # type: ignore[arg-type]


def verdict(claim_id: str, label: str, reason: str, *citations: Citation, **more: object) -> Verdict:
    values: dict[str, object] = {
        "content_label": label,
        "confidence": 0.9 if citations else 0.0,
        "origins": len({item.origin for item in citations}),
        "judge": "embedded",
    }
    return Verdict(claim_id=claim_id, label=label, reason=reason, citations=citations, **{**values, **more})  # type: ignore[arg-type]


def witness(publisher: str, stance: str, **more: object) -> Witness:
    values: dict[str, object] = {
        "source_id": "src-1",
        "url": "https://example.org/w",
        "publisher_type": "broadcaster",
        "published_at": "2025-06-23",
        "via": (),
        "origin": "origin-a",
        "own_report": False,
        "quote": "He said so.",
        "start": 3,
        "end": 14,
    }
    return Witness(publisher=publisher, stance=stance, **{**values, **more})  # type: ignore[arg-type]


PESKOV = Attribution("Dmitry Peskov", "juru bicara Kremlin", "", False, "kata", 140, 144)
SOURCE = Attribution("seorang sumber senior", "", "Reuters", True, "kata")


def build() -> Report:
    whole = "Trump tidak memberi tahu Putin sebelumnya, meskipun mereka membahas serangan, kata Peskov"
    claims = (
        claim(1, "Trump tidak memberi tahu Putin sebelumnya", kind="quote", checkworthiness=0.9, attribution=PESKOV),
        claim(2, whole, "Trump dan Putin membahas serangan", kind="quote", attribution=PESKOV),
        claim(3, "Surat itu diserahkan pada Senin", context="Surat itu: surat Khamenei", attribution=SOURCE),
        claim(4, "Surat itu diserahkan pada Senin", "Penyerahan itu pada hari Senin"),
        claim(5, "Sikap itu memalukan", kind="opinion"),
        claim(6, "Belum jelas apa yang terjadi"),
    )
    outcomes = (
        verdict(
            "c1",
            "supported",
            "corroborated",
            citation("Trump had not told Putin of the strikes, Peskov said."),
            citation("Washington tidak memberi tahu Moskow.", publisher="", origin="origin-b", published_at=None),
            content_label="needs_source",
            notes=("On the speaker's word alone.",),
        ),
        verdict("c2", "needs_source", "no_evidence"),
        verdict(
            "c3",
            "unsupported",
            "conflicting",
            citation("He handed over a letter."),
            citation("A letter was handed over.", origin="origin-b"),
            citation("There was a letter.", origin="origin-c"),
            citation("There was no written document.", "refutes", origin="origin-d", publisher="SKAI"),
            citation("He said no.", "neutral", origin="", counted=False, notes=("Published after the as-of date.",)),
            disputed=True,
        ),
        verdict("c4", "unsupported", "contradicted", citation("It was on Sunday.", "refutes")),
        Failure("c6", "judge", "TimeoutError", "no answer within 60 s"),
        Failure("lost", "extract", "BadReply", "the quote is not in the article"),
    )
    return Report(
        id="rep-1",
        article=Article(
            "art-1",
            "https://example.org/article",
            "Kremlin Bicara",
            "Kabar",
            "2025-06-24T10:00:00+07:00",
            "id",
            TEXT,
            (Sentence(0, 17, TEXT[:17]), Sentence(18, 32, TEXT[18:32])),
        ),
        claims=claims,
        outcomes=outcomes,
        settings={"judge": "embedded", "passages": 8, "model": ""},
        versions={"saring": "0.1.0"},
        as_of="2026-11-24T08:30:00+00:00",
        created_at="2026-11-24T08:30:05+00:00",
        elapsed=1.25,
        provenance=(
            Trace(
                "c1",
                "Dmitry Peskov",
                "juru bicara Kremlin",
                "",
                False,
                "second_hand",
                (
                    witness("A News", "supports"),
                    witness("SKAI", "refutes", publisher_type="state_media", via=("Reuters", "TASS"), own_report=True),
                ),
                conflict=True,
            ),
            Trace("c3", "seorang sumber senior", "", "Reuters", True, "untraced", ()),
        ),
        usage={"calls": 2},
        notes=("One source has no date.",),
    )


@pytest.fixture
def report() -> Report:
    return build()


@pytest.fixture
def make() -> dict[str, Callable[..., object]]:
    """The builders, for tests that need reports of their own."""
    return {"claim": claim, "citation": citation, "verdict": verdict}
