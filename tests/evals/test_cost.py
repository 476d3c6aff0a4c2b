"""What a claim costs, with a chat model behind a real socket."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.cli import main
from evals.tasks import cost

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "checker" / "llm"))
pytest.importorskip("langchain_openai", reason='install the client with: pip install "saring[openai]"')

from faithful import faithful  # noqa: E402
from openai_server import serving  # noqa: E402


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo article with its 60 cards, alone, and a cache and a config of its own."""
    shutil.copytree(ROOT / "seeds" / "01-araghchi-moskow", tmp_path / "seed" / "01-araghchi-moskow")
    shutil.copytree(ROOT / "seeds" / "evidence", tmp_path / "seed" / "evidence")
    monkeypatch.setenv("SARING_CACHE", str(tmp_path / "replies.sqlite3"))
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capfd: pytest.CaptureFixture[str], base_url: str, output: str) -> dict[str, Any]:
    command = ["run", "cost", "--data", "seed", "--claims", "found", "--no-baselines", "--json", "--output", output]
    command += ["--judge", "llm", "--extractor", "llm", "--model", "openai:local", "--base-url", base_url]
    capfd.readouterr()
    assert main(command) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def test_one_call_a_source_and_half_the_tokens(desk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(faithful) as server:
        summary = run(capfd, server.base_url, "first")
        found = summary["systems"]["found"]
        ways = found["prompts"]["ways"]
        sources = ways["a source"]["calls"]
        judged = [body for body in server.requests if body["messages"][1]["content"].startswith("Source, ")]
        assert found["claims"] > 5
        assert found["usage"]["calls"] == len(server.requests) == sources + 1, "and one for the claims"
        assert len(judged) == sources <= 60
        # Both are counted in the same run, by the same server's rate.
        assert found["prompts"]["counted_by"] == "the server"
        assert ways["a source"]["tokens"] == sum(len(json.dumps(body["messages"])) // 4 for body in judged)
        assert ways["a source"]["tokens_per_claim"] <= 0.5 * ways["a claim and a source"]["tokens_per_claim"]
        assert found["prompt_tokens_per_claim"] * found["claims"] == found["usage"]["prompt_tokens"]
        assert found["completion_tokens_per_claim"] > 0
        assert "one call a source takes" in summary["findings"][0]

        server.requests.clear()
        again = run(capfd, server.base_url, "again")["systems"]["found"]
        assert server.requests == [], "the second run of the same check makes no call"
        assert again["usage"]["calls"] == 0
        assert again["usage"]["cached"] == sources + 1
        assert again["prompts"]["counted_by"] == "4 letters a token"


def test_costs_are_summed_over_articles() -> None:
    def row(identity: str, own: int, alone: int) -> dict[str, Any]:
        ways = {"a source": {"calls": 2, "tokens": own}, "a claim and a source": {"calls": 6, "tokens": alone}}
        return {
            "solver": "newsroom",
            "system": "found",
            "id": identity,
            "claims": [{"checkable": True}, {"checkable": True}, {"checkable": False}],
            "usage": {"calls": 3, "prompt_tokens": own + 10, "completion_tokens": 8, "cached": 0},
            "seconds": 2.0,
            "prompts": {"counted_by": "the server", "claims": 2, "ways": ways},
        }

    found = cost.score([row("a", 100, 300), row("b", 200, 900), {**row("c", 1, 1), "failure": {"type": "T"}}])
    part = found["systems"]["found"]
    assert found["n"] == part["claims"] == 4
    assert part["prompts"]["ways"]["a claim and a source"] == {
        "calls": 12, "tokens": 1200, "tokens_per_claim": 300.0, "times": 4.0,
    }  # fmt: skip
    assert part["calls_per_claim"] == pytest.approx(9 / 4), "what a failed article cost is paid for too"
    assert "(4.00 times)" in found["findings"][0]
