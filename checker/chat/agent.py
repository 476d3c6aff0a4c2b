"""The chat with a chat model: a LangChain agent looks things up and words the answer, sentence by verified sentence.

Verdicts are the pipeline's and reach the reader without the model. What the model writes is read as it streams
(`checker.chat.proof`), and a sentence is shown only with a quote that stands in a passage a tool returned in this turn.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.chat.desk import MOST_CLAIMS, PASTED, Desk, Enqueue, Status
from checker.chat.events import Answer, Event, Finished
from checker.chat.script import Script
from checker.chat.toolbox import Toolbox
from checker.llm.loop import run_async
from checker.llm.prompts import load_prompt

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from checker.chat.conversations import Turn
    from checker.chat.proof import Kept
    from checker.llm.caller import Caller
    from checker.pipeline import Checker
    from checker.settings import Settings
    from checker.types import Report

logger = logging.getLogger(__name__)

MOST_STEPS = 6
"""Calls of the model in a turn: a few look-ups and the answer. The last is made without tools, so that it answers."""

HISTORY_TOKENS = 3_000
"""What earlier turns may take of the model's context, counted roughly; older ones are left out."""

SHOWN_OF_TEXT = 2_000
"""Characters of a long text that the model is shown; tools have the whole."""

_LANGUAGES = {"id": "Indonesian", "en": "English"}
_NUMBERS = re.compile(r"\s*\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Tools:
    """What a door lends the agent for one turn besides the evidence: the queue, as this asker may use it."""

    enqueue: Enqueue | None = None
    status: Status | None = None


class Agent:
    """Answers turns with a chat model. Safe to use from many turns at once, in any event loop."""

    def __init__(self, toolbox: Toolbox, open_caller: Callable[[], Caller]) -> None:
        """Put it together.

        Args:
            toolbox: What it may look up.
            open_caller: Gives the model with its ledger and limits. Each turn gets a budget of its own from the limits
                of one run; the day's cap is shared through the ledger.
        """
        self._toolbox = toolbox
        self._open_caller = open_caller
        self._caller: Caller | None = None

    @classmethod
    def open(cls, settings: Settings, checker: Callable[[], Checker]) -> Agent:
        """An agent with the model that the settings name.

        Raises:
            ModelUnavailable, MissingExtra, SettingsError: There is no such model, client, key or cache.
        """
        from checker.llm.opening import open_caller

        caller = open_caller(settings)
        return cls(Toolbox(checker), lambda: caller)

    async def turn(
        self,
        text: str,
        *,
        language: str,
        history: Sequence[Turn] = (),
        reports: Sequence[Report] = (),
        tools: Tools | None = None,
        as_of: str | None = None,
        keep: Callable[[Report], None] = lambda _: None,
    ) -> AsyncIterator[Event]:
        """Answer one turn.

        Args:
            text: What was asked.
            language: `id` or `en`; what the answer is written in.
            history: Earlier turns, in order.
            reports: What was checked earlier in the conversation, the latest last.
            tools: The queue, where this asker may use it.
            as_of: Evidence published after it does not count.
            keep: Told of every report that this turn makes, for follow-ups.

        Yields:
            Everything but `Started`; `Finished` last. Its answer is empty where nothing that the model wrote could be
            shown and nothing was looked up: whoever asked is then answered without the model.

        Raises:
            JudgeError, ModelUnavailable: The model did not answer, and why; what came before stands.
        """
        here = asyncio.get_running_loop()
        events: asyncio.Queue[Event | None] = asyncio.Queue()

        def emit(event: Event | None) -> None:
            here.call_soon_threadsafe(events.put_nowait, event)

        earlier = len(reports)
        lent = tools or Tools()
        desk = Desk(
            toolbox=self._toolbox,
            emit=emit,
            asked=text,
            mark=f"{secrets.token_hex(3)}|",
            as_of=as_of,
            enqueue=lent.enqueue,
            status=lent.status,
            reports=list(reports),
        )
        desk.ground.asked.append(text)
        desk.ground.asked += [turn.text for turn in history if turn.role == "user"]

        async def work() -> None:
            answer: Answer | None = None
            try:
                answer = await self._work(desk, language, history)
            finally:
                for report in desk.reports[earlier:]:
                    keep(report)
                if answer is not None:
                    emit(Finished(answer))  # now that the reports are kept: whoever sees it may stop listening
                emit(None)

        working = asyncio.create_task(run_async(work()))
        try:
            while (event := await events.get()) is not None:
                yield event
            await working
        finally:
            working.cancel()

    async def _work(self, desk: Desk, language: str, history: Sequence[Turn]) -> Answer:
        """The answer; everything else is emitted. Runs on the loop that the models' connections belong to."""
        from langchain.agents import create_agent
        from langchain_core.messages import AIMessage, AIMessageChunk

        from checker.chat.steps import steps_within

        if self._caller is None:
            self._caller = await asyncio.to_thread(self._open_caller)
        caller = self._caller
        prompt = load_prompt("chat")
        system, _ = prompt.render(mark=desk.mark, language=_LANGUAGES.get(language, "Indonesian"))
        script = Script(desk, language, await self._alarm())
        agent: Any = create_agent(
            _streaming(caller.model),
            desk.tools(),
            system_prompt=system,
            middleware=[steps_within(caller, MOST_STEPS, script.restart)],
        )
        speaking = ""
        stream = agent.astream(
            {"messages": [*_history(history), _question(desk)]},
            stream_mode="messages",
            config={"recursion_limit": 4 * MOST_STEPS + 4 * MOST_CLAIMS},
        )
        async for chunk, where in stream:
            script.heads()
            if not isinstance(chunk, AIMessage | AIMessageChunk) or where.get("langgraph_node") != "model":
                continue
            if chunk.id and chunk.id != speaking:
                speaking = chunk.id
                await script.pause()
            if said := str(chunk.text):
                await script.say(said)
        return await script.close()

    async def _alarm(self) -> Callable[[Kept], bool]:
        """Whether the embedded judge takes a sentence to say the opposite of every passage it cites."""
        checker = await self._toolbox.checker()

        def opposite(kept: Kept) -> bool:
            from checker.chat.alarm import contradicts

            return contradicts(kept, checker)

        return opposite


def _streaming(model: BaseChatModel) -> BaseChatModel:
    """The model, asked to count tokens where it streams: vendors' clients leave it out for servers not their own."""
    if hasattr(model, "stream_usage"):
        return model.model_copy(update={"stream_usage": True})
    return model


def _history(turns: Sequence[Turn]) -> list[BaseMessage]:
    """Earlier turns that fit, the latest last. Their citation numbers mean nothing now and are taken out."""
    from langchain_core.messages import AIMessage, HumanMessage, trim_messages
    from langchain_core.messages.utils import count_tokens_approximately

    messages: list[BaseMessage] = []
    for turn in turns:
        text = turn.text[:SHOWN_OF_TEXT]
        if not text.strip():
            continue
        messages.append(HumanMessage(text) if turn.role == "user" else AIMessage(_NUMBERS.sub("", text)))
    if not messages:
        return []
    kept: list[BaseMessage] = trim_messages(
        messages, max_tokens=HISTORY_TOKENS, token_counter=count_tokens_approximately, strategy="last", start_on="human"
    )
    return kept


def _question(desk: Desk) -> Any:
    from langchain_core.messages import HumanMessage

    _, user = load_prompt("chat").render(question=_shortened(desk.asked))
    return HumanMessage(user)


def _shortened(text: str) -> str:
    if len(text) <= SHOWN_OF_TEXT:
        return text
    return (
        f"{text[:SHOWN_OF_TEXT]}…\n\n(The text goes on; it has {len(text)} characters. For check_article the whole "
        f'of it is "{PASTED}".)'
    )
