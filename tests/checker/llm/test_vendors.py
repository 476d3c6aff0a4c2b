"""The judge through the clients of other vendors, over a real socket each, in the vendor's own wire shape."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from vendor_servers import VendorServer, serving_vendor

from checker.judges.base import Hearing
from checker.judges.llm import LLMJudge
from checker.llm.caller import Caller, Limits
from checker.llm.ledger import Ledger
from checker.llm.model import open_chat_model
from checker.types import Claim
from checker.verdict import decide
from retrieval.types import Hit, Passage, Source

# Of the vendors' own clients, none of which is ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]

VENDORS = {
    # model, package, what the vendor calls a reply that was cut off, and one that it refused
    "anthropic": ("anthropic:claude-sonnet-4-5", "langchain_anthropic", "max_tokens", "refusal"),
    "unlisted": ("anthropic:claude-of-tomorrow", "langchain_anthropic", "max_tokens", "refusal"),
    "google": ("google_genai:gemini-2.5-flash", "langchain_google_genai", "MAX_TOKENS", "SAFETY"),
    "ollama": ("ollama:qwen3", "langchain_ollama", "length", ""),
}
TEXT = "The Sula bridge was closed on Monday. Engineers found cracks in two pillars."
SOURCE = Source("s", "", "", "courier", "newspaper", "ID", "en", "2025-06-23", "", (), "s", TEXT)
HIT = Hit(Passage("s:0", "s", 0, len(TEXT), TEXT), SOURCE, 0.8, 1.0, 0.9, 1, "s")
HEARINGS = [
    Hearing(Claim("a", "The Sula bridge was closed on Monday.", "closed", 0, 6), (HIT,)),
    Hearing(Claim("b", "Engineers found cracks in three pillars.", "cracks", 7, 13), (HIT,)),
]


def honest(_: str, user: str) -> str:
    stances = []
    for name, claim in re.findall(r"^(c\d+): (.*)$", user.split("Claims:")[1], re.MULTILINE):
        right = "closed" in claim
        quote = "The Sula bridge was closed on Monday." if right else "Engineers found cracks in two pillars."
        stance = "supports" if right else "refutes"
        stances.append({"claim": name, "stance": stance, "probability": 0.9, "quote": quote})
    return json.dumps({"stances": stances})


@pytest.fixture
def server() -> Iterator[VendorServer]:
    with serving_vendor(honest) as running:
        yield running


def judge(vendor: str, server: VendorServer, monkeypatch: pytest.MonkeyPatch) -> LLMJudge:
    model, package, *_ = VENDORS[vendor]
    if find_spec(package) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"{package} is not installed; get it with: pip install {package.replace('_', '-')}"
        )
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-desk")
    monkeypatch.setenv("GOOGLE_API_KEY", "key-of-the-desk")
    opened = open_chat_model(model, base_url=server.base_url, timeout=5)
    return LLMJudge(Caller(opened, model, Ledger(None), limits=Limits(attempts=3, wait=0.01, deadline=20)))


def outcomes(asking: LLMJudge) -> list[str]:
    bench = asking.hear(HEARINGS)
    return [
        judgement.failure.error_type
        if judgement.failure
        else decide(hearing.claim, judgement.stances, judge="llm").label
        for hearing, judgement in zip(HEARINGS, bench.judgements, strict=True)
    ]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_source_is_heard_in_one_call(vendor: str, server: VendorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = judge(vendor, server, monkeypatch)
    assert outcomes(asking) == ["supported", "unsupported"]
    assert len(server.requests) == 1
    if vendor != "ollama":
        assert server.keys == ["key-of-the-desk"]
    assert asking.hear([Hearing(HEARINGS[0].claim, (HIT,))]).usage == {
        "calls": 1, "cached": 0, "prompt_tokens": 120, "completion_tokens": 30,
    }  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_faults_are_named(vendor: str, server: VendorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = judge(vendor, server, monkeypatch)
    *_, cut, refused = VENDORS[vendor]
    for ending in filter(None, (cut, refused)):
        server.ends = ending
        assert outcomes(asking) == ["BadReply", "BadReply"], ending
    server.ends = ""
    server.requests.clear()
    server.statuses += [503]
    assert outcomes(asking) == ["supported", "unsupported"]
    assert len(server.requests) == 2, "retries have one owner"


@pytest.mark.parametrize("vendor", [name for name in VENDORS if name != "ollama"])
def test_a_refused_key_is_told(vendor: str, server: VendorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.statuses += [401]
    assert outcomes(judge(vendor, server, monkeypatch)) == ["ModelUnavailable", "ModelUnavailable"]
    assert len(server.requests) == 1
