"""Structured answers from a chat model, validated strictly.

LangChain's own output parsers mend JSON that was cut off; a verdict cut in the middle of a quote would pass. So the
reply's text is taken as it came, its `finish_reason` is looked at first, and Pydantic's strict JSON mode decides.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from checker.errors import BadReply

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

T = TypeVar("T", bound=BaseModel)
Method = Literal["json_schema", "tools", "json"]

FALLBACK: dict[Method, Method | None] = {"json_schema": "tools", "tools": "json", "json": None}
"""What to try when a server does not know a method (local servers differ)."""

_DONE = {"stop", "end_turn", "tool_calls", "tool_use", "function_call", "stop_sequence"}
_CUT = {"length", "max_tokens", "max_output_tokens", "model_length", "incomplete"}
_REFUSED = {"content_filter", "safety", "refusal", "recitation", "blocklist", "prohibited_content"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came back of one call, with what it cost, whether or not it can be used.

    Attributes:
        message: The reply, or None where the vendor's client threw it away.
        spoilt: Why it threw it away.
        prompt_tokens: As the server counted them; 0 where it does not say.
    """

    message: AIMessage | None
    spoilt: BadReply | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A validated reply.

    Attributes:
        raw: The JSON text that was validated.
    """

    value: T
    raw: str


def choose_method(model: BaseChatModel) -> Method:
    """How to ask this model for a structured answer, by what it is known to be capable of.

    A model of which nothing is known (a local server) is asked by JSON schema first; `FALLBACK` says what is next.
    """
    profile = getattr(model, "profile", None) or {}
    kind = type(model).__name__
    if kind in {"ChatOpenAI", "AzureChatOpenAI", "ChatOllama"}:
        if profile and not profile.get("structured_output"):
            return "tools" if profile.get("tool_calling") else "json"
        return "json_schema"
    if profile and not profile.get("tool_calling"):
        return "json"
    return "tools" if callable(getattr(model, "bind_tools", None)) and profile else "json"


async def deliver(
    model: BaseChatModel, messages: list[BaseMessage], schema: type[BaseModel], method: Method
) -> Delivery:
    """Ask once.

    Args:
        model: The chat model.
        messages: The conversation.
        schema: What the reply must be.
        method: How to ask for it.

    Returns:
        What came back, not yet looked at.

    Raises:
        Exception: What the vendor's client raises; `checker.llm.caller` sorts these.
    """
    try:
        message = await _bind(model, schema, method).ainvoke(messages)
    except Exception as error:
        # The OpenAI client looks at the finish reason itself and raises these before LangChain sees the reply.
        if type(error).__name__ == "LengthFinishReasonError":
            usage = getattr(getattr(error, "completion", None), "usage", None)
            return Delivery(
                None,
                BadReply("the reply was cut off", cut=True),
                int(getattr(usage, "prompt_tokens", 0) or 0),
                int(getattr(usage, "completion_tokens", 0) or 0),
            )
        if type(error).__name__ in {"ContentFilterFinishReasonError", "OpenAIRefusalError"}:
            return Delivery(None, BadReply("the model refused to answer", refused=True))
        raise
    counted = message.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
    return Delivery(message, None, int(counted["input_tokens"]), int(counted["output_tokens"]))


def read(delivery: Delivery, schema: type[T], method: Method) -> Answer[T]:
    """Validate a reply.

    Raises:
        BadReply: It was cut off, refused, empty, or is not what the schema asks for.
    """
    message = delivery.message
    if message is None:
        raise delivery.spoilt or BadReply("the reply is empty")
    meta = message.response_metadata or {}
    reason = str(meta.get("finish_reason") or meta.get("stop_reason") or meta.get("done_reason") or "").lower()
    if reason in _CUT:
        raise BadReply("the reply was cut off", cut=True)
    if reason in _REFUSED or message.additional_kwargs.get("refusal"):
        raise BadReply("the model refused to answer", refused=True)
    if reason not in _DONE:
        raise BadReply(f"the reply ended for no good reason ({reason or 'none given'})")
    raw = _arguments(message) if method == "tools" else _text(message)
    if not raw.strip():
        raise BadReply("the reply is empty")
    try:
        value = schema.model_validate_json(raw, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the reply"
        raise BadReply(f"the reply is not what was asked for: {where}: {first['msg']}") from error
    return Answer(value, raw)


def _bind(model: BaseChatModel, schema: type[BaseModel], method: Method) -> Any:
    name = schema.__name__
    spec = strict_schema(schema)
    if method == "tools":
        tool = {
            "type": "function",
            "function": {"name": name, "description": schema.__doc__ or name, "parameters": spec},
        }
        return model.bind_tools([tool], tool_choice=name)
    if type(model).__name__ == "ChatOllama":
        return model.bind(format=spec if method == "json_schema" else "json")
    if method == "json_schema":
        return model.bind(
            response_format={"type": "json_schema", "json_schema": {"name": name, "schema": spec, "strict": True}}
        )
    if type(model).__name__ in {"ChatOpenAI", "AzureChatOpenAI"}:
        return model.bind(response_format={"type": "json_object"})
    return model


def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model in the subset that strict modes take: every field required, nothing else allowed.

    Parts are put where they are referred to, for Gemini knows no `$defs`; so a schema may not refer to itself.
    """
    whole = schema.model_json_schema()
    parts = whole.pop("$defs", {})

    def tighten(node: Any) -> Any:
        if isinstance(node, list):
            return [tighten(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return tighten(parts[node["$ref"].rpartition("/")[2]])
        kept = {key: tighten(value) for key, value in node.items() if key not in {"default", "title"}}
        if kept.get("type") == "object" and "properties" in node:
            kept["properties"] = {name: tighten(value) for name, value in node["properties"].items()}
            kept["required"] = list(node["properties"])
            kept["additionalProperties"] = False
        # Bounds are checked by Pydantic; several strict modes refuse them in the schema.
        for bound in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"):
            if not isinstance(kept.get(bound), dict):
                kept.pop(bound, None)
        return kept

    tightened: dict[str, Any] = tighten(whole)
    return tightened


def _text(message: AIMessage) -> str:
    text = str(message.text).strip()
    if text.startswith("```"):
        # Plain JSON-mode models like to fence; the fence is taken off, what is inside is not touched.
        first, _, rest = text.partition("\n")
        if first.strip("`").strip().lower() in {"", "json"} and rest.rstrip().endswith("```"):
            text = rest.rstrip()[:-3].strip()
    return text


def _arguments(message: AIMessage) -> str:
    """The arguments of the one tool call, as the server sent them where that is kept."""
    raw_calls = message.additional_kwargs.get("tool_calls")
    if raw_calls:
        if len(raw_calls) != 1:
            raise BadReply("the reply calls more than one tool")
        return str(raw_calls[0]["function"]["arguments"])
    if message.invalid_tool_calls:
        raise BadReply("the reply's tool call is not valid JSON")
    if len(message.tool_calls) != 1:
        raise BadReply("the reply does not call the tool once")
    return json.dumps(message.tool_calls[0]["args"], ensure_ascii=False)
