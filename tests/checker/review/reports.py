"""Reports made by hand, for tests that need something to put into the queue."""

from __future__ import annotations

from checker.types import Article, Citation, Claim, Failure, Report, Verdict

TEXT = "Jembatan Sula ditutup pada Senin. Dua pilar retak. Feri berangkat tiap jam."


def make_report(
    sentences: tuple[str, ...] = ("Jembatan Sula ditutup pada Senin.", "Dua pilar retak.", "Feri berangkat tiap jam."),
    *,
    name: str = "one",
    label: str = "supported",
    confidence: float = 0.9,
    disputed: tuple[int, ...] = (),
    worth: float = 0.5,
    fail: bool = False,
    title: str = "Jembatan Sula",
) -> Report:
    text = " ".join(sentences)
    claims, outcomes = [], []
    for number, sentence in enumerate(sentences):
        start = text.index(sentence)
        claim = Claim(f"c{number}", sentence, sentence, start, start + len(sentence), checkworthiness=worth)
        citation = Citation(
            "kabar",
            "kabar:0",
            "https://example.org/kabar",
            "Kabar",
            "2025-06-23",
            sentence,
            0,
            len(sentence),
            "supports",
            0.9,
        )
        claims.append(claim)
        if fail and number == len(sentences) - 1:
            outcomes.append(Failure(claim.id, "judge", "CallFailed", "no answer"))
            continue
        outcomes.append(
            Verdict(claim.id, label, "corroborated", label, confidence, (citation,), 1, "embedded", number in disputed)  # type: ignore[arg-type]
        )
    return Report(
        id=f"rep-{name}",
        article=Article(f"art-{name}", "https://example.org/a", title, "Kabar", "2025-06-23", "id", text),
        claims=tuple(claims),
        outcomes=tuple(outcomes),
        settings={},
        versions={"saring": "test"},
        as_of="2025-06-24T16:59:59+00:00",
        created_at="2026-11-24T08:00:00+00:00",
        elapsed=0.1,
    )
