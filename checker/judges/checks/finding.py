"""What a check can say, and about what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checker.cues import language_of

Effect = Literal["veto", "lower", "refute", "silence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a claim is held against.

    Attributes:
        text: The sentence or sentences that are to carry the stance.
        context: The rest of the passage; what stands there is known too, but is not what is cited.
        title: Headline of the source.
        published_at: When the source was published, ISO 8601 to the known precision, None where unknown.
        language: ISO 639-1 of the source, empty where unknown; what its words say comes first (see `spoken`).
    """

    text: str
    context: str = ""
    title: str = ""
    published_at: str | None = None
    language: str = ""

    @property
    def spoken(self) -> str:
        """The language of the cited text: by its small words, and the source's where they do not tell."""
        return language_of(self.text, "id" if self.language == "id" else "en")

    @property
    def around(self) -> str:
        """Title and context together, for what the sentence leaves to them."""
        return f"{self.title}\n{self.context}".strip()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands in the way of support, or of both sides.

    Attributes:
        kind: The check that found it: `number`, `date`, `negation`, `direction`, `name`, `binding`, `speaker`.
        effect: `refute`: the evidence states the same thing with another value, so what spoke for it speaks against
            it. `veto`: the evidence cannot carry the claim. `lower`: it carries it less surely. `silence`: it cannot
            have spoken of the matter, for or against.
        factor: What is left of the support, 0..1; with `silence` of the refutation too.
        reason: One plain English sentence for the editor.
    """

    kind: str
    effect: Effect
    factor: float
    reason: str

    def __post_init__(self) -> None:
        if not 0.0 <= self.factor <= 1.0:
            raise ValueError(f"a check may not raise support: factor {self.factor}")
