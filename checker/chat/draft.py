"""An answer while it is written: its text so far, and its numbered citations."""

from __future__ import annotations

from collections.abc import Callable

from checker.chat.events import Answer, AnswerKind, Cited, Judged, Text
from checker.types import Citation

Titles = Callable[[str], str]
"""The headline of a source by its id; empty where it has none or is gone."""


class Draft:
    """What has been said of an answer."""

    def __init__(self, language: str, titles: Titles) -> None:
        self.language = language
        self.titles = titles
        self.kind: AnswerKind = "verdict"
        self.as_of = ""
        self.verdicts: list[Judged] = []
        self.item_ids: list[str] = []
        self._parts: list[str] = []
        self._cited: dict[tuple[str, int, int], Cited] = {}

    def say(self, text: str) -> Text:
        """Add to the text."""
        self._parts.append(text)
        return Text(text)

    def cite(self, citation: Citation, claim_id: str = "") -> tuple[str, Cited | None]:
        """The mark of a citation, and the citation where it is new; one place in a source has one number."""
        key = (citation.source_id, citation.start, citation.end)
        known = self._cited.get(key)
        if known is not None:
            return f"[{known.number}]", None
        cited = Cited(len(self._cited) + 1, citation, self.titles(citation.source_id), claim_id)
        self._cited[key] = cited
        return f"[{cited.number}]", cited

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(self._parts)

    def answer(self) -> Answer:
        """The answer, as it stands."""
        return Answer(
            text=self.text,
            citations=tuple(self._cited.values()),
            verdicts=tuple(self.verdicts),
            language=self.language,
            kind=self.kind,
            as_of=self.as_of,
            item_ids=tuple(self.item_ids),
        )
