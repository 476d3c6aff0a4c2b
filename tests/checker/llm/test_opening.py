from __future__ import annotations

import pytest

pytest.importorskip("langchain_openai", reason='install the client with: pip install "saring[openai]"')

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
