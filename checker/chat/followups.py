"""Follow-ups on what was checked last, the queue, small talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

from checker.chat import answers
from checker.chat.events import Event
from checker.chat.questions import Question
from checker.chat.queueing import Queue, only
from checker.chat.recall import Subject
from checker.chat.understanding import Ask
from checker.chat.wording import say
from checker.errors import NotAllowed
from checker.render.base import SYMBOLS, origins_line, show_date
from checker.render.markdown import escape
from checker.render.words import words
from checker.types import Citation, Failure, Verdict

if TYPE_CHECKING:
    from checker.chat.requests import Request
    from checker.chat.service import ChatService, Work


async def follow(service: ChatService, work: Work) -> AsyncIterator[Event]:
    """Answer what is asked of the chat or of its last answer."""
    request, draft, language = work.understood.request, work.draft, work.language
    assert request is not None
    if request.kind in ("small_talk", "help"):
        draft.kind = "help" if request.kind == "help" else "small_talk"
        yield draft.say(say(request.name if request.kind == "small_talk" else "help", language))
        return
    if request.kind == "queue_status":
        async for event in _status(service, work):
            yield event
        return
    if request.kind == "queue" and service.queue is None:
        draft.kind = "queue"
        yield draft.say(say("queue_off", language))
        return
    subject = work.recalled.subject
    if not subject.judged:
        draft.kind = "queue" if request.kind == "queue" else "clarify"
        yield draft.say(say("queue_none" if request.kind == "queue" else "evidence_after", language))
        return
    number = 0 if request.every else request.number or work.recalled.memory.focus
    chosen = subject.pick(number)
    if not chosen.judged:
        draft.kind = "clarify"
        yield draft.say(say("no_number", language, number=number, count=len(subject)))
        return
    work.keep.focus = chosen.judged[0].number if len(chosen) == 1 else 0
    await _titled(service, work)
    match request.kind:
        case "queue":
            pieces = _enqueued(service, work, chosen)
        case "number" | "that" | "translate":
            if request.kind == "translate":
                draft.language = "en" if request.name.lower() in ("english", "inggris") else "id"
            pieces = _again(work, chosen)
        case "again":
            pieces = _rechecked(service, work, chosen)
        case "since":
            pieces = _since(work, chosen)
        case "why":
            pieces = _why(work, chosen)
        case "outlet":
            pieces = _outlet(service, work, chosen, request)
        case "when":
            pieces = _when(service, work, chosen)
        case _:
            pieces = _evidence(work, chosen)
    async for event in pieces:
        yield event


async def _titled(service: ChatService, work: Work) -> None:
    from checker.chat.replies import opened

    await opened(service, work)


async def _evidence(work: Work, chosen: Subject) -> AsyncIterator[Event]:
    for piece in answers.evidence(work.draft, chosen.judged, chosen.reports):
        yield piece


async def _again(work: Work, chosen: Subject) -> AsyncIterator[Event]:
    """What was found of a claim, as it was found."""
    work.draft.kind = "verdict"
    for judged, report in zip(chosen.judged, chosen.reports, strict=True):
        yield answers.heading(work.draft, judged.claim.text)
        for piece in answers.verdict(work.draft, judged, report, "statement"):
            yield piece


async def _rechecked(service: ChatService, work: Work, chosen: Subject) -> AsyncIterator[Event]:
    """Check once more, on the evidence there is now."""
    from checker.chat.replies import check

    work.keep.focus = 1 if len(chosen) == 1 else 0
    for number, judged in enumerate(chosen.judged[:5], start=1):
        # The sentence of the article, or what was typed: the claim's own wording has lost who said it.
        text = judged.claim.quote if len(chosen.reports[number - 1].claims) == 1 else judged.claim.text
        async for event in check(service, work, Ask(text), number):
            yield event


async def _since(work: Work, chosen: Subject) -> AsyncIterator[Event]:
    """The oldest evidence on a claim: when it was first said, not since when it is so."""
    draft, language = work.draft, work.language
    draft.kind = "evidence"
    for judged, report in zip(chosen.judged, chosen.reports, strict=True):
        draft.as_of = report.as_of
        dated = []
        if isinstance(judged.outcome, Verdict):
            dated = [c for c in judged.outcome.citations if c.published_at and c.stance != "neutral"]
        if not dated:
            yield draft.say(f"{say('since_none', language)}\n\n")
            continue
        oldest = min(dated, key=lambda citation: (_day(citation), citation.source_id))
        date = show_date(oldest.published_at, language)
        stance = words(language)[oldest.stance]
        yield draft.say(f"{say('since', language, date=date, stance=stance)}\n\n")
        for citation in [oldest, *sorted((c for c in dated if c != oldest), key=_day)][:3]:
            for piece in answers.quote(draft, citation, judged.claim.id):
                yield piece


def _day(citation: Citation) -> str:
    """When a source was published, to be compared: a year alone counts as its end, since it may be any day of it."""
    from retrieval.dates import bounds, utc_text

    return utc_text(bounds(citation.published_at or "")[1])


async def _why(work: Work, chosen: Subject) -> AsyncIterator[Event]:
    draft, language = work.draft, work.language
    draft.kind = "evidence"
    vocabulary = words(language)
    for judged, report in zip(chosen.judged, chosen.reports, strict=True):
        draft.as_of = report.as_of
        outcome = judged.outcome
        if isinstance(outcome, Failure):
            yield draft.say(f"{say('failed', language)}\n\n")
            continue
        label = f"{SYMBOLS[outcome.label]} {vocabulary[outcome.label]}"
        yield draft.say(
            f"**{escape(judged.claim.text)}** {label}\n\n**{say('why', language)}:** {vocabulary[outcome.reason]} "
        )
        yield draft.say(f"{say('why_origins', language, origins=origins_line(outcome.origins, language))} ")
        yield draft.say(f"{say('why_confidence', language, confidence=f'{outcome.confidence:.2f}')}\n\n")
        for citation in outcome.citations[:3]:
            stance = vocabulary[citation.stance] if citation.counted else vocabulary["not_counted"]
            for piece in answers.quote(draft, citation, judged.claim.id, stance):
                yield piece


async def _outlet(service: ChatService, work: Work, chosen: Subject, request: Request) -> AsyncIterator[Event]:
    """What one outlet says on the claim; for a person, whether they said it, as a claim of its own."""
    from checker.chat.finding import outlet, outlet_named, person_named
    from checker.chat.replies import check, opened

    draft, language, name = work.draft, work.language, request.name
    checker = await opened(service, work)
    judged = chosen.judged[0]
    if not await service.lightly(outlet_named, checker, name):
        if await service.lightly(person_named, name):
            claim = (
                judged.claim.text[:1].lower() + judged.claim.text[1:]
                if _common(judged.claim.text)
                else judged.claim.text
            )
            said = f"{name} mengatakan bahwa {claim}" if language == "id" else f"{name} said that {claim}"
            async for event in check(service, work, Ask(said, "question")):
                yield event
            return
        draft.kind = "clarify"
        yield draft.say(say("outlet_unknown", language, name=escape(name)))
        return
    draft.kind = "outlet"
    draft.as_of = work.moment.isoformat(timespec="seconds")
    yield answers.heading(draft, judged.claim.text)
    async with service.at_work():
        found = await asyncio.to_thread(outlet, checker, judged.claim, name, work.moment)
    shown = escape(name)
    if not found:
        yield draft.say(f"{say('outlet_none', language, name=shown)}\n\n")
    else:
        yield draft.say(f"{say('outlet', language, name=shown)}\n\n")
    vocabulary = words(language)
    for citation, through in found:
        way = say("outlet_via", language, publisher=escape(through)) if through else say("outlet_own", language)
        for piece in answers.quote(draft, citation, judged.claim.id, f"{way}, {vocabulary[citation.stance]}"):
            yield piece
    if isinstance(judged.outcome, Verdict):
        yield draft.say(f"\n{say('outlet_note', language, label=vocabulary[judged.outcome.label])}\n")


def _common(text: str) -> bool:
    """Whether the first word is no name, so that it loses its capital inside a sentence."""
    from retrieval.names import find_names

    return not any(span.start == 0 for span in find_names(text)) and not text[:2].isupper()


async def _when(service: ChatService, work: Work, chosen: Subject) -> AsyncIterator[Event]:
    """When what a claim says happened: an open question on it."""
    from checker.chat.replies import reply

    claim = chosen.judged[0].claim.text.rstrip(".")
    asked = f"Kapan {claim}" if work.language == "id" else f"When: {claim}"
    work.understood = replace(work.understood, kind="wh", question=Question("wh", asks="when", query=asked))
    async for event in reply(service, work):
        yield event


# -- the queue


def enqueue(queue: Queue, chosen: Subject, owner: str) -> list[str]:
    """Put the chosen claims into the queue, those that have a verdict.

    Raises:
        NotAllowed: The owner may not add.
    """
    ids: list[str] = []
    for judged, report in zip(chosen.judged, chosen.reports, strict=True):
        if not isinstance(judged.outcome, Failure):
            ids += [item for item in queue.add(only(report, judged.claim.id), owner=owner) if item not in ids]
    return ids


async def _enqueued(service: ChatService, work: Work, chosen: Subject) -> AsyncIterator[Event]:
    draft, language = work.draft, work.language
    draft.kind = "queue"
    assert service.queue is not None
    try:
        ids = await asyncio.to_thread(enqueue, service.queue, chosen, work.owner)
    except NotAllowed as error:
        draft.kind = "refusal"
        yield draft.say(escape(str(error)))
        return
    if not ids:
        yield draft.say(say("queue_failed", language))
        return
    draft.item_ids = ids
    yield draft.say(f"{say('queued', language, count=len(ids))} {say('queued_hint', language)}\n\n")
    for event in await _items(service, work, ids):
        yield event


async def _status(service: ChatService, work: Work) -> AsyncIterator[Event]:
    draft, language = work.draft, work.language
    draft.kind = "queue"
    if service.queue is None:
        yield draft.say(say("queue_off", language))
        return
    ids = work.recalled.item_ids
    if not ids:
        yield draft.say(say("queue_empty", language))
        return
    draft.item_ids = list(ids)
    yield draft.say(f"{say('queue_status', language)}\n\n")
    for event in await _items(service, work, ids):
        yield event


async def _items(service: ChatService, work: Work, ids: tuple[str, ...] | list[str]) -> list[Event]:
    assert service.queue is not None
    items = await asyncio.to_thread(service.queue.status, ids)
    lines = []
    for item in items:
        holder = f", {escape(item.holder)}" if item.holder else ""
        lines.append(work.draft.say(f"- {escape(item.text)} — {escape(item.state)}{holder} (`{item.id}`)\n"))
    return list(lines)
