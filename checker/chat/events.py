"""What a turn of the chat is made of, as it becomes known. Imports nothing of the chat.

A turn yields `Started`, then any of `Progress`, `Text`, `Judged` and `Cited`, and ends with one `Finished`. The `Text`
pieces put together are `Finished.answer.text`: Markdown in which `[1]` stands for the citation of that number. What
comes from outside is escaped in it, so that a door may render it, and quotes are in the citations to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from checker.types import Citation, Claim, Failure, Outcome

AnswerKind = Literal[
    "verdict", "article", "quotes", "evidence", "outlet", "queue", "clarify", "small_talk", "help", "refusal", "failure"
]
"""What an answer is.

`verdict`: one claim was checked · `article`: a text with several · `quotes`: passages, no judgement · `evidence`: more
on what was checked before · `outlet`: what one outlet says on it · `queue`: the review queue · `clarify`: a question
back · `small_talk`, `help` · `refusal`: not something Saring answers · `failure`: something broke, and says what to do.
"""


@dataclass(frozen=True, slots=True)
class Started:
    """The turn has begun."""

    conversation_id: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is: stages are `fetch`, `claims`, `evidence`, `judge`, `search`."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Text:
    """A further piece of the answer."""

    delta: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation under its number in the answer.

    Attributes:
        number: From 1; the same number is never given twice in an answer.
        citation: The quote, where it stands and what it says to the claim.
        title: Headline of the source, may be empty.
        claim_id: The claim it was cited for; empty where no claim was judged.
    """

    number: int
    citation: Citation
    title: str = ""
    claim_id: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim has its outcome.

    Attributes:
        number: From 1, in the order of the text; what "the second claim" means in a follow-up.
        claim: The claim as it was understood.
        outcome: Its verdict, or the failure to reach one.
    """

    number: int
    claim: Claim
    outcome: Outcome

    @property
    def failed(self) -> bool:
        """Whether the claim could not be checked."""
        return isinstance(self.outcome, Failure)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole.

    Attributes:
        text: Markdown with `[1]` marks.
        citations: In the order of their numbers.
        verdicts: Every claim that was judged for it.
        language: `id` or `en`.
        kind: What it is.
        as_of: ISO 8601, the moment up to which evidence counted; empty where none was looked at.
        item_ids: Items of the review queue it speaks of.
    """

    text: str
    citations: tuple[Cited, ...]
    verdicts: tuple[Judged, ...]
    language: str
    kind: AnswerKind
    as_of: str = ""
    item_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn is over."""

    answer: Answer


Event = Started | Progress | Text | Cited | Judged | Finished


def to_json(event: Event) -> dict[str, Any]:
    """An event as plain JSON values; `event` names its type."""
    match event:
        case Started():
            return {"event": "started", "conversation_id": event.conversation_id, "turn_id": event.turn_id}
        case Progress():
            return {"event": "progress", "stage": event.stage, "done": event.done, "total": event.total}
        case Text():
            return {"event": "text", "delta": event.delta}
        case Cited():
            return {"event": "cited", **cited_to_json(event)}
        case Judged():
            return {"event": "judged", **judged_to_json(event)}
        case Finished():
            return {"event": "finished", "answer": answer_to_json(event.answer)}


def cited_to_json(cited: Cited) -> dict[str, Any]:
    """A numbered citation as plain JSON values."""
    from checker.render.json import plain

    found: Mapping[str, Any] = plain(cited.citation)
    return {"number": cited.number, "title": cited.title, "claim_id": cited.claim_id, **found}


def judged_to_json(judged: Judged) -> dict[str, Any]:
    """A judged claim as plain JSON values: `verdict` or `failure`, never both."""
    from checker.render.json import claim_to_dict, plain

    outcome: Mapping[str, Any] = plain(judged.outcome)
    key = "failure" if judged.failed else "verdict"
    return {"number": judged.number, "claim": claim_to_dict(judged.claim), key: outcome}


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer as plain JSON values."""
    return {
        "kind": answer.kind,
        "language": answer.language,
        "text": answer.text,
        "as_of": answer.as_of,
        "citations": [cited_to_json(cited) for cited in answer.citations],
        "verdicts": [judged_to_json(judged) for judged in answer.verdicts],
        "item_ids": list(answer.item_ids),
    }
