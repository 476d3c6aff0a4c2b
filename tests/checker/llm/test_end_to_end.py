"""The whole of `saring check` with a chat model behind a real socket, as a person runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_openai", reason='install the client with: pip install "saring[openai]"')

from faithful import faithful
from openai_server import OpenAIServer, serving

from checker.article import article_from_text
from checker.claims.llm import WINDOW, LLMExtractor
from checker.llm.caller import Caller, Limits
from checker.llm.ledger import Ledger
from checker.llm.model import open_chat_model

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-c", "import sys; from checker.cli import main; sys.exit(main())")
TOWNS = ["Sula", "Banda", "Kupang", "Ternate", "Ambon", "Sorong", "Manado", "Bitung"]
ARTICLE = "Bridges closed\n\n" + " ".join(f"The bridge of {town} was closed for repair on Monday." for town in TOWNS)
CARDS = [
    {"id": f"k{number}", "publisher": town, "text": f"The bridge of {town} was closed for repair on Monday."}
    for number, town in enumerate(TOWNS)
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "cards.jsonl").write_text("".join(json.dumps(card) + "\n" for card in CARDS))
    done = subprocess.run(
        [*PROGRAM, "evidence", "add", str(folder / "cards.jsonl"), "--store", str(folder / "store")],
        capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "store"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with serving(faithful) as running:
        yield running


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(store: Path, tmp_path: Path, server: OpenAIServer) -> Start:
    (tmp_path / "article.txt").write_text(ARTICLE)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SARING_")}

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        command = [*PROGRAM, "check", "article.txt", "--store", str(store), "--format", "json"]
        command += ["--judge", "llm", "--extractor", "llm", "--model", "openai:local", "--base-url", server.base_url]
        own = {"SARING_CACHE": str(tmp_path / "cache"), "SARING_CONFIG": str(tmp_path / "no.toml")}
        return subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
            env={**clean, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-of-the-desk-1234567890", **own, **environment},
        )  # fmt: skip

    return run


def report(process: subprocess.Popen[str], status: int = 0) -> dict[str, Any]:
    out, err = process.communicate(timeout=240)
    assert process.returncode == status, err
    assert "sk-of-the-desk" not in out + err, "a key is never shown"
    found: dict[str, Any] = json.loads(out)
    return found


def labels(found: dict[str, Any]) -> list[str]:
    return [outcome.get("label") or outcome["failure"]["error_type"] for outcome in found["outcomes"]]


@pytest.mark.slow
def test_a_check_its_prompts_and_the_same_check_again(start: Start, server: OpenAIServer, tmp_path: Path) -> None:
    found = report(start("--explain", "why"))
    assert labels(found) == ["supported"] * len(TOWNS)
    assert len(server.requests) == len(CARDS) + 1
    assert found["usage"]["calls"] == len(CARDS) + 1, "the extractor's call is on the same account"
    assert found["usage"]["prompt_tokens"] == sum(len(json.dumps(body["messages"])) // 4 for body in server.requests)
    assert {"prompt_extract", "prompt_judge", "model"} <= set(found["versions"])
    assert re.fullmatch(r"judge@\d+:[0-9a-f]{12}", found["versions"]["prompt_judge"])
    written = [path.read_text() for path in (tmp_path / "why").iterdir()]
    assert len(written) == len(CARDS) + 1
    assert not any("sk-of-the-desk" in text for text in written)

    server.requests.clear()
    again = report(start("--explain", "again"))
    assert server.requests == [], "the second run of the same check makes no call"
    assert labels(again) == labels(found)
    assert again["usage"] == {"calls": 0, "cached": len(CARDS) + 1, "prompt_tokens": 0, "completion_tokens": 0}
    assert len(list((tmp_path / "again").iterdir())) == len(CARDS) + 1


@pytest.mark.slow
def test_a_killed_check_goes_on_and_pays_for_nothing_twice(start: Start, server: OpenAIServer) -> None:
    server.delay = 0.3
    process = start(SARING_CONCURRENCY="1")
    deadline = time.monotonic() + 120
    while len(server.requests) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = len(server.requests)
    assert 5 <= before < len(CARDS)
    server.delay = 0.0
    found = report(start(SARING_CONCURRENCY="1"))
    assert labels(found) == ["supported"] * len(TOWNS)
    # Only what was under way when it was killed is asked again.
    assert len(server.requests) <= len(CARDS) + 1 + 1
    assert found["usage"]["cached"] >= before - 1
    assert found["usage"]["calls"] == len(server.requests) - before


@pytest.mark.slow
def test_limits_are_of_the_check_as_a_whole_and_the_day_is_of_all_checks(start: Start, server: OpenAIServer) -> None:
    found = report(start("--max-calls", "3", SARING_CONCURRENCY="1"), status=1)
    assert len(server.requests) == found["usage"]["calls"] == 3
    assert set(labels(found)) <= {"supported", "BudgetExhausted", "needs_source"}
    assert "BudgetExhausted" in labels(found)
    server.requests.clear()
    capped = report(start(SARING_DAILY_TOKENS="10"), status=1)
    assert server.requests == [], "what was spent before the restart counts"
    assert capped["usage"]["cached"] == 3, "what is known already costs nothing"
    assert "SARING_DAILY_TOKENS" in json.dumps(capped["outcomes"])


# -- extraction, over the same socket


def extractor(server: OpenAIServer, **limits: Any) -> LLMExtractor:
    model = open_chat_model("openai:local", base_url=server.base_url, timeout=0.4)
    quick = Limits(attempts=3, wait=0.01, deadline=20, longest_wait=2, **limits)
    return LLMExtractor(Caller(model, "openai:local", Ledger(None), limits=quick))


def test_a_long_article_is_read_in_windows(server: OpenAIServer) -> None:
    article = article_from_text(
        " ".join(f"Feri nomor {number} berangkat siang itu." for number in range(2 * WINDOW + 5))
    )
    found = extractor(server).extract(article)
    assert len(server.requests) == 3
    assert len(found.claims) == len(article.sentences)
    assert all(article.text[claim.start : claim.end] == claim.quote for claim in found.claims)


@pytest.mark.parametrize("method", [(True, True), (False, True), (False, False)])
def test_claims_come_by_whatever_method_the_server_knows(method: tuple[bool, bool]) -> None:
    with serving(faithful, knows_json_schema=method[0], knows_tools=method[1]) as server:
        assert len(extractor(server).extract(article_from_text(ARTICLE)).claims) == len(TOWNS)


INVENTED = json.dumps({"claims": [{
    "quote": "The bridge fell into the sea", "text": "The bridge fell into the sea.", "context": "", "kind": "fact",
    "ambiguous": False, "speaker": "", "role": "", "outlet": "", "anonymous": False, "cue": "",
}]})  # fmt: skip
FAULTS: list[tuple[str, Any, int, str | None]] = [
    ("status", (429, {"Retry-After": "0"}), 1, None),
    ("status", (429, {"Retry-After": "600"}), 9, "CallFailed"),
    ("status", (500, {}), 1, None),
    ("status", (500, {}), 9, "CallFailed"),
    ("hang", 0.6, 9, "CallFailed"),
    ("drop", None, 1, None),
    ("cut_body", None, 9, "CallFailed"),
    ("truncate", None, 1, None),
    ("truncate", None, 9, "BadReply"),
    ("length", None, 9, "BadReply"),
    ("length_whole", None, 9, "BadReply"),
    ("refusal", None, 9, "BadReply"),
    ("filter", None, 9, "BadReply"),
    ("text", "", 9, "BadReply"),
    ("text", '{"sentences": []}', 9, "BadReply"),
    ("text", INVENTED, 1, None),
    ("text", INVENTED, 9, "QuoteNotFound"),
]


@pytest.mark.parametrize(("kind", "value", "times", "ends"), FAULTS)
def test_faults_of_extraction(server: OpenAIServer, kind: str, value: Any, times: int, ends: str | None) -> None:
    server.fail(kind, times, value)
    found = extractor(server).extract(article_from_text(ARTICLE))
    if ends is None:
        assert len(found.claims) == len(TOWNS)
        assert found.failures == ()
    else:
        assert found.claims == ()
        assert [failure.error_type for failure in found.failures] == [ends]


def test_a_fault_of_one_window_leaves_the_others_alone(server: OpenAIServer) -> None:
    article = article_from_text(" ".join(f"Feri nomor {number} berangkat siang itu." for number in range(2 * WINDOW)))
    server.answer = lambda system, user: "no" if "Feri nomor 0 " in user else faithful(system, user)
    found = extractor(server).extract(article)
    assert len(found.claims) == WINDOW
    assert [failure.error_type for failure in found.failures] == ["BadReply"]
