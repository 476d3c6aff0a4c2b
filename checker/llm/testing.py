"""A chat model that follows a script, for tests of everything that asks one. Ships with the code on purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Script = Callable[[str, str], str | Exception]
"""Given the system and the user message: the reply's text, or the error to raise."""


def scripted_chat_model(
    script: Script | Sequence[str | Exception], *, finish_reason: str = "stop", delay: float = 0.0
) -> BaseChatModel:
    """A LangChain chat model that answers as the script says.

    Args:
        script: A function of both messages, or the replies in order (the last one repeats).
        finish_reason: What each reply says about how it ended.
        delay: Seconds each call takes.

    Returns:
        The model. Its attribute `requests` lists the (system, user) messages it was sent.
    """
    import asyncio
    import time

    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from pydantic import PrivateAttr

    class ScriptedChatModel(BaseChatModel):
        _requests: list[tuple[str, str]] = PrivateAttr(default_factory=list)

        @property
        def requests(self) -> list[tuple[str, str]]:
            return self._requests

        @property
        def _llm_type(self) -> str:
            return "scripted"

        def _reply(self, messages: list[BaseMessage]) -> ChatResult:
            system = "\n".join(str(item.content) for item in messages if item.type == "system")
            user = "\n".join(str(item.content) for item in messages if item.type == "human")
            number = len(self._requests)
            self._requests.append((system, user))
            reply = script(system, user) if callable(script) else script[min(number, len(script) - 1)]
            if isinstance(reply, Exception):
                raise reply
            message = AIMessage(
                content=reply,
                response_metadata={"finish_reason": finish_reason},
                usage_metadata={
                    "input_tokens": (len(system) + len(user)) // 4,
                    "output_tokens": len(reply) // 4,
                    "total_tokens": (len(system) + len(user)) // 4 + len(reply) // 4,
                },
            )
            return ChatResult(generations=[ChatGeneration(message=message)])

        def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
            time.sleep(delay)
            return self._reply(messages)

        async def _agenerate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
            await asyncio.sleep(delay)
            return self._reply(messages)

    return ScriptedChatModel()
