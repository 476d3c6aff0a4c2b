"""What each kind of message is answered with, by the embedded models alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from checker.chat import answers
from checker.chat.events import Event, Judged, Progress, Text
from checker.chat.recall import subject_of
from checker.chat.tidy import lists
from checker.chat.understanding import Ask, persons_in
from checker.chat.wording import say
from checker.errors import NoClaims
from checker.render.markdown import escape
from checker.types import Report, Verdict
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from checker.chat.service import ChatService, Work
    from checker.pipeline import Checker
    from checker.types import Article, Citation

T = TypeVar("T")


async def reply(service: ChatService, work: Work) -> AsyncIterator[Event]:
    """Answer one turn, piece by piece."""
    from checker.chat.followups import follow

    understood = work.understood
    if understood.orders:
        yield work.draft.say(f"{say('orders', work.language)}\n\n")
    match understood.kind:
        case "claims":
            pieces = _claims(service, work)
        case "article":
            pieces = _article(service, work)
        case "url":
            pieces = _page(service, work)
        case "wh":
            pieces = _quotes(service, work)
        case "request":
            pieces = follow(service, work)
        case _:
            pieces = _plainly(work)
    async for event in pieces:
        yield event


async def _plainly(work: Work) -> AsyncIterator[Event]:
    """What needs no evidence: questions back, and what is not Saring's to answer."""
    understood, draft, language = work.understood, work.draft, work.language
    match understood.kind:
        case "refusal" | "opinion":
            draft.kind = "refusal"
            yield draft.say(say(understood.kind, language))
        case "too_long":
            draft.kind = "refusal"
            most = work.most
            yield draft.say(say("too_long", language, size=f"{int(understood.text):,}", most=f"{most:,}"))
        case "who" | "which":
            draft.kind = "clarify"
            ask = understood.asks[0]
            work.keep.pending = {"claim": ask.claim, "pronoun": understood.pronoun, "form": ask.form}
            work.keep.persons = understood.candidates
            word = escape(understood.pronoun)
            names = _listed([escape(name) for name in understood.candidates], say("or", language))
            yield draft.say(say(understood.kind, language, word=word, names=names))
        case _:
            draft.kind = "clarify"
            yield draft.say(say("empty" if understood.kind == "empty" else "unclear", language))


def _listed(names: list[str], last: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


async def _claims(service: ChatService, work: Work) -> AsyncIterator[Event]:
    asks = work.understood.asks
    work.keep.persons = await service.lightly(persons_in, [ask.claim for ask in asks])
    for number, ask in enumerate(asks, start=1):
        if len(asks) > 1:
            yield work.draft.say(f"{number}. ")
        async for event in check(service, work, ask, number):
            yield event
    work.keep.focus = 1 if len(asks) == 1 else 0


async def check(service: ChatService, work: Work, ask: Ask, number: int = 1) -> AsyncIterator[Event]:
    """Check one claim and say what came of it; what was understood is said before anything is looked up."""
    draft = work.draft
    draft.kind = "verdict"
    yield answers.heading(draft, ask.claim)
    checker = await opened(service, work)
    report: Report | None = None
    async with service.at_work():
        async for event in _watched(lambda told: checker.acheck_claim(ask.claim, as_of=work.moment, progress=told)):
            if isinstance(event, Progress):
                yield event
            else:
                report = event
    assert report is not None
    work.keep.reports.append(report)
    for judged in subject_of([report]).judged:
        missing: list[str] = []
        if isinstance(judged.outcome, Verdict) and judged.outcome.label == "needs_source":
            from checker.chat.finding import unmentioned

            missing = await service.lightly(unmentioned, checker, judged.claim, work.moment)
        renumbered = Judged(number, judged.claim, judged.outcome)
        for piece in answers.verdict(draft, renumbered, report, ask.form, missing):
            yield piece


async def _article(service: ChatService, work: Work) -> AsyncIterator[Event]:
    yield work.draft.say(f"{say('article', work.language)}\n\n")
    async for event in _checked_whole(service, work, work.understood.text):
        yield event


async def _page(service: ChatService, work: Work) -> AsyncIterator[Event]:
    """An article by its address, fetched under the rules that all fetching keeps."""
    from checker.chat.toolbox import read_page

    yield work.draft.say(f"{say('page', work.language)}\n\n")
    checker = await opened(service, work)
    yield Progress("fetch", 0, 1)
    try:
        page = await asyncio.to_thread(read_page, work.understood.url, checker)
    except RetrievalError as error:
        work.draft.kind = "failure"
        message = escape(str(error).rstrip("."))
        yield work.draft.say(say("broken_fetch", work.language, message=message))
        return
    yield Progress("fetch", 1, 1)
    async for event in _checked_whole(service, work, page):
        yield event


async def _checked_whole(service: ChatService, work: Work, article: str | Article) -> AsyncIterator[Event]:
    draft = work.draft
    draft.kind = "article"
    checker = await opened(service, work)
    report: Report | None = None
    try:
        async with service.at_work():
            async for event in _watched(lambda told: checker.acheck(article, as_of=work.moment, progress=told)):
                if isinstance(event, Progress):
                    yield event
                else:
                    report = event
    except NoClaims:
        yield draft.say(f"{say('no_claims', work.language)}\n")
        return
    assert report is not None
    work.keep.reports.append(report)
    subject = subject_of([report])
    work.keep.focus = 1 if len(subject) == 1 else 0
    work.keep.persons = ()
    for piece in answers.article(draft, subject.judged, report):
        yield piece
        if isinstance(piece, Text):
            await asyncio.sleep(0)


async def _quotes(service: ChatService, work: Work) -> AsyncIterator[Event]:
    """An open question: passages that may answer it, quoted; no label, no conclusion."""
    from checker.chat.finding import quotes

    question, draft, language = work.understood.question, work.draft, work.language
    assert question is not None
    draft.kind = "quotes"
    draft.as_of = work.moment.isoformat(timespec="seconds")
    yield draft.say(f"**{say('question', language)}:** {escape(question.query.rstrip('?. '))}?\n\n")
    checker = await opened(service, work)
    yield Progress("search", 0, 1)
    async with service.at_work():
        found: list[Citation] = await asyncio.to_thread(quotes, checker, question, work.moment, _pointed_at(work))
    yield Progress("search", 1, 1)
    work.keep.persons = await service.lightly(persons_in, [question.query])
    if not found:
        yield draft.say(f"{say('nothing', language)}\n\n")
        for piece in answers.where_to_look(draft, question.query):
            yield piece
        return
    yield draft.say(f"{say('quoting', language)}\n\n")
    for citation in found:
        for piece in answers.quote(draft, citation):
            yield piece
    if question.asks == "how_many" and len(found) > 1:
        yield draft.say(f"\n{say('quoting_numbers', language)}\n")
    yield draft.say(f"\n{say('asked_back', language)}\n")


def _pointed_at(work: Work) -> str:
    """The claim that "it" in an open question points to; empty where nothing does."""
    memory, question = work.recalled.memory, work.understood.question
    if not memory.claims or question is None:
        return ""
    words = set(re.findall(r"[^\W\d_]+", question.query.lower()))
    if not words & lists()["pointers"]:
        return ""
    return memory.claims[memory.focus - 1] if 0 < memory.focus <= len(memory.claims) else memory.claims[-1]


async def opened(service: ChatService, work: Work) -> Checker:
    """The checker, with the headlines of its sources at the draft's hand."""
    from retrieval.errors import SourceNotFound

    checker = await service.checker()

    def title(source_id: str) -> str:
        try:
            return checker.store.get(source_id).title
        except SourceNotFound:
            return ""

    work.draft.titles = title
    return checker


async def _watched(
    start: Callable[[Callable[[str, int, int], None]], Coroutine[Any, Any, T]],
) -> AsyncIterator[Progress | T]:
    """Run something that tells of its progress from any thread; its progress, then its result."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Progress | None] = asyncio.Queue()

    def tell(stage: str, done: int, total: int) -> None:
        loop.call_soon_threadsafe(told.put_nowait, Progress(stage, done, total))

    task = asyncio.ensure_future(start(tell))
    task.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (progress := await told.get()) is not None:
            yield progress
        yield task.result()
    finally:
        # Whoever asked is gone: what waits for its turn is not begun any more.
        task.cancel()
