"""The wire of OpenAI's chat completions: what clients send, what they get, and what they ask that is no question.

Pure: no HTTP, no service. Clients such as Open WebUI and LibreChat send the whole conversation with every request, and
housekeeping prompts (a title, tags, follow-ups) through the same door.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from checker.chat.events import Answer, Cited
from checker.render.base import clean_line, safe_url, show_date
from checker.render.markdown import escape

MODEL = "saring"

MAX_MESSAGES = 2_000
MAX_TAGS = 3


class Part(BaseModel):
    """A part of a message's content; pictures and sound are passed over."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str = ""


class Message(BaseModel):
    """One message of the conversation, as a client sends it."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.type in ("text", "input_text"))


class StreamOptions(BaseModel):
    """How a stream ends."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class Completion(BaseModel):
    """A request. What shapes a model's sampling (temperature, top_p, max_tokens, tools) means nothing here."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"model": "saring", "messages": [{"role": "user", "content": "Benarkah Trump memberi tahu Putin?"}]}
            ]
        },
    )

    model: str = Field(max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(default=None, description="1; Saring has one answer.")
    user: str | None = Field(default=None, max_length=500, description="Ignored: the token says who asks.")

    @property
    def asked(self) -> str:
        """The last message of the user; empty where there is none."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    def history(self) -> list[tuple[str, str]]:
        """What was said before the last message of the user: role and text."""
        spoken: list[tuple[str, str]] = [
            (message.role, message.text) for message in self.messages if message.role in ("user", "assistant")
        ]
        last = max((at for at, (role, _) in enumerate(spoken) if role == "user"), default=0)
        return spoken[:last]


def fingerprint(owner: str, history: Sequence[tuple[str, str]]) -> str:
    """What stands for a conversation so far: clients send it whole and give it no name."""
    said = json.dumps([owner, *([role, text.strip()] for role, text in history)], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


# -- housekeeping


@dataclass(frozen=True, slots=True)
class Chore:
    """A prompt that a client sends on its own account."""

    kind: Literal["title", "tags", "follow_ups", "queries", "autocomplete", "emoji"]
    as_json: bool


_JSON_KEYS = {
    "title": "title",
    "tags": "tags",
    "follow_ups": "follow_ups",
    "queries": "queries",
    "text": "autocomplete",
}
_TASK = re.compile(r"^\s*#{2,3}\s*Task:", re.IGNORECASE)
_ORDER = re.compile(
    r"\b(?:generate|provide|write|create|give|suggest|come up with|summari[sz]e|reply with|return|name)\b"
    r"[^.\n]{0,120}?\b(?P<what>title|headline|name|tags?|follow[- ]?up questions?|emoji|search quer(?:y|ies))\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:conversation|chat(?: history)?|dialog(?:ue)?|messages?|thread|discussion|topic)\b|<chat_history>",
    re.IGNORECASE,
)
_LIMITS = re.compile(
    r"\bwords?\b|\bcharacters?\b|\bconcise\b|\bshort\b|\bbrief\b|\bno punctuation\b|\bJSON\b|<chat_history>|"
    r"\btitle case\b",
    re.IGNORECASE,
)


def chore_of(request: Completion) -> Chore | None:
    """The housekeeping that a request asks for; None for everything that a person may have asked.

    A chore names its product (a title), its matter (the conversation) and its form (short, JSON), in English, as the
    clients' prompts do. A claim does not, and where one did, nothing would be lost but an answer.
    """
    text = request.asked[:20_000]
    system = "\n".join(message.text for message in request.messages if message.role in ("system", "developer"))[:4_000]
    if _TASK.match(text):
        for key, kind in _JSON_KEYS.items():
            if re.search(rf'\{{\s*"{key}"\s*:', text):
                return Chore(kind, as_json=True)  # type: ignore[arg-type]
    for order in (text[:1_500], text[-1_000:], system):
        found = _ORDER.search(order)
        if found is None or not _ABOUT.search(order) or not _LIMITS.search(order):
            continue
        what = found["what"].lower()
        kind = (
            "tags"
            if what.startswith("tag")
            else "follow_ups"
            if what.startswith("follow")
            else "queries"
            if what.startswith("search")
            else "emoji"
            if what == "emoji"
            else "title"
        )
        return Chore(kind, as_json=bool(re.search(r"\bJSON\b", order)))  # type: ignore[arg-type]
    return None


def do_chore(chore: Chore, request: Completion) -> str:
    """What a client gets for its housekeeping: words of the conversation itself. Nothing is checked."""
    subject = _subject(request)
    indonesian = _indonesian(subject)
    value: Any
    if chore.kind == "title":
        value = _title(subject) or ("Cek fakta" if indonesian else "Fact check")
    elif chore.kind == "tags":
        value = _tags(subject, "Cek fakta" if indonesian else "Fact check")
    elif chore.kind == "follow_ups":
        value = (
            ["Tampilkan buktinya", "Sejak kapan?", "Mengapa begitu?"]
            if indonesian
            else ["Show the evidence", "Since when?", "Why is that?"]
        )
    elif chore.kind == "emoji":
        return "🔎"
    else:
        value = [] if chore.kind == "queries" else ""
    if chore.as_json:
        key = {kind: key for key, kind in _JSON_KEYS.items()}[chore.kind]
        return json.dumps({key: value}, ensure_ascii=False)
    return value if isinstance(value, str) else "\n".join(value)


def _subject(request: Completion) -> str:
    """What the conversation is about: the user's first words in it, however the prompt carries them."""
    text = request.asked
    inside = re.search(r"<chat_history>(.*?)(?:</chat_history>|$)", text, re.DOTALL | re.IGNORECASE)
    quoted = inside[1] if inside else text
    said = re.search(
        r"(?:^|\n)\s*(?:USER|User|user|Human|Pengguna)\s*[:>]\s*(.+?)(?=\n\s*(?:ASSISTANT|Assistant|assistant|AI|Asisten)\s*[:>]|$)",
        quoted,
        re.DOTALL,
    )
    if said:
        return clean_line(said[1])
    if inside:
        return clean_line(inside[1])
    earlier = [one for role, one in request.history() if role == "user" and one.strip()]
    return clean_line(earlier[0]) if earlier else ""


def _title(subject: str) -> str:
    from checker.chat.questions import read

    language = "id" if _indonesian(subject) else "en"
    words = (read(subject[:400], language).claim or subject).rstrip(".?! ").split()
    return " ".join(words[:8]) + ("…" if len(words) > 8 else "")


def _tags(subject: str, first: str) -> list[str]:
    from retrieval.names import find_names

    names = [span.text for span in find_names(subject[:2_000]) if span.type not in ("month", "weekday")]
    return list(dict.fromkeys([first, *names]))[:MAX_TAGS]


def _indonesian(text: str) -> bool:
    from checker.chat.tidy import language_of

    return language_of(text, "id") == "id"


# -- answers


@dataclass(frozen=True, slots=True)
class Body:
    """An answer as a client shows it: Markdown with its sources under it, and where its marks stand."""

    text: str
    annotations: tuple[dict[str, Any], ...]


def body_of(answer: Answer, place: Callable[[Cited], str]) -> Body:
    """The whole answer.

    Args:
        answer: The answer.
        place: Where a citation without an address of its own can be read.
    """
    text = answer.text + sources(answer, place)
    return Body(text, url_citations(text, answer, place))


def sources(answer: Answer, place: Callable[[Cited], str]) -> str:
    """The list under an answer: number, publisher, date, headline, address; empty where nothing is cited."""
    if not answer.citations:
        return ""
    lines = [f"**{'Sumber' if answer.language == 'id' else 'Sources'}**", ""]
    for cited in answer.citations:
        citation = cited.citation
        who = escape(citation.publisher or citation.source_id)
        when = show_date(citation.published_at, answer.language)
        title = escape(cited.title) or f"“{escape(citation.quote[:80])}”"
        lines.append(f"{cited.number}. {who}, {when}: [{title}]({_link(_address(cited, place))})")
    gap = "\n" * (2 - len(answer.text[-2:]) + len(answer.text[-2:].rstrip("\n")))
    return gap + "\n".join(lines)


def url_citations(text: str, answer: Answer, place: Callable[[Cited], str]) -> tuple[dict[str, Any], ...]:
    """One `url_citation` for every mark in the text; indexes count characters, as OpenAI's do."""
    by_number = {cited.number: cited for cited in answer.citations}
    found = []
    for mark in re.finditer(r"(?<!\\)\[(\d{1,3})\](?!\()", text):
        cited = by_number.get(int(mark[1]))
        if cited is None:
            continue
        found.append(
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": mark.start(),
                    "end_index": mark.end(),
                    "title": clean_line(cited.title or cited.citation.publisher or cited.citation.source_id),
                    "url": _address(cited, place),
                },
            }
        )
    return tuple(found)


def _address(cited: Cited, place: Callable[[Cited], str]) -> str:
    return safe_url(cited.citation.url) or place(cited)


def _link(url: str) -> str:
    """An address that cannot end the link it stands in."""
    return url.translate({ord("<"): "%3C", ord(">"): "%3E", ord("("): "%28", ord(")"): "%29", ord("\\"): "%5C"})


def tokens(text: str) -> int:
    """About how many tokens a text has, at four characters each: no model of the client's counts here."""
    return -(-len(text) // 4)


def usage(request: Completion, text: str) -> dict[str, int]:
    """The size of a request and its answer."""
    prompt = sum(tokens(message.text) for message in request.messages)
    completion = tokens(text)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def new_completion_id() -> str:
    """An id that cannot be guessed."""
    return f"chatcmpl-{secrets.token_hex(12)}"


def completion(request: Completion, body: Body, *, id: str, created: int) -> dict[str, Any]:
    """A whole answer, as `chat.completion`."""
    message: dict[str, Any] = {"role": "assistant", "content": body.text, "refusal": None}
    message["annotations"] = list(body.annotations)
    return {
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": usage(request, body.text),
    }


class Chunks:
    """A stream's pieces, as `chat.completion.chunk` in server-sent events."""

    def __init__(self, request: Completion, *, id: str, created: int) -> None:
        self.request = request
        self._base = {"id": id, "object": "chat.completion.chunk", "created": created, "model": request.model}
        self._with_usage = bool(request.stream_options and request.stream_options.include_usage)

    def piece(self, finish: str | None = None, **delta: Any) -> str:
        """One delta."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        usage: dict[str, Any] = {"usage": None} if self._with_usage else {}
        return _event({**self._base, "choices": [choice], **usage})

    def begin(self) -> str:
        """The first one names the role."""
        return self.piece(role="assistant", content="")

    def end(self, text: str) -> Iterator[str]:
        """The last ones: the finish, the usage where it was asked for, the mark of the end."""
        yield self.piece(finish="stop")
        if self._with_usage:
            yield _event({**self._base, "choices": [], "usage": usage(self.request, text)})
        yield "data: [DONE]\n\n"


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=True)}\n\n"


def error_body(message: str, kind: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error, in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
