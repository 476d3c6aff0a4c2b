"""The agent's tools for one turn, and what they leave behind: verdicts, numbered passages, the words that go with them.

A tool answers the model with marked lines; what it found is kept here under numbers, and only what is kept here can be
cited. Labels come from the pipeline and are told to the reader directly, not through the model.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.chat.events import Event, Judged, Progress
from checker.chat.given import QueueItem, context_of
from checker.chat.proof import Ground, Shown
from checker.chat.toolbox import MAX_CLAIM, Toolbox, plainly
from checker.injection import inspect
from checker.types import Claim, Failure, Outcome, Report, Verdict
from retrieval.errors import SourceNotFound
from retrieval.segment import split_sentences

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from checker.types import Citation
    from retrieval.store import EvidenceStore
    from retrieval.types import Source

logger = logging.getLogger(__name__)

PASTED = "pasted"
"""What the model writes for a text that it was shown cut."""

MOST_CLAIMS = 4
"""Claims checked one by one in a turn; whoever asks for more pastes an article."""

MOST_PASSAGES = 60
"""Passages shown in a turn, over all tools: about what a context of 32,000 tokens holds beside the conversation."""

_ASKS_FOR_QUEUE = re.compile(
    r"\b(?:antre\w*|antri\w*|queue\w*|redaks\w*|redaktur|editor\w*|kirim\w*|teruskan|serahkan|send|submit|forward|"
    r"hand\s+(?:it|this|that)?\s*(?:over|on)|tinjau\w*|review\w*)\b",
    re.IGNORECASE,
)

_ADDRESS = re.compile(r"https?://\S+")

Enqueue = Callable[[Report], Awaitable[Sequence[QueueItem]]]
Status = Callable[[Sequence[str]], Awaitable[Sequence[QueueItem]]]


@dataclass
class Desk:
    """What one turn works with.

    Attributes:
        toolbox: Checks and searches.
        emit: Told of every event as it happens; may be called from any thread.
        asked: The whole text of whoever asks.
        mark: Random; begins every line that comes from outside.
        enqueue: Puts a report into the queue; None where there is none.
        status: Looks items up by the ids of claims or items; None where there is no queue.
        reports: Of earlier turns, the latest last; those of this turn are added.
    """

    toolbox: Toolbox
    emit: Callable[[Event], None]
    asked: str
    mark: str
    as_of: str | None = None
    enqueue: Enqueue | None = None
    status: Status | None = None
    reports: list[Report] = field(default_factory=list)
    ground: Ground = field(default_factory=Ground)
    judged: list[Judged] = field(default_factory=list)
    items: list[QueueItem] = field(default_factory=list)
    articles: int = 0
    searches: int = 0
    moment: str = ""
    _claims: dict[str, str] = field(default_factory=dict)

    # -- the tools

    async def check_claim(self, claim: str) -> str:
        """Check one claim against the evidence. Returns the verdict and the passages it stands on."""
        key = " ".join(claim.casefold().split()).rstrip(".")
        if key in self._claims:
            return self._claims[key]
        if len(self._claims) >= MOST_CLAIMS:
            return f"No more than {MOST_CLAIMS} claims are checked in one turn. Answer with what there is."
        self._claims[key] = "It is being checked."  # tools of one reply run side by side
        report = await self.toolbox.check_claim(claim[: MAX_CLAIM + 1], self.as_of, self._progress)
        told = await self._take(report)
        self._claims[key] = told
        return told

    async def check_article(self, article: str) -> str:
        """Find the claims of an article and check each. Give its text, its address, or "pasted" for a pasted text."""
        text = self.asked if article.strip().strip('"').casefold() == PASTED else article
        if _ADDRESS.fullmatch(text.strip()) and not any(text.strip() in said for said in self.ground.asked):
            # An address that evidence brought up could carry the conversation away in its query.
            return "Only an address that the person gave may be fetched."
        report = await self.toolbox.check_article(text, self.as_of, self._progress)
        self.articles += 1
        return await self._take(report)

    async def search_evidence(self, query: str) -> str:
        """Find passages of evidence for a question that is not yes or no. Nothing is judged."""
        self.searches += 1
        self.emit(Progress("search", 0, 1))
        self.moment, hits = await self.toolbox.search(query, 6, self.as_of)
        self.emit(Progress("search", 1, 1))
        numbers = [
            self._show(
                hit.source, hit.passage.id, hit.passage.start, hit.passage.end, score=hit.score, origin=hit.origin
            )
            for hit in hits
        ]
        return self._passages(number for number in numbers if number) or "Nothing in the evidence speaks of it."

    async def show_source(self, passage: int) -> str:
        """Show what stands before and after a passage in its source."""
        shown = self.ground.passages.get(passage)
        if shown is None:
            return f"There is no passage {passage} in this turn; search or check first."
        around = context_of(shown.source, shown.start, shown.end, 600)
        start = shown.start - len(around.before)
        number = self._show(shown.source, shown.passage_id, start, shown.end + len(around.after), claim=shown.claim_id)
        return self._passages([number]) if number else "The source cannot be shown."

    async def queue_claim(self, claim: str = "") -> str:
        """Hand what was checked to the editors: a claim checked now, or, where none is named, what was checked last."""
        if not _ASKS_FOR_QUEUE.search(self.asked):
            return "Only a person may ask for this, and this person has not. Do not queue anything."
        if self.enqueue is None:
            return "There is no review queue here."
        if claim.strip():
            await self.check_claim(claim)
        if not self.reports:
            return "Nothing has been checked yet that could be queued; check it first."
        self.items += await self.enqueue(self.reports[-1])
        return f"Queued: {len(self.items)} claims wait for an editor. Write {{{{queued}}}}."

    async def queue_status(self) -> str:
        """How far editors are with the claims that were checked in this conversation."""
        if self.status is None:
            return "There is no review queue here."
        ids = [claim.id for report in self.reports for claim in report.claims]
        found = await self.status(ids)
        self.items += found
        return f"{len(found)} of them are in the queue. Write {{{{queued}}}}." if found else "None is in the queue."

    def tools(self) -> list[BaseTool]:
        """The tools as LangChain takes them. An error on purpose is told to the model in its own words."""
        from langchain_core.tools import StructuredTool

        return [
            StructuredTool.from_function(coroutine=_told(method), name=method.__name__, description=method.__doc__)
            for method in (
                self.check_claim,
                self.check_article,
                self.search_evidence,
                self.show_source,
                self.queue_claim,
                self.queue_status,
            )
        ]

    # -- what they leave behind

    async def _take(self, report: Report) -> str:
        """Keep a report, tell the reader its verdicts, and say it to the model."""
        self.reports.append(report)
        self.moment = report.as_of
        store = (await self.toolbox.checker()).store
        claims = {claim.id: claim for claim in report.claims}
        told = []
        for outcome in report.outcomes:
            claim = claims.get(outcome.claim_id)
            if claim is None:
                continue
            judged = Judged(len(self.judged) + 1, claim, outcome)
            self.judged.append(judged)
            self.ground.asked.append(claim.text)
            if isinstance(outcome, Verdict):
                self.ground.labels.append(outcome.label)
            self.emit(judged)
            told.append(self._outcome(claim, outcome, store))
        return "\n\n".join(told) or "The article makes no claim that could be checked."

    def _outcome(self, claim: Claim, outcome: Outcome, store: EvidenceStore) -> str:
        lines = ["Claim:", self._marked(claim.text)]
        if isinstance(outcome, Failure):
            lines.append("It could not be checked; the reader is told so. Give no verdict.")
            return "\n".join(lines)
        lines.append(
            f"Verdict, shown to the reader: {outcome.label} ({outcome.reason}); without the speaker's own word: "
            f"{outcome.content_label}; independent origins: {outcome.origins}."
        )
        numbers = [self._show_citation(citation, claim, store) for citation in outcome.citations]
        lines.append(self._passages(number for number in numbers if number) or "No passage speaks of it.")
        return "\n".join(lines)

    def _show_citation(self, citation: Citation, claim: Claim, store: EvidenceStore) -> int | None:
        try:
            source = store.get(citation.source_id)
        except SourceNotFound:  # taken down while the claim was checked
            return None
        if source.text[citation.start : citation.end] != citation.quote:
            return None
        return self._show(
            source,
            citation.passage_id,
            citation.start,
            citation.end,
            stance=citation.stance,
            score=citation.score,
            origin=citation.origin,
            counted=citation.counted,
            notes=citation.notes,
            claim=claim.id,
        )

    def _show(
        self, source: Source, passage_id: str, start: int, end: int, *, claim: str = "", **known: Any
    ) -> int | None:
        """Number a passage; None where it may not be shown, since it speaks to the machine, or enough are shown."""
        if inspect(source.text[start:end]).flagged or len(self.ground.passages) >= MOST_PASSAGES:
            return None
        for number, shown in self.ground.passages.items():
            if (shown.source.id, shown.start, shown.end, shown.claim_id) == (source.id, start, end, claim):
                return number
        number = len(self.ground.passages) + 1
        self.ground.passages[number] = Shown(number, source, passage_id, start, end, claim_id=claim, **known)
        return number

    def _passages(self, numbers: Any) -> str:
        return "\n".join(self._passage(self.ground.passages[number]) for number in numbers)

    def _passage(self, shown: Shown) -> str:
        what = {"supports": ", supports the claim", "refutes": ", contradicts the claim"}.get(shown.stance, "")
        source = shown.source
        origin = " · ".join(filter(None, (source.publisher, source.published_at or "no date", source.title)))
        return f"Passage {shown.number}{what}:\n{self._marked(origin)}\n{self._marked(shown.text)}"

    def _marked(self, text: str) -> str:
        """Text from outside, cleaned, a sentence a line, each line marked."""
        clean = inspect(text).clean.replace(self.mark, "")
        lines = [" ".join(clean[start:end].split()) for start, end in split_sentences(clean)]
        return "\n".join(f"{self.mark} {line}" for line in lines if line)

    def _progress(self, stage: str, done: int, total: int) -> None:
        self.emit(Progress(stage, done, total))


def _told(method: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    """A tool whose failure is an answer: the model may go on, and the log has what is ours to mend."""
    import functools

    @functools.wraps(method)
    async def call(*args: Any, **kwargs: Any) -> str:
        try:
            return await method(*args, **kwargs)
        except Exception as error:  # one tool that breaks must not end the turn
            if message := plainly(error):
                return f"This failed: {message}"
            logger.exception("the tool %s failed", method.__name__)
            return "This failed, for a reason of Saring's own. Do not try it again."

    return call
