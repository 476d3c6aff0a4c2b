"""The MCP server, driven by the real client: in the process, over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from site_of_tests import token_of

from checker.chat.toolbox import Toolbox
from checker.pipeline import Checker
from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.service import ReviewService
from checker.review.transitions import State

pytest.importorskip("mcp", reason="no MCP client to test with: pip install 'saring[mcp]'")
from mcp import Client, StdioServerParameters
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError

from checker.chat.doors.mcp import build_server

PROGRAM = [sys.executable, "-c", "import sys; from checker.cli import main; sys.exit(main())", "mcp"]
CLAIM = "Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025."
TOOLS = {"check_claim", "check_article", "search_evidence", "list_queue", "queue_claim"}


@pytest.fixture
def review(database: Database) -> ReviewService:
    return ReviewService(database)


@pytest.fixture
def server(checker: Checker, review: ReviewService) -> MCPServer[Any]:
    return build_server(Toolbox(lambda: checker, review))


async def call(server: MCPServer[Any], tool: str, arguments: dict[str, Any], **options: Any) -> Any:
    async with Client(server) as client:
        return await client.call_tool(tool, arguments, **options)


def text_of(result: Any) -> str:
    return "\n".join(block.text for block in result.content)


async def test_the_tools_are_the_five_and_none_of_them_decides(server: MCPServer[Any]) -> None:
    async with Client(server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == TOOLS
    assert all(tool.output_schema and tool.description for tool in tools.values())
    reads = {name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint}
    assert reads == TOOLS - {"queue_claim"}
    assert not re.search(r"approve|publish|decide", " ".join(tools))


async def test_a_claim_gets_the_verdict_of_the_pipeline_with_quotes_that_stand_in_their_sources(
    server: MCPServer[Any], checker: Checker
) -> None:
    result = await call(server, "check_claim", {"claim": CLAIM})
    assert not result.is_error
    answer = result.structured_content
    verdict = checker.check_claim(CLAIM).verdicts[0]
    assert (answer["label"], answer["reason"], answer["origins"]) == (verdict.label, verdict.reason, verdict.origins)
    assert answer["evidence"]
    for cited in answer["evidence"]:
        source = checker.store.get(cited["source_id"])
        assert source.text[cited["start"] : cited["end"]] == cited["quote"]
        assert cited["title"] == source.title


async def test_the_as_of_date_holds(server: MCPServer[Any]) -> None:
    now = (await call(server, "check_claim", {"claim": CLAIM})).structured_content
    before = (await call(server, "check_claim", {"claim": CLAIM, "as_of": "2000-01-01"})).structured_content
    assert now["evidence"]
    assert (before["label"], before["reason"]) == ("needs_source", "no_evidence")
    assert before["as_of"].startswith("2000-01-01")


async def test_an_article_is_checked_whole_and_its_progress_told(server: MCPServer[Any]) -> None:
    article = (
        "Araghchi di Moskow\n\nJAKARTA, 24 Juni 2025 - Presiden Rusia Vladimir Putin menerima Menteri Luar Negeri Iran "
        "Abbas Araghchi di Kremlin pada Senin, 23 Juni 2025. Hubungan keduanya mungkin akan semakin erat tahun depan."
    )
    steps: list[str] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        steps.append(message or "")

    result = await call(server, "check_article", {"article": article}, progress_callback=told)
    answer = result.structured_content
    assert answer["title"] == "Araghchi di Moskow"
    labels = [claim["label"] for claim in answer["claims"]]
    assert labels
    assert [labels.count(name) for name in ("supported", "unsupported", "needs_source")] == [
        answer["supported"],
        answer["unsupported"],
        answer["needs_source"],
    ]
    assert answer["not_checked"]
    assert {step.split(":")[0] for step in steps} >= {"claims", "evidence", "judge"}


async def test_evidence_is_quoted_and_not_judged(server: MCPServer[Any]) -> None:
    result = await call(server, "search_evidence", {"query": "tingkat radiasi IAEA", "limit": 3})
    passages = result.structured_content["passages"]
    assert 0 < len(passages) <= 3
    assert all(passage["stance"] is None and passage["quote"] for passage in passages)


async def test_a_claim_is_queued_once_and_waits_for_a_person(server: MCPServer[Any], review: ReviewService) -> None:
    first = (await call(server, "queue_claim", {"claim": CLAIM})).structured_content
    again = (await call(server, "queue_claim", {"claim": CLAIM.lower()})).structured_content
    assert (first["already_there"], again["already_there"]) == (False, True)
    assert first["items"][0]["id"] == again["items"][0]["id"]
    listed = (await call(server, "list_queue", {"search": "Araghchi"})).structured_content
    assert listed["total"] == 1
    item = review.get(listed["items"][0]["id"])
    assert item.state is State.NEW
    assert review.decisions(item.id) == ()


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("check_claim", {"claim": "  "}, "no claim"),
        ("check_claim", {"claim": "x" * 5000}, "at most 2000 characters"),
        ("check_claim", {"claim": CLAIM, "as_of": "kemarin"}, "as a date"),
        ("check_article", {"article": "http://127.0.0.1:1/"}, "127.0.0.1"),
        ("search_evidence", {"query": ""}, "nothing to search for"),
        ("list_queue", {"state": "approved-by-me"}, "no state"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(
    server: MCPServer[Any], tool: str, arguments: dict[str, Any], says: str
) -> None:
    result = await call(server, tool, arguments)
    assert result.is_error
    assert says in text_of(result)
    assert "\n" not in text_of(result)


async def test_without_a_queue_the_checks_work_and_the_queue_says_what_to_do(checker: Checker) -> None:
    server = build_server(Toolbox(lambda: checker))
    assert not (await call(server, "check_claim", {"claim": CLAIM})).is_error
    refused = await call(server, "queue_claim", {"claim": CLAIM})
    assert refused.is_error
    assert "no review queue" in text_of(refused)


async def test_a_fault_of_ours_is_not_told_to_strangers(review: ReviewService) -> None:
    def broken() -> Checker:
        raise ZeroDivisionError("secret path /home/ani")

    result = await call(build_server(Toolbox(broken, review)), "check_claim", {"claim": CLAIM})
    assert result.is_error
    assert "secret" not in text_of(result)


# -- the command, as another program starts it


async def test_over_standard_input_and_output(environment: dict[str, str], database: Database) -> None:
    started = StdioServerParameters(command=PROGRAM[0], args=PROGRAM[1:], env=environment)
    async with Client(started) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        assert client.instructions
        assert "needs_source" in client.instructions
        answer = (await client.call_tool("queue_claim", {"claim": CLAIM})).structured_content
        listed = (await client.call_tool("list_queue", {})).structured_content
    assert answer["items"][0]["id"] == listed["items"][0]["id"]
    assert ReviewService(database).get(listed["items"][0]["id"]).text == CLAIM


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextlib.contextmanager
def serving(environment: dict[str, str], *options: str) -> Iterator[str]:
    """`saring mcp --http` for the length of a test; its address."""
    process = subprocess.Popen(
        [*PROGRAM, "--http", "--port", "0", *options], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+/mcp", line)
        assert found, line + process.stderr.read()
        yield found[0]
    finally:
        process.terminate()
        process.wait(timeout=20)
        assert process.stderr is not None
        process.stderr.close()


@contextlib.asynccontextmanager
async def http_client(url: str, token: str | None) -> AsyncIterator[Client]:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as connection,
        Client(streamable_http_client(url, http_client=connection)) as client,
    ):
        yield client


async def test_over_http_with_an_api_token(environment: dict[str, str], accounts: Accounts) -> None:
    checks, reads = token_of(accounts, "ani", "read", "check"), token_of(accounts, "ani", "check")
    looks = token_of(accounts, "fitri", "read", "check")
    with serving(environment) as url:
        async with http_client(url, checks) as client:
            answer = (await client.call_tool("check_claim", {"claim": CLAIM})).structured_content
            assert answer["label"] in {"supported", "unsupported"}
            queued = (await client.call_tool("queue_claim", {"claim": CLAIM})).structured_content
            listed = (await client.call_tool("list_queue", {})).structured_content
            assert listed["items"][0]["id"] == queued["items"][0]["id"]
        async with http_client(url, reads) as client:
            refused = await client.call_tool("list_queue", {})
            assert refused.is_error
            assert "scope read" in text_of(refused)
        async with http_client(url, looks) as client:  # a viewer may check, and not fill the queue
            assert not (await client.call_tool("check_claim", {"claim": CLAIM})).is_error
            refused = await client.call_tool("queue_claim", {"claim": CLAIM})
            assert refused.is_error
            assert "role" in text_of(refused)
        for token in (None, "saring_none", token_of(accounts, "ani", "read")):
            with pytest.raises((MCPError, ExceptionGroup)):
                async with http_client(url, token):
                    pass
        await asyncio.gather(*(check_over(url, checks) for _ in range(8)))


async def check_over(url: str, token: str) -> None:
    async with http_client(url, token) as client:
        assert not (await client.call_tool("search_evidence", {"query": "radiasi"})).is_error


async def test_without_tokens_only_on_this_machine_and_only_by_its_names(environment: dict[str, str]) -> None:
    import httpx

    with serving(environment, "--no-token") as url:
        async with http_client(url, None) as client:
            assert not (await client.call_tool("search_evidence", {"query": "radiasi"})).is_error
        rebound = httpx.post(url, json={}, headers={"Host": "evil.example"})
        assert rebound.status_code == 421
    refused = subprocess.run(
        [*PROGRAM, "--http", "--no-token", "--host", "0.0.0.0"], env=environment, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "loopback" in refused.stderr


def test_a_port_that_is_taken_is_said_in_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*PROGRAM, "--http", "--port", port], env={**os.environ, **environment}, capture_output=True, text=True
        )
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert done.stderr.count("\n") == 1
