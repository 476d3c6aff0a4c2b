"""What a conversation holds for its next turn, read back from what is kept of it, and written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.chat.conversations import Turn
from checker.chat.events import Answer, Judged, answer_to_json
from checker.chat.questions import Form
from checker.chat.understanding import Memory
from checker.errors import ReportUnreadable
from checker.types import Report


@dataclass(frozen=True, slots=True)
class Subject:
    """What was checked last: claims by number, each with the report it comes from."""

    judged: tuple[Judged, ...] = ()
    reports: tuple[Report, ...] = ()

    def __len__(self) -> int:
        return len(self.judged)

    def pick(self, number: int) -> Subject:
        """The claim of that number (-1: the last); everything for 0; nothing where there is no such number."""
        if number == 0:
            return self
        if number == -1:
            number = len(self.judged)
        rows = [(j, r) for j, r in zip(self.judged, self.reports, strict=True) if j.number == number]
        return Subject(tuple(j for j, _ in rows), tuple(r for _, r in rows))


def subject_of(reports: Sequence[Report]) -> Subject:
    """The checkable claims of reports, numbered in their order."""
    judged: list[Judged] = []
    own: list[Report] = []
    for report in reports:
        outcomes = {outcome.claim_id: outcome for outcome in report.outcomes}
        for claim in report.claims:
            if (outcome := outcomes.get(claim.id)) is not None:
                judged.append(Judged(len(judged) + 1, claim, outcome))
                own.append(report)
    return Subject(tuple(judged), tuple(own))


@dataclass(frozen=True, slots=True)
class Recall:
    """What is remembered.

    Attributes:
        memory: What a message may point to.
        subject: What was checked last.
        item_ids: Items of the queue that this conversation made, in order.
    """

    memory: Memory = field(default_factory=Memory)
    subject: Subject = field(default_factory=Subject)
    item_ids: tuple[str, ...] = ()


def recall(turns: Sequence[Turn]) -> Recall:
    """What the last turns of a conversation hold."""
    from checker.render.wire import parse_report

    answers = [turn for turn in turns if turn.role == "assistant"]
    if not answers:
        return Recall()
    last = answers[-1].data
    subject, focus, persons = Subject(), None, None
    items: list[str] = []
    for turn in answers:
        items += [item for item in turn.data.get("item_ids", ()) if item not in items]
    for turn in reversed(answers):
        data = turn.data
        if focus is None and "focus" in data:
            focus = int(data["focus"])
        if persons is None and data.get("persons"):
            persons = tuple(data["persons"])
        if data.get("reports"):
            try:
                subject = subject_of([parse_report(_dump(report)) for report in data["reports"]])
            except ReportUnreadable:
                continue  # kept by another version: what it was about cannot be followed up, the rest can
            break
    pending: Mapping[str, Any] = last.get("pending") or {}
    form: Form = pending.get("form", "question")
    return Recall(
        Memory(
            language=answers[-1].language,
            persons=persons or (),
            claims=tuple(judged.claim.text for judged in subject.judged),
            focus=focus if focus is not None else (1 if len(subject) == 1 else 0),
            pending=str(pending.get("claim", "")),
            pronoun=str(pending.get("pronoun", "")),
            pending_form=form,
            follows=bool(subject.judged) or any(turn.kind in ("verdict", "article", "quotes") for turn in answers),
        ),
        subject,
        tuple(items),
    )


def _dump(report: Any) -> str:
    from checker.render.json import dump

    return dump(report, indent=None)


@dataclass
class Keep:
    """What a turn leaves for the next ones."""

    reports: list[Report] = field(default_factory=list)
    focus: int | None = None
    persons: tuple[str, ...] = ()
    pending: dict[str, str] = field(default_factory=dict)

    def data(self, answer: Answer) -> dict[str, Any]:
        """As JSON values, with the answer itself, so that a page can show it again."""
        from checker.render.json import report_to_dict

        kept: dict[str, Any] = {"answer": answer_to_json(answer)}
        if self.reports:
            kept["reports"] = [report_to_dict(report) for report in self.reports]
        if self.focus is not None:
            kept["focus"] = self.focus
        if self.persons:
            kept["persons"] = list(self.persons)
        if self.pending:
            kept["pending"] = dict(self.pending)
        if answer.item_ids:
            kept["item_ids"] = list(answer.item_ids)
        return kept
