"""Conversations put to the chat, turn after turn, over a store of the script's cards and a review queue of its own."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.solvers.base import Options, Tools, failure, limited
from evals.types import Case, Dataset, Row

if TYPE_CHECKING:
    from checker.chat.events import Answer, Judged
    from checker.chat.service import ChatService
    from evals.data.scripts import Line, Talk

AS_OF = "2026-06-01"
"""The moment of the script: all its evidence is out, and no later run sees another."""

OWNER = "eval"


class ChatSolver:
    """Holds every conversation of a script; checks each claim again by itself, as `saring check --claim` does."""

    name = "chat"

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """One case per conversation, since its turns follow each other."""
        return [
            Case(f"{dataset.name}/{talk.id}", "embedded", talk)
            for dataset in data
            for talk in limited(dataset.records, options.limit, lambda talk: talk.id, options.seed)
        ]

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """A row per conversation, with every turn's answer and expectation."""
        if not cases:
            return
        from checker.chat.conversations import MemoryConversations
        from checker.chat.queueing import ReviewQueue
        from checker.chat.service import ChatService
        from checker.review.database import Database
        from checker.review.service import ReviewService

        with tools.checker(cases[0].payload.cards, tools.extractor) as checker, tempfile.TemporaryDirectory() as folder:
            database = Database.open(str(Path(folder) / "queue.db"))
            service = ChatService(
                checker,  # type: ignore[arg-type]
                MemoryConversations(),
                queue=ReviewQueue(ReviewService(database)),
            )
            try:
                asyncio.run(service.answer("Halo", owner=OWNER))  # models and lexicons load before the clock starts
                for case in cases:
                    options.notify(case.payload.id)
                    yield {
                        "solver": self.name,
                        "system": case.system,
                        "id": case.id,
                        "turns": asyncio.run(_talk(service, checker, case.payload)),
                    }
            finally:
                service.close()
                database.close()


async def _talk(service: ChatService, checker: Any, talk: Talk) -> list[dict[str, Any]]:
    conversation = None
    turns = []
    for line in talk.lines:
        conversation, turn = await _turn(service, checker, line, conversation)
        turns.append(turn)
    return turns


async def _turn(
    service: ChatService, checker: Any, line: Line, conversation: str | None
) -> tuple[str | None, dict[str, Any]]:
    from checker.chat.events import Finished, Started, Text

    row: dict[str, Any] = {
        "id": line.id,
        "language": line.language,
        "asked": line.message[:600],
        "expect": line.expect.model_dump(exclude_defaults=True),
    }
    begun = time.perf_counter()
    answer: Answer | None = None
    try:
        async for event in service.turn(line.message, conversation=conversation, owner=OWNER, as_of=AS_OF):
            if isinstance(event, Started):
                conversation = event.conversation_id
            elif isinstance(event, Text) and "first_s" not in row:
                row["first_s"] = round(time.perf_counter() - begun, 4)
            elif isinstance(event, Finished):
                answer = event.answer
    except Exception as error:  # noqa: BLE001 - a turn that raises is a failed turn, and the script goes on
        return conversation, {**row, "failure": failure(error)}
    assert answer is not None
    row["seconds"] = round(time.perf_counter() - begun, 4)
    row["answer"] = _answer(answer)
    row["equal"] = [_equal(checker, judged) for judged in answer.verdicts]
    return conversation, row


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "kind": answer.kind,
        "language": answer.language,
        "text": answer.text,
        "verdicts": [_verdict(judged) for judged in answer.verdicts],
        "citations": [
            {"source_id": cited.citation.source_id, "quote": cited.citation.quote} for cited in answer.citations
        ],
        "items": list(answer.item_ids),
    }


def _verdict(judged: Judged) -> dict[str, Any]:
    found: dict[str, Any] = {"claim": judged.claim.quote, "text": judged.claim.text}
    if judged.failed:
        return {**found, "failure": str(judged.outcome)[:300]}
    outcome: Any = judged.outcome
    return {**found, "label": outcome.label, "reason": outcome.reason, "content_label": outcome.content_label}


def _equal(checker: Any, judged: Judged) -> bool | None:
    """Whether the claim by itself has the same verdict; None for a claim of an article, which has a context."""
    if judged.claim.start != 0 or judged.claim.context:
        return None
    (alone,) = checker.check_claim(judged.claim.quote, as_of=AS_OF).outcomes
    return bool(_comparable(alone) == _comparable(judged.outcome))


def _comparable(outcome: Any) -> Any:
    import dataclasses

    return dataclasses.replace(outcome, claim_id="")
