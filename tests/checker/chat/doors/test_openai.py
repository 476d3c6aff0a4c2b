"""Saring as a model: the real `openai` client drives it over a real socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from site_of_tests import Site

from checker.chat.doors.openai import Completion, chore_of, do_chore
from checker.pipeline import Checker

CLAIM = "Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025."
ASKED = "Benarkah Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025?"


@pytest.fixture
def client(site: Site) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.token("ani", "read", "check"), max_retries=0)


def ask(client: openai.OpenAI, *said: str, **options: Any) -> Any:
    """Ask with everything that was said before: user and assistant by turns."""
    messages = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)]
    return client.chat.completions.create(model="saring", messages=messages, **options)  # type: ignore[arg-type]


def test_the_one_model_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["saring"]
    assert client.models.retrieve("saring").owned_by == "saring"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_an_answer_with_its_sources(client: openai.OpenAI, checker: Checker, site: Site) -> None:
    answer = ask(client, ASKED)
    choice = answer.choices[0]
    text = choice.message.content
    assert choice.finish_reason == "stop"
    verdict = checker.check_claim(CLAIM).verdicts[0]
    from checker.render.words import words

    assert words("id")[verdict.label].capitalize() in text
    assert "**Sumber**" in text
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    marks = choice.message.annotations
    assert marks
    for mark in marks:
        cited = mark.url_citation
        assert mark.type == "url_citation"
        assert text[cited.start_index : cited.end_index] == text[cited.start_index : cited.end_index].strip("x")
        assert text[cited.start_index] == "["
        assert cited.url.startswith("http")
        assert cited.title
        assert f"]({cited.url})" in text


def test_it_streams(client: openai.OpenAI) -> None:
    whole = ask(client, ASKED).choices[0].message.content
    chunks = list(ask(client, ASKED, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert without_moment(text) == without_moment(whole)
    assert len(chunks) > 5
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0
    marks = [mark for chunk in chunks if chunk.choices for mark in getattr(chunk.choices[0].delta, "annotations", [])]
    for mark in marks:
        cited = mark["url_citation"]
        assert text[cited["start_index"]] == "["
    assert marks


def without_moment(text: str) -> str:
    import re

    return re.sub(r"\d\d:\d\d", "", text)


def test_follow_ups_are_understood_from_what_the_client_sends_back(client: openai.OpenAI) -> None:
    first = ask(client, ASKED).choices[0].message.content
    second = ask(client, ASKED, first, "tampilkan buktinya").choices[0].message.content
    assert "Araghchi" in second
    assert "Belum ada yang diperiksa" not in second
    queued = ask(client, ASKED, first, "kirim ke antrean").choices[0].message.content
    assert "antrean" in queued.lower()


def test_asking_again_from_an_earlier_point_is_another_branch(client: openai.OpenAI, site: Site) -> None:
    first = ask(client, ASKED).choices[0].message.content
    other = "Parlemen Iran menangguhkan kerja sama dengan IAEA."
    ask(client, ASKED, first, other)
    again = ask(client, ASKED, first, "tampilkan buktinya").choices[0].message.content
    assert "Araghchi" in again
    assert "Parlemen Iran menangguhkan" not in again


def test_a_conversation_goes_on_after_a_restart(client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    from checker.web.routes import openai as routes

    first = ask(client, ASKED).choices[0].message.content
    monkeypatch.setattr(routes, "_known", routes._Known())
    second = ask(client, ASKED, first, "tampilkan buktinya").choices[0].message.content
    assert "Araghchi" in second
    assert "Belum ada yang diperiksa" not in second


def test_conversations_are_their_owners(site: Site) -> None:
    def as_(name: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.token(name, "check"), max_retries=0)

    first = ask(as_("ani"), ASKED).choices[0].message.content
    # Somebody else sends the same words: they get what the words say, and nothing that was kept of ani's.
    other = ask(as_("citra"), ASKED, first, "tampilkan buktinya").choices[0].message.content
    assert other
    owners = {turn.owner for turn in site.state.chat.conversations.list(f"api:{user_id(site, 'citra')}")}
    assert owners == {f"api:{user_id(site, 'citra')}"}


def user_id(site: Site, name: str) -> str:
    return next(user.id for user in site.state.accounts.users() if user.name == name)


def test_what_an_api_conversation_queues_is_its_askers(client: openai.OpenAI, site: Site) -> None:
    first = ask(client, ASKED).choices[0].message.content
    ask(client, ASKED, first, "kirim ke antrean")
    (item,) = site.state.review.list().items
    assert item.text == CLAIM
    entered = site.state.review.events(item.id)[0]
    assert (entered.action, entered.user_name) == ("enter", "Ani")


# -- refusals, in OpenAI's shape


@pytest.mark.parametrize(
    ("key", "kind", "code"),
    [
        ("saring_none", openai.AuthenticationError, "invalid_api_key"),
        ("read", openai.PermissionDeniedError, "insufficient_permissions"),
    ],
)
def test_keys(site: Site, key: str, kind: type[openai.APIStatusError], code: str) -> None:
    if key == "read":
        key = site.token("ani", "read")
    with pytest.raises(kind) as refused:
        ask(openai.OpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0), ASKED)
    assert refused.value.code == code
    assert refused.value.body["message"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}, 404, "does not exist"),
        ({"model": "saring", "messages": []}, 400, "messages"),
        ({"model": "saring"}, 400, "messages"),
        ({"model": "saring", "messages": [{"role": "system", "content": "x"}]}, 400, "nothing of the user"),
        ({"model": "saring", "messages": [{"role": "user", "content": "x"}], "n": 3}, 400, "n must be 1"),
        ({"model": "saring", "messages": [{"role": "boss", "content": "x"}]}, 400, "role"),
    ],
)
def test_bad_requests(site: Site, body: dict[str, Any], status: int, says: str) -> None:
    headers = {"Authorization": f"Bearer {site.token('ani', 'check')}"}
    answer = httpx.post(f"{site.url}/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert says in json.dumps(error)


def test_what_is_no_json(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token('ani', 'check')}", "Content-Type": "application/json"}
    answer = httpx.post(f"{site.url}/v1/chat/completions", content=b"{", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert httpx.get(f"{site.url}/v1/models").json()["error"]["code"] == "invalid_api_key"
    for path in ("embeddings", "chat/completions", "images/generations"):
        there = httpx.get(f"{site.url}/v1/{path}", headers=headers)
        assert (there.status_code, there.json()["error"]["code"]) == (404, "not_found")


def test_parts_and_pictures(client: openai.OpenAI) -> None:
    content = [{"type": "text", "text": ASKED}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,x"}}]
    messages = [{"role": "system", "content": "You are a pirate."}, {"role": "user", "content": content}]
    answer = client.chat.completions.create(model="saring", messages=messages, temperature=2.0)  # type: ignore[arg-type]
    assert "Araghchi" in (answer.choices[0].message.content or "")


def test_empty_and_huge(client: openai.OpenAI) -> None:
    assert ask(client, "").choices[0].message.content
    assert "karakter" in (ask(client, "kata " * 20_000).choices[0].message.content or "")


# -- housekeeping


def task(order: str, shape: str) -> str:
    """A prompt as Open WebUI words its own."""
    return f"### Task:\n{order}\n### Output:\nJSON format: {shape}\n### Chat History:\n<chat_history>\nUSER: {{q}}\n\
ASSISTANT: Tidak didukung.\n</chat_history>"


OPEN_WEBUI = {
    "title": task("Generate a short title with an emoji that sums the chat history up.", '{ "title": "the title" }'),
    "tags": task("Generate up to three broad tags for the themes of the chat history.", '{ "tags": ["tag1"] }'),
    "follow_ups": task("Suggest some follow-up questions the user might ask.", '{ "follow_ups": ["Question 1?"] }'),
    "queries": task("Decide from the chat history whether search queries are needed.", '{ "queries": ["query1"] }'),
    "text": task("Continue the text that the user has begun.", '{ "text": "<completion>" }'),
}


@pytest.mark.parametrize("key", OPEN_WEBUI)
def test_housekeeping_is_answered_without_a_check(client: openai.OpenAI, site: Site, key: str) -> None:
    prompt = OPEN_WEBUI[key].replace("{q}", ASKED)
    answer = ask(client, prompt).choices[0].message.content
    value = json.loads(answer)[key]
    assert isinstance(value, str if key in ("title", "text") else list)
    if key == "title":
        assert value.startswith("Araghchi tiba di Moskow")
    if key == "tags":
        assert "Cek fakta" in value
    assert site.state.chat is None  # no chat, no check
    streamed = ask(client, prompt, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed) == answer


@pytest.mark.parametrize(
    "prompt",
    [
        "Provide a concise, 5-word-or-less title for the conversation, using its same language, with no punctuation. "
        "Apply title case conventions appropriate for the language. Never directly mention the language name or "
        f'the word "title"\n\nConversation:\nUser: {ASKED}\nAI: Tidak didukung.',
        "Please generate a concise, 40-character or less title for this conversation.",
        "Based on the chat history, give this conversation a name.\nKeep it short - 10 characters max, no quotes.",
        "Summarize our conversation: write a short title of at most six words for this chat.",
    ],
)
def test_titles_of_other_clients(prompt: str) -> None:
    said = [("user", ASKED), ("assistant", "Tidak didukung."), ("user", prompt)]
    request = Completion.model_validate(
        {"model": "saring", "messages": [{"role": role, "content": text} for role, text in said]}
    )
    chore = chore_of(request)
    assert chore is not None
    assert chore.kind == "title"
    title = do_chore(chore, request)
    assert title.startswith("Araghchi tiba di Moskow")
    assert len(title.split()) <= 8


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        "Is it true that the title of the report was changed?",
        "Putin gave a short speech on the conversation with Trump.",
        "Menurut laporan itu, nama konferensi diganti.",
        "Generate a list of all Iranian ministers.",
        "The parliament voted on the name of the street.",
        "tampilkan buktinya",
        "",
    ],
)
def test_questions_are_no_housekeeping(text: str) -> None:
    request = Completion.model_validate({"model": "saring", "messages": [{"role": "user", "content": text}]})
    assert chore_of(request) is None


# -- many at once


async def test_thirty_conversations_at_once(site: Site) -> None:
    key = site.token("ani", "check")

    async def one(number: int) -> str:
        async with openai.AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0, timeout=120) as client:
            asked = f"Benarkah Iran menembakkan {number} rudal ke pangkalan Al Udeid?"
            stream = number % 2 == 0
            messages: Any = [{"role": "user", "content": asked}]
            answer: Any = await client.chat.completions.create(model="saring", messages=messages, stream=stream)
            if stream:
                return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])
            return str(answer.choices[0].message.content)

    answers = await asyncio.gather(*(one(number) for number in range(1, 31)))
    for number, answer in enumerate(answers, start=1):
        assert f"Iran menembakkan {number} rudal" in answer
        assert "Gagal" not in answer
