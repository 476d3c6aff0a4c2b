"""A chat model that follows a script, for tests of everything that asks one. Ships with the code on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A reply that calls a tool. A list of them calls several at once."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


Reply = str | Exception | ToolCall | list[ToolCall]
"""A text, an error to raise, or a call of tools."""

Script = Callable[[str, str], Reply]
"""Given the system and the user message: the reply."""


def scripted_chat_model(
    script: Script | Sequence[Reply], *, finish_reason: str = "stop", delay: float = 0.0, piece: int = 0
) -> BaseChatModel:
    """A LangChain chat model that answers as the script says.

    Args:
        script: A function of both messages, or the replies in order (the last one repeats).
        finish_reason: What each reply says about how it ended.
        delay: Seconds each call takes.
        piece: Characters of each piece where a reply is streamed; 0 for the whole at once.

    Returns:
        The model. Its attribute `requests` lists the (system, user) messages it was sent, `conversations` all messages,
        `tools` the names of the tools it was offered with the last request.
    """
    import asyncio
    import time

    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
    from langchain_core.messages import ToolCall as LangChainCall
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
    from pydantic import PrivateAttr

    class ScriptedChatModel(BaseChatModel):
        _requests: list[tuple[str, str]] = PrivateAttr(default_factory=list)
        _conversations: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
        _tools: list[str] = PrivateAttr(default_factory=list)

        @property
        def requests(self) -> list[tuple[str, str]]:
            return self._requests

        @property
        def conversations(self) -> list[list[BaseMessage]]:
            return self._conversations

        @property
        def tools(self) -> list[str]:
            return self._tools

        def bind_tools(self, tools: Sequence[Any], **options: Any) -> Any:
            return self.bind(offered=[getattr(tool, "name", "") for tool in tools], **options)

        @property
        def _llm_type(self) -> str:
            return "scripted"

        def _reply(self, messages: list[BaseMessage], offered: Sequence[str] = ()) -> ChatResult:
            system = "\n".join(str(item.content) for item in messages if item.type == "system")
            user = "\n".join(str(item.content) for item in messages if item.type == "human")
            number = len(self._requests)
            self._requests.append((system, user))
            self._conversations.append(list(messages))
            self._tools[:] = offered
            reply = script(system, user) if callable(script) else script[min(number, len(script) - 1)]
            if isinstance(reply, Exception):
                raise reply
            calls = reply if isinstance(reply, list) else [reply] if isinstance(reply, ToolCall) else []
            text = reply if isinstance(reply, str) else ""
            message = AIMessage(
                content=text,
                tool_calls=[
                    LangChainCall(name=call.name, args=dict(call.arguments), id=f"call-{number}-{place}")
                    for place, call in enumerate(calls)
                ],
                response_metadata={"finish_reason": "tool_calls" if calls else finish_reason},
                usage_metadata={
                    "input_tokens": (len(system) + len(user)) // 4,
                    "output_tokens": len(text) // 4,
                    "total_tokens": (len(system) + len(user)) // 4 + len(text) // 4,
                },
            )
            return ChatResult(generations=[ChatGeneration(message=message)])

        def _generate(self, messages: list[BaseMessage], *_: Any, **options: Any) -> ChatResult:
            time.sleep(delay)
            return self._reply(messages, options.get("offered", ()))

        async def _agenerate(self, messages: list[BaseMessage], *_: Any, **options: Any) -> ChatResult:
            await asyncio.sleep(delay)
            return self._reply(messages, options.get("offered", ()))

        async def _astream(
            self, messages: list[BaseMessage], *_: Any, **options: Any
        ) -> AsyncIterator[ChatGenerationChunk]:
            await asyncio.sleep(delay)
            whole = self._reply(messages, options.get("offered", ())).generations[0].message
            assert isinstance(whole, AIMessage)
            text = str(whole.content)
            size = piece or max(1, len(text))
            for start in range(0, len(text), size):
                yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + size], id=whole.id))
                await asyncio.sleep(0)
            yield ChatGenerationChunk(
                message=AIMessageChunk(
                    content="",
                    id=whole.id,
                    tool_calls=whole.tool_calls,
                    response_metadata=whole.response_metadata,
                    usage_metadata=whole.usage_metadata,
                    chunk_position="last",
                )
            )

    return ScriptedChatModel()
