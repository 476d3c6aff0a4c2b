from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("langchain_openai", reason='install the client with: pip install "saring[openai]"')

from checker.errors import ModelUnavailable
from checker.llm.opening import open_caller
from checker.settings import Settings


def test_a_password_in_an_address_is_shown_nowhere() -> None:
    settings = Settings(
        model="openai:local",
        base_url="http://desk:hunter2@127.0.0.1:9/v1",
        store="https://u:hunter2@store",
        cache="none",
    )
    assert open_caller(settings).name == "openai:local at http://127.0.0.1:9/v1"
    assert "hunter2" not in str(settings.public())
    assert settings.public()["store"] == "https://store"


def test_other_addresses_stay_as_they_are() -> None:
    settings = Settings(store="/data/a@b", base_url="http://127.0.0.1:9/v1")
    assert settings.public()["store"] == "/data/a@b"
    assert settings.public()["base_url"] == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize("address", ["notaurl", "localhost:8000", "ftp://host/v1", "http://", "http:///v1"])
def test_what_is_no_base_url_is_told_before_anything_is_sent(address: str) -> None:
    with pytest.raises(ModelUnavailable, match="is no base URL"):
        open_caller(Settings(model="openai:local", base_url=address, cache="none"))


def test_keys_come_from_the_environment_or_a_file_and_from_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY_FILE", raising=False)
    with pytest.raises(ModelUnavailable, match="set OPENAI_API_KEY or OPENAI_API_KEY_FILE"):
        open_caller(Settings(model="openai:gpt-x", cache="none"))
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        open_caller(Settings(model="openai:gpt-x", cache="none"))
    (tmp_path / "key").write_text("sk-of-the-desk\n")
    caller = open_caller(Settings(model="openai:gpt-x", cache="none"))
    assert "sk-of-the-desk" not in f"{caller} {caller.model!r} {caller.name}"


def test_a_missing_client_names_its_extra() -> None:
    # In a process of its own: LangChain keeps a client that was imported once, by another test say.
    asked = """
import sys
sys.modules["langchain_ollama"] = None
from retrieval.errors import MissingExtra
from checker.llm.opening import open_caller
from checker.settings import Settings
try:
    open_caller(Settings(model="ollama:qwen3", cache="none"))
except MissingExtra as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "saring[ollama]" in told.stdout
