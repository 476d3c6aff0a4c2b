"""The agent with LangChain's real OpenAI client, over a real socket."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "llm"))
from openai_server import OpenAIServer, serving

from checker.chat.agent import Agent
from checker.chat.conversations import MemoryConversations
from checker.chat.events import Answer, Finished, Text
from checker.chat.service import ChatService
from checker.errors import CallFailed, ModelUnavailable
from checker.pipeline import Checker
from checker.settings import Settings

CLAIM = "Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025."
ASKED = "Benarkah Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025?"


def converse(body: dict[str, Any]) -> str | list[tuple[str, dict[str, Any]]]:
    """A model that checks, and then words what it was shown; one of its sentences is made up."""
    told = [str(message["content"]) for message in body["messages"] if message["role"] == "tool"]
    if not told:
        return [("check_claim", {"claim": CLAIM})]
    number, text = re.findall(r"Passage (\d+)[^\n]*\n[^\n]*\n\w+\| ([^\n]*)", told[-1])[0]
    quote = " ".join(text.split()[:5])
    return f'Hal itu tertulis di sana [{number}: "{quote}"]. Trump menelepon 40 kali [{number}: "{quote}"].'


def opened(server: OpenAIServer, checker: Checker, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Agent:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    settings = Settings(model="openai:gpt-test", base_url=server.base_url, cache="none", call_timeout=10, **more)
    return Agent.open(settings, lambda: checker)


async def told(agent: Agent) -> tuple[Answer, list[str]]:
    pieces = []
    answer = None
    async for event in agent.turn(ASKED, language="id"):
        if isinstance(event, Text):
            pieces.append(event.delta)
        if isinstance(event, Finished):
            answer = event.answer
    assert answer is not None
    return answer, pieces


async def test_tools_stream_and_cost(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda *_: "", converse=converse) as server:
        agent = opened(server, checker, monkeypatch)
        answer, pieces = await told(agent)
        assert "Hal itu tertulis di sana. [1]" in answer.text
        assert "40 kali" not in answer.text
        assert len(pieces) > 1
        assert answer.verdicts[0].claim.text == CLAIM
        first, second = server.requests
        assert first["stream"] is True
        assert {tool["function"]["name"] for tool in first["tools"]} == {
            "check_claim",
            "check_article",
            "search_evidence",
            "show_source",
            "queue_claim",
            "queue_status",
        }
        assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool"]
        assert agent._caller is not None
        calls, tokens = agent._caller.ledger.spent_today()
        assert calls == 2
        assert tokens > 300  # as the server counted them: usage is asked for


async def test_faults_are_tried_again_and_nothing_is_said_twice(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda *_: "", converse=converse) as server:
        agent = opened(server, checker, monkeypatch)
        server.fail("status", value=(503, {}))
        server.fail("status", value=(429, {"Retry-After": "0"}))
        server.fail("drop")
        answer, _ = await told(agent)
        assert "Hal itu tertulis di sana. [1]" in answer.text
        server.fail("cut_stream")
        again, _ = await told(agent)
        assert again.text.count("Hal itu tertulis di sana.") == 1


async def test_a_key_that_is_refused_is_said_to_be(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda *_: "", converse=converse) as server:
        agent = opened(server, checker, monkeypatch)
        server.fail("status", value=(401, {}), times=9)
        with pytest.raises(ModelUnavailable):
            await told(agent)
        server.faults.clear()
        server.fail("status", value=(400, {}), times=9)
        with pytest.raises(CallFailed):
            await told(agent)


async def test_where_the_model_is_down_the_chat_answers_without(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda *_: "", converse=converse) as server:
        service = ChatService(checker, MemoryConversations(), agent=opened(server, checker, monkeypatch))
        server.fail("status", value=(401, {}), times=9)
        answer = await service.answer(ASKED, owner="ani")
        server.faults.clear()
        by_model = await service.answer(ASKED, owner="ani")
        service.close()
    assert (answer.kind, by_model.kind) == ("verdict", "verdict")
    assert "Hal itu tertulis" not in answer.text
    assert "Hal itu tertulis di sana. [1]" in by_model.text
    assert answer.verdicts[0].outcome.label == by_model.verdicts[0].outcome.label  # type: ignore[union-attr]


async def test_follow_ups_on_what_the_model_checked_need_no_model(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda *_: "", converse=converse) as server:
        service = ChatService(checker, MemoryConversations(), agent=opened(server, checker, monkeypatch))
        events = [event async for event in service.turn(ASKED, owner="ani")]
        conversation = events[0].conversation_id  # type: ignore[union-attr]
        made = len(server.requests)
        shown = await service.answer("tampilkan buktinya", owner="ani", conversation=conversation)
        service.close()
    assert shown.kind == "evidence"
    assert CLAIM.rstrip(".") in shown.text
    assert len(server.requests) == made
