"""One turn of the chat, whatever door it comes through: text in, typed events out.

Without a chat model everything is done by rules and the embedded models: the message is understood
(`checker.chat.understanding`), claims go through the same `Checker` as everywhere else, and the answer is put together
from its report. With one, an agent words the answer; verdicts come from the pipeline all the same.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from checker.chat.conversations import Conversation, Conversations, Turn, new_turn_id
from checker.chat.draft import Draft
from checker.chat.events import Answer, Event, Finished, Started, Text
from checker.chat.recall import Keep, Recall, recall
from checker.chat.understanding import Understood, understand
from checker.chat.wording import say
from checker.errors import CheckerError, JudgeError, ModelUnavailable
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from datetime import datetime

    from checker.chat.queueing import Queue
    from checker.pipeline import Checker
    from checker.settings import Settings
    from checker.types import Report

logger = logging.getLogger(__name__)

T = TypeVar("T")

BUSY = 4
"""Checks at once in one process. More would only wait for the same cores, and hold the threads that others need."""

AT_HAND = 4
"""Threads for what must answer at once: reading a message, the conversation's store."""

MOST_KEPT = 100_000
"""Characters of a message that are kept: of one that was too long to be read, its beginning."""

FOR_AGENT = frozenset({"claims", "wh", "article", "url", "unclear", "who", "which", "refusal", "opinion"})
"""What a chat model words. Follow-ups on the last answer, the queue and small talk need none."""


class Agent(Protocol):
    """What words an answer with a chat model: `checker.chat.agent.Agent`."""

    def turn(
        self,
        text: str,
        *,
        language: str,
        history: Sequence[Turn] = (),
        reports: Sequence[Report] = (),
        tools: Any = None,
        as_of: str | None = None,
        keep: Callable[[Report], None] = ...,
    ) -> AsyncIterator[Event]:
        """Everything but `Started`; `Finished` last, with an empty text where it has nothing to say."""
        ...


@dataclass
class Work:
    """One turn while it is worked on."""

    text: str
    owner: str
    moment: datetime
    as_of: str | None
    understood: Understood
    recalled: Recall
    draft: Draft
    most: int = 0
    keep: Keep = field(default_factory=Keep)

    @property
    def language(self) -> str:
        """The language of the answer."""
        return self.draft.language


class ChatService:
    """Answers turns. Safe to share between conversations, threads and event loops."""

    def __init__(
        self,
        checker: Checker | Callable[[], Checker],
        conversations: Conversations,
        *,
        queue: Queue | None = None,
        agent: Agent | None = None,
        tools: Callable[[str], Any] | None = None,
    ) -> None:
        """Put it together.

        Args:
            checker: Checks claims; or gives the shared checker, called in a thread when it is first needed.
            conversations: Where they are kept.
            queue: Where claims go that a person should decide; "send it to the queue" says so where None.
            agent: Words the answers with a chat model; the embedded models alone where None.
            tools: What an owner's turns lend the agent, such as the queue as they may use it.
        """
        self._given = checker
        self.conversations = conversations
        self.queue = queue
        self.agent = agent
        self._tools = tools
        self._read: Settings | None = None
        self._light = ThreadPoolExecutor(AT_HAND, thread_name_prefix="saring-chat")
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )

    async def checker(self) -> Checker:
        """The checker, opened off the event loop."""
        if callable(self._given):
            return await self.lightly(self._given)
        return self._given

    async def turn(
        self,
        text: str,
        *,
        conversation: str | None = None,
        owner: str,
        language: str | None = None,
        as_of: str | None = None,
    ) -> AsyncIterator[Event]:
        """Answer one turn.

        Args:
            text: As it was typed or pasted; anything.
            conversation: The one it belongs to; a new one where None.
            owner: Whose it is.
            language: `id` or `en`, where the asker chose the language of the answer; that of the text where None.
            as_of: Evidence published after it does not count; now where None.

        Yields:
            `Started`, the pieces as they become known, `Finished`. What goes wrong on the way becomes the answer
            (kind `failure`); it does not raise.

        Raises:
            NotFound: The conversation does not exist, or it is somebody else's.
            SettingsError: `as_of` is no date.
        """
        from checker.asof import parse_as_of

        moment = parse_as_of(as_of)
        found = await self.lightly(self._opened, conversation, owner)
        turn_id = new_turn_id()
        yield Started(found.id, turn_id)
        settings = self._settings()
        history = await self.lightly(self.conversations.turns, found.id, owner, 2 * settings.chat_history)
        recalled = await self.lightly(recall, history)
        understood = await self.lightly(
            lambda: understand(text, recalled.memory, language=language, most=settings.chat_characters)
        )
        draft = Draft(understood.language, lambda _: "")
        work = Work(text, owner, moment, as_of, understood, recalled, draft, settings.chat_characters)
        answer: Answer | None = None
        try:
            async for event in self._answered(work, history):
                if isinstance(event, Finished):
                    answer = event.answer
                else:
                    yield event
        except (CheckerError, RetrievalError) as error:
            yield _broken(work, str(error))
        except Exception as error:  # one broken turn must not end a conversation
            logger.exception("a turn of the chat failed")
            yield _broken(work, say("internal", work.language, name=type(error).__name__))
        answer = answer or work.draft.answer()
        await self.lightly(self._kept, found.id, turn_id, work, answer)
        yield Finished(answer)

    async def answer(
        self,
        text: str,
        *,
        conversation: str | None = None,
        owner: str,
        language: str | None = None,
        as_of: str | None = None,
    ) -> Answer:
        """`turn`, collected."""
        async for event in self.turn(text, conversation=conversation, owner=owner, language=language, as_of=as_of):
            if isinstance(event, Finished):
                return event.answer
        raise RuntimeError("a turn ended without an answer")

    async def to_queue(self, conversation: str, *, owner: str, number: int = 0, turn: str | None = None) -> list[str]:
        """Put what was checked into the queue, as a button does.

        Args:
            conversation: The conversation.
            owner: Whose it is.
            number: The claim, from 1; all of them for 0.
            turn: The answer that is meant; the last one that checked something where None.

        Returns:
            Ids of the items, empty where nothing was checked.

        Raises:
            NotFound: The conversation does not exist, or it is somebody else's.
            Incomplete: There is no queue.
            NotAllowed: The owner may not add.
        """
        from checker.chat.followups import enqueue
        from checker.errors import Incomplete

        if self.queue is None:
            raise Incomplete("no review queue is connected; start saring serve")
        turns = await self.lightly(self.conversations.turns, conversation, owner)
        if turn is not None:
            last = max((at for at, said in enumerate(turns) if said.id == turn), default=-1)
            turns = turns[: last + 1]
        subject = (await self.lightly(recall, turns)).subject.pick(number)
        ids = await self.lightly(enqueue, self.queue, subject, owner)
        if ids:
            # On record in the conversation, so that "where is it in the queue?" knows of it.
            note = Turn(new_turn_id(), "assistant", "", "", "queue", {"item_ids": ids})
            await self.lightly(self.conversations.add, conversation, owner, [note])
        return ids

    async def lightly(self, function: Callable[..., T], *args: Any) -> T:
        """Run something short in a thread of the chat's own, so that it does not wait behind checks."""
        return await asyncio.get_running_loop().run_in_executor(self._light, function, *args)

    def close(self) -> None:
        """Let the threads go. Safe to call twice."""
        self._light.shutdown(wait=False)

    def at_work(self) -> asyncio.Semaphore:
        """Held while something is checked or searched."""
        loop = asyncio.get_running_loop()
        if loop not in self._turns:
            self._turns[loop] = asyncio.Semaphore(BUSY)
        return self._turns[loop]

    # -- within

    def _settings(self) -> Settings:
        """The checker's own where it is open: nothing waits for models to load to be told that it is too long."""
        from checker.settings import load_settings

        if not callable(self._given):
            return self._given.settings
        if self._read is None:
            self._read = load_settings()
        return self._read

    def _opened(self, conversation: str | None, owner: str) -> Conversation:
        if conversation is None:
            return self.conversations.start(owner)
        return self.conversations.get(conversation, owner)

    def _kept(self, conversation: str, turn_id: str, work: Work, answer: Answer) -> None:
        asked = Turn(turn_id, "user", work.text[:MOST_KEPT], work.understood.language)
        told = Turn(turn_id, "assistant", answer.text, answer.language, answer.kind, work.keep.data(answer))
        self.conversations.add(conversation, work.owner, [asked, told])

    async def _answered(self, work: Work, history: Sequence[Turn]) -> AsyncIterator[Event]:
        from checker.chat.replies import reply

        if self.agent is not None and work.understood.kind in FOR_AGENT:
            silent = True
            try:
                async for event in self._by_agent(work, history):
                    if isinstance(event, Finished):
                        if event.answer.text.strip():
                            yield event
                            return
                        break
                    silent = silent and not isinstance(event, Text)
                    yield event
            except (JudgeError, ModelUnavailable) as error:
                logger.warning("the chat model did not answer: %s", error)
                if not silent:
                    raise
            if not silent:
                return
            work.keep.reports.clear()
        async for event in reply(self, work):
            yield event

    async def _by_agent(self, work: Work, history: Sequence[Turn]) -> AsyncIterator[Event]:
        from checker.chat.understanding import persons_in

        assert self.agent is not None
        reports = list({report.id: report for report in work.recalled.subject.reports}.values())
        work.keep.persons = await self.lightly(persons_in, [work.text])
        async for event in self.agent.turn(
            work.text,
            language=work.language,
            history=history,
            reports=reports,
            tools=self._tools(work.owner) if self._tools is not None else None,
            as_of=work.as_of,
            keep=work.keep.reports.append,
        ):
            yield event


def _broken(work: Work, message: str) -> Text:
    """The end of an answer that could not be given; what was said before stands."""
    from checker.render.markdown import escape

    work.draft.kind = "failure"
    lead = "\n\n" if work.draft.text else ""
    return work.draft.say(lead + say("broken", work.language, message=escape(message)))
