"""Each call that the agent makes of its model: counted, paid for, tried again, and bounded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from checker.llm.account import Account

if TYPE_CHECKING:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

    from checker.llm.caller import Caller


def steps_within(caller: Caller, most: int, restart: Callable[[], None]) -> AgentMiddleware[Any, Any]:
    """A middleware for one turn.

    Args:
        caller: The model with its ledger and limits; the turn is put on an account of its own.
        most: Calls of the model. The last one is offered no tools.
        restart: Called before a call is made again: what had streamed of it is void.
    """
    from langchain.agents.middleware import AgentMiddleware
    from langchain_core.messages import AIMessage

    account = Account()
    account.begin(caller.limits.deadline)

    class Steps(AgentMiddleware[Any, Any]):
        taken = 0

        async def awrap_model_call(
            self,
            request: ModelRequest[Any],
            handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
        ) -> ModelResponse[Any]:
            self.taken += 1
            asked = request.override(tools=[]) if self.taken >= most else request

            async def call() -> ModelResponse[Any]:
                restart()
                return await handler(asked)

            held = sum(len(str(message.content)) for message in asked.messages) // 4
            response = await caller.guarded(call, held, account)
            caller.budget.settle(account, caller.ledger, held, *_spent(held, response))
            if self.taken >= most and getattr(response.result[-1], "tool_calls", None):
                # It calls tools that it was not offered. There is no further step for what they would say.
                response.result[-1] = AIMessage(content=response.result[-1].content, id=response.result[-1].id)
            return response

    return Steps()


def _spent(held: int, response: Any) -> tuple[int, int]:
    """Tokens of a call as the server counted them; a rough count where it does not say, so that no cap is blind."""
    reply = response.result[-1]
    usage = getattr(reply, "usage_metadata", None)
    if usage:
        return int(usage["input_tokens"]), int(usage["output_tokens"])
    return held, len(str(reply.content)) // 4
