"""An agent's answer as it is written down: the verdicts in Saring's words, then the model's verified sentences."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from checker.chat.answers import where_to_look
from checker.chat.draft import Draft
from checker.chat.events import Answer, AnswerKind, Cited, Judged, Text
from checker.chat.proof import Break, Dropped, Found, Kept, Piece, Reader, Shown, escape
from checker.chat.wording import say
from checker.notes import in_language
from checker.render.base import show_date
from checker.render.words import words
from checker.types import Citation, Failure, Verdict

if TYPE_CHECKING:
    from checker.chat.desk import Desk

logger = logging.getLogger(__name__)

MOST_LISTED = 12
"""Claims of an article that are listed; the rest are counted."""

MOST_QUOTED = 3
"""Passages quoted where the model has written nothing that can be shown."""

_OURS: Mapping[str, Mapping[str, str]] = {
    "id": {
        "checked": "Yang diperiksa",
        "failed": "Tidak dapat diperiksa",
        "summary": "Artikel ini memuat {all} klaim yang diperiksa: {supported} didukung, {unsupported} tidak didukung, "
        "{needs_source} perlu sumber{failed}.",
        "and_failed": ", {n} gagal diperiksa",
        "more": "… dan {n} klaim lagi.",
        "left_out": "{n} kalimat tidak ditampilkan karena tidak bersandar pada kutipan bukti.",
        "one_left_out": "Satu kalimat tidak ditampilkan karena tidak bersandar pada kutipan bukti.",
        "queued": "Di antrean redaksi:",
        "state": "keadaan",
    },
    "en": {
        "checked": "Checked",
        "failed": "Could not be checked",
        "summary": "The article makes {all} claims that were checked: {supported} supported, {unsupported} "
        "unsupported, {needs_source} in need of a source{failed}.",
        "and_failed": ", {n} failed",
        "more": "… and {n} more claims.",
        "left_out": "{n} sentences are not shown, since no quote of the evidence carries them.",
        "one_left_out": "One sentence is not shown, since no quote of the evidence carries it.",
        "queued": "In the editors’ queue:",
        "state": "state",
    },
}

_PIECES: Mapping[str, tuple[AnswerKind, str]] = {
    "greeting": ("small_talk", "greeting"),
    "thanks": ("small_talk", "thanks"),
    "help": ("help", "help"),
    "out_of_scope": ("refusal", "refusal"),
    "no_evidence": ("quotes", "nothing"),
    "queued": ("queue", ""),
}
"""What the model may ask for by name: the kind of answer it makes, and the sentence of `checker.chat.wording`."""


class Script:
    """Writes one answer. Every piece goes out as it is written; the whole comes out of `close`."""

    def __init__(self, desk: Desk, language: str, alarm: Callable[[Kept], bool]) -> None:
        self._desk = desk
        self._language = language if language in _OURS else "id"
        self._ours = _OURS[self._language]
        self._alarm = alarm
        self._reader = Reader(desk.ground)
        self._text = ""
        self._cited: list[Cited] = []
        self._headed = 0
        self._articles = 0
        self._said: set[str] = set()
        self._dropped = 0
        self._asks_back = False
        self._pieces: list[str] = []
        self._fresh = True

    # -- what the model says

    async def say(self, delta: str) -> None:
        """Take in a further piece of what the model writes."""
        self.heads()
        await self._take(self._reader.feed(delta))

    async def pause(self) -> None:
        """The model has ended a message; another begins."""
        await self._take(self._reader.end())
        self._fresh = True

    def restart(self) -> None:
        """The message under way is void; what was shown of it was verified, and stands."""
        self._reader.restart()

    async def _take(self, found: Iterable[Found]) -> None:
        for one in found:
            if isinstance(one, Break):
                self._fresh = True
            elif isinstance(one, Piece):
                self._piece(one.name)
            elif isinstance(one, Dropped):
                self._drop(one)
            elif one.text not in self._said:
                if await asyncio.to_thread(self._alarm, one):
                    self._drop(Dropped(one.text, "the judge takes it to say the opposite of what it cites"))
                else:
                    self._write_sentence(one)

    def _drop(self, dropped: Dropped) -> None:
        # What looks things up ("let me check") is no loss to anybody, and is not counted as one.
        logger.info("left out of an answer (%s): %r", dropped.why, dropped.text[:200])
        if dropped.why not in ("it says nothing",) and self._desk.ground.passages:
            self._dropped += 1

    def _write_sentence(self, kept: Kept) -> None:
        self._said.add(kept.text)
        marks = "".join(f" [{self._number(shown, citation)}]" for shown, citation in kept.citations)
        if not kept.citations:
            self._asks_back = True
        if kept.lead and self._fresh:
            self._write(("\n" if self._text and not self._text.endswith("\n") else "") + "- ")
        elif self._fresh and self._text:
            self._write("\n\n")
        elif self._text and not self._text.endswith(("\n", " ")):
            self._write(" ")
        self._write(f"{kept.text}{marks}")
        self._fresh = bool(kept.lead)

    def _piece(self, name: str) -> None:
        if name not in _PIECES or name in self._pieces:
            return
        if name == "no_evidence" and (self._desk.judged or not self._desk.searches):
            return  # where a claim was judged, the verdict says so; where nothing was looked for, nobody knows
        if name == "queued" and not self._desk.items:
            return
        self._pieces.append(name)
        if name == "queued":
            self._queue()
        else:
            self._paragraph(say(_PIECES[name][1], self._language))

    # -- what Saring says

    def heads(self) -> None:
        """The verdicts that were reached since."""
        new = self._desk.judged[self._headed :]
        self._headed += len(new)
        if not new:
            return
        if self._desk.articles > self._articles:
            self._articles = self._desk.articles
            self._summary(new)
        else:
            for judged in new:
                self._paragraph(self._head(judged))
                if isinstance(judged.outcome, Verdict) and judged.outcome.label == "needs_source":
                    self._paragraph(self._where_to_look(judged))

    def _summary(self, judged: list[Judged]) -> None:
        outcomes = [one.outcome for one in judged]
        labels = [outcome.label for outcome in outcomes if isinstance(outcome, Verdict)]
        failed = len(outcomes) - len(labels)
        self._paragraph(
            self._ours["summary"].format(
                all=len(outcomes),
                failed=self._ours["and_failed"].format(n=failed) if failed else "",
                **{name: labels.count(name) for name in ("supported", "unsupported", "needs_source")},
            )
        )
        lines = [
            f"{one.number}. **{self._label(one)}** — {escape(one.claim.text)}{self._first_marks(one)}"
            for one in judged[:MOST_LISTED]
        ]
        if len(judged) > MOST_LISTED:
            lines.append("\n" + self._ours["more"].format(n=len(judged) - MOST_LISTED))
        self._paragraph("\n".join(lines))

    def _label(self, judged: Judged) -> str:
        outcome = judged.outcome
        if isinstance(outcome, Failure):
            return self._ours["failed"]
        label = words(self._language)[outcome.label]
        return label[0].upper() + label[1:]

    def _head(self, judged: Judged) -> str:
        w, outcome = words(self._language), judged.outcome
        checked = f"{self._ours['checked']}: “{escape(judged.claim.text.rstrip('.'))}”"
        if isinstance(outcome, Failure):
            return f"**{self._ours['failed']}.** {checked}. {escape(outcome.message)}"
        as_of = f"{w['as_of']} {show_date(self._desk.moment[:10], self._language)}"
        if outcome.origins:
            as_of = (
                f"{outcome.origins} {w['origin' if outcome.origins == 1 else 'origins']}, {as_of[0].lower()}{as_of[1:]}"
            )
        parts = [f"**{self._label(judged)}.** {checked}", w[outcome.reason], as_of]
        if outcome.content_label != outcome.label:
            parts.append(f"{w['content']}: {w[outcome.content_label]}.")
        if outcome.disputed:
            parts.append(w["disputed"])
        parts += [escape(in_language(note, self._language)) for note in outcome.notes]
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)

    def _where_to_look(self, judged: Judged) -> str:
        """What is missing, and where it may be found."""
        draft = Draft(self._language, lambda _: "")
        for _ in where_to_look(draft, judged.claim.text, judged.claim):
            pass
        return draft.text.strip()

    def _first_marks(self, judged: Judged) -> str:
        shown = [one for one in self._desk.ground.passages.values() if one.claim_id == judged.claim.id and one.counted]
        return "".join(f" [{self._number(one, one.cite(one.start, one.end))}]" for one in shown[:1])

    def _quotes(self) -> None:
        """The evidence itself, where the model's words did not do."""
        shown = [one for one in self._desk.ground.passages.values() if one.counted]
        claims = list(dict.fromkeys(one.claim_id for one in shown))
        lines = []
        for claim in claims:
            for one in [one for one in shown if one.claim_id == claim][:MOST_QUOTED]:
                citation = one.cite(one.start, one.end)
                who = escape(one.source.publisher or one.source.title or one.source.id)
                when = show_date(one.source.published_at, self._language)
                quote = escape(" ".join(citation.quote.split()))
                lines.append(f"- {who}, {when}: “{quote}” [{self._number(one, citation)}]")
        if lines and not self._desk.judged:
            self._paragraph(say("quoting", self._language))
        if lines:
            self._paragraph("\n".join(lines[: 4 * MOST_QUOTED]))

    def _queue(self) -> None:
        lines = [f"- {escape(item.claim)} ({self._ours['state']}: {item.state})" for item in self._desk.items]
        self._paragraph(self._ours["queued"] + "\n\n" + "\n".join(lines))

    # -- writing

    def _number(self, shown: Shown, citation: Citation) -> int:
        """The number of a citation in the answer; a new one is told of before the text that has it."""
        for cited in self._cited:
            known = cited.citation
            if (known.source_id, known.start, known.end) == (citation.source_id, citation.start, citation.end):
                return cited.number
        cited = Cited(len(self._cited) + 1, citation, shown.source.title, shown.claim_id)
        self._cited.append(cited)
        self._desk.emit(cited)
        return cited.number

    def _paragraph(self, text: str) -> None:
        self._write(("\n\n" if self._text else "") + text)
        self._fresh = True

    def _write(self, delta: str) -> None:
        self._text += delta
        self._desk.emit(Text(delta))

    async def close(self) -> Answer:
        """The answer, whole: what the model could not be believed to say is made up for by the evidence itself."""
        self.heads()
        await self._take(self._reader.end())
        desk = self._desk
        if desk.items and "queued" not in self._pieces:
            self._piece("queued")
        if not self._said and not self._pieces and not desk.articles:
            self._quotes()
        if not self._text and desk.searches and not desk.ground.passages:
            self._piece("no_evidence")
        if self._dropped and self._text:
            left_out = self._ours["left_out"] if self._dropped > 1 else self._ours["one_left_out"]
            self._paragraph(f"_{left_out.format(n=self._dropped)}_")
        return Answer(
            text=self._text,
            citations=tuple(self._cited),
            verdicts=tuple(desk.judged),
            language=self._language,
            kind=self._kind(),
            as_of=desk.moment,
            item_ids=tuple(item.id for item in desk.items),
        )

    def _kind(self) -> AnswerKind:
        desk = self._desk
        if desk.items:
            return "queue"
        if desk.articles:
            return "article"
        if desk.judged:
            return "verdict"
        if desk.searches:
            return "quotes"
        if self._pieces:
            return _PIECES[self._pieces[0]][0]
        return "clarify" if self._asks_back else "failure"
